/**
 * Synthetic subscription customers as a CRM and billing export would show them: for examples, tests,
 * benchmarks and sandboxes. Names, addresses and companies are made up and say so.
 */
import {
  customerRandom,
  drawAgreement,
  TIERS,
  worldOf,
  type Agreement,
  type World,
  type WorldOptions,
} from './agreement.ts'
import { churnWithinWindow, clamp, drawTruth, poisson, type Truth } from './truth.ts'
import type { Random } from '../../models/random.ts'

export interface WorldColumn {
  readonly name: string
  readonly type: 'text' | 'number' | 'integer'
  readonly decimals?: number
}

export interface WorldBatch {
  /** Index of the first customer. */
  readonly offset: number
  readonly rows: number
  /** In the order of {@link worldColumns} (or of those asked for); texts with null, numbers with NaN for missing. */
  readonly columns: readonly (Float64Array | (string | null)[])[]
}

type Value = string | number | null

/** Everything that is known of one customer while its row is made. */
export interface Sight {
  readonly index: number
  readonly agreement: Agreement
  readonly truth: Truth
  readonly noise: Random
  /** No usage data reaches the CRM for this customer. */
  readonly unmeasured: boolean
  readonly neverContacted: boolean
  readonly churned: () => boolean
}

interface ColumnMaker extends WorldColumn {
  readonly of: (sight: Sight) => Value
}

const text = (name: string, of: ColumnMaker['of']): ColumnMaker => ({ name, type: 'text', of })
const integer = (name: string, of: ColumnMaker['of']): ColumnMaker => ({ name, type: 'integer', of })
const number = (name: string, decimals: number, of: ColumnMaker['of']): ColumnMaker => ({
  name,
  type: 'number',
  decimals,
  of,
})

const makers: readonly ColumnMaker[] = [
  text('customer_id', ({ index }) => `C-${String(index + 1).padStart(6, '0')}`),
  text('company', ({ noise }) => `Sample ${pick(noise, NAMES)} ${pick(noise, TRADES)}`),
  text('email', ({ index, noise }) => `c${index + 1}@example.${noise.next() < 0.6 ? 'com' : 'org'}`),
  text('industry', ({ noise }) => (noise.next() < 0.03 ? null : pick(noise, INDUSTRIES))),
  integer('age', ({ noise }) =>
    noise.next() < 0.06 ? null : Math.round(clamp(43 + 12 * noise.normal(), 19, 78)),
  ),
  text('gender', ({ noise }) => (noise.next() < 0.05 ? null : noise.next() < 0.5 ? 'Female' : 'Male')),
  text('plan', ({ agreement }) => TIERS[agreement.tier]),
  integer('seats', ({ agreement }) => agreement.seats),
  text('contract', ({ agreement }) => agreement.contract),
  text('agreement_start', ({ agreement }) => isoDate(agreement.start)),
  text('renewal_date', ({ agreement }) => (agreement.renewal === null ? null : isoDate(agreement.renewal))),
  integer('notice_days', ({ agreement }) => agreement.noticeDays),
  text('auto_renewal', ({ agreement }) => (agreement.renewal === null ? null : yesNo(agreement.autoRenewal))),
  integer('tenure_months', ({ agreement }) => agreement.tenureMonths),
  text('currency', () => 'EUR'),
  number('monthly_charges', 2, ({ agreement }) => agreement.monthlyCharges),
  number('monthly_charges_change', 2, ({ agreement }) => agreement.chargesChange),
  number('avg_daily_usage_min', 1, ({ truth, noise, unmeasured }) => {
    const minutes = 130 * truth.engagement ** 1.4 * Math.exp(0.35 * noise.normal())
    return unmeasured ? null : minutes
  }),
  number('usage_trend', 2, ({ truth, noise, unmeasured }) => {
    const trend = 0.02 + 0.1 * noise.normal() - 0.06 * truth.discontent - (truth.shock ? 0.35 : 0)
    return unmeasured ? null : clamp(trend, -0.95, 1.5)
  }),
  integer('days_since_last_activity', ({ truth, noise, unmeasured }) => {
    const typical = 1 + 22 * (1 - truth.engagement) ** 2 + (truth.shock ? 9 : 0)
    const days = Math.floor(-typical * Math.log(1 - noise.next()))
    return unmeasured ? null : Math.min(180, days)
  }),
  integer('support_tickets', ({ truth, noise }) =>
    poisson(noise, 0.4 + 0.5 * Math.max(0, truth.discontent) + (truth.shock ? 1.8 : 0)),
  ),
  integer('payment_fails_last_3m', ({ truth }) => truth.paymentFailures),
  number('last_interaction_sentiment', 2, ({ truth, noise }) => {
    const sentiment = Math.tanh(0.3 - 0.4 * truth.discontent - (truth.shock ? 0.7 : 0) + 0.3 * noise.normal())
    return noise.next() < 0.25 ? null : sentiment
  }),
  integer('contacts_last_90_days', ({ truth }) => truth.contacts),
  integer('days_since_last_contact', ({ truth, noise, neverContacted }) => {
    const recent = noise.next()
    if (truth.contacts > 0) return 2 + Math.floor(recent * 88)
    return neverContacted ? null : 91 + Math.floor(-90 * Math.log(1 - recent))
  }),
  number('response_rate', 2, ({ truth, noise, neverContacted }) => {
    const rate = clamp(0.08 + 0.5 * truth.engagement + 0.12 * noise.normal(), 0, 1)
    return neverContacted ? null : rate
  }),
  integer('engagement_score', ({ truth, noise }) =>
    clamp(100 * truth.engagement + 4 * noise.normal(), 0, 100),
  ),
  text('email_consent', ({ noise }) => consent(noise, 0.78)),
  text('sms_consent', ({ noise }) => consent(noise, 0.34)),
]

const outcome = text('churned', ({ churned }) => yesNo(churned()))

/** The columns of a world, in their order; the outcome is not among them. */
export const worldColumns: readonly WorldColumn[] = makers.map(columnOf)

/** The column that tells who left within the window, for training examples. */
export const outcomeColumn: WorldColumn = columnOf(outcome)

/**
 * What a CRM sees of one customer, by the names of {@link worldColumns}; null where it sees nothing. The same as the
 * customer's row of {@link worldCustomers} where the sight is that of {@link sightOf}.
 */
export function seenOf(sight: Omit<Sight, 'churned'>): Readonly<Record<string, string | number | null>> {
  const whole: Sight = { ...sight, churned: () => false }
  return Object.fromEntries(makers.map((maker) => [maker.name, asWritten(maker, maker.of(whole))]))
}

/** A customer of a world as its CRM sees it on the day of the world. */
export function sightOf(world: World, index: number): Sight {
  const rng = customerRandom(world, index)
  const agreement = drawAgreement(world, rng)
  const truth = drawTruth(world, agreement, rng.fork('truth'))
  const noise = rng.fork('sight')
  return {
    index,
    agreement,
    truth,
    noise,
    unmeasured: noise.next() < 0.04,
    neverContacted: truth.contacts === 0 && noise.next() < 0.4,
    churned: () => rng.fork('outcome').next() < churnWithinWindow(world, agreement, truth),
  }
}

export interface CustomersOptions extends WorldOptions {
  /** Add the column `churned`. */
  readonly outcome?: boolean
  /** Only these columns of {@link worldColumns}; all where it is not stated. */
  readonly columns?: readonly string[]
  /** Customers in a batch; default 8,192. */
  readonly batchRows?: number
}

/** The columns that `worldCustomers` yields under these options. */
export function columnsOf(options: Pick<CustomersOptions, 'columns' | 'outcome'>): readonly WorldColumn[] {
  return makersOf(options).map(columnOf)
}

/**
 * @example
 * for (const { rows, columns } of worldCustomers({ seed: 1, rows: 1_000_000 })) …
 */
export function* worldCustomers(options: CustomersOptions): Generator<WorldBatch> {
  const world = worldOf(options)
  const start = options.start ?? 0
  const chosen = new Set(makersOf(options))
  // Every column is drawn, also those not asked for, so that leaving one out changes no other.
  const all = [...makers, outcome].filter((maker) => maker !== outcome || options.outcome === true)
  for (let offset = start; offset < start + options.rows; offset += options.batchRows ?? 8192) {
    const rows = Math.min(options.batchRows ?? 8192, start + options.rows - offset)
    const columns = all.map(({ type }) => (type === 'text' ? filledWithNull(rows) : new Float64Array(rows)))
    for (let row = 0; row < rows; row++) {
      const sight = sightOf(world, offset + row)
      for (let i = 0; i < all.length; i++) {
        const value = all[i].of(sight)
        if (all[i].type === 'text') (columns[i] as (string | null)[])[row] = value as string | null
        else (columns[i] as Float64Array)[row] = rounded(value as number | null, all[i].decimals ?? 0)
      }
    }
    yield { offset, rows, columns: columns.filter((_, i) => chosen.has(all[i])) }
  }
}

const NAMES =
  'Alder Aspen Birch Cedar Clover Copper Coral Dune Elm Ember Fern Finch Garnet Hazel Heron Iris Juniper Lark Linden Maple Meadow Opal Otter Pine Quartz Robin Rowan Sable Sage Slate Sorrel Teal Thistle Willow Wren Yarrow'.split(
    ' ',
  )
const TRADES =
  'Bakery Books Clinic Dental Design Energy Farms Foods Freight Games Homes Hotels Labs Legal Media Motors Optics Paper Power Press School Studio Tools Travel'.split(
    ' ',
  )
const INDUSTRIES = [
  'Software',
  'Retail',
  'Healthcare',
  'Education',
  'Logistics',
  'Finance',
  'Hospitality',
  'Industry',
]

function makersOf({
  columns,
  outcome: withOutcome,
}: Pick<CustomersOptions, 'columns' | 'outcome'>): ColumnMaker[] {
  const chosen = columns === undefined ? makers : makers.filter(({ name }) => columns.includes(name))
  return withOutcome === true ? [...chosen, outcome] : [...chosen]
}

function columnOf({ name, type, decimals }: WorldColumn): WorldColumn {
  return decimals === undefined ? { name, type } : { name, type, decimals }
}

function filledWithNull(rows: number): (string | null)[] {
  return Array.from({ length: rows }, () => null)
}

function asWritten({ decimals }: ColumnMaker, value: Value): Value {
  return typeof value === 'number' ? rounded(value, decimals ?? 0) : value
}

/** As it will stand in the file, so that a batch and a file of it say the same. */
function rounded(value: number | null, decimals: number): number {
  if (value === null) return NaN
  const scale = 10 ** decimals
  return Math.round(value * scale) / scale + 0
}

function pick<T>(rng: Random, list: readonly T[]): T {
  return list[rng.integer(list.length)]
}

function consent(rng: Random, share: number): string | null {
  const unknown = rng.next() < 0.04
  const given = rng.next() < share
  return unknown ? null : yesNo(given)
}

function yesNo(value: boolean): string {
  return value ? 'Yes' : 'No'
}

const isoDates = new Map<number, string>()

function isoDate(days: number): string {
  let iso = isoDates.get(days)
  if (iso === undefined) isoDates.set(days, (iso = new Date(days * 86_400_000).toISOString().slice(0, 10)))
  return iso
}
