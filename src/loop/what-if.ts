/**
 * What if: the same scored customers decided on under other settings, side by side with the plan as it is.
 *
 * Scoring is done once; deciding 7,043 customers again takes a few milliseconds, so that a slider can follow the
 * hand. The draws stay the same, so that what moves is moved by the settings and not by chance.
 */
import { HoldfastError } from '../contracts/errors.ts'
import { minorDigits } from '../contracts/money.ts'
import { actionsOf, reportingCurrency, type CatalogueSettings } from '../settings/planning.ts'
import { parseSettings, type Settings, type SettingsInput } from '../settings/settings.ts'
import { decide, type Plan, type PlanSummary, type ScoredBook } from './decide.ts'

export interface WhatIfChange {
  /** As people read it: "20 % off costs twice as much". */
  readonly label: string
  /** Settings that differ, laid over those in force; lists are replaced. */
  readonly settings?: PartialSettings
  /** Factor on an action's cost, fixed part and share, by key: { discount_20: 1.5 }. */
  readonly costTimes?: Readonly<Record<string, number>>
  /** Months that every action is charged for. */
  readonly durationMonths?: number
  /** The same by key; it wins over the above. */
  readonly durations?: Readonly<Record<string, number>>
  /** Places in a period by key; null is no limit, 0 is off. */
  readonly capacities?: Readonly<Record<string, number | null>>
}

/** Any part of the settings, at any depth. */
export type PartialSettings = { readonly [Key in keyof SettingsInput]?: DeepPartial<SettingsInput[Key]> }
type DeepPartial<T> = T extends readonly unknown[]
  ? T
  : T extends object
    ? { readonly [Key in keyof T]?: DeepPartial<T[Key]> }
    : T

export interface WhatIfOutcome {
  readonly label: string
  readonly summary: PlanSummary
  /** Against the base; 0 for the base itself. Money in major units of the reporting currency. */
  readonly against: {
    /** Customers whose action is another. */
    readonly moved: number
    readonly plannedSpend: number
    readonly expectedValue: number
    /** Customers more (or fewer) by action, in catalogue order. */
    readonly counts: readonly number[]
    /** flow[from][to]: customers by action in the base and in the change. */
    readonly flow: readonly (readonly number[])[]
  }
}

/** What of a plan is compared. */
export type ComparedPlan = Pick<Plan, 'rows' | 'action' | 'summary'>

/** The base first, then each change in the order given. */
export interface Comparison {
  readonly currency: string
  readonly outcomes: readonly WhatIfOutcome[]
}

/**
 * @throws HoldfastError `settings_invalid` when a change makes no sense, naming where
 * @example
 * compareSettings(scored, settings, [{ label: 'half the budget', settings: { budget: 5000 } }])
 */
export function compareSettings(
  scored: ScoredBook,
  settings: Settings,
  changes: readonly WhatIfChange[],
): Comparison {
  const all = changes.map((change) => ({ label: change.label, settings: changeSettings(settings, change) }))
  const base = decide(scored, settings)
  return {
    currency: reportingCurrency(settings),
    outcomes: [
      outcome('now', base, base),
      ...all.map(({ label, settings }) => outcome(label, base, decide(scored, settings))),
    ],
  }
}

/**
 * The settings with a change laid over them, checked like any settings.
 *
 * @example
 * changeSettings(settings, { label: 'a dearer call', costTimes: { call_discount_30: 2 } })
 */
export function changeSettings(settings: Settings, change: WhatIfChange): Settings
/** @param parse settings of another kind, such as those of the service, which know actions of a company's own */
export function changeSettings<S extends CatalogueSettings>(
  settings: S,
  change: WhatIfChange,
  parse: (value: unknown) => S,
): S
export function changeSettings(
  settings: CatalogueSettings,
  change: WhatIfChange,
  parse: (value: unknown) => CatalogueSettings = (value) =>
    parseSettings(value, `The change "${change.label}"`),
): CatalogueSettings {
  const changed = parse(overlay(settings, change.settings ?? {}))
  if (reportingCurrency(changed) !== reportingCurrency(settings)) {
    throw new HoldfastError(
      'settings_invalid',
      `The change "${change.label}" must keep the reporting currency, or nothing could be compared.`,
    )
  }
  const { costTimes = {}, durations = {}, capacities = {}, durationMonths } = change
  const known = actionsOf(changed).slice(1)
  const unknown = [costTimes, durations, capacities]
    .flatMap(Object.keys)
    .find((key) => known.every((action) => action.key !== key))
  if (unknown !== undefined) {
    const keys = known.map((action) => action.key).join(', ')
    throw new HoldfastError(
      'settings_invalid',
      `There is no action "${unknown}". Actions that cost: ${keys}.`,
    )
  }
  const minor = 10 ** minorDigits(reportingCurrency(changed))
  const terms = new Map(
    known.map(({ key, cost }) => {
      const times = costTimes[key] ?? 1
      const months = durations[key] ?? durationMonths
      return [
        key,
        {
          ...(times === 1 ? {} : { share: cost.share * times, fixedCost: (cost.fixedMinor * times) / minor }),
          ...(months === undefined ? {} : { durationMonths: months }),
          ...(Object.hasOwn(capacities, key) ? { capacity: capacities[key] } : {}),
        },
      ] as const
    }),
  )
  const own = changed.actions?.own ?? []
  const isOwn = (key: string): boolean => own.some((one) => one.key === key)
  const catalogue = Object.fromEntries([...terms].filter(([key]) => !isOwn(key)))
  return parse({
    ...overlayObject(changed, { catalogue }),
    ...(changed.actions === undefined
      ? {}
      : { actions: { ...changed.actions, own: own.map((one) => ({ ...one, ...terms.get(one.key) })) } }),
  })
}

const overlayObject = (base: object, top: object): object => overlay(base, top) as object

function overlay(base: unknown, top: unknown): unknown {
  // Another kind of levels has other fields.
  if (!isPlain(base) || !isPlain(top) || 'kind' in top) return top
  const merged: Record<string, unknown> = { ...base }
  for (const [key, value] of Object.entries(top))
    merged[key] = key in base ? overlay(base[key], value) : value
  return merged
}

function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/**
 * A plan against another over the same customers.
 *
 * @example
 * outcome('half the budget', base, decide(scored, changed)).against.moved
 */
export function outcome(label: string, base: ComparedPlan, plan: ComparedPlan): WhatIfOutcome {
  const { summary } = plan
  const flow = summary.actions.map(() => summary.actions.map(() => 0))
  let moved = 0
  for (let row = 0; row < plan.rows; row++) {
    flow[base.action[row]][plan.action[row]]++
    if (base.action[row] !== plan.action[row]) moved++
  }
  return {
    label,
    summary,
    against: {
      moved,
      plannedSpend: summary.plannedSpend - base.summary.plannedSpend,
      expectedValue: summary.expectedValue - base.summary.expectedValue,
      counts: summary.actions.map((action, a) => action.count - base.summary.actions[a].count),
      flow,
    },
  }
}
