/** Who counts as a customer of a connection, and who is responsible: what is there to choose from, and what was chosen. */
import { parseHubSpotConfig } from '../../connectors/hubspot/config.ts'
import { parseSalesforceConfig } from '../../connectors/salesforce/config.ts'
import type { StageCounts } from '../../connectors/value-counts.ts'
import { HoldfastError } from '../contracts/errors.ts'
import type { ConnectionId, TenantId } from '../contracts/ids.ts'
import { changePopulation } from '../loop/population.ts'
import type { Service } from '../service.ts'
import { recordAudit } from '../store/audit.ts'
import { clearCursor, readConnection, type Connection, type Population } from '../store/connections.ts'
import { changeConfig } from '../store/crm-connections.ts'
import { requestStep } from '../store/steps.ts'
import { membershipOf, withAccountView } from './account-views.ts'
import { auditOf } from './acting-person.ts'
import { expectAsLookedAt } from './as-looked-at.ts'
import { proposedStage } from './found-words.ts'
import type {
  PopulationPreview,
  ResponsibleChoices,
  StatedCustomers,
  StatedResponsible,
} from './setting-up-contract.ts'

/** Records that a preview shows. */
const EXAMPLES = 5

/** @param wake has the queue look at once */
export function openStatedCustomers(service: Service, wake: () => void): StatedCustomers {
  const { database } = service
  const connectionOf = (tenant: TenantId, id: ConnectionId): Promise<Connection> =>
    database.withTenant(tenant, (tx) => readConnection(tx, id))

  async function preview(
    tenant: TenantId,
    connection: Connection,
    given: Population,
  ): Promise<PopulationPreview> {
    return withAccountView(service, tenant, connection, async (view) => {
      const population = await storedAs(connection.kind, given, view.stages)
      const membership = membershipOf(population)
      const customers = await view.count(membership)
      const records = membership === null ? customers : await view.count(null)
      const examples = customers === 0 ? [] : await view.examples(membership, EXAMPLES)
      return { population, customers, records, examples }
    })
  }

  return {
    choices: async (tenant, id, property) => {
      const connection = await connectionOf(tenant, id)
      const also = [
        ...(property === undefined ? [] : [property]),
        ...(connection.population?.kind === 'property' ? [connection.population.property] : []),
      ]
      return withAccountView(service, tenant, connection, async (view) => {
        const stages = await view.stages(also)
        const proposed = proposedStage(stages)
        return {
          population: connection.population,
          records: await view.count(null),
          stages,
          proposed:
            proposed === null
              ? null
              : { kind: 'property', property: proposed.property, values: proposed.values },
        }
      })
    },

    preview: async (tenant, id, population) => preview(tenant, await connectionOf(tenant, id), population),

    save: async (tenant, id, given, by, was) => {
      const connection = await connectionOf(tenant, id)
      const found = await preview(tenant, connection, given)
      if (found.customers === 0)
        throw new HoldfastError(
          'column_values',
          `Nobody of "${connection.name}" would be a customer, so nothing was saved. Choose values that occur.`,
        )
      const moved = await database.withTenant(tenant, async (tx) => {
        await expectAsLookedAt(tx, id, {
          was,
          now: ({ population }) => population,
          what: 'who counts as a customer',
        })
        const changed = await changePopulation(tx, id, found.population)
        if (connection.kind === 'csv')
          await requestStep(tx, { connection: id, step: 'sync', cause: 'settings' })
        await recordAudit(tx, {
          ...auditOf(by),
          action: 'connection.population',
          object: id,
          detail: { population: found.population, customers: found.customers },
        })
        tx.afterCommit(wake)
        return changed
      })
      return { ...found, ...moved }
    },

    responsibles: async (tenant, id) => {
      const connection = await connectionOf(tenant, id)
      return withAccountView(service, tenant, connection, async (view) => ({
        ...responsibleOf(connection),
        records: await view.count(
          connection.population === null ? null : membershipOf(connection.population),
        ),
        fields: (await view.userFields()) ?? [],
        users: (await view.users()) ?? [],
      }))
    },

    saveResponsible: async (tenant, id, { was, ...stated }, by) => {
      const connection = await connectionOf(tenant, id)
      const changes = responsibleChanges(connection, stated)
      await expectThere(service, tenant, connection, stated)
      await database.withTenant(tenant, async (tx) => {
        await expectAsLookedAt(tx, id, { was, now: responsibleOf, what: 'who is responsible for customers' })
        await changeConfig(tx, id, changes)
        // Who is responsible is read with each record: those that are there are read once more.
        await clearCursor(tx, id)
        await requestStep(tx, { connection: id, step: 'sync', cause: 'settings' })
        await recordAudit(tx, {
          ...auditOf(by),
          action: 'connection.responsible',
          object: id,
          detail: changes,
        })
        tx.afterCommit(wake)
      })
    },
  }
}

/** Of Salesforce it is a condition, since the org alone says who meets it. */
async function storedAs(
  kind: string,
  population: Population,
  stages: (also: readonly string[]) => Promise<readonly StageCounts[]>,
): Promise<Population> {
  if (kind !== 'salesforce') {
    if (population.kind !== 'condition') return population
    throw new HoldfastError(
      'connector_configuration',
      'Only Salesforce takes a condition in words of its own. Name a property and its values.',
    )
  }
  if (population.kind !== 'property') return population
  const { conditionFor } = await import('../../connectors/salesforce/population.ts')
  const { property, values } = population
  const known = (await stages([property])).find(
    (one) => one.property.toLowerCase() === property.toLowerCase(),
  )
  if (known === undefined)
    throw new HoldfastError(
      'column_missing',
      `The records of this org cannot be told by "${property}": the integration user sees no such field with values, or it cannot be filtered by. Use its API name, or a condition.`,
    )
  return { kind: 'condition', condition: conditionFor(known.property, values, known.type) }
}

function responsibleOf({ kind, config }: Connection): Pick<ResponsibleChoices, 'current' | 'fallback'> {
  if (kind === 'hubspot') {
    const { responsible, fallbackOwner } = parseHubSpotConfig(config)
    return { current: { field: responsible }, fallback: fallbackOwner }
  }
  if (kind === 'salesforce') {
    const { responsible, fallbackOwner } = parseSalesforceConfig(config)
    return { current: responsible, fallback: fallbackOwner }
  }
  return { current: null, fallback: null }
}

/** @throws HoldfastError `connector_configuration` for what the connection's config cannot hold */
function responsibleChanges(
  { kind, config }: Connection,
  { field, teamRole, fallback }: StatedResponsible,
): Readonly<Record<string, unknown>> {
  const owner = fallback === undefined ? {} : { fallbackOwner: fallback }
  if (kind === 'hubspot') {
    if (teamRole !== undefined)
      throw new HoldfastError('connector_configuration', 'HubSpot has no roles in a team. Name a property.')
    const changes = { ...(field === undefined ? {} : { responsible: field }), ...owner }
    parseHubSpotConfig({ ...config, ...changes })
    return changes
  }
  if (kind === 'salesforce') {
    const named = teamRole === undefined ? (field === undefined ? null : { field }) : { teamRole }
    const changes = { ...(named === null ? {} : { responsible: named }), ...owner }
    parseSalesforceConfig({ ...config, ...changes })
    return changes
  }
  throw new HoldfastError(
    'connector_configuration',
    'In a file a column says who is responsible: a column such as "owner" with "owner email". Add one to the file.',
  )
}

/** A field that names no users, or a user who is not there, would leave everybody without a responsible. */
async function expectThere(
  service: Service,
  tenant: TenantId,
  connection: Connection,
  { field, fallback }: StatedResponsible,
): Promise<void> {
  await withAccountView(service, tenant, connection, async (view) => {
    const fields = field === undefined ? null : await view.userFields()
    if (fields !== null && !fields.some((one) => one.field === field))
      throw new HoldfastError(
        'column_missing',
        `"${field}" names no users in this CRM. There are: ${fields.map((one) => `"${one.label}" (${one.field})`).join(', ') || 'none'}.`,
      )
    const users = fallback === undefined || fallback === null ? null : await view.users()
    if (users !== null && users.length > 0 && !users.some(({ id }) => sameUser(id, fallback!)))
      throw new HoldfastError(
        'column_values',
        'The user who is to get what nobody is responsible for is not among those who can sign in to the CRM. Choose another one.',
      )
  })
}

/** Ids of Salesforce have 15 or 18 characters for the same user. */
const sameUser = (one: string, other: string): boolean =>
  one === other || (one.startsWith('005') && one.slice(0, 15) === other.slice(0, 15))
