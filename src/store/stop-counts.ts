/** How people and providers answered to what was sent of late, and what is usual: counts for the automatic stop. */
import type { Transaction } from './database.ts'
import { planFreely } from './prefer-keys.ts'

/** Ways of turning away that are told apart: each is usual in another measure. */
export type TurnedAway = 'optOuts' | 'complaints' | 'bounces'

export interface SentCounts {
  readonly channel: 'email' | 'sms'
  readonly actionKey: string
  /** Messages that could have been answered within the window. */
  readonly exposed: number
  /** Messages before that, with whose answers they are compared. */
  readonly before: number
  /** Messages that were answered so within the window. */
  readonly recent: Readonly<Record<TurnedAway, number>>
  /** Of those before, how many were ever answered so. */
  readonly usual: Readonly<Record<TurnedAway, number>>
}

/** Days in which an answer to a message may still come. */
const REACH_DAYS = 7
/** Days that say what is usual. */
const USUAL_DAYS = 180

const KINDS = `('unsubscribed', 'complained', 'bounced', 'failed')`

/**
 * Whether there may be enough to look at. Cheap, whatever was sent.
 *
 * @param fewest answers in the window
 */
export async function mayHaveTurned(
  tx: Transaction,
  { windowHours, fewest }: { readonly windowHours: number; readonly fewest: number },
): Promise<boolean> {
  const [{ found }] = await tx.query<{ found: number }>(
    `select count(*)::integer as found from (
       (select 1 from delivery_events where tenant_id = $1 and channel in ('email', 'sms') and kind in ${KINDS}
          and recorded_at > now() - make_interval(hours => $2) limit $3)
       union all
       (select 1 from interventions where tenant_id = $1 and updated_at > now() - make_interval(hours => $2)
          and ${REFUSED} limit $3)
     ) any_of_them`,
    [tx.tenant, windowHours, fewest],
  )
  return found >= fewest
}

/** The provider said no to the message itself: as much a bounce as one that comes later. */
const REFUSED = `state = 'rejected' and sending_at is not null and channel in ('email', 'sms')
  and reason_code <> 'attempts_used_up'`

/**
 * By channel and action; each message counts once for each way. What came before a person let an action or a channel go
 * on again does not count: they have seen it.
 */
export async function sentCounts(tx: Transaction, windowHours: number): Promise<readonly SentCounts[]> {
  // Whoever is about to send finds rows by their keys; this reads what was sent in half a year.
  return planFreely(tx, () => tx.query<SentCounts>(COUNTS, [tx.tenant, windowHours, REACH_DAYS, USUAL_DAYS]))
}

const COUNTS = `
  with messages as (
    select i.id, i.channel, i.action_key, coalesce(i.sent_at, i.sending_at) as at,
      case when ${REFUSED} then i.updated_at end as refused_at,
      greatest(now() - make_interval(hours => $2), (
        select max(p.ended_at) from pauses p where p.tenant_id = $1 and p.ended_at is not null
          and (p.scope = 'everything' or (p.scope = 'action' and p.name = i.action_key)
            or (p.scope = 'channel' and p.name = i.channel)))) as since
    from interventions i
    where i.tenant_id = $1 and i.updated_at > now() - make_interval(days => $4) and i.channel in ('email', 'sms')
      and (i.state in ('sent', 'confirmed', 'uncertain') or ${REFUSED})
  ), answered as (
    select e.intervention_id as id,
      min(e.recorded_at) filter (where e.kind = 'unsubscribed') as opted_out,
      min(e.recorded_at) filter (where e.kind = 'complained') as complained,
      min(e.recorded_at) filter (where e.kind in ('bounced', 'failed')) as bounced
    from delivery_events e
    where e.tenant_id = $1 and e.intervention_id is not null and e.channel in ('email', 'sms') and e.kind in ${KINDS}
      and e.recorded_at > now() - make_interval(days => $4)
    group by e.intervention_id
  ), told as (
    select m.channel, m.action_key, m.since, m.at > m.since - make_interval(days => $3) as exposed,
      a.opted_out, a.complained, least(a.bounced, m.refused_at) as bounced
    from messages m left join answered a on a.id = m.id
  )
  select channel, action_key as "actionKey",
    count(*) filter (where exposed)::integer as exposed, count(*) filter (where not exposed)::integer as before,
    json_build_object('optOuts', count(*) filter (where exposed and opted_out > since),
      'complaints', count(*) filter (where exposed and complained > since),
      'bounces', count(*) filter (where exposed and bounced > since)) as recent,
    json_build_object('optOuts', count(opted_out) filter (where not exposed),
      'complaints', count(complained) filter (where not exposed),
      'bounces', count(bounced) filter (where not exposed)) as usual
  from told group by channel, action_key order by channel, action_key`
