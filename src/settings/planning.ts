/** What settings mean to the models: the catalogue with its overrides, the rules of the masks, the limits, the period. */
import { nameOfAction, shippedActions } from '../../actions/catalogue.ts'
import type { MaskRules } from '../../models/policy/masks.ts'
import type { Limits } from '../../models/policy/policy.ts'
import type { Pricing } from '../../models/policy/reprice.ts'
import type { Action } from '../contracts/actions.ts'
import { minorDigits } from '../contracts/money.ts'
import type { ActionSettings, OwnAction } from './actions.ts'
import type { CatalogueOverride, Settings } from './schema.ts'

/** The currency of budget, costs and the plan. */
export function reportingCurrency(settings: Settings): string {
  return settings.currency.reporting ?? settings.currency.file
}

/** Currencies that amounts may be in for a plan to reckon with them. */
export function currenciesWithRate({ currency }: Settings): readonly string[] {
  return [...new Set([currency.file, currency.reporting ?? currency.file])]
}

/** Units of the reporting currency for one unit of the file's. */
export function reportingRate(settings: Settings): number {
  return reportingCurrency(settings) === settings.currency.file ? 1 : (settings.currency.rate ?? NaN)
}

/** Settings of a plan, which know the actions that ship, or of the service, which know those of one's own too. */
export type CatalogueSettings = Settings & { readonly actions?: ActionSettings }

/**
 * The catalogue as the settings have it: what ships, then what is one's own. Ids and order of what ships never change;
 * an action that is switched off stays in its place and is masked.
 *
 * @example
 * actionsOf(parseSettings({ catalogue: { sms: { fixedCost: 0.07 } } }))[2].cost.fixedMinor // 7
 */
export function actionsOf(settings: CatalogueSettings): readonly Action[] {
  const minor = 10 ** minorDigits(reportingCurrency(settings))
  const shipped = shippedActions.map((action) =>
    withOverride(action, overrideOf(settings, action.key), minor),
  )
  const own = ownActions(settings).map((one, at) => ownAction(one, shipped.length + at, minor))
  return [...shipped, ...own]
}

/**
 * What people call the actions: as the admin named them.
 *
 * @returns the name of a key; of one that left the catalogue the key in words
 * @example
 * actionNames(settings)('send_gift') // 'A box of pralines'
 */
export function actionNames(settings: CatalogueSettings): (key: string) => string {
  const actions = actionsOf(settings)
  return (key) => nameOfAction(key, actions)
}

function withOverride(action: Action, changed: CatalogueOverride, minor: number): Action {
  const { cost } = action
  return {
    ...action,
    cost: {
      fixedMinor: changed.fixedCost === undefined ? cost.fixedMinor : Math.round(changed.fixedCost * minor),
      share: changed.share ?? cost.share,
      durationMonths: changed.durationMonths ?? cost.durationMonths,
    },
    capacity: changed.capacity === undefined ? action.capacity : changed.capacity,
    leadMonths: changed.leadMonths ?? action.leadMonths,
    ...(changed.eligibility === undefined ? {} : { eligibility: changed.eligibility }),
  }
}

function ownAction(own: OwnAction, id: number, minor: number): Action {
  const {
    key,
    name,
    channel,
    fixedCost,
    share,
    durationMonths,
    discount,
    capacity,
    leadMonths,
    eligibility,
  } = own
  return {
    id,
    key,
    name,
    channel,
    cost: { fixedMinor: Math.round(fixedCost * minor), share, durationMonths },
    discount,
    capacity,
    explorable: own.explore,
    leadMonths,
    ...(eligibility === undefined ? {} : { eligibility }),
  }
}

function ownActions(settings: CatalogueSettings): readonly OwnAction[] {
  return settings.actions?.own ?? []
}

/** What values are priced with. */
export function pricingOf(settings: CatalogueSettings, actions: readonly Action[]): Pricing {
  const payment = settings.actions?.payment
  return {
    margin: settings.margin.gross,
    actions,
    ...(payment === undefined ? {} : { involuntary: payment }),
  }
}

export function maskRules(settings: CatalogueSettings, actions: readonly Action[]): MaskRules {
  const { contact, discounts, margin, budget, catalogue } = settings
  const switchedOff = new Set([
    ...Object.keys(catalogue).filter((key) => catalogue[key]?.enabled === false),
    ...ownActions(settings).flatMap(({ key, enabled }) => (enabled ? [] : [key])),
  ])
  return {
    actions,
    enabled: actions.map(({ key }) => !switchedOff.has(key)),
    digits: minorDigits(reportingCurrency(settings)),
    budgetOff: budget === 0,
    requireConsent: contact.requireConsent,
    cooldownDays: contact.cooldownDays,
    contactsPerPeriod: contact.perPeriod,
    deepestDiscount: discounts.deepest,
    discountsPerYear: discounts.perYear,
    margin: margin.gross,
    marginFloor: margin.floor,
  }
}

export function planLimits(settings: CatalogueSettings, actions: readonly Action[]): Limits {
  const { budget, exploration } = settings
  const own = ownActions(settings).flatMap(({ key, explore }) => (explore ? [key] : []))
  const explored = new Set([...exploration.actions, ...own])
  const minor = 10 ** minorDigits(reportingCurrency(settings))
  const flags = (holds: (action: Action) => boolean) =>
    Uint8Array.from(actions, (action) => (holds(action) ? 1 : 0))
  return {
    // Rounded down: a budget is never over by a part of a cent either.
    budget: budget === null ? null : Math.floor(budget * minor + 1e-6),
    capacity: actions.map((action) => action.capacity),
    exploration: {
      share: exploration.share,
      floor: exploration.floor,
      explorable: flags(({ key }) => explored.has(key)),
      certain: flags((action) => !action.explorable),
      discount: flags((action) => action.discount > 0),
    },
  }
}

/**
 * The decision period that a date falls in, in UTC: '2026-11', '2026-W47' (ISO 8601 weeks) or '2026-Q4'.
 *
 * @example
 * periodOf('month', new Date('2026-11-20')) // '2026-11'
 */
export function periodOf(period: Settings['period'], date: Date): string {
  const year = date.getUTCFullYear()
  const month = date.getUTCMonth()
  if (period === 'month') return `${year}-${String(month + 1).padStart(2, '0')}`
  if (period === 'quarter') return `${year}-Q${Math.floor(month / 3) + 1}`
  // The week belongs to the year of its Thursday.
  const thursday = new Date(Date.UTC(year, month, date.getUTCDate() + 3 - ((date.getUTCDay() + 6) % 7)))
  const start = Date.UTC(thursday.getUTCFullYear(), 0, 1)
  const week = 1 + Math.floor((thursday.getTime() - start) / (7 * 86_400_000))
  return `${thursday.getUTCFullYear()}-W${String(week).padStart(2, '0')}`
}

/**
 * Days that have passed in the decision period of a date, itself included, in UTC.
 *
 * @example
 * daysIntoPeriod('month', new Date('2026-11-20')) // 20
 */
export function daysIntoPeriod(period: Settings['period'], date: Date): number {
  if (period === 'month') return date.getUTCDate()
  if (period === 'week') return ((date.getUTCDay() + 6) % 7) + 1
  const start = Date.UTC(date.getUTCFullYear(), Math.floor(date.getUTCMonth() / 3) * 3, 1)
  return Math.floor((date.getTime() - start) / 86_400_000) + 1
}

/** Midnight in UTC at which the decision period of a date begins. */
export function periodStart(period: Settings['period'], date: Date): Date {
  const today = Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate())
  return new Date(today - (daysIntoPeriod(period, date) - 1) * 86_400_000)
}

/**
 * Midnight in UTC at which it is over, which is when the next one begins.
 *
 * @example
 * periodEnd('month', new Date('2026-11-20')) // 2026-12-01T00:00:00Z
 */
export function periodEnd(period: Settings['period'], date: Date): Date {
  const start = periodStart(period, date)
  if (period === 'week') return new Date(start.getTime() + 7 * 86_400_000)
  const months = period === 'month' ? 1 : 3
  return new Date(Date.UTC(start.getUTCFullYear(), start.getUTCMonth() + months, 1))
}

function overrideOf(settings: Settings, key: string): CatalogueOverride {
  return settings.catalogue[key] ?? {}
}
