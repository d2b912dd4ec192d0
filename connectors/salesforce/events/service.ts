/**
 * Salesforce's Pub/Sub API as we use it: the definition of the gRPC service, and its messages as plain objects.
 *
 * The definition is the JSON form of protobuf rather than a .proto file, so that it is part of the code and nothing has
 * to be found on disk. `test/connectors/salesforce/sandbox/pubsub.test.ts` holds it equal to Salesforce's own.
 *
 * @see https://developer.salesforce.com/docs/platform/pub-sub-api/guide/pub-sub-api-intro.html
 */

type Fields = Readonly<Record<string, { type: string; id: number; rule?: 'repeated' }>>

/** `name: type` pairs become fields with the numbers 1, 2, …; `type[]` is repeated. */
function message(fields: Readonly<Record<string, string>>): { fields: Fields } {
  const made: Record<string, Fields[string]> = {}
  for (const [index, [name, type]] of Object.entries(fields).entries()) {
    const repeated = type.endsWith('[]')
    made[name] = {
      type: repeated ? type.slice(0, -2) : type,
      id: index + 1,
      ...(repeated ? { rule: 'repeated' as const } : {}),
    }
  }
  return { fields: made }
}

const call = (requestType: string, responseType: string) => ({ requestType, responseType })
const stream = (requestType: string, responseType: string) => ({
  requestType,
  requestStream: true,
  responseType,
  responseStream: true,
})

/** For `fromJSON` of @grpc/proto-loader. */
export const PUBSUB_DEFINITION = {
  nested: {
    eventbus: {
      nested: {
        v1: {
          nested: {
            TopicInfo: message({
              topic_name: 'string',
              tenant_guid: 'string',
              can_publish: 'bool',
              can_subscribe: 'bool',
              schema_id: 'string',
              rpc_id: 'string',
            }),
            TopicRequest: message({ topic_name: 'string' }),
            EventHeader: message({ key: 'string', value: 'bytes' }),
            ProducerEvent: message({
              id: 'string',
              schema_id: 'string',
              payload: 'bytes',
              headers: 'EventHeader[]',
            }),
            ConsumerEvent: message({ event: 'ProducerEvent', replay_id: 'bytes' }),
            PublishResult: message({ replay_id: 'bytes', error: 'Error', correlation_key: 'string' }),
            Error: message({ code: 'ErrorCode', msg: 'string' }),
            ErrorCode: { values: { UNKNOWN: 0, PUBLISH: 1, COMMIT: 2 } },
            ReplayPreset: { values: { LATEST: 0, EARLIEST: 1, CUSTOM: 2 } },
            FetchRequest: message({
              topic_name: 'string',
              replay_preset: 'ReplayPreset',
              replay_id: 'bytes',
              num_requested: 'int32',
              auth_refresh: 'string',
            }),
            FetchResponse: message({
              events: 'ConsumerEvent[]',
              latest_replay_id: 'bytes',
              rpc_id: 'string',
              pending_num_requested: 'int32',
            }),
            SchemaRequest: message({ schema_id: 'string' }),
            SchemaInfo: message({ schema_json: 'string', schema_id: 'string', rpc_id: 'string' }),
            PublishRequest: message({
              topic_name: 'string',
              events: 'ProducerEvent[]',
              auth_refresh: 'string',
            }),
            PublishResponse: message({ results: 'PublishResult[]', schema_id: 'string', rpc_id: 'string' }),
            ManagedFetchRequest: message({
              subscription_id: 'string',
              developer_name: 'string',
              num_requested: 'int32',
              auth_refresh: 'string',
              commit_replay_id_request: 'CommitReplayRequest',
            }),
            ManagedFetchResponse: message({
              events: 'ConsumerEvent[]',
              latest_replay_id: 'bytes',
              rpc_id: 'string',
              pending_num_requested: 'int32',
              commit_response: 'CommitReplayResponse',
            }),
            CommitReplayRequest: message({ commit_request_id: 'string', replay_id: 'bytes' }),
            CommitReplayResponse: message({
              commit_request_id: 'string',
              replay_id: 'bytes',
              error: 'Error',
              process_time: 'int64',
            }),
            PubSub: {
              methods: {
                Subscribe: stream('FetchRequest', 'FetchResponse'),
                GetSchema: call('SchemaRequest', 'SchemaInfo'),
                GetTopic: call('TopicRequest', 'TopicInfo'),
                Publish: call('PublishRequest', 'PublishResponse'),
                PublishStream: stream('PublishRequest', 'PublishResponse'),
                ManagedSubscribe: stream('ManagedFetchRequest', 'ManagedFetchResponse'),
              },
            },
          },
        },
      },
    },
  },
}

/** Name of the service in {@link PUBSUB_DEFINITION}. */
export const PUBSUB_SERVICE = 'eventbus.v1.PubSub'

/** For `fromJSON`: names as in the definition, every field there, enums by name. */
export const PUBSUB_OPTIONS = { keepCase: true, longs: String, enums: String, defaults: true } as const

/** In the trailers of an error: what went wrong, more precisely than the status says. */
export const ERROR_CODE_TRAILER = 'error-code'

export interface TopicInfo {
  readonly topic_name: string
  /** Org that it belongs to. */
  readonly tenant_guid: string
  readonly can_publish: boolean
  readonly can_subscribe: boolean
  readonly schema_id: string
  readonly rpc_id: string
}

export interface SchemaInfo {
  /** Avro. */
  readonly schema_json: string
  readonly schema_id: string
  readonly rpc_id: string
}

export interface FetchRequest {
  readonly topic_name?: string
  readonly replay_preset?: 'LATEST' | 'EARLIEST' | 'CUSTOM'
  readonly replay_id?: Buffer
  /** Events that may be sent in addition to those asked for before; at most 100. */
  readonly num_requested: number
}

export interface ConsumerEvent {
  readonly event: { readonly id: string; readonly schema_id: string; readonly payload: Buffer } | null
  readonly replay_id: Buffer
}

export interface FetchResponse {
  /** None: a sign of life. */
  readonly events: readonly ConsumerEvent[]
  readonly latest_replay_id: Buffer
  readonly rpc_id: string
  readonly pending_num_requested: number
}

/** Largest `num_requested` that the service takes. */
export const MOST_REQUESTED = 100
