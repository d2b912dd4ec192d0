/** Counts one column's cells under every way to read them, so that the choice is made from all rows. */
import { dateReadings, isIsoDate } from './dates.ts'
import { isMissing, trimBlanks } from './missing.ts'
import { isPlainNumber, NUMBER_FORMATS, readNumberInto } from './numbers.ts'

/** Distinct values up to here are counted exactly. */
export const MAX_DISTINCT = 10_000

export interface Readings {
  count: number
  min: number
  max: number
  sum: number
}

export interface ColumnCounts {
  cells: number
  missing: number
  /** By trimmed value; null once there are more than {@link MAX_DISTINCT}, or where values are not kept. */
  values: Map<string, number> | null
  /** Calls of `add` with a value: the distinct values, where each was added once. */
  groups: number
  /** Cells readable as a number, by the index of NUMBER_FORMATS. */
  readonly numbers: readonly Readings[]
  /** Cells readable as a date, by strptime pattern. */
  readonly dates: Map<string, Readings>
  /** Numbers that SQL casts alike, and those among them written like 007. */
  plain: number
  /** Numbers with a percent sign. */
  percents: number
  leadingZeros: number
  /** Dates that begin as 2026-03-31 does. */
  iso: number
  /** Filled cells that say they are missing or have blanks around their value; null where nobody looked. */
  untidy: number | null
}

export interface ColumnCounter {
  add(cell: string | null, times: number): void
  readonly counts: ColumnCounts
}

/** @param keepValues whether distinct values are kept and counted */
export function countColumn(keepValues: boolean): ColumnCounter {
  const counts: ColumnCounts = {
    cells: 0,
    missing: 0,
    values: keepValues ? new Map() : null,
    groups: 0,
    numbers: NUMBER_FORMATS.map(noReadings),
    dates: new Map(),
    plain: 0,
    percents: 0,
    leadingZeros: 0,
    iso: 0,
    untidy: 0,
  }
  const readings = new Float64Array(NUMBER_FORMATS.length)
  return {
    counts,
    add(cell, times) {
      counts.cells += times
      if (cell === null) {
        counts.missing += times
        return
      }
      const value = trimBlanks(cell)
      const missing = isMissing(value)
      if (missing || value.length < cell.length) counts.untidy! += times
      if (missing) {
        counts.missing += times
        return
      }
      counts.groups++
      if (counts.values !== null) {
        counts.values.set(value, (counts.values.get(value) ?? 0) + times)
        if (counts.values.size > MAX_DISTINCT) counts.values = null
      }
      if (!hasDigit.test(cell)) return
      const plain = isPlainNumber(cell)
      if (plain) {
        counts.plain += times
        if (leadingZero.test(cell)) counts.leadingZeros += times
      }
      if (readNumberInto(cell, readings)) {
        for (let i = 0; i < readings.length; i++) note(counts.numbers[i], readings[i], times)
        if (!plain && cell.includes('%')) counts.percents += times
        if (!eightDigits.test(cell)) return
      }
      for (const { format, days } of dateReadings(cell)) {
        let dates = counts.dates.get(format)
        if (dates === undefined) counts.dates.set(format, (dates = noReadings()))
        note(dates, days, times)
      }
      if (isIsoDate(cell)) counts.iso += times
    },
  }
}

const hasDigit = /\d/
const leadingZero = /^[ \t]*[+-]?0\d/
const eightDigits = /^\s*\d{8}\s*$/

function noReadings(): Readings {
  return { count: 0, min: Infinity, max: -Infinity, sum: 0 }
}

function note(readings: Readings, value: number, times: number): void {
  if (value !== value) return
  readings.count += times
  readings.sum += value * times
  if (value < readings.min) readings.min = value
  if (value > readings.max) readings.max = value
}
