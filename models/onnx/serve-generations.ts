/** Which bundle is in charge, and how another takes over while calls are under way. */
import type { LoadedModel } from './serve-model.ts'
import { startPool } from './serve-pool.ts'
import type { Pool, PoolOptions } from './serve-pool.ts'

/** What the kinds of bundles do differently. */
export interface Kind<Bundle> {
  read(dir: string): Promise<Bundle>
  /** @throws HoldfastError when callers of `old` could not go on with `next` */
  expectReplaceable(old: Bundle, next: Bundle): void
  load(pool: Pool, bundle: Bundle): Promise<LoadedModel>
  /** @throws HoldfastError when a loaded model does not answer as it should */
  smoke(loaded: LoadedModel, bundle: Bundle): Promise<void>
}

export interface Generation<Bundle> {
  readonly bundle: Bundle
  readonly loaded: LoadedModel
  readonly pool: Pool
  readonly ownsPool: boolean
}

export interface Generations<Bundle> {
  /** In charge now. */
  current(): Generation<Bundle>
  swap(dir: string): Promise<Bundle>
  close(): Promise<void>
}

/**
 * Reads, loads and tries a bundle; later ones go through the same before they take over. One swap at a time.
 *
 * @param given threads that belong to the caller; a swap never uses them, for the model in charge does
 */
export async function startGenerations<Bundle>(
  dir: string,
  kind: Kind<Bundle>,
  options: PoolOptions,
  given: Pool | undefined,
): Promise<Generations<Bundle>> {
  const begin = async (
    from: string,
    pool: Pool,
    ownsPool: boolean,
    old: Bundle | null,
  ): Promise<Generation<Bundle>> => {
    try {
      const bundle = await kind.read(from)
      if (old !== null) kind.expectReplaceable(old, bundle)
      const loaded = await kind.load(pool, bundle)
      try {
        await kind.smoke(loaded, bundle)
      } catch (error) {
        await loaded.unload()
        throw error
      }
      loaded.prepare()
      return { bundle, loaded, pool, ownsPool }
    } catch (error) {
      if (ownsPool) await pool.close()
      throw error
    }
  }

  let current = await begin(dir, given ?? startPool(options), given === undefined, null)
  let last: Promise<unknown> = Promise.resolve()
  let closed = false

  const swap = async (from: string): Promise<Bundle> => {
    const pool = startPool({ ...options, workers: options.workers ?? current.pool.workers })
    const next = await begin(from, pool, true, current.bundle)
    const old = current
    current = next
    // The old one answers what it has been asked; nobody needs to wait for that but close.
    retired.push(retire(old))
    return next.bundle
  }
  const retired: Promise<void>[] = []
  return {
    current: () => current,
    swap: (from) => {
      const mine = last.then(() => {
        if (closed) throw new Error('This model is closed.')
        return swap(from)
      })
      last = mine.catch(() => undefined)
      return mine
    },
    close: async () => {
      await last
      if (!closed) retired.push(retire(current))
      closed = true
      await Promise.all(retired)
    },
  }
}

async function retire<Bundle>({ loaded, pool, ownsPool }: Generation<Bundle>): Promise<void> {
  // A pool whose threads have stopped forgets nothing and need not.
  await loaded.unload().catch(() => undefined)
  if (ownsPool) await pool.close()
}
