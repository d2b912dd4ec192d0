/** What happened in a week, and what waits, counted for the digest. */
import type { Transaction } from './database.ts'

export interface DigestCounts {
  readonly sent: readonly {
    readonly actionKey: string
    readonly channel: string
    readonly sandbox: boolean
    readonly many: number
  }[]
  /** Interventions that were kept back for good, the most frequent reasons first. */
  readonly suppressed: readonly {
    readonly code: string | null
    /** In the words of the newest of them, which may name somebody. */
    readonly reason: string
    readonly many: number
  }[]
  readonly answers: Readonly<
    Partial<Record<'unsubscribed' | 'complained' | 'bounced' | 'failed' | 'replied', number>>
  >
  /** Ended in the week without anybody knowing whether they went out. */
  readonly uncertain: number
  /** Now. */
  readonly awaiting: number
  readonly held: number
  readonly high: number
  readonly atRisk: readonly { readonly currency: string; readonly minor: number }[]
  readonly paused: readonly {
    readonly scope: string
    readonly name: string
    readonly reason: string
    readonly actor: string
  }[]
}

/**
 * @param from inclusive; `to` exclusive
 */
export async function digestCounts(
  tx: Transaction,
  { from, to }: { readonly from: Date; readonly to: Date },
): Promise<DigestCounts> {
  const sent = await tx.query<DigestCounts['sent'][number]>(
    `select action_key as "actionKey", channel, coalesce(message ->> 'delivery', '') = 'sandbox' as sandbox,
       count(*)::integer as many
     from interventions where tenant_id = $1 and sent_at >= $2 and sent_at < $3
     group by 1, 2, 3 order by 4 desc, 1, 2`,
    [tx.tenant, from, to],
  )
  const suppressed = await tx.query<DigestCounts['suppressed'][number]>(
    `select reason_code as code, coalesce((array_agg(reason order by id desc))[1], reason_code, 'no reason was noted') as reason,
       count(distinct intervention_id)::integer as many
     from intervention_events
     where tenant_id = $1 and at >= $2 and at < $3 and to_state = 'suppressed' and from_state is distinct from 'suppressed'
     group by reason_code order by 3 desc, 2 limit 5`,
    [tx.tenant, from, to],
  )
  const answers = await tx.query<{ kind: string; many: number }>(
    `select kind, count(*)::integer as many from delivery_events
     where tenant_id = $1 and recorded_at >= $2 and recorded_at < $3
       and kind in ('unsubscribed', 'complained', 'bounced', 'failed', 'replied')
     group by 1`,
    [tx.tenant, from, to],
  )
  const [now] = await tx.query<Pick<DigestCounts, 'uncertain' | 'awaiting' | 'held' | 'high'>>(
    `select
       (select count(distinct intervention_id)::integer from intervention_events
        where tenant_id = $1 and at >= $2 and at < $3 and to_state = 'uncertain') as uncertain,
       (select count(*)::integer from interventions where tenant_id = $1 and state = 'awaiting_approval') as awaiting,
       (select count(distinct customer_id)::integer from holds
        where tenant_id = $1 and ended_at is null and (until is null or until > now())) as held,
       (select count(*)::integer from scores where tenant_id = $1 and level = 'HIGH') as high`,
    [tx.tenant, from, to],
  )
  const atRisk = await tx.query<DigestCounts['atRisk'][number]>(
    `select currency, sum(value_at_risk_minor)::bigint as minor from scores
     where tenant_id = $1 and level = 'HIGH' and value_at_risk_minor is not null and currency is not null
     group by 1 order by 2 desc`,
    [tx.tenant],
  )
  const paused = await tx.query<DigestCounts['paused'][number]>(
    'select scope, name, reason, actor from pauses where tenant_id = $1 and ended_at is null order by id',
    [tx.tenant],
  )
  return {
    sent,
    suppressed,
    answers: Object.fromEntries(answers.map(({ kind, many }) => [kind, many])),
    ...now,
    atRisk,
    paused,
  }
}
