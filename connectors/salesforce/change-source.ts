/** What reading an org's changes is given, and what both ways of reading it ask. */
import { z } from 'zod'
import type { SalesforceContext } from './context.ts'
import { isFailure } from './errors.ts'
import type { RecordReader } from './records.ts'
import type { Related } from './related.ts'
import { anyRow, type Row } from './rows.ts'
import { select, type Condition } from './soql.ts'
import { readTime } from './values.ts'

export interface ChangeSource {
  readonly context: SalesforceContext
  readonly reader: RecordReader
  /** Other objects whose changes concern customers. */
  readonly related: readonly Related[]
  /** Tells this way of reading from others. */
  readonly reading: string
  readonly sleep: (ms: number) => Promise<void>
  /** Above so many records all are read by the Bulk API. */
  readonly bulkAbove: number
  /** Rows in one answer of the Bulk API, at most. */
  readonly bulkPage?: number | undefined
}

/**
 * How far each pass looks back behind the end of the one before. A transaction takes ten minutes at most, and what it
 * writes shows with the time at which it was written, and not at which it was committed.
 */
export const OVERLAP = 600_000
/** Records that are handed over at a time. */
export const SLICE = 500

/** SystemModstamp of the record of an object that changed last, deleted ones included; null where there is none. */
export async function newestOf({ context }: ChangeSource, object: string): Promise<Date | null> {
  const soql = select({
    fields: ['SystemModstamp'],
    from: object,
    orderBy: ['SystemModstamp DESC'],
    limit: 1,
  })
  for await (const { records } of context.client.query(soql, anyRow, { all: true }))
    return records.length === 0 ? null : readTime(records[0]['SystemModstamp'])
  return null
}

/** Of an object without records: everything that comes is new. */
export const NEVER = '1970-01-01T00:00:00.000Z'

export interface RowsAsked {
  readonly from: string
  /** Read anew after Salesforce did not know one of them. */
  readonly fields: () => readonly string[]
  readonly where: Condition | null
  readonly orderBy: readonly string[]
  /** Deleted ones too. */
  readonly all?: boolean
}

export interface RowsPage {
  readonly rows: readonly Row[]
  /** Of the whole query. */
  readonly total: number
}

/**
 * Rows of a query. When Salesforce does not know a field any more, everything is described again and the query is asked
 * once more.
 *
 * @throws HoldfastError `column_missing` when a mapped field went; as calls do
 */
export async function* rowPages(
  { context, reader }: Pick<ChangeSource, 'context' | 'reader'>,
  { from, fields, where, orderBy, all = false }: RowsAsked,
): AsyncGenerator<RowsPage> {
  let began = false
  try {
    for await (const { records, total } of context.client.query(
      select({ fields: fields(), from, where, orderBy }),
      anyRow,
      { all },
    )) {
      began = true
      yield { rows: records, total }
    }
  } catch (error) {
    // Somebody took the object from our user: the next pass looks anew at what there is.
    if (isFailure(error, 'INVALID_TYPE')) context.memory.forget()
    if (began || !isFailure(error, 'INVALID_FIELD')) throw error
    await reader.renew()
    for await (const { records, total } of context.client.query(
      select({ fields: fields(), from, where, orderBy }),
      anyRow,
      { all },
    ))
      yield { rows: records, total }
  }
}

/** An answer to COUNT() has no records. */
export const counted = z.object({ totalSize: z.number() })

export function sliced<T>(items: readonly T[], size: number): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) =>
    items.slice(i * size, (i + 1) * size),
  )
}

export const stampOf = (row: Row): Date => readTime(row['SystemModstamp']) ?? new Date(0)
