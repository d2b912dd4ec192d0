/**
 * Billing as the one who fulfils offers: it is asked by a signed webhook, and answers by one. Both directions are told at
 * least once, so that every message can come again, and in another order.
 */
import { z } from 'zod'
import type { HoldfastError } from '../contracts/errors.ts'
import { asIntervention, type TenantId } from '../contracts/ids.ts'
import { signWebhook } from '../security/standard-webhook.ts'
import type { SealedPlace, Vault } from '../security/vault.ts'
import type { ServiceSettings } from '../settings/service.ts'
import type { Transaction } from '../store/database.ts'
import { bookMonths, lockOffers, type FoundOffer } from '../store/offer-redemptions.ts'
import {
  askAgain,
  confirmRequest,
  endOffer,
  refuseRequest,
  requestsTaken,
  takeRequests,
  type OfferRequest,
} from '../store/offer-requests.ts'
import { currentSettings } from '../store/settings-versions.ts'
import { monthTerms, monthsAfter } from './offer-costs.ts'
import { codeProblem } from './offer-files.ts'
import { redeem } from './offer-redeem.ts'
import type { LoopServices } from './services.ts'

/** Where the secret lies that both sides sign with. */
export const BILLING_SECRET: SealedPlace = { owner: 'billing', name: 'webhook_secret' }

/** Sends a request to an address of the settings, which may name no address of this network. Never throws for an answer. */
export type Post = (request: {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}) => Promise<{ readonly status: number }>

export interface BillingServices extends Pick<LoopServices, 'database' | 'clock' | 'log'> {
  readonly vault: Pick<Vault, 'unseal'>
  readonly post: Post
}

/**
 * Asks billing for what waits. What it does not take is asked again later, by itself. As soon as one is not taken the
 * rest of what waits is left for then.
 *
 * @returns how many it took
 * @example
 * await askBilling({ database, clock, log, vault, post }, tenant)
 */
export async function askBilling(services: BillingServices, tenant: TenantId): Promise<number> {
  const { database, vault } = services
  for (let taken = 0; ;) {
    const asking = await database.withTenant(tenant, async (tx) => {
      const { url } = (await currentSettings(tx)).settings.offers.billing
      if (url === null) return null
      const secret = await vault.unseal(tx, BILLING_SECRET)
      if (secret === null) return null
      return { url, secret: secret.toString(), requests: await takeRequests(tx, AT_ONCE) }
    })
    if (asking === null || asking.requests.length === 0) return taken
    const { requests } = asking
    const answers = await Promise.all(
      requests.map((request) => isTaken(services, { ...asking, tenant, request })),
    )
    const [yes, no] = [true, false].map((wanted) =>
      requests.flatMap(({ offer }, at) => (answers[at] === wanted ? [offer] : [])),
    )
    await database.withTenant(tenant, async (tx) => {
      await requestsTaken(tx, yes)
      await askAgain(tx, no)
    })
    taken += yes.length
    if (no.length > 0 || requests.length < AT_ONCE) return taken
  }
}

/** Requests on their way at once. */
const AT_ONCE = 16

async function isTaken(
  { clock, log, post }: BillingServices,
  {
    url,
    secret,
    tenant,
    request,
  }: {
    readonly url: string
    readonly secret: string
    readonly tenant: TenantId
    readonly request: OfferRequest
  },
): Promise<boolean> {
  const body = JSON.stringify(requestBody(request, clock()))
  const headers = {
    'content-type': 'application/json',
    // The same for every attempt, by which billing tells repetitions.
    ...signWebhook(secret, { id: `offer_${request.offer}`, at: clock(), body }),
  }
  try {
    const { status } = await post({ url, headers, body })
    if (status >= 200 && status < 300) return true
    log.warn({ tenant, offer: request.offer, status }, 'billing did not take a request for an offer')
  } catch (err) {
    log.warn({ tenant, offer: request.offer, err }, 'billing could not be asked for an offer')
  }
  return false
}

function requestBody(request: OfferRequest, now: Date): object {
  const { connection, object, customer, basisPoints, answerUntil, actionKey, ...offer } = request
  return {
    type: 'offer.requested',
    timestamp: now.toISOString(),
    data: {
      ...offer,
      action: actionKey,
      percent: basisPoints / 100,
      customer: { connection, object, id: customer },
      answerUntil: answerUntil.toISOString(),
    },
  }
}

const id = z.uuid('takes the id of an offer')
const code = z
  .string()
  .trim()
  .refine((text) => codeProblem(text) === null, {
    error: ({ input }) => codeProblem(String(input)) ?? 'is no code',
  })
const moment = z.iso.datetime({ offset: true, error: 'takes a time with its zone' })
const named = z.string().trim().min(1).max(64)
const minor = z.int().min(0)
const currency = z.string().regex(/^[A-Z]{3}$/, 'takes an ISO 4217 code')

/** What billing may say. Fields that are not known are left alone: billing sends what it has. */
export const billingEvent = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('offer.confirmed'),
    data: z.object({ offer: id, code, expiresOn: z.iso.date().optional() }),
  }),
  z.object({
    type: z.literal('offer.refused'),
    data: z.object({ offer: id, reason: z.string().trim().min(1).max(300) }),
  }),
  z.object({
    type: z.literal('offer.redeemed'),
    data: z.object({
      /** The code or the id of the offer. */
      code: named,
      redeemedAt: moment,
      reference: z.string().trim().min(1).max(200).optional(),
      monthlyMinor: minor.optional(),
      currency: currency.optional(),
    }),
  }),
  z.object({
    type: z.literal('offer.charged'),
    /** What the `month`th month (from 1) of a taken offer was given off. */
    data: z.object({ code: named, month: z.int().min(1).max(60), givenMinor: minor, currency }),
  }),
  z.object({ type: z.literal('offer.ended'), data: z.object({ code: named, at: moment }) }),
])

export type BillingEvent = z.infer<typeof billingEvent>

export type BillingResult =
  /** `known`: it changes nothing, since it was told before. */
  | { readonly result: 'taken' | 'known' }
  /** It changes nothing, and would not if it came again. */
  | { readonly result: 'refused'; readonly code: HoldfastError['code']; readonly message: string }

/**
 * Takes what billing says. Each can come again without harm.
 *
 * @param tx of the tenant whose secret signed it
 * @example
 * await takeBillingEvent(tx, { type: 'offer.confirmed', data: { offer, code: 'B-7F3A' } }, { settings, now })
 */
export async function takeBillingEvent(
  tx: Transaction,
  event: BillingEvent,
  { settings, now }: { readonly settings: ServiceSettings; readonly now: Date },
): Promise<BillingResult> {
  if (event.type === 'offer.redeemed') {
    const { code: asked, redeemedAt, reference = null, monthlyMinor, currency: paid } = event.data
    const base =
      monthlyMinor === undefined || paid === undefined ? null : { minor: monthlyMinor, currency: paid }
    const said = { code: asked, redeemedAt: new Date(redeemedAt), reference, base }
    const [result] = await redeem(tx, [said], { source: 'billing', actor: 'billing', settings, now })
    if (result.outcome === 'refused') return refused(result.error, result.message)
    return { result: result.outcome === 'known' ? 'known' : 'taken' }
  }
  const asked =
    event.type === 'offer.confirmed' || event.type === 'offer.refused' ? event.data.offer : event.data.code
  const [offer] = await lockOffers(tx, [asked])
  if (offer === undefined) return refused('not_found', `There is no offer "${asked}".`)
  if (event.type === 'offer.confirmed') return confirm(tx, offer, event.data)
  if (event.type === 'offer.refused') {
    if (offer.status === 'refused') return { result: 'known' }
    const said = await refuseRequest(tx, { offer: offer.intervention, reason: event.data.reason })
    return said ? { result: 'taken' } : late(offer)
  }
  if (event.type === 'offer.ended') {
    const ended = await endOffer(tx, offer.intervention, new Date(event.data.at))
    if (ended) return { result: 'taken' }
    return offer.endedAt === null ? notTaken() : { result: 'known' }
  }
  return charge(tx, offer, event.data, settings)
}

async function confirm(
  tx: Transaction,
  offer: FoundOffer,
  { code: given, expiresOn }: Extract<BillingEvent, { type: 'offer.confirmed' }>['data'],
): Promise<BillingResult> {
  if (offer.code !== null && offer.code.toUpperCase() === given.toUpperCase()) return { result: 'known' }
  const confirmed = await confirmRequest(tx, {
    offer: asIntervention(offer.intervention),
    code: given,
    expiresOn: expiresOn ?? null,
    actor: 'billing',
  })
  if (confirmed === 'confirmed') return { result: 'taken' }
  if (confirmed === 'code_taken')
    return refused('conflict', `The code "${given}" stands for another offer already. Send another one.`)
  return late(offer)
}

async function charge(
  tx: Transaction,
  offer: FoundOffer,
  { month, givenMinor, currency: paid }: Extract<BillingEvent, { type: 'offer.charged' }>['data'],
  settings: ServiceSettings,
): Promise<BillingResult> {
  if (offer.redemption === null) return notTaken()
  if (month > offer.months)
    return refused(
      'request_invalid',
      `The offer lasts ${offer.months === 1 ? 'one month' : `${offer.months} months`}; there is no month ${month}.`,
    )
  if (!settings.offers.billing.reportsCosts)
    return refused(
      'conflict',
      'What offers cost is reckoned from the recurring amount. Have billing report it: settings, offers.billing.reportsCosts.',
    )
  // What was sent into the sandbox costs nothing.
  if (offer.delivery === 'sandbox') return { result: 'known' }
  const terms = monthTerms(settings)
  const exact = terms.currency === offer.currency ? terms.converted(givenMinor, paid) : null
  const minor = exact === null ? null : Math.round(exact)
  if (minor === null)
    return refused(
      'conflict',
      `There is no rate for ${paid} (settings: currency). Set one, and send it again.`,
    )
  const booked = await bookMonths(tx, [
    {
      intervention: offer.intervention,
      month: month - 1,
      at: monthsAfter(offer.redemption.redeemedAt, month - 1),
      givenMinor,
      givenCurrency: paid,
      minor,
      currency: offer.currency,
      source: 'billing',
    },
  ])
  return { result: booked > 0 ? 'taken' : 'known' }
}

const notTaken = (): BillingResult =>
  refused('conflict', 'Nobody said that the offer was taken. Send offer.redeemed first, then this again.')

const late = ({ status }: FoundOffer): BillingResult =>
  refused(
    'conflict',
    `The offer waits for no answer: ${status === 'requested' ? 'the time for it is over' : `it is ${status}`}. Cancel the code on your side.`,
  )

const refused = (error: HoldfastError['code'], message: string): BillingResult => ({
  result: 'refused',
  code: error,
  message,
})
