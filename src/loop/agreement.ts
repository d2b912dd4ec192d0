/** What a customer pays for, read from its own properties by the mapping: for sources without deals, Opportunities or contracts. */
import type { Agreement, Properties } from '../../connectors/connector.ts'
import { asOfDay } from '../../models/features/as-of.ts'
import { codeOf, meaningOf } from '../../models/features/categories.ts'
import { columnFor } from '../../models/features/columns.ts'
import { canonical, sourceUnits } from '../../models/features/dictionary.ts'
import { intervalMonths } from '../../models/features/dictionary/billing.ts'
import type { MappedColumn, Mapping } from '../../models/features/mapping-file.ts'
import { dateUnits } from '../../models/features/units.ts'
import { key } from '../../models/features/words.ts'
import { isCurrency, minorDigits } from '../contracts/money.ts'
import type { ColumnProfile, ColumnRequest, TableProfile } from '../contracts/table.ts'
import { recordReader } from './engine-records.ts'

export interface AgreementOptions {
  /** Days since 1970-01-01. */
  readonly today: number
  /** What amounts are in where no property says it: ISO 4217. */
  readonly currency: string
}

/** Id of an agreement that is read from the customer itself. */
export const FROM_PROPERTIES = 'properties'

/**
 * @returns for each record what it says of its agreement; null where it says nothing
 * @example
 * const read = agreementReader(profile, mapping, { today, currency: 'EUR' })
 * read([{ monthly_charges: '49.90', renewal_date: '2027-01-31' }])
 */
export function agreementReader(
  profile: TableProfile,
  mapping: Mapping,
  options: AgreementOptions,
): (rows: readonly Properties[]) => readonly (Agreement | null)[] {
  const columns = fedColumns(profile, mapping)
  const amounts = amountReader(columns, profile)
  const currencies = textReader(columns('currency'), profile)
  const asOf = asOfDay(profile, mapping, options.today)?.day ?? null
  const starts = dayReader(startColumn(profile) ?? columns('tenureMonths'), profile, asOf, -1)
  const renewals = dayReader(columns('monthsToRenewal'), profile, asOf, 1)
  const notices = dayReader(columns('monthsToNotice'), profile, asOf, 1)
  const periods = numberReader(columns('noticePeriodDays'), profile)
  const automatic = columns('autoRenewal')
  const automatics = textReader(automatic, profile)
  return (rows) => {
    const amount = amounts(rows)
    const currency = currencies?.(rows)
    const start = starts(rows)
    const renewal = renewals(rows)
    const notice = notices(rows)
    const period = periods(rows)
    const auto = automatics?.(rows)
    return rows.map((_, row) => {
      const code = currency === undefined ? options.currency : (currency[row]?.trim().toUpperCase() ?? '')
      const known = isCurrency(code) && amount !== null && Number.isFinite(amount.value[row])
      const noticeDay = Number.isNaN(notice[row]) ? renewal[row] - Math.round(period[row]) : notice[row]
      const agreement: Agreement = {
        externalId: FROM_PROPERTIES,
        amountMinor: known ? Math.round(amount.value[row] * minorUnits(code)) : null,
        currency: known ? code : null,
        periodMonths: known ? amount.months[row] : null,
        startDate: isoDay(start[row]),
        renewalDate: isoDay(renewal[row]),
        noticeDate: isoDay(noticeDay),
        autoRenewal: auto === undefined || auto[row] === null ? null : yesOrNo(automatic!.entry, auto[row]),
      }
      const says =
        known ||
        agreement.startDate !== null ||
        agreement.renewalDate !== null ||
        agreement.noticeDate !== null
      return says || agreement.autoRenewal !== null ? agreement : null
    })
  }
}

/** Asking takes a while, and a file has one currency or a few. */
const units = new Map<string, number>()

function minorUnits(currency: string): number {
  let known = units.get(currency)
  if (known === undefined) units.set(currency, (known = 10 ** minorDigits(currency)))
  return known
}

/**
 * An agreement's amount for a month, in whole minor units; null where amount, period or currency is unknown.
 *
 * @example
 * monthlyMinor({ amountMinor: 120_000, currency: 'EUR', periodMonths: 12 }) // 10000
 */
export function monthlyMinor({
  amountMinor,
  currency,
  periodMonths,
}: Pick<Agreement, 'amountMinor' | 'currency' | 'periodMonths'>): number | null {
  if (amountMinor === null || currency === null || periodMonths === null || periodMonths <= 0) return null
  return Math.round(amountMinor / periodMonths)
}

interface Fed {
  readonly entry: MappedColumn
  readonly column: ColumnProfile
}
type Read<T> = (rows: readonly Properties[]) => T

function fedColumns(profile: TableProfile, mapping: Mapping): (feature: string) => Fed | null {
  return (feature) => {
    const entry = columnFor(mapping, { name: feature })
    const column = profile.columns.find(({ header }) => header === entry?.column)
    return entry === undefined || column === undefined ? null : { entry, column }
  }
}

/** A column that says when the agreement began, even when another one tells how long the customer has been one. */
function startColumn(profile: TableProfile): Fed | null {
  const found = profile.columns.find(({ header, kind }) => kind === 'date' && STARTS.has(key(header)))
  if (found === undefined) return null
  return {
    column: found,
    entry: { column: found.header, use: 'context', confidence: 1, why: 'its name says so' },
  }
}

const STARTS: ReadonlySet<string> = new Set(
  ['agreement start', 'agreement start date', 'contract start', 'contract start date', 'subscription start']
    .concat(['subscription start date', 'policy start date', 'plan start date', 'vertragsbeginn'])
    .map(key),
)

/** Whole months that an amount is written for, by the unit of its column; others are brought to one month. */
const PERIODS: Readonly<Record<string, number>> = {
  'money per quarter': 3,
  'money per year': 12,
  'cents per year': 12,
}

function amountReader(
  columns: (feature: string) => Fed | null,
  profile: TableProfile,
): Read<{ value: Float64Array; months: (number | null)[] } | null> {
  const fed = columns('recurringAmount')
  if (fed === null || fed.column.kind !== 'number') return () => null
  const { column, entry } = fed
  const raw = recordReader(profile, [{ column: column.header, as: 'number' }])
  const units = sourceUnits(canonical('recurringAmount')!)
  const unit = entry.unit ?? Object.keys(units)[0]
  const { factor } = units[unit] ?? { factor: 1 }
  const interval = unit.endsWith(' per interval') ? columns('billingInterval') : null
  const lengths = interval === null ? null : intervalReader(interval, profile)
  const period = PERIODS[unit] ?? 1
  return (rows) => {
    const monthly = raw(rows).columns[0] as Float64Array
    const each = lengths?.(rows)
    const months = rows.map((_, row): number | null => {
      if (each === undefined) return period
      return Number.isInteger(each[row]) ? each[row] : 1
    })
    // Amounts for days and weeks become those of a month: their length is no whole number of months.
    const value = monthly.map((amount, row) => {
      if (each !== undefined)
        return Number.isInteger(each[row]) ? amount * factor : (amount * factor) / each[row]
      return amount * factor * period
    })
    return { value, months }
  }
}

function intervalReader({ entry, column }: Fed, profile: TableProfile): Read<number[]> {
  const categories = (canonical('billingInterval')?.categories ?? []).map(({ value }) => value)
  const code = codeOf({ name: 'billingInterval', label: '', kind: 'category', categories }, entry)
  const texts = recordReader(profile, [{ column: column.header, as: 'text' }])
  return (rows) =>
    (texts(rows).columns[0] as (string | null)[]).map((text) =>
      text === null ? NaN : (intervalMonths[code(text)] ?? NaN),
    )
}

function textReader(fed: Fed | null, profile: TableProfile): Read<(string | null)[]> | undefined {
  if (fed === null) return undefined
  const read = recordReader(profile, [{ column: fed.column.header, as: 'text' }])
  return (rows) => read(rows).columns[0] as (string | null)[]
}

function numberReader(fed: Fed | null, profile: TableProfile): Read<Float64Array> {
  if (fed === null || fed.column.kind !== 'number') return unknown
  const units = sourceUnits(canonical(fed.entry.feature!)!)
  const { factor, offset } = units[fed.entry.unit ?? Object.keys(units)[0]] ?? { factor: 1, offset: 0 }
  const read = recordReader(profile, [{ column: fed.column.header, as: 'number' }])
  return (rows) => (read(rows).columns[0] as Float64Array).map((value) => value * factor + offset)
}

/** Days since 1970-01-01. Days to or since a date are counted from the as-of day; months are too coarse for a date. */
function dayReader(
  fed: Fed | null,
  profile: TableProfile,
  asOf: number | null,
  sign: 1 | -1,
): Read<Float64Array> {
  if (fed === null) return unknown
  const { entry, column } = fed
  const one = (request: ColumnRequest): Read<Float64Array> => {
    const read = recordReader(profile, [request])
    return (rows) => read(rows).columns[0] as Float64Array
  }
  if (column.kind === 'date') return one({ column: column.header, as: 'date' })
  if (column.kind !== 'number') return unknown
  const numbers = one({ column: column.header, as: 'number' })
  const written = dateUnits[entry.unit ?? '']
  if (written !== undefined)
    return (rows) => numbers(rows).map((value) => Math.floor(value * written.factor + written.offset))
  if (entry.unit !== 'days' || asOf === null) return unknown
  return (rows) => numbers(rows).map((value) => asOf + sign * Math.round(value))
}

const unknown: Read<Float64Array> = (rows) => new Float64Array(rows.length).fill(NaN)

const FIRST_DAY = Date.parse('1000-01-01') / 86_400_000
const LAST_DAY = Date.parse('9999-12-31') / 86_400_000

function isoDay(day: number): string | null {
  return day >= FIRST_DAY && day <= LAST_DAY ? new Date(day * 86_400_000).toISOString().slice(0, 10) : null
}

function yesOrNo(entry: MappedColumn, value: string): boolean | null {
  const meaning = meaningOf(entry, value)
  return meaning === 'Yes' ? true : meaning === 'No' ? false : null
}
