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
import type { Level, LevelThresholds } from '../../models/churn/levels.ts'
import { levelOf, levelThresholds } from '../../models/churn/levels.ts'
import type { ConnectionId, CustomerId } from '../contracts/ids.ts'
import { minorDigits } from '../contracts/money.ts'
import type { ServiceSettings } from '../settings/service.ts'
import { readConnection, saveThresholds } from '../store/connections.ts'
import type { Transaction } from '../store/database.ts'
import * as store from '../store/scores.ts'
import { currentSettings } from '../store/settings-versions.ts'
import { requestStep } from '../store/steps.ts'
import { hasCapacity, sameThresholds, storedThresholds, thresholdsInForce } from './book-levels.ts'
import { cardMapping } from './card.ts'
import type { Engine } from './engine.ts'
import type { EngineReader, HashedRecord } from './engine-reader.ts'
import { mappingOf } from './mapping.ts'
import { modelInCharge } from './score-model.ts'
import type { LoopStep } from './services.ts'

const DAY = 86_400_000
/** Customers a transaction. */
const PAGE = 4000
/** With a capacity: share of the book from which on a pass finds the thresholds anew. */
const MANY = 0.02

/**
 * @throws HoldfastError what is wrong with model, mapping or settings; the scores of before stay
 * @example
 * await scoreBook(services, context) // { scored: 95, unchanged: 5, objected: 0, levels: 2 }
 */
export const scoreBook: LoopStep = async (services, { tenant, connection: id, cause, signal, progress }) => {
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
  const saved = storedThresholds(connection.thresholds)
  const thresholds = thresholdsInForce(settings.levels, baseRate, saved)
  const reader = engine.reader({
    profile: connection.profile,
    mapping: mappingOf(connection, { like: cardMapping(engine.churn.card), today }),
    today,
  })
  const asOf = dayText(reader.asOf ?? today)
  const total = await database.withTenant(tenant, async (tx) => {
    if (cause === 'schedule' && reader.dated) await store.dueForDay(tx, id, asOf)
    return store.countDue(tx, id)
  })

  const book = { id, settings, engine, reader, thresholds, asOf, now }
  const readPage = (after: number): Promise<Page> =>
    database.withTenant(tenant, (tx) => pageAfter(tx, book, after))
  let page = await readPage(0)
  while (page.customers.length > 0 && !signal.aborted) {
    // The next page is read while this one is computed.
    const next = readPage(page.customers.at(-1)!.id)
    next.catch(() => undefined)
    const scored = await scorePage(book, page)
    await database.withTenant(tenant, (tx) => savePage(tx, book, page, scored))
    counts.scored += scored.rows.length
    counts.unchanged += scored.unchanged
    counts.objected += scored.objected.length
    progress(counts.scored + counts.unchanged + counts.objected, total)
    page = await next
  }
  if (signal.aborted) return counts

  counts.levels = await database.withTenant(tenant, async (tx) => {
    const moved = await settleLevels(tx, book, saved, { scored: counts.scored, cause })
    for (const step of ['decide', 'write_back'])
      await requestStep(tx, { connection: id, step, cause: 'score' })
    return moved
  })
  return counts
}

interface Book {
  readonly id: ConnectionId
  readonly settings: ServiceSettings
  readonly engine: Engine
  readonly reader: EngineReader
  readonly thresholds: LevelThresholds
  /** 'YYYY-MM-DD'. */
  readonly asOf: string
  readonly now: Date
}

interface Page {
  readonly customers: readonly store.DueCustomer[]
  readonly paid: Awaited<ReturnType<typeof store.monthlyAmounts>>
}

interface ScoredPage {
  readonly rows: readonly store.ScoreRow[]
  readonly moved: readonly store.ScoreRow[]
  readonly objected: readonly CustomerId[]
  readonly unchanged: number
}

async function pageAfter(tx: Transaction, { id, settings, now }: Book, after: number): Promise<Page> {
  const customers = await store.dueCustomers(tx, { connection: id, after, limit: PAGE })
  const paid = await store.monthlyAmounts(
    tx,
    customers.map((customer) => customer.id),
    { currency: settings.currency.file, today: dayText(Math.floor(now.getTime() / DAY)) },
  )
  return { customers, paid }
}

async function scorePage(book: Book, { customers, paid }: Page): Promise<ScoredPage> {
  const { hash } = book.engine.churn
  const active = customers.filter((customer) => customer.active)
  const known = active.map(({ id, score }) => {
    if (score === null || score.modelHash !== hash) return null
    // Without an agreement the amount is part of the model's input, and only its currency is not.
    const amount = paid.get(id)
    const same =
      amount === undefined
        ? score.currency === null || score.currency === book.settings.currency.file
        : score.currency === amount.currency && score.monthlyMinor === amount.minor
    return same ? score.inputHash : null
  })
  const records = await book.reader.scoreChanged(
    active.map(({ properties }) => properties),
    known,
  )
  const rows: store.ScoreRow[] = []
  const moved: store.ScoreRow[] = []
  const objected: CustomerId[] = []
  let unchanged = 0
  active.forEach((customer, at) => {
    const record = records[at]
    if (record === 'unchanged') unchanged++
    else if (record === 'objects') objected.push(customer.id)
    else {
      const { score, id } = customer
      const row = rowOf(book, id, record, paid.get(id) ?? null, score)
      rows.push(row)
      if (score === null || score.probability !== row.probability || score.level !== row.level)
        moved.push(row)
    }
  })
  return { rows, moved, objected, unchanged }
}

function rowOf(
  { id: connection, settings, engine, thresholds, asOf, now }: Book,
  customer: CustomerId,
  record: HashedRecord,
  paid: { readonly minor: number; readonly currency: string } | null,
  before: { readonly level: Level; readonly levelSince: Date } | null,
): store.ScoreRow {
  const { churn } = engine
  const { meaning } = churn
  const level = levelOf(record.probability, thresholds)
  const { file } = settings.currency
  const charge = record.context.monthlyCharge
  const monthly =
    paid?.minor ?? (Number.isFinite(charge) ? Math.round(charge * 10 ** minorDigits(file)) : null)
  return {
    customer_id: customer,
    connection_id: connection,
    scored_at: now,
    as_of: asOf,
    probability: record.probability,
    kind: meaning.kind,
    horizon_days: meaning.kind === 'horizon' ? meaning.days : null,
    monthly_hazard: record.monthlyHazard,
    level,
    level_since: before?.level === level ? before.levelSince : now,
    reasons: record.reasons.map((reason) => ({
      ...reason,
      contribution: Math.round(reason.contribution * 1e4) / 1e4,
    })),
    data_confidence: record.dataConfidence,
    monthly_minor: monthly,
    currency: monthly === null ? null : (paid?.currency ?? file),
    value_at_risk_minor: monthly === null ? null : Math.round(record.probability * 12 * monthly),
    model_hash: churn.hash,
    feature_set_hash: churn.features.hash,
    input_hash: record.inputHash,
    state: [...record.state],
    // NaN is unknown, and what is unknown is absent.
    context: Object.fromEntries(Object.entries(record.context).filter(([, value]) => !Number.isNaN(value))),
  }
}

async function savePage(
  tx: Transaction,
  { id }: Book,
  { customers }: Page,
  scored: ScoredPage,
): Promise<void> {
  const { rows, moved, objected } = scored
  await store.saveScores(tx, rows, moved)
  if (objected.length > 0) await store.deleteScores(tx, objected)
  await store.clearDue(tx, customers)
  // Also those whose score stayed: they were due because something else of theirs changed, such as a renewal date.
  await store.markForWriteBack(
    tx,
    id,
    customers.filter((customer) => customer.active).map((customer) => customer.id),
  )
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
