/** Records of a page compared with what is stored: which are new, which changed, and how they are written. */
import { hash } from 'node:crypto'
import type { CustomerRecord, Properties } from '../../connectors/connector.ts'
import type { CustomerId } from '../contracts/ids.ts'
import type { CustomerStatus } from '../contracts/customer-terms.ts'
import type { ChangedCustomer, KnownCustomer, NewCustomer } from '../store/customers.ts'
import { diffProperties, type PastRow } from '../store/property-changes.ts'
import { firstGroup, groupOf, type GroupShares } from './groups.ts'

/** A record, ready to be compared. */
export interface StagedRecord {
  readonly record: CustomerRecord
  /** Canonical JSON of the properties that have a value. */
  readonly text: string
  /** SHA-256 of it, hex. */
  readonly hash: string
}

export interface GroupTerms {
  readonly salt: string
  readonly shares: GroupShares
}

/** Stages the records of a source; properties in the same order as in the record before cost less. */
export function recordStager(): (record: CustomerRecord) => StagedRecord {
  let names: readonly string[] = []
  let order: readonly (readonly [name: string, quoted: string])[] = []
  return (record) => {
    const own = Object.keys(record.properties)
    if (own.length !== names.length || own.some((name, i) => name !== names[i])) {
      names = own
      order = [...own]
        .sort((a, b) => (a < b ? -1 : 1))
        .map((name) => [name, `${JSON.stringify(storable(name))}:`] as const)
    }
    let text = ''
    for (const [name, quoted] of order) {
      const value = record.properties[name]
      if (value === null || value === undefined) continue
      text += `${text === '' ? '' : ','}${quoted}${JSON.stringify(typeof value === 'string' ? storable(value) : value)}`
    }
    text = `{${text}}`
    return { record, text, hash: hash('sha256', text) }
  }
}

/** PostgreSQL holds no NUL in a text, and no half of a surrogate pair in JSON. */
export function storable(text: string): string {
  return (text.isWellFormed() ? text : text.toWellFormed()).replaceAll('\0', '')
}

function storableOrNull(text: string | null | undefined): string | null {
  return text === null || text === undefined ? null : storable(text)
}

/** By which groups are drawn. */
function groupKeyOf({ topParentId, id }: CustomerRecord): string {
  return storable(topParentId ?? id)
}

export function newCustomer(
  { record, text, hash: propertiesHash }: StagedRecord,
  status: CustomerStatus,
  groups: GroupTerms,
): NewCustomer {
  const groupKey = groupKeyOf(record)
  return {
    ...described(record),
    object: record.object,
    external_id: record.id,
    properties: text,
    properties_hash: propertiesHash,
    status,
    group_key: groupKey,
    group_name: firstGroup(groups.salt, groupKey, record, groups.shares),
    group_flagged: false,
    due: status === 'active' ? 'added' : null,
  }
}

export interface ChangeTerms {
  readonly status: CustomerStatus
  readonly groups: GroupTerms
  /** A customer of another group was merged into it. */
  readonly flagged: boolean
}

/**
 * @param before the stored properties, where the hash says that they differ
 * @returns null where there is nothing to write
 */
export function changedCustomer(
  staged: StagedRecord,
  known: KnownCustomer,
  before: Properties | null,
  { status, groups, flagged }: ChangeTerms,
): ChangedCustomer | null {
  const { record } = staged
  const fresh = described(record)
  const groupKey = groupKeyOf(record)
  const same =
    before === null &&
    (known.group_flagged || !flagged) &&
    known.status === status &&
    known.name === fresh.name &&
    known.group_key === groupKey &&
    known.responsible_id === fresh.responsible_id &&
    known.responsible_name === fresh.responsible_name &&
    known.responsible_email === fresh.responsible_email
  if (same) return null
  const changes = before === null ? null : diffProperties(before, JSON.parse(staged.text) as Properties)
  const due = known.status !== status ? 'returned' : before === null ? null : 'properties'
  return {
    ...fresh,
    id: known.id,
    properties: before === null ? null : staged.text,
    properties_hash: staged.hash,
    changes: changes === null ? null : JSON.stringify(changes),
    status,
    group_key: groupKey,
    // Another parent may be of another group: the group of the first sight is kept, and the evaluation told.
    group_flagged: known.group_flagged || flagged || movedGroup(known, groupKey, groups),
    due: status === 'active' ? due : null,
  }
}

function movedGroup(known: KnownCustomer, groupKey: string, { salt, shares }: GroupTerms): boolean {
  if (known.group_key === groupKey || known.group_name === 'exempt') return false
  return groupOf(salt, groupKey, shares) !== known.group_name
}

function described({ name, responsible, updatedAt }: CustomerRecord) {
  return {
    name: storableOrNull(name),
    responsible_id: storableOrNull(responsible?.id),
    responsible_name: storableOrNull(responsible?.name),
    responsible_email: storableOrNull(responsible?.email),
    source_updated_at: updatedAt === null ? null : updatedAt.toISOString(),
  }
}

/** What a record says of its past, as it is stored. */
export function pastValues(customer: CustomerId, { history = [] }: CustomerRecord): readonly PastRow[] {
  return history.map(({ property, value, from }) => ({
    customer_id: customer,
    property: storable(property),
    value: typeof value === 'string' ? storable(value) : value,
    valid_at: from.toISOString(),
  }))
}

/** The last of each record that a page has more than once. */
export function withoutRepeats(records: readonly CustomerRecord[]): readonly CustomerRecord[] {
  const last = new Map(records.map((record) => [nameOf(record.object, record.id), record]))
  return last.size === records.length ? records : [...last.values()]
}

/** Tells records of a connection apart. */
export function nameOf(object: string, id: string): string {
  return `${object}\0${id}`
}
