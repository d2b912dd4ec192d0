/**
 * What the process that trains does: looks at a file, trains on one, or tries a bundle. Everything native that a customer's
 * file or somebody's model could bring down (DuckDB, ONNX Runtime) is met here first, away from the server.
 */
import { openTable } from '../../connectors/csv/open.ts'
import type { Evaluation } from '../../models/churn/evaluate.ts'
import type { Mapping } from '../../models/features/mapping-file.ts'
import { readChurnBundle, writeBundle } from '../../models/onnx/bundle.ts'
import { serveChurn } from '../../models/onnx/serve.ts'
import { compareModels, type ModelComparison } from '../loop/compare-models.ts'
import { learn } from '../loop/learn.ts'
import { prepareTraining } from '../loop/training-data.ts'
import { lookAtTable, type LookRequest, type TrainingLook } from './look.ts'
import type { TrainingRequest } from './request.ts'
import { trainingResult, type TrainingResult } from './result.ts'

/** Plain data, as it goes between the processes. */
export type TrainingJob =
  | ({ readonly kind: 'look' } & TableJob & { readonly request: LookRequest })
  | ({ readonly kind: 'train' } & TableJob & TrainJob)
  | { readonly kind: 'try'; readonly folder: string }

interface TableJob {
  readonly path: string
  /** As people know the file. */
  readonly name: string
  readonly threads: number
}

interface TrainJob {
  readonly request: Omit<TrainingRequest, 'target'> & {
    readonly target: { readonly column: string; readonly positive?: readonly string[] | undefined }
    readonly horizonDays: number | null
  }
  readonly mapping?: Mapping
  /** Days since 1970-01-01. */
  readonly today: number
  /** Of the bundle. */
  readonly version: string
  /** Where the bundle is written. */
  readonly out: string
  /** Folders of the models in charge, to be compared with. */
  readonly champions: readonly string[]
}

export interface Trained {
  readonly hash: string
  readonly evaluation: Evaluation
  readonly comparisons: readonly ModelComparison[]
  readonly result: TrainingResult
}

export interface Tried {
  readonly hash: string
  readonly name: string
  readonly version: string
}

export type JobAnswer<Job extends TrainingJob> = Job extends { kind: 'look' }
  ? TrainingLook
  : Job extends { kind: 'train' }
    ? Trained
    : Tried

/** @param share 0 to 1 */
export type TellProgress = (share: number, phase: string) => void

/** @throws HoldfastError what is wrong with file, request or bundle */
export async function doJob(job: TrainingJob, tell: TellProgress): Promise<TrainingLook | Trained | Tried> {
  if (job.kind === 'try') return tryBundle(job.folder)
  tell(0, `Opening ${job.name}`)
  const table = await openTable(job.path, { threads: job.threads })
  try {
    if (job.kind === 'look') return await lookAtTable(table, job.request)
    const started = performance.now()
    const { request, today, threads } = job
    const prepared = await prepareTraining(table, {
      target: request.target.column,
      today,
      seed: request.seed,
      keep: request.keep,
      onProgress: (done, total) => tell((0.12 * done) / total, 'Reading the customers'),
      ...(request.target.positive === undefined ? {} : { positive: request.target.positive }),
      ...(request.id === undefined ? {} : { id: request.id }),
      ...(request.asOf === undefined ? {} : { asOf: request.asOf }),
      ...(job.mapping === undefined ? {} : { mapping: job.mapping }),
    })
    const learned = await learn(prepared, {
      folds: request.folds,
      seed: request.seed,
      threads,
      meaning:
        request.horizonDays === null ? { kind: 'snapshot' } : { kind: 'horizon', days: request.horizonDays },
      name: request.name,
      version: job.version,
      source: job.name,
      onProgress: ({ step, share }) => tell(0.12 + 0.78 * share, PHASES[step]),
    })
    const comparisons: ModelComparison[] = []
    for (const folder of job.champions) {
      tell(0.92, 'Comparing with the model in charge')
      const champion = await readChurnBundle(folder)
      const { outOfFold } = learned.fit
      comparisons.push(await compareModels(table, { prepared, outOfFold, champion, today }))
    }
    tell(0.95, 'Writing the model and trying it')
    const { hash } = await writeBundle(job.out, learned.contents)
    await tryBundle(job.out)
    const seconds = (performance.now() - started) / 1000
    return {
      hash,
      evaluation: learned.evaluation,
      comparisons,
      result: trainingResult(prepared, learned, seconds),
    }
  } finally {
    await table.close()
  }
}

const PHASES = {
  baseline: 'Fitting a simple model to compare with',
  trees: 'Trying models on customers held back',
  final: 'Fitting the model to all customers',
} as const

/** Loads it as the server would: checksums, the runtime, and scores that must be what the model itself says. */
async function tryBundle(folder: string): Promise<Tried> {
  const served = await serveChurn(folder)
  const { hash, name, version } = served.bundle
  await served.close()
  return { hash, name, version }
}
