/** What the records in the CRM show of us, and whose record may have to be written. */
import type { RiskFields } from '../../connectors/connector.ts'
import type { Level } from '../contracts/customer-terms.ts'
import type { ConnectionId, CustomerId } from '../contracts/ids.ts'
import { insertRows } from './bulk.ts'
import type { Transaction } from './database.ts'

/** The last try of a record. */
export interface WriteBack {
  /** What was tried: the record shows it where the status is `written`. */
  readonly fields: RiskFields
  /** When the record was last written; null: never. */
  readonly writtenAt: Date | null
  readonly status: 'written' | 'failed' | 'dry_run'
  /** Failures in a row. */
  readonly attempts: number
  /** Null: a failure that trying again does not mend. */
  readonly retryAt: Date | null
  /** `updatedAt` of the record as our last write left it; null where the CRM does not say. */
  readonly version: Date | null
  /** Whether it was for what could have waited, as src/loop/write-due.ts tells. */
  readonly quiet: boolean
}

export interface WriteBackCandidate {
  readonly customer: CustomerId
  /** When it was marked, to the microsecond. */
  readonly due: string
  readonly externalId: string
  readonly status: 'active' | 'left' | 'deleted'
  readonly group: 'holdout' | 'usual' | 'policy' | 'exempt'
  readonly score: {
    readonly probability: number
    readonly level: Level
    readonly levelSince: Date
    readonly scoredAt: Date
    /** Sentences, most important first, three at most. */
    readonly reasons: readonly string[]
    readonly dataConfidence: number
    readonly valueAtRiskMinor: number | null
    readonly currency: string | null
  } | null
  readonly last: WriteBack | null
}

/**
 * The time up to which marks belong to a pass that starts now: in database time, which made them, or the caller's
 * where that is later.
 */
export async function passStart(tx: Transaction, now: Date): Promise<string> {
  const [{ at }] = await tx.query<{ at: string }>(
    'select greatest(clock_timestamp(), $1::timestamptz)::text as at',
    [now],
  )
  return at
}

export async function countMarked(tx: Transaction, connection: ConnectionId, until: string): Promise<number> {
  const [{ count }] = await tx.query<{ count: number }>(
    `select count(*) as count from write_back_due
     where tenant_id = $1 and connection_id = $2 and due_at <= $3::timestamptz`,
    [tx.tenant, connection, until],
  )
  return count
}

interface CandidateRow {
  readonly customer: CustomerId
  readonly due: string
  readonly external_id: string
  readonly status: WriteBackCandidate['status']
  readonly group_name: WriteBackCandidate['group']
  readonly probability: number | null
  readonly level: Level
  readonly level_since: Date
  readonly scored_at: Date
  readonly sentences: readonly string[] | null
  readonly data_confidence: number
  readonly value_at_risk_minor: number | null
  readonly currency: string | null
  readonly fields: RiskFields | null
  readonly written_at: Date | null
  readonly written: WriteBack['status']
  readonly attempts: number
  readonly retry_at: Date | null
  readonly version: Date | null
  readonly quiet: boolean
}

export interface MarkedRange {
  readonly connection: ConnectionId
  readonly until: string
  /** The last one of the page before; null: from the first. */
  readonly after: { readonly due: string; readonly customer: CustomerId } | null
  readonly limit: number
}

/**
 * Those marked up to a time, longest first.
 *
 * What is looked up for each is so by `lateral`, as in src/store/scores.ts.
 */
export async function markedCustomers(
  tx: Transaction,
  { connection, until, after, limit }: MarkedRange,
): Promise<readonly WriteBackCandidate[]> {
  const rows = await tx.query<CandidateRow>(
    `select d.customer_id as customer, d.due_at::text as due, c.external_id, c.status, c.group_name,
       s.probability, s.level, s.level_since, s.scored_at, s.data_confidence, s.value_at_risk_minor, s.currency,
       s.sentences, w.fields, w.written_at, w.status as written, w.attempts, w.retry_at,
       w.version, w.quiet
     from (
       select customer_id, due_at from write_back_due
       where tenant_id = $1 and connection_id = $2 and due_at <= $3::timestamptz
         and (due_at, customer_id) > ($5::timestamptz, $6::bigint)
       order by due_at, customer_id limit $4
     ) d
     cross join lateral (
       select external_id, status, group_name from customers where tenant_id = $1 and id = d.customer_id limit 1
     ) c
     left join lateral (
       select *, jsonb_path_query_array(reasons, '$[0 to 2].sentence') as sentences from scores
       where tenant_id = $1 and customer_id = d.customer_id limit 1
     ) s on true
     left join lateral (
       select * from write_backs where tenant_id = $1 and customer_id = d.customer_id limit 1
     ) w on true
     order by d.due_at, d.customer_id`,
    [tx.tenant, connection, until, limit, after?.due ?? '-infinity', after?.customer ?? 0],
  )
  return rows.map((row) => ({
    customer: row.customer,
    due: row.due,
    externalId: row.external_id,
    status: row.status,
    group: row.group_name,
    score:
      row.probability === null
        ? null
        : {
            probability: Math.fround(row.probability),
            level: row.level,
            levelSince: row.level_since,
            scoredAt: row.scored_at,
            reasons: row.sentences ?? [],
            dataConfidence: row.data_confidence,
            valueAtRiskMinor: row.value_at_risk_minor,
            currency: row.currency,
          },
    last:
      row.fields === null
        ? null
        : {
            fields: row.fields,
            writtenAt: row.written_at,
            status: row.written,
            attempts: row.attempts,
            retryAt: row.retry_at,
            version: row.version,
            quiet: row.quiet,
          },
  }))
}

export interface Surroundings {
  /** 'YYYY-MM-DD', the next one of any agreement. */
  readonly renewalDate: string | null
  /** The newest score that is at least 30 days old, 0 to 1. */
  readonly probabilityBefore: number | null
  /** The newest decision of the period, and how far its newest intervention is. */
  readonly decision: { readonly actionKey: string; readonly state: string | null } | null
}

/** What records show besides the score. */
export async function surroundingsOf(
  tx: Transaction,
  customers: readonly CustomerId[],
  { period, now }: { period: string; now: Date },
): Promise<(customer: CustomerId) => Surroundings> {
  const of = [tx.tenant, customers]
  const renewals = await tx.query<{ id: CustomerId; date: string }>(
    `select c.id, a.date from unnest($2::bigint[]) c (id) cross join lateral (
       select min(renewal_date) as date from agreements
       where tenant_id = $1 and customer_id = c.id and renewal_date >= ($3::timestamptz at time zone 'UTC')::date
     ) a where a.date is not null`,
    [...of, now],
  )
  const before = await tx.query<{ id: CustomerId; probability: number }>(
    `select c.id, h.probability from unnest($2::bigint[]) c (id) cross join lateral (
       select probability from score_history
       where tenant_id = $1 and customer_id = c.id and scored_at <= $3::timestamptz - interval '30 days'
       order by scored_at desc, id desc limit 1
     ) h`,
    [...of, now],
  )
  const decisions = await tx.query<{ id: CustomerId; actionKey: string; state: string | null }>(
    `select c.id, d.action_key as "actionKey", i.state
     from unnest($2::bigint[]) c (id) cross join lateral (
       select id, action_key from decisions
       where tenant_id = $1 and customer_id = c.id and period = $3
       order by decided_at desc, id desc limit 1
     ) d left join lateral (
       select state from interventions
       where tenant_id = $1 and customer_id = c.id and decision_id = d.id
       order by created_at desc, id limit 1
     ) i on true`,
    [...of, period],
  )
  const renewal = new Map(renewals.map(({ id, date }) => [id, date]))
  const earlier = new Map(before.map(({ id, probability }) => [id, Math.fround(probability)]))
  const decision = new Map(decisions.map((row) => [row.id, row]))
  return (customer) => ({
    renewalDate: renewal.get(customer) ?? null,
    probabilityBefore: earlier.get(customer) ?? null,
    decision: decision.get(customer) ?? null,
  })
}

const ROW = {
  customer_id: 'bigint',
  connection_id: 'uuid',
  fields: 'jsonb',
  written_at: 'timestamptz',
  status: 'text',
  error_code: 'text',
  error_message: 'text',
  attempts: 'integer',
  retry_at: 'timestamptz',
  version: 'timestamptz',
  quiet: 'boolean',
} as const

export interface NewWriteBack extends WriteBack {
  readonly customer: CustomerId
  readonly errorCode: string | null
  readonly errorMessage: string | null
}

export async function saveWriteBacks(
  tx: Transaction,
  connection: ConnectionId,
  tried: readonly NewWriteBack[],
): Promise<void> {
  const columns = Object.entries(ROW).map(([name, type]) => ({ name, type }))
  const assignments = Object.keys(ROW)
    .slice(1)
    .map((name) => `${name} = excluded.${name}`)
  const rows = tried.map((one) => ({
    customer_id: one.customer,
    connection_id: connection,
    fields: one.fields,
    written_at: one.writtenAt,
    status: one.status,
    error_code: one.errorCode,
    error_message: one.errorMessage,
    attempts: one.attempts,
    retry_at: one.retryAt,
    version: one.version,
    quiet: one.quiet,
  }))
  await insertRows(tx, 'write_backs', columns, rows, {
    ending: `on conflict (tenant_id, customer_id) do update set ${assignments.join(', ')}`,
  })
}

/**
 * When the next of those that failed is to be tried again. Whoever asks for a pass in between takes the time that was
 * asked for of the step, so each pass asks anew.
 *
 * @param after such as are due by then are the pass's own
 */
export async function nextRetry(
  tx: Transaction,
  connection: ConnectionId,
  after: string,
): Promise<Date | null> {
  const [{ at }] = await tx.query<{ at: Date | null }>(
    `select min(retry_at) as at from write_backs
     where tenant_id = $1 and connection_id = $2 and status = 'failed' and retry_at > $3::timestamptz`,
    [tx.tenant, connection, after],
  )
  return at
}

export interface LookedAt {
  readonly customer: CustomerId
  /** As it was read: who was marked again since then stays marked. */
  readonly due: string
  /** When to look again; null: when something changes. */
  readonly again: Date | null
}

export async function settleMarks(
  tx: Transaction,
  connection: ConnectionId,
  looked: readonly LookedAt[],
): Promise<void> {
  const gone = looked.filter(({ again }) => again === null)
  const later = looked.filter(({ again }) => again !== null)
  // Only what lies between the first and the last of them is looked at, by the index of when they are due.
  const range = `d.tenant_id = $1 and d.connection_id = $2 and d.due_at between
    (select min(due) from unnest($4::timestamptz[]) as u (due)) and (select max(due) from unnest($4::timestamptz[]) as u (due))`
  const read = (marks: readonly LookedAt[]): unknown[] => [
    tx.tenant,
    connection,
    marks.map(({ customer }) => customer),
    marks.map(({ due }) => due),
  ]
  if (gone.length > 0)
    await tx.query(
      `delete from write_back_due d using unnest($3::bigint[], $4::timestamptz[]) as read (id, due)
       where ${range} and d.customer_id = read.id and d.due_at = read.due`,
      read(gone),
    )
  if (later.length > 0)
    await tx.query(
      `update write_back_due d set due_at = read.again
       from unnest($3::bigint[], $4::timestamptz[], $5::timestamptz[]) as read (id, due, again)
       where ${range} and d.customer_id = read.id and d.due_at = read.due`,
      [...read(later), later.map(({ again }) => again)],
    )
}

/** Writing was switched on: what was only recorded is to be written now. */
export async function markDryRuns(tx: Transaction, connection: ConnectionId): Promise<void> {
  await tx.query(
    `insert into write_back_due (tenant_id, customer_id, connection_id)
     select tenant_id, customer_id, connection_id from write_backs
     where tenant_id = $1 and connection_id = $2 and status = 'dry_run' order by customer_id
     on conflict (tenant_id, customer_id) do update set due_at = least(write_back_due.due_at, excluded.due_at)`,
    [tx.tenant, connection],
  )
}

/** Customers in the population. */
export async function countActive(tx: Transaction, connection: ConnectionId): Promise<number> {
  const [{ count }] = await tx.query<{ count: number }>(
    `select count(*) as count from customers where tenant_id = $1 and connection_id = $2 and status = 'active'`,
    [tx.tenant, connection],
  )
  return count
}

/** Records that were last written since, and for what could have waited. */
export async function countQuiet(tx: Transaction, connection: ConnectionId, since: Date): Promise<number> {
  const [{ count }] = await tx.query<{ count: number }>(
    `select count(*) as count from write_backs
     where tenant_id = $1 and connection_id = $2 and quiet and written_at > $3::timestamptz`,
    [tx.tenant, connection, since],
  )
  return count
}
