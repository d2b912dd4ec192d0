/**
 * Sync: what changed in the CRM or file since the last time comes into the store, a page a transaction, each with
 * the cursor that follows it. Whatever stops it, the next pass goes on where the last whole page ended.
 */
import type { Agreement, Connector, CustomerRecord } from '../../connectors/connector.ts'
import { canonicalJson } from '../../models/canonical-json.ts'
import { HoldfastError } from '../contracts/errors.ts'
import type { TableProfile } from '../contracts/table.ts'
import {
  dropConfigKey,
  readConnection,
  saveConnectionProfile,
  setConnectionStatus,
  type Connection,
} from '../store/connections.ts'
import { anyDue, markAllDue } from '../store/customers.ts'
import type { Transaction } from '../store/database.ts'
import { currentSettings } from '../store/settings-versions.ts'
import { refreshStatistics } from '../store/statistics.ts'
import { requestStep } from '../store/steps.ts'
import { readTenant } from '../store/tenants.ts'
import { agreementReader } from './agreement.ts'
import { mappingOf } from './mapping.ts'
import { pagesAhead } from './pages-ahead.ts'
import { readsAlike } from './reading.ts'
import type { LoopServices, LoopStep, StepContext } from './services.ts'
import { noCounts, storePage, type PageCounts, type Pass, type Source } from './sync-page.ts'
import { recordStager, storable, withoutRepeats } from './sync-records.ts'

const DAY = 86_400_000

/**
 * Counts: `added`, `changed`, `unchanged`, `left` and `returned` (of the population), `deleted`, `consents`.
 *
 * @throws HoldfastError what the connector throws; `connector_configuration` for a pass that would delete more than a
 *   fifth of the customers
 */
export const sync: LoopStep = async (services, context) => {
  const { tenant, connection: id } = context
  const begun = await services.database.withTenant(tenant, async (tx) => ({
    connection: await readConnection(tx, id),
    settings: (await currentSettings(tx)).settings,
    salt: (await readTenant(tx, tenant)).groupSalt,
    addressKey: await services.secrets.addressKey(tx),
  }))
  const { connection } = begun
  const connector = await opened(services, context, connection)
  const counts = noCounts()
  const stage = recordStager()
  const pass: Pass = {
    connection: id,
    run: context.run,
    groups: { salt: begun.salt, shares: begun.settings.groups },
    addressKey: begun.addressKey,
    allowDeletions: connection.config['allowDeletions'] === true,
    cursor: connection.cursor,
    source: null,
    seen: new Set(),
    refused: new Set(),
  }
  let done = 0
  try {
    for await (const { page, last } of pagesAhead(connector.changes(connection.cursor))) {
      // Whoever drains the process is answered after the page in hand.
      if (context.signal.aborted) break
      const records = withoutRepeats(page.upserts)
      if (records.length > 0 || page.complete === true)
        pass.source ??= await sourceOf(services, connection, connector, begun.settings.currency.file)
      const recipients =
        connector.recipients === undefined
          ? null
          : await connector.recipients(records.map((record) => record.id))
      const staged = { page, records: records.map(stage), recipients }
      const stored = await services.database.withTenant(tenant, async (tx) => {
        const found = await storePage(tx, pass, staged)
        if (last) await finish(tx, connection, pass, found.left + counts.left)
        return found
      })
      pass.cursor = page.cursor
      for (const name of Object.keys(counts) as (keyof PageCounts)[]) counts[name] += stored[name]
      done += records.length
      context.progress(done, page.total ?? null)
    }
  } catch (error) {
    await noteReconnect(services, context, error)
    throw error
  } finally {
    await connector.close()
  }
  if (services.database.kind === 'embedded' && counts.added + counts.changed + counts.deleted >= MANY)
    await services.database.asSystem('statistics for the planner after a sync', refreshStatistics)
  return counts
}

/** Customers whose rows were written, from which on the planner may be wrong about the tables. */
const MANY = 500

async function opened(
  { connectors, database }: LoopServices,
  context: StepContext,
  { kind, config }: Connection,
): Promise<Connector> {
  const { tenant, connection: id } = context
  try {
    return await connectors.open({ tenant, id, kind, config })
  } catch (error) {
    await noteReconnect({ database }, context, error)
    throw error
  }
}

/** Somebody has to sign in again: until then nothing of this connection is tried. */
async function noteReconnect(
  { database }: Pick<LoopServices, 'database'>,
  { tenant, connection }: StepContext,
  error: unknown,
): Promise<void> {
  if (!(error instanceof HoldfastError) || error.code !== 'connector_reconnect') return
  await database.withTenant(tenant, (tx) =>
    setConnectionStatus(tx, connection, 'needs_reconnect', error.message),
  )
}

async function sourceOf(
  { clock }: LoopServices,
  connection: Connection,
  connector: Connector,
  currency: string,
): Promise<Source> {
  const [{ profile }] = await connector.describe()
  const today = Math.floor(clock().getTime() / DAY)
  const mapping = mappingOf({ ...connection, profile }, { today })
  const stored = connection.profile
  const read = agreementReader(profile, mapping, { today, currency })
  return {
    profile,
    agreementsOf: (records) => agreementsOf(records, read),
    rereading:
      stored === null ||
      !readsAlike(
        { profile: stored, mapping: mappingOf(connection, { today }) },
        { profile, mapping },
        today,
      ),
  }
}

function agreementsOf(
  records: readonly CustomerRecord[],
  read: ReturnType<typeof agreementReader>,
): readonly (readonly Agreement[])[] {
  const own = records.filter(({ agreements }) => agreements === null)
  const found = read(own.map(({ properties }) => properties))
  let next = 0
  return records.map(({ agreements }) => {
    if (agreements !== null) return agreements
    const agreement = found[next++]
    return agreement === null ? [] : [agreement]
  })
}

/** With the last page: what the next steps need to know, and that they are wanted. */
async function finish(
  tx: Transaction,
  connection: Connection,
  { source, allowDeletions }: Pass,
  left: number,
): Promise<void> {
  const { id } = connection
  if (source !== null) {
    const profile = asStored(source.profile)
    if (canonicalJson(profile) !== canonicalJson(connection.profile))
      await saveConnectionProfile(tx, id, profile)
    if (source.rereading && connection.profile !== null) await markAllDue(tx, id, 'reading')
    if (allowDeletions) await dropConfigKey(tx, id, 'allowDeletions')
  }
  if (await anyDue(tx, id)) await requestStep(tx, { connection: id, step: 'score', cause: 'sync' })
  if (left > 0) await requestStep(tx, { connection: id, step: 'write_back', cause: 'sync' })
}

/** As the database gives a profile back. */
function asStored(profile: TableProfile): TableProfile {
  return JSON.parse(
    JSON.stringify(profile, (_, value: unknown) => (typeof value === 'string' ? storable(value) : value)),
  ) as TableProfile
}
