/** What Holdfast did in a period, and what it would do: from decisions to what reached somebody. Pure functions of rows. */
import { keptBackWords } from '../../loop/kept-back-words.ts'
import type { BudgetLimit } from '../../settings/budget-limit.ts'
import { actionNames, periodEnd, periodOf, periodStart } from '../../settings/planning.ts'
import type { ServiceSettings } from '../../settings/service.ts'
import type { InterventionState } from '../../store/intervention-states.ts'
import type { InterventionGroup } from '../../store/reads/period-interventions.ts'
import { NOTHING, type Decided } from '../words/decided.ts'
import { periodWords } from '../words/period.ts'
import { sentence } from '../words/notices.ts'
import { sumMoney } from './money-sums.ts'
import type { OverviewAnswer } from './overview-shapes.ts'
import { rows, type Counted } from './rows.ts'

const UNDER_WAY = ['planned', 'deferred', 'snoozed', 'leased', 'sending'] as const
const DROPPED = ['rejected', 'cancelled', 'expired'] as const
const SENT = ['sent', 'confirmed'] as const

export function funnelOf(
  decided: Decided,
  groups: readonly InterventionGroup[],
  {
    settings,
    rates,
    scored,
    acting,
    now,
  }: {
    readonly settings: ServiceSettings
    readonly rates: Pick<BudgetLimit, 'currency' | 'rates'>
    /** Scored customers of the population. */
    readonly scored: number
    /** Decisions become actions. */
    readonly acting: boolean
    readonly now: Date
  },
): OverviewAnswer['funnel'] {
  const period = periodOf(settings.period, now)
  const [start, end] = [periodStart(settings.period, now), periodEnd(settings.period, now)]
  const nameOf = actionNames(settings)
  const decisions = (count: number, query: Readonly<Record<string, string>> = {}): Counted => ({
    count,
    rows: rows('decisions', { period, ...query }),
  })
  const of = (states: readonly InterventionState[]) => groups.filter(({ state }) => states.includes(state))
  const from = { from: start.toISOString(), to: end.toISOString() }
  const counted = (
    these: readonly InterventionGroup[],
    states: readonly InterventionState[],
    query: Readonly<Record<string, string>> = {},
  ): Counted => ({
    count: these.reduce((sum, one) => sum + one.interventions, 0),
    rows: rows('interventions', { state: states.join(), ...from, ...query }),
  })
  const channels = (states: readonly InterventionState[]) =>
    [...Map.groupBy(of(states), ({ channel }) => channel)]
      .map(([channel, these]) => ({
        channel,
        interventions: counted(these, states, { channel }),
        cost: sumMoney(
          these.map(({ currency, costMinor }) => ({ currency, minor: costMinor })),
          rates,
        ),
      }))
      .toSorted((a, b) => b.interventions.count - a.interventions.count)
  const worth = decided.actions.reduce((sum, { customers }) => sum + customers, 0)
  return {
    period,
    name: periodWords(period),
    start: start.toISOString(),
    end: end.toISOString(),
    acting,
    mode: settings.delivery.mode,
    decided: decisions(decided.customers),
    undecided: Math.max(0, scored - decided.customers),
    worth: decisions(worth, { stage: 'chosen' }),
    actions: decided.actions.map(({ key, customers, sums }) => ({
      key,
      name: nameOf(key),
      decisions: decisions(customers, { action: key, group: 'policy' }),
      expected: sumMoney(
        sums.map(({ currency, expectedValueMinor }) => ({ currency, minor: expectedValueMinor })),
        rates,
      ),
      cost: sumMoney(
        sums.map(({ currency, plannedCostMinor }) => ({ currency, minor: plannedCostMinor })),
        rates,
      ),
    })),
    leftInPeace: {
      decisions: decisions(decided.leftInPeace, { group: 'policy', action: NOTHING }),
      because: decided.leftBecause.map(({ stage, heldReason, sentence: why, customers }) => ({
        sentence: sentence(why),
        decisions: decisions(customers, { stage, ...(heldReason === null ? {} : { reason: heldReason }) }),
      })),
    },
    compared: {
      holdout: decisions(decided.holdout, { group: 'holdout' }),
      usual: decisions(decided.usual, { group: 'usual' }),
      exempt: decisions(decided.exempt, { group: 'exempt' }),
    },
    heldBack: {
      interventions: counted(of(['suppressed']), ['suppressed']),
      because: [...Map.groupBy(of(['suppressed']), ({ reasonCode }) => reasonCode)]
        .map(([code, these]) => ({
          code,
          sentence: code === null ? 'No reason was noted.' : sentence(keptBackWords(code)),
          interventions: counted(these, ['suppressed'], { reason: code ?? 'none' }),
        }))
        .toSorted((a, b) => b.interventions.count - a.interventions.count),
    },
    waiting: counted(of(['awaiting_approval']), ['awaiting_approval']),
    underWay: counted(of(UNDER_WAY), UNDER_WAY),
    uncertain: counted(of(['uncertain']), ['uncertain']),
    dropped: counted(of(DROPPED), DROPPED),
    wouldBeSent: { interventions: counted(of(['dry_run']), ['dry_run']), channels: channels(['dry_run']) },
    sent: { interventions: counted(of(SENT), SENT), channels: channels(SENT) },
    simulated: of(SENT).reduce((sum, one) => sum + (one.simulated ? one.interventions : 0), 0),
  }
}
