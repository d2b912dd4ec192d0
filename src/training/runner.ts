/**
 * Carries training runs out, one at a time in this process: takes the next row under a lease, has it trained apart, says how
 * far it is, and keeps what came of it in the same transaction that ends the run.
 */
import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { bundleFilesIn, readChurnBundle } from '../../models/onnx/bundle.ts'
import { HoldfastError } from '../contracts/errors.ts'
import { mappingOf } from '../loop/mapping.ts'
import { bringBundle, storedBundles } from '../loop/model-place.ts'
import { artefactFolder, starterModels } from '../loop/models.ts'
import { recordAudit } from '../store/audit.ts'
import { readConnection } from '../store/connections.ts'
import { saveBundle, servingModels } from '../store/model-bundles.ts'
import { dropTrainingFile, readTrainingFile } from '../store/training-files.ts'
import {
  endTrainingRun,
  giveTrainingBack,
  reviveTrainingRuns,
  takeTrainingRun,
  tellTraining,
  type TakenRun,
} from '../store/training-runs.ts'
import { doApart, trainingThreads } from './apart.ts'
import { ID_COLUMN, OUTCOME_COLUMN, propertiesOf, writeConnectionTable } from './connection-source.ts'
import type { Trained, TrainingJob } from './job.ts'
import { trainingRequest, type TrainingRequest } from './request.ts'
import type { TrainingServices } from './service.ts'
import { uploadPath } from './uploads.ts'

export interface RunnerServices extends TrainingServices {
  readonly place: string
  /** Of uploaded files. */
  readonly folder: string
  /** Of what is worked on. */
  readonly work: string
}

export interface Runner {
  wake(): void
  close(): Promise<void>
}

/** Longer than any pause of a healthy process; a run whose process died is taken up again after it. */
const LEASE_SECONDS = 30
const TELL_MS = 1000
const LOOK_MS = 10_000
/** Models in charge that a new one is compared with: each is a pass over the data. */
const MOST_CHAMPIONS = 3

/** Why a run is broken off. */
class Broken extends Error {
  readonly why: 'cancel' | 'lost' | 'closing'
  constructor(why: 'cancel' | 'lost' | 'closing') {
    super(why)
    this.why = why
  }
}

export function startRunner(services: RunnerServices): Runner {
  const { database, log, place } = services
  const owner = randomUUID()
  const closing = new AbortController()
  let running: Promise<void> | null = null
  let again = false

  async function work(): Promise<void> {
    await database.asSystem('trainings whose process died', (tx) => reviveTrainingRuns(tx, { place }))
    while (!closing.signal.aborted) {
      const run = await database.asSystem('the next training', (tx) =>
        takeTrainingRun(tx, { owner, place, seconds: LEASE_SECONDS }),
      )
      if (run === null) return
      await carryOut(services, run, { owner, closing: closing.signal })
    }
  }

  function wake(): void {
    if (closing.signal.aborted) return
    if (running !== null) {
      again = true
      return
    }
    running = work()
      .catch((cause: unknown) => log.error({ err: cause }, 'trainings could not be looked at'))
      .finally(() => {
        running = null
        if (again) {
          again = false
          wake()
        }
      })
  }

  const timer = setInterval(wake, LOOK_MS)
  timer.unref()
  wake()
  return {
    wake,
    close: async () => {
      clearInterval(timer)
      closing.abort(new Broken('closing'))
      await running
    },
  }
}

async function carryOut(
  services: RunnerServices,
  run: TakenRun,
  { owner, closing }: { owner: string; closing: AbortSignal },
): Promise<void> {
  const { database, log, work, onChange = () => undefined } = services
  const { tenant, id } = run
  const own = join(work, id)
  const stop = new AbortController()
  const signal = AbortSignal.any([stop.signal, closing])
  let at = { progress: 0, phase: 'Starting' }
  const tell = async (): Promise<void> => {
    const answer = await database.withTenant(tenant, (tx) =>
      tellTraining(tx, id, { owner, seconds: LEASE_SECONDS, ...at }),
    )
    onChange(tenant, id)
    if (answer !== 'go_on') stop.abort(new Broken(answer))
  }
  // A database that is away for a moment loses nothing: the lease lasts longer.
  const telling = setInterval(
    () => void tell().catch((err: unknown) => log.warn({ err }, 'a training could not say how far it is')),
    TELL_MS,
  )
  try {
    await mkdir(own, { recursive: true, mode: 0o700 })
    const job = await jobOf(services, run, own, signal)
    const trained = await doApart(job, {
      signal,
      onProgress: (progress, phase) => {
        at = { progress, phase }
      },
    })
    clearInterval(telling)
    await keep(services, run, { owner, trained, out: job.out })
    log.info({ tenant, training: id, seconds: trained.result.seconds }, 'trained')
  } catch (cause) {
    clearInterval(telling)
    await breakOff(services, run, owner, cause)
  } finally {
    clearInterval(telling)
    await rm(own, { recursive: true, force: true })
    onChange(tenant, id)
  }
}

type TrainJob = Extract<TrainingJob, { kind: 'train' }>

/** What the process apart is given: a file, whatever the source is. */
async function jobOf(
  services: RunnerServices,
  run: TakenRun,
  own: string,
  signal: AbortSignal,
): Promise<TrainJob> {
  const { clock } = services
  const { target, ...request } = trainingRequest.parse(run.request)
  const today = Math.floor(clock().getTime() / 86_400_000)
  const source = await sourceOf(services, run, { target, own, signal, today })
  return {
    kind: 'train',
    name: run.sourceName,
    threads: trainingThreads(),
    today,
    // A model of the same name is told apart by the moment at which it was asked for.
    version: run.createdAt.toISOString().slice(0, 16).replace(':', ''),
    out: join(own, 'model'),
    champions: await champions(services, run),
    path: source.path,
    request: { ...request, ...source.request },
    ...(source.mapping === undefined ? {} : { mapping: source.mapping }),
  }
}

interface Source {
  readonly path: string
  readonly mapping?: TrainJob['mapping']
  readonly request: Pick<TrainJob['request'], 'target' | 'horizonDays'> & {
    readonly id?: string
    readonly asOf?: string
  }
}

async function sourceOf(
  { database, folder }: RunnerServices,
  { tenant, file: id, connection: from }: TakenRun,
  {
    target,
    own,
    signal,
    today,
  }: { target: TrainingRequest['target']; own: string; signal: AbortSignal; today: number },
): Promise<Source> {
  if (from !== null) {
    const connection = await database.withTenant(tenant, (tx) => readConnection(tx, from))
    const path = join(own, 'customers.csv')
    const outcomeDays = target.kind === 'outcome' ? target.days : null
    const properties = propertiesOf(connection)
    const asOf = await writeConnectionTable(database, {
      tenant,
      connection: from,
      properties,
      outcomeDays,
      path,
      signal,
    })
    return {
      path,
      mapping: mappingOf(connection, { today }),
      request: {
        id: ID_COLUMN,
        target: target.kind === 'outcome' ? { column: OUTCOME_COLUMN } : target,
        horizonDays: target.kind === 'outcome' ? target.days : (target.horizonDays ?? null),
        ...(asOf === null ? {} : { asOf }),
      },
    }
  }
  const file = id === null ? null : await database.withTenant(tenant, (tx) => readTrainingFile(tx, id))
  const path = file === null ? null : uploadPath(folder, file)
  if (path === null || !existsSync(path))
    throw new HoldfastError('input_missing', 'The uploaded file is not there any more. Upload it again.')
  if (target.kind === 'outcome')
    throw new HoldfastError(
      'request_invalid',
      'What Holdfast saw happen is known of connections, not of files.',
    )
  return { path, request: { target, horizonDays: target.horizonDays ?? null } }
}

/** Folders of the models in charge: of the connection that is trained on, else of all. */
async function champions(
  { database, dataFolder, log }: RunnerServices,
  run: TakenRun,
): Promise<readonly string[]> {
  const serving = await database.withTenant(run.tenant, servingModels)
  const inCharge = serving.filter(
    ({ status, connection }) =>
      status === 'champion' && (run.connection === null || run.connection === connection),
  )
  const folders: string[] = []
  for (const location of new Set(inCharge.map((one) => one.location))) {
    const shipped = starterModels.find((name) => location === `shipped:${name}`)
    const folder = shipped === undefined ? join(dataFolder, location) : artefactFolder(shipped)
    try {
      if (shipped === undefined) await bringBundle(folder, storedBundles(database))
      await readChurnBundle(folder)
      folders.push(folder)
    } catch (cause) {
      log.warn(
        { err: cause, tenant: run.tenant },
        'a model in charge cannot be read, and is not compared with',
      )
    }
  }
  return folders.slice(0, MOST_CHAMPIONS)
}

async function keep(
  { database, dataFolder }: RunnerServices,
  { tenant, id, createdBy, file }: TakenRun,
  { owner, trained, out }: { owner: string; trained: Trained; out: string },
): Promise<void> {
  const bundle = await readChurnBundle(out)
  const files = await bundleFilesIn(out)
  const { trainedOn: _marks, ...card } = bundle.card as Record<string, unknown>
  const gone = await database.withTenant(tenant, async (tx) => {
    const { name, version, meaning, hash } = bundle
    const { evaluation, comparisons, result } = trained
    const gone = await saveBundle(tx, {
      hash,
      name,
      version,
      meaning,
      card,
      evaluation,
      comparisons,
      files,
      origin: 'trained',
      run: id,
      by: createdBy,
    })
    if (!(await endTrainingRun(tx, id, owner, { state: 'done', result, bundle: hash })))
      throw new Broken('lost')
    await recordAudit(tx, { actor: createdBy, action: 'training.done', object: id, detail: { model: hash } })
    if (file !== null) await dropTrainingFile(tx, file)
    return gone
  })
  await removeUpload(dataFolder, file)
  for (const hash of gone) await rm(join(dataFolder, 'models', hash), { recursive: true, force: true })
}

/** A file is gone with its run, whatever came of it, but where the run will be taken up again. */
async function removeUpload(dataFolder: string, file: string | null): Promise<void> {
  if (file !== null) await rm(join(dataFolder, 'uploads', file), { recursive: true, force: true })
}

async function breakOff(
  { database, dataFolder, log }: RunnerServices,
  { tenant, id, file }: TakenRun,
  owner: string,
  cause: unknown,
): Promise<void> {
  const why = cause instanceof Broken ? cause.why : null
  if (why === 'lost') return
  try {
    await database.withTenant(tenant, async (tx) => {
      if (why === 'closing') return giveTrainingBack(tx, id, owner)
      const { code, message } = failureOf(cause)
      await endTrainingRun(
        tx,
        id,
        owner,
        why === 'cancel' ? { state: 'cancelled' } : { state: 'failed', code, message },
      )
      // One that failed can be asked for again with the same file; it is kept for as long as any other.
      if (why === 'cancel' && file !== null) await dropTrainingFile(tx, file)
    })
    if (why === 'cancel') await removeUpload(dataFolder, file)
    else if (why === null) log.info({ err: cause, tenant, training: id }, 'a training failed')
  } catch (err) {
    // Its lease runs out, and it is taken up again.
    log.warn({ err, tenant, training: id }, 'the end of a training could not be kept')
  }
}

function failureOf(cause: unknown): { code: string; message: string } {
  if (cause instanceof HoldfastError && cause.code !== 'internal') return cause
  return {
    code: 'internal',
    message:
      cause instanceof HoldfastError && !cause.message.includes('\n')
        ? cause.message
        : 'Something went wrong that should not have. It is in the log of the server. Nothing was changed.',
  }
}
