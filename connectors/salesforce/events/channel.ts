/**
 * The line to the Pub/Sub API. The only module of the connector that loads grpc: it is imported when events are
 * followed, never before.
 *
 * On @grpc/grpc-js: the one implementation of gRPC for Node that is kept up, without anything native.
 */
import { Client, credentials, Metadata, type ClientDuplexStream, type MethodDefinition } from '@grpc/grpc-js'
import { fromJSON, type ServiceDefinition } from '@grpc/proto-loader'
import type { Session } from '../sessions.ts'
import {
  PUBSUB_DEFINITION,
  PUBSUB_OPTIONS,
  PUBSUB_SERVICE,
  type FetchRequest,
  type FetchResponse,
  type SchemaInfo,
  type TopicInfo,
} from './service.ts'

export type Subscription = ClientDuplexStream<FetchRequest, FetchResponse>

/** Every call is made with the session it is given. Errors are `ServiceError` of grpc: see failures.ts. */
export interface EventChannel {
  topic(session: Session, name: string): Promise<TopicInfo>
  schema(session: Session, id: string): Promise<SchemaInfo>
  subscribe(session: Session): Subscription
  close(): void
}

/** Answers of single calls come at once or not at all. */
const CALL_TIMEOUT_MS = 30_000
/** An event is 1 MB at most, and an answer carries many. */
const LARGEST_ANSWER = 64 * 1024 * 1024

/**
 * @param org the 18-character id
 * @param address host and port; without encryption on 127.0.0.1 alone
 * @param signal ends single calls that are under way
 */
export function openEventChannel(org: string, address: string, signal?: AbortSignal): EventChannel {
  const local = address.startsWith('127.0.0.1:')
  const client = new Client(address, local ? credentials.createInsecure() : credentials.createSsl(), {
    'grpc.max_receive_message_length': LARGEST_ANSWER,
    ...(local ? { 'grpc.enable_http_proxy': 0 } : {}),
  })
  const service = pubSubService()
  const identified = ({ accessToken, instanceUrl }: Session): Metadata => {
    const metadata = new Metadata()
    metadata.set('accesstoken', accessToken)
    metadata.set('instanceurl', instanceUrl)
    metadata.set('tenantid', org)
    return metadata
  }
  const call = <Answer>(session: Session, name: string, request: object): Promise<Answer> => {
    const method = service[name] as unknown as MethodDefinition<object, Answer>
    return new Promise((resolve, reject) => {
      const made = client.makeUnaryRequest(
        method.path,
        method.requestSerialize,
        method.responseDeserialize,
        request,
        identified(session),
        { deadline: Date.now() + CALL_TIMEOUT_MS },
        (error, answer) => {
          signal?.removeEventListener('abort', cancel)
          if (error) reject(error)
          else resolve(answer as Answer)
        },
      )
      const cancel = (): void => made.cancel()
      signal?.addEventListener('abort', cancel, { once: true })
    })
  }
  return {
    topic: (session, name) => call(session, 'GetTopic', { topic_name: name }),
    schema: (session, id) => call(session, 'GetSchema', { schema_id: id }),
    subscribe(session) {
      const method = service.Subscribe as unknown as MethodDefinition<FetchRequest, FetchResponse>
      return client.makeBidiStreamRequest(
        method.path,
        method.requestSerialize,
        method.responseDeserialize,
        identified(session),
      )
    },
    close: () => client.close(),
  }
}

/** The service's methods, by name. */
export function pubSubService(): ServiceDefinition {
  // The type of protobufjs asks for fields even of a namespace, and for comments.
  const definition = PUBSUB_DEFINITION as unknown as Parameters<typeof fromJSON>[0]
  return fromJSON(definition, PUBSUB_OPTIONS)[PUBSUB_SERVICE] as ServiceDefinition
}
