/**
 * Takes an intervention for one attempt: everything that speaks against sending is looked at in the transaction that
 * takes the lease, and the message is stored with it. What need not be sent ends here.
 */
import { HoldfastError } from '../contracts/errors.ts'
import { hashAddress } from '../security/address-hash.ts'
import { readActContext, recipientsByRank, type ActContext } from '../store/act-context.ts'
import type { Transaction } from '../store/database.ts'
import type { InterventionState } from '../store/intervention-states.ts'
import type { MoveSet } from '../store/intervention-moves.ts'
import { SNOOZED_UNAPPROVED, holdIntervention, type HeldIntervention } from '../store/interventions.ts'
import { currentSettings } from '../store/settings-versions.ts'
import type { ServiceSettings } from '../settings/service.ts'
import { buildMessage, storedMessage, type StoredMessage } from './act-message.ts'
import { chooseRecipient, type Reachable } from './act-recipient.ts'
import { FOR_ADMIN, MAX_ATTEMPTS } from './act-retry.ts'
import { LEASE_TIMES, type ActRequest, type ActServices } from './act-services.ts'
import { leaseIntervention, putOffIntervention, settle, type Leasing, type Settling } from './act-settle.ts'
import { repeatTask, takeTask, type TakenTask } from './act-take-task.ts'
import { refusalFor } from './consent.ts'
import { deliveryOf, isBuiltIn, onTestList } from './delivery.ts'

/** What is held by a lease, ready to be handed to a channel. */
export type Taken = Held & {
  /** Including this one. */
  readonly attempt: number
} & (TakenMail | TakenTask)

/** A message to a person. */
interface TakenMail {
  readonly message: StoredMessage
  readonly delivery: 'sandbox' | 'live'
  /** Of the address that the message goes to. */
  readonly hash: Buffer
}

export type Taking =
  /** There is nothing to send; null: no such row, or another transaction holds it. */
  | { readonly do: 'nothing'; readonly state: InterventionState | null }
  | ({ readonly do: 'send' } & Taken)
  /** Somebody began to send and never said how it ended. */
  | { readonly do: 'reconcile'; readonly row: HeldIntervention; readonly settings: ServiceSettings }

export async function takeIntervention(
  tx: Transaction,
  services: ActServices,
  request: ActRequest,
): Promise<Taking> {
  const row = await holdIntervention(tx, request.intervention)
  if (row === null) return { do: 'nothing', state: null }
  if (!isTurn(row)) return { do: 'nothing', state: row.state }
  if (row.state === 'sending' && row.channel === 'task')
    return take(tx, services, request, await repeatTask(tx, row, request.worker))
  return take(tx, services, request, row)
}

async function take(
  tx: Transaction,
  services: ActServices,
  request: ActRequest,
  row: HeldIntervention,
): Promise<Taking> {
  const { settings } = await currentSettings(tx)
  if (row.state === 'sending' || row.state === 'uncertain') return { do: 'reconcile', row, settings }
  const end = await ended(tx, row, request.worker)
  if (end !== null) return { do: 'nothing', state: end }
  return prepare(tx, services, request, { row, settings })
}

function isTurn({ state, due, leaseOver }: HeldIntervention): boolean {
  if (state === 'planned' || state === 'deferred' || state === 'snoozed') return due
  if (state === 'leased' || state === 'sending') return leaseOver
  return state === 'uncertain' && due && leaseOver
}

/** What ends it or hands it back without looking at the customer. */
async function ended(
  tx: Transaction,
  row: HeldIntervention,
  actor: string,
): Promise<InterventionState | null> {
  if (row.expired)
    return settle(tx, row, actor, {
      to: 'expired',
      code: 'expired',
      reason: 'Its time passed before it was carried out.',
    })
  if (row.state === 'snoozed' && row.reasonCode === SNOOZED_UNAPPROVED)
    return settle(tx, row, actor, {
      to: 'awaiting_approval',
      code: 'snooze_over',
      reason: 'It was snoozed, and waits for approval again.',
    })
  if (row.attempts >= MAX_ATTEMPTS)
    return settle(tx, row, actor, {
      to: 'rejected',
      code: 'attempts_used_up',
      reason: `It was begun ${row.attempts} times and never finished.${row.reason === null ? '' : ` The last that is known: ${row.reason}`}`,
    })
  return null
}

interface Held {
  readonly row: HeldIntervention
  readonly settings: ServiceSettings
}

async function prepare(
  tx: Transaction,
  services: ActServices,
  request: ActRequest,
  { row, settings }: Held,
): Promise<Taking> {
  const { worker } = request
  const context = await readActContext(tx, row.customer)
  const stop = async (settling: Settling): Promise<Taking> => ({
    do: 'nothing',
    state: await settle(tx, row, worker, settling),
  })
  const putOff = async (code: string, reason: string): Promise<Taking> => {
    await putOffIntervention(tx, row, { code, reason, actor: worker })
    return { do: 'nothing', state: 'deferred' }
  }
  if (context.customer.status !== 'active')
    return stop({ to: 'cancelled', code: 'customer_left', reason: LEFT[context.customer.status] })
  const halt = haltOf(context)
  if (halt !== null) return putOff(halt.code, halt.reason)
  const delivery = deliveryOf({
    channel: row.channel,
    settings,
    publicUrl: services.publicUrl,
    sandboxConnection: context.connection.sandbox,
    activated: context.activated,
    tasks: {
      possible: services.connectors.can(context.connection.kind, 'tasks'),
      builtIn: isBuiltIn(context.connection.config),
    },
  })
  if (delivery.kind === 'none') return putOff(delivery.code, delivery.reason)
  const leasing: Leasing = { row, worker, ms: (services.leases ?? LEASE_TIMES).prepareMs }
  const key = await services.secrets.addressKey(tx)
  const attempt = row.attempts + 1
  if (row.channel === 'task') {
    const now = services.clock()
    const task = await takeTask(tx, { leasing, context, settings, delivery, key, now })
    if ('ended' in task) return { do: 'nothing', state: task.ended }
    return { do: 'send', row, settings, attempt, ...task.taken }
  }
  if (row.channel !== 'email') {
    const { code, reason } = delivery.kind === 'dry_run' ? delivery : NOT_CARRIED
    return stop({ to: 'dry_run', code, reason })
  }

  const live = delivery.kind === 'live'
  const lease = async (taken: TakenMail, set: MoveSet = {}): Promise<Taking> => {
    await leaseIntervention(tx, leasing, taken, set)
    return { do: 'send', row, settings, attempt, ...taken }
  }
  // What was refused for a setting is rendered anew: the message holds the sender and the link as they were.
  const kept = FOR_ADMIN.has(row.reasonCode ?? '') ? null : storedMessage(row)
  if (kept !== null && kept.delivery === delivery.kind && delivery.kind !== 'dry_run') {
    // What is tried again is the same message to the same person.
    const hash = hashAddress(key, 'email', kept.to.address)
    const refusal = hash === null ? null : await refusalFor(tx, { hash, channel: 'email', live })
    if (refusal !== null)
      return stop({ to: 'suppressed', code: refusal.code, reason: `Not sent: ${refusal.because}.` })
    if (hash !== null && (!live || onTestList(settings, kept.to.address)))
      return lease({ message: kept, delivery: delivery.kind, hash })
  }

  const { chosen, none } = await chooseRecipient(tx, await recipientsByRank(tx, row.customer), { key, live })
  if (chosen === null) return stop({ to: 'suppressed', ...none })
  const outcome =
    live && !onTestList(settings, chosen.recipient.email)
      ? { kind: 'dry_run' as const, code: 'not_on_test_list', reason: NOT_ON_LIST }
      : delivery
  try {
    const message = await buildMessage(tx, services, {
      tenant: request.tenant,
      intervention: row,
      context,
      settings,
      to: chosen,
      delivery: outcome.kind,
    })
    const set = { message, recipient: chosen.recipient.id }
    if (outcome.kind === 'dry_run')
      return await stop({
        to: 'dry_run',
        code: outcome.code,
        reason: await withConsent(tx, outcome.reason, chosen),
        set,
      })
    return await lease({ message, delivery: outcome.kind, hash: chosen.hash }, set)
  } catch (error) {
    if (!isForAdmin(error)) throw error
    return putOff(error.code, error.message)
  }
}

const LEFT = {
  left: 'The customer is no longer among those that Holdfast acts for.',
  deleted: 'The customer was deleted in the CRM.',
}
const NOT_ON_LIST = 'The address is not on the test list (settings: delivery.testList), so nothing was sent.'
const NOT_CARRIED = { code: 'no_provider', reason: 'Nothing is set up that could carry this out.' }

/** Errors of templates and settings: a person has to change something, and nothing is lost meanwhile. */
export function isForAdmin(error: unknown): error is HoldfastError {
  return (
    error instanceof HoldfastError &&
    (error.code === 'template_invalid' || error.code === 'channel_configuration')
  )
}

function haltOf({ pause, connection }: ActContext): { code: string; reason: string } | null {
  if (pause !== null) return pause
  if (connection.status === 'active') return null
  const why = connection.statusReason === null ? '' : `: ${connection.statusReason}`
  return {
    code: 'connection_stopped',
    reason: `The connection "${connection.name}" is ${connection.status.replaceAll('_', ' ')}${why}. It waits until it works again.`,
  }
}

async function withConsent(tx: Transaction, reason: string, { hash }: Reachable): Promise<string> {
  const refusal = await refusalFor(tx, { hash, channel: 'email', live: true })
  return refusal === null ? reason : `${reason} Live it would not be sent: ${refusal.because}.`
}
