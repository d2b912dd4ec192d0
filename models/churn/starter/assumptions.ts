/**
 * What the subscription starter believes before it has seen any customer leave: the effect of each feature on
 * the log-odds of leaving, how sure it is, and where that comes from. Directions have sources where one could
 * be named; nearly all sizes are assumptions and say so. Change a number here, and the version with it.
 */

/** Raised with every change of a belief, a range or an assumed distribution. */
export const ASSUMPTIONS_VERSION = 1

export interface Evidence {
  /** `source`: published or computed from named data; `assumption`: nobody measured it. */
  readonly kind: 'source' | 'assumption'
  readonly text: string
}

export interface Assumption {
  /** Canonical name of the feature. */
  readonly feature: string
  /** For a category: the one that the effect belongs to. */
  readonly category?: string
  /** Expected change of the log-odds for one unit of `scale`, and the standard deviation of that belief. */
  readonly mean: number
  readonly sd: number
  /** `natural`: per unit of the feature (a month, a ticket); `standardised`: per standard deviation of the customers. */
  readonly scale: 'natural' | 'standardised'
  /** Values beyond count as the nearer end; absent: the 5 % and 95 % quantiles of the customers. */
  readonly range?: readonly [min: number, max: number]
  /** +1 or -1: outcomes may not turn the direction round. */
  readonly monotone?: -1 | 1
  readonly direction: Evidence
  readonly size: Evidence
}

const source = (text: string): Evidence => ({ kind: 'source', text })
const assumption = (text: string): Evidence => ({ kind: 'assumption', text })

const telco = 'IBM Telco Customer Churn (7,043 customers, 1,869 of whom left, events over months of exposure)'
const contractDirection = source(
  `${telco}: 2.37 % leave a month from month-to-month contracts, .27 % from one-year and .05 % from two-year ones.`,
)
const contractSize = assumption(
  'About half of the log-odds in those data (-1.9 and -3.4 with tenure held equal), because customers who choose long terms differ in more than their term.',
)

export const assumptions: readonly Assumption[] = [
  {
    feature: 'tenureMonths',
    mean: -0.04,
    sd: 0.02,
    scale: 'natural',
    range: [0, 24],
    direction: source(
      'Dawes 2009, Journal of Service Research 11(3): tenure has a favourable direct effect on retention.',
    ),
    size: source(
      `${telco}: of month-to-month customers 4.27 % leave a month in months 1-6 and 1.45-1.85 % afterwards, a fall of about 1 in log-odds, here spread evenly over two years.`,
    ),
  },
  {
    feature: 'recurringAmount',
    mean: 0,
    sd: 0.2,
    scale: 'standardised',
    direction: source(`${telco}: no effect once contract and tenure are held equal (-.001 a dollar).`),
    size: assumption('None until outcomes say otherwise.'),
  },
  {
    feature: 'recurringAmountChange',
    mean: 1.5,
    sd: 1,
    scale: 'natural',
    range: [-0.3, 0.5],
    direction: source(
      'Dawes 2009, Journal of Service Research 11(3): actual price increases lower retention.',
    ),
    size: assumption('A rise of 10 % raises the odds by about 16 %.'),
  },
  {
    feature: 'usagePerDay',
    mean: -0.2,
    sd: 0.25,
    scale: 'standardised',
    direction: assumption(
      'Who uses more stays longer. Not everywhere: Ahn, Han & Lee 2006, Telecommunications Policy 30, find heavy mobile users more likely to leave; hence a small effect, widely uncertain.',
    ),
    size: assumption('A standard deviation more lowers the odds by about a fifth.'),
  },
  {
    feature: 'usageTrend',
    mean: -1.5,
    sd: 0.6,
    scale: 'natural',
    range: [-0.8, 0.5],
    monotone: -1,
    direction: source(
      'Ascarza & Hardie 2013, Marketing Science 32(4): usage and renewal follow one underlying state, so falling usage announces leaving.',
    ),
    size: assumption('Half the use of the month before doubles the odds.'),
  },
  {
    feature: 'daysSinceLastActivity',
    mean: 0.015,
    sd: 0.008,
    scale: 'natural',
    range: [0, 60],
    monotone: 1,
    direction: source(
      'Ahn, Han & Lee 2006, Telecommunications Policy 30: a change from use to non-use comes between the causes and leaving.',
    ),
    size: assumption('A month without any activity raises the odds by about 57 %.'),
  },
  {
    feature: 'supportTickets',
    mean: 0.15,
    sd: 0.1,
    scale: 'natural',
    range: [0, 6],
    direction: source(
      'Knox & van Oest 2014, Journal of Marketing 78(5): complaints go with a substantial rise in the probability to stop buying. A ticket need not be a complaint.',
    ),
    size: assumption('Each ticket raises the odds by about 16 %.'),
  },
  {
    feature: 'paymentFailures',
    mean: 0.6,
    sd: 0.3,
    scale: 'natural',
    range: [0, 3],
    monotone: 1,
    direction: source(
      'Recurly, churn report 2025 (as cited by others): of 3.5 % monthly churn in business software .8 points are involuntary, that is, payments that failed.',
    ),
    size: assumption(
      'If a quarter of all churn comes from the 15 % of customers with a failed payment in three months, their risk is about three times that of the others; half of that in log-odds for each failure.',
    ),
  },
  {
    feature: 'sentiment',
    mean: -0.4,
    sd: 0.25,
    scale: 'natural',
    range: [-1, 1],
    direction: assumption('Who writes angrily leaves more often.'),
    size: assumption('From neutral to very negative raises the odds by about half.'),
  },
  {
    feature: 'contract',
    category: 'Month-to-month',
    mean: 0,
    sd: 0.3,
    scale: 'natural',
    range: [0, 1],
    direction: contractDirection,
    size: assumption('The others are told against it.'),
  },
  {
    feature: 'contract',
    category: 'One year',
    mean: -1.1,
    sd: 0.5,
    scale: 'natural',
    range: [0, 1],
    direction: contractDirection,
    size: contractSize,
  },
  {
    feature: 'contract',
    category: 'Two year',
    mean: -1.6,
    sd: 0.7,
    scale: 'natural',
    range: [0, 1],
    direction: contractDirection,
    size: contractSize,
  },
  {
    feature: 'monthsToRenewal',
    mean: -0.3,
    sd: 0.15,
    scale: 'natural',
    range: [0, 6],
    direction: assumption('Term contracts end at renewal, seldom between: what is decided, is decided then.'),
    size: assumption(
      'At renewal six times the odds of half a year before it. Customers without a term have no renewal and count as average.',
    ),
  },
]
