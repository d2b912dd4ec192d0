/** From an action and a person to the e-mail that she is sent, or would be: previews use the same function. */
import { HoldfastError } from '../../src/contracts/errors.ts'
import type { EmailMessage } from '../channel.ts'
import { chooseTemplate, type TemplatesByLanguage } from '../choose-template.ts'
import { parseAddress } from './address.ts'
import { dateIn, greetable, lines, localeOf, nameOfLanguage, oneLine } from '../message-text.ts'
import type { TemplateFault } from '../liquid.ts'
import {
  compileTemplate,
  emailTemplateFaults,
  type CompiledTemplate,
  type EmailTemplate,
  type TemplateData,
} from './template.ts'
import { framed } from './templates/frame.ts'
import { englishTemplates } from './templates/en.ts'
import { germanTemplates } from './templates/de.ts'
import { numberFormat } from '../formats.ts'

/** Templates by language (BCP 47), then by key of the action. */
export type EmailTemplates = TemplatesByLanguage<EmailTemplate>

export interface EmailOffer {
  /** Whole or not: 10 is 10 %. */
  readonly percent: number
  /** How long the price is lower, in months. */
  readonly months: number
  /** Calendar date (2026-12-31) until which it can be taken; null: not said. */
  readonly until: string | null
  /** What it is taken with. A template that makes an offer has to show it. */
  readonly code?: string | null
  readonly terms?: string | null
  /** That the price was chosen automatically, where that has to be said. */
  readonly disclosure?: string | null
}

export interface EmailSender {
  readonly name: string | null
  readonly address: string | null
  readonly company: string | null
  readonly postalAddress: string | null
  /** Where answers go when nobody is responsible. */
  readonly replyTo: string | null
}

export interface RenderInput {
  /** Key of the action: `email`, `discount_10`, … */
  readonly action: string
  /** The recipient's, BCP 47; null unknown. */
  readonly language: string | null
  /** Used when the recipient's is unknown or has no template; null: then nothing is rendered. */
  readonly fallbackLanguage: string | null
  readonly customer: { readonly name: string | null }
  readonly recipient: { readonly name: string | null; readonly address: string }
  readonly responsible: { readonly name: string | null; readonly address: string | null } | null
  /** `sender` of the settings. */
  readonly sender: EmailSender
  /** Of a discount; null for an action without one. */
  readonly offer: EmailOffer | null
  readonly unsubscribeUrl: string
  readonly unsubscribeMailto?: string | null
  /** The tenant's own, which go before the shipped ones. */
  readonly templates?: EmailTemplates
}

/**
 * The language that an action's e-mail would be written in: the recipient's, the same without its region, the
 * fallback, the same without its region (RFC 4647 section 3.4). Null when none has a template, in which case nothing
 * may be sent.
 *
 * @example
 * emailLanguage({ action: 'email', language: 'de-AT', fallbackLanguage: 'en' }) // 'de'
 * emailLanguage({ action: 'email', language: 'fr', fallbackLanguage: null }) // null
 */
export function emailLanguage(
  asked: Pick<RenderInput, 'action' | 'language' | 'fallbackLanguage' | 'templates'>,
): string | null {
  return findTemplate(asked)?.language ?? null
}

/**
 * What we think of a customer (risk, reasons) is not among what a template is given: it is not for the customer.
 *
 * @throws HoldfastError `template_invalid` naming template, line and what is wrong, or that no language fits;
 *   `channel_configuration` when the sender or its postal address is missing
 * @example
 * renderEmail({ action: 'discount_10', language: 'de-AT', offer: { percent: 10, months: 12, until: null }, … }).subject
 */
export function renderEmail(input: RenderInput): EmailMessage {
  const found = findTemplate(input)
  if (found === null) {
    throw new HoldfastError(
      'template_invalid',
      `There is no template of "${input.action}" in ${nameOfLanguage(input.language)}${input.fallbackLanguage === null ? '' : ` or ${nameOfLanguage(input.fallbackLanguage)}`}. Write one in the settings, or choose a language for those whose own has none.`,
    )
  }
  const { sender, from } = checkSender(input)
  const parts = found.template.render(dataOf(input, found.language, sender))
  const replyAddress = input.responsible?.address ?? input.sender.replyTo
  return {
    kind: 'email',
    to: { name: oneLine(input.recipient.name, 120), address: input.recipient.address },
    from,
    replyTo:
      replyAddress === null || parseAddress(replyAddress) === null
        ? null
        : {
            name: replyAddress === input.responsible?.address ? oneLine(input.responsible.name, 80) : null,
            address: replyAddress,
          },
    ...parts,
    language: found.language,
    unsubscribe: { url: input.unsubscribeUrl, mailto: input.unsubscribeMailto ?? null },
  }
}

/**
 * Looks at a template as it is saved: its syntax, its variables, and that it renders for a made-up customer.
 *
 * @returns all that is wrong with it; empty: nothing
 * @example
 * emailFaults({ language: 'en', action: 'email', template: { subject: 'Hello', text: '…', html: '…' }, offers: false })
 */
export function emailFaults({
  language,
  action,
  template,
  offers,
}: {
  readonly language: string
  readonly action: string
  readonly template: EmailTemplate
  /** Whether the action makes an offer. */
  readonly offers: boolean
}): readonly TemplateFault[] {
  const input = { ...SAMPLE, action, language, offer: offers ? SAMPLE.offer : null }
  return emailTemplateFaults(`"${action}" in ${nameOfLanguage(language)}`, template, {
    frame: framed(language),
    data: dataOf(input, language, checkSender(input).sender),
  })
}

/** What ships, by language, then by key of the action: where somebody begins who writes their own. */
export const SHIPPED_EMAILS: EmailTemplates = { en: englishTemplates, de: germanTemplates }

function findTemplate({
  action,
  language,
  fallbackLanguage,
  templates = {},
}: Pick<RenderInput, 'action' | 'language' | 'fallbackLanguage' | 'templates'>): {
  language: string
  template: CompiledTemplate
} | null {
  const found = chooseTemplate([templates, SHIPPED_EMAILS], { action, language, fallbackLanguage })
  if (found === null) return null
  const name = `"${action}" in ${nameOfLanguage(found.language)}`
  return {
    language: found.language,
    template: compileTemplate(name, found.template, framed(found.language)),
  }
}

function checkSender({ sender, responsible }: RenderInput) {
  const missing = (what: string, field: string): never => {
    throw new HoldfastError(
      'channel_configuration',
      `E-mails cannot be written: ${what} is missing. Set ${field} in the settings.`,
    )
  }
  const company =
    oneLine(sender.company ?? sender.name, 300) ?? missing('the name of the company', 'sender.company')
  const postalAddress = sender.postalAddress?.trim()
  if (postalAddress === undefined || postalAddress === '')
    return missing('the postal address, which each e-mail has to carry,', 'sender.postalAddress')
  const address = sender.address ?? missing('the address that they come from', 'sender.address')
  const person = oneLine(responsible?.name ?? null, 80)
  const house = oneLine(sender.name ?? sender.company, 120) ?? company
  return {
    sender: { company, postalAddress },
    from: { name: person === null ? house : `${person}, ${oneLine(company, 80)}`, address },
  }
}

function dataOf(
  input: RenderInput,
  language: string,
  sender: { company: string; postalAddress: string },
): TemplateData {
  const { offer } = input
  const locale = localeOf(language, input.language)
  return {
    language,
    recipient: { name: greetable(input.recipient.name) },
    customer: { name: oneLine(input.customer.name, 300) },
    responsible: { name: oneLine(input.responsible?.name ?? null, 80) },
    sender: {
      name: oneLine(input.sender.name, 120),
      company: sender.company,
      postal_address: lines(sender.postalAddress, 300),
    },
    offer:
      offer === null
        ? {}
        : {
            percent: numberFormat(locale, { maximumFractionDigits: 1 }).format(offer.percent),
            months: offer.months,
            until: offer.until === null ? null : dateIn(locale, offer.until),
            code: oneLine(offer.code ?? null, 64),
            terms: smallPrint(offer.terms),
            disclosure: smallPrint(offer.disclosure),
          },
    unsubscribe_url: input.unsubscribeUrl,
  }
}

/** Null rather than empty, so that a template can ask for it. */
function smallPrint(text: string | null | undefined): string | null {
  const clean = lines(text ?? '', 2000)
    .replace(/[^\S\n]+/g, ' ')
    .trim()
  return clean === '' ? null : clean
}

const SAMPLE: Omit<RenderInput, 'action' | 'language'> = {
  fallbackLanguage: null,
  customer: { name: 'Acme Ltd' },
  recipient: { name: 'Ana Silva', address: 'ana@example.com' },
  responsible: { name: 'Jo Miller', address: 'jo@example.org' },
  sender: {
    name: 'Example',
    address: 'hello@example.org',
    company: 'Example Ltd',
    postalAddress: '1 High Street, London',
    replyTo: null,
  },
  offer: { percent: 10, months: 12, until: '2026-12-31', code: 'SPRING-7F3A' },
  unsubscribeUrl: 'https://example.org/u/abc',
}
