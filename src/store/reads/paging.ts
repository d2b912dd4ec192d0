/** Pages by keyset: a page begins after the last row of the one before, however many rows there are. */
import { z } from 'zod'
import { HoldfastError } from '../../contracts/errors.ts'

export interface PageRequest {
  /** Rows a page; default 50, at most 200. */
  readonly limit?: number | undefined
  /** {@link Page.next} of the page before; absent or null: the first page. */
  readonly cursor?: string | null | undefined
}

export interface Page<T> {
  readonly items: readonly T[]
  /** Where the next page begins; null: this was the last. */
  readonly next: string | null
}

export const DEFAULT_PAGE = 50
export const LARGEST_PAGE = 200

/** The size of a page as asked for, within its bounds. */
export function pageSize({ limit = DEFAULT_PAGE }: PageRequest): number {
  return Math.min(LARGEST_PAGE, Math.max(1, Math.trunc(limit)))
}

/**
 * Where a page begins: the sort values of the row before it, in the shape that `position` parses; null for the first.
 *
 * @param order names the list and its order: a cursor of another one is refused
 * @throws HoldfastError `request_invalid`
 * @example
 * const after = readCursor('decisions', request, z.tuple([z.int()]))
 */
export function readCursor<T extends z.ZodType>(
  order: string,
  { cursor }: PageRequest,
  position: T,
): z.infer<T> | null {
  if (cursor === undefined || cursor === null) return null
  const parsed = cursorShape.safeParse(jsonOf(cursor))
  const place = parsed.success && parsed.data[0] === order ? position.safeParse(parsed.data[1]) : null
  if (place?.success === true) return place.data
  throw new HoldfastError(
    'request_invalid',
    'The cursor is not one of this list in this order. Leave it out to begin with the first page.',
  )
}

/**
 * Cuts what was read, one row more than the page holds, to the page.
 *
 * @example
 * pageOf(rows, 50, 'decisions', (row) => [row.id])
 */
export function pageOf<T>(
  rows: readonly T[],
  size: number,
  order: string,
  position: (row: T) => readonly (string | number | null)[],
): Page<T> {
  if (rows.length <= size) return { items: rows, next: null }
  const last = rows[size - 1]
  const next = Buffer.from(JSON.stringify([order, position(last)])).toString('base64url')
  return { items: rows.slice(0, size), next }
}

/** The longest value that lists go by is a name's first 200 characters, of up to two UTF-16 units each. */
const cursorShape = z.tuple([z.string(), z.array(z.union([z.string().max(400), z.number(), z.null()]))])

function jsonOf(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'))
  } catch {
    return null
  }
}
