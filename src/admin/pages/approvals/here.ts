/** Which approval one looks at: the list is read anew by itself, and nobody may answer another one than they read. */
import { useState } from 'react'
import type { Approval } from './answering.ts'

export interface Looking {
  /** Null: nothing waits. */
  readonly id: string | null
  /** Undefined while `id` is not among those that wait. */
  readonly found: Approval | undefined
  /** Looks at another one although the address names none; null: at the first. */
  hold(id: string | null): void
}

/**
 * @param about.open of the address; null: none was chosen, so a wide screen shows the first, and keeps to it
 * @param about.filters as text: other ones begin with their own first
 * @param about.changing whether the items are still those of other filters
 */
export function useLooking(
  items: readonly Approval[],
  { open, filters, changing }: { open: string | null; filters: string; changing: boolean },
): Looking {
  const [held, keep] = useState<{ readonly filters: string; readonly id: string } | null>(null)
  const first = items[0]?.id ?? null
  // Who chose one goes on from the top when they come back.
  const wanted =
    open !== null
      ? null
      : changing || (held !== null && held.filters === filters)
        ? held
        : first === null
          ? null
          : { filters, id: first }
  if (wanted !== held) keep(wanted)
  const id = open ?? wanted?.id ?? first
  return {
    id,
    found: items.find((one) => one.id === id),
    hold: (next) => keep(next === null ? null : { filters, id: next }),
  }
}
