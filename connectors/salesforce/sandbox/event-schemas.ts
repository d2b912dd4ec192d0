/**
 * Avro schemas of change events, as GetSchema gives them: the header, then every field of the object that an event can
 * carry, compound ones as records. Payloads are made by them.
 *
 * @see https://developer.salesforce.com/docs/atlas.en-us.change_data_capture.meta/change_data_capture/cdc_message_structure.htm
 */
import { createHash } from 'node:crypto'
import avro from 'avsc'
import type { Values } from './entries.ts'
import type { FieldDefinition, Value } from './field.ts'
import { parseInstant } from './instants.ts'

export const CHANGE_TYPES = [
  'CREATE',
  'UPDATE',
  'DELETE',
  'UNDELETE',
  'GAP_CREATE',
  'GAP_UPDATE',
  'GAP_DELETE',
  'GAP_UNDELETE',
  'GAP_OVERFLOW',
  'SNAPSHOT',
] as const
export type ChangeType = (typeof CHANGE_TYPES)[number]

/** Of the header, what does not depend on the schema. */
export interface ChangeHeader {
  readonly entityName: string
  readonly recordIds: readonly string[]
  readonly changeType: ChangeType
  /** `com/salesforce/api/rest/67.0;client=Holdfast`; empty for a change that was not made by an API. */
  readonly changeOrigin: string
  readonly transactionKey: string
  readonly sequenceNumber: number
  /** Milliseconds. */
  readonly commitTimestamp: number
  readonly commitNumber: number
  readonly commitUser: string
}

export interface ChangeEventSchema {
  /** Fingerprint: another schema, another id. */
  readonly id: string
  readonly json: string
  /**
   * @param values of the fields that the event carries; those that it cannot are left out
   * @param changed whether they are what an update changed: then the header's bitmaps name them
   */
  encode(header: ChangeHeader, values: Values, changed: boolean): Buffer
}

const TEXTS = { type: 'array', items: 'string' }

const HEADER = {
  name: 'ChangeEventHeader',
  type: {
    type: 'record',
    name: 'ChangeEventHeader',
    fields: [
      { name: 'entityName', type: 'string' },
      { name: 'recordIds', type: TEXTS },
      { name: 'changeType', type: { type: 'enum', name: 'ChangeType', symbols: CHANGE_TYPES } },
      { name: 'changeOrigin', type: 'string' },
      { name: 'transactionKey', type: 'string' },
      { name: 'sequenceNumber', type: 'int' },
      { name: 'commitTimestamp', type: 'long' },
      { name: 'commitNumber', type: 'long' },
      { name: 'commitUser', type: 'string' },
      { name: 'nulledFields', type: TEXTS },
      { name: 'diffFields', type: TEXTS },
      { name: 'changedFields', type: TEXTS },
    ],
  },
}

/** Not in events, whatever the object. */
const LEFT_OUT = new Set(['Id', 'IsDeleted', 'SystemModstamp', 'MasterRecordId'])

interface Slot {
  readonly field: FieldDefinition
  /** Index in the schema. */
  readonly at: number
  /** Of a part: its own index in the compound field. */
  readonly part: number | null
  /** As the schema names it. */
  readonly name: string
  readonly parent: string | null
}

/** @param fields of the object, as describe has them */
export function changeEventSchema(object: string, fields: readonly FieldDefinition[]): ChangeEventSchema {
  const carried = fields.filter(
    (field) => !LEFT_OUT.has(field.name) && !field.calculated && field.type !== 'base64',
  )
  const partsOf = (name: string): FieldDefinition[] => carried.filter(({ compound }) => compound === name)
  const slots = new Map<string, Slot>()
  const records = new Map<string, string>()
  const made: object[] = [HEADER]
  for (const field of fields) {
    if (LEFT_OUT.has(field.name) || field.compound !== null) continue
    const parts = partsOf(field.name)
    // A compound field is made up of its parts, which are what is stored.
    if (parts.length === 0 && (!carried.includes(field) || isCompound(field))) continue
    const at = made.length
    const plain = carried.includes(field) && !isCompound(field)
    if (plain) slots.set(field.name, { field, at, part: null, name: field.name, parent: null })
    for (const [index, part] of parts.entries()) {
      slots.set(part.name, { field: part, at, part: index, name: partName(part), parent: field.name })
    }
    // The name of an account is a text, and that of a person account is made up of parts.
    const types = [plain ? avroType(field) : null, parts.length > 0 ? recordOf(field, parts, records) : null]
    made.push({ name: field.name, type: ['null', ...types.filter((type) => type !== null)], default: null })
  }
  const name = object.endsWith('__c') ? `${object.slice(0, -1)}ChangeEvent` : `${object}ChangeEvent`
  const json = JSON.stringify({ type: 'record', name, namespace: 'com.sforce.eventbus', fields: made })
  const type = avro.Type.forSchema(JSON.parse(json))

  return {
    id: createHash('md5').update(json).digest('base64url'),
    json,
    encode(header, values, changed) {
      const record: Record<string, unknown> = {}
      for (const field of made as { name: string }[]) record[field.name] = null
      const bits = openBits()
      const nulled = openBits()
      for (const [field, value] of Object.entries(values)) {
        const slot = slots.get(field)
        if (!slot) continue
        const { at, part, parent } = slot
        bits.set(at, part)
        if (value === null) nulled.set(at, part)
        if (parent === null) {
          if (typeof record[slot.name] !== 'object' || record[slot.name] === null)
            record[slot.name] = avroValue(slot.field, value)
          continue
        }
        if (typeof record[parent] !== 'object') record[parent] = null
        const compound = (record[parent] ??= emptyRecord(slots, parent)) as Record<string, unknown>
        compound[slot.name] = avroValue(slot.field, value)
      }
      return type.toBuffer({
        ...record,
        ChangeEventHeader: {
          ...header,
          recordIds: [...header.recordIds],
          nulledFields: changed ? nulled.bitmaps() : [],
          diffFields: [],
          changedFields: changed ? bits.bitmaps() : [],
        },
      })
    },
  }
}

const isCompound = ({ type }: FieldDefinition): boolean => type === 'address' || type === 'location'

/** `BillingCity` is City within BillingAddress; parts of a name are named as they are. */
function partName({ name, compound }: FieldDefinition): string {
  const prefix = compound?.endsWith('Address') ? compound.slice(0, -'Address'.length) : ''
  return name.startsWith(prefix) ? name.slice(prefix.length) : name
}

/** Defined where it comes first, and named from then on, as Avro has it. */
function recordOf(
  field: FieldDefinition,
  parts: readonly FieldDefinition[],
  known: Map<string, string>,
): object | string {
  const fields = parts.map((part) => ({
    name: partName(part),
    type: ['null', avroType(part)],
    default: null,
  }))
  const form = JSON.stringify(fields)
  const same = known.get(form)
  if (same !== undefined) return same
  const kind = isCompound(field) ? 'Address' : 'PersonName'
  const name = [...known.values()].includes(kind) ? `${kind}_${field.name}` : kind
  known.set(form, name)
  return { type: 'record', name, fields }
}

function emptyRecord(slots: ReadonlyMap<string, Slot>, parent: string): Record<string, unknown> {
  const parts = [...slots.values()].filter((slot) => slot.parent === parent)
  return Object.fromEntries(parts.map(({ name }) => [name, null]))
}

function avroType({ type }: FieldDefinition): string | object {
  switch (type) {
    case 'double':
    case 'currency':
    case 'percent':
      return 'double'
    case 'int':
      return 'int'
    case 'boolean':
      return 'boolean'
    case 'date':
    case 'datetime':
      return { type: 'long', logicalType: 'timestamp-millis' }
    default:
      return 'string'
  }
}

function avroValue({ type }: FieldDefinition, value: Value): unknown {
  if (value === null) return null
  switch (type) {
    case 'double':
    case 'currency':
    case 'percent':
    case 'int':
      return Number(value)
    case 'boolean':
      return Boolean(value)
    case 'date':
      return Date.parse(`${String(value)}T00:00:00Z`)
    case 'datetime':
      return parseInstant(String(value))
    default:
      return String(value)
  }
}

/** Fields as the header counts them: one bitmap for all, one more for the parts of each compound field. */
function openBits() {
  let whole = 0n
  const parts = new Map<number, bigint>()
  return {
    set(at: number, part: number | null): void {
      if (part === null) whole |= 1n << BigInt(at)
      else parts.set(at, (parts.get(at) ?? 0n) | (1n << BigInt(part)))
    },
    bitmaps: (): string[] => [
      ...(whole > 0n ? [hex(whole)] : []),
      ...[...parts].map(([at, bits]) => `${at}-${hex(bits)}`),
    ],
  }
}

/** Whole bytes. */
function hex(bits: bigint): string {
  const digits = bits.toString(16).toUpperCase()
  return `0x${digits.length % 2 === 0 ? digits : `0${digits}`}`
}
