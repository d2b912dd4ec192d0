/**
 * What offers really cost: nothing until one is taken, then its share of what the customer pays, a month at a time as
 * the months come, until it ends or the customer leaves.
 */
import { minorDigits } from '../contracts/money.ts'
import type { ConnectionId } from '../contracts/ids.ts'
import { reportingCurrency, reportingRate } from '../settings/planning.ts'
import type { ServiceSettings } from '../settings/service.ts'
import { releaseReserved } from '../store/budget-redemptions.ts'
import type { Transaction } from '../store/database.ts'
import {
  bookMaking,
  bookMonths,
  codesInRecords,
  dueMonths,
  expireOffers,
  releaseEnded,
  type BookedMonth,
  type DueMonth,
} from '../store/offer-redemptions.ts'
import { currentSettings } from '../store/settings-versions.ts'
import { redeem } from './offer-redeem.ts'
import { recurringAmounts } from './recurring.ts'

/** What a pass over the offers of a connection did. */
export interface OfferPass {
  /** Taken, as the records in the CRM say. */
  readonly offersRedeemed: number
  readonly offerMonthsBooked: number
  readonly offersExpired: number
}

/**
 * Takes what the CRM says was redeemed, books the months that have begun, and closes what nobody took in time. Safe to
 * repeat; a page at a time, so that a transaction stays short.
 *
 * @returns null when there is nothing left to do
 * @example
 * for (let pass; (pass = await database.withTenant(tenant, (tx) => followOffers(tx, { connection, now }))) !== null;) …
 */
export async function followOffers(
  tx: Transaction,
  { connection, now }: { readonly connection: ConnectionId; readonly now: Date },
): Promise<OfferPass | null> {
  const { settings } = await currentSettings(tx)
  const property = settings.offers.redemptionProperty
  const named = property === null ? [] : await codesInRecords(tx, connection, { property, limit: PAGE })
  const results = await redeem(
    tx,
    named.map(({ code, at }) => ({ code, redeemedAt: at, reference: null, base: null })),
    { source: 'crm', actor: 'crm', settings, now },
  )
  const offersRedeemed = results.filter(({ outcome }) => outcome === 'redeemed').length
  await bookMaking(tx, connection)
  const due = await dueMonths(tx, connection, {
    now,
    told: settings.offers.billing.reportsCosts,
    limit: PAGE,
  })
  const terms = monthTerms(settings)
  const offerMonthsBooked = await bookMonths(
    tx,
    due.map((month) => bookedMonth(month, terms)),
  )
  // Nothing comes after these, or nothing as far as can be seen: what is still held for them is free again.
  await releaseReserved(
    tx,
    due.filter(({ over, last }) => over || last).map(({ intervention }) => intervention),
  )
  const offersExpired = await expireOffers(tx, connection, dayBefore(now, GRACE_DAYS))
  await releaseEnded(tx, connection, new Date(now.getTime() - GRACE_DAYS * DAY))
  return offersRedeemed + offerMonthsBooked + offersExpired === 0
    ? null
    : { offersRedeemed, offerMonthsBooked, offersExpired }
}

const PAGE = 1000

/** Days after its last one for which an offer stays open: whoever reports once a day is not late. */
const GRACE_DAYS = 3

const DAY = 86_400_000

const dayBefore = (now: Date, days: number): string =>
  new Date(now.getTime() - days * DAY).toISOString().slice(0, 10)

export interface MonthTerms {
  readonly currency: string
  /** Minor units of `currency`, not rounded; null: not known, or no rate is. */
  converted(minor: number | null, currency: string | null): number | null
}

/** Rates as they are on the day that a month is booked. */
export function monthTerms(settings: ServiceSettings): MonthTerms {
  const amounts = recurringAmounts(settings)
  const currency = reportingCurrency(settings)
  const scale = reportingRate(settings) * 10 ** minorDigits(currency)
  return {
    currency,
    converted(minor, from) {
      const amount = amounts(minor, from) * scale
      return Number.isNaN(amount) ? null : amount
    },
  }
}

/**
 * What a month of an offer cost: its share of the amount; 0 once it is over. What is not known stays unknown. Pure.
 *
 * Months are rounded so that those of one price together cost what the whole does, to the nearest minor unit: twelve
 * months of 499.9 are 5999, as was reserved, and not twelve times 500.
 *
 * @example
 * bookedMonth({ month: 0, basisPoints: 1000, baseMinor: 4999, baseCurrency: 'USD', over: false, … }, terms).minor // 500
 */
function bookedMonth(due: DueMonth, terms: MonthTerms): BookedMonth {
  const { intervention, month, at, basisPoints, baseMinor, baseCurrency, currency, over } = due
  const booked = { intervention, month, at, currency, source: 'reckoned' as const }
  if (over) return { ...booked, givenMinor: 0, givenCurrency: baseCurrency, minor: 0 }
  // Budgets may be in another currency by now: then nothing can be said in the one that it was reserved in.
  const base = terms.currency === currency ? terms.converted(baseMinor, baseCurrency) : null
  return {
    ...booked,
    givenMinor: baseMinor === null ? null : shareOf(baseMinor, basisPoints, month),
    givenCurrency: baseCurrency,
    minor: base === null ? null : shareOf(base, basisPoints, month),
  }
}

/** Of a month: all until its end, less all until its beginning. */
function shareOf(amount: number, basisPoints: number, month: number): number {
  const until = (months: number): number => Math.round((amount * basisPoints * months) / 10_000)
  return until(month + 1) - until(month)
}

/**
 * The same day so many months later, or the last one of a month that is shorter, as PostgreSQL counts.
 *
 * @example
 * monthsAfter(new Date('2026-01-31T10:00:00Z'), 1) // 2026-02-28T10:00:00Z
 */
export function monthsAfter(at: Date, months: number): Date {
  const later = new Date(at)
  later.setUTCDate(1)
  later.setUTCMonth(later.getUTCMonth() + months)
  const last = new Date(Date.UTC(later.getUTCFullYear(), later.getUTCMonth() + 1, 0)).getUTCDate()
  later.setUTCDate(Math.min(at.getUTCDate(), last))
  return later
}
