/** The API over HTTP: a server on a free port with the models and a database of its own. */
import { randomBytes } from 'node:crypto'
import { pino } from 'pino'
import type { TenantId } from '../../src/contracts/ids.ts'
import { HoldfastError } from '../../src/contracts/errors.ts'
import { openEngines } from '../../src/loop/engines.ts'
import type { ApiScope } from '../../src/security/access.ts'
import { createApiKey } from '../../src/security/api-keys.ts'
import { openSecrets } from '../../src/security/secrets.ts'
import { openVault } from '../../src/security/vault.ts'
import { apiRoutes } from '../../src/server/api/routes.ts'
import { startServer } from '../../src/server/server.ts'
import type { ServerServices } from '../../src/server/services.ts'
import type { Engines } from '../../src/loop/services.ts'
import type { Training } from '../../src/training/service.ts'
import type { WhatIf } from '../../src/what-if/service.ts'
import type { Database } from '../../src/store/database.ts'
import { openTestDatabase } from './database.ts'

export interface TestApi {
  readonly database: Database
  readonly url: string
  readonly services: ServerServices
  /** How often the queue was woken. */
  readonly woken: () => number
  /** A new key of a tenant. */
  key(tenant: TenantId, scopes?: readonly ApiScope[]): Promise<string>
  close(): Promise<void>
}

/** Everything that an admin of a tenant may give to a key. */
export const ALL_SCOPES: readonly ApiScope[] = ['score', 'read', 'write', 'export', 'admin']

/** What a test brings of its own. */
export interface TestApiParts {
  readonly engines?: (database: Database) => Engines
  /** Asked for with each request, so that it may be closed and opened again. */
  readonly training?: () => Training
  readonly whatIf?: () => WhatIf
}

export async function startTestApi(
  now: () => Date = () => new Date(),
  parts: TestApiParts = {},
): Promise<TestApi> {
  const database = await openTestDatabase()
  const vault = openVault({ masterKey: randomBytes(32) })
  const engines = parts.engines?.(database) ?? openEngines({ threads: 1, dataFolder: 'there is none' })
  let woken = 0
  const services: ServerServices = {
    database,
    engines,
    vault,
    secrets: openSecrets(vault),
    clock: now,
    log: pino({ level: 'silent' }),
    connectors: {
      can: () => false,
      open: () => Promise.reject(new HoldfastError('connector_configuration', 'There is none in this test.')),
    },
    queue: {
      wake: () => void woken++,
      counts: () => Promise.reject(new HoldfastError('queue_unavailable', 'There is none in this test.')),
      queues: [],
    },
    inbox: null,
    publicUrl: null,
    ...(parts.whatIf && {
      whatIf: {
        open: (...given) => parts.whatIf!().open(...given),
        close: () => parts.whatIf!().close(),
      },
    }),
    ...(parts.training && {
      training: {
        get limits() {
          return parts.training!().limits
        },
        receive: (...given) => parts.training!().receive(...given),
        look: (...given) => parts.training!().look(...given),
        start: (...given) => parts.training!().start(...given),
        takeModel: (...given) => parts.training!().takeModel(...given),
        wake: () => parts.training!().wake(),
        close: () => parts.training!().close(),
      },
    }),
  }
  const server = await startServer({
    host: '127.0.0.1',
    port: 0,
    trustProxy: false,
    services,
    routes: apiRoutes,
    version: '0.0.0',
  })
  return {
    database,
    url: server.url,
    services,
    woken: () => woken,
    key: async (tenant, scopes = ALL_SCOPES) =>
      database.withTenant(
        tenant,
        async (tx) => (await createApiKey(tx, { name: 'test', scopes, actor: 'test' })).key,
      ),
    close: async () => {
      await server.close()
      await engines.close()
      await database.close()
    },
  }
}

export interface ApiAnswer<Body> {
  readonly status: number
  readonly headers: Headers
  /** Parsed JSON; null where there is none. */
  readonly body: Body
}

/** @param body sent as JSON, or as it is when it is a string */
export async function ask<Body = Readonly<Record<string, unknown>>>(
  { url }: TestApi,
  key: string,
  method: string,
  path: string,
  { body, headers = {} }: { body?: unknown; headers?: Record<string, string> } = {},
): Promise<ApiAnswer<Body>> {
  const answer = await fetch(url + path, {
    method,
    headers: {
      authorization: `Bearer ${key}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  const text = await answer.text()
  const isJson = answer.headers.get('content-type')?.includes('json') === true
  return {
    status: answer.status,
    headers: answer.headers,
    body: (isJson && text !== '' ? JSON.parse(text) : null) as Body,
  }
}
