/**
 * Sync: what changed in the CRM or file since the last time comes into the store, a page a transaction, each with
 * the cursor that follows it. Whatever stops it, the next pass goes on where the last whole page ended.
 */
import type { Connector, CustomerRecord } from '../../connectors/connector.ts'
import { canonicalJson } from '../../models/canonical-json.ts'
import { HoldfastError } from '../contracts/errors.ts'
import type { TableProfile } from '../contracts/table.ts'
import {
  dropConfigKey,
  readConnection,
  saveConnectionProfile,
  type Connection,
} from '../store/connections.ts'
import { anyDue, markAllDue } from '../store/customers.ts'
import type { Transaction } from '../store/database.ts'
import { championMapping } from '../store/models.ts'
import { currentSettings } from '../store/settings-versions.ts'
import { refreshStatistics } from '../store/statistics.ts'
import { requestStep } from '../store/steps.ts'
import { readTenant } from '../store/tenants.ts'
import { databaseTime } from '../store/time.ts'
import { readingOf } from './needed-properties.ts'
import { noteReconnect, openConnector } from './open-connector.ts'
import { pagesAhead } from './pages-ahead.ts'
import type { LoopServices, LoopStep, StepContext } from './services.ts'
import { asStored, describedConnection, describedSource, fileSource } from './source.ts'
import { openStager } from './staging.ts'
import { noCounts, type RecordCounts } from './store-records.ts'
import { storePage, type Pass } from './sync-page.ts'
import { settleUnseen } from './sync-unseen.ts'

const DAY = 86_400_000

/**
 * Counts: `added`, `changed`, `unchanged`, `left` and `returned` (of the population), `deleted`, `consents`.
 *
 * @throws HoldfastError what the connector throws; `connector_configuration` for a pass that would delete more than a
 *   fifth of the customers, and when the property is gone that says who is a customer
 */
export const sync: LoopStep = async (services, context) => {
  const { database } = services
  const begun = await begin(services, context)
  const counts = noCounts()
  const connector = await openConnector(services, context, begun.connection)
  try {
    if (connector.describeEveryMs === 0) await readPages(services, context, begun, connector, counts)
    else await readDescribed(services, context, begun, connector, counts)
  } catch (error) {
    await noteReconnect(services, context, error)
    throw error
  } finally {
    await connector.close()
  }
  if (database.kind === 'embedded' && counts.added + counts.changed + counts.deleted >= MANY)
    await database.asSystem('statistics for the planner after a sync', refreshStatistics)
  return counts
}

type Begun = Awaited<ReturnType<typeof begin>>

function begin({ database, secrets, clock }: LoopServices, { tenant, connection }: StepContext) {
  return database.withTenant(tenant, async (tx) => ({
    connection: await readConnection(tx, connection),
    settings: (await currentSettings(tx)).settings,
    salt: (await readTenant(tx, tenant)).groupSalt,
    addressKey: await secrets.addressKey(tx),
    at: await databaseTime(tx),
    like: await championMapping(tx, connection),
    today: Math.floor(clock().getTime() / DAY),
  }))
}

/** A property that was mapped and is gone is found out by whoever asks for it: the rest is then read without it. */
async function readDescribed(
  services: LoopServices,
  context: StepContext,
  begun: Begun,
  connector: Connector,
  counts: RecordCounts,
): Promise<void> {
  const connection = await describedConnection(services, context, begun.connection, connector)
  try {
    await readPages(services, context, { ...begun, connection }, connector, counts)
  } catch (error) {
    if (!(error instanceof HoldfastError) || error.code !== 'column_missing') throw error
    // What was stored until then moved the cursor.
    const now = await services.database.withTenant(context.tenant, (tx) => readConnection(tx, connection.id))
    const again = await describedConnection(services, context, now, connector, { force: true })
    await readPages(services, context, { ...begun, connection: again }, connector, counts)
  }
}

/** @param counts are added to */
async function readPages(
  services: LoopServices,
  context: StepContext,
  { connection, settings, salt, addressKey, at, like, today }: Begun,
  connector: Connector,
  counts: RecordCounts,
): Promise<void> {
  const { tenant } = context
  const { database } = services
  const { id, population } = connection
  const isFile = connector.describeEveryMs === 0
  const currency = settings.currency.file
  const anew = connection.cursor === null
  const stager = openStager({ database, tenant, connection: id, connector, population, anew })
  const pass: Pass = {
    connection: id,
    run: context.run,
    groups: { salt, shares: settings.groups },
    addressKey,
    allowDeletions: connection.config['allowDeletions'] === true,
    begunAt: isFile ? null : at,
    ...(!isFile && { population }),
    cursor: connection.cursor,
    source: isFile ? null : describedSource(connection, today, currency),
    seen: new Set(),
    refused: new Set(),
  }
  const reading = isFile ? undefined : readingOf(connection, today, { like, offers: settings.offers })
  const guard = populationGuard(services, context, connection, connector)
  const add = (stored: RecordCounts): void => {
    for (const name of Object.keys(counts) as (keyof RecordCounts)[]) counts[name] += stored[name]
  }
  let profile: TableProfile | null = null
  let done = 0
  for await (const { page, last } of pagesAhead(connector.changes(pass.cursor, reading))) {
    // Whoever drains the process is answered after the page in hand.
    if (context.signal.aborted) break
    if (!isFile) await guard(page.upserts)
    else if (pass.source === null && (page.upserts.length > 0 || page.complete === true))
      ({ profile, source: pass.source } = await fileSource(services, connection, connector, currency))
    const gone =
      page.complete === true && reading?.condition !== undefined
        ? await settleUnseen({ database, context, connector, stager, reading, pass, page, stored: add })
        : []
    if (gone === null) break
    const whole = gone.length === 0 ? page : { ...page, deleted: [...page.deleted, ...gone] }
    const staged = { ...(await stager.stage(page.upserts)), page: whole }
    const stored = await database.withTenant(tenant, async (tx) => {
      const found = await storePage(tx, pass, staged)
      if (last) await finish(tx, connection, pass, { profile, left: found.left + counts.left })
      return found
    })
    pass.cursor = page.cursor
    add(stored)
    done += staged.records.length
    context.progress(done, page.total ?? null)
  }
}

/**
 * A property that is gone reads as blank of everybody, and who is a customer would seem to have left: when a page has
 * nobody with the property of the population, the CRM is asked whether it is still there.
 */
function populationGuard(
  services: LoopServices,
  context: StepContext,
  connection: Connection,
  connector: Connector,
): (records: readonly CustomerRecord[]) => Promise<void> {
  const { population } = connection
  let asked = false
  return async (records) => {
    if (asked || population?.kind !== 'property' || records.length === 0) return
    if (records.some(({ properties }) => (properties[population.property] ?? null) !== null)) return
    asked = true
    const { cursor } = await describedConnection(services, context, connection, connector, { force: true })
    // Read in another way from now on: this page was not.
    if (cursor === null && connection.cursor !== null) throw readAnew()
  }
}

/** Customers whose rows were written, from which on the planner may be wrong about the tables. */
const MANY = 500

function readAnew(): HoldfastError {
  return new HoldfastError(
    'connector_unavailable',
    'The properties of the CRM changed while it was read. It is read anew.',
    { retryable: true },
  )
}

/** With the last page: what the next steps need to know, and that they are wanted. */
async function finish(
  tx: Transaction,
  connection: Connection,
  { source, allowDeletions }: Pass,
  { profile, left }: { readonly profile: TableProfile | null; readonly left: number },
): Promise<void> {
  const { id } = connection
  if (source !== null && profile !== null) {
    const stored = asStored(profile)
    if (canonicalJson(stored) !== canonicalJson(connection.profile))
      await saveConnectionProfile(tx, id, stored)
    if (source.rereading && connection.profile !== null) await markAllDue(tx, id, 'reading')
  }
  if (allowDeletions) await dropConfigKey(tx, id, 'allowDeletions')
  if (await anyDue(tx, id)) await requestStep(tx, { connection: id, step: 'score', cause: 'sync' })
  if (left > 0) await requestStep(tx, { connection: id, step: 'write_back', cause: 'sync' })
}
