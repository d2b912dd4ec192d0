/** What a page reads when it opens, as it comes in. */
import { useCallback, useEffect, useState } from 'react'
import { ask, type Trouble } from './ask.ts'

const NOTHING = { value: null, trouble: null }

export interface Reading<T> {
  /** Null: it was not read yet, or cannot be, as `trouble` says. */
  readonly value: T | null
  /** Why it could not be read, the last time it was tried. */
  readonly trouble: Trouble | null
  /** Reads it again; what is there stays until then. */
  readonly again: () => void
  /** Whether it is being read, for the first time or again. */
  readonly reading: boolean
  /** In place of what was read: as it is after something was pressed. */
  readonly set: (value: T) => void
}

/**
 * @param path with its query; another one is read at once, and what was read before is no longer shown
 * @param keep what was read before is shown until the other one is there, as `reading` says: whoever uses a keyboard keeps their place
 * @example
 * const card = useAsked<RecordCard>('/crm/hubspot/card?objectTypeId=0-2&objectId=512')
 * if (card.value === null) return card.trouble === null ? <LoadingSpinner label="…" /> : <ErrorState>…</ErrorState>
 */
export function useAsked<T>(path: string, { keep = false } = {}): Reading<T> {
  const [held, setHeld] = useState<{ path: string; value: T | null; trouble: Trouble | null } | null>(null)
  const [round, setRound] = useState(0)
  const [done, setDone] = useState('')
  const now = `${round} ${path}`

  useEffect(() => {
    let current = true
    void ask<T>(path).then(({ value, trouble }) => {
      if (!current) return
      setDone(now)
      setHeld((before) => ({
        path,
        value: value ?? (before?.path === path ? before.value : null),
        trouble,
      }))
    })
    return () => {
      current = false
    }
  }, [path, now])

  const again = useCallback(() => setRound((before) => before + 1), [])
  const set = useCallback((value: T) => setHeld({ path, value, trouble: null }), [path])
  const reading = done !== now
  const shown = held !== null && (held.path === path || (keep && reading)) ? held : NOTHING
  return { value: shown.value, trouble: shown.trouble, again, set, reading }
}
