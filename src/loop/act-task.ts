/** The list of tasks in a CRM as a channel: what the ledger says is to be done is upserted there under its key. */
import type { Channel, SendResult, TaskMessage } from '../../actions/channel.ts'
import type { Connector, Task } from '../../connectors/connector.ts'
import { HoldfastError } from '../contracts/errors.ts'
import { asRunError } from './run-step.ts'

/** Longest that making a task may take, its few tries inside the connector included. */
export const TASK_MS = 60_000

/**
 * The same attempt may be made again at any time: the key makes it the same task. So nothing that goes wrong is ever
 * in doubt: whatever was not answered is tried again.
 *
 * @param connector closed with the channel
 * @example
 * const channel = taskChannel(await connectors.open(place))
 * await channel.send(message, attempt) // { outcome: 'sent', providerId: '812345' }
 */
export function taskChannel(connector: Connector, timeoutMs: number = TASK_MS): Channel {
  return {
    name: 'task',
    timeoutMs,
    async send(message, attempt) {
      if (message.kind !== 'task')
        throw new HoldfastError(
          'internal',
          `The channel for tasks was given a message of the kind ${message.kind}.`,
        )
      if (connector.upsertTasks === undefined) return noTasks(connector.name)
      await attempt.confirmLease('handing_over')
      try {
        const results = await inTime(connector.upsertTasks([taskOf(attempt.key, message)]), timeoutMs)
        attempt.note('answered')
        return resultOf(
          attempt.key,
          results?.find(({ id }) => id === attempt.key),
        )
      } catch (error) {
        return failed(error)
      }
    },
    reconcile: () => Promise.resolve(null),
    verify: () => Promise.resolve([]),
    close: () => connector.close(),
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

type Upserted = Awaited<ReturnType<NonNullable<Connector['upsertTasks']>>>

/** @returns null when nothing was answered in time */
async function inTime(answer: Promise<Upserted>, ms: number): Promise<Upserted | null> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<null>((resolve) => (timer = setTimeout(resolve, ms, null)))
  try {
    return await Promise.race([answer, late])
  } finally {
    clearTimeout(timer)
    // What comes after that is another attempt's to find.
    answer.catch(() => undefined)
  }
}

function resultOf(key: string, result: Upserted[number] | undefined): SendResult {
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

function noTasks(name: string): SendResult {
  return {
    outcome: 'rejected',
    retryable: false,
    code: 'no_provider',
    message: `The connector "${name}" has no tasks, so none was made.`,
  }
}
