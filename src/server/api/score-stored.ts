/**
 * Scores in force, by id, with what would be best now. Requests that arrive while the database is busy with those
 * before them are read together: one query, one run of the policy.
 */
import { STATE_SIZE } from '../../../models/policy/state.ts'
import { HoldfastError } from '../../contracts/errors.ts'
import type { CustomerId, TenantId } from '../../contracts/ids.ts'
import { minorDigits } from '../../contracts/money.ts'
import type { LoopServices } from '../../loop/services.ts'
import type { Database } from '../../store/database.ts'
import { scoresInForce, type ScoreInForce } from '../../store/reads/scores.ts'
import { answerOf, leftAlone } from './score-answer.ts'
import { basisOf } from './score-basis.ts'
import type { Score } from './score-shapes.ts'

/** Reads of a tenant at a time: while they are under way, who comes waits and is read together. */
const READS = 2
const LARGEST_READ = 1000

interface Waiting {
  readonly id: CustomerId
  resolve(score: Score | null): void
  reject(error: unknown): void
}

interface Lane {
  waiting: Waiting[]
  reading: number
}

const lanesBy = new WeakMap<Database, Map<TenantId, Lane>>()

/**
 * @throws HoldfastError `not_found` for a customer that is none of the tenant's, left the population, or has no score yet
 * @example
 * const { probability, scoredAt } = await scoreStored(services, tenant, customer)
 */
export async function scoreStored(services: LoopServices, tenant: TenantId, id: CustomerId): Promise<Score> {
  const lanes = lanesBy.get(services.database) ?? new Map<TenantId, Lane>()
  lanesBy.set(services.database, lanes)
  const lane = lanes.get(tenant) ?? { waiting: [], reading: 0 }
  lanes.set(tenant, lane)
  const score = await new Promise<Score | null>((resolve, reject) => {
    lane.waiting.push({ id, resolve, reject })
    if (lane.waiting.length === 1) setImmediate(next)
  })
  if (score !== null) return score
  throw new HoldfastError(
    'not_found',
    `Customer ${id} has no score here: there is none of this number, it left the population, or it was not scored yet. GET /v1/customers lists those that have one.`,
  )

  function next(): void {
    while (lane.waiting.length > 0 && lane.reading < READS) {
      const batch = lane.waiting.splice(0, LARGEST_READ)
      lane.reading++
      void answer(services, tenant, batch).finally(() => {
        lane.reading--
        next()
      })
    }
    if (lane.waiting.length === 0 && lane.reading === 0) lanes.delete(tenant)
  }
}

async function answer(services: LoopServices, tenant: TenantId, batch: readonly Waiting[]): Promise<void> {
  try {
    const ids = [...new Set(batch.map(({ id }) => id))]
    const rows = await services.database.withTenant(tenant, (tx) => scoresInForce(tx, ids))
    const scores = new Map((await withSuggestions(services, tenant, rows)).map((score) => [score.id, score]))
    for (const { id, resolve } of batch) resolve(scores.get(id) ?? null)
  } catch (error) {
    for (const { reject } of batch) reject(error)
  }
}

async function withSuggestions(
  services: LoopServices,
  tenant: TenantId,
  rows: readonly ScoreInForce[],
): Promise<readonly Score[]> {
  if (rows.length === 0) return []
  // Settings are the tenant's, and one policy serves all models.
  const { engine, suggest, currency, reporting } = await basisOf(services, tenant, null)
  const states = new Float32Array(rows.length * STATE_SIZE)
  rows.forEach(({ state }, row) => states.set(state, row * STATE_SIZE))
  const values = await engine.values(states, rows.length)
  const width = engine.policy.actions.length
  const suggestions = suggest(
    rows.map((row, at) => ({
      values: values.subarray(at * width, (at + 1) * width),
      monthlyHazard: row.monthlyHazard,
      context: row.context,
      recurring:
        row.monthlyMinor === null || row.currency !== currency
          ? NaN
          : row.monthlyMinor / 10 ** minorDigits(currency),
    })),
    services.clock(),
  )
  return rows.map((row, at) =>
    answerOf(
      {
        id: row.customer,
        probability: row.probability,
        kind: row.kind,
        horizonDays: row.horizonDays,
        level: row.level,
        reasons: row.reasons.map(({ feature, sentence, raises }) => ({ feature, sentence, raises })),
        dataConfidence: row.dataConfidence,
        model: row.modelHash,
        scoredAt: row.scoredAt.toISOString(),
      },
      row.group === 'policy' ? suggestions[at] : leftAlone(suggestions[at]),
      reporting,
    ),
  )
}
