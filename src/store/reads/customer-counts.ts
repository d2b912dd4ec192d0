/**
 * How many customers a filter means, and of which kinds they are. What can be told by kind (level, status, action, group,
 * responsible, connection, currency, data) is summed up from `book_counts`, of which a company of a million has some
 * thousand rows; anything else is counted in the book, for as long as somebody waits.
 */
import { LEVELS, type Group } from '../../contracts/customer-terms.ts'
import { HoldfastError } from '../../contracts/errors.ts'
import type { ConnectionId } from '../../contracts/ids.ts'
import type { Transaction } from '../database.ts'
import { bookConditionsApart, isOfKinds, kindConditions, type WantedCustomers } from './customer-filter.ts'
import type { CustomerStatus, Level } from '../../contracts/customer-terms.ts'

export interface CountLimits {
  /** Whether a statement can be ended while it runs, as on a server. */
  readonly interruptible: boolean
  /**
   * Milliseconds for kinds, by default 200; for counting all, and again for {@link CountLimits.surely} of them, by default
   * 125.
   */
  readonly withinMs?: number
  /** So many are counted before all are. Default 20,000. */
  readonly surely?: number
  /** What cannot be interrupted is begun among at most so many, of which that takes a moment. Default 250,000. */
  readonly wholly?: number
}

export interface CustomerCount {
  /** Customers; where `exact` is false there are at least so many. */
  readonly customers: number
  readonly exact: boolean
  /** Value at risk a year of those counted, by currency, largest first. */
  readonly valueAtRisk: readonly {
    readonly currency: string
    readonly minor: number
    readonly customers: number
  }[]
  /** Of those counted, whose value at risk is not known. */
  readonly unvalued: number
}

/**
 * Exact where that can be had in time; otherwise it says how many there are at least.
 *
 * @example
 * const { customers, exact } = await countCustomers(tx, wanted, { interruptible: database.kind === 'served' })
 */
export async function countCustomers(
  tx: Transaction,
  wanted: WantedCustomers,
  limits: CountLimits,
): Promise<CustomerCount> {
  if (isOfKinds(wanted)) return countOf(await byCurrency(tx, ledger(tx, wanted)), true)
  const { interruptible, surely = 20_000, withinMs = 125 } = limits
  const inShort = (most: number | null): Promise<Kind[] | null> =>
    inTime(tx, wanted, { ...limits, withinMs }, () => byCurrency(tx, book(tx, wanted, most)))
  if (!interruptible) {
    // What cannot be ended is begun only where it is short, and then says it all.
    const all = await inShort(null)
    if (all !== null) return countOf(all, true)
  }
  const some = interruptible ? await inShort(surely + 1) : await byCurrency(tx, book(tx, wanted, surely + 1))
  if (some === null) return countOf([], false)
  if (sum(some) <= surely) return countOf(some, true)
  const all = interruptible ? await inShort(null) : null
  return all === null ? { ...countOf(some, false), customers: surely } : countOf(all, true)
}

export interface Facet<Value> {
  /** Null: without one. */
  readonly value: Value | null
  readonly customers: number
}

export interface CustomerFacets {
  readonly level: readonly Facet<Level>[]
  readonly action: readonly Facet<string>[]
  readonly group: readonly Facet<Group>[]
  readonly connection: readonly Facet<ConnectionId>[]
  readonly status: readonly Facet<CustomerStatus>[]
  /** Those with most customers first, at most {@link MOST_RESPONSIBLES}. */
  readonly responsible: readonly (Facet<string> & { readonly name: string | null })[]
  /** How many more there are. */
  readonly moreResponsibles: number
}

export const MOST_RESPONSIBLES = 200

const FACETS = ['level', 'action_key', 'group_name', 'connection_id', 'status', 'responsible_id'] as const

/**
 * Of which kinds the customers are that a filter means.
 *
 * @returns null where it cannot be said in time
 */
export async function facetsOf(
  tx: Transaction,
  wanted: WantedCustomers,
  limits: CountLimits,
): Promise<CustomerFacets | null> {
  const facets = isOfKinds(wanted)
    ? await byEach(tx, ledger(tx, wanted))
    : await inTime(tx, wanted, limits, () => byEach(tx, book(tx, wanted, null)))
  if (facets === null) return null
  const facet = (column: FacetColumn): { value: string | null; customers: number }[] =>
    facets
      .filter((one) => one.column === column)
      .map(({ value, customers }) => ({ value, customers }))
      .toSorted((a, b) => b.customers - a.customers || ((a.value ?? '') < (b.value ?? '') ? -1 : 1))
  const responsibles = facet('responsible_id')
  const shown = responsibles.slice(0, MOST_RESPONSIBLES)
  const names = await responsibleNames(
    tx,
    shown.flatMap(({ value }) => (value === null ? [] : [value])),
  )
  const rank = (level: string | null): number =>
    level === null ? LEVELS.length : LEVELS.indexOf(level as Level)
  return {
    level: facet('level').toSorted((a, b) => rank(a.value) - rank(b.value)) as Facet<Level>[],
    action: facet('action_key'),
    group: facet('group_name') as Facet<Group>[],
    connection: facet('connection_id') as Facet<ConnectionId>[],
    status: facet('status') as Facet<CustomerStatus>[],
    responsible: shown.map((one) => ({
      ...one,
      name: one.value === null ? null : (names.get(one.value) ?? null),
    })),
    moreResponsibles: responsibles.length - shown.length,
  }
}

type FacetColumn = (typeof FACETS)[number]

/** Customers who pay in a currency. */
interface Kind {
  readonly currency: string | null
  readonly customers: number
  readonly minor: number
}

/** Rows that are to be summed up: the columns of {@link FACETS}, `currency`, `customers` and `minor`. */
interface Source {
  readonly text: string
  readonly values: readonly unknown[]
}

const COLUMNS = [...FACETS, 'currency'].map((column) => `b.${column}`).join(', ')

/** By the ledger of counts: of what is told by kind. */
function ledger(tx: Transaction, { filter }: WantedCustomers): Source {
  const values: unknown[] = [tx.tenant]
  const where = kindConditions(filter, (value) => `$${values.push(value)}`)
  const text = `select ${COLUMNS}, b.customers, b.value_minor as minor from book_counts b
    where ${['b.tenant_id = $1', ...where].join(' and ')}`
  return { text, values }
}

/** @param most so many of those that are met; null: all */
function book(tx: Transaction, wanted: WantedCustomers, most: number | null): Source {
  const values: unknown[] = []
  const parameter = (value: unknown): string => `$${values.push(value)}`
  const { first, last } = bookConditionsApart(wanted, tx.tenant, parameter)
  const source =
    last === null
      ? `book b where ${first}`
      : `(with others as materialized (select ${COLUMNS}, b.customer_id, b.value_at_risk_minor from book b where ${first})
         select * from others b where ${last}) b`
  const text = `select ${COLUMNS}, 1 as customers, b.value_at_risk_minor as minor
    from ${source} ${most === null ? '' : `limit ${parameter(most)}`}`
  return { text, values }
}

function byCurrency(tx: Transaction, { text, values }: Source): Promise<Kind[]> {
  return tx.query<Kind>(
    `select currency, sum(customers)::bigint as customers, coalesce(sum(minor), 0)::bigint as minor
     from (${text}) met group by currency having sum(customers) <> 0`,
    values,
  )
}

/**
 * By each column for itself. Summed up in the database: of all columns together there are as many kinds as customers in a
 * small company.
 */
function byEach(
  tx: Transaction,
  { text, values }: Source,
): Promise<{ column: FacetColumn; value: string | null; customers: number }[]> {
  const named = FACETS.map((column) => `when grouping(${column}) = 0 then '${column}'`).join(' ')
  const given = FACETS.map((column) => `${column}::text`).join(', ')
  const each = FACETS.map((column) => `(${column})`).join(', ')
  return tx.query(
    `select case ${named} end as column, coalesce(${given}) as value, sum(customers)::bigint as customers
     from (${text}) met group by grouping sets (${each}) having sum(customers) > 0`,
    values,
  )
}

/** @returns null when it takes too long */
async function inTime<T>(
  tx: Transaction,
  wanted: WantedCustomers,
  { interruptible, withinMs = 200, wholly = 250_000 }: CountLimits,
  work: () => Promise<T>,
): Promise<T | null> {
  if (!interruptible) {
    // At most as many as there are of the kinds that are asked for.
    const bound = sum(await byCurrency(tx, ledger(tx, wanted)))
    return bound > wholly ? null : work()
  }
  // Compiling a statement (JIT) would take longer than running it.
  await tx.query(
    `savepoint counting; set local jit = off; set local statement_timeout = ${Math.ceil(withinMs)}`,
  )
  try {
    const done = await work()
    await tx.query('set local statement_timeout to default; release savepoint counting')
    return done
  } catch (cause) {
    if (!wasCanceled(cause)) throw cause
    await tx.query('rollback to savepoint counting; release savepoint counting')
    return null
  }
}

/** By the limit of time; as an error of the store it says that the database took too long. */
function wasCanceled(cause: unknown): boolean {
  const { code } = (cause instanceof HoldfastError ? cause.cause : cause) as { code?: unknown }
  return code === QUERY_CANCELED
}

/** @see https://www.postgresql.org/docs/15/errcodes-appendix.html */
const QUERY_CANCELED = '57014'

/** Names as one of their customers has them that has a name at all. */
async function responsibleNames(
  tx: Transaction,
  ids: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  if (ids.length === 0) return new Map()
  const rows = await tx.query<{ id: string; name: string }>(
    `select wanted.id, c.responsible_name as name
     from unnest($2::text[]) as wanted (id)
     cross join lateral (
       select k.responsible_name
       from book b join customers k on k.tenant_id = b.tenant_id and k.id = b.customer_id
       where b.tenant_id = $1 and b.responsible_id = wanted.id and k.responsible_name is not null limit 1
     ) c`,
    [tx.tenant, ids],
  )
  return new Map(rows.map(({ id, name }) => [id, name]))
}

function countOf(kinds: readonly Kind[], exact: boolean): CustomerCount {
  const valued = kinds.filter(({ currency }) => currency !== null)
  return {
    customers: sum(kinds),
    exact,
    valueAtRisk: valued
      .map(({ currency, minor, customers }) => ({ currency: currency ?? '', minor, customers }))
      .toSorted((a, b) => b.minor - a.minor || (a.currency < b.currency ? -1 : 1)),
    unvalued: sum(kinds) - sum(valued),
  }
}

const sum = (kinds: readonly Kind[]): number => kinds.reduce((total, { customers }) => total + customers, 0)
