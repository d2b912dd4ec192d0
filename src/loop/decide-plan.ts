/**
 * The plan of a pass: what is known of the undecided goes in, a decision for each comes out. One computation over
 * everybody, since budget and places are shared.
 */
import { drawCustomers } from '../../models/policy/draw.ts'
import { MASK_REASONS } from '../../models/policy/masks.ts'
import { beliefsOf } from '../../models/policy/reprice.ts'
import { STATE_VERSION } from '../../models/policy/state.ts'
import type { Action } from '../contracts/actions.ts'
import { minorDigits } from '../contracts/money.ts'
import { pricingOf, reportingCurrency, reportingRate } from '../settings/planning.ts'
import type { ServiceSettings } from '../settings/service.ts'
import type { DecisionFrame, NewDecision } from '../store/decisions.ts'
import type { UndecidedColumns } from './decide-read.ts'
import { decide, type Left, type Plan } from './decide.ts'
import type { Engine } from './engine.ts'
import { trainingOf } from './policy-terms.ts'
import type { StepContext } from './services.ts'

/** What opens a decision; a trigger that opens another one early would be a further one. */
export const CAUSE = 'period'

/** What a pass begins with. */
export interface Terms {
  readonly now: Date
  readonly period: string
  readonly start: Date
  readonly settings: ServiceSettings
  readonly settingsVersion: number
  readonly groupSaltId: string
  /** Whether decisions become interventions. */
  readonly acting: boolean
  /** Of the connection's model, for {@link LoopServices.engines}. */
  readonly location: string
  /** Hash of the policy that was solved for the company's own catalogue; null: the shipped one. */
  readonly policy: string | null
  readonly newest: number
  /** Whether the kill switch was on. */
  readonly killed: boolean
  readonly left: Left
  /** Whether the connection's CRM can be given tasks. */
  readonly tasks: boolean
  /** The catalogue as the connection carries it out (`carriedOut` of delivery.ts). */
  readonly actions: readonly Action[]
}

export interface UndecidedBook extends Terms {
  readonly customers: UndecidedColumns
}

export interface PlannedBook {
  readonly book: UndecidedBook
  readonly plan: Plan
  readonly frame: DecisionFrame
  decision(row: number): NewDecision
}

/**
 * @example
 * const { plan, decision } = await planBook(book, await engines.get(book.location), context)
 */
export async function planBook(
  book: UndecidedBook,
  engine: Engine,
  { tenant, connection, run }: Pick<StepContext, 'tenant' | 'connection' | 'run'>,
): Promise<PlannedBook> {
  const { customers, settings, period, now, actions } = book
  const { rows, recurring, context } = customers
  const { policy } = engine
  const trained = trainingOf(policy)
  const width = actions.length
  const keys = actions.map((action) => action.key)
  const currency = reportingCurrency(settings)
  const minor = 10 ** minorDigits(currency)
  const rate = reportingRate(settings)
  const values = { rows, actions: policy.actions.length, value: await engine.values(customers.states, rows) }
  const identity = { tenant, period, policyVersion: policy.hash, salt: settings.exploration.salt }
  const named = (at: number): string => `${connection}/${customers.names[at]}`
  const draws = drawCustomers(
    identity,
    customers.names.map((_, at) => named(at)),
  )
  const scored = { values, trained, hazard: customers.hazards, recurring, context, draws }
  const plan = decide(scored, settings, { left: book.left, actions })
  const { gain, cost, benefit } = plan.priced
  const beliefs = beliefsOf(trained, pricingOf(settings, actions))

  return {
    book,
    plan,
    frame: {
      connection,
      period,
      cause: CAUSE,
      decidedAt: now,
      run,
      groupSaltId: book.groupSaltId,
      stateVersion: STATE_VERSION,
      policyHash: policy.hash,
      settingsVersion: book.settingsVersion,
      actionKeys: keys,
      effectMeans: beliefs.map((prior) => prior?.mean ?? NaN),
      effectSds: beliefs.map((prior) => prior?.sd ?? NaN),
      lambda: plan.summary.budgetPrice,
      currency,
    },
    decision: (at) => {
      const of = <T>(values: { subarray(from: number, to: number): T }): T =>
        values.subarray(at * width, (at + 1) * width)
      const worth = plan.expectedValue[at]
      const monthly = recurring[at] * rate * minor
      return {
        customer: customers.ids[at],
        groupName: customers.groups[at],
        scoreVersion: customers.versions[at],
        masks: Array.from(of(plan.reasons), (code) => MASK_REASONS[code]),
        gains: of(gain),
        costs: of(cost),
        benefits: benefit === null ? null : of(benefit),
        probabilities: plan.probabilities(at),
        actionKey: keys[plan.action[at]],
        propensity: plan.propensity[at],
        draw: draws.uniform[at],
        drawIdentity: JSON.stringify([tenant, period, policy.hash, named(at)]),
        expectedValueMinor: Number.isNaN(worth) ? null : Math.round(worth * minor),
        plannedCostMinor: Math.round(plan.plannedCost[at] * minor),
        monthlyMinor: Number.isNaN(monthly) ? null : Math.round(monthly),
        renewalDate: customers.renewals[at],
      }
    },
  }
}
