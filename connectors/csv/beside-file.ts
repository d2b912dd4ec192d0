/**
 * What is written back to a file: never into the file itself, which is the customer's, but into one beside it,
 * `customers.holdfast.csv` for `customers.csv`, a row a customer.
 *
 * What is added stands at once in a journal beside both (`customers.holdfast.pending`), which is cheap; the file
 * itself is made anew, whole and in one step, when the writing ends. A journal that a killed process left is taken
 * up by the next one that writes.
 */
import { existsSync } from 'node:fs'
import { open, readFile, rm, type FileHandle } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { z } from 'zod'
import type { FieldUpdate, RiskFields } from '../connector.ts'
import { neutralise } from './encode.ts'
import { outputError } from './output-error.ts'
import { createPlanFile } from './plan-file.ts'
import { parseRecords } from './records.ts'

export interface BesideFile {
  readonly path: string
  /** Safe on the disk when it returns. */
  add(updates: readonly FieldUpdate[]): Promise<void>
  /**
   * Makes the file what all that was added says; nothing where nothing was added.
   *
   * @param known ids that are still in the customers' file: rows of others go
   */
  commit(known: ReadonlySet<string>): Promise<void>
  /** Leaves what is not committed in the journal. */
  close(): Promise<void>
}

type Column = readonly [field: keyof RiskFields, name: string]

const COLUMNS: readonly Column[] = [
  ['riskPercent', 'risk_percent'],
  ['riskLevel', 'risk_level'],
  ['levelSince', 'level_since'],
  ['change30Days', 'change_30_days'],
  ['valueAtRisk', 'value_at_risk'],
  ['currency', 'currency'],
  ['reasons', 'reasons'],
  ['suggestedAction', 'suggested_action'],
  ['actionStatus', 'action_status'],
  ['renewalDate', 'renewal_date'],
  ['dataConfidence', 'data_confidence'],
  ['group', 'group'],
  ['status', 'status'],
  ['scoredAt', 'scored_at'],
]

/** @param idHeader as the customers' file names it */
export function besideFile(source: string, idHeader: string): BesideFile {
  const stem = join(dirname(source), basename(source).replace(/(\.\w+)(\.gz)?$/, ''))
  const path = `${stem}.holdfast.csv`
  const pending = `${stem}.holdfast.pending`
  let journal: FileHandle | null = null

  async function add(updates: readonly FieldUpdate[]): Promise<void> {
    try {
      journal ??= await openJournal(pending)
      await journal.appendFile(updates.map((update) => `${JSON.stringify(update)}\n`).join(''))
      await journal.datasync()
    } catch (cause) {
      throw outputError(path, cause)
    }
  }

  async function commit(known: ReadonlySet<string>): Promise<void> {
    if (!existsSync(pending)) return
    await close()
    const rows = existsSync(path) ? rowsOf(await readFile(path, 'utf8')) : new Map<string, Cells>()
    for (const update of updatesOf(await readFile(pending, 'utf8'))) {
      const id = neutralise(update.id)
      rows.set(id, merged(rows.get(id), update.fields))
    }
    const safe = new Set([...known].map(neutralise))
    for (const id of rows.keys()) if (!safe.has(id)) rows.delete(id)
    const names = [idHeader, ...COLUMNS.map(([, name]) => name)]
    const file = createPlanFile(
      path,
      names.map((name) => ({ name, type: 'text' })),
      { inputs: [source] },
    )
    try {
      const cells = [...rows.values()]
      if (cells.length > 0)
        await file.append([[...rows.keys()], ...COLUMNS.map((_, i) => cells.map((row) => row[i]))])
      await file.commit()
    } finally {
      await file.abort()
    }
    await rm(pending, { force: true })
  }

  async function close(): Promise<void> {
    await journal?.close()
    journal = null
  }

  return { path, add, commit, close }
}

/** A line that a killed process left half written must not join the next one. */
async function openJournal(path: string): Promise<FileHandle> {
  const journal = await open(path, 'a', 0o600)
  if ((await journal.stat()).size > 0) await journal.appendFile('\n')
  return journal
}

/** In the order of {@link COLUMNS}. */
type Cells = readonly (string | null)[]

function rowsOf(text: string): Map<string, Cells> {
  const [header = [], ...records] = parseRecords(text, ',', true)
  const places = COLUMNS.map(([, name]) => header.indexOf(name, 1))
  return new Map(
    records.map((record) => [record[0], places.map((place) => (place < 0 ? null : (record[place] ?? null)))]),
  )
}

const updateSchema = z.object({ id: z.string(), fields: z.record(z.string(), z.unknown()) })

/** Lines that are no whole update were never reported as written. */
function* updatesOf(text: string): Generator<z.infer<typeof updateSchema>> {
  for (const line of text.split('\n')) {
    const update = updateSchema.safeParse(parsed(line))
    if (update.success) yield update.data
  }
}

function parsed(line: string): unknown {
  try {
    return line === '' ? undefined : JSON.parse(line)
  } catch {
    return undefined
  }
}

/** Fields that are absent stay as they are; null empties a cell. */
function merged(before: Cells | undefined, fields: Readonly<Record<string, unknown>>): Cells {
  return COLUMNS.map(([field], i) =>
    Object.hasOwn(fields, field) ? cellOf(fields[field]) : (before?.[i] ?? null),
  )
}

function cellOf(value: unknown): string | null {
  if (value === null || value === undefined) return null
  return Array.isArray(value) ? value.map(String).join(' | ') : String(value)
}
