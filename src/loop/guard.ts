/**
 * The guard right before sending: everything of the person, the customer and the hour that speaks against it, as it
 * stands now, whatever stood when it was decided. Rules that are never learned; what passes by itself is waited for,
 * what changes the case ends it. Nothing is asked and nothing written here: facts come from src/store/guard-facts.ts.
 */
import type { Action } from '../contracts/actions.ts'
import { reasonSentences, type MaskReason } from '../../models/policy/masks.ts'
import { actionNames, actionsOf } from '../settings/planning.ts'
import type { ServiceSettings } from '../settings/service.ts'
import type { GuardFact } from '../store/guard-facts.ts'
import { capOf } from './guard-caps.ts'
import { isTranslated } from './guard-language.ts'
import { momentWords, placeWords } from './moment-words.ts'
import { isAlways, nextOpening, type Opening } from './quiet-hours.ts'
import { placeOf, type Place, type Whereabouts } from './zones.ts'

export type { GuardFact } from '../store/guard-facts.ts'

export interface GuardRequest {
  readonly action: Pick<Action, 'key' | 'discount' | 'remedy'>
  readonly channel: 'email' | 'sms' | 'task'
  /** Of a task: the person whom it is about. */
  readonly recipient: Whereabouts & {
    /** BCP 47; null unknown. */
    readonly language: string | null
  }
  readonly settings: ServiceSettings
  readonly now: Date
  readonly expiresAt: Date
  /** Dry runs and the sandbox are guarded as live sending is, and the reason says that it is none. */
  readonly delivery: 'dry_run' | 'sandbox' | 'live'
}

export interface GuardVerdict {
  readonly to: 'suppressed' | 'deferred'
  /** Those of masks, and `quiet_hours`, `zone_unknown`. */
  readonly code: GuardCode
  /** A sentence. */
  readonly reason: string
  /** The first instant at which nothing known would speak against it; absent: nobody can say. */
  readonly until?: Date
}

export type GuardCode =
  | 'quiet_hours'
  | 'zone_unknown'
  | Extract<
      MaskReason,
      | 'cooldown'
      | 'contact_cap'
      | 'dispute'
      | 'negotiation'
      | 'sequence'
      | 'urgent_ticket'
      | 'held'
      | 'vulnerable'
      | 'profiling_objection'
      | 'payment_failed'
      | 'payment_in_order'
      | 'discount_running'
      | 'discounts_used'
      | 'discount_too_deep'
      | 'language'
    >

/**
 * @returns null when nothing speaks against sending now
 * @example
 * guard(fact, { action, channel: 'email', recipient, settings, now, expiresAt, delivery: 'live' })
 * // { to: 'deferred', code: 'quiet_hours', reason: 'It waits until Monday, 23 November, 08:00 in Berlin (Europe/Berlin): …', until: 2026-11-23T07:00:00Z }
 */
export function guard(fact: GuardFact, request: GuardRequest): GuardVerdict | null {
  const certain = fact.contacts.filter(({ pending }) => pending !== true)
  const verdictOn = judged({ ...fact, contacts: certain }, request)
  if (verdictOn !== null || certain.length === fact.contacts.length) return verdictOn
  // What is just going out may be stopped or refused yet: nothing is given up for it.
  const then = judged(fact, request)
  if (then === null) return null
  return verdict(request, {
    end: false,
    code: then.code,
    because: 'another message to the same person or customer is just going out',
    until: new Date(request.now.getTime() + PENDING_MS),
  })
}

/** By then it is known what became of it. */
const PENDING_MS = 5 * 60_000

function judged(fact: GuardFact, request: GuardRequest): GuardVerdict | null {
  const against = heldBack(fact) ?? caseAgainst(fact, request) ?? discountAgainst(fact, request)
  if (against !== null) return verdict(request, against)
  const { channel, action, recipient, settings, now } = request
  if (!isTranslated(settings, { channel, action: action.key, language: recipient.language }))
    return verdict(request, {
      end: true,
      code: 'language',
      because: `there is no message of "${actionNames(settings)(action.key)}" in ${recipient.language ?? settings.sender.language}, and no language to fall back to (settings: guard.languageFallback)`,
    })
  const place = placeOf(recipient)
  const cap = capOf(fact, { settings, place, now, live: request.delivery === 'live' })
  if (cap?.until === null) return verdict(request, { ...cap, end: true })
  return hoursAgainst(fact, request, place, cap)
}

/** What speaks against it: for good, until then, or until it is over. */
interface Against {
  readonly end: boolean
  readonly code: GuardCode
  /** A clause. */
  readonly because: string
  readonly until?: Date | null
}

/** A person has to look first. */
function heldBack({ holds }: GuardFact): Against | null {
  if (holds.length === 0) return null
  const until = holds.every((hold) => hold.until !== null)
    ? new Date(Math.max(...holds.map((hold) => hold.until!.getTime())))
    : null
  const { reason } = holds[0]
  return {
    end: false,
    code: 'held',
    because: `the customer is on hold (${reason.replace(/\.$/, '')})`,
    until,
  }
}

/** By what the record of the CRM says; whether it ends the case or passes. */
const SITUATIONS = [
  ['vulnerable', 'vulnerable', true],
  ['openDispute', 'dispute', true],
  ['openNegotiation', 'negotiation', true],
  ['urgentTicket', 'urgent_ticket', false],
  ['runningSequence', 'sequence', false],
] as const

function caseAgainst({ context, asOf }: GuardFact, { action }: GuardRequest): Against | null {
  const said = asOf === null ? '' : ` (as the CRM said on ${asOf})`
  const against = (code: GuardCode & MaskReason, end: boolean): Against => ({
    end,
    code,
    because: `${reasonSentences[code]}${said}`,
  })
  if (context['profilingConsent'] === 0) return against('profiling_objection', true)
  for (const [name, code, end] of SITUATIONS) if (context[name] > 0) return against(code, end)
  const failures = context['paymentFailures']
  if (action.remedy === 'payment') return failures === 0 ? against('payment_in_order', true) : null
  return action.discount > 0 && failures > 0 ? against('payment_failed', true) : null
}

function discountAgainst(
  { context, contacts }: GuardFact,
  { action, settings, now, delivery }: GuardRequest,
): Against | null {
  if (action.discount === 0) return null
  const against = (code: GuardCode & MaskReason): Against => ({
    end: true,
    code,
    because: reasonSentences[code],
  })
  const { deepest, perYear } = settings.discounts
  if (action.discount > deepest) return against('discount_too_deep')
  if (context['discountInForce'] > 0) return against('discount_running')
  if (perYear === null) return null
  const since = new Date(now)
  since.setUTCFullYear(now.getUTCFullYear() - 1)
  const none = new Set(actionsOf(settings).flatMap(({ key, discount }) => (discount === 0 ? [key] : [])))
  // An action that is not in the catalogue any more may have been one.
  const given = contacts.filter(
    (one) => one.at > since && !none.has(one.actionKey) && (delivery !== 'live' || one.delivery === 'live'),
  )
  return given.length >= perYear ? against('discounts_used') : null
}

function hoursAgainst(
  { company }: GuardFact,
  request: GuardRequest,
  place: Place,
  cap: { readonly code: GuardCode; readonly because: string; readonly until: Date | null } | null,
): GuardVerdict | null {
  const { channel, settings, now, expiresAt } = request
  const from = cap?.until ?? now
  const hours = settings.guard[channel === 'task' ? 'call' : channel]
  const opening: Opening = { hours, holidays: settings.guard.holidays, company }
  const drop = settings.guard.outside === 'drop'
  const nowhere = place.zones.length === 0 && !isAlways(opening)
  // Of a call somebody of the company decides, who can look the hour up.
  if (nowhere && channel === 'task')
    return cap === null ? null : verdict(request, { ...cap, end: from >= expiresAt })
  if (nowhere) return verdict(request, { end: drop, code: 'zone_unknown', because: UNKNOWN_ZONE })
  const opens = nextOpening(opening, place, { from, before: FAR })
  if (opens?.getTime() === now.getTime()) return null
  const closed = closedWords(hours, placeWords(place))
  const why: Against =
    cap === null ? { end: drop, code: 'quiet_hours', because: closed } : { ...cap, end: false }
  if (opens === null)
    return verdict(request, {
      end: true,
      code: 'quiet_hours',
      because: `${closed}, and no hour is within that time everywhere. Fill in the time zone of the contact in the CRM`,
    })
  if (opens >= expiresAt)
    return verdict(request, {
      ...why,
      end: true,
      because: `${why.because}, and by then it will have expired`,
    })
  // The one zone is named with the time itself.
  const there = cap === null && !drop && place.zones.length === 1
  return verdict(request, {
    ...why,
    ...(there ? { because: closedWords(hours, 'there') } : {}),
    until: opens,
  })
}

const FAR = new Date(8.64e15)

const UNKNOWN_ZONE =
  'neither time zone nor country of the person is known, so nobody can say what time it is there. Fill one of them in in the CRM'

function closedWords({ from, to, days }: Opening['hours'], where: string): string {
  const when =
    days === 'every' ? '' : days === 'business' ? ' on business days' : ' (companies: on business days)'
  return `messages go out from ${from} to ${to}${when} ${where === 'there' ? where : `in ${where}`}`
}

/** Of each reason in a sandbox; where many stand together it is said once. */
export const SANDBOX_KEEPS = 'The sandbox keeps to this as live sending does.'

function verdict(request: GuardRequest, { end, code, because, until }: Against): GuardVerdict {
  const { delivery, channel, expiresAt, recipient, now } = request
  const late = until !== null && until !== undefined && until >= expiresAt
  const live = delivery === 'dry_run' ? 'Live it would' : 'It'
  const sandbox = delivery === 'sandbox' ? ` ${SANDBOX_KEEPS}` : ''
  if (end || late) {
    const not =
      delivery === 'dry_run'
        ? 'Live it would not be sent'
        : channel === 'task'
          ? 'No task was made'
          : 'Not sent'
    return { to: 'suppressed', code, reason: `${not}: ${because}.${sandbox}` }
  }
  const waits = delivery === 'dry_run' ? 'wait' : 'waits'
  const words =
    until === null || until === undefined
      ? ''
      : ` until ${momentWords(until, { place: placeOf(recipient), now })}`
  const reason = `${live} ${waits}${words}: ${because}.${sandbox}`
  return { to: 'deferred', code, reason, ...(words === '' ? {} : { until: until! }) }
}
