/**
 * One attempt to send what is leased: the channel speaks to the provider only after the lease, the consent and the
 * pauses were looked at once more in the database, and hands over what may reach the person only after they were
 * looked at again. Only then the ledger says `sending`: whoever dies before has certainly sent nothing. A task that began
 * when it was taken was looked at just then.
 */
import type { Attempt, Channel, Message, SendResult } from '../../actions/channel.ts'
import { HoldfastError } from '../contracts/errors.ts'
import type { Confirmation } from './act-confirm.ts'
import { LEASE_TIMES, type ActRequest, type ActServices } from './act-services.ts'
import type { Taken } from './act-take.ts'

/** How an attempt ended; what the channel says, or what kept it from speaking. */
export type AttemptEnd =
  | SendResult
  /** Stopped before anything went out. */
  | {
      readonly outcome: 'stopped'
      readonly to: 'suppressed' | 'deferred'
      readonly code: string
      readonly message: string
      /** Until it is looked at again; absent: as what waits for an admin. */
      readonly dueInMs?: number
    }
  /** Nothing went out, and the lease is another's or ran out. */
  | { readonly outcome: 'lease_lost' }
  /** Nothing went out: the database or the channel failed before. */
  | { readonly outcome: 'failed'; readonly message: string }

export interface Ended {
  readonly end: AttemptEnd
  /** Whether it stood as `sending` in the ledger. */
  readonly begun: boolean
  readonly phases: readonly { readonly phase: string; readonly ms: number }[]
}

/** {@link confirmLeases} for one, together with those of others that come at about the same time. */
export type Confirm = (asked: Confirmation) => Promise<AttemptEnd | null>

/** What was looked at in taking it need not be looked at again, unless that took long or the process stood still. */
const JUST_NOW_MS = 500

export async function sendOnce(
  { clock, log, leases }: Pick<ActServices, 'clock' | 'log' | 'leases'>,
  request: ActRequest,
  { taken, channel, confirm }: { taken: Taken; channel: Channel; confirm: Confirm },
): Promise<Ended> {
  const { marginMs } = leases ?? LEASE_TIMES
  const { tenant, intervention, worker } = request
  const started = clock().getTime()
  const phases: { phase: string; ms: number }[] = []
  let begun = taken.begunAt !== undefined
  let looked = taken.begunAt ?? -Infinity
  let stopped: AttemptEnd | null = null

  const attempt: Attempt = {
    key: intervention,
    deadline: new Date(started + channel.timeoutMs),
    note: (phase) => void phases.push({ phase, ms: clock().getTime() - started }),
    async confirmLease(before = 'handing_over') {
      const begins = before === 'handing_over'
      if (performance.now() - looked < JUST_NOW_MS) {
        looked = -Infinity
        return
      }
      const leaseMs = channel.timeoutMs + marginMs
      const asked = { id: intervention, taken, worker, leaseMs, begins, begun, channel: channel.name }
      try {
        const against = await confirm(asked)
        if (against !== null) {
          stopped = against
          throw new HoldfastError('lease_lost', 'This message may not be sent by this worker now.')
        }
        begun ||= begins
      } catch (error) {
        stopped ??= { outcome: 'failed', message: error instanceof Error ? error.message : String(error) }
        throw error
      }
    },
  }

  const ended = (end: AttemptEnd): Ended => ({ end: stopped ?? end, begun, phases })
  try {
    return ended(await channel.send(messageOf(taken), attempt))
  } catch (error) {
    if (stopped !== null) return ended(stopped)
    const message = error instanceof Error ? error.message : String(error)
    log.error({ tenant, intervention, err: error }, 'a channel failed while sending')
    // It should never throw; once it may have spoken nobody can say how far it got.
    return ended(
      begun
        ? {
            outcome: 'uncertain',
            message: `Sending broke off (${message}). It may have been delivered, so it is not sent again by itself.`,
          }
        : { outcome: 'failed', message },
    )
  }
}

function messageOf({ message }: Taken): Message {
  if (message.kind === 'task') {
    const { delivery: _, ...task } = message
    return task
  }
  const { delivery: _, recipientId: __, ...mail } = message
  return mail
}
