/** What customers pay for, out of the deals that belong to them. */
import { HoldfastError } from '../../src/contracts/errors.ts'
import { dayIn, moneyOf, readPeriod, yesOrNo } from '../agreement-values.ts'
import type { Agreement } from '../connector.ts'
import type { HubSpotAccount } from './account.ts'
import { associationsOf } from './associations.ts'
import type { HubSpotClient } from './client.ts'
import type { DealAgreements } from './config.ts'
import type { Objects, RawRecord } from './objects.ts'
import type { Property } from './properties.ts'
import { isoTime } from './values.ts'

export interface AgreementSource {
  readonly client: HubSpotClient
  readonly objects: Objects
  /** Whose agreements: companies or contacts. */
  readonly object: string
  readonly deals: DealAgreements
  /** Definitions of the properties of deals. */
  readonly properties: ReadonlyMap<string, Property>
  /** The same, read anew. */
  readonly recheck: () => Promise<ReadonlyMap<string, Property>>
  /** What amounts are in where deals have no currency of their own, and whose days its times are on. */
  readonly account: () => Promise<Pick<HubSpotAccount, 'currency' | 'timeZone'>>
}

/**
 * @returns an entry for each id, also for those without any
 * @throws HoldfastError `column_missing` when a property of deals that the connection names is gone
 * @example
 * (await dealAgreements(source, ['4711'])).get('4711')?.[0].renewalDate
 */
export async function dealAgreements(
  source: AgreementSource,
  ids: readonly string[],
): Promise<ReadonlyMap<string, readonly Agreement[]>> {
  const { client, objects, object, deals } = source
  const named = dealProperties(deals)
  refuseGone(source)
  const belonging = await associationsOf(client, object, 'deals', ids)
  const dealIds = [...new Set([...belonging.values()].flatMap((list) => list.map(({ id }) => id)))]
  const read = await objects.batch('deals', dealIds, { properties: named })
  // HubSpot passes over a property that it does not know: one that went since then would look like a blank.
  const passedOver = named.some(
    (name) => source.properties.has(name) && !read.some(({ properties }) => Object.hasOwn(properties, name)),
  )
  if (read.length > 0 && passedOver) refuseGone({ deals, properties: await source.recheck() })
  const home = await homeOf(source)
  const agreements = new Map(
    read
      .filter(({ properties }) => counts(properties, deals))
      .map((deal) => [deal.id, agreementOf(deal, deals, home)] as const),
  )
  return new Map(
    [...belonging].map(([id, list]) => {
      const own = [...new Set(list.map((deal) => deal.id))].flatMap((deal) => agreements.get(deal) ?? [])
      return [id, own.toSorted((a, b) => (a.externalId < b.externalId ? -1 : 1))] as const
    }),
  )
}

/** Names of the properties of deals that are read. */
export function dealProperties(deals: DealAgreements): readonly string[] {
  const lost = deals.stages.length === 0 ? [LOST] : []
  return [...new Set(['pipeline', 'dealstage', ...lost, ...Object.values(chosen(deals))])]
}

/** The properties by what they tell; `currency` is there only where the portal keeps several currencies. */
function chosen(deals: DealAgreements): Readonly<Record<string, string>> {
  const { amountProperty, currencyProperty, periodMonths } = deals
  const { startProperty, renewalProperty, noticeProperty, autoRenewalProperty } = deals
  return {
    amount: amountProperty,
    currency: currencyProperty,
    ...(typeof periodMonths === 'object' && { period: periodMonths.property }),
    ...(startProperty !== undefined && { start: startProperty }),
    ...(renewalProperty !== undefined && { renewal: renewalProperty }),
    ...(noticeProperty !== undefined && { notice: noticeProperty }),
    ...(autoRenewalProperty !== undefined && { 'automatic renewal': autoRenewalProperty }),
  }
}

/** Read as missing it would blank what is known of every agreement. */
function refuseGone({ deals, properties }: Pick<AgreementSource, 'deals' | 'properties'>): void {
  for (const [what, name] of Object.entries(chosen(deals))) {
    if (properties.has(name) || (what === 'currency' && name === DEAL_CURRENCY)) continue
    throw new HoldfastError(
      'column_missing',
      `The property "${name}" of deals, which tells the ${what} of agreements, is not in HubSpot any more. Restore it there, or name another one in the settings of the connection. No agreement was changed.`,
      { retryable: true },
    )
  }
}

/** HubSpot's own property, which portals of one currency do not have. */
const DEAL_CURRENCY = 'deal_currency_code'

/** HubSpot's own property: whether the stage is one of deals that came to nothing, whatever it is called. */
const LOST = 'hs_is_closed_lost'

interface Home {
  /** Null: each deal says its own. */
  readonly currency: string | null
  /** Of each property that keeps a moment instead of a day: the day that it is on for the people of the account. */
  readonly day: (name: string, iso: string) => string
}

/**
 * Where deals have no property for it all amounts are in the account's currency. Where they have, an empty one says
 * nothing: the amount is then unknown, and not guessed.
 *
 * A close date is a moment, and HubSpot shows the day on which it is in the time zone of the account: the evening of
 * the 30th in New York is the 1st in UTC.
 */
async function homeOf({ deals, properties, account }: AgreementSource): Promise<Home> {
  const moments = new Set(
    Object.values(chosen(deals)).filter((name) => properties.get(name)?.type === 'datetime'),
  )
  const own = properties.has(deals.currencyProperty)
  if (own && moments.size === 0) return { currency: null, day: (_, iso) => iso.slice(0, 10) }
  const { currency, timeZone } = await account()
  const inZone = dayIn(timeZone)
  return {
    currency: own ? null : currency,
    day: (name, iso) => (moments.has(name) ? inZone(iso) : iso.slice(0, 10)),
  }
}

/** Where no stages are named every deal is one but those that were lost. */
function counts(
  { pipeline, dealstage, [LOST]: lost }: RawRecord['properties'],
  { pipeline: wanted, stages }: DealAgreements,
): boolean {
  if (wanted !== null && pipeline !== wanted) return false
  return stages.length === 0 ? lost !== 'true' : stages.includes(dealstage ?? '')
}

function agreementOf({ id, properties }: RawRecord, deals: DealAgreements, home: Home): Agreement {
  const text = (name: string | undefined): string =>
    name === undefined ? '' : (properties[name] ?? '').trim()
  const amount = text(deals.amountProperty)
  const { periodMonths } = deals
  const day = (name: string | undefined): string | null => {
    const at = isoTime(text(name))
    return at === null || name === undefined ? null : home.day(name, at)
  }
  return {
    externalId: id,
    ...moneyOf(amount === '' ? null : Number(amount), text(deals.currencyProperty) || home.currency),
    periodMonths: typeof periodMonths === 'number' ? periodMonths : readPeriod(text(periodMonths.property)),
    startDate: day(deals.startProperty),
    renewalDate: day(deals.renewalProperty),
    noticeDate: day(deals.noticeProperty),
    autoRenewal: yesOrNo(text(deals.autoRenewalProperty)),
  }
}
