/** Offers: what was promised and what became of it, that one was taken, and the codes that fulfil them. */
import { z } from 'zod'
import { HoldfastError } from '../../contracts/errors.ts'
import { asCustomer } from '../../contracts/ids.ts'
import { BILLING_SECRET } from '../../loop/offer-billing.ts'
import { importCodes, importRedemptions, POOL_NAME } from '../../loop/offer-imports.ts'
import { redeem } from '../../loop/offer-redeem.ts'
import { makeWebhookSecret } from '../../security/standard-webhook.ts'
import { recordAudit } from '../../store/audit.ts'
import { answerOnce } from '../../store/idempotent-requests.ts'
import { dropFreeCodes, listPools } from '../../store/offer-codes.ts'
import { OFFER_STATUSES } from '../../store/offers.ts'
import { findOffer, listOffers, type OfferLine } from '../../store/reads/offers.ts'
import { currentSettings } from '../../store/settings-versions.ts'
import { route } from '../route.ts'
import * as shape from './shapes.ts'

const offer = z.object({
  id: shape.interventionId.meta({ description: 'Of the intervention that makes the offer' }),
  customer: shape.customerId,
  customerName: z.string().nullable(),
  connection: shape.connectionId,
  actionKey: shape.actionKey,
  status: z.enum(OFFER_STATUSES).meta({
    description:
      'requested: billing was asked. reserved: fulfilled, not sent yet. issued: it reached somebody. withdrawn: it never went out',
  }),
  statusReason: z.string().nullable(),
  fulfilment: z.enum(['person', 'pool', 'billing']),
  delivery: z.enum(['sandbox', 'live']),
  code: z.string().nullable().meta({ example: 'SPRING-7F3A' }),
  percent: z.number().meta({ example: 10 }),
  months: z.int().meta({ description: 'How long it lasts from when it is taken' }),
  expiresOn: shape.date.meta({ description: 'The last day on which it can be taken' }),
  jurisdiction: z.string().nullable().meta({ description: 'Country of the recipient' }),
  terms: z.string().nullable(),
  disclosure: z.string().nullable().meta({ description: 'What was said of how the price was chosen' }),
  baseMinor: shape.minor('Recurring amount of a month when it was made, in baseCurrency'),
  baseCurrency: shape.currency.nullable(),
  createdAt: shape.time,
  issuedAt: shape.time.nullable(),
  answerUntil: shape.time.nullable().meta({ description: 'Until when billing may answer' }),
  redeemedAt: shape.time.nullable(),
  redeemedBy: z.enum(['api', 'file', 'crm', 'billing']).nullable(),
  reference: z.string().nullable(),
  endedAt: shape.time.nullable(),
  monthsBooked: z.int().meta({ description: 'Months that it has cost something so far' }),
  costMinor: shape.minor('What it cost so far'),
  currency: shape.currency,
})

function described({ intervention, basisPoints, askUntil, ...line }: OfferLine): object {
  return { ...line, id: intervention, percent: basisPoints / 100, answerUntil: askUntil }
}

const codeParams = z.strictObject({
  code: shape
    .word(64)
    .meta({ description: 'The code however it is written, or the id', example: 'SPRING-7F3A' }),
})
const poolParams = z.strictObject({
  pool: z.string().regex(POOL_NAME, 'takes small letters, digits, - and _'),
})

const FILE_LIMIT = 8 * 1024 * 1024

export const offerPoolsAnswer = z.object({
  items: z.array(
    z.object({
      pool: z.string().meta({ example: 'spring' }),
      free: z.int(),
      few: z.boolean().meta({ description: 'Fewer than the settings want (offers.fewCodes)' }),
      taken: z.int(),
      ended: z.int().meta({ description: 'Free, and past their last day' }),
      nextEnd: shape.date.nullable().meta({ description: 'When the next free one ends' }),
      importedAt: shape.time.nullable().meta({ description: 'The last ones; null: none yet' }),
    }),
  ),
})
export type OfferPoolsAnswer = z.infer<typeof offerPoolsAnswer>

export const offerRoutes = [
  route({
    method: 'get',
    path: '/v1/offers',
    summary: 'Offers, newest first',
    description:
      'With status=requested: what billing is to confirm, for those who ask instead of being asked.',
    tag: 'Offers',
    access: { scope: 'read', role: 'viewer' },
    query: z.strictObject({
      ...shape.pageQuery,
      status: z.enum(OFFER_STATUSES).optional(),
      customer: shape.customerInText.optional(),
    }),
    answers: { 200: { description: 'A page of offers', schema: shape.pageOf(offer) } },
    handle: async ({ tenant, query }, { database }) => {
      const customer = query.customer === undefined ? undefined : asCustomer(query.customer)
      const page = await database.withTenant(tenant, (tx) => listOffers(tx, { ...query, customer }))
      return { status: 200, body: { ...page, items: page.items.map(described) } }
    },
  }),
  route({
    method: 'get',
    path: '/v1/offers/{code}',
    summary: 'One offer with what it cost so far',
    tag: 'Offers',
    access: { scope: 'read', role: 'viewer' },
    params: codeParams,
    answers: { 200: { description: 'The offer', schema: offer } },
    handle: async ({ tenant, params }, { database }) => {
      const found = await database.withTenant(tenant, (tx) => findOffer(tx, params.code))
      if (found === null) throw new HoldfastError('not_found', `There is no offer "${params.code}".`)
      return { status: 200, body: described(found) }
    },
  }),
  route({
    method: 'post',
    path: '/v1/offers/{code}/redemptions',
    summary: 'Says that an offer was taken',
    description:
      'Its cost is booked from then on, a month at a time. An offer counts once: the same again with the same reference changes nothing, with another one it is refused (409).',
    tag: 'Offers',
    access: { scope: 'write', role: 'operator' },
    params: codeParams,
    headers: z.object({
      'idempotency-key': z
        .string('is missing: name this request, for example with a UUID, so that it is carried out once')
        .regex(/^[\x21-\x7e]{1,200}$/, 'takes 1 to 200 visible ASCII characters')
        .meta({ description: 'A name of your own for this request, such as a UUID' }),
    }),
    body: shape
      .body({
        redeemedAt: shape.moment.optional().meta({ description: 'Default: now' }),
        reference: shape.text(200).optional().meta({ description: 'The invoice or order' }),
        monthlyMinor: z
          .int('takes whole minor units')
          .min(0, 'takes 0 or more')
          .optional()
          .meta({ description: 'What the discount is given off, a month, in minor units of currency' }),
        currency: shape.currency.optional(),
      })
      .refine((said) => (said.monthlyMinor === undefined) === (said.currency === undefined), {
        error: 'an amount needs its currency, and a currency its amount',
        path: ['currency'],
      })
      .default({}),
    answers: { 200: { description: 'The offer as it is now', schema: offer } },
    handle: async ({ tenant, params, headers, body, caller, requestId }, { database, clock }) =>
      database.withTenant(tenant, (tx) => {
        const { code } = params
        const keyed = {
          route: 'POST /v1/offers/{code}/redemptions',
          key: headers['idempotency-key'],
          body: { code, ...body },
        }
        return answerOnce(tx, keyed, async () => {
          const now = clock()
          const { settings } = await currentSettings(tx)
          const { redeemedAt, reference = null, monthlyMinor, currency } = body
          const said = {
            code,
            redeemedAt: redeemedAt === undefined ? now : new Date(redeemedAt),
            reference,
            base:
              monthlyMinor === undefined || currency === undefined ? null : { minor: monthlyMinor, currency },
          }
          const [result] = await redeem(tx, [said], { source: 'api', actor: caller.actor, settings, now })
          if (result.outcome === 'refused') throw new HoldfastError(result.error, result.message)
          if (result.outcome === 'redeemed')
            await recordAudit(tx, {
              actor: caller.actor,
              action: 'offer.redeem',
              object: result.offer.intervention,
              requestId,
            })
          const after = await findOffer(tx, result.offer.intervention)
          return { status: 200, body: after === null ? null : described(after) }
        })
      }),
  }),
  route({
    method: 'post',
    path: '/v1/offer-redemptions',
    summary: 'Says of a whole file what was taken (text/csv)',
    description:
      'Columns code and redeemed_at; if wished reference, monthly_amount and currency. Lines that are refused change nothing and are listed; the others are recorded. The same file can be sent again.',
    tag: 'Offers',
    access: { scope: 'write', role: 'operator' },
    bodyLimit: FILE_LIMIT,
    answers: {
      200: {
        description: 'What became of the lines',
        schema: z.object({
          redeemed: z.int(),
          known: z.int().meta({ description: 'Recorded before' }),
          refused: z.int(),
          problems: z
            .array(z.object({ line: z.int(), code: z.string(), message: z.string() }))
            .meta({ description: 'The first 100' }),
        }),
      },
    },
    handle: async (request, { database, clock }) => {
      const { tenant, caller, requestId } = request
      const text = (await request.bytes()).toString()
      const said = { text, now: clock(), actor: caller.actor, requestId }
      const body = await database.withTenant(tenant, (tx) => importRedemptions(tx, said))
      return { status: 200, body }
    },
  }),
  route({
    method: 'get',
    path: '/v1/offer-pools',
    summary: 'Pools of codes and how many are free',
    tag: 'Offers',
    access: { scope: 'read', role: 'viewer' },
    answers: {
      200: {
        description: 'By name',
        schema: offerPoolsAnswer,
      },
    },
    handle: async ({ tenant }, { database, clock }) => ({
      status: 200,
      body: await database.withTenant(tenant, async (tx) => {
        const { settings } = await currentSettings(tx)
        const pools = await listPools(tx, clock().toISOString().slice(0, 10))
        // What the settings name and nobody brought a code into is the emptiest of all.
        const named = Object.values(settings.offers.fulfilment).flatMap((one) =>
          one.by === 'pool' ? [one.pool] : [],
        )
        const empty = [...new Set(named)]
          .filter((name) => !pools.some(({ pool }) => pool === name))
          .map((pool) => ({ pool, free: 0, taken: 0, ended: 0, importedAt: null, nextEnd: null }))
        const all = [...pools, ...empty].toSorted((a, b) => (a.pool < b.pool ? -1 : 1))
        return { items: all.map((one) => ({ ...one, few: one.free < settings.offers.fewCodes })) }
      }),
    }),
  }),
  route({
    method: 'post',
    path: '/v1/offer-pools/{pool}/codes',
    summary: 'Imports codes into a pool (text/csv)',
    description:
      'A code a line, or the columns code and valid_until. What is known already, in this pool or another, is left as it is. Offers that wait for a code are looked at at once.',
    tag: 'Offers',
    access: { scope: 'admin', role: 'admin' },
    params: poolParams,
    bodyLimit: FILE_LIMIT,
    answers: {
      200: {
        description: 'How many are new',
        schema: z.object({ added: z.int(), known: z.int() }),
      },
    },
    handle: async (request, { database, queue }) => {
      const { tenant, caller, params, requestId } = request
      const text = (await request.bytes()).toString()
      return database.withTenant(tenant, async (tx) => {
        const body = await importCodes(tx, { pool: params.pool, text, actor: caller.actor, requestId })
        if (queue !== null) tx.afterCommit(() => queue.wake(tenant))
        return { status: 200, body }
      })
    },
  }),
  route({
    method: 'delete',
    path: '/v1/offer-pools/{pool}/codes',
    summary: 'Takes the free codes out of a pool',
    description: 'Codes that were given to an offer stay known, and are given to no other.',
    tag: 'Offers',
    access: { scope: 'admin', role: 'admin' },
    params: poolParams,
    answers: { 200: { description: 'How many went', schema: z.object({ removed: z.int() }) } },
    handle: async ({ tenant, params, caller, requestId }, { database }) => ({
      status: 200,
      body: await database.withTenant(tenant, async (tx) => {
        const removed = await dropFreeCodes(tx, params.pool)
        await recordAudit(tx, {
          actor: caller.actor,
          action: 'offer.remove_codes',
          object: params.pool,
          detail: { removed },
          requestId,
        })
        return { removed }
      }),
    }),
  }),
  route({
    method: 'post',
    path: '/v1/billing-secret',
    summary: 'Makes the secret that webhooks to and from billing are signed with',
    description: 'It is shown this once. The one before does not work any more.',
    tag: 'Offers',
    access: { scope: 'admin', role: 'admin' },
    answers: {
      201: {
        description: 'The secret, and the address that billing sends its webhooks to',
        schema: z.object({ secret: z.string(), path: z.string() }),
      },
    },
    handle: async ({ tenant, caller, requestId }, { database, vault }) => {
      const secret = makeWebhookSecret()
      await database.withTenant(tenant, async (tx) => {
        await vault.seal(tx, BILLING_SECRET, secret)
        await recordAudit(tx, { actor: caller.actor, action: 'offer.billing_secret', requestId })
      })
      return { status: 201, body: { secret, path: `/webhooks/billing/${tenant}` } }
    },
  }),
] as const
