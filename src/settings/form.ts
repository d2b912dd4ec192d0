/** From a schema to the fields of a form: titles and meanings are its own (field.ts), bounds and kinds are its checks. */
import { z } from 'zod'
import { HoldfastError } from '../contracts/errors.ts'
import type {
  ChoiceControl,
  Control,
  Field,
  NumberControl,
  RecordControl,
  TextControl,
  VariantControl,
} from './controls.ts'
import { fieldMeta, hintsOf, type FieldMeta, type Hints, type TextFormat } from './field.ts'
import { fieldPath } from './path.ts'

type Schema = z.core.$ZodType

/**
 * Every field of an object, those of objects within it by their paths.
 *
 * @param defaults what stands there until somebody sets it
 * @throws HoldfastError `internal` for a field that does not say what it is
 * @example
 * fieldsOf(settingsSchema, settingsSchema.parse({})).find(({ path }) => path === 'budget')?.none // 'No limit'
 */
export function fieldsOf(schema: z.ZodObject, defaults: unknown): readonly Field[] {
  return below(schema, { path: [], defaults, without: null })
}

interface Place {
  readonly path: readonly string[]
  readonly defaults: unknown
  /** Property that is shown otherwise. */
  readonly without: string | null
}

function below(schema: z.ZodObject, { path, defaults, without }: Place): readonly Field[] {
  return Object.entries(schema.shape).flatMap(([key, child]) => {
    if (key === without) return []
    const here = [...path, key]
    const standard = valueAt(defaults, key) ?? defaultOf(child)
    const { inner } = unwrapped(child)
    const meta = metaOf(child)
    const hints = { ...meta, ...hintsOf.get(inner as z.ZodType) }
    if (inner instanceof z.ZodObject && hints.alike !== true && hints.whole !== true)
      return below(inner, { path: here, defaults: standard, without: null })
    if (meta === undefined)
      throw new HoldfastError('internal', `The setting ${fieldPath(here)} is not described.`)
    return [fieldOf(child, { path: fieldPath(here), meta, standard })]
  })
}

/** Of what is inside of lists, records and variants, where paths begin anew. */
const within = (schema: z.ZodObject, without: string | null = null): readonly Field[] =>
  below(schema, { path: [], defaults: undefined, without })

function fieldOf(
  schema: Schema,
  { path, meta, standard }: { path: string; meta: FieldMeta; standard: unknown },
): Field {
  const { inner, nullable, optional } = unwrapped(schema)
  return {
    path,
    title: meta.title,
    about: meta.about,
    allowed: meta.allowed,
    control: controlOf(inner, meta),
    none: nullable ? (meta.none ?? 'None') : null,
    unset: optional ? (meta.unset ?? 'Not set') : null,
    ...(standard === undefined ? {} : { default: standard }),
    advanced: meta.advanced === true,
    secret: meta.secret === true,
  }
}

function controlOf(schema: Schema, outer: Hints): Control {
  const own = hintsOf.get(schema as z.ZodType)
  const hints: Hints = { ...outer, ...own }
  if (schema instanceof z.ZodBoolean) return { kind: 'switch' }
  if (schema instanceof z.ZodNumber)
    return own?.labels === undefined
      ? numberOf(schema, hints)
      : choiceOf(Object.keys(own.labels).map(Number), own)
  if (schema instanceof z.ZodEnum) return choiceOf(schema.options, hints)
  if (schema instanceof z.ZodString || schema instanceof z.ZodStringFormat) return textOf(schema, hints)
  if (schema instanceof z.ZodArray) return listOf(schema, hints)
  if (schema instanceof z.ZodRecord) return recordOf(schema, hints)
  if (schema instanceof z.ZodDiscriminatedUnion) return variantOf(schema, hints)
  if (schema instanceof z.ZodObject)
    return hints.alike === true
      ? alikeOf(schema, hints)
      : { kind: 'fields', fields: within(schema), whole: hints.whole === true }
  throw new HoldfastError('internal', `No form can show a ${(schema as z.ZodType).type}.`)
}

function numberOf(schema: z.ZodNumber, { as, unit, step, bounds, orZero, zero }: Hints): NumberControl {
  const known = asJson(schema)
  const whole = known.type === 'integer'
  const isTime = unit === 'days' || unit === 'hours' || unit === 'months'
  const kind = as ?? (isTime ? 'duration' : 'number')
  const end = (value: unknown): number | null =>
    typeof value === 'number' && Math.abs(value) !== Number.MAX_SAFE_INTEGER ? value : null
  return {
    kind,
    unit: unit ?? null,
    whole,
    min: bounds?.min ?? end(known.minimum),
    max: bounds?.max ?? end(known.maximum),
    above: end(known.exclusiveMinimum),
    below: bounds?.below ?? end(known.exclusiveMaximum),
    orZero: orZero === true,
    step: step ?? (whole ? 1 : kind === 'percent' ? 0.01 : kind === 'hour' ? 0.5 : 1),
    zero: zero ?? null,
  }
}

function choiceOf(values: readonly (string | number)[], { labels = {} }: Hints): ChoiceControl {
  return {
    kind: 'choice',
    options: values.map((value) => ({ value, label: labels[value] ?? String(value) })),
  }
}

/** What a kind of text says by itself, by its name in JSON Schema. */
const FORMAT_OF: Readonly<Record<string, TextFormat>> = { email: 'email', uri: 'url', date: 'date' }

function textOf(schema: Schema, { format, lines }: Hints): TextControl {
  const known = asJson(schema)
  const own = known.format === undefined ? null : (FORMAT_OF[known.format] ?? null)
  const pattern = own === null ? (known.pattern ?? null) : null
  return {
    kind: 'text',
    format: format ?? own,
    many: lines === 'many',
    shortest: known.minLength ?? (own === null && pattern === null ? 0 : 1),
    longest: known.maxLength ?? null,
    pattern,
  }
}

function listOf(schema: z.ZodArray, hints: Hints): Control {
  const { inner } = unwrapped(schema.element)
  const { minItems: fewest = 0, maxItems: most = null } = asJson(schema)
  if (hints.keyed !== undefined && inner instanceof z.ZodObject)
    return { kind: 'rows', key: hints.keyed, fields: within(inner), most }
  const of = controlOf(inner, hints)
  if (of.kind === 'choice') return { kind: 'choices', options: of.options, fewest }
  return { kind: 'list', of, fewest, most }
}

function recordOf(schema: z.ZodRecord, { labels, ...hints }: Hints): RecordControl {
  const { keyType, valueType } = schema
  const names = hintsOf.get(keyType as z.ZodType)?.labels ?? {}
  return {
    kind: 'record',
    keys:
      keyType instanceof z.ZodEnum
        ? choiceOf(keyType.options, labels === undefined ? {} : { labels })
        : textOf(keyType, hintsOf.get(keyType as z.ZodType) ?? {}),
    labels: names,
    of: controlOf(unwrapped(valueType).inner, hints),
    always: false,
  }
}

function alikeOf(schema: z.ZodObject, hints: Hints): RecordControl {
  const [one] = Object.values(schema.shape)
  const { inner } = unwrapped(one)
  return {
    kind: 'record',
    keys: choiceOf(Object.keys(schema.shape), hints),
    labels: {},
    of: { kind: 'fields', fields: within(inner as z.ZodObject), whole: false },
    always: true,
  }
}

function variantOf(schema: z.ZodDiscriminatedUnion, { labels = {} }: Hints): VariantControl {
  const by = schema.def.discriminator
  return {
    kind: 'variant',
    by,
    options: schema.options.map((option) => {
      const shape = option as unknown as z.ZodObject
      const [value] = [...(shape.shape[by] as z.ZodLiteral<string>).values]
      return { value, label: labels[value] ?? value, fields: within(shape, by) }
    }),
  }
}

/** What is behind defaults, null and absence. */
export function unwrapped(schema: Schema): {
  readonly inner: Schema
  readonly nullable: boolean
  readonly optional: boolean
} {
  let inner = schema
  let nullable = false
  let optional = false
  for (;;) {
    if (inner instanceof z.ZodNullable) nullable = true
    else if (inner instanceof z.ZodOptional || inner instanceof z.ZodExactOptional) optional = true
    else if (!(inner instanceof z.ZodDefault || inner instanceof z.ZodPrefault))
      return { inner, nullable, optional }
    inner = inner.unwrap()
  }
}

/** It may be written on the field or on what is wrapped by it. */
function metaOf(schema: Schema): FieldMeta | undefined {
  return fieldMeta.get(schema as z.ZodType) ?? fieldMeta.get(unwrapped(schema).inner as z.ZodType)
}

const defaultOf = (schema: Schema): unknown =>
  schema instanceof z.ZodDefault ? schema.def.defaultValue : undefined

const valueAt = (value: unknown, key: string): unknown =>
  typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined

/** Bounds and patterns, which JSON Schema has names for. */
const asJson = (schema: Schema): z.core.JSONSchema.BaseSchema =>
  z.toJSONSchema(schema as z.ZodType, { io: 'input', unrepresentable: 'any' })
