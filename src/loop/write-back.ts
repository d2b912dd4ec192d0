/**
 * Write back: what records in the CRM show of us is brought up to date where it changed enough to matter
 * (risk-fields.ts). Only marked customers are looked at (table write_back_due): a pass after which nothing changed
 * reads nothing and writes nothing.
 *
 * A record is written, then noted as written; a crash between the two writes it once more, with the same values.
 * A failure that can pass is tried again with growing pauses; any other waits until the fields change.
 *
 * A small change is written after a week at the earliest; in a large book not everyone's on one night, but a
 * fiftieth of the book at most: an idle night stays quiet even when every score drifted a little.
 */
import { createHash } from 'node:crypto'
import type { Connector, FieldUpdate, RiskFields, WriteResult } from '../../connectors/connector.ts'
import type { LevelThresholds } from '../../models/churn/levels.ts'
import type { CustomerId } from '../contracts/ids.ts'
import { minorDigits } from '../contracts/money.ts'
import { periodOf } from '../settings/planning.ts'
import { readConnection } from '../store/connections.ts'
import { currentSettings } from '../store/settings-versions.ts'
import { requestStep } from '../store/steps.ts'
import * as store from '../store/write-backs.ts'
import { actionFields } from './action-words.ts'
import { storedThresholds } from './book-levels.ts'
import { changedEnough, clearedFields, differs, leftFields, riskFields, WEEK } from './risk-fields.ts'
import type { LoopStep } from './services.ts'

const PAGE = 2000
const DAY = 86_400_000
const MINUTE = 60_000

/**
 * @throws HoldfastError when the connector cannot be opened or nothing at all could be written; what was written until
 *   then is noted
 * @example
 * await writeBack(services, context) // { written: 95, failed: 1, dryRun: 0, unchanged: 4 }
 */
export const writeBack: LoopStep = async (services, { tenant, connection: id, signal, progress }) => {
  const { database, connectors, clock } = services
  const now = clock()
  const { connection, settings, until, total, customers } = await database.withTenant(tenant, async (tx) => {
    const { settings: current } = await currentSettings(tx)
    if (current.writeBack.enabled) await store.markDryRuns(tx, id)
    const start = await store.passStart(tx, now)
    const marked = await store.countMarked(tx, id, start)
    return {
      connection: await readConnection(tx, id),
      settings: current,
      until: start,
      total: marked,
      customers: marked === 0 ? 0 : await store.countActive(tx, id),
    }
  })
  const { enabled } = settings.writeBack
  const look = lookerAt({
    now,
    enabled,
    thresholds: storedThresholds(connection.thresholds) ?? NEVER,
    refresh: refreshAfter(customers),
  })
  const period = periodOf(settings.period, now)
  const counts = { written: 0, failed: 0, dryRun: 0, unchanged: 0 }
  let retryAt: Date | null = null
  let connector: Connector | null = null
  try {
    for (let done = 0; done < total && !signal.aborted;) {
      const page = await database.withTenant(tenant, async (tx) => {
        const candidates = await store.markedCustomers(tx, { connection: id, until, limit: PAGE })
        const ids = candidates.map(({ customer }) => customer)
        const around = await store.surroundingsOf(tx, ids, { period, now })
        return candidates.map((candidate) => ({ candidate, ...look(candidate, around(candidate.customer)) }))
      })
      if (page.length === 0) break
      done += page.length
      const toWrite = page.flatMap(({ candidate, fields }) =>
        fields === null ? [] : [{ candidate, fields }],
      )
      const settled = page.flatMap(({ candidate, fields, again }) =>
        fields === null ? [{ ...candidate, again }] : [],
      )
      counts.unchanged += settled.length
      await database.withTenant(tenant, (tx) => store.settleMarks(tx, settled))
      if (enabled && toWrite.length > 0)
        connector ??= await connectors.open({ tenant, id, kind: connection.kind, config: connection.config })
      const size = connector?.writeBatch ?? PAGE
      for (let from = 0; from < toWrite.length && !signal.aborted; from += size) {
        const batch = toWrite.slice(from, from + size)
        const results = connector === null ? null : await write(connector, batch)
        const tried = batch.map((one) => outcome(one, results, now))
        await database.withTenant(tenant, async (tx) => {
          await store.saveWriteBacks(tx, id, tried)
          const again = (one: store.NewWriteBack): Date | null =>
            one.retryAt ?? (one.fields.change30Days ? look.later(one.customer, now) : null)
          await store.settleMarks(
            tx,
            tried.map((one, at) => ({ ...batch[at].candidate, again: again(one) })),
          )
        })
        for (const one of tried) {
          counts[one.status === 'dry_run' ? 'dryRun' : one.status]++
          if (one.retryAt !== null && (retryAt === null || one.retryAt < retryAt)) retryAt = one.retryAt
        }
      }
      progress(done, total)
    }
  } finally {
    await connector?.close()
  }
  if (retryAt !== null)
    await database.withTenant(tenant, (tx) =>
      requestStep(tx, { connection: id, step: 'write_back', cause: 'retry', at: retryAt }),
    )
  return counts
}

/** Before anything was scored there are no levels to compare. */
const NEVER: LevelThresholds = { high: 2, medium: 2, strict: true, highBy: 'fixed' }

interface Looked {
  /** To be written; null: nothing. */
  readonly fields: RiskFields | null
  /** When to look again at what is not written; null: when something changes. */
  readonly again: Date | null
}

interface Looker {
  (candidate: store.WriteBackCandidate, around: store.Surroundings): Looked
  /** When a small change of a record written at a time is written too. */
  later(customer: CustomerId, writtenAt: Date): Date
}

const nothing: Looked = { fields: null, again: null }

function lookerAt({
  now,
  enabled,
  thresholds,
  refresh,
}: {
  readonly now: Date
  readonly enabled: boolean
  readonly thresholds: LevelThresholds
  readonly refresh: (customer: CustomerId) => number
}): Looker {
  const later = (customer: CustomerId, writtenAt: Date): Date =>
    new Date(Math.max(writtenAt.getTime() + refresh(customer), now.getTime() + MINUTE))

  function look(candidate: store.WriteBackCandidate, around: store.Surroundings): Looked {
    const { last, customer } = candidate
    const fields = fieldsOf(candidate, around)
    if (fields === null) return nothing
    if (last?.status === 'failed' && last.retryAt !== null)
      return last.retryAt > now ? { fields: null, again: last.retryAt } : { fields, again: null }
    const onlyRecorded = last?.status === 'dry_run' && enabled
    const shown = last === null || onlyRecorded ? null : shownSince(last, now)
    if (changedEnough(shown, fields, thresholds, now, refresh(customer))) return { fields, again: null }
    const waits =
      shown !== null && last?.status === 'written' && (differs(shown.fields, fields) || fields.change30Days)
    return waits ? { fields: null, again: later(customer, shown.writtenAt) } : nothing
  }
  return Object.assign(look, { later })
}

/** What was not written is compared by its fields alone: no week makes the same refusal worth another try. */
function shownSince({ status, fields, writtenAt }: store.WriteBack, now: Date) {
  return { fields, writtenAt: status === 'written' ? (writtenAt ?? now) : now }
}

/** What the record should show; null where it is none of ours: gone, or never written and nothing to say. */
function fieldsOf(
  { status, score, last, group }: store.WriteBackCandidate,
  { renewalDate, probabilityBefore, decision }: store.Surroundings,
): RiskFields | null {
  if (status === 'deleted') return null
  if (status === 'left' || score === null) {
    const written = last !== null && last.writtenAt !== null
    if (!written) return null
    return status === 'left' ? leftFields : clearedFields
  }
  return riskFields({
    ...score,
    minorUnits: score.currency === null ? 1 : 10 ** minorDigits(score.currency),
    reasons: score.reasons.slice(0, REASONS).map(({ sentence }) => sentence),
    group,
    renewalDate,
    ...(probabilityBefore === null
      ? {}
      : { change30Days: Math.round((score.probability - probabilityBefore) * 1000) / 10 }),
    ...actionFields(decision),
  })
}

const REASONS = 3

interface Tried {
  readonly candidate: store.WriteBackCandidate
  readonly fields: RiskFields
}

async function write(
  connector: Connector,
  batch: readonly Tried[],
): Promise<ReadonlyMap<string, WriteResult>> {
  const updates: FieldUpdate[] = batch.map(({ candidate, fields }) => ({ id: candidate.externalId, fields }))
  return new Map((await connector.write(updates)).map((result) => [result.id, result]))
}

/** @param results null: nothing is written, only recorded */
function outcome(
  { candidate, fields }: Tried,
  results: ReadonlyMap<string, WriteResult> | null,
  now: Date,
): store.NewWriteBack {
  const { customer, externalId, last } = candidate
  const before = last?.writtenAt ?? null
  const common = {
    customer,
    // What is absent was left as it was.
    fields: { ...last?.fields, ...fields },
    errorCode: null,
    errorMessage: null,
    attempts: 0,
    retryAt: null,
  }
  if (results === null) return { ...common, status: 'dry_run', writtenAt: before }
  const result = results.get(externalId) ?? unanswered(externalId)
  if (result.ok) return { ...common, status: 'written', writtenAt: now }
  const attempts = (last?.status === 'failed' ? last.attempts : 0) + 1
  return {
    ...common,
    status: 'failed',
    writtenAt: before,
    errorCode: result.code,
    errorMessage: result.message,
    attempts,
    retryAt: result.retryable ? new Date(now.getTime() + pauseAfter(attempts)) : null,
  }
}

function unanswered(id: string): WriteResult {
  return {
    id,
    ok: false,
    code: 'no_answer',
    message: 'The CRM did not say whether the record was written. It is written again.',
    retryable: true,
  }
}

/** 1, 4, 16, 64 minutes, then every 4 hours. */
function pauseAfter(attempts: number): number {
  return MINUTE * Math.min(4 ** (attempts - 1), 240)
}

/** Small changes of a night: this share of the book, or so many where that is more. */
const NIGHT = { share: 0.018, least: 50 }

/** A week and a part of the time in which the whole book would be written at this rate; by a hash of the customer. */
function refreshAfter(customers: number): (customer: CustomerId) => number {
  const days = customers / Math.max(NIGHT.least, customers * NIGHT.share)
  return (customer) => {
    const part = createHash('sha256').update(`refresh:${customer}`).digest().readUInt32BE() / 2 ** 32
    return WEEK + Math.floor(part * days * DAY)
  }
}
