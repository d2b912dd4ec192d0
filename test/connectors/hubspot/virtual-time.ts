/** Time that passes only when everybody waits for it: hours of pacing in milliseconds, and always the same. */

export interface VirtualTime {
  /** Milliseconds since it began. */
  now(): number
  sleep(ms: number): Promise<void>
  /** Lets time pass until `work` is done. */
  run<T>(work: Promise<T>): Promise<T>
}

/**
 * @param isBusy says that something goes on that takes no virtual time, such as a query
 */
export function virtualTime(isBusy: () => boolean = () => false): VirtualTime {
  let at = 0
  let order = 0
  const sleepers: { at: number; order: number; wake(): void }[] = []

  async function settled(): Promise<void> {
    do {
      for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve))
    } while (isBusy())
  }

  return {
    now: () => at,
    sleep: (ms) =>
      new Promise((wake) => {
        sleepers.push({ at: at + ms, order: order++, wake })
      }),
    run: async (work) => {
      let over = false
      const end = work.finally(() => (over = true))
      end.catch(() => undefined)
      for (;;) {
        await settled()
        if (over) return end
        if (sleepers.length === 0) continue
        sleepers.sort((a, b) => a.at - b.at || a.order - b.order)
        const next = sleepers.shift()!
        at = Math.max(at, next.at)
        next.wake()
      }
    },
  }
}
