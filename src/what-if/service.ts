/**
 * "What if" over whole books: the columns of the companies that ask lie in a thread of their own, so that a slider is answered
 * in a fraction of a second and nobody else waits for it. They are read anew when the settings changed or they are old, and
 * let go when nobody asks or another company needs the room.
 */
import type { TenantId } from '../contracts/ids.ts'
import type { LoopServices } from '../loop/services.ts'
import type { ServiceSettings } from '../settings/service.ts'
import { currentSettings } from '../store/settings-versions.ts'
import { MOST_ROWS, readWhatIfBook } from './book.ts'
import type { Compared, RowFilter, WhatIfRow } from './protocol.ts'
import { startThread } from './thread.ts'

export interface HeldBook {
  /** When the book was read. */
  readonly asOf: string
  readonly rows: number
  readonly settings: ServiceSettings
  readonly settingsVersion: number
  /** Plans under the settings and each change, the first being the settings as they are. */
  compare(
    changes: readonly { readonly label: string; readonly settings: ServiceSettings }[],
  ): Promise<Compared>
  /** Customers under the settings and a change, in the order of their numbers. */
  rowsOf(changed: ServiceSettings, filter: RowFilter): Promise<readonly WhatIfRow[]>
}

export interface WhatIf {
  /**
   * @param fresh read anew although it is not old; who asks while it is being read gets that one
   * @throws HoldfastError as `readWhatIfBook`
   */
  open(tenant: TenantId, options?: { readonly fresh?: boolean }): Promise<HeldBook>
  close(): Promise<void>
}

interface Kept {
  readonly generation: number
  readonly settingsVersion: number
  readonly readAt: number
  usedAt: number
  rows: number
  /** Whether the book is still being read. */
  reading: boolean
  readonly ready: Promise<{ readonly asOf: string; readonly rows: number }>
}

/** Nobody is answered from an older book. */
const OLD_MS = 10 * 60_000
/** Let go when nobody asked for so long. */
const IDLE_MS = 5 * 60_000
/** Customers that are held, all companies together. */
const MOST_HELD = MOST_ROWS + 200_000

/**
 * @param now milliseconds of a clock that only goes forward
 * @example
 * const whatIf = openWhatIf(services, { now: () => performance.now() })
 * const book = await whatIf.open(tenant)
 */
export function openWhatIf(
  services: Pick<LoopServices, 'database' | 'engines' | 'clock' | 'connectors'>,
  { now, idleMs = IDLE_MS }: { readonly now: () => number; readonly idleMs?: number },
): WhatIf {
  const { database } = services
  const thread = startThread()
  const kept = new Map<TenantId, Kept>()
  const ending = new AbortController()
  const timer = setInterval(sweep, Math.min(idleMs, 30_000))
  timer.unref()

  function letGo(tenant: TenantId): void {
    const one = kept.get(tenant)
    kept.delete(tenant)
    if (one?.generation === thread.generation)
      void thread.ask({ type: 'drop', key: tenant }).catch(() => undefined)
  }

  function sweep(): void {
    for (const [tenant, { usedAt }] of kept) if (now() - usedAt > idleMs) letGo(tenant)
    // The memory of a thread is given back with the thread alone.
    if (kept.size === 0) void thread.end()
  }

  /** Those not asked for longest make room. */
  function makeRoom(): void {
    const rows = (): number => [...kept.values()].reduce((sum, one) => sum + one.rows, 0)
    const byUse = [...kept].toSorted(([, a], [, b]) => a.usedAt - b.usedAt)
    while (kept.size > 1 && rows() > MOST_HELD) letGo(byUse.shift()![0])
  }

  function read(tenant: TenantId, settingsVersion: number): Kept {
    const ready = (async () => {
      const book = await readWhatIfBook(services, tenant, ending.signal)
      await thread.ask({ type: 'hold', key: tenant, book })
      return { asOf: book.asOf, rows: book.rows }
    })()
    const one: Kept = {
      get generation() {
        return generation
      },
      settingsVersion,
      readAt: now(),
      usedAt: now(),
      rows: 0,
      reading: true,
      ready,
    }
    let generation = thread.generation
    kept.set(tenant, one)
    ready.then(
      ({ rows }) => {
        one.rows = rows
        one.reading = false
        generation = thread.generation
        makeRoom()
      },
      () => {
        if (kept.get(tenant) === one) kept.delete(tenant)
      },
    )
    return one
  }

  return {
    open: async (tenant, { fresh = false } = {}) => {
      const { version, settings } = await database.withTenant(tenant, currentSettings)
      const known = kept.get(tenant)
      const good =
        known !== undefined &&
        known.settingsVersion === version &&
        (known.reading ||
          (!fresh &&
            now() - known.readAt < OLD_MS &&
            (known.rows === 0 || known.generation === thread.generation)))
      const one = good ? known : read(tenant, version)
      one.usedAt = now()
      const { asOf, rows } = await one.ready
      return {
        asOf,
        rows,
        settings,
        settingsVersion: version,
        compare: (changes) => thread.ask({ type: 'compare', key: tenant, base: settings, changes }),
        rowsOf: (changed, filter) =>
          thread.ask({ type: 'rows', key: tenant, base: settings, changed, filter }),
      }
    },
    close: async () => {
      ending.abort(new Error('This process is ending.'))
      clearInterval(timer)
      kept.clear()
      await thread.end()
    },
  }
}
