/**
 * The sandbox's Pub/Sub API: change events of its org over gRPC, with Avro payloads, as Salesforce's own service gives
 * them. It runs beside the sandbox's HTTP server, on a port of its own.
 *
 * @see https://developer.salesforce.com/docs/platform/pub-sub-api/references/methods/subscribe-rpc.html
 */
import {
  Metadata,
  Server,
  ServerCredentials,
  status,
  type sendUnaryData,
  type ServerDuplexStream,
  type ServerUnaryCall,
  type ServiceDefinition,
} from '@grpc/grpc-js'
import { pubSubService } from '../events/channel.ts'
import {
  ERROR_CODE_TRAILER,
  MOST_REQUESTED,
  type ConsumerEvent,
  type FetchRequest,
  type FetchResponse,
  type SchemaInfo,
  type TopicInfo,
} from '../events/service.ts'
import { openEventBus, type EventBus, type StoredEvent } from './event-bus.ts'
import type { SalesforceState } from './state.ts'

/** What the service needs of the sandbox. */
export interface PubSubOrg {
  readonly url: string
  readonly org: string
  readonly state: SalesforceState
  /** Whether an access token is good now. */
  isGoodSession(accessToken: string): boolean
}

export interface PubSubOptions {
  /** Default: any free one, on 127.0.0.1. */
  readonly port?: number
  /** How long events are kept, by the sandbox's clock; default 72 hours. */
  readonly retentionMs?: number
  /** Changes of one transaction that are told one by one; default 100,000. */
  readonly overflowAbove?: number
  /** Real milliseconds without events, after which a sign of life is sent; default 60,000 (Salesforce: up to 270 s). */
  readonly keepaliveMs?: number
  /** Events that one answer carries; default 50. */
  readonly batch?: number
}

export interface SandboxPubSub {
  /** Host and port. */
  readonly address: string
  readonly bus: EventBus
  /** Topics of the subscriptions that are open. */
  subscriptions(): readonly string[]
  /** Events sent so far, those sent twice counted twice. */
  sent(): number
  /** The next events are sent twice: delivery is at least once. */
  duplicate(events: number): void
  /** The next events are sent with payloads that no schema fits. */
  garble(events: number): void
  /** Ends all subscriptions, as when a server goes; new ones are taken, or refused so many times. */
  disconnect(refused?: number): void
  /** A sign of life on all subscriptions now. */
  keepalive(): void
  close(): Promise<void>
}

const KEEPALIVE_MS = 60_000
const BATCH = 50
/** Documents of the state: counts the runs. */
const RUNS = 'event_bus'
const CODE = 'sfdc.platform.eventbus.grpc'

type Call = ServerDuplexStream<FetchRequest, FetchResponse>

interface Subscription {
  readonly topic: string
  readonly pump: () => void
  readonly live: () => void
  readonly fail: (problem: PubSubProblem) => void
}

interface PubSubProblem {
  readonly code: status
  readonly errorCode: string
  readonly message: string
}

/**
 * @example
 * const pubsub = await startPubSub(sandbox)
 * followChangeEvents({ client, address: pubsub.address, isOurs })
 */
export async function startPubSub(org: PubSubOrg, options: PubSubOptions = {}): Promise<SandboxPubSub> {
  const { keepaliveMs = KEEPALIVE_MS, batch = BATCH } = options
  const epoch = Number(org.state.get(RUNS, 'runs') ?? 0) + 1
  org.state.put(RUNS, 'runs', epoch)
  const bus = openEventBus(org.state, { epoch, ...options })
  const open = new Set<Subscription>()
  let calls = 0
  const rpcId = (): string => idOf(++calls)
  const asError = (problem: PubSubProblem): PubSubError => errorOf(problem, rpcId())
  let twice = 0
  let garbled = 0
  let count = 0
  let refusals = 0
  const stopListening = bus.onEvents(() => {
    for (const subscription of open) subscription.pump()
  })

  const server = new Server()
  server.addService(pubSubService() as unknown as ServiceDefinition, {
    GetTopic(call: ServerUnaryCall<{ topic_name: string }, TopicInfo>, answer: sendUnaryData<TopicInfo>) {
      const problem = problemOf(call.metadata) ?? topicProblem(call.request.topic_name)
      if (problem) return answer(asError(problem))
      answer(null, {
        topic_name: call.request.topic_name,
        tenant_guid: `core/local/${org.org}`,
        can_publish: false,
        can_subscribe: true,
        schema_id: bus.schemaOf(call.request.topic_name)?.id ?? '',
        rpc_id: rpcId(),
      })
    },
    GetSchema(call: ServerUnaryCall<{ schema_id: string }, SchemaInfo>, answer: sendUnaryData<SchemaInfo>) {
      const problem = problemOf(call.metadata)
      if (problem) return answer(asError(problem))
      const schema = bus.schemaById(call.request.schema_id)
      if (!schema) {
        const message = `Schema ${call.request.schema_id} was not found.`
        return answer(asError({ code: status.NOT_FOUND, errorCode: `${CODE}.schema.notfound`, message }))
      }
      answer(null, { schema_json: schema.json, schema_id: schema.id, rpc_id: rpcId() })
    },
    Subscribe(call: Call) {
      subscribe(call)
    },
  })

  const problemOf = (metadata: Metadata): PubSubProblem | null => {
    const given = (name: string): string => String(metadata.get(name)[0] ?? '')
    const isRight =
      org.isGoodSession(given('accesstoken')) &&
      given('instanceurl').replace(/\/$/, '') === org.url &&
      given('tenantid').slice(0, 15) === org.org.slice(0, 15)
    if (isRight) return null
    return {
      code: status.UNAUTHENTICATED,
      errorCode: `${CODE}.service.auth.error`,
      message: 'An authentication exception occurred. Provide valid authentication via metadata headers.',
    }
  }
  const topicProblem = (topic: string): PubSubProblem | null => {
    const object = bus.objectOf(topic)
    if (object === null || bus.schemaOf(topic) === null) {
      const message = `The topic ${topic} does not exist.`
      return { code: status.NOT_FOUND, errorCode: `${CODE}.topic.notfound`, message }
    }
    if (org.state.objectAccess(object).read) return null
    const message = `The user may not subscribe to ${topic}.`
    return { code: status.PERMISSION_DENIED, errorCode: `${CODE}.topic.permission.denied`, message }
  }

  function subscribe(call: Call): void {
    let subscription: Subscription | null = null
    let topic = ''
    let position = 0
    let pending = 0
    let keepalive: ReturnType<typeof setTimeout> | undefined

    const fail = (problem: PubSubProblem): void => {
      leave()
      call.emit('error', asError(problem))
    }
    const leave = (): void => {
      clearTimeout(keepalive)
      if (subscription) open.delete(subscription)
      subscription = null
    }
    const send = (events: readonly ConsumerEvent[]): void => {
      count += events.length
      call.write({
        events,
        latest_replay_id: bus.replayId(position),
        rpc_id: rpcId(),
        pending_num_requested: pending,
      })
      clearTimeout(keepalive)
      keepalive = setTimeout(live, keepaliveMs)
    }
    /** Nothing of the topic has come since, so that the newest event of all is a place to go on from. */
    const live = (): void => {
      const problem = problemOf(call.metadata)
      if (problem) return fail(problem)
      if (pending > 0 && bus.after(topic, position, 1).length === 0)
        position = Math.max(position, bus.newest())
      send([])
    }
    const pump = (): void => {
      while (pending > 0) {
        const events = bus.after(topic, position, Math.min(batch, pending))
        if (events.length === 0) return
        const problem = problemOf(call.metadata)
        if (problem) return fail(problem)
        position = events[events.length - 1].position
        pending -= events.length
        const sent = events.map((event) => consumed(bus, event, garbled-- > 0))
        send(twice > 0 ? [...sent, ...sent.slice(-twice)] : sent)
        twice = Math.max(0, twice - events.length)
        garbled = Math.max(0, garbled)
      }
    }

    const begin = (request: FetchRequest): PubSubProblem | null => {
      const problem = problemOf(call.metadata) ?? topicProblem(request.topic_name ?? '')
      if (problem) return problem
      if (refusals > 0) {
        refusals--
        return UNAVAILABLE
      }
      topic = request.topic_name ?? ''
      position = bus.newest()
      if (request.replay_preset === 'EARLIEST') position = bus.oldest()
      if (request.replay_preset === 'CUSTOM') {
        const given = bus.position(request.replay_id ?? Buffer.alloc(0))
        if (given === null) return UNKNOWN_REPLAY_ID
        position = given
      }
      subscription = { topic, pump, live, fail }
      open.add(subscription)
      keepalive = setTimeout(live, keepaliveMs)
      return null
    }
    call.on('data', (request: FetchRequest) => {
      const problem = subscription
        ? request.topic_name && request.topic_name !== topic
          ? ANOTHER_TOPIC
          : null
        : begin(request)
      if (problem) return fail(problem)
      if (request.num_requested < 1) return fail(NOTHING_REQUESTED)
      pending += Math.min(request.num_requested, MOST_REQUESTED)
      pump()
    })
    call.on('end', () => {
      leave()
      call.end()
    })
    call.on('cancelled', leave)
    call.on('error', leave)
  }

  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`127.0.0.1:${options.port ?? 0}`, ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    )
  })
  const all = (): Subscription[] => [...open]
  return {
    address: `127.0.0.1:${port}`,
    bus,
    sent: () => count,
    subscriptions: () => all().map(({ topic }) => topic),
    duplicate(events) {
      twice += events
    },
    garble(events) {
      garbled += events
    },
    disconnect(refused = 0) {
      refusals = refused
      for (const { fail } of all()) fail(UNAVAILABLE)
    },
    keepalive() {
      for (const { live } of all()) live()
    },
    async close() {
      stopListening()
      bus.close()
      for (const { fail } of all()) fail(UNAVAILABLE)
      server.forceShutdown()
    },
  }
}

const consumed = (bus: EventBus, event: StoredEvent, garbled: boolean): ConsumerEvent => ({
  event: {
    id: idOf(event.position),
    schema_id: event.schema.id,
    payload: garbled ? event.payload().subarray(0, 5) : event.payload(),
  },
  replay_id: bus.replayId(event.position),
})

/** The same event has the same id however often it is sent. */
const idOf = (number: number): string => `00000000-0000-4000-8000-${number.toString(16).padStart(12, '0')}`

const UNAVAILABLE: PubSubProblem = {
  code: status.UNAVAILABLE,
  errorCode: `${CODE}.service.unavailable`,
  message: 'The Pub/Sub API service is unavailable.',
}
/** Too old, of another org or instance, or made up: Salesforce does not tell them apart. */
const UNKNOWN_REPLAY_ID: PubSubProblem = {
  code: status.INVALID_ARGUMENT,
  errorCode: `${CODE}.subscription.fetch.replayid.corrupted`,
  message: 'The Replay ID validation failed. Ensure that the Replay ID is valid.',
}
const NOTHING_REQUESTED: PubSubProblem = {
  code: status.INVALID_ARGUMENT,
  errorCode: `${CODE}.subscription.fetch.requested.events.invalid`,
  message: 'The number of requested events must be greater than 0.',
}
const ANOTHER_TOPIC: PubSubProblem = {
  code: status.INVALID_ARGUMENT,
  errorCode: `${CODE}.subscription.fetch.topic.invalid`,
  message: 'The topic must be the one of the first request.',
}

type PubSubError = Error & { code: status; details: string; metadata: Metadata }

function errorOf({ code, errorCode, message }: PubSubProblem, rpcId: string): PubSubError {
  const metadata = new Metadata()
  metadata.set(ERROR_CODE_TRAILER, errorCode)
  metadata.set('rpc-id', rpcId)
  const details = `${message} rpcId: ${rpcId}`
  return Object.assign(new Error(details), { code, details, metadata })
}
