/** What of ours stands in a portal, read once and made where missing: what every write looks at first. */
import type { HubSpotClient } from './client.ts'
import type { OurObject } from './fields.ts'
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

/**
 * @example
 * const schema = openSchema(client, 'companies')
 * await writeFields(client, schema, updates)
 */
export function openSchema(client: HubSpotClient, object: 'companies' | 'contacts'): Schema {
  const known = new Map<OurObject, Promise<Standing>>()

  function renew(one: OurObject): Promise<Standing> {
    const standing = provisionObject(client, one).then((done) => done.standing)
    known.set(one, standing)
    standing.catch(() => {
      if (known.get(one) === standing) known.delete(one)
    })
    return standing
  }

  const of = (one: OurObject): Promise<Standing> => known.get(one) ?? renew(one)

  return {
    object,
    of,
    renew,
    offer: async (one, property, values) => {
      const standing = await of(one)
      const found = standing.usable.get(property)
      if (found === undefined) return standing.problems.get(property) ?? null
      const offered = await offer(client, one, found, values)
      if (typeof offered === 'string') return offered
      const usable = new Map(standing.usable).set(property, offered)
      known.set(one, Promise.resolve({ ...standing, usable }))
      return null
    },
  }
}
