/**
 * The engine: churn model and policy, loaded once, that score customers from wherever they come. Small calls that
 * arrive together are answered by one run of the models.
 */
import { createHash } from 'node:crypto'
import type { PolicyContext } from '../../models/features/context.ts'
import type { Mapping } from '../../models/features/mapping-file.ts'
import type { ChurnBundle, PolicyBundle } from '../../models/onnx/bundle-contents.ts'
import { serveChurn, servePolicy, type ServedChurn, type ServedPolicy } from '../../models/onnx/serve.ts'
import { startPool } from '../../models/onnx/serve-pool.ts'
import { declineTelemetry } from '../config.ts'
import type { TableProfile } from '../contracts/table.ts'
import { featureTable, type FeatureValues } from './engine-features.ts'
import { openReader, type EngineReader, type RecordInput } from './engine-reader.ts'
import { artefactFolder, modelFolder } from './models.ts'
import { valuesOf } from './value.ts'

export interface ReaderRequest {
  /** How the records' properties are written. Read from JSON anew or the same object: equal content is one reader. */
  readonly profile: TableProfile
  readonly mapping: Mapping
  /** Days since 1970-01-01. */
  readonly today: number
}

export interface Reason {
  /** Canonical name. */
  readonly feature: string
  readonly label: string
  readonly sentence: string
  /** In log-odds. */
  readonly contribution: number
  readonly raises: boolean
}

export interface ScoredRecord {
  readonly probability: number
  /** Chance to leave in a month. */
  readonly monthlyHazard: number
  /** At most three that raise the risk and two that lower it, strongest first. */
  readonly reasons: readonly Reason[]
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
  /**
   * Scores records of a connection as a file with the same cells is scored. Ask for it each time: it is kept while
   * it is used, among the newest 24.
   *
   * @throws HoldfastError `no_features` when no property feeds the model
   * @example
   * const [{ probability }] = await engine.reader({ profile, mapping, today }).score([{ tenure: 3 }])
   */
  reader(request: ReaderRequest): EngineReader
  /**
   * Scores customers that are described by the canonical names of the model's features (and of what the policy looks
   * at), in the dictionary's units.
   *
   * @param today days since 1970-01-01: what dates (`YYYY-MM-DD`) of features that count time are counted from
   * @throws HoldfastError `request_invalid` for a name that is no feature or a value that is none, `no_features` for
   *   a customer of whom the model is told nothing, `model_inference`
   * @example
   * await engine.scoreFeatures({ features: [{ tenureMonths: 3, contract: 'Month-to-month' }], today })
   */
  scoreFeatures(request: {
    readonly features: readonly FeatureValues[]
    readonly today: number
  }): Promise<readonly ScoredRecord[]>
  /**
   * What customers described in that way would be scored by, for {@link EngineReader.scoreInputs} of any reader.
   *
   * @throws HoldfastError `request_invalid`, `no_features`
   */
  readFeatures(request: {
    readonly features: readonly FeatureValues[]
    readonly today: number
  }): readonly RecordInput[]
  /** The value of each action in each state, rows x actions: see `valuesOf`. */
  values(states: Float32Array, rows: number): Promise<Float32Array>
  close(): Promise<void>
}

export interface EngineOptions {
  /** `telco`, `subscription`, or the folder of a bundle. */
  readonly model: string
  /** Threads that compute. */
  readonly threads: number
}

/**
 * @throws HoldfastError `model_missing`, `model_corrupt`, `model_version`
 * @example
 * const engine = await openEngine({ model: 'telco', threads: 1 })
 */
export async function openEngine({ model, threads }: EngineOptions): Promise<Engine> {
  declineTelemetry()
  const pool = startPool({ workers: threads })
  try {
    const policy = await servePolicy(artefactFolder('policy'), { pool })
    const engine = engineOn({ policy, churn: await serveChurn(modelFolder(model), { pool }) })
    return { ...engine, close: () => pool.close() }
  } catch (error) {
    await pool.close()
    throw error
  }
}

/** Readers that are kept: a few megabytes each once they have seen a large batch. */
const READERS = 24

/** An engine on a model and a policy that belong to the caller. */
export function engineOn({
  policy,
  churn,
}: {
  readonly policy: ServedPolicy
  readonly churn: ServedChurn
}): Engine {
  const { bundle } = churn
  const readers = new Map<string, EngineReader>()
  const table = featureTable(bundle.features.features)
  const served = { churn, policy }
  const featuresReader = openReader(served, { ...table, today: Infinity })

  function reader({ profile, mapping, today }: ReaderRequest): EngineReader {
    const key = `${contentHash(profile)} ${contentHash(mapping)} ${today}`
    const known = readers.get(key)
    readers.delete(key)
    const found = known ?? openReader(served, { profile, mapping, today })
    // The map is in the order of use: the first is the one not used for longest.
    readers.set(key, found)
    if (readers.size > READERS) readers.delete(readers.keys().next().value!)
    return found
  }

  return {
    churn: bundle,
    policy: policy.bundle,
    reader,
    scoreFeatures: async ({ features, today }) => featuresReader.score(table.rowsOf(features, today)),
    readFeatures: ({ features, today }) => featuresReader.inputsOf(table.rowsOf(features, today)),
    values: (states, rows) => valuesOf(policy, states, rows),
    close: () => churn.close(),
  }
}

const hashes = new WeakMap<object, string>()

/** Of what an object says; worked out once for each object. */
function contentHash(content: object): string {
  const known = hashes.get(content)
  if (known !== undefined) return known
  const hash = createHash('sha256').update(JSON.stringify(content)).digest('base64')
  hashes.set(content, hash)
  return hash
}
