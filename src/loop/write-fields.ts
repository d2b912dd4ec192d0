/**
 * What records in the CRM show of us is brought up to date where it changed enough to matter (risk-fields.ts,
 * write-due.ts). Only marked customers are looked at (table write_back_due): a pass after which nothing changed reads
 * nothing and writes nothing.
 *
 * A record is written, then noted as written; a crash between the two writes it once more, with the same values.
 * A failure that can pass is tried again with growing pauses; any other waits until the fields change.
 */
import type { Connector, FieldUpdate, RiskFields, WriteResult } from '../../connectors/connector.ts'
import type { LevelThresholds } from '../../models/churn/levels.ts'
import type { ConnectionId } from '../contracts/ids.ts'
import type { ServiceSettings } from '../settings/service.ts'
import { actionsOf, periodOf } from '../settings/planning.ts'
import { readConnection, type Connection } from '../store/connections.ts'
import type { Transaction } from '../store/database.ts'
import { currentSettings } from '../store/settings-versions.ts'
import { requestStep } from '../store/steps.ts'
import * as store from '../store/write-backs.ts'
import { storedThresholds } from './book-levels.ts'
import { pauseAfter } from './outward-pauses.ts'
import type { Counts, LoopServices, StepContext } from './services.ts'
import { lookAfter, lookerAt, type Looked } from './write-due.ts'

const PAGE = 2000
/** Of one batch, whatever a CRM would take: they are held in memory, and a crash writes them once more. */
const MOST = 10_000
const DAY = 86_400_000

/**
 * @param open the connector of the connection, which stays open
 * @returns the counts of the pass, and when failures are to be tried again
 * @throws HoldfastError when the connector cannot be opened or nothing at all could be written; what was written until
 *   then is noted
 */
export async function writeFields(
  services: Pick<LoopServices, 'database' | 'clock'>,
  context: StepContext,
  open: () => Promise<Connector>,
): Promise<Counts> {
  const { tenant, connection: id, signal, progress } = context
  const { database } = services
  const pass = await database.withTenant(tenant, (tx) => beginPass(tx, id, services.clock()))
  const counts = { written: 0, failed: 0, dryRun: 0, unchanged: 0 }
  const askForRetry = (): Promise<void> =>
    database.withTenant(tenant, async (tx) => {
      const at = await store.nextRetry(tx, id, pass.until)
      if (at !== null) await requestStep(tx, { connection: id, step: 'write_back', cause: 'retry', at })
    })
  if (pass.total === 0) {
    await askForRetry()
    return counts
  }
  const pageAfter = (after: store.MarkedRange['after']): Promise<readonly Marked[]> =>
    database.withTenant(tenant, (tx) => readPage(tx, pass, after))
  const crm = writer(services, context, pass, open)
  let done = 0
  let waiting: readonly ToWrite[] = []
  let page = await pageAfter(null)
  while ((page.length > 0 || waiting.length > 0) && !signal.aborted) {
    // The next page is read while this one is written.
    const next = page.length === 0 ? Promise.resolve([]) : pageAfter(page[page.length - 1].candidate)
    next.catch(() => undefined)
    const settled = page.filter((one) => one.fields === null)
    if (settled.length > 0)
      await database.withTenant(tenant, (tx) =>
        store.settleMarks(
          tx,
          id,
          settled.map(({ candidate, again }) => ({ ...candidate, again })),
        ),
      )
    counts.unchanged += settled.length
    waiting = [...waiting, ...page.filter(isToWrite)]
    done += page.length
    // Whole batches, as large as the CRM takes them, until there is nothing more to add.
    const rest = page.length < PAGE || waiting.length === 0 ? 0 : waiting.length % (await crm.batch())
    const ready = waiting.length - rest
    for await (const tried of crm.write(waiting.slice(0, ready))) {
      for (const one of tried) counts[one.status === 'dry_run' ? 'dryRun' : one.status]++
      if (signal.aborted) break
    }
    waiting = waiting.slice(ready)
    progress(done - waiting.length, Math.max(done, pass.total))
    page = await next
  }
  await askForRetry()
  return counts
}

interface WritePass {
  readonly connection: Connection
  readonly settings: ServiceSettings
  readonly now: Date
  readonly until: string
  readonly total: number
  readonly look: ReturnType<typeof lookerAt>
}

/** Before anything was scored there are no levels to compare. */
const NEVER: LevelThresholds = { high: 2, medium: 2, strict: true, highBy: 'fixed' }

async function beginPass(tx: Transaction, id: ConnectionId, now: Date): Promise<WritePass> {
  const { settings } = await currentSettings(tx)
  const { enabled } = settings.writeBack
  if (enabled) await store.markDryRuns(tx, id)
  const connection = await readConnection(tx, id)
  const until = await store.passStart(tx, now)
  const total = await store.countMarked(tx, id, until)
  const idle = total === 0
  const look = lookerAt({
    now,
    enabled,
    thresholds: storedThresholds(connection.thresholds) ?? NEVER,
    actions: actionsOf(settings),
    customers: idle ? 0 : await store.countActive(tx, id),
    quiet: idle ? 0 : await store.countQuiet(tx, id, new Date(now.getTime() - DAY)),
  })
  return { connection, settings, now, until, total, look }
}

interface Marked extends Looked {
  readonly candidate: store.WriteBackCandidate
}

interface ToWrite extends Marked {
  readonly fields: RiskFields
}

const isToWrite = (one: Marked): one is ToWrite => one.fields !== null

async function readPage(
  tx: Transaction,
  { connection, settings, now, until, look }: WritePass,
  after: store.MarkedRange['after'],
): Promise<readonly Marked[]> {
  const range = { connection: connection.id, until, after, limit: PAGE }
  const candidates = await store.markedCustomers(tx, range)
  const around = await store.surroundingsOf(
    tx,
    candidates.map(({ customer }) => customer),
    { period: periodOf(settings.period, now), now },
  )
  return candidates.map((candidate) => ({ candidate, ...look(candidate, around(candidate.customer)) }))
}

/** Writes in the batches that the connector takes, and notes each batch before the next one is written. */
function writer(
  { database }: Pick<LoopServices, 'database'>,
  { tenant, connection: id }: StepContext,
  { settings, now }: WritePass,
  open: () => Promise<Connector>,
) {
  let connector: Connector | null = null

  async function writeBatch(batch: readonly ToWrite[]): Promise<readonly store.NewWriteBack[]> {
    const results = connector === null ? null : await writtenBy(connector, batch)
    const tried = batch.map((one) => outcome(one, results, now))
    await database.withTenant(tenant, async (tx) => {
      await store.saveWriteBacks(tx, id, tried)
      await store.settleMarks(
        tx,
        id,
        tried.map((one, at) => ({
          ...batch[at].candidate,
          again: one.retryAt ?? lookAfter(one.fields, now),
        })),
      )
    })
    return tried
  }

  async function batch(): Promise<number> {
    if (settings.writeBack.enabled) connector ??= await open()
    return Math.min(connector?.writeBatch ?? PAGE, MOST)
  }

  return {
    /** Records of a batch. */
    batch,
    /** Batch by batch, each begun when the one before is noted. */
    async *write(all: readonly ToWrite[]): AsyncGenerator<readonly store.NewWriteBack[]> {
      if (all.length === 0) return
      const size = await batch()
      for (let from = 0; from < all.length; from += size) yield writeBatch(all.slice(from, from + size))
    },
  }
}

async function writtenBy(
  connector: Connector,
  batch: readonly ToWrite[],
): Promise<ReadonlyMap<string, WriteResult>> {
  const updates: FieldUpdate[] = batch.map(({ candidate, fields }) => ({ id: candidate.externalId, fields }))
  return new Map((await connector.write(updates)).map((result) => [result.id, result]))
}

/** @param results null: nothing is written, only recorded */
function outcome(
  { candidate, fields, quiet }: ToWrite,
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
    version: last?.version ?? null,
    quiet,
  }
  if (results === null) return { ...common, status: 'dry_run', writtenAt: before }
  const result = results.get(externalId) ?? unanswered(externalId)
  if (result.ok) return { ...common, status: 'written', writtenAt: now, version: result.version ?? null }
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
