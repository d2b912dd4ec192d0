/**
 * A table of customers, as a connector that reads files hands it over: profiled first, then read in batches
 * of plain columns. Nothing here knows of a file format, and nothing holds a row as an object.
 */

export type ColumnKind = 'number' | 'category' | 'date' | 'text' | 'empty'

/** What was found out about one column by reading all of it once. */
export interface ColumnProfile {
  /** The header as it stands in the file. */
  readonly header: string
  /** As people see it, where that is another name: `Monthly charges` for `custom_17`. */
  readonly label?: string
  readonly kind: ColumnKind
  /** Cells that are blank or say that they are (NA, N/A, null, NaN, ?, #N/A, other errors of Excel). */
  readonly missing: number
  /** Distinct values that are not missing: exact up to 10,000, estimated beyond. */
  readonly distinct: number
  /** The most frequent values, at most 256, most frequent first (ties by value), for number columns too when there are few. */
  readonly values: readonly {
    readonly value: string
    readonly count: number
    /** As people see it, where that is another text: `Customer` for `183429`. */
    readonly label?: string
  }[]
  /** Numbers, and dates as days since 1970-01-01 UTC. Absent for other kinds. */
  readonly range?: { readonly min: number; readonly max: number; readonly mean: number }
  /** Cells of a number or date column that are neither missing nor readable as one, with a first example. */
  readonly unreadable: number
  readonly unreadableExample?: { readonly line: number; readonly value: string }
  /** How numbers are written: "1,234.5" has group ',' and decimal '.'. */
  readonly numberFormat?: { readonly decimal: '.' | ','; readonly group: '' | ',' | '.' | ' ' | "'" }
  /** Most of its numbers are written with a percent sign: 12 % is read as 0.12. */
  readonly percent?: true
  /** Its numbers are per cent, as the CRM says of the field: 12 is 12 %. */
  readonly unit?: 'percent'
  /** strptime pattern of a date column, such as "%Y-%m-%d". */
  readonly dateFormat?: string
}

export interface TableProfile {
  readonly path: string
  /** `crm`: described by the CRM, with figures of a sample. */
  readonly format: 'csv' | 'parquet' | 'xlsx' | 'crm'
  readonly rows: number
  readonly columns: readonly ColumnProfile[]
}

/** One column to be read, and as what. */
export type ColumnRequest =
  | { readonly column: string; readonly as: 'number' }
  /** Days since 1970-01-01 UTC as a number. */
  | { readonly column: string; readonly as: 'date' }
  /** The index in `categories`; NaN where missing; -1 where the value is not in the list. Values are trimmed. */
  | { readonly column: string; readonly as: 'category'; readonly categories: readonly string[] }
  /** The cell as written, null where it is missing. */
  | { readonly column: string; readonly as: 'text' }

/** Numbers, dates and categories arrive as numbers with NaN for missing, text as strings. */
export type ColumnValues = Float64Array | (string | null)[]

export interface TableBatch {
  /** Index of the first row of this batch in the whole table. */
  readonly offset: number
  readonly rows: number
  /** One array a request, in the order of the requests, each `rows` long. */
  readonly columns: readonly ColumnValues[]
}

export interface TableSource {
  profile(): Promise<TableProfile>
  /**
   * Reads the file once, in its own order, in batches of at most `batchRows` rows. A batch is valid until the
   * next one is asked for.
   */
  read(
    requests: readonly ColumnRequest[],
    options?: { readonly batchRows?: number },
  ): AsyncIterable<TableBatch>
  /** Line of the file (or row of the sheet) on which the row of this index starts, counted from 1; for messages. */
  lineOf?(row: number): Promise<number>
  close(): Promise<void>
}
