/** The orders that lists of customers have, as ranges of the indices of the book. */
import { NATURAL_ORDER, type CustomerSort, type SortOrder } from '../../contracts/customer-terms.ts'
import { HoldfastError } from '../../contracts/errors.ts'
import type { CustomerId } from '../../contracts/ids.ts'
import type { Transaction } from '../database.ts'
import { bookConditionsApart, type WantedCustomers } from './customer-filter.ts'

export interface ListOrder {
  readonly sort: CustomerSort
  readonly order: SortOrder
}

/** Where a page begins: after the customer whose value of the order and id these are; null is "not known". */
export type Position = readonly [value: string | number | null, id: number]

export interface Placed {
  readonly id: CustomerId
  /** As the cursor holds it, exactly. */
  readonly value: string | number | null
}

interface SortColumn {
  /** What it is called in the row. */
  readonly column: string
  /** As PostgreSQL reads it back. */
  readonly type: string
  /** Exactly, for a cursor. */
  readonly exact: string
}

const columns: Readonly<Record<CustomerSort, SortColumn>> = {
  value: { column: 'value_at_risk_minor', type: 'bigint', exact: 'v' },
  probability: { column: 'probability', type: 'real', exact: 'v' },
  renewal: { column: 'renewal_date', type: 'date', exact: 'v::text' },
  name: { column: 'folded', type: 'text', exact: 'v' },
  // A Date holds milliseconds, a cursor must hold what the database does.
  changed: {
    column: 'level_changed_at',
    type: 'timestamptz',
    exact: `to_char(v at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`,
  },
}

const WALK = 20_000

export function orderOf({ sort, order }: { sort: CustomerSort; order?: SortOrder | undefined }): ListOrder {
  return { sort, order: order ?? NATURAL_ORDER[sort] }
}

/**
 * Ids of the customers that a filter means, in an order, from a position on: the known ones first, by value and id, then the
 * others by id.
 *
 * In two ways, since no plan suits all filters. Where what is wanted is frequent, the first rows of the index hold a page
 * of it; so they are walked, and no more of them than a glance. Where it is rare, or where it lies elsewhere in the order,
 * everything that fits is found by whatever index serves best, at worst in one pass over the narrow rows, and sorted.
 *
 * @param size rows wanted
 * @param walk rows of an index that are looked at one after the other before everything that fits is gathered; default 20,000
 */
export async function placeCustomers(
  tx: Transaction,
  wanted: WantedCustomers,
  list: ListOrder,
  {
    after,
    size,
    walk = WALK,
  }: { readonly after: Position | null; readonly size: number; readonly walk?: number | undefined },
): Promise<readonly Placed[]> {
  // Compiling a statement (JIT) would take longer than running it.
  await tx.query('set local jit = off')
  const known = after === null || after[0] !== null
  const first = known ? await range(tx, wanted, list, { known, after, size, walk }) : []
  if (first.length >= size) return first
  const rest = { known: false, after: known ? null : after, size: size - first.length, walk }
  return [...first, ...(await range(tx, wanted, list, rest))]
}

/** Where the order by name goes on after a customer. Of one that is gone nobody knows it. */
export async function placeOfName(tx: Transaction, id: CustomerId): Promise<Position> {
  const [row] = await tx.query<{ folded: string | null }>(
    'select folded from customer_names where tenant_id = $1 and customer_id = $2',
    [tx.tenant, id],
  )
  if (row !== undefined) return [row.folded, id]
  throw new HoldfastError(
    'request_invalid',
    'The last customer of the page before is gone, so nobody knows where the next one begins. Begin with the first page.',
  )
}

interface Range {
  /** Those whose value is known, or the others. */
  readonly known: boolean
  readonly after: Position | null
  readonly size: number
  readonly walk: number
}

async function range(
  tx: Transaction,
  wanted: WantedCustomers,
  list: ListOrder,
  part: Range,
): Promise<readonly Placed[]> {
  // Whoever was named one by one is found by that.
  if (wanted.search?.kind !== 'few') {
    const walked = await tx.query<Placed>(...statement(tx, wanted, list, part, 'walk'))
    if (walked.length === part.size) return walked
  }
  return tx.query<Placed>(...statement(tx, wanted, list, part, 'gather'))
}

function statement(
  tx: Transaction,
  wanted: WantedCustomers,
  { sort, order }: ListOrder,
  { known, after, size, walk }: Range,
  way: 'walk' | 'gather',
): [text: string, values: unknown[]] {
  const values: unknown[] = []
  const parameter = (value: unknown): string => `$${values.push(value)}`
  const { column, type, exact } = columns[sort]
  const { first, last } = bookConditionsApart(wanted, tx.tenant, parameter)
  const fits = way === 'walk' && last !== null ? `${first} and ${last}` : first
  const tenant = parameter(tx.tenant)
  const by = known ? `v ${order}, customer_id ${order}` : 'customer_id'
  const table = sort === 'name' ? 'customer_names' : 'book'
  const beyond =
    after === null
      ? 'true'
      : known
        ? `(t.${column}, t.customer_id) ${order === 'asc' ? '>' : '<'} (${parameter(after[0])}::${type}, ${parameter(after[1])}::bigint)`
        : `t.customer_id > ${parameter(after[1])}::bigint`
  const isIn = `t.tenant_id = ${tenant}::uuid and ${beyond}`
  const is = `${column} is ${known ? 'not null' : 'null'}`
  // The others have no index of their own: they are walked past among all.
  const source =
    way === 'walk' && known
      ? `(select t.*, t.${column} as v from ${table} t where ${isIn} and t.${is} order by ${by} limit ${walk})`
      : way === 'walk'
        ? `(select t.*, t.${column} as v from ${table} t where ${isIn} order by ${by} limit ${walk})`
        : `(select t.*, t.${column} as v from ${table} t where ${isIn} and t.${is})`
  const rows =
    table === 'book'
      ? `${source} b where ${fits} and b.${is}`
      : `${source} w join book b on b.tenant_id = w.tenant_id and b.customer_id = w.customer_id where ${fits} and w.${is}`
  const picked = `select b.customer_id, v from ${rows}`
  const limit = parameter(size)
  const shown = `select customer_id as id, ${exact} as value`
  // Behind a fence: an order with a limit would lure the planner into the index once more.
  const fitting =
    last === null
      ? `fitting as materialized (${picked})`
      : `others as materialized (${picked}), fitting as materialized (select * from others b where ${last})`
  return [
    way === 'walk'
      ? `${shown} from (${picked} order by ${by.replace('customer_id', 'b.customer_id')} limit ${limit}) page order by ${by}`
      : `with ${fitting} ${shown} from fitting order by ${by} limit ${limit}`,
    values,
  ]
}
