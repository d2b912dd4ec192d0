/**
 * The org as the sandbox, its world and tests see it: records with what Salesforce keeps of them, the objects and fields
 * that an admin defined, and what was refused to whom. Everything that must outlive the process goes through the
 * journal's entries.
 */
import type { Entry, Values } from './entries.ts'
import { fieldOf, type FieldDefinition, type GivenField } from './field.ts'
import type { ObjectDefinition, OrgFeatures } from './objects.ts'
import { openOrg, type Org } from './org.ts'
import { openRecords, type Records } from './records.ts'
import { openSharing } from './sharing.ts'
import { inverse } from './undo.ts'

/** Who does something: `client` as Sforce-Call-Options says it, which change events carry as their origin. */
export interface By {
  readonly userId: string
  readonly client: string | null
}

export interface SalesforceChange {
  readonly type: string
  readonly id: string
  readonly kind: 'create' | 'update' | 'delete' | 'undelete'
  /** Names of the fields that have another value now; of a new record those that have one. */
  readonly fields: readonly string[]
  readonly by: By
  readonly at: Date
  /** The same for all that one call did. */
  readonly tx: string
}

/** A record as it is read: a copy. */
export interface SalesforceRecord {
  readonly type: string
  readonly id: string
  readonly deleted: boolean
  /** By field, those of Salesforce included; instants and dates as the API writes them. */
  readonly values: Values
}

export interface ValidationRule {
  readonly name: string
  /** SOQL condition; a record for which it is true is refused. */
  readonly when: string
  readonly message: string
  /** Where the message is shown; null: at the top of the page. */
  readonly field: string | null
}

export interface DuplicateRule {
  readonly name: string
  /** A record that equals another in all of them, letters' case aside, is a duplicate. */
  readonly fields: readonly string[]
  readonly message: string
}

export interface FieldAccess {
  readonly readable: boolean
  readonly editable: boolean
}

export interface ObjectAccess {
  readonly read: boolean
  readonly create: boolean
  readonly edit: boolean
  readonly delete: boolean
}

export interface SalesforceState extends Records {
  /** The org's 18-character id. */
  readonly org: string
  readonly features: OrgFeatures
  /** The tables themselves, for fast paths; read only. */
  readonly tables: Org
  now(): Date
  /** Told of each change after it was made. Returns how to stop listening. */
  onChange(listener: (change: SalesforceChange) => void): () => void
  /** What is done in it is one transaction; `undo` takes it all back. Changes are told at its end. */
  transaction<T>(work: (undo: () => void) => T): T

  objects(): readonly ObjectDefinition[]
  defineObject(definition: ObjectDefinition): void
  /** Adds or replaces a field. */
  define(type: string, name: string, given?: GivenField): void
  removeField(type: string, name: string): void
  fields(type: string): readonly FieldDefinition[]
  field(type: string, name: string): FieldDefinition | null
  /** Field-level security of the integration user. */
  setAccess(type: string, name: string, access: Partial<FieldAccess>): void
  setObjectAccess(type: string, access: Partial<ObjectAccess>): void
  objectAccess(type: string): ObjectAccess

  /** Shared away: the integration user sees it no more, nor what is shared as it is. */
  hide(type: string, id: string): void
  show(type: string, id: string): void
  isHidden(id: string): boolean
  addValidationRule(
    type: string,
    rule: Partial<ValidationRule> & Pick<ValidationRule, 'when' | 'message'>,
  ): void
  removeValidationRules(type: string): void
  validationRules(type: string): readonly ValidationRule[]
  addDuplicateRule(type: string, rule: Partial<DuplicateRule> & Pick<DuplicateRule, 'fields'>): void
  duplicateRules(type: string): readonly DuplicateRule[]
  /** Writes to the record and to those that point at it are refused, for so many tries. Returns how to let go. */
  lock(id: string, tries?: number): () => void
  /** Counts a try. */
  isLocked(id: string): boolean
  /** Objects that change data capture is switched on for. */
  selectForChangeEvents(types: readonly string[]): void
  selectedForChangeEvents(): readonly string[]

  /** Whatever else is to survive a restart, by table and key, as JSON. */
  put(table: string, key: string, value: unknown): void
  get(table: string, key: string): unknown
  entries(table: string): ReadonlyMap<string, unknown>
}

const ALL: ObjectAccess = { read: true, create: true, edit: true, delete: true }

/**
 * @param write given each entry before it is applied; the journal
 * @example
 * const state = openState({ org: '00Dxx0000001gEREAY', clock: () => new Date(), features, write: null })
 */
export function openState(options: {
  org: string
  clock: () => Date
  features: OrgFeatures
  write: ((entry: Entry) => void) | null
}): SalesforceState {
  const { features } = options
  const tables = openOrg(options.org, features)
  const listeners = new Set<(change: SalesforceChange) => void>()
  const locks = new Map<string, number>()
  const now = (): Date => options.clock()
  let transactions = 0
  let within: { readonly tx: string; undone: Entry[]; told: SalesforceChange[] } | null = null

  const commit = (entry: Entry): void => {
    within?.undone.unshift(...inverse(tables, entry))
    options.write?.(entry)
    tables.apply(entry)
  }
  const nextTransaction = (): string =>
    `${now().getTime().toString(36)}-${(++transactions).toString(36).padStart(8, '0')}`
  const tellAll = (changes: readonly SalesforceChange[]): void => {
    for (const change of changes) for (const listener of listeners) listener(change)
  }
  const transaction = <T>(work: (undo: () => void) => T): T => {
    const outer = within
    // One within another shares its name; only the outermost is at an end with its own end.
    const own = { tx: outer?.tx ?? nextTransaction(), undone: [] as Entry[], told: [] as SalesforceChange[] }
    within = own
    try {
      return work(() => {
        const entries = own.undone
        own.undone = []
        own.told = []
        within = null
        for (const entry of entries) commit(entry)
        within = own
      })
    } finally {
      within = outer
      outer?.undone.unshift(...own.undone)
      if (outer) outer.told.push(...own.told)
      else tellAll(own.told)
    }
  }
  const records = openRecords({
    org: tables,
    now,
    commit,
    transaction,
    isListenedTo: () => listeners.size > 0,
    tell(change) {
      if (within) within.told.push({ ...change, tx: within.tx })
      else tellAll([{ ...change, tx: nextTransaction() }])
    },
  })
  const list = (table: string, type: string): readonly unknown[] =>
    (tables.documents(table).get(type) as readonly unknown[] | undefined) ?? []
  const put = (table: string, key: string, value: unknown): void =>
    commit({ kind: 'document', table, key, value })

  return {
    ...records,
    org: options.org,
    features,
    tables,
    now,
    onChange(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    transaction,

    objects: () => [...tables.objects.values()],
    defineObject: (definition) => commit({ kind: 'object', definition }),
    define(type, name, given) {
      const field = fieldOf(name, given)
      commit({ kind: 'field', type, field })
      if (type === 'Contact' && features.personAccounts && name.endsWith('__c')) {
        const person = fieldOf(name.replace(/__c$/, '__pc'), { ...given, unique: false, externalId: false })
        commit({ kind: 'field', type: 'Account', field: person })
      }
    },
    removeField(type, name) {
      const field = tables.table(type).fields.get(name.toLowerCase())
      if (field) commit({ kind: 'field', type, field, removed: true })
    },
    fields: (type) => [...tables.table(type).fields.values()],
    field: (type, name) => tables.table(type).fields.get(name.toLowerCase()) ?? null,
    setAccess(type, name, access) {
      const field = tables.table(type).fields.get(name.toLowerCase())
      if (!field) throw new Error(`The sandbox has no field ${type}.${name}.`)
      commit({ kind: 'field', type, field: { ...field, ...access } })
    },
    setObjectAccess: (type, access) => put('object_access', type, { ...ALL, ...access }),
    objectAccess: (type) => (tables.documents('object_access').get(type) as ObjectAccess | undefined) ?? ALL,

    hide: (type, id) => put('hidden', id, type),
    show: (_type, id) => put('hidden', id, null),
    isHidden: openSharing(tables),
    addValidationRule(type, { name, when, message, field }) {
      const rules = list('validation_rules', type)
      const rule: ValidationRule = {
        name: name ?? `Rule_${rules.length + 1}`,
        when,
        message,
        field: field ?? null,
      }
      put('validation_rules', type, [...rules, rule])
    },
    removeValidationRules: (type) => put('validation_rules', type, null),
    validationRules: (type) => list('validation_rules', type) as readonly ValidationRule[],
    addDuplicateRule(type, { name, fields, message }) {
      const rule: DuplicateRule = {
        name: name ?? `Standard_${type}_Duplicate_Rule`,
        fields,
        message: message ?? 'Use one of these records?',
      }
      put('duplicate_rules', type, [...list('duplicate_rules', type), rule])
    },
    duplicateRules: (type) => list('duplicate_rules', type) as readonly DuplicateRule[],
    lock(id, tries = Infinity) {
      locks.set(id, tries)
      return () => void locks.delete(id)
    },
    isLocked(id) {
      const left = locks.get(id)
      if (left === undefined) return false
      if (left <= 1) locks.delete(id)
      else locks.set(id, left - 1)
      return true
    },
    selectForChangeEvents: (types) => put('change_events', 'selected', types),
    selectedForChangeEvents: () =>
      (tables.documents('change_events').get('selected') as readonly string[] | undefined) ?? [],

    put,
    get: (table, key) => tables.documents(table).get(key),
    entries: (table) => tables.documents(table),
  }
}
