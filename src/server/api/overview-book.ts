/** The book in figures: what is at risk, what changed, how risk is distributed and how it moved. Pure functions of rows. */
import type { LevelSetting, LevelThresholds } from '../../../models/churn/levels.ts'
import type { BudgetLimit } from '../../settings/budget-limit.ts'
import type { BookChange, ChangedGroup } from '../../store/reads/book-changes.ts'
import type { TrendMove } from '../../store/reads/book-trend.ts'
import { LEVELS, type Level } from '../../contracts/customer-terms.ts'
import { RISK_BINS, type LevelTotal, type Totals } from '../../store/reads/totals.ts'
import type { Formats } from '../words/formats.ts'
import { sumMoney } from './money-sums.ts'
import type { OverviewAnswer } from './overview-shapes.ts'
import { rows, type RowsOf } from './rows.ts'

type Rates = Pick<BudgetLimit, 'currency' | 'rates'>

const DAY = 86_400_000

export function bookOf(totals: Totals, rates: Rates): OverviewAnswer['book'] {
  const of = (level: Level): readonly LevelTotal[] => totals.byLevel.filter((one) => one.level === level)
  const customers = (these: readonly LevelTotal[]): number =>
    these.reduce((sum, one) => sum + one.customers, 0)
  const atRisk = (these: readonly LevelTotal[]) =>
    sumMoney(
      these.map(({ currency, valueAtRiskMinor }) => ({ currency, minor: valueAtRiskMinor })),
      rates,
    )
  const yearly = sumMoney(
    totals.byLevel.map(({ currency, yearlyMinor }) => ({ currency, minor: yearlyMinor })),
    rates,
  )
  const high = atRisk(of('HIGH'))
  const whole = yearly.reporting.complete && yearly.reporting.minor > 0
  return {
    customers: { count: totals.customers, rows: rows('customers') },
    unvalued: customers(totals.byLevel.filter(({ currency }) => currency === null)),
    yearly,
    atRisk: atRisk(totals.byLevel),
    high: {
      customers: { count: customers(of('HIGH')), rows: rows('customers', { level: 'HIGH' }) },
      atRisk: high,
      share: whole ? high.reporting.minor / yearly.reporting.minor : null,
    },
    levels: LEVELS.map((level) => ({
      level,
      customers: { count: customers(of(level)), rows: rows('customers', { level }) },
      atRisk: atRisk(of(level)),
    })),
  }
}

/** Days within which a renewal is near. */
export const RENEW_DAYS = 60

export function changesOf(
  groups: readonly ChangedGroup[],
  { since, rates }: { readonly since: Date; readonly rates: Rates },
): NonNullable<OverviewAnswer['changes']> {
  const of = (change: BookChange) => groups.filter((one) => one.change === change)
  const told = (change: BookChange, where: RowsOf) => ({
    customers: of(change).reduce((sum, one) => sum + one.customers, 0),
    rows: where,
    atRisk: sumMoney(
      of(change).map(({ currency, valueAtRiskMinor }) => ({ currency, minor: valueAtRiskMinor })),
      rates,
    ),
  })
  const changedSince = since.toISOString()
  // Who was never scored has no value that could be at risk.
  const scored = { level: 'HIGH,MEDIUM,LOW' }
  const became = { changed: 'high', changedSince }
  return {
    since: changedSince,
    became: {
      ...told('became_high', rows('customers', became)),
      renewing: {
        customers: of('became_high').reduce((sum, one) => sum + one.renewing, 0),
        days: RENEW_DAYS,
        rows: rows('customers', { ...became, renewsWithin: String(RENEW_DAYS) }),
      },
    },
    recovered: told('recovered', rows('customers', { changed: 'recovered', changedSince })),
    came: told('came', rows('customers', { ...scored, cameSince: changedSince })),
    left: told('left', rows('customers', { ...scored, status: 'left,deleted', leftSince: changedSince })),
  }
}

/** Up to the last bin that somebody is in. */
export function binsOf({
  distributionByLevel: of,
  distribution,
}: Totals): OverviewAnswer['distribution']['bins'] {
  const last = distribution.findLastIndex((customers) => customers > 0)
  return distribution.slice(0, last + 1).map((_, at) => ({
    from: at / RISK_BINS,
    to: (at + 1) / RISK_BINS,
    high: of.HIGH[at],
    medium: of.MEDIUM[at],
    low: of.LOW[at],
  }))
}

/** Days that a trend shows. */
export const TREND_DAYS = 56
/** Fewer known days are too few to see a trend. */
const ENOUGH_DAYS = 14

/**
 * Backwards from what the book is now: what a day brought is taken away to see the day before.
 *
 * @param moves null: they are not known yet
 * @param about.first when the first score was made
 */
export function trendOf(
  totals: Totals,
  moves: readonly TrendMove[] | null,
  { now, first, rates }: { readonly now: Date; readonly first: Date | null; readonly rates: Rates },
): OverviewAnswer['trend'] {
  if (first === null || moves === null)
    return { ready: first === null, days: [], short: true, since: first === null ? null : dayOf(first) }
  const byDay = Map.groupBy(moves, ({ day }) => day)
  const minorOf = (currency: string | null, minor: number): number =>
    sumMoney([{ currency, minor }], rates).reporting.minor
  const count = { HIGH: 0, MEDIUM: 0, LOW: 0 }
  let atRisk = 0
  for (const { level, customers, currency, valueAtRiskMinor } of totals.byLevel) {
    count[level] += customers
    if (level === 'HIGH') atRisk += minorOf(currency, valueAtRiskMinor)
  }
  const since = dayOf(first)
  const days: OverviewAnswer['trend']['days'] = []
  for (let back = 0; back < TREND_DAYS; back++) {
    const day = dayOf(new Date(now.getTime() - back * DAY))
    if (day < since) break
    days.push({
      day,
      high: count.HIGH,
      medium: count.MEDIUM,
      low: count.LOW,
      atRiskMinor: Math.max(0, atRisk),
    })
    for (const { level, customers, currency, valueAtRiskMinor } of byDay.get(day) ?? []) {
      count[level] -= customers
      if (level === 'HIGH') atRisk -= minorOf(currency, valueAtRiskMinor)
    }
  }
  return {
    ready: true,
    days: days.toReversed(),
    short: days.length < ENOUGH_DAYS,
    since: days.at(-1)?.day ?? null,
  }
}

/** The moves that {@link trendOf} needs begin then. */
export function trendFrom(now: Date): Date {
  return new Date(Date.parse(`${dayOf(now)}T00:00:00Z`) - (TREND_DAYS - 1) * DAY)
}

const dayOf = (at: Date): string => at.toISOString().slice(0, 10)

/** "High from 8.7 %, twice the base rate of 4.4 %; medium from 4.4 % on, the base rate itself." */
export function levelSentence(
  { high, medium, highBy }: LevelThresholds,
  setting: LevelSetting,
  baseRate: number | null,
  { percent }: Pick<Formats, 'percent'>,
): string {
  if (high > 1) return `Nobody is high: the capacity for it is used up. Medium from ${percent(medium)}.`
  const bounded = highBy === 'capacity' ? ', where what your team can work on ends' : ''
  if (setting.kind !== 'multiple' || baseRate === null)
    return `High from ${percent(high)}${bounded}, medium from ${percent(medium)}${setting.kind === 'multiple' ? '' : ', as the settings say'}.`
  const times = (multiple: number, threshold: number): string =>
    Math.abs(threshold - multiple * baseRate) < 1e-9
      ? `${TIMES[multiple] ?? `${multiple} times`} the base rate of ${percent(baseRate)}`
      : `${multiple} times less likely to stay than usual`
  const { high: highTimes = 2, medium: mediumTimes = 1 } = setting
  const highWords = highBy === 'capacity' ? bounded : `, ${times(highTimes, high)}`
  return `High from ${percent(high)}${highWords}; medium from ${percent(medium)}${mediumTimes === 1 ? ' on, the base rate itself' : `, ${times(mediumTimes, medium)}`}.`
}

const TIMES: Readonly<Record<number, string>> = { 2: 'twice', 3: 'three times', 4: 'four times' }
