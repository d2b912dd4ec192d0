/** What can go wrong on purpose: with the n-th call that matches, or with the portal. */

export type FaultEffect =
  /** Answers this instead, without doing anything. */
  | {
      readonly kind: 'answer'
      readonly status: number
      readonly body?: unknown
      readonly headers?: Readonly<Record<string, string>>
    }
  /** Never answers. `done`: after the change took effect. */
  | { readonly kind: 'hang'; readonly done?: boolean }
  /** Cuts the connection: before anything was done, or after the change took effect but before the answer. */
  | { readonly kind: 'drop'; readonly when: 'before' | 'after' }
  /** Answers as ever, but only after these milliseconds (real ones). */
  | { readonly kind: 'slow'; readonly ms: number }
  /** The record or the portal is locked: HubSpot's 423, to be tried again after 2 seconds. */
  | { readonly kind: 'locked' }

export interface Fault {
  readonly method?: string
  /** Part of the path, or a pattern. Default: every call. */
  readonly path?: string | RegExp
  /** Counted from now: 1 is the next one that matches. Default 1. */
  readonly nth?: number
  /** How many in a row. Default 1. */
  readonly times?: number
  readonly effect: FaultEffect
}

export interface Faults {
  /** @returns takes it back */
  inject(fault: Fault): () => void
  /** Takes back all that were injected, the lack of scopes and the daily limit; the clock and the lag stay. */
  clear(): void
  /** Access tokens that are out are refused from now on; refresh tokens still work. */
  expireTokens(): void
  /** The app was uninstalled: all its tokens are gone. */
  revokeTokens(): void
  withoutScope(scope: string): void
  dailyLimit(reached: boolean): void
  indexLag(ms: number): void
  moveClock(ms: number): void
  /** The effect on this call, if any; counts. */
  next(method: string, path: string): FaultEffect | null
  missingScopes(): ReadonlySet<string>
}

export interface FaultDoors {
  expireTokens(): void
  revokeTokens(): void
  dailyLimit(reached: boolean): void
  indexLag(ms: number): void
  moveClock(ms: number): void
}

export function openFaults(doors: FaultDoors): Faults {
  const waiting = new Set<{ readonly fault: Fault; seen: number }>()
  const missing = new Set<string>()
  return {
    ...doors,
    inject(fault) {
      const entry = { fault, seen: 0 }
      waiting.add(entry)
      return () => void waiting.delete(entry)
    },
    clear() {
      waiting.clear()
      missing.clear()
      doors.dailyLimit(false)
    },
    withoutScope: (scope) => void missing.add(scope),
    missingScopes: () => missing,
    next(method, path) {
      let effect: FaultEffect | null = null
      for (const entry of waiting) {
        const { fault } = entry
        if (fault.method !== undefined && fault.method !== method) continue
        if (
          typeof fault.path === 'string' ? !path.includes(fault.path) : fault.path && !fault.path.test(path)
        )
          continue
        entry.seen++
        const first = fault.nth ?? 1
        if (entry.seen < first) continue
        if (entry.seen >= first + (fault.times ?? 1) - 1) waiting.delete(entry)
        effect ??= fault.effect
      }
      return effect
    },
  }
}
