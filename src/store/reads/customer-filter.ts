/**
 * The one place where a filter of customers becomes SQL: lists, counts, facets, files and whoever links to a list go by it,
 * so that "9 customers became high" leads to those 9.
 *
 * Everything it asks about stands in one row of `book` (0030-book.sql); only interventions and names are looked up beside.
 *
 * @example
 * const filter = customerFilter.parse({ changed: 'high', changedSince: '2026-11-16' })
 * const wanted = await resolveFilter(tx, filter, { now: clock(), addressKey: null, people: true })
 * const { customers } = await countCustomers(tx, wanted) // the same ones as GET /v1/customers?changed=high&changedSince=…
 */
import { type CustomerFilter } from '../../contracts/customer-filter.ts'
import { LEVELS, NONE, OPEN_STATES } from '../../contracts/customer-terms.ts'
import type { CustomerId } from '../../contracts/ids.ts'
import { hashAddress } from '../../security/address-hash.ts'
import type { Transaction } from '../database.ts'
import { MAY_BE_PERSON } from './persons.ts'

export interface FilterTerms {
  /** What "within 60 days" counts from. */
  readonly now: Date
  /** Of `Secrets.addressKey`: people are found by their address. Null: the caller does not see people. */
  readonly addressKey: Buffer | null
  /** Whether who asks is shown the names of people: nobody else finds people by them. */
  readonly people: boolean
  /** So many that a search finds are still named one by one; default 2,000. */
  readonly few?: number
  /** Among so many customers names are looked up one after the other; default 50,000. */
  readonly lookedUp?: number
}

/** A filter of which is known what is searched for. */
export interface WantedCustomers {
  readonly filter: CustomerFilter
  readonly now: Date
  /** As {@link FilterTerms.people}. */
  readonly people: boolean
  /** Null: nothing is searched for. */
  readonly search: Search | null
}

/**
 * Few are named one by one; where there are many, the words are looked for in each name, `last` after all else that is
 * asked, where that leaves few.
 */
type Search =
  | { readonly kind: 'few'; readonly customers: readonly CustomerId[] }
  | {
      readonly kind: 'many'
      readonly words: readonly string[]
      readonly customers: readonly CustomerId[]
      readonly last: boolean
    }

const FEW = 2000
/** Words beyond these are not looked for. */
const WORDS = 8

/**
 * Looks up what is searched for; every other part of a filter needs no look beforehand.
 *
 * @example
 * const wanted = await resolveFilter(tx, customerFilter.parse({ q: 'nord' }), { now, addressKey, people: true })
 */
export async function resolveFilter(
  tx: Transaction,
  filter: CustomerFilter,
  { now, addressKey, people, few = FEW, lookedUp = LOOKED_UP }: FilterTerms,
): Promise<WantedCustomers> {
  const { q = '' } = filter
  if (q === '') return { filter, now, people, search: null }
  const exactly = await identified(tx, q, addressKey)
  const words = q.split(/\s+/u).slice(0, WORDS)
  const named = await tx.query<{ id: CustomerId; shown: boolean }>(
    `select f.id, $3::boolean or ${isNoPerson('f.id')} as shown from customers_named($1::text[], $2::integer) as f (id)`,
    [words, few + 1, people, tx.tenant],
  )
  const search: Search =
    named.length > few
      ? { kind: 'many', words, customers: exactly, last: (await atMost(tx, filter)) <= lookedUp }
      : { kind: 'few', customers: [...new Set([...exactly, ...shownOf(named)])] }
  return { filter, now, people, search }
}

/** Names that are looked up one after the other in about the time in which all of a large book are read. */
const LOOKED_UP = 50_000

/** Customers of the kinds that are asked for: more cannot be meant. */
async function atMost(tx: Transaction, filter: CustomerFilter): Promise<number> {
  const values: unknown[] = [tx.tenant]
  const where = ['b.tenant_id = $1', ...kindConditions(filter, (value) => `$${values.push(value)}`)]
  const [{ most }] = await tx.query<{ most: number }>(
    `select coalesce(sum(b.customers), 0)::bigint as most from book_counts b where ${where.join(' and ')}`,
    values,
  )
  return most
}

const shownOf = (named: readonly { readonly id: CustomerId; readonly shown: boolean }[]): CustomerId[] =>
  named.filter(({ shown }) => shown).map(({ id }) => id)

/** A letter after the other, a search would tell the name that is not shown. */
const isNoPerson = (id: string, tenant = '$4'): string =>
  `exists (select from customers c where c.tenant_id = ${tenant}::uuid and c.id = ${id} and not ${MAY_BE_PERSON})`

/** By the id in the CRM, or the address of one of its people. */
async function identified(tx: Transaction, q: string, addressKey: Buffer | null): Promise<CustomerId[]> {
  const address = addressKey === null ? null : hashAddress(addressKey, 'email', q)
  const rows = await tx.query<{ id: CustomerId }>(
    `select customer_id as id from customer_names where tenant_id = $1 and external_id = $2
     union select customer_id from recipients where tenant_id = $1 and email_hash = $3::bytea`,
    [tx.tenant, q, address],
  )
  return rows.map(({ id }) => id)
}

/** Gives a value its place among the parameters of a statement. */
export type Parameter = (value: unknown) => string

/**
 * What has to hold of a row `b` of `book`; it asks for the tenant as well.
 *
 * @example
 * const values: unknown[] = []
 * const where = bookConditions(wanted, tx.tenant, (value) => `$${values.push(value)}`)
 * await tx.query(`select count(*) from book b where ${where}`, values)
 */
export function bookConditions(
  wanted: WantedCustomers,
  tenant: Transaction['tenant'],
  parameter: Parameter,
): string {
  const { first, last } = bookConditionsApart(wanted, tenant, parameter)
  return last === null ? first : `${first} and ${last}`
}

/**
 * {@link bookConditions} in two parts, of which the second is better asked of those that fit the first. Under row security
 * PostgreSQL estimates a LIKE without statistics, far too low for a frequent word, and would begin with the names.
 *
 * @returns `last` null: in one part
 */
export function bookConditionsApart(
  { filter, now, people, search }: WantedCustomers,
  tenant: Transaction['tenant'],
  parameter: Parameter,
): { readonly first: string; readonly last: string | null } {
  const own = `${parameter(tenant)}::uuid`
  const others = [
    `b.tenant_id = ${own}`,
    ...kindConditions(filter, parameter),
    ...ownConditions(filter, { now, tenant: own }, parameter),
  ]
  const searched = searchConditions({ search, people }, own, parameter)
  const apart = search?.kind === 'many' && search.last
  return {
    first: [...others, ...(apart ? [] : searched)].join(' and '),
    last: apart ? searched.join(' and ') : null,
  }
}

/**
 * What a filter asks of the kind of customer, of which `book_counts` keeps the numbers: columns that it has as well.
 *
 * @param parameter as in {@link bookConditions}
 */
export function kindConditions(filter: CustomerFilter, parameter: Parameter): string[] {
  const { status, level, action, group, responsible, connection, lowData, currency } = filter
  return [
    ...oneOf('b.status', status, 'text', parameter),
    // Both levels and those without: everybody.
    ...(level !== undefined && LEVELS.every((one) => level.includes(one)) && level.includes(NONE)
      ? []
      : oneOf('b.level', level, 'text', parameter)),
    ...oneOf('b.action_key', action, 'text', parameter),
    ...oneOf('b.group_name', group, 'text', parameter),
    ...oneOf('b.responsible_id', responsible, 'text', parameter),
    ...oneOf('b.connection_id', connection, 'uuid', parameter),
    ...(lowData === undefined ? [] : [`b.low_data = ${parameter(lowData)}::boolean`]),
    ...oneOf('b.currency', currency === undefined ? undefined : [currency], 'text', parameter),
  ]
}

/** Whether `book_counts` alone says how many there are. */
export function isOfKinds({ filter, search }: WantedCustomers): boolean {
  const { renewsWithin, changed, changedSince, changedWithin, intervention, minValue, externalId } = filter
  const times = [changed, changedSince, changedWithin, filter.cameSince, filter.leftSince]
  const own = [renewsWithin, ...times, intervention, minValue, externalId]
  return search === null && own.every((one) => one === undefined)
}

function oneOf(
  column: string,
  wanted: readonly string[] | undefined,
  type: 'text' | 'uuid',
  parameter: Parameter,
): string[] {
  if (wanted === undefined) return []
  const values = wanted.filter((one) => one !== NONE)
  const parts = [
    ...(values.length === 0
      ? []
      : values.length === 1
        ? [`${column} = ${parameter(values[0])}::${type}`]
        : [`${column} = any (${parameter(values)}::${type}[])`]),
    ...(values.length < wanted.length ? [`${column} is null`] : []),
  ]
  return [parts.length === 1 ? parts[0] : `(${parts.join(' or ')})`]
}

const DAY = 86_400_000

/** What a filter asks that differs from customer to customer. */
function ownConditions(
  filter: CustomerFilter,
  { now, tenant }: { readonly now: Date; readonly tenant: string },
  parameter: Parameter,
): string[] {
  const { renewsWithin, changed, changedSince, changedWithin, intervention, minValue, externalId } = filter
  const since = [
    changedSince,
    changedWithin === undefined ? undefined : new Date(now.getTime() - changedWithin * DAY),
  ].filter((one) => one !== undefined)
  const where: string[] = []
  if (renewsWithin !== undefined)
    where.push(
      `b.renewal_date between ${parameter(dateOf(now))}::date
         and ${parameter(dateOf(new Date(now.getTime() + renewsWithin * DAY)))}::date`,
    )
  if (changed !== undefined || since.length > 0) where.push('b.level_changed_at is not null')
  if (changed === 'high') where.push(`b.level = 'HIGH'`)
  if (changed === 'recovered') where.push(`b.level_before = 'HIGH' and b.level <> 'HIGH'`)
  for (const one of since) where.push(`b.level_changed_at >= ${parameter(one)}::timestamptz`)
  const among = (condition: string): string =>
    `b.customer_id in (select c.id from customers c where c.tenant_id = ${tenant} and ${condition})`
  if (filter.cameSince !== undefined)
    where.push(among(`c.grouped_at >= ${parameter(filter.cameSince)}::timestamptz`))
  if (filter.leftSince !== undefined)
    where.push(
      among(`c.status <> 'active' and c.status_since >= ${parameter(filter.leftSince)}::timestamptz`),
    )
  if (minValue !== undefined) where.push(`b.value_at_risk_minor >= ${parameter(minValue)}::bigint`)
  if (intervention !== undefined) {
    // Written out: by parameters the planner would not know that the index of what is open has them all.
    const states = intervention.includes('any')
      ? OPEN_STATES
      : OPEN_STATES.filter((one) => intervention.includes(one))
    where.push(
      `b.customer_id in (select i.customer_id from interventions i
         where i.tenant_id = ${tenant} and i.state in (${states.map((one) => `'${one}'`).join(', ')}))`,
    )
  }
  if (externalId !== undefined)
    where.push(
      `b.customer_id = any (array(select n.customer_id from customer_names n
         where n.tenant_id = ${tenant} and n.external_id = ${parameter(externalId)}))`,
    )
  return where
}

function searchConditions(
  { search, people }: Pick<WantedCustomers, 'search' | 'people'>,
  tenant: string,
  parameter: Parameter,
): string[] {
  if (search === null) return []
  const named = (): string => `b.customer_id = any (${parameter(search.customers)}::bigint[])`
  if (search.kind === 'few') return [named()]
  const parts = search.words.map((word) => `n.folded like name_part(${parameter(word)})`)
  const shown = people ? '' : ` and ${isNoPerson('b.customer_id', tenant)}`
  const inName = `exists (select from customer_names n
    where n.tenant_id = ${tenant} and n.customer_id = b.customer_id and ${parts.join(' and ')}${shown})`
  return [search.customers.length === 0 ? inName : `(${inName} or ${named()})`]
}

const dateOf = (time: Date): string => time.toISOString().slice(0, 10)
