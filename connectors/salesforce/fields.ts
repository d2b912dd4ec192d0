/** What is written into our fields of a record, as the REST API takes it: numbers are numbers, null empties a field. */
import type { RiskFields } from '../connector.ts'
import { bullets, cleanText, line, plainNumber, shortened } from '../plain-text.ts'
import { isUnfit } from '../risk-values.ts'
import { RISK_FIELD, TOP_REASON_FIELD } from './package.ts'

export type Cell = string | number | null

/** A field as the org has it, as far as it says what fits. */
export interface Room {
  /** As describe says it: `string`, `textarea`, `percent`, … */
  readonly type: string
  /** Characters; 0 where it is no text. */
  readonly length: number
  /** Digits in all and after the point; 0 where it is no number. */
  readonly precision: number
  readonly scale: number
}

/**
 * A cell for each field that is there, by our names without namespace; null where ours is cleared. A number that is
 * none, and an amount without a currency, are left out: what stands in the record stays.
 *
 * @example
 * cellsOf({ riskPercent: 71.5, suggestedAction: null })
 * // { Holdfast_Risk_Percent__c: 71.5, Holdfast_Suggested_Action__c: null }
 */
export function cellsOf(fields: RiskFields): Readonly<Record<string, Cell>> {
  const cells: Record<string, Cell> = {}
  for (const [field, name] of Object.entries(RISK_FIELD) as [keyof RiskFields, string][]) {
    const value = fields[field]
    if (value === undefined || isUnfit(field, fields)) continue
    cells[name] = cellOf(value)
  }
  if (fields.reasons !== undefined) cells[TOP_REASON_FIELD] = cellOf(line(fields.reasons?.[0] ?? '', 255))
  return cells
}

function cellOf(value: number | string | readonly string[] | null): Cell {
  if (value === null || typeof value === 'number') return value
  const text = typeof value === 'string' ? cleanText(value) : bullets(value)
  return text === '' ? null : text
}

/**
 * A value as a field holds it: a text that is too long is cut, a number is rounded.
 *
 * @returns undefined where the field cannot hold it at all, and what stands in it stays
 */
export function fitted(cell: Cell, { type, length, precision, scale }: Room): Cell | undefined {
  if (typeof cell === 'string') return length > 0 && isText(type) ? shortened(cell, length) : cell
  if (cell === null || precision === 0) return cell
  const rounded = Number(cell.toFixed(scale))
  return Math.abs(rounded) < 10 ** (precision - scale) ? rounded : undefined
}

/** A choice that is cut is another choice. */
const isText = (type: string): boolean => type === 'string' || type === 'textarea'

/**
 * A cell of a CSV file for the Bulk API: nothing leaves a field as it is, `#N/A` empties it.
 *
 * @see https://developer.salesforce.com/docs/atlas.en-us.api_asynch.meta/api_asynch/datafiles_csv_valid_record_rows.htm
 */
export function csvCell(cell: Cell | undefined): string {
  if (cell === undefined) return ''
  if (cell === null) return EMPTIED
  const text = typeof cell === 'number' ? plainNumber(cell) : cell
  // The Bulk API takes no text that reads so for anything but an emptied field.
  if (text === EMPTIED) return '"N/A"'
  return /[",\n\r]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

const EMPTIED = '#N/A'
