/** From records to scores: one reader for each shape of records, with micro-batches. */
import { createHash } from 'node:crypto'
import type { Properties } from '../../connectors/connector.ts'
import { calibratedScale } from '../../models/churn/explain/attribution.ts'
import { reasonWriter } from '../../models/churn/explain/sentence.ts'
import { contextReader, type PolicyContext } from '../../models/features/context.ts'
import { fillDesign } from '../../models/features/design.ts'
import { frameReader, type Gap } from '../../models/features/frame.ts'
import { dateUnits } from '../../models/features/units.ts'
import type { ServedChurn, ServedPolicy } from '../../models/onnx/serve.ts'
import { STATE_SIZE, STATE_VERSION, writeState } from '../../models/policy/state.ts'
import { HoldfastError } from '../contracts/errors.ts'
import type { Frame } from '../contracts/features.ts'
import { copyContext, createBookContext } from './book-context.ts'
import { cardImportance } from './card.ts'
import type { ReaderRequest, ScoredRecord } from './engine.ts'
import { recordReader } from './engine-records.ts'
import { hazardOf, valuesOf } from './value.ts'

export interface EngineReader {
  /** Day that dates are counted from, days since 1970-01-01; null where nothing has a date. */
  readonly asOf: number | null
  /** Whether scores move with the calendar alone: something is counted from a date. */
  readonly dated: boolean
  /** Features that nothing of these records feeds. */
  readonly gaps: readonly Gap[]
  /** @throws HoldfastError `model_inference` */
  score(rows: readonly Properties[]): Promise<readonly ScoredRecord[]>
  /**
   * Scores the records whose input changed, and nobody who objects to being profiled.
   *
   * @param known for each row the input hash of its score in force; null: score it anyway
   * @throws HoldfastError `model_inference`
   */
  scoreChanged(
    rows: readonly Properties[],
    known: readonly (string | null)[],
  ): Promise<readonly (HashedRecord | 'unchanged' | 'objects')[]>
  /** What the models would be fed with, a record each, to look at or to change before {@link scoreInputs}. */
  inputsOf(rows: readonly Properties[]): readonly RecordInput[]
  /** @throws HoldfastError `model_inference` */
  scoreInputs(inputs: readonly RecordInput[]): Promise<readonly ScoredRecord[]>
}

/** What the models are fed with of one record. */
export interface RecordInput {
  /** One a feature of the model, in their order: numbers as they are, categories as their code; NaN is missing. */
  readonly values: Float32Array
  /** 0 to 1. */
  readonly dataConfidence: number
  readonly context: Context
}

export interface HashedRecord extends ScoredRecord {
  /** Of everything that model and policy are fed with, to be compared under the same model. */
  readonly inputHash: string
}

export interface ServedModels {
  readonly churn: ServedChurn
  readonly policy: ServedPolicy
}

type Context = ScoredRecord['context']

/** What the models are fed with, in memory of its own. */
interface Input {
  readonly count: number
  readonly frame: Frame
  readonly dataConfidence: Float32Array
  readonly context: PolicyContext
}

/** @throws HoldfastError `no_features` when no property feeds the model */
export function openReader(
  { churn, policy }: ServedModels,
  { profile, mapping, today }: ReaderRequest,
): EngineReader {
  const { bundle } = churn
  const { features } = bundle.features
  const importance = cardImportance(bundle.card, features)
  const frames = frameReader(features, profile, mapping, { today, importance })
  if (frames.gaps.length === features.length) {
    const wanted = features.slice(0, 8).map(({ label }) => label)
    throw new HoldfastError(
      'no_features',
      `No property of these customers feeds what the model ${bundle.name} looks at (${wanted.join(', ')}${features.length > 8 ? ', …' : ''}). Map properties to features in the connection's mapping.`,
    )
  }
  const contexts = contextReader(profile, mapping, { today })
  const cells = recordReader(profile, [...frames.requests, ...contexts.requests])
  const toHazard = hazardOf(bundle.meaning, bundle.population)
  const write = reasonWriter(features, bundle.population, { scale: calibratedScale(bundle.model) })
  const names = Object.keys(createBookContext(0)) as (keyof PolicyContext)[]
  const dates = new Set(profile.columns.filter(({ kind }) => kind === 'date').map(({ header }) => header))
  const dated = mapping.columns.some(
    ({ use, column, unit }) =>
      (use === 'feature' || use === 'context') && (dates.has(column) || dateUnits[unit ?? ''] !== undefined),
  )

  function read(rows: readonly Properties[]): Input {
    const count = rows.length
    const batch = cells(rows)
    const { frame, dataConfidence } = frames.read(batch)
    const context = createBookContext(count)
    copyContext(contexts.read(batch, frames.requests.length), context, 0, count)
    // The readers' arrays are overwritten by the next run, which may come before this one's answer.
    const columns = frame.columns.map((column) => column.slice())
    return { count, frame: { rows: count, columns }, dataConfidence: dataConfidence.slice(), context }
  }

  async function run({ count, frame, dataConfidence, context }: Input): Promise<ScoredRecord[]> {
    const scores = await churn.score(fillDesign(features, frame), count, {
      reasons: { raising: 3, lowering: 2 },
    })
    const probability = scores.probability.slice(0, count)
    const states = new Float32Array(count * STATE_SIZE)
    const scored = Array.from({ length: count }, (_, row) => {
      const monthlyHazard = toHazard(probability[row])
      const known = contextAt(context, row)
      writeState(states, row, { ...known, monthlyHazard })
      const reasons = write
        .told(scores.reasons!, row, frame)
        .map(({ feature: index, sentence, contribution }) => {
          const { name: feature, label } = features[index]
          return { feature, label, sentence, contribution, raises: contribution > 0 }
        })
      return {
        probability: probability[row],
        monthlyHazard,
        reasons,
        dataConfidence: dataConfidence[row],
        context: known,
      }
    })
    scores.release()
    const values = await valuesOf(policy, states, count)
    const width = policy.bundle.actions.length
    return scored.map((record, row) => ({
      ...record,
      state: states.slice(row * STATE_SIZE, (row + 1) * STATE_SIZE),
      values: values.slice(row * width, (row + 1) * width),
    }))
  }

  return {
    asOf: frames.asOf?.day ?? null,
    dated,
    gaps: frames.gaps,
    score: joinSmall((rows) => run(read(rows))),
    scoreChanged: async (rows, known) => {
      if (rows.length === 0) return []
      const input = read(rows)
      const hashes = hashesOf(input, names)
      const out = rows.map((_, row): HashedRecord | 'unchanged' | 'objects' =>
        input.context.profilingConsent[row] === 0 ? 'objects' : 'unchanged',
      )
      const changed = hashes.flatMap((hash, row) =>
        out[row] === 'objects' || hash === known[row] ? [] : [row],
      )
      const scored = changed.length === 0 ? [] : await run(pick(input, changed, names))
      changed.forEach((row, at) => {
        out[row] = { ...scored[at], inputHash: hashes[row] }
      })
      return out
    },
    inputsOf: (rows) => {
      if (rows.length === 0) return []
      const { frame, dataConfidence, context } = read(rows)
      return rows.map((_, row) => ({
        values: Float32Array.from(frame.columns, (column) => column[row]),
        dataConfidence: dataConfidence[row],
        context: contextAt(context, row),
      }))
    },
    scoreInputs: async (inputs) => (inputs.length === 0 ? [] : run(columnsOf(inputs))),
  }

  function contextAt(context: PolicyContext, row: number): Context {
    return Object.fromEntries(names.map((name) => [name, context[name][row]])) as Context
  }

  function columnsOf(inputs: readonly RecordInput[]): Input {
    const count = inputs.length
    const context = createBookContext(count)
    for (const name of names) inputs.forEach((one, row) => (context[name][row] = one.context[name]))
    return {
      count,
      frame: {
        rows: count,
        columns: features.map((_, at) => Float32Array.from(inputs, ({ values }) => values[at])),
      },
      dataConfidence: Float32Array.from(inputs, (one) => one.dataConfidence),
      context,
    }
  }
}

/** A hash a row: 96 bits of SHA-256 over its floats, enough to tell a customer's two inputs apart. */
function hashesOf(
  { count, frame, dataConfidence, context }: Input,
  names: readonly (keyof PolicyContext)[],
): string[] {
  const columns = [...frame.columns, dataConfidence, ...names.map((name) => context[name])]
  const one = new Float32Array(columns.length)
  const bytes = new Uint8Array(one.buffer)
  return Array.from({ length: count }, (_, row) => {
    // One spelling of NaN and of zero, or equal inputs would differ.
    for (let at = 0; at < columns.length; at++) {
      const value = columns[at][row]
      one[at] = value === value ? value + 0 : NaN
    }
    return `${STATE_VERSION}:${createHash('sha256').update(bytes).digest('base64url').slice(0, 16)}`
  })
}

function pick(input: Input, rows: readonly number[], names: readonly (keyof PolicyContext)[]): Input {
  if (rows.length === input.count) return input
  const cut = (column: Float32Array): Float32Array => Float32Array.from(rows, (row) => column[row])
  const context = createBookContext(rows.length)
  for (const name of names) context[name].set(cut(input.context[name]))
  return {
    count: rows.length,
    frame: { rows: rows.length, columns: input.frame.columns.map(cut) },
    dataConfidence: cut(input.dataConfidence),
    context,
  }
}

interface Waiting {
  readonly rows: readonly Properties[]
  resolve(scored: readonly ScoredRecord[]): void
  reject(error: unknown): void
}

/** Calls of fewer rows wait for their neighbours of the same turn; larger ones are a run of their own. */
const SMALL = 256

/** Joins the small calls of one turn of the event loop into one run. */
function joinSmall(run: (rows: readonly Properties[]) => Promise<ScoredRecord[]>): EngineReader['score'] {
  let waiting: Waiting[] = []
  const flush = (): void => {
    const calls = waiting
    waiting = []
    // Within the chain, so that whatever fails reaches the callers.
    Promise.resolve(calls.flatMap(({ rows }) => rows))
      .then(run)
      .then(
        (scored) => {
          let from = 0
          for (const { rows, resolve } of calls) resolve(scored.slice(from, (from += rows.length)))
        },
        (error: unknown) => {
          for (const { reject } of calls) reject(error)
        },
      )
  }
  return async (rows) => {
    if (rows.length === 0) return []
    if (rows.length >= SMALL) return run(rows)
    return new Promise((resolve, reject) => {
      if (waiting.push({ rows, resolve, reject }) === 1) setImmediate(flush)
    })
  }
}
