/**
 * Score, in the service: every customer of the population who is due gets a probability, a level and reasons; who was
 * due without any change in what the model is fed with keeps the score of before.
 *
 * When scores move: sync marks who changed (customers.score_due_at), a new model marks everybody. The calendar moves
 * scores only where the mapping counts something from a date: then the pass that the schedule starts marks whose
 * score describes an earlier day. The hash of the input holds the counted months, not the day, so a customer of whom
 * nothing depends on the day is not scored again.
 *
 * A level follows the thresholds at once, here and wherever it is shown; it is write-back that waits for a margin
 * before it tells the CRM (risk-fields.ts). Whoever leaves the population keeps the last score, out of every count.
 */
import { levelThresholds, type LevelThresholds } from '../../models/churn/levels.ts'
import type { ConnectionId, CustomerId } from '../contracts/ids.ts'
import type { ServiceSettings } from '../settings/service.ts'
import { readConnection, saveThresholds } from '../store/connections.ts'
import type { Transaction } from '../store/database.ts'
import { holdChampion } from '../store/models.ts'
import * as store from '../store/scores.ts'
import { cancelForCustomers } from '../store/intervention-sweeps.ts'
import { dropObjections, dueForObjections, noteObjections, objectors } from '../store/objections.ts'
import { currentSettings } from '../store/settings-versions.ts'
import { requestStep } from '../store/steps.ts'
import { hasCapacity, sameThresholds, storedThresholds, thresholdsInForce } from './book-levels.ts'
import { cardMapping } from './card.ts'
import type { Engine } from './engine.ts'
import type { EngineReader } from './engine-reader.ts'
import { mappingOf } from './mapping.ts'
import { modelInCharge } from './score-model.ts'
import { scoreRow, type ScoreTerms } from './score-row.ts'
import type { LoopStep } from './services.ts'

const DAY = 86_400_000
/** With a capacity: share of the book from which on a pass finds the thresholds anew. */
const MANY = 0.02

/**
 * @throws HoldfastError what is wrong with model, mapping or settings; the scores of before stay
 * @example
 * await scoreBook(services, context) // { scored: 95, unchanged: 5, objected: 0, levels: 2 }
 */
export const scoreBook: LoopStep = scoring({ page: 4000 })

/** @param page customers a transaction */
export function scoring({ page: limit }: { readonly page: number }): LoopStep {
  return async (services, { tenant, connection: id, cause, signal, progress }) => {
    const { database, clock } = services
    const now = clock()
    const today = Math.floor(now.getTime() / DAY)
    const [connection, settings] = await database.withTenant(tenant, async (tx) => [
      await readConnection(tx, id),
      (await currentSettings(tx)).settings,
    ])
    const counts = { scored: 0, unchanged: 0, objected: 0, levels: 0 }
    // Nothing was ever read from the source: there is nobody to score and nothing to choose a model by.
    if (connection.profile === null) return counts

    const engine = await modelInCharge(services, { tenant, connection, today })
    const { baseRate } = engine.churn.population
    const before = storedThresholds(connection.thresholds)
    const thresholds = thresholdsInForce(settings.levels, baseRate, before)
    const reader = engine.reader({
      profile: connection.profile,
      mapping: mappingOf(connection, { like: cardMapping(engine.churn.card), today }),
      today,
    })
    const asOf = dayText(reader.asOf ?? today)
    const { total, saved } = await database.withTenant(tenant, async (tx) => {
      if (cause === 'schedule' && reader.dated) await store.dueForDay(tx, id, asOf)
      await dueForObjections(tx, id)
      const known = before ?? (await firstThresholds(tx, id, thresholds))
      return { total: await store.countDue(tx, id), saved: known }
    })

    const currency = settings.currency.file
    const book = { id, settings, engine, reader, thresholds, asOf, now, currency }
    const readPage = (after: number): Promise<Page> =>
      database.withTenant(tenant, (tx) => pageAfter(tx, book, { after, limit }))
    const save = async (page: Page, scored: ScoredPage): Promise<boolean> => {
      const kept = await database.withTenant(tenant, (tx) => savePage(tx, book, page, scored))
      if (!kept) return false
      counts.scored += scored.rows.length
      counts.unchanged += scored.unchanged
      counts.objected += scored.objected.length
      progress(counts.scored + counts.unchanged + counts.objected, total)
      return true
    }
    let page = await readPage(0)
    let kept = Promise.resolve(true)
    while (page.customers.length > 0 && !signal.aborted) {
      // The page before is saved and the next one read while this one is computed.
      const next = readPage(page.customers.at(-1)!.id)
      next.catch(() => undefined)
      const scored = await scorePage(book, page)
      if (!(await kept)) break
      kept = save(page, scored)
      kept.catch(() => undefined)
      page = await next
    }
    const inCharge = await kept
    if (signal.aborted) return counts
    if (!inCharge) {
      // Another model took over meanwhile: everybody is due, for a pass of its own.
      await database.withTenant(tenant, (tx) =>
        requestStep(tx, { connection: id, step: 'score', cause: 'model' }),
      )
      return counts
    }

    counts.levels = await database.withTenant(tenant, async (tx) => {
      const moved = await settleLevels(tx, book, saved, { scored: counts.scored, cause })
      for (const step of ['decide', 'write_back'])
        await requestStep(tx, { connection: id, step, cause: 'score' })
      return moved
    })
    return counts
  }
}

interface Book extends ScoreTerms {
  readonly id: ConnectionId
  readonly settings: ServiceSettings
  readonly engine: Engine
  readonly reader: EngineReader
  /** 'YYYY-MM-DD'. */
  readonly asOf: string
}

interface Page {
  readonly customers: readonly store.DueCustomer[]
  readonly paid: Awaited<ReturnType<typeof store.monthlyAmounts>>
  /** All of their people object to being profiled. */
  readonly objecting: ReadonlySet<CustomerId>
}

interface ScoredPage {
  readonly rows: readonly store.ScoreRow[]
  readonly objected: readonly { readonly id: CustomerId; readonly source: 'record' | 'people' }[]
  readonly unchanged: number
}

async function pageAfter(
  tx: Transaction,
  { id, currency, now }: Book,
  place: { readonly after: number; readonly limit: number },
): Promise<Page> {
  const customers = await store.dueCustomers(tx, { connection: id, ...place })
  const ids = customers.map((customer) => customer.id)
  const today = dayText(Math.floor(now.getTime() / DAY))
  const paid = await store.monthlyAmounts(tx, ids, { currency, today })
  return { customers, paid, objecting: await objectors(tx, ids) }
}

async function scorePage(book: Book, { customers, paid, objecting }: Page): Promise<ScoredPage> {
  const { hash } = book.engine.churn
  const population = customers.filter((customer) => customer.active)
  const active = population.filter(({ id }) => !objecting.has(id))
  const known = active.map(({ id, score }) => {
    if (score === null || score.modelHash !== hash) return null
    // Without an agreement the amount is part of the model's input, and only its currency is not.
    const amount = paid.get(id)
    const same =
      amount === undefined
        ? score.currency === null || score.currency === book.currency
        : score.currency === amount.currency && score.monthlyMinor === amount.minor
    return same ? score.inputHash : null
  })
  const records = await book.reader.scoreChanged(
    active.map(({ properties }) => properties),
    known,
  )
  const rows: store.ScoreRow[] = []
  const objected: ScoredPage['objected'][number][] = population
    .filter(({ id }) => objecting.has(id))
    .map(({ id }) => ({ id, source: 'people' }))
  let unchanged = 0
  active.forEach((customer, at) => {
    const record = records[at]
    if (record === 'unchanged') unchanged++
    else if (record === 'objects') objected.push({ id: customer.id, source: 'record' })
    else rows.push(scoreRow(book, customer.id, record, paid.get(customer.id) ?? null, customer.score))
  })
  return { rows, objected, unchanged }
}

/** @returns false, and nothing is saved, when the model is no longer the one in charge */
async function savePage(
  tx: Transaction,
  { id, engine: { churn }, asOf, now }: Book,
  { customers }: Page,
  { rows, objected }: ScoredPage,
): Promise<boolean> {
  if (!(await holdChampion(tx, id, churn.hash))) return false
  const { meaning } = churn
  await store.saveScores(tx, rows, {
    connection: id,
    scoredAt: now,
    asOf,
    kind: meaning.kind,
    horizonDays: meaning.kind === 'horizon' ? meaning.days : null,
    modelHash: churn.hash,
    featureSetHash: churn.features.hash,
  })
  await takeAway(tx, id, objected)
  const gone = new Set(objected.map((one) => one.id))
  await dropObjections(
    tx,
    customers.flatMap((customer) => (gone.has(customer.id) ? [] : [customer.id])),
  )
  await store.clearDue(tx, id, customers)
  // Also those whose score stayed: they were due because something else of theirs changed, such as a renewal date.
  await store.markForWriteBack(
    tx,
    id,
    customers.filter((customer) => customer.active).map((customer) => customer.id),
  )
  return true
}

/** Nothing follows from a score any more, and there is none. */
async function takeAway(
  tx: Transaction,
  connection: ConnectionId,
  objected: ScoredPage['objected'],
): Promise<void> {
  if (objected.length === 0) return
  const ids = objected.map(({ id }) => id)
  await store.deleteScores(tx, ids)
  await noteObjections(tx, connection, objected)
  await cancelForCustomers(tx, ids, {
    actor: 'policy',
    reasonCode: 'profiling_objection',
    reason: 'The customer objects to being profiled: what followed from the score is cancelled.',
  })
}

/** Before the first score there is nobody whose level another rule could have set. */
async function firstThresholds(
  tx: Transaction,
  id: ConnectionId,
  thresholds: LevelThresholds,
): Promise<LevelThresholds | null> {
  if ((await store.countScores(tx, id)) > 0) return null
  await saveThresholds(tx, id, thresholds)
  return thresholds
}

/** @returns how many customers changed their level because the thresholds moved */
async function settleLevels(
  tx: Transaction,
  { id, settings: { levels }, engine, thresholds, now }: Book,
  saved: LevelThresholds | null,
  { scored, cause }: { scored: number; cause: string },
): Promise<number> {
  const { baseRate } = engine.churn.population
  const whole =
    hasCapacity(levels) &&
    (saved === null ||
      cause === 'settings' ||
      cause === 'schedule' ||
      !sameThresholds(saved, thresholds) ||
      (scored > 0 && scored >= MANY * (await store.countScores(tx, id))))
  const next = whole ? levelThresholds(levels, baseRate, await store.probabilitiesOf(tx, id)) : thresholds
  if (saved !== null && sameThresholds(saved, next) && sameThresholds(thresholds, next)) return 0
  await saveThresholds(tx, id, next)
  return store.relevel(tx, id, next, now)
}

function dayText(day: number): string {
  return new Date(day * DAY).toISOString().slice(0, 10)
}
