/** A server over real HTTP on a free port, with its keys and sessions. */
import { randomBytes } from 'node:crypto'
import { Writable } from 'node:stream'
import { systemClock } from '../../src/contracts/clock.ts'
import type { TenantId } from '../../src/contracts/ids.ts'
import type { ApiScope, Role } from '../../src/security/access.ts'
import { createApiKey, createPackageKey } from '../../src/security/api-keys.ts'
import { csrfOf } from '../../src/security/csrf.ts'
import { openSecrets } from '../../src/security/secrets.ts'
import { createSignInLink } from '../../src/security/sessions.ts'
import { openVault } from '../../src/security/vault.ts'
import { openLog } from '../../src/log.ts'
import type { Route } from '../../src/server/route.ts'
import { startServer, type RunningServer, type ServerOptions } from '../../src/server/server.ts'
import type { ServerServices } from '../../src/server/services.ts'
import type { Database } from '../../src/store/database.ts'

export interface TestServer extends RunningServer {
  readonly services: ServerServices
  /** Every line of the log so far. */
  log(): string
  /** A new key, as programs show it. */
  key(tenant: TenantId, ...scopes: ApiScope[]): Promise<string>
  /** Of the package in an org. */
  packageKey(tenant: TenantId, org: string): Promise<string>
  /** A new session: the cookie of somebody who signed in over HTTP. */
  cookie(tenant: TenantId, role: Role, installation?: boolean): Promise<string>
  /** As our own pages ask: a change that shows a session's cookie shows its CSRF token too, unless a test says its own. */
  fetch(path: string, init?: RequestInit): Promise<Response>
}

/** Engines and connectors are absent unless a test brings them. */
export async function startTestServer(
  database: Database,
  routes: readonly Route[],
  options: Partial<Omit<ServerOptions, 'services' | 'routes'>> = {},
  services: Partial<ServerServices> = {},
): Promise<TestServer> {
  const lines: string[] = []
  const destination = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      lines.push(chunk.toString())
      done()
    },
  })
  const vault = openVault({ masterKey: randomBytes(32) })
  const absent = (what: string) => async (): Promise<never> => {
    throw new Error(`this test has no ${what}`)
  }
  const all: ServerServices = {
    database,
    engines: { get: absent('engines'), close: async () => undefined },
    connectors: { can: () => false, open: absent('connectors') },
    secrets: openSecrets(vault),
    clock: systemClock,
    log: openLog({ level: 'trace', destination }),
    vault,
    queue: null,
    inbox: null,
    publicUrl: null,
    ...services,
  }
  const server = await startServer({
    host: '127.0.0.1',
    port: 0,
    trustProxy: false,
    version: '0.0.0',
    ...options,
    services: all,
    routes,
  })
  const fetchHere = (path: string, init?: RequestInit): Promise<Response> =>
    fetch(server.url + path, { redirect: 'manual', ...init, headers: withProof(init) })
  return {
    ...server,
    services: all,
    log: () => lines.join(''),
    fetch: fetchHere,
    key: async (tenant, ...scopes) => {
      const made = await database.withTenant(tenant, (tx) =>
        createApiKey(tx, { name: 'A program', scopes, actor: 'a test' }),
      )
      return made.key
    },
    packageKey: async (tenant, account) => {
      const about = { name: 'A package', account, actor: 'a test' }
      return (await database.withTenant(tenant, (tx) => createPackageKey(tx, about))).key
    },
    cookie: async (tenant, role, installation = false) => {
      const token = await database.withTenant(tenant, (tx) =>
        createSignInLink(tx, { subject: role, role, installation, actor: 'a test' }),
      )
      const answer = await fetchHere('/sign-in', { method: 'POST', body: new URLSearchParams({ token }) })
      if (answer.status !== 303) throw new Error(`the sign-in was answered with ${answer.status}`)
      return answer.headers.getSetCookie()[0].split(';')[0]
    },
  }
}

function withProof({ method = 'GET', headers }: RequestInit = {}): Headers {
  const all = new Headers(headers)
  const session = /(?:^|; *)(?:__Host-)?holdfast_session=([^;]*)/.exec(all.get('cookie') ?? '')?.[1]
  if (session !== undefined && !/^(get|head)$/i.test(method) && !all.has('x-csrf-token'))
    all.set('x-csrf-token', csrfOf(session))
  return all
}
