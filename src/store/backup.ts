/**
 * Backups: one gzipped file of JSON lines, made while everything runs, that any later Holdfast restores into an
 * embedded or a served database. Secrets in it stay sealed: the master key is not in it and is kept apart.
 *
 * First line: a {@link BackupHead}. Then for each table `{"table", "columns"}` followed by its rows, a line each.
 * Last line: `{"end": true, "rows"}`; a file without it is not whole.
 */
import { once } from 'node:events'
import { createReadStream, createWriteStream } from 'node:fs'
import { rename, rm, stat } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { finished } from 'node:stream/promises'
import { createGunzip, createGzip } from 'node:zlib'
import { z } from 'zod'
import { HoldfastError } from '../contracts/errors.ts'
import type { Database } from './database.ts'
import { readEverything, type PortableRows } from './portable.ts'

const headSchema = z.object({
  holdfast: z.literal('backup'),
  format: z.literal(1),
  /** Names of the migrations that the rows belong to. */
  schema: z.array(z.string()),
  /** ISO 8601. */
  at: z.string(),
})

export type BackupHead = z.infer<typeof headSchema>

const tableSchema = z.object({
  table: z.string(),
  columns: z.array(z.object({ name: z.string(), type: z.string() })),
})
const endSchema = z.object({ end: z.literal(true), rows: z.number() })

/**
 * Writes a backup, whole or not at all. The embedded database answers nobody else meanwhile.
 *
 * @throws HoldfastError `output_full`, `output_denied`, `output_failed`, `database_unavailable`
 * @example
 * await writeBackup(database, 'holdfast.backup.gz', { at: clock() }) // { rows: 120_431, bytes: 9_312_004 }
 */
export async function writeBackup(
  database: Database,
  path: string,
  { at, onRows = () => undefined }: { at: Date; onRows?: (rows: number) => void },
): Promise<{ readonly rows: number; readonly bytes: number }> {
  const aside = `${path}.writing-${process.pid}`
  const zip = createGzip({ level: 5 })
  // Names and addresses of people are in it.
  const file = zip.pipe(createWriteStream(aside, { mode: 0o600, flush: true }))
  const failed = new Promise<never>((_, reject) => file.once('error', reject))
  failed.catch(() => undefined)
  const line = async (text: string): Promise<void> => {
    if (!zip.write(`${text}\n`)) await Promise.race([once(zip, 'drain'), failed])
  }
  try {
    const rows = await database.asSystem('a backup', async (tx) => {
      const everything = readEverything(tx)
      let count = 0
      let table = ''
      // The first rows are read before the migrations are named: the moment of both is then the same one.
      let next = await everything.next()
      const schema = await tx.query<{ name: string }>('select name from schema_migrations order by name')
      const head: BackupHead = {
        holdfast: 'backup',
        format: 1,
        schema: schema.map(({ name }) => name),
        at: at.toISOString(),
      }
      await line(JSON.stringify(head))
      for (; next.done !== true; next = await everything.next()) {
        const part = next.value
        if (part.table.name !== table)
          await line(JSON.stringify({ table: (table = part.table.name), columns: part.table.columns }))
        for (const row of part.rows) await line(row)
        onRows((count += part.rows.length))
      }
      return count
    })
    zip.end(`${JSON.stringify({ end: true, rows })}\n`)
    await Promise.race([finished(file), failed])
    await rename(aside, path)
    return { rows, bytes: (await stat(path)).size }
  } catch (cause) {
    zip.destroy()
    file.destroy()
    await rm(aside, { force: true })
    throw cannotWrite(path, cause)
  }
}

function cannotWrite(path: string, cause: unknown): unknown {
  if (cause instanceof HoldfastError) return cause
  const { code } = cause as NodeJS.ErrnoException
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return new HoldfastError(
      'output_full',
      `The disk is full, so there is no backup at ${path}. Make room or name another place.`,
      { cause },
    )
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS')
    return new HoldfastError(
      'output_denied',
      `The backup may not be written to ${path}. Name another place.`,
      {
        cause,
      },
    )
  if (code === undefined) return cause
  return new HoldfastError('output_failed', `The backup cannot be written to ${path} (${code}).`, { cause })
}

export interface Backup {
  readonly head: BackupHead
  /** To be read once; throws when the file turns out not to be whole. */
  readonly parts: AsyncIterable<PortableRows>
}

/**
 * @throws HoldfastError `input_missing`, `input_format` when it is no backup or not whole
 */
export async function openBackup(path: string): Promise<Backup> {
  const file = createReadStream(path)
  try {
    await once(file, 'open')
  } catch (cause) {
    throw new HoldfastError('input_missing', `There is no backup at ${path}. Check the path.`, { cause })
  }
  const lines = createInterface({ input: file.pipe(createGunzip()), crlfDelay: Infinity })[
    Symbol.asyncIterator
  ]()
  const head = parse(headSchema, await next(lines, path))
  if (head === null) throw noBackup(path)
  return { head, parts: partsOf(lines, path) }
}

const CHUNK = 1000
/** Characters that are held at once: rows of files are long. */
const MOST_HELD = 16_000_000

async function* partsOf(lines: AsyncIterator<string>, path: string): AsyncGenerator<PortableRows> {
  let table: PortableRows['table'] | null = null
  let rows: string[] = []
  let held = 0
  let count = 0
  for (;;) {
    const line = await next(lines, path)
    if (line === null) throw notWhole(path)
    // Rows are handed on unread. None of their columns is called "table" or "end", as the first key of a row is.
    const marks = line.startsWith('{"table":') || line.startsWith('{"end":')
    if (!marks) {
      count++
      held += line.length
      if (rows.push(line) < CHUNK && held < MOST_HELD) continue
    }
    if (rows.length > 0) {
      if (table === null) throw noBackup(path)
      yield { table, rows }
      rows = []
      held = 0
    }
    if (!marks) continue
    const end = parse(endSchema, line)
    if (end !== null) {
      if (end.rows !== count) throw notWhole(path)
      return
    }
    const named = parse(tableSchema, line)
    if (named === null) throw noBackup(path)
    table = { name: named.table, columns: named.columns }
  }
}

async function next(lines: AsyncIterator<string>, path: string): Promise<string | null> {
  try {
    const { value, done } = await lines.next()
    return done === true ? null : value
  } catch (cause) {
    throw notWhole(path, cause)
  }
}

function parse<T>(schema: z.ZodType<T>, line: string | null): T | null {
  if (line === null) return null
  try {
    return schema.safeParse(JSON.parse(line)).data ?? null
  } catch {
    return null
  }
}

function noBackup(path: string): HoldfastError {
  return new HoldfastError(
    'input_format',
    `${path} is no backup of Holdfast, or of a newer one. Nothing was restored.`,
  )
}

function notWhole(path: string, cause?: unknown): HoldfastError {
  return new HoldfastError(
    'input_format',
    `The backup ${path} is not whole: it ends early or was changed. Nothing was restored; take an earlier one.`,
    { cause },
  )
}
