/**
 * What changed in an org since a cursor, page by page: everything the first time and once a week, between those what was
 * modified, what belongs to a customer and was modified, and what was deleted or merged.
 */
import type { ChangePage, Cursor, CustomerRecord } from '../connector.ts'
import {
  newestOf,
  NEVER,
  OVERLAP,
  rowPages,
  SLICE,
  sliced,
  stampOf,
  type ChangeSource,
} from './change-source.ts'
import { membersOf } from './conditions.ts'
import { keepGone, openLately, parseCursor, versionOf, type Lately, type SalesforceCursor } from './cursor.ts'
import { deletedSince, survivorsOf } from './deleted.ts'
import { id18 } from './ids.ts'
import { isNarrow, type Known } from './records.ts'
import { relatedVersion, type Related } from './related.ts'
import { idIn, isTrue, type Row } from './rows.ts'
import { and, compare, or, type Condition } from './soql.ts'
import { everything } from './whole.ts'
import { readTime } from './values.ts'

/** Salesforce tells what was deleted for 15 days. */
const LONGEST_PAUSE = 14 * 86_400_000

/**
 * @throws HoldfastError as every call does; what was handed over with a cursor until then stands
 * @example
 * for await (const page of changesOf(source, cursor)) store(page)
 */
export async function* changesOf(source: ChangeSource, since: Cursor | null): AsyncGenerator<ChangePage> {
  const cursor = parseCursor(since, source.reading)
  if (cursor === null || cursor.since === null || cursor.whole !== null) yield* everything(source, cursor)
  else if (cursor.pass === null && isDue(cursor, source.context.clock())) yield* everything(source, cursor)
  else yield* changed(source, cursor, cursor.since)
}

function isDue({ wholeDue, passed }: SalesforceCursor, now: Date): boolean {
  return now.getTime() >= Date.parse(wholeDue) || now.getTime() - Date.parse(passed) > LONGEST_PAUSE
}

/** Where the reading of one object stands: in the order of SystemModstamp and id. */
interface Position {
  readonly stamp: Date
  /** Null: all of `stamp` are still to come. */
  readonly last: string | null
}

/** What was modified, object by object; a pass that was broken off goes on where it stood. */
async function* changed(
  source: ChangeSource,
  before: SalesforceCursor,
  since: Readonly<Record<string, string>>,
): AsyncGenerator<ChangePage> {
  const { reader, related, context } = source
  const phases: readonly (Related | null)[] = [null, ...related]
  const objects = phases.map((one) => one?.object ?? reader.object)
  const latelies = new Map<string, Lately>(objects.map((name) => [name, openLately(before.lately[name])]))
  const reached: Record<string, string> = { ...before.pass?.reached }
  let gone: Record<string, number> = { ...before.gone }
  const begin = Math.max(0, objects.indexOf(before.pass?.at ?? reader.object))

  const fromOf = (object: string): number => Date.parse(since[object] ?? NEVER) - OVERLAP
  const keptOf = (ends: Readonly<Record<string, string>>): SalesforceCursor['lately'] =>
    Object.fromEntries(
      [...latelies].map(([object, lately]) => [
        object,
        lately.kept(Date.parse(ends[object] ?? since[object] ?? NEVER) - OVERLAP),
      ]),
    )

  for (const [i, phase] of phases.entries()) {
    if (i < begin) continue
    const object = objects[i]
    const resumed = before.pass?.at === object ? before.pass : null
    // An object that was not followed before: what it said until now was read with everything, or is with the next time.
    const start = since[object] ?? (await newestOf(source, object))?.toISOString() ?? NEVER
    let until = resumed?.until === undefined || resumed.until === null ? null : new Date(resumed.until)
    let position: Position =
      resumed === null
        ? { stamp: new Date(Math.max(0, Date.parse(start) - OVERLAP)), last: null }
        : { stamp: new Date(resumed.stamp), last: resumed.last }
    const cursorAt = (): SalesforceCursor => ({
      ...before,
      pass: {
        at: object,
        stamp: position.stamp.toISOString(),
        last: position.last,
        until: until?.toISOString() ?? null,
        reached: { ...reached },
      },
      // Of the objects whose turn is still to come, all that their overlap finds again.
      lately: keptOf({}),
      gone: { ...gone },
    })
    for (let again = true; again;) {
      again = false
      for await (const { rows, total } of rowPages(source, asked(source, phase, position))) {
        if (until === null && total > rows.length) {
          // Several pages: by when they are read, more may have changed. The next pass looks back behind this moment.
          until = later(await newestOf(source, object), new Date(start))
          again = true
          break
        }
        until ??= rows.map(stampOf).reduce(later, new Date(start))
        for (const slice of sliced(rows, SLICE)) {
          const lately = latelies.get(object)!
          const part =
            phase === null
              ? await ofRecords(source, slice, lately, gone, fromOf(object))
              : await ofRelated(source, phase, slice, lately, latelies.get(reader.object)!)
          position = moved(position, slice.at(-1)!, until)
          gone = part.gone ?? gone
          if (part.upserts.length > 0 || part.deleted.length > 0)
            yield { upserts: part.upserts, deleted: part.deleted, cursor: cursorAt() }
        }
      }
    }
    reached[object] = (until ?? new Date(start)).toISOString()
  }

  const told = await deletedSince(
    context.client,
    reader.object,
    new Date(before.deletedFrom),
    context.clock(),
  )
  const deleted = told.deleted.filter(({ id }) => !Object.hasOwn(gone, id))
  const all = { ...gone, ...Object.fromEntries(told.deleted.map(({ id, at }) => [id, at])) }
  const now = context.clock().toISOString()
  yield {
    upserts: [],
    deleted: deleted.map(({ id }) => id),
    cursor: {
      ...before,
      since: { ...since, ...reached },
      pass: null,
      wholeDue: told.missed ? now : before.wholeDue,
      passed: now,
      deletedFrom: told.covered.toISOString(),
      lately: keptOf(reached),
      gone: keepGone(all, told.covered.getTime() - 2 * OVERLAP),
    } satisfies SalesforceCursor,
  }
}

/** The query of one object from a position on; without LIMIT, so that equal times never end a page for good. */
function asked({ reader }: ChangeSource, phase: Related | null, { stamp, last }: Position) {
  const at = { datetime: stamp }
  const from: Condition =
    last === null
      ? compare('SystemModstamp', '>=', at)
      : or(
          and(compare('SystemModstamp', '=', at), compare('Id', '>', last)),
          compare('SystemModstamp', '>', at),
        )
  const where = phase === null ? from : and(from, phase.where)
  const order = ['SystemModstamp', 'Id']
  if (phase !== null)
    return { from: phase.object, fields: () => phase.fields, where, orderBy: order, all: true }
  return {
    from: reader.object,
    fields: () => {
      const names = [...reader.fields(), 'IsDeleted', 'MasterRecordId']
      return isNarrow(reader.object, names, ` WHERE ${where.soql} ORDER BY SystemModstamp,Id`) ? names : THIN
    },
    where,
    orderBy: order,
    all: true,
  }
}

const THIN = ['Id', 'SystemModstamp', 'CreatedDate', 'IsDeleted', 'MasterRecordId']

/**
 * Rows are in the order of what they were when the query began, and may say what they are by now: one that has changed
 * since must not move the position over those that are still to come.
 */
function moved(position: Position, row: Row, until: Date): Position {
  const stamp = stampOf(row)
  if (stamp < position.stamp || stamp > until) return position
  return { stamp, last: idOf(row) }
}

interface PagePart {
  readonly upserts: readonly CustomerRecord[]
  readonly deleted: readonly string[]
  readonly gone?: Record<string, number>
}

async function ofRecords(
  source: ChangeSource,
  rows: readonly Row[],
  lately: Lately,
  gone: Readonly<Record<string, number>>,
  from: number,
): Promise<PagePart> {
  const { reader, context } = source
  const fresh = rows
    .map((row) => ({ row, id: idOf(row), at: stampOf(row) }))
    .filter(({ row, id, at }) => {
      const version = isTrue(row, 'IsDeleted')
        ? versionOf(reader.object, id, at, ['deleted'])
        : reader.version(reader.known(row))
      if (lately.has(version)) return false
      // A wide row says more once it is read by its id.
      if (isTrue(row, 'IsDeleted') || isWhole(source, row)) lately.add(version, at.getTime())
      return true
    })
  const dead = fresh.filter(({ row }) => isTrue(row, 'IsDeleted'))
  const alive = fresh.filter(({ row }) => !isTrue(row, 'IsDeleted'))
  const wide = alive.filter(({ row }) => !isWhole(source, row)).map(({ id }) => id)
  const read = newOnes(source, lately, await reader.byIds(wide))
  const records = [
    ...alive.filter(({ row }) => isWhole(source, row)).map(({ row }) => reader.known(row)),
    ...read,
  ]

  const losers = dead.filter(({ row }) => idIn(row, 'MasterRecordId') !== null).map(({ id }) => id)
  const merged = new Map<string, string[]>()
  for (const [loser, winner] of losers.length === 0
    ? []
    : await survivorsOf(context.client, reader.object, losers))
    merged.set(winner, [...(merged.get(winner) ?? []), loser])
  const there = new Set(records.map(({ id }) => id))
  const winners = await reader.byIds([...merged.keys()].filter((id) => !there.has(id)))
  for (const one of winners) lately.add(reader.version(one), one.stamp.getTime())

  // Whoever was restored may go again.
  const back = new Set([
    ...rows.filter((row) => !isTrue(row, 'IsDeleted')).map(idOf),
    ...winners.map(({ id }) => id),
  ])
  const now = Object.fromEntries(Object.entries(gone).filter(([id]) => !back.has(id)))
  for (const { id, at } of dead) now[id] = at.getTime()
  const past =
    reader.reading.history.length === 0
      ? new Set<string>()
      : new Set(records.filter((one) => createdAt(one) >= from).map(({ id }) => id))
  return {
    upserts: [
      ...(await handed(source, records, { past, merged })),
      ...(await handed(source, winners, { related: true, merged })),
    ],
    deleted: dead.flatMap(({ id }) => (Object.hasOwn(gone, id) ? [] : [id])),
    gone: now,
  }
}

/** The customers that they belong to, read by id: nothing of theirs need have changed. */
async function ofRelated(
  source: ChangeSource,
  phase: Related,
  rows: readonly Row[],
  lately: Lately,
  customers: Lately,
): Promise<PagePart> {
  const fresh = rows.filter((row) => {
    const version = relatedVersion(phase, row)
    if (lately.has(version)) return false
    lately.add(version, stampOf(row).getTime())
    return true
  })
  const ids = fresh.length === 0 ? [] : await phase.customersOf(fresh)
  const upserts: CustomerRecord[] = []
  for (const slice of sliced(ids, SLICE)) {
    const records = await source.reader.byIds(slice)
    for (const one of records) customers.add(source.reader.version(one), one.stamp.getTime())
    upserts.push(...(await handed(source, records, { related: true })))
  }
  return { upserts, deleted: [] }
}

async function handed(
  { reader, context }: ChangeSource,
  records: readonly Known[],
  how: Omit<Parameters<ChangeSource['reader']['customers']>[1], 'members'>,
): Promise<readonly CustomerRecord[]> {
  if (records.length === 0) return []
  const ids = records.map(({ id }) => id)
  const members = await membersOf(context, reader.object, reader.reading.condition, ids)
  return reader.customers(records, { ...how, members })
}

function newOnes({ reader }: ChangeSource, lately: Lately, records: readonly Known[]): readonly Known[] {
  return records.filter((one) => {
    const version = reader.version(one)
    if (lately.has(version)) return false
    lately.add(version, one.stamp.getTime())
    return true
  })
}

/** Whether a row has all that is read of a record. */
const isWhole = ({ reader }: ChangeSource, row: Row): boolean =>
  reader.fields().every((name) => Object.hasOwn(row, name))

const idOf = (row: Row): string => id18(String(row['Id']))
const createdAt = ({ row }: Known): number => readTime(row['CreatedDate'])?.getTime() ?? 0
const later = (a: Date | null, b: Date | null): Date =>
  new Date(Math.max(a?.getTime() ?? 0, b?.getTime() ?? 0))
