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
  return (
    new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions().maximumFractionDigits ?? 2
  )
}

const currencies: ReadonlySet<string> = new Set(Intl.supportedValuesOf('currency'))
