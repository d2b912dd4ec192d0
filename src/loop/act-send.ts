/**
 * One attempt to send what is leased: the channel speaks to the provider only after the lease, the consent and the
 * pauses were looked at once more in the database, and hands over what may reach the person only after they were
 * looked at again. Only then the ledger says `sending`: whoever dies before has certainly sent nothing.
 */
import type { Attempt, Channel, Message, SendResult } from '../../actions/channel.ts'
import { HoldfastError } from '../contracts/errors.ts'
import { readPause } from '../store/act-context.ts'
import type { Transaction } from '../store/database.ts'
import { moveIntervention, renewLease } from '../store/intervention-moves.ts'
import { currentSettings } from '../store/settings-versions.ts'
import { LEASE_TIMES, type ActRequest, type ActServices } from './act-services.ts'
import type { Taken } from './act-take.ts'
import { refusalFor, type Refusal } from './consent.ts'
import { onTestList } from './delivery.ts'

/** How an attempt ended; what the channel says, or what kept it from speaking. */
export type AttemptEnd =
  | SendResult
  /** Stopped before anything went out. */
  | {
      readonly outcome: 'stopped'
      readonly to: 'suppressed' | 'deferred'
      readonly code: string
      readonly message: string
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

export async function sendOnce(
  services: ActServices,
  request: ActRequest,
  { taken, channel }: { taken: Taken; channel: Channel },
): Promise<Ended> {
  const { database, clock, log } = services
  const { marginMs } = services.leases ?? LEASE_TIMES
  const { tenant, intervention, worker } = request
  const started = clock().getTime()
  const phases: { phase: string; ms: number }[] = []
  let begun = false
  let stopped: AttemptEnd | null = null

  async function confirm(tx: Transaction, begins: boolean): Promise<AttemptEnd | null> {
    const lease = { owner: worker, ms: channel.timeoutMs + marginMs }
    const holds =
      begun || !begins
        ? await renewLease(tx, intervention, { ...lease, state: begun ? 'sending' : 'leased' })
        : await moveIntervention(tx, {
            id: intervention,
            from: ['leased'],
            to: 'sending',
            actor: worker,
            owner: worker,
            leaseRuns: true,
            detail: { delivery: taken.delivery, channel: channel.name, attempt: taken.attempt },
            set: { lease, sendingNow: true },
          })
    return holds ? await objection(tx, taken) : { outcome: 'lease_lost' }
  }

  const attempt: Attempt = {
    key: intervention,
    deadline: new Date(started + channel.timeoutMs),
    note: (phase) => void phases.push({ phase, ms: clock().getTime() - started }),
    async confirmLease(before = 'handing_over') {
      const begins = before === 'handing_over'
      try {
        // An objection rolls the move back: nothing was sent, and the ledger does not say that it was about to be.
        await database.withTenant(tenant, async (tx) => {
          const against = await confirm(tx, begins)
          if (against === null) return
          stopped = against
          throw new HoldfastError('lease_lost', 'This message may not be sent by this worker now.')
        })
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

/** What speaks against sending at the last moment: an opt-out, a pause, delivery switched off or over, a shorter test list. */
async function objection(tx: Transaction, taken: Taken): Promise<AttemptEnd | null> {
  const { delivery, message } = taken
  const refusal = await refusalOfPerson(tx, taken)
  if (refusal !== null)
    return {
      outcome: 'stopped',
      to: 'suppressed',
      code: refusal.code,
      message: `${message.kind === 'task' ? 'No task was made' : 'Not sent'}: ${refusal.because}.`,
    }
  const pause = await readPause(tx)
  if (pause !== null) return { outcome: 'stopped', to: 'deferred', code: pause.code, message: pause.reason }
  const { settings } = await currentSettings(tx)
  const allowed =
    delivery === 'live'
      ? settings.delivery.mode === 'test_list' &&
        (message.kind === 'task' || onTestList(settings, message.to.address))
      : settings.delivery.mode === 'sandbox'
  return allowed
    ? null
    : {
        outcome: 'stopped',
        to: 'deferred',
        code: 'delivery_changed',
        message: 'The way of delivery was changed while it was about to be sent. It is looked at again.',
      }
}

/** A message needs a yes to go out live; a colleague is only not asked to call somebody who said no. */
function refusalOfPerson(tx: Transaction, { hash, delivery, message }: Taken): Promise<Refusal | null> {
  if (hash === null) return Promise.resolve(null)
  if (message.kind === 'task') return refusalFor(tx, { hash, channel: 'call', live: false })
  return refusalFor(tx, { hash, channel: 'email', live: delivery === 'live' })
}

function messageOf({ message }: Taken): Message {
  if (message.kind === 'task') {
    const { delivery: _, ...task } = message
    return task
  }
  const { delivery: _, recipientId: __, ...mail } = message
  return mail
}
