/** What a person looked at and put aside, and what is tried again because somebody asks for it. */
import type { ConnectionId, InterventionId } from '../contracts/ids.ts'
import type { Transaction } from './database.ts'
import { UNSEEN_FAILURE } from './reads/intervention-filter.ts'
import { REFUSED, type Refused } from './reads/attention.ts'
import { requestStep } from './steps.ts'

export interface SeenThing {
  readonly key: string
  readonly mark: string
}

/** Put aside until it happens anew, that is with another mark. */
export async function putAside(
  tx: Transaction,
  things: readonly SeenThing[],
  { actor, note = null }: { readonly actor: string; readonly note?: string | null },
): Promise<void> {
  await tx.query(
    `insert into attention_seen (tenant_id, key, mark, actor, note)
     select $1, key, mark, $4, $5 from unnest($2::text[], $3::text[]) as t (key, mark)
     on conflict (tenant_id, key) do update set mark = excluded.mark, actor = excluded.actor, note = excluded.note, at = now()`,
    [tx.tenant, things.map(({ key }) => key), things.map(({ mark }) => mark), actor, note],
  )
}

/** Of these, those that failed and nobody has looked at. */
export async function failedAmong(
  tx: Transaction,
  ids: readonly InterventionId[],
): Promise<ReadonlySet<InterventionId>> {
  const rows = await tx.query<{ id: InterventionId }>(
    `select i.id from interventions i where i.tenant_id = $1 and i.id = any ($2::uuid[]) and ${UNSEEN_FAILURE}`,
    [tx.tenant, [...ids]],
  )
  return new Set(rows.map(({ id }) => id))
}

/**
 * What a CRM refused for good is tried once more: somebody says that it is mended there.
 *
 * @returns how many
 */
export async function retryRefused(
  tx: Transaction,
  {
    what,
    connection,
    cause,
  }: { readonly what: Refused; readonly connection: ConnectionId; readonly cause: string },
): Promise<number> {
  const { table, where } = REFUSED[what]
  const again =
    what === 'record'
      ? 'retry_at = now(), attempts = 0'
      : `state = 'waiting', due_at = now(), attempts = 0, error_code = null, error_message = null`
  const rows = await tx.query<{ customer: number }>(
    `update ${table} r set ${again} where r.tenant_id = $1 and r.connection_id = $2 and ${where}
     returning ${what === 'record' ? 'r.customer_id' : '0'} as customer`,
    [tx.tenant, connection],
  )
  if (what === 'record')
    await tx.query(
      `insert into write_back_due (tenant_id, customer_id, connection_id)
       select $1, customer, $2 from unnest($3::bigint[]) as t (customer) order by customer
       on conflict (tenant_id, customer_id) do update set due_at = excluded.due_at`,
      [tx.tenant, connection, rows.map(({ customer }) => customer)],
    )
  if (rows.length > 0) await requestStep(tx, { connection, step: 'write_back', cause })
  return rows.length
}
