/** A look into a portal for whoever sets a connection up. */
import { z } from 'zod'
import { MOST_USERS, type AccountUser, type AccountView, type Membership } from '../account-view.ts'
import { openCrmMemory } from '../memory.ts'
import type { Clock } from '../../src/contracts/clock.ts'
import { HoldfastError } from '../../src/contracts/errors.ts'
import type { HubSpotClient } from './client.ts'
import type { HubSpotConfig } from './config.ts'
import { countRecords, stageCounts, type SearchFilter } from './lifecycle.ts'
import { readOwners } from './owners.ts'
import { readProperties } from './properties.ts'
import { API_VERSION } from './version.ts'

/** What a record is called by, surest first. */
const NAMES = {
  companies: [['name'], ['domain']],
  contacts: [['firstname', 'lastname'], ['email']],
} as const

/** Properties that name users and are counted: each is a search, of which there are four a second. */
const MOST_FIELDS = 12

/**
 * @example
 * const view = viewPortal({ client, config, clock })
 * await view.count({ kind: 'property', property: 'lifecyclestage', values: ['customer'] }) // 812
 */
export function viewPortal({
  client,
  config: { object, sensitive },
  clock,
}: {
  readonly client: HubSpotClient
  readonly config: Pick<HubSpotConfig, 'object' | 'sensitive'>
  readonly clock: Clock
}): AccountView {
  const memory = openCrmMemory({ clock })
  const properties = () => memory.recall('properties', () => readProperties(client, object, sensitive))

  async function filterOf(membership: Membership): Promise<SearchFilter | null> {
    if (membership === null) return null
    if (membership.kind === 'condition')
      throw new HoldfastError(
        'connector_configuration',
        'HubSpot takes no condition in words of its own. Name a property and its values.',
      )
    const { property, values } = membership
    if (!(await properties()).has(property))
      throw new HoldfastError(
        'column_missing',
        `The ${object} of this account have no property "${property}". Use its internal name, as HubSpot shows it in the property's settings.`,
      )
    return { propertyName: property, operator: 'IN', values: [...values] }
  }

  return {
    stages: (also) => stageCounts(client, object, also),
    count: async (membership) => countRecords(client, object, await filterOf(membership)),
    examples: async (membership, limit) => {
      const filter = await filterOf(membership)
      const names = NAMES[object]
      const { body } = await client.call({
        method: 'POST',
        path: `/crm/objects/${API_VERSION}/${object}/search`,
        body: {
          filterGroups: filter === null ? [] : [{ filters: [filter] }],
          properties: names.flat(),
          limit,
        },
        schema: page,
      })
      return body.results.map(({ id, properties: found }) => ({ id, name: nameIn(found, names) }))
    },
    userFields: async () => {
      const named = [...(await properties()).values()].filter(({ owner }) => owner)
      const counted = []
      for (const { name, label } of named.slice(0, MOST_FIELDS))
        counted.push({
          field: name,
          label,
          records: await countRecords(client, object, { propertyName: name, operator: 'HAS_PROPERTY' }),
        })
      return counted.toSorted((a, b) => b.records - a.records)
    },
    users: async () => {
      const owners = [...(await readOwners(client, false)).values()]
      const users = new Map(
        owners.map(({ id, name, email }): [string, AccountUser] => [id, { id, name, email }]),
      )
      return [...users.values()]
        .toSorted((a, b) => (a.name ?? a.email ?? a.id).localeCompare(b.name ?? b.email ?? b.id))
        .slice(0, MOST_USERS)
    },
  }
}

const page = z.object({
  results: z.array(
    z.object({ id: z.coerce.string(), properties: z.record(z.string(), z.string().nullable()).catch({}) }),
  ),
})

function nameIn(
  found: Readonly<Record<string, string | null>>,
  names: readonly (readonly string[])[],
): string | null {
  for (const parts of names) {
    const name = parts.flatMap((part) => found[part]?.trim() || []).join(' ')
    if (name !== '') return name
  }
  return null
}
