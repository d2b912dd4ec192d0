/** What one column says of another: corrections that need the whole proposal. */
import type { TableProfile } from '../../src/contracts/table.ts'
import type { Candidate } from './candidates.ts'
import { flagOf } from './categories.ts'
import { canonical } from './dictionary.ts'
import type { MappedColumn } from './mapping-file.ts'
import { key } from './words.ts'

/**
 * Tenure without a unit, judged by what was paid: total over monthly charges is about the months of tenure.
 * It overrules the guess from the range, which takes a young book's months for years.
 *
 * @param fed the readings that were proposed; other columns were settled by a person and stay
 */
export function withTenureChecked(
  columns: MappedColumn[],
  profile: TableProfile,
  fed: ReadonlyMap<string, Candidate>,
): MappedColumn[] {
  const meanOf = (entry: MappedColumn | undefined): number =>
    profile.columns.find((column) => column.header === entry?.column)?.range?.mean ?? NaN
  const plain = (name: string): MappedColumn | undefined =>
    columns.find((column) => column.feature === name && column.unit === undefined && column.kind === 'number')
  const at = columns.findIndex(
    (column) => column.feature === 'tenureMonths' && fed.get(column.column)?.fit.guessed === true,
  )
  const tenure = meanOf(columns[at])
  const months = meanOf(plain('totalCharges')) / meanOf(plain('recurringAmount'))
  if (!(tenure > 0) || !(months > 0)) return columns
  const units = [
    ['months', 1],
    ['years', 12],
    ['days', 12 / 365.2425],
  ] as const
  const off = (perUnit: number): number => Math.abs(Math.log((tenure * perUnit) / months))
  const [unit, perUnit] = units.reduce((best, other) => (off(other[1]) < off(best[1]) ? other : best))
  if (off(perUnit) > Math.log(2.5)) return columns
  const { unit: _guess, ...entry } = columns[at]
  const why = `no unit, but total over monthly charges says ${unit}`
  columns[at] = { ...entry, ...(unit === 'months' ? {} : { unit }), confidence: 0.97, why }
  return columns
}

/**
 * Telecoms leave blank what a customer without a line cannot have: IBM's newer file has no internet type and no
 * online security where "Internet Service" is No. Such a blank is an answer. Believed only where the counts
 * agree: as many blanks as customers without the line.
 */
export function withBlanksExplained(
  columns: MappedColumn[],
  profile: TableProfile,
  fed: ReadonlyMap<string, Candidate>,
): MappedColumn[] {
  const lineOf = (name: string): { where: string; is: string; count: number } | undefined => {
    const column = profile.columns.find(
      ({ header, distinct }) => distinct === 2 && lineHeaders[name].includes(key(header)),
    )
    const no = column?.values.find(({ value }) => flagOf(value) === 'No')
    return column && no && { where: column.header, is: no.value, count: no.count }
  }
  const lines = { internet: lineOf('internet'), phone: lineOf('phone') }
  return columns.map((entry) => {
    const column = profile.columns.find(({ header }) => header === entry.column)
    const absent = canonical(entry.feature ?? '')?.absent
    const line = absent && lines[absent.line]
    if (!column || !absent || !line || !fed.has(entry.column) || line.where === entry.column) return entry
    if (column.missing === 0 || column.missing !== line.count) return entry
    return { ...entry, blanks: { mean: absent.mean, where: line.where, is: line.is } }
  })
}

const lineHeaders: Readonly<Record<string, readonly string[]>> = {
  internet: ['internetservice', 'internet', 'hasinternet', 'hasinternetservice'],
  phone: ['phoneservice', 'hasphoneservice', 'homephoneservice'],
}

/** In a billing export "Amount" beside "Interval" is what one interval costs. */
export function withIntervalAmount(
  columns: MappedColumn[],
  fed: ReadonlyMap<string, Candidate>,
): MappedColumn[] {
  const at = columns.findIndex((column) => column.feature === 'dealAmount' && fed.has(column.column))
  const interval = columns.find((column) => column.feature === 'billingInterval')
  if (at < 0 || !interval || columns.some((column) => column.feature === 'recurringAmount')) return columns
  const why = `an amount beside "${interval.column}", so for one interval`
  columns[at] = {
    ...columns[at],
    feature: 'recurringAmount',
    unit: 'money per interval',
    confidence: 0.7,
    why,
  }
  return columns
}
