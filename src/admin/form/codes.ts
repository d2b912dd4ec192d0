/** Codes that people know by names: countries, languages, currencies, time zones; times of a day. */
import type { TextFormat } from '../../settings/field.ts'
import { countryName, languageName } from '../../settings/words.ts'

export interface Code {
  readonly value: string
  readonly name: string
}

const LETTERS = [...'abcdefghijklmnopqrstuvwxyz']
const PAIRS = LETTERS.flatMap((first) => LETTERS.map((second) => first + second))
/** Of these the name says that they are no places that one lives in. */
const NO_COUNTRIES = ['EU', 'EZ', 'QO', 'UN', 'XA', 'XB', 'ZZ']

const byName = (codes: readonly Code[]): readonly Code[] =>
  codes.toSorted((a, b) => a.name.localeCompare(b.name, 'en'))

/** What the browser itself knows by this name, without those that became another one. */
function countries(): readonly Code[] {
  const names = new Intl.DisplayNames('en', { type: 'region', fallback: 'none' })
  return byName(
    PAIRS.map((pair) => pair.toUpperCase()).flatMap((value) => {
      const name = names.of(value)
      const current = new Intl.Locale(`und-${value}`).region === value
      return name === undefined || !current || NO_COUNTRIES.includes(value) ? [] : [{ value, name }]
    }),
  )
}

function languages(): readonly Code[] {
  const names = new Intl.DisplayNames('en', { type: 'language', fallback: 'none' })
  return byName(
    PAIRS.flatMap((value) => {
      const name = names.of(value)
      return name === undefined || new Intl.Locale(value).language !== value ? [] : [{ value, name }]
    }),
  )
}

const supported = (of: 'currency' | 'timeZone'): readonly string[] => Intl.supportedValuesOf(of)

function currencies(): readonly Code[] {
  const names = new Intl.DisplayNames('en', { type: 'currency' })
  return supported('currency').map((value) => ({ value, name: names.of(value) ?? value }))
}

const zones = (): readonly Code[] =>
  ['UTC', ...supported('timeZone').filter((one) => one !== 'UTC')].map((value) => ({ value, name: '' }))

const times = (): readonly Code[] =>
  Array.from({ length: 49 }, (_, half) => ({
    value: `${String(Math.floor(half / 2)).padStart(2, '0')}:${half % 2 === 0 ? '00' : '30'}`,
    name: '',
  }))

const MADE: Partial<Record<TextFormat, () => readonly Code[]>> = {
  country: countries,
  language: languages,
  currency: currencies,
  zone: zones,
  time: times,
}
const known = new Map<TextFormat, readonly Code[]>()

/**
 * @returns null for texts that are no such codes
 * @example
 * codesOf('country')?.find(({ value }) => value === 'AT')?.name // 'Austria'
 */
export function codesOf(format: TextFormat | null): readonly Code[] | null {
  if (format === null || MADE[format] === undefined) return null
  const found = known.get(format) ?? MADE[format]()
  known.set(format, found)
  return found
}

/** The name of a code that somebody may have typed: `de-AT` is no code of the list. */
export function nameOfCode(format: TextFormat | null, value: string): string {
  if (value === '') return ''
  const name = format === 'language' ? languageName(value) : format === 'country' ? countryName(value) : ''
  return name === value ? '' : name
}
