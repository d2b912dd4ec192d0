/** What customers pay for, out of the deals that belong to them. */
import { isCurrency, minorDigits } from '../../src/contracts/money.ts'
import { HoldfastError } from '../../src/contracts/errors.ts'
import type { Agreement } from '../connector.ts'
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
  /** Of the account: what amounts are in where deals have no currency of their own; null unknown. */
  readonly currency: () => Promise<string | null>
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
  const home = await homeCurrency(source)
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
  return [...new Set(['pipeline', 'dealstage', ...Object.values(chosen(deals))])]
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

/**
 * Where deals have no property for it all amounts are in the account's currency. Where they have, an empty one says
 * nothing: the amount is then unknown, and not guessed.
 */
async function homeCurrency({ deals, properties, currency }: AgreementSource): Promise<string | null> {
  return properties.has(deals.currencyProperty) ? null : currency()
}

function counts(
  { pipeline, dealstage }: RawRecord['properties'],
  { pipeline: wanted, stages }: DealAgreements,
): boolean {
  if (wanted !== null && pipeline !== wanted) return false
  return stages.length === 0 || stages.includes(dealstage ?? '')
}

function agreementOf({ id, properties }: RawRecord, deals: DealAgreements, home: string | null): Agreement {
  const text = (name: string | undefined): string =>
    name === undefined ? '' : (properties[name] ?? '').trim()
  const currency = (text(deals.currencyProperty) || home || '').toUpperCase()
  const amount = text(deals.amountProperty)
  const value = amount === '' ? NaN : Number(amount)
  const known = isCurrency(currency) && Number.isFinite(value)
  const { periodMonths } = deals
  return {
    externalId: id,
    amountMinor: known ? Math.round(value * 10 ** minorDigits(currency)) : null,
    currency: known ? currency : null,
    periodMonths: typeof periodMonths === 'number' ? periodMonths : readPeriod(text(periodMonths.property)),
    startDate: day(text(deals.startProperty)),
    renewalDate: day(text(deals.renewalProperty)),
    noticeDate: day(text(deals.noticeProperty)),
    autoRenewal: yesOrNo(text(deals.autoRenewalProperty)),
  }
}

const day = (text: string): string | null => isoTime(text)?.slice(0, 10) ?? null

/**
 * Months of a period as portals write it: a number of months, ISO 8601 ("P1Y", as line items have it), or a word.
 *
 * @returns null where it is none of these
 * @example readPeriod('P12M') // 12
 */
export function readPeriod(text: string): number | null {
  if (/^\d+(\.0+)?$/.test(text)) return positive(Number(text))
  const iso = /^P(?:(\d+)Y)?(?:(\d+)M)?$/i.exec(text)
  if (iso !== null) return positive(Number(iso[1] ?? 0) * 12 + Number(iso[2] ?? 0))
  return WORDS.get(text.toLowerCase().replaceAll(/[^a-z]/g, '')) ?? null
}

const positive = (months: number): number | null => (months >= 1 && months <= 1200 ? months : null)

const WORDS: ReadonlyMap<string, number> = new Map([
  ['monthly', 1],
  ['month', 1],
  ['quarterly', 3],
  ['quarter', 3],
  ['persixmonths', 6],
  ['semiannually', 6],
  ['biannually', 6],
  ['halfyearly', 6],
  ['annually', 12],
  ['annual', 12],
  ['yearly', 12],
  ['year', 12],
  ['pertwoyears', 24],
  ['perthreeyears', 36],
  ['perfouryears', 48],
  ['perfiveyears', 60],
])

function yesOrNo(text: string): boolean | null {
  if (/^(true|yes|ja|oui|si|sí|1)$/i.test(text)) return true
  return /^(false|no|nein|non|0)$/i.test(text) ? false : null
}
