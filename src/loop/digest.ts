/** What happened in a week, told once a week to those who look after Holdfast. */
import { minorDigits } from '../contracts/money.ts'
import { WEEKDAYS, type AlertSettings } from '../settings/alerts.ts'
import { actionNames } from '../settings/planning.ts'
import type { Transaction } from '../store/database.ts'
import { digestCounts, type DigestCounts } from '../store/digest-counts.ts'
import { currentSettings } from '../store/settings-versions.ts'
import { setToldUntil, toldUntil } from '../store/told.ts'
import { keptBackWords } from './kept-back-words.ts'
import { WATCH } from './stop-watch.ts'
import { tell } from './tell.ts'

const DAY = 86_400_000

/**
 * Safe to repeat: each week is told once. The week in which it is turned on is not told.
 *
 * @returns whether a week was told now
 * @example
 * await tellDigest(tx, settings.alerts, now)
 */
export async function tellDigest(tx: Transaction, { digest }: AlertSettings, now: Date): Promise<boolean> {
  if (!digest.enabled) return false
  const week = digestWeek(digest, now)
  const last = await toldUntil(tx, 'digest')
  if (last !== null && last >= week) return false
  await setToldUntil(tx, 'digest', week)
  if (last === null) return false
  const { settings } = await currentSettings(tx)
  const counts = await digestCounts(tx, { from: new Date(now.getTime() - 7 * DAY), to: now })
  const nameOf = actionNames(settings)
  const day = week.toISOString().slice(0, 10)
  await tell(tx, {
    kind: 'digest.weekly',
    level: 'info',
    subject: `Your week with Holdfast, ${day}`,
    text: digestText(counts, nameOf),
    unnamed: digestText(unnamed(counts), nameOf),
    data: { week: day, ...forPrograms(counts) },
    dedupKey: `digest ${day}`,
  })
  return true
}

/** Without what people wrote, and reasons that speak of one customer. */
function unnamed({ suppressed, paused, ...counts }: DigestCounts): DigestCounts {
  return {
    ...counts,
    suppressed: suppressed.map((one) => ({
      ...one,
      reason: one.code === null ? 'no reason was noted' : keptBackWords(one.code),
    })),
    // What stopped by itself tells numbers.
    paused: paused.map((one) => (one.actor === WATCH ? one : { ...one, reason: 'paused by hand' })),
  }
}

/**
 * The date from which the running week is told, as midnight UTC of it: the last of the wanted weekdays whose hour has
 * come, as the calendar of the zone has it, whatever its clocks skip.
 *
 * @example
 * digestWeek({ weekday: 'monday', hour: 7, zone: 'Europe/Vienna' }, new Date('2026-11-21T12:00:00Z')) // 2026-11-16
 */
export function digestWeek(
  { weekday, hour, zone }: Pick<AlertSettings['digest'], 'weekday' | 'hour' | 'zone'>,
  now: Date,
): Date {
  const parts = new Intl.DateTimeFormat('en-u-hc-h23', {
    timeZone: zone,
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
  }).formatToParts(now)
  const part = (type: string): number => Number(parts.find((one) => one.type === type)?.value)
  const today = Date.UTC(part('year'), part('month') - 1, part('day'))
  const since = (new Date(today).getUTCDay() - WEEKDAYS.indexOf(weekday) + 7) % 7
  const days = since === 0 && part('hour') < hour ? 7 : since
  return new Date(today - days * DAY)
}

/**
 * @example
 * digestText(counts, actionNames(settings)) // 'Carried out in the last seven days: 12 (Send Email 12).\n…'
 */
function digestText(counts: DigestCounts, nameOf: (key: string) => string): string {
  const { sent, suppressed, answers, uncertain, awaiting, held, high, atRisk, paused } = counts
  const real = sent.filter(({ sandbox }) => !sandbox)
  const rehearsed = sum(sent) - sum(real)
  const said = [
    amount(answers.replied, 'person answered', 'people answered'),
    amount(answers.unsubscribed, 'person opted out', 'people opted out'),
    amount(answers.complained, 'message was complained of', 'messages were complained of'),
    amount(
      (answers.bounced ?? 0) + (answers.failed ?? 0),
      'message did not arrive',
      'messages did not arrive',
    ),
  ].filter((part) => part !== null)
  const value = atRisk.map(
    ({ currency, minor }) => `${number(minor / 10 ** minorDigits(currency))} ${currency}`,
  )
  const lines = [
    sum(real) === 0
      ? 'Nothing was carried out in the last seven days.'
      : `Carried out in the last seven days: ${number(sum(real))} (${real.map(({ actionKey, many }) => `${nameOf(actionKey)} ${number(many)}`).join(', ')}).`,
    ...(rehearsed === 0 ? [] : [`In the sandbox: ${number(rehearsed)}.`]),
    said.length === 0 ? 'Nobody answered, opted out or complained.' : `${said.join('; ')}.`,
    `Risk: ${amount(high, 'customer is', 'customers are') ?? 'no customer is'} at the level HIGH${value.length === 0 ? '' : `, worth ${value.join(' and ')} a year`}.`,
    ...(awaiting === 0 ? [] : [`Waiting for an approval: ${number(awaiting)}.`]),
    ...(held === 0 ? [] : [`Held back until somebody has looked: ${amount(held, 'customer', 'customers')}.`]),
    ...(uncertain === 0
      ? []
      : [`Nobody knows whether they went out: ${number(uncertain)}. They are not sent again by themselves.`]),
    ...(suppressed.length === 0 ? [] : ['Not sent, and why:']),
    ...suppressed.map(({ reason, many }) => `- ${number(many)}: ${reason}`),
    ...(paused.length === 0 ? [] : ['Paused:']),
    ...paused.map(
      ({ scope, name, reason }) =>
        `- ${scope === 'everything' ? 'everything' : `${scope} ${scope === 'action' ? nameOf(name) : name}`}: ${reason}`,
    ),
  ]
  return lines.join('\n')
}

function forPrograms({ sent, answers, uncertain, awaiting, held, high }: DigestCounts): object {
  return { sent, answers, uncertain, awaiting, held, high }
}

const sum = (all: readonly { readonly many: number }[]): number =>
  all.reduce((total, { many }) => total + many, 0)

const number = (value: number): string =>
  new Intl.NumberFormat('en', { maximumFractionDigits: 0 }).format(value)

function amount(many: number | undefined, one: string, others: string): string | null {
  if (many === undefined || many === 0) return null
  return `${number(many)} ${many === 1 ? one : others}`
}
