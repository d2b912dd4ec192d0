/**
 * The event bus of the sandbox's org: every change of a record whose object is selected for Change Data Capture, in
 * order, kept for a while.
 *
 * Positions are opaque to those who read, and good for this run of the sandbox alone: after a restart they are unknown,
 * as after an org has moved to another instance.
 */
import { API_VERSION } from '../version.ts'
import type { Values } from './entries.ts'
import type { Value } from './field.ts'
import {
  changeEventSchema,
  type ChangeEventSchema,
  type ChangeHeader,
  type ChangeType,
} from './event-schemas.ts'
import type { SalesforceChange, SalesforceState } from './state.ts'

/** A change of one record, with what an event says of it. */
interface RecordChange extends SalesforceChange {
  /** Of an update, what changed; of a new or restored record all that it has. */
  readonly values: Values
}

export interface BusOptions {
  /** Counts the runs: positions of another run are unknown. */
  readonly epoch: number
  /** Default: 72 hours. */
  readonly retentionMs?: number
  /** Changes of one transaction that are told one by one; default 100,000. */
  readonly overflowAbove?: number
}

/** One event, encoded when it is first sent. */
export interface StoredEvent {
  readonly position: number
  readonly topic: string
  readonly at: number
  readonly schema: ChangeEventSchema
  payload(): Buffer
}

export interface EventBus {
  /** Null: there is no such topic. */
  schemaOf(topic: string): ChangeEventSchema | null
  /** Object that the topic tells of. */
  objectOf(topic: string): string | null
  schemaById(id: string): ChangeEventSchema | null
  /** Up to `limit` events of the topic after the position, oldest first. */
  after(topic: string, position: number, limit: number): readonly StoredEvent[]
  /** Position of the newest event of any topic. */
  newest(): number
  /** Position before the oldest event that is kept. */
  oldest(): number
  replayId(position: number): Buffer
  /** @returns null for what was never given out, or is not kept any more */
  position(replayId: Buffer): number | null
  /** The next transactions are told by gap events: that something changed, not what. */
  gap(transactions: number): void
  setOverflow(above: number): void
  /** Forgets all events so far, as if they had been kept long enough. */
  forget(): void
  /** An event with a header of the caller's making, on the topic of its entity. */
  publish(header: Partial<ChangeHeader> & Pick<ChangeHeader, 'entityName' | 'changeType' | 'recordIds'>): void
  onEvents(listener: () => void): () => void
  close(): void
}

const HOURS_72 = 72 * 3_600_000
const OVERFLOW_ABOVE = 100_000
/** Beyond it the oldest are forgotten, whatever their age: what a process can keep. */
const MOST_EVENTS = 200_000
const EMPTY_ID = '000000000000000AAA'
const API = `com/salesforce/api/rest/${API_VERSION.slice(1)}`

/** Custom objects do, and of the standard ones those below, as far as the sandbox has them. */
const hasEvents = (object: string): boolean => object.endsWith('__c') || WITH_EVENTS.has(object)
const WITH_EVENTS = new Set([
  'Account',
  'AccountContactRole',
  'Case',
  'Contact',
  'Contract',
  'Event',
  'Individual',
  'Opportunity',
  'OpportunityContactRole',
  'Task',
  'User',
])

const TYPES: Readonly<Record<RecordChange['kind'], ChangeType>> = {
  create: 'CREATE',
  update: 'UPDATE',
  delete: 'DELETE',
  undelete: 'UNDELETE',
}

export function openEventBus(state: SalesforceState, options: BusOptions): EventBus {
  const { epoch, retentionMs = HOURS_72 } = options
  let overflowAbove = options.overflowAbove ?? OVERFLOW_ABOVE
  const schemas = new Map<string, ChangeEventSchema>()
  const byTopic = new Map<string, StoredEvent[]>()
  const all: StoredEvent[] = []
  const listeners = new Set<() => void>()
  let newest = 0
  let oldest = 0
  let commits = 0
  let gaps = 0
  let pending: RecordChange[] = []

  const schemaOf = (topic: string): ChangeEventSchema | null => {
    const object = objectOf(topic)
    if (object === null || !state.tables.objects.has(object) || !hasEvents(object)) return null
    const schema = changeEventSchema(object, state.fields(object))
    const known = schemas.get(schema.id)
    if (known) return known
    schemas.set(schema.id, schema)
    return schema
  }
  /** Describing an object for each of its events would cost more than the events. */
  let described = new Map<string, ChangeEventSchema | null>()
  const schemaNow = (topic: string): ChangeEventSchema | null => {
    if (!described.has(topic)) described.set(topic, schemaOf(topic))
    return described.get(topic) ?? null
  }

  const prune = (): void => {
    const until = state.now().getTime() - retentionMs
    let count = Math.max(0, all.length - MOST_EVENTS)
    while (count < all.length && all[count].at <= until) count++
    drop(count)
  }
  const drop = (count: number): void => {
    if (count === 0) return
    oldest = all[count - 1].position
    all.splice(0, count)
    for (const events of byTopic.values()) {
      const kept = events.findIndex(({ position }) => position > oldest)
      events.splice(0, kept < 0 ? events.length : kept)
    }
  }
  const add = (topic: string, header: ChangeHeader, values: Values): void => {
    const schema = schemaNow(topic)
    if (!schema) return
    let payload: Buffer | null = null
    newest++
    const event: StoredEvent = {
      position: newest,
      topic,
      at: state.now().getTime(),
      schema,
      payload: () => (payload ??= schema.encode(header, values, header.changeType === 'UPDATE')),
    }
    all.push(event)
    const events = byTopic.get(topic)
    if (events) events.push(event)
    else byTopic.set(topic, [event])
  }

  /** Everything that was saved since: the same change to several records of one transaction is one event. */
  const flush = (): void => {
    const changes = pending
    pending = []
    described = new Map()
    for (const transaction of groupsBy(changes, ({ tx }) => tx)) {
      commits++
      const isGap = gaps > 0
      if (isGap) gaps--
      const told = transaction.slice(0, overflowAbove)
      const merged = groupsBy(told, (change) => sameChange(change, isGap))
      let sequence = 0
      for (const [first, ...others] of merged) {
        sequence++
        const header: ChangeHeader = {
          ...headerOf(first, sequence),
          recordIds: [first.id, ...others.map(({ id }) => id)],
          changeType: isGap ? (`GAP_${TYPES[first.kind]}` as ChangeType) : TYPES[first.kind],
        }
        add(topicOf(first.type), header, isGap ? {} : first.values)
      }
      for (const type of new Set(transaction.slice(overflowAbove).map(({ type }) => type))) {
        sequence++
        const header: ChangeHeader = {
          ...headerOf({ ...transaction[0], type }, sequence),
          recordIds: [EMPTY_ID],
          changeType: 'GAP_OVERFLOW',
        }
        add(topicOf(type), header, {})
      }
    }
    for (const listener of listeners) listener()
  }
  const headerOf = (
    { type, by, tx, at }: RecordChange,
    sequenceNumber: number,
  ): Omit<ChangeHeader, 'recordIds' | 'changeType'> => ({
    entityName: type,
    changeOrigin: by.client === null ? '' : `${API};client=${by.client}`,
    transactionKey: tx,
    sequenceNumber,
    commitTimestamp: at.getTime(),
    commitNumber: commitNumber(),
    commitUser: by.userId,
  })
  /** Of the size that real ones have. */
  const commitNumber = (): number => 72_784_000_000 + epoch * 10_000_000 + commits

  const stopListening = state.onChange((change) => {
    if (!state.selectedForChangeEvents().includes(change.type)) return
    if (pending.length === 0) queueMicrotask(flush)
    pending.push({ ...change, values: valuesOf(state, change) })
  })

  return {
    schemaOf,
    objectOf,
    schemaById: (id) => schemas.get(id) ?? null,
    after(topic, position, limit) {
      prune()
      const events = byTopic.get(topic) ?? []
      const first = firstAfter(events, position)
      return events.slice(first, first + limit)
    },
    newest: () => newest,
    oldest() {
      prune()
      return oldest
    },
    replayId(position) {
      const id = Buffer.alloc(10)
      id.writeUInt32BE(epoch, 0)
      id.writeUInt32BE(position, 4)
      return id
    },
    position(replayId) {
      if (replayId.length !== 10 || replayId.readUInt32BE(0) !== epoch || replayId.readUInt16BE(8) !== 0)
        return null
      const position = replayId.readUInt32BE(4)
      prune()
      return position === newest || (position > oldest && position < newest) ? position : null
    },
    gap(transactions) {
      gaps += transactions
    },
    setOverflow(above) {
      overflowAbove = above
    },
    forget: () => drop(all.length),
    publish(header) {
      commits++
      described = new Map()
      add(
        topicOf(header.entityName),
        {
          changeOrigin: '',
          transactionKey: `published-${epoch}-${commits}`,
          sequenceNumber: 1,
          commitTimestamp: state.now().getTime(),
          commitNumber: commitNumber(),
          commitUser: '005000000000000AAA',
          ...header,
        },
        {},
      )
      for (const listener of listeners) listener()
    },
    onEvents(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    close: stopListening,
  }
}

/** What an event carries: nobody is told of fields that they may not read. */
function valuesOf(state: SalesforceState, { type, id, kind, fields, at, by }: SalesforceChange): Values {
  if (kind === 'delete') return {}
  const table = state.tables.table(type)
  const row = table.byId.get(id)
  if (!row) return {}
  const wanted = kind === 'update' ? fields : state.fields(type).map(({ name }) => name)
  const values: Record<string, Value> = {}
  for (const name of wanted) {
    if (!state.field(type, name)?.readable) continue
    const value = table.get(row, name)
    if (value !== null || kind === 'update') values[name] = value
  }
  // What every update changes as well.
  return kind === 'update'
    ? { ...values, LastModifiedDate: at.toISOString(), LastModifiedById: by.userId }
    : values
}

/** Records that are made are never told together. */
function sameChange({ type, id, kind, values, at }: RecordChange, isGap: boolean): string {
  const what = kind === 'create' ? id : kind === 'delete' || isGap ? '' : JSON.stringify(values)
  return `${type} ${kind} ${Math.floor(at.getTime() / 1000)} ${what}`
}

export const topicOf = (object: string): string =>
  `/data/${object.endsWith('__c') ? object.slice(0, -1) : object}ChangeEvent`

function objectOf(topic: string): string | null {
  const name = /^\/data\/(\w+)ChangeEvent$/.exec(topic)?.[1]
  if (name === undefined) return null
  return name.endsWith('__') ? `${name}c` : name
}

function groupsBy<T>(values: readonly T[], keyOf: (value: T) => string): T[][] {
  const groups = new Map<string, T[]>()
  for (const value of values) {
    const key = keyOf(value)
    const group = groups.get(key)
    if (group) group.push(value)
    else groups.set(key, [value])
  }
  return [...groups.values()]
}

function firstAfter(events: readonly StoredEvent[], position: number): number {
  let low = 0
  let high = events.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (events[middle].position <= position) low = middle + 1
    else high = middle
  }
  return low
}
