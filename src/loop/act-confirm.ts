/**
 * The last look before a channel speaks and before it hands over: whether the worker still holds the lease, and whether
 * anything speaks against sending by now. Rows are locked first and what speaks against them is read afterwards, so that
 * an opt-out either is seen or came too late to be.
 */
import type { InterventionId } from '../contracts/ids.ts'
import { addressAnswers } from '../store/address-answers.ts'
import type { ConsentChannel } from '../store/consents.ts'
import type { Transaction } from '../store/database.ts'
import { eligibilityFacts } from '../store/eligibility-facts.ts'
import { guardFacts } from '../store/guard-facts.ts'
import { lockLeases, moveInterventions, renewLeases } from '../store/intervention-moves.ts'
import { currentSettings } from '../store/settings-versions.ts'
import { refusals, type ActFacts } from './act-facts.ts'
import { lockPeople } from './act-people.ts'
import type { AttemptEnd } from './act-send.ts'
import type { Taken } from './act-take.ts'
import { reaches } from './delivery.ts'
import { guard } from './guard.ts'
import { pauseFacts, pauseVerdict } from './pauses.ts'
import { stillEligible } from './still-eligible.ts'

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
  time: (tx: Transaction) => Promise<Date>,
): Promise<readonly (AttemptEnd | null)[]> {
  const state = ({ begun }: Confirmation) => (begun ? ('sending' as const) : ('leased' as const))
  const begin = asked.filter(({ begins, begun }) => begins && !begun)
  const renew = asked.filter(({ begins, begun }) => !begins || begun)
  await lockPeople(
    tx,
    begin.map(({ taken: { row, hash } }) => ({ customer: row.customer, hash })),
  )
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
    asked.filter(({ id }) => held.has(id)),
    // Only now: what was waited for may have taken its time.
    await time(tx),
  )
  const ends = asked.map((one): AttemptEnd | null =>
    held.has(one.id) ? against(one) : { outcome: 'lease_lost' },
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

/**
 * What speaks against sending at the last moment: an opt-out, a pause, delivery switched off or over, a shorter test list,
 * and what the guard says by now.
 */
async function objections(
  tx: Transaction,
  asked: readonly Confirmation[],
  now: Date,
): Promise<(one: Confirmation) => AttemptEnd | null> {
  if (asked.length === 0) return () => null
  const answers = await addressAnswers(
    tx,
    asked.flatMap(({ taken }) =>
      taken.hash === null ? [] : [{ hash: taken.hash, channel: consentChannel(taken) }],
    ),
  )
  const pauses = await pauseFacts(tx)
  const { settings } = await currentSettings(tx)
  // Until it is handed over a look at the guard would be one too many: it is looked at then.
  const guarded = await guardFacts(
    tx,
    asked
      .filter(({ begins }) => begins)
      .map(({ id, taken }) => ({ intervention: id, customer: taken.row.customer, hash: taken.hash })),
    now,
  )
  const eligible = await eligibilityFacts(
    tx,
    asked.filter(({ begins }) => begins).map(({ taken }) => taken.row.customer),
  )
  const refusal = refusals(answers)
  return ({ id, taken, begins }) => {
    const { message, delivery, row } = taken
    const refused = refusalOfPerson(taken, refusal)
    if (refused !== null)
      return {
        outcome: 'stopped',
        to: 'suppressed',
        code: refused.code,
        message: `${message.kind === 'task' ? 'No task was made' : 'Not sent'}: ${refused.because}.`,
      }
    const paused = pauseVerdict(pauses, row)
    if (paused !== null)
      return {
        outcome: 'stopped',
        to: paused.to === 'cancelled' ? 'suppressed' : 'deferred',
        code: paused.code,
        message: paused.reason,
      }
    const fact = guarded.get(id)
    const no = begins ? stillEligible(eligible.get(row.customer), { ...eligibleOf(taken), settings }) : null
    const against = no ?? (fact === undefined ? null : guard(fact, { ...taken.guarded, settings, now }))
    if (against !== null) {
      const { to, code, reason } = against
      const until = 'until' in against ? against.until : undefined
      const dueInMs = until === undefined ? {} : { dueInMs: Math.max(0, until.getTime() - now.getTime()) }
      return { outcome: 'stopped', to, code, message: reason, ...dueInMs }
    }
    const allowed =
      delivery === 'live'
        ? reaches(settings.delivery, addressOf(message))
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

const eligibleOf = ({ guarded: { action, recipient, byPolicy } }: Taken) => ({
  action,
  country: recipient.country,
  byPolicy,
})

function addressOf(message: Taken['message']): string | null {
  if (message.kind === 'task') return null
  return message.kind === 'sms' ? message.to : message.to.address
}

const consentChannel = ({ message }: Taken): ConsentChannel =>
  message.kind === 'task' ? 'call' : message.kind

/** A message needs a yes to go out live; a colleague is only not asked to call somebody who said no. */
function refusalOfPerson(taken: Taken, refusal: ActFacts['refusal']): ReturnType<ActFacts['refusal']> {
  const { hash, delivery, message } = taken
  if (hash === null) return null
  return refusal(hash, consentChannel(taken), message.kind !== 'task' && delivery === 'live')
}
