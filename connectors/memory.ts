/** What hardly changes in a CRM, such as its users, is asked for once in a while and not for every record. */
import type { Clock } from '../src/contracts/clock.ts'

export interface CrmMemory {
  /**
   * What was loaded under this name last, or loads it. What failed to load is loaded again the next time.
   *
   * @param keepMs for how long this is good; default of the memory
   */
  recall<T>(name: string, load: () => Promise<T>, keepMs?: number): Promise<T>
  /** Everything is loaded anew. */
  forget(): void
}

/**
 * @param options.keepMs for how long something is good; default 5 minutes
 * @example
 * const memory = openCrmMemory({ clock })
 * const owners = await memory.recall('owners', () => readOwners(client))
 */
export function openCrmMemory({ clock, keepMs = 5 * 60_000 }: { clock: Clock; keepMs?: number }): CrmMemory {
  const kept = new Map<string, { value: Promise<unknown>; until: number }>()
  return {
    recall<T>(name: string, load: () => Promise<T>, keep = keepMs) {
      const now = clock().getTime()
      const known = kept.get(name)
      if (known !== undefined && now < known.until) return known.value as Promise<T>
      const value = load()
      const entry = { value, until: now + keep }
      kept.set(name, entry)
      value.catch(() => {
        if (kept.get(name) === entry) kept.delete(name)
      })
      return value
    },
    forget: () => kept.clear(),
  }
}
