/**
 * Whatever an admin's browser or program sends to any route: it is answered, in time, and never with a mistake of ours.
 *
 * A longer run: HOLDFAST_TEST_FUZZ=500 (requests a route); the same one again: HOLDFAST_TEST_FUZZ_SEED=<what was printed>.
 */
import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { HoldfastError } from '../../src/contracts/errors.ts'
import type { TenantId } from '../../src/contracts/ids.ts'
import { openEngines } from '../../src/loop/engines.ts'
import { API_SCOPES } from '../../src/security/access.ts'
import { apiRoutes } from '../../src/server/api/routes.ts'
import { salesforceCallback } from '../../src/server/oauth/salesforce.ts'
import { pageRoutes } from '../../src/server/pages/routes.ts'
import type { Route } from '../../src/server/route.ts'
import type { Database } from '../../src/store/database.ts'
import { fillBook } from '../support/book.ts'
import { addConnection, addTenant, databaseKind, openTestDatabase } from '../support/database.ts'
import { addIntervention } from '../support/ledger.ts'
import { addHeldPerson } from '../support/person.ts'
import { withoutCrm } from '../server/companies.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import type { Known } from './fuzz/from-schema.ts'
import { ask, requestsTo, type FuzzedAnswer, type FuzzedRequest } from './fuzz/requests.ts'

const RUNS = Number(process.env['HOLDFAST_TEST_FUZZ'] ?? 8)
const SEED = Number(process.env['HOLDFAST_TEST_FUZZ_SEED'] ?? Math.floor(Math.random() * 2 ** 31))

let database: Database
let server: TestServer
let here: TenantId
let there: TenantId
let known: Known
let key: string
const engines = openEngines({ threads: 1, dataFolder: 'there is none' })

const refused = (): Promise<never> =>
  Promise.reject(new HoldfastError('connector_configuration', 'There is none in this test.'))
const NO_JOBS = { waiting: 0, active: 0, delayed: 0, failed: 0, completed: 0 }

beforeAll(async () => {
  process.stdout.write(`fuzzed with the seed ${SEED}, ${RUNS} requests a route\n`)
  database = await openTestDatabase()
  const steps = ['sync', 'refresh', 'score', 'decide', 'write_back', 'observe', 'solve', 'act'] as const
  server = await startTestServer(
    database,
    [...apiRoutes, ...pageRoutes, salesforceCallback(refused)],
    { drainMs: 1000 },
    {
      engines,
      connectors: { can: () => true, open: refused },
      settingUp: withoutCrm(database, engines),
      queue: {
        wake: () => undefined,
        queues: [],
        counts: async () => ({
          queues: Object.fromEntries(steps.map((name) => [name, NO_JOBS])) as never,
          dueSteps: 0,
          dueInterventions: 0,
          deadSteps: 0,
        }),
      },
      inbox: { list: () => [], read: () => null, clear: () => undefined },
      texts: {
        accountSid: 'AC1',
        authToken: 'token',
        list: () => [],
        read: () => null,
        receive: async () => ({ status: null, answer: null }),
      },
    },
  )
  here = await addTenant(database, 'Here')
  const connection = await addConnection(database, here)
  const { first } = await fillBook(database, here, connection, { count: 3, decided: 1 })
  const intervention = await addIntervention(
    database,
    { tenant: here, connection, customer: first as never },
    { state: 'awaiting_approval' },
  )
  known = { uuids: [connection, intervention], numbers: [first, first + 1] }
  there = (await addHeldPerson(database)).tenant
  key = await server.key(here, ...API_SCOPES)
})
afterAll(async () => {
  await server.close()
  await engines.close()
  await database.close()
})

/** Which of our answers may say 503: what asks a model that is not there, or a CRM, which none is here. */
const isAway = (route: Route, { status, text }: FuzzedAnswer): boolean =>
  status === 503 && (route.path === '/v1/score' || text.includes('"code":"connector_unavailable"'))

function judge(route: Route, asked: FuzzedRequest, answer: FuzzedAnswer): void {
  const told = `${asked.method} ${asked.path.slice(0, 200)} ${asked.body?.toString().slice(0, 300)} -> ${answer.status} ${answer.text.slice(0, 300)}\n${server.log().slice(-1500)}`
  if (answer.status >= 500 && !isAway(route, answer)) throw new Error(told)
  // What went wrong inside is nobody's affair.
  if (
    /node_modules|at \w+ \(|\.ts:\d+|PGlite|syntax error at|invalid input syntax/.test(answer.text) &&
    answer.status >= 400
  )
    throw new Error(`an answer tells of our inside: ${told}`)
}

describe(`every route (${databaseKind})`, () => {
  it('is among those that are asked', () => {
    const asked = new Set(server.routes.map(({ method, path }) => `${method} ${path}`))
    const mounts = server.access.filter(({ method, path }) => !asked.has(`${method} ${path}`))
    expect(mounts.map(({ path }) => path)).toEqual(['/admin/queues'])
  })

  it(
    'answers whatever an admin sends, by a key and by a session, and other companies notice nothing',
    async () => {
      const before = await rowsOf(there)
      // Whoever tries to sign in too often has to wait: that comes last.
      const isSignIn = ({ path }: Route): number => Number(path === '/sign-in')
      const routes = server.routes.toSorted((a, b) => isSignIn(a) - isSignIn(b))
      const cookies = []
      for (const _ of routes) cookies.push(await server.cookie(here, 'admin', true))
      for (const [at, route] of routes.entries()) {
        const session = { cookie: cookies[at], 'sec-fetch-site': 'same-origin' }
        const byKey = route.access !== 'public' && route.access.scope !== null
        await fc.assert(
          fc.asyncProperty(requestsTo(route, known), fc.boolean(), async (asked, shown) => {
            const credentials = shown && byKey ? { authorization: `Bearer ${key}` } : session
            judge(route, asked, await ask(server.port, asked, credentials))
          }),
          { seed: SEED + at, numRuns: RUNS, endOnFailure: process.env['CI'] === undefined },
        )
      }
      expect(await rowsOf(there)).toEqual(before)
      expect((await server.fetch('/healthz')).status).toBe(200)
      const list = await server.fetch('/v1/customers', { headers: { authorization: `Bearer ${key}` } })
      expect(list.status).toBe(200)
    },
    (180 + RUNS * 10) * 1000,
  )
})

/** Everything that a company has, by table. */
async function rowsOf(tenant: TenantId): Promise<Readonly<Record<string, string>>> {
  const tables = await database.asSystem('a test', (tx) =>
    tx.query<{ name: string }>(
      `select table_name as name from information_schema.columns where table_schema = 'public' and column_name = 'tenant_id'`,
    ),
  )
  const found: [string, string][] = []
  for (const { name } of tables) {
    const rows = await database.withTenant(tenant, (tx) =>
      tx.query(`select to_jsonb(t)::text as row from ${name} t where tenant_id = $1 order by 1`, [tenant]),
    )
    found.push([name, JSON.stringify(rows)])
  }
  return Object.fromEntries(found)
}
