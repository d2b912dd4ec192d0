/**
 * Every number that the simulator rests on, with where it comes from. Whoever changes one raises `version`:
 * the version is part of the policy bundle's card.
 *
 * Time is in months and money in months of the customer's own recurring amount, so that nothing depends on a
 * currency or on the size of a contract.
 */
import type { ActionCost } from '../../../src/contracts/actions.ts'

export type Contract = 'month_to_month' | 'year' | 'two_year'

/** A value with its source; "assumption" where nobody has measured it. */
interface Sourced {
  readonly source: string
}

/** What an action is believed to do, and what it costs, in the order of the catalogue's ids. */
export interface ActionAssumption extends Sourced {
  readonly key: string
  /** Prior of the relative reduction of the monthly hazard while the action is in force; negative effects are possible. */
  readonly effectMean: number
  readonly effectSd: number
  /** Share of the monthly recurring amount that it costs in each month in force. */
  readonly share: number
  /** Mean number of months in force: cost and effect run for the same months. */
  readonly durationMonths: number
  /** Paid once, in months of the recurring amount. */
  readonly fixedMonths: number
  /** Whether it is a discount, which customers get used to. */
  readonly discount: boolean
  /** Whole months that it must have been in force to bear on the decision at a notice date: 0 or 1. */
  readonly noticeLag: number
}

export interface Assumptions {
  readonly version: string
  readonly economics: Sourced & { readonly gamma: number; readonly margin: number }
  readonly hazard: Sourced & {
    /** Mean monthly hazard by tenure 0-6, 7-24, 25+ months. */
    readonly monthToMonth: readonly [number, number, number]
    readonly year: number
    readonly twoYear: number
  }
  readonly renewal: Sourced & {
    /** Share of a term contract's hazard that falls in the month of the notice date. */
    readonly atNotice: number
  }
  readonly tenure: Sourced & { readonly monthsInBand: readonly [number, number] }
  readonly engagement: Sourced & {
    /** Odds multiplier of low, middle, high. */
    readonly odds: readonly [number, number, number]
    /** Chance a month to move to a neighbouring level. */
    readonly move: number
  }
  readonly shock: Sourced & { readonly odds: number; readonly onset: number; readonly end: number }
  readonly risk: Sourced & {
    /** Lasting differences between customers that contract, tenure and engagement do not explain. */
    readonly odds: readonly [number, number, number]
    readonly shares: readonly [number, number, number]
  }
  readonly fatigue: Sourced & {
    /** Log-odds a level. */
    readonly perLevel: number
    /** Chance a month without contact that a level fades. */
    readonly fade: number
    /** A contact tires only within so many months after the one before. */
    readonly restedAfterMonths: number
  }
  readonly sleepingDogs: Sourced & {
    /** Odds multiplier in the month of a contact. */
    readonly odds: number
    /** Share of an action's effect that they feel. */
    readonly effect: number
  }
  readonly habit: Sourced & {
    /** What the first, second and later discounts are worth. */
    readonly worth: readonly [number, number, number]
    /** Chance a month without a discount that a level fades. */
    readonly fade: number
  }
  readonly ledger: Sourced & { readonly windowMonths: number }
  readonly book: Sourced & {
    /** Month-to-month, one year, two years. */
    readonly contracts: readonly [number, number, number]
    /** Tenure 0-6, 7-24, 25+ by contract. */
    readonly tenure: readonly [
      readonly [number, number, number],
      readonly [number, number, number],
      readonly [number, number, number],
    ]
    /** Months of unguided contacts before the policy starts, and the chance of each action in one of them. */
    readonly pastMonths: number
    readonly pastContacts: readonly number[]
  }
  readonly observation: Sourced & {
    /** Chance that the churn model's data show a shock in the month it happens. */
    readonly shockSeen: number
    /** Noise of the score on the log-odds of the monthly hazard. */
    readonly scoreNoise: number
    readonly engagementScore: readonly [number, number, number]
    readonly engagementNoise: number
    /** Mean response rate by engagement. */
    readonly response: readonly [number, number, number]
    readonly responsePerFatigue: number
    readonly responseNoise: number
    /** Chance that a customer has answered so little that there is no response rate, without recent contacts. */
    readonly responseUnknown: number
    /** Chance that a single field is blank in a book that has the field. */
    readonly blank: number
  }
  readonly actions: readonly ActionAssumption[]
}

const telco = 'measured: churn events over months of exposure, IBM Telco (7,043 customers)'

/** The shipped world, `prior-averaged`: effects at the mean of their priors. */
export const defaultAssumptions: Assumptions = {
  version: '2026-11-1',
  economics: { gamma: 0.99, margin: 0.6, source: 'assumption: 12 % a year discount, 60 % gross margin' },
  hazard: {
    monthToMonth: [0.0427, 0.0166, 0.0175],
    year: 0.0027,
    twoYear: 0.0005,
    source: `${telco}; term contracts averaged over tenure, their events are too few to split`,
  },
  renewal: {
    atNotice: 0.9,
    source: 'assumption: a tenth of the hazard of a term contract falls within the term',
  },
  tenure: { monthsInBand: [6, 18], source: 'the bands of the measured hazards' },
  engagement: {
    odds: [1.5, 1, 0.67],
    move: 1 / 12,
    source: 'assumption: odds x1.5 and x.67; a level is left after six to twelve months',
  },
  shock: {
    odds: 8,
    onset: 0.015,
    end: 1 / 3,
    source:
      'assumption: an outage, a bad bill or a lost champion multiplies the odds by 8 for three months, once in five years',
  },
  risk: {
    odds: [0.5, 1, 2],
    shares: [0.25, 0.5, 0.25],
    source:
      'assumption: sd .5 of the log-odds; measured on IBM Telco: out-of-fold scores have sd .87 within contract and tenure, an upper bound that engagement, shocks and products share',
  },
  fatigue: {
    perLevel: 0.25,
    fade: 1 / 3,
    restedAfterMonths: 3,
    source:
      'assumption: odds x e^.25 a level; only a contact within three months of the last tires; a level fades in three months',
  },
  sleepingDogs: {
    odds: 1.5,
    effect: 0.3,
    source:
      'assumption after Ascarza, Iyengar & Schleicher (2016): contact raised churn from 6 to 10 %; here long tenure, low engagement, no shock',
  },
  habit: {
    worth: [1, 0.6, 0.3],
    fade: 1 / 24,
    source: 'assumption: a second discount is worth .6 of the first, later ones .3; forgotten in two years',
  },
  ledger: { windowMonths: 12, source: 'definition: earlier interventions are those of the last 12 months' },
  book: {
    contracts: [0.55, 0.21, 0.24],
    tenure: [
      [0.36, 0.34, 0.3],
      [0.03, 0.19, 0.78],
      [0.02, 0.07, 0.91],
    ],
    pastMonths: 12,
    pastContacts: [0.92, 0.05, 0.02, 0.006, 0.003, 0.001],
    source:
      'measured: contracts and tenure of IBM Telco; assumption: one unguided contact a customer and year before, mostly e-mail',
  },
  observation: {
    shockSeen: 0.95,
    scoreNoise: 0.15,
    engagementScore: [25, 50, 75],
    engagementNoise: 6,
    response: [0.15, 0.3, 0.45],
    responsePerFatigue: 0.05,
    responseNoise: 0.12,
    responseUnknown: 0.5,
    blank: 0.01,
    source:
      'assumption: tickets and usage show most shocks before the next score; a calibrated score is the mean hazard of those who look alike, so only its month-to-month jitter is noise',
  },
  actions: [
    action('no_action', 0, 0, 0, false, 0, 'definition'),
    action('email', 0.03, 0.03, 0.01, false, 1, 'assumption'),
    action('sms', 0.04, 0.04, 0.02, false, 1, 'assumption'),
    action('discount_10', 0.08, 0.05, 0.1, true, 1, 'assumption'),
    action('discount_20', 0.12, 0.06, 0.2, true, 1, 'assumption'),
    action(
      'call_discount_30',
      0.11,
      0.08,
      0.35,
      true,
      1,
      'measured: Godinho de Matos, Ferreira & Belo, Marketing Science 2018: churn down 11 %; sd is an assumption',
    ),
  ],
}

/** What is believed of an action that the shipped world does not have. */
export type OwnAssumption = Sourced &
  Pick<ActionAssumption, 'key' | 'effectMean' | 'effectSd' | 'share' | 'durationMonths' | 'discount'>

/**
 * The same world with other priors of its actions, by key, and with actions of one's own after them. Fixed costs are
 * added when values are priced, so they are no part of a world.
 *
 * @param version what the result is called, since its numbers are others
 * @example
 * withCatalogue(defaultAssumptions, { version: '2026-11-1+own', effects: { email: { mean: 0.05, sd: 0.02, source } }, own: [] })
 */
export function withCatalogue(
  assumptions: Assumptions,
  {
    version,
    effects,
    own,
  }: {
    readonly version: string
    readonly effects: Readonly<Record<string, Sourced & { readonly mean: number; readonly sd: number }>>
    readonly own: readonly OwnAssumption[]
  },
): Assumptions {
  const changed = assumptions.actions.map((each): ActionAssumption => {
    const prior = Object.hasOwn(effects, each.key) ? effects[each.key] : undefined
    if (prior === undefined) return each
    return { ...each, effectMean: prior.mean, effectSd: prior.sd, source: prior.source }
  })
  const added = own.map(
    ({ key, effectMean, effectSd, share, durationMonths, discount, source }): ActionAssumption => ({
      key,
      effectMean,
      effectSd,
      share,
      durationMonths,
      fixedMonths: 0,
      discount,
      noticeLag: 1,
      source,
    }),
  )
  return { ...assumptions, version, actions: [...changed, ...added] }
}

/** The same world with other effects, one an action: for sensitivity, sampling from the priors, what-if. */
export function withEffects(assumptions: Assumptions, effects: readonly number[]): Assumptions {
  return {
    ...assumptions,
    actions: assumptions.actions.map((each, id) => ({ ...each, effectMean: effects[id] })),
  }
}

/**
 * The same world at an admin's costs and durations.
 *
 * @param recurringMonthly a typical monthly amount in major units: fixed costs are spread over it
 * @example
 * withCosts(defaultAssumptions, catalogue.map((action) => action.cost), 65)
 */
export function withCosts(
  assumptions: Assumptions,
  costs: readonly ActionCost[],
  recurringMonthly: number,
): Assumptions {
  return {
    ...assumptions,
    actions: assumptions.actions.map((each, id) => ({
      ...each,
      share: costs[id].share,
      durationMonths: Math.max(1, costs[id].durationMonths),
      fixedMonths: costs[id].fixedMinor / 100 / recurringMonthly,
    })),
  }
}

function action(
  key: string,
  effectMean: number,
  effectSd: number,
  share: number,
  discount: boolean,
  noticeLag: number,
  source: string,
): ActionAssumption {
  return { key, effectMean, effectSd, share, durationMonths: 12, fixedMonths: 0, discount, noticeLag, source }
}
