/**
 * What others were told or said of somebody who is erased, beside the ledger: notices that wait, what billing and the
 * CRM answered, answers that are kept for whoever asks again.
 */
import type { CustomerId } from '../contracts/ids.ts'
import type { Transaction } from './database.ts'

/** In the place of a name. */
export const SOMEBODY = 'Somebody'

export interface Gone {
  readonly customers: readonly CustomerId[]
  /** Their rows in `recipients`. */
  readonly recipients: readonly number[]
}

/** Before the rows go: they say whom to look for. Notices about a customer that goes go with it. */
export async function forgetWords(tx: Transaction, gone: Gone): Promise<void> {
  const named = await tx.query<{ name: string | null; email: string | null }>(
    `select name, email from recipients where tenant_id = $1 and id = any ($2::bigint[])
     union all select name, null from customers where tenant_id = $1 and id = any ($3::bigint[])`,
    [tx.tenant, gone.recipients, gone.customers],
  )
  await forgetNotices(tx, gone, {
    names: named.flatMap(({ name }) => (name === null ? [] : [name])),
    addresses: named.flatMap(({ email }) => (email === null ? [] : [email.trim().toLowerCase()])),
  })
  await forgetSaid(tx, gone)
}

async function forgetNotices(
  tx: Transaction,
  { customers }: Gone,
  { names, addresses }: { readonly names: readonly string[]; readonly addresses: readonly string[] },
): Promise<void> {
  await tx.query(`delete from told where tenant_id = $1 and via = 'email' and target = any ($2::text[])`, [
    tx.tenant,
    addresses,
  ])
  await tx.query(
    `update told set data = jsonb_set(data, '{customers}',
       (select coalesce(jsonb_agg(c), '[]') from jsonb_array_elements(data -> 'customers') c where c::text <> all ($2)))
     where tenant_id = $1 and jsonb_typeof(data -> 'customers') = 'array'
       and exists (select from unnest($2::text[]) id where data -> 'customers' @> id::jsonb)`,
    [tx.tenant, customers.map(String)],
  )
  // As notices write them: without line breaks, and no longer than a line.
  const written = [...new Set(names.flatMap((name) => [name, name.replace(/\s+/g, ' ').slice(0, 120)]))]
    .map((name) => name.trim())
    .filter((name) => name.length > 1)
    .sort((a, b) => b.length - a.length)
  const naming = await tx.query<{ id: number; subject: string; body: string }>(
    `select id, subject, body from told
     where tenant_id = $1 and exists (select from unnest($2::text[]) name where position(name in subject || ' ' || body) > 0)
     order by id for update`,
    [tx.tenant, written],
  )
  // A short name is part of many a word.
  const whole = written.map(
    (name) => new RegExp(`(?<![\\p{L}\\p{N}])${literal(name)}(?![\\p{L}\\p{N}])`, 'gu'),
  )
  const without = (text: string): string => whole.reduce((left, name) => left.replace(name, SOMEBODY), text)
  await tx.query(
    `update told t set subject = r.subject, body = r.body
     from jsonb_to_recordset($2::jsonb) as r (id bigint, subject text, body text)
     where t.tenant_id = $1 and t.id = r.id`,
    [
      tx.tenant,
      JSON.stringify(
        naming.map(({ id, subject, body }) => ({ id, subject: without(subject), body: without(body) })),
      ),
    ],
  )
}

const literal = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')

/** At the customers that they were people of: what was said of one intervention may name who is asked at another. */
async function forgetSaid(tx: Transaction, { customers, recipients }: Gone): Promise<void> {
  await tx.query(
    `with gone as (
       select customer_id, name from recipients where tenant_id = $1 and id = any ($2::bigint[]) and length(name) > 1
     ), offered as (
       update offers o set status_reason = replace(o.status_reason, gone.name, $3) from gone
       where o.tenant_id = $1 and o.customer_id = gone.customer_id and position(gone.name in o.status_reason) > 0
     ), called as (
       update call_outcomes o set outcome = replace(o.outcome, gone.name, $3) from gone, interventions i
       where i.tenant_id = $1 and i.customer_id = gone.customer_id
         and o.tenant_id = $1 and o.intervention_id = i.id and position(gone.name in o.outcome) > 0
     ), asked as (
       update approval_tasks a set error_message = replace(a.error_message, gone.name, $3) from gone, interventions i
       where i.tenant_id = $1 and i.customer_id = gone.customer_id
         and a.tenant_id = $1 and a.intervention_id = i.id and position(gone.name in a.error_message) > 0
     )
     update activities a set error_message = replace(a.error_message, gone.name, $3) from gone, interventions i
     where i.tenant_id = $1 and i.customer_id = gone.customer_id
       and a.tenant_id = $1 and a.intervention_id = i.id and position(gone.name in a.error_message) > 0`,
    [tx.tenant, recipients, SOMEBODY],
  )
  await tx.query(
    `update idempotent_requests set answer = jsonb_set(answer, '{customerName}', 'null')
     where tenant_id = $1 and answer -> 'customerName' <> 'null' and answer -> 'customer' = any ($2::jsonb[])`,
    [tx.tenant, customers.map(String)],
  )
}
