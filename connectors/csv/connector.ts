/** Customers in a file (CSV, Parquet, .xlsx) as a connector: the file is read whole whenever it changed. */
import { createHash } from 'node:crypto'
import { basename, resolve } from 'node:path'
import { z } from 'zod'
import { HoldfastError } from '../../src/contracts/errors.ts'
import type { TableProfile, TableSource } from '../../src/contracts/table.ts'
import type { ChangePage, Connector, Cursor, CustomerRecord, WriteResult } from '../connector.ts'
import { besideFile, type BesideFile } from './beside-file.ts'
import { namedColumns, statedColumns, type FileColumns, type FindColumns } from './file-columns.ts'
import { contentOf, parseCursor, sameStamp, stampOfFile, type FileStamp } from './file-cursor.ts'
import { FILE_OBJECT, idsOf, recipientOf, recordsOf } from './file-records.ts'
import { openTable } from './open.ts'
import { verifyFile } from './verify-file.ts'

const configSchema = z.strictObject({
  path: z.string().min(1),
  ...namedColumns,
  /** A permission that the sync looks at and takes back. */
  allowDeletions: z.boolean().exactOptional(),
})

/** As it is stored with the connection. */
export type FileConfig = z.infer<typeof configSchema>

export interface FileConnectorOptions {
  /** Of a connection, not parsed yet: {@link FileConfig}. */
  readonly config: unknown
  readonly findColumns: FindColumns
  /** Customers in a page; default 2,500. */
  readonly pageRows?: number
}

const PAGE_ROWS = 2500
/** Pages whose records are kept for who asks about them: a reader may be some pages ahead of who stores them. */
const KEPT_PAGES = 6

interface OpenedFile {
  readonly table: TableSource
  readonly stamp: FileStamp
  readonly profile: TableProfile
  readonly columns: FileColumns
  readonly id: string
}

/**
 * Nothing is opened before something is asked for.
 *
 * @throws HoldfastError `connector_configuration`; all methods throw what reading the file throws
 * @example
 * const connector = openFileConnector({ config: { path: 'customers.csv' }, findColumns })
 * for await (const page of connector.changes(null)) store(page)
 * await connector.close()
 */
export function openFileConnector(options: FileConnectorOptions): Connector {
  const { path, allowDeletions: _, ...named } = parseConfig(options.config)
  const name = basename(path)
  const reading = createHash('sha256')
    .update(JSON.stringify(Object.entries(named).sort()))
    .digest('hex')
  const kept: ReadonlyMap<string, CustomerRecord>[] = []
  let opened: OpenedFile | null = null
  let ids: Promise<ReadonlySet<string>> | null = null
  let beside: BesideFile | null = null

  /** The file as it is now: opened anew when it changed since. */
  async function file(): Promise<OpenedFile> {
    const stamp = await stampOfFile(path)
    if (opened !== null && sameStamp(opened.stamp, stamp)) return opened
    await forget()
    const table = await openTable(path, { threads: 2 })
    try {
      const profile = await table.profile()
      for (const [key, header] of statedColumns(named)) {
        if (profile.columns.some((column) => column.header === header)) continue
        const known = profile.columns.map((column) => column.header)
        throw new HoldfastError(
          'column_missing',
          `There is no column "${header}" in ${name}, which "${key}" of the connection names. Columns: ${known.slice(0, 40).join(', ')}.`,
        )
      }
      const columns = options.findColumns(profile, named)
      if (columns.id === null)
        throw new HoldfastError(
          'connector_configuration',
          `No column of ${name} has a value of its own in every row. Name the customers' id with "idColumn" of the connection.`,
        )
      return (opened = { table, stamp, profile, columns, id: columns.id })
    } catch (error) {
      await table.close()
      throw error
    }
  }

  async function forget(): Promise<void> {
    const before = opened
    opened = null
    ids = null
    kept.length = 0
    await before?.table.close()
  }

  async function refuseChanged(stamp: FileStamp): Promise<void> {
    if (sameStamp(await stampOfFile(path), stamp)) return
    throw new HoldfastError('input_format', `${name} was changed while it was being read. Run again.`, {
      retryable: true,
    })
  }

  async function allIds(): Promise<ReadonlySet<string>> {
    const { table, id } = await file()
    ids ??= idsOf(table, id)
    return ids
  }

  /** Rows as records, page by page. */
  async function* records({
    table,
    profile,
    columns,
    id,
  }: OpenedFile): AsyncGenerator<readonly CustomerRecord[]> {
    const headers = profile.columns.map(({ header }) => header)
    const requests = headers.map((column) => ({ column, as: 'text' }) as const)
    for await (const batch of table.read(requests, { batchRows: options.pageRows ?? PAGE_ROWS }))
      yield recordsOf(batch, headers, columns, id)
  }

  async function* changes(since: Cursor | null): AsyncGenerator<ChangePage> {
    try {
      yield* passOver(since)
    } catch (error) {
      throw mayHeal(error)
    }
  }

  async function* passOver(since: Cursor | null): AsyncGenerator<ChangePage> {
    const stamp = await stampOfFile(path)
    const before = parseCursor(since)
    const alike = before !== null && before.reading === reading
    if (alike && sameStamp(before, stamp)) return
    const content = await contentOf(path)
    const cursor = { ...stamp, content, reading }
    if (alike && before.path === path && before.content === content) {
      yield { upserts: [], deleted: [], cursor }
      return
    }
    const source = await file()
    // Wrong ids are told before the first customer of the file is handed over.
    await allIds()
    const total = source.profile.rows
    let held: readonly CustomerRecord[] | null = null
    for await (const upserts of records(source)) {
      await refuseChanged(stamp)
      if (held !== null) yield { upserts: held, deleted: [], cursor: since ?? {}, total }
      keep(upserts)
      held = upserts
    }
    await refuseChanged(stamp)
    yield { upserts: held ?? [], deleted: [], cursor, complete: true, total }
  }

  function keep(page: readonly CustomerRecord[]): void {
    kept.push(new Map(page.map((record) => [record.id, record])))
    if (kept.length > KEPT_PAGES) kept.shift()
  }

  async function read(wanted: readonly string[]): Promise<readonly CustomerRecord[]> {
    if (wanted.length === 0) return []
    const source = await file()
    const found = new Map<string, CustomerRecord>()
    const missing = new Set(wanted)
    for (const page of kept) {
      for (const id of missing) {
        const record = page.get(id)
        if (record === undefined) continue
        found.set(id, record)
        missing.delete(id)
      }
    }
    if (missing.size > 0) {
      for await (const page of records(source)) {
        for (const record of page) if (missing.delete(record.id)) found.set(record.id, record)
        if (missing.size === 0) break
      }
    }
    return [...new Set(wanted)].flatMap((id) => found.get(id) ?? [])
  }

  return {
    name: 'csv',
    writeBatch: Infinity,
    describeEveryMs: 0,
    async describe() {
      const { profile } = await file()
      return [{ object: FILE_OBJECT, label: `rows of ${name}`, profile }]
    },
    changes,
    read,
    async recipients(wanted) {
      const { columns } = await file()
      return (await read(wanted)).flatMap((record) => recipientOf(record, columns) ?? [])
    },
    async write(updates) {
      const { id } = await file()
      const known = await allIds()
      const results = updates.map((update): WriteResult =>
        known.has(update.id)
          ? { id: update.id, ok: true }
          : {
              id: update.id,
              ok: false,
              code: 'not_found',
              message: `No row of ${name} has the id "${update.id}" any more. Nothing has to be done.`,
              retryable: false,
            },
      )
      beside ??= besideFile(path, id)
      await beside.add(updates.filter((update) => known.has(update.id)))
      return results
    },
    verify: () => verifyFile({ path, file, allIds }),
    async close() {
      try {
        await beside?.commit(await allIds())
      } finally {
        await beside?.close()
        await forget()
      }
    },
  }
}

/** Whoever writes the file may write it rightly the next time: what is wrong with it is looked at again by itself. */
function mayHeal(error: unknown): unknown {
  if (!(error instanceof HoldfastError) || error.retryable || !OF_THE_FILE.test(error.code)) return error
  return new HoldfastError(error.code, error.message, { cause: error, retryable: true })
}

const OF_THE_FILE = /^(input|column|id)_/

function parseConfig(config: unknown): FileConfig {
  const parsed = configSchema.safeParse(config)
  if (parsed.success) return { ...parsed.data, path: resolve(parsed.data.path) }
  const problems = parsed.error.issues.map(
    ({ path, message }) => `${path.length === 0 ? 'the config' : path.map(String).join('.')}: ${message}`,
  )
  throw new HoldfastError(
    'connector_configuration',
    `The connection to the file is not set up rightly. Correct ${problems.join('; ')}.`,
    { cause: parsed.error },
  )
}
