/** What people agreed to and refused, by the hash of their address: append-only, the newest change counts. */
import { insertRows } from './bulk.ts'
import type { Transaction } from './database.ts'

export type ConsentChannel = 'email' | 'sms' | 'call'
export type ConsentStatus = 'granted' | 'refused'

/** Ends the source of whatever is said in a sandbox. */
export const PLAYED = '_sandbox'

/** Of a row `n` of consents: somebody agreed in a sandbox, which is no yes of the person. A no counts wherever it is said. */
export const PLAYED_YES = `(n.status = 'granted' and right(n.source, ${PLAYED.length}) = '${PLAYED}')`

export interface ConsentChange {
  /** Of `hashAddress` (src/security/address-hash.ts). */
  readonly hash: Buffer
  readonly channel: ConsentChannel
  readonly status: ConsentStatus
  /** Where it was said: a connector's name, `unsubscribe`, a person. */
  readonly source: string
  /** When it was said; default: now. A time to come counts as now, or a wrong clock would outlive a refusal. */
  readonly changedAt?: Date
}

/**
 * Appends changes; one that stands there already (address, channel, answer and time) is not written again.
 *
 * @returns how many are new
 * @example
 * await recordConsents(tx, [{ hash, channel: 'email', status: 'refused', source: 'unsubscribe' }])
 */
export async function recordConsents(tx: Transaction, changes: readonly ConsentChange[]): Promise<number> {
  if (changes.length === 0) return 0
  const [{ now }] = await tx.query<{ now: Date }>('select clock_timestamp() as now')
  const rows = changes.map(({ hash, changedAt, ...rest }) => ({
    ...rest,
    address_hash: `\\x${hash.toString('hex')}`,
    changed_at: changedAt !== undefined && changedAt < now ? changedAt : now,
  }))
  const shape = COLUMNS.map(({ name, type }) => `${name} ${type}`).join(', ')
  const known = await tx.query<{ at: number }>(
    `select r.at from json_to_recordset($2::json) as r (at integer, ${shape})
     where exists (select from consents c where c.tenant_id = $1 and c.address_hash = r.address_hash
       and c.channel = r.channel and c.status = r.status and c.changed_at = r.changed_at)`,
    [tx.tenant, JSON.stringify(rows.map((row, at) => ({ ...row, at })))],
  )
  const old = new Set(known.map(({ at }) => at))
  const fresh = rows.filter((_, at) => !old.has(at))
  await insertRows(tx, 'consents', COLUMNS, fresh)
  return fresh.length
}

/** One change: see {@link recordConsents}. */
export async function recordConsent(tx: Transaction, change: ConsentChange): Promise<void> {
  await recordConsents(tx, [change])
}

const COLUMNS = [
  { name: 'address_hash', type: 'bytea' },
  { name: 'channel', type: 'text' },
  { name: 'status', type: 'text' },
  { name: 'source', type: 'text' },
  { name: 'changed_at', type: 'timestamptz' },
]

/**
 * What counts for an address now; null when nobody ever said anything. Of two changes at the same instant the
 * refusal counts.
 */
export async function consentOf(
  tx: Transaction,
  hash: Buffer,
  channel: ConsentChannel,
): Promise<ConsentStatus | null> {
  const [row] = await tx.query<{ status: ConsentStatus }>(
    `select status from consents where tenant_id = $1 and address_hash = $2 and channel = $3
     order by changed_at desc, (status = 'refused') desc limit 1`,
    [tx.tenant, hash, channel],
  )
  return row?.status ?? null
}

/** As {@link consentOf}, of what was said in earnest alone. */
export async function earnestConsentOf(
  tx: Transaction,
  hash: Buffer,
  channel: ConsentChannel,
): Promise<ConsentStatus | null> {
  const [row] = await tx.query<{ status: ConsentStatus }>(
    `select status from consents
     where tenant_id = $1 and address_hash = $2 and channel = $3 and right(source, length($4)) <> $4
     order by changed_at desc, (status = 'refused') desc limit 1`,
    [tx.tenant, hash, channel, PLAYED],
  )
  return row?.status ?? null
}
