/**
 * Calls that come at about the same time are carried out together: a transaction for sixty-four costs little more than
 * one for a single row, and on the embedded database, where one runs at a time, everything else waits for each.
 */

export interface Coalesced<Item, Result> {
  (item: Item): Promise<Result>
}

interface Waiting<Item, Result> {
  readonly item: Item
  resolve(result: Result): void
  reject(error: unknown): void
}

/** Of one call, whatever has gathered. */
const MOST = 128

/**
 * One call at a time; what comes meanwhile shares the next. Nothing waits for others to come: an item by itself goes at
 * once. What fails together is tried once more one by one, so that nobody fails for somebody else.
 *
 * @param run answers in the order of the items; whatever it does is undone when it throws
 * @param keyOf two items with the same key never go in one call
 * @example
 * const take = coalesce((ids: readonly string[]) => database.withTenant(tenant, (tx) => takeAll(tx, ids)))
 * await Promise.all([take('a'), take('b')]) // one transaction for what came while another ran
 */
export function coalesce<Item, Result>(
  run: (items: readonly Item[]) => Promise<readonly Result[]>,
  { most = MOST, keyOf = (item) => item }: { most?: number; keyOf?: (item: Item) => unknown } = {},
): Coalesced<Item, Result> {
  let waiting: Waiting<Item, Result>[] = []
  let running = false

  async function carryOut(batch: readonly Waiting<Item, Result>[]): Promise<void> {
    try {
      const results = await run(batch.map(({ item }) => item))
      batch.forEach(({ resolve }, at) => resolve(results[at]))
    } catch (error) {
      if (batch.length === 1) return batch[0].reject(error)
      for (const one of batch) await carryOut([one])
    }
  }

  async function work(): Promise<void> {
    while (waiting.length > 0) {
      const batch = next()
      await carryOut(batch)
    }
    running = false
  }

  function next(): Waiting<Item, Result>[] {
    const keys = new Set<unknown>()
    const batch: Waiting<Item, Result>[] = []
    const later: Waiting<Item, Result>[] = []
    for (const one of waiting) {
      const key = keyOf(one.item)
      if (batch.length === most || keys.has(key)) later.push(one)
      else {
        keys.add(key)
        batch.push(one)
      }
    }
    waiting = later
    return batch
  }

  return (item) =>
    new Promise((resolve, reject) => {
      waiting.push({ item, resolve, reject })
      if (running) return
      running = true
      // After what is just going on: whoever comes in the same turn of the event loop is with it.
      setImmediate(() => void work())
    })
}
