/** What a task says, in each language that Holdfast speaks to colleagues in. */
import type { Level } from '../../src/contracts/customer-terms.ts'

/** Blanks in braces are filled by compose.ts. */
export interface Phrases {
  readonly subject: {
    readonly call: string
    readonly callOffer: string
    readonly offer: string
    readonly other: string
  }
  readonly todo: {
    readonly call: string
    readonly callOffer: string
    readonly offer: string
    readonly other: string
    readonly cost: string
  }
  readonly why: string
  readonly risk: string
  readonly levels: Readonly<Record<Level, string>>
  readonly pays: string
  readonly renewal: string
  readonly noReasons: string
  readonly person: string
  readonly nobody: string
  readonly noEmail: string
  readonly before: string
  readonly nothingBefore: string
  readonly did: Readonly<Record<string, string>>
  readonly say: string
  readonly talk: {
    readonly call: readonly string[]
    readonly offer: readonly string[]
    readonly ending: string
  }
  readonly record: string
  readonly with: string
  readonly dueBy: string
  readonly from: string
}

export const PHRASES = {
  en: {
    subject: {
      call: 'Call {customer}',
      callOffer: 'Call {customer} and offer {percent} % off for {months}',
      offer: 'Offer {customer} {percent} % off for {months}',
      other: '{action}: {customer}',
    },
    todo: {
      call: 'Call {customer}.',
      callOffer: 'Call {customer} and offer {percent} % off for {months}.',
      offer: 'Offer {customer} {percent} % off for {months}.',
      other: '{action}.',
      cost: 'It costs about {cost} in all.',
    },
    why: 'Why',
    risk: 'Risk of leaving: {percent} % ({level}).',
    levels: { HIGH: 'high', MEDIUM: 'medium', LOW: 'low' },
    pays: 'Pays {amount} a month.',
    renewal: 'Renewal on {date}.',
    noReasons: 'No single reason stands out.',
    person: 'Whom to speak to',
    nobody: 'No contact is on record: look for one on the record.',
    noEmail: 'Do not write an e-mail: e-mails were refused.',
    before: 'Done before',
    nothingBefore: 'Nothing in the last 12 months.',
    did: { email: 'e-mail', sms: 'SMS', task: 'task' },
    say: 'How to put it',
    talk: {
      call: [
        'Ask how things are going, and listen before you say anything about a price.',
        'Take up the reasons above as questions; never read out the risk.',
      ],
      offer: [
        'Make the offer as thanks for staying: {percent} % off for {months}.',
        'Nothing was promised to the customer yet. Offer neither more nor longer than this.',
      ],
      ending: 'Note the answer in this task and complete it.',
    },
    record:
      'It can be taken until {date}. Once it is, record it under {code}: what it costs is booked by that.',
    with: 'To be said or sent with the offer',
    dueBy: 'Due by {date}.',
    from: 'Made by Holdfast.',
  },
  de: {
    subject: {
      call: '{customer} anrufen',
      callOffer: '{customer} anrufen: {percent} % Rabatt für {months} anbieten',
      offer: '{customer}: {percent} % Rabatt für {months} anbieten',
      other: '{action}: {customer}',
    },
    todo: {
      call: '{customer} anrufen.',
      callOffer: '{customer} anrufen und {percent} % Rabatt für {months} anbieten.',
      offer: '{customer} {percent} % Rabatt für {months} anbieten.',
      other: '{action}.',
      cost: 'Das kostet insgesamt etwa {cost}.',
    },
    why: 'Warum',
    risk: 'Risiko, dass der Kunde geht: {percent} % ({level}).',
    levels: { HIGH: 'hoch', MEDIUM: 'mittel', LOW: 'niedrig' },
    pays: 'Zahlt {amount} im Monat.',
    renewal: 'Verlängerung am {date}.',
    noReasons: 'Kein einzelner Grund sticht heraus.',
    person: 'Mit wem sprechen',
    nobody: 'Es ist kein Kontakt hinterlegt: bitte am Datensatz nachsehen.',
    noEmail: 'Keine E-Mail schreiben: E-Mails wurden abgelehnt.',
    before: 'Was schon geschah',
    nothingBefore: 'Nichts in den letzten 12 Monaten.',
    did: { email: 'E-Mail', sms: 'SMS', task: 'Aufgabe' },
    say: 'Wie man es sagt',
    talk: {
      call: [
        'Fragen, wie es läuft, und zuhören, bevor es um den Preis geht.',
        'Die Gründe oben als Fragen aufgreifen; das Risiko nie vorlesen.',
      ],
      offer: [
        'Das Angebot als Dank fürs Bleiben machen: {percent} % Rabatt für {months}.',
        'Dem Kunden wurde noch nichts versprochen. Nicht mehr und nicht länger anbieten als das.',
      ],
      ending: 'Die Antwort in dieser Aufgabe festhalten und sie abschließen.',
    },
    record:
      'Es gilt bis {date}. Nimmt der Kunde es an, unter {code} erfassen: danach wird gebucht, was es kostet.',
    with: 'Mit dem Angebot zu sagen oder zu schicken',
    dueBy: 'Fällig bis {date}.',
    from: 'Erstellt von Holdfast.',
  },
} as const satisfies Readonly<Record<string, Phrases>>

export type TaskLanguage = keyof typeof PHRASES

/**
 * The language of a task and how numbers and dates are written in it.
 *
 * @param tag BCP 47, of the company that the task is for
 * @example
 * taskLanguage('de-AT') // { language: 'de', locale: 'de-AT' }
 * taskLanguage('fr') // { language: 'en', locale: 'en' }
 */
export function taskLanguage(tag: string | null): { language: TaskLanguage; locale: string } {
  const language = tag?.toLowerCase().split('-')[0]
  if (tag !== null && (language === 'en' || language === 'de')) {
    try {
      return { language, locale: Intl.getCanonicalLocales(tag)[0] }
    } catch {
      return { language, locale: language }
    }
  }
  return { language: 'en', locale: 'en' }
}

/**
 * @example
 * fill('Call {customer}', { customer: 'Ada Ltd' }) // 'Call Ada Ltd'
 */
export function fill(phrase: string, blanks: Readonly<Record<string, string>>): string {
  return phrase.replace(/\{(\w+)\}/g, (_, name: string) => blanks[name] ?? '')
}
