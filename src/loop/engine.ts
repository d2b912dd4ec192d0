/**
 * The engine: churn model and policy, loaded once, that score records from wherever they come. Small calls that
 * arrive together are answered by one run of the models.
 */
import type { Properties } from '../../connectors/connector.ts'
import { calibratedScale } from '../../models/churn/explain/attribution.ts'
import { reasonWriter, type ReasonList } from '../../models/churn/explain/sentence.ts'
import { contextReader, type PolicyContext } from '../../models/features/context.ts'
import { fillDesign } from '../../models/features/design.ts'
import { frameReader } from '../../models/features/frame.ts'
import type { Mapping } from '../../models/features/mapping-file.ts'
import type { ChurnBundle, PolicyBundle } from '../../models/onnx/bundle-contents.ts'
import { serveChurn, servePolicy } from '../../models/onnx/serve.ts'
import { startPool } from '../../models/onnx/serve-pool.ts'
import { STATE_SIZE, writeState } from '../../models/policy/state.ts'
import { declineTelemetry } from '../config.ts'
import type { TableProfile } from '../contracts/table.ts'
import { copyContext, createBookContext } from './book-context.ts'
import { cardImportance } from './card.ts'
import { recordReader } from './engine-records.ts'
import { artefactFolder, modelFolder } from './models.ts'
import { hazardOf, valuesOf } from './value.ts'

export interface EngineOptions {
  /** `telco`, `subscription`, or the folder of a bundle. */
  readonly model: string
  /** Threads that compute. */
  readonly threads: number
}

export interface RecordRequest {
  /** Keep the object: what was prepared for it is found by identity. */
  readonly profile: TableProfile
  /** Likewise. */
  readonly mapping: Mapping
  readonly rows: readonly Properties[]
  /** Days since 1970-01-01. */
  readonly today: number
}

export interface ScoredRecord {
  readonly probability: number
  /** Chance to leave in a month. */
  readonly monthlyHazard: number
  /** Strongest first, by what they say of the risk. */
  readonly reasons: ReasonList
  /** 0 to 1. */
  readonly dataConfidence: number
  /** As {@link PolicyContext}, of this record; NaN is unknown. */
  readonly context: Readonly<Record<keyof PolicyContext, number>>
  readonly state: Float32Array
  /** One an action of the policy. */
  readonly values: Float32Array
}

export interface Engine {
  readonly churn: ChurnBundle
  readonly policy: PolicyBundle
  /** @throws HoldfastError `model_inference` */
  score(request: RecordRequest): Promise<readonly ScoredRecord[]>
  close(): Promise<void>
}

/** Calls of fewer rows wait for their neighbours of the same turn; larger ones are a run of their own. */
const SMALL = 256

/**
 * @throws HoldfastError `model_missing`, `model_corrupt`, `model_version`
 * @example
 * const engine = await openEngine({ model: 'telco', threads: 1 })
 * const [{ probability }] = await engine.score({ profile, mapping, rows: [{ tenure: 3 }], today })
 */
export async function openEngine({ model, threads }: EngineOptions): Promise<Engine> {
  declineTelemetry()
  const pool = startPool({ workers: threads })
  try {
    const [churn, policy] = await Promise.all([
      serveChurn(modelFolder(model), { pool }),
      servePolicy(artefactFolder('policy'), { pool }),
    ])
    const { bundle } = churn
    const { features } = bundle.features
    const toHazard = hazardOf(bundle.meaning, bundle.population)
    const importance = cardImportance(bundle.card, features)
    const write = reasonWriter(features, bundle.population, { scale: calibratedScale(bundle.model) })
    const lanes = new WeakMap<TableProfile, WeakMap<Mapping, Lane>>()

    function laneOf({ profile, mapping, today }: RecordRequest): Lane {
      const ofProfile = lanes.get(profile) ?? new WeakMap<Mapping, Lane>()
      lanes.set(profile, ofProfile)
      const known = ofProfile.get(mapping)
      if (known?.today === today) return known
      const frames = frameReader(features, profile, mapping, { today, importance })
      const contexts = contextReader(profile, mapping, { today })
      const read = recordReader(profile, [...frames.requests, ...contexts.requests])
      const lane = openLane(today, run)
      ofProfile.set(mapping, lane)
      return lane

      async function run(rows: readonly Properties[]): Promise<ScoredRecord[]> {
        const count = rows.length
        const batch = read(rows)
        const { frame: shared, dataConfidence: confidence } = frames.read(batch)
        // The readers' arrays are overwritten by the next run, which may come before this one's answer.
        const frame = { rows: count, columns: shared.columns.map((column) => column.slice()) }
        const dataConfidence = confidence.slice()
        const context = createBookContext(count)
        copyContext(contexts.read(batch, frames.requests.length), context, 0, count)
        const scores = await churn.score(fillDesign(features, frame), count, {
          reasons: { raising: 3, lowering: 2 },
        })
        const probability = scores.probability.slice(0, count)
        const reasons = rows.map((_, row) => write.list(scores.reasons!, row, frame))
        scores.release()
        const names = Object.keys(context) as (keyof PolicyContext)[]
        const known = rows.map(
          (_, row) =>
            Object.fromEntries(names.map((name) => [name, context[name][row]])) as Record<
              keyof PolicyContext,
              number
            >,
        )
        const states = new Float32Array(count * STATE_SIZE)
        known.forEach((of, row) => {
          writeState(states, row, { ...of, monthlyHazard: toHazard(probability[row]) })
        })
        const values = await valuesOf(policy, states, count)
        const width = policy.bundle.actions.length
        return rows.map((_, row) => ({
          probability: probability[row],
          monthlyHazard: toHazard(probability[row]),
          reasons: reasons[row],
          dataConfidence: dataConfidence[row],
          context: known[row],
          state: states.slice(row * STATE_SIZE, (row + 1) * STATE_SIZE),
          values: values.slice(row * width, (row + 1) * width),
        }))
      }
    }

    return {
      churn: bundle,
      policy: policy.bundle,
      score: (request) => laneOf(request).score(request.rows),
      close: () => pool.close(),
    }
  } catch (error) {
    await pool.close()
    throw error
  }
}

interface Lane {
  readonly today: number
  score(rows: readonly Properties[]): Promise<readonly ScoredRecord[]>
}

interface Waiting {
  readonly rows: readonly Properties[]
  resolve(scored: readonly ScoredRecord[]): void
  reject(error: unknown): void
}

/** Joins the small calls of one turn of the event loop into one run. */
function openLane(today: number, run: (rows: readonly Properties[]) => Promise<ScoredRecord[]>): Lane {
  let waiting: Waiting[] = []
  const flush = (): void => {
    const calls = waiting
    waiting = []
    run(calls.flatMap(({ rows }) => rows)).then(
      (scored) => {
        let from = 0
        for (const { rows, resolve } of calls) resolve(scored.slice(from, (from += rows.length)))
      },
      (error: unknown) => {
        for (const { reject } of calls) reject(error)
      },
    )
  }
  return {
    today,
    score: async (rows) => {
      if (rows.length === 0) return []
      if (rows.length >= SMALL) return run(rows)
      return new Promise((resolve, reject) => {
        if (waiting.push({ rows, resolve, reject }) === 1) setImmediate(flush)
      })
    },
  }
}
