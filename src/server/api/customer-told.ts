/** What is told of a customer beside its rows: what it pays, its decision in words, what may be pressed now. */
import { periodEnd } from '../../settings/planning.ts'
import type { ServiceSettings } from '../../settings/service.ts'
import { OPEN_STATES } from '../../store/intervention-states.ts'
import type { WholeCustomer } from '../../store/reads/customer.ts'
import type { DecisionTrace, WeighedAction } from '../../store/reads/decisions.ts'
import { maskSentence } from '../words/decided.ts'
import { decisionSentences } from '../words/decision-words.ts'
import type { Formats } from '../words/formats.ts'
import type { CustomerAnswer } from './customer-shapes.ts'

const DAY = 86_400_000
/** The usual snoozes, in days, the longest first. */
const SNOOZES = [14, 7, 3, 1]

/** Of the usual snoozes those that end before it does, in days, the longest first. */
export function snoozesUntil(expiresAt: Date, now: Date): readonly number[] {
  return SNOOZES.filter((days) => now.getTime() + days * DAY < expiresAt.getTime())
}

/** What the number means. */
export function meansOf({ kind, horizonDays }: NonNullable<WholeCustomer['score']>): string {
  return kind === 'horizon' && horizonDays !== null
    ? `may leave within ${horizonDays} days`
    : 'chance to leave: a snapshot, without saying when'
}

export function paysOf(
  { score, agreements }: Pick<WholeCustomer, 'score' | 'agreements'>,
  now: Date,
): CustomerAnswer['pays'] {
  const today = now.toISOString().slice(0, 10)
  const next = (dates: readonly (string | null)[]): string | null =>
    dates.filter((date) => date !== null && date >= today).toSorted()[0] ?? null
  const monthly = score?.monthlyMinor ?? null
  return {
    yearlyMinor: monthly === null ? null : monthly * 12,
    currency: monthly === null ? null : (score?.currency ?? null),
    renewalDate: next(agreements.map(({ renewalDate }) => renewalDate)),
    noticeDate: next(agreements.map(({ noticeDate }) => noticeDate)),
  }
}

/** Null: nothing is decided yet. */
export function toldOf(
  { decision, interventions }: Pick<WholeCustomer, 'decision' | 'interventions'>,
  {
    settings,
    formats,
    now,
  }: { readonly settings: ServiceSettings; readonly formats: Formats; readonly now: Date },
): CustomerAnswer['told'] {
  if (decision === null) return null
  const next = periodEnd(settings.period, now)
  const hidden = decision.group !== 'policy'
  const state = interventions.find((one) => one.decision === decision.id)?.state ?? null
  return {
    hidden,
    sentences: [...decisionSentences(decision, next, formats)],
    next: next.toISOString().slice(0, 10),
    actions: hidden
      ? []
      : decision.actions
          .toSorted((a, b) => rank(b, decision) - rank(a, decision))
          .map(({ key, masked, expectedValueMinor, costMinor, probability }) => ({
            key,
            name: formats.action(key),
            chosen: key === decision.actionKey,
            possible: masked === 'open',
            why: masked === 'open' ? null : maskSentence(masked),
            expectedValueMinor,
            costMinor,
            odds: probability,
            state: key === decision.actionKey ? state : null,
          })),
  }
}

function rank({ key, masked, expectedValueMinor }: WeighedAction, { actionKey }: DecisionTrace): number {
  if (key === actionKey) return Number.MAX_VALUE
  if (masked !== 'open') return -Number.MAX_VALUE
  return expectedValueMinor ?? -Number.MAX_VALUE / 2
}

/**
 * @param about.operator whether the caller may answer, hold and release at all
 * @example
 * mayPress(customer, { operator: true, held: false, formats, now }).answer[0].approve
 */
export function mayPress(
  { status, interventions }: Pick<WholeCustomer, 'status' | 'interventions'>,
  {
    operator,
    held,
    formats,
    now,
  }: {
    readonly operator: boolean
    readonly held: boolean
    readonly formats: Pick<Formats, 'action'>
    readonly now: Date
  },
): CustomerAnswer['may'] {
  if (!operator) return { answer: [], hold: false, release: false }
  return {
    answer: interventions
      .filter(({ state }) => OPEN_STATES.includes(state))
      .map(({ id, actionKey, state, expiresAt }) => ({
        intervention: id,
        actionKey,
        name: formats.action(actionKey),
        approve: state === 'awaiting_approval',
        reject: true,
        snoozeDays: snoozesUntil(expiresAt, now)[0] ?? null,
      })),
    hold: !held && status === 'active',
    release: held,
  }
}
