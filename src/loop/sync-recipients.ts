/** The people of customers as a source states them, and what it says of their consent. */
import { phoneIdentity } from '../../actions/sms/phone.ts'
import type { Recipient } from '../../connectors/connector.ts'
import type { ConnectionId, CustomerId } from '../contracts/ids.ts'
import { hashAddress } from '../security/address-hash.ts'
import type { Transaction } from '../store/database.ts'
import { replaceRecipients, type RecipientRow } from '../store/recipients.ts'
import { recordSourceConsents, type SourceConsent } from '../store/source-consents.ts'
import { storable } from './sync-records.ts'

export interface StatedRecipients {
  readonly connection: ConnectionId
  /** Keys the hashes of addresses. */
  readonly addressKey: Buffer
  /** Addresses, with their channel, that some record of this pass refuses: no other record grants them. */
  readonly refused: Set<string>
  readonly recipients: readonly Recipient[]
  /** Customers whose people are stated, by their id in the source. */
  readonly customers: ReadonlyMap<string, CustomerId>
  /** Those of them that may have people stored already. */
  readonly known: readonly CustomerId[]
}

/**
 * Makes the people of some customers what the source says.
 *
 * @returns how many consents were news
 */
export async function storeRecipients(
  tx: Transaction,
  { connection, addressKey, refused, recipients, customers, known }: StatedRecipients,
): Promise<number> {
  const ranks = new Map<CustomerId, Map<string, RecipientRow>>()
  const consents = new Map<string, SourceConsent>()
  for (const recipient of recipients) {
    const customer = customers.get(recipient.customerId)
    if (customer === undefined) continue
    const hashes = {
      email: hashed(addressKey, 'email', recipient.email),
      phone: hashed(addressKey, 'phone', numberOf(recipient)),
    }
    const own = ranks.get(customer) ?? new Map<string, RecipientRow>()
    ranks.set(customer, own)
    if (!own.has(recipient.id)) own.set(recipient.id, recipientRow(customer, recipient, hashes, own.size))
    for (const consent of consentsOf(recipient, hashes)) noteConsent(consents, refused, consent)
  }
  const rows = [...ranks.values()].flatMap((own) => [...own.values()])
  await replaceRecipients(tx, known, rows)
  return recordSourceConsents(tx, connection, [...consents.values()])
}

/** In the form that a text is sent to and answered from, so that a refusal in the CRM and a STOP are of one number. */
function numberOf({ phone, country }: Recipient): string | null {
  return phone === null ? null : (phoneIdentity(phone, country) ?? phone)
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
    objects: recipient.consent.profiling === 'refused',
    rank,
  }
}

/** Unknown says nothing, and nothing can be said of no address. */
function* consentsOf({ consent }: Recipient, { email, phone }: Hashes): Generator<SourceConsent> {
  const { changedAt, changedAtBy } = consent
  for (const [channel, address_hash] of [
    ['email', email],
    ['sms', phone],
    ['call', phone],
  ] as const) {
    const status = consent[channel]
    if (status === 'unknown' || address_hash === null) continue
    const at = changedAtBy === undefined ? changedAt : changedAtBy[channel]
    yield { address_hash, channel, status, changed_at: at?.toISOString() ?? null }
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
