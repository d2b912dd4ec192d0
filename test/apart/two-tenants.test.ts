/**
 * Two tenants do everything at the same time on one installation, each with a word of its own in every field. Then
 * every place is searched for the other's word, and each tries to reach what is the other's.
 */
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readConfig } from '../../src/config.ts'
import { systemClock } from '../../src/contracts/clock.ts'
import { asCustomer } from '../../src/contracts/ids.ts'
import { openLog } from '../../src/log.ts'
import type { QueueService } from '../../src/queue/service.ts'
import { apiRoutes } from '../../src/server/api/routes.ts'
import { openMetrics, type Metrics } from '../../src/server/metrics.ts'
import { pageRoutes } from '../../src/server/pages/routes.ts'
import type { Route } from '../../src/server/route.ts'
import { startServer, type RunningServer } from '../../src/server/server.ts'
import { openService, startServiceQueue, type Service } from '../../src/service.ts'
import type { Database, Transaction } from '../../src/store/database.ts'
import { readIntervention } from '../../src/store/interventions.ts'
import { listSteps, requestStep } from '../../src/store/steps.ts'
import { databaseKind, openTestDatabase } from '../support/database.ts'
import { addCompany, type Company } from './company.ts'
import { ownPage } from '../support/own-page.ts'
import { bodyOf } from '../server/matrix.ts'

const CUSTOMERS = 120
const redisUrl = process.env['HOLDFAST_TEST_REDIS_URL']

/** Something of a tenant that another one may try to name. */
interface Things {
  readonly customers: readonly number[]
  readonly decisions: readonly number[]
  readonly interventions: readonly string[]
  readonly waiting: readonly string[]
  readonly runs: readonly string[]
}

describe(`two tenants at the same time (${databaseKind}, queue in ${redisUrl === undefined ? 'it' : 'Redis'})`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-apart-'))
  const lines: string[] = []
  const routes: readonly Route[] = [...apiRoutes, ...pageRoutes]
  let remove = async (): Promise<void> => undefined
  let service: Service
  let queue: QueueService
  let server: RunningServer
  let metrics: Metrics
  let both: readonly [Company, Company]
  const things = new Map<Company, Things>()
  const cookies = new Map<Company, string>()

  beforeAll(async () => {
    const served = databaseKind === 'embedded' ? null : await emptyServedDatabase()
    if (served !== null) remove = () => served.remove()
    const log = openLog({
      level: 'trace',
      destination: { write: (line: string) => void lines.push(line) },
    })
    metrics = openMetrics()
    service = await openService({
      config: readConfig({
        HOLDFAST_DATA: folder,
        HOLDFAST_MASTER_KEY: randomBytes(32).toString('base64'),
        HOLDFAST_THREADS: '1',
        ...(served === null ? {} : { DATABASE_URL: served.url }),
        ...(redisUrl === undefined ? {} : { REDIS_URL: redisUrl }),
      }),
      clock: systemClock,
      log,
      alone: true,
      onSystem: metrics.systemTransaction,
    })
    const { database, vault } = service
    const company = (word: string, seed: number) =>
      addCompany({
        database,
        vault,
        folder,
        word: word + randomBytes(4).toString('hex'),
        customers: CUSTOMERS,
        seed,
      })
    both = [await company('zebra', 1), await company('quokka', 2)]
    queue = await startServiceQueue(service, 'all')
    server = await startServer({
      host: '127.0.0.1',
      port: 0,
      trustProxy: false,
      services: { ...service, queue },
      routes,
      metrics,
      version: '0.0.0',
    })
    for (const company of both) cookies.set(company, await signIn(company))
    queue.wake()
    await Promise.all(both.map((one) => everything(one)))
  }, 120_000)

  afterAll(async () => {
    await server?.close()
    await queue?.drain()
    await service?.close()
    await remove()
    rmSync(folder, { recursive: true, force: true })
  })

  const other = (company: Company): Company => both[company === both[0] ? 1 : 0]
  const inTenant = <T>(company: Company, work: (tx: Transaction) => Promise<T>): Promise<T> =>
    service.database.withTenant(company.tenant, work)

  async function signIn({ signIn: token }: Company): Promise<string> {
    const answer = await fetch(`${server.url}/sign-in`, {
      method: 'POST',
      body: new URLSearchParams({ token }),
      redirect: 'manual',
    })
    expect(answer.status).toBe(303)
    return answer.headers.getSetCookie()[0].split(';')[0]
  }

  async function call(
    company: Company,
    method: string,
    path: string,
    body?: unknown,
  ): Promise<{ status: number; text: string }> {
    const isPage = !path.startsWith('/v1/')
    const answer = await fetch(server.url + path, {
      method: method.toUpperCase(),
      redirect: 'manual',
      headers: {
        ...(isPage ? ownPage(cookies.get(company)!) : { authorization: `Bearer ${company.key}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        'idempotency-key': `${company.word}-${randomBytes(6).toString('hex')}`,
        'x-request-id': `${company.word}-request`,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    return { status: answer.status, text: await answer.text() }
  }

  /** The loop, until nothing is left to do, while people and programs look on. */
  async function everything(company: Company): Promise<void> {
    const working = new AbortController()
    const looking = async (): Promise<void> => {
      while (!working.signal.aborted) {
        for (const path of [
          '/v1/customers',
          '/v1/decisions',
          '/v1/interventions',
          '/v1/runs',
          '/v1/connections',
          '/app',
        ])
          await call(company, 'get', path)
        await call(company, 'post', '/v1/score', { features: { contract: company.word, tenureMonths: 3 } })
        await sleep(20)
      }
    }
    const looked = looking()
    try {
      await settled(company)
      await inTenant(company, (tx) =>
        requestStep(tx, { connection: company.connection, step: 'observe', cause: `${company.word} asks` }),
      )
      queue.wake(company.tenant)
    } finally {
      working.abort()
      await looked
    }
    await plannedByHand(company)
    const found = await inTenant(company, async (tx) => ({
      customers: (await tx.query<{ id: number }>('select id from customers order by id')).map(({ id }) => id),
      decisions: (await tx.query<{ id: number }>('select id from decisions order by id')).map(({ id }) => id),
      interventions: (await tx.query<{ id: string }>('select id from interventions order by id')).map(
        ({ id }) => id,
      ),
      waiting: (
        await tx.query<{ id: string }>(
          "select id from interventions where state = 'awaiting_approval' order by id",
        )
      ).map(({ id }) => id),
      runs: (await tx.query<{ id: string }>('select id from runs')).map(({ id }) => id),
    }))
    things.set(company, found)
    expect(found.customers).toHaveLength(CUSTOMERS)
    expect(found.waiting.length).toBeGreaterThan(4)
    const held = { reason: `${company.word} is being talked to` }
    expect((await call(company, 'post', `/v1/customers/${found.customers[0]}/holds`, held)).status).toBe(200)
    // A person's answers, and a wish of a program.
    const [first, second, third] = found.waiting
    for (const [id, verb] of [
      [first, 'approve'],
      [second, 'reject'],
    ])
      expect(
        (await call(company, 'post', `/v1/interventions/${id}/${verb}`, { note: `${company.word} said` }))
          .status,
      ).toBe(200)
    const until = new Date(Date.now() + 86_400_000).toISOString()
    expect(
      (await call(company, 'post', `/v1/interventions/${third}/snooze`, { until, note: company.word }))
        .status,
    ).toBe(200)
    await settled(company)
  }

  /** E-mails that go, and offers that wait for a person. */
  async function plannedByHand(company: Company): Promise<void> {
    const customers = await inTenant(company, (tx) =>
      tx.query<{ id: number }>("select id from customers where group_name = 'policy' order by id limit 40"),
    )
    const asked = await Promise.all(
      customers.map(({ id: customer }, i) =>
        call(company, 'post', '/v1/interventions', {
          customer,
          action: i % 2 === 0 ? 'email' : 'discount_10',
        }),
      ),
    )
    expect(asked.filter(({ status }) => status === 201).length).toBeGreaterThan(30)
  }

  async function settled(company: Company): Promise<void> {
    const late = performance.now() + 60_000
    for (;;) {
      const { steps, sends } = await stands(company)
      if (steps.length + sends === 0) return
      if (performance.now() > late)
        throw new Error(`not done: ${steps.join(', ')}, ${sends} sends. Log: ${lines.slice(-40).join('')}`)
      await sleep(100)
    }
  }

  /** Steps that are not done, but for the one that fails, and what is still to be sent. */
  async function stands(company: Company): Promise<{ steps: readonly string[]; sends: number }> {
    return inTenant(company, async (tx) => {
      const steps = await listSteps(tx)
      const [{ sends }] = await tx.query<{ sends: number }>(
        `select count(*) as sends from interventions
         where state in ('planned', 'leased', 'sending') or state = 'deferred' and due_at <= now()`,
      )
      const undone = steps
        .filter(({ connection, step }) => connection === company.connection && step !== 'observe')
        .filter(({ lastDoneAt, state }) => lastDoneAt === null || state === 'running' || state === 'due')
      const failed = steps.find(({ connection, step }) => connection === company.broken && step === 'sync')
      return {
        steps: [...undone.map(({ step }) => step), ...(failed?.error === null ? ['broken sync'] : [])],
        sends,
      }
    })
  }

  const holds = (text: string, company: Company): boolean =>
    text.toLowerCase().includes(company.word) || text.includes(company.tenant)

  it('each finds its own in every table that the loop fills, and nothing of the other in any', async () => {
    const tables = await service.database.asSystem('a test', (tx) =>
      tx.query<{ name: string }>(
        `select table_name as name from information_schema.columns
         where table_schema = 'public' and (column_name = 'tenant_id' or table_name = 'tenants' and column_name = 'id')
         order by 1`,
      ),
    )
    expect(tables.length).toBeGreaterThan(25)
    for (const company of both) {
      const filled: string[] = []
      for (const { name } of tables) {
        const rows = await inTenant(company, (tx) => tx.query(`select * from ${name}`))
        const text = rows.map((row) => JSON.stringify(row)).join('\n')
        expect(holds(text, other(company)), name).toBe(false)
        if (holds(text, company)) filled.push(name)
      }
      expect(filled).toEqual(
        expect.arrayContaining([
          'agreements',
          'api_keys',
          'audit_log',
          'connections',
          'consents',
          'credentials',
          'customers',
          'data_keys',
          'decisions',
          'idempotent_requests',
          'intervention_events',
          'interventions',
          'models',
          'offer_codes',
          'property_changes',
          'recipients',
          'runs',
          'scores',
          'sessions',
          'settings_versions',
          'sign_in_links',
          'steps',
          'tenants',
          'write_backs',
        ]),
      )
    }
  })

  it('each sends to its own people alone, in its own words', async () => {
    const mails = service.inbox!.list().map(({ id }) => service.inbox!.read(id)!)
    for (const company of both) {
      const own = mails.filter((mail) => holds(JSON.stringify(mail), company))
      expect(own.length).toBeGreaterThan(5)
      for (const mail of own) expect(holds(JSON.stringify(mail), other(company))).toBe(false)
    }
    expect(mails.every((mail) => both.some((company) => holds(JSON.stringify(mail), company)))).toBe(true)
  })

  it('what is written back lies beside its own file', () => {
    for (const company of both) {
      const files = readdirSync(company.folder)
      expect(files.length).toBeGreaterThan(1)
      for (const file of files) {
        const text = readFileSync(join(company.folder, file), 'utf8')
        expect(holds(text, other(company)), file).toBe(false)
      }
    }
  })

  it('no line of the log tells of two, and each that tells of one names it', () => {
    expect(lines.length).toBeGreaterThan(50)
    for (const company of both) {
      const own = lines.filter((line) => holds(line, company))
      expect(own.length).toBeGreaterThan(20)
      for (const line of own) {
        expect(holds(line, other(company)), line).toBe(false)
        expect(JSON.parse(line), line).toMatchObject({ tenant: company.tenant })
      }
    }
  })

  it('no job holds more than ids, all of one tenant', async () => {
    // How many jobs there are follows from how many interventions happened to be due together.
    const told = new Set<string>()
    for (const each of queue.queues) {
      for (const job of await each.getJobs(['completed', 'failed', 'waiting', 'active', 'delayed'], 0, -1)) {
        const { id, name, data, returnvalue, failedReason, stacktrace, opts } = job
        const text = JSON.stringify({
          id,
          name,
          data,
          returnvalue,
          failedReason,
          stacktrace,
          opts,
        }).toLowerCase()
        for (const { word } of both) expect(text).not.toContain(word)
        const company = both.find(({ tenant }) => tenant === data.tenant)!
        expect(text).not.toContain(other(company).tenant)
        const mine: readonly string[] = [company.connection, company.broken, ...(await idsOf(company))]
        for (const id of data.interventions ?? [data.connection!]) {
          expect(mine).toContain(id)
          told.add(id)
        }
        expect(Object.keys(data)).toHaveLength(2)
        expect(['done', 'skipped', 'interrupted', null, undefined]).toContain(returnvalue)
        if (failedReason !== undefined && failedReason !== null) expect(failedReason).toMatch(/^[a-z_]+$/)
      }
    }
    expect(told.size).toBeGreaterThan(20)
    for (const company of both) {
      expect(told).toContain(company.connection)
      const ids = await idsOf(company)
      expect(ids.filter((id) => told.has(id)).length).toBeGreaterThan(5)
    }
  })

  async function idsOf(company: Company): Promise<string[]> {
    const rows = await inTenant(company, (tx) => tx.query<{ id: string }>('select id from interventions'))
    return rows.map(({ id }) => id)
  }

  it('no figure names a tenant', async () => {
    const text = await metrics.registry.metrics()
    expect(text).toContain('holdfast_queue_jobs')
    expect(text).toContain('holdfast_system_transactions_total')
    for (const company of both) expect(holds(text, company)).toBe(false)
  })

  it("whatever is asked with the other's ids is answered as if they did not exist", async () => {
    // What is for people alone, or by a number of its own: test/server/access.test.ts.
    const withIds = routes.filter(
      ({ path, access }) =>
        path.includes('{id}') &&
        path.startsWith('/v1/') &&
        !/\/(alerts|erasures|data-exports|runs|training)\//.test(path) &&
        // What asks the CRM: test/server/access.test.ts.
        !/(check|disconnect|population|responsible|mapping|agreements)/.test(path) &&
        access !== 'public' &&
        access.scope !== null,
    )
    expect(withIds.length).toBeGreaterThan(7)
    for (const company of both) {
      const own = things.get(company)!
      const foreign = things.get(other(company))!
      const idOf = (path: string, of: Things, at: Company): string =>
        path.includes('/customers/')
          ? String(of.customers[0])
          : path.includes('/decisions/')
            ? String(of.decisions[0])
            : path.includes('/connections/')
              ? at.connection
              : of.waiting[4]
      for (const { method, path } of withIds) {
        const takes = bodyOf(`${method} ${path}`, { customer: 0, tenant: company.tenant })
        const body = method === 'get' ? undefined : (takes ?? {})
        const tried = await call(
          company,
          method,
          path.replace('{id}', idOf(path, foreign, other(company))),
          body,
        )
        expect([method, path, tried.status]).toEqual([method, path, 404])
        expect(holds(tried.text, other(company))).toBe(false)
        if (method !== 'get') continue
        const mine = await call(company, method, path.replace('{id}', idOf(path, own, company)))
        expect([path, mine.status]).toEqual([path, 200])
        // Amounts, dates and features of the model are nobody's word.
        if (!/\/(budget|try|counts|message)$/.test(path)) expect(holds(mine.text, company), path).toBe(true)
      }
      const scored = await call(company, 'post', '/v1/score', { id: foreign.customers[0] })
      expect(scored.status).toBe(404)
      const planned = await call(company, 'post', '/v1/interventions', {
        customer: foreign.customers[0],
        action: 'email',
      })
      expect(planned.status).toBe(404)
      const many = await call(company, 'post', '/v1/score', {
        customers: [{ id: own.customers[0] }, { id: foreign.customers[0] }],
      })
      expect(many.status).toBe(200)
      expect(many.text).toContain('not_found')
      expect(holds(many.text, other(company))).toBe(false)
    }
  })

  it("lists hold one's own, and none of the other's when its ids filter them", async () => {
    for (const company of both) {
      const foreign = things.get(other(company))!
      const lists = [
        '/v1/customers',
        '/v1/decisions',
        '/v1/interventions',
        '/v1/runs',
        '/v1/connections',
        '/v1/settings',
      ]
      for (const path of lists) {
        const { status, text } = await call(company, 'get', path)
        expect([path, status]).toEqual([path, 200])
        expect(holds(text, other(company)), path).toBe(false)
        for (const id of [...foreign.interventions, ...foreign.runs]) expect(text).not.toContain(id)
      }
      for (const table of ['customers', 'decisions', 'interventions']) {
        const { status, text } = await call(company, 'get', `/v1/exports/${table}`)
        expect([table, status]).toEqual([table, 200])
        expect(text.split('\n').length).toBeGreaterThan(20)
        expect(holds(text, other(company)), table).toBe(false)
      }
      for (const query of [
        `customers?connection=${other(company).connection}`,
        `customers?externalId=${other(company).word}%20C-000001`,
        `decisions?customer=${foreign.customers[0]}`,
        `interventions?customer=${foreign.customers[0]}`,
        `runs?connection=${other(company).connection}`,
      ]) {
        const { text } = await call(company, 'get', `/v1/${query}`)
        expect([query, (JSON.parse(text) as { items?: unknown[] }).items ?? []]).toEqual([query, []])
      }
    }
  })

  it('pages show nothing of the other, and refuse what is the installation’s', async () => {
    for (const company of both) {
      const mails = service.inbox!.list().map(({ id }) => id)
      for (const path of [
        '/inbox',
        ...mails.flatMap((id) => [`/inbox/${id}`, `/inbox/${id}/mail`]),
        '/admin/queues',
        '/metrics',
      ]) {
        const { text } = await call(company, 'get', path)
        expect(holds(text, other(company)), path).toBe(false)
      }
    }
  })

  it("the tenant's role reaches nothing of the other, whatever it tries", async () => {
    const [mine, theirs] = both
    const customer = asCustomer(things.get(theirs)!.customers[0])
    const intervention = things.get(theirs)!.interventions[0]
    const tries: readonly (readonly [text: string, values: readonly unknown[]])[] = [
      ['select * from customers where tenant_id = $1', [theirs.tenant]],
      ['select * from customers where id = $1', [customer]],
      ["update customers set name = 'taken' where tenant_id = $1 returning id", [theirs.tenant]],
      ['update customers set tenant_id = $1 where tenant_id = $2 returning id', [mine.tenant, theirs.tenant]],
      ['delete from interventions where id = $1 returning id', [intervention]],
      ['select name from tenants where id = $1', [theirs.tenant]],
      ["update tenants set name = 'taken' where id = $1 returning id", [theirs.tenant]],
    ]
    for (const [text, values] of tries) {
      const rows = await inTenant(mine, (tx) => tx.query(text, values))
      expect(rows, text).toEqual([])
    }
    const refused: readonly (readonly [statement: string, values?: readonly unknown[]])[] = [
      [
        'insert into suppressions (tenant_id, address_hash, channel, reason, source) values ($1, $2, $3, $4, $5)',
        [theirs.tenant, Buffer.alloc(32), 'email', 'by_hand', 'a try'],
      ],
      ['update customers set tenant_id = $1', [theirs.tenant]],
      ['alter table customers disable row level security'],
      ['alter table customers no force row level security'],
      ['drop policy one_tenant on customers'],
      ['create policy mine on customers using (true)'],
      ['alter role holdfast_tenant bypassrls'],
      ['truncate customers cascade'],
      ...(redisUrl === undefined ? [['select * from bullmq.job'] as const] : []),
      ['select * from leases'],
      ['delete from decisions'],
      ["update audit_log set actor = 'nobody'"],
      ['delete from intervention_events'],
      ['create table public.mine as select * from customers'],
    ]
    const passed: string[] = []
    for (const [text, values] of refused) {
      const cause = await inTenant(mine, (tx) => tx.query(text, values)).catch((error: Error) => error)
      const isRefused =
        cause instanceof Error && /denied|must be (owner|superuser)|policy/i.test(cause.message)
      if (!isRefused) passed.push(`${text}: ${String(cause)}`)
    }
    expect(passed).toEqual([])
    // Turned off, row-level security does not show all: it refuses.
    await expect(
      inTenant(mine, async (tx) => {
        await tx.query('set local row_security = off')
        return tx.query('select * from customers')
      }),
    ).rejects.toThrow(/row-level security/)
    // A row of one's own does not hang on to a customer of the other.
    await expect(
      inTenant(mine, (tx) =>
        tx.query(
          `insert into interventions (tenant_id, id, customer_id, connection_id, action_key, channel, idempotency_key,
             state, expires_at, currency, created_by)
           values ($1, gen_random_uuid(), $2, $3, 'email', 'email', 'a try', 'planned', now(), 'EUR', 'a try')`,
          [mine.tenant, customer, mine.connection],
        ),
      ),
    ).rejects.toMatchObject({ code: '23503' })
    // Nothing of it left a trace.
    const theirsNow = await inTenant(theirs, async (tx) => ({
      customers: (await tx.query("select id from customers where name = 'taken'")).length,
      intervention: await readIntervention(tx, intervention as never).then(({ id }) => id),
    }))
    expect(theirsNow).toEqual({ customers: 0, intervention })
  })

  it('a transaction of no tenant in particular sees no row', async () => {
    await service.database.asSystem('a test', async (tx) => {
      await tx.query('set local role holdfast_tenant')
      expect(await tx.query('select id from customers')).toEqual([])
      await tx.query("select set_config('holdfast.tenant', '', true)")
      expect(await tx.query('select id from customers')).toEqual([])
    })
  })
})

async function emptyServedDatabase(): Promise<{ url: string; remove(): Promise<void> }> {
  const database: Database = await openTestDatabase()
  const url = new URL(process.env['HOLDFAST_TEST_DATABASE_URL'] ?? '')
  url.pathname = await database.asSystem('the name of a test database', async (tx) => {
    const [{ name }] = await tx.query<{ name: string }>('select current_database() as name')
    return name
  })
  return { url: url.href, remove: () => database.close() }
}
