/** Flows of a Salesforce org call the service by the package: a batch of records in one request, each with one effect. */
import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { seedSampleOrg } from '../../connectors/salesforce/sandbox/sample.ts'
import { startSalesforceSandbox, type SalesforceSandbox } from '../../connectors/salesforce/sandbox/server.ts'
import { readConfig } from '../../src/config.ts'
import { systemClock } from '../../src/contracts/clock.ts'
import { asConnection, type ConnectionId, type TenantId } from '../../src/contracts/ids.ts'
import { COMMAND_LINE } from '../../src/control/acting-person.ts'
import { connectOrg } from '../../src/control/connect-salesforce.ts'
import { connectOptions } from '../../src/control/salesforce-choices.ts'
import { openLog } from '../../src/log.ts'
import type { QueueService } from '../../src/queue/service.ts'
import { createPackageKey } from '../../src/security/api-keys.ts'
import { flowResult, type FlowResult } from '../../src/server/crm/salesforce-flow.ts'
import { startServer, type RunningServer } from '../../src/server/server.ts'
import { openService, startServiceQueue, type Service } from '../../src/service.ts'
import { setConnectionStatus } from '../../src/store/connections.ts'
import { activateTenant, createTenant } from '../../src/store/tenants.ts'

let folder: string
let org: SalesforceSandbox
let service: Service
let queue: QueueService | null = null
let server: RunningServer
let tenant: TenantId
let connection: ConnectionId
let key: string
let customers: readonly string[]

async function open(): Promise<void> {
  service = await openService({
    config: readConfig({
      HOLDFAST_DATA: folder,
      SALESFORCE_LOGIN_URL: org.url,
      SALESFORCE_CLIENT_ID: org.app.clientId,
      SALESFORCE_CLIENT_SECRET: org.app.clientSecret,
    }),
    clock: systemClock,
    log: openLog({ level: 'silent' }),
    alone: true,
  })
  server = await startServer({
    host: '127.0.0.1',
    port: 0,
    trustProxy: false,
    services: { ...service, queue: null },
    routes: [],
    version: '0',
  })
}
async function close(): Promise<void> {
  await server?.close()
  await rest()
  await service?.close()
}
const work = async (): Promise<void> => {
  queue ??= await startServiceQueue(service, 'all')
  queue.wake()
}
const rest = async (): Promise<void> => {
  await queue?.drain()
  queue = null
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-flow-'))
  org = await startSalesforceSandbox({
    clock: systemClock,
    seed: (state) => void seedSampleOrg(state, { customers: 300, seed: 5 }),
  })
  await open()
  tenant = await service.database.asSystem('a test', (tx) => createTenant(tx, 'Acme'))
  const made = await connectOrg(service, {
    tenant,
    wanted: connectOptions.parse({ refreshToken: 'x', customers: 'Type=Customer' }),
    signedIn: await service.salesforce.signIn(tenant, {
      auth: 'web',
      refreshToken: org.authorize().refreshToken,
    }),
    by: COMMAND_LINE,
    report: () => undefined,
    wake: () => undefined,
  })
  connection = asConnection(String(made.id))
  await service.database.withTenant(tenant, (tx) => activateTenant(tx, tenant))
  ;({ key } = await service.database.withTenant(tenant, (tx) =>
    createPackageKey(tx, { name: 'Package', account: org.org, actor: 'a test' }),
  ))
  await work()
  await until(async () => (await rows('select 1 from decisions')).length > 260)
  customers = (
    await rows<{ id: string }>(
      `select c.external_id as id from customers c join decisions d on d.customer_id = c.id
       where c.status = 'active' and c.group_name = 'policy' order by c.id`,
    )
  ).map(({ id }) => id)
})
afterAll(async () => {
  await close()
  await org?.close()
  rmSync(folder, { recursive: true, force: true })
})
beforeEach(work)

const rows = <Row extends object>(text: string, ...values: readonly unknown[]): Promise<Row[]> =>
  service.database.withTenant(tenant, (tx) => tx.query(text, values))

async function until(is: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + 60_000
  while (!(await is())) {
    if (performance.now() > end) throw new Error('It is not so after a minute.')
    await sleep(100)
  }
}

interface Call {
  readonly id: string
  readonly record: string
  readonly actionKey?: string
}

async function flow(action: string, calls: readonly Call[]): Promise<readonly FlowResult[]> {
  const answer = await fetch(`${server.url}/crm/salesforce/flow`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${key}`,
      'x-holdfast-org': org.org,
      'x-holdfast-user': org.user.id,
      'content-type': 'application/json',
    },
    body: JSON.stringify({ action, calls }),
  })
  const body = (await answer.json()) as { results: FlowResult[] }
  expect(answer.status, JSON.stringify(body)).toBe(200)
  expect(body.results.map(({ id }) => id)).toEqual(calls.map(({ id }) => id))
  for (const result of body.results) expect(flowResult.strict().parse(result)).toEqual(result)
  return body.results
}
const callsFor = (ids: readonly string[], actionKey?: string): readonly Call[] =>
  ids.map((record) => ({
    id: randomUUID(),
    record,
    ...(actionKey === undefined ? {} : { actionKey }),
  }))
/** Asked again until all is known, as a Flow that waits a little would. */
async function known(action: string, calls: readonly Call[]): Promise<readonly FlowResult[]> {
  for (const end = performance.now() + 60_000; performance.now() < end;) {
    const results = await flow(action, calls)
    if (results.every(({ status }) => status !== 'pending')) return results
  }
  throw new Error('not all is known')
}
const inState = async (state: string, calls: readonly Call[]): Promise<number> =>
  (
    await rows(
      'select 1 from workflow_calls where state = $1 and callback = any ($2::text[])',
      state,
      calls.map(({ id }) => id),
    )
  ).length

describe('scoring by a Flow', () => {
  it('takes 200 records in one request, with one result for each in their order', async () => {
    const ids = customers.slice(0, 200)
    expect(ids).toHaveLength(200)
    const calls = callsFor(ids)
    const results = await known('score', calls)
    expect(new Set(results.map(({ status }) => status))).toEqual(new Set(['done']))
    const scores = new Map(
      (
        await rows<{ id: string; probability: number }>(
          'select c.external_id as id, s.probability from scores s join customers c on c.id = s.customer_id',
        )
      ).map(({ id, probability }) => [id, probability]),
    )
    for (const [at, result] of results.entries()) {
      expect(result.riskPercent).toBeCloseTo(scores.get(ids[at])! * 100, 1)
      expect(result.riskLevel).toMatch(/^(HIGH|MEDIUM|LOW)$/)
      // Of whom it is not known what they pay there is no amount.
      expect(result.valueAtRisk === undefined).toBe(result.currencyCode === undefined)
    }
    expect(await inState('told', calls)).toBe(200)
  })

  it('reads and scores once for what comes twice', async () => {
    await rest()
    const calls = callsFor(customers.slice(0, 20))
    const receipts = () => rows(`select 1 from webhook_receipts where dedup_key like 'workflow:%'`)
    const before = (await receipts()).length
    const [one, two] = await Promise.all([flow('score', calls), flow('score', calls.toReversed())])
    expect(new Set([...one, ...two].map(({ status }) => status))).toEqual(new Set(['pending']))
    expect((await receipts()).length).toBe(before + 20)
    await work()
    const results = await known('score', calls)
    expect(await known('score', calls)).toEqual(results)
    expect((await receipts()).length).toBe(before + 20)
  })

  it('goes on after a restart in the middle', async () => {
    await rest()
    const calls = callsFor(customers.slice(20, 25))
    expect((await flow('score', calls))[0].status).toBe('pending')
    await close()
    await open()
    await work()
    expect((await known('score', calls)).every(({ status }) => status === 'done')).toBe(true)
  })

  it('says of each what it is, whatever the others are', async () => {
    const [record] = customers
    const [outsider] = await rows<{ id: string }>(
      `select external_id as id from customers where status <> 'active'`,
    )
    const stranger = org.state.createRecord('Account', { Name: 'Nobody', Type: 'Prospect' })
    const calls = [
      { id: 'a', record: '' },
      { id: 'b', record: '006Hp00000000001AA' },
      { id: 'c', record: 'no id at all' },
      { id: 'd', record: '003Hp00000000001AA' },
      { id: 'e', record },
      { id: 'f', record: outsider?.id ?? stranger },
      { id: 'e', record },
      { id: 'e', record: customers[1] },
    ].map((call) => ({ ...call, id: `mixed-${call.id}` }))
    const results = await known('score', calls)
    expect(results.map(({ status }) => status)).toEqual([
      'refused',
      'refused',
      'refused',
      'not_connected',
      'done',
      'not_a_customer',
      'done',
      'refused',
    ])
    expect(results[0].sentence).toContain('no record was given')
    expect(results[7].sentence).toContain('was another one')
    expect(results[6]).toEqual(results[4])
  })

  it('says that a connection is paused rather than having Flows wait for it', async () => {
    await service.database.withTenant(tenant, (tx) =>
      setConnectionStatus(tx, connection, 'paused', 'A test.'),
    )
    const [result] = await flow('score', callsFor([customers[0]]))
    expect(result.status).toBe('not_connected')
    await service.database.withTenant(tenant, (tx) => setConnectionStatus(tx, connection, 'active', null))
  })
})

describe('deciding by a Flow', () => {
  it('tells 200 decisions that stand, and takes none beside them', async () => {
    const before = (await rows('select 1 from decisions')).length
    const results = await flow('decide', callsFor(customers.slice(0, 200)))
    expect(new Set(results.map(({ status }) => status))).toEqual(new Set(['done']))
    expect(results[0]).toMatchObject({
      actionKey: expect.any(String),
      actionName: expect.any(String),
      currencyCode: 'EUR',
    })
    expect((await rows('select 1 from decisions')).length).toBe(before)
  })
})

describe('starting interventions by a Flow', () => {
  const planned = (ids: readonly string[]) =>
    rows<{ id: string }>(
      `select i.id from interventions i join customers c on c.id = i.customer_id
       where c.external_id = any ($1::text[]) and i.action_key = 'email'`,
      [...ids],
    )

  it('plans one for each record, however often it is asked, and says why where rules refuse it', async () => {
    const ids = customers.slice(-8)
    const before = (await planned(ids)).length
    const calls = callsFor(ids, 'email')
    const [one, two] = await Promise.all([flow('intervene', calls), flow('intervene', calls)])
    expect(two).toEqual(one)
    const done = one.filter(({ status }) => status === 'done')
    const refused = one.filter(({ status }) => status === 'refused')
    expect(done.length + refused.length).toBe(8)
    expect(done.length, JSON.stringify(one)).toBeGreaterThan(0)
    for (const { intervention, interventionState } of done) {
      expect(intervention).toMatch(/^[0-9a-f-]{36}$/)
      expect(interventionState).toBeTruthy()
    }
    for (const { sentence } of refused) expect(sentence.length).toBeGreaterThan(10)
    expect((await planned(ids)).length).toBe(before + done.length)
    expect(await flow('intervene', calls)).toEqual(one)
    expect((await planned(ids)).length).toBe(before + done.length)
  })

  it('refuses an action that is none, for the record that it is asked for', async () => {
    const [result] = await flow('intervene', callsFor([customers[0]], 'levitate'))
    expect(result).toMatchObject({ status: 'refused', sentence: expect.stringContaining('levitate') })
  })
})
