/**
 * Interventions as records in the CRM, for reports and for the record's card: one for each that was carried out, written
 * again when it moves. A crash between writing and noting it writes it once more under the same key.
 */
import { nameOfAction } from '../../actions/catalogue.ts'
import type { Connector, InterventionRecord } from '../../connectors/connector.ts'
import type { Action } from '../contracts/actions.ts'
import { actionsOf } from '../settings/planning.ts'
import {
  owedInterventions,
  settleInterventions,
  type EndedIntervention,
  type OwedIntervention,
} from '../store/crm-interventions.ts'
import { currentSettings } from '../store/settings-versions.ts'
import { stateWord } from './action-words.ts'
import { endOf, lastingEnd } from './outward-pauses.ts'
import type { Counts, LoopServices, StepContext } from './services.ts'

/** Records of one call. */
const BATCH = 200

/**
 * @param open the connector of the connection, which stays open
 * @returns `{ kept, unkept }`; what is not kept has its reason, and a time to be tried again or none
 * @throws HoldfastError what the connector throws when nothing at all could be tried; all of it stays due
 * @example
 * await writeInterventions(services, context, () => connector) // { kept: 12, unkept: 0 }
 */
export async function writeInterventions(
  { database }: Pick<LoopServices, 'database'>,
  { tenant, connection, signal }: Pick<StepContext, 'tenant' | 'connection' | 'signal'>,
  open: () => Promise<Connector>,
): Promise<Counts> {
  const counts = { kept: 0, unkept: 0 }
  while (!signal.aborted) {
    const { owed, settings } = await database.withTenant(tenant, async (tx) => ({
      owed: await owedInterventions(tx, connection, BATCH),
      settings: (await currentSettings(tx)).settings,
    }))
    if (owed.length === 0) break
    const ended = await kept(owed, actionsOf(settings), open)
    await database.withTenant(tenant, (tx) => settleInterventions(tx, ended))
    for (const { end } of ended) counts[end.ok ? 'kept' : 'unkept']++
  }
  return counts
}

async function kept(
  owed: readonly OwedIntervention[],
  actions: readonly Action[],
  open: () => Promise<Connector>,
): Promise<readonly EndedIntervention[]> {
  const there = owed.filter(({ deleted }) => !deleted)
  const connector = there.length === 0 ? null : await open()
  const results = (await connector?.upsertInterventions?.(there.map((one) => recordOf(one, actions)))) ?? []
  const answers = new Map(results.map((result) => [result.id, result]))
  return owed.map(({ intervention, moves, attempts, deleted }) => ({
    intervention,
    moves,
    end: deleted ? GONE : lastingEnd(endOf(answers.get(intervention), attempts), attempts),
  }))
}

const GONE = {
  ok: false,
  code: 'customer_deleted',
  message: 'The record was deleted in the CRM before this could be kept with it.',
  retryInMs: null,
} as const

function recordOf(
  {
    intervention,
    actionKey,
    channel,
    state,
    reason,
    createdAt,
    sentAt,
    customerId,
    recipientId,
  }: OwedIntervention,
  actions: readonly Action[],
): InterventionRecord {
  return {
    key: intervention,
    customerId,
    recipientId: recipientId === customerId ? null : recipientId,
    action: actionKey,
    actionName: nameOfAction(actionKey, actions),
    channel,
    status: stateWord(state),
    reason,
    decidedAt: createdAt,
    sentAt,
  }
}
