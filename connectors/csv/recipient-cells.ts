/** Cells about a person, in the codes that the rest of Holdfast speaks; null for what is none of them. */

/**
 * @example
 * languageOf('DE_at') // 'de-AT'
 */
export const languageOf = remembered((cell) => {
  if (!/^[a-z]{2,3}([-_][a-z0-9]{2,8})*$/i.test(cell)) return null
  try {
    return Intl.getCanonicalLocales(cell.replaceAll('_', '-'))[0] ?? null
  } catch {
    return null
  }
})

/**
 * @example
 * zoneOf('Europe/Vienna') // 'Europe/Vienna'
 */
export const zoneOf = remembered((cell) => {
  if (!/^[A-Za-z]+(\/[\w+-]+)*$/.test(cell)) return null
  try {
    return new Intl.DateTimeFormat('en', { timeZone: cell }).resolvedOptions().timeZone
  } catch {
    return null
  }
})

/**
 * @example
 * countryOf('Austria') // 'AT'
 * countryOf('UK') // 'GB'
 */
export const countryOf = remembered((cell) => {
  countries ??= countryNames()
  return countries.get(cell.toLowerCase()) ?? null
})

let countries: ReadonlyMap<string, string> | undefined

/** Languages in which CRMs are kept; English first, where two would call different countries the same. */
const NAMED_IN = ['en', 'de', 'fr', 'es', 'it', 'nl', 'pt']

/** As people write them beside the names that Node knows. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  usa: 'US',
  'u.s.': 'US',
  'u.s.a.': 'US',
  'united states of america': 'US',
  'great britain': 'GB',
  england: 'GB',
  scotland: 'GB',
  wales: 'GB',
  'northern ireland': 'GB',
  holland: 'NL',
  'the netherlands': 'NL',
  'czech republic': 'CZ',
  turkey: 'TR',
}

/** ISO 3166-1 alpha-2 by code and name, as far as this Node knows them; codes that were replaced name the new one. */
function countryNames(): ReadonlyMap<string, string> {
  const names = NAMED_IN.map(
    (language) => new Intl.DisplayNames(language, { type: 'region', fallback: 'none' }),
  )
  const found = new Map<string, string>()
  const put = (name: string | undefined, code: string): void => {
    if (name !== undefined && !found.has(name.toLowerCase())) found.set(name.toLowerCase(), code)
  }
  const letters = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ']
  for (const written of letters.flatMap((first) => letters.map((second) => first + second))) {
    const code = new Intl.Locale(`und-${written}`).region ?? written
    if (NO_COUNTRIES.has(code) || names[0].of(code) === undefined) continue
    put(written, code)
    if (code === written) for (const language of names) put(language.of(code), code)
  }
  for (const [name, code] of Object.entries(OTHER_NAMES)) put(name, code)
  return found
}

/** Unions, and codes for test and for what is unknown. */
const NO_COUNTRIES = new Set(['EU', 'EZ', 'UN', 'QO', 'XA', 'XB', 'ZZ'])

function remembered(read: (cell: string) => string | null): (cell: string | null) => string | null {
  const known = new Map<string, string | null>()
  return (cell) => {
    if (cell === null) return null
    const text = cell.trim()
    let value = known.get(text)
    if (value === undefined) {
      value = read(text)
      if (known.size < 5000) known.set(text, value)
    }
    return value
  }
}
