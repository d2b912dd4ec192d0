/** Which fields of a record may be read, which of them a description shows, and what is said of the others. */
import { HoldfastError } from '../../src/contracts/errors.ts'
import type { Reading } from '../connector.ts'
import { sensitiveFields } from './classification.ts'
import type { SalesforceContext } from './context.ts'
import type { Field, ObjectFields } from './object-fields.ts'

export interface Readable {
  readonly object: ObjectFields
  /** That a query may ask for, by API name: ours, compound and sensitive ones that nobody allowed left out. */
  readonly fields: ReadonlyMap<string, Field>
  /** Classified as sensitive and not allowed. */
  readonly withheld: ReadonlySet<string>
}

/**
 * Costs two calls, once every some minutes.
 *
 * @throws HoldfastError `connector_configuration` for an object that the user may not read
 */
export async function readableOf(context: SalesforceContext, name: string): Promise<Readable> {
  const object = await context.describe(name)
  if (object === null || !object.queryable)
    throw new HoldfastError(
      'connector_configuration',
      `The user that Holdfast signs in with may not read ${name} records in Salesforce. Give this user the permission set "Holdfast Integration", or "Read" on ${name}, and sync again.`,
    )
  const sensitive = await sensitiveFields(context, name)
  const allowed = new Set(context.config.sensitive)
  const withheld = new Set([...(sensitive ?? [])].filter((field) => !allowed.has(field)))
  const fields = new Map(
    [...object.fields].filter(
      ([field, { type }]) => !context.ours.isOurs(field) && !withheld.has(field) && !UNREADABLE.has(type),
    ),
  )
  return { object, fields, withheld }
}

/** Whole addresses and places come as their parts, which the Bulk API alone can read; files never come. */
const UNREADABLE: ReadonlySet<string> = new Set(['address', 'location', 'base64', 'complexvalue', 'json'])

/**
 * Names of the fields that a description shows. Left out: long and rich texts, the whole of what comes in parts, and
 * those in which Salesforce notes that a record was written or looked at, which would make each write of ours look like a
 * change.
 */
export function describable({ fields, object }: Readable): readonly string[] {
  return [...fields.values()]
    .filter((field) => !BOOKKEEPING.has(field.name) && !isLong(field) && !isWhole(field, object))
    .map(({ name }) => name)
}

const BOOKKEEPING: ReadonlySet<string> = new Set([
  'Id',
  'IsDeleted',
  'MasterRecordId',
  'SystemModstamp',
  'LastModifiedDate',
  'LastModifiedById',
  'LastViewedDate',
  'LastReferencedDate',
  'PhotoUrl',
])

/** Texts that no category can be made of; whoever maps one gets it all the same. */
const isLong = ({ type, length, html }: Field): boolean => html || (type === 'textarea' && length > 255)

/** A person's name is that of its parts; a company's is its own, although a person account has parts in the same field. */
function isWhole({ name }: Field, { object, fields }: ObjectFields): boolean {
  if (name === 'Name' && object === 'Account') return false
  return [...fields.values()].some(({ compoundFieldName }) => compoundFieldName === name)
}

/**
 * A field that is mapped and gone would make its feature missing for everyone, and blank what is stored.
 *
 * @throws HoldfastError `column_missing` naming it and what to do
 */
export function refuseMissing(
  { properties, history }: Reading,
  { object, fields, withheld }: Readable,
  isOurs: (name: string) => boolean,
): void {
  const asked = new Set([...(properties ?? []), ...history])
  const gone = [...asked].filter((name) => !isOurs(name) && !fields.has(name))
  if (gone.length === 0) return
  const [name] = gone
  const others = gone.length === 1 ? '' : ` (and ${gone.length - 1} more: ${gone.slice(1, 6).join(', ')})`
  throw new HoldfastError(
    'column_missing',
    `The field "${name}" of ${object.object}${others}, which the mapping reads, ${whyGone(name, object, withheld)}, or map another one. Nothing was changed for the customers.`,
    { retryable: true },
  )
}

function whyGone(name: string, { object, fields }: ObjectFields, withheld: ReadonlySet<string>): string {
  if (withheld.has(name))
    return 'is classified as sensitive in Salesforce (Setup > Data Classification) and not allowed. Allow it in the connection'
  const parts = [...fields.values()].filter(({ compoundFieldName }) => compoundFieldName === name)
  if (fields.has(name))
    return parts.length > 0
      ? `is a whole of several fields. Map its parts (${parts.map((part) => part.name).join(', ')})`
      : 'holds a file or another value that is no text, number or date. Take it out of the mapping'
  return `is not in Salesforce any more, or field-level security hides it from the user that Holdfast signs in with. Restore it, or give this user "Read Access" (Setup > Object Manager > ${object} > the field > Set Field-Level Security)`
}
