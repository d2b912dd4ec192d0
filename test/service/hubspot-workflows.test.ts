/** Workflows of HubSpot call the service: the sandbox enrols records, and the service answers, now or later. */
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { APP_PATHS } from '../../connectors/hubspot/app.ts'
import { WORKFLOW_DEFINITIONS } from '../../connectors/hubspot/workflow-actions.ts'
import { seedSample } from '../../connectors/hubspot/sandbox/sample.ts'
import { startHubSpotSandbox, type HubSpotSandbox } from '../../connectors/hubspot/sandbox/server.ts'
import { startWorkflows, type Workflows } from '../../connectors/hubspot/sandbox/workflows.ts'
import { readConfig } from '../../src/config.ts'
import { systemClock } from '../../src/contracts/clock.ts'
import { asConnection, type ConnectionId, type TenantId } from '../../src/contracts/ids.ts'
import { connectPortal } from '../../src/control/connect-hubspot.ts'
import { connectOptions } from '../../src/control/hubspot-choices.ts'
import { COMMAND_LINE } from '../../src/control/acting-person.ts'
import { openLog } from '../../src/log.ts'
import { startAnswering } from '../../src/loop/answer-calls.ts'
import type { QueueService } from '../../src/queue/service.ts'
import { startServer, type RunningServer } from '../../src/server/server.ts'
import type { AppKey } from '../../src/server/services.ts'
import { openService, startServiceQueue, type Service } from '../../src/service.ts'
import { setConnectionStatus } from '../../src/store/connections.ts'
import { watchCrms } from '../../src/store/reads/crm-connections.ts'
import { activateTenant, createTenant } from '../../src/store/tenants.ts'

let folder: string
let portal: HubSpotSandbox
let service: Service
let queue: QueueService | null
let server: RunningServer
let answering: { close(): Promise<void> }
let tenant: TenantId
let connection: ConnectionId
let v2: Workflows
let v3: Workflows

async function open(): Promise<void> {
  const appKeys: AppKey[] = []
  service = await openService({
    config: readConfig({
      HOLDFAST_DATA: folder,
      HUBSPOT_API_URL: portal.url,
      HUBSPOT_CLIENT_ID: portal.app.clientId,
      HUBSPOT_CLIENT_SECRET: portal.app.clientSecret,
    }),
    clock: systemClock,
    log: openLog({ level: 'silent' }),
    alone: true,
  })
  server = await startServer({
    host: '127.0.0.1',
    port: 0,
    trustProxy: false,
    services: { ...service, queue: null, appKeys },
    routes: [],
    version: '0',
  })
  appKeys.push({ secret: portal.app.clientSecret, base: server.url })
}

async function close(): Promise<void> {
  await answering?.close()
  await server?.close()
  await queue?.drain()
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
  folder = mkdtempSync(join(tmpdir(), 'holdfast-workflows-'))
  portal = await startHubSpotSandbox({
    clock: systemClock,
    portal: '4711',
    seed: (state) => void seedSample(state, { customers: 60, seed: 5 }),
  })
  queue = null
  await open()
  tenant = await service.database.asSystem('a test', (tx) => createTenant(tx, 'Acme'))
  const made = await connectPortal(service, {
    tenant,
    wanted: connectOptions.parse({
      refreshToken: portal.authorize().refreshToken,
      customers: 'lifecyclestage=customer',
    }),
    by: COMMAND_LINE,
    report: () => undefined,
    wake: () => undefined,
  })
  connection = asConnection(String(made.id))
  await service.database.withTenant(tenant, (tx) => activateTenant(tx, tenant))
  await work()
  await until(async () => (await scored()) > 10)
  answering = startAnswering(service, { everyMs: 100 })
  v2 = startWorkflows(portal, { pauseMs: () => 200 })
  v3 = startWorkflows(portal, { signature: 'v3', pauseMs: () => 200 })
})
afterAll(async () => {
  v2?.stop()
  v3?.stop()
  await close()
  await portal?.close()
  rmSync(folder, { recursive: true, force: true })
})
beforeEach(work)

const rows = <Row extends object>(text: string, ...values: readonly unknown[]): Promise<Row[]> =>
  service.database.withTenant(tenant, (tx) => tx.query(text, values))
const scored = async (): Promise<number> => (await rows(`select 1 from decisions`)).length
const at = (path: string): string => server.url + path

async function until(is: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + 60_000
  while (!(await is())) {
    if (performance.now() > end) throw new Error('It is not so after a minute.')
    await sleep(100)
  }
}

/** Records of customers that nobody else in here asks about. */
let next = 0
async function aCustomer(group = 'policy'): Promise<string> {
  const found = await rows<{ id: string }>(
    `select c.external_id as id from customers c join decisions d on d.customer_id = c.id
     where c.status = 'active' and c.group_name = $1 order by c.id`,
    group,
  )
  return found[next++ % found.length].id
}
/** As HubSpot calls, whatever it calls with. */
async function fetchSigned(
  path: string,
  callback: string,
  id: string,
  { body: more = {}, headers = {} }: { body?: object; headers?: Record<string, string> } = {},
): Promise<Response> {
  const body = JSON.stringify({
    callbackId: callback,
    origin: { portalId: 4711 },
    object: { objectId: id, objectType: 'COMPANY' },
    ...more,
  })
  const signature = createHash('sha256')
    .update(`${portal.app.clientSecret}POST${at(path)}${body}`)
    .digest('hex')
  return fetch(at(path), {
    method: 'POST',
    body,
    headers: { 'content-type': 'application/json', 'x-hubspot-signature': signature, ...headers },
  })
}
const outsider = (): string =>
  portal.state
    .ids('companies')
    .find((id) => portal.state.value('companies', id, 'lifecyclestage') !== 'customer')!

describe('“Score customer” in a workflow', () => {
  it.each([
    ['version 2', () => v2],
    ['version 3', () => v3],
  ])('tells risk, reasons and value for workflows that sign by %s', async (_name, workflows) => {
    const id = await aCustomer()
    const { result, outputs, callback } = await workflows().enrol({
      url: at(APP_PATHS.workflowScore),
      objectType: 'COMPANY',
      objectId: id,
    })
    // Either on the line or a moment later.
    const ended = result === null ? await workflows().ended(callback) : { result, outputs }
    expect(ended.result).toBe('SUCCESS')
    expect(ended.outputs).toMatchObject({ status: 'done', currency: 'EUR' })
    const named = WORKFLOW_DEFINITIONS.score.outputs.map(({ name }) => name)
    expect(Object.keys(ended.outputs).toSorted()).toEqual(['hs_execution_state', ...named].toSorted())
    expect(ended.outputs['risk_level']).toMatch(/^(HIGH|MEDIUM|LOW)$/)
    const [{ probability }] = await rows<{ probability: number }>(
      'select probability from scores s join customers c on c.id = s.customer_id where c.external_id = $1',
      id,
    )
    expect(Number(ended.outputs['risk_percent'])).toBeCloseTo(probability * 100, 1)
    expect(ended.outputs['sentence']).toMatch(/^\d+ % (may leave within|chance to leave)/)
  })

  it('scores what changed since, not what was known', async () => {
    const id = await aCustomer()
    const [before] = await rows<{ at: Date }>(
      'select s.scored_at as at from scores s join customers c on c.id = s.customer_id where c.external_id = $1',
      id,
    )
    portal.state.updateRecord('companies', id, { mrr: 4321 })
    const { callback } = await v2.enrol({
      url: at(APP_PATHS.workflowScore),
      objectType: 'COMPANY',
      objectId: id,
    })
    expect((await v2.ended(callback)).result).toBe('SUCCESS')
    const [after] = await rows<{ at: Date; monthly: number }>(
      'select s.scored_at as at, s.monthly_minor as monthly from scores s join customers c on c.id = s.customer_id where c.external_id = $1',
      id,
    )
    expect(after.at.getTime()).toBeGreaterThan(before.at.getTime())
    expect(after.monthly).toBe(432_100)
  })

  it('says so of a record that is no customer, and goes on', async () => {
    const { callback } = await v2.enrol({
      url: at(APP_PATHS.workflowScore),
      objectType: 'COMPANY',
      objectId: outsider(),
    })
    expect(await v2.ended(callback)).toMatchObject({
      result: 'FAIL_CONTINUE',
      outputs: { status: 'not_a_customer' },
    })
  })

  it('has HubSpot wait where it takes longer, and tells it, once', async () => {
    await rest()
    const id = await aCustomer()
    const begun = await v2.enrol({ url: at(APP_PATHS.workflowScore), objectType: 'COMPANY', objectId: id })
    expect(begun).toMatchObject({ state: 'waiting', result: null })
    // HubSpot asks again, since an answer of ours got lost: it is told to wait once more.
    const again = await v2.again(begun.callback)
    expect(again.state).toBe('waiting')
    portal.forgetRequests()
    await work()
    expect(await v2.ended(begun.callback)).toMatchObject({
      result: 'SUCCESS',
      outputs: { status: 'done' },
      completions: 1,
    })
    await expect.poll(() => stateOf(begun.callback), { timeout: 10_000 }).toBe('told')
    const told = portal.requests().filter(({ path }) => path.includes('/callbacks/'))
    expect(told.map(({ status }) => status)).toEqual([204])
    // Late: the same call after all that has the same answer.
    const late = await v2.again(begun.callback)
    expect(late.outputs).toMatchObject({ status: 'done' })
    expect(await rows(`select 1 from workflow_calls where callback = $1`, begun.callback)).toHaveLength(1)
  })

  it('answers hundreds that come at once, each once', async () => {
    await rest()
    const ids = await rows<{ id: string }>(
      `select external_id as id from customers where status = 'active' limit 40`,
    )
    const all = await Promise.all(
      Array.from({ length: 120 }, (_, at_) =>
        v2.enrol({
          url: at(APP_PATHS.workflowScore),
          objectType: 'COMPANY',
          objectId: ids[at_ % ids.length].id,
        }),
      ),
    )
    expect(new Set(all.map(({ state }) => state))).toEqual(new Set(['waiting']))
    portal.forgetRequests()
    await work()
    for (const { callback } of all)
      expect(await v2.ended(callback, 60_000)).toMatchObject({ result: 'SUCCESS', completions: 1 })
    const calls = portal.requests().filter(({ path }) => path.includes('/callbacks/'))
    expect(calls.length).toBeLessThan(40)
    expect(calls.every(({ status }) => status === 204)).toBe(true)
  })

  it('tells the others where HubSpot waits for one of them no more', async () => {
    await rest()
    const ids = await Promise.all([aCustomer(), aCustomer(), aCustomer()])
    const all = await Promise.all(
      ids.map((id) => v2.enrol({ url: at(APP_PATHS.workflowScore), objectType: 'COMPANY', objectId: id })),
    )
    const [gone, ...others] = all.map(({ callback }) => callback)
    const kept = portal.state.get('workflow_calls', gone) as object
    portal.state.put('workflow_calls', gone, { ...kept, state: 'done', result: 'EXPIRED' })
    await work()
    for (const callback of others) expect((await v2.ended(callback)).result).toBe('SUCCESS')
    await expect.poll(() => stateOf(gone), { timeout: 10_000 }).toBe('lost')
    const [{ refusals }] = await service.database.withTenant(tenant, (tx) => watchCrms(tx))
    expect(refusals).toMatchObject([{ what: 'workflow', count: 1, again: false }])
  })

  it('goes on after a restart in the middle', async () => {
    await rest()
    const id = await aCustomer()
    const begun = await v2.enrol({ url: at(APP_PATHS.workflowScore), objectType: 'COMPANY', objectId: id })
    expect(begun.state).toBe('waiting')
    await close()
    await open()
    await work()
    answering = startAnswering(service, { everyMs: 100 })
    expect(await v2.ended(begun.callback)).toMatchObject({ result: 'SUCCESS', completions: 1 })
  })

  it('says that a connection is paused rather than having workflows wait for it', async () => {
    await service.database.withTenant(tenant, (tx) =>
      setConnectionStatus(tx, connection, 'paused', 'A test.'),
    )
    const { outputs } = await v2.enrol({
      url: at(APP_PATHS.workflowScore),
      objectType: 'COMPANY',
      objectId: await aCustomer(),
    })
    expect(outputs).toMatchObject({ hs_execution_state: 'FAIL_CONTINUE', status: 'not_connected' })
    await service.database.withTenant(tenant, (tx) => setConnectionStatus(tx, connection, 'active', null))
  })

  const stateOf = async (callback: string): Promise<string> =>
    (await rows<{ state: string }>('select state from workflow_calls where callback = $1', callback))[0].state
})

describe('“Decide retention action” in a workflow', () => {
  it('tells the decision that stands, and takes none beside it', async () => {
    const id = await aCustomer()
    const before = await scored()
    const [first, second] = await Promise.all([
      v3.enrol({ url: at(APP_PATHS.workflowDecide), objectType: 'COMPANY', objectId: id }),
      v3.enrol({ url: at(APP_PATHS.workflowDecide), objectType: 'COMPANY', objectId: id }),
    ])
    expect(first.outputs).toMatchObject({ hs_execution_state: 'SUCCESS', status: 'done', currency: 'EUR' })
    expect(Object.keys(first.outputs)).toEqual(
      expect.arrayContaining(['action', 'action_name', 'expected_worth', 'cost']),
    )
    expect(first.outputs['sentence']).toMatch(/^Of \d+ actions/)
    expect(second.outputs).toEqual(first.outputs)
    expect(await scored()).toBe(before)
  })

  it('tells nothing of customers that are left alone to compare with', async () => {
    const id = await aCustomer('holdout')
    const { outputs } = await v3.enrol({
      url: at(APP_PATHS.workflowDecide),
      objectType: 'COMPANY',
      objectId: id,
    })
    expect(outputs).toMatchObject({ status: 'left_alone', hs_execution_state: 'FAIL_CONTINUE' })
    expect(Object.keys(outputs).toSorted()).toEqual(['hs_execution_state', 'sentence', 'status'])
  })

  it('decides for a customer who came since', async () => {
    const id = outsider()
    portal.state.updateRecord('companies', id, { lifecyclestage: 'customer' })
    const { callback } = await v3.enrol({
      url: at(APP_PATHS.workflowDecide),
      objectType: 'COMPANY',
      objectId: id,
    })
    const { outputs } = await v3.ended(callback)
    expect(['done', 'left_alone']).toContain(outputs['status'])
    expect(
      await rows(
        'select 1 from decisions d join customers c on c.id = d.customer_id where c.external_id = $1',
        id,
      ),
    ).toHaveLength(1)
  })
})

describe('“Start intervention” in a workflow', () => {
  const start = (id: string, inputs: Readonly<Record<string, string>>, callback?: string) =>
    v2.enrol({
      url: at(APP_PATHS.workflowIntervene),
      objectType: 'COMPANY',
      objectId: id,
      inputs,
      ...(callback === undefined ? {} : { callback }),
    })
  const planned = (callback: string) =>
    rows<{ state: string; createdBy: string }>(
      `select state, created_by as "createdBy" from interventions where idempotency_key = $1`,
      `api:workflow:${callback}`,
    )

  it('plans it once, called twice at once and late', async () => {
    const id = await aCustomer()
    const callback = 'ap-4711-once-11-0'
    const [first, second] = await Promise.all([
      start(id, { action: 'email' }, callback),
      start(id, { action: 'email' }, callback),
    ])
    expect(first.outputs, JSON.stringify(first.outputs)).toMatchObject({
      hs_execution_state: 'SUCCESS',
      status: 'done',
    })
    expect(second.outputs).toEqual(first.outputs)
    expect((await v2.again(callback)).outputs).toEqual(first.outputs)
    const [one, ...others] = await planned(callback)
    expect(others).toEqual([])
    expect(one.createdBy).toBe('crm:HubSpot workflow 192814114')
  })

  it.each([
    [{}, /is no action that can be carried out/],
    [{ action: 'no_action' }, /is no action that can be carried out/],
    [{ action: 'another', own_action: 'carrier_pigeon' }, /"carrier_pigeon" is no action/],
  ])('says why it does nothing for %j', async (inputs, sentence) => {
    const { outputs, callback } = await start(await aCustomer(), inputs)
    expect(outputs).toMatchObject({ hs_execution_state: 'FAIL_CONTINUE', status: 'refused' })
    expect(outputs['sentence']).toMatch(sentence)
    expect(await planned(callback)).toEqual([])
  })

  it('takes no other call for one that came before under the same id', async () => {
    const callback = 'ap-4711-other-11-0'
    const id = await aCustomer()
    await start(id, { action: 'email' }, callback)
    const another = await fetchSigned(APP_PATHS.workflowScore, callback, id)
    expect(another.status).toBe(409)
  })

  it('does nothing for who is no customer, and for another account', async () => {
    expect((await start(outsider(), { action: 'email' })).outputs).toMatchObject({ status: 'not_a_customer' })
    const contact = portal.state.ids('contacts')[0]
    const { outputs } = await v2.enrol({
      url: at(APP_PATHS.workflowIntervene),
      objectType: 'CONTACT',
      objectId: contact,
      inputs: { action: 'email' },
    })
    expect(outputs).toMatchObject({ status: 'not_connected' })
  })
})

describe('calls that are not HubSpot’s', () => {
  it.each([
    ['without a signature', { 'x-hubspot-signature': '' }],
    ['with another', { 'x-hubspot-signature': 'a'.repeat(64) }],
    ['in capitals', { 'x-hubspot-signature': 'A'.repeat(64) }],
    // Whoever says version 3 is held to it.
    ['with a version 3 that is wrong', { 'x-hubspot-signature-v3': 'x', 'x-hubspot-request-timestamp': '1' }],
  ])('are refused %s', async (_name, headers) => {
    const answer = await fetchSigned(APP_PATHS.workflowScore, 'ap-forged', '1', { headers })
    expect(answer.status).toBe(401)
    expect(await rows(`select 1 from workflow_calls where callback = 'ap-forged'`)).toEqual([])
  })

  it('are refused where what is signed was another address', async () => {
    const answer = await fetchSigned(`${APP_PATHS.workflowScore}?x=1`, 'ap-forged', '1')
    // The same with its own address is taken.
    expect(answer.status).toBe(200)
    const body = JSON.stringify({
      callbackId: 'ap-forged-2',
      origin: { portalId: 4711 },
      object: { objectId: '1', objectType: 'COMPANY' },
    })
    const signature = createHash('sha256')
      .update(`${portal.app.clientSecret}POST${at(APP_PATHS.workflowScore)}${body}`)
      .digest('hex')
    const moved = await fetch(at(APP_PATHS.workflowDecide), {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json', 'x-hubspot-signature': signature },
    })
    expect(moved.status).toBe(401)
  })

  it('are not taken by version 2 anywhere else', async () => {
    const body = JSON.stringify([])
    const signature = createHash('sha256')
      .update(`${portal.app.clientSecret}POST${at(APP_PATHS.webhooks)}${body}`)
      .digest('hex')
    const answer = await fetch(at(APP_PATHS.webhooks), {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json', 'x-hubspot-signature': signature },
    })
    expect(answer.status).toBe(401)
  })

  it('are refused with words where they are signed and say nothing that can be read', async () => {
    const answer = await fetchSigned(APP_PATHS.workflowScore, '', '1', {
      body: { object: { objectId: 'x', objectType: 'DEAL' } },
    })
    expect(answer.status).toBe(400)
    expect(JSON.stringify(await answer.json())).toContain('objectType')
  })

  it('of accounts that nobody connected do nothing, and workflows go on', async () => {
    const answer = await fetchSigned(APP_PATHS.workflowScore, 'ap-none', '1', {
      body: { origin: { portalId: 999 } },
    })
    expect(await answer.json()).toMatchObject({
      outputFields: { hs_execution_state: 'FAIL_CONTINUE', status: 'not_connected' },
    })
  })
})
