/** Records of any object as a query gives them, asked for by the ids that they hang on. */
import { z } from 'zod'
import type { SalesforceClient } from './client.ts'
import { id18, isId } from './ids.ts'
import { and, oneOf, pieces, select, type Condition } from './soql.ts'
import { readTime } from './values.ts'

/** By API names; what Salesforce has empty is null. */
export type Row = Readonly<Record<string, unknown>>
export const anyRow: z.ZodType<Row> = z.record(z.string(), z.unknown())

export interface RowsOf {
  /** Those that the org has: {@link present}. */
  readonly fields: readonly string[]
  readonly from: string
  /** Field that holds one of the ids. */
  readonly by: string
  readonly ids: readonly string[]
  readonly where?: Condition | null
}

/**
 * As many queries as the ids need addresses; none without ids. What has no form of an id is left out: Salesforce would
 * refuse the whole query because of it.
 *
 * @example
 * await rowsOf(context, { fields: ['Id', 'AccountId'], from: 'Contact', by: 'AccountId', ids })
 */
export async function rowsOf(
  { client }: { readonly client: SalesforceClient },
  { fields, from, by, ids, where = null }: RowsOf,
): Promise<readonly Row[]> {
  const known = [...new Set(ids.filter(isId).map(id18))]
  if (known.length === 0) return []
  const queryFor = (piece: readonly string[]): string =>
    select({ fields, from, where: and(oneOf(by, piece), where) })
  const found: Row[] = []
  for (const piece of pieces(known, queryFor(known.slice(0, 1))))
    for await (const { records } of client.query(queryFor(piece), anyRow)) found.push(...records)
  return found
}

/**
 * @returns null where it is empty, or not there
 * @example
 * textIn({ Title: ' CFO ' }, 'Title') // 'CFO'
 */
export function textIn(row: Row, field: string | undefined): string | null {
  const value = field === undefined ? null : row[field]
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  return typeof value === 'string' ? value.trim() || null : null
}

/** Of 18 characters; null where it is empty. */
export function idIn(row: Row, field: string): string | null {
  const value = textIn(row, field)
  return value === null ? null : id18(value)
}

export const isTrue = (row: Row, field: string): boolean => row[field] === true || row[field] === 'true'

/** Null where it is empty or no time. */
export const timeIn = (row: Row, field: string): Date | null => readTime(row[field]) ?? dayIn(row, field)

/** A date counts as the first moment of its day. */
function dayIn(row: Row, field: string): Date | null {
  const value = textIn(row, field)
  return value !== null && /^\d{4}-\d\d-\d\d$/.test(value) ? new Date(value) : null
}

export function groupedBy<T>(items: readonly T[], key: (item: T) => string | null): ReadonlyMap<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const item of items) {
    const of = key(item)
    if (of === null) continue
    const group = groups.get(of)
    if (group === undefined) groups.set(of, [item])
    else group.push(item)
  }
  return groups
}
