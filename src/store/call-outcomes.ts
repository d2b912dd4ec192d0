/** What became of tasks that were put on people's lists, as their CRM has it. */
import type { ConnectionId, InterventionId } from '../contracts/ids.ts'
import type { Transaction } from './database.ts'
import { moveInterventions, noteIntervention } from './intervention-moves.ts'
import { awaitRedemption, releaseReserved } from './budget-redemptions.ts'

/** Days after which nobody is asked about a task any more that is still open. */
const ASKED_DAYS = 180

/**
 * Tasks of which nothing final is known, in the order of their ids; those that are asked about again only after a
 * while.
 *
 * @param options.everyMs since it was asked about last
 */
export async function openTasks(
  tx: Transaction,
  connection: ConnectionId,
  { after, limit, everyMs }: { after: InterventionId | null; limit: number; everyMs: number },
): Promise<readonly OpenTask[]> {
  return tx.query<OpenTask>(
    `select i.id as key, i.provider_id as "externalId" from interventions i
     left join call_outcomes o on o.tenant_id = i.tenant_id and o.intervention_id = i.id
     where i.tenant_id = $1 and i.connection_id = $2 and i.channel = 'task' and i.state = 'sent'
       and ($3::uuid is null or i.id > $3) and i.sent_at > now() - make_interval(days => $6)
       and (o.status is null or o.status in ('open', 'missing')
         and o.asked_at <= now() - $5::float8 * interval '1 millisecond')
     order by i.id limit $4`,
    [tx.tenant, connection, after, limit, everyMs, ASKED_DAYS],
  )
}

export interface OpenTask {
  /** Of the intervention: the key under which the task was made. */
  readonly key: InterventionId
  /** What the CRM calls it. */
  readonly externalId: string | null
}

/** As `TaskOutcome` of connectors/connector.ts, by intervention. */
export interface CallOutcome {
  readonly intervention: InterventionId
  readonly status: 'open' | 'done' | 'cancelled' | 'missing'
  readonly outcome: string | null
  readonly at: Date | null
}

/** Words of the CRM, cut to what a page shows. */
const LONGEST = 200

/**
 * Stores what was answered: done tasks are confirmed with what came of them; of a task that was put aside it is noted,
 * and what it held of the budget is given back, since nobody called.
 *
 * @returns how many of them were done and put aside, and are known to be only now
 */
export async function settleOutcomes(
  tx: Transaction,
  outcomes: readonly CallOutcome[],
): Promise<{ readonly done: number; readonly cancelled: number }> {
  if (outcomes.length === 0) return { done: 0, cancelled: 0 }
  await tx.query(
    `insert into call_outcomes (tenant_id, intervention_id, status, outcome, ended_at)
     select $1, i.id, t.status, left(t.outcome, ${LONGEST}), t.at
     from unnest($2::uuid[], $3::text[], $4::text[], $5::timestamptz[]) as t (id, status, outcome, at)
     join interventions i on i.tenant_id = $1 and i.id = t.id
     order by i.id
     on conflict (tenant_id, intervention_id) do update set status = excluded.status, outcome = excluded.outcome,
       ended_at = excluded.ended_at, asked_at = now()
     where call_outcomes.status in ('open', 'missing')`,
    [
      tx.tenant,
      outcomes.map((one) => one.intervention),
      outcomes.map((one) => one.status),
      outcomes.map((one) => one.outcome),
      outcomes.map((one) => one.at),
    ],
  )
  const done = await moveInterventions(
    tx,
    outcomes
      .filter(({ status }) => status === 'done')
      .map(({ intervention, outcome }) => ({
        id: intervention,
        from: ['sent'],
        to: 'confirmed',
        actor: 'crm',
        reasonCode: 'task_done',
        reason: outcome === null ? 'The task was done.' : `The task was done: ${outcome.slice(0, LONGEST)}.`,
        detail: { outcome },
      })),
  )
  const aside = outcomes.filter(({ status }) => status === 'cancelled')
  for (const { intervention, outcome } of aside)
    await noteIntervention(tx, {
      id: intervention,
      actor: 'crm',
      reasonCode: 'task_cancelled',
      reason: `The task was put aside in the CRM${outcome === null ? '' : ` (${outcome.slice(0, LONGEST)})`}: nobody carried it out.`,
    })
  const ids = aside.map(({ intervention }) => intervention)
  await awaitRedemption(tx, ids)
  await releaseReserved(tx, ids)
  return { done: done.size, cancelled: aside.length }
}
