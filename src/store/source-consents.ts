/** Consent as a source of customers states it, beside what people told us themselves. */
import type { ConnectionId } from '../contracts/ids.ts'
import type { Transaction } from './database.ts'

/** At most one row an address and channel. */
export interface SourceConsent {
  /** `\x…` */
  readonly address_hash: string
  readonly channel: 'email' | 'sms' | 'call'
  readonly status: 'granted' | 'refused'
  /** When the source says that it changed, ISO 8601; null where it does not say. */
  readonly changed_at: string | null
}

/** As the column `source` of consents names a connection. */
export const consentSource = (connection: ConnectionId): string => `connection:${connection}`

/**
 * Appends what is news. A statement with a date is news when it is younger than the newest of that address and
 * says something else. One without a date only tells what stands in the source, perhaps for years: it is news when
 * the address is new, or when the source said something else before; and a grant of that kind never takes back a
 * refusal that came from elsewhere.
 *
 * @returns how many rows were appended
 */
export async function recordSourceConsents(
  tx: Transaction,
  connection: ConnectionId,
  rows: readonly SourceConsent[],
): Promise<number> {
  if (rows.length === 0) return 0
  const [{ count }] = await tx.query<{ count: number }>(
    `with staged as materialized (
       select address_hash, channel, status,
         -- least() of a null and a time is the time.
         case when changed_at is not null then least(changed_at, now()) end as changed_at
       from json_to_recordset($3::json) as r (address_hash bytea, channel text, status text, changed_at timestamptz)
     ), compared as (
       select s.*, newest.status as newest_status, newest.source as newest_source, newest.changed_at as newest_at,
         case when newest.status <> s.status then (
           select c.status from consents c
           where c.tenant_id = $1 and c.address_hash = s.address_hash and c.channel = s.channel and c.source = $2
           order by c.changed_at desc, c.id desc limit 1
         ) end as own_status
       from staged s
       left join lateral (
         select c.status, c.source, c.changed_at from consents c
         where c.tenant_id = $1 and c.address_hash = s.address_hash and c.channel = s.channel
         order by c.changed_at desc, c.id desc limit 1
       ) newest on true
     ), put as (
       insert into consents (tenant_id, address_hash, channel, status, source, changed_at)
       select $1, address_hash, channel, status, $2, coalesce(changed_at, greatest(now(), newest_at)) from compared
       where case
         when newest_status is null then true
         when newest_status = status then false
         when changed_at is not null then changed_at > newest_at
         when status = 'refused' then own_status is distinct from 'refused'
         else newest_source = $2
       end
       returning 1
     )
     select count(*) from put`,
    [tx.tenant, consentSource(connection), JSON.stringify(rows)],
  )
  return count
}
