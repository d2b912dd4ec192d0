/** The talk track in a company's own words: what the person says who calls, in the language of whom she calls. */
import { faultsOf, liquidPart, type LiquidPart, type TemplateFault } from '../liquid.ts'
import { languageRanges } from '../message-text.ts'
import { plainLine, plainText } from './plain-text.ts'

/** By language (BCP 47), then by key of the action; Liquid. */
export type TalkTracks = Readonly<Record<string, Readonly<Record<string, string>>>>

/** What a talk track can name. Risk and reasons are not among it: they are not for the customer. */
export interface TalkData {
  readonly customer: { readonly name: string | null }
  readonly person: { readonly name: string | null; readonly role: string | null }
  readonly company: string | null
  /** Who calls. */
  readonly responsible: { readonly name: string | null }
  /** Absent: the action gives nothing. */
  readonly offer?: { readonly percent: number; readonly months: number }
}

export const TALK_VARIABLES = [
  'customer.name',
  'person.name',
  'person.role',
  'company',
  'responsible.name',
  'offer',
  'offer.percent',
  'offer.months',
]

const MOST = { line: 120, text: 2000 }

export interface TalkWanted {
  readonly tracks: TalkTracks
  readonly action: string
  /** Of the person who is called, then of the company; null unknown. */
  readonly languages: readonly (string | null)[]
  readonly data: TalkData
}

/**
 * In the first of the languages that has one, or the same without its region (RFC 4647 section 3.4).
 *
 * @returns plain text; null where the company has none of its own for the action
 * @throws HoldfastError `template_invalid` naming template and line
 * @example
 * talkTrack({ tracks: { en: { call: 'Hello {{ person.name }}' } }, action: 'call', languages: ['en-GB'], data })
 */
export function talkTrack({ tracks, action, languages, data }: TalkWanted): string | null {
  const known = new Map(Object.entries(tracks).map(([tag, one]) => [tag.toLowerCase(), { tag, one }]))
  for (const language of languages)
    for (const range of languageRanges(language)) {
      const found = known.get(range)
      const source = found?.one[action]
      if (found !== undefined && source !== undefined)
        return plainText(compiled(found.tag, action, source)(cleaned(data)), MOST.text)
    }
  return null
}

/**
 * Looks at a talk track as it is saved: its syntax, its variables, and that it renders for a made-up customer.
 *
 * @returns what is wrong with it; empty: nothing
 */
export function talkFaults(one: {
  readonly language: string
  readonly action: string
  readonly template: string
  /** Whether the action gives something. */
  readonly offers: boolean
}): readonly TemplateFault[] {
  return faultsOf(() =>
    compiled(
      one.language,
      one.action,
      one.template,
    )({
      customer: { name: 'Ada Ltd' },
      person: { name: 'Ann Lee', role: 'Head of IT' },
      company: 'Example',
      responsible: { name: 'Jo Miller' },
      ...(one.offers ? { offer: { percent: 10, months: 12 } } : {}),
    }),
  )
}

const compiled = (tag: string, action: string, source: string): LiquidPart<TalkData> =>
  liquidPart<TalkData>({
    name: `"${action}" in "${tag}" (settings: calls.talk)`,
    part: 'talk track',
    source,
    variables: TALK_VARIABLES,
    escapes: false,
  })

function cleaned({ customer, person, company, responsible, ...rest }: TalkData): TalkData {
  const line = (text: string | null) => (text === null ? null : plainLine(text, MOST.line))
  return {
    customer: { name: line(customer.name) },
    person: { name: line(person.name), role: line(person.role) },
    company: line(company),
    responsible: { name: line(responsible.name) },
    ...rest,
  }
}
