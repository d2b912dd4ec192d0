/** Values that fit a JSON schema, as far as one can tell from it: what is mutated afterwards was nearly right. */
import * as fc from 'fast-check'

export interface Schema {
  readonly [keyword: string]: unknown
}

type Values = fc.Arbitrary<unknown>

/** Values that exist here, by what they look like: a customer's number, an id. */
export interface Known {
  readonly uuids: readonly string[]
  readonly numbers: readonly number[]
}

/**
 * @example
 * fc.sample(fitting({ type: 'string', format: 'uuid' }, known), 1) // ['5f6d…']
 */
export function fitting(schema: Schema, known: Known, defs: Schema = defsOf(schema)): Values {
  const inner = (one: unknown): Values => fitting(one as Schema, known, defs)
  const { $ref, allOf, enum: choices, type } = schema
  if (typeof $ref === 'string') return inner(defs[$ref.split('/').at(-1)!] ?? {})
  if ('const' in schema) return fc.constant(schema['const'])
  if (Array.isArray(choices)) return fc.constantFrom(...(choices as unknown[]))
  const either = schema['anyOf'] ?? schema['oneOf']
  if (Array.isArray(either)) return fc.oneof(...either.map(inner))
  if (Array.isArray(allOf)) return inner(Object.assign({}, ...(allOf as object[])))
  if (Array.isArray(type)) return fc.oneof(...type.map((one) => inner({ ...schema, type: one as unknown })))
  // What is in it is said elsewhere: an empty one would never get past the door.
  if (type === 'object' && !('properties' in schema) && schema['example'] !== undefined)
    return fc.constant(schema['example'])
  if (type === 'object' || 'properties' in schema) return objectOf(schema, inner)
  if (type === 'array')
    return fc.array(inner(schema['items'] ?? {}), {
      maxLength: Math.min(3, (schema['maxItems'] as number) ?? 3),
    })
  if (type === 'integer' || type === 'number') return numberOf(schema, known)
  if (type === 'boolean') return fc.boolean()
  if (type === 'null') return fc.constant(null)
  if (type === 'string') return textOf(schema, known)
  return fc.jsonValue({ maxDepth: 2 })
}

const defsOf = (schema: Schema): Schema => (schema['$defs'] ?? schema['definitions'] ?? {}) as Schema

function objectOf(schema: Schema, inner: (one: unknown) => Values): Values {
  const properties = Object.entries((schema['properties'] ?? {}) as Record<string, unknown>)
  const required = (schema['required'] ?? []) as readonly string[]
  const fields = fc.record(Object.fromEntries(properties.map(([name, one]) => [name, inner(one)])), {
    requiredKeys: [...required].filter((name) => properties.some(([own]) => own === name)),
  })
  const more = schema['additionalProperties']
  if (typeof more !== 'object' || more === null) return fields
  return fc
    .tuple(fields, fc.dictionary(fc.string({ maxLength: 8 }), inner(more), { maxKeys: 2 }))
    .map(([own, others]) => ({ ...(others as object), ...(own as object) }))
}

function numberOf(schema: Schema, { numbers }: Known): Values {
  const min = (schema['minimum'] ?? schema['exclusiveMinimum'] ?? -1000) as number
  const max = (schema['maximum'] ?? schema['exclusiveMaximum'] ?? 100_000) as number
  const own = numbers.filter((one) => one >= min && one <= max)
  const any =
    schema['type'] === 'integer'
      ? fc.integer({ min: Math.max(Math.ceil(min), -(2 ** 31)), max: Math.min(Math.floor(max), 2 ** 31 - 1) })
      : fc.double({ min, max, noNaN: true })
  return own.length === 0 ? any : fc.oneof(any, fc.constantFrom(...own))
}

const FORMATS: Readonly<Record<string, Values>> = {
  'date-time': fc
    .date({ min: new Date('1970-01-01'), max: new Date('2100-01-01'), noInvalidDate: true })
    .map((at) => at.toISOString()),
  date: fc
    .date({ min: new Date('1970-01-01'), max: new Date('2100-01-01'), noInvalidDate: true })
    .map((at) => at.toISOString().slice(0, 10)),
  email: fc.emailAddress(),
}

function textOf(schema: Schema, { uuids }: Known): Values {
  const { format, pattern } = schema
  if (format === 'uuid') return fc.oneof(fc.constantFrom(...uuids), fc.uuid())
  if (typeof format === 'string' && FORMATS[format] !== undefined) return FORMATS[format]
  if (typeof pattern === 'string')
    try {
      return fc.stringMatching(new RegExp(pattern, 'u'))
    } catch {
      // Patterns that fast-check does not know how to fulfil are tried with any text.
    }
  const min = (schema['minLength'] ?? 0) as number
  const max = Math.min((schema['maxLength'] ?? 40) as number, 400)
  return fc.string({ minLength: min, maxLength: Math.max(min, max), unit: 'grapheme' })
}
