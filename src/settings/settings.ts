/** Reads and checks the settings file, and describes it field by field. */
import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { HoldfastError } from '../contracts/errors.ts'
import { fieldMeta } from './field.ts'
import { type Settings, settingsSchema } from './schema.ts'

export type { Settings, SettingsInput } from './schema.ts'

/**
 * @param path a JSON file, or null for the defaults
 * @throws HoldfastError `input_missing` without such a file, `settings_invalid` naming each wrong field
 * @example
 * loadSettings(null).budget // null
 */
export function loadSettings(path: string | null): Settings {
  if (path === null) return parseSettings({})
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (cause) {
    throw new HoldfastError('input_missing', `The settings file ${path} cannot be read. Check its path.`, {
      cause,
    })
  }
  let value: unknown
  try {
    value = JSON.parse(text.replace(/^\uFEFF/, ''))
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new HoldfastError('settings_invalid', `The settings file ${path} is not JSON: ${why}.`, { cause })
  }
  return parseSettings(value, path)
}

/**
 * Checks settings from anywhere and fills in the defaults.
 *
 * @param source how the settings are called in a message
 * @example
 * parseSettings({ budget: 5000, catalogue: { email: { fixedCost: 0.02 } } })
 */
export function parseSettings(value: unknown, source = 'The settings'): Settings {
  const result = settingsSchema.safeParse(value)
  if (result.success) return result.data
  const problems = result.error.issues.flatMap(problemsOf)
  throw new HoldfastError('settings_invalid', `${source}: ${problems.join('; ')}.`, { cause: result.error })
}

export interface SettingDoc {
  /** As in "contact.cooldownDays"; "<action>" stands for any key of the catalogue. */
  readonly path: string
  readonly about: string
  readonly allowed: string
  /** What null says, such as `No limit`. */
  readonly none?: string
  /** As JSON; undefined where nothing stands by default. */
  readonly default: string | undefined
}

/**
 * Every setting with its meaning, what is allowed and its default: what the documentation and forms are made of.
 *
 * @param schema a plan's unless told otherwise
 * @example
 * settingsDocs().find((doc) => doc.path === 'budget')?.default // 'null'
 */
export function settingsDocs(schema: z.ZodObject = settingsSchema): readonly SettingDoc[] {
  return docsBelow(schema, '', schema.parse({}))
}

function docsBelow(schema: z.ZodObject, prefix: string, defaults: unknown): SettingDoc[] {
  return Object.entries(schema.shape).flatMap(([key, child]) => {
    const isAction = prefix === 'catalogue.'
    if (isAction && key !== Object.keys(schema.shape)[0]) return []
    const path = `${prefix}${isAction ? '<action>' : key}`
    const standard = valueAt(defaults, key)
    const inner = objectOf(child)
    if (inner !== null) return docsBelow(inner, `${path}.`, standard)
    const meta = fieldMeta.get(child as z.ZodType)
    if (meta === undefined) throw new HoldfastError('internal', `The setting ${path} is not described.`)
    return [{ path, ...meta, default: standard === undefined ? undefined : JSON.stringify(standard) }]
  })
}

/** The object schema behind defaults and optionality, or null for a single field. */
function objectOf(schema: z.core.$ZodType): z.ZodObject | null {
  let inner = schema
  while (
    inner instanceof z.ZodDefault ||
    inner instanceof z.ZodPrefault ||
    inner instanceof z.ZodOptional ||
    inner instanceof z.ZodExactOptional ||
    inner instanceof z.ZodNullable
  ) {
    inner = inner.unwrap()
  }
  return inner instanceof z.ZodObject ? inner : null
}

function valueAt(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined
}

/** One sentence part a problem: the path, what is wrong there, what is allowed. */
function problemsOf(issue: z.core.$ZodIssue): string[] {
  const path = issue.path.map(String)
  const at = path.length === 0 ? 'the file' : path.join('.')
  if (issue.code === 'unrecognized_keys') {
    const known = schemaAt(path)
    const allowed = known === null ? '' : `; there are ${Object.keys(known.shape).join(', ')}`
    return issue.keys.map((key) => `${[...path, key].join('.')} is no setting${allowed}`)
  }
  const allowed = metaAt(path)?.allowed
  const wrong = issue.code === 'custom' ? issue.message : wrongValue(issue)
  return [`${at} ${wrong}${allowed === undefined ? '' : ` (allowed: ${allowed})`}`]
}

function wrongValue(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_type') return `must be of another type: expected ${issue.expected}`
  if (issue.code === 'too_small') return `must not be below ${issue.minimum}`
  if (issue.code === 'too_big') return `must not be above ${issue.maximum}`
  if (issue.code === 'invalid_value') return `must be one of ${issue.values.map(String).join(', ')}`
  if (issue.code === 'invalid_union') return 'has no such form'
  return issue.message
}

function schemaAt(path: readonly string[]): z.ZodObject | null {
  let schema: z.ZodObject | null = settingsSchema
  for (const key of path) {
    const child: z.core.$ZodType | undefined = schema?.shape[key]
    schema = child === undefined ? null : objectOf(child)
  }
  return schema
}

/** The description of a field, or of the nearest field around it. */
function metaAt(path: readonly string[]): { readonly allowed: string } | undefined {
  for (let length = path.length; length > 0; length--) {
    const child = schemaAt(path.slice(0, length - 1))?.shape[path[length - 1]]
    const meta = child === undefined ? undefined : fieldMeta.get(child as z.ZodType)
    if (meta !== undefined) return meta
  }
  return undefined
}
