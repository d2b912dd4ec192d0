/** A person asks what is held of them, or to be forgotten: the same steps for the API and for what a CRM tells. */
import { phoneIdentity } from '../../actions/sms/phone.ts'
import { HoldfastError } from '../contracts/errors.ts'
import { asConnection, asCustomer } from '../contracts/ids.ts'
import { hashAddress } from '../security/address-hash.ts'
import type { Transaction } from '../store/database.ts'
import { eraseSubject, recordHash, type Erased } from '../store/erasure.ts'
import { erasuresOf, type ErasureLine } from '../store/erasures.ts'
import { countHeld, type HeldCounts } from '../store/people/held.ts'
import { findSubject, fingerprintOf, type Subject, type Wanted } from '../store/people/subject.ts'
import type { LoopServices } from './services.ts'

/** By what somebody is asked for: exactly one of them. */
export interface PersonSelector {
  readonly email?: string | undefined
  /** With its country: `+49 170 …`. */
  readonly phone?: string | undefined
  readonly record?:
    | { readonly connection: string; readonly id: string; readonly object?: string | undefined }
    | undefined
  readonly customer?: number | undefined
}

export interface FoundPerson {
  readonly subject: Subject
  readonly counts: HeldCounts
  /** Stands for what was found, so that nothing else is erased than what somebody looked at. */
  readonly fingerprint: string
  /** Times that they were erased before. */
  readonly erasures: readonly ErasureLine[]
}

/**
 * @throws HoldfastError `request_invalid` for what is no address
 * @example
 * const { counts } = await findPerson(tx, services, { email: 'ann@example.com' })
 */
export async function findPerson(
  tx: Transaction,
  services: Pick<LoopServices, 'secrets'>,
  selector: PersonSelector,
  { lock = false } = {},
): Promise<FoundPerson> {
  const key = await services.secrets.addressKey(tx)
  const wanted = wantedOf(selector, key)
  const subject = await findSubject(tx, wanted, { lock })
  const ids = [...subject.records.map(({ id }) => id), ...(wanted.by === 'record' ? [wanted.id] : [])]
  return {
    subject,
    counts: await countHeld(tx, subject),
    fingerprint: fingerprintOf(subject, tx.tenant!, key),
    erasures: await erasuresOf(tx, {
      hashes: subject.hashes,
      records: [...new Set(ids)].map((id) => recordHash(key, id)),
    }),
  }
}

export interface PersonErasure {
  readonly selector: PersonSelector
  readonly actor: string
  readonly reference: string | null
  /** Of the search that somebody looked at. */
  readonly fingerprint: string
}

/**
 * @returns null where nothing is held and they are known to be kept out already: nothing is done twice
 * @throws HoldfastError `conflict` when something else is held by now than what was looked at
 */
export async function erasePerson(
  tx: Transaction,
  services: Pick<LoopServices, 'secrets' | 'forgetCopies'>,
  { selector, actor, reference, fingerprint }: PersonErasure,
): Promise<Erased | null> {
  const found = await findPerson(tx, services, selector, { lock: true })
  if (found.fingerprint !== fingerprint)
    throw new HoldfastError(
      'conflict',
      'What is held of this person has changed since you looked, so nothing was erased. Look again, and erase what you see then.',
    )
  const { subject } = found
  const isKeptOut = found.erasures.some(({ readmittedAt }) => readmittedAt === null)
  if (subject.records.length === 0 && subject.interventions.length === 0 && isKeptOut) return null
  const { record } = selector
  const also =
    record?.object === undefined
      ? undefined
      : { connection: asConnection(record.connection), object: record.object, id: record.id }
  const erased = await eraseSubject(tx, subject, {
    actor,
    source: 'admin',
    reference,
    key: await services.secrets.addressKey(tx),
    ...(also === undefined ? {} : { also }),
  })
  tx.afterCommit(() => services.forgetCopies?.(subject))
  return erased
}

function wantedOf({ email, phone, record, customer }: PersonSelector, key: Buffer): Wanted {
  if (email !== undefined) {
    const hash = hashAddress(key, 'email', email)
    if (hash === null)
      throw new HoldfastError('request_invalid', 'This is no e-mail address. Write it as name@example.com.')
    return { by: 'email', address: email, hash }
  }
  if (phone !== undefined) {
    const hash = hashAddress(key, 'phone', phoneIdentity(phone, null) ?? phone)
    if (hash === null)
      throw new HoldfastError(
        'request_invalid',
        'This is no telephone number. Write it with its country, such as +49 170 1234567.',
      )
    return { by: 'phone', address: phone, hash }
  }
  if (record !== undefined)
    return {
      by: 'record',
      connection: asConnection(record.connection),
      id: record.id,
      object: record.object ?? null,
    }
  if (customer !== undefined) return { by: 'customer', customer: asCustomer(customer) }
  throw new HoldfastError(
    'request_invalid',
    'Name an e-mail address, a telephone number, a record of a CRM or a customer.',
  )
}
