/**
 * Avro schemas of events, and their payloads decoded. The only module of the connector that loads avsc: it is imported
 * when events are followed, never before.
 *
 * On avsc: Salesforce's own avro-js is an old fork of it.
 */
import avro, { type Type } from 'avsc'

/** A payload, decoded as far as its schema says. */
export interface DecodedEvent {
  readonly value: Readonly<Record<string, unknown>>
  /** Names of the fields in the order of the schema, by which the bitmaps of the header count. */
  readonly fields: readonly SchemaField[]
}

export interface SchemaField {
  readonly name: string
  /** Of a compound field, such as an address. */
  readonly parts: readonly SchemaField[]
}

export interface EventSchema {
  /** @throws Error when the payload is not of this schema */
  decode(payload: Buffer): DecodedEvent
}

/** @throws Error when it is no Avro schema */
export function eventSchema(json: string): EventSchema {
  // avsc changes the schema it is given, so it gets one of its own.
  const type = avro.Type.forSchema(JSON.parse(json), { registry: { long: LONG } })
  const fields = fieldsOf(type)
  return {
    decode(payload) {
      const value: unknown = type.fromBuffer(payload)
      if (typeof value !== 'object' || value === null) throw new Error('An event is a record.')
      return { value: value as Readonly<Record<string, unknown>>, fields }
    },
  }
}

/** Whole numbers of 64 bits as bigint: commit numbers may be beyond what a number holds, and avsc refuses those. */
// oxlint-disable-next-line no-underscore-dangle -- avsc's name for it
const LONG = avro.types.LongType.__with({
  fromBuffer: (buffer: Buffer) => buffer.readBigInt64LE(),
  toBuffer: (value: bigint) => {
    const buffer = Buffer.alloc(8)
    buffer.writeBigInt64LE(value)
    return buffer
  },
  fromJSON: (value: number | string) => BigInt(value),
  toJSON: Number,
  isValid: (value: unknown) => typeof value === 'bigint',
  compare: (a: bigint, b: bigint) => (a === b ? 0 : a < b ? -1 : 1),
})

function fieldsOf(type: Type): readonly SchemaField[] {
  if (!isRecord(type)) return []
  return type.fields.map((field) => ({ name: field.name, parts: partsOf(field.type) }))
}

/** A field that may be empty is a union with null; a compound one has a record among its alternatives. */
function partsOf(type: Type): readonly SchemaField[] {
  const alternatives = 'types' in type ? (type as avro.types.UnwrappedUnionType).types : [type]
  const record = alternatives.find(isRecord)
  return record ? fieldsOf(record) : []
}

const isRecord = (type: Type): type is avro.types.RecordType => type.typeName === 'record'
