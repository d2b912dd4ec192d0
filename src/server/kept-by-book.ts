/**
 * What goes over the whole book, kept: gone over again when the book has moved, and while something runs at most every
 * few seconds.
 */
import type { TenantId } from '../contracts/ids.ts'

export interface KeptQuery<Asked> {
  /** Equal stamps are equal books. */
  readonly stamp: string
  /** Whether something runs, so that every look would find another book. */
  readonly running: boolean
  readonly asked: Asked
}

export type ReadKept<Asked, Read> = (tenant: TenantId, query: KeptQuery<Asked>) => Promise<Read>

/** While something runs every look would find another book: it is gone over at most so often … */
const RUNNING_MS = 4000
/** … and for at most a tenth of the time. */
const RUNNING_SHARE = 10
/** What leaves no mark, such as who left the population, is seen after so long. */
const OLD_MS = 60_000
/** Tenants of whom something is kept. */
const KEPT = 500

interface Kept<Read> {
  readonly stamp: string
  readonly at: number
  /** Milliseconds that it took; 0: it is still being read. */
  took: number
  readonly value: Promise<Read>
}

/**
 * @param now milliseconds of a clock that only goes forward
 * @example
 * const totals = keptByBook((tenant) => database.withTenant(tenant, readTotals), () => performance.now())
 * await totals(tenant, { stamp, running: false, asked: undefined })
 */
export function keptByBook<Asked, Read>(
  read: (tenant: TenantId, asked: Asked) => Promise<Read>,
  now: () => number,
): ReadKept<Asked, Read> {
  const kept = new Map<TenantId, Kept<Read>>()

  function readAnew(tenant: TenantId, { stamp, asked }: KeptQuery<Asked>): Promise<Read> {
    const value = read(tenant, asked)
    kept.delete(tenant)
    const entry: Kept<Read> = { stamp, at: now(), took: 0, value }
    kept.set(tenant, entry)
    for (const oldest of [...kept.keys()].slice(0, Math.max(0, kept.size - KEPT))) kept.delete(oldest)
    value.then(
      () => void (entry.took = now() - entry.at),
      () => void (kept.get(tenant) === entry && kept.delete(tenant)),
    )
    return value
  }

  return (tenant, query) => {
    const known = kept.get(tenant)
    if (known === undefined) return readAnew(tenant, query)
    const age = now() - known.at
    if (known.stamp === query.stamp) {
      if (age > OLD_MS) void readAnew(tenant, query).catch(() => undefined)
      return known.value
    }
    return query.running && age < Math.max(RUNNING_MS, RUNNING_SHARE * known.took)
      ? known.value
      : readAnew(tenant, query)
  }
}
