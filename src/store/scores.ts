/**
 * Scores in force, how they moved, and which customers wait for one.
 *
 * What is looked up for each customer of a page is so by `lateral`: the planner then goes by key whatever it knows of
 * the tables, which is nothing in a first pass. Left to choose, it reads the whole tenant for each page.
 */
import type { Level } from '../contracts/customer-terms.ts'
import type { Properties } from '../../connectors/connector.ts'
import type { LevelThresholds } from '../../models/churn/levels.ts'
import type { ConnectionId, CustomerId } from '../contracts/ids.ts'
import type { Transaction } from './database.ts'

export interface DueCustomer {
  readonly id: CustomerId
  /** When it became due, to the microsecond: compared before it is cleared. */
  readonly due: string
  readonly active: boolean
  readonly properties: Properties
  /** Null: no score yet. Its probability was a float32. */
  readonly score: {
    readonly modelHash: string
    readonly inputHash: string
    readonly probability: number
    readonly level: Level
    readonly levelSince: Date
    readonly monthlyMinor: number | null
    readonly currency: string | null
  } | null
}

/** How many wait for a score. */
export async function countDue(tx: Transaction, connection: ConnectionId): Promise<number> {
  const [{ count }] = await tx.query<{ count: number }>(
    `select count(*) as count from customers
     where tenant_id = $1 and connection_id = $2 and score_due_at is not null`,
    [tx.tenant, connection],
  )
  return count
}

interface DueRow {
  readonly id: CustomerId
  readonly due: string
  readonly active: boolean
  readonly properties: Properties
  readonly model_hash: string | null
  readonly input_hash: string
  readonly probability: number
  readonly level: Level
  readonly level_since: Date
  readonly monthly_minor: number | null
  readonly currency: string | null
}

/** Those who wait for a score, in the order of their ids, after `after`; also such as left meanwhile. */
export async function dueCustomers(
  tx: Transaction,
  { connection, after, limit }: { connection: ConnectionId; after: number; limit: number },
): Promise<readonly DueCustomer[]> {
  const rows = await tx.query<DueRow>(
    `select c.id, c.score_due_at::text as due, c.status = 'active' as active, c.properties,
       s.model_hash, s.input_hash, s.probability, s.level, s.level_since, s.monthly_minor, s.currency
     from (
       select id, score_due_at, status, properties from customers
       where tenant_id = $1 and connection_id = $2 and score_due_at is not null and id > $3
       order by id limit $4
     ) c left join lateral (
       select * from scores where tenant_id = $1 and customer_id = c.id limit 1
     ) s on true
     order by c.id`,
    [tx.tenant, connection, after, limit],
  )
  return rows.map(({ id, due, active, properties, ...row }) => ({
    id,
    due,
    active,
    properties,
    score:
      row.model_hash === null
        ? null
        : {
            modelHash: row.model_hash,
            inputHash: row.input_hash,
            probability: Math.fround(row.probability),
            level: row.level,
            levelSince: row.level_since,
            monthlyMinor: row.monthly_minor,
            currency: row.currency,
          },
  }))
}

/**
 * What customers pay a month by their running agreements: the sum in `currency` where there is one, else that of the
 * one other currency. Customers without an amount that is known have no entry.
 *
 * @param today 'YYYY-MM-DD': an agreement runs from its start until a renewal that does not come by itself
 */
export async function monthlyAmounts(
  tx: Transaction,
  customers: readonly CustomerId[],
  { currency, today }: { currency: string; today: string },
): Promise<ReadonlyMap<CustomerId, { readonly minor: number; readonly currency: string }>> {
  const rows = await tx.query<{ id: CustomerId; currency: string; minor: number }>(
    `select c.id, a.currency, a.minor from unnest($2::bigint[]) c (id) cross join lateral (
       select currency, monthly_minor as minor from agreements
       where tenant_id = $1 and customer_id = c.id and monthly_minor is not null and currency is not null
         and (start_date is null or start_date <= $3::date)
         and not (auto_renewal is false and renewal_date is not null and renewal_date < $3::date)
       offset 0
     ) a`,
    [tx.tenant, customers, today],
  )
  const sums = new Map<CustomerId, Map<string, number>>()
  for (const { id, currency: of, minor } of rows) {
    const sum = sums.get(id) ?? new Map<string, number>()
    sums.set(id, sum.set(of, (sum.get(of) ?? 0) + minor))
  }
  const found = new Map<CustomerId, { minor: number; currency: string }>()
  for (const [id, sum] of sums) {
    // Several foreign currencies have no sum.
    const of = sum.has(currency) || sum.size > 1 ? currency : [...sum.keys()][0]
    const minor = sum.get(of)
    if (minor !== undefined) found.set(id, { minor, currency: of })
  }
  return found
}

/** What is the same for all scores of a page. */
export interface ScoreFrame {
  readonly connection: ConnectionId
  readonly scoredAt: Date
  /** 'YYYY-MM-DD': the day that the customers are described as of. */
  readonly asOf: string
  readonly kind: 'snapshot' | 'horizon'
  readonly horizonDays: number | null
  readonly modelHash: string
  readonly featureSetHash: string
}

/** What is a customer's own, as PostgreSQL reads it from JSON. */
const OWN = {
  customer_id: 'bigint',
  probability: 'real',
  monthly_hazard: 'real',
  level: 'text',
  level_since: 'timestamptz',
  reasons: 'jsonb',
  data_confidence: 'real',
  monthly_minor: 'bigint',
  currency: 'text',
  value_at_risk_minor: 'bigint',
  input_hash: 'text',
  context: 'jsonb',
} as const

export interface ScoreRow {
  readonly customer_id: CustomerId
  readonly probability: number
  readonly monthly_hazard: number
  readonly level: Level
  readonly level_since: Date
  /** Ordered: `{ feature, label, sentence, contribution, raises }`. */
  readonly reasons: readonly unknown[]
  readonly data_confidence: number
  readonly monthly_minor: number | null
  readonly currency: string | null
  readonly value_at_risk_minor: number | null
  readonly input_hash: string
  readonly context: Readonly<Record<string, number>>
  /** An array as PostgreSQL writes it, `{0.1,0.2}`: read far faster than numbers within JSON. */
  readonly state: string
  /** Whether probability or level is another than before: then it is kept in the history too. */
  readonly moved: boolean
}

const own = Object.keys(OWN)
const frame = [
  'connection_id',
  'scored_at',
  'as_of',
  'kind',
  'horizon_days',
  'model_hash',
  'feature_set_hash',
]
const assignments = [...frame, ...own.slice(1), 'state'].map((name) => `${name} = excluded.${name}`)
// Rows travel and are unpacked once, for both tables.
const SAVE = `
  with fresh as materialized (
    select * from json_to_recordset($9::json)
      as r (${own.map((name) => `${name} ${OWN[name as keyof typeof OWN]}`).join(', ')}, state text, moved boolean)
  ), saved as (
    insert into scores (tenant_id, ${frame.join(', ')}, ${own.join(', ')}, state)
    select $1::uuid, $2::uuid, $3::timestamptz, $4::date, $5::text, $6::integer, $7::text, $8::text,
      ${own.join(', ')}, state::real[] from fresh
    on conflict (tenant_id, customer_id) do update set ${assignments.join(', ')}
  )
  insert into score_history (tenant_id, customer_id, scored_at, probability, level, model_hash)
  select $1::uuid, customer_id, $3::timestamptz, probability, level, $7::text from fresh where moved`

/** Rows a statement. */
const CHUNK = 2000

/** Scores in force, and the history of those that moved. */
export async function saveScores(
  tx: Transaction,
  rows: readonly ScoreRow[],
  { connection, scoredAt, asOf, kind, horizonDays, modelHash, featureSetHash }: ScoreFrame,
): Promise<void> {
  for (let at = 0; at < rows.length; at += CHUNK)
    await tx.query(SAVE, [
      tx.tenant,
      connection,
      scoredAt,
      asOf,
      kind,
      horizonDays,
      modelHash,
      featureSetHash,
      JSON.stringify(rows.slice(at, at + CHUNK)),
    ])
}

/** Scores that must not be kept: of customers who object to being profiled. */
export async function deleteScores(tx: Transaction, customers: readonly CustomerId[]): Promise<void> {
  await tx.query('delete from scores where tenant_id = $1 and customer_id = any ($2::bigint[])', [
    tx.tenant,
    customers,
  ])
}

/**
 * They wait no longer, unless something changed since they were read.
 *
 * @param customers in the order of their ids: only what lies between the first and the last is looked at
 */
export async function clearDue(
  tx: Transaction,
  connection: ConnectionId,
  customers: readonly Pick<DueCustomer, 'id' | 'due'>[],
): Promise<void> {
  if (customers.length === 0) return
  await tx.query(
    `update customers c set score_due_at = null, score_due_why = null
     from unnest($3::bigint[], $4::timestamptz[]) as read (id, due)
     where c.tenant_id = $1 and c.connection_id = $2 and c.score_due_at is not null and c.id between $5 and $6
       and c.id = read.id and c.score_due_at = read.due`,
    [
      tx.tenant,
      connection,
      customers.map(({ id }) => id),
      customers.map(({ due }) => due),
      customers[0].id,
      customers[customers.length - 1].id,
    ],
  )
}

/** Customers whose score describes an earlier day than this are due again. */
export async function dueForDay(tx: Transaction, connection: ConnectionId, day: string): Promise<void> {
  await tx.query(
    `update customers c set score_due_at = clock_timestamp(), score_due_why = 'day'
     from scores s
     where c.tenant_id = $1 and c.connection_id = $2 and c.status = 'active' and c.score_due_at is null
       and s.tenant_id = c.tenant_id and s.customer_id = c.id and s.as_of < $3::date`,
    [tx.tenant, connection, day],
  )
}

/** Of everybody in the population who has a score. */
export async function probabilitiesOf(tx: Transaction, connection: ConnectionId): Promise<Float32Array> {
  const rows = await tx.query<{ probabilities: number[] | null }>(
    `select array_agg(s.probability) as probabilities
     from scores s join customers c on c.tenant_id = s.tenant_id and c.id = s.customer_id and c.status = 'active'
     where s.tenant_id = $1 and s.connection_id = $2`,
    [tx.tenant, connection],
  )
  return Float32Array.from(rows[0]?.probabilities ?? [])
}

/** How many have a score, those who left included. */
export async function countScores(tx: Transaction, connection: ConnectionId): Promise<number> {
  const [{ count }] = await tx.query<{ count: number }>(
    'select count(*) as count from scores where tenant_id = $1 and connection_id = $2',
    [tx.tenant, connection],
  )
  return count
}

/**
 * Brings the levels of the population to the thresholds; what changes is kept in the history and marked for
 * write-back.
 *
 * @returns how many changed
 */
export async function relevel(
  tx: Transaction,
  connection: ConnectionId,
  { high, medium, strict }: LevelThresholds,
  at: Date,
): Promise<number> {
  const reaches = strict ? '>' : '>='
  const moved = await tx.query<{ id: CustomerId }>(
    `with moved as (
       update scores s set level = fresh.level, level_since = $5
       from (
         select o.customer_id,
           case when o.probability::float8 ${reaches} $3 then 'HIGH'
                when o.probability::float8 ${reaches} $4 then 'MEDIUM' else 'LOW' end as level
         from scores o join customers c on c.tenant_id = o.tenant_id and c.id = o.customer_id
         where o.tenant_id = $1 and o.connection_id = $2 and c.status = 'active'
       ) fresh
       where s.tenant_id = $1 and s.customer_id = fresh.customer_id and s.level <> fresh.level
       returning s.customer_id, s.probability, s.level, s.model_hash
     )
     insert into score_history (tenant_id, customer_id, scored_at, probability, level, model_hash)
     select $1, customer_id, $5, probability, level, model_hash from moved
     returning customer_id as id`,
    [tx.tenant, connection, high, medium, at],
  )
  const ids = moved.map(({ id }) => id)
  if (ids.length > 0) await markForWriteBack(tx, connection, ids)
  return ids.length
}

/** Their records may have to be written: the next write-back looks at them. */
export async function markForWriteBack(
  tx: Transaction,
  connection: ConnectionId,
  customers: readonly CustomerId[],
): Promise<void> {
  await tx.query(
    `insert into write_back_due (tenant_id, customer_id, connection_id)
     select $1::uuid, id, $2::uuid from unnest($3::bigint[]) as marked (id) order by id
     on conflict (tenant_id, customer_id) do update set due_at = excluded.due_at`,
    [tx.tenant, connection, customers],
  )
}
