/**
 * What scoring for the API rests on: model, settings, thresholds of a tenant's connection. Kept for a second, so
 * that a thousand requests ask the database once; what is older serves on while it is read anew.
 */
import { z } from 'zod'
import { levelThresholds, type LevelThresholds } from '../../../models/churn/levels.ts'
import type { ConnectionId, TenantId } from '../../contracts/ids.ts'
import type { Engine } from '../../loop/engine.ts'
import type { LoopServices } from '../../loop/services.ts'
import { createSuggester } from '../../loop/suggest.ts'
import { solvedPolicy } from '../../loop/solved-policy.ts'
import { actionNames, reportingCurrency, reportingRate } from '../../settings/planning.ts'
import type { Database } from '../../store/database.ts'
import { championOf } from '../../store/models.ts'
import { policyInCharge } from '../../store/policies.ts'
import { scoringPlace } from '../../store/reads/scoring-place.ts'
import { currentSettings } from '../../store/settings-versions.ts'

export interface ScoringBasis {
  readonly engine: Engine
  readonly thresholds: LevelThresholds
  readonly suggest: ReturnType<typeof createSuggester>
  /** It was not trained on the company's own customers. */
  readonly starter: boolean
  /** What people call an action. */
  readonly action: (key: string) => string
  /** Of the recurring amounts that records have. */
  readonly currency: string
  /** Of expected values and costs. */
  readonly reporting: string
  /** Units of `reporting` for one unit of `currency`; NaN is unknown. */
  readonly rate: number
}

/** The model that answers before a connection has one of its own. */
const STARTER = 'shipped:subscription'

/** Age at which it is read anew in the background, and at which nobody is answered from it any more. */
const FRESH_MS = 1000
const STALE_MS = 5000
const MOST_KEPT = 2000

interface Kept {
  at: number
  readonly value: Promise<ScoringBasis>
  refreshing: boolean
}

const keptBy = new WeakMap<Database, Map<string, Kept>>()

/**
 * @param connection null: the tenant's oldest connection, and where there is none Holdfast's starter model
 * @throws HoldfastError `not_found` for a connection that is none of the tenant's; what opening a model throws
 * @example
 * const { engine, suggest } = await basisOf(services, tenant, null)
 */
export function basisOf(
  services: LoopServices,
  tenant: TenantId,
  connection: ConnectionId | null,
): Promise<ScoringBasis> {
  const kept = keptOf(services.database)
  const key = `${tenant} ${connection ?? ''}`
  const now = performance.now()
  const known = kept.get(key)
  if (known === undefined || now - known.at >= STALE_MS)
    return keep(kept, key, read(services, tenant, connection))
  if (now - known.at >= FRESH_MS && !known.refreshing) {
    known.refreshing = true
    const next = read(services, tenant, connection)
    next.then(
      () => {
        // Somebody may have made it forgotten meanwhile.
        if (kept.get(key) === known) keep(kept, key, next)
      },
      () => {
        known.refreshing = false
      },
    )
  }
  return known.value
}

/** After a change of settings: the next request reads them. */
export function forgetBasis(database: Database, tenant: TenantId): void {
  const kept = keptOf(database)
  for (const key of kept.keys()) if (key.startsWith(tenant)) kept.delete(key)
}

function keptOf(database: Database): Map<string, Kept> {
  const kept = keptBy.get(database) ?? new Map<string, Kept>()
  keptBy.set(database, kept)
  return kept
}

function keep(kept: Map<string, Kept>, key: string, value: Promise<ScoringBasis>): Promise<ScoringBasis> {
  kept.delete(key)
  kept.set(key, { at: performance.now(), value, refreshing: false })
  if (kept.size > MOST_KEPT) kept.delete(kept.keys().next().value!)
  value.catch(() => {
    if (kept.get(key)?.value === value) kept.delete(key)
  })
  return value
}

async function read(
  { database, engines }: LoopServices,
  tenant: TenantId,
  connection: ConnectionId | null,
): Promise<ScoringBasis> {
  const { settings, place, champion, policy } = await database.withTenant(tenant, async (tx) => {
    const place = await scoringPlace(tx, connection)
    return {
      settings: (await currentSettings(tx)).settings,
      place,
      champion: place === null ? null : await championOf(tx, place.id),
      policy: await policyInCharge(tx),
    }
  })
  const engine = await engines.get(champion?.location ?? STARTER, solvedPolicy(database, tenant, policy))
  const inForce = thresholdsShape.safeParse(place?.thresholds)
  const { capacity: _needsTheWholeBook, ...levels } = settings.levels
  return {
    engine,
    thresholds: inForce.success ? inForce.data : levelThresholds(levels, engine.churn.population.baseRate),
    starter: champion === null || champion.location.startsWith('shipped:'),
    action: actionNames(settings),
    suggest: createSuggester({ policy: engine.policy, settings }),
    currency: settings.currency.file,
    reporting: reportingCurrency(settings),
    rate: reportingRate(settings),
  }
}

const thresholdsShape = z.object({
  high: z.number(),
  medium: z.number(),
  strict: z.boolean(),
  highBy: z.enum(['multiple', 'fixed', 'capacity']),
})
