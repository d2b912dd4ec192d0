/**
 * Refresh: records that the CRM says have changed are read again by their ids, at once and beside whatever sync runs.
 *
 * What the CRM sends is a hint and no more: it comes late, twice, in any order, and never says what is true. So every
 * hint, whatever its kind, leads to the same: the record is read, and stored unless a younger version is known. Only
 * somebody who asked to be forgotten is taken at the CRM's word, since there is nothing left to read.
 */
import type { Connector, Reading, ChangeHint } from '../../connectors/connector.ts'
import { HoldfastError } from '../contracts/errors.ts'
import { lockSyncPosition, readConnection, type Connection } from '../store/connections.ts'
import { activeAmong, anyDue, customersNamed, deleteCustomers } from '../store/customers.ts'
import { eraseRecord } from '../store/erasure.ts'
import { championMapping } from '../store/models.ts'
import { ownersOfRows } from '../store/owners-of-rows.ts'
import { currentSettings } from '../store/settings-versions.ts'
import { requestStep } from '../store/steps.ts'
import { readTenant } from '../store/tenants.ts'
import { markAllProcessed, markProcessed, pendingReceipts } from '../store/webhook-receipts.ts'
import { readingOf } from './needed-properties.ts'
import { noteReconnect, openConnector } from './open-connector.ts'
import type { LoopServices, LoopStep, StepContext } from './services.ts'
import { describedSource } from './source.ts'
import { openStager, type StageTerms } from './staging.ts'
import { noCounts, storeRecords, type RecordCounts, type RecordPass } from './store-records.ts'
import { refuseOtherPopulation, refusePaused } from './sync-page.ts'

const DAY = 86_400_000
/** Hints that are looked at together: few enough that a burst is written back piece by piece. */
const BATCH = 200

/**
 * Counts: `hints`, `read`, and those of a sync; `erased` people.
 *
 * @throws HoldfastError what the connector throws; the hints then wait for the next try
 * @example
 * await refresh(services, context) // { hints: 3, read: 1, added: 0, changed: 1, unchanged: 0, … }
 */
export const refresh: LoopStep = async (services, context) => {
  const { tenant, connection: id } = context
  const { database } = services
  const counts = { hints: 0, read: 0, erased: 0, ...noCounts() }
  const begun = await begin(services, context)
  if (begun.pending.length === 0) return counts
  if (begun.connection.profile === null) {
    // The first sync is still to come, and reads everything.
    counts.hints += await database.withTenant(tenant, (tx) => markAllProcessed(tx, id))
    return counts
  }
  let connector: Connector | null = null
  try {
    let { pending } = begun
    while (pending.length > 0 && !context.signal.aborted) {
      const hints = pending.map(({ hint }) => hint)
      connector ??= await openConnector(services, context, begun.connection)
      counts.erased += await erase(services, context, begun, hints)
      const read = await readHinted(services, context, begun, connector, hints)
      const keys = pending.map(({ key }) => key)
      const { stored, next } = await database.withTenant(tenant, async (tx) => {
        const position = await lockSyncPosition(tx, id)
        refusePaused(position)
        refuseOtherPopulation(begun.connection.population, position)
        const { counts: found } = await storeRecords(tx, read.pass, read.staged, position.population)
        found.deleted += await deleteCustomers(tx, await customersNamed(tx, id, read.gone))
        await markProcessed(tx, id, keys)
        if (await anyDue(tx, id)) await requestStep(tx, { connection: id, step: 'score', cause: 'webhook' })
        if (found.left > 0) await requestStep(tx, { connection: id, step: 'write_back', cause: 'webhook' })
        return { stored: found, next: await pendingReceipts(tx, id, BATCH) }
      })
      counts.hints += keys.length
      counts.read += read.staged.records.length
      for (const name of Object.keys(stored) as (keyof RecordCounts)[]) counts[name] += stored[name]
      context.progress(counts.hints, null)
      pending = next
    }
  } catch (error) {
    // A property that was mapped is gone: the sync finds out what is left, and the hints wait for it.
    if (error instanceof HoldfastError && error.code === 'column_missing')
      await database.withTenant(tenant, (tx) =>
        requestStep(tx, { connection: id, step: 'sync', cause: 'webhook' }),
      )
    await noteReconnect(services, context, error)
    throw retried(error)
  } finally {
    await connector?.close()
  }
  return counts
}

/** The hints are worth another try once the sync has described the CRM anew. */
function retried(error: unknown): unknown {
  if (!(error instanceof HoldfastError) || error.code !== 'column_missing') return error
  return new HoldfastError('connector_unavailable', error.message, { cause: error, retryable: true })
}

type Begun = Awaited<ReturnType<typeof begin>>

async function begin({ database, clock, secrets }: LoopServices, { tenant, connection }: StepContext) {
  const today = Math.floor(clock().getTime() / DAY)
  return database.withTenant(tenant, async (tx) => {
    const pending = await pendingReceipts(tx, connection, BATCH)
    const described = await readConnection(tx, connection)
    const { settings } = await currentSettings(tx)
    const like = await championMapping(tx, connection)
    return {
      pending,
      connection: described,
      settings,
      salt: (await readTenant(tx, tenant)).groupSalt,
      addressKey: await secrets.addressKey(tx),
      reading:
        described.profile === null ? null : readingOf(described, today, { like, offers: settings.offers }),
      today,
    }
  })
}

async function erase(
  { database }: LoopServices,
  { tenant, connection }: StepContext,
  { addressKey: key }: Begun,
  hints: readonly ChangeHint[],
): Promise<number> {
  const erased = hints.filter(({ kind }) => kind === 'erased')
  let gone = 0
  for (const { object, id } of erased)
    gone += await database.withTenant(tenant, async (tx) => {
      // A page of a sync that is being stored is stored before, and its successors know.
      await lockSyncPosition(tx, connection)
      const { customers, recipients } = await eraseRecord(tx, { connection, object, id, key })
      return customers + recipients
    })
  return gone
}

/** What the hints are about, read anew, and which of the ids asked for are not there any more. */
async function readHinted(
  services: LoopServices,
  context: StepContext,
  begun: Begun,
  connector: Connector,
  hints: readonly ChangeHint[],
) {
  const { database } = services
  const { tenant, connection: id } = context
  const { own, related, alone } = await customersHinted(services, context, begun.connection, connector, hints)
  const ids = [...new Set([...own, ...related])]
  const records = ids.length === 0 ? [] : await connector.read(ids, begun.reading as Reading)
  const found = new Set(records.map((record) => record.id))
  const { population } = begun.connection
  const stager = openStager({ database, tenant, connection: id, connector, population })
  const pass: RecordPass = {
    connection: id,
    run: context.run,
    groups: { salt: begun.salt, shares: begun.settings.groups },
    addressKey: begun.addressKey,
    begunAt: null,
    source: describedSource(begun.connection, begun.today, begun.settings.currency.file),
    seen: new Set(),
    refused: new Set(),
  }
  return {
    pass,
    staged: await stager.stage(records, { related, alone }),
    gone: ids.filter((one) => !found.has(one)),
  }
}

/** Ids of customers: those that are hinted at themselves, and those that something hinted at belongs to. */
async function customersHinted(
  { database }: LoopServices,
  { tenant, connection: id }: StepContext,
  { object }: Connection,
  connector: Connector,
  hints: readonly ChangeHint[],
): Promise<StageTerms & { readonly own: ReadonlySet<string> }> {
  const own = new Set<string>()
  /** Of whom more than a property may have changed. */
  const more = new Set<string>()
  const related = new Set<string>()
  const around = new Map<string, Set<string>>()
  for (const hint of hints) {
    if (hint.kind === 'erased') continue
    const ids = hint.kind === 'merged' ? [hint.id, ...hint.others] : [hint.id]
    if (hint.object === object) {
      for (const one of ids) own.add(one)
      if (hint.kind !== 'changed') for (const one of ids) more.add(one)
      // Whom it was associated with says what it pays, or who may be written to.
      if (hint.kind === 'associated') related.add(hint.id)
      continue
    }
    const others = around.get(hint.object) ?? new Set()
    around.set(hint.object, others)
    for (const one of ids) others.add(one)
  }
  const alone = await database.withTenant(tenant, async (tx) => {
    const changed = [...own].filter((one) => !more.has(one))
    return new Set(await activeAmong(tx, id, changed))
  })
  if (around.size === 0) return { own, related, alone }
  // Whom a deal, an Opportunity or a contact belonged to is known here; whom it belongs to now, there.
  const known = await database.withTenant(tenant, (tx) =>
    ownersOfRows(
      tx,
      id,
      [...around.values()].flatMap((some) => [...some]),
    ),
  )
  for (const one of known) related.add(one)
  const asked = [...around].map(([kind, some]) => connector.customersOf?.(kind, [...some]) ?? [])
  for (const some of await Promise.all(asked)) for (const one of some) related.add(one)
  for (const one of related) alone.delete(one)
  return { own, related, alone }
}
