/**
 * The timeline: what was sent is logged on the customer's record in the CRM, once. A crash between logging and noting
 * it logs it again under the same key, which the CRM takes as the same entry.
 */
import type { Activity, Connector } from '../../connectors/connector.ts'
import { owedActivities, settleActivities, type OwedActivity } from '../store/activities.ts'
import type { OutwardEnd } from '../store/outward.ts'
import { storedMessage } from './act-message.ts'
import { storedText } from './act-text.ts'
import { endOf, lastingEnd } from './outward-pauses.ts'
import type { Counts, LoopServices, StepContext } from './services.ts'

/** Entries of one call. */
const BATCH = 100

/**
 * @param open the connector of the connection, which stays open
 * @returns `{ logged, unlogged }`; what is not logged has its reason, and a time to be tried again or none
 * @throws HoldfastError what the connector throws when nothing at all could be tried; all of it stays due
 * @example
 * await writeActivities(services, context, () => connector) // { logged: 12, unlogged: 0 }
 */
export async function writeActivities(
  { database }: Pick<LoopServices, 'database'>,
  { tenant, connection, signal }: Pick<StepContext, 'tenant' | 'connection' | 'signal'>,
  open: () => Promise<Connector>,
): Promise<Counts> {
  const counts = { logged: 0, unlogged: 0 }
  while (!signal.aborted) {
    const owed = await database.withTenant(tenant, (tx) => owedActivities(tx, connection, BATCH))
    if (owed.length === 0) break
    const ended = await logged(owed, open)
    await database.withTenant(tenant, (tx) => settleActivities(tx, ended))
    for (const { end } of ended) counts[end.ok ? 'logged' : 'unlogged']++
  }
  return counts
}

interface Ended {
  readonly intervention: OwedActivity['intervention']
  readonly end: OutwardEnd
}

async function logged(
  owed: readonly OwedActivity[],
  open: () => Promise<Connector>,
): Promise<readonly Ended[]> {
  const entries = owed.map((one) => ({ one, entry: entryOf(one) }))
  const asked = entries.flatMap(({ entry }) => (entry === null ? [] : [entry]))
  const connector = asked.length === 0 ? null : await open()
  const results = (await connector?.logActivity?.(asked)) ?? []
  const answers = new Map(results.map((result) => [result.id, result]))
  return entries.map(({ one, entry }) => ({
    intervention: one.intervention,
    end: entry === null ? IMPOSSIBLE : lastingEnd(endOf(answers.get(entry.key), one.attempts), one.attempts),
  }))
}

const IMPOSSIBLE: OutwardEnd = {
  ok: false,
  code: 'customer_deleted',
  message: 'The record was deleted in the CRM before this could be logged on it.',
  retryInMs: null,
}

/** Null: there is no record to log it on. */
function entryOf({
  intervention,
  actionKey,
  sentAt,
  message: stored,
  customerId,
  recipientId,
  deleted,
}: OwedActivity): Activity | null {
  if (deleted) return null
  const common = {
    key: intervention,
    action: actionKey,
    customerId,
    recipientId: recipientId === customerId ? null : recipientId,
    at: sentAt,
  }
  const text = storedText({ message: stored })
  // The number that it went out from is the provider's to choose.
  if (text !== null) return { ...common, kind: 'sms', from: null, to: text.to, subject: '', body: text.text }
  const mail = storedMessage({ message: stored })
  if (mail === null) return null
  return {
    ...common,
    kind: 'email',
    from: mail.from.address,
    to: mail.to.address,
    subject: mail.subject,
    // Whoever reads the record must not unsubscribe the person by a click.
    body: mail.text.replaceAll(mail.unsubscribe.url, '[…]'),
  }
}
