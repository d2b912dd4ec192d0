/**
 * Change Data Capture by the Pub/Sub API: the connector's stream of hints. One subscription for each kind of record,
 * all over one line; what breaks is taken up again behind the last event that came.
 *
 * @see https://developer.salesforce.com/docs/platform/pub-sub-api/guide/event-message-durability.html
 */
import { HoldfastError } from '../../../src/contracts/errors.ts'
import type { Connector, Cursor, HintPage } from '../../connector.ts'
import type { EventChannel } from './channel.ts'
import { isServiceError, reactionTo } from './failures.ts'
import { openInbox } from './inbox.ts'
import { readPosition, storedPosition } from './position.ts'
import { openSchemas } from './schemas.ts'
import { DEFAULT_PATIENCE, followTopic, type Arrival, type Patience } from './topic.ts'
import { patientSession, type EventSessions } from './session.ts'

export interface EventOptions {
  readonly client: EventSessions
  /** Whether a field, by its API name, is one that only we write. */
  readonly isOurs: (field: string) => boolean
  /** Kinds of record to follow; default: {@link EVENT_OBJECTS}. Those that the org has no events of are left out. */
  readonly objects?: readonly string[]
  /** Host and port; default: {@link PUBSUB_ADDRESS}. Without encryption on 127.0.0.1 alone. */
  readonly address?: string
  readonly patience?: Partial<Patience>
  /** From 0 to 1; default: Math.random. */
  readonly random?: () => number
}

export const PUBSUB_ADDRESS = 'api.pubsub.salesforce.com:7443'

/** Customers, their people, and what they pay for. */
export const EVENT_OBJECTS = ['Account', 'Contact', 'Opportunity', 'Contract'] as const

/** `/data/AccountChangeEvent`, `/data/Retention_Intervention__ChangeEvent` */
export const topicOf = (object: string): string =>
  `/data/${object.endsWith('__c') ? object.slice(0, -1) : object}ChangeEvent`

/**
 * @example
 * const subscribe = followChangeEvents({ client, isOurs: (field) => ours.has(field) })
 * for await (const page of subscribe(position, signal)) await store(page)
 */
export function followChangeEvents(options: EventOptions): NonNullable<Connector['subscribe']> {
  return (from, signal) => follow(options, from, signal)
}

async function* follow(
  { client, isOurs, objects = EVENT_OBJECTS, address = PUBSUB_ADDRESS, ...rest }: EventOptions,
  from: Cursor | null,
  signal: AbortSignal,
): AsyncGenerator<HintPage, void, void> {
  if (signal.aborted) return
  const patience: Patience = { ...DEFAULT_PATIENCE, ...rest.patience }
  const { openEventChannel } = await import('./channel.ts')
  const inbox = openInbox<Arrival>()
  const stop = new AbortController()
  const channel = openEventChannel(client.org, address, stop.signal)
  const end = (): void => {
    stop.abort()
    inbox.end()
  }
  signal.addEventListener('abort', end, { once: true })
  try {
    // Told to end while grpc was loaded.
    if (signal.aborted) return
    const topics = await topicsOf(channel, client, objects)
    const { replayIds, fresh } = readPosition(from)
    // What the consumer has taken: events that wait in the inbox are not in the position yet.
    const taken = new Map([...replayIds].filter(([topic]) => topics.includes(topic)))
    const schemas = openSchemas((id) => patientSession(client, (session) => channel.schema(session, id)))
    let open = topics.length
    for (const topic of topics) {
      void followTopic({
        topic,
        replayId: taken.get(topic) ?? null,
        fresh,
        channel,
        client,
        schemas,
        reading: { org: client.org, isOurs },
        patience,
        random: rest.random ?? Math.random,
        signal: stop.signal,
        put: inbox.put,
      }).then(
        () => {
          open--
          if (open === 0) inbox.fail(noEvents())
        },
        (error: unknown) => inbox.fail(error),
      )
    }
    for (;;) {
      const arrival = await inbox.next()
      if (arrival === null) return
      if (arrival.replayId) taken.set(arrival.topic, arrival.replayId)
      yield {
        hints: arrival.hints,
        position: storedPosition(taken),
        ...(arrival.missed === undefined ? {} : { missed: arrival.missed }),
      }
      arrival.done()
    }
  } catch (error) {
    // What was under way was cancelled.
    if (!signal.aborted) throw error
  } finally {
    signal.removeEventListener('abort', end)
    end()
    channel.close()
  }
}

/** The topics that there are, of those that are wanted. */
async function topicsOf(
  channel: EventChannel,
  client: EventSessions,
  objects: readonly string[],
): Promise<readonly string[]> {
  const asked = await Promise.all(
    objects.map(topicOf).map(async (topic) => {
      try {
        const info = await patientSession(client, (session) => channel.topic(session, topic))
        return info.can_subscribe ? topic : null
      } catch (error) {
        if (!isServiceError(error)) throw error
        if (reactionTo(error) === 'no_topic') return null
        throw new HoldfastError(
          'connector_unavailable',
          `Salesforce does not say whether it has change events (${error.message}). Changes are looked for at intervals until it does.`,
          { cause: error, retryable: reactionTo(error) !== 'stop' },
        )
      }
    }),
  )
  const topics = asked.filter((topic) => topic !== null)
  if (topics.length === 0) throw noEvents()
  return topics
}

const noEvents = (): HoldfastError =>
  new HoldfastError(
    'connector_configuration',
    'This org has no change events that its integration user may read. Changes are looked for at intervals instead. To have them at once, select Account, Contact, Opportunity and Contract under Setup, Change Data Capture, and let the integration user view all records of them.',
  )
