/**
 * Suggest: what would be best for a customer alone, and what speaks against everything else. As decide, but
 * without the others: no budget, no full calendar, no draw. Nothing is asked or written.
 */
import { MASK_REASONS, maskActions, type MaskReason } from '../../models/policy/masks.ts'
import { NO_ACTION } from '../../models/policy/policy.ts'
import { price, solvedBy } from '../../models/policy/reprice.ts'
import type { PolicyBundle } from '../../models/onnx/bundle-contents.ts'
import { minorDigits } from '../contracts/money.ts'
import {
  actionsOf,
  daysIntoPeriod,
  maskRules,
  pricingOf,
  reportingCurrency,
  reportingRate,
  type CatalogueSettings,
} from '../settings/planning.ts'
import { columnsOf, maskContextOf, type KnownContext } from './decide-context.ts'
import { gate } from './decide.ts'
import { trainingOf } from './policy-terms.ts'

/** A customer that the engine has scored. */
export interface SuggestInput {
  /** Value of each action of the policy, in its order. */
  readonly values: Float32Array
  /** Chance to leave in a month. */
  readonly monthlyHazard: number
  readonly context: KnownContext
  /** Recurring amount a month, major units of the currency of the records; NaN unknown. */
  readonly recurring: number
}

export interface Suggestion {
  readonly action: { readonly key: string; readonly name: string }
  /** Net expected gain of the action over doing nothing, major units of the reporting currency; null unknown. */
  readonly expectedValue: number | null
  /** Every action of the catalogue, in its order. */
  readonly actions: readonly SuggestedAction[]
}

export interface SuggestedAction {
  readonly key: string
  readonly name: string
  /** As {@link Suggestion.expectedValue}, also where the action is masked. */
  readonly expectedValue: number | null
  /** Planned cost, major units of the reporting currency; null unknown. */
  readonly cost: number | null
  /** `open`, or why it cannot be done: `reasonSentences` of masks.ts has the words. */
  readonly masked: MaskReason
}

/**
 * Prepares what the settings say once; the function returned is pure and linear in the records.
 *
 * @throws HoldfastError `model_corrupt` when the policy does not say what it was trained with
 * @example
 * const suggest = createSuggester({ policy: engine.policy, settings })
 * suggest([{ values, monthlyHazard: 0.02, context: { openDispute: 1 }, recurring: 60 }], new Date())[0].action.key // 'no_action'
 */
export function createSuggester({
  policy,
  settings,
}: {
  readonly policy: PolicyBundle
  readonly settings: CatalogueSettings
}): (records: readonly SuggestInput[], now: Date) => Suggestion[] {
  const trained = trainingOf(policy)
  const actions = actionsOf(settings)
  const named = actions.map(({ key, name }) => ({ key, name }))
  const width = actions.length
  const rules = { ...maskRules(settings, actions), solved: solvedBy(trained, actions) }
  const digits = minorDigits(reportingCurrency(settings))
  const minor = 10 ** digits
  const rate = reportingRate(settings)
  const wanted = pricingOf(settings, actions)
  const { threshold } = settings.gate

  return (records, now) => {
    const rows = records.length
    const recurring = Float64Array.from(records, (record) => record.recurring * rate)
    const hazard = Float64Array.from(records, (record) => record.monthlyHazard)
    const known = trained.actions.length
    const value = new Float32Array(rows * known)
    records.forEach((record, row) => value.set(record.values, row * known))
    const context = maskContextOf(
      columnsOf(records.map((record) => record.context)),
      daysIntoPeriod(settings.period, now),
    )
    const reasons = maskActions({ ...context, rows, recurring }, rules)
    const values = { rows, actions: known, value }
    const customers = { hazard, recurring, failedPayments: context.paymentFailed }
    const { gain, cost, benefit } = price(values, customers, digits, trained, wanted)
    gate(reasons, gain, benefit, width, threshold)

    return records.map((_, row): Suggestion => {
      const payer = recurring[row] >= 0
      const worth = (a: number): number | null => {
        const each = gain[row * width + a]
        return payer && Number.isFinite(each) ? each / minor : null
      }
      const best = bestOf(row, width, { reasons, gain, cost })
      return {
        action: named[best],
        expectedValue: worth(best),
        actions: named.map(({ key, name }, a) => ({
          key,
          name,
          expectedValue: worth(a),
          cost: payer ? cost[row * width + a] / minor : null,
          masked: MASK_REASONS[reasons[row * width + a]],
        })),
      }
    })
  }
}

/** The open action that gains most, of equals the cheapest; doing nothing where none gains. */
function bestOf(
  row: number,
  width: number,
  { reasons, gain, cost }: { reasons: Uint8Array; gain: Float64Array; cost: Float64Array },
): number {
  const base = row * width
  let best = NO_ACTION
  for (let a = 1; a < width; a++) {
    if (reasons[base + a] !== 0) continue
    const more = gain[base + a] - gain[base + best]
    if (more > 0 || (more === 0 && cost[base + a] < cost[base + best])) best = a
  }
  return best
}
