/** Where agreements come from: fields of the customer itself, or its deals, Opportunities or Contracts. */
import { parseHubSpotConfig } from '../../connectors/hubspot/config.ts'
import { dealPipelines } from '../../connectors/hubspot/pipelines.ts'
import { readProperties } from '../../connectors/hubspot/properties.ts'
import { openCrmMemory } from '../../connectors/memory.ts'
import { parseSalesforceConfig } from '../../connectors/salesforce/config.ts'
import { HoldfastError } from '../contracts/errors.ts'
import type { ConnectionId, TenantId } from '../contracts/ids.ts'
import type { Service } from '../service.ts'
import { recordAudit } from '../store/audit.ts'
import { clearCursor, readConnection, type Connection } from '../store/connections.ts'
import { changeConfig } from '../store/crm-connections.ts'
import { connectionSample } from '../store/reads/connection-sample.ts'
import { requestStep } from '../store/steps.ts'
import { auditOf } from './acting-person.ts'
import { expectAsLookedAt } from './as-looked-at.ts'
import type { AgreementChoices, AgreementControl, AgreementSource, Choice } from './setting-up-contract.ts'

/** Customers that a draft is tried on. */
const SAMPLE = 100

/** @param wake has the queue look at once */
export function openAgreementControl(service: Service, wake: () => void): AgreementControl {
  const { database } = service
  const connectionOf = (tenant: TenantId, id: ConnectionId): Promise<Connection> =>
    database.withTenant(tenant, (tx) => readConnection(tx, id))

  return {
    choices: async (tenant, id) => {
      const connection = await connectionOf(tenant, id)
      const place = { tenant, id, kind: connection.kind, config: connection.config }
      if (connection.kind === 'hubspot') {
        const client = await service.hubspot.clientOf(place)
        const properties = [...(await readProperties(client, 'deals', [])).values()]
        return {
          current: parseHubSpotConfig(connection.config).agreements,
          groups: [
            {
              from: 'deals',
              pipelines: (await dealPipelines(client)).map(({ id: pipeline, label, stages }) => ({
                id: pipeline,
                label,
                stages: stages.map((stage) => ({ value: stage.id, label: stage.label })),
              })),
              amounts: properties.filter(({ type }) => type === 'number').map(asChoice),
              dates: properties.filter(({ type }) => type === 'date' || type === 'datetime').map(asChoice),
            },
          ],
        }
      }
      if (connection.kind === 'salesforce') return salesforceChoices(service, place, connection)
      throw inFile()
    },

    preview: async (tenant, id, agreements) => {
      const connection = await connectionOf(tenant, id)
      const config = { ...connection.config, ...checked(connection, agreements) }
      const ids = await database.withTenant(tenant, (tx) => connectionSample(tx, id, SAMPLE))
      const connector = await service.connectors.open({ tenant, id, kind: connection.kind, config })
      try {
        const found = agreements.from === 'properties' ? undefined : await connector.agreements?.(ids)
        if (found === undefined) return null
        const all = ids.map((customer) => found.get(customer) ?? [])
        const having = (holds: (one: (typeof all)[number][number]) => boolean): number =>
          all.filter((list) => list.some(holds)).length
        return {
          sample: ids.length,
          withAgreement: having(() => true),
          withAmount: having((one) => one.amountMinor !== null && one.currency !== null),
          withPeriod: having(({ periodMonths }) => periodMonths !== null),
          withRenewal: having(({ renewalDate }) => renewalDate !== null),
          currencies: [...new Set(all.flat().flatMap(({ currency }) => currency ?? []))].toSorted(),
        }
      } finally {
        await connector.close()
      }
    },

    save: async (tenant, id, { source, was, by }) => {
      const changes = checked(await connectionOf(tenant, id), source)
      await database.withTenant(tenant, async (tx) => {
        await expectAsLookedAt(tx, id, { was, now: currentSource, what: 'where agreements come from' })
        await changeConfig(tx, id, changes)
        // Agreements are read with each record: those that are there are read once more.
        await clearCursor(tx, id)
        await requestStep(tx, { connection: id, step: 'sync', cause: 'settings' })
        await recordAudit(tx, {
          ...auditOf(by),
          action: 'connection.agreements',
          object: id,
          detail: changes,
        })
        tx.afterCommit(wake)
      })
    },
  }
}

const asChoice = ({ name, label }: { readonly name: string; readonly label: string }): Choice => ({
  value: name,
  label: label === '' ? name : label,
})

/** @throws HoldfastError `connector_configuration` naming what cannot be */
function checked(
  { kind, config }: Connection,
  agreements: AgreementSource,
): { readonly agreements: AgreementSource } {
  if (kind === 'hubspot')
    return { agreements: parseHubSpotConfig({ ...config, agreements }).agreements as AgreementSource }
  if (kind === 'salesforce')
    return { agreements: parseSalesforceConfig({ ...config, agreements }).agreements as AgreementSource }
  throw inFile()
}

/** Of a file they are columns, which the mapping tells. */
const currentSource = ({ kind, config }: Connection): AgreementSource =>
  (kind === 'hubspot' ? parseHubSpotConfig(config) : parseSalesforceConfig(config))
    .agreements as AgreementSource

const inFile = (): HoldfastError =>
  new HoldfastError(
    'connector_configuration',
    'In a file columns say what a customer pays: map them to amount, period, currency and renewal.',
  )

async function salesforceChoices(
  service: Service,
  place: Parameters<Service['salesforce']['clientOf']>[0],
  { config: stored }: Connection,
): Promise<AgreementChoices> {
  const { openContext } = await import('../../connectors/salesforce/context.ts')
  const config = parseSalesforceConfig(stored)
  const { clock } = service
  const client = await service.salesforce.clientOf(place)
  const context = openContext({ client, config, clock, memory: openCrmMemory({ clock }) })
  const group = async (
    from: 'opportunities' | 'contracts',
    object: string,
    status: string,
  ): Promise<readonly AgreementChoices['groups'][number][]> => {
    const described = await context.describe(object)
    if (described === null || !described.queryable) return []
    const fields = [...described.fields.values()].filter(({ name }) => !context.ours.isOurs(name))
    const values = described.fields.get(status)?.picklistValues ?? []
    return [
      {
        from,
        pipelines: [
          {
            id: object,
            label: described.plural,
            stages: values.filter(({ active }) => active).map(({ value, label }) => ({ value, label })),
          },
        ],
        amounts: fields.filter(({ type }) => type === 'currency' || type === 'double').map(asChoice),
        dates: fields.filter(({ type }) => type === 'date').map(asChoice),
      },
    ]
  }
  return {
    current: config.agreements,
    groups: [
      ...(await group('opportunities', 'Opportunity', 'StageName')),
      ...(await group('contracts', 'Contract', 'Status')),
    ],
  }
}
