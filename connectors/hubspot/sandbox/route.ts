/** What a call to the sandbox is made of. Each group of endpoints declares its routes as a list of these. */
import { z } from 'zod'
import type { SandboxAnswer } from '../../sandbox/http.ts'
import type { Token } from './entries.ts'
import { objectType } from './object-types.ts'
import { invalid } from './problems.ts'
import type { SearchIndex } from './search-index.ts'
import type { SandboxState } from './state.ts'
import type { Source } from './tables.ts'
import type { WebhooksJournal } from './webhooks-journal.ts'

/** What the routes of one sandbox share. */
export interface SandboxContext {
  readonly state: SandboxState
  readonly index: SearchIndex
  readonly app: SandboxApp
  readonly settings: SandboxSettings
  readonly journal: WebhooksJournal
  /** Where the sandbox answers. */
  url(): string
  /** A new secret of the portal: the same ones in the same order each time. */
  secret(kind: string): string
  /** Calls of private apps on this day. */
  callsToday(): number
}

export interface SandboxApp {
  readonly clientId: string
  readonly clientSecret: string
  readonly appId: string
  /** Null: what an installation asks for is not held to anything. */
  readonly definition: AppDefinition | null
}

/** As the app's project defines it. */
export interface AppDefinition {
  readonly redirectUrls: readonly string[]
  readonly requiredScopes: readonly string[]
  readonly optionalScopes: readonly string[]
}

export interface SandboxSettings {
  /** Inputs that a batch of records takes. */
  readonly batch: number
  /** Custom properties an object can have. */
  readonly customProperties: number
  /** Associations a page of a batch read shows of each record. */
  readonly associationsPage: number
  /** Whether a merge makes a record with an id of its own (as HubSpot does now) or keeps the primary's. */
  readonly mergeMakesNewId: boolean
  /** Calls of private apps a day. */
  readonly daily: number
  /** Scopes of products that the account has not bought; default none. */
  readonly withoutScopes: readonly string[]
}

export interface SandboxRequest {
  readonly method: string
  /** Without the query. */
  readonly path: string
  readonly params: Readonly<Record<string, string>>
  readonly query: URLSearchParams
  /** JSON, or the fields of a form; undefined without a body. */
  readonly body: unknown
  readonly at: Date
  /** Null where the route needs none. */
  readonly token: Token | null
  /** What the history of a property will say of a change by this caller. */
  readonly source: Source
  readonly context: SandboxContext
  readonly state: SandboxState
}

export interface SandboxRoute {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** With `:name` for a segment that varies: `/crm/objects/2026-09/:objectType/search`. */
  readonly path: string
  /**
   * `open`: without a token, and in no rate limit. `journal`, `journal_subscriptions`: with a token of the app itself, which
   * is good for nothing else, and limits of their own.
   */
  readonly kind: 'call' | 'search' | 'open' | 'journal' | 'journal_subscriptions'
  /** Any one of them will do; none: any token. */
  readonly scopes: (request: SandboxRequest) => readonly string[]
  readonly handle: (request: SandboxRequest) => SandboxAnswer
}

/** The body as the schema wants it, or HubSpot's 400. */
export function parseBody<T>(schema: z.ZodType<T>, request: SandboxRequest): T {
  const parsed = schema.safeParse(request.body)
  if (parsed.success) return parsed.data
  const { message, path } = parsed.error.issues[0]
  const field = path.join('.')
  if (field === '') throw invalid(`Invalid input JSON on line 1, column 1: ${message}`)
  throw invalid(`Invalid input JSON on line 1, column 1: ${field}: ${message}`, {
    errors: [{ message, in: field }],
  })
}

/** The kind of object that a path names. */
export function typeOf(request: SandboxRequest, param = 'objectType'): string {
  const type = objectType(request.params[param])
  if (type === null) throw invalid(`Unable to infer object type from: ${request.params[param]}`)
  return type
}

/** A list in the query: given once with commas, or several times. */
export const listOf = (query: URLSearchParams, name: string): string[] =>
  query.getAll(name).flatMap((value) => value.split(',').filter((part) => part !== ''))

export function limitOf(query: URLSearchParams, usual: number, most: number): number {
  const given = query.get('limit')
  if (given === null) return usual
  const limit = Number(given)
  if (!Number.isInteger(limit) || limit < 1) throw invalid(`Invalid limit: ${given}`)
  if (limit > most) throw invalid(`The requested limit of ${limit} is greater than the maximum of ${most}.`)
  return limit
}
