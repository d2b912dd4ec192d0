/** A person as the database knows them: which records, addresses and messages are theirs. */
import { createHmac } from 'node:crypto'
import type { ConnectionId, CustomerId, TenantId } from '../../contracts/ids.ts'
import type { Transaction } from '../database.ts'

/** By what somebody is looked for. */
export type Wanted =
  | { readonly by: 'email' | 'phone'; readonly address: string; readonly hash: Buffer }
  /** As the CRM names the record: a customer, or a contact of customers. `object` where both have the id. */
  | {
      readonly by: 'record'
      readonly connection: ConnectionId
      readonly id: string
      readonly object: string | null
    }
  | { readonly by: 'customer'; readonly customer: CustomerId }

/** A record of a CRM or file that is the person. */
export interface PersonRecord {
  readonly connection: ConnectionId
  readonly connectionName: string
  /** As the CRM names it: `contacts`, `Account`, `rows`. */
  readonly object: string
  readonly id: string
  /** customer: it is a customer itself, and goes whole. contact: somebody at customers, which stay. */
  readonly kind: 'customer' | 'contact'
  readonly name: string | null
  /** The customers that it is a contact of, or the customer itself. */
  readonly customers: readonly { readonly id: CustomerId; readonly name: string | null }[]
}

export interface Subject {
  /** The address that was asked for, whoever has it; null where somebody was asked for otherwise. */
  readonly asked: { readonly kind: 'email' | 'phone'; readonly hash: Buffer } | null
  readonly records: readonly PersonRecord[]
  /** Go whole; merged ones included. */
  readonly customers: readonly CustomerId[]
  /** Rows of `recipients`. */
  readonly recipients: readonly number[]
  /** Customers that they are a contact of, and that stay. */
  readonly around: readonly CustomerId[]
  /** Keyed hashes of their addresses. */
  readonly hashes: readonly Buffer[]
  /** What was done for them or sent to them. */
  readonly interventions: readonly string[]
  /** What else was done at the customers that stay: words of it may name them. */
  readonly beside: readonly string[]
  readonly emails: readonly string[]
  readonly phones: readonly string[]
  readonly names: readonly string[]
}

interface FoundRow {
  readonly recipient: number | null
  readonly customer: CustomerId
  readonly connection: ConnectionId
  readonly connectionName: string
  readonly kind: string
  readonly object: string
  readonly externalId: string
  readonly customerName: string | null
  readonly contactId: string | null
  readonly name: string | null
  readonly email: string | null
  readonly phone: string | null
  readonly emailHash: Buffer | null
  readonly phoneHash: Buffer | null
}

const COLUMNS = `r.id as recipient, c.id as customer, c.connection_id as connection, n.name as "connectionName", n.kind,
  c.object, c.external_id as "externalId", c.name as "customerName", r.external_id as "contactId", r.name, r.email,
  r.phone, r.email_hash as "emailHash", r.phone_hash as "phoneHash"`
const FROM = `from customers c
  join connections n on n.tenant_id = c.tenant_id and n.id = c.connection_id`
const CONTACTS = 'recipients r on r.tenant_id = c.tenant_id and r.customer_id = c.id'

/** How CRMs call the people of companies. */
const CONTACT_OBJECT: Readonly<Record<string, string>> = { hubspot: 'contacts', salesforce: 'Contact' }

/**
 * @param lock for erasing: rows of customers and contacts are held until the transaction ends
 * @example
 * const subject = await findSubject(tx, { by: 'email', address, hash })
 * subject.records // [] where nothing is held of them
 */
export async function findSubject(tx: Transaction, wanted: Wanted, { lock = false } = {}): Promise<Subject> {
  const first = await firstRows(tx, wanted)
  const whole = [...new Set(first.filter((row) => isWhole(row, wanted)).map(({ customer }) => customer))]
  const contacts = first.filter((row) => row.contactId !== null && !isWhole(row, wanted))
  const customers = await withMerged(tx, whole)
  if (lock && customers.length > 0)
    await tx.query(
      'select id from customers where tenant_id = $1 and id = any ($2::bigint[]) order by id for update',
      [tx.tenant, customers],
    )
  const rows = await allRows(tx, customers, contacts)
  const theirs = rows.filter(({ recipient }) => recipient !== null)
  const recipients = theirs.map(({ recipient }) => recipient!)
  if (lock && recipients.length > 0)
    await tx.query(
      'select id from recipients where tenant_id = $1 and id = any ($2::bigint[]) order by id for update',
      [tx.tenant, recipients],
    )
  const hashes = distinctHashes([
    ...('hash' in wanted ? [wanted.hash] : []),
    ...theirs.flatMap(({ emailHash, phoneHash }) => [emailHash, phoneHash]),
  ])
  const around = [...new Set(rows.map(({ customer }) => customer))].filter((id) => !customers.includes(id))
  const records = recordsOf(rows, new Set(customers))
  const contactIds: ContactId[] = records.filter(({ kind }) => kind === 'contact')
  // Perhaps they belong to no customer any more.
  if (wanted.by === 'record' && customers.length === 0 && contactIds.length === 0) contactIds.push(wanted)
  const interventions = await interventionsOf(tx, { customers, recipients, hashes, contacts: contactIds })
  const given = 'address' in wanted ? [wanted.address] : []
  return {
    asked: 'hash' in wanted ? { kind: wanted.by, hash: wanted.hash } : null,
    records,
    customers,
    recipients,
    around,
    hashes,
    interventions,
    beside: await besideOf(tx, around, interventions),
    emails: distinct(
      [...(wanted.by === 'email' ? given : []), ...theirs.map(({ email }) => email)].map(lower),
    ),
    phones: distinct([...(wanted.by === 'phone' ? given : []), ...theirs.map(({ phone }) => phone)]),
    names: distinct([
      ...theirs.map(({ name }) => name),
      ...rows.filter(({ customer }) => customers.includes(customer)).map(({ customerName }) => customerName),
    ]),
  }
}

/**
 * Stands for what was found: whoever erases says which findings they looked at.
 *
 * @param key of `Secrets.addressKey`, so that nobody can guess whom it stands for
 */
export function fingerprintOf(subject: Subject, tenant: TenantId, key: Buffer): string {
  const found = [
    tenant,
    subject.records.map(({ connection, object, id, kind }) => [connection, object, id, kind]).toSorted(),
    subject.customers.toSorted(),
    subject.recipients.toSorted(),
    subject.hashes.map((hash) => hash.toString('hex')).toSorted(),
  ]
  return createHmac('sha256', key)
    .update(`found:${JSON.stringify(found)}`)
    .digest('base64url')
}

function firstRows(tx: Transaction, wanted: Wanted): Promise<readonly FoundRow[]> {
  if (wanted.by === 'customer')
    return tx.query<FoundRow>(
      `select ${COLUMNS} ${FROM} left join ${CONTACTS} where c.tenant_id = $1 and c.id = $2`,
      [tx.tenant, wanted.customer],
    )
  if (wanted.by === 'record')
    return tx.query<FoundRow>(
      `select ${COLUMNS} ${FROM} left join ${CONTACTS}
       where c.tenant_id = $1 and c.connection_id = $2 and c.external_id = $3 and ($4::text is null or c.object = $4)
       union all
       select ${COLUMNS} from recipients r
       join customers c on c.tenant_id = r.tenant_id and c.id = r.customer_id
       join connections n on n.tenant_id = c.tenant_id and n.id = c.connection_id
       where r.tenant_id = $1 and r.external_id = $3 and c.connection_id = $2
         and ($4::text is null or c.object <> $4)`,
      [tx.tenant, wanted.connection, wanted.id, wanted.object],
    )
  const column = wanted.by === 'email' ? 'email_hash' : 'phone_hash'
  return tx.query<FoundRow>(
    `select ${COLUMNS} from recipients r
     join customers c on c.tenant_id = r.tenant_id and c.id = r.customer_id
     join connections n on n.tenant_id = c.tenant_id and n.id = c.connection_id
     where r.tenant_id = $1 and r.${column} = $2`,
    [tx.tenant, wanted.hash],
  )
}

/**
 * Whichever customer was asked for; and whoever is a customer themselves: their contact is the record, or bears its name,
 * as that of a person account does.
 */
function isWhole(
  { contactId, externalId, object, customer, name, customerName }: FoundRow,
  wanted: Wanted,
): boolean {
  if (wanted.by === 'customer') return customer === wanted.customer
  if (wanted.by === 'record')
    return externalId === wanted.id && (wanted.object === null || object === wanted.object)
  return contactId === externalId || (name !== null && lower(name) === lower(customerName))
}

/** Those that live on in them by now are the same. */
async function withMerged(tx: Transaction, customers: readonly CustomerId[]): Promise<readonly CustomerId[]> {
  if (customers.length === 0) return []
  const rows = await tx.query<{ id: CustomerId }>(
    `select id from customers where tenant_id = $1 and (id = any ($2::bigint[]) or merged_into = any ($2::bigint[]))
     order by id`,
    [tx.tenant, customers],
  )
  return rows.map(({ id }) => id)
}

/** Everybody of customers that go, and the contacts wherever else they are one, under the same id or not. */
function allRows(
  tx: Transaction,
  customers: readonly CustomerId[],
  contacts: readonly FoundRow[],
): Promise<readonly FoundRow[]> {
  return tx.query<FoundRow>(
    `select ${COLUMNS} ${FROM} left join ${CONTACTS} where c.tenant_id = $1 and c.id = any ($2::bigint[])
     union all
     select ${COLUMNS} from (select distinct * from unnest($3::uuid[], $4::text[])) as known (connection, contact)
     join recipients r on r.tenant_id = $1 and r.external_id = known.contact
     join customers c on c.tenant_id = r.tenant_id and c.id = r.customer_id and c.connection_id = known.connection
     join connections n on n.tenant_id = c.tenant_id and n.id = c.connection_id
     where c.id <> all ($2::bigint[])
     order by customer, recipient`,
    [
      tx.tenant,
      customers,
      contacts.map(({ connection }) => connection),
      contacts.map(({ contactId }) => contactId),
    ],
  )
}

interface ContactId {
  readonly connection: ConnectionId
  readonly id: string
  readonly object: string | null
}

/** Also what was sent to contacts by way of a customer that they belonged to once. */
async function interventionsOf(
  tx: Transaction,
  of: {
    readonly customers: readonly CustomerId[]
    readonly recipients: readonly number[]
    readonly hashes: readonly Buffer[]
    readonly contacts: readonly ContactId[]
  },
): Promise<readonly string[]> {
  const rows = await tx.query<{ id: string }>(
    `select id from interventions where tenant_id = $1 and customer_id = any ($2::bigint[])
     union select id from interventions where tenant_id = $1 and address_hash = any ($4::bytea[])
     union select i.id from unnest($5::uuid[], $6::text[], $7::text[]) as c (connection, id, object)
       join interventions i on i.tenant_id = $1 and i.connection_id = c.connection
         and (i.recipient_id = any ($3::bigint[]) or i.message ->> 'recipientId' = c.id)
       where not exists (
         select from customers k where k.tenant_id = i.tenant_id and k.id = i.customer_id and k.object = c.object)
     order by id`,
    [
      tx.tenant,
      of.customers,
      of.recipients,
      of.hashes,
      of.contacts.map(({ connection }) => connection),
      of.contacts.map(({ id }) => id),
      of.contacts.map(({ object }) => object),
    ],
  )
  return rows.map(({ id }) => id)
}

async function besideOf(
  tx: Transaction,
  around: readonly CustomerId[],
  own: readonly string[],
): Promise<readonly string[]> {
  if (around.length === 0) return []
  const rows = await tx.query<{ id: string }>(
    `select id from interventions where tenant_id = $1 and customer_id = any ($2::bigint[]) and id <> all ($3::uuid[])`,
    [tx.tenant, around, own],
  )
  return rows.map(({ id }) => id)
}

function recordsOf(rows: readonly FoundRow[], whole: ReadonlySet<CustomerId>): readonly PersonRecord[] {
  const records = new Map<string, PersonRecord>()
  for (const row of rows) {
    const { connection, connectionName, kind, object, externalId, customer, customerName } = row
    const isCustomer = whole.has(customer)
    const id = isCustomer ? externalId : row.contactId!
    const called = isCustomer ? object : (CONTACT_OBJECT[kind] ?? 'contact')
    const key = `${connection} ${called} ${id}`
    const before = records.get(key)
    const at = { id: customer, name: customerName }
    records.set(key, {
      connection,
      connectionName,
      object: called,
      id,
      kind: isCustomer ? 'customer' : 'contact',
      name: before?.name ?? (isCustomer ? customerName : row.name),
      customers: before?.customers.some((one) => one.id === customer)
        ? before.customers
        : [...(before?.customers ?? []), at],
    })
  }
  return [...records.values()]
}

const lower = (text: string | null): string | null => text?.trim().toLowerCase() ?? null

function distinct(texts: readonly (string | null)[]): readonly string[] {
  return [...new Set(texts.flatMap((text) => (text === null || text.trim() === '' ? [] : [text.trim()])))]
}

function distinctHashes(hashes: readonly (Buffer | null)[]): readonly Buffer[] {
  const known = new Map(hashes.flatMap((hash) => (hash === null ? [] : [[hash.toString('hex'), hash]])))
  return [...known.values()]
}
