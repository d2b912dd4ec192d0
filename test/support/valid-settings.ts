/** Settings as their schema allows them, made by chance from the schema itself. */
import * as fc from 'fast-check'
import { z } from 'zod'
import { hintsOf } from '../../src/settings/field.ts'
import { serviceSettingsSchema, type ServiceSettings } from '../../src/settings/service-schema.ts'

type Schema = z.core.$ZodType

/** Complete and valid, with templates that may name what there is not: those are looked at when settings are saved. */
export function validSettings(): fc.Arbitrary<ServiceSettings> {
  return arbitrary(serviceSettingsSchema).map((value) => serviceSettingsSchema.parse(value))
}

/** What only a check of one's own knows to be right. */
const SAMPLES: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  zone: fc.constantFrom('UTC', 'Europe/Vienna', 'America/New_York'),
  currency: fc.constantFrom('EUR', 'USD', 'JPY', 'KWD'),
  day: fc.constantFrom('12-25', '02-29', '2026-04-03'),
  domain: fc.constantFrom('bounces.acme.example', 'a.bc'),
  url: fc.constantFrom('https://billing.example.com/hook', 'https://a.example/?b=c'),
}

function arbitrary(schema: Schema): fc.Arbitrary<unknown> {
  return raw(schema).filter((value) => z.safeParse(schema, value).success)
}

function raw(schema: Schema): fc.Arbitrary<unknown> {
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault) return raw(schema.unwrap())
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodExactOptional) return raw(schema.unwrap())
  if (schema instanceof z.ZodNullable) return fc.option(arbitrary(schema.unwrap()), { freq: 3 })
  if (schema instanceof z.ZodBoolean) return fc.boolean()
  if (schema instanceof z.ZodEnum) return fc.constantFrom(...schema.options)
  if (schema instanceof z.ZodLiteral) return fc.constantFrom(...schema.values)
  if (schema instanceof z.ZodNumber) return numberOf(schema)
  if (schema instanceof z.ZodArray) return fc.array(arbitrary(schema.element), { maxLength: 3 })
  if (schema instanceof z.ZodRecord)
    return fc
      .array(fc.tuple(arbitrary(schema.keyType), arbitrary(schema.valueType)), { maxLength: 2 })
      .map((entries) => Object.fromEntries(entries))
  if (schema instanceof z.ZodObject) {
    const optional = (child: Schema) => child instanceof z.ZodOptional || child instanceof z.ZodExactOptional
    const children = Object.entries(schema.shape)
    return fc.record(Object.fromEntries(children.map(([key, child]) => [key, arbitrary(child)])), {
      requiredKeys: children.flatMap(([key, child]) => (optional(child) ? [] : [key])),
      noNullPrototype: true,
    })
  }
  if (schema instanceof z.ZodDiscriminatedUnion)
    return fc.oneof(...schema.options.map((one) => arbitrary(one)))
  return textOf(schema)
}

function numberOf(schema: z.ZodNumber): fc.Arbitrary<number> {
  const { minimum = -1e6, maximum = 1e6 } = z.toJSONSchema(schema)
  const [min, max] = [Math.max(minimum, -1e6), Math.min(maximum, 1e6)]
  const ends = fc.constantFrom(0, min, max, 0.07, 0.1, 0.15, 0.2, 1)
  const least = Math.ceil(min)
  const whole = fc.integer({ min: least, max: Math.max(least, Math.floor(max)) })
  // Zero has one sign here: JSON knows no other.
  return fc.oneof(ends, whole, fc.double({ min, max, noNaN: true })).map((value) => value || 0)
}

function textOf(schema: Schema): fc.Arbitrary<unknown> {
  const format = hintsOf.get(schema as z.ZodType)?.format
  if (format !== undefined && SAMPLES[format] !== undefined) return SAMPLES[format]
  const { format: known, pattern } = z.toJSONSchema(schema as z.ZodType, { io: 'input' })
  if (known === 'email') return fc.constantFrom('ana@example.com', 'b.c+d@sub.example.org')
  if (known === 'date') return fc.constantFrom('2026-12-25', '2028-02-29')
  if (pattern !== undefined) return fc.stringMatching(new RegExp(pattern))
  return fc.string({ maxLength: 20, unit: 'grapheme' })
}

/** Where nothing is stated, that is the same as what is left out. */
const STATED_OR_NOT = [
  'eligibility',
  'capacity',
  ...Object.keys(serviceSettingsSchema.shape.catalogue.unwrap().shape),
]

/**
 * @example
 * tidy({ catalogue: { sms: {} } }) // { catalogue: {} }
 */
export function tidy(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(tidy)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, one]) => {
      const inner = tidy(one)
      return STATED_OR_NOT.includes(key) && JSON.stringify(inner) === '{}' ? [] : [[key, inner]]
    }),
  )
}
