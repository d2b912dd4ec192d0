/** What a person presses: one thing at a time, and what failed is told beside it until it is pressed again. */
import { useCallback, useRef, useState } from 'react'
import type { Trouble } from './ask.ts'

export interface Pressing {
  /** Name of what is under way; null: nothing is. */
  readonly busy: string | null
  readonly trouble: Trouble | null
  /** Does nothing while something is under way, however fast somebody presses. */
  readonly press: (name: string, work: () => Promise<Trouble | null>) => void
  /** Takes back what was told. */
  readonly clear: () => void
}

/**
 * @example
 * const { busy, press } = usePress()
 * <LoadingButton loading={busy === 'score'} onClick={() => press('score', async () => (await ask(path, body)).trouble)}>Score now</LoadingButton>
 */
export function usePress(): Pressing {
  const [busy, setBusy] = useState<string | null>(null)
  const [trouble, setTrouble] = useState<Trouble | null>(null)
  // A second press comes before the first has been drawn.
  const under = useRef(false)

  const press = useCallback((name: string, work: () => Promise<Trouble | null>) => {
    if (under.current) return
    under.current = true
    setBusy(name)
    setTrouble(null)
    void work().then((found) => {
      under.current = false
      setBusy(null)
      setTrouble(found)
    })
  }, [])
  const clear = useCallback(() => setTrouble(null), [])
  return { busy, trouble, press, clear }
}
