/**
 * Stopping and letting go on: one action, one channel, or everything (the kill switch). Each with its line in the audit
 * log, in one transaction, whoever asks for it: a person, a program, or the watch that stops by itself.
 */
import { HoldfastError } from '../contracts/errors.ts'
import { actionsOf } from '../settings/planning.ts'
import { recordAudit } from '../store/audit.ts'
import type { Transaction } from '../store/database.ts'
import { lockDecisions } from '../store/decisions.ts'
import { releaseDeferred } from '../store/intervention-sweeps.ts'
import { addPause, endPause } from '../store/pauses.ts'
import { currentSettings } from '../store/settings-versions.ts'
import { cancelOpen } from '../store/stop-open.ts'

/** What can be paused by itself: an action by its key, a channel by its name. */
export interface Part {
  readonly scope: 'action' | 'channel'
  readonly name: string
}

export interface Saying {
  readonly actor: string
  readonly requestId?: string
}

export const CHANNELS = ['email', 'sms', 'task'] as const

/**
 * Nothing of it is sent and no decision chooses it, until {@link resumePart}. What is open waits.
 *
 * @param reason a sentence, shown wherever somebody wonders
 * @returns false when it was paused already: the first reason stays
 * @throws HoldfastError `request_invalid` for an action or channel that is not there
 * @example
 * await pausePart(tx, { scope: 'action', name: 'sms' }, { reason: 'New texts on Monday.', actor })
 */
export async function pausePart(tx: Transaction, part: Part, pausing: Pausing): Promise<boolean> {
  await expectThere(tx, part)
  return pauseKnown(tx, part, pausing)
}

export interface Pausing extends Saying {
  readonly reason: string
  /** What was counted, where it stops by itself. */
  readonly evidence?: unknown
}

/** {@link pausePart} of what is known to be there, or was when something was sent. */
export async function pauseKnown(
  tx: Transaction,
  part: Part,
  { reason, evidence, actor, requestId }: Pausing,
): Promise<boolean> {
  const counted = evidence === undefined ? {} : { evidence }
  const { scope, name } = part
  const added = await addPause(tx, { scope, name, reason, actor, ...counted })
  if (added)
    await recordAudit(tx, {
      actor,
      action: `${scope}.pause`,
      object: name,
      detail: { reason, ...counted },
      ...said(requestId),
    })
  return added
}

/** @returns whether it was paused; what waited for it is due at once */
export async function resumePart(
  tx: Transaction,
  part: Part,
  { actor, requestId }: Saying,
): Promise<boolean> {
  const ended = await endPause(tx, { ...part, actor })
  if (!ended) return false
  await releaseDeferred(tx, [`${part.scope}_paused`])
  await recordAudit(tx, {
    actor,
    action: `${part.scope}.resume`,
    object: part.name,
    ...said(requestId),
  })
  return true
}

/**
 * The kill switch: every decision chooses no action, and what has not begun to go out is cancelled for good. What a
 * worker hands over in this second is out already; nothing else is.
 *
 * @returns how many were cancelled
 */
export async function stopEverything(
  tx: Transaction,
  { reason, actor, requestId }: Saying & { readonly reason: string },
): Promise<number> {
  // Whoever is just planning something has written it by now, or sees the switch.
  await lockDecisions(tx)
  const added = await addPause(tx, { scope: 'everything', name: '', reason, actor })
  const cancelled = await cancelOpen(tx, {
    actor,
    reasonCode: 'killed',
    reason: `All actions were stopped: ${reason}`,
  })
  if (added || cancelled > 0)
    await recordAudit(tx, {
      actor,
      action: 'kill_switch.on',
      detail: { reason, cancelled },
      ...said(requestId),
    })
  return cancelled
}

/** From the next period's decisions on; what was cancelled stays cancelled. @returns whether it was on */
export async function releaseEverything(tx: Transaction, { actor, requestId }: Saying): Promise<boolean> {
  const ended = await endPause(tx, { scope: 'everything', name: '', actor })
  if (ended) await recordAudit(tx, { actor, action: 'kill_switch.off', ...said(requestId) })
  return ended
}

async function expectThere(tx: Transaction, { scope, name }: Part): Promise<void> {
  if (scope === 'channel') {
    if (CHANNELS.some((one) => one === name)) return
    throw new HoldfastError(
      'request_invalid',
      `There is no channel "${name}". Channels are ${CHANNELS.join(', ')}.`,
    )
  }
  const { settings } = await currentSettings(tx)
  const keys = actionsOf(settings)
    .filter(({ channel }) => channel !== 'none')
    .map(({ key }) => key)
  if (keys.includes(name)) return
  throw new HoldfastError(
    'request_invalid',
    `There is no action "${name}" in the catalogue. Actions are ${keys.join(', ')}.`,
  )
}

const said = (requestId: string | undefined) => (requestId === undefined ? {} : { requestId })
