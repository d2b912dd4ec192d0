/**
 * What somebody began to change and has not saved: kept in this browser with what they looked at, so that a reload or a
 * lost connection takes nothing, and a saving still says what it was made from. Never for secrets.
 */
import { useCallback, useState } from 'react'
import { bootFrame } from '../boot.ts'

export interface Draft<Value, Base> {
  /** Null: nothing was changed. */
  readonly value: Value | null
  /** As it stood when the change was begun; null without one. */
  readonly base: Base | null
  /** @param base as it stands now: it counts for the first change alone */
  set(value: Value, base: Base): void
  /** The draft stays, as a change of what stands now. */
  rebase(base: Base): void
  clear(): void
}

interface Kept<Value, Base> {
  readonly value: Value
  readonly base: Base
}

/**
 * @param name of what is changed: a step, and the connection where it is one of several
 * @example
 * const draft = useDraft<Population, Population | null>(`customers ${id}`)
 */
export function useDraft<Value, Base>(name: string): Draft<Value, Base> {
  const key = `holdfast draft 1 ${bootFrame().company.id} ${name}`
  const [kept, setKept] = useState(() => ({ key, draft: readKept<Value, Base>(key) }))
  // Another connection has another draft.
  const draft = kept.key === key ? kept.draft : readKept<Value, Base>(key)
  const keep = useCallback(
    (next: Kept<Value, Base> | null) => {
      setKept({ key, draft: next })
      writeKept(key, next)
    },
    [key],
  )
  return {
    value: draft?.value ?? null,
    base: draft?.base ?? null,
    set: (value, base) => keep({ value, base: draft === null ? base : draft.base }),
    rebase: (base) => draft !== null && keep({ value: draft.value, base }),
    clear: () => keep(null),
  }
}

// A browser may refuse to keep anything: the draft then lives as long as its page.
function readKept<Value, Base>(key: string): Kept<Value, Base> | null {
  try {
    const text = localStorage.getItem(key)
    return text === null ? null : (JSON.parse(text) as Kept<Value, Base>)
  } catch {
    return null
  }
}

function writeKept(key: string, kept: unknown): void {
  try {
    if (kept === null) localStorage.removeItem(key)
    else localStorage.setItem(key, JSON.stringify(kept))
  } catch {
    // See above.
  }
}
