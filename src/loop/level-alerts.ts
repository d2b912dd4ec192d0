/**
 * Whoever is responsible hears when the risk of their customers rose to HIGH: one e-mail that lists the most valuable of
 * them, and no more e-mails in a day than the settings allow. What comes beyond waits for the next one.
 */
import { minorDigits } from '../contracts/money.ts'
import type { AlertSettings } from '../settings/alerts.ts'
import type { Transaction } from '../store/database.ts'
import { risenCustomers, toldLevels, type RisenCustomer, type ToldLevels } from '../store/level-alerts.ts'
import { listWebhooks } from '../store/outgoing-webhooks.ts'
import { setToldUntil, toldUntil } from '../store/told.ts'
import { tell, type Telling } from './tell.ts'

const DAY = 86_400_000
/** A rise that is older is no news. */
const NEWS_MS = 7 * DAY
/** Ids that one notice carries. */
const MOST_IDS = 1000

/**
 * Safe to repeat. What rose before it was turned on is told to nobody.
 *
 * @returns how many hear of something now
 * @example
 * await tellLevels(tx, settings.alerts, now) // 2
 */
export async function tellLevels(
  tx: Transaction,
  { levels, names }: AlertSettings,
  now: Date,
): Promise<number> {
  const programs = (await listWebhooks(tx)).filter(
    ({ status, kinds }) => status === 'active' && kinds.includes('customer.level'),
  )
  const asked = levels.enabled && levels.perDay > 0
  if (!asked && programs.length === 0) return 0
  const begun = await toldUntil(tx, 'levels')
  if (begun === null) {
    await setToldUntil(tx, 'levels', now)
    return 0
  }
  const risen = await risenCustomers(tx, new Date(Math.max(begun.getTime(), now.getTime() - NEWS_MS)))
  if (risen.length === 0) return 0
  const told = await toldLevels(tx)
  const all = [
    ...(asked ? toPeople(risen, told, { ...levels, names, now }) : []),
    ...programs.flatMap(({ id }) => {
      const news = unknownTo(id, risen, told).slice(0, MOST_IDS)
      return news.length === 0
        ? []
        : [{ ...noticeOf(news, { most: levels.most, names, now, to: id }), webhook: id }]
    }),
  ]
  let heard = 0
  for (const one of all) heard += await tell(tx, one)
  return heard
}

interface Terms {
  readonly most: number
  readonly names: boolean
  readonly now: Date
}

function toPeople(
  risen: readonly RisenCustomer[],
  told: readonly ToldLevels[],
  terms: Terms & { readonly perDay: number },
): readonly Telling[] {
  const known = risen.filter(({ responsible }) => responsible !== null)
  // What is in a sandbox is told in the sandbox, and never together with what is not.
  const of = Map.groupBy(
    known,
    ({ responsible, sandbox }) => `${sandbox} ${responsible!.address.toLowerCase()}`,
  )
  return [...of.values()].flatMap((theirs) => {
    const [{ responsible, sandbox }] = theirs
    const address = responsible!.address.toLowerCase()
    const today = told.filter(
      ({ target, at }) => target === address && terms.now.getTime() - at.getTime() < DAY,
    )
    const news = unknownTo(address, theirs, told).slice(0, MOST_IDS)
    if (news.length === 0 || today.length >= terms.perDay) return []
    const to = `${sandbox ? 'sandbox ' : ''}${address}`
    return [
      {
        ...noticeOf(news, { ...terms, to }),
        to: [{ name: responsible!.name, address }],
        onlyTo: true,
        rehearsal: sandbox,
      },
    ]
  })
}

function unknownTo(
  target: string,
  risen: readonly RisenCustomer[],
  told: readonly ToldLevels[],
): readonly RisenCustomer[] {
  const knownSince = new Map<number, number>()
  for (const one of told)
    if (one.target === target)
      for (const customer of one.customers)
        knownSince.set(customer, Math.max(knownSince.get(customer) ?? 0, one.at.getTime()))
  return risen.filter(({ customer, levelSince }) => (knownSince.get(customer) ?? 0) < levelSince.getTime())
}

function noticeOf(
  news: readonly RisenCustomer[],
  { most, names, now, to }: Terms & { readonly to: string },
): Telling {
  const many = news.length === 1 ? 'One customer' : `${news.length} customers`
  const listed = news.slice(0, most).map((one) => `- ${lineOf(one)}`)
  const others = news.length - listed.length
  const intro = `The risk of ${news.length === 1 ? 'this customer' : 'these customers'} to leave rose to the level HIGH:`
  return {
    kind: 'customer.level',
    level: 'info',
    subject: `${many} may leave`,
    text: [intro, '', ...listed, ...(others > 0 ? [`- and ${others} more`] : [])].join('\n'),
    unnamed: `${many} rose to the level HIGH. Your list in the CRM tells who.`,
    data: { customers: news.map(({ customer }) => customer) },
    dedupKey: `levels ${to} ${now.toISOString()}`,
    ...(names && news.length === 1 ? { customer: news[0].customer } : {}),
  }
}

function lineOf({ name, probability, valueAtRiskMinor, currency, reason }: RisenCustomer): string {
  const percent = `risk ${(probability * 100).toFixed(0)} %`
  const value =
    valueAtRiskMinor === null || currency === null
      ? null
      : `${new Intl.NumberFormat('en', { maximumFractionDigits: 0 }).format(valueAtRiskMinor / 10 ** minorDigits(currency))} ${currency} at risk`
  const who = (name ?? 'A customer without a name').replace(/\s+/g, ' ').slice(0, 120)
  return `${who}: ${[percent, value, reason].filter((part) => part !== null).join('; ')}`
}
