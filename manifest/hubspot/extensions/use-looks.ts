/** Looks again some times after something was begun that takes a while. */
import { useCallback, useEffect, useRef } from 'react'

/**
 * @param after in milliseconds, from when it is begun
 * @returns begins; what was begun before is forgotten
 * @example
 * const lookAfter = useLooks([3000, 8000], reading.again)
 */
export function useLooks(after: readonly number[], look: () => void): () => void {
  const timers = useRef<readonly ReturnType<typeof setTimeout>[]>([])
  const stop = useCallback(() => timers.current.forEach((timer) => clearTimeout(timer)), [])
  useEffect(() => stop, [stop])
  return useCallback(() => {
    stop()
    timers.current = after.map((delay) => setTimeout(look, delay))
  }, [after, look, stop])
}
