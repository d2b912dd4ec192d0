/**
 * A mapping as a file: which column feeds which feature, in which unit. `train` writes it, people edit it, and
 * `train` and `score` read it with --mapping.
 */
import { z } from 'zod'
import { HoldfastError } from '../../src/contracts/errors.ts'
import { canonical, sourceUnits } from './dictionary.ts'
import { dateUnits } from './units.ts'
import { nearestNames } from './words.ts'

/** Raised whenever the meaning of a field changes. */
export const MAPPING_VERSION = 1

const uses = ['feature', 'context', 'id', 'target', 'ignore'] as const

const columnSchema = z.strictObject({
  /** The header as it stands in the file. */
  column: z.string().min(1),
  /** `feature` may feed the model; `context` only masks, amounts and dates; `ignore` is never read. */
  use: z.enum(uses),
  /** Canonical name out of the dictionary, or a name of the file's own. */
  feature: z.string().min(1).optional(),
  kind: z.enum(['number', 'category', 'date']).optional(),
  /** What the column is written in, where it is not the dictionary's unit: "years", "money per year", "date". */
  unit: z.string().min(1).optional(),
  /** How dates were written in the file that this mapping was made from; another format is reported. */
  format: z.string().min(1).optional(),
  /** The column asks the opposite question: its Yes is a No here (opt-outs). */
  inverted: z.boolean().optional(),
  /** A value of the file -> the category that it means. Others are matched by their spelling. */
  values: z.record(z.string(), z.string()).optional(),
  /** What a blank means in rows where another column holds a value: no internet, so no online security. */
  blanks: z.strictObject({ mean: z.string(), where: z.string(), is: z.string() }).optional(),
  /** 0 to 1: how sure the proposal is. */
  confidence: z.number().min(0).max(1).default(1),
  why: z.string().default('set by hand'),
  /** Features that this column could also have been. */
  alsoPossible: z.array(z.string()).optional(),
})

const mappingSchema = z.strictObject({
  holdfastMapping: z.literal(MAPPING_VERSION),
  /** Day that dates are counted from: the newest date in the file's own columns, or a fixed one. */
  asOf: z
    .string()
    .refine(isAsOf, { error: 'must be "newest" or a date such as "2026-01-31"' })
    .default('newest'),
  columns: z.array(columnSchema).min(1),
})

/** `newest`, or a day of the calendar as YYYY-MM-DD. */
export function isAsOf(text: string): boolean {
  return text === 'newest' || (/^\d{4}-\d{2}-\d{2}$/u.test(text) && !Number.isNaN(Date.parse(text)))
}

export type Use = (typeof uses)[number]
export type MappedColumn = z.infer<typeof columnSchema>
export type Mapping = z.infer<typeof mappingSchema>

/**
 * @param text the file's content
 * @param path named in messages
 * @throws HoldfastError `settings_invalid`, naming the place in the file and the allowed values
 */
export function parseMapping(text: string, path = 'the mapping'): Mapping {
  let content: unknown
  try {
    content = JSON.parse(text)
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message : String(cause)
    throw new HoldfastError('settings_invalid', `${path} is not valid JSON: ${detail}. Correct it there.`, {
      cause,
    })
  }
  const parsed = mappingSchema.safeParse(content)
  if (!parsed.success) {
    const problems = parsed.error.issues
      .slice(0, 5)
      .map((issue) => `${place(content, issue.path)}: ${issue.message}`)
    const more = parsed.error.issues.length > 5 ? ` (and ${parsed.error.issues.length - 5} more)` : ''
    throw new HoldfastError('settings_invalid', `${path} cannot be used. ${problems.join('; ')}${more}.`)
  }
  for (const problem of contradictions(parsed.data)) {
    throw new HoldfastError('settings_invalid', `${path} cannot be used. ${problem}`)
  }
  return parsed.data
}

/** The mapping as the file's content: stable, one field a line, ready to be edited. */
export function formatMapping(mapping: Mapping): string {
  return `${JSON.stringify(mapping, null, 2)}\n`
}

/** `columns[3].unit (column "tenure")`: the path, and what a person would look for. */
function place(content: unknown, path: readonly PropertyKey[]): string {
  const text = path.reduce<string>(
    (soFar, part) =>
      typeof part === 'number'
        ? `${soFar}[${part}]`
        : soFar === ''
          ? String(part)
          : `${soFar}.${String(part)}`,
    '',
  )
  const named = z
    .object({ columns: z.array(z.object({ column: z.string() }).loose().or(z.unknown())) })
    .loose()
  const entry = typeof path[1] === 'number' ? named.safeParse(content).data?.columns[path[1]] : undefined
  const column = z.object({ column: z.string() }).loose().safeParse(entry).data?.column
  return (text === '' ? 'The file' : text) + (column === undefined ? '' : ` (column "${column}")`)
}

/** What the schema alone cannot see. */
function* contradictions(mapping: Mapping): Generator<string> {
  const columns = new Set<string>()
  const features = new Map<string, string>()
  for (const use of ['id', 'target'] as const) {
    const found = mapping.columns.filter((entry) => entry.use === use).map((entry) => `"${entry.column}"`)
    if (found.length > 1) yield `The columns ${found.join(' and ')} both have use "${use}"; only one may.`
  }
  for (const [i, entry] of mapping.columns.entries()) {
    const where = `columns[${i}] (column "${entry.column}")`
    if (columns.has(entry.column)) yield `${where}: the column is listed twice; keep one.`
    columns.add(entry.column)
    if (entry.use !== 'feature' && entry.use !== 'context') continue
    if (entry.feature === undefined) {
      yield `${where}: use "${entry.use}" needs "feature", a name out of the dictionary or one of your own.`
      continue
    }
    const other = features.get(entry.feature)
    if (other !== undefined) yield `${where}: feature "${entry.feature}" is already fed by column "${other}".`
    features.set(entry.feature, entry.column)
    yield* wrongUnit(entry, where)
  }
}

function* wrongUnit(entry: MappedColumn, where: string): Generator<string> {
  const known = canonical(entry.feature ?? '')
  if (entry.unit === undefined) return
  const allowed = [
    ...(known ? Object.keys(sourceUnits(known)) : []),
    ...(known && !known.time ? [] : Object.keys(dateUnits)),
  ]
  if (known?.numbers) allowed.push('words')
  if (allowed.includes(entry.unit)) return
  const near = nearestNames(entry.unit, allowed, 1)
  const hint = near.length > 0 ? ` Did you mean "${near[0]}"?` : ''
  yield `${where}: unit "${entry.unit}" is unknown for "${entry.feature}". Allowed: ${allowed.join(', ') || 'none; leave it out'}.${hint}`
}
