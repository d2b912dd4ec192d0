/** The mapping of a connection as the app edits it: looked at, tried on a sample, saved. */
import { createHash } from 'node:crypto'
import { FIELD_PROPERTIES, propertiesOf } from '../../connectors/hubspot/fields.ts'
import { fieldsOf, packageNames, RISK_FIELD } from '../../connectors/salesforce/package.ts'
import { HoldfastError } from '../contracts/errors.ts'
import type { ConnectionId, TenantId } from '../contracts/ids.ts'
import { chooseModel } from '../loop/choose-model.ts'
import type { Engine } from '../loop/engine.ts'
import { mappingOf } from '../loop/mapping.ts'
import { compareMappings } from '../loop/mapping-compare.ts'
import { draftMapping } from '../loop/mapping-draft.ts'
import { viewMapping } from '../loop/mapping-view.ts'
import { openConnector } from '../loop/open-connector.ts'
import type { Service } from '../service.ts'
import { recordAudit } from '../store/audit.ts'
import { clearCursor, readConnection, saveMapping, type Connection } from '../store/connections.ts'
import { markAllDue } from '../store/customers.ts'
import { championOf } from '../store/models.ts'
import { connectionSample } from '../store/reads/connection-sample.ts'
import { currentSettings } from '../store/settings-versions.ts'
import { requestStep } from '../store/steps.ts'
import { auditOf } from './acting-person.ts'
import type { MappingControl, WrittenField } from './setting-up-contract.ts'

/** Customers that a draft is tried on. */
const SAMPLE = 200

/** @param wake has the queue look at once */
export function openMappingControl(service: Service, wake: () => void): MappingControl {
  const { database, clock } = service
  const today = (): number => Math.floor(clock().getTime() / 86_400_000)
  const connectionOf = (tenant: TenantId, id: ConnectionId): Promise<Connection> =>
    database.withTenant(tenant, (tx) => readConnection(tx, id))

  /** The model in charge, or the one that would be; it is put in charge by the first scoring alone. */
  async function engineFor(tenant: TenantId, connection: Connection): Promise<Engine> {
    const champion = await database.withTenant(tenant, (tx) => championOf(tx, connection.id))
    if (champion !== null) return service.engines.get(champion.location)
    const mapping = mappingOf(connection, { today: today() })
    const { name } = await chooseModel(connection.profile!, mapping, today())
    return service.engines.get(`shipped:${name}`)
  }

  return {
    view: async (tenant, id) => {
      const connection = await connectionOf(tenant, id)
      const { settings } = await database.withTenant(tenant, currentSettings)
      const { features, card } = (await engineFor(tenant, connection)).churn
      return {
        ...viewMapping(connection, { features: features.features, card }, today()),
        mark: markOf(connection),
        written: writtenFields(connection),
        writes: settings.writeBack.enabled,
      }
    },

    preview: async (tenant, id, changes) => {
      const connection = await connectionOf(tenant, id)
      const draft = draftMapping(connection, changes, today())
      const engine = await engineFor(tenant, connection)
      const { settings, ids } = await database.withTenant(tenant, async (tx) => ({
        settings: (await currentSettings(tx)).settings,
        ids: await connectionSample(tx, id, SAMPLE),
      }))
      const connector = await openConnector(service, { tenant, connection: id }, connection)
      try {
        return await compareMappings(connection, draft, { connector, engine, ids, settings, today: today() })
      } finally {
        await connector.close()
      }
    },

    save: async (tenant, id, { changes, mark, by }) =>
      database.withTenant(tenant, async (tx) => {
        const connection = await readConnection(tx, id)
        if (markOf(connection) !== mark)
          throw new HoldfastError(
            'conflict',
            'Somebody saved another mapping since you looked. Load it again and repeat the change.',
          )
        const draft = draftMapping(connection, changes, today())
        await saveMapping(tx, id, draft)
        // What is stored was read in another way: everything is read and scored once more.
        await clearCursor(tx, id)
        await markAllDue(tx, id, 'reading')
        await requestStep(tx, { connection: id, step: 'sync', cause: 'settings' })
        await requestStep(tx, { connection: id, step: 'score', cause: 'settings' })
        await recordAudit(tx, {
          ...auditOf(by),
          action: 'connection.mapping',
          object: id,
          detail: { changes: changes.map(({ column, feature }) => ({ column, feature })) },
        })
        tx.afterCommit(wake)
      }),
  }
}

/** Of what was saved, and of the properties that it is about. */
function markOf({ mapping, profile }: Connection): string {
  return createHash('sha256')
    .update(JSON.stringify([mapping, profile?.columns.map(({ header }) => header) ?? null]))
    .digest('hex')
    .slice(0, 24)
}

/** In the order in which a record shows them. */
function writtenFields({ kind, config }: Pick<Connection, 'kind' | 'config'>): readonly WrittenField[] {
  if (kind === 'hubspot') {
    const ours = new Set<string>(Object.values(FIELD_PROPERTIES))
    return propertiesOf(config['object'] === 'contacts' ? 'contacts' : 'companies')
      .filter(({ name }) => ours.has(name))
      .map(({ name, label }) => ({ name, label }))
  }
  if (kind === 'salesforce') {
    const ours = new Set<string>(Object.values(RISK_FIELD))
    const namespace = typeof config['namespace'] === 'string' ? config['namespace'] : null
    const names = packageNames(namespace)
    return fieldsOf(config['object'] === 'Contact' ? 'Contact' : 'Account')
      .filter(({ name }) => ours.has(name))
      .map(({ name, label }) => ({ name: names.of(name), label }))
  }
  return []
}
