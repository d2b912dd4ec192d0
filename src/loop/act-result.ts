/** How an attempt ended, written to the ledger: with the lease's owner checked, and not given up at once. */
import { setTimeout as sleep } from 'node:timers/promises'
import { HoldfastError } from '../contracts/errors.ts'
import { PLAYED } from '../store/consents.ts'
import { isConflict } from '../store/database-error.ts'
import type { Transaction } from '../store/database.ts'
import { mayMove, type InterventionState } from '../store/intervention-states.ts'
import { moveInterventions, type Move } from '../store/intervention-moves.ts'
import { oweActivities } from '../store/activities.ts'
import { oweInterventions } from '../store/crm-interventions.ts'
import { ERASED, erasedAmong } from '../store/erasure.ts'
import { outwardPlaces } from '../store/outward.ts'
import { suppress } from '../store/suppressions.ts'
import { FOR_ADMIN, MAX_ATTEMPTS, reconcileMs, recheckMs, retryMs } from './act-retry.ts'
import type { AttemptEnd, Ended } from './act-send.ts'
import type { ActRequest, ActServices } from './act-services.ts'
import type { Taken } from './act-take.ts'
import { settleFeedback } from './feedback.ts'
import { takeConsent } from './own-consent.ts'
import { sentCost } from './sent-cost.ts'

/** Longest that a result is tried to be stored; while the process drains a tenth of it. */
const STORE_MS = 300_000

/** What the result is of. */
export type Attempted = Pick<Taken, 'row' | 'delivery' | 'hash' | 'attempt' | 'settings'> & {
  /** Null where nothing was stored. */
  readonly message: Taken['message'] | null
  /** The lease that it was sent under. */
  readonly owner: string
}

/**
 * @returns the state it is in now; null when it was another's by then, and is left as it is
 * @throws HoldfastError `database_unavailable` when the database stayed away: it is found as `sending` later, and
 *   becomes `uncertain`
 */
export async function storeEnd(
  services: Pick<ActServices, 'log'>,
  request: ActRequest,
  { attempted, ended, store }: Ending & { readonly store: Store },
): Promise<InterventionState | null> {
  const { log } = services
  const { tenant, intervention, signal } = request
  if (ended.end.outcome === 'lease_lost' && !ended.begun) {
    log.info({ tenant, intervention }, 'a lease was lost before anything was sent')
    return null
  }
  const started = Date.now()
  for (let wait = 200; ; wait = Math.min(2 * wait, 10_000)) {
    try {
      return await store({ attempted, ended })
    } catch (error) {
      const left = started + (signal.aborted ? STORE_MS / 10 : STORE_MS) - Date.now()
      const mayPass = isConflict(error) || (error instanceof HoldfastError && error.retryable)
      if (!mayPass || left <= 0) {
        log.error(
          { tenant, intervention, outcome: ended.end.outcome, err: error },
          'a result could not be stored',
        )
        throw error
      }
      await sleep(wait)
    }
  }
}

/** One attempt and how it ended. */
export interface Ending {
  readonly attempted: Attempted
  readonly ended: Ended
}

/** {@link storeEnds} for one, together with those of others that end at about the same time. */
export type Store = (ending: Ending) => Promise<InterventionState | null>

/**
 * @param endings each of another intervention
 * @returns in their order the states that they are in now; null of those that were another's by then
 */
export async function storeEnds(
  tx: Transaction,
  { connectors }: Pick<ActServices, 'connectors'>,
  endings: readonly Ending[],
): Promise<readonly (InterventionState | null)[]> {
  const erased = await erasedAmong(
    tx,
    endings.map(({ attempted }) => attempted.row.id),
  )
  const movings = endings.map(({ attempted, ended }) => {
    const known = moveFor(ended.end, attempted)
    return erased.has(attempted.row.id) ? withoutPerson(known) : known
  })
  for (const { attempted, ended } of endings) {
    const { end } = ended
    const { hash, row } = attempted
    if (end.outcome !== 'rejected' || hash === null || row.channel === 'task') continue
    const { channel } = row
    const rehearsal = attempted.delivery === 'sandbox'
    const source = rehearsal ? `${end.code}${PLAYED}` : end.code
    const optedOut = end.optedOut === true
    // What the provider knows of a person is as good as if they had told us.
    if (optedOut)
      await takeConsent(tx, connectors, { hash, channel, status: 'refused', source }, { rehearsal })
    if (optedOut || end.suppress === true)
      await suppress(tx, { hash, channel, reason: optedOut ? 'unsubscribed' : 'bounced', source })
  }
  // A channel that never confirmed its lease spoke all the same: the ledger says so.
  const silent = endings.filter(
    ({ ended }, at) => !ended.begun && (movings[at].to === 'sent' || movings[at].to === 'uncertain'),
  )
  await moveInterventions(
    tx,
    silent.map(({ attempted: { row, owner } }) => ({
      id: row.id,
      from: ['leased'],
      to: 'sending',
      actor: owner,
      owner,
      set: { lease: { owner, ms: 0 }, sendingNow: true },
    })),
  )
  const moved = await moveInterventions(
    tx,
    endings.map(({ attempted: { row, owner }, ended }, at) => {
      const moving = movings[at]
      // Another worker may have given this attempt up as uncertain: what is known late is known all the same.
      const from = (['leased', 'sending', 'uncertain'] as const).filter(
        (state) => state !== moving.to && mayMove(state, moving.to),
      )
      return {
        id: row.id,
        actor: owner,
        owner,
        from,
        ...moving,
        detail: { ...moving.detail, phases: ended.phases },
      }
    }),
  )
  await log(
    tx,
    connectors,
    endings.flatMap(({ attempted }, at) => {
      const { id } = attempted.row
      return moved.has(id) && !erased.has(id) ? [{ ...attempted, to: movings[at].to }] : []
    }),
  )
  // What the provider told meanwhile waited for the ledger to say that it had gone.
  const went = endings.filter(
    ({ attempted }, at) =>
      moved.has(attempted.row.id) && (movings[at].to === 'sent' || movings[at].to === 'uncertain'),
  )
  if (went.length > 0)
    await settleFeedback(
      tx,
      { connectors },
      went.map(({ attempted }) => attempted.row.id),
    )
  return endings.map(({ attempted }, at) => (moved.has(attempted.row.id) ? movings[at].to : null))
}

/** What was really sent belongs on the record's timeline; what is in a sandbox, into the sandbox of the CRM alone. */
async function log(
  tx: Transaction,
  connectors: ActServices['connectors'],
  ended: readonly (Attempted & { readonly to: InterventionState })[],
): Promise<void> {
  const shown = ended.filter(({ to }) => to === 'sent' || to === 'uncertain')
  if (shown.length === 0) return
  const places = await outwardPlaces(tx, [...new Set(shown.map(({ row }) => row.connection))])
  const out = shown.flatMap((one) => {
    const place = places.get(one.row.connection)
    return place !== undefined && (one.delivery === 'live' || place.builtIn) ? [{ ...one, ...place }] : []
  })
  const ids = (of: typeof out) => of.map(({ row }) => row.id)
  await oweInterventions(tx, ids(out.filter(({ kind }) => connectors.can(kind, 'interventions'))))
  // A task is on the timeline by itself.
  const logged = out.filter(({ to, row }) => to === 'sent' && row.channel !== 'task')
  await oweActivities(tx, ids(logged.filter(({ kind }) => connectors.can(kind, 'activities'))))
}

/** An answer may name whom it was for. */
function withoutPerson({ to, reasonCode, set }: Moving): Moving {
  const { providerId: _, ...rest } = set ?? {}
  const reason = 'The person asked to be forgotten while it was on its way.'
  return { to, reasonCode: to === 'uncertain' ? ERASED : reasonCode, set: rest, reason }
}

type Moving = Pick<Move, 'to' | 'set' | 'detail'> & { readonly reasonCode: string; readonly reason: string }

function moveFor(end: AttemptEnd, attempted: Attempted): Moving {
  const { attempt, delivery, row } = attempted
  const later = (reasonCode: string, reason: string, dueInMs: number, attempts = 0): Moving => ({
    to: 'deferred',
    reasonCode,
    reason,
    set: { dueInMs, attempts },
  })
  // An earlier attempt may have left.
  const unsent = (moving: Moving): Moving =>
    row.sendingAt === null ? { ...moving, set: { ...moving.set, neverSent: true } } : moving
  switch (end.outcome) {
    case 'sent':
      return {
        to: 'sent',
        ...doneWords(attempted),
        detail: { providerId: end.providerId, answer: end.detail ?? null },
        set: {
          providerId: end.providerId,
          sentNow: true,
          actualCostMinor: delivery === 'live' ? costOf(attempted) : 0,
        },
      }
    case 'uncertain':
      return {
        to: 'uncertain',
        reasonCode: 'no_answer',
        reason: end.message,
        set: { dueInMs: reconcileMs(0) },
      }
    case 'rejected':
      if (FOR_ADMIN.has(end.code)) return later(end.code, end.message, recheckMs(), -1)
      if (!end.retryable) return { to: 'rejected', reasonCode: end.code, reason: end.message }
      if (attempt < MAX_ATTEMPTS) return later(end.code, end.message, retryMs(attempt))
      if (SERVER_AWAY.has(end.code)) return later(end.code, end.message, retryMs(attempt), -1)
      return {
        to: 'rejected',
        reasonCode: 'attempts_used_up',
        reason: `Given up after ${attempt} attempts. The last one: ${end.message}`,
      }
    case 'stopped':
      return unsent(
        end.to === 'suppressed'
          ? { to: 'suppressed', reasonCode: end.code, reason: end.message }
          : later(
              end.code,
              end.message,
              end.dueInMs ?? (end.code === 'delivery_changed' ? 0 : recheckMs()),
              -1,
            ),
      )
    case 'lease_lost':
      return unsent(
        later(
          'lease_lost',
          'The worker was held up for longer than its lease, and stopped before anything was sent.',
          0,
        ),
      )
    case 'failed':
      return unsent(
        later('attempt_failed', `Nothing was sent: ${end.message} It is tried again.`, retryMs(attempt)),
      )
  }
}

const costOf = ({ row, message, settings }: Attempted): number =>
  sentCost({ ...row, text: message?.kind === 'sms' ? message : null }, settings)

function doneWords({ delivery, message }: Attempted): { reasonCode: string; reason: string } {
  const reasonCode = delivery === 'live' ? 'sent' : 'sandbox'
  if (message?.kind === 'sms')
    return {
      reasonCode,
      reason: delivery === 'live' ? 'Twilio took it.' : 'It is in the SMS sandbox; nobody else received it.',
    }
  if (message?.kind !== 'task')
    return {
      reasonCode,
      reason:
        delivery === 'live'
          ? 'The mail server took it.'
          : 'It is in the sandbox inbox; nobody else received it.',
    }
  const { responsible } = message
  const whose =
    responsible === null
      ? 'nobody’s list: the record has no owner. Give it one in the CRM, or take the task yourself'
      : `the list of ${responsible.name ?? `user ${responsible.id}`}`
  return {
    reasonCode,
    reason: `It is on ${whose}${delivery === 'live' ? '' : ' in the CRM sandbox; no real list has it'}.`,
  }
}

/** A server that is away says nothing of what it was to be given, which is tried until it expires. */
const SERVER_AWAY: ReadonlySet<string> = new Set([
  'smtp_unreachable',
  'smtp_unavailable',
  'smtp_busy',
  'sms_unreachable',
  'sms_rate_limited',
  'connector_unavailable',
])
