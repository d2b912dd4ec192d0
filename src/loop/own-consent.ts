/** What a person tells us of consent, rather than a CRM: recorded, and owed to every CRM that has the address. */
import { connectionsWith, oweConsent } from '../store/consent-outbox.ts'
import { recordConsent, type ConsentChange } from '../store/consents.ts'
import type { Transaction } from '../store/database.ts'
import { requestStep } from '../store/steps.ts'
import type { Connectors } from './services.ts'

/**
 * In the caller's transaction: it is on record and owed, or neither.
 *
 * @param rehearsal what came of a message into a sandbox is told to the CRM sandbox of this installation alone
 * @example
 * await takeConsent(tx, connectors, { hash, channel: 'email', status: 'refused', source: 'unsubscribe' })
 */
export async function takeConsent(
  tx: Transaction,
  connectors: Pick<Connectors, 'can'>,
  change: ConsentChange,
  { rehearsal = false }: { rehearsal?: boolean } = {},
): Promise<void> {
  await recordConsent(tx, change)
  // Who refuses everything is not scored any more, and who takes that back is again.
  for (const { connection } of await connectionsWith(tx, change.hash, change.channel))
    await requestStep(tx, { connection, step: 'score', cause: 'consent' })
  await tellConsent(tx, connectors, change, { rehearsal })
}

/** Has what is on record told once more, to every CRM that has the address: see {@link takeConsent}. */
async function tellConsent(
  tx: Transaction,
  connectors: Pick<Connectors, 'can'>,
  { hash, channel, status }: Pick<ConsentChange, 'hash' | 'channel' | 'status'>,
  { rehearsal = false }: { rehearsal?: boolean } = {},
): Promise<void> {
  const connections = (await connectionsWith(tx, hash, channel))
    .filter(({ kind, builtIn }) => connectors.can(kind, 'consent') && (builtIn || !rehearsal))
    .map(({ connection }) => connection)
  if (connections.length === 0) return
  await oweConsent(tx, { hash, channel, status, connections })
  for (const connection of connections)
    await requestStep(tx, { connection, step: 'write_back', cause: 'consent' })
}
