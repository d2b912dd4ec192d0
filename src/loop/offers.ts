/**
 * Offers: whether what an action gives off can be promised, and the promise. Three steps, as for everything that is
 * looked at before sending: what is known of a batch (`offerFacts`), a verdict without any question (`offerVerdict`), and
 * for those that go the claim of a code (`claimOffers`), in the transaction that takes their leases. What became of the
 * intervention moves the offer by itself (0024-offers-of-many.sql).
 */
import { createHash } from 'node:crypto'
import type { Action } from '../contracts/actions.ts'
import type { CustomerId, InterventionId } from '../contracts/ids.ts'
import { actionsOf } from '../settings/planning.ts'
import type { ServiceSettings } from '../settings/service.ts'
import { awaitRedemption } from '../store/budget-redemptions.ts'
import type { Transaction } from '../store/database.ts'
import {
  freeCodes,
  makeOffers,
  offerBases,
  offersOf,
  type NewOffer,
  type OfferTerms,
  type StoredOffer,
} from '../store/offers.ts'
import { fulfilmentOf, type Fulfilment } from './carried-out.ts'
import { disclosureFor, termsFor } from './offer-terms.ts'
import { recurringAmounts } from './recurring.ts'

/** What is known of an offer that an intervention is to make. */
export interface OfferFact {
  readonly intervention: InterventionId
  readonly action: Pick<Action, 'key' | 'discount' | 'cost'>
  readonly fulfilment: Fulfilment
  /** Codes that the pool has free, as far as they matter; null: it needs none of a pool. */
  readonly free: number | null
  /** Recurring amount of a month that it is given off; null: not known. */
  readonly base: { readonly minor: number; readonly currency: string } | null
  /** What there is already: an earlier attempt made it. */
  readonly offer: StoredOffer | null
}

/** What an intervention promises, as messages and tasks name it. */
export interface Offer {
  /** 10 is 10 %. */
  readonly percent: number
  readonly months: number
  /** 'YYYY-MM-DD': the last day on which it can be taken. */
  readonly until: string
  /** What it is taken with; of an offer that a person makes (HF-…), what it is recorded by. */
  readonly code: string
  readonly terms: string | null
  /** That the price was chosen automatically, where that has to be said. */
  readonly disclosure: string | null
}

export type OfferVerdict =
  /** The action gives nothing off. */
  | { readonly do: 'none' }
  /** It stands, and can be promised. */
  | { readonly do: 'go'; readonly offer: Offer }
  /** It can be promised once it is claimed ({@link claimOffers}). */
  | { readonly do: 'claim'; readonly claim: NewOffer }
  | OfferStop

/** It is not promised. */
export interface OfferStop {
  readonly do: 'stop'
  readonly to: 'suppressed' | 'deferred'
  readonly code: string
  readonly reason: string
  /** Sooner than other things that wait for somebody. */
  readonly dueInMs?: number
}

/**
 * Everything about the offers of a batch, in four statements however many there are.
 *
 * @param rows those that give nothing off get no fact
 */
export async function offerFacts(
  tx: Transaction,
  rows: readonly { readonly id: InterventionId; readonly actionKey: string; readonly customer: CustomerId }[],
  { settings, now }: { readonly settings: ServiceSettings; readonly now: Date },
): Promise<ReadonlyMap<InterventionId, OfferFact>> {
  const actions = new Map(actionsOf(settings).map((action) => [action.key, action]))
  const giving = rows.filter(({ actionKey }) => (actions.get(actionKey)?.discount ?? 0) > 0)
  if (giving.length === 0) return new Map()
  const ids = giving.map(({ id }) => id)
  const offers = new Map((await offersOf(tx, ids)).map((offer) => [offer.intervention, offer]))
  const bases = new Map((await offerBases(tx, giving)).map((base) => [base.intervention, base]))
  const fulfilments = giving.map(({ actionKey }) => fulfilmentOf(settings, actionKey))
  const pools = [...new Set(fulfilments.flatMap((one) => (one.by === 'pool' ? [one.pool] : [])))]
  const free = await freeCodes(tx, pools, { atLeastUntil: usableUntil(now), most: giving.length })
  return new Map(
    giving.map(({ id, actionKey }, at) => {
      const fulfilment = fulfilments[at]
      const base = bases.get(id)
      const fact: OfferFact = {
        intervention: id,
        action: actions.get(actionKey)!,
        fulfilment,
        free: fulfilment.by === 'pool' ? (free.get(fulfilment.pool) ?? 0) : null,
        base:
          base === undefined || base.monthlyMinor === null || base.currency === null
            ? null
            : { minor: base.monthlyMinor, currency: base.currency },
        offer: offers.get(id) ?? null,
      }
      return [id, fact]
    }),
  )
}

export interface OfferSituation {
  readonly settings: ServiceSettings
  /** What the intervention is carried out by. */
  readonly channel: 'email' | 'sms' | 'task'
  /** Of the recipient; null: not known. */
  readonly country: string | null
  /** BCP 47, of the message. */
  readonly language: string
  readonly delivery: 'dry_run' | 'sandbox' | 'live'
  readonly now: Date
}

/**
 * Whether an offer may be promised now. Pure.
 *
 * A dry run is judged as what is sent would be, and claims nothing. In the sandbox the codes are made up: those of a
 * pool are for people.
 *
 * @param fact undefined: the action gives nothing off
 * @example
 * offerVerdict(facts.get(id), { settings, channel: 'email', country: 'AT', language: 'de', delivery: 'live', now })
 */
export function offerVerdict(fact: OfferFact | undefined, situation: OfferSituation): OfferVerdict {
  if (fact === undefined) return { do: 'none' }
  const { action, offer } = fact
  const { delivery, now, channel } = situation
  const fulfilment = channel === 'task' ? 'person' : fact.fulfilment.by
  if (offer !== null && delivery !== 'dry_run') {
    // What was made for the sandbox is promised to nobody, and nothing of an offer changes once it was made.
    if (offer.delivery !== delivery) return stop('suppressed', 'offer_of_sandbox', OTHER_DELIVERY)
    return standing(offer, now)
  }
  const basisPoints = Math.round(action.discount * 10_000)
  if (basisPoints < 1 || basisPoints > 9_999)
    return stop(
      'suppressed',
      'offer_percent',
      `${percentOf(basisPoints)} % off is no offer: nothing was promised. Correct the discount of "${action.key}" in the catalogue.`,
    )
  if (fulfilment === 'person' && channel !== 'task')
    return stop('deferred', 'offer_unfulfilled', UNFULFILLED(action.key))
  const against = fulfilment === 'person' ? null : againstPromise(fact, situation)
  if (against !== null) return against
  const terms = termsFor(situation.settings.offers, situation)
  if (terms === null && situation.settings.offers.requireTerms && channel !== 'task')
    return stop(
      'suppressed',
      'offer_no_terms',
      `There are no terms for an offer in ${situation.country ?? 'an unknown country'} in "${situation.language}" (settings: offers.terms), and offers are only made where there are (offers.requireTerms).`,
    )
  const { settings } = situation
  const made: OfferTerms = {
    fulfilment,
    delivery: delivery === 'live' ? 'live' : 'sandbox',
    basisPoints,
    months: action.cost.durationMonths,
    expiresOn: dayAfter(now, settings.offers.standsDays),
    jurisdiction: situation.country,
    terms,
    disclosure: disclosureFor(settings.offers, situation),
  }
  if (delivery === 'dry_run') return { do: 'go', offer: promise(made, madeUpCode(fact.intervention, 'TEST')) }
  const { fulfilment: how, base } = fact
  return {
    do: 'claim',
    claim: {
      ...made,
      intervention: fact.intervention,
      baseMinor: base?.minor ?? null,
      baseCurrency: base?.currency ?? null,
      pool: delivery === 'live' && fulfilment === 'pool' && how.by === 'pool' ? how.pool : null,
      code: ownCode(fact.intervention, fulfilment, delivery),
      fixedMinor: action.cost.fixedMinor,
      givenShare: givenShareOf(action),
      answerHours:
        delivery === 'live' && fulfilment === 'billing' ? settings.offers.billing.answerHours : null,
    },
  }
}

/**
 * Claims what the verdicts of a batch want, in the transaction that takes their leases.
 *
 * @returns for each claim whether it goes or why not: a pool may have fewer codes than a batch wants, and billing is
 *   asked first (`askBilling` of offer-billing.ts, after the commit)
 * @example
 * const claimed = await claimOffers(tx, claims, { settings, now })
 */
export async function claimOffers(
  tx: Transaction,
  claims: readonly NewOffer[],
  { settings, now }: { readonly settings: ServiceSettings; readonly now: Date },
): Promise<ReadonlyMap<InterventionId, Extract<OfferVerdict, { do: 'go' | 'stop' }>>> {
  const made = await makeOffers(tx, claims, { atLeastUntil: usableUntil(now) })
  await awaitRedemption(
    tx,
    made.map(({ intervention }) => intervention),
  )
  const known = new Map(made.map((offer) => [offer.intervention, offer]))
  // Another transaction was quicker with one of them.
  const missing = claims.filter(({ intervention }) => !known.has(intervention))
  for (const offer of await offersOf(
    tx,
    missing.map(({ intervention }) => intervention),
  ))
    known.set(offer.intervention, offer)
  return new Map(
    claims.map(({ intervention, pool }) => {
      const offer = known.get(intervention)
      return [intervention, offer === undefined ? poolEmpty(pool ?? '', settings) : standing(offer, now)]
    }),
  )
}

/** What a message or a task is told of an offer. */
function promise(offer: OfferTerms, code: string): Offer {
  return {
    percent: percentOf(offer.basisPoints),
    months: offer.months,
    until: offer.expiresOn,
    code,
    terms: offer.terms,
    disclosure: offer.disclosure,
  }
}

const percentOf = (basisPoints: number): number => basisPoints / 100

/** What an offer that was made already allows. */
function standing(offer: StoredOffer, now: Date): Extract<OfferVerdict, { do: 'go' | 'stop' }> {
  if (offer.status === 'requested') {
    if (offer.askUntil !== null && offer.askUntil <= now)
      return stop(
        'suppressed',
        'offer_unconfirmed',
        'Billing did not confirm the offer in time (settings: offers.billing.answerHours), so it was promised to nobody.',
      )
    return stop(
      'deferred',
      OFFER_REQUESTED,
      'Billing was asked to confirm the offer. It waits for the answer.',
      ASKED_MS,
    )
  }
  if (offer.status === 'refused')
    return stop(
      'suppressed',
      'offer_refused',
      `Billing does not give this offer${offer.statusReason === null ? '' : `: ${offer.statusReason}`}.`,
    )
  if (offer.status === 'expired' || offer.expiresOn <= dayAfter(now, 0))
    return stop(
      'suppressed',
      'offer_expired',
      `The offer could be taken until ${offer.expiresOn}, so it is not sent any more.`,
    )
  if (offer.status === 'withdrawn')
    return stop('suppressed', 'offer_withdrawn', 'The offer was taken back, so it is not sent.')
  if (offer.status === 'redeemed')
    return stop('suppressed', 'offer_redeemed', 'The offer was taken already, so it is not sent again.')
  if (offer.code === null)
    return stop('suppressed', 'offer_withdrawn', 'The offer has no code any more, so it is not sent.')
  return { do: 'go', offer: promise(offer, offer.code) }
}

/** Why an offer waits that billing was asked for. */
export const OFFER_REQUESTED = 'offer_requested'

/** Looked at again sooner than what waits for a person: an answer of billing makes it due at once anyhow. */
const ASKED_MS = 15 * 60_000

const OTHER_DELIVERY =
  'The offer was made for another way of delivery (settings: delivery.mode), so it is not sent. The next decision makes a new one.'
const UNFULFILLED = (key: string): string =>
  `Nobody fulfils this offer, so it is promised in no message. Say who does (settings: offers.fulfilment.${key}); it waits until it expires.`

/** What speaks against promising an offer that a code or billing fulfils. */
function againstPromise(
  { base, free, fulfilment }: OfferFact,
  { settings, delivery }: OfferSituation,
): OfferStop | null {
  if (base === null)
    return stop(
      'suppressed',
      'offer_base_unknown',
      'What the customer pays is not known, so the offer has no cost that could be booked. It is not made.',
    )
  if (Number.isNaN(recurringAmounts(settings)(base.minor, base.currency)))
    return stop(
      'suppressed',
      'offer_currency',
      `The customer pays in ${base.currency}, for which there is no rate (settings: currency), so the offer has no cost that could be booked. It is not made.`,
    )
  if (delivery !== 'sandbox' && fulfilment.by === 'pool' && free === 0)
    return poolEmpty(fulfilment.pool, settings)
  return null
}

function poolEmpty(pool: string, { offers }: Pick<ServiceSettings, 'offers'>): OfferStop {
  const empty = `The pool "${pool}" has no code left that can still be taken, so nothing was promised.`
  return offers.whenEmpty === 'wait'
    ? stop(
        'deferred',
        'offer_pool_empty',
        `${empty} It waits until codes are imported (holdfast offers import).`,
      )
    : stop('suppressed', 'offer_pool_empty', `${empty} Import some (holdfast offers import).`)
}

function stop(to: OfferStop['to'], code: string, reason: string, dueInMs?: number): OfferStop {
  return { do: 'stop', to, code, reason, ...(dueInMs === undefined ? {} : { dueInMs }) }
}

/** The part of the costs of a share that the customer is given: the rest is what it takes to make the offer. */
const givenShareOf = ({ cost, discount }: OfferFact['action']): number =>
  cost.share === 0 ? 0 : Math.min(discount, cost.share) / cost.share

function ownCode(
  intervention: InterventionId,
  fulfilment: OfferTerms['fulfilment'],
  delivery: 'sandbox' | 'live',
): string | null {
  if (delivery === 'sandbox') return madeUpCode(intervention, 'TEST')
  return fulfilment === 'person' ? madeUpCode(intervention, 'HF') : null
}

/** Days that a person has at least to use a code. */
const LEAST_DAYS = 3

const usableUntil = (now: Date): string => dayAfter(now, LEAST_DAYS)

function dayAfter(now: Date, days: number): string {
  return new Date(now.getTime() + days * 86_400_000).toISOString().slice(0, 10)
}

/** Of an offer that no code of a pool stands for: to record it by, and in the sandbox to show one. Always the same. */
function madeUpCode(intervention: InterventionId, prefix: 'HF' | 'TEST'): string {
  const digest = createHash('sha256').update(`offer ${intervention}`).digest()
  return `${prefix}-${Array.from(digest.subarray(0, 10), (byte) => LETTERS[byte % 32]).join('')}`
}

/** Crockford's base 32: no letter looks like a digit. */
const LETTERS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
