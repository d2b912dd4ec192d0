/**
 * What is forgotten of somebody beside the rows that are theirs: messages to them, and whatever others were told or said
 * of them by name. Before the rows go: they say whom to look for.
 */
import { oweMoved } from '../crm-interventions.ts'
import type { Transaction } from '../database.ts'
import { requestStep } from '../steps.ts'
import type { ConnectionId } from '../../contracts/ids.ts'
import type { Subject } from './subject.ts'
import { namingPattern, withoutPerson } from './words.ts'

/** Of what may still be heard of when its person was erased: what is said then is not kept either. */
export const ERASED = 'erased'

const FORGOTTEN = 'The person asked to be forgotten.'

/**
 * What was sent to them, also by way of a customer that they belonged to once, and what was said of it. What was about
 * to be sent is cancelled.
 */
export async function forgetMessages(tx: Transaction, { interventions }: Subject): Promise<void> {
  if (interventions.length === 0) return
  await tx.query(
    `with held as (
       select id, state in ('planned', 'awaiting_approval', 'deferred', 'snoozed', 'leased') as open
       from interventions where tenant_id = $1 and id = any ($2::uuid[]) order by id for update
     )
     update interventions i set message = null, recipient_id = null, provider_id = null, address_hash = null,
       reason = $3, updated_at = now(),
       state = case when open then 'cancelled' else state end,
       reason_code = case when open or state in ('sending', 'uncertain') then '${ERASED}' else reason_code end,
       lease_owner = case when open then null else lease_owner end,
       lease_until = case when open then null else lease_until end
     from held where i.tenant_id = $1 and i.id = held.id`,
    [tx.tenant, interventions, FORGOTTEN],
  )
  await tx.query('select forget_intervention_events($1::uuid[])', [interventions])
  await tx.query(
    `delete from activities where tenant_id = $1 and intervention_id = any ($2::uuid[]) and state <> 'logged'`,
    [tx.tenant, interventions],
  )
  await owe(tx, interventions)
}

/** Records of them in the CRM say why they went as they did, perhaps by name. */
async function owe(tx: Transaction, interventions: readonly string[]): Promise<void> {
  if ((await oweMoved(tx, interventions)) === 0) return
  const of = await tx.query<{ connection: ConnectionId }>(
    `select distinct connection_id as connection from crm_interventions
     where tenant_id = $1 and intervention_id = any ($2::uuid[])`,
    [tx.tenant, interventions],
  )
  for (const { connection } of of) await requestStep(tx, { connection, step: 'write_back', cause: 'erased' })
}

/** Texts that may name somebody, where they may stand. */
export interface Texts {
  readonly table: string
  readonly columns: readonly string[]
  /** `jsonb` where they lie in JSON. */
  readonly type?: 'jsonb'
  /** Only rows that belong to what is around the person; absent: all of the tenant. */
  readonly at?: 'customer_id = any ($3::bigint[])' | 'intervention_id = any ($3::uuid[])'
}

const AT_CUSTOMERS = 'customer_id = any ($3::bigint[])'
const AT_INTERVENTIONS = 'intervention_id = any ($3::uuid[])'

const TEXTS: readonly Texts[] = [
  { table: 'holds', columns: ['reason'], at: AT_CUSTOMERS },
  { table: 'interventions', columns: ['reason'], at: AT_CUSTOMERS },
  { table: 'offers', columns: ['status_reason'], at: AT_CUSTOMERS },
  { table: 'call_outcomes', columns: ['outcome'], at: AT_INTERVENTIONS },
  { table: 'approval_tasks', columns: ['error_message'], at: AT_INTERVENTIONS },
  { table: 'activities', columns: ['error_message'], at: AT_INTERVENTIONS },
  { table: 'crm_interventions', columns: ['error_message'], at: AT_INTERVENTIONS },
  { table: 'told', columns: ['subject', 'body', 'target_name'] },
  { table: 'runs', columns: ['error_message'] },
  { table: 'steps', columns: ['error_message'] },
  { table: 'pauses', columns: ['reason'] },
  { table: 'training_runs', columns: ['error_message'] },
  { table: 'attention_seen', columns: ['note'] },
  { table: 'idempotent_requests', columns: ['answer'], type: 'jsonb' },
]

/** Those that belong to the company as a whole, and not to one of its customers. */
export const TEXTS_OF_ALL: readonly Texts[] = TEXTS.filter(({ at }) => at === undefined)

export async function forgetWords(tx: Transaction, subject: Subject): Promise<void> {
  const naming = namingPattern(subject)
  await forgetNotices(tx, subject)
  await forgetAnswers(tx, subject)
  await forgetAudit(tx, subject, naming)
  if (naming === null) return
  await forgetEvents(tx, subject, naming)
  await forgetNotes(tx, subject, naming)
  await forgetProperties(tx, subject, naming)
  for (const texts of TEXTS) await rewrite(tx, subject, naming, texts)
}

/** What providers said in words, and of which address; that they said it stays. */
async function forgetAnswers(tx: Transaction, { interventions, hashes, customers }: Subject): Promise<void> {
  await tx.query('select forget_delivery_events($1::uuid[], $2::bytea[])', [interventions, hashes])
  // What the CRM answered may name them.
  await tx.query(
    `update consent_outbox set error_message = null
     where tenant_id = $1 and address_hash = any ($2::bytea[]) and error_message is not null`,
    [tx.tenant, hashes],
  )
  await tx.query(
    `update idempotent_requests set answer = jsonb_set(answer, '{customerName}', 'null')
     where tenant_id = $1 and answer -> 'customerName' <> 'null' and answer -> 'customer' = any ($2::jsonb[])`,
    [tx.tenant, customers.map(String)],
  )
}

async function forgetNotices(tx: Transaction, { customers, emails }: Subject): Promise<void> {
  await tx.query(
    `delete from told where tenant_id = $1 and via = 'email' and lower(target) = any ($2::text[])`,
    [tx.tenant, emails],
  )
  await tx.query(
    `update told set data = jsonb_set(data, '{customers}',
       (select coalesce(jsonb_agg(c), '[]') from jsonb_array_elements(data -> 'customers') c where c::text <> all ($2)))
     where tenant_id = $1 and jsonb_typeof(data -> 'customers') = 'array'
       and exists (select from unnest($2::text[]) id where data -> 'customers' @> id::jsonb)`,
    [tx.tenant, customers.map(String)],
  )
}

/** What was said of others at their customers may name them: those moves lose their words. */
async function forgetEvents(tx: Transaction, { beside }: Subject, naming: string): Promise<void> {
  if (beside.length === 0) return
  const named = await tx.query<{ id: string }>(
    `select distinct intervention_id as id from intervention_events
     where tenant_id = $1 and intervention_id = any ($2::uuid[])
       and lower(concat_ws(E'\\n', reason, detail::text)) ~ $3`,
    [tx.tenant, beside, naming],
  )
  if (named.length === 0) return
  const ids = named.map(({ id }) => id)
  await tx.query('select forget_intervention_events($1::uuid[])', [ids])
  await owe(tx, ids)
}

/** What was said to suggestions, of customers around them: the answer stays, and its words go. */
async function forgetNotes(tx: Transaction, { around }: Subject, naming: string): Promise<void> {
  if (around.length === 0) return
  const named = await tx.query<{ id: number }>(
    `select id from rep_answers where tenant_id = $1 and customer_id = any ($2::bigint[]) and lower(note) ~ $3`,
    [tx.tenant, around, naming],
  )
  if (named.length > 0) await tx.query('select forget_rep_notes($1::bigint[])', [named.map(({ id }) => id)])
}

/** Who did what when stays; what it was done to, and the words beside it, go where they are about the person. */
async function forgetAudit(tx: Transaction, subject: Subject, naming: string | null): Promise<void> {
  const objects = [...subject.interventions, ...subject.customers.map((id) => `customer ${id}`)]
  const rows = await tx.query<{ id: number; object: string | null; detail: unknown; theirs: boolean }>(
    `select id, object, detail, theirs from (
       select id, object, detail,
         coalesce(object = any ($2::text[]) or action like 'customer.%' and 'customer ' || object = any ($2::text[]), false)
           as theirs,
         coalesce(lower(concat_ws(E'\\n', object, detail::text)) ~ $3, false) as naming
       from audit_log where tenant_id = $1
     ) a where theirs or naming`,
    [tx.tenant, objects, naming],
  )
  if (rows.length === 0) return
  const without = withoutPerson(subject)
  const said = rows.map(({ id, object, detail, theirs }) =>
    theirs ? { id, object: null, detail: null } : { id, object: without(object), detail: without(detail) },
  )
  await tx.query('select forget_in_audit($1::jsonb)', [JSON.stringify(said)])
}

/**
 * Properties of companies that name them, such as a main contact's address. The hash goes with them, so that the next
 * look at the record is one at another record.
 */
async function forgetProperties(tx: Transaction, subject: Subject, naming: string): Promise<void> {
  if (subject.around.length === 0) return
  const without = withoutPerson(subject)
  const of = [tx.tenant, subject.around, naming]
  const rows = await tx.query<{ id: number; name: string | null; properties: Record<string, unknown> }>(
    `select id, name, properties from customers
     where tenant_id = $1 and id = any ($2::bigint[]) and lower(properties::text) ~ $3 for update`,
    of,
  )
  const changed = rows.map(({ id, name, properties }) => ({
    id,
    properties: allBut(name, properties, without),
  }))
  await tx.query(
    `update customers c set properties = r.properties, properties_hash = ''
     from jsonb_to_recordset($2::jsonb) as r (id bigint, properties jsonb) where c.tenant_id = $1 and c.id = r.id`,
    [tx.tenant, JSON.stringify(changed)],
  )
  const history = await tx.query<{ id: number; name: string | null; changes: Record<string, unknown> }>(
    `select p.id, c.name, p.changes from property_changes p
     join customers c on c.tenant_id = p.tenant_id and c.id = p.customer_id
     where p.tenant_id = $1 and p.customer_id = any ($2::bigint[]) and lower(p.changes::text) ~ $3`,
    of,
  )
  const said = history.map(({ id, name, changes }) => ({ id, changes: allBut(name, changes, without) }))
  await tx.query('select forget_in_history($1::jsonb)', [JSON.stringify(said)])
}

/** A company that bears a person's name goes on bearing it. */
function allBut(
  name: string | null,
  properties: Readonly<Record<string, unknown>>,
  without: (value: unknown) => unknown,
): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(properties).map(([key, value]) => [key, value === name ? value : without(value)]),
  )
}

async function rewrite(
  tx: Transaction,
  subject: Subject,
  naming: string,
  { table, columns, type, at }: Texts,
): Promise<void> {
  const around = at === AT_CUSTOMERS ? subject.around : at === AT_INTERVENTIONS ? subject.beside : null
  if (around?.length === 0) return
  const texts = columns.map((column) => (type === undefined ? column : `${column}::text`))
  const rows = await tx.query<{ place: string } & Readonly<Record<string, unknown>>>(
    `select ctid::text as place, ${columns.join(', ')} from ${table}
     where tenant_id = $1 and lower(concat_ws(E'\\n', ${texts.join(', ')})) ~ $2
       ${at === undefined ? '' : `and ${at}`} for update`,
    [tx.tenant, naming, ...(around === null ? [] : [around])],
  )
  if (rows.length === 0) return
  const without = withoutPerson(subject)
  await tx.query(
    // The rows are locked, so that they are where they were.
    `update ${table} t set ${columns.map((column) => `${column} = r.${column}`).join(', ')}
     from jsonb_to_recordset($2::jsonb) as r (place text, ${columns.map((column) => `${column} ${type ?? 'text'}`).join(', ')})
     where t.tenant_id = $1 and t.ctid = r.place::tid`,
    [tx.tenant, JSON.stringify(rows.map((row) => ({ ...without(row), place: row.place })))],
  )
}
