/**
 * How a feature's value is said as a fact, by canonical name: "Month-to-month contract", "Customer for 2
 * months". What is not listed here is said by its unit and kind (fallback-phrases.ts).
 */
import type { Feature } from '../../../src/contracts/features.ts'
import { counted, days, minutes, money, months, percent, plainNumber } from './numbers.ts'
import { speaker, within } from './spoken-values.ts'

export interface NumberPhrase {
  readonly kind: 'number'
  readonly fact: (value: number, amount: Amount) => string
  /** The middle customer's value, put in brackets behind the fact; absent where that says nothing. */
  readonly typical?: (median: number, amount: Amount) => string
  /** Said of a missing value; default: the label and "unknown". */
  readonly unknown?: string
}

export interface CategoryPhrase {
  readonly kind: 'category'
  readonly fact: (category: string) => string
  readonly unknown?: string
}

export type Phrase = NumberPhrase | CategoryPhrase

/** Writes an amount of money, with its currency where one is known. */
export type Amount = (value: number) => string

/**
 * @returns undefined for a column of the customer's own
 * @example
 * phraseOf(contract) // a month-to-month one is said as 'Month-to-month contract'
 */
export function phraseOf(feature: Feature): Phrase | undefined {
  const isInternet = feature.name === 'productTier' && feature.categories?.some((value) => fiber.test(value))
  const phrase = isInternet ? internet : phrases.get(feature.name)
  if (phrase?.kind !== 'category') return phrase
  const say = speaker(feature.categories ?? [])
  return { ...phrase, fact: (value: string) => phrase.fact(say(value)) }
}

const number = (
  fact: NumberPhrase['fact'],
  typical?: NumberPhrase['typical'],
  unknown?: string,
): NumberPhrase => ({
  kind: 'number',
  fact,
  ...(typical === undefined ? {} : { typical }),
  ...(unknown === undefined ? {} : { unknown }),
})

const category = (
  known: Readonly<Record<string, string>>,
  other: (value: string) => string,
  unknown?: string,
): CategoryPhrase => ({
  kind: 'category',
  fact: (value) => (Object.hasOwn(known, value) ? known[value] : other(value)),
  ...(unknown === undefined ? {} : { unknown }),
})

/** A count of things, with what is said of none. */
const counts = (noun: string, none: string): NumberPhrase =>
  number((n) => (n === 0 ? none : counted(n, noun)), plainNumber)

/** A service that a customer has or has not; other values ("No internet service") speak for themselves. */
const service = (name: string): CategoryPhrase =>
  category({ Yes: `Has ${name}`, No: `No ${name}` }, (value) => value)

const change = (what: string): NumberPhrase['fact'] => {
  return (share) => {
    if (Math.abs(share) < 0.005) return `${what} unchanged`
    if (share <= -0.995) return `${what} fell to nothing`
    if (share >= 2) return `${what} rose to ${plainNumber(share + 1)} times of before`
    return share < 0 ? `${what} fell ${percent(-share)}` : `${what} rose ${percent(share)}`
  }
}

/** A date ahead or behind, in months: days while it is near. */
const ahead = (what: string, today: string): NumberPhrase['fact'] => {
  return (value) => {
    const distance = days(Math.abs(value) * 30.4375)
    if (Math.abs(value) * 30.4375 < 0.5) return today
    return value < 0 ? `${what} was ${distance} ago` : `${what} in ${distance}`
  }
}

/** Telecoms sell internet by the line; their "No" is no line at all. */
const internet = category({ DSL: 'DSL internet', No: 'No internet service' }, (value) =>
  fiber.test(value)
    ? 'Fiber-optic internet'
    : /^(?:adsl|vdsl|cable)$/i.test(value)
      ? `${value} internet`
      : `Internet is ${value}`,
)
const fiber = /^fib(?:er|re)[ -]?optics?$/i

/** Terms are written in words or in months. */
function contractOf(value: string): string {
  const term = Number(value)
  if (!Number.isInteger(term) || term < 1) return `Contract is ${value}`
  if (term === 1) return 'Month-to-month contract'
  const names = new Map([
    [12, 'One-year'],
    [24, 'Two-year'],
    [36, 'Three-year'],
  ])
  return `${names.get(term) ?? `${term}-month`} contract`
}

const phrases: ReadonlyMap<string, Phrase> = new Map<string, Phrase>([
  // The relationship and its terms.
  [
    'tenureMonths',
    number((v) => `Customer for ${months(Math.max(v, 0))}`, undefined, 'Time as a customer unknown'),
  ],
  [
    'contract',
    category(
      {
        'Month-to-month': 'Month-to-month contract',
        'One year': 'One-year contract',
        'Two year': 'Two-year contract',
      },
      contractOf,
    ),
  ],
  ['monthsToRenewal', number(ahead('Renewal', 'Renewal is today'), undefined, 'Renewal date unknown')],
  ['monthsToNotice', number(ahead('Notice date', 'Notice date is today'), undefined, 'Notice date unknown')],
  ['noticePeriodDays', number((v) => `Notice period of ${days(Math.max(v, 0))}`, days)],
  [
    'autoRenewal',
    category({ Yes: 'Renews by itself', No: 'Does not renew by itself' }, (v) => `Renewal is ${v}`),
  ],
  ['trial', category({ Yes: 'On a trial', No: 'Not on a trial' }, (value) => `Trial is ${value}`)],

  // Money.
  [
    'recurringAmount',
    number(
      (v, amount) => `Pays ${amount(v)} a month`,
      (m, amount) => amount(m),
      'Monthly amount unknown',
    ),
  ],
  [
    'recurringAmountChange',
    number(
      (share) => {
        if (Math.abs(share) < 0.0005) return 'Price unchanged'
        return share > 0
          ? `Pays ${percent(share)} more than before`
          : `Pays ${percent(-share)} less than before`
      },
      undefined,
      'Change of the price unknown',
    ),
  ],
  [
    'totalCharges',
    number(
      (v, amount) => `Paid ${amount(v)} so far`,
      (m, amount) => amount(m),
    ),
  ],
  [
    'paymentFailures',
    number(
      (n) => {
        if (n === 0) return 'No failed payment lately'
        return n === 1 ? 'A payment failed lately' : `Payments failed ${counted(n, 'time')} lately`
      },
      undefined,
      'Failed payments unknown',
    ),
  ],
  [
    'paymentDelayDays',
    number(
      (v) => (v < 0.5 ? 'Pays on time' : `Pays ${days(v)} late`),
      (m) => days(Math.max(m, 0)),
    ),
  ],
  ['balanceDue', number((v, amount) => (v > 0 ? `Owes ${amount(v)}` : 'Owes nothing'))],
  [
    'paymentMethod',
    category(
      {
        'Electronic check': 'Pays by electronic check',
        'Mailed check': 'Pays by mailed check',
        'Bank transfer (automatic)': 'Pays by automatic bank transfer',
        'Credit card (automatic)': 'Pays by credit card, automatically',
      },
      (value) => (/^other|^none/i.test(value) ? `Payment method is ${value}` : `Pays by ${within(value)}`),
    ),
  ],
  [
    'paperlessBilling',
    category({ Yes: 'Paperless billing', No: 'Bills on paper' }, (value) => `Billing is ${value}`),
  ],
  ['discountInForce', number((v) => (v > 0 ? `${percent(v)} discount in force` : 'No discount in force'))],
  [
    'annualRevenue',
    number(
      (v, amount) => `Own revenue of ${amount(v)} a year`,
      (m, amount) => amount(m),
    ),
  ],
  [
    'dealAmount',
    number(
      (v, amount) => `Deal of ${amount(v)}`,
      (m, amount) => amount(m),
    ),
  ],
  [
    'billingInterval',
    category(
      {
        Day: 'Billed daily',
        Week: 'Billed weekly',
        Month: 'Billed monthly',
        Quarter: 'Billed quarterly',
        'Half year': 'Billed twice a year',
        Year: 'Billed yearly',
        'Two years': 'Billed every two years',
      },
      (value) => `Billing interval is ${value}`,
    ),
  ],

  // Use and mood.
  [
    'usagePerDay',
    number(
      (v) => (v > 0 ? `Uses the product ${minutes(v)} a day` : 'Does not use the product'),
      minutes,
      'Use of the product unknown',
    ),
  ],
  ['usageTrend', number(change('Use'), undefined, 'Change of use unknown')],
  [
    'loginsPerMonth',
    number((n) => (n > 0 ? `${counted(n, 'login')} a month` : 'No login in the last month'), plainNumber),
  ],
  [
    'daysSinceLastActivity',
    number((v) => (v < 0.5 ? 'Active today' : `Last active ${days(v)} ago`), days, 'Last activity unknown'),
  ],
  ['supportTickets', counts('support ticket', 'No support ticket')],
  [
    'complained',
    category({ Yes: 'Complained lately', No: 'No complaint lately' }, (v) => `Complaint is ${v}`),
  ],
  [
    'sentiment',
    number(
      (v) => {
        const size = Math.abs(v) > 0.6 ? 'very ' : ''
        if (Math.abs(v) <= 0.2) return 'Last contact was neutral'
        return `Last contact was ${size}${v < 0 ? 'negative' : 'positive'}`
      },
      undefined,
      'Mood of the last contact unknown',
    ),
  ],
  [
    'engagement',
    number(
      (v) => `Engagement ${plainNumber(Math.round(v))} of 100`,
      (m) => plainNumber(Math.round(m)),
    ),
  ],
  [
    'activeMember',
    category({ Yes: 'Active member', No: 'Not an active member' }, (v) => `Active member is ${v}`),
  ],

  // The product.
  ['productTier', category({}, (value) => `Product is ${value}`)],
  ['seats', counts('seat', 'No seats')],
  ['seatUse', number((v) => `${percent(v)} of seats in use`, percent, 'Use of seats unknown')],
  ['productCount', counts('product', 'No products')],
  ['phoneService', service('phone service')],
  ['multipleLines', service('multiple lines')],
  ['onlineSecurity', service('online security')],
  ['onlineBackup', service('online backup')],
  ['deviceProtection', service('device protection')],
  ['techSupport', service('tech support')],
  ['streamingTV', service('streaming TV')],
  ['streamingMovies', service('streaming movies')],
  ['streamingMusic', service('streaming music')],
  ['unlimitedData', service('unlimited data')],

  // What was done, and who it is.
  ['interventions', counts('retention action', 'No retention action so far')],
  [
    'daysSinceContact',
    number(
      (v) => (v < 0.5 ? 'In touch today' : `Last in touch ${days(v)} ago`),
      days,
      'Last contact unknown',
    ),
  ],
  [
    'timesContacted',
    number((n) => (n === 0 ? 'Never contacted' : `Contacted ${counted(n, 'time')}`), plainNumber),
  ],
  ['responseRate', number((v) => `Answers ${percent(v)} of messages`, percent)],
  ['employees', counts('employee', 'No employees')],
  ['industry', category({}, (value) => `Industry is ${value}`)],
  ['country', category({}, (value) => `Country is ${value}`)],
  [
    'acquisitionChannel',
    category({}, (value) => `Came through ${value}`, 'How the customer came is unknown'),
  ],
  ['accountType', category({}, (value) => `Kind of account is ${value}`)],
  ['associatedContacts', counts('known contact', 'No known contact')],
  ['associatedDeals', counts('deal', 'No deal')],
  ['orders', counts('order', 'No order')],
  [
    'accountBalance',
    number(
      (v, amount) => `Account balance ${amount(v)}`,
      (m, amount) => amount(m),
    ),
  ],
])

/** Amounts with a currency in front: a sign directly, a code with a space. */
export function amountIn(currency: string | undefined): Amount {
  if (currency === undefined || currency === '') return money
  const front = /^[A-Za-z]{2,}$/.test(currency) ? `${currency} ` : currency
  return (value) => (value < 0 ? `-${front}${money(-value)}` : `${front}${money(value)}`)
}
