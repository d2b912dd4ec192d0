/** Values from several sources, taken one by one. */
export interface Inbox<T> {
  put(value: T): void
  /** What was put before is still taken; then the error is thrown. Only the first one counts. */
  fail(error: unknown): void
  /** Ends at once: what was not taken is dropped. */
  end(): void
  /** @returns null at the end */
  next(): Promise<T | null>
}

export function openInbox<T>(): Inbox<T> {
  const values: T[] = []
  let failure: { readonly error: unknown } | null = null
  let ended = false
  let wake: (() => void) | null = null
  const changed = (): void => {
    wake?.()
    wake = null
  }
  return {
    put(value) {
      values.push(value)
      changed()
    },
    fail(error) {
      failure ??= { error }
      changed()
    },
    end() {
      ended = true
      changed()
    },
    async next() {
      for (;;) {
        if (ended) return null
        const value = values.shift()
        if (value !== undefined) return value
        if (failure) throw failure.error
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    },
  }
}
