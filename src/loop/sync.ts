/**
 * Sync: what changed in the CRM or file since the last time comes into the store, a page a transaction, each with
 * the cursor that follows it. Whatever stops it, the next pass goes on where the last whole page ended.
 */
import type { Connector, CustomerRecord } from '../../connectors/connector.ts'
import { canonicalJson } from '../../models/canonical-json.ts'
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

const DAY = 86_400_000

/**
 * Counts: `added`, `changed`, `unchanged`, `left` and `returned` (of the population), `deleted`, `consents`.
 *
 * @throws HoldfastError what the connector throws; `connector_configuration` for a pass that would delete more than a
 *   fifth of the customers, and when the property is gone that says who is a customer
 */
export const sync: LoopStep = async (services, context) => {
  const { tenant, connection: id } = context
  const { database, clock } = services
  const begun = await database.withTenant(tenant, async (tx) => ({
    connection: await readConnection(tx, id),
    settings: (await currentSettings(tx)).settings,
    salt: (await readTenant(tx, tenant)).groupSalt,
    addressKey: await services.secrets.addressKey(tx),
    at: await databaseTime(tx),
    like: await championMapping(tx, id),
  }))
  const today = Math.floor(clock().getTime() / DAY)
  const currency = begun.settings.currency.file
  const counts = noCounts()
  const connector = await openConnector(services, context, begun.connection)
  try {
    const isFile = connector.describeEveryMs === 0
    const described = isFile
      ? begun.connection
      : await describedConnection(services, context, begun.connection, connector)
    const { population } = described
    const stager = openStager({ database, tenant, connection: id, connector, population })
    const pass: Pass = {
      connection: id,
      run: context.run,
      groups: { salt: begun.salt, shares: begun.settings.groups },
      addressKey: begun.addressKey,
      allowDeletions: described.config['allowDeletions'] === true,
      begunAt: isFile ? null : begun.at,
      cursor: described.cursor,
      source: isFile ? null : describedSource(described, today, currency),
      seen: new Set(),
      refused: new Set(),
    }
    const reading = isFile ? undefined : readingOf(described, today, begun.like)
    const guard = populationGuard(services, context, described, connector)
    let profile: TableProfile | null = null
    let done = 0
    for await (const { page, last } of pagesAhead(connector.changes(pass.cursor, reading))) {
      // Whoever drains the process is answered after the page in hand.
      if (context.signal.aborted) break
      if (!isFile) await guard(page.upserts)
      else if (pass.source === null && (page.upserts.length > 0 || page.complete === true))
        ({ profile, source: pass.source } = await fileSource(services, described, connector, currency))
      const staged = { ...(await stager.stage(page.upserts)), page }
      const stored = await database.withTenant(tenant, async (tx) => {
        const found = await storePage(tx, pass, staged)
        if (last) await finish(tx, described, pass, { profile, left: found.left + counts.left })
        return found
      })
      pass.cursor = page.cursor
      for (const name of Object.keys(counts) as (keyof RecordCounts)[]) counts[name] += stored[name]
      done += staged.records.length
      context.progress(done, page.total ?? null)
    }
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
    await describedConnection(services, context, connection, connector, { force: true })
  }
}

/** Customers whose rows were written, from which on the planner may be wrong about the tables. */
const MANY = 500

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
