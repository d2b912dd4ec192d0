/** Looks again some times while something is under way that takes a while. */
import { useEffect } from 'react'

/**
 * @param after when to look, in milliseconds since it began; always the same array. When it is still under way after the last,
 *   nobody looks any more
 * @example
 * useLooks(isBeingScored, LOOKS, reading.again)
 */
export function useLooks(underWay: boolean, after: readonly number[], look: () => void): void {
  useEffect(() => {
    if (!underWay) return undefined
    const timers = after.map((delay) => setTimeout(look, delay))
    return () => timers.forEach((timer) => clearTimeout(timer))
  }, [underWay, after, look])
}
