/** Failures as they leave the server: problem details (RFC 9457) for programs, a page for people. */
import type { ZodError } from 'zod'
import { HoldfastError } from '../contracts/errors.ts'
import type { SettingsConflict } from '../loop/change-settings.ts'
import { escapeMarkup } from '../report/markup.ts'
import type { SettingProblem, SettingsFault } from '../settings/problems.ts'
import { ownPage } from './cookies.ts'
import { page } from './page.ts'

/** One field that is wrong. */
export interface FieldProblem {
  readonly in: 'path' | 'query' | 'header' | 'body'
  /** JSON pointer within it: `/customers/0/id`. */
  readonly pointer: string
  readonly detail: string
}

export interface Problem {
  /** Names the kind of problem: `urn:holdfast:problem:request_invalid`. */
  readonly type: string
  readonly title: string
  readonly status: number
  /** What happened, and what to do. */
  readonly detail: string
  readonly code: string
  /** Of the request; the log knows it too. */
  readonly requestId: string
  /** Whether the same request can succeed later without anybody changing anything. */
  readonly retryable: boolean
  readonly errors?: readonly FieldProblem[]
  /** Settings that are wrong, each by its path in the form. */
  readonly fields?: readonly SettingProblem[]
  /** What somebody else saved meanwhile, and what was not saved for it. */
  readonly conflict?: SettingsConflict
}

/** A part of a request that does not fit its schema, as an error that names each wrong field. */
export function invalidPart(part: FieldProblem['in'], error: ZodError): HoldfastError {
  const errors = error.issues.flatMap((issue): FieldProblem[] => {
    const paths =
      issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...issue.path, key]) : [issue.path]
    return paths.map((path) => ({
      in: part,
      pointer: path.map((step) => `/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`).join(''),
      detail: issue.code === 'unrecognized_keys' ? 'is not known here' : issue.message,
    }))
  })
  const shown = errors.slice(0, 5).map(({ pointer, detail }) => {
    const name = pointer.slice(1).replaceAll('/', '.')
    return `${part === 'body' ? '' : `${part} parameter `}${name === '' ? `the ${part}` : `"${name}"`}: ${detail}`
  })
  const more = errors.length > shown.length ? `; and ${errors.length - shown.length} more` : ''
  return new HoldfastError('request_invalid', `The request does not fit: ${shown.join('; ')}${more}.`, {
    cause: { errors: errors.slice(0, 100) },
  })
}

/** Every failure as the one error; what nobody foresaw says nothing of its inside. */
export function asHoldfastError(error: unknown): HoldfastError {
  if (error instanceof HoldfastError && error.code !== 'internal') return error
  // Express and its router: a path that cannot be decoded.
  const status = (error as { status?: unknown } | null)?.status
  if (error instanceof URIError || status === 400) {
    return new HoldfastError('request_invalid', 'The address of the request cannot be decoded.', {
      cause: error,
    })
  }
  return new HoldfastError(
    'internal',
    'Holdfast made a mistake; nothing of this request was kept half done. The log tells more under this request id.',
    { cause: error },
  )
}

export function problemOf(error: HoldfastError, requestId: string): Problem {
  const { errors, fields, conflict } = (error.cause ?? {}) as Partial<SettingsFault> & {
    errors?: readonly FieldProblem[]
    conflict?: SettingsConflict
  }
  return {
    type: `urn:holdfast:problem:${error.code}`,
    title: titleOf(error.code),
    status: error.status,
    detail: error.message,
    code: error.code,
    requestId,
    retryable: error.retryable,
    ...(Array.isArray(errors) ? { errors } : {}),
    ...(Array.isArray(fields) ? { fields } : {}),
    ...(conflict === undefined ? {} : { conflict }),
  }
}

/** Headers that go with a failure: when to come back, how to sign in, what may be asked. */
export function problemHeaders(error: HoldfastError): Record<string, string> {
  const { retryAfter, allow } = (error.cause ?? {}) as { retryAfter?: unknown; allow?: unknown }
  return {
    ...(error.code === 'unauthenticated' ? { 'WWW-Authenticate': 'Bearer realm="Holdfast"' } : {}),
    ...(typeof retryAfter === 'number'
      ? { 'Retry-After': String(retryAfter) }
      : error.status === 503
        ? { 'Retry-After': '5' }
        : {}),
    ...(typeof allow === 'string' ? { Allow: allow } : {}),
  }
}

/** @param url what was asked for: whoever has to sign in first goes on there */
export function problemPage(error: HoldfastError, requestId: string, url: string): string {
  const next = ownPage(url)
  const query = next === null ? '' : `?next=${encodeURIComponent(next)}`
  const signIn = error.code === 'unauthenticated' ? `<p><a href="/sign-in${query}">Sign in</a></p>` : ''
  return page({
    title: headingOf(error.code),
    body: `<h1>${escapeMarkup(headingOf(error.code))}</h1><p>${escapeMarkup(error.message)}</p>${signIn}<p class="note">Request ${escapeMarkup(requestId)}</p>`,
  })
}

/** As a person is told on a page. */
function headingOf(code: string): string {
  return code === 'unauthenticated' ? 'Sign in first' : titleOf(code)
}

/** `request_too_large` as people read it: `Request too large`. */
function titleOf(code: string): string {
  const words = code.replaceAll('_', ' ')
  return code === 'internal' ? 'Something went wrong' : words[0].toUpperCase() + words.slice(1)
}
