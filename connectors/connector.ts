/**
 * The contract of a connector: it speaks one kind of CRM (or file), and nothing else in Holdfast does. Optional
 * methods are capabilities: the loop asks whether they are there and says so where they are not.
 *
 * A connector parses what it gets at its edge and hands over plain values; it translates its provider's errors
 * into HoldfastError with `retryable` set where the same call can succeed later. It keeps no state that a restart
 * would miss: what has to be kept goes through the cursor.
 */
import type { Check } from '../src/contracts/checks.ts'
import type { TableProfile } from '../src/contracts/table.ts'

/** A property's value as the CRM has it. Numbers are numbers, dates 'YYYY-MM-DD', times ISO 8601 in UTC. */
export type PropertyValue = string | number | boolean | null
export type Properties = Readonly<Record<string, PropertyValue>>

/** Opaque to everyone but the connector that made it; stored as JSON. */
export type Cursor = Readonly<Record<string, unknown>>

/** One kind of record in the CRM, with its properties as they are today. */
export interface ObjectDescription {
  /** As the CRM's API names it: `companies`, `Account`, `rows`. */
  readonly object: string
  /** As people say it: "companies". */
  readonly label: string
  /** The properties as columns; profile of a sample where counting all would cost quota. */
  readonly profile: TableProfile
}

export interface Agreement {
  /** The deal or contract that it comes from; `properties` where it is read from the record itself. */
  readonly externalId: string
  readonly amountMinor: number | null
  /** ISO 4217; null is unknown, and then the amount is too. */
  readonly currency: string | null
  /** Months that the amount is for: 1 a month, 12 a year; null is unknown. */
  readonly periodMonths: number | null
  /** 'YYYY-MM-DD', as every date here. */
  readonly startDate: string | null
  readonly renewalDate: string | null
  readonly noticeDate: string | null
  readonly autoRenewal: boolean | null
}

/** The user who owns the relationship: gets the tasks, is Reply-To. */
export interface Responsible {
  readonly id: string
  readonly name: string | null
  readonly email: string | null
}

export interface CustomerRecord {
  readonly object: string
  /** Id in the CRM. */
  readonly id: string
  /** What people call it; null where it has no name. */
  readonly name: string | null
  readonly properties: Properties
  /** Top parent account, by which groups are drawn; null: the record itself. */
  readonly topParentId: string | null
  readonly responsible: Responsible | null
  /** Null: read from the properties by the mapping. */
  readonly agreements: readonly Agreement[] | null
  /** When the CRM says it last changed; null where it does not say. */
  readonly updatedAt: Date | null
}

export interface ChangePage {
  readonly upserts: readonly CustomerRecord[]
  /** Ids of records that are gone from the CRM, merged away ones included. */
  readonly deleted: readonly string[]
  /** Where to go on after this page; stored together with its rows. */
  readonly cursor: Cursor
  /**
   * Set on the last page of a pass that went over everything there is: what was not among the upserts of this pass
   * is gone. Never set on a pass that was cut short.
   */
  readonly complete?: true
  /** Records in this pass, where it is known: for progress. */
  readonly total?: number
}

export type ConsentStatus = 'granted' | 'refused' | 'unknown'

export interface Recipient {
  readonly customerId: string
  /** Id of the contact; that of the customer where it is the contact itself. */
  readonly id: string
  readonly name: string | null
  readonly role: string | null
  readonly email: string | null
  readonly phone: string | null
  /** BCP 47; null unknown. */
  readonly language: string | null
  /** IANA; null unknown. */
  readonly zone: string | null
  /** ISO 3166-1 alpha-2; null unknown. */
  readonly country: string | null
  readonly consent: {
    readonly email: ConsentStatus
    readonly sms: ConsentStatus
    readonly call: ConsentStatus
    /** When the CRM says that it changed; null where it does not say. */
    readonly changedAt: Date | null
  }
}

export interface ConsentChange {
  readonly recipientId: string
  readonly channel: 'email' | 'sms' | 'call'
  readonly status: 'granted' | 'refused'
  readonly changedAt: Date
}

/** What is written onto a record; fields that are absent are left as they are, never blanked. */
export interface FieldUpdate {
  /** Id of the record in the CRM. */
  readonly id: string
  readonly fields: RiskFields
}

/**
 * What a record shows of us. `null` clears a field of ours: a suggestion that no longer stands, or everything once a
 * customer objects to being profiled.
 */
export interface RiskFields {
  /** 0 to 100, one decimal. */
  readonly riskPercent?: number | null
  readonly riskLevel?: 'HIGH' | 'MEDIUM' | 'LOW' | null
  /** 'YYYY-MM-DD'. */
  readonly levelSince?: string | null
  /** Percentage points against 30 days ago; null where there is no score that old. */
  readonly change30Days?: number | null
  /** Major units of `currency`. */
  readonly valueAtRisk?: number | null
  readonly currency?: string | null
  /** Sentences, most important first. */
  readonly reasons?: readonly string[] | null
  readonly suggestedAction?: string | null
  /** suggested, awaiting approval, sent, … */
  readonly actionStatus?: string | null
  readonly renewalDate?: string | null
  /** ISO 8601, UTC. */
  readonly scoredAt?: string | null
  /** `active`, `left`. */
  readonly status?: 'active' | 'left'
  /** 0 to 100. */
  readonly dataConfidence?: number | null
  readonly group?: 'holdout' | 'usual' | 'policy' | 'exempt'
}

/** The answer for one thing of a batch; a batch is never all or nothing. */
export type WriteResult =
  | { readonly id: string; readonly ok: true; readonly externalId?: string }
  | {
      readonly id: string
      readonly ok: false
      readonly code: string
      /** What happened and what the admin can do about it. */
      readonly message: string
      readonly retryable: boolean
    }

export interface Task {
  /** Upserted by this: the same key never makes a second task. */
  readonly key: string
  readonly customerId: string
  readonly responsibleId: string | null
  readonly subject: string
  readonly body: string
  readonly dueAt: Date
}

export interface Activity {
  /** Logged once. */
  readonly key: string
  readonly customerId: string
  readonly recipientId: string | null
  readonly kind: 'email' | 'sms'
  readonly at: Date
  readonly subject: string
  readonly body: string
}

export interface Connector {
  readonly name: string
  /** Records that one call of `write` takes; Infinity where it does not matter. */
  readonly writeBatch: number
  describe(): Promise<readonly ObjectDescription[]>
  /**
   * What changed since the cursor; everything for null. Ends after the last page. A pass that nothing changed in
   * may yield no page at all.
   */
  changes(since: Cursor | null): AsyncIterable<ChangePage>
  read(ids: readonly string[]): Promise<readonly CustomerRecord[]>
  /** The people who may be written to, best first for each customer. */
  recipients?(ids: readonly string[]): Promise<readonly Recipient[]>
  writeConsent?(changes: readonly ConsentChange[]): Promise<readonly WriteResult[]>
  /** Results in any order, one for each update; throws only when nothing at all could be tried. */
  write(updates: readonly FieldUpdate[]): Promise<readonly WriteResult[]>
  upsertTasks?(tasks: readonly Task[]): Promise<readonly WriteResult[]>
  logActivity?(entries: readonly Activity[]): Promise<readonly WriteResult[]>
  verify(): Promise<readonly Check[]>
  close(): Promise<void>
}
