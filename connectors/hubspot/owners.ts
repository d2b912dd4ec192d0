/** The portal's users, by the ids that properties of records have. */
import { z } from 'zod'
import type { Responsible } from '../connector.ts'
import type { HubSpotClient } from './client.ts'
import type { CrmMemory } from '../memory.ts'
import { paging } from './raw-records.ts'
import { API_VERSION } from './version.ts'

export interface Owner extends Responsible {
  readonly userId: string | null
  /** Can no longer sign in: gets no tasks and no answers. */
  readonly archived: boolean
}

export interface Owners {
  /**
   * @param id of an owner, or of a user where no owner has it; null where the property is empty
   * @param fallback id of the owner for records without one, or whose owner is archived; null: nobody
   */
  responsible(id: string | null, fallback: string | null): Promise<Responsible | null>
}

const page = z.object({
  results: z.array(
    z.object({
      id: z.coerce.string(),
      email: z.string().nullish(),
      firstName: z.string().nullish(),
      lastName: z.string().nullish(),
      userId: z.coerce.string().nullish(),
      userIdIncludingInactive: z.coerce.string().nullish(),
    }),
  ),
  paging,
})

/**
 * Read once; archived ones only when a record names somebody who is not among the others.
 *
 * @example
 * await openOwners(client, memory).responsible('77', null) // { id: '77', name: 'Ada Reed', email: 'ada@…' }
 */
export function openOwners(client: HubSpotClient, memory: CrmMemory): Owners {
  /** A property that takes several users names the one who counts first. */
  async function find(said: string): Promise<Owner | null> {
    const id = said.split(';')[0].trim()
    const active = await memory.recall('owners', () => readOwners(client, false))
    const owner = active.get(id)
    if (owner !== undefined) return owner
    const archived = await memory.recall('archived owners', () => readOwners(client, true))
    return archived.get(id) ?? null
  }

  return {
    async responsible(id, fallback) {
      const owner = id === null ? null : await find(id)
      if (owner !== null && !owner.archived) return asResponsible(owner)
      const other = fallback === null ? null : await find(fallback)
      if (other !== null && !other.archived) return asResponsible(other)
      // Nobody reads what is sent to somebody who has left, and HubSpot gives them no tasks: the name alone is left.
      return owner === null ? null : { id: owner.id, name: owner.name, email: null }
    },
  }
}

const asResponsible = ({ id, name, email }: Owner): Responsible => ({ id, name, email })

/** By owner id; by user id too where that is no owner's id. */
export async function readOwners(
  client: HubSpotClient,
  archived: boolean,
): Promise<ReadonlyMap<string, Owner>> {
  const owners: Owner[] = []
  let after: string | undefined
  do {
    const { body } = await client.call({
      method: 'GET',
      path: `/crm/owners/${API_VERSION}`,
      query: { limit: 100, archived, after },
      schema: page,
    })
    for (const { id, email, firstName, lastName, userId, userIdIncludingInactive } of body.results) {
      const name = [firstName, lastName].filter((part) => part).join(' ')
      owners.push({
        id,
        name: name === '' ? null : name,
        email: email || null,
        userId: userId ?? userIdIncludingInactive ?? null,
        archived,
      })
    }
    after = body.paging?.next.after
  } while (after !== undefined)
  const byId = new Map(owners.map((owner) => [owner.id, owner]))
  for (const owner of owners)
    if (owner.userId !== null && !byId.has(owner.userId)) byId.set(owner.userId, owner)
  return byId
}
