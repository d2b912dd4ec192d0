/**
 * The words of a task: what to do, why, and how to put it, read in five seconds by somebody who looks at a list of
 * them. The most important line is the first; what is not known is left out and never made up.
 */
import type { Level } from '../../src/contracts/customer-terms.ts'
import { minorDigits } from '../../src/contracts/money.ts'
import { dueDate, type WorkingHours } from './due-date.ts'
import { fill, PHRASES, taskLanguage, type Phrases, type TaskLanguage } from './phrases.ts'
import { plainLine, plainText } from './plain-text.ts'
import { dateFormat, numberFormat } from '../formats.ts'

export interface TaskInput {
  readonly action: { readonly key: string; readonly name: string }
  /** Whether somebody is to be called. */
  readonly call: boolean
  /** Null: the action gives nothing. */
  readonly offer: TaskOffer | null
  /** Planned cost in minor units; null unknown. */
  readonly cost: Money | null
  readonly customer: {
    readonly name: string | null
    /** What it pays a month; null unknown. */
    readonly pays: Money | null
    /** 'YYYY-MM-DD'. */
    readonly renewalDate: string | null
    /** Null: not scored. */
    readonly risk: { readonly probability: number; readonly level: Level } | null
    /** Sentences, most important first. */
    readonly reasons: readonly string[]
  }
  /** Whom it is about; null: nobody is known. */
  readonly person: {
    readonly name: string | null
    readonly role: string | null
    readonly phone: string | null
    readonly email: string | null
    readonly refusesEmail: boolean
  } | null
  /** What was carried out in the last 12 months, newest first. */
  readonly before: readonly { readonly at: Date; readonly channel: string; readonly action: string }[]
  /** BCP 47: of the company, whose people read it. */
  readonly language: string | null
  readonly now: Date
  /** When the action's time is over. */
  readonly end: Date
  /** Of whoever gets it; default {@link USUAL_HOURS} of due-date.ts. */
  readonly hours?: WorkingHours
  /** The talk track in the company's own words (talk.ts); null or absent: ours. */
  readonly talk?: string | null
}

export interface TaskOffer {
  readonly percent: number
  readonly months: number
  /** What it is recorded by once it is taken, and its last day ('YYYY-MM-DD'); absent: it was not made yet. */
  readonly made?: { readonly code: string; readonly until: string }
  /** What has to be said or sent with it, such as terms. */
  readonly saidWith?: readonly string[]
}

export interface Money {
  readonly minor: number
  readonly currency: string
}

export interface TaskWords {
  readonly language: TaskLanguage
  readonly subject: string
  /** Plain text. */
  readonly body: string
  readonly dueAt: Date
}

/** Business days until it is due: people are called sooner than an offer has to be made. */
const DUE_DAYS = { call: 2, offer: 3 }

/** Characters as people see them. A list shows some 60 of a subject. */
const MOST = { subject: 120, name: 60, reason: 240, part: 80, said: 1200, body: 4000 }
const REASONS = 3
const BEFORE = 3

/**
 * @example
 * composeTask({ action: { key: 'discount_10', name: 'Offer 10% Discount' }, offer: { percent: 10, months: 12 }, … })
 * // { subject: 'Offer Ada Ltd 10 % off for 12 months', body: 'Offer Ada Ltd 10 % off …', dueAt, language: 'en' }
 */
export function composeTask(input: TaskInput): TaskWords {
  const { language, locale } = taskLanguage(input.language)
  const phrases: Phrases = PHRASES[language]
  const days = input.call ? DUE_DAYS.call : DUE_DAYS.offer
  const dueAt = dueDate(input.now, days, input.end, input.hours)
  const form = formOf(input)
  const blanks = {
    customer: plainLine(input.customer.name ?? '', MOST.name) || UNNAMED[language],
    action: plainLine(input.action.name, MOST.part),
    percent: input.offer === null ? '' : number(locale, input.offer.percent),
    months: input.offer === null ? '' : months(locale, input.offer.months),
  }
  const parts = [
    [whatToDo(phrases, form, blanks, input, locale), ...recordLines(phrases, input, locale)].join('\n'),
    section(phrases.why, whyLines(phrases, input, locale)),
    section(phrases.person, [
      personLine(phrases, input),
      ...(input.person?.refusesEmail ? [phrases.noEmail] : []),
    ]),
    section(phrases.before, beforeLines(phrases, input, locale)),
    section(phrases.say, talkLines(phrases, input, blanks)),
    ...saidWith(phrases, input),
    `${fill(phrases.dueBy, { date: date(locale, dueAt, input.hours?.zone) })} ${phrases.from}`,
  ]
  return {
    language,
    subject: plainLine(fill(phrases.subject[form], blanks), MOST.subject),
    body: plainText(parts.join('\n\n'), MOST.body),
    dueAt,
  }
}

type Form = keyof Phrases['subject']

function formOf({ call, offer }: TaskInput): Form {
  if (call) return offer === null ? 'call' : 'callOffer'
  return offer === null ? 'other' : 'offer'
}

function whatToDo(
  phrases: Phrases,
  form: Form,
  blanks: Readonly<Record<string, string>>,
  { cost }: TaskInput,
  locale: string,
): string {
  const what = fill(phrases.todo[form], blanks)
  if (cost === null || cost.minor <= 0) return what
  return `${what} ${fill(phrases.todo.cost, { cost: money(locale, cost) })}`
}

/** Risk, what is paid, renewal, and at most three reasons. */
export function whyLines(
  phrases: Phrases,
  { customer }: Pick<TaskInput, 'customer'>,
  locale: string,
): string[] {
  const { risk, pays, renewalDate } = customer
  const facts = [
    risk === null
      ? null
      : fill(phrases.risk, {
          percent: number(locale, Math.round(risk.probability * 100)),
          level: phrases.levels[risk.level],
        }),
    pays === null ? null : fill(phrases.pays, { amount: money(locale, pays) }),
    renewalDate === null ? null : fill(phrases.renewal, { date: date(locale, new Date(renewalDate)) }),
  ].filter((one) => one !== null)
  const reasons = customer.reasons
    .map((one) => plainLine(one, MOST.reason))
    .filter((one) => one !== '')
    .slice(0, REASONS)
  return [
    ...(facts.length === 0 ? [] : [facts.join(' ')]),
    ...(reasons.length === 0 ? [phrases.noReasons] : reasons.map((one) => `- ${one}`)),
  ]
}

function personLine(phrases: Phrases, { person }: TaskInput): string {
  if (person === null) return phrases.nobody
  const name = plainLine(person.name ?? '', MOST.name)
  const role = plainLine(person.role ?? '', MOST.part)
  const ways = [person.phone, person.refusesEmail ? null : person.email]
    .map((one) => plainLine(one ?? '', MOST.part))
    .filter((one) => one !== '')
  const called = [name, role === '' ? '' : `(${role})`].filter((one) => one !== '').join(' ')
  return [called, ...ways].filter((one) => one !== '').join(', ') || phrases.nobody
}

function recordLines(phrases: Phrases, { offer }: TaskInput, locale: string): string[] {
  if (offer?.made === undefined) return []
  const { code, until } = offer.made
  return [fill(phrases.record, { code: plainLine(code, MOST.part), date: date(locale, new Date(until)) })]
}

function saidWith(phrases: Phrases, { offer }: TaskInput): string[] {
  const texts = offer?.saidWith ?? []
  return texts.length === 0
    ? []
    : [
        section(
          phrases.with,
          texts.map((one) => plainText(one, MOST.said)),
        ),
      ]
}

function beforeLines(phrases: Phrases, { before }: TaskInput, locale: string): string[] {
  if (before.length === 0) return [phrases.nothingBefore]
  return before
    .slice(0, BEFORE)
    .map(
      ({ at, channel, action }) =>
        `- ${date(locale, at)}: ${plainLine(action, MOST.part)} (${phrases.did[channel] ?? channel})`,
    )
}

function talkLines(
  phrases: Phrases,
  { offer, talk }: TaskInput,
  blanks: Readonly<Record<string, string>>,
): string[] {
  if (talk !== undefined && talk !== null) return [talk, phrases.talk.ending]
  const lines = [
    ...phrases.talk.call,
    ...(offer === null ? [] : phrases.talk.offer.map((line) => fill(line, blanks))),
    phrases.talk.ending,
  ]
  return lines.map((line, at) => `${at + 1}. ${line}`)
}

/** A heading with what stands beneath it. */
export const section = (title: string, lines: readonly string[]): string => [title, ...lines].join('\n')

const UNNAMED = { en: 'a customer without a name', de: 'Kunde ohne Namen' } as const satisfies Record<
  TaskLanguage,
  string
>

const number = (locale: string, value: number): string =>
  numberFormat(locale, { maximumFractionDigits: 1 }).format(value)

const months = (locale: string, count: number): string =>
  numberFormat(locale, { style: 'unit', unit: 'month', unitDisplay: 'long' }).format(count)

/** Days as the CRM has them are dates, never instants. */
export const date = (locale: string, at: Date, timeZone = 'UTC'): string =>
  dateFormat(locale, { dateStyle: 'long', timeZone }).format(at)

/** Cents only where there is little of it: nobody decides by them. */
export function money(locale: string, { minor, currency }: Money): string {
  const digits = minorDigits(currency)
  const whole = minor >= 100 * 10 ** digits
  const shown = whole ? 0 : digits
  return numberFormat(locale, {
    style: 'currency',
    currency,
    currencyDisplay: 'code',
    minimumFractionDigits: shown,
    maximumFractionDigits: shown,
  }).format(minor / 10 ** digits)
}
