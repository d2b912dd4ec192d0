/**
 * What goes over the whole book: value at risk, the distribution, what the period's decisions come to. Gone over again
 * when the book has moved, and while something runs at most every few seconds.
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

export interface SummaryQuery {
  readonly connections: readonly ConnectionView[]
  readonly period: string
  /** As {@link bookMark} gave it in the page's own transaction. */
  readonly mark: string
}

export type ReadSummary = (tenant: TenantId, query: SummaryQuery) => Promise<Summary>

/** While something runs every look would find another book: it is gone over at most so often … */
const RUNNING_MS = 4000
/** … and for at most a tenth of the time. */
const RUNNING_SHARE = 10
/** What leaves no mark, such as who left the population, is seen after so long. */
const OLD_MS = 60_000
/** Tenants whose summaries are kept. */
const KEPT = 500

interface Kept {
  readonly stamp: string
  readonly at: number
  /** Milliseconds that it took; 0: it is still being read. */
  took: number
  readonly summary: Promise<Summary>
}

/**
 * @param now milliseconds of a clock that only goes forward
 * @example
 * const summaries = openSummaries(database, () => performance.now())
 * const { totals } = await summaries(tenant, { connections, period: '2026-11', mark })
 */
export function openSummaries(database: Database, now: () => number): ReadSummary {
  const kept = new Map<TenantId, Kept>()

  function read(tenant: TenantId, stamp: string, { connections, period }: SummaryQuery): Promise<Summary> {
    const ids = connections.map(({ id }) => id)
    const summary = database.withTenant(tenant, async (tx) => ({
      totals: await readTotals(tx),
      decided: summariseDecisions(await decidedGroups(tx, { connections: ids, period })),
    }))
    kept.delete(tenant)
    const entry: Kept = { stamp, at: now(), took: 0, summary }
    kept.set(tenant, entry)
    for (const oldest of [...kept.keys()].slice(0, Math.max(0, kept.size - KEPT))) kept.delete(oldest)
    summary.then(
      () => void (entry.took = now() - entry.at),
      () => void (kept.get(tenant) === entry && kept.delete(tenant)),
    )
    return summary
  }

  return (tenant, query) => {
    const stamp = JSON.stringify([query.period, query.mark, query.connections.map(({ id }) => id)])
    const known = kept.get(tenant)
    if (known === undefined) return read(tenant, stamp, query)
    const age = now() - known.at
    const running = query.connections.some(({ steps }) => steps.some((step) => step.running))
    if (known.stamp === stamp) {
      if (age > OLD_MS) void read(tenant, stamp, query).catch(() => undefined)
      return known.summary
    }
    return running && age < Math.max(RUNNING_MS, RUNNING_SHARE * known.took)
      ? known.summary
      : read(tenant, stamp, query)
  }
}
