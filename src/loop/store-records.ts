/** Records of a source as they go into the store: customers, their history, what they pay for, their people. */
import type { Agreement, CustomerRecord, Recipient } from '../../connectors/connector.ts'
import type { ConnectionId, CustomerId, RunId } from '../contracts/ids.ts'
import { replaceAgreements, type AgreementRow } from '../store/agreements.ts'
import {
  forgetPlans,
  insertCustomers,
  knownCustomers,
  markDue,
  mergeCustomers,
  storedProperties,
  touchCustomers,
  updateCustomers,
  type ChangedCustomer,
  type KnownCustomer,
  type NewCustomer,
} from '../store/customers.ts'
import type { Population } from '../store/connections.ts'
import type { Transaction } from '../store/database.ts'
import { insertPastValues } from '../store/property-changes.ts'
import { forgetVersions } from '../store/own-writes.ts'
import { monthlyMinor } from './agreement.ts'
import { withoutErased } from './kept-out.ts'
import { memberOf } from './population.ts'
import { mergedInto, type Merged } from './sync-merges.ts'
import {
  changedCustomer,
  nameOf,
  newCustomer,
  pastValues,
  type GroupTerms,
  type StagedRecord,
} from './sync-records.ts'
import { storeRecipients } from './sync-recipients.ts'

/** How the properties of the source are to be read. */
export interface Source {
  /**
   * What each record pays for, in their order.
   *
   * @param asked as the connector was asked for it; null: it is read from the properties
   */
  readonly agreementsOf: (
    records: readonly CustomerRecord[],
    asked: ReadonlyMap<string, readonly Agreement[]> | null,
  ) => readonly (readonly Agreement[])[]
  /** Properties are read in another way than at the last sync, so that the same ones mean something else. */
  readonly rereading: boolean
}

/** What holds for all records of a pass, and what they add to it. */
export interface RecordPass {
  readonly connection: ConnectionId
  readonly run: RunId
  readonly groups: GroupTerms
  readonly addressKey: Buffer
  /** Null as long as no record came. */
  readonly source: Source | null
  /** Customers met in this pass. */
  readonly seen: Set<CustomerId>
  /** Addresses, with their channel, that some record of this pass refuses: no other record grants them. */
  readonly refused: Set<string>
  /**
   * When the pass began, in database time: who was found deleted by another one since then is not brought back by a
   * page that may be older. Null: the records were read this moment.
   */
  readonly begunAt: Date | null
}

export interface StagedRecords {
  readonly records: readonly StagedRecord[]
  /** Those that are as our own write left them, by {@link nameOf}. */
  readonly own: ReadonlySet<string>
  /** Of whom agreements and people were asked too, by {@link nameOf}; null: of all. */
  readonly looked: ReadonlySet<string> | null
  /** Null: this source knows nothing of recipients. */
  readonly recipients: readonly Recipient[] | null
  /** By id in the source; null: they are read from the properties. */
  readonly agreements: ReadonlyMap<string, readonly Agreement[]> | null
}

export type RecordCounts = Record<
  'added' | 'changed' | 'unchanged' | 'left' | 'returned' | 'deleted' | 'consents',
  number
>

export function noCounts(): RecordCounts {
  return { added: 0, changed: 0, unchanged: 0, left: 0, returned: 0, deleted: 0, consents: 0 }
}

/** What was done, and of whom it is not clear which is the newer word: they are to be read once more. */
export interface StoredRecords {
  readonly counts: RecordCounts
  readonly doubtful: readonly CustomerRecord[]
}

/**
 * Makes the store what the records say, unless it knows a younger version of them.
 *
 * @param population as it stands in this transaction
 */
export async function storeRecords(
  tx: Transaction,
  pass: RecordPass,
  all: StagedRecords,
  population: Population | null,
): Promise<StoredRecords> {
  const { connection } = pass
  const staged = await withoutErased(tx, pass, all)
  const member = memberOf(population)
  const counts = noCounts()
  const everybody = await knownOf(tx, connection, staged.records)
  const sorted = sortedByAge(staged.records, everybody, pass.begunAt)
  for (const { id } of sorted.seen) pass.seen.add(id)
  counts.unchanged += sorted.stale
  const { current } = sorted
  const known = new Map(
    current.flatMap(({ record }) => {
      const name = nameOf(record.object, record.id)
      const customer = everybody.get(name)
      return customer === undefined ? [] : [[name, customer] as const]
    }),
  )
  const merged = await mergedInto(tx, connection, current)
  const before = await storedProperties(
    tx,
    current.flatMap(({ record, hash }) => {
      const customer = known.get(nameOf(record.object, record.id))
      return customer !== undefined && customer.properties_hash !== hash ? [customer.id] : []
    }),
  )
  const looked = (name: string): boolean => staged.looked === null || staged.looked.has(name)
  const priced = (name: string): boolean =>
    looked(name) || (staged.agreements === null && !staged.own.has(name))

  const added: NewCustomer[] = []
  const changed: ChangedCustomer[] = []
  const touched: { id: CustomerId; at: string }[] = []
  const ids = new Map<string, CustomerId>()
  /** Whose agreements may differ from those stored. */
  const reread = new Set<string>()
  /** Whose past may not be known yet. */
  const past: StagedRecord[] = []
  for (const one of current) {
    const { record } = one
    const name = nameOf(record.object, record.id)
    const customer = known.get(name)
    const status = member(record) ? 'active' : 'left'
    const joined = merged.get(name)
    if (customer === undefined) {
      // Whether it is in the population is asked of the CRM each time: there is nothing to know of it here.
      if (status === 'left' && population?.kind === 'condition' && joined === undefined) continue
      added.push(heir(newCustomer(one, status, pass.groups), joined))
      past.push(one)
      if (priced(name)) reread.add(name)
      counts.added++
      continue
    }
    ids.set(name, customer.id)
    const old = before.get(customer.id) ?? null
    const other = old !== null || pass.source?.rereading === true
    if (other) past.push(one)
    const asked = staged.looked !== null || other || record.agreements !== null
    if (asked && priced(name)) reread.add(name)
    const flagged = joined !== undefined && joined.groups.some((group) => group !== customer.group_name)
    const update = changedCustomer(one, customer, old, { status, groups: pass.groups, flagged })
    if (update === null) {
      counts.unchanged++
      const at = record.updatedAt
      if (at !== null && (customer.source_updated_at?.getTime() ?? -Infinity) < at.getTime())
        touched.push({ id: customer.id, at: at.toISOString() })
    } else {
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
  await touchCustomers(tx, touched)
  for (const id of ids.values()) pass.seen.add(id)
  await insertPastValues(
    tx,
    pass.run,
    past.flatMap(({ record }) => pastValues(ids.get(nameOf(record.object, record.id))!, record)),
  )
  // By its version each write of ours is known once; the next change of that time is somebody else's.
  await forgetVersions(
    tx,
    [...known]
      .filter(([name, { version }]) => version !== null && staged.own.has(name))
      .map(([, { id }]) => id),
  )

  const due = new Set(changed.filter((row) => row.due !== null).map(({ id }) => id))
  const again = await storeAgreements(tx, pass, staged, { records: current, ids, known, reread })
  await markDue(
    tx,
    [...again].filter((id) => !due.has(id)),
    'agreement',
  )
  if (staged.recipients !== null) {
    const stated = [...ids].filter(([name]) => looked(name))
    counts.consents = await storeRecipients(tx, {
      ...pass,
      recipients: staged.recipients,
      customers: new Map(stated.map(([name, id]) => [name.slice(name.indexOf('\0') + 1), id])),
      known: [...known].filter(([name]) => looked(name)).map(([, { id }]) => id),
    })
  }
  const own = new Set(ids.values())
  const gone = [...merged].flatMap(([name, { customers }]) =>
    customers.filter((id) => !own.has(id)).map((from) => ({ from, into: ids.get(name)! })),
  )
  counts.deleted = await mergeCustomers(tx, gone)
  return { counts, doubtful: sorted.doubtful }
}

/** A record that others were merged into under a new id lives on in their group. */
function heir(customer: NewCustomer, joined: Merged | undefined): NewCustomer {
  if (joined === undefined || joined.groups.length === 0) return customer
  const [group] = joined.groups
  return { ...customer, group_name: group, group_flagged: joined.groups.some((one) => one !== group) }
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

/** A page may be older than what a hint brought meanwhile. */
function sortedByAge(
  records: readonly StagedRecord[],
  known: ReadonlyMap<string, KnownCustomer>,
  begunAt: Date | null,
) {
  const current: StagedRecord[] = []
  const doubtful: CustomerRecord[] = []
  const seen: KnownCustomer[] = []
  for (const one of records) {
    const { object, id, updatedAt } = one.record
    const customer = known.get(nameOf(object, id))
    const stored = customer?.source_updated_at ?? null
    if (customer === undefined) current.push(one)
    else if (updatedAt !== null && stored !== null && updatedAt < stored) seen.push(customer)
    else if (begunAt !== null && customer.status === 'deleted' && customer.status_since >= begunAt)
      doubtful.push(one.record)
    else current.push(one)
  }
  return { current, doubtful, seen, stale: seen.length }
}

/** By {@link nameOf}. */
interface Stored {
  readonly records: readonly StagedRecord[]
  readonly ids: ReadonlyMap<string, CustomerId>
  /** Those that were there before. */
  readonly known: ReadonlyMap<string, KnownCustomer>
  readonly reread: ReadonlySet<string>
}

/** @returns the customers that were there and of whom an agreement changed */
async function storeAgreements(
  tx: Transaction,
  pass: RecordPass,
  { agreements }: StagedRecords,
  { records, ids, known, reread }: Stored,
): Promise<ReadonlySet<CustomerId>> {
  const due = records.map(({ record }) => record).filter(({ object, id }) => reread.has(nameOf(object, id)))
  const found = pass.source?.agreementsOf(due, agreements) ?? []
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
