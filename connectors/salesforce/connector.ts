/** A Salesforce org as a connector: its Accounts, person accounts among them, or its Contacts are the customers. */
import { setTimeout as wait } from 'node:timers/promises'
import type { Clock } from '../../src/contracts/clock.ts'
import type { Connector, CustomerRecord, Reading } from '../connector.ts'
import { openCrmMemory, type CrmMemory } from '../memory.ts'
import { readingHash } from '../reading-hash.ts'
import { logActivities } from './activities.ts'
import { agreementsOf } from './agreements.ts'
import { changesOf } from './changes.ts'
import type { SalesforceClient } from './client.ts'
import { membersOf } from './conditions.ts'
import { parseSalesforceConfig, type SalesforceConfig } from './config.ts'
import { writeConsents } from './consent-writes.ts'
import { openContext } from './context.ts'
import { survivorsOf } from './deleted.ts'
import { describeObject } from './describe.ts'
import { followChangeEvents } from './events/follow.ts'
import { id18, isId } from './ids.ts'
import { upsertInterventions } from './interventions.ts'
import { provision } from './provision.ts'
import { recipientsOf } from './recipients.ts'
import { openRecordReader } from './records.ts'
import { customersOf, relatedOf } from './related.ts'
import { taskOutcomes } from './task-outcomes.ts'
import { upsertTasks } from './tasks.ts'
import { verify, type VerifyKnown } from './verify.ts'
import { writeFields } from './write.ts'

export interface SalesforceConnectorOptions {
  /** Of a connection, not parsed yet. */
  readonly config: unknown
  /** Calls the org that the config names. */
  readonly client: SalesforceClient
  readonly clock: Clock
  /** Of the org, where somebody keeps it for longer than the connector lives. */
  readonly memory?: CrmMemory
  /** Host and port of the Pub/Sub API; default: Salesforce's own. */
  readonly eventsAddress?: string
  /** What its checks may compare the org with. */
  readonly checks?: VerifyKnown
  /** While Salesforce works on a bulk job or has a row locked; default: that of the machine. */
  readonly sleep?: (ms: number) => Promise<unknown>
  /** Above so many records everything is read by the Bulk API; default 2,000, as Salesforce advises. */
  readonly bulkAbove?: number
  /** Rows in one answer of the Bulk API, at most; default 20,000. */
  readonly bulkPage?: number
}

/** What the optional methods of a connector of this kind are. */
export const SALESFORCE_CAN = ['tasks', 'activities', 'consent', 'interventions', 'events'] as const

const DAY = 86_400_000
/** One bulk job takes them all. */
const WRITE_BATCH = 10_000
const BULK_ABOVE = 2000

/**
 * Nothing is called before something is asked for.
 *
 * @throws HoldfastError `connector_configuration`; the methods throw what calls throw (`translate` of errors.ts), and
 *   `column_missing` for a field that is mapped and gone
 * @example
 * const connector = openSalesforceConnector({ config, client, clock })
 * for await (const page of connector.changes(cursor, { properties, history, condition })) store(page)
 */
export function openSalesforceConnector(options: SalesforceConnectorOptions): Connector {
  const { client, clock, memory = openCrmMemory({ clock }), sleep = (ms) => wait(ms) } = options
  const config = parseSalesforceConfig(options.config)
  const context = openContext({ client, config, memory, clock })
  const { object } = config
  const pauses = { sleep, random: Math.random }

  async function read(ids: readonly string[], reading: Reading): Promise<readonly CustomerRecord[]> {
    const asked = [...new Set(ids.filter(isId).map(id18))]
    if (asked.length === 0) return []
    const reader = await openRecordReader(context, reading)
    const found = [...(await reader.byIds(asked))]
    const there = new Set(found.map(({ id }) => id))
    const missing = asked.filter((id) => !there.has(id))
    const into = missing.length === 0 ? new Map<string, string>() : await survivorsOf(client, object, missing)
    const merged = new Map<string, string[]>()
    for (const [loser, winner] of into) merged.set(winner, [...(merged.get(winner) ?? []), loser])
    found.push(...(await reader.byIds([...merged.keys()].filter((id) => !there.has(id)))))
    const members = await membersOf(
      context,
      object,
      reading.condition,
      found.map(({ id }) => id),
    )
    return reader.customers(found, { members, merged })
  }

  return {
    name: 'salesforce',
    writeBatch: WRITE_BATCH,
    describeEveryMs: DAY,
    async describe() {
      memory.forget()
      return [await describeObject(context)]
    },
    async *changes(since, reading = ALL) {
      const reader = await openRecordReader(context, reading)
      const related = await relatedOf(context)
      const source = {
        context,
        reader,
        related,
        reading: readingHash(partsOf(config, reading)),
        sleep: async (ms: number) => void (await sleep(ms)),
        bulkAbove: options.bulkAbove ?? BULK_ABOVE,
        bulkPage: options.bulkPage,
      }
      yield* changesOf(source, since)
    },
    read: (ids, reading = ALL) => read(ids, reading),
    ...(config.agreements.from !== 'properties' && {
      agreements: (ids: readonly string[]) => agreementsOf(context, ids.map(id18)),
    }),
    recipients: (ids) => recipientsOf(context, ids.filter(isId).map(id18)),
    customersOf: (of, ids) => customersOf(context, of, ids.filter(isId)),
    writeConsent: (changes) => writeConsents(context, changes),
    write: (updates) => writeFields(context, updates, { pauses }),
    upsertTasks: (tasks) => upsertTasks(context, tasks, pauses),
    taskOutcomes: (tasks) => taskOutcomes(context, tasks),
    logActivity: (entries) => logActivities(context, entries, pauses),
    // An entry of the timeline is a task that is done.
    loggedActivities: async (entries) => {
      const found = await taskOutcomes(
        context,
        entries.map(({ key }) => ({ key, externalId: null })),
      )
      return new Set(found.flatMap(({ key, status }) => (status === 'missing' ? [] : [key])))
    },
    upsertInterventions: (records) => upsertInterventions(context, records, pauses),
    ...(config.events && {
      subscribe: followChangeEvents({
        client,
        isOurs: context.ours.isOurs,
        objects: followed(config),
        ...(options.eventsAddress !== undefined && { address: options.eventsAddress }),
      }),
    }),
    provision: () => provision(context),
    verify: () => verify(context, options.checks),
    async close() {},
  }
}

const ALL: Reading = { properties: null, history: [] }

/** All that decides what is handed over: another one of them begins anew. */
function partsOf(config: SalesforceConfig, { properties, history, condition }: Reading): unknown {
  const { org, object, responsible, fallbackOwner, agreements, recipients, consent, currency } = config
  return {
    org,
    object,
    properties: properties?.toSorted() ?? null,
    history: history.toSorted(),
    condition: condition ?? null,
    responsible,
    fallbackOwner,
    agreements,
    recipients,
    consent,
    currency: currency ?? null,
  }
}

/** Kinds of record whose events concern customers. */
function followed({ object, agreements }: SalesforceConfig): readonly string[] {
  const people = object === 'Account' ? ['Contact'] : []
  const sales = { properties: [], opportunities: ['Opportunity'], contracts: ['Contract'] }[agreements.from]
  return [object, ...people, ...sales]
}
