/**
 * Consent outward: what a person told us is told to every CRM that has the address. Reading it back says nothing new
 * (src/store/source-consents.ts), so it goes round once; and what somebody said since then is not overwritten.
 */
import type { Connector, ConsentChange, WriteResult } from '../../connectors/connector.ts'
import { owedConsents, settleConsents, type ConsentEnd, type OwedConsent } from '../store/consent-outbox.ts'
import type { ConsentChannel } from '../store/consents.ts'
import { endOf } from './outward-pauses.ts'
import type { Counts, LoopServices, StepContext } from './services.ts'

const BATCH = 100
/** One after the other: an answer names the person and not the channel. */
const CHANNELS: readonly ConsentChannel[] = ['email', 'sms', 'call']

/**
 * @param open the connector of the connection, which stays open
 * @returns `{ told, untold }`; what is not told has its reason, and a time to be tried again or none
 * @throws HoldfastError what the connector throws when nothing at all could be tried; all of it stays due
 * @example
 * await writeConsents(services, context, () => connector) // { told: 1, untold: 0 }
 */
export async function writeConsents(
  { database }: Pick<LoopServices, 'database'>,
  { tenant, connection, signal }: Pick<StepContext, 'tenant' | 'connection' | 'signal'>,
  open: () => Promise<Connector>,
): Promise<Counts> {
  const counts = { told: 0, untold: 0 }
  for (const channel of CHANNELS)
    while (!signal.aborted) {
      const owed = await database.withTenant(tenant, (tx) =>
        owedConsents(tx, { connection, channel, limit: BATCH }),
      )
      if (owed.length === 0) break
      const ended = await told(owed, open)
      await database.withTenant(tenant, (tx) => settleConsents(tx, connection, ended))
      for (const { end } of ended) if (end !== 'dropped') counts[end.ok ? 'told' : 'untold']++
    }
  return counts
}

async function told(
  owed: readonly OwedConsent[],
  open: () => Promise<Connector>,
): Promise<readonly ConsentEnd[]> {
  const changes = owed.filter(isNews).flatMap(changesOf)
  const connector = changes.length === 0 ? null : await open()
  const results = (await connector?.writeConsent?.(changes)) ?? []
  const answers = new Map(results.map((result) => [result.id, result]))
  return owed.map((one): ConsentEnd => {
    if (!isNews(one)) return { owed: one, end: 'dropped' }
    if (one.recipients.every(({ id }) => saysNewer(answers.get(id)))) return { owed: one, end: 'dropped' }
    // Several records may have the address: it is told when all of them know.
    const ends = one.recipients.map(({ id }) => endOf(answers.get(id), one.attempts))
    return { owed: one, end: ends.find(({ ok }) => !ok) ?? ends[0] }
  })
}

/** The CRM was told something else since: its answer stands, and is read by the next sync. */
const saysNewer = (result: WriteResult | undefined): boolean =>
  result?.ok === false && result.code.startsWith('newer_')

const isNews = ({ overtaken, recipients }: OwedConsent): boolean => !overtaken && recipients.length > 0

function changesOf({ channel, status, changedAt, recipients }: OwedConsent): readonly ConsentChange[] {
  return recipients.map(({ id, email }) => ({ recipientId: id, email, channel, status, changedAt }))
}
