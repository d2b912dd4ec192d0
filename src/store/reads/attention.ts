/**
 * What waits for a person's look, beside single interventions: a row a thing, read and counted by one statement, so that
 * the number on a badge is that of the list. What somebody put aside is left out until it happens anew.
 */
import type { Transaction } from '../database.ts'
import { UNSEEN_FAILURE } from './intervention-filter.ts'

/**
 * step: a step of a connection failed. connection: it needs a new sign-in. population: nobody said who counts as a
 * customer. note: something of a mapping is to be mended. refused: a CRM refused what was written to it. stop: something
 * stopped by itself. ratio: the groups are not as large as they should be. pool: few codes are left, or none. waiting:
 * actions wait for somebody to mend something. held: customers are held until somebody read what they said. webhook:
 * nothing gets through. unheard: somebody was not told by e-mail. policy: one that was solved is not in charge. restore: a
 * backup was restored, and nobody knows yet what went out since.
 */
export const ATTENTION_KINDS = [
  'restore',
  'connection',
  'step',
  'stop',
  'ratio',
  'waiting',
  'refused',
  'pool',
  'held',
  'webhook',
  'unheard',
  'population',
  'note',
  'policy',
] as const
export type AttentionKind = (typeof ATTENTION_KINDS)[number]

export interface AttentionRow {
  readonly kind: AttentionKind
  readonly key: string
  /** Which time it happened: what is put aside is put aside this once. */
  readonly mark: string
  /** Null: not known. */
  readonly since: Date | null
  /** How many it is about. */
  readonly count: number
  /** What the words need. */
  readonly subject: Readonly<Record<string, unknown>>
}

export interface AttentionAsked {
  /** Codes of reasons for which actions wait that only a person can end. */
  readonly codes: readonly string[]
  /** Pools that offers are made of. */
  readonly pools: readonly string[]
  /** Free codes below which there are few: at least 1. */
  readonly fewCodes: number
  /** 'YYYY-MM-DD'. */
  readonly today: string
}

/** Most that a list holds. */
const MOST = 200
/** Beyond it a count says no more than "many". */
export const COUNTED = 10_000

/** The oldest first, those of which that is not known last. */
export function listAttention(tx: Transaction, asked: AttentionAsked): Promise<AttentionRow[]> {
  return tx.query<AttentionRow>(
    `select kind, key, mark, since, count, subject ${ATTENTION} order by since nulls last, key limit ${MOST}`,
    valuesOf(tx, asked),
  )
}

export interface AttentionCounts {
  readonly things: number
  /** Nobody can say whether they went out; up to {@link COUNTED}. */
  readonly uncertain: number
  /** Failed, and nobody has looked at it; up to {@link COUNTED}. */
  readonly failed: number
}

export async function countAttention(tx: Transaction, asked: AttentionAsked): Promise<AttentionCounts> {
  const [row] = await tx.query<AttentionCounts>(
    `select least(${MOST}, (select count(*) ${ATTENTION}))::integer as things,
       (select count(*)::integer from (select from interventions i
          where i.tenant_id = $1 and i.state = 'uncertain' limit ${COUNTED}) u) as uncertain,
       (select count(*)::integer from (select from interventions i
          where i.tenant_id = $1 and ${UNSEEN_FAILURE} limit ${COUNTED}) f) as failed`,
    valuesOf(tx, asked),
  )
  return row
}

const valuesOf = (tx: Transaction, { codes, pools, fewCodes, today }: AttentionAsked): unknown[] => [
  tx.tenant,
  [...codes],
  [...pools],
  fewCodes,
  today,
]

/** What a CRM refused, by the table that keeps it; approvals only as long as they wait. */
export const REFUSED = {
  record: { table: 'write_backs', where: `status = 'failed'` },
  activity: { table: 'activities', where: `state = 'failed'` },
  intervention: { table: 'crm_interventions', where: `state = 'failed'` },
  consent: { table: 'consent_outbox', where: `state = 'failed'` },
  approval: {
    table: 'approval_tasks',
    where: `state = 'failed' and exists (select from interventions i where i.tenant_id = r.tenant_id
      and i.id = r.intervention_id and i.state = 'awaiting_approval')`,
  },
} as const
export type Refused = keyof typeof REFUSED

const refused = Object.entries(REFUSED).map(
  ([what, { table, where }]) => `
    select 'refused', 'refused:${what}:' || c.id, found.count::text, null::timestamptz, found.count, jsonb_build_object(
      'what', '${what}', 'connection', c.id, 'name', c.name, 'crm', c.kind, 'message', found.message)
    from connections c cross join lateral (
      select count(*)::integer as count, min(error_message) as message from (
        select error_message from ${table} r
        where r.tenant_id = $1 and r.connection_id = c.id and ${where} limit ${COUNTED}) part
    ) found where c.tenant_id = $1 and found.count > 0`,
)

const ATTENTION = `from (
  select 'step' as kind, 'step:' || s.connection_id || ':' || s.step as key,
    coalesce(s.error_code, '') || ' ' || coalesce(s.last_done_at::text, '') as mark, null::timestamptz as since,
    1 as count, jsonb_build_object('connection', c.id, 'name', c.name, 'step', s.step, 'code', s.error_code,
      'message', s.error_message, 'lastDoneAt', s.last_done_at, 'again', s.due_at) as subject
  from steps s join connections c on c.tenant_id = s.tenant_id and c.id = s.connection_id and c.status = 'active'
  where s.tenant_id = $1 and s.error_code is not null and coalesce(s.lease_until <= now(), true)
  union all
  select 'connection', 'connection:' || id, coalesce(status_reason, ''), null, 1,
    jsonb_build_object('connection', id, 'name', name, 'crm', kind, 'reason', status_reason)
  from connections where tenant_id = $1 and status = 'needs_reconnect'
  union all
  select 'population', 'population:' || id, '', created_at, 1, jsonb_build_object('connection', id, 'name', name)
  from connections where tenant_id = $1 and status = 'active' and population is null
  union all
  select 'note', 'note:' || c.id || ':' || md5(n::text), '', null, 1,
    jsonb_build_object('connection', c.id, 'name', c.name, 'subject', n ->> 'subject', 'message', n ->> 'message')
  from connections c cross join lateral jsonb_array_elements(c.notes) n
  where c.tenant_id = $1 and c.status = 'active'
  union all ${refused.join(' union all ')}
  union all
  select 'stop', 'stop:' || scope || ':' || name, id::text, created_at, 1,
    jsonb_build_object('scope', scope, 'name', name, 'reason', reason, 'evidence', evidence)
  from pauses where tenant_id = $1 and ended_at is null and actor = 'watch'
  union all
  select 'ratio', 'ratio', date_trunc('week', at at time zone 'UTC')::date::text, at, 1,
    jsonb_build_object('drawn', drawn, 'decided', decided)
  from group_checks where tenant_id = $1 and alarm
  union all
  select 'pool', 'pool:' || p.name, case when free.count = 0 then 'none' else 'few' end, null, free.count,
    jsonb_build_object('pool', p.name, 'free', free.count)
  from unnest($3::text[]) p (name) cross join lateral (
    select count(*)::integer as count from (select from offer_codes o where o.tenant_id = $1 and o.pool = p.name
      and o.intervention_id is null and coalesce(o.valid_until >= $5::date, true) limit $4::integer) part
  ) free where free.count < $4::integer
  union all
  select 'waiting', 'waiting:' || reason_code, '', min(updated_at), count(*)::integer,
    jsonb_build_object('code', reason_code, 'reason', min(reason))
  from interventions where tenant_id = $1 and state = 'deferred' and reason_code = any ($2::text[]) group by reason_code
  union all
  select 'held', 'held:' || kind, '', min(created_at), count(*)::integer, jsonb_build_object('hold', kind)
  from holds where tenant_id = $1 and ended_at is null and coalesce(until > now(), true)
    and kind in ('replied', 'complained') group by kind
  union all
  select 'webhook', 'webhook:' || id, status || ' ' || coalesce(failing_since::text, ''), failing_since, 1,
    jsonb_build_object('webhook', id, 'name', name, 'host', host, 'status', status,
      'reason', coalesce(status_reason, last_error))
  from outgoing_webhooks where tenant_id = $1 and (status = 'disabled' or failing_since is not null)
  union all
  select 'unheard', 'unheard:' || md5(target), max(id)::text, min(created_at), count(*)::integer,
    jsonb_build_object('target', target, 'error', (array_agg(error order by id desc))[1])
  from told where tenant_id = $1 and via = 'email' and state = 'failed' and kind <> 'test'
    and created_at > now() - interval '7 days' group by target
  union all
  select 'policy', 'policy', hash, solved_at, 1, jsonb_build_object('problems', problems)
  from (select * from policies where tenant_id = $1 order by solved_at desc limit 1) newest
  where cardinality(problems) > 0
  union all
  select 'restore', 'restore', restored_at::text, restored_at, 1,
    jsonb_build_object('restoredAt', restored_at, 'from', restored_from, 'paused', paused_reason)
  from installation where restored_at is not null and reconciled_at is null
) found
where not exists (
  select from attention_seen seen where seen.tenant_id = $1 and seen.key = found.key and seen.mark = found.mark)`
