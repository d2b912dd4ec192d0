/** What a text says: by the action, in the language of whoever reads it. */
import { HoldfastError } from '../../src/contracts/errors.ts'
import { chooseTemplate, type TemplatesByLanguage } from '../choose-template.ts'
import { faultsOf, type TemplateFault } from '../liquid.ts'
import { dateIn, greetable, languageRanges, localeOf, nameOfLanguage, oneLine } from '../message-text.ts'
import { renderSmsTemplate, type SmsData } from './template.ts'
import { english } from './templates/en.ts'
import { german } from './templates/de.ts'
import { numberFormat } from '../formats.ts'

/** What ships in one language. */
export interface SmsTemplateSet {
  /** How to stop. */
  readonly stopHint: string
  /** Answer to HELP; Liquid. */
  readonly help: string
  /** Liquid, by key of the action. */
  readonly actions: Readonly<Record<string, string>>
}

/** Liquid by language (BCP 47), then by key of the action. */
export type SmsTemplates = TemplatesByLanguage<string>

export interface Wording {
  /** Key of the action: `sms`, `update_payment`, … */
  readonly action: string
  /** The recipient's, BCP 47; null unknown. */
  readonly language: string | null
  /** Used when the recipient's is unknown or has no template; null: then nothing is written. */
  readonly fallbackLanguage: string | null
  readonly customer: { readonly name: string | null }
  readonly recipient: { readonly name: string | null }
  readonly responsible: { readonly name: string | null } | null
  readonly sender: { readonly name: string | null; readonly company: string | null }
  /** Of a discount: percent (10 is 10 %), months, and the calendar date until which it can be taken. */
  readonly offer: {
    readonly percent: number
    readonly months: number
    readonly until: string | null
  } | null
  /** The tenant's own, which go before the shipped ones. */
  readonly templates?: SmsTemplates
}

/**
 * Each text says who writes and how to stop, also one from a template that says neither: people get so few that each
 * could be the first that they remember. What we think of a customer is not among what a template is given.
 *
 * @throws HoldfastError `template_invalid` naming template, line and what is wrong, or that no language fits;
 *   `channel_configuration` when the company has no name
 */
export function wordSms(input: Wording): { readonly language: string; readonly text: string } {
  const { action, language, fallbackLanguage, templates = {} } = input
  const found = chooseTemplate([templates, SHIPPED_TEXTS], { action, language, fallbackLanguage })
  if (found === null)
    throw new HoldfastError(
      'template_invalid',
      `There is no text of "${action}" in ${nameOfLanguage(language)}${fallbackLanguage === null ? '' : ` or ${nameOfLanguage(fallbackLanguage)}`}. Write one in the settings, or choose a language for those whose own has none.`,
    )
  const name = `"${action}" in ${nameOfLanguage(found.language)}`
  const hint = setIn(found.language).stopHint
  return {
    language: found.language,
    text: renderSmsTemplate(name, found.template, dataOf(input, found.language), hint),
  }
}

/**
 * The language that an action's text would be written in; null when none has a template, in which case nothing may be
 * sent.
 *
 * @example
 * smsLanguage({ action: 'sms', language: 'fr', fallbackLanguage: null }) // null
 */
export function smsLanguage({
  templates = {},
  ...wanted
}: Pick<Wording, 'action' | 'language' | 'fallbackLanguage' | 'templates'>): string | null {
  return chooseTemplate([templates, SHIPPED_TEXTS], wanted)?.language ?? null
}

/**
 * What HELP is answered with.
 *
 * @param company as people know it
 * @example
 * helpText('de-AT', 'Acme') // 'Acme: Nachrichten zu Ihrem Vertrag, … Abmelden: STOP antworten.'
 */
export function helpText(language: string | null, company: string): string {
  const { help, stopHint } = setIn(language)
  return renderSmsTemplate('"help"', help, { ...NOBODY, sender: { name: null, company } }, stopHint)
}

/**
 * Looks at a template as it is saved: its syntax, its variables, and that it renders for a made-up customer.
 *
 * @returns what is wrong with it; empty: nothing
 * @example
 * smsFaults({ language: 'en', action: 'sms', template: 'Hello {{ recipient.name }}', offers: false })
 */
export function smsFaults(one: {
  readonly language: string
  readonly action: string
  readonly template: string
  /** Whether the action makes an offer. */
  readonly offers: boolean
}): readonly TemplateFault[] {
  return faultsOf(() =>
    wordSms({
      action: one.action,
      language: one.language,
      fallbackLanguage: null,
      customer: { name: 'Acme Ltd' },
      recipient: { name: 'Ana Silva' },
      responsible: { name: 'Jo Miller' },
      sender: { name: 'Example', company: 'Example Ltd' },
      offer: one.offers ? { percent: 10, months: 12, until: '2026-12-31' } : null,
      templates: { [one.language]: { [one.action]: one.template } },
    }),
  )
}

const SETS: Readonly<Record<string, SmsTemplateSet>> = { en: english, de: german }
/** What ships, by language, then by key of the action. */
export const SHIPPED_TEXTS: SmsTemplates = Object.fromEntries(
  Object.entries(SETS).map(([language, { actions }]) => [language, actions]),
)

function setIn(language: string | null): SmsTemplateSet {
  const known = languageRanges(language).find((tag) => Object.hasOwn(SETS, tag))
  return known === undefined ? english : SETS[known]
}

const NOBODY: Omit<SmsData, 'sender'> = {
  language: 'en',
  recipient: { name: null },
  customer: { name: null },
  responsible: { name: null },
  offer: {},
}

function dataOf(input: Wording, language: string): SmsData {
  const { offer, sender } = input
  const company = oneLine(sender.company ?? sender.name, 100)
  if (company === null)
    throw new HoldfastError(
      'channel_configuration',
      'Texts cannot be written: the name of the company is missing. Set sender.company in the settings.',
    )
  const locale = localeOf(language, input.language)
  return {
    language,
    recipient: { name: oneLine(greetable(input.recipient.name), 40) },
    customer: { name: oneLine(input.customer.name, 80) },
    responsible: { name: oneLine(input.responsible?.name ?? null, 40) },
    sender: { name: oneLine(sender.name, 80), company },
    offer:
      offer === null
        ? {}
        : {
            percent: numberFormat(locale, { maximumFractionDigits: 1 }).format(offer.percent),
            months: offer.months,
            until: offer.until === null ? null : dateIn(locale, offer.until),
          },
  }
}
