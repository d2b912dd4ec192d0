/** The thread that decides: it holds books, and answers one question after the other. */
import { parentPort } from 'node:worker_threads'
import { HoldfastError } from '../contracts/errors.ts'
import { outcome } from '../loop/what-if.ts'
import type { ServiceSettings } from '../settings/service.ts'
import type { WhatIfBook } from './book.ts'
import { planOf, type BookPlan } from './plan-book.ts'
import type { Answer, Asked, Compared, RowFilter, WhatIfRow } from './protocol.ts'

interface Held {
  readonly book: WhatIfBook
  /** The newest plans by the settings that they are of: the base stays while a slider moves. */
  readonly plans: Map<string, BookPlan>
  /** Of the customers, over all connections. */
  readonly ids: Float64Array
  /** Their places in the order of their numbers. */
  order: Uint32Array | null
}

const PLANS = 3
const held = new Map<string, Held>()

function planFor(one: Held, settings: ServiceSettings): BookPlan {
  const key = JSON.stringify(settings)
  const known = one.plans.get(key)
  one.plans.delete(key)
  const plan = known ?? planOf(one.book, settings)
  one.plans.set(key, plan)
  if (one.plans.size > PLANS) one.plans.delete(one.plans.keys().next().value!)
  return plan
}

function answer(asked: Asked): Compared | readonly WhatIfRow[] | null {
  if (asked.type === 'hold') {
    const { key, book } = asked
    const ids = Float64Array.from(book.parts.flatMap((part) => Array.from(part.ids)))
    held.set(key, { book, plans: new Map(), ids, order: null })
    return null
  }
  if (asked.type === 'drop') {
    held.delete(asked.key)
    return null
  }
  const one = held.get(asked.key)
  if (one === undefined) throw new Error('The book is not held any more.')
  if (asked.type === 'rows')
    return rowsOf(one, planFor(one, asked.base), planFor(one, asked.changed), asked.filter)
  const started = performance.now()
  const base = planFor(one, asked.base)
  const outcomes = [
    outcome('now', base, base),
    ...asked.changes.map(({ label, settings }) => outcome(label, base, planFor(one, settings))),
  ]
  return { outcomes, ms: performance.now() - started }
}

function rowsOf(
  one: Held,
  now: BookPlan,
  then: BookPlan,
  { moved, from, to, after, limit }: RowFilter,
): WhatIfRow[] {
  const { ids } = one
  one.order ??= Uint32Array.from(ids.keys()).sort((a, b) => ids[a] - ids[b])
  const found: WhatIfRow[] = []
  for (const row of one.order) {
    if (ids[row] <= after) continue
    const [before, changed] = [now.action[row], then.action[row]]
    if (moved && before === changed) continue
    if ((from !== null && before !== from) || (to !== null && changed !== to)) continue
    found.push({
      customer: ids[row],
      from: before,
      to: changed,
      costNow: now.plannedCost[row],
      costThen: then.plannedCost[row],
      expectedNow: now.expectedValue[row],
      expectedThen: then.expectedValue[row],
    })
    if (found.length === limit) break
  }
  return found
}

// Bound once: a linter takes any other call of postMessage for a window's.
const tell = parentPort?.postMessage.bind(parentPort) as (message: Answer) => void
parentPort?.on('message', ({ id, ...asked }: Asked & { id: number }) => {
  try {
    tell({ id, value: answer(asked as Asked) })
  } catch (cause) {
    const code = cause instanceof HoldfastError ? cause.code : null
    tell({ id, error: { code, message: cause instanceof Error ? cause.message : String(cause) } })
  }
})
