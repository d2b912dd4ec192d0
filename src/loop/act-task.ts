/** The list of tasks in a CRM as a channel: what the ledger says is to be done is upserted there under its key. */
import type { Channel, SendResult, TaskMessage } from '../../actions/channel.ts'
import type { Task, WriteResult } from '../../connectors/connector.ts'
import { HoldfastError } from '../contracts/errors.ts'
import { asRunError } from './run-step.ts'
import type { TaskList } from './task-lists.ts'

/** Longest that making a task may take, its few tries inside the connector included. */
export const TASK_MS = 60_000

/**
 * The same attempt may be made again at any time: the key makes it the same task. So nothing that goes wrong is ever
 * in doubt: whatever was not answered is tried again.
 *
 * @example
 * const channel = taskChannel(taskListOf(connectors, place))
 * await channel.send(message, attempt) // { outcome: 'sent', providerId: '812345' }
 */
export function taskChannel(list: TaskList, timeoutMs: number = TASK_MS): Channel {
  return {
    name: 'task',
    timeoutMs,
    async send(message, attempt) {
      if (message.kind !== 'task')
        throw new HoldfastError(
          'internal',
          `The channel for tasks was given a message of the kind ${message.kind}.`,
        )
      await attempt.confirmLease('handing_over')
      const late = new AbortController()
      const timer = setTimeout(() => late.abort(), timeoutMs)
      try {
        const result = await inTime(list.upsert(taskOf(attempt.key, message), late.signal), late.signal)
        attempt.note('answered')
        return resultOf(attempt.key, result)
      } catch (error) {
        return failed(error)
      } finally {
        clearTimeout(timer)
      }
    },
    reconcile: () => Promise.resolve(null),
    verify: () => Promise.resolve([]),
    close: () => Promise.resolve(),
  }
}

function taskOf(key: string, message: TaskMessage): Task {
  return {
    key,
    customerId: message.customerId,
    recipientId: message.recipientId,
    responsibleId: message.responsible?.id ?? null,
    kind: message.doing,
    action: message.action,
    subject: message.subject,
    body: message.text,
    dueAt: new Date(message.dueAt),
  }
}

/** @returns undefined when nothing was answered in time; what comes after that is another attempt's to find */
function inTime(
  answer: Promise<WriteResult | undefined>,
  signal: AbortSignal,
): Promise<WriteResult | undefined> {
  answer.catch(() => undefined)
  const late = new Promise<undefined>((resolve) =>
    signal.addEventListener('abort', () => resolve(undefined), { once: true }),
  )
  return Promise.race([answer, late])
}

function resultOf(key: string, result: WriteResult | undefined): SendResult {
  if (result === undefined)
    return {
      outcome: 'rejected',
      retryable: true,
      code: 'connector_unavailable',
      message: 'The CRM did not say whether the task was made. It is made again, which gives no second one.',
    }
  if (result.ok) return { outcome: 'sent', providerId: result.externalId ?? key }
  const { retryable, code, message } = result
  return { outcome: 'rejected', retryable, code, message }
}

/** Nothing at all could be tried, or the answer got lost. */
function failed(error: unknown): SendResult {
  const { code, message } = asRunError(error)
  if (!(error instanceof HoldfastError)) return { outcome: 'rejected', retryable: true, code, message }
  return { outcome: 'rejected', retryable: error.retryable, code, message }
}
