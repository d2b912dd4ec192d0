/**
 * Training for the server: files that are uploaded, looks at them, and runs one after the other in processes of their own.
 * A run is a row; which process carries it out is decided by the database, so that several may stand side by side and one
 * that dies is taken over from.
 */
import { randomUUID } from 'node:crypto'
import { mkdir, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Logger } from 'pino'
import type { Clock } from '../contracts/clock.ts'
import { HoldfastError } from '../contracts/errors.ts'
import type { ConnectionId, TenantId } from '../contracts/ids.ts'
import { mappingOf } from '../loop/mapping.ts'
import { recordAudit } from '../store/audit.ts'
import { readConnection } from '../store/connections.ts'
import type { Database } from '../store/database.ts'
import {
  addTrainingFile,
  heldBytes,
  neededFiles,
  readTrainingFile,
  type TrainingFile,
} from '../store/training-files.ts'
import { addTrainingRun, type TrainingRun } from '../store/training-runs.ts'
import { doApart, trainingThreads } from './apart.ts'
import {
  knownOutcomes,
  propertiesOf,
  writeConnectionTable,
  ID_COLUMN,
  OUTCOME_COLUMN,
  type KnownOutcomes,
} from './connection-source.ts'
import type { TrainingLook } from './look.ts'
import { takeModel } from './model-upload.ts'
import { placeOf } from './place.ts'
import type { ReadingRequest, TrainingRequest } from './request.ts'
import { startRunner } from './runner.ts'
import { KEPT_HOURS, MOST_BYTES, receiveFile, sweepUploads, uploadPath } from './uploads.ts'

export interface TrainingServices {
  readonly database: Database
  readonly clock: Clock
  readonly log: Logger
  /** Files and models lie beneath it. */
  readonly dataFolder: string
  /** Told of every step of a run; for people who watch. */
  readonly onChange?: (tenant: TenantId, run: string) => void
}

/** What is trained on: a file that was uploaded, or a connection's own customers. */
export type TrainingSource = { readonly file: string } | { readonly connection: ConnectionId }

export interface SourceLook extends TrainingLook {
  /** The file's or the connection's. */
  readonly name: string
  /** Of a connection: what Holdfast itself has seen of who left; null: of a file. */
  readonly outcomes: KnownOutcomes | null
}

export interface Training {
  readonly limits: { readonly fileBytes: number; readonly keptHours: number }
  /**
   * @param chunks of the file as it comes
   * @throws HoldfastError what is wrong with it
   */
  receive(tenant: TenantId, by: string, name: string, chunks: AsyncIterable<Buffer>): Promise<TrainingFile>
  /** @throws HoldfastError `not_found`, `too_many_requests` while another look is under way, what is wrong with the data */
  look(
    tenant: TenantId,
    source: TrainingSource,
    reading: ReadingRequest,
    signal: AbortSignal,
  ): Promise<SourceLook>
  /** @throws HoldfastError `not_found`, `conflict` when too many wait, `target_missing` */
  start(tenant: TenantId, by: string, source: TrainingSource, request: TrainingRequest): Promise<TrainingRun>
  /**
   * Keeps a model that somebody brings, once it was tried.
   *
   * @returns its hash
   * @throws HoldfastError `input_format`, `model_version`, `too_many_requests`
   */
  takeModel(
    tenant: TenantId,
    by: { readonly actor: string; readonly requestId: string },
    archive: Uint8Array,
    signal: AbortSignal,
  ): Promise<string>
  /** Somebody wants a run to stop or to begin: looked at without delay. */
  wake(): void
  /** What runs is given back, for a later start. */
  close(): Promise<void>
}

/** Bytes of files that a company may have waiting. */
const MOST_HELD = 4 * MOST_BYTES
/** A look passes over the file a few times. */
const LONGEST_LOOK_MS = 5 * 60_000
/** Files that nobody needs any more are looked for so often. */
const SWEEP_MS = 10 * 60_000
/** Looks at the same time, all companies together; each is a process. */
const MOST_LOOKS = 2

/**
 * A folder of this process alone. What others left is of processes that died; where several share the data folder only what
 * is older than a day is surely so.
 */
async function workFolder(
  folder: string,
  { alone, now }: { readonly alone: boolean; readonly now: Date },
): Promise<string> {
  for (const name of await readdir(folder).catch(() => [])) {
    const found = await stat(join(folder, name)).catch(() => null)
    if (found !== null && (alone || now.getTime() - found.mtimeMs > 24 * 3_600_000))
      await rm(join(folder, name), { recursive: true, force: true })
  }
  const own = join(folder, randomUUID())
  await mkdir(own, { recursive: true, mode: 0o700 })
  return own
}

/**
 * @example
 * const training = await openTraining({ database, clock, log, dataFolder: config.data })
 */
export async function openTraining(services: TrainingServices): Promise<Training> {
  const { database, clock, dataFolder } = services
  const folder = join(dataFolder, 'uploads')
  const place = await placeOf(dataFolder)
  const work = await workFolder(join(dataFolder, 'training'), {
    alone: database.kind === 'embedded',
    now: clock(),
  })
  const sweep = async (): Promise<void> => {
    const needed = await database.asSystem('files to train on', (tx) => neededFiles(tx, place))
    await sweepUploads(folder, needed, clock())
  }
  const sweeping = setInterval(
    () =>
      void sweep().catch((err: unknown) => services.log.warn({ err }, 'uploaded files could not be swept')),
    SWEEP_MS,
  )
  sweeping.unref()
  const looking = new Set<TenantId>()
  const runner = startRunner({ ...services, place, folder, work })

  const fileOf = async (tenant: TenantId, id: string): Promise<TrainingFile> => {
    const found = await database.withTenant(tenant, (tx) => readTrainingFile(tx, id))
    if (found === null)
      throw new HoldfastError(
        'not_found',
        `There is no such file. Files are kept for ${KEPT_HOURS} hours; upload it again.`,
      )
    if (found.place !== place)
      throw new HoldfastError(
        'conflict',
        'The file was uploaded to another machine of this installation, which alone can read it. Upload it again.',
      )
    return found
  }

  /** One process at a time for each company, and few for all. */
  async function alone<T>(tenant: TenantId, work: () => Promise<T>): Promise<T> {
    if (looking.has(tenant) || looking.size >= MOST_LOOKS)
      throw new HoldfastError(
        'too_many_requests',
        'Another file is being looked at. Try again in a few seconds.',
        {
          retryable: true,
        },
      )
    looking.add(tenant)
    try {
      return await work()
    } finally {
      looking.delete(tenant)
    }
  }

  async function lookNow(
    tenant: TenantId,
    source: TrainingSource,
    { target, ...reading }: ReadingRequest,
    signal: AbortSignal,
  ): Promise<SourceLook> {
    const today = Math.floor(clock().getTime() / 86_400_000)
    const column = target?.kind === 'column' ? target : undefined
    const apart = { signal, longestMs: LONGEST_LOOK_MS }
    const threads = trainingThreads()
    if ('file' in source) {
      if (target?.kind === 'outcome')
        throw new HoldfastError(
          'request_invalid',
          'What Holdfast saw happen is known of connections, not of files.',
        )
      const file = await fileOf(tenant, source.file)
      const request = { ...reading, target: column, today }
      const path = uploadPath(folder, file)
      const look = await doApart({ kind: 'look', path, name: file.name, threads, request }, apart)
      return { ...look, name: file.name, outcomes: null }
    }
    const { connection, outcomes } = await database.withTenant(tenant, async (tx) => ({
      connection: await readConnection(tx, source.connection),
      outcomes: await knownOutcomes(tx, source.connection, clock()),
    }))
    const own = join(work, `look-${randomUUID()}`)
    await mkdir(own, { recursive: true, mode: 0o700 })
    try {
      const path = join(own, 'customers.csv')
      const properties = propertiesOf(connection)
      const outcomeDays = target?.kind === 'outcome' ? target.days : null
      const asOf = await writeConnectionTable(database, {
        tenant,
        connection: connection.id,
        properties,
        outcomeDays,
        path,
        signal,
      })
      const request = {
        ...reading,
        id: ID_COLUMN,
        mapping: mappingOf(connection, { today }),
        today,
        target: target?.kind === 'outcome' ? { column: OUTCOME_COLUMN } : column,
        ...(asOf === null ? {} : { asOf }),
      }
      const look = await doApart({ kind: 'look', path, name: connection.name, threads, request }, apart)
      // That column is ours; nobody maps it.
      const columns = look.columns.filter(({ column }) => column !== ID_COLUMN)
      return { ...look, columns, name: connection.name, outcomes }
    } finally {
      await rm(own, { recursive: true, force: true })
    }
  }

  return {
    limits: { fileBytes: MOST_BYTES, keptHours: KEPT_HOURS },
    receive: async (tenant, by, name, chunks) => {
      await sweep()
      const held = await database.withTenant(tenant, heldBytes)
      if (held > MOST_HELD)
        throw new HoldfastError(
          'conflict',
          'Too many files wait to be trained on. Train on one of them, or wait a day.',
        )
      const { path: _path, ...received } = await receiveFile(folder, name, chunks)
      return database.withTenant(tenant, async (tx) => {
        const { id, bytes } = received
        await recordAudit(tx, { actor: by, action: 'training.upload', object: id, detail: { bytes } })
        return addTrainingFile(tx, { ...received, place, createdBy: by }, KEPT_HOURS)
      })
    },
    look: (tenant, source, reading, signal) => alone(tenant, () => lookNow(tenant, source, reading, signal)),
    takeModel: (tenant, by, archive, signal) =>
      alone(tenant, async () => {
        const { hash, gone } = await takeModel(database, { tenant, by, archive, work, signal })
        for (const old of gone) await rm(join(dataFolder, 'models', old), { recursive: true, force: true })
        return hash
      }),
    start: async (tenant, by, source, request) => {
      const file = 'file' in source ? await fileOf(tenant, source.file) : null
      if (file !== null && request.target.kind === 'outcome')
        throw new HoldfastError(
          'request_invalid',
          'What Holdfast saw happen is known of connections, not of files.',
        )
      const run = await database.withTenant(tenant, async (tx) => {
        const connection = 'connection' in source ? await readConnection(tx, source.connection) : null
        const run = await addTrainingRun(tx, {
          id: randomUUID(),
          by,
          source: file === null ? 'connection' : 'upload',
          sourceName: file?.name ?? connection?.name ?? '',
          file: file?.id ?? null,
          connection: connection?.id ?? null,
          request,
          place: file === null ? null : place,
        })
        await recordAudit(tx, {
          actor: by,
          action: 'training.start',
          object: run.id,
          detail: { source: run.source },
        })
        return run
      })
      runner.wake()
      return run
    },
    wake: runner.wake,
    close: async () => {
      clearInterval(sweeping)
      await runner.close()
      await rm(work, { recursive: true, force: true })
    },
  }
}
