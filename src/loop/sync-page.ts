/** One page of a sync: everything that it says goes into the store in the caller's transaction, or nothing. */
import type { Agreement, ChangePage, Cursor, CustomerRecord, Recipient } from '../../connectors/connector.ts'
import { canonicalJson } from '../../models/canonical-json.ts'
import { HoldfastError } from '../contracts/errors.ts'
import type { ConnectionId, CustomerId, RunId } from '../contracts/ids.ts'
import type { TableProfile } from '../contracts/table.ts'
import { hashAddress } from '../security/address-hash.ts'
import { replaceAgreements, type AgreementRow } from '../store/agreements.ts'
import { lockSyncPosition, saveCursor } from '../store/connections.ts'
import {
  customersNamed,
  deleteCustomers,
  forgetPlans,
  insertCustomers,
  knownCustomers,
  markDue,
  presentCustomers,
  storedProperties,
  updateCustomers,
  type ChangedCustomer,
  type KnownCustomer,
  type NewCustomer,
} from '../store/customers.ts'
import type { Transaction } from '../store/database.ts'
import { replaceRecipients, type RecipientRow } from '../store/recipients.ts'
import { recordSourceConsents, type SourceConsent } from '../store/source-consents.ts'
import { monthlyMinor } from './agreement.ts'
import { memberOf } from './population.ts'
import {
  changedCustomer,
  nameOf,
  newCustomer,
  storable,
  type GroupTerms,
  type StagedRecord,
} from './sync-records.ts'

/** How the properties of the source are to be read. */
export interface Source {
  readonly profile: TableProfile
  /** What each record pays for; read from its properties where it does not say it itself. */
  readonly agreementsOf: (records: readonly CustomerRecord[]) => readonly (readonly Agreement[])[]
  /** Properties are read in another way than at the last sync, so that the same ones mean something else. */
  readonly rereading: boolean
}

/** What holds for all pages of a pass, and what they add to it. */
export interface Pass {
  readonly connection: ConnectionId
  readonly run: RunId
  readonly groups: GroupTerms
  readonly addressKey: Buffer
  readonly allowDeletions: boolean
  /** Null as long as no record came. */
  source: Source | null
  /** What the cursor has to be when the next page is stored: another sync would have moved it. */
  cursor: Cursor | null
  /** Customers met in this pass. */
  readonly seen: Set<CustomerId>
  /** Addresses, with their channel, that some record of this pass refuses: no other record grants them. */
  readonly refused: Set<string>
}

export interface StagedPage {
  readonly page: ChangePage
  readonly records: readonly StagedRecord[]
  /** Null: this source knows nothing of recipients. */
  readonly recipients: readonly Recipient[] | null
}

export type PageCounts = Record<
  'added' | 'changed' | 'unchanged' | 'left' | 'returned' | 'deleted' | 'consents',
  number
>

export function noCounts(): PageCounts {
  return { added: 0, changed: 0, unchanged: 0, left: 0, returned: 0, deleted: 0, consents: 0 }
}

/**
 * @throws HoldfastError `lease_lost` when another sync of the connection went on meanwhile, `paused` when somebody
 *   paused it, `connector_configuration` for a pass that would delete too much
 */
export async function storePage(tx: Transaction, pass: Pass, staged: StagedPage): Promise<PageCounts> {
  const { connection } = pass
  const position = await lockSyncPosition(tx, connection)
  refuseOthers(pass, position)
  const member = memberOf(position.population)
  const counts = noCounts()
  const known = await knownOf(tx, connection, staged.records)
  const before = await storedProperties(
    tx,
    staged.records.flatMap(({ record, hash }) => {
      const customer = known.get(nameOf(record.object, record.id))
      return customer !== undefined && customer.properties_hash !== hash ? [customer.id] : []
    }),
  )

  const added: NewCustomer[] = []
  const changed: ChangedCustomer[] = []
  const ids = new Map<string, CustomerId>()
  /** Whose agreements may differ from those stored. */
  const reread = new Set<string>()
  for (const one of staged.records) {
    const { record } = one
    const name = nameOf(record.object, record.id)
    const customer = known.get(name)
    const status = member(record.properties) ? 'active' : 'left'
    if (customer === undefined) {
      added.push(newCustomer(one, status, pass.groups))
      reread.add(name)
      counts.added++
      continue
    }
    ids.set(name, customer.id)
    const old = before.get(customer.id) ?? null
    if (old !== null || pass.source?.rereading === true || record.agreements !== null) reread.add(name)
    const update = changedCustomer(one, customer, old, status, pass.groups)
    if (update === null) counts.unchanged++
    else {
      changed.push(update)
      counts.changed++
      if (customer.status === 'active' && status === 'left') counts.left++
      if (customer.status !== 'active' && status === 'active') counts.returned++
    }
  }
  if (added.length > 0) await forgetPlans(tx)
  for (const { id, object, external_id } of await insertCustomers(tx, {
    connection,
    run: pass.run,
    rows: added,
  }))
    ids.set(nameOf(object, external_id), id)
  await updateCustomers(tx, { run: pass.run, rows: changed })
  for (const id of ids.values()) pass.seen.add(id)

  const due = new Set(changed.filter((row) => row.due !== null).map(({ id }) => id))
  const again = await storeAgreements(tx, pass, { records: staged.records, ids, known, reread })
  await markDue(
    tx,
    [...again].filter((id) => !due.has(id)),
    'agreement',
  )
  if (staged.recipients !== null) counts.consents = await storeRecipients(tx, pass, staged, { ids, known })

  counts.deleted = await deleteCustomers(tx, await customersNamed(tx, connection, staged.page.deleted))
  if (staged.page.complete === true) counts.deleted += await deleteUnseen(tx, pass)
  await saveCursor(tx, connection, staged.page.cursor)
  return counts
}

function refuseOthers(pass: Pass, { status, cursor }: { status: string; cursor: unknown }): void {
  if (status === 'paused' || status === 'disconnected')
    throw new HoldfastError(
      'paused',
      'The connection was paused while it was being synced. Resume it to go on.',
    )
  if (canonicalJson(cursor) !== canonicalJson(pass.cursor))
    throw new HoldfastError(
      'lease_lost',
      'Another sync of this connection went on meanwhile. This one stopped; nothing is lost.',
      { retryable: true },
    )
}

async function knownOf(
  tx: Transaction,
  connection: ConnectionId,
  records: readonly StagedRecord[],
): Promise<ReadonlyMap<string, KnownCustomer>> {
  const found = await knownCustomers(tx, connection, {
    objects: records.map(({ record }) => record.object),
    externalIds: records.map(({ record }) => record.id),
  })
  return new Map(found.map((customer) => [nameOf(customer.object, customer.external_id), customer]))
}

interface Stored {
  /** By {@link nameOf}, as below. */
  readonly ids: ReadonlyMap<string, CustomerId>
  /** Those that were there before this page. */
  readonly known: ReadonlyMap<string, KnownCustomer>
}

/** @returns the customers that were there and of whom an agreement changed */
async function storeAgreements(
  tx: Transaction,
  pass: Pass,
  { records, ids, known, reread }: Stored & { records: readonly StagedRecord[]; reread: ReadonlySet<string> },
): Promise<ReadonlySet<CustomerId>> {
  const due = records.map(({ record }) => record).filter(({ object, id }) => reread.has(nameOf(object, id)))
  const found = pass.source?.agreementsOf(due) ?? []
  const before: CustomerId[] = []
  const rows: AgreementRow[] = []
  due.forEach(({ object, id }, i) => {
    const name = nameOf(object, id)
    const customer = ids.get(name)!
    if (known.has(name)) before.push(customer)
    for (const agreement of found[i]) rows.push(agreementRow(customer, agreement))
  })
  return replaceAgreements(tx, before, rows)
}

function agreementRow(customer: CustomerId, agreement: Agreement): AgreementRow {
  return {
    customer_id: customer,
    external_id: agreement.externalId,
    amount_minor: agreement.currency === null ? null : agreement.amountMinor,
    currency: agreement.currency,
    period_months: agreement.periodMonths,
    monthly_minor: monthlyMinor(agreement),
    start_date: agreement.startDate,
    renewal_date: agreement.renewalDate,
    notice_date: agreement.noticeDate,
    auto_renewal: agreement.autoRenewal,
  }
}

/** @returns how many consents were news */
async function storeRecipients(
  tx: Transaction,
  pass: Pass,
  { records, recipients }: StagedPage,
  { ids, known }: Stored,
): Promise<number> {
  const byCustomer = new Map(
    records.map(({ record }) => [record.id, ids.get(nameOf(record.object, record.id))]),
  )
  const ranks = new Map<CustomerId, Map<string, RecipientRow>>()
  const consents = new Map<string, SourceConsent>()
  for (const recipient of recipients ?? []) {
    const customer = byCustomer.get(recipient.customerId)
    if (customer === undefined) continue
    const hashes = {
      email: hashed(pass.addressKey, 'email', recipient.email),
      phone: hashed(pass.addressKey, 'phone', recipient.phone),
    }
    const own = ranks.get(customer) ?? new Map<string, RecipientRow>()
    ranks.set(customer, own)
    if (!own.has(recipient.id)) own.set(recipient.id, recipientRow(customer, recipient, hashes, own.size))
    for (const consent of consentsOf(recipient, hashes)) noteConsent(consents, pass.refused, consent)
  }
  const rows = [...ranks.values()].flatMap((own) => [...own.values()])
  await replaceRecipients(
    tx,
    [...known.values()].map(({ id }) => id),
    rows,
  )
  return recordSourceConsents(tx, pass.connection, [...consents.values()])
}

interface Hashes {
  readonly email: string | null
  readonly phone: string | null
}

function hashed(key: Buffer, kind: 'email' | 'phone', address: string | null): string | null {
  const digest = address === null ? null : hashAddress(key, kind, address)
  return digest === null ? null : `\\x${digest.toString('hex')}`
}

function recipientRow(
  customer: CustomerId,
  recipient: Recipient,
  hashes: Hashes,
  rank: number,
): RecipientRow {
  const text = (value: string | null): string | null => (value === null ? null : storable(value))
  return {
    customer_id: customer,
    external_id: storable(recipient.id),
    name: text(recipient.name),
    role: text(recipient.role),
    email: text(recipient.email),
    email_hash: hashes.email,
    phone: text(recipient.phone),
    phone_hash: hashes.phone,
    language: text(recipient.language),
    zone: text(recipient.zone),
    country: text(recipient.country),
    rank,
  }
}

/** Unknown says nothing, and nothing can be said of no address. */
function* consentsOf({ consent }: Recipient, { email, phone }: Hashes): Generator<SourceConsent> {
  const changed_at = consent.changedAt?.toISOString() ?? null
  for (const [channel, address_hash] of [
    ['email', email],
    ['sms', phone],
    ['call', phone],
  ] as const) {
    const status = consent[channel]
    if (status !== 'unknown' && address_hash !== null) yield { address_hash, channel, status, changed_at }
  }
}

/** Where several records share an address, the youngest counts; of those without a date, the refusal. */
function noteConsent(
  consents: Map<string, SourceConsent>,
  refused: Set<string>,
  consent: SourceConsent,
): void {
  const address = `${consent.channel} ${consent.address_hash}`
  if (consent.status === 'refused') refused.add(address)
  else if (consent.changed_at === null && refused.has(address)) return
  const other = consents.get(address)
  const younger = (other?.changed_at ?? '') < (consent.changed_at ?? '')
  const alike = (other?.changed_at ?? null) === consent.changed_at
  if (other === undefined || younger || (alike && consent.status === 'refused'))
    consents.set(address, consent)
}

/** A source that lost this share of its customers from one day to the next is more often broken than right. */
const MOST_DELETED = 0.2
const FEW_CUSTOMERS = 20

async function deleteUnseen(tx: Transaction, { connection, seen, allowDeletions }: Pass): Promise<number> {
  const present = await presentCustomers(tx, connection)
  const gone = present.filter((id) => !seen.has(id))
  if (!allowDeletions && present.length >= FEW_CUSTOMERS && gone.length > MOST_DELETED * present.length)
    throw new HoldfastError(
      'connector_configuration',
      `${gone.length} of ${present.length} customers are not there any more, so the source was probably not whole, and none was marked as deleted. If they are really gone, set "allowDeletions": true in the config of the connection and sync again; it holds for one sync.`,
      // The next file may be whole again.
      { retryable: true },
    )
  return deleteCustomers(tx, gone)
}
