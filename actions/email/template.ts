/** Templates of e-mails: Liquid, held so tight that neither their writer nor a customer's name can do harm. */
import {
  escapeForHtml,
  faultsOf,
  liquidPart,
  templateInvalid,
  type LiquidPart,
  type TemplateFault,
} from '../liquid.ts'

export interface EmailTemplate {
  /** One line. */
  readonly subject: string
  /** Plain text; the footer is added unless it has the unsubscribe link itself. */
  readonly text: string
  /** A fragment that is put into the frame, or a whole document, which then needs postal address and unsubscribe link. */
  readonly html: string
}

/** All that a template can name. Names that are not known are null, never undefined. */
export interface TemplateData {
  readonly language: string
  readonly recipient: { readonly name: string | null }
  readonly customer: { readonly name: string | null }
  readonly responsible: { readonly name: string | null }
  readonly sender: { readonly name: string | null; readonly company: string; readonly postal_address: string }
  /** Empty when the action makes none. */
  readonly offer:
    | {
        readonly percent: string
        readonly months: number
        readonly until: string | null
        readonly code: string | null
        readonly terms: string | null
        readonly disclosure: string | null
      }
    | Readonly<Record<string, never>>
  readonly unsubscribe_url: string
}

export const EMAIL_VARIABLES = [
  'language',
  'recipient.name',
  'customer.name',
  'responsible.name',
  'sender.name',
  'sender.company',
  'sender.postal_address',
  'offer.percent',
  'offer.months',
  'offer.until',
  'offer.code',
  'offer.terms',
  'offer.disclosure',
  'unsubscribe_url',
] as const

/** What the shipped templates are put into: sources in Liquid around the two parts. */
export interface EmailFrame {
  html(content: string): string
  text(content: string): string
}

export interface EmailParts {
  readonly subject: string
  readonly text: string
  readonly html: string
}

export interface CompiledTemplate {
  /** @throws HoldfastError `template_invalid` */
  render(data: TemplateData): EmailParts
}

/**
 * @param name as people are told of it: `"email" in "de"`
 * @throws HoldfastError `template_invalid` naming the part, the line and what is wrong there
 * @example
 * compileTemplate('"email" in "en"', { subject: 'Hello', text: '…', html: '…' }, frame).render(data)
 */
export function compileTemplate(name: string, template: EmailTemplate, frame: EmailFrame): CompiledTemplate {
  const known = compiled.get(template)?.get(name)
  if (known !== undefined) return known
  const made = compile(name, template, frame)
  compiled.set(template, (compiled.get(template) ?? new Map<string, CompiledTemplate>()).set(name, made))
  return made
}

/**
 * All that is wrong with a template: of each part what it is refused for, or else what they lack together.
 *
 * @param data of a made-up customer
 */
export function emailTemplateFaults(
  name: string,
  template: EmailTemplate,
  { frame, data }: { readonly frame: EmailFrame; readonly data: TemplateData },
): readonly TemplateFault[] {
  const faults = faultsOf(
    () => part(name, 'subject', template.subject)(data),
    () => part(name, 'text', template.text)(data),
    () => part(name, 'HTML', template.html)(data),
  )
  return faults.length > 0 ? faults : faultsOf(() => compile(name, template, frame).render(data))
}

const compiled = new WeakMap<EmailTemplate, Map<string, CompiledTemplate>>()

function compile(name: string, template: EmailTemplate, frame: EmailFrame): CompiledTemplate {
  const isDocument = /<html[\s>]/i.test(template.html)
  const hasFooter = /unsubscribe_url/.test(template.text)
  const subject = part(name, 'subject', template.subject)
  const text = part(name, 'text', template.text)
  const html = part(name, 'HTML', template.html)
  const smallText = isPlaced(template.text) ? null : part(name, 'text', SMALL_PRINT.text)
  const smallHtml = isDocument || isPlaced(template.html) ? null : part(name, 'HTML', SMALL_PRINT.html)
  const textFrame = hasFooter ? null : part(name, 'text', frame.text(SLOT))
  const htmlFrame = isDocument ? null : part(name, 'HTML', frame.html(SLOT))
  return {
    render(data) {
      // To ask for the terms of an offer that there is not takes as long as all the rest.
      const offers = 'percent' in data.offer
      const content = `${text(data)}${offers && smallText !== null ? smallText(data) : ''}`.trim()
      const markup = html(data) + (offers && smallHtml !== null ? smallHtml(data) : '')
      const parts = {
        subject: clipped(subject(data).replace(/\s+/g, ' ').trim()),
        text: `${textFrame === null ? content : fill(textFrame(data), content)}\n`,
        html: htmlFrame === null ? markup : fill(htmlFrame(data), markup),
      }
      check(name, parts, data)
      return parts
    },
  }
}

/** Whether a template says itself where the terms of an offer stand. */
const isPlaced = (source: string): boolean => /offer\.(terms|disclosure)/.test(source)

/** What has to be said with an offer where the recipient is, beneath the rest. */
const SMALL_PRINT = {
  text: '{% if offer.terms %}\n\n{{ offer.terms }}{% endif %}{% if offer.disclosure %}\n\n{{ offer.disclosure }}{% endif %}',
  html: ['terms', 'disclosure']
    .map(
      (one) =>
        `{% if offer.${one} %}\n<p class="soft" style="font-size:13px;line-height:1.5;color:#626a75">{% assign small = offer.${one} | newline_to_br | split: '<br />' %}{% for row in small %}{{ row | strip }}{% unless forloop.last %}<br>\n{% endunless %}{% endfor %}</p>{% endif %}`,
    )
    .join(''),
}

/** Where a frame takes the content; no customer can be called so, since the character is taken out of every name. */
const SLOT = '\u0001'

function fill(frame: string, content: string): string {
  const at = frame.indexOf(SLOT)
  return frame.slice(0, at) + content + frame.slice(at + 1)
}

/** Longer ones are cut by mail programs anyhow; a long name of a company is no error of the template. */
function clipped(subject: string): string {
  const characters = [...subject]
  return characters.length <= 200 ? subject : `${characters.slice(0, 199).join('').trimEnd()}…`
}

function check(name: string, parts: EmailParts, data: TemplateData): void {
  const refuse = (part: 'subject' | 'text' | 'HTML', what: string): never => {
    throw templateInvalid(name, { part, line: null, what })
  }
  if (parts.subject === '') refuse('subject', 'it is empty')
  if (parts.html.length > 100_000) refuse('HTML', 'it is larger than 100 kB, which mail programs cut off')
  const { offer } = data
  for (const [what, variable, value] of [
    ['link to unsubscribe', 'unsubscribe_url', data.unsubscribe_url],
    ['postal address', 'sender.postal_address', data.sender.postal_address],
    ['code of the offer', 'offer.code', offer.code ?? ''],
    ['terms of the offer', 'offer.terms', offer.terms ?? ''],
    ['word on how the price was chosen', 'offer.disclosure', offer.disclosure ?? ''],
  ] as const) {
    const lines = value.split('\n').map((line) => line.trim())
    if (!lines.every((line) => parts.text.includes(line)))
      refuse('text', `it has no ${what}; put {{ ${variable} }} in`)
    if (!lines.every((line) => parts.html.includes(escapeForHtml(line)))) {
      refuse('HTML', `it has no ${what}; put {{ ${variable} }} in`)
    }
  }
}

function part(name: string, which: 'subject' | 'text' | 'HTML', source: string): LiquidPart<TemplateData> {
  return liquidPart({ name, part: which, source, variables: EMAIL_VARIABLES, escapes: which === 'HTML' })
}
