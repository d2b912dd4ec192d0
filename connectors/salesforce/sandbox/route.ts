/** What a call to the sandbox is made of. Each group of endpoints declares its routes as a list of these. */
import { z } from 'zod'
import type { SandboxAnswer } from '../../sandbox/http.ts'
import { refused } from './problems.ts'
import type { By, SalesforceState } from './state.ts'
import type { Source } from './soql-fields.ts'

/** What the routes of one sandbox share. */
export interface SandboxContext {
  readonly state: SalesforceState
  readonly app: { readonly clientId: string; readonly clientSecret: string }
  readonly user: { readonly id: string; readonly username: string }
  readonly settings: SandboxSettings
  /** Where the sandbox answers, without a slash at its end. */
  url(): string
  /** A new secret of the org: the same ones in the same order each time. */
  secret(kind: string): string
  /** What the integration user sees. */
  readonly source: Source
  readonly usage: () => { readonly used: number; readonly max: number }
}

export interface SandboxSettings {
  /** Rows a page of a query has at most; Salesforce's own is 2,000, and it may give fewer. */
  readonly pageSize: number
  /** Rows a page of a Bulk API result has at most. */
  readonly bulkPage: number
  /** Milliseconds that a session lasts without being used. */
  readonly session: number
  /** Whether each use of a refresh token gives another one. */
  readonly rotates: boolean
  /** Public key of the app that signs assertions. */
  readonly publicKey: string
  /** Client id that assertions are made for. */
  readonly jwtClientId: string
}

export interface SandboxRequest {
  readonly method: string
  /** Without the query. */
  readonly path: string
  readonly params: Readonly<Record<string, string>>
  readonly query: URLSearchParams
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  /** JSON, or the fields of a form; text of any other kind as it came; undefined without a body. */
  readonly body: unknown
  readonly at: Date
  /** `/services/data/v67.0`, of the version that was asked for. */
  readonly base: string
  readonly by: By
  readonly context: SandboxContext
  readonly state: SalesforceState
}

export interface SandboxRoute {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'HEAD'
  /** With `:name` for a segment that varies: `/services/data/:version/sobjects/:type/:id`. */
  readonly path: string
  /** `open`: without a session. `free`: with one, but in no limit. */
  readonly kind: 'call' | 'open' | 'free'
  /** A part of a composite call has no more than its path and body. */
  readonly handle: (request: SandboxRequest) => SandboxAnswer
}

export const DATA = '/services/data/:version'

/** The body as the schema wants it, or Salesforce's 400. */
export function parseBody<T>(schema: z.ZodType<T>, request: SandboxRequest): T {
  const parsed = schema.safeParse(request.body)
  if (parsed.success) return parsed.data
  const [{ message, path }] = parsed.error.issues
  throw refused(
    400,
    'JSON_PARSER_ERROR',
    `${message} at [line:1, column:1]${path.length > 0 ? ` (${path.join('.')})` : ''}`,
  )
}

/** The object that a path names, as the org writes it. */
export function typeOf(request: SandboxRequest, name = request.params.type): string {
  const type = request.context.source.table(name)?.type
  if (type === undefined) throw refused(404, 'NOT_FOUND', 'The requested resource does not exist')
  return type
}
