/**
 * Lists of tasks in CRMs, kept open between tasks. Tasks that come at about the same time go out in one call: a CRM
 * counts calls, and a hundred tasks in one cost it as much as one.
 */
import type { Connector, Task, WriteResult } from '../../connectors/connector.ts'
import { HoldfastError } from '../contracts/errors.ts'
import type { ConnectionPlace, Connectors } from './services.ts'

/** Tasks of one call. */
const MOST = 100
/** For how long the first one waits for others. */
const GATHER_MS = 15
/** A connector is opened anew after this long, so that what changed in the CRM or the connection is seen. */
const FRESH_MS = 30_000

export interface TaskList {
  /**
   * @param signal aborted when nobody waits for it any more: it is then left out of what was not begun
   * @returns what the CRM said of it; undefined where it said nothing
   * @throws HoldfastError what opening or calling threw, for all tasks of the call
   */
  upsert(task: Task, signal: AbortSignal): Promise<WriteResult | undefined>
}

/**
 * The list of a connection, the same one for as long as it is in use.
 *
 * @example
 * await taskListOf(connectors, place).upsert(task, signal) // { id: task.key, ok: true, externalId: '5001' }
 */
export function taskListOf(connectors: Connectors, place: ConnectionPlace): TaskList {
  const lists = known.get(connectors) ?? new Map<string, TaskList>()
  known.set(connectors, lists)
  const key = JSON.stringify([place.tenant, place.id, place.kind, place.config])
  const found = lists.get(key)
  if (found !== undefined) return found
  const list = openTaskList(
    () => connectors.open(place),
    () => lists.delete(key),
  )
  lists.set(key, list)
  return list
}

/** By whoever opens connectors, which is one a process. */
const known = new WeakMap<Connectors, Map<string, TaskList>>()

interface Waiting {
  readonly task: Task
  readonly signal: AbortSignal
  resolve(result: WriteResult | undefined): void
  reject(error: unknown): void
}

/** @param forget called once it is idle and its connector closed */
function openTaskList(open: () => Promise<Connector>, forget: () => void): TaskList {
  let waiting: Waiting[] = []
  let working = false

  /** Until nothing waits: one call after the other, so that what comes meanwhile shares the next. */
  async function work(): Promise<void> {
    let connector: Connector | null = null
    let openedAt = 0
    try {
      while (waiting.length > 0) {
        await new Promise((resolve) => setTimeout(resolve, GATHER_MS))
        const batch = waiting.slice(0, MOST).filter(({ signal }) => !signal.aborted)
        waiting = waiting.slice(MOST)
        if (batch.length === 0) continue
        if (connector !== null && performance.now() - openedAt > FRESH_MS) {
          await connector.close()
          connector = null
        }
        try {
          if (connector === null) openedAt = performance.now()
          connector ??= await open()
          const answered = await Promise.race([call(connector, batch), givenUp(batch)])
          // It may hang for ever: what comes next is not to wait for it.
          if (!answered) connector = null
        } catch (error) {
          for (const one of batch) one.reject(error)
        }
      }
    } finally {
      working = false
      forget()
      await connector?.close()
    }
  }

  return {
    upsert: (task, signal) =>
      new Promise((resolve, reject) => {
        waiting.push({ task, signal, resolve, reject })
        if (working) return
        working = true
        work().catch(reject)
      }),
  }
}

/** Resolves when nobody waits for any of them any more. */
async function givenUp(batch: readonly Waiting[]): Promise<false> {
  await Promise.all(
    batch.map(
      ({ signal }) =>
        new Promise<void>((resolve) => {
          if (signal.aborted) resolve()
          else signal.addEventListener('abort', () => resolve(), { once: true })
        }),
    ),
  )
  return false
}

async function call(connector: Connector, batch: readonly Waiting[]): Promise<true> {
  if (connector.upsertTasks === undefined)
    throw new HoldfastError(
      'connector_configuration',
      `The connector "${connector.name}" has no tasks, so none was made.`,
    )
  const results = await connector.upsertTasks(batch.map(({ task }) => task))
  const answers = new Map(results.map((result) => [result.id, result]))
  for (const { task, resolve } of batch) resolve(answers.get(task.key))
  return true
}
