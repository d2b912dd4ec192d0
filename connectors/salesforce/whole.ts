/** Everything there is in an org: by pages of a query, or of a job of the Bulk API where that would take many. */
import { HoldfastError } from '../../src/contracts/errors.ts'
import type { ChangePage } from '../connector.ts'
import { awaitQueryJob, bulkRows, createQueryJob, isGone, type BulkPlace } from './bulk-query.ts'
import {
  counted,
  newestOf,
  NEVER,
  OVERLAP,
  rowPages,
  SLICE,
  sliced,
  stampOf,
  type ChangeSource,
} from './change-source.ts'
import { membersOf, ofCondition } from './conditions.ts'
import { MOST_VERSIONS, openLately, type SalesforceCursor } from './cursor.ts'
import { relatedVersion } from './related.ts'
import { failureOf, isBulkClosed, isFailure } from './errors.ts'
import { isNarrow, type Known } from './records.ts'
import { id18 } from './ids.ts'
import type { Row } from './rows.ts'
import { and, compare, count, select, stated, type Condition } from './soql.ts'

const WEEK = 7 * 86_400_000
/**
 * After a reading of everything that was broken off, so that it could not tell what is gone. No part of a day: what is
 * restarted every night at the same time would break off every one of them.
 */
const AGAIN = 5 * 3_600_000
/** Deletions are told for 15 days, by Salesforce's clock. */
const TOLD = 14 * 86_400_000

type Whole = NonNullable<SalesforceCursor['whole']>

/** Rows, and what the cursor says behind them. */
interface Step {
  readonly rows: readonly Row[]
  readonly whole: Whole
}

/**
 * Only a reading that was not broken off knows that what it did not meet is gone.
 *
 * @throws HoldfastError as calls do; `connector_unavailable` (retryable) while Salesforce prepares a job for long
 */
export async function* everything(
  source: ChangeSource,
  before: SalesforceCursor | null,
): AsyncGenerator<ChangePage> {
  const { context, reader, reading } = source
  const { object } = reader
  const resumed = before?.whole ?? null
  const first = (before?.since ?? null) === null
  const begun = resumed ?? (await begin(source))
  const around = resumed === null ? await versionsAround(source, begun) : (before?.lately ?? {})
  const uncut = resumed === null
  const newest = Date.parse(begun.newest[object])
  const lately = openLately(before?.lately[object])
  const gone = { ...before?.gone }

  const total = begun.total === null ? {} : { total: begun.total }

  const cursorAt = (whole: Whole | null): SalesforceCursor => {
    const now = context.clock().getTime()
    return {
      version: 1,
      reading,
      since: whole === null ? begun.newest : (before?.since ?? null),
      whole,
      pass: null,
      wholeDue: iso(now + (uncut ? WEEK : AGAIN)),
      passed: iso(now),
      // Of those who do not meet the condition a reading of everything says nothing: their deletions are asked for.
      deletedFrom: later(before?.deletedFrom ?? begun.began, iso(now - TOLD)),
      lately: { ...around, [object]: lately.kept(newest - OVERLAP) },
      gone: { ...gone },
    }
  }

  let room = MOST_VERSIONS
  for await (const { rows, whole } of steps(source, begun)) {
    const records = rows.map(reader.known)
    const recent = records.filter(({ stamp }) => stamp.getTime() >= newest - OVERLAP)
    // A cursor keeps no more of them: of an org that was filled within a moment, the rest is handed over once more.
    for (const one of recent.slice(0, room)) lately.add(reader.version(one), one.stamp.getTime())
    room = Math.max(0, room - recent.length)
    const ids = new Set(records.map(({ id }) => id))
    // Whoever was restored may go again.
    for (const id of ids) delete gone[id]
    const upserts = await reader.customers(records, {
      members: await stillMembers(source, ids, recent),
      ...(first && { past: ids }),
      // Once everything was read, what was missed around a record is only noticed by asking for it.
      related: !first,
    })
    yield { upserts, deleted: [], cursor: cursorAt(whole), ...total }
  }
  yield {
    upserts: [],
    deleted: [],
    cursor: cursorAt(null),
    ...total,
    ...(uncut && { complete: true as const }),
  }
}

/**
 * All were found by the condition, but one that changed lately may have changed since it was found. As no later pass
 * tells the same version again, it is asked once more what was read before.
 */
async function stillMembers(
  { context, reader }: ChangeSource,
  found: ReadonlySet<string>,
  recent: readonly Known[],
): Promise<ReadonlySet<string> | null> {
  const asked = recent.map(({ id }) => id)
  const members = await membersOf(context, reader.object, reader.reading.condition, asked)
  if (members === null) return null
  const not = new Set(asked.filter((id) => !members.has(id)))
  return new Set([...found].filter((id) => !not.has(id)))
}

/** Where the changes stand is asked before the first record is read: what changes meanwhile is met by the next pass. */
async function begin(source: ChangeSource): Promise<Whole> {
  const { context, reader, related } = source
  const newest: Record<string, string> = {}
  for (const object of [reader.object, ...related.map((one) => one.object)])
    newest[object] = (await newestOf(source, object))?.toISOString() ?? NEVER
  const total = await countOf(source)
  // By the org's own times, as far as they go back no longer than deletions are told.
  const now = context.clock().getTime()
  const began = Math.max(Date.parse(newest[reader.object]) - OVERLAP, now - WEEK)
  return { began: iso(began), newest, total, last: null, job: null }
}

/**
 * What belongs to customers and changed within the overlap is read with them: the next pass is not to tell it again.
 *
 * @returns by object, as a cursor keeps it
 */
async function versionsAround(source: ChangeSource, { newest }: Whole): Promise<SalesforceCursor['lately']> {
  const found: Record<string, Readonly<Record<string, string>>> = {}
  for (const one of source.related) {
    const lately = openLately()
    const from = Date.parse(newest[one.object]) - OVERLAP
    const stamp = { datetime: new Date(Math.max(0, from)) }
    for await (const { rows, total } of rowPages(source, {
      from: one.object,
      fields: () => one.fields,
      where: and(compare('SystemModstamp', '>=', stamp), one.where),
      orderBy: ['SystemModstamp', 'Id'],
      all: true,
    })) {
      // More than a cursor keeps: their customers are handed over once more.
      if (total > MOST_VERSIONS) break
      for (const row of rows) lately.add(relatedVersion(one, row), stampOf(row).getTime())
    }
    found[one.object] = lately.kept(from)
  }
  return found
}

async function countOf({ context, reader }: ChangeSource): Promise<number | null> {
  const { condition } = reader.reading
  try {
    const { body } = await context.client.call({
      method: 'GET',
      path: '/query',
      query: { q: count({ from: reader.object, where: conditionOf(condition) }) },
      schema: counted,
    })
    return body.totalSize
  } catch (error) {
    // Too many to be counted in time.
    if (isFailure(error, 'QUERY_TIMEOUT')) return null
    throw condition === undefined ? error : ofCondition(error, condition)
  }
}

async function* steps(source: ChangeSource, begun: Whole): AsyncGenerator<Step> {
  if (begun.job !== null) {
    const job = await awaitQueryJob(source.context.client, begun.job.id, source.sleep)
    // After seven days, or when somebody aborted it, all of it is read anew.
    if (job?.state === 'JobComplete') return yield* jobSteps(source, begun, begun.job)
  } else if (begun.last !== null || (begun.total !== null && begun.total <= source.bulkAbove)) {
    return yield* pageSteps(source, begun)
  }
  const job = await created(source)
  if (job === null) return yield* pageSteps(source, { ...begun, job: null })
  const place = { id: job, locator: null, skip: 0 }
  // Stored before it is waited for: whoever goes on later finds the same job further.
  yield { rows: [], whole: { ...begun, last: null, job: place } }
  const ended = await awaitQueryJob(source.context.client, job, source.sleep)
  if (ended?.state !== 'JobComplete') {
    const said = ended?.errorMessage ?? ended?.state ?? 'it is not there any more'
    // A field that went meanwhile: it is said which one.
    if (/INVALID_FIELD|No such column/i.test(said)) await source.reader.renew()
    throw new HoldfastError(
      'connector_unavailable',
      `Salesforce could not prepare the records (bulk job ${job}): ${said.replace(/\.$/, '')}. It is tried again; Setup > Bulk Data Load Jobs shows the job.`,
      { retryable: true },
    )
  }
  yield* jobSteps(source, begun, place)
}

/** @returns the id of the job; null where the org, or our user, has no Bulk API */
async function created(source: ChangeSource): Promise<string | null> {
  const { context, reader } = source
  const { condition } = reader.reading
  const soql = () => select({ fields: reader.fields(), from: reader.object, where: conditionOf(condition) })
  const create = async () => (await createQueryJob(context.client, soql())).id
  try {
    return await create().catch(async (error: unknown) => {
      if (!isUnknownField(error)) throw error
      await reader.renew()
      return create()
    })
  } catch (error) {
    if (isBulkClosed(error) || isFailure(error, 'UNSUPPORTED_QUERY')) return null
    throw condition === undefined ? error : ofCondition(error, condition)
  }
}

/** The Bulk API tells it with a code of its own, and the words of the query's. */
const isUnknownField = (error: unknown): boolean =>
  isFailure(error, 'INVALID_FIELD') ||
  (failureOf(error)?.errors.some(({ message }) => /INVALID_FIELD|No such column/i.test(message)) ?? false)

async function* jobSteps(
  source: ChangeSource,
  begun: Whole,
  from: BulkPlace & { id: string },
): AsyncGenerator<Step> {
  const { id } = from
  const options = { size: SLICE, ...(source.bulkPage !== undefined && { page: source.bulkPage }) }
  try {
    for await (const { rows, place } of bulkRows(source.context.client, id, from, options))
      yield { rows, whole: { ...begun, last: null, job: { id, ...place } } }
  } catch (error) {
    if (!isGone(error)) throw error
    // Salesforce may go on telling the job itself as complete: whoever goes on begins another one.
    yield { rows: [], whole: { ...begun, last: null, job: null } }
    throw new HoldfastError(
      'connector_unavailable',
      `Salesforce does not have the results of the bulk job ${id} any more. The records are read anew by itself; nothing is lost.`,
      { cause: error, retryable: true },
    )
  }
}

async function* pageSteps(source: ChangeSource, begun: Whole): AsyncGenerator<Step> {
  const { reader } = source
  const { object } = reader
  const { condition } = reader.reading
  const after = begun.last === null ? null : compare('Id', '>', begun.last)
  const stating = conditionOf(condition)
  const where = after === null && stating === null ? null : and(stating, after)
  const narrow = isNarrow(object, reader.fields(), ` WHERE ${where?.soql ?? ''}`)
  try {
    for await (const { rows } of rowPages(source, {
      from: object,
      fields: narrow ? reader.fields : () => ['Id'],
      where,
      orderBy: ['Id'],
    }))
      for (const slice of sliced(rows, SLICE)) {
        const last = id18(String(slice.at(-1)!['Id']))
        const ids = slice.map((row) => id18(String(row['Id'])))
        const full = narrow ? slice : (await reader.byIds(ids)).map(({ row }) => row)
        yield { rows: full, whole: { ...begun, last, job: null } }
      }
  } catch (error) {
    throw condition === undefined ? error : ofCondition(error, condition)
  }
}

const conditionOf = (condition: string | undefined): Condition | null =>
  condition === undefined ? null : stated(condition)
const later = (a: string, b: string): string => (Date.parse(a) < Date.parse(b) ? b : a)
const iso = (milliseconds: number): string => new Date(milliseconds).toISOString()
