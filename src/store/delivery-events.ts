/** What became of what was sent, as providers and people say it: append-only, each event once. */
import type { CustomerId, InterventionId } from '../contracts/ids.ts'
import type { Transaction } from './database.ts'
import type { InterventionState } from './intervention-states.ts'

/** As `delivery_events.kind` (0008-trust.sql, 0009-sms.sql). */
export type DeliveryKind =
  | 'accepted'
  | 'delivered'
  | 'delayed'
  | 'bounced'
  | 'failed'
  | 'complained'
  | 'opened'
  | 'clicked'
  | 'replied'
  | 'unsubscribed'
  | 'resubscribed'
  | 'help'

/** Channels that feedback comes of; calls are read back from the CRM. */
export type FeedbackChannel = 'email' | 'sms'

export interface NewDeliveryEvent {
  /** Null: of nothing that the ledger knows. */
  readonly intervention: InterventionId | null
  readonly channel: FeedbackChannel
  readonly kind: DeliveryKind
  /** Null: now, in database time. A time to come is kept as now: a wrong clock must not outlive an answer. */
  readonly at: Date | null
  readonly dedupKey: string
  readonly hash: Buffer | null
  readonly code: string | null
  readonly detail: string | null
  readonly permanent: boolean | null
}

/**
 * One at a time for an address, until the transaction ends: of two answers at once each has to see the other. Taken
 * before any row is locked.
 */
export async function lockAddress(tx: Transaction, hash: Buffer): Promise<void> {
  await tx.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [
    `feedback:${tx.tenant}:${hash.toString('hex')}`,
  ])
}

/** @returns when it happened, as it is kept; null when it stands there already */
export async function appendDeliveryEvent(
  tx: Transaction,
  { intervention, channel, kind, at, dedupKey, hash, code, detail, permanent }: NewDeliveryEvent,
): Promise<Date | null> {
  const [row] = await tx.query<{ at: Date }>(
    `insert into delivery_events (tenant_id, intervention_id, channel, kind, at, dedup_key, address_hash, code, detail,
       permanent)
     values ($1, $2, $3, $4, least($5::timestamptz, clock_timestamp()), $6, $7, $8, $9, $10)
     on conflict (tenant_id, dedup_key) do nothing returning at`,
    [tx.tenant, intervention, channel, kind, at, dedupKey, hash, code, detail, permanent],
  )
  return row?.at ?? null
}

/** Whether an address said one of these later than, or at the same instant as, a time. */
export async function saidSince(
  tx: Transaction,
  {
    hash,
    channel,
    kind,
    at,
    same,
  }: { hash: Buffer; channel: FeedbackChannel; kind: DeliveryKind; at: Date; same: boolean },
): Promise<boolean> {
  const [{ said }] = await tx.query<{ said: boolean }>(
    `select exists (select from delivery_events where tenant_id = $1 and address_hash = $2 and channel = $3
       and kind = $4 and at ${same ? '>=' : '>'} $5) as said`,
    [tx.tenant, hash, channel, kind, at],
  )
  return said
}

/** What feedback needs to know of an intervention. */
export interface ToldIntervention {
  readonly id: InterventionId
  readonly customer: CustomerId
  readonly state: InterventionState
  /** Of the address that it went to. */
  readonly hash: Buffer | null
  /** As a message names it; null: none is stored, or they were forgotten. */
  readonly address: string | null
  readonly delivery: string | null
  readonly recipientName: string | null
}

/**
 * By its own id, else by that of the provider. The Message-ID of an e-mail follows from the id (messageIdOf in
 * actions/email/compose.ts), so it is known also where the end of sending is not.
 *
 * @returns null: the ledger has none
 */
export async function findTold(
  tx: Transaction,
  {
    id,
    providerId,
    channel,
  }: { id: InterventionId | null; providerId: string | null; channel: FeedbackChannel },
): Promise<ToldIntervention | null> {
  const read = async (where: string, value: string): Promise<ToldIntervention | null> => {
    const [row] = await tx.query<ToldIntervention>(
      `select i.id, i.customer_id as customer, i.state,
         coalesce(i.address_hash, case when i.channel = 'email' then r.email_hash else r.phone_hash end) as hash,
         case when i.channel = 'email' then i.message -> 'to' ->> 'address' else i.message ->> 'to' end as address,
         i.message ->> 'delivery' as delivery, r.name as "recipientName"
       from interventions i
       left join recipients r on r.tenant_id = i.tenant_id and r.id = i.recipient_id
       where i.tenant_id = $1 and i.channel = $2 and ${where} order by i.created_at desc limit 1`,
      [tx.tenant, channel, value],
    )
    return row ?? null
  }
  if (id !== null) return read('i.id = $3::uuid', id)
  if (providerId === null) return null
  const known = await read('i.provider_id = $3', providerId)
  if (known !== null || channel !== 'email') return known
  const digest = /^<([0-9a-f]{40})@/.exec(providerId)?.[1]
  return digest === undefined
    ? null
    : read(
        `i.state in ('sending', 'uncertain')
         and left(encode(sha256(convert_to(i.id::text, 'UTF8')), 'hex'), 40) = $3`,
        digest,
      )
}

/** Customers of whom somebody has an address. */
export async function holdersOf(
  tx: Transaction,
  hash: Buffer,
  channel: FeedbackChannel,
): Promise<readonly CustomerId[]> {
  const rows = await tx.query<{ id: CustomerId }>(
    `select distinct customer_id as id from recipients
     where tenant_id = $1 and ${channel === 'email' ? 'email_hash' : 'phone_hash'} = $2 order by 1`,
    [tx.tenant, hash],
  )
  return rows.map(({ id }) => id)
}

/** What was said of something that went out, or may have: as much of it as moves it in the ledger. */
export interface SaidOfSent {
  readonly id: InterventionId
  readonly connection: string
  readonly state: 'sent' | 'uncertain'
  readonly channel: FeedbackChannel
  readonly delivery: string | null
  readonly erased: boolean
  readonly plannedCostMinor: number
  readonly currency: string
  /** Null: no text, or nothing is kept of it any more. */
  readonly text: { readonly to: string; readonly segments: number } | null
  /** It reached the person. */
  readonly reached: boolean
}

/** Of those that stand as `sent` or `uncertain` and that something was said of; set-based, few rows as a rule. */
export function saidOfSent(tx: Transaction, ids: readonly InterventionId[]): Promise<readonly SaidOfSent[]> {
  return tx.prepared<SaidOfSent>(
    `select i.id, i.connection_id as connection, i.state, i.channel, i.message ->> 'delivery' as delivery,
       i.reason_code is not distinct from 'erased' as erased, i.planned_cost_minor as "plannedCostMinor", i.currency,
       case when i.message ->> 'kind' = 'sms' and i.message ?& '{to,segments}'
         then json_build_object('to', i.message -> 'to', 'segments', i.message -> 'segments') end as text, e.reached
     from interventions i
     join lateral (
       select bool_or(kind in ('delivered', 'opened', 'clicked', 'complained', 'replied', 'unsubscribed')) as reached
       from delivery_events where tenant_id = $1 and intervention_id = i.id and kind not in ('resubscribed', 'help')
     ) e on e.reached is not null
     where i.tenant_id = $1 and i.id = any ($2::uuid[]) and i.state in ('sent', 'uncertain') order by i.id`,
    [tx.tenant, [...ids]],
  )
}

/** Whom an answer to a message is for. */
export interface AnsweredMessage {
  readonly customer: CustomerId
  readonly customerName: string | null
  readonly responsible: { readonly name: string | null; readonly email: string } | null
  readonly recipientName: string | null
  readonly delivery: string | null
}

/** Null: the ledger has no such message any more. */
export async function answeredMessage(tx: Transaction, id: InterventionId): Promise<AnsweredMessage | null> {
  const [row] = await tx.query<AnsweredMessage>(
    `select c.id as customer, c.name as "customerName", i.message ->> 'delivery' as delivery, r.name as "recipientName",
       case when c.responsible_email is not null
         then jsonb_build_object('name', c.responsible_name, 'email', c.responsible_email) end as responsible
     from interventions i
     join customers c on c.tenant_id = i.tenant_id and c.id = i.customer_id
     left join recipients r on r.tenant_id = i.tenant_id and r.id = i.recipient_id
     where i.tenant_id = $1 and i.id = $2`,
    [tx.tenant, id],
  )
  return row ?? null
}

/** When something was last recorded of a channel; null: never. */
export async function lastHeard(tx: Transaction, channel: FeedbackChannel): Promise<Date | null> {
  const [{ at }] = await tx.query<{ at: Date | null }>(
    'select max(recorded_at) as at from delivery_events where tenant_id = $1 and channel = $2',
    [tx.tenant, channel],
  )
  return at
}
