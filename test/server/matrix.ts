/**
 * Who asks what: every kind of caller of a company, and every route of a server as a request for something of a company,
 * made from what the server itself lists.
 */
import { randomUUID } from 'node:crypto'
import type { TenantId } from '../../src/contracts/ids.ts'
import {
  API_SCOPES,
  PACKAGE_SCOPE,
  ROLES,
  type Access,
  type ApiScope,
  type Role,
} from '../../src/security/access.ts'
import type { TestServer } from '../support/server.ts'
import { SAME_SITE } from './companies.ts'

/** The org whose package asks. Until a test connects it, what is asked for of it is not found. */
export const PACKAGE_ORG = '00DHp000002xQAXMA2'
const PACKAGE_HEADERS = {
  'x-holdfast-org': PACKAGE_ORG,
  'x-holdfast-user': '005Hp00000iRwXaIAK',
  'x-holdfast-email': 'rep@acme.example',
}

/** A caller as the request shows it. */
export interface Credential {
  readonly name: string
  readonly headers: Readonly<Record<string, string>>
  readonly scope?: ApiScope
  readonly role?: Role
  readonly installation?: boolean
}

/** A key for each scope; each role, with and without the installation. */
export async function credentialsOf(server: TestServer, tenant: TenantId): Promise<readonly Credential[]> {
  const keys = API_SCOPES.map(async (scope) => ({
    name: `a key for ${scope}`,
    headers: { authorization: `Bearer ${await server.key(tenant, scope)}` },
    scope,
  }))
  const packaged = server.packageKey(tenant, PACKAGE_ORG).then((key): Credential => ({
    name: 'a key of the package in an org',
    headers: { authorization: `Bearer ${key}`, ...PACKAGE_HEADERS },
    scope: PACKAGE_SCOPE,
  }))
  const people = ROLES.flatMap((role) => [false, true].map((installation) => ({ role, installation }))).map(
    async ({ role, installation }) => ({
      name: `${role}${installation ? ' of the installation' : ''}`,
      headers: { cookie: await server.cookie(tenant, role, installation), ...SAME_SITE },
      role,
      installation,
    }),
  )
  return Promise.all([...keys, packaged, ...people])
}

/** As the table of doors writes it: scope of a key, role of a person, whether the installation is needed. */
export function doorOf(access: Access): string {
  if (access === 'public') return 'public'
  const { scope, role, installation = false } = access
  return [scope ?? '-', role ?? '-', ...(installation ? ['installation'] : [])].join(' ')
}

/** Whether a door opens to a caller, by the table alone. */
export function opens(door: string, { scope, role, installation = false }: Credential): boolean {
  if (door === 'public') return true
  const [needScope, needRole, span] = door.split(' ')
  if (scope !== undefined) return scope === needScope
  if (needRole === '-') return false
  if (span === 'installation' && !installation) return false
  return ROLES.indexOf(role!) >= ROLES.indexOf(needRole as Role)
}

/** What there is of a company, by what a path calls it. */
export interface Things {
  readonly tenant: TenantId
  readonly connection: string
  readonly customer: number
  readonly decision: number
  readonly intervention: string
  readonly person: string
  readonly session: string
  readonly apiKey: string
  readonly webhook: string
  readonly code: string
  readonly pool: string
  readonly run: string
  readonly training: string
  readonly view: string
  readonly alert: string | number
  readonly erasure: string
  readonly dataExport: string
}

/** Longest prefix first: what `{…}` stands for beneath it. `null`: nothing of a company. */
const PLACES: readonly (readonly [RegExp, (things: Things) => string | number | null])[] = [
  [/^\/(v1\/)?connections\//, ({ connection }) => connection],
  [/^\/(v1\/)?customers\//, ({ customer }) => customer],
  [/^\/v1\/decisions\//, ({ decision }) => decision],
  [/^\/(v1\/interventions|outbox)\//, ({ intervention }) => intervention],
  [/^\/v1\/people\//, ({ person }) => person],
  [/^\/v1\/sessions\//, ({ session }) => session],
  [/^\/v1\/api-keys\//, ({ apiKey }) => apiKey],
  [/^\/v1\/webhooks\//, ({ webhook }) => webhook],
  [/^\/v1\/offers\//, ({ code }) => code],
  [/^\/v1\/offer-pools\//, ({ pool }) => pool],
  [/^\/v1\/runs\//, ({ run }) => run],
  [/^\/v1\/training\//, ({ training }) => training],
  [/^\/v1\/customer-views\//, ({ view }) => view],
  [/^\/v1\/alerts\//, ({ alert }) => alert],
  [/^\/v1\/erasures\//, ({ erasure }) => erasure],
  [/^\/v1\/data-exports\//, ({ dataExport }) => dataExport],
  // Of whoever asks: both have a first version, an e-mail in English, the models that ship.
  [/^\/v1\/(settings\/versions|templates|models|setup\/steps)\//, () => null],
  [/^\/v1\/exports\//, () => null],
  [/^\/sending\//, () => null],
  // One document for all of them: what is in it the API is asked for.
  [/^\/app\//, () => null],
  [/^\/(inbox|texts|assets)\//, () => null],
  [/^\/(u|sms)\//, () => null],
  [/^\/webhooks\//, () => null],
]

const SAMPLES: Readonly<Record<string, string>> = {
  table: 'customers',
  scope: 'channel',
  name: 'email',
  version: '1',
  channel: 'email',
  language: 'en',
  action: 'email',
  step: 'connect',
  hash: 'a'.repeat(64),
}

export interface Route {
  readonly method: string
  readonly path: string
}

/** What a path names of a company; null: nothing. Throws for a path that nobody has placed yet. */
export function thingOf({ path }: Route, things: Things): string | number | null {
  if (!path.includes('{')) return null
  const place = PLACES.find(([pattern]) => pattern.test(path))
  if (place === undefined)
    throw new Error(`Say in test/server/matrix.ts what ${path} names: it is asked for by a stranger.`)
  return place[1](things)
}

/** JSON, or fields of a form where the path is not of the API, that the route takes. */
const BODIES: Readonly<
  Record<string, (things: Pick<Things, 'customer' | 'tenant'>) => Readonly<Record<string, unknown>>>
> = {
  'post /v1/score': ({ customer }) => ({ id: customer }),
  'put /v1/settings': () => ({}),
  'post /v1/interventions': ({ customer }) => ({ customer, action: 'email' }),
  'post /v1/interventions/{id}/snooze': () => ({ until: new Date(Date.now() + 3_600_000).toISOString() }),
  'post /v1/customers/{id}/holds': () => ({ reason: 'Ask first.' }),
  'post /v1/connections/{id}/pause': () => ({ reason: 'A test of who may' }),
  'patch /v1/connections/{id}': () => ({ name: 'Another name' }),
  'post /v1/connections/{id}/run': () => ({ step: 'sync' }),
  'post /v1/connections/{id}/disconnect': () => ({ confirm: 'A file' }),
  'post /v1/connections/{id}/population/preview': () => ({ population: { kind: 'everyone' } }),
  'put /v1/connections/{id}/population': () => ({ population: { kind: 'everyone' } }),
  'put /v1/connections/{id}/responsible': () => ({ fallback: null }),
  'post /v1/connections/{id}/mapping/preview': () => ({ changes: [{ column: 'tenure', feature: null }] }),
  'put /v1/connections/{id}/mapping': () => ({ changes: [{ column: 'tenure', feature: null }], mark: 'x' }),
  'post /v1/connections/{id}/agreements/preview': () => ({ agreements: { from: 'properties' } }),
  'put /v1/connections/{id}/agreements': () => ({ agreements: { from: 'properties' } }),
  'post /v1/customers/{id}/try': () => ({ changes: {} }),
  'patch /v1/customer-views/{id}': () => ({ name: 'Another name' }),
  'patch /v1/webhooks/{webhook}': () => ({ name: 'Another name' }),
  'patch /v1/people/{id}': () => ({ name: 'Somebody' }),
  'post /v1/session/company': ({ tenant }) => ({ company: tenant }),
  'post /v1/offers/{code}/redemptions': () => ({}),
  'post /v1/offer-pools/{pool}/codes': () => ({ codes: [] }),
  'post /company': ({ tenant }) => ({ company: tenant }),
}

/**
 * What a route takes, good enough that it looks whose the thing is.
 *
 * @param route as `post /v1/customers/{id}/holds`
 */
export const bodyOf = (route: string, things: Pick<Things, 'customer' | 'tenant'>): object | undefined =>
  BODIES[route]?.(things)

/** Of a stream that goes on, nothing: it is left. */
export async function textOf(answer: Response): Promise<string> {
  if (answer.headers.get('content-type')?.startsWith('text/event-stream') !== true) return answer.text()
  await answer.body?.cancel()
  return ''
}

/** Asks a route about what is of these things, as whoever has these headers. */
export function ask(
  server: TestServer,
  route: Route,
  things: Things,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  const { method, path } = route
  const thing = thingOf(route, things)
  const address = path.replace(/\{(\w+)\}/g, (_, name: string) => SAMPLES[name] ?? String(thing ?? 'x'))
  const body = BODIES[`${method} ${path}`]?.(things)
  const isForm = !/^\/(v1|crm)\//.test(path)
  return server.fetch(address, {
    method: method === 'all' ? 'GET' : method.toUpperCase(),
    headers: {
      'idempotency-key': randomUUID(),
      ...headers,
      ...(body === undefined || isForm ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined
      ? {}
      : { body: isForm ? new URLSearchParams(body as Record<string, string>) : JSON.stringify(body) }),
  })
}
