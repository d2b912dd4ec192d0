/**
 * What an error of the Pub/Sub API calls for.
 *
 * @see https://developer.salesforce.com/docs/platform/pub-sub-api/guide/handling-errors.html
 * @see https://developer.salesforce.com/docs/platform/pub-sub-api/guide/retry-rpc-calls.html
 */
import type { ServiceError } from '@grpc/grpc-js'
import { ERROR_CODE_TRAILER } from './service.ts'

export type Reaction =
  /** The session has ended: once more with a new one. */
  | 'renew'
  /** The replay id is not known any more: events were missed. */
  | 'lost'
  /** The org has no such topic, or not for this user. */
  | 'no_topic'
  /** It passes: again after a while. */
  | 'again'
  /** It stays so until somebody changes something. */
  | 'stop'

/** Numbers of gRPC's statuses, so that grpc need not be loaded for them. */
export const STATUS = {
  cancelled: 1,
  invalidArgument: 3,
  notFound: 5,
  permissionDenied: 7,
  failedPrecondition: 9,
  unimplemented: 12,
  unavailable: 14,
  unauthenticated: 16,
} as const

export function reactionTo(error: ServiceError): Reaction {
  const code = errorCode(error)
  if (error.code === STATUS.unauthenticated || /\.service\.auth\./.test(code)) return 'renew'
  switch (error.code) {
    case STATUS.invalidArgument:
      // The details as well: a proxy may drop the trailers.
      return /replay_?id/i.test(code === '' ? error.details.replaceAll(' ', '') : code) ? 'lost' : 'stop'
    case STATUS.notFound:
    case STATUS.permissionDenied:
      return 'no_topic'
    case STATUS.failedPrecondition:
    case STATUS.unimplemented:
      return 'stop'
    default:
      return 'again'
  }
}

/** `sfdc.platform.eventbus.grpc.subscription.fetch.replayid.corrupted`; empty where there is none. */
export function errorCode(error: ServiceError): string {
  const [code] = error.metadata?.get(ERROR_CODE_TRAILER) ?? []
  return code === undefined ? '' : String(code)
}

export const isServiceError = (error: unknown): error is ServiceError =>
  error instanceof Error && 'code' in error && typeof error.code === 'number' && 'details' in error
