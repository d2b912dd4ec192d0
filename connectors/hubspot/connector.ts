/** A HubSpot portal as a connector: its companies or contacts are the customers. */
import type { Clock } from '../../src/contracts/clock.ts'
import type { Connector, CustomerRecord, Reading } from '../connector.ts'
import { openCrmMemory, type CrmMemory } from '../memory.ts'
import { readingHash } from '../reading-hash.ts'
import { readAccount } from './account.ts'
import { logActivities } from './activities.ts'
import { loggedActivities } from './logged-activities.ts'
import { dealAgreements, dealProperties } from './agreements.ts'
import { associationsOf } from './associations.ts'
import { BATCH } from './batch.ts'
import { changesOf, type Related } from './changes.ts'
import { countRecords } from './lifecycle.ts'
import type { HubSpotClient } from './client.ts'
import { parseHubSpotConfig } from './config.ts'
import { writeConsents } from './consent.ts'
import { describeObject } from './describe.ts'
import { openObjects, type RawRecord } from './objects.ts'
import { openOwners } from './owners.ts'
import { archivedProperties, readProperties } from './properties.ts'
import { provision } from './provision.ts'
import { contactProperties, recipientsOf } from './recipients.ts'
import { openRecordReader, refuseMissing, type RecordReader } from './records.ts'
import { openSchema } from './schema.ts'
import { taskOutcomes } from './task-outcomes.ts'
import { upsertTasks } from './tasks.ts'
import { verify, type VerifyOptions } from './verify.ts'
import { completeCalls } from './workflow-callbacks.ts'
import { writeFields } from './write.ts'

export interface HubSpotConnectorOptions {
  /** Of a connection, not parsed yet. */
  readonly config: unknown
  /** Calls the portal that the config names. */
  readonly client: HubSpotClient
  readonly clock: Clock
  /** Of the portal, where somebody keeps it for longer than the connector lives. */
  readonly memory?: CrmMemory
  /** Follows the journal of the portal's changes; none: they are found by looking, and by webhooks. */
  readonly subscribe?: NonNullable<Connector['subscribe']> | undefined
  /** What its checks may compare the portal with. */
  readonly checks?: Omit<VerifyOptions, 'config'>
}

/** What the optional methods of a connector of this kind are. */
export const HUBSPOT_CAN = ['tasks', 'activities', 'consent', 'events'] as const

const DAY = 86_400_000
/** Contacts that are kept for who asks about them next: a reader may be some pages ahead of who stores them. */
const RECENT = 1000

/**
 * Nothing is called before something is asked for.
 *
 * @throws HoldfastError `connector_configuration`; the methods throw what calls throw (`translate` of errors.ts), and
 *   `column_missing` for a property that is mapped and gone
 * @example
 * const connector = openHubSpotConnector({ config, client, clock })
 * for await (const page of connector.changes(cursor, { properties, history })) store(page)
 */
export function openHubSpotConnector(options: HubSpotConnectorOptions): Connector {
  const { client, clock, memory = openCrmMemory({ clock }) } = options
  const config = parseHubSpotConfig(options.config)
  const { object, agreements: source } = config
  const objects = openObjects(client)
  const owners = openOwners(client, memory)
  const schema = openSchema(client, object, memory)
  const recent = new Map<string, RawRecord>()
  /** The addresses of a contact come with the contact. */
  const also = object === 'contacts' ? contactProperties(config) : []

  const propertiesOf = (of: string, sensitive: readonly string[] = []) =>
    memory.recall(`properties of ${of}, ${sensitive.join()}`, () => readProperties(client, of, sensitive))

  async function readerOf(reading: Reading): Promise<RecordReader> {
    const refuse = (known: Awaited<ReturnType<typeof propertiesOf>>) =>
      refuseMissing(object, reading, known, () => archivedProperties(client, object))
    const properties = await propertiesOf(object, config.sensitive)
    await refuse(properties)
    const recheck = async (): Promise<void> => {
      memory.forget()
      await refuse(await propertiesOf(object, config.sensitive))
    }
    return openRecordReader({ config, objects, owners, properties, reading, also, recheck })
  }

  function keep(records: readonly RawRecord[]): void {
    if (object !== 'contacts') return
    for (const record of records) {
      recent.delete(record.id)
      recent.set(record.id, record)
    }
    for (const id of recent.keys()) {
      if (recent.size <= RECENT) break
      recent.delete(id)
    }
  }

  async function customersOf(of: string, ids: readonly string[]): Promise<readonly string[]> {
    const known = ids.filter(isId)
    if (of === object || known.length === 0) return [...new Set(known)]
    const found = await associationsOf(client, of, object, known)
    return [...new Set([...found.values()].flatMap((list) => list.map(({ id }) => id)))]
  }

  const related: readonly Related[] = [
    ...(source.from === 'deals' ? [{ object: 'deals', properties: dealProperties(source) }] : []),
    ...(object === 'companies' ? [{ object: 'contacts', properties: contactProperties(config) }] : []),
  ].map((one) => ({ ...one, customersOf: (ids) => customersOf(one.object, ids) }))

  async function read(ids: readonly string[], reading: Reading): Promise<readonly CustomerRecord[]> {
    const known = [...new Set(ids.filter(isId))]
    if (known.length === 0) return []
    const reader = await readerOf(reading)
    const found = [...(await objects.batch(object, known, reader.wanted))]
    const there = new Set(found.map(({ id }) => id))
    const missing = known.filter((id) => !there.has(id))
    if (missing.length > 0) {
      const archived = await objects.batch(object, missing, { properties: [] }, { archived: true })
      const gone = new Set(archived.map(({ id }) => id))
      const moved = new Set<string>()
      for (const id of missing) {
        const now = gone.has(id) ? null : await objects.idNow(object, id)
        if (now !== null && !there.has(now)) moved.add(now)
      }
      found.push(...(await objects.batch(object, [...moved], reader.wanted)))
    }
    keep(found)
    return reader.customers(found)
  }

  return {
    name: 'hubspot',
    writeBatch: BATCH,
    describeEveryMs: DAY,
    async describe() {
      memory.forget()
      const properties = await propertiesOf(object, config.sensitive)
      return [await describeObject({ objects, object, portal: config.portal, properties })]
    },
    async *changes(since, reading = ALL) {
      const reader = await readerOf(reading)
      const { responsible, fallbackOwner, agreements, recipients, subscription } = config
      yield* changesOf(
        {
          objects,
          object,
          reader,
          related,
          clock,
          count: () => countRecords(client, object, null),
          keep,
          reading: readingHash({
            portal: config.portal,
            object,
            properties: reading.properties?.toSorted() ?? null,
            history: reading.history.toSorted(),
            responsible,
            fallbackOwner,
            agreements,
            recipients,
            subscription,
          }),
        },
        since,
      )
    },
    read: (ids, reading = ALL) => read(ids, reading),
    ...(source.from === 'deals' && {
      async agreements(ids: readonly string[]) {
        const properties = await propertiesOf('deals')
        const account = () => memory.recall('account', () => readAccount(client))
        const recheck = () => {
          memory.forget()
          return propertiesOf('deals')
        }
        const from = { client, objects, object, deals: source, properties, recheck, account }
        return dealAgreements(from, ids.filter(isId))
      },
    }),
    async recipients(ids) {
      const found = await recipientsOf(
        { client, objects, config, recent: (id) => recent.get(id) },
        ids.filter(isId),
      )
      // Who asks again later is told what stands in the portal then.
      for (const id of ids) recent.delete(id)
      return found
    },
    customersOf,
    writeConsent: (changes) => writeConsents(client, config, changes),
    write: (updates) => writeFields(client, schema, updates),
    upsertTasks: (tasks) => upsertTasks(client, schema, tasks),
    taskOutcomes: (tasks) => taskOutcomes(client, schema, tasks),
    logActivity: (entries) => logActivities(client, schema, entries),
    loggedActivities: (entries) => loggedActivities(client, schema, entries),
    answerCalls: (calls) => completeCalls(client, calls),
    ...(options.subscribe && { subscribe: options.subscribe }),
    provision: () => provision(client, object),
    verify: () => verify(client, { ...options.checks, config }),
    async close() {
      recent.clear()
    },
  }
}

const ALL: Reading = { properties: null, history: [] }

/** Everything else would make HubSpot refuse the whole batch. */
const isId = (id: string): boolean => /^\d{1,18}$/.test(id)
