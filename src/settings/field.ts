/** What every field of the settings says of itself, from which documentation, forms and histories derive. */
import { z } from 'zod'

/** How texts are written, where more is known of them than their length. */
export const TEXT_FORMATS = [
  'email',
  'phone',
  'url',
  'domain',
  'zone',
  'currency',
  'language',
  'country',
  'date',
  /** '12-25', each year, or '2026-04-03'. */
  'day',
  /** 'HH:MM', to 24:00. */
  'time',
  /** Key of an action. */
  'action',
  /** Name of a person. */
  'person',
  /** What messages are made of. */
  'liquid',
] as const

export type TextFormat = (typeof TEXT_FORMATS)[number]

/** What a form has to know of a value beyond what its schema says. */
export interface Hints {
  /** Of a number. `percent` is a share from 0 to 1, `hour` one of a day (8.5 is 08:30), `money` is in the reporting currency. */
  readonly as?: 'money' | 'percent' | 'hour'
  /** What a number counts. */
  readonly unit?: 'days' | 'hours' | 'months' | 'customers' | 'connections' | 'points'
  /** Of a number, where it is not the least that makes sense. */
  readonly step?: number
  /** Bounds that only a check of one's own holds. */
  readonly bounds?: { readonly min?: number; readonly max?: number; readonly below?: number }
  /** Beside its bounds a number may be 0. */
  readonly orZero?: true
  readonly format?: TextFormat
  /** Whether a text has several lines. */
  readonly lines?: 'many'
  /** Names of choices and of keys. */
  readonly labels?: Readonly<Record<string, string>>
  /** What null means. */
  readonly none?: string
  /** What it means that it is left out. */
  readonly unset?: string
  /** What 0 means where that is no mere number. */
  readonly zero?: string
  /** A list of things that each have a key: the field that holds it. */
  readonly keyed?: string
  /** An object whose keys are alike, such as actions: what is left out of it is empty. */
  readonly alike?: true
  /** An object whose parts mean nothing by themselves, such as the ends of a range. */
  readonly whole?: true
}

/** What a person is told about a field: its name, its meaning, and what may stand there. */
export interface FieldMeta extends Hints {
  /** A few words, sentence case, that stand beside the input. */
  readonly title: string
  readonly about: string
  readonly allowed: string
  /** Seldom changed: forms show it on demand. */
  readonly advanced?: true
  /** Not shown in histories. */
  readonly secret?: true
}

export const fieldMeta = z.registry<FieldMeta>()

/** Of what is inside of lists and records, and has no name of its own. */
export const hintsOf = z.registry<Hints>()

/** @param title a few words in sentence case, alone or with what else a form has to know */
export function field<T extends z.ZodType>(schema: T, about: string, allowed: string, title: Titled): T {
  fieldMeta.add(schema, { about, allowed, ...titled(title) })
  return schema
}

export type Titled = string | Omit<FieldMeta, 'about' | 'allowed'>

const titled = (title: Titled): Omit<FieldMeta, 'about' | 'allowed'> =>
  typeof title === 'string' ? { title } : title

/**
 * @example
 * const zone = hinted(z.string().refine(isZone), { format: 'zone' })
 */
export function hinted<T extends z.ZodType>(schema: T, hints: Hints): T {
  hintsOf.add(schema, hints)
  return schema
}

/** A switch with its standard. */
export const flag = (standard: boolean, about: string, title: Titled) =>
  field(z.boolean().default(standard), about, 'true or false', title)

/** A short text, or none. */
export const text = (about: string, title: Titled) =>
  field(z.string().max(300).nullable().default(null), about, 'text of at most 300 characters, or null', title)

/** An e-mail address, or none. */
export const address = (about: string, title: Titled) =>
  field(z.email().nullable().default(null), about, 'an e-mail address or null', title)

/** How languages are named (BCP 47), as the keys of templates and texts. */
export const languageTag = hinted(
  z.string().regex(/^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$/, "has to be a BCP 47 tag such as 'de-AT'"),
  { format: 'language' },
)

/** What people write is a handful of languages with a dozen actions each; each template is rendered when it is saved. */
const MOST_TEMPLATES = 500

/**
 * Templates by language, then by key of the action.
 *
 * @example
 * byLanguage(z.string(), z.string().max(4000)) // { en: { call: 'Hello' } }
 */
export const byLanguage = <T extends z.ZodType>(key: z.ZodString, template: T) =>
  z
    .record(languageTag, z.record(key, template))
    .refine(
      (sets) => Object.values(sets).reduce((sum, one) => sum + Object.keys(one).length, 0) <= MOST_TEMPLATES,
      `takes at most ${MOST_TEMPLATES} templates, all languages together`,
    )
    .default({})
