/**
 * The last look before a channel speaks and before it hands over: whether the worker still holds the lease, and whether
 * anything speaks against sending by now. Rows are locked first and what speaks against them is read afterwards, so that
 * an opt-out either is seen or came too late to be.
 */
import type { InterventionId } from '../contracts/ids.ts'
import { readPause } from '../store/act-context.ts'
import { addressAnswers } from '../store/address-answers.ts'
import type { ConsentChannel } from '../store/consents.ts'
import type { Transaction } from '../store/database.ts'
import { lockLeases, moveInterventions, renewLeases } from '../store/intervention-moves.ts'
import { currentSettings } from '../store/settings-versions.ts'
import { refusals, type ActFacts } from './act-facts.ts'
import type { AttemptEnd } from './act-send.ts'
import type { Taken } from './act-take.ts'
import { onTestList } from './delivery.ts'

export interface Confirmation {
  readonly id: InterventionId
  readonly taken: Taken
  readonly worker: string
  /** For how long the lease is to run from now. */
  readonly leaseMs: number
  /** What may reach the person is handed over next: the ledger says `sending` from now on. */
  readonly begins: boolean
  /** The ledger says so already. */
  readonly begun: boolean
  /** Name of the channel, for the event. */
  readonly channel: string
}

/** Null: go on. Otherwise how the attempt ends; the ledger is as it was. In the order of what was asked. */
export async function confirmLeases(
  tx: Transaction,
  asked: readonly Confirmation[],
): Promise<readonly (AttemptEnd | null)[]> {
  const state = ({ begun }: Confirmation) => (begun ? ('sending' as const) : ('leased' as const))
  const begin = asked.filter(({ begins, begun }) => begins && !begun)
  const renew = asked.filter(({ begins, begun }) => !begins || begun)
  const held = new Set([
    ...(await lockLeases(
      tx,
      begin.map((one) => ({ id: one.id, owner: one.worker, state: state(one) })),
    )),
    ...(await renewLeases(
      tx,
      renew.map((one) => ({ id: one.id, owner: one.worker, state: state(one), ms: one.leaseMs })),
    )),
  ])
  const against = await objections(
    tx,
    asked.filter(({ id }) => held.has(id)).map(({ taken }) => taken),
  )
  const ends = asked.map(({ id, taken }): AttemptEnd | null =>
    held.has(id) ? against(taken) : { outcome: 'lease_lost' },
  )
  const begun = begin.filter((one) => ends[asked.indexOf(one)] === null)
  await moveInterventions(
    tx,
    begun.map(({ id, worker, leaseMs, taken, channel }) => ({
      id,
      from: ['leased'],
      to: 'sending',
      actor: worker,
      owner: worker,
      detail: { delivery: taken.delivery, channel, attempt: taken.attempt },
      set: { lease: { owner: worker, ms: leaseMs }, sendingNow: true },
    })),
  )
  return ends
}

/** What speaks against sending at the last moment: an opt-out, a pause, delivery switched off or over, a shorter test list. */
async function objections(
  tx: Transaction,
  taken: readonly Taken[],
): Promise<(taken: Taken) => AttemptEnd | null> {
  if (taken.length === 0) return () => null
  const answers = await addressAnswers(
    tx,
    taken.flatMap((one) => (one.hash === null ? [] : [{ hash: one.hash, channel: consentChannel(one) }])),
  )
  const pause = await readPause(tx)
  const { settings } = await currentSettings(tx)
  const refusal = refusals(answers)
  return (one) => {
    const { message, delivery } = one
    const refused = refusalOfPerson(one, refusal)
    if (refused !== null)
      return {
        outcome: 'stopped',
        to: 'suppressed',
        code: refused.code,
        message: `${message.kind === 'task' ? 'No task was made' : 'Not sent'}: ${refused.because}.`,
      }
    if (pause !== null) return { outcome: 'stopped', to: 'deferred', code: pause.code, message: pause.reason }
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
}

const consentChannel = ({ message }: Taken): ConsentChannel =>
  message.kind === 'task' ? 'call' : message.kind

/** A message needs a yes to go out live; a colleague is only not asked to call somebody who said no. */
function refusalOfPerson(taken: Taken, refusal: ActFacts['refusal']): ReturnType<ActFacts['refusal']> {
  const { hash, delivery, message } = taken
  if (hash === null) return null
  return refusal(hash, consentChannel(taken), message.kind !== 'task' && delivery === 'live')
}
