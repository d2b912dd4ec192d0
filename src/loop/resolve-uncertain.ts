/**
 * A person says what became of messages of which nobody could: that they went out, or that they did not. It is as good
 * as the provider's own word, and stands in the ledger with who said it and why.
 */
import { asConnection, type InterventionId } from '../contracts/ids.ts'
import { oweActivity } from '../store/activities.ts'
import type { Transaction } from '../store/database.ts'
import { ERASED } from '../store/erasure.ts'
import { moveIntervention, type Move } from '../store/intervention-moves.ts'
import { findIntervention, type Intervention } from '../store/interventions.ts'
import { outwardPlace } from '../store/outward.ts'
import { currentSettings } from '../store/settings-versions.ts'
import { MAX_ATTEMPTS } from './act-retry.ts'
import { storedText } from './act-text.ts'
import { sentCost } from './sent-cost.ts'
import type { Connectors } from './services.ts'

export interface Resolving {
  readonly ids: readonly InterventionId[]
  readonly as: 'sent' | 'not_sent'
  /** How it is known, in the person's own words. */
  readonly reason: string
  /** Of `not_sent`: everything is asked once more, and then it is sent. */
  readonly again: boolean
  readonly actor: string
}

export interface Resolved {
  readonly id: InterventionId
  readonly outcome: 'done' | 'already' | 'expired' | 'not_found'
  readonly state: Intervention['state'] | null
  /** A sentence; null: done. */
  readonly message: string | null
}

/**
 * @returns in the order of the ids
 * @example
 * await resolveUncertain(tx, services, { ids, as: 'not_sent', reason: 'Not in the log of the server.', again: true, actor })
 */
export async function resolveUncertain(
  tx: Transaction,
  services: { readonly connectors: Pick<Connectors, 'can'> },
  resolving: Resolving,
): Promise<Resolved[]> {
  // In the order of their ids, as whoever else holds several.
  await tx.query(
    'select from interventions where tenant_id = $1 and id = any ($2::uuid[]) order by id for update',
    [tx.tenant, [...resolving.ids]],
  )
  const results: Resolved[] = []
  for (const id of resolving.ids) results.push(await resolveOne(tx, services, id, resolving))
  return results
}

async function resolveOne(
  tx: Transaction,
  services: Parameters<typeof resolveUncertain>[1],
  id: InterventionId,
  { as, reason, again, actor }: Resolving,
): Promise<Resolved> {
  const row = await findIntervention(tx, id)
  if (row === null) return { id, outcome: 'not_found', state: null, message: 'It is not known here.' }
  const { state } = row
  if (state !== 'uncertain')
    return {
      id,
      outcome: 'already',
      state,
      message: `It is ${state.replaceAll('_', ' ')} by now${row.reason === null ? '.' : `: ${row.reason}`}`,
    }
  if (again && (await isOver(tx, row)))
    return {
      id,
      outcome: 'expired',
      state,
      message: `It expired on ${row.expiresAt.toISOString().slice(0, 10)}, so it cannot be sent again. Say that it was not sent, and plan it anew.`,
    }
  const move: Move =
    as === 'sent'
      ? await sentMove(tx, row, { actor, reason })
      : {
          id,
          from: ['uncertain'],
          actor,
          ...(again
            ? {
                to: 'deferred',
                reasonCode: 'resolved_again',
                reason: `${actor} said that it was not sent, and has it sent again: ${reason}`,
                set: { neverSent: true, dueInMs: 0, attempts: -MAX_ATTEMPTS },
              }
            : {
                to: 'rejected',
                reasonCode: 'resolved_not_sent',
                reason: `${actor} said that it was not sent: ${reason}`,
                set: { neverSent: true },
              }),
        }
  await moveIntervention(tx, move)
  if (as === 'sent') await showSent(tx, services, row)
  return { id, outcome: 'done', state: move.to, message: null }
}

async function sentMove(
  tx: Transaction,
  row: Intervention,
  { actor, reason }: Pick<Resolving, 'actor' | 'reason'>,
): Promise<Move> {
  const { settings } = await currentSettings(tx)
  const { plannedCostMinor, currency } = row
  const text = storedText(row)
  return {
    id: row.id,
    from: ['uncertain'],
    to: 'sent',
    actor,
    reasonCode: row.reasonCode === ERASED ? ERASED : 'resolved_sent',
    reason: `${actor} said that it was sent: ${reason}`,
    set: {
      sentNow: true,
      actualCostMinor: isLive(row) ? sentCost({ plannedCostMinor, currency, text }, settings) : 0,
    },
  }
}

/** What really went out belongs on the record's timeline; of an erased person nothing is told. */
async function showSent(
  tx: Transaction,
  { connectors }: Parameters<typeof resolveUncertain>[1],
  row: Intervention,
): Promise<void> {
  if (row.channel === 'task' || row.reasonCode === ERASED) return
  const { kind, builtIn } = await outwardPlace(tx, asConnection(row.connection))
  if ((isLive(row) || builtIn) && connectors.can(kind, 'activities')) await oweActivity(tx, row.id)
}

/** Restored before it was written, nobody knows: what may have cost something is taken to have. */
function isLive({ message }: Intervention): boolean {
  const delivery = (message as { readonly delivery?: unknown } | null)?.delivery
  return delivery === undefined || delivery === 'live'
}

async function isOver(tx: Transaction, { expiresAt }: Intervention): Promise<boolean> {
  const [{ over }] = await tx.query<{ over: boolean }>('select $1::timestamptz <= now() as over', [expiresAt])
  return over
}
