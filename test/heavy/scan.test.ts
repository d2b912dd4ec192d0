/**
 * sqlmap and wapiti, as Debian has them, over the running app: with a key over every operation of the OpenAPI document
 * that takes something, with a session over its pages. Any finding fails.
 */
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PAGES } from '../../src/admin/pages.ts'
import { createWorkshop, csv, customers, holdfast, telcoHeader } from '../cli/command.ts'
import { startServerProcess, type ServerProcess } from '../service/server-process.ts'
import { addTenant, openTestDatabase } from '../support/database.ts'
import { shareOf } from '../support/share.ts'
import { startFront } from './scan/front.ts'
import { startHoles } from './scan/holes.ts'
import { inParts, operationsOf, type Named, type OpenApi, type Operation } from './scan/operations.ts'
import { requestFile, sqlmap, type Scanned } from './scan/sqlmap.ts'
import { wapiti } from './scan/wapiti.ts'

/** Beside other suites, with what those leave of the processor. */
const HALF_AN_HOUR = 30 * 60_000

const isThere = existsSync('/usr/bin/sqlmap') && existsSync('/usr/bin/wapiti')
const folder = mkdtempSync(join(tmpdir(), 'holdfast-scan-'))
const { at, write, remove } = createWorkshop()
afterAll(() => {
  remove()
  rmSync(folder, { recursive: true, force: true })
})

// Without the tools there is nothing to run; .ci/run installs Debian's sqlmap and wapiti.
describe.skipIf(!isThere)('the scanners', () => {
  it('find what there is to be found where there is a hole', async () => {
    const database = await openTestDatabase()
    await addTenant(database, 'admin')
    const holes = await startHoles(database)
    const host = new URL(holes.url).host
    const { text } = requestFile(
      { host, credentials: {} },
      { method: 'GET', path: '/', given: [], query: { name: 'admin' }, headers: {}, body: null },
    )
    const [injected, scanned] = await Promise.all([
      sqlmap(join(folder, 'holes-sqlmap'), 'holes', text),
      wapiti(join(folder, 'holes-wapiti'), { url: `${holes.url}/`, seconds: 30 }),
    ])
    await holes.close()
    await database.close()
    expect(injected.found, injected.output).not.toEqual([])
    const kinds = new Set(scanned.found.map((one) => one.split(':')[0]))
    expect([...kinds], scanned.output).toEqual(
      expect.arrayContaining(['SQL Injection', 'Cross Site Scripting']),
    )
  })
})

// As above.
describe.skipIf(!isThere)('the running app', () => {
  const env = { HOLDFAST_DATA: at('data'), LOG_LEVEL: 'warn', PUBLIC_URL: 'https://scan.example' }
  let server: ServerProcess
  let key = ''
  let session: Readonly<Record<string, string>>
  let api: OpenApi
  let known: { uuids: string[]; numbers: number[] }
  let named: Named

  beforeAll(async () => {
    const run = async (...args: string[]) => {
      const done = await holdfast([...args, '--json'], { env })
      expect(done.code, done.err).toBe(0)
      return done.last as unknown as { key: string }
    }
    await run('company', 'Scanned')
    await run('connect', write('customers.csv', csv(telcoHeader, customers(12))), '--customers', 'everyone')
    await run('activate')
    server = await startServerProcess(env)
    await run('run')
    ;({ key } = await run('key', 'scanner', '--scopes', 'score,read,write,export,admin'))
    const token = new URL(server.signIn).searchParams.get('token')!
    const signedIn = await fetch(`${server.url}/sign-in`, {
      method: 'POST',
      redirect: 'manual',
      headers: { 'Content-Type': 'application/x-www-form-urlencoded', Origin: env.PUBLIC_URL },
      body: new URLSearchParams({ token }),
    })
    expect(signedIn.status).toBe(303)
    session = { Cookie: signedIn.headers.getSetCookie()[0].split(';')[0], 'Sec-Fetch-Site': 'same-origin' }
    const ask = async (path: string): Promise<unknown> =>
      (await fetch(server.url + path, { headers: { authorization: `Bearer ${key}` } })).json()
    const idsOf = async (path: string) => {
      const { items } = (await ask(path)) as { items: readonly { id: string | number }[] }
      return items.map(({ id }) => id)
    }
    api = (await ask('/openapi.json')) as typeof api
    const some = await idsOf('/v1/customers?limit=2')
    const connections = await idsOf('/v1/connections')
    const planned = await idsOf('/v1/interventions?limit=2')
    const runs = await idsOf('/v1/runs?limit=2')
    known = {
      uuids: [...connections, ...planned].map(String),
      numbers: some.map(Number),
    }
    const places = [
      ['/v1/connections/', connections],
      ['/v1/interventions/', planned],
      ['/v1/customers/', some],
      ['/v1/runs/', runs],
    ] as const
    named = (path, name) => {
      const [id] =
        name === 'connection'
          ? connections
          : name === 'customer'
            ? some
            : name === 'id'
              ? (places.find(([start]) => path.startsWith(start))?.[1] ?? [])
              : []
      return id === undefined ? undefined : String(id)
    }
  })
  afterAll(() => server.end())

  it(
    'gives sqlmap nothing in any operation that takes something',
    async () => {
      const credentials = { Authorization: `Bearer ${key}` }
      const front = await startFront(server.url, { headers: credentials, closed: /^$/ })
      const host = new URL(front.url).host
      const whole = operationsOf(api, known, named)
      expect(whole.length).toBeGreaterThan(30)
      const operations: Operation[] = []
      for (const one of shareOf(whole)) {
        const parts = await inParts(one, async ({ path, query }) => {
          const answer = await fetch(`${front.url}${path}?${new URLSearchParams(query)}`)
          if (answer.status === 400) return { status: 400, body: await answer.json() }
          await answer.body?.cancel()
          return { status: answer.status, body: null }
        })
        operations.push(...parts)
      }
      const waiting = operations.map((operation, index) => ({ operation, index }))
      const scanned: Scanned[] = []
      let marks = 0
      const scanOne = async (): Promise<void> => {
        for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
          const request = requestFile({ host, credentials }, next.operation)
          marks += request.marks
          const name = `${next.operation.method} ${next.operation.path}`
          scanned.push(await sqlmap(join(folder, `sqlmap-${next.index}`), name, request.text))
        }
      }
      await Promise.all(Array.from({ length: availableParallelism() }, scanOne))
      await front.close()
      const tried = scanned.reduce((sum, one) => sum + one.tried, 0)
      process.stdout.write(`sqlmap: ${scanned.length} operations, ${tried} of ${marks} values tried\n`)
      for (const one of scanned) expect(one.found, `${one.name}\n${one.output}`).toEqual([])
      const untried = scanned
        .filter(({ tried: many }) => many === 0)
        .map(({ name, output }) => `${name}\n${output}`)
      expect(untried).toEqual([])
    },
    HALF_AN_HOUR,
  )

  it('gives wapiti nothing, by a session over its pages and by a key over its addresses', async () => {
    // A stream of events has no end that a crawler could wait for.
    const closed = /^\/(sign-out|v1\/(exports|events))/
    const people = await startFront(server.url, { headers: session, closed })
    const programs = await startFront(server.url, { headers: { Authorization: `Bearer ${key}` }, closed })
    const gets = operationsOf(api, known, named).filter(({ method }) => method === 'GET')
    const app = PAGES.map(({ path }) => path).filter((path) => !path.includes('{'))
    const starts = [...app, '/inbox', '/texts', '/docs']
    const pages = await wapiti(join(folder, 'wapiti-pages'), {
      url: `${people.url}/`,
      starts: starts.map((path) => people.url + path),
      seconds: 45,
    })
    const addresses = await wapiti(join(folder, 'wapiti-addresses'), {
      url: `${programs.url}/docs`,
      starts: gets.map(({ path, query }) => `${programs.url}${path}?${new URLSearchParams(query)}`),
      seconds: 30,
    })
    await people.close()
    await programs.close()
    expect(pages.found, pages.output).toEqual([])
    expect(addresses.found, addresses.output).toEqual([])
    process.stdout.write(`wapiti: ${pages.crawled} pages, ${addresses.crawled} addresses\n`)
    expect(pages.crawled, pages.output).toBeGreaterThan(15)
    expect(addresses.crawled, addresses.output).toBeGreaterThan(15)
  })

  it('made no mistake of its own meanwhile, and still answers', async () => {
    const failed = server
      .log()
      .split('\n')
      .filter((line) => line.includes('"level":"error"'))
    expect(failed).toEqual([])
    expect((await fetch(`${server.url}/healthz`)).status).toBe(200)
  })
})
