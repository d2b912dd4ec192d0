/** Tasks in a CRM that ask a person for a yes: what is to be asked, and what became of what was. */
import type { ConnectionId, CustomerId, InterventionId } from '../contracts/ids.ts'
import type { Transaction } from './database.ts'
import { moveInterventions } from './intervention-moves.ts'
import { SNOOZED_UNAPPROVED } from './interventions.ts'
import { endRow, type OutwardEnd } from './outward.ts'

/**
 * The key of the task that asks about an intervention.
 *
 * @param round 1, unless a yes became too old and it is asked about again
 * @example
 * approvalKey(id, 1) // 'approve:0190…'
 */
export function approvalKey(intervention: InterventionId, round: number): string {
  return round === 1 ? `approve:${intervention}` : `approve:${intervention}:${round}`
}

/**
 * Brings what is asked into line with what waits: whatever waits for an approval is asked about, once; what does not
 * any more is moot. Whoever snoozes it puts the same question off. Safe to repeat.
 */
export async function alignApprovalTasks(tx: Transaction, connection: ConnectionId): Promise<void> {
  await tx.query(
    `update approval_tasks a set state = 'moot' from interventions i
     where a.tenant_id = $1 and a.connection_id = $2 and a.state in ('waiting', 'asked')
       and i.tenant_id = a.tenant_id and i.id = a.intervention_id and i.state <> 'awaiting_approval'
       and not (i.state = 'snoozed' and i.reason_code = $3)`,
    [tx.tenant, connection, SNOOZED_UNAPPROVED],
  )
  await tx.query(
    `insert into approval_tasks as a (tenant_id, intervention_id, connection_id, awaiting_since)
     select i.tenant_id, i.id, i.connection_id, i.awaiting_since from interventions i
     left join approval_tasks known on known.tenant_id = i.tenant_id and known.intervention_id = i.id
     where i.tenant_id = $1 and i.connection_id = $2 and i.state = 'awaiting_approval'
       and i.awaiting_since is distinct from known.awaiting_since
     order by i.id
     on conflict (tenant_id, intervention_id) do update set awaiting_since = excluded.awaiting_since,
       -- What was put off unanswered is the same question.
       state = case when ${SAME} then a.state else 'waiting' end,
       round = case when ${SAME} then a.round else a.round + 1 end,
       external_id = case when ${SAME} then a.external_id end,
       attempts = case when ${SAME} then a.attempts else 0 end,
       due_at = case when ${SAME} then a.due_at else now() end,
       error_code = null, error_message = null`,
    [tx.tenant, connection],
  )
}

const SAME = `(a.state in ('waiting', 'asked') and exists (
  select from interventions s where s.tenant_id = a.tenant_id and s.id = a.intervention_id
    and s.reason_code = 'snooze_over'))`

/** A question that no task asks yet. */
export interface OwedApproval {
  readonly intervention: InterventionId
  readonly round: number
  readonly customer: CustomerId
  /** From when it waits. */
  readonly since: Date
  /** Id in the CRM. */
  readonly customerId: string
  readonly deleted: boolean
  /** Failures so far. */
  readonly attempts: number
}

export interface ApprovalRoom {
  readonly connection: ConnectionId
  /** Tasks that one person has open at a time: `delivery.approval.perPerson` of the settings; null: any number. */
  readonly perPerson: number | null
}

/** Those due for which whoever would be asked has room, the ones worth most first. */
export function owedApprovals(
  tx: Transaction,
  { connection, perPerson }: ApprovalRoom,
  limit: number,
): Promise<readonly OwedApproval[]> {
  return tx.query<OwedApproval>(
    `${PLACED}
     select p.intervention_id as intervention, p.round, p.customer_id as customer, p.awaiting_since as since,
       coalesce(s.external_id, c.external_id) as "customerId",
       coalesce(s.status, c.status) = 'deleted' as deleted, p.attempts
     from placed p
     join customers c on c.tenant_id = $1 and c.id = p.customer_id
     left join customers s on s.tenant_id = c.tenant_id and s.id = c.merged_into
     where not p.is_full
     order by p.due_at, p.intervention_id limit $4`,
    [tx.tenant, connection, perPerson, limit],
  )
}

/**
 * Says of those for whom there is no room why they are not asked about, and how many of them there are. They are looked at
 * again with each pass.
 */
export async function holdBackApprovals(
  tx: Transaction,
  { connection, perPerson }: ApprovalRoom,
): Promise<number> {
  if (perPerson === null) return 0
  const held = await tx.query(
    `${PLACED}
     update approval_tasks a set error_code = '${APPROVAL_FULL}',
       error_message = coalesce(p.responsible_name, 'Whoever is responsible') || $4, due_at = clock_timestamp()
     from placed p
     where a.tenant_id = $1 and a.intervention_id = p.intervention_id and p.is_full returning a.intervention_id`,
    [
      tx.tenant,
      connection,
      perPerson,
      ` has ${perPerson} ${perPerson === 1 ? 'approval' : 'approvals'} to answer in the CRM, which is all that one person is asked for at a time (settings: delivery.approval.perPerson). It is asked about there as soon as there is room.`,
    ],
  )
  return held.length
}

/** Why a question waits: whoever would be asked has enough of them. */
export const APPROVAL_FULL = 'approval_full'

/** What is due of $2, with whether it is beyond the $3 that one person has open at a time. Nobody's list is never full. */
const PLACED = `
  with open_now as (
    select c.responsible_id, count(*) as tasks from approval_tasks a
    join interventions i on i.tenant_id = a.tenant_id and i.id = a.intervention_id
    join customers c on c.tenant_id = i.tenant_id and c.id = i.customer_id
    where a.tenant_id = $1 and a.connection_id = $2 and a.state = 'asked' and c.responsible_id is not null
    group by c.responsible_id
  ), due as (
    select a.intervention_id, a.round, a.attempts, a.due_at, a.awaiting_since, i.customer_id, c.responsible_id,
      c.responsible_name, row_number() over (
        partition by c.responsible_id
        order by d.expected_value_minor desc nulls last, a.awaiting_since, a.intervention_id) as place
    from approval_tasks a
    join interventions i on i.tenant_id = a.tenant_id and i.id = a.intervention_id
    join customers c on c.tenant_id = i.tenant_id and c.id = i.customer_id
    left join decisions d on d.tenant_id = i.tenant_id and d.id = i.decision_id
    where a.tenant_id = $1 and a.connection_id = $2 and a.state = 'waiting' and a.due_at <= clock_timestamp()
      and i.state = 'awaiting_approval' and i.expires_at > now()
  ), placed as (
    select due.*, $3::integer is not null and due.responsible_id is not null
      and due.place + coalesce(open_now.tasks, 0) > $3::integer as is_full
    from due left join open_now using (responsible_id)
  )`

/** What was answered meanwhile stays moot, whether the task was made or not. */
export async function settleApprovalTasks(
  tx: Transaction,
  ended: readonly { readonly owed: OwedApproval; readonly end: OutwardEnd }[],
): Promise<void> {
  const rows = ended.map(({ owed: { intervention, round }, end }) => ({
    id: intervention,
    round,
    ...endRow(end),
  }))
  await tx.query(
    `update approval_tasks a set
       state = case when a.state <> 'waiting' then a.state when r.ok then 'asked'
         when r.retry is null then 'failed' else 'waiting' end,
       external_id = coalesce(r.external_id, a.external_id), made_at = case when r.ok then now() else a.made_at end,
       error_code = r.code, error_message = r.message, attempts = a.attempts + case when r.ok then 0 else 1 end,
       due_at = clock_timestamp() + coalesce(r.retry, 0) * interval '1 millisecond'
     from json_to_recordset($2::json)
       as r (id uuid, round smallint, ok boolean, external_id text, code text, message text, retry float8)
     where a.tenant_id = $1 and a.intervention_id = r.id and a.round = r.round`,
    [tx.tenant, JSON.stringify(rows)],
  )
}

/** A task that asks, on somebody's list. */
export interface AskedApproval {
  readonly intervention: InterventionId
  readonly round: number
  /** What the CRM calls it. */
  readonly externalId: string | null
}

/**
 * Questions whose tasks are looked at now, in the order of their ids; the same one again only after a while.
 *
 * @param options.everyMs since it was looked at last
 */
export function askedApprovals(
  tx: Transaction,
  connection: ConnectionId,
  { after, limit, everyMs }: { after: InterventionId | null; limit: number; everyMs: number },
): Promise<readonly AskedApproval[]> {
  return tx.query<AskedApproval>(
    `select a.intervention_id as intervention, a.round, a.external_id as "externalId" from approval_tasks a
     join interventions i on i.tenant_id = a.tenant_id and i.id = a.intervention_id
     where a.tenant_id = $1 and a.connection_id = $2 and a.state = 'asked'
       and i.state = 'awaiting_approval' and i.expires_at > now() and ($3::uuid is null or a.intervention_id > $3)
       and (a.asked_at is null or a.asked_at <= now() - $5::float8 * interval '1 millisecond')
     order by a.intervention_id limit $4`,
    [tx.tenant, connection, after, limit, everyMs],
  )
}

/** Whether any task still asks: it is worth looking again. */
export async function anyApprovalAsked(tx: Transaction, connection: ConnectionId): Promise<boolean> {
  const [{ any }] = await tx.query<{ any: boolean }>(
    `select exists (select from approval_tasks where tenant_id = $1 and connection_id = $2 and state = 'asked') as any`,
    [tx.tenant, connection],
  )
  return any
}

/** What somebody did to the task that asked. */
export interface ApprovalAnswer {
  readonly asked: AskedApproval
  readonly answer: 'approved' | 'rejected' | 'none'
  /** In the CRM's own words; null where it says nothing. */
  readonly outcome: string | null
}

const LONGEST = 200

/**
 * Completed is a yes and put aside is a no, to what still waits and to the question that the task asks: an answer that
 * was given elsewhere stands.
 *
 * @param connection of all of them
 * @returns how many were approved and rejected by this
 */
export async function takeApprovalAnswers(
  tx: Transaction,
  connection: ConnectionId,
  answers: readonly ApprovalAnswer[],
): Promise<{ readonly approved: number; readonly rejected: number }> {
  if (answers.length === 0) return { approved: 0, rejected: 0 }
  // Whoever answers elsewhere locks the intervention first, too.
  await tx.query(
    `select from interventions where tenant_id = $1 and id = any ($2::uuid[]) order by id for update`,
    [tx.tenant, answers.map(({ asked }) => asked.intervention)],
  )
  await alignApprovalTasks(tx, connection)
  const taken = await tx.query<{ id: InterventionId; answer: 'approved' | 'rejected' | 'none' }>(
    `update approval_tasks a set asked_at = now(), state = case r.answer when 'none' then a.state else r.answer end
     from unnest($2::uuid[], $3::smallint[], $4::text[]) as r (id, round, answer), interventions i
     where a.tenant_id = $1 and a.intervention_id = r.id and a.round = r.round and a.state = 'asked'
       and i.tenant_id = a.tenant_id and i.id = a.intervention_id and i.state = 'awaiting_approval'
     returning a.intervention_id as id, r.answer`,
    [
      tx.tenant,
      answers.map(({ asked }) => asked.intervention),
      answers.map(({ asked }) => asked.round),
      answers.map(({ answer }) => answer),
    ],
  )
  const words = new Map(answers.map(({ asked, outcome }) => [asked.intervention, outcome?.slice(0, LONGEST)]))
  const said = (id: InterventionId): string => (words.get(id) === undefined ? '' : ` (${words.get(id)})`)
  const of = (answer: 'approved' | 'rejected') => taken.filter((one) => one.answer === answer)
  const moved = await moveInterventions(tx, [
    ...of('approved').map(({ id }) => ({
      id,
      from: ['awaiting_approval'] as const,
      to: 'planned' as const,
      actor: ACTOR,
      reasonCode: 'approved',
      reason: `Its task in the CRM was completed${said(id)}, which approves it.`,
      set: { approvedBy: ACTOR },
    })),
    ...of('rejected').map(({ id }) => ({
      id,
      from: ['awaiting_approval'] as const,
      to: 'rejected' as const,
      actor: ACTOR,
      reasonCode: 'not_right',
      reason: `Its task in the CRM was put aside${said(id)}, which rejects it.`,
    })),
  ])
  const count = (answer: 'approved' | 'rejected') => of(answer).filter(({ id }) => moved.has(id)).length
  return { approved: count('approved'), rejected: count('rejected') }
}

/** The CRM does not say who completed a task. */
const ACTOR = 'crm'
