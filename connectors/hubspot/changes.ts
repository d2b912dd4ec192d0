/**
 * What changed in a portal since a cursor, page by page: everything the first time and once a week, between those what
 * was modified, what belongs to a customer and was modified, and what was archived.
 */
import type { Clock } from '../../src/contracts/clock.ts'
import type { ChangePage, Cursor, CustomerRecord } from '../connector.ts'
import { isKnown, keepGone, keepVersions, parseCursor, versionOf, type HubSpotCursor } from './cursor.ts'
import { PAGE, type Objects, type RawRecord } from './objects.ts'
import { MERGED_INTO, mergedInto, type RecordReader } from './records.ts'

export interface ChangeSource {
  readonly objects: Objects
  /** Whose records are the customers. */
  readonly object: 'companies' | 'contacts'
  readonly reader: RecordReader
  /** Tells this way of reading from others. */
  readonly reading: string
  /** Other objects whose changes concern customers. */
  readonly related: readonly Related[]
  readonly clock: Clock
  /** How many records there are: asked once, when everything is read for the first time. */
  readonly count: () => Promise<number>
  /** Told of the records of each page before it is handed over. */
  readonly keep: (records: readonly RawRecord[]) => void
}

export interface Related {
  /** `deals`, `contacts`. */
  readonly object: string
  /** Those of its properties that say something about the customer. */
  readonly properties: readonly string[]
  /** Customers that records of it belong to. */
  readonly customersOf: (ids: readonly string[]) => Promise<readonly string[]>
}

/** The search index lags by moments: each pass looks back so far behind the end of the one before. */
const OVERLAP = 120_000
const WEEK = 7 * 86_400_000
/**
 * After a reading of everything that was broken off, so that it could not tell what is gone. No part of a day: what is
 * restarted every night at the same time would break off every one of them.
 */
const AGAIN = 5 * 3_600_000
/** Of a cursor by which nothing can be told apart any more. */
const FORGOTTEN = { pass: null, archived: null, lately: {}, gone: {} } as const
/** The list of what was archived cannot be asked from a time on: a long one is looked at more rarely. */
const ARCHIVED_PAGE_MS = 60_000

/**
 * @throws HoldfastError as every call does; what was handed over with a cursor until then stands
 * @example
 * for await (const page of changesOf(source, cursor)) store(page)
 */
export async function* changesOf(source: ChangeSource, since: Cursor | null): AsyncGenerator<ChangePage> {
  const cursor = parseCursor(since, source.reading)
  const due = cursor === null || source.clock().getTime() >= Date.parse(cursor.wholeDue)
  if (cursor === null || cursor.since === null || cursor.whole !== null) yield* everything(source, cursor)
  else if (due && cursor.pass === null) yield* everything(source, cursor)
  else yield* changed(source, cursor, cursor.since)
}

/** Lists everything. Only a reading that was not broken off knows that what it did not meet is gone. */
async function* everything(source: ChangeSource, before: HubSpotCursor | null): AsyncGenerator<ChangePage> {
  const { objects, object, reader, reading, clock } = source
  const resumed = before?.whole ?? null
  const uncut = resumed === null
  // Past values come with a record that is handed over for the first time, and never again.
  const wanted = (before?.since ?? null) === null ? reader.wanted : { properties: reader.wanted.properties }
  // Once everything was read, deals that went and associations that changed are only noticed by asking for them.
  const again = (before?.since ?? null) === null ? {} : ({ related: true } as const)
  const versions = { ...before?.lately }
  let gone = { ...before?.gone }
  let began = resumed === null ? null : Date.parse(resumed.began)
  let after = resumed?.after ?? null
  // While the first page is on its way. Nobody waits for a number in vain: without it the reading goes on as well.
  const counted = before === null ? source.count().catch(() => null) : Promise.resolve(resumed?.left ?? null)
  let left: number | null = null
  let total: number | null = null
  do {
    const records: RawRecord[] = []
    // Pages with past values are half as long: whoever asks around their records does so for a hundred at a time.
    for (let room = PAGE; ;) {
      const page = await objects.list(object, wanted, { after })
      began ??= nowThere(page.date, clock)
      after = page.after
      records.push(...page.records)
      room -= page.records.length
      if (after === null || room < page.records.length) break
    }
    source.keep(records)
    const deleted = merged(records)
    gone = note(gone, deleted)
    for (const record of records) {
      if (record.updatedAt.getTime() >= began - OVERLAP)
        versions[record.id] = versionOf(record, reader.wanted.properties)
    }
    const last = after === null
    total ??= left = await counted
    if (left !== null) left = Math.max(0, left - records.length)
    const archivedFrom = uncut && last ? began : Date.parse(before?.archived?.from ?? iso(began))
    yield {
      upserts: (await reader.customers(records)).map((record) => ({ ...record, ...again })),
      deleted: deleted.map(({ id }) => id),
      cursor: {
        version: 1,
        reading,
        since: last ? iso(began) : (before?.since ?? null),
        whole: last ? null : { after, began: iso(began), ...(left !== null && { left }) },
        pass: null,
        wholeDue: iso(began + (uncut ? WEEK : AGAIN)),
        archived: { from: iso(archivedFrom), due: iso(began) },
        lately: keepVersions(versions, began - OVERLAP),
        gone: keepGone(gone, began - 2 * OVERLAP),
      } satisfies HubSpotCursor,
      ...(last && uncut && { complete: true as const }),
      ...(total !== null && { total }),
    }
  } while (after !== null)
}

/** What was modified, in phases that a pass that was broken off goes on with. */
async function* changed(
  source: ChangeSource,
  before: HubSpotCursor,
  since: string,
): AsyncGenerator<ChangePage> {
  const { object, related, clock } = source
  const phases = [object, ...related.map((one) => one.object), 'archived']
  const from = before.pass === null ? Date.parse(since) - OVERLAP : Date.parse(before.pass.from)
  let until = before.pass === null ? null : Date.parse(before.pass.until)
  // Whole until the pass ends: each of its phases looks back as far as the first one did.
  const versions: Record<string, string> = { ...before.lately }
  let gone: Readonly<Record<string, number>> = before.gone
  const begin = phases.indexOf(before.pass?.at ?? object)

  const cursorAt = (at: string, last: string): HubSpotCursor => ({
    ...before,
    pass: { from: iso(from), until: iso(until!), at, last },
    lately: keepVersions(versions, from),
    gone: { ...gone },
  })

  for (const phase of phases.slice(begin < 0 ? 0 : begin, -1)) {
    const concerns = related.find((one) => one.object === phase)
    const names = concerns?.properties ?? source.reader.wanted.properties
    let last = before.pass?.at === phase ? before.pass.last : '0'
    for (;;) {
      const found = await source.objects.search(phase, {
        filters: [
          modified(phase, from, until),
          { propertyName: 'hs_object_id', operator: 'GT', value: last },
        ],
        properties: names,
        sort: 'hs_object_id',
      })
      if (until === null) {
        // The clock by which the cursor was made was ahead: what changed meanwhile is before its beginning.
        if ((found.date ?? clock()).getTime() < from)
          return yield* everything(source, { ...before, ...FORGOTTEN })
        until = Math.max(from, nowThere(found.date, clock))
      }
      const fresh = freshOf(found.records, phase, names)
      Object.assign(versions, fresh.versions)
      last = found.last ?? last
      const page =
        concerns === undefined
          ? await ofRecords(source, fresh.records, from)
          : await ofRelated(source, concerns, fresh.records)
      gone = keepGone(note(gone, page.deleted), from - OVERLAP)
      Object.assign(versions, page.versions)
      const upserts = page.upserts
      const deleted = page.deleted.map(({ id }) => id)
      if (upserts.length > 0 || deleted.length > 0) yield { upserts, deleted, cursor: cursorAt(phase, last) }
      if (!found.more) break
    }
  }

  const end = until ?? (Date.parse(since) || 0)
  const looked = await archivedSince(source, before, end)
  const archived = looked.deleted.filter(({ id, at }) => gone[id] !== at)
  gone = keepGone(note(gone, archived), end - 2 * OVERLAP)
  yield {
    upserts: [],
    deleted: archived.map(({ id }) => id),
    cursor: {
      ...before,
      since: iso(end),
      pass: null,
      archived: looked.next,
      lately: keepVersions(versions, end - OVERLAP),
      gone: { ...gone },
    } satisfies HubSpotCursor,
  }

  function freshOf(records: readonly RawRecord[], phase: string, names: readonly string[]) {
    const key = (id: string): string => (phase === object ? id : `${phase}/${id}`)
    const fresh = records.flatMap((record) => {
      const version = versionOf(record, names)
      if (isKnown(versions[key(record.id)], version)) return []
      // The index still shows for a while what was archived or merged away.
      if (phase === object && (gone[record.id] ?? -1) >= record.updatedAt.getTime()) return []
      return [{ record, version }]
    })
    return {
      records: fresh.map(({ record }) => record),
      versions: Object.fromEntries(fresh.map(({ record, version }) => [key(record.id), version])),
    }
  }
}

interface Deleted {
  readonly id: string
  /** Milliseconds. */
  readonly at: number
}

interface PagePart {
  readonly upserts: readonly CustomerRecord[]
  readonly deleted: readonly Deleted[]
  /** Of what was read anew. */
  readonly versions: Readonly<Record<string, string>>
}

/** Records that came since the last pass are read with what they looked like before. */
async function ofRecords(
  { objects, object, reader, keep }: ChangeSource,
  found: readonly RawRecord[],
  from: number,
): Promise<PagePart> {
  const { history = [] } = reader.wanted
  const young = history.length === 0 ? [] : found.filter(({ createdAt }) => createdAt.getTime() >= from)
  const ids = young.map(({ id }) => id)
  // Record and past in one reading: beside a record of the index, its past would be ahead of it.
  const whole = new Map(
    (await objects.batch(object, ids, reader.wanted)).map((record) => [record.id, record]),
  )
  // Of what is gone by now nothing comes, and under the id of what was merged the one that it was merged into.
  const asked = new Set(ids)
  const others = found.filter(({ id }) => !asked.has(id) && !whole.has(id))
  const records = [...others, ...whole.values()]
  const versions = [...whole.values()].map(
    (record) => [record.id, versionOf(record, reader.wanted.properties)] as const,
  )
  keep(records)
  return {
    upserts: await reader.customers(records),
    deleted: merged(records),
    versions: Object.fromEntries(versions),
  }
}

/** The customers that they belong to, read by id: nothing of theirs need have changed. */
async function ofRelated(
  { objects, object, reader, keep }: ChangeSource,
  { customersOf }: Related,
  found: readonly RawRecord[],
): Promise<PagePart> {
  const ids = found.length === 0 ? [] : await customersOf(found.map(({ id }) => id))
  const records = await objects.batch(object, ids, { properties: reader.wanted.properties })
  keep(records)
  const upserts = (await reader.customers(records)).map((one) => ({ ...one, related: true as const }))
  const versions = records.map((record) => [record.id, versionOf(record, reader.wanted.properties)] as const)
  return { upserts, deleted: merged(records), versions: Object.fromEntries(versions) }
}

/** What was archived since the list was looked at last; nothing while it need not be looked at. */
async function archivedSince(
  { objects, object }: ChangeSource,
  before: HubSpotCursor,
  now: number,
): Promise<{ deleted: readonly Deleted[]; next: HubSpotCursor['archived'] }> {
  const { archived, since } = before
  if (archived !== null && now < Date.parse(archived.due)) return { deleted: [], next: archived }
  const from = Date.parse(archived?.from ?? since ?? iso(0)) - OVERLAP
  const deleted: Deleted[] = []
  let began: number | null = null
  let after: string | null = null
  let pages = 0
  do {
    const page = await objects.list(object, { properties: MERGED_INTO }, { after, archived: true })
    began ??= page.date?.getTime() ?? now
    after = page.after
    pages++
    for (const record of page.records) {
      const at = record.archivedAt?.getTime() ?? now
      // What was merged into it went with it, perhaps before anybody saw the two as one.
      if (at >= from) deleted.push(...[record.id, ...mergedInto(record)].map((id) => ({ id, at })))
    }
  } while (after !== null)
  const due = pages <= 1 ? began : began + pages * ARCHIVED_PAGE_MS
  return { deleted, next: { from: iso(began), due: iso(due) } }
}

/** What lives on in other records. */
function merged(records: readonly RawRecord[]): readonly Deleted[] {
  return records.flatMap((record) => mergedInto(record).map((id) => ({ id, at: record.updatedAt.getTime() })))
}

function note(gone: Readonly<Record<string, number>>, deleted: readonly Deleted[]): Record<string, number> {
  return { ...gone, ...Object.fromEntries(deleted.map(({ id, at }) => [id, at])) }
}

/** Contacts are older than the naming of the others. */
function modified(object: string, from: number, until: number | null) {
  const propertyName = object === 'contacts' ? 'lastmodifieddate' : 'hs_lastmodifieddate'
  return until === null
    ? ({ propertyName, operator: 'GTE', value: String(from) } as const)
    : ({ propertyName, operator: 'BETWEEN', value: String(from), highValue: String(until) } as const)
}

/**
 * HubSpot's time, or ours where that is earlier: a proxy whose clock is ahead would leave a gap in each pass, one that is
 * behind costs an overlap. An answer without a time: ours may be ahead of HubSpot's.
 */
function nowThere(date: Date | null, clock: Clock): number {
  const ours = clock().getTime()
  return date === null ? ours - OVERLAP : Math.min(date.getTime(), ours)
}

const iso = (milliseconds: number): string => new Date(milliseconds).toISOString()
