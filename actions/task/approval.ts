/**
 * The words of a task that asks for a yes: what would be sent, why, what it costs, until when it can be answered, and
 * what completing the task means, so that nobody completes it by the way.
 */
import type { Message } from '../channel.ts'
import { date, money, section, whyLines, type Money, type TaskInput } from './compose.ts'
import { dueDate, type WorkingHours } from './due-date.ts'
import { fill, PHRASES, taskLanguage, type TaskLanguage } from './phrases.ts'
import { plainLine, plainText } from './plain-text.ts'

export interface ApprovalInput {
  /** As people say it: "Discount of 10 %". */
  readonly action: string
  readonly channel: 'email' | 'sms' | 'task'
  readonly customer: TaskInput['customer']
  /** Null: nothing is costed. */
  readonly cost: Money | null
  /** As it would go out today; null: it cannot be said, and `held` may say why. */
  readonly message: Message | null
  /** Why it would not go out as things stand, a sentence; null: it would. */
  readonly held: string | null
  /** The first moment at which an answer is too late. */
  readonly until: Date
  /** Where it can be answered as well, https; null: nowhere that a link could lead to. */
  readonly link: string | null
  /** BCP 47: of the company, whose people read it. */
  readonly language: string | null
  readonly now: Date
  /** Of whoever is asked; default {@link USUAL_HOURS} of due-date.ts. */
  readonly hours?: WorkingHours
}

/** Characters: an e-mail is read in Holdfast, the task says what it is about. */
const MOST = { subject: 120, name: 60, line: 240, message: 2500, body: 6000 }

/**
 * @example
 * composeApproval({ action: 'Discount of 10 %', channel: 'email', … })
 * // { subject: 'Approve: Discount of 10 % (e-mail) for Ada Ltd', body: 'Completing this task approves it …', dueAt }
 */
export function composeApproval(input: ApprovalInput): {
  readonly subject: string
  readonly body: string
  readonly dueAt: Date
} {
  const { language, locale } = taskLanguage(input.language)
  const words: Words = WORDS[language]
  const blanks = {
    action: plainLine(input.action, MOST.name),
    channel: words.channels[input.channel],
    customer: plainLine(input.customer.name ?? '', MOST.name) || words.unnamed,
  }
  const { cost, held, link } = input
  const parts = [
    words.answer,
    section(words.what, [
      fill(words.through, blanks),
      ...messageLines(input.message, words),
      ...(held === null ? [] : [`${words.held} ${plainLine(held, MOST.line)}`]),
    ]),
    section(PHRASES[language].why, whyLines(PHRASES[language], input, locale)),
    section(words.costs, [
      cost === null || cost.minor <= 0 ? words.nothing : fill(words.about, { cost: money(locale, cost) }),
    ]),
    section(words.until, [
      fill(words.end, { date: date(locale, input.until, input.hours?.zone) }),
      ...(link === null ? [] : [fill(words.elsewhere, { link })]),
    ]),
    PHRASES[language].from,
  ]
  return {
    subject: plainLine(fill(words.subject, blanks), MOST.subject),
    body: plainText(parts.join('\n\n'), MOST.body),
    dueAt: dueDate(input.now, 1, input.until, input.hours),
  }
}

function messageLines(message: Message | null, words: Words): string[] {
  if (message === null) return [words.unwritten]
  if (message.kind === 'sms') return [fill(words.to, { whom: message.to }), '', message.text]
  const text = plainText(message.text, MOST.message)
  if (message.kind === 'task') return [plainLine(message.subject, MOST.line), '', text]
  const { name, address } = message.to
  return [
    fill(words.to, { whom: plainLine(name === null ? address : `${name} <${address}>`, MOST.line) }),
    fill(words.headed, { subject: plainLine(message.subject, MOST.line) }),
    '',
    // Whoever reads the task must not unsubscribe the person by a click.
    text.replaceAll(message.unsubscribe.url, '[…]'),
  ]
}

/** Blanks in braces. */
interface Words {
  readonly subject: string
  readonly channels: Readonly<Record<ApprovalInput['channel'], string>>
  readonly unnamed: string
  readonly answer: string
  readonly what: string
  readonly through: string
  readonly to: string
  readonly headed: string
  readonly unwritten: string
  readonly held: string
  readonly costs: string
  readonly about: string
  readonly nothing: string
  readonly until: string
  readonly end: string
  readonly elsewhere: string
}

const WORDS = {
  en: {
    subject: 'Approve: {action} ({channel}) for {customer}',
    channels: { email: 'e-mail', sms: 'SMS', task: 'task' },
    unnamed: 'a customer without a name',
    answer:
      'Completing this task approves it: it then goes out by itself. Deleting or cancelling this task rejects it.',
    what: 'What would happen',
    through: '{action}, by {channel}, for {customer}.',
    to: 'To: {whom}',
    headed: 'Subject: {subject}',
    unwritten: 'The message is written when it goes out.',
    held: 'As things stand it would not go out:',
    costs: 'What it costs',
    about: 'About {cost} in all.',
    nothing: 'Nothing but the message.',
    until: 'Until when',
    end: 'Answer before {date}. Without an answer nothing happens.',
    elsewhere: 'It can be answered here as well, and then this task changes nothing any more: {link}',
  },
  de: {
    subject: 'Freigeben: {action} ({channel}) für {customer}',
    channels: { email: 'E-Mail', sms: 'SMS', task: 'Aufgabe' },
    unnamed: 'Kunde ohne Namen',
    answer:
      'Wer diese Aufgabe abschließt, gibt die Maßnahme frei: Sie läuft dann von selbst. Wer die Aufgabe löscht oder abbricht, lehnt sie ab.',
    what: 'Was geschehen würde',
    through: '{action}, als {channel}, für {customer}.',
    to: 'An: {whom}',
    headed: 'Betreff: {subject}',
    unwritten: 'Der Text wird geschrieben, wenn es so weit ist.',
    held: 'Wie es jetzt steht, ginge sie nicht hinaus:',
    costs: 'Was es kostet',
    about: 'Insgesamt etwa {cost}.',
    nothing: 'Nichts außer der Nachricht.',
    until: 'Bis wann',
    end: 'Antwort vor dem {date}. Ohne Antwort geschieht nichts.',
    elsewhere: 'Auch hier kann geantwortet werden; dann ändert diese Aufgabe nichts mehr: {link}',
  },
} as const satisfies Record<TaskLanguage, Words>
