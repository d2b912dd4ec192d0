/**
 * What a change event says: which records may have changed, and whether it was us.
 *
 * @see https://developer.salesforce.com/docs/atlas.en-us.change_data_capture.meta/change_data_capture/cdc_event_fields_header.htm
 */
import { z } from 'zod'
import type { ChangeHint } from '../../connector.ts'
import { CLIENT_NAME } from '../version.ts'
import type { DecodedEvent, SchemaField } from './schema.ts'

export interface EventReading {
  /** The org's 18-character id. */
  readonly org: string
  /** Whether a field is one of those that only we write. */
  readonly isOurs: (field: string) => boolean
}

export interface EventNews {
  readonly hints: readonly ChangeHint[]
  /** Why only a sync knows what changed; absent where the hints say it all. */
  readonly missed?: string
}

const texts = z.array(z.string()).catch([])
const header = z.object({
  entityName: z.string().min(1),
  recordIds: z.array(z.string()),
  changeType: z.string(),
  changeOrigin: z.string().catch(''),
  transactionKey: z.string().catch(''),
  sequenceNumber: z.union([z.number(), z.bigint()]).transform(String).catch(''),
  commitTimestamp: z.union([z.number(), z.bigint()]).transform(Number),
  commitNumber: z.union([z.number(), z.bigint()]).transform(String).catch(''),
  changedFields: texts,
})
type Header = z.infer<typeof header>

/** @throws Error when it is no change event */
export function newsOf(event: DecodedEvent, reading: EventReading): EventNews {
  const read = header.parse(event.value.ChangeEventHeader)
  const { entityName, recordIds } = read
  const type = read.changeType.replace(/^GAP_/, '')
  if (type === 'OVERFLOW') {
    return {
      hints: [],
      missed: `More ${entityName} records changed at once than Salesforce tells one by one.`,
    }
  }
  const kind = Object.hasOwn(KINDS, type) ? KINDS[type] : undefined
  // SNAPSHOT, and whatever may come: not known to us, so not known to be harmless.
  if (kind === undefined) {
    return {
      hints: [],
      missed: `Salesforce told of ${entityName} in a way that is not known: ${read.changeType}.`,
    }
  }
  const ids = recordIds.filter(isId)
  const own = isOwn(read, event.fields, reading.isOurs)
  const hints = ids.map((id): ChangeHint => ({
    origin: reading.org,
    object: entityName,
    id,
    kind,
    others: [],
    key: [reading.org, read.transactionKey, read.commitNumber, read.sequenceNumber, read.changeType, id].join(
      ':',
    ),
    at: new Date(read.commitTimestamp),
    own,
  }))
  if (ids.length === recordIds.length && ids.length > 0) return { hints }
  // `001*` after a field was converted to another type, 000000000000000AAA where nothing is known.
  return { hints, missed: `Salesforce told that ${entityName} records changed, but not which ones.` }
}

const KINDS: Readonly<Record<string, ChangeHint['kind']>> = {
  CREATE: 'created',
  UPDATE: 'changed',
  DELETE: 'deleted',
  UNDELETE: 'restored',
}

const isId = (id: string): boolean => /^[A-Za-z0-9]{18}$/.test(id) && !id.startsWith('000')

/** Change with every update, whoever makes it. */
const SYSTEM_FIELDS: readonly string[] = ['LastModifiedDate', 'LastModifiedById', 'SystemModstamp']

/**
 * An update by our client in which nothing changed but what is ours. A flow that our write set off is part of the same
 * transaction and has the same origin, so the fields have to be looked at as well. Of a gap event they are not known.
 */
function isOwn(
  { changeOrigin, changeType, changedFields }: Header,
  fields: readonly SchemaField[],
  isOurs: (field: string) => boolean,
): boolean {
  if (changeType !== 'UPDATE' || clientOf(changeOrigin) !== CLIENT_NAME) return false
  const changed = fieldsInBitmaps(changedFields, fields)?.filter((name) => !SYSTEM_FIELDS.includes(name))
  return changed !== undefined && changed.length > 0 && changed.every(isOurs)
}

/** What the call said in `Sforce-Call-Options`: `com/salesforce/api/rest/67.0;client=Holdfast`. */
function clientOf(origin: string): string | undefined {
  const part = origin.split(';').find((one) => one.startsWith('client='))
  return part?.slice('client='.length)
}

/**
 * Names of the fields whose bits are set. A bitmap is hexadecimal, its last bit is the first field; that of the parts
 * of a compound field follows the number of that field and a hyphen.
 *
 * @returns undefined when the bitmaps are not of this schema
 * @see https://developer.salesforce.com/docs/platform/pub-sub-api/guide/event-deserialization-considerations.html
 * @example
 * fieldsInBitmaps(['0x104', '1-0x6'], fields) // ['Phone', 'Fax', 'Name.FirstName', 'Name.LastName']
 */
export function fieldsInBitmaps(
  bitmaps: readonly string[],
  fields: readonly SchemaField[],
): readonly string[] | undefined {
  const names: string[] = []
  for (const bitmap of bitmaps) {
    const parts = /^(?:(\d+)-)?(0x[0-9a-f]+)$/i.exec(bitmap)
    if (!parts) return undefined
    const parent = parts[1] === undefined ? null : fields[Number(parts[1])]
    if (parent === undefined) return undefined
    const counted = parent === null ? fields : parent.parts
    let index = 0
    for (let bits = BigInt(parts[2]); bits > 0n; bits >>= 1n, index++) {
      if ((bits & 1n) === 0n) continue
      if (index >= counted.length) return undefined
      names.push(parent === null ? counted[index].name : `${parent.name}.${counted[index].name}`)
    }
  }
  return names
}
