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
 */
export const countryOf = remembered((cell) => {
  countries ??= countryNames()
  return countries.get(cell.toLowerCase()) ?? null
})

let countries: ReadonlyMap<string, string> | undefined

/** ISO 3166-1 alpha-2 by code and English name, as far as this Node knows them. */
function countryNames(): ReadonlyMap<string, string> {
  const names = new Intl.DisplayNames('en', { type: 'region', fallback: 'none' })
  const letters = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ']
  const found = letters.flatMap((first) =>
    letters.flatMap((second): [string, string][] => {
      const code = first + second
      const name = NO_COUNTRIES.has(code) ? undefined : names.of(code)
      if (name === undefined) return []
      return [
        [code.toLowerCase(), code],
        [name.toLowerCase(), code],
      ]
    }),
  )
  return new Map(found)
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
