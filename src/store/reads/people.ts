/** The people of a company, for the page that lists them. */
import { z } from 'zod'
import type { Role } from '../../security/access.ts'
import type { Transaction } from '../database.ts'
import { PERSON_COLUMNS, type Person } from '../people.ts'
import { pageOf, pageSize, readCursor, type Page, type PageRequest } from './paging.ts'

export interface PeopleRequest extends PageRequest {
  readonly role?: Role | undefined
  /** Whether those who were removed are listed, rather than those who were not. Default false. */
  readonly removed?: boolean | undefined
  /** Only those who did, or never did. */
  readonly signedIn?: 'yes' | 'never' | undefined
}

const ORDER = 'people'

/** By name. */
export async function listPeople(tx: Transaction, request: PeopleRequest = {}): Promise<Page<Person>> {
  const { role = null, removed = false, signedIn = null } = request
  const size = pageSize(request)
  const after = readCursor(ORDER, request, z.tuple([z.string(), z.uuid()]))
  const rows = await tx.query<Person & { place: string }>(
    `select ${PERSON_COLUMNS}, left(lower(name), 100) as place from people
     where tenant_id = $1 and (disabled_at is not null) = $2 and ($3::text is null or role = $3)
       and ($4::text is null or (left(lower(name), 100), id) > ($4, $5::uuid))
       and ($7::text is null or (last_sign_in_at is null) = ($7 = 'never'))
     order by left(lower(name), 100), id limit $6`,
    [tx.tenant, removed, role, after?.[0] ?? null, after?.[1] ?? null, size + 1, signedIn],
  )
  const page = pageOf(rows, size, ORDER, ({ place, id }) => [place, id])
  return { ...page, items: page.items.map(personOf) }
}

/** How many there are of each role; those who were removed by themselves. */
export interface PeopleCounts extends Readonly<Record<Role, number>> {
  readonly removed: number
  /** Who was invited and never signed in; in their roles too. */
  readonly neverSignedIn: number
}

export async function countPeople(tx: Transaction): Promise<PeopleCounts> {
  const [counts] = await tx.query<PeopleCounts>(
    `select count(*) filter (where disabled_at is null and role = 'viewer')::int as viewer,
       count(*) filter (where disabled_at is null and role = 'operator')::int as operator,
       count(*) filter (where disabled_at is null and role = 'admin')::int as admin,
       count(*) filter (where disabled_at is not null)::int as removed,
       count(*) filter (where disabled_at is null and last_sign_in_at is null)::int as "neverSignedIn"
     from people where tenant_id = $1`,
    [tx.tenant],
  )
  return counts
}

function personOf(row: Person & { place: string }): Person {
  const { place: _, ...person } = row
  return person
}
