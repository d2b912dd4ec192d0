/** Records of a source with what belongs to them, ready to be stored: all that has to be asked of the source. */
import type { Connector, CustomerRecord, Recipient } from '../../connectors/connector.ts'
import { HoldfastError } from '../contracts/errors.ts'
import type { ConnectionId, TenantId } from '../contracts/ids.ts'
import type { Population } from '../store/connections.ts'
import type { Database } from '../store/database.ts'
import { ownWrites, type OwnWrite } from '../store/own-writes.ts'
import { memberOf } from './population.ts'
import type { StagedRecords } from './store-records.ts'
import { nameOf, recordStager, withoutRepeats, type StagedRecord } from './sync-records.ts'

/** What is known beforehand of some records, by their ids in the source. */
export interface StageTerms {
  /** Everything is asked anew, whatever version the record is of. */
  readonly related: ReadonlySet<string>
  /** Nothing but the record itself changed: what belongs to it is known. */
  readonly alone: ReadonlySet<string>
}

export interface Stager {
  stage(records: readonly CustomerRecord[], terms?: StageTerms): Promise<StagedRecords>
}

export interface StagerOptions {
  readonly database: Database
  readonly tenant: TenantId
  readonly connection: ConnectionId
  readonly connector: Connector
  /** As it stands when the pass begins. */
  readonly population: Population | null
  /** Everything is read from the beginning, perhaps in another way than before: also what we changed ourselves. */
  readonly anew?: boolean
}

/**
 * A file says everything of everybody at once. A CRM is asked only for those who count as customers and whom somebody
 * else than us changed.
 */
export function openStager(options: StagerOptions): Stager {
  const { connector, population, anew = false } = options
  const stage = recordStager()
  const member = memberOf(population)
  const whole = connector.describeEveryMs === 0
  return {
    async stage(page, { related, alone } = { related: NOBODY, alone: NOBODY }) {
      if (population?.kind === 'condition') refuseUntold(connector, page)
      const records = withoutRepeats(page).map(stage)
      const own = whole ? NOBODY : await ownNames(options, records, related)
      const asked = whole
        ? records
        : records.filter(
            ({ record }) =>
              member(record) && !alone.has(record.id) && (anew || !own.has(nameOf(record.object, record.id))),
          )
      const ids = asked.map(({ record }) => record.id)
      const [recipients, agreements] = await Promise.all([
        ids.length === 0 && !whole ? nobody(connector) : (connector.recipients?.(ids) ?? null),
        ids.length === 0 && connector.agreements !== undefined
          ? new Map<string, never>()
          : (connector.agreements?.(ids) ?? null),
      ])
      const looked = whole ? null : new Set(asked.map(({ record }) => nameOf(record.object, record.id)))
      return { records, own, looked, recipients, agreements }
    },
  }
}

/** Of a connector that does not know conditions everybody would seem to have left. */
function refuseUntold({ name }: Connector, records: readonly CustomerRecord[]): void {
  if (records.every(({ member }) => member !== undefined)) return
  throw new HoldfastError(
    'connector_configuration',
    `Who counts as a customer is stated as a condition, and the connector "${name}" does not say who meets it. State it by a property and its values.`,
  )
}

const NOBODY: ReadonlySet<string> = new Set()

const nobody = ({ recipients }: Connector): readonly Recipient[] | null =>
  recipients === undefined ? null : []

/** A version that is met for the first time: the same one again is handed over for another reason. */
const isYounger = ({ updatedAt }: CustomerRecord, { source_updated_at: known }: OwnWrite): boolean =>
  known !== null && updatedAt!.getTime() > known.getTime()

/**
 * Records that are as our own write left them, by {@link nameOf}. Of those who were no customers until now nothing but
 * the record is known, and whoever took over another record may have taken over its people.
 */
async function ownNames(
  { database, tenant, connection }: StagerOptions,
  staged: readonly StagedRecord[],
  related: ReadonlySet<string>,
): Promise<ReadonlySet<string>> {
  const dated = staged.filter(
    ({ record: { id, updatedAt, merged, related: isRelated } }) =>
      updatedAt !== null && merged === undefined && isRelated !== true && !related.has(id),
  )
  if (dated.length === 0) return NOBODY
  const found = await database.withTenant(tenant, (tx) =>
    ownWrites(tx, connection, {
      objects: dated.map(({ record }) => record.object),
      externalIds: dated.map(({ record }) => record.id),
    }),
  )
  const versions = new Map(found.map((one) => [nameOf(one.object, one.external_id), one]))
  return new Set(
    dated.flatMap(({ record, hash }) => {
      const name = nameOf(record.object, record.id)
      const ours = versions.get(name)
      if (ours === undefined || ours.properties_hash !== hash) return []
      const isOurVersion = ours.version?.getTime() === record.updatedAt!.getTime()
      return isOurVersion || (record.own === true && isYounger(record, ours)) ? [name] : []
    }),
  )
}
