/** What people told us and a CRM has to know: the newest answer of an address, a row a connection that has it. */
import type { ConnectionId } from '../contracts/ids.ts'
import type { ConsentChannel, ConsentStatus } from './consents.ts'
import type { Transaction } from './database.ts'
import type { OutwardEnd } from './outward.ts'

export interface AddressPlace {
  readonly connection: ConnectionId
  readonly kind: string
  /** The CRM sandbox of this installation. */
  readonly builtIn: boolean
}

/** Connections with somebody who has an address: a column of recipients, as the channel says. */
export function connectionsWith(
  tx: Transaction,
  hash: Buffer,
  channel: ConsentChannel,
): Promise<readonly AddressPlace[]> {
  return tx.query<AddressPlace>(
    `select distinct n.id as connection, n.kind, coalesce(n.config -> 'builtIn' = 'true', false) as "builtIn"
     from recipients r
     join customers c on c.tenant_id = r.tenant_id and c.id = r.customer_id
     join connections n on n.tenant_id = c.tenant_id and n.id = c.connection_id
     where r.tenant_id = $1 and r.${columnOf(channel)} = $2 order by 1`,
    [tx.tenant, hash],
  )
}

const columnOf = (channel: ConsentChannel): string => (channel === 'email' ? 'email_hash' : 'phone_hash')

/**
 * Has an answer that was just recorded told to these connections, unless another one on record is newer; an older one
 * that waits is replaced by it.
 *
 * @example
 * await oweConsent(tx, { hash, channel: 'email', status: 'refused', connections })
 */
export async function oweConsent(
  tx: Transaction,
  {
    hash,
    channel,
    status,
    connections,
  }: {
    hash: Buffer
    channel: ConsentChannel
    status: ConsentStatus
    connections: readonly ConnectionId[]
  },
): Promise<void> {
  await tx.query(
    `insert into consent_outbox (tenant_id, connection_id, address_hash, channel, status, changed_at)
     select $1, n.id, $2, $3, newest.status, newest.changed_at
     from unnest($4::uuid[]) n (id) cross join (${NEWEST} where c.tenant_id = $1 and c.address_hash = $2 and c.channel = $3
       ${FIRST}) newest
     where newest.status = $5
     on conflict (tenant_id, connection_id, address_hash, channel) do update set
       status = excluded.status, changed_at = excluded.changed_at, state = 'waiting', due_at = now(), attempts = 0,
       error_code = null, error_message = null
     where consent_outbox.changed_at <= excluded.changed_at`,
    [tx.tenant, hash, channel, connections, status],
  )
}

const NEWEST = 'select c.status, c.changed_at from consents c'
/** Of two at the same instant the refusal counts, as in consents.ts. */
const FIRST = `order by c.changed_at desc, (c.status = 'refused') desc limit 1`

export interface OwedConsent {
  /** `\x…` */
  readonly hash: string
  readonly channel: ConsentChannel
  readonly status: ConsentStatus
  readonly changedAt: Date
  /** The same to the microsecond. */
  readonly version: string
  readonly attempts: number
  /** Somebody said something else since then. */
  readonly overtaken: boolean
  /** Who has the address there: ids in the CRM, none where nobody has it any more. */
  readonly recipients: readonly { readonly id: string; readonly email: string | null }[]
}

/** Those due of one channel, longest first. */
export function owedConsents(
  tx: Transaction,
  { connection, channel, limit }: { connection: ConnectionId; channel: ConsentChannel; limit: number },
): Promise<readonly OwedConsent[]> {
  return tx.query<OwedConsent>(
    `select o.address_hash::text as hash, o.channel, o.status, o.changed_at as "changedAt",
       o.changed_at::text as version, o.attempts,
       coalesce((select s.status from (${NEWEST} where c.tenant_id = $1 and c.address_hash = o.address_hash
         and c.channel = o.channel ${FIRST}) s) <> o.status, false) as overtaken,
       coalesce((select json_agg(distinct jsonb_build_object('id', r.external_id, 'email', r.email))
         from recipients r join customers c on c.tenant_id = r.tenant_id and c.id = r.customer_id
         where r.tenant_id = $1 and c.connection_id = $2 and r.${columnOf(channel)} = o.address_hash), '[]') as recipients
     from consent_outbox o
     where o.tenant_id = $1 and o.connection_id = $2 and o.channel = $3 and o.state = 'waiting'
       and o.due_at <= clock_timestamp()
     order by o.due_at, o.address_hash limit $4`,
    [tx.tenant, connection, channel, limit],
  )
}

export interface ConsentEnd {
  readonly owed: Pick<OwedConsent, 'hash' | 'channel' | 'version'>
  /** `dropped`: there is nothing to be told any more. */
  readonly end: OutwardEnd | 'dropped'
}

/** What was answered again meanwhile stays as it is: the newer answer waits to be told. */
export async function settleConsents(
  tx: Transaction,
  connection: ConnectionId,
  ended: readonly ConsentEnd[],
): Promise<void> {
  const rows = ended.map(({ owed, end }) => {
    const failed = end !== 'dropped' && !end.ok ? end : null
    return {
      hash: owed.hash,
      channel: owed.channel,
      changed_at: owed.version,
      state:
        end === 'dropped'
          ? 'dropped'
          : failed === null
            ? 'written'
            : failed.retryInMs === null
              ? 'failed'
              : 'waiting',
      code: failed?.code ?? null,
      message: failed?.message ?? null,
      retry: failed?.retryInMs ?? null,
    }
  })
  await tx.query(
    `update consent_outbox o set state = r.state, error_code = r.code, error_message = r.message,
       attempts = o.attempts + case when r.code is null then 0 else 1 end,
       written_at = case when r.state = 'written' then now() else o.written_at end,
       due_at = clock_timestamp() + coalesce(r.retry, 0) * interval '1 millisecond'
     from json_to_recordset($3::json) as r (hash bytea, channel text, changed_at timestamptz, state text, code text,
       message text, retry float8)
     where o.tenant_id = $1 and o.connection_id = $2 and o.address_hash = r.hash and o.channel = r.channel
       and o.changed_at = r.changed_at`,
    [tx.tenant, connection, JSON.stringify(rows)],
  )
}
