/** Money is whole minor units (cents) plus an ISO 4217 currency; this says how many decimals a currency has. */

/**
 * Whether a code is a currency of ISO 4217 that this Node knows.
 *
 * @example
 * isCurrency('EUR') // true
 */
export function isCurrency(code: string): boolean {
  return currencies.has(code)
}

/**
 * Decimals between the major and the minor unit: 2 for EUR, 0 for JPY, 3 for KWD.
 *
 * @example
 * minorDigits('USD') // 2
 */
export function minorDigits(currency: string): number {
  const known = digits.get(currency)
  if (known !== undefined) return known
  const format = new Intl.NumberFormat('en', { style: 'currency', currency })
  const found = format.resolvedOptions().maximumFractionDigits ?? 2
  // Codes come from requests too: only those that are currencies are remembered.
  if (isCurrency(currency)) digits.set(currency, found)
  return found
}

/** Making a format takes some ten microseconds, and amounts are told by the thousand. */
const digits = new Map<string, number>()

const currencies: ReadonlySet<string> = new Set(Intl.supportedValuesOf('currency'))
