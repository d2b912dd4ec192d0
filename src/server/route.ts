/**
 * What a route is: everything that the server, the checks of access and the OpenAPI description need to know of it,
 * in one object. A route that does not state its access does not compile.
 */
import type { Readable } from 'node:stream'
import type { z } from 'zod'
import type { RateKind } from '../config.ts'
import type { TenantId } from '../contracts/ids.ts'
import type { Access, Caller } from '../security/access.ts'
import type { RouteServices } from './services.ts'

export type Method = 'get' | 'post' | 'put' | 'patch' | 'delete'

/** What comes back; errors are thrown as HoldfastError and become problem answers or pages. */
export type Answer = (
  | { readonly status: number; readonly body?: unknown }
  | { readonly status: number; readonly html: string }
  /** Of another type, such as metrics or a font. */
  | { readonly status: number; readonly bytes: string | Buffer; readonly type: string }
  /** Sent as it comes; with a filename browsers save it. Ended early when the client goes. */
  | {
      readonly status: number
      readonly stream: Readable | AsyncIterable<string | Uint8Array>
      readonly type: string
      readonly filename?: string
      /**
       * It goes on for as long as somebody listens: noted when it begins, and broken off when this is aborted, also while
       * the client takes nothing.
       */
      readonly live?: AbortSignal
    }
  /** 303: what follows is a GET. */
  | { readonly redirect: string }
) & {
  readonly headers?: Readonly<Record<string, string>>
  /** Each a whole Set-Cookie. */
  readonly cookies?: readonly string[]
}

/** An answer as the OpenAPI description tells it. */
export interface AnswerDescription {
  readonly description: string
  /** Of a JSON body. Not checked when it is sent. */
  readonly schema?: z.ZodType
  /** Media type where it is not JSON. */
  readonly type?: string
}

export interface RouteRequest<Params, Query, Headers, Body, A extends Access> {
  readonly params: Params
  readonly query: Query
  readonly headers: Headers
  readonly body: Body
  /** The caller's; null on public routes. */
  readonly tenant: A extends 'public' ? null : TenantId
  readonly caller: A extends 'public' ? null : Caller
  /**
   * The body as it came, for what is signed; of routes that declare no `body`. Empty when there is none.
   *
   * @throws HoldfastError `request_too_large` beyond `bodyLimit`
   */
  bytes(): Promise<Buffer>
  /**
   * The body as it comes, for what is too large to be held; of routes that declare no `body`. It may be read once.
   *
   * @throws HoldfastError `request_too_large` beyond `bodyLimit`
   */
  chunks(): AsyncIterable<Buffer>
  /** Path and query as they were asked for. */
  readonly url: string
  readonly requestId: string
  /** As far as the trusted proxies tell. */
  readonly ip: string
  /** As the browser or program names itself. */
  readonly agent: string | null
  /** `https://host` as the browser sees it. */
  readonly origin: string
  readonly cookie: string | undefined
  /** Aborted when the client goes away before the answer. Made when it is first looked at. */
  readonly signal: AbortSignal
}

export interface RouteDeclaration<
  Params extends z.ZodType,
  Query extends z.ZodType,
  Headers extends z.ZodType,
  Body extends z.ZodType,
  A extends Access,
> {
  readonly method: Method
  /** In OpenAPI's form: `/v1/customers/{id}`. */
  readonly path: `/${string}`
  readonly summary: string
  readonly description?: string
  readonly tag: string
  readonly access: A
  /** api (default): JSON and problem answers, described in OpenAPI. page: HTML, for people. */
  readonly audience?: 'api' | 'page'
  /** Strings by name; use z.coerce for numbers. */
  readonly params?: Params
  /** Strings (or lists of them) by name; absent: an API route takes none. Use z.strictObject. */
  readonly query?: Query
  /** Lower-case names; use z.object, other headers are dropped. */
  readonly headers?: Headers
  /** Absent: what is sent is not read. Use z.strictObject. */
  readonly body?: Body
  /** Default application/json; a form is parsed into strings by name. */
  readonly bodyType?: 'application/json' | 'application/x-www-form-urlencoded'
  /** Bytes; default 100 KiB. */
  readonly bodyLimit?: number
  /** Requests that change something are taken from other sites too: what they carry is proof enough. */
  readonly crossSite?: boolean
  /**
   * What it counts as in the limits of a caller and an address. Default: `changes` where it may change something, but for
   * what comes from other sites, in bursts and with its own proof. Null: nothing, with the reason beside it. What is asked
   * for as a file (`format=csv`) or read anew (`fresh`) is `costly` in any case.
   */
  readonly rate?: RateKind | null
  /** By status, the successful ones; problems are described by the server. */
  readonly answers: Readonly<Record<number, AnswerDescription>>
  // A method, not a property: routes of all kinds then stand in one list.
  handle(
    request: RouteRequest<z.infer<Params>, z.infer<Query>, z.infer<Headers>, z.infer<Body>, A>,
    services: RouteServices,
  ): Promise<Answer> | Answer
}

/** A route of any kind, as lists of them hold it. */
export type Route = RouteDeclaration<z.ZodType, z.ZodType, z.ZodType, z.ZodType, Access>

/**
 * Declares a route; what `handle` is given has the types of the schemas.
 *
 * @example
 * export const readCustomer = route({
 *   method: 'get',
 *   path: '/v1/customers/{id}',
 *   summary: 'One customer with score, reasons and suggestion',
 *   tag: 'Customers',
 *   access: { scope: 'read', role: 'viewer' },
 *   params: z.strictObject({ id: z.coerce.number().int() }),
 *   answers: { 200: { description: 'The customer', schema: customer } },
 *   handle: async ({ tenant, params }, { database }) => ({
 *     status: 200,
 *     body: await database.withTenant(tenant, (tx) => readCustomerOf(tx, params.id)),
 *   }),
 * })
 */
export function route<
  const A extends Access,
  Params extends z.ZodType = z.ZodType<Record<never, never>>,
  Query extends z.ZodType = z.ZodType<Record<never, never>>,
  Headers extends z.ZodType = z.ZodType<Record<never, never>>,
  Body extends z.ZodType = z.ZodType<undefined>,
>(declaration: RouteDeclaration<Params, Query, Headers, Body, A>): Route {
  return declaration
}
