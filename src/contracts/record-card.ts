/**
 * What people see of Holdfast inside their CRM, and what they can answer there: the same words for every CRM, drawn with each
 * one's own components. All sentences, money and dates are written by the server, so that a card only lays them out. Types alone:
 * what runs in a CRM is built from a copy of this file.
 */

/** How much a notice weighs; the words say it too. */
export type CardTone = 'info' | 'warning' | 'danger'

export type CardLevel = 'HIGH' | 'MEDIUM' | 'LOW'

/**
 * What stands in the way of a card, or beside it: `low_data`, `stale`, `starter`, `held_out` (the customer is left as it is for
 * comparison), `in_peace` (nothing is worth doing), `ended` (what was suggested is off), `scoring` (it is being read and scored: ask
 * again in some seconds), `dry_run`, `paused`, `held` (left alone by somebody), `disconnected`, `partial` (something could not be
 * read).
 */
export interface CardNotice {
  readonly kind: string
  readonly tone: CardTone
  readonly text: string
}

export interface CardPoint {
  /** yyyy-mm-dd */
  readonly date: string
  /** 0 to 1. */
  readonly probability: number
}

/** Something that a person may press. */
export interface CardLink {
  readonly label: string
  readonly href: string
}

export interface CardRisk {
  /** 0 to 1. */
  readonly probability: number
  /** "41 %" */
  readonly text: string
  readonly level: CardLevel
  /** "High", in words. */
  readonly levelText: string
  /** What the number means: "may leave within 90 days", or that it is a snapshot. */
  readonly means: string
  /** Of which day: "as of 21 Nov". */
  readonly asOf: string
  /** "was 17 % thirty days ago"; null: it was not scored then. */
  readonly trend: string | null
  /** Oldest first; at most 60. */
  readonly history: readonly CardPoint[]
}

export interface CardReason {
  readonly sentence: string
  readonly raises: boolean
}

export interface CardSuggestion {
  /** "Call Ines Vogt" */
  readonly title: string
  /** Why this one, what it is worth and costs, and why not the others: to be read aloud. */
  readonly sentences: readonly string[]
  /** "€2,870 over 12 months"; null: nothing is promised. */
  readonly worth: string | null
  /** "€60" */
  readonly cost: string | null
  /** "Waits for a yes until 28 Nov", "Goes out tomorrow" … */
  readonly standing: string
  /** What it would say, where there is a message and the reader may see it. */
  readonly message: CardMessage | null
}

export interface CardMessage {
  /** A customer's e-mail or SMS is shown once more before it is approved; a colleague's task is not. */
  readonly to: 'customer' | 'colleague'
  readonly subject: string | null
  readonly text: string
}

/** What the reader may answer to the suggestion. */
export interface CardAnswers {
  readonly intervention: string
  /** Sent back with the answer: what was asked about anew since then is not answered by mistake. */
  readonly asked: string
  /** "Approve call"; null: it needs no yes, or the reader may not give it. */
  readonly approve: string | null
  /** In days, the longest last; empty: it cannot be put off. */
  readonly snoozeDays: readonly number[]
  /** Why it may be not right: key and words; empty: it cannot be taken back any more. */
  readonly notRight: readonly { readonly key: string; readonly label: string }[]
  /** Why the reader cannot answer; null: they can. */
  readonly refused: string | null
}

export interface CardEntry {
  /** "12 Jan" */
  readonly when: string
  readonly text: string
}

export interface CardConsent {
  /** "E-mail", "SMS" */
  readonly channel: string
  readonly allowed: boolean
  /** "agreed on 3 Mar", "no consent on record" */
  readonly text: string
}

/**
 * The card of a record. `scored` has a risk; of the others `sentence` says why there is none and what helps:
 * `waiting` (a customer, not scored yet), `unknown` (never read), `outside` (not in the population), `left`, `objects` (does not
 * want to be profiled), `no_access` (whoever looks may not see it).
 */
export interface RecordCard {
  readonly state: 'scored' | 'waiting' | 'unknown' | 'outside' | 'left' | 'objects' | 'no_access'
  /** The one thing that one came for, in a sentence. */
  readonly sentence: string
  readonly name: string | null
  readonly notices: readonly CardNotice[]
  readonly risk: CardRisk | null
  /** "€38,400 at risk · renews 12 Jan"; null: nothing is known of money. */
  readonly value: string | null
  /** Three at most, the strongest first. */
  readonly reasons: readonly CardReason[]
  /** Null: none, as `sentence` or a notice says why. */
  readonly suggestion: CardSuggestion | null
  readonly answers: CardAnswers | null
  /** What was done before, newest first; ten at most. */
  readonly history: readonly CardEntry[]
  readonly consent: readonly CardConsent[]
  /** Whether "score now" does something. */
  readonly mayScore: boolean
  /** "Updated 9:12 today" */
  readonly updated: string | null
  /** The customer in Holdfast, for those who are signed in there; null: it has no public address. */
  readonly more: CardLink | null
}

/**
 * A record as HubSpot names it: `0-1` for contacts and `0-2` for companies. Whatever is pressed on it is sent with it; alone it asks
 * to be read and scored now.
 */
export interface CardRecord {
  readonly objectTypeId: string
  readonly objectId: string
}

/** Sent together with the {@link CardRecord}. `days` belongs to snooze, `reason` to not_right. */
export interface CardAnswer {
  readonly intervention: string
  readonly asked: string
  readonly answer: 'approve' | 'snooze' | 'not_right'
  readonly days?: number
  readonly reason?: string
  readonly note?: string
}

/** After something was pressed: what came of it, and the card as it is now. */
export interface CardPressed {
  /** "Approved. The call is made out as a task to Jon." */
  readonly said: string
  readonly tone: 'success' | CardTone
  readonly card: RecordCard
}

/** A line of the list of customers, the most value at risk first. */
export interface CardLine {
  /** Of the record in the CRM. */
  readonly objectTypeId: string
  readonly objectId: string
  readonly name: string
  readonly risk: string
  readonly level: CardLevel
  readonly levelText: string
  readonly valueAtRisk: string | null
  readonly renews: string | null
  /** The strongest reason. */
  readonly reason: string | null
  /** "Call, waits for your yes"; null: nothing is suggested. */
  readonly suggestion: string | null
}

export interface CardList {
  /** "€412,300 a year is at risk in 143 of your customers." */
  readonly sentence: string
  readonly notices: readonly CardNotice[]
  /** Whose: `mine` is told by the reader's owner in the CRM. */
  readonly whose: 'mine' | 'all'
  /** Whether the reader may see all; otherwise only `mine` is answered. */
  readonly mayAll: boolean
  readonly lines: readonly CardLine[]
  /** Of the next page; null: there is none. */
  readonly next: string | null
  readonly more: CardLink | null
}

/** A field of the settings page in the CRM. */
export type CardField = {
  /** Path in the settings: "delivery.mode". */
  readonly key: string
  readonly label: string
  readonly help: string | null
  /** Why it cannot be changed here; null: it can. */
  readonly fixed: string | null
} & (
  | { readonly kind: 'switch'; readonly value: boolean }
  | {
      readonly kind: 'number'
      readonly value: number | null
      readonly min: number | null
      readonly max: number | null
      readonly unit: string | null
    }
  | { readonly kind: 'text'; readonly value: string }
  | {
      readonly kind: 'choice'
      readonly value: string
      readonly options: readonly { readonly value: string; readonly label: string }[]
    }
)

export interface CardSettings {
  /** "Holdfast scores 1,204 companies of this account and sends nothing yet." */
  readonly sentence: string
  readonly notices: readonly CardNotice[]
  /** False: whoever looks is no admin of Holdfast, and sees how things stand. */
  readonly mayChange: boolean
  /** Null when it runs; otherwise why everything is paused, in words. */
  readonly paused: string | null
  /** Whether whoever looks may pause it, or let it go on. */
  readonly mayPause: boolean
  readonly sections: readonly {
    readonly key: string
    readonly title: string
    readonly text: string
    readonly fields: readonly CardField[]
    /** The rest of it, in Holdfast. */
    readonly more: CardLink | null
  }[]
  /** Of the settings that were looked at: sent back with changes, so that nobody overwrites anybody. */
  readonly version: number
}

export interface CardSettingsChange {
  readonly version: number
  /** By path. */
  readonly values: Readonly<Record<string, boolean | number | string | null>>
}

/** `problems` by path; with any of them nothing was saved. */
export interface CardSettingsSaved {
  readonly said: string
  readonly tone: 'success' | CardTone
  readonly problems: Readonly<Record<string, string>>
  readonly settings: CardSettings
}

/** What was asked for many records of a list at once. */
export interface CardBulk {
  readonly said: string
  readonly tone: 'success' | CardTone
  /** How many records were taken, and why the others were not: words and counts. */
  readonly taken: number
  readonly left: readonly { readonly why: string; readonly count: number }[]
}
