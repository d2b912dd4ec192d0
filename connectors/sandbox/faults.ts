/** What can go wrong on purpose: with the n-th call that matches, or with the whole CRM. */

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
  /** Cuts the connection in the middle of the answer's body; the change took effect. */
  | { readonly kind: 'cut' }
  /** Answers as ever, but only after these milliseconds (real ones). */
  | { readonly kind: 'slow'; readonly ms: number }
  /** A record is locked: what the CRM answers then. */
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

/** What goes wrong with single calls; each CRM adds what can go wrong with itself. */
export interface CallFaults {
  /** @returns takes it back */
  inject(fault: Fault): () => void
  /** Takes back all that were injected. */
  clear(): void
  /** The effect on this call, if any; counts. */
  next(method: string, path: string): FaultEffect | null
}

/** @example openCallFaults().inject({ method: 'PATCH', path: '/sobjects/', times: 2, effect: { kind: 'locked' } }) */
export function openCallFaults(): CallFaults {
  const waiting = new Set<{ readonly fault: Fault; seen: number }>()
  return {
    inject(fault) {
      const entry = { fault, seen: 0 }
      waiting.add(entry)
      return () => void waiting.delete(entry)
    },
    clear: () => waiting.clear(),
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
