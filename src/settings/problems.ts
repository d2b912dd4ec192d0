/** What is wrong with settings, field by field, in plain words: a form shows each beside its input. */
import type { z } from 'zod'
import { HoldfastError } from '../contracts/errors.ts'
import { controlAt } from './changes.ts'
import type { Control, Field } from './controls.ts'
import { numberWords } from './form-values.ts'
import { fieldPath } from './path.ts'

/** One setting that is wrong. */
export interface SettingProblem {
  /** As the form and `PATCH` name it; empty: the settings as a whole. */
  readonly path: string
  /** A sentence. */
  readonly message: string
}

/** How an error carries them, for whoever answers. */
export interface SettingsFault {
  readonly fields: readonly SettingProblem[]
}

/**
 * @example
 * throw settingsInvalid([{ path: 'delivery.mode', message: 'Choose one of off, live.' }])
 */
export function settingsInvalid(fields: readonly SettingProblem[], detail?: string): HoldfastError {
  const fault: SettingsFault = { fields: fields.slice(0, 100) }
  return new HoldfastError(
    'settings_invalid',
    detail ?? `The settings are not saved. Correct ${problemsSentence(fields)}`,
    { cause: fault },
  )
}

/**
 * The first five, by path.
 *
 * @example
 * problemsSentence([{ path: 'budget', message: 'At least 0.' }]) // 'budget: At least 0.'
 */
export function problemsSentence(fields: readonly SettingProblem[]): string {
  const said = fields
    .slice(0, 5)
    .map(({ path, message }) => `${path === '' ? 'the settings' : path}: ${message}`)
  const more = fields.length > said.length ? ` And ${fields.length - said.length} more.` : ''
  return `${said.join(' ')}${more}`
}

/**
 * @example
 * problemsOf(settingsFields(), schema.safeParse({ budget: -1 }).error.issues)
 */
export function problemsOf(
  fields: readonly Field[],
  issues: readonly z.core.$ZodIssue[],
): readonly SettingProblem[] {
  return issues.flatMap((issue): SettingProblem[] => {
    const steps = issue.path.map(String)
    if (issue.code === 'unrecognized_keys')
      return issue.keys.map((key) => ({
        path: fieldPath([...steps, key]),
        message: 'There is no such setting.',
      }))
    return [{ path: placeOf(fields, steps), message: wordsOf(issue, controlAt(fields, steps)) }]
  })
}

/** What is wrong within a value that is one thing in the form stands at that one. */
function placeOf(fields: readonly Field[], steps: readonly string[]): string {
  for (let length = steps.length; length > 0; length--) {
    const shorter = steps.slice(0, length)
    if (controlAt(fields, shorter) !== null) return fieldPath(shorter)
  }
  return fieldPath(steps)
}

function wordsOf(issue: z.core.$ZodIssue, control: Control | null): string {
  switch (issue.code) {
    case 'invalid_type':
      // Of what is left out zod says no more than this.
      return issue.message.endsWith('received undefined')
        ? 'It needs a value.'
        : (TYPES[issue.expected] ?? 'It has another form.')
    case 'too_small':
      return bound(issue.inclusive === false ? 'More than' : 'At least', issue.minimum, issue.origin, control)
    case 'too_big':
      return bound(issue.inclusive === false ? 'Less than' : 'At most', issue.maximum, issue.origin, control)
    case 'invalid_value':
      return `One of ${choices(issue.values, control)}.`
    case 'invalid_union':
      return control?.kind === 'variant'
        ? `Choose one of ${control.options.map(({ label }) => label).join(', ')}.`
        : 'It has another form.'
    case 'invalid_key':
    case 'invalid_element':
      return issue.issues.length > 0 ? wordsOf(issue.issues[0], null) : 'Its name cannot be used.'
    case 'invalid_format':
      return FORMATS[issue.format] ?? sentence(issue.message)
    default:
      return sentence(issue.message)
  }
}

const TYPES: Readonly<Record<string, string>> = {
  string: 'It is a text.',
  number: 'It is a number.',
  int: 'It is a whole number.',
  boolean: 'It is on or off (true or false).',
  array: 'It is a list.',
  object: 'It is an object with fields.',
  record: 'It is an object with fields.',
}

const FORMATS: Readonly<Record<string, string>> = {
  email: 'That is no e-mail address.',
  url: 'That is no https address.',
  date: "It is a date such as '2026-12-25'.",
}

function bound(words: string, value: number | bigint, origin: string, control: Control | null): string {
  if (origin === 'array') return `${words} ${value} of them.`
  if (origin === 'string') return value === 1 ? 'It needs a value.' : `${words} ${value} characters.`
  const isNumber = control !== null && 'whole' in control && 'step' in control
  return `${words} ${isNumber ? numberWords(control, Number(value)) : value}.`
}

function choices(values: readonly unknown[], control: Control | null): string {
  const options = control?.kind === 'choice' || control?.kind === 'choices' ? control.options : []
  return values
    .map((value) => {
      const label = options.find((one) => one.value === value)?.label
      return label === undefined || label === String(value) ? String(value) : `${String(value)} (${label})`
    })
    .join(', ')
}

function sentence(message: string): string {
  const words = message.trim()
  const start = /^(has|is|may|must|was|cannot|needs|takes)\b/.test(words) ? `It ${words}` : words
  return `${start.charAt(0).toUpperCase()}${start.slice(1)}${/[.!?]$/.test(start) ? '' : '.'}`
}
