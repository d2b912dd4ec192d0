/**
 * What providers and people say of what was sent: the one way in for e-mail and SMS, by whichever door it came (a bounce,
 * a webhook, a callback, an answer, the link to unsubscribe).
 *
 * Everything follows from the set of what was said and not from the order in which it arrived: an event that comes
 * twice, late or before our own worker has written that it sent leads to the same end.
 */
import { asConnection, type CustomerId, type InterventionId, type TenantId } from '../contracts/ids.ts'
import { oweActivity } from '../store/activities.ts'
import { PLAYED, earnestConsentOf } from '../store/consents.ts'
import { isConflict } from '../store/database-error.ts'
import type { Transaction } from '../store/database.ts'
import {
  appendDeliveryEvent,
  findTold,
  holdersOf,
  lockAddress,
  saidOfSent,
  saidSince,
  type DeliveryKind,
  type FeedbackChannel,
  type SaidOfSent,
  type ToldIntervention,
} from '../store/delivery-events.ts'
import { ERASED } from '../store/erasure.ts'
import { holdCustomer } from '../store/holds.ts'
import { moveIntervention, noteIntervention } from '../store/intervention-moves.ts'
import { cancelMessages, cancelToAddress } from '../store/intervention-sweeps.ts'
import { outwardPlace } from '../store/outward.ts'
import { currentSettings } from '../store/settings-versions.ts'
import { liftUnsubscribed, suppress, type SuppressionReason } from '../store/suppressions.ts'
import type { ActServices } from './act-services.ts'
import { takeConsent } from './own-consent.ts'
import { sentCost } from './sent-cost.ts'
import { tellHeld } from './tell-events.ts'

export interface FeedbackEvent {
  readonly channel: FeedbackChannel
  readonly kind: DeliveryKind
  /** When it happened, as the provider says it; null: now, in database time, as for whatever a person does right here. */
  readonly at: Date | null
  /** The same event has the same one, however often and by whichever door it comes: `twilio:SM…:delivered`. */
  readonly dedupKey: string
  /** Null: not known; found by `providerId` where there is one. */
  readonly intervention: InterventionId | null
  /** What the provider called the message. */
  readonly providerId?: string | null
  /** Of the address that it is about (src/security/address-hash.ts); null: that of the intervention. */
  readonly hash: Buffer | null
  /** The provider's code: `5.1.1`, `30003`. */
  readonly code: string | null
  /** In the provider's words; addresses and numbers in it are not kept. */
  readonly detail: string | null
  /** Of `bounced` and `failed`: the address itself is at fault, and nothing goes to it again. */
  readonly permanent?: boolean
  /** Of a sandbox, where no intervention tells: other than its own CRM sandbox nobody is told. */
  readonly sandbox?: boolean
}

type Services = Pick<ActServices, 'connectors' | 'log'>

/**
 * In the caller's transaction, which is best a short one of its own.
 *
 * @returns `known`: it was taken before, nothing changed. `unknown`: it is of no message and no address that we know;
 *   recorded all the same
 * @example
 * await takeFeedback(tx, services, { channel: 'sms', kind: 'delivered', at, dedupKey: `twilio:${sid}:delivered`,
 *   intervention: null, providerId: sid, hash: null, code: null, detail: null })
 */
export async function takeFeedback(
  tx: Transaction,
  services: Services,
  event: FeedbackEvent,
): Promise<'taken' | 'known' | 'unknown'> {
  const { channel, kind, code } = event
  const told = await findTold(tx, {
    id: event.intervention,
    providerId: event.providerId ?? null,
    channel,
  })
  const hash = event.hash ?? told?.hash ?? null
  if (hash !== null) await lockAddress(tx, hash)
  const at = await appendDeliveryEvent(tx, {
    channel,
    kind,
    at: event.at,
    dedupKey: event.dedupKey,
    intervention: told?.id ?? null,
    hash,
    code,
    detail: event.detail === null ? null : withoutAddresses(event.detail),
    permanent: event.permanent ?? null,
  })
  if (at === null) return 'known'
  if (told === null && hash === null) {
    services.log.info({ tenant: tx.tenant, channel, kind }, 'feedback of a message that is not known')
    return 'unknown'
  }
  const taking: Taking = {
    event,
    at,
    hash,
    told,
    sandbox: told === null ? event.sandbox === true : told.delivery === 'sandbox',
  }
  // The intervention's own row first, as every move does.
  if (told !== null) {
    await noteIntervention(tx, { id: told.id, ...wordsOf(taking) })
    await settleFeedback(tx, services, [told.id])
  }
  await EFFECTS[kind]?.(tx, services, taking)
  return told === null && event.intervention !== null ? 'unknown' : 'taken'
}

/** Times that a transaction is run again when it and another one waited for each other. */
const AGAIN = 3

/**
 * {@link takeFeedback} in a transaction of its own for each event: work on the same customers at that moment costs no
 * answer, and one event that cannot be taken keeps back no other.
 *
 * @returns one result an event, in their order
 */
export async function receiveFeedback(
  services: Pick<ActServices, 'database' | 'connectors' | 'log'>,
  tenant: TenantId,
  events: readonly FeedbackEvent[],
): Promise<('taken' | 'known' | 'unknown')[]> {
  const results: ('taken' | 'known' | 'unknown')[] = []
  for (const event of events)
    for (let left = AGAIN; ; left--) {
      try {
        results.push(await services.database.withTenant(tenant, (tx) => takeFeedback(tx, services, event)))
        break
      } catch (error) {
        if (left === 0 || !isConflict(error)) throw error
      }
    }
  return results
}

/**
 * Moves what went out by what is known of it by now: `uncertain` to `sent` or `confirmed`, `sent` to `confirmed`. For
 * whoever writes that something was sent, or is uncertain: a callback may have come before. A batch at once.
 */
export async function settleFeedback(
  tx: Transaction,
  services: Pick<Services, 'connectors'>,
  interventions: readonly InterventionId[],
): Promise<void> {
  for (const said of await saidOfSent(tx, interventions)) await settleOne(tx, services, said)
}

async function settleOne(
  tx: Transaction,
  { connectors }: Pick<Services, 'connectors'>,
  said: SaidOfSent,
): Promise<void> {
  const { id, state, channel, delivery, erased, reached } = said
  // What came back, or is held up on its way, has left all the same.
  const to = reached ? 'confirmed' : 'sent'
  if (to === state) return
  const late = state === 'uncertain'
  const moved = await moveIntervention(tx, {
    id,
    from: [state],
    to,
    actor: PROVIDER[channel],
    reasonCode: erased ? ERASED : to === 'confirmed' ? 'delivered' : 'sent',
    reason: erased
      ? 'The person asked to be forgotten.'
      : to === 'confirmed'
        ? 'It arrived.'
        : 'It went out: the provider told what became of it.',
    ...(late
      ? { set: { sentNow: true, actualCostMinor: delivery === 'live' ? await costOf(tx, said) : 0 } }
      : {}),
  })
  if (!moved || !late || erased) return
  const { kind, builtIn } = await outwardPlace(tx, asConnection(said.connection))
  if ((delivery === 'live' || builtIn) && connectors.can(kind, 'activities')) await oweActivity(tx, id)
}

async function costOf(tx: Transaction, said: SaidOfSent): Promise<number> {
  const { settings } = await currentSettings(tx)
  return sentCost(said, settings)
}

interface Taking {
  readonly event: FeedbackEvent
  /** As it is kept: never to come. */
  readonly at: Date
  readonly hash: Buffer | null
  readonly told: ToldIntervention | null
  readonly sandbox: boolean
}

type Effect = (tx: Transaction, services: Services, taking: Taking) => Promise<void>

/** What an event does beyond being noted and moving its intervention. */
const EFFECTS: Readonly<Partial<Record<DeliveryKind, Effect>>> = {
  bounced: suppressPermanent,
  failed: suppressPermanent,
  complained: async (tx, services, taking) => {
    await refuse(tx, services, taking, 'complained')
    await hold(tx, taking, 'complained')
  },
  unsubscribed: (tx, services, taking) => refuse(tx, services, taking, 'unsubscribed'),
  resubscribed: async (tx, { connectors }, { event: { channel, code }, at, hash, sandbox }) => {
    if (hash === null) return
    // Whoever refused in earnest is not taken to agree because somebody plays in a sandbox.
    if (sandbox && (await earnestConsentOf(tx, hash, channel)) === 'refused') return
    const source = sourceOf('resubscribed', code, sandbox)
    await takeConsent(
      tx,
      connectors,
      { hash, channel, status: 'granted', source, changedAt: at },
      { rehearsal: sandbox },
    )
    // Of two at the same instant the refusal counts.
    if (await saidSince(tx, { hash, channel, kind: 'unsubscribed', at, same: true })) return
    await liftUnsubscribed(tx, { hash, channel, rehearsal: sandbox })
  },
  replied: (tx, _services, taking) => hold(tx, taking, 'replied'),
}

async function suppressPermanent(tx: Transaction, _services: Services, taking: Taking): Promise<void> {
  const { event, hash, sandbox } = taking
  if (hash === null || event.permanent !== true) return
  const source = sourceOf('bounced', event.code, sandbox)
  await suppress(tx, { hash, channel: event.channel, reason: 'bounced', source })
}

/** A no: on record, told to every CRM that has the address, and whatever is on its way to it is stopped. */
async function refuse(
  tx: Transaction,
  { connectors }: Services,
  taking: Taking,
  reason: SuppressionReason & ('complained' | 'unsubscribed'),
): Promise<void> {
  const { event, at, hash, told, sandbox } = taking
  if (hash === null) return
  const { channel, code } = event
  const source = sourceOf(reason, code, sandbox)
  await takeConsent(
    tx,
    connectors,
    { hash, channel, status: 'refused', source, changedAt: at },
    { rehearsal: sandbox },
  )
  // Somebody who subscribed again since then does not unsubscribe by an old message that arrives late.
  const undone =
    reason === 'unsubscribed' &&
    (await saidSince(tx, { hash, channel, kind: 'resubscribed', at, same: false }))
  if (undone) return
  await suppress(tx, { hash, channel, reason, source })
  await cancelToAddress(tx, { hash, channel, address: told?.address ?? null, ...wordsOf(taking) })
}

/** Nothing automatic for the customer until a person has looked; without a message, for all who have the address. */
async function hold(tx: Transaction, taking: Taking, kind: 'replied' | 'complained'): Promise<void> {
  const { event, at, hash, told } = taking
  const customers: readonly CustomerId[] =
    told !== null ? [told.customer] : hash === null ? [] : await holdersOf(tx, hash, event.channel)
  const words = wordsOf(taking)
  const who = told?.recipientName ?? 'A recipient'
  const did = kind === 'replied' ? 'answered' : 'complained'
  const reason = `${who} ${did} on ${at.toISOString().slice(0, 10)} (${event.channel === 'sms' ? 'SMS' : 'e-mail'}).`
  for (const customer of customers) {
    const isNew = await holdCustomer(tx, { customer, kind, reason, actor: words.actor })
    const { channel, dedupKey } = event
    if (isNew) await tellHeld(tx, { customer, kind, channel, dedupKey, sandbox: taking.sandbox })
    await cancelMessages(tx, customer, words)
  }
}

const PROVIDER = { email: 'e-mail provider', sms: 'SMS provider' } as const

const BY_PERSON: ReadonlySet<DeliveryKind> = new Set([
  'complained',
  'replied',
  'unsubscribed',
  'resubscribed',
  'help',
  'opened',
  'clicked',
])

const WORDS: Readonly<Record<DeliveryKind, string>> = {
  accepted: 'The provider took it over',
  delivered: 'It was delivered',
  delayed: 'It is held up on its way',
  bounced: 'It came back',
  failed: 'It could not be delivered',
  complained: 'The recipient reported it as spam',
  opened: 'The recipient opened it',
  clicked: 'The recipient opened a link in it',
  replied: 'The recipient answered',
  unsubscribed: 'The recipient unsubscribed',
  resubscribed: 'The recipient subscribed again',
  help: 'The recipient asked for help',
}

function wordsOf({ event: { kind, channel, code, permanent }, sandbox }: Taking) {
  const why = code === null ? '' : ` (${code})`
  const so = permanent === true ? '; the address is not written to again' : ''
  return {
    actor: BY_PERSON.has(kind) ? 'recipient' : PROVIDER[channel],
    reasonCode: kind,
    reason: `${WORDS[kind]}${why}${so}${sandbox ? ', in the sandbox' : ''}.`,
  }
}

/** `unsubscribe` and `unsubscribe_sandbox` are what the link to unsubscribe always wrote. */
function sourceOf(what: string, code: string | null, sandbox: boolean): string {
  const source = what === 'unsubscribed' ? 'unsubscribe' : (code ?? what)
  return sandbox ? `${source}${PLAYED}` : source
}

/** Characters of a reason that are looked at: it may be any length, and each pattern takes its square. */
const LONGEST_DETAIL = 2000

/** What a provider says of a failure often names whom it failed for. */
function withoutAddresses(detail: string): string {
  return detail
    .slice(0, LONGEST_DETAIL)
    .replace(/[^\s<>"'(),;:]+@[^\s<>"'(),;]+/g, '…')
    .replace(/\+?\d[\d ()-]{6,}\d/g, '…')
    .replace(/[\p{Cc}\s]+/gu, ' ')
    .slice(0, 500)
    .trim()
}
