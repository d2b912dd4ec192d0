/**
 * A book: all customers of a file, scored and valued, ready to be decided on under any settings. The steps that
 * `score` and `what-if` share, so that both see the same customers in the same way.
 */
import { existsSync, statSync } from 'node:fs'
import { openTable } from '../../connectors/csv/open.ts'
import { asOfDay } from '../../models/features/as-of.ts'
import { drawCustomers } from '../../models/policy/draw.ts'
import { findColumn } from '../../models/features/columns.ts'
import { proposeMapping } from '../../models/features/mapping.ts'
import type { Mapping } from '../../models/features/mapping-file.ts'
import type { ChurnBundle, PolicyBundle } from '../../models/onnx/bundle-contents.ts'
import { serveChurn, servePolicy } from '../../models/onnx/serve.ts'
import { startPool } from '../../models/onnx/serve-pool.ts'
import { declineTelemetry } from '../config.ts'
import type { TableProfile } from '../contracts/table.ts'
import { daysIntoPeriod } from '../settings/planning.ts'
import type { Settings } from '../settings/settings.ts'
import { cardMapping } from './card.ts'
import { chooseModel, coverageOf } from './choose-model.ts'
import { maskContextOf } from './decide-context.ts'
import type { ScoredBook } from './decide.ts'
import { artefactFolder, modelFolder } from './models.ts'
import { trainingOf } from './policy-terms.ts'
import { scoreTable, type ScoredTable } from './score.ts'
import { hazardOf, statesOf, valuesOf } from './value.ts'

export interface BookRequest {
  readonly path: string
  /** Name or folder of a model; undefined: what fits the file best. */
  readonly model?: string
  readonly mapping?: Mapping
  readonly settings: Settings
  readonly id?: string
  /** Further columns of the file to carry along, as somebody typed their headers. */
  readonly carry: readonly string[]
  /** Day that the file describes, days since 1970-01-01; dates in the file are never taken to be later. */
  readonly today: number
  /** The same day, `YYYY-MM-DD`, when somebody stated it. */
  readonly asOf?: string
  readonly threads: number
  /** The decision period, as in `periodOf`. */
  readonly period: string
  readonly onProgress?: (done: number, total: number) => void
}

export interface Book {
  readonly scored: ScoredTable
  readonly decidable: ScoredBook
  readonly model: ChurnBundle
  readonly policy: PolicyBundle
  readonly profile: TableProfile
  readonly mapping: Mapping
  /** Whether the model was chosen for the file, and how much of what it looks at the file has. */
  readonly chosen: boolean
  readonly coverage: number
  /** What in the mapping that was given has no effect. */
  readonly notes: readonly string[]
}

/**
 * @throws HoldfastError for everything that can be wrong with file, mapping, model or settings
 */
export async function openBook(request: BookRequest): Promise<Book> {
  declineTelemetry()
  // A wrong path is said at once; for any other file threads load the inference library while it is looked at.
  if (!existsSync(request.path)) await (await openTable(request.path)).close()
  const pool = startPool({ workers: Math.min(workersFor(request.path), request.threads) })
  try {
    const table = await openTable(request.path, { threads: request.threads })
    try {
      const profile = await table.profile()
      const carry = request.carry.map((name) => findColumn(profile, name, 'columns').header)
      const propose = (like: Mapping | undefined): Mapping => mapColumns(profile, request, like)
      const choice =
        request.model === undefined
          ? await chooseModel(profile, propose(request.mapping), request.today)
          : null
      const [churn, policy] = await Promise.all([
        serveChurn(choice === null ? modelFolder(request.model!) : artefactFolder(choice.name), { pool }),
        servePolicy(artefactFolder('policy'), { pool }),
      ])
      const model = churn.bundle
      const mapping = propose(request.mapping ?? cardMapping(model.card))
      const scored = await scoreTable(table, churn, {
        mapping,
        today: request.today,
        workers: pool.workers,
        carry,
        ...(request.onProgress === undefined ? {} : { onProgress: request.onProgress }),
      })
      const toHazard = hazardOf(model.meaning, model.population)
      const states = statesOf(scored, toHazard)
      const value = await valuesOf(policy, states, scored.rows)
      return {
        scored,
        decidable: decidable(scored, value, policy.bundle, toHazard, request),
        model,
        policy: policy.bundle,
        profile,
        mapping,
        chosen: choice !== null,
        notes:
          request.mapping === undefined
            ? []
            : (await import('./mapping-notes.ts')).mappingNotes(
                profile,
                request.mapping,
                model.features.features,
              ),
        coverage: choice?.coverage ?? coverageOf(model, profile, mapping, request.today),
      }
    } finally {
      await table.close()
    }
  } finally {
    await pool.close()
  }
}

/** Below this size one thread scores a file sooner than a second one is ready; packed files hold more rows a byte. */
const SMALL_CSV_BYTES = 8 * 2 ** 20
const SMALL_PACKED_BYTES = 2 ** 20

function workersFor(path: string): number {
  const small = /\.(csv|tsv|txt)$/i.test(path) ? SMALL_CSV_BYTES : SMALL_PACKED_BYTES
  return statSync(path).size < small ? 1 : 2
}

/** A file with no past date of its own, only renewals to come, describes the day on which it is scored. */
function mapColumns(profile: TableProfile, request: BookRequest, like: Mapping | undefined): Mapping {
  const mapping = proposeMapping(profile, {
    ...(request.id === undefined ? {} : { id: request.id }),
    ...(request.asOf === undefined ? {} : { asOf: request.asOf }),
    ...(like === undefined ? {} : { like }),
  })
  if (asOfDay(profile, mapping, request.today) !== null) return mapping
  return { ...mapping, asOf: new Date(request.today * 86_400_000).toISOString().slice(0, 10) }
}

function decidable(
  scored: ScoredTable,
  value: Float32Array,
  policy: PolicyBundle,
  toHazard: (probability: number) => number,
  { settings, period, today }: BookRequest,
): ScoredBook {
  const { rows, context } = scored
  const sinceStart = daysIntoPeriod(settings.period, new Date(today * 86_400_000))
  return {
    values: { rows, actions: policy.actions.length, value },
    trained: trainingOf(policy),
    hazard: Float32Array.from(scored.probability, toHazard),
    recurring: Float64Array.from(context.monthlyCharge, cents),
    context: maskContextOf(context, sinceStart),
    draws: drawCustomers(
      {
        tenant: settings.tenant,
        period,
        policyVersion: policy.hash,
        salt: settings.exploration.salt,
      },
      scored.ids,
    ),
  }
}

/** Amounts were read as float32: the nearest hundredth is what the file said. */
function cents(amount: number): number {
  return Math.round(amount * 100) / 100
}
