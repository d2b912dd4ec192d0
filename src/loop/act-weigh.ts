/** Whether now is the time for what everything general speaks for, and what is said: offer, guard, message. */
import { HoldfastError } from '../contracts/errors.ts'
import { actionsOf } from '../settings/planning.ts'
import type { EligibilityFact } from '../store/eligibility-facts.ts'
import type { NewOffer } from '../store/offers.ts'
import type { ActFacts } from './act-facts.ts'
import { buildMessage } from './act-message.ts'
import { suppressed, whereaboutsOf, type Reached } from './act-reach.ts'
import { REPEATED } from './act-settle.ts'
import { buildTask, isCall, storedTask } from './act-task-message.ts'
import { buildText } from './act-text.ts'
import type { Candidate, Guarded, JudgeTerms, Verdict } from './act-verdict.ts'
import type { CallPerson, CallPlace } from './call-places.ts'
import { reaches } from './delivery.ts'
import { guard, type GuardFact } from './guard.ts'
import { spokenLanguage } from './guard-language.ts'
import { stillEligible } from './still-eligible.ts'
import { offerVerdict, type Offer, type OfferFact, type OfferStop } from './offers.ts'

export interface Weighing {
  readonly candidate: Candidate
  readonly reached: Reached
  readonly guardFact: GuardFact | undefined
  readonly offerFact: OfferFact | undefined
  readonly eligibility: EligibilityFact | undefined
}

/** It goes as soon as its offer is claimed. */
export interface Claiming {
  readonly do: 'claim'
  readonly claim: NewOffer
  finish(claimed: { readonly do: 'go'; readonly offer: Offer } | OfferStop): Verdict
}

export function weigh(
  { candidate, reached, guardFact, offerFact, eligibility }: Weighing,
  facts: ActFacts,
  terms: JudgeTerms,
): Verdict | Claiming {
  try {
    const delivery = deliveryTo(candidate, reached, facts)
    const guarded = guardedOf(candidate, reached, delivery.kind, facts)
    const against =
      stillEligible(eligibility, {
        action: guarded.action,
        country: guarded.recipient.country,
        settings: facts.settings,
        byPolicy: guarded.byPolicy,
      }) ??
      (guardFact === undefined
        ? null
        : guard(guardFact, { ...guarded, settings: facts.settings, now: facts.now }))
    const dry = delivery.kind === 'dry_run'
    if (against !== null && !dry)
      return against.to === 'suppressed'
        ? suppressed(against.code, against.reason)
        : waitUntil(against, facts.now)
    const offered = offerVerdict(offerFact, {
      settings: facts.settings,
      channel: candidate.row.channel,
      country: guarded.recipient.country,
      language: languageOf(candidate, reached, guarded, facts),
      delivery: delivery.kind,
      now: facts.now,
    })
    const finish = (offer: Offer | null): Verdict =>
      written(
        { candidate: { ...candidate, delivery }, reached, offer, guarded },
        facts,
        terms,
        against?.reason,
      )
    if (offered.do === 'claim')
      return {
        do: 'claim',
        claim: offered.claim,
        finish: (claimed) => forAdmin(() => (claimed.do === 'go' ? finish(claimed.offer) : stopped(claimed))),
      }
    if (offered.do === 'stop') return dry ? dryRun(delivery, offered.reason, {}) : stopped(offered)
    return finish(offered.do === 'go' ? offered.offer : null)
  } catch (error) {
    return waitForAdmin(error)
  }
}

/** Terms and what has to be said of an offer are in the language of the message that makes it. */
function languageOf(
  { row }: Candidate,
  reached: Reached,
  { recipient }: Guarded,
  { settings }: ActFacts,
): string {
  const kept = reached.by === 'task' ? null : reached.kept
  if (kept !== null) return kept.language
  return spokenLanguage(settings, {
    channel: row.channel,
    action: row.actionKey,
    language: recipient.language,
  })
}

/** A live message to somebody who is not on the test list is a dry run. */
function deliveryTo(
  { delivery }: Candidate,
  reached: Reached,
  { settings }: ActFacts,
): Candidate['delivery'] {
  const address = reached.by === 'task' ? null : reached.address
  return delivery.kind === 'live' && !reaches(settings.delivery, address)
    ? { kind: 'dry_run', code: 'not_on_test_list', reason: NOT_ON_LIST }
    : delivery
}

const NOT_ON_LIST =
  'The address is not on the test list (settings: delivery.testList, and delivery.testNumbers for SMS), so nothing was sent.'

function guardedOf(
  { row }: Candidate,
  reached: Reached,
  delivery: Guarded['delivery'],
  { settings, keys }: ActFacts,
): Guarded {
  const action = actionsOf(settings).find(({ key }) => key === row.actionKey)
  return {
    action: action ?? { key: row.actionKey, discount: 0 },
    byPolicy: row.createdBy === 'policy',
    channel: row.channel,
    recipient: whereaboutsOf(reached, keys.address),
    expiresAt: row.expiresAt,
    delivery,
  }
}

interface Writing {
  readonly candidate: Candidate
  readonly reached: Reached
  readonly offer: Offer | null
  readonly guarded: Guarded
}

/** @param against what would speak against it were it live */
function written(
  { candidate, reached, offer, guarded }: Writing,
  facts: ActFacts,
  terms: JudgeTerms,
  against: string | undefined,
): Verdict {
  const { delivery, context } = candidate
  const place = placeOf(candidate, reached, facts)
  if (place.to === 'deferred') return waitUntil(place, facts.now)
  const message = messageOf({ candidate, reached, offer, responsible: place.responsible }, facts, terms)
  const recipient = reached.to?.recipient.id
  const set = {
    message,
    ...(recipient === undefined ? {} : { recipient }),
    ...(reached.hash === null ? {} : { addressHash: reached.hash }),
  }
  if (delivery.kind === 'dry_run') return dryRun(delivery, against ?? unsaid(reached, facts), set)
  const out = { do: 'send', delivery: delivery.kind, guarded, set } as const
  if (message.kind !== 'task') {
    if (reached.hash === null) throw new HoldfastError('internal', 'A message has no address.')
    return { ...out, message, hash: reached.hash }
  }
  const { id, kind, config } = context.connection
  return { ...out, message, hash: reached.hash, place: { tenant: terms.tenant, id, kind, config } }
}

/** Calls have places; what is a dry run, or may be on a list already, takes none. */
function placeOf(
  { row, context, delivery }: Candidate,
  reached: Reached,
  { calls, settings }: ActFacts,
): CallPlace {
  const { owner } = context.customer
  const isGiven = row.reasonCode === REPEATED && storedTask(row) !== null
  return reached.by === 'task' && isCall(row, settings) && delivery.kind !== 'dry_run' && !isGiven
    ? calls.give(owner)
    : { to: 'person', responsible: owner, insteadOf: null }
}

function messageOf(
  {
    candidate,
    reached,
    offer,
    responsible,
  }: Omit<Writing, 'guarded'> & { readonly responsible: CallPerson | null },
  facts: ActFacts,
  terms: JudgeTerms,
) {
  const { row, context, delivery } = candidate
  const { settings } = facts
  const kind = delivery.kind
  if (reached.by === 'task') {
    // What may be on a list already is not written anew under somebody's hands.
    const kept = row.reasonCode === REPEATED ? storedTask(row) : null
    if (kept !== null && kept.delivery === kind) return kept
    return buildTask({
      intervention: row,
      context,
      to: reached.to,
      responsible,
      delivery: kind,
      offer,
      facts,
    })
  }
  if (reached.kept !== null) return reached.kept
  if (reached.to === null) throw new HoldfastError('internal', 'A message has nobody to go to.')
  const { tenant } = terms
  return reached.by === 'sms'
    ? buildText({ intervention: row, context, settings, to: reached.to, delivery: kind, offer })
    : buildMessage(
        { tenant, intervention: row, context, settings, to: reached.to, delivery: kind, offer },
        terms,
      )
}

/** Of a dry run: whether a live one would lack a yes. */
function unsaid(reached: Reached, { refusal }: ActFacts): string | undefined {
  if (reached.by === 'task') return undefined
  const refused = refusal(reached.hash, reached.by, true)
  return refused === null ? undefined : `Live it would not be sent: ${refused.because}.`
}

function dryRun(
  delivery: Candidate['delivery'],
  against: string | undefined,
  set: Extract<Verdict, { do: 'settle' }>['set'],
): Verdict {
  if (delivery.kind !== 'dry_run') throw new HoldfastError('internal', 'This is no dry run.')
  const { code, reason } = delivery
  return {
    do: 'settle',
    to: 'dry_run',
    code,
    reason: against === undefined ? reason : `${reason} ${against}`,
    ...(set === undefined ? {} : { set }),
  }
}

function stopped({ to, code, reason, dueInMs }: OfferStop): Verdict {
  if (to === 'suppressed') return suppressed(code, reason)
  return { do: 'wait', code, reason, ...(dueInMs === undefined ? {} : { dueInMs }) }
}

function waitUntil(
  { code, reason, until }: { readonly code: string; readonly reason: string; readonly until?: Date },
  now: Date,
): Verdict {
  if (until === undefined) return { do: 'wait', code, reason }
  return { do: 'wait', code, reason, dueInMs: Math.max(0, until.getTime() - now.getTime()) }
}

function forAdmin(work: () => Verdict): Verdict {
  try {
    return work()
  } catch (error) {
    return waitForAdmin(error)
  }
}

/** Errors of templates and settings: a person has to change something, and nothing is lost meanwhile. */
function waitForAdmin(error: unknown): Verdict {
  if (!isForAdmin(error)) throw error
  return { do: 'wait', code: error.code, reason: error.message }
}

export function isForAdmin(error: unknown): error is HoldfastError {
  return (
    error instanceof HoldfastError &&
    (error.code === 'template_invalid' || error.code === 'channel_configuration')
  )
}
