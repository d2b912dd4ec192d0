/** What a message cost that went out live. */
import { parsePhone } from '../../actions/sms/phone.ts'
import { reportingCurrency } from '../settings/planning.ts'
import type { ServiceSettings } from '../settings/service.ts'
import { smsCost } from '../settings/sms-cost.ts'

export interface SentMessage {
  /** Minor units of `currency`. */
  readonly plannedCostMinor: number
  readonly currency: string
  /** Null: no text, or nothing is kept of it any more. */
  readonly text: { readonly to: string; readonly segments: number } | null
}

/**
 * Of a text what its parts cost, where their price is known; of everything else what was planned.
 *
 * @returns minor units of the message's currency
 * @example
 * sentCost({ plannedCostMinor: 10, currency: 'EUR', text: { to: '+491701234567', segments: 2 } }, settings) // 15
 */
export function sentCost(
  { plannedCostMinor, currency, text }: SentMessage,
  settings: Pick<ServiceSettings, 'sms'> & Parameters<typeof reportingCurrency>[0],
): number {
  if (text === null || reportingCurrency(settings) !== currency) return plannedCostMinor
  const number = parsePhone(text.to, null)
  const country = 'problem' in number ? null : number.country
  return smsCost(text.segments, country, settings.sms, currency) ?? plannedCostMinor
}
