/**
 * What is read from a source, and how. A file is described whenever its records come. A CRM is described from time to
 * time: the first description settles the mapping, each later one tells what of it can no longer be read.
 */
import type { Agreement, Connector, CustomerRecord } from '../../connectors/connector.ts'
import type { Mapping } from '../../models/features/mapping-file.ts'
import type { TableProfile } from '../contracts/table.ts'
import { clearCursor, saveDescription, type Connection } from '../store/connections.ts'
import { anyDue, markAllDue } from '../store/customers.ts'
import { championMapping } from '../store/models.ts'
import { requestStep } from '../store/steps.ts'
import { agreementReader } from './agreement.ts'
import { mappingOf } from './mapping.ts'
import { comparedDescription, populationProblem } from './mapping-problems.ts'
import { neededColumns } from './needed-properties.ts'
import { readsAlike } from './reading.ts'
import type { LoopServices, StepContext } from './services.ts'
import type { Source } from './store-records.ts'
import { storable } from './sync-records.ts'

const DAY = 86_400_000

type Agreements = ReadonlyMap<string, readonly Agreement[]>

/**
 * Describes a CRM when it is time, saves what it said, and marks everybody for scoring where the same properties now
 * mean something else.
 *
 * @param force whether or not it is time
 * @returns the connection as it stands afterwards
 * @throws HoldfastError `connector_configuration` when the property that says who is a customer is gone: without it,
 *   everybody would seem to have left
 */
export async function describedConnection(
  { database, clock }: Pick<LoopServices, 'database' | 'clock'>,
  { tenant }: Pick<StepContext, 'tenant'>,
  connection: Connection,
  connector: Connector,
  { force = false } = {},
): Promise<Connection> {
  const now = clock()
  const age = connection.profiledAt === null ? Infinity : now.getTime() - connection.profiledAt.getTime()
  const fresh = connection.profile !== null && age < connector.describeEveryMs
  if (fresh && !force && populationProblem(connection) === null) return connection
  const [{ object, profile: found }] = await connector.describe()
  const today = Math.floor(now.getTime() / DAY)
  const like = await database.withTenant(tenant, (tx) => championMapping(tx, connection.id))
  const { profile, mapping, notes } = comparedDescription(connection, asStored(found), { like, today, now })
  const described: Connection = { ...connection, object, profile, mapping, notes, profiledAt: now }
  const other = connection.profile !== null && !sameReading(connection, described, today)
  await database.withTenant(tenant, async (tx) => {
    await saveDescription(tx, connection.id, { object, profile, mapping, notes, profiledAt: now })
    if (!other) return
    // What is stored was read in another way: everything is read once more.
    await clearCursor(tx, connection.id)
    await markAllDue(tx, connection.id, 'reading')
    if (await anyDue(tx, connection.id))
      await requestStep(tx, { connection: connection.id, step: 'score', cause: 'sync' })
  })
  const problem = populationProblem(described)
  if (problem !== null) throw problem
  return other ? { ...described, cursor: null } : described
}

/** How the records of a described CRM are to be read. */
export function describedSource(connection: Connection, today: number, currency: string): Source {
  const profile = connection.profile!
  const mapping = mappingOf(connection, { today })
  return { agreementsOf: agreementsBy(profile, mapping, today, currency), rereading: false }
}

/** The same for a file, described now that records of it came. */
export async function fileSource(
  { clock }: Pick<LoopServices, 'clock'>,
  connection: Connection,
  connector: Connector,
  currency: string,
): Promise<{ readonly profile: TableProfile; readonly source: Source }> {
  const [{ profile }] = await connector.describe()
  const today = Math.floor(clock().getTime() / DAY)
  const mapping = mappingOf({ ...connection, profile }, { today })
  const stored = connection.profile
  const rereading =
    stored === null ||
    !readsAlike({ profile: stored, mapping: mappingOf(connection, { today }) }, { profile, mapping }, today)
  return { profile, source: { agreementsOf: agreementsBy(profile, mapping, today, currency), rereading } }
}

function agreementsBy(
  profile: TableProfile,
  mapping: Mapping,
  today: number,
  currency: string,
): Source['agreementsOf'] {
  const read = agreementReader(profile, mapping, { today, currency })
  return (records: readonly CustomerRecord[], asked: Agreements | null) => {
    const own = records.filter(({ agreements }) => agreements === null && asked === null)
    const found = read(own.map(({ properties }) => properties))
    let next = 0
    return records.map(({ id, agreements }) => {
      if (agreements !== null) return agreements
      if (asked !== null) return asked.get(id) ?? []
      const agreement = found[next++]
      return agreement === null ? [] : [agreement]
    })
  }
}

function sameReading(before: Connection, after: Connection, today: number): boolean {
  const reading = (connection: Connection) => ({
    profile: connection.profile!,
    mapping: { ...mappingOf(connection, { today }), columns: [...neededColumns(connection, today)] },
  })
  return readsAlike(reading(before), reading(after), today)
}

/** As the database gives a profile back. */
export function asStored(profile: TableProfile): TableProfile {
  return JSON.parse(
    JSON.stringify(profile, (_, value: unknown) => (typeof value === 'string' ? storable(value) : value)),
  ) as TableProfile
}
