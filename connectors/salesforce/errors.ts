/**
 * What Salesforce says when it refuses a whole call, and what it means for us: try again, sign in again, mend the org or
 * our own configuration, or take the record as gone. What it says of a single row is in `refusals.ts`.
 *
 * @see https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/errorcodes.htm
 * @see https://developer.salesforce.com/docs/atlas.en-us.api.meta/api/sforce_api_calls_concepts_core_data_objects.htm "StatusCode"
 */
import { z } from 'zod'
import { HoldfastError, type ErrorCode } from '../../src/contracts/errors.ts'
import { jsonOr, plain, quoted } from '../refusal-text.ts'

/** A refusal, as plain data: `cause` of the HoldfastError that a call throws. */
export interface SalesforceFailure {
  readonly kind: 'salesforce'
  /** Id of the org; '' before it is known. */
  readonly org: string
  readonly method: string
  /** Without ids and query. */
  readonly path: string
  /** HTTP status; 0 when there was no answer at all. */
  readonly status: number
  /** At least one. */
  readonly errors: readonly SalesforceError[]
  /** When it asks to be called again; null where it does not say. */
  readonly retryAt: Date | null
}

/** One entry of a refusal, and of `errors` in an answer about several records. */
export interface SalesforceError {
  /** `INVALID_FIELD`, `REQUEST_LIMIT_EXCEEDED`, …; '' when it gave none. */
  readonly errorCode: string
  readonly message: string
  /** API names of the fields that it is about. */
  readonly fields: readonly string[]
  /** The entry as it came, with what only some carry: the matches of DUPLICATES_DETECTED. */
  readonly raw: unknown
}

const text = z.string().catch('')

/**
 * REST says `errorCode`, collections `statusCode`, OAuth and userinfo `error` and `error_description`; nothing in it is
 * certain.
 */
const entry = z
  .object({
    errorCode: text,
    statusCode: text,
    exceptionCode: text,
    error: text,
    message: text,
    exceptionMessage: text,
    error_description: text,
    fields: z.array(z.coerce.string()).catch([]),
  })
  .transform((raw): SalesforceError => ({
    errorCode: raw.errorCode || raw.statusCode || raw.exceptionCode || raw.error,
    message: raw.message || raw.exceptionMessage || raw.error_description,
    fields: raw.fields,
    raw,
  }))

/** The entries of a refusal; null when there is none to be read. */
export function readErrors(said: unknown): readonly SalesforceError[] | null {
  const entries = (Array.isArray(said) ? said : [said]).flatMap((one) => {
    const parsed = entry.safeParse(one)
    if (!parsed.success || parsed.data.errorCode + parsed.data.message === '') return []
    return [{ ...parsed.data, raw: one as unknown }]
  })
  return entries.length === 0 ? null : entries
}

/**
 * @param body as it came: JSON, XML, an HTML page of a proxy, a word alone, nothing
 * @example
 * readFailure({ org, method: 'GET', path: '/query', status: 503, body: '<h1>Down</h1>' }).errors[0].message // 'Down'
 */
export function readFailure({
  org = '',
  method,
  path,
  status,
  body,
  retryAt = null,
}: {
  org?: string
  method: string
  path: string
  status: number
  body: string
  retryAt?: Date | null
}): SalesforceFailure {
  const errors = readErrors(jsonOr(body, null)) ?? [fromText(body)]
  return { kind: 'salesforce', org, method, path, status, errors, retryAt }
}

/** Some endpoints answer with XML or a single word ("Bad_OAuth_Token") where they were asked for JSON. */
function fromText(body: string): SalesforceError {
  const inXml = (tag: string) => new RegExp(`<${tag}>([^<]*)</${tag}>`).exec(body)?.[1] ?? ''
  const errorCode =
    inXml('errorCode') || inXml('exceptionCode') || (/^\s*(\w{5,60})\s*$/.exec(body)?.[1] ?? '')
  const message = inXml('message') || inXml('exceptionMessage') || plain(body)
  return { errorCode, message: message === errorCode ? '' : message, fields: [], raw: null }
}

/** The refusal behind an error that a call threw; null when it was something else. */
export function failureOf(error: unknown): SalesforceFailure | null {
  const cause = error instanceof HoldfastError ? error.cause : null
  return typeof cause === 'object' && cause !== null && 'kind' in cause && cause.kind === 'salesforce'
    ? (cause as SalesforceFailure)
    : null
}

/**
 * Whether an error that a call threw is a refusal with one of these codes.
 *
 * @example
 * if (isFailure(error, 'INVALID_FIELD')) forgetWhatWasDescribed()
 */
export function isFailure(error: unknown, ...codes: readonly string[]): boolean {
  const failure = failureOf(error)
  return failure !== null && says(failure, ...codes)
}

/** Whether there is no Bulk API: not in the org, not for our user, or no further job today. What is small goes without. */
export function isBulkClosed(error: unknown): boolean {
  return isFailure(error, ...BULK_CLOSED)
}

const BULK_CLOSED = [
  'FEATURENOTENABLED',
  'FUNCTIONALITY_NOT_ENABLED',
  'EXCEEDEDQUOTA',
  'LIMIT_EXCEEDED',
] as const

/** Whether a refusal has one of these codes. */
export function says({ errors }: SalesforceFailure, ...codes: readonly string[]): boolean {
  return errors.some(({ errorCode }) => codes.includes(errorCode))
}

/** The session has ended, or was ended; another one may be taken. */
export function isSessionGone(failure: SalesforceFailure): boolean {
  if (failure.status === 401) return !says(failure, ...NOT_OUR_SESSION)
  // Userinfo and identity answer 403 with a word alone.
  return failure.status === 403 && says(failure, 'Bad_OAuth_Token', 'INVALID_SESSION_ID')
}

/** The calls of the day are used up: nothing helps before some of the last 24 hours' fall out of the count. */
export function isDailyLimit(failure: SalesforceFailure): boolean {
  return says(failure, 'REQUEST_LIMIT_EXCEEDED') && !isConcurrencyLimit(failure)
}

/** Too many calls at this moment: "ConcurrentRequests Limit exceeded", "ConcurrentPerOrgLongTxn Limit exceeded". */
export function isConcurrencyLimit(failure: SalesforceFailure): boolean {
  return (
    says(failure, 'REQUEST_LIMIT_EXCEEDED') &&
    failure.errors.some(({ message }) => /concurrent/i.test(message))
  )
}

/**
 * The error that people and the loop meet. Its `cause` is the failure.
 *
 * `connector_reconnect`: somebody has to sign in again. `connector_configuration`: somebody has to mend something, in the
 * org or here; nobody is disconnected. `connector_unavailable` with `retryable`: later. `not_found`, `conflict`,
 * `request_too_large`: for whoever made the call.
 */
export function translate(failure: SalesforceFailure): HoldfastError {
  const { code, message, retryable = false } = reactionTo(failure)
  return new HoldfastError(code, message, { cause: failure, retryable })
}

interface Reaction {
  readonly code: ErrorCode
  readonly message: string
  readonly retryable?: boolean
}

/** 401s that another session does not help against. */
const NOT_OUR_SESSION = ['INVALID_AUTH_HEADER', 'OAUTH_APP_BLOCKED', 'OAUTH_APPROVAL_ERROR_GENERIC']

function reactionTo(failure: SalesforceFailure): Reaction {
  const { status, errors } = failure
  const at = { call: `${failure.method} ${failure.path}`, org: orgName(failure), said: saying(failure) }
  for (const { errorCode } of errors) {
    const known = Object.hasOwn(BY_CODE, errorCode) ? BY_CODE[errorCode] : undefined
    if (known !== undefined) return known(at, failure)
  }
  if (isSessionGone(failure)) return sessionGone(at)
  return byStatus(status, at)
}

interface At {
  readonly call: string
  /** "Salesforce org 00D…". */
  readonly org: string
  /** ": what it said." or "." */
  readonly said: string
}

type React = (at: At, failure: SalesforceFailure) => Reaction

const later =
  (message: (at: At) => string) =>
  (at: At): Reaction => ({ code: 'connector_unavailable', message: message(at), retryable: true })
const mend =
  (message: (at: At) => string) =>
  (at: At): Reaction => ({ code: 'connector_configuration', message: message(at) })

const sessionGone = ({ org, said }: At): Reaction => ({
  code: 'connector_reconnect',
  message: `Salesforce no longer accepts our sign-in to ${org}${said} Connect the org again.`,
})

const gone = ({ call, said }: At): Reaction => ({
  code: 'not_found',
  message: `Salesforce does not know what ${call} asks for, or it was deleted${said}`,
})

const missingField = mend(
  ({ call, said }) =>
    `Salesforce does not know a field that ${call} names, or does not show it to our user${said} Check that the Holdfast package is installed and that the permission set of our user gives access to the field (field-level security).`,
)

/** A single record that is refused for good, where the call was about one alone. */
const badRow = mend(
  ({ call, said }) => `Salesforce refuses ${call} for what the record holds, not for the call${said}`,
)

const apiOff = mend(
  ({ org, said }) =>
    `${sentence(org)} does not let us in by its API${said} Its edition needs API access, and our user the permission "API Enabled".`,
)

/** One entry a reaction: the codes that mean something else than their status. */
const BY_CODE: Readonly<Record<string, React>> = {
  REQUEST_LIMIT_EXCEEDED: (at, failure) =>
    isDailyLimit(failure)
      ? later(
          ({ org, said }) =>
            `${sentence(org)} has used up its API calls of the last 24 hours; all its tools share them${said} Holdfast looks every ten minutes and goes on by itself.`,
        )(at)
      : later(({ org, said }) => `Too many calls run in ${org} at this moment${said} It is tried again.`)(at),
  UNABLE_TO_LOCK_ROW: later(
    ({ call, said }) =>
      `Somebody else is changing what ${call} is about, so Salesforce has locked it${said} It is tried again.`,
  ),
  SERVER_UNAVAILABLE: later(
    ({ org, said }) => `${sentence(org)} is busy or being maintained${said} It is tried again.`,
  ),
  QUERY_TIMEOUT: later(
    ({ call, said }) => `Salesforce gave ${call} up because it took too long${said} It is tried again.`,
  ),
  INVALID_QUERY_LOCATOR: later(
    ({ call, said }) =>
      `Salesforce has forgotten where ${call} had got to${said} It is read again from there.`,
  ),
  INVALID_FIELD: missingField,
  INVALID_FIELD_FOR_INSERT_UPDATE: missingField,
  INVALID_TYPE: mend(
    ({ call, said }) =>
      `Salesforce does not know an object that ${call} names, or does not show it to our user${said} Check that the Holdfast package is installed and that the permission set of our user gives access to the object.`,
  ),
  MALFORMED_QUERY: mend(
    ({ call, said }) =>
      `Salesforce cannot read the query of ${call}${said} If the condition that says who is a customer was changed, check it; otherwise report this.`,
  ),
  FIELD_CUSTOM_VALIDATION_EXCEPTION: badRow,
  REQUIRED_FIELD_MISSING: badRow,
  INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST: badRow,
  STRING_TOO_LONG: badRow,
  CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY: badRow,
  DUPLICATES_DETECTED: ({ call, said }) => ({
    code: 'conflict',
    message: `A duplicate rule of the org refuses ${call}${said} Nothing is forced: decide there which record is the right one.`,
  }),
  DUPLICATE_VALUE: ({ call, said }) => ({
    code: 'conflict',
    message: `Salesforce refuses ${call}: another record has that value already${said}`,
  }),
  ENTITY_IS_DELETED: gone,
  NOT_FOUND: gone,
  INVALID_CROSS_REFERENCE_KEY: gone,
  INSUFFICIENT_ACCESS: mend(
    ({ call, said }) =>
      `Salesforce does not let our user do ${call}${said} Give it the permission set of the Holdfast package.`,
  ),
  INSUFFICIENT_ACCESS_OR_READONLY: mend(
    ({ call, said }) =>
      `Salesforce does not let our user change what ${call} is about${said} Check sharing and its permission set.`,
  ),
  API_DISABLED_FOR_ORG: apiOff,
  API_CURRENTLY_DISABLED: apiOff,
  OAUTH_APP_BLOCKED: mend(
    ({ org, said }) =>
      `${sentence(org)} has blocked the app of Holdfast${said} An admin lets it in under Setup > Connected Apps OAuth Usage.`,
  ),
}

function byStatus(status: number, at: At): Reaction {
  const { call, org, said } = at
  if (status === 401)
    return { code: 'connector_configuration', message: `Salesforce refuses ${call} with 401${said}` }
  if (status === 404) return gone(at)
  if (status === 300 || status === 409) {
    return {
      code: 'conflict',
      message: `Salesforce knows several that ${call} may mean, or has it already${said}`,
    }
  }
  if (status === 413 || status === 414 || status === 431) {
    return { code: 'request_too_large', message: `Salesforce refuses ${call} as too long${said}` }
  }
  if (status === 420 || status === 429) {
    return {
      code: 'connector_unavailable',
      message: `Salesforce refuses further calls to ${org} for the moment${said} It is tried again.`,
      retryable: true,
    }
  }
  if (status === 408 || status >= 500) {
    return {
      code: 'connector_unavailable',
      message: `Salesforce failed at ${call} with ${status}${said} It is tried again; status.salesforce.com says whether it has a disruption.`,
      retryable: true,
    }
  }
  if (status >= 300 && status < 400) {
    return {
      code: 'connector_configuration',
      message: `${sentence(org)} answers at another address now (${status}). Connect it again.`,
    }
  }
  return { code: 'connector_configuration', message: `Salesforce refuses ${call} with ${status}${said}` }
}

function orgName({ org }: SalesforceFailure): string {
  return org === '' ? 'the Salesforce org' : `Salesforce org ${org}`
}

function sentence(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1)
}

/** Code and words: admins find the code in Salesforce's own help. */
function saying({ errors }: SalesforceFailure): string {
  return quoted(
    errors.slice(0, 3).map(({ errorCode, message, fields }) => {
      const which = fields.filter((field) => !message.includes(field))
      const about = which.length === 0 ? '' : ` (${which.join(', ')})`
      return [errorCode, `${message.trim()}${about}`].filter((one) => one !== '').join(': ')
    }),
  )
}
