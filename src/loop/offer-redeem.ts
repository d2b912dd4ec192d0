/** Whether an offer that somebody says was taken can have been, and the record of it. */
import type { ErrorCode } from '../contracts/errors.ts'
import type { InterventionId } from '../contracts/ids.ts'
import { isCurrency } from '../contracts/money.ts'
import type { ServiceSettings } from '../settings/service.ts'
import type { Transaction } from '../store/database.ts'
import {
  lockOffers,
  recordRedemptions,
  type FoundOffer,
  type Redemption,
  type RedemptionSource,
} from '../store/offer-redemptions.ts'
import { recurringAmounts } from './recurring.ts'

/** What whoever fulfils offers says. */
export interface Redeemed {
  /** The code however it is written, or the id of the intervention. */
  readonly code: string
  readonly redeemedAt: Date
  /** The invoice or order; null: none is named. */
  readonly reference: string | null
  /** What the discount is given off, a month, minor units; null: the recurring amount as it is known. */
  readonly base: { readonly minor: number; readonly currency: string } | null
}

export type RedeemResult =
  /** `known`: it was recorded before, and says the same. */
  | { readonly outcome: 'redeemed' | 'known'; readonly offer: FoundOffer }
  | { readonly outcome: 'refused'; readonly error: ErrorCode; readonly message: string }

/**
 * Records what was taken, each once. What is refused changes nothing, and the rest is recorded.
 *
 * @returns in the order of what was said
 * @example
 * const [result] = await redeem(tx, [{ code: 'SPRING-7F3A', redeemedAt, reference: 'INV-7', base: null }], { … })
 */
export async function redeem(
  tx: Transaction,
  said: readonly Redeemed[],
  { source, actor, settings, now }: RedeemTerms,
): Promise<readonly RedeemResult[]> {
  const found = await lockOffers(tx, [...new Set(said.map(({ code }) => code.trim()))])
  const offers = new Map(found.map((offer) => [offer.asked, offer]))
  const fresh = new Map<InterventionId, Redemption>()
  const results = said.map((one): RedeemResult => {
    const offer = offers.get(one.code.trim())
    if (offer === undefined) return refused('not_found', UNKNOWN(one.code))
    const first = fresh.get(offer.intervention)
    const standing = first === undefined ? offer : { ...offer, redemption: first }
    const result = judge(standing, one, { settings, now })
    if (result.outcome === 'redeemed')
      fresh.set(offer.intervention, {
        intervention: offer.intervention,
        redeemedAt: one.redeemedAt,
        source,
        actor,
        reference: one.reference,
        baseMinor: one.base?.minor ?? null,
        baseCurrency: one.base?.currency ?? null,
      })
    return result
  })
  if (fresh.size > 0) await recordRedemptions(tx, [...fresh.values()])
  return results
}

export interface RedeemTerms {
  readonly source: RedemptionSource
  readonly actor: string
  readonly settings: ServiceSettings
  readonly now: Date
}

/**
 * One redemption against its offer. Pure.
 *
 * What was sent and may have been seen counts, whatever the ledger says since: whoever honoured the code paid for it.
 *
 * @example
 * judge(offer, { code: 'SPRING-7F3A', redeemedAt, reference: null, base: null }, { settings, now }).outcome // 'redeemed'
 */
export function judge(
  offer: FoundOffer,
  { redeemedAt, reference, base }: Redeemed,
  { settings, now }: Pick<RedeemTerms, 'settings' | 'now'>,
): RedeemResult {
  const { redemption } = offer
  if (redemption !== null) {
    // The CRM says only that it was taken, and billing by which invoice: they mean the same.
    const same = redemption.reference === reference || redemption.reference === null || reference === null
    if (same) return { outcome: 'known', offer }
    return refused(
      'conflict',
      `The offer was taken already, on ${dayOf(redemption.redeemedAt)} as ${redemption.reference}. It counts once.`,
    )
  }
  if (Number.isNaN(redeemedAt.getTime()) || redeemedAt.getTime() > now.getTime() + CLOCKS_MS)
    return refused('request_invalid', 'The offer cannot have been taken in the future. Correct redeemedAt.')
  if (offer.status === 'requested' || offer.status === 'refused')
    return refused('conflict', 'The offer was never confirmed by billing, so nobody can have taken it.')
  // Burnt: it was about to leave, and somebody may have seen it. The rest never left.
  if (offer.status === 'reserved' || (offer.status === 'withdrawn' && offer.code === null))
    return refused(
      'conflict',
      'The offer was not sent to anybody, so nobody can have taken it. Check the code.',
    )
  // A file has dates: the day on which it was made is early enough.
  if (dayOf(redeemedAt) < dayOf(offer.createdAt))
    return refused(
      'request_invalid',
      `The offer was made on ${dayOf(offer.createdAt)}, after it is said to have been taken. Correct redeemedAt.`,
    )
  if (redeemedAt.getTime() >= endOf(offer.expiresOn).getTime())
    return refused(
      'conflict',
      `The offer could be taken until ${offer.expiresOn}. Was it honoured all the same, redeemedAt has to be a day until then.`,
    )
  const wrong = base === null ? null : baseProblem(base, settings)
  return wrong ?? { outcome: 'redeemed', offer }
}

/** The end of a day in the zone where it ends last (UTC-12): whoever takes an offer has the day where they are. */
export function endOf(date: string): Date {
  return new Date(Date.parse(`${date}T00:00:00Z`) + 36 * 3_600_000)
}

function baseProblem(
  { minor, currency }: NonNullable<Redeemed['base']>,
  settings: ServiceSettings,
): RedeemResult | null {
  if (!isCurrency(currency))
    return refused('request_invalid', `"${currency}" is no currency of ISO 4217, such as EUR.`)
  if (!Number.isSafeInteger(minor) || minor < 0)
    return refused('request_invalid', 'monthlyMinor takes a whole number, 0 or more.')
  if (!Number.isNaN(recurringAmounts(settings)(minor, currency))) return null
  return refused(
    'conflict',
    `There is no rate for ${currency} (settings: currency), so what the offer costs cannot be booked. Set one, or leave the amount out: then the recurring amount of the customer counts.`,
  )
}

/** Clocks differ. */
const CLOCKS_MS = 5 * 60_000

const dayOf = (at: Date): string => at.toISOString().slice(0, 10)

const UNKNOWN = (code: string): string =>
  `There is no offer "${code.slice(0, 64)}". Check the code; those of the sandbox begin with TEST-.`

const refused = (error: ErrorCode, message: string): RedeemResult => ({ outcome: 'refused', error, message })
