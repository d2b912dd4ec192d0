/** Formatters of numbers and dates, kept: to make one takes a hundred times as long as to use it. */

const numbers = new Map<string, Intl.NumberFormat>()
const dates = new Map<string, Intl.DateTimeFormat>()

/** Locales come from people's records, so there may be any number of them. */
const KEPT = 500

/**
 * @example
 * numberFormat('de', { maximumFractionDigits: 1 }).format(12.34) // '12,3'
 */
export const numberFormat = (locale: string, options: Intl.NumberFormatOptions): Intl.NumberFormat =>
  kept(numbers, `${locale} ${JSON.stringify(options)}`, () => new Intl.NumberFormat(locale, options))

/**
 * @example
 * dateFormat('en', { dateStyle: 'long', timeZone: 'UTC' }).format(new Date(0)) // 'January 1, 1970'
 */
export const dateFormat = (locale: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat =>
  kept(dates, `${locale} ${JSON.stringify(options)}`, () => new Intl.DateTimeFormat(locale, options))

function kept<Format>(formats: Map<string, Format>, key: string, make: () => Format): Format {
  let format = formats.get(key)
  if (format === undefined) {
    if (formats.size >= KEPT) formats.clear()
    formats.set(key, (format = make()))
  }
  return format
}
