/**
 * People who were erased and whom a source hands over all the same: they are not stored, by their id or by their address,
 * until an admin says that they may come back. That the source still has them is noted for the admin.
 */
import { phoneIdentity } from '../../actions/sms/phone.ts'
import type { Properties, Recipient } from '../../connectors/connector.ts'
import type { ConnectionId } from '../contracts/ids.ts'
import { hashAddress } from '../security/address-hash.ts'
import type { Transaction } from '../store/database.ts'
import { recordHash } from '../store/erasure.ts'
import { anybodyErased, erasedAmongHanded, noteSeen } from '../store/people/markers.ts'
import type { StagedRecords } from './store-records.ts'
import { nameOf, recordStager, type StagedRecord } from './sync-records.ts'

/**
 * What may be stored of a page. Records and contacts that were erased are left out, and addresses of erased people out of
 * the properties of other records.
 *
 * @example
 * const staged = await withoutErased(tx, pass, page)
 */
export async function withoutErased(
  tx: Transaction,
  { connection, addressKey }: { readonly connection: ConnectionId; readonly addressKey: Buffer },
  staged: StagedRecords,
): Promise<StagedRecords> {
  if (!(await anybodyErased(tx, connection))) return staged
  const ids = memo((id: string) => recordHash(addressKey, id))
  const mails = memo((text: string) => hashAddress(addressKey, 'email', text)?.toString('hex') ?? null)
  const numbers = memo((text: string) => hashAddress(addressKey, 'phone', text)?.toString('hex') ?? null)
  const addressesOf = ({ email, phone, country }: Recipient): readonly string[] =>
    [
      email === null ? null : mails(email),
      phone === null ? null : numbers(phoneIdentity(phone, country) ?? phone),
    ].filter((hash) => hash !== null)
  const recipients = staged.recipients ?? []
  const written = (properties: Properties): readonly string[] =>
    Object.values(properties).flatMap((value) => addressIn(value, mails, numbers) ?? [])

  const erased = await erasedAmongHanded(tx, connection, {
    records: [...staged.records.map(({ record }) => ids(record.id)), ...recipients.map(({ id }) => ids(id))],
    addresses: [
      ...recipients.flatMap(addressesOf),
      ...staged.records.flatMap(({ record }) => written(record.properties)),
    ],
  })
  if (erased.records.size === 0 && erased.addresses.size === 0) return staged

  const seen = { records: new Set<string>(), addresses: new Set<string>() }
  const objects = new Map(staged.records.map(({ record }) => [record.id, record.object]))
  const isErasedRecord = (id: string, is: (object: string) => boolean): boolean => {
    const hash = ids(id)
    const found = [...(erased.records.get(hash) ?? [])].some(is)
    if (found) seen.records.add(hash)
    return found
  }
  const isErasedPerson = (recipient: Recipient): boolean => {
    const found = addressesOf(recipient).filter((hash) => erased.addresses.has(hash))
    for (const hash of found) seen.addresses.add(hash)
    // Ids are of an object: a company and a contact may have the same one.
    const own = objects.get(recipient.customerId)
    return isErasedRecord(recipient.id, (object) => object !== own) || found.length > 0
  }
  const gone = new Set(recipients.filter(isErasedPerson))
  const themselves = new Set([...gone].filter(({ id, customerId }) => id === customerId).map(({ id }) => id))
  const left = staged.records.filter(
    ({ record }) =>
      !isErasedRecord(record.id, (object) => object === record.object) && !themselves.has(record.id),
  )
  const records = withoutAddresses(left, (value) => {
    const hash = addressIn(value, mails, numbers)
    if (hash === null || !erased.addresses.has(hash)) return false
    seen.addresses.add(hash)
    return true
  })
  await noteSeen(tx, connection, { records: [...seen.records], addresses: [...seen.addresses] })
  const stored = new Set(left.map(({ record }) => nameOf(record.object, record.id)))
  const dropped = staged.records.filter(({ record }) => !stored.has(nameOf(record.object, record.id)))
  const droppedIds = new Set(dropped.map(({ record }) => record.id))
  return {
    ...staged,
    records,
    recipients: staged.recipients?.filter((one) => !gone.has(one) && !droppedIds.has(one.customerId)) ?? null,
  }
}

/** The hash of a value that is nothing but an address. */
function addressIn(
  value: unknown,
  mails: (text: string) => string | null,
  numbers: (text: string) => string | null,
): string | null {
  if (typeof value !== 'string' || value.length > 254) return null
  if (value.includes('@')) return mails(value)
  return /^\s*(?:\+|00)[0-9\s().\-/]{7,}$/.test(value) ? numbers(value) : null
}

/** Staged anew where a value goes, so that the same record is found unchanged the next time. */
function withoutAddresses(
  records: readonly StagedRecord[],
  isErased: (value: unknown) => boolean,
): readonly StagedRecord[] {
  const stage = recordStager()
  return records.map((staged) => {
    const entries = Object.entries(staged.record.properties)
    const kept = entries.filter(([, value]) => !isErased(value))
    if (kept.length === entries.length) return staged
    return stage({ ...staged.record, properties: Object.fromEntries(kept) })
  })
}

function memo<Result>(work: (text: string) => Result): (text: string) => Result {
  const known = new Map<string, Result>()
  return (text) => {
    const before = known.get(text)
    if (before !== undefined || known.has(text)) return before as Result
    const result = work(text)
    known.set(text, result)
    return result
  }
}
