/** Templates of texts: one line of Liquid that says who writes and how to stop, whoever wrote it. */
import { liquidPart, templateInvalid } from '../liquid.ts'
import { plainMarks } from './segments.ts'

/** All that a template can name. Names that are not known are null, never undefined. */
export interface SmsData {
  readonly language: string
  readonly recipient: { readonly name: string | null }
  readonly customer: { readonly name: string | null }
  readonly responsible: { readonly name: string | null }
  readonly sender: { readonly name: string | null; readonly company: string }
  /** Empty when the action makes none. */
  readonly offer:
    | { readonly percent: string; readonly months: number; readonly until: string | null }
    | Readonly<Record<string, never>>
}

export const SMS_VARIABLES = [
  'language',
  'recipient.name',
  'customer.name',
  'responsible.name',
  'sender.name',
  'sender.company',
  'offer.percent',
  'offer.months',
  'offer.until',
] as const

/** What Twilio takes; a longer one is refused by it (error 21617). */
export const LONGEST_TEXT = 1600

/**
 * The text of a template, with the company before it and how to stop after it where the template says neither.
 *
 * @param name as people are told of it: `"sms" in "de"`
 * @param hint how to stop, in the language of the template
 * @throws HoldfastError `template_invalid` naming the line and what is wrong there
 * @example
 * renderSmsTemplate('"sms" in "en"', 'Is everything all right?', data, 'Reply STOP to opt out.')
 * // 'Acme: Is everything all right? Reply STOP to opt out.'
 */
export function renderSmsTemplate(name: string, source: string, data: SmsData, hint: string): string {
  const render = liquidPart<SmsData>({
    name,
    part: 'text',
    source,
    variables: SMS_VARIABLES,
    escapes: false,
  })
  const content = plainMarks(render(data))
    .replace(/[^\S\n]+/g, ' ')
    .replace(/ ?\n ?/g, '\n')
    .trim()
  const refuse = (what: string): never => {
    throw templateInvalid(name, { part: 'text', line: null, what })
  }
  if (content === '') return refuse('it is empty')
  const company = plainMarks(data.sender.company)
  const named = content.includes(company) ? content : `${company}: ${content}`
  const text = /\bSTOP\b/.test(named) ? named : `${named} ${hint}`
  if (text.length > LONGEST_TEXT)
    return refuse(`it has ${text.length} characters, and ${LONGEST_TEXT} is the most that can be sent`)
  return text
}
