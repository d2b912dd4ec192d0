/**
 * What goes over the whole book: value at risk, the distribution, what the period's decisions come to. Gone over again
 * only when a run has moved, since nothing else changes it, and while one runs at most every few seconds.
 */
import type { TenantId } from '../../contracts/ids.ts'
import type { Database } from '../../store/database.ts'
import type { ConnectionView } from '../../store/reads/connections.ts'
import { decidedGroups } from '../../store/reads/pages-decided.ts'
import { readTotals, type Totals } from '../../store/reads/totals.ts'
import { summariseDecisions, type Decided } from './decided.ts'

export interface Summary {
  readonly totals: Totals
  readonly decided: Decided
}

export type ReadSummary = (
  tenant: TenantId,
  about: { readonly connections: readonly ConnectionView[]; readonly period: string },
) => Promise<Summary>

const FRESH_MS = 4000
/** Tenants whose summaries are kept. */
const KEPT = 500

interface Kept {
  readonly stamp: string
  readonly at: number
  readonly summary: Promise<Summary>
}

/**
 * @param now milliseconds of a clock that only goes forward
 * @example
 * const summaries = openSummaries(database, () => performance.now())
 * const { totals } = await summaries(tenant, { connections, period: '2026-11' })
 */
export function openSummaries(database: Database, now: () => number): ReadSummary {
  const kept = new Map<TenantId, Kept>()
  return (tenant, { connections, period }) => {
    const stamp = stampOf(connections, period)
    const known = kept.get(tenant)
    const running = connections.some(({ steps }) => steps.some((step) => step.running))
    if (known !== undefined && (known.stamp === stamp || (running && now() - known.at < FRESH_MS)))
      return known.summary
    const ids = connections.map(({ id }) => id)
    const summary = database.withTenant(tenant, async (tx) => ({
      totals: await readTotals(tx),
      decided: summariseDecisions(await decidedGroups(tx, { connections: ids, period })),
    }))
    kept.delete(tenant)
    kept.set(tenant, { stamp, at: now(), summary })
    if (kept.size > KEPT)
      for (const oldest of [...kept.keys()].slice(0, kept.size - KEPT)) kept.delete(oldest)
    summary.catch(() => kept.delete(tenant))
    return summary
  }
}

/** Equal stamps are equal books. */
function stampOf(connections: readonly ConnectionView[], period: string): string {
  return JSON.stringify([
    period,
    connections.map(({ id, steps }) => [
      id,
      steps.map(({ lastRun }) => [lastRun?.id, lastRun?.status, lastRun?.done]),
    ]),
  ])
}
