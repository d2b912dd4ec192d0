/** The users who own the relationships: by a lookup of the record, or by their role in the account's team. */
import type { Responsible } from '../connector.ts'
import type { SalesforceContext } from './context.ts'
import { id18 } from './ids.ts'
import { groupedBy, idIn, isTrue, rowsOf, textIn, timeIn } from './rows.ts'
import { compare } from './soql.ts'

export interface OwnedRecord {
  readonly id: string
  /** What the field of `responsible` holds; null where it is empty, or where the team says who it is. */
  readonly userId: string | null
}

/**
 * Users who can no longer sign in get no tasks and no answers: the fallback does, and where there is none their name
 * alone is left.
 *
 * @returns an entry for each record
 * @example
 * (await responsiblesOf(context, [{ id, userId: '005…' }])).get(id) // { id: '005…', name: 'Ada Reed', email: 'ada@…' }
 */
export async function responsiblesOf(
  context: SalesforceContext,
  records: readonly OwnedRecord[],
): Promise<ReadonlyMap<string, Responsible | null>> {
  const { responsible, fallbackOwner } = context.config
  const named =
    'teamRole' in responsible
      ? await teamOf(context, responsible.teamRole, records)
      : new Map(records.map(({ id, userId }) => [id, userId === null ? [] : [id18(userId)]]))
  const fallback = fallbackOwner === null ? [] : [id18(fallbackOwner)]
  const users = await usersOf(context, [...[...named.values()].flat(), ...fallback])
  const active = (ids: readonly string[]): User | undefined =>
    ids.flatMap((id) => users.get(id) ?? []).find((user) => user.active)
  return new Map(
    records.map(({ id }) => {
      const candidates = named.get(id) ?? []
      const found = active(candidates) ?? active(fallback)
      if (found !== undefined) return [id, { id: found.id, name: found.name, email: found.email }]
      const left = candidates.flatMap((user) => users.get(user) ?? []).at(0)
      return [id, left === undefined ? null : { id: left.id, name: left.name, email: null }]
    }),
  )
}

/** Ids of the users with the role, who joined first at the front. */
async function teamOf(
  context: SalesforceContext,
  role: string,
  records: readonly OwnedRecord[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  // Without account teams nobody has a role; what checks the connection says so.
  if ((await context.describe(TEAM)) === null) return new Map()
  const members = await rowsOf(context, {
    fields: ['Id', 'AccountId', 'UserId', 'CreatedDate'],
    from: TEAM,
    by: 'AccountId',
    ids: records.map(({ id }) => id),
    where: compare('TeamMemberRole', '=', role),
  })
  const joined = (row: (typeof members)[number]): number => timeIn(row, 'CreatedDate')?.getTime() ?? 0
  const inOrder = members.toSorted(
    (a, b) => joined(a) - joined(b) || (String(a['Id']) < String(b['Id']) ? -1 : 1),
  )
  return new Map(
    [...groupedBy(inOrder, (row) => idIn(row, 'AccountId'))].map(([account, rows]) => [
      account,
      rows.flatMap((row) => idIn(row, 'UserId') ?? []),
    ]),
  )
}

export const TEAM = 'AccountTeamMember'

interface User extends Responsible {
  readonly active: boolean
}

/** Each user is asked for once while the memory keeps them; ids of groups and queues are nobody's. */
async function usersOf(
  context: SalesforceContext,
  ids: readonly string[],
): Promise<ReadonlyMap<string, User>> {
  const known = await context.memory.recall('users', async () => new Map<string, User | null>())
  const wanted = [...new Set(ids)].filter((id) => id.startsWith('005') && !known.has(id))
  const rows = await rowsOf(context, {
    fields: ['Id', 'Name', 'Email', 'IsActive'],
    from: 'User',
    by: 'Id',
    ids: wanted,
  })
  for (const id of wanted) known.set(id, null)
  for (const row of rows) {
    const id = idIn(row, 'Id')
    if (id === null) continue
    known.set(id, {
      id,
      name: textIn(row, 'Name'),
      email: textIn(row, 'Email'),
      active: isTrue(row, 'IsActive'),
    })
  }
  return new Map([...known].flatMap(([id, user]) => (user === null ? [] : [[id, user] as const])))
}
