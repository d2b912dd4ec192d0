/**
 * Settings as people read them: values, the names of fields, and what somebody changed as one sentence. The app has this
 * file too.
 */
import { nameOfAction } from '../../actions/catalogue.ts'
import type { Action } from '../contracts/actions.ts'
import type { Change, Step } from './changes.ts'
import type { Choice, Control, Field, RecordControl, TextControl } from './controls.ts'
import { numberWords } from './form-values.ts'
import { fieldPath, stepsOf } from './path.ts'

export interface WordsOf {
  /** ISO 4217, that amounts of the settings are in. */
  readonly currency: string
  /** The catalogue, for the names of actions. */
  readonly actions: readonly Pick<Action, 'key' | 'name'>[]
}

/** A change as it is told. */
export interface ToldChange {
  readonly path: string
  /** Such as `Actions that ship: Send SMS: Cost, once`. */
  readonly label: string
  /** In words; a secret is not told. */
  readonly before: string
  readonly after: string
}

/** Characters of a value as it stands in a sentence. */
const LONGEST = 200
const LISTED = 5

/**
 * @example
 * told(change, { currency: 'EUR', actions }) // { path: 'budget', label: 'Budget of a period', before: 'No limit', after: 'EUR 500' }
 */
export function told({ steps, trail, field, before, after }: Change, words: WordsOf): ToldChange {
  const say = (value: unknown): string =>
    field.secret ? HIDDEN : clipped(valueWords(field, value, words), LONGEST)
  return {
    path: fieldPath(steps),
    label: trail.map((step) => stepWords(step, words)).join(': '),
    before: say(before),
    after: say(after),
  }
}

const HIDDEN = 'not shown'

/**
 * What a version changed, short enough for a line of a list.
 *
 * @example
 * summary(changes, words) // 'Budget of a period: No limit, now EUR 500.'
 */
export function summary(changes: readonly Change[], words: WordsOf): string {
  if (changes.length === 0) return 'Nothing changed.'
  if (changes.length === 1) {
    const { label, before, after } = told(changes[0], words)
    return before === HIDDEN ? `${label} changed.` : clipped(`${label}: ${before}, now ${after}`, 160, '.')
  }
  const names = [...new Set(changes.map(({ trail }) => nearName(trail, words)))]
  const [first, second, ...rest] = names
  if (second === undefined) return `${first}, in ${changes.length} places.`
  return rest.length === 0 ? `${first} and ${second}.` : `${first}, ${second} and ${rest.length} more.`
}

/** The field, and of records the first key: `Actions that ship: Send SMS`. */
const nearName = (trail: readonly Step[], words: WordsOf): string =>
  trail
    .slice(0, 2)
    .map((step) => stepWords(step, words))
    .join(': ')

function stepWords(step: Step, words: WordsOf): string {
  return 'title' in step ? step.title : keyWords(step.key, step.of, words)
}

function keyWords(key: string, of: Control, words: WordsOf): string {
  if (of.kind === 'rows') return nameOfAction(key, words.actions)
  return of.kind === 'record' ? recordKey(key, of, words) : key
}

/**
 * The name of an entry of a record: of a country, a language, an action.
 *
 * @example
 * recordKey('AT', control, words) // 'Austria'
 */
export function recordKey(key: string, { keys, labels }: RecordControl, { actions }: WordsOf): string {
  if (Object.hasOwn(labels, key)) return labels[key]
  if (keys.kind === 'choice') return labelOf(keys.options, key)
  if (keys.format === 'action') return nameOfAction(key, actions)
  if (keys.format === 'language') return languageName(key)
  return keys.format === 'country' ? countryName(key) : key
}

/**
 * A value as a person would say it.
 *
 * @example
 * valueWords(field, null, words) // 'No limit'
 */
export function valueWords(
  { control, none, unset }: Pick<Field, 'control' | 'none' | 'unset'>,
  value: unknown,
  words: WordsOf,
): string {
  if (value === undefined) return unset ?? 'not there'
  if (value === null) return none ?? 'None'
  switch (control.kind) {
    case 'switch':
      return value === true ? 'on' : 'off'
    case 'number':
    case 'percent':
    case 'money':
    case 'duration':
    case 'hour':
      if (typeof value !== 'number') return plain(value)
      if (value === 0 && control.zero !== null) return control.zero
      return control.kind === 'money'
        ? `${words.currency} ${numberWords(control, value)}`
        : numberWords(control, value)
    case 'choice':
      return labelOf(control.options, value)
    case 'choices':
      return listed(listOf(value).map((one) => labelOf(control.options, one)))
    case 'text':
      return textWords(control, value)
    case 'list':
      return listed(listOf(value).map((one) => valueWords({ ...WHOLE, control: control.of }, one, words)))
    case 'rows':
      return listed(listOf(value).map((row) => fieldWords(control.fields.slice(0, 2), row, words)))
    case 'record':
      return listed(
        Object.entries(objectOf(value)).map(
          ([key, one]) =>
            `${recordKey(key, control, words)}: ${valueWords({ ...WHOLE, control: control.of }, one, words)}`,
        ),
      )
    case 'fields':
      return fieldWords(control.fields, value, words)
    case 'variant': {
      const chosen = objectOf(value)[control.by]
      const option = control.options.find((one) => one.value === chosen)
      const details = fieldWords(option?.fields ?? [], value, words)
      return details === ''
        ? labelOf(control.options, chosen)
        : `${labelOf(control.options, chosen)} (${details})`
    }
  }
}

const WHOLE = { none: null, unset: null }

function fieldWords(fields: readonly Field[], object: unknown, words: WordsOf): string {
  return fields
    .flatMap((field) => {
      const value = stepsOf(field.path).reduce<unknown>((at, step) => objectOf(at)[step], object)
      return value === undefined ? [] : [`${field.title} ${valueWords(field, value, words)}`]
    })
    .join(', ')
}

function textWords({ format }: TextControl, value: unknown): string {
  if (value === '') return 'empty'
  if (format === 'language' && typeof value === 'string') return languageName(value)
  return format === 'country' && typeof value === 'string' ? countryName(value) : plain(value)
}

const plain = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value))

function listed(all: readonly string[]): string {
  if (all.length === 0) return 'none'
  if (all.length <= LISTED) return all.join(', ')
  return `${all.slice(0, LISTED).join(', ')} and ${all.length - LISTED} more`
}

const labelOf = (options: readonly Choice[], value: unknown): string =>
  options.find((one) => one.value === value)?.label ?? plain(value)

function clipped(text: string, longest: number, end = ''): string {
  const line = text.replace(/\s+/gu, ' ').trim()
  const characters = [...line]
  return characters.length <= longest
    ? line + end
    : `${characters
        .slice(0, longest - 1)
        .join('')
        .trimEnd()}…`
}

const names = {
  language: new Intl.DisplayNames('en', { type: 'language' }),
  region: new Intl.DisplayNames('en', { type: 'region' }),
}

/**
 * @example
 * languageName('de-AT') // 'Austrian German'
 */
export function languageName(tag: string): string {
  try {
    return names.language.of(tag) ?? tag
  } catch {
    return tag
  }
}

/**
 * @example
 * countryName('AT') // 'Austria'
 */
export function countryName(code: string): string {
  try {
    return names.region.of(code) ?? code
  } catch {
    return code
  }
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

const objectOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {}
