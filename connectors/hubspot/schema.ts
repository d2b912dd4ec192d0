/** What of ours stands in a portal, read once and made where missing: what every write looks at first. */
import type { HubSpotClient } from './client.ts'
import type { OurObject } from './fields.ts'
import type { CrmMemory } from '../memory.ts'
import { offer, provisionObject } from './provision.ts'
import type { Standing } from './standing.ts'

export interface Schema {
  /** Whose records are the customers. */
  readonly object: 'companies' | 'contacts'
  /** Costs a call the first time, more where something has to be made. */
  of(object: OurObject): Promise<Standing>
  /** Reads it anew: HubSpot says that something is not as we know it. */
  renew(object: OurObject): Promise<Standing>
  /**
   * Sees to it that a list of values has these.
   *
   * @returns null; a sentence when they could not be added
   */
  offer(object: OurObject, property: string, values: readonly string[]): Promise<string | null>
}

/** Standings by object; those that are being read too. */
type Known = Map<OurObject, Promise<Standing>>

/**
 * @param memory of the portal, where it outlives a connector: then a pass that writes little reads no definitions
 * @example
 * const schema = openSchema(client, 'companies', memory)
 * await writeFields(client, schema, updates)
 */
export function openSchema(
  client: HubSpotClient,
  object: 'companies' | 'contacts',
  memory?: CrmMemory,
): Schema {
  const own: Known = new Map()
  const recalled = async (): Promise<Known> =>
    memory === undefined ? own : memory.recall<Known>('our properties', async () => new Map())

  function read(known: Known, one: OurObject): Promise<Standing> {
    const standing = provisionObject(client, one).then((done) => done.standing)
    known.set(one, standing)
    standing.catch(() => {
      if (known.get(one) === standing) known.delete(one)
    })
    return standing
  }

  async function of(one: OurObject): Promise<Standing> {
    const known = await recalled()
    return known.get(one) ?? read(known, one)
  }

  return {
    object,
    of,
    renew: async (one) => read(await recalled(), one),
    offer: async (one, property, values) => {
      const standing = await of(one)
      const found = standing.usable.get(property)
      if (found === undefined) return standing.problems.get(property) ?? null
      const offered = await offer(client, one, found, values)
      if (typeof offered === 'string') return offered
      const usable = new Map(standing.usable).set(property, offered)
      const known = await recalled()
      known.set(one, Promise.resolve({ ...standing, usable }))
      return null
    },
  }
}
