/** So many conversations with a mail server at a time; whoever comes later waits in turn. */

export interface Places {
  /**
   * @param ms longest that it may take
   * @returns what gives the place back; null: the time was over before there was one
   */
  take(ms: number): Promise<(() => void) | null>
}

/**
 * @example
 * const places = openPlaces(10)
 * const leave = await places.take(30_000)
 */
export function openPlaces(most: number): Places {
  let taken = 0
  const waiting = new Set<(leave: () => void) => void>()

  function occupy(): () => void {
    taken++
    let left = false
    return () => {
      if (left) return
      left = true
      taken--
      const [next] = waiting
      if (next === undefined) return
      waiting.delete(next)
      next(occupy())
    }
  }

  return {
    take: (ms) => {
      if (taken < most) return Promise.resolve(occupy())
      return new Promise((resolve) => {
        const come = (leave: () => void): void => {
          clearTimeout(timer)
          resolve(leave)
        }
        const timer = setTimeout(() => {
          waiting.delete(come)
          resolve(null)
        }, ms)
        waiting.add(come)
      })
    },
  }
}
