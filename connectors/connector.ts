/**
 * The contract of a connector: it speaks one kind of CRM (or file), and nothing else in Holdfast does. Optional
 * methods are capabilities: the loop asks whether they are there and says so where they are not.
 *
 * A connector parses what it gets at its edge and hands over plain values; it translates its provider's errors
 * into HoldfastError with `retryable` set where the same call can succeed later. It keeps no state that a restart
 * would miss: what has to be kept goes through the cursor.
 */
import type { Level } from '../src/contracts/customer-terms.ts'
import type { Check } from '../src/contracts/checks.ts'
import type { TableProfile } from '../src/contracts/table.ts'
import type { AnsweredCall } from './answered-call.ts'

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
  /** The deal, Opportunity or contract that it comes from; `properties` where it is read from the record itself. */
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
  /** Null: asked for with {@link Connector.agreements}, or read from the properties by the mapping. */
  readonly agreements: readonly Agreement[] | null
  /** When the CRM says it last changed; null where it does not say. */
  readonly updatedAt: Date | null
  /** Ids of records that were merged into it, where the CRM says so: they are gone, and live on in it. */
  readonly merged?: readonly string[]
  /**
   * It is handed over because of something around it, such as an Opportunity or a contact: whoever knows this version of the
   * record already still has to ask for its agreements and recipients.
   */
  readonly related?: true
  /** The CRM says that it was this installation's user who changed it last. */
  readonly own?: true
  /** Whether it meets {@link Reading.condition}; absent where none was asked for. */
  readonly member?: boolean
  /** Past values of {@link Reading.history}, oldest first; absent where the source keeps none or none was asked for. */
  readonly history?: readonly PastValue[]
}

/** A value that a property had from a time on. */
export interface PastValue {
  readonly property: string
  /** Null: it was empty from then on. */
  readonly value: PropertyValue
  readonly from: Date
}

/**
 * What is wanted of each record. A source that hands over whole records anyway, such as a file, need not look at it.
 * The same cursor is only good for the same reading: another one begins anew.
 */
export interface Reading {
  /** By their names in the CRM; null: all that the connector describes. */
  readonly properties: readonly string[] | null
  /** Properties whose past values are wanted with a record that is handed over for the first time. */
  readonly history: readonly string[]
  /**
   * Who counts as a customer, in the CRM's own language (SOQL); absent: the caller tells by the properties. Each record
   * then says whether it meets it. A pass over everything hands over those that meet it alone: that somebody is not
   * among them does not say that the record is gone.
   */
  readonly condition?: string
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
    /** To being profiled; refused too by whoever wants no marketing at all. Absent: the CRM has nothing to say it by. */
    readonly profiling?: ConsentStatus
    /** When the CRM says that it changed; null where it does not say. */
    readonly changedAt: Date | null
    /** By channel, where the CRM tells their times apart: in place of `changedAt`. Absent ones have no time. */
    readonly changedAtBy?: Readonly<Partial<Record<ConsentChange['channel'], Date | null>>>
  }
}

export interface ConsentChange {
  readonly recipientId: string
  /** As the recipient was last read; null unknown. */
  readonly email: string | null
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
  readonly riskLevel?: Level | null
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
  /** `active`, `left`; null clears it, for a customer who asked to be forgotten. */
  readonly status?: 'active' | 'left' | null
  /** 0 to 100. */
  readonly dataConfidence?: number | null
  readonly group?: 'holdout' | 'usual' | 'policy' | 'exempt' | null
}

/** The answer for one thing of a batch; a batch is never all or nothing. */
export type WriteResult =
  | {
      readonly id: string
      readonly ok: true
      /** Of what was made for it: the task, the entry on the timeline. */
      readonly externalId?: string
      /** `updatedAt` of the record after the write, where the CRM says it: by it our own writes are told from others'. */
      readonly version?: Date
    }
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
  /** The contact whom it is about; null: the customer itself. */
  readonly recipientId: string | null
  /** Null: nobody's; it is made without an owner. */
  readonly responsibleId: string | null
  readonly kind: 'call' | 'todo'
  /** Key of the action: `discount_10`; null: it carries none out, and reports by action leave it out. */
  readonly action: string | null
  readonly subject: string
  /** Plain text. */
  readonly body: string
  readonly dueAt: Date
}

/** A task that was made here, by its key and by what the CRM calls it (`WriteResult.externalId`; null where nobody knows). */
export interface MadeTask {
  readonly key: string
  readonly externalId: string | null
}

/** What became of a task that was made under a key, as the people who work on it left it. */
export interface TaskOutcome {
  readonly key: string
  /** `cancelled`: put aside for good, or deleted. `missing`: there is no task under this key, or none that we may see. */
  readonly status: 'open' | 'done' | 'cancelled' | 'missing'
  /** What came of it in the CRM's own words, such as the result of a call; null where it says nothing. */
  readonly outcome: string | null
  /** When it was done or put aside; null where the CRM does not say. */
  readonly at: Date | null
}

export interface Activity {
  /** Logged once. */
  readonly key: string
  /** Key of the action: `email`. */
  readonly action: string
  /** Addresses; null unknown. */
  readonly from: string | null
  readonly to: string | null
  readonly customerId: string
  readonly recipientId: string | null
  readonly kind: 'email' | 'sms'
  readonly at: Date
  readonly subject: string
  readonly body: string
}

/** What `provision` did to the CRM; nothing at all the second time. */
export interface ProvisionReport {
  /** Names of groups and properties that were made. */
  readonly created: readonly string[]
  /** Those that were there and were brought up to date, such as a list of values that lacked ours. */
  readonly changed: readonly string[]
  /** What is in the way, as sentences that say what to do: a property of our name with another type. */
  readonly problems: readonly string[]
}

/** Something in the CRM may have changed: no more than a hint, the record is read again. */
export interface ChangeHint {
  /** Portal or org that it comes from, as the CRM names it: `connections.external_id`. */
  readonly origin: string
  readonly object: string
  readonly id: string
  readonly kind: 'changed' | 'created' | 'deleted' | 'restored' | 'merged' | 'associated' | 'erased'
  /** Ids that were merged into it, or that it was associated with. */
  readonly others: readonly string[]
  /** The same event has the same one, however often and in whatever order it comes. */
  readonly key: string
  readonly at: Date
  /** The CRM says that it was this app that changed it. */
  readonly own: boolean
}

/** What a CRM told by its stream of events, and where to go on after it. */
export interface HintPage {
  readonly hints: readonly ChangeHint[]
  /** Opaque; to be stored together with the hints. */
  readonly position: Cursor
  /**
   * Set when events were missed, or more changed than was told one by one: only a sync knows what. Says why, in a
   * sentence.
   */
  readonly missed?: string
  /** What was missed is beyond a sync of what changed, too: everything has to be read anew. */
  readonly whole?: true
  /** Events that could not be read, or that mean nothing to us. */
  readonly skipped?: number
}

/** An intervention as it stands, kept in the CRM for reports and for the record's card. */
export interface InterventionRecord {
  /** Upserted by this: the same key never makes a second record. */
  readonly key: string
  readonly customerId: string
  /** Null: nobody in particular, or the customer itself. */
  readonly recipientId: string | null
  /** Key of the action: `discount_10`. */
  readonly action: string
  /** As people say it: "Discount of 10 %". */
  readonly actionName: string
  readonly channel: 'email' | 'sms' | 'task'
  /** As `RiskFields.actionStatus` says it: sent, awaiting approval, … */
  readonly status: string
  /** Why it is so, in a sentence; null: the status says it all. */
  readonly reason: string | null
  readonly decidedAt: Date
  /** Null: it has not gone out. */
  readonly sentAt: Date | null
}

export interface Connector {
  readonly name: string
  /** Records that one call of `write` takes; Infinity where it does not matter. */
  readonly writeBatch: number
  /** For how long a description is good, milliseconds; 0: described whenever records came. */
  readonly describeEveryMs: number
  describe(): Promise<readonly ObjectDescription[]>
  /**
   * What changed since the cursor; everything for null. Ends after the last page. A pass that nothing changed in
   * may yield no page at all.
   *
   * @param reading default: everything that it describes, without history
   */
  changes(since: Cursor | null, reading?: Reading): AsyncIterable<ChangePage>
  /** In any order; ids that are not there are left out. A merged id gives the record that it was merged into. */
  read(ids: readonly string[], reading?: Reading): Promise<readonly CustomerRecord[]>
  /** What the customers pay for, where it is not in the records; by customer id, an entry for each id asked. */
  agreements?(ids: readonly string[]): Promise<ReadonlyMap<string, readonly Agreement[]>>
  /** The people who may be written to, best first for each customer. */
  recipients?(ids: readonly string[]): Promise<readonly Recipient[]>
  /** Ids of customers that records of another kind belong to: a deal's company, a Contact's Account. */
  customersOf?(object: string, ids: readonly string[]): Promise<readonly string[]>
  /**
   * `WriteResult.id` is the recipient's. A code that begins with `newer_` says that the person told the CRM something
   * else since `changedAt`: nothing was written, and nothing failed.
   */
  writeConsent?(changes: readonly ConsentChange[]): Promise<readonly WriteResult[]>
  /** Results in any order, one for each update; throws only when nothing at all could be tried. */
  write(updates: readonly FieldUpdate[]): Promise<readonly WriteResult[]>
  /** By key: `WriteResult.id` is the key of the task. */
  upsertTasks?(tasks: readonly Task[]): Promise<readonly WriteResult[]>
  /**
   * What became of tasks that were made here: one for each key asked.
   *
   * @throws HoldfastError when nothing could be asked
   */
  taskOutcomes?(tasks: readonly MadeTask[]): Promise<readonly TaskOutcome[]>
  /** By key: `WriteResult.id` is the key of the entry. */
  logActivity?(entries: readonly Activity[]): Promise<readonly WriteResult[]>
  /**
   * Which of these entries are on the timeline, by their keys. One that is not may still have been about to be logged.
   *
   * @throws HoldfastError when nothing could be asked
   */
  loggedActivities?(entries: readonly Pick<Activity, 'key' | 'kind'>[]): Promise<ReadonlySet<string>>
  /** By key: `WriteResult.id` is the key of the intervention. Only of customers on whom something was done. */
  upsertInterventions?(records: readonly InterventionRecord[]): Promise<readonly WriteResult[]>
  /**
   * Tells the CRM what came of calls that it waits for: `WriteResult.id` is its id of the call.
   *
   * @throws HoldfastError when nothing at all could be tried
   */
  answerCalls?(calls: readonly AnsweredCall[]): Promise<readonly WriteResult[]>
  /**
   * Follows the CRM's own stream of events until the signal: a page whenever something came. What it misses is found by
   * `changes`, so that it only makes things faster.
   *
   * @param from position of the last page that was stored; null: from now on
   * @param wanted what is read of the records at the moment, for streams that are told which fields they are about; null: not known yet
   * @throws HoldfastError what keeps the stream from going on; `connector_configuration` where the CRM has none
   */
  subscribe?(
    from: Cursor | null,
    signal: AbortSignal,
    wanted?: () => Promise<Reading | null>,
  ): AsyncIterable<HintPage>
  /** Fields and groups that writing needs. Safe to repeat. */
  provision?(): Promise<ProvisionReport>
  verify(): Promise<readonly Check[]>
  close(): Promise<void>
}
