/**
 * What moves in a company from one second to the next: runs with their progress, what arrived, what waits for a person.
 * Read once a second for all who watch, so each statement goes by keys and reads only what is new.
 */
import type { Transaction } from '../database.ts'
import { RUN, type NamedRun } from './runs.ts'

/** Newest rows of the logs that only grow; 0: there is none. */
export interface LiveMarks {
  /** Scores that moved. */
  readonly scores: number
  readonly decisions: number
  /** Moves of interventions in the ledger. */
  readonly interventions: number
}

export const LOGS = ['scores', 'decisions', 'interventions'] as const satisfies readonly (keyof LiveMarks)[]

const TABLES: Readonly<Record<keyof LiveMarks, string>> = {
  scores: 'score_history',
  decisions: 'decisions',
  interventions: 'intervention_events',
}

/** A run that ended less than so long ago is still shown: whoever looks once a second sees each end. */
const ENDED_SECONDS = 15
/** Runs shown at a time; a company has a handful of connections with seven steps each. */
const MOST_RUNS = 100

/** What runs, and what ended within the last 15 seconds, newest first. */
export function liveRuns(tx: Transaction): Promise<readonly NamedRun[]> {
  return tx.prepared<NamedRun>(
    `select ${RUN}, n.name as "connectionName" from (
       select * from runs where tenant_id = $1 and status = 'running'
       union all
       select * from runs where tenant_id = $1 and finished_at > now() - interval '${ENDED_SECONDS} seconds'
     ) r left join connections n on n.tenant_id = r.tenant_id and n.id = r.connection_id
     order by r.started_at desc, r.id limit ${MOST_RUNS}`,
    [tx.tenant],
  )
}

/** Where the logs stand. */
export async function liveMarks(tx: Transaction): Promise<LiveMarks> {
  const newest = (log: keyof LiveMarks): string =>
    `coalesce((select max(id) from ${TABLES[log]} where tenant_id = $1), 0) as ${log}`
  const [row] = await tx.prepared<LiveMarks>(`select ${LOGS.map(newest).join(', ')}`, [tx.tenant])
  return row
}

/** How many rows a log has after a mark, and after a later one; `newest` is the mark of the last of them. */
export interface Arrived {
  readonly newest: number | null
  readonly many: number
  readonly later: number
}

/**
 * Rows after marks, in one statement. A transaction that began earlier may add rows with lower ids than are there
 * already, so whoever wants to count each of them once asks from some seconds back and compares.
 *
 * @param later marks further on, to go on from the next time
 */
export async function arrivedSince(
  tx: Transaction,
  since: LiveMarks,
  later: LiveMarks,
): Promise<Readonly<Record<keyof LiveMarks, Arrived>>> {
  const counted = LOGS.map(
    (log, at) =>
      `(select json_build_object('newest', max(id), 'many', count(*), 'later', count(*) filter (where id > $${at + 5}))
        from ${TABLES[log]} where tenant_id = $1 and id > $${at + 2}) as ${log}`,
  )
  const [row] = await tx.prepared<Readonly<Record<keyof LiveMarks, Arrived>>>(
    `select ${counted.join(', ')}`,
    [tx.tenant, ...LOGS.map((log) => since[log]), ...LOGS.map((log) => later[log])],
  )
  return row
}

/** Beyond it a count says no more than "many". */
export const MOST_MISSED = 10_000

/** Rows after marks that somebody saw last, each counted up to {@link MOST_MISSED}. */
export async function missedSince(tx: Transaction, since: LiveMarks): Promise<LiveMarks> {
  const counted = LOGS.map(
    (log, at) =>
      `(select count(*)::integer from (
          select from ${TABLES[log]} where tenant_id = $1 and id > $${at + 2} limit ${MOST_MISSED}) found) as ${log}`,
  )
  const [row] = await tx.prepared<LiveMarks>(`select ${counted.join(', ')}`, [
    tx.tenant,
    ...LOGS.map((log) => since[log]),
  ])
  return row
}

/** What waits for a person, as navigation shows it; each counted up to {@link MOST_WAITING}. */
export interface Badges {
  /** Interventions that wait for a yes: `GET /v1/interventions?state=awaiting_approval`. */
  readonly approvals: number
  /** Nobody knows whether they went out: `GET /v1/interventions?state=uncertain`. */
  readonly uncertain: number
  /** Connections that do not go on by themselves: `GET /v1/connections?trouble=true`. */
  readonly connections: number
}

export const MOST_WAITING = 1000

/**
 * A connection that somebody has to do something about: it needs a sign-in, or a step of it was given up. For `n` of
 * `connections`; the list and the badge count by the same words.
 */
export const TROUBLED = `(n.status = 'needs_reconnect' or n.status = 'active' and exists (
  select from steps t where t.tenant_id = n.tenant_id and t.connection_id = n.id
    and t.error_code is not null and t.due_at is null and t.lease_until is null))`

export async function readBadges(tx: Transaction): Promise<Badges> {
  const waiting = (state: string): string =>
    `(select count(*)::integer from (
        select from interventions where tenant_id = $1 and state = '${state}' limit ${MOST_WAITING}) found)`
  const [row] = await tx.prepared<Badges>(
    `select ${waiting('awaiting_approval')} as approvals, ${waiting('uncertain')} as uncertain,
       (select count(*)::integer from connections n where n.tenant_id = $1 and ${TROUBLED}) as connections`,
    [tx.tenant],
  )
  return row
}

/** Whatever else pages show of a company that people change: one text that differs whenever one of them does. */
export interface Standing {
  readonly connections: string
  readonly settings: string
  readonly sending: string
}

export async function readStanding(tx: Transaction): Promise<Standing> {
  const [row] = await tx.prepared<Standing>(
    `select
       coalesce((select md5(string_agg(concat_ws('|', id, name, status, status_reason, md5(notes::text), population::text,
           (select sum(gone + 1 + (done_at is not null)::integer) from connection_erasures e
            where e.tenant_id = c.tenant_id and e.connection_id = c.id)), ',' order by id))
         from connections c where tenant_id = $1), '') as connections,
       coalesce((select max(version)::text from settings_versions where tenant_id = $1), '') as settings,
       (select concat_ws('|', t.status, t.paused_reason, t.activated_at,
          (select string_agg(p.id::text, ',' order by p.id) from pauses p where p.tenant_id = t.id and p.ended_at is null))
        from tenants t where t.id = $1) as sending`,
    [tx.tenant],
  )
  return row
}
