/**
 * What HubSpot says when it refuses, and what it means for us: try again, connect again, mend our own configuration, or
 * leave this one record alone.
 *
 * @see https://developers.hubspot.com/docs/api-reference/error-handling "all fields … should be treated as optional"
 */
import { z } from 'zod'
import { HoldfastError, type ErrorCode } from '../../src/contracts/errors.ts'
import { jsonOr, plain, quoted } from '../refusal-text.ts'

/** A refusal, as plain data: `cause` of the HoldfastError that a call throws. */
export interface HubSpotFailure {
  readonly kind: 'hubspot'
  /** Id of the account; '' before it is known. */
  readonly portal: string
  readonly method: string
  readonly path: string
  /** HTTP status; 0 when there was no answer at all. */
  readonly status: number
  /** `VALIDATION_ERROR`, `MISSING_SCOPES`, …; '' when it gave none. */
  readonly category: string
  readonly subCategory: string
  /** Of a 429: `DAILY`, `TEN_SECONDLY_ROLLING`, `SECONDLY`; '' otherwise. */
  readonly policyName: string
  readonly message: string
  /** What HubSpot's support asks for. */
  readonly correlationId: string | null
  readonly context: Readonly<Record<string, readonly string[]>>
  readonly errors: readonly HubSpotFailureDetail[]
  /** When it asks to be called again; null where it does not say. */
  readonly retryAt: Date | null
}

export interface HubSpotFailureDetail {
  readonly message: string
  readonly code: string
  readonly subCategory: string
  /** The field that it is about. */
  readonly in: string
  readonly context: Readonly<Record<string, readonly string[]>>
}

const text = z.string().catch('')
const texts = z.union([z.array(z.coerce.string()), z.coerce.string().transform((one) => [one])])
const context = z.record(z.string(), texts.catch([])).catch({})

/** One entry of `errors`. */
const detail = z.object({ message: text, code: text, subCategory: text, in: text, context })

/** The body of a refusal, and each entry of `errors` in a 207. Nothing in it is certain. */
export const hubSpotError = z.object({
  /** `error`, or the status of an entry of a batch as a text: "400". */
  status: z.coerce.string().catch(''),
  /** Of the thing that the entry of a batch is about, where it says so. */
  id: z.coerce.string().optional().catch(undefined),
  category: text,
  subCategory: text,
  policyName: text,
  message: text,
  correlationId: z.string().nullable().catch(null),
  context,
  errors: z.array(detail).catch([]),
})
export type HubSpotError = z.infer<typeof hubSpotError>

/**
 * @param body as it came: JSON, an HTML page of a proxy, nothing
 * @example
 * readFailure({ method: 'GET', path: '/crm/…', status: 502, body: '<h1>Bad gateway</h1>', retryAt: null }).message // 'Bad gateway'
 */
export function readFailure({
  portal = '',
  method,
  path,
  status,
  body,
  retryAt,
}: {
  portal?: string
  method: string
  path: string
  status: number
  body: string
  retryAt: Date | null
}): HubSpotFailure {
  const said = hubSpotError.safeParse(jsonOr(body, {}))
  const { id: _, status: _status, ...fields } = said.success ? said.data : hubSpotError.parse({})
  const message = fields.message === '' ? plain(body) : fields.message
  return { kind: 'hubspot', portal, method, path, status, ...fields, message, retryAt }
}

/** The refusal behind an error that a call threw; null when it was something else. */
export function failureOf(error: unknown): HubSpotFailure | null {
  const cause = error instanceof HoldfastError ? error.cause : null
  return typeof cause === 'object' && cause !== null && 'kind' in cause && cause.kind === 'hubspot'
    ? (cause as HubSpotFailure)
    : null
}

/** The day's calls are used up: nothing helps before midnight in the portal's time zone. */
export function isDailyLimit({ status, policyName, message }: HubSpotFailure): boolean {
  return (
    status === 429 && (policyName === '' ? /\bdaily\b/i.test(message) : policyName.toUpperCase() === 'DAILY')
  )
}

/**
 * The error that people and the loop meet. Its `cause` is the failure.
 *
 * `connector_reconnect`: somebody has to sign in again. `connector_configuration`: ours to mend; nobody is
 * disconnected. `connector_unavailable` with `retryable`: later. `not_found`, `conflict`, `request_too_large`: for
 * whoever made the call.
 */
export function translate(failure: HubSpotFailure): HoldfastError {
  const { code, message, retryable = false } = reaction(failure)
  const support =
    failure.correlationId === null ? '' : ` (HubSpot's support finds it by ${failure.correlationId}.)`
  return new HoldfastError(code, message + support, { cause: failure, retryable })
}

interface Reaction {
  readonly code: ErrorCode
  readonly message: string
  readonly retryable?: true
}

function reaction(failure: HubSpotFailure): Reaction {
  const { status, method, path, category } = failure
  const call = `${method} ${path.split('?')[0]}`
  const said = saying(failure)
  if (status === 401) {
    return {
      code: 'connector_reconnect',
      message: `HubSpot no longer accepts our sign-in to ${account(failure)}${said} Connect the account again.`,
    }
  }
  if (status === 403 && category === 'MISSING_SCOPES') {
    const scopes = missingScopes(failure)
    const which =
      scopes.length === 0
        ? 'a scope that it needs'
        : scopes.length === 1
          ? `the scope ${scopes[0]}`
          : `a scope; one of these will do: ${scopes.join(', ')}`
    return {
      code: 'connector_configuration',
      message: `HubSpot refuses ${call}: the app there lacks ${which}. Add it to the app and let an admin of ${account(failure)} approve it; the connection itself stands.`,
    }
  }
  if (status === 429 && isDailyLimit(failure)) {
    return {
      code: 'connector_unavailable',
      message: `${sentence(account(failure))} has used up its calls for the day; all its apps share them. It goes on by itself ${until(failure) ?? "at midnight in the account's time zone"}.`,
      retryable: true,
    }
  }
  if (status === 477) {
    return {
      code: 'connector_unavailable',
      message: `HubSpot is moving ${account(failure)} to another data centre and answers nothing meanwhile. It goes on by itself ${until(failure) ?? 'within 24 hours'}.`,
      retryable: true,
    }
  }
  if (status === 423) {
    return {
      code: 'connector_unavailable',
      message: `HubSpot has locked what ${call} is about, because much is being changed there at once. It is tried again.`,
      retryable: true,
    }
  }
  if (status === 429) {
    return {
      code: 'connector_unavailable',
      message: `HubSpot refuses further calls to ${account(failure)} for the moment${said} It is tried again ${until(failure) ?? 'soon'}.`,
      retryable: true,
    }
  }
  if (status === 404)
    return { code: 'not_found', message: `HubSpot does not know what ${call} asks for${said}` }
  if (status === 409)
    return { code: 'conflict', message: `HubSpot refuses ${call}: it is there already${said}` }
  if (status === 413 || status === 414) {
    return { code: 'request_too_large', message: `HubSpot refuses ${call} as too long${said}` }
  }
  if (status === 408 || status >= 500) {
    return {
      code: 'connector_unavailable',
      message: `HubSpot failed at ${call} with ${status}${said} It is tried again; status.hubspot.com says whether HubSpot has a disruption.`,
      retryable: true,
    }
  }
  return { code: 'connector_configuration', message: `HubSpot refuses ${call} with ${status}${said}` }
}

function account({ portal }: HubSpotFailure): string {
  return portal === '' ? 'the HubSpot account' : `HubSpot account ${portal}`
}

function sentence(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1)
}

/** ": what it said." or "." */
function saying({ message, errors }: HubSpotFailure): string {
  const details = errors.map((one) => one.message).filter((one) => one !== '' && !message.includes(one))
  return quoted([message, ...details.slice(0, 3)])
}

/** HubSpot names them in the context of the whole or of a detail, under names that differ by endpoint. */
function missingScopes({ context: whole, errors }: HubSpotFailure): readonly string[] {
  const found = [whole, ...errors.map((one) => one.context)].flatMap((one) =>
    Object.entries(one).flatMap(([name, values]) => (/scope/i.test(name) ? values : [])),
  )
  return [...new Set(found.flatMap((value) => value.split(/[\s,]+/)).filter((value) => value !== ''))]
}

function until({ retryAt }: HubSpotFailure): string | null {
  return retryAt === null ? null : `after ${retryAt.toISOString().slice(0, 16).replace('T', ' ')} UTC`
}
