/**
 * The one error of Holdfast. Every failure that a person can meet has a code out of this list, a message
 * that says what happened and what to do, the exit code of the command line and the status of the API.
 */

/** Exit codes of the command line. They are an interface: scripts rely on them, so they never change. */
export const EXIT = {
  ok: 0,
  /** A defect of Holdfast itself. */
  internal: 1,
  /** The command was called wrongly: an unknown option, a value out of range. */
  usage: 2,
  /** The input file cannot be read: missing, empty, wrong encoding, a broken row. */
  input: 3,
  /** The file can be read, but its data does not fit the task: no such target, one class, duplicate ids. */
  data: 4,
  /** A model bundle is missing, corrupt or of another version. */
  model: 5,
  /** The output cannot be written: disk full, no permission. */
  output: 6,
  /** The service: its database, queue, ports, or a server that is not there. */
  service: 7,
} as const

interface ErrorKind {
  readonly exit: number
  readonly status: number
}

const kinds = {
  internal: { exit: EXIT.internal, status: 500 },
  usage: { exit: EXIT.usage, status: 400 },
  settings_invalid: { exit: EXIT.usage, status: 422 },
  input_missing: { exit: EXIT.input, status: 404 },
  input_empty: { exit: EXIT.input, status: 422 },
  input_format: { exit: EXIT.input, status: 415 },
  input_encoding: { exit: EXIT.input, status: 422 },
  input_row: { exit: EXIT.input, status: 422 },
  input_header: { exit: EXIT.input, status: 422 },
  column_missing: { exit: EXIT.data, status: 422 },
  column_values: { exit: EXIT.data, status: 422 },
  target_missing: { exit: EXIT.data, status: 422 },
  target_one_class: { exit: EXIT.data, status: 422 },
  target_classes: { exit: EXIT.data, status: 422 },
  id_duplicate: { exit: EXIT.data, status: 422 },
  id_missing: { exit: EXIT.data, status: 422 },
  too_few_rows: { exit: EXIT.data, status: 422 },
  no_features: { exit: EXIT.data, status: 422 },
  model_missing: { exit: EXIT.model, status: 404 },
  // The request is in order, the installation is not.
  model_corrupt: { exit: EXIT.model, status: 503 },
  model_version: { exit: EXIT.model, status: 422 },
  model_inference: { exit: EXIT.model, status: 500 },
  policy_refused: { exit: EXIT.model, status: 422 },
  output_full: { exit: EXIT.output, status: 507 },
  output_denied: { exit: EXIT.output, status: 403 },
  output_failed: { exit: EXIT.output, status: 500 },
  request_invalid: { exit: EXIT.usage, status: 400 },
  request_too_large: { exit: EXIT.usage, status: 413 },
  request_media_type: { exit: EXIT.usage, status: 415 },
  unauthenticated: { exit: EXIT.usage, status: 401 },
  forbidden: { exit: EXIT.usage, status: 403 },
  not_found: { exit: EXIT.usage, status: 404 },
  method_not_allowed: { exit: EXIT.usage, status: 405 },
  conflict: { exit: EXIT.usage, status: 409 },
  /** What one looked at before is no longer what it was. */
  precondition_failed: { exit: EXIT.usage, status: 412 },
  idempotency_key_reused: { exit: EXIT.usage, status: 422 },
  too_many_requests: { exit: EXIT.service, status: 429 },
  /** The folder of the embedded database is open in another process. */
  database_locked: { exit: EXIT.service, status: 503 },
  database_unavailable: { exit: EXIT.service, status: 503 },
  database_setup: { exit: EXIT.service, status: 500 },
  /** The database is of a newer Holdfast, or a migration failed. */
  database_version: { exit: EXIT.service, status: 500 },
  queue_unavailable: { exit: EXIT.service, status: 503 },
  port_in_use: { exit: EXIT.service, status: 500 },
  server_unreachable: { exit: EXIT.service, status: 503 },
  /** The OpenID provider that people sign in at. */
  sign_in_unavailable: { exit: EXIT.service, status: 503 },
  vault_key: { exit: EXIT.service, status: 500 },
  /** A worker lost the right to go on: another one may have taken over. */
  lease_lost: { exit: EXIT.service, status: 409 },
  connector_unavailable: { exit: EXIT.service, status: 503 },
  /** Somebody has to sign in to the CRM again. */
  connector_reconnect: { exit: EXIT.service, status: 409 },
  connector_configuration: { exit: EXIT.data, status: 422 },
  channel_configuration: { exit: EXIT.data, status: 422 },
  template_invalid: { exit: EXIT.data, status: 422 },
  paused: { exit: EXIT.service, status: 409 },
} as const satisfies Record<string, ErrorKind>

export type ErrorCode = keyof typeof kinds

/** Whether a text from elsewhere names one of our codes. */
export function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(kinds, text)
}

export interface ErrorDetails {
  /** The error of the library or the operating system beneath, for the log. */
  readonly cause?: unknown
  /** Whether the same call can succeed later without anybody changing anything. */
  readonly retryable?: boolean
}

/**
 * @example
 * throw new HoldfastError('column_missing', 'There is no column "Churn" in customers.csv. Columns: id, plan. Name the right one with --target.')
 */
export class HoldfastError extends Error {
  override readonly name = 'HoldfastError'
  readonly code: ErrorCode
  readonly retryable: boolean

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.code = code
    this.retryable = details.retryable ?? false
  }

  /** The process's exit code, one of {@link EXIT}. */
  get exit(): number {
    return kinds[this.code].exit
  }

  /** The HTTP status of an answer that carries this error. */
  get status(): number {
    return kinds[this.code].status
  }
}
