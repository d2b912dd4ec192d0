/** The upper half of a card: the number, what it means, what is at stake, why, and who agreed to what. */
import type { CardConsent, CardEntry, CardReason, CardRisk } from '../../contracts/record-card.ts'
import type { Caller } from '../../security/access.ts'
import { capital } from '../../admin/words/formats.ts'
import { OPEN_STATES } from '../../store/intervention-states.ts'
import type { ConsentState, CustomerAtHand } from '../../store/reads/customer.ts'
import { meansOf, paysOf } from '../api/customer-told.ts'
import { timelineSentence } from '../api/timeline-words.ts'
import type { Formats } from '../words/formats.ts'
import { LEVELS } from '../words/labels.ts'
import { CRMS, type CrmKind } from './crm.ts'

type Score = NonNullable<CustomerAtHand['score']>

/** Points of the line; more are no wider. */
const POINTS = 60
const REASONS = 3
const ENTRIES = 10

export function riskOf(
  { history, monthAgo }: Pick<CustomerAtHand, 'history' | 'monthAgo'>,
  score: Score,
  { percent, day }: Pick<Formats, 'percent' | 'day'>,
): CardRisk {
  const text = percent(score.probability)
  const was = monthAgo === null ? null : percent(monthAgo.probability)
  // The last of a day is what the day ended with.
  const byDay = new Map(
    history.map(({ scoredAt, probability }) => [scoredAt.toISOString().slice(0, 10), probability]),
  )
  return {
    probability: score.probability,
    text,
    level: score.level,
    levelText: capital(LEVELS[score.level]),
    means: meansOf(score),
    asOf: `as of ${day(score.asOf)}`,
    trend: was === null ? null : was === text ? 'the same as thirty days ago' : `was ${was} thirty days ago`,
    history: [...byDay].slice(-POINTS).map(([date, probability]) => ({ date, probability })),
  }
}

/** "€38,400 at risk · renews 12 Jan"; null: nothing is known of either. */
export function valueOf(
  customer: CustomerAtHand,
  score: Score,
  { formats, now }: { readonly formats: Pick<Formats, 'money' | 'day'>; readonly now: Date },
): string | null {
  const { renewalDate } = paysOf({ ...customer, score }, now)
  const known = [
    ...atRisk(score, formats),
    ...(renewalDate === null ? [] : [`renews ${formats.day(renewalDate)}`]),
  ]
  return known.length === 0 ? null : known.join(' · ')
}

/** The value at risk as a list of one, or of none where it is not known. */
export function atRisk(
  { valueAtRiskMinor, currency }: Score,
  { money }: Pick<Formats, 'money'>,
): readonly string[] {
  return valueAtRiskMinor === null || currency === null
    ? []
    : [`${money(valueAtRiskMinor, currency)} at risk`]
}

export function reasonsOf({ reasons }: Score): readonly CardReason[] {
  return reasons.slice(0, REASONS).map(({ sentence, raises }) => ({ sentence, raises }))
}

/** What came of what was done, newest first. */
export function historyOf(
  { interventions }: Pick<CustomerAtHand, 'interventions'>,
  { crm, caller, formats }: { readonly crm: CrmKind; readonly caller: Caller; readonly formats: Formats },
): readonly CardEntry[] {
  const words = { caller, formats, source: CRMS[crm].label, title: (property: string) => property }
  return interventions
    .filter(({ state }) => !OPEN_STATES.includes(state))
    .slice(0, ENTRIES)
    .map(({ id, actionKey, channel, state, reasonCode, reason, updatedAt, events }) => {
      const last = events.findLast(({ toState }) => toState === state)
      const data = {
        intervention: id,
        actionKey,
        channel,
        from: last?.fromState ?? null,
        to: state,
        actor: last?.actor ?? 'holdfast',
        reasonCode,
        reason,
      }
      const at = last?.at ?? updatedAt
      return {
        when: formats.day(at),
        text: timelineSentence({ kind: 'intervention', at, key: id, data }, words),
      }
    })
}

const CHANNELS = [
  { key: 'email', name: 'E-mail', has: 'hasEmail' },
  { key: 'sms', name: 'SMS', has: 'hasPhone' },
  { key: 'call', name: 'Calls', has: 'hasPhone' },
] as const

/** Of whom an action reaches first; empty: nobody is known. */
export function consentOf(
  { recipients }: Pick<CustomerAtHand, 'recipients'>,
  { day }: Pick<Formats, 'day'>,
): readonly CardConsent[] {
  const first = recipients.at(0)
  if (first === undefined) return []
  return CHANNELS.map(({ key, name, has }) => {
    const state = first.consent[key]
    const at = first.consentSource[key]?.at
    const on = at === undefined ? '' : ` on ${day(at)}`
    return {
      channel: name,
      allowed: first[has] && state === 'granted',
      text: !first[has]
        ? NO_ADDRESS[has]
        : CONSENT[state ?? 'unknown'] + (state === 'granted' || state === 'refused' ? on : ''),
    }
  })
}

const CONSENT: Readonly<Record<NonNullable<ConsentState> | 'unknown', string>> = {
  granted: 'agreed',
  refused: 'refused',
  suppressed: 'nothing is sent there any more',
  unknown: 'no consent on record',
}

const NO_ADDRESS = { hasEmail: 'no address known', hasPhone: 'no number known' } as const
