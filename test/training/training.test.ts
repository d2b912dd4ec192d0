import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { openTable } from '../../connectors/csv/open.ts'
import type { ConnectionId, TenantId } from '../../src/contracts/ids.ts'
import { openEngines } from '../../src/loop/engines.ts'
import { storedBundles } from '../../src/loop/model-place.ts'
import { artefactFolder } from '../../src/loop/models.ts'
import { listAudit } from '../../src/store/audit.ts'
import { saveConnectionProfile } from '../../src/store/connections.ts'
import { bundleFilesIn } from '../../models/onnx/bundle.ts'
import { openTraining, type Training } from '../../src/training/service.ts'
import { pino } from 'pino'
import { startTestApi, type TestApi } from '../support/api.ts'
import { askDescribed as ask, expectDescribed } from '../support/described.ts'
import { fillBook } from '../support/book.ts'
import { addConnection, addTenant } from '../support/database.ts'
import { churnFile, tarOf } from './churn-file.ts'

let api: TestApi
let training: Training
let tenant: TenantId
let connection: ConnectionId
let key: string
const folder = mkdtempSync(join(tmpdir(), 'holdfast-training-'))
const log = pino({ level: 'silent' })

const open = () =>
  openTraining({ database: api.database, clock: () => new Date('2026-11-20'), log, dataFolder: folder })

beforeAll(async () => {
  api = await startTestApi(() => new Date('2026-11-20'), {
    engines: (database) => openEngines({ threads: 1, dataFolder: folder, bundles: storedBundles(database) }),
    training: () => training,
  })
  training = await open()
  tenant = await addTenant(api.database)
  connection = await addConnection(api.database, tenant)
  key = await api.key(tenant)
})
afterAll(async () => {
  await training.close()
  await api.close()
  rmSync(folder, { recursive: true })
})

interface Run {
  readonly id: string
  readonly state: string
  readonly phase: string
  readonly progress: number
  readonly error: { code: string; message: string } | null
  readonly model: string | null
  readonly result: { auc: { value: number }; customers: number } | null
}

async function upload(text: string | Buffer, name = 'customers.csv'): Promise<string> {
  const answer = await fetch(`${api.url}/v1/training/files`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'x-file-name': encodeURIComponent(name) },
    body: text,
  })
  expect(answer.status).toBe(201)
  const file = (await answer.json()) as { id: string }
  expectDescribed('POST', '/v1/training/files', 201, file)
  return file.id
}

async function start(body: object): Promise<Run> {
  const answer = await ask<Run>(api, key, 'POST', '/v1/training', { body })
  expect(answer.status).toBe(202)
  return answer.body
}

async function ended(id: string): Promise<Run> {
  for (;;) {
    const { body } = await ask<Run>(api, key, 'GET', `/v1/training/${id}`)
    if (!['queued', 'running'].includes(body.state)) return body
    await sleep(200)
  }
}

const target = { kind: 'column', column: 'Churn' }

describe('a training', () => {
  it('is looked at first: targets with counts, what is left out and why, and nothing is trained', async () => {
    const file = await upload(churnFile(900), '../../etc/pass wd.csv')
    const { status, body } = await ask<{
      targets: { column: string; churned: number; kept: number }[]
      columns: { column: string; use: string; sensitive: boolean; why: string }[]
      leaks: { column: string; leftOut: boolean }[]
      minimum: { enough: boolean; churned: number }
      problem: unknown
    }>(api, key, 'POST', '/v1/training/look', { body: { source: { file } } })
    expect(status).toBe(200)
    expect(body).toMatchObject({ problem: null, name: 'pass wd.csv' })
    expect(body.targets[0]).toMatchObject({ column: 'Churn' })
    expect(body.minimum).toMatchObject({ enough: true })
    const by = (column: string) => body.columns.find((one) => one.column === column)
    expect(by('customerID')).toMatchObject({ use: 'id' })
    expect(by('gender')).toMatchObject({ use: 'left_out', sensitive: true })
    expect(by('Cancellation Reason')).toMatchObject({ use: 'left_out' })
    expect(by('tenure')).toMatchObject({ use: 'feature', sensitive: false })
    expect((await ask<{ items: [] }>(api, key, 'GET', '/v1/models')).body.items).toHaveLength(2)
  })

  it('makes a model that is measured, compared and kept, and its file is gone', async () => {
    const file = await upload(churnFile(900))
    const { id } = await start({ source: { file }, target, folds: 3, name: 'mine' })
    const run = await ended(id)
    expect(run).toMatchObject({ state: 'done', progress: 1, error: null })
    expect(run.result!.auc.value).toBeGreaterThan(0.75)
    // Once the model is safe.
    await vi.waitFor(() => expect(existsSync(join(folder, 'uploads', file))).toBe(false), 30_000)
    const { body } = await ask<{
      origin: string
      gates: { passes: boolean; checks: { sentence: string }[] }[]
    }>(api, key, 'GET', `/v1/models/${run.model}`)
    expect(body.origin).toBe('trained')
    const evaluation = await ask<{
      measured: boolean
      evaluation: { roc: []; distribution: { churned: number }[] }
    }>(api, key, 'GET', `/v1/models/${run.model}/evaluation`)
    expect(evaluation.body.measured).toBe(true)
    expect(evaluation.body.evaluation.roc.length).toBeGreaterThan(20)
    const churned = evaluation.body.evaluation.distribution.reduce((sum, bin) => sum + bin.churned, 0)
    expect(churned).toBe((run.result as unknown as { churned: number }).churned)
  })

  it('that cannot be done fails in words, and the server goes on', async () => {
    const file = await upload('a,b,Churn\n1,2,No\n2,3,Yes\n')
    const { id } = await start({ source: { file }, target })
    const run = await ended(id)
    expect(run).toMatchObject({ state: 'failed', error: { code: 'too_few_rows' } })
    expect(run.error!.message).toMatch(/customers\.csv has 2 customers/)
    expect(run.error!.message).not.toContain(folder)
  })

  it('can be cancelled while it waits and while it runs', async () => {
    // Enough that it is not done before anybody can say so.
    const one = await start({ source: { file: await upload(churnFile(16_000)) }, target, folds: 10 })
    const two = await start({ source: { file: await upload(churnFile(900)) }, target })
    const cancel = (id: string) => ask<Run>(api, key, 'POST', `/v1/training/${id}/cancel`)
    expect((await cancel(two.id)).body.state).toBe('cancelled')
    while ((await ask<Run>(api, key, 'GET', `/v1/training/${one.id}`)).body.state === 'queued')
      await sleep(50)
    await cancel(one.id)
    expect((await ended(one.id)).state).toBe('cancelled')
    expect((await cancel(one.id)).status).toBe(409)
    const [work] = readdirSync(join(folder, 'training'))
    await expect.poll(() => readdirSync(join(folder, 'training', work))).toEqual([])
  })

  it('that was running when its process ended is taken up again after a restart, and fails the second time', async () => {
    const { id } = await start({ source: { file: await upload(churnFile(900)) }, target, folds: 3 })
    while ((await ask<Run>(api, key, 'GET', `/v1/training/${id}`)).body.state === 'queued') await sleep(50)
    await training.close()
    expect((await ask<Run>(api, key, 'GET', `/v1/training/${id}`)).body).toMatchObject({ state: 'queued' })
    // As a process that was killed leaves it: a lease that nobody renews.
    const die = (attempts: number) =>
      api.database.asSystem('a test', (tx) =>
        tx.query(
          `update training_runs set state = 'running', lease_owner = 'dead', lease_until = now() - interval '1 second',
             attempts = $2 where id = $1`,
          [id, attempts],
        ),
      )
    await die(1)
    training = await open()
    expect(await ended(id)).toMatchObject({ state: 'done' })
    await die(2)
    training.wake()
    expect(await ended(id)).toMatchObject({ state: 'failed', error: { code: 'internal' } })
  })

  it('refuses what is no table before it is kept, whatever it is called', async () => {
    const send = async (body: Buffer | string, name: string) => {
      const answer = await fetch(`${api.url}/v1/training/files`, {
        method: 'POST',
        headers: { authorization: `Bearer ${key}`, 'x-file-name': name },
        body,
      })
      return [answer.status, ((await answer.json()) as { code: string }).code]
    }
    expect(await send(gzipSync('a,b'), 'a.csv')).toEqual([415, 'input_format'])
    expect(await send(Buffer.from([0x25, 0x50, 0x44, 0x46, 1]), 'a.csv')).toEqual([415, 'input_format'])
    expect(await send(Buffer.from([1, 0, 2]), 'a.csv')).toEqual([415, 'input_format'])
    expect(await send(Buffer.from([0x50, 0x4b, 3, 4]), 'a.zip')).toEqual([415, 'input_format'])
    expect(await send('', 'a.csv')).toEqual([422, 'input_empty'])
  })

  it('of a connection tells of its own properties, and of no column of ours', async () => {
    const company = await addTenant(api.database, 'Read')
    const read = await addConnection(api.database, company)
    await fillBook(api.database, company, read, { count: 20, decided: 0 })
    const path = join(folder, 'properties.csv')
    writeFileSync(path, 'tenure,MonthlyCharges,Contract\n1,20.5,One year\n2,80.1,Month-to-month\n')
    const table = await openTable(path)
    const profile = await table.profile()
    await api.database.withTenant(company, (tx) => saveConnectionProfile(tx, read, profile))
    await table.close()
    const { body } = await ask<{ columns: { column: string }[]; name: string }>(
      api,
      await api.key(company),
      'POST',
      '/v1/training/look',
      { body: { source: { connection: read } } },
    )
    expect(body.columns.map(({ column }) => column)).toEqual(['tenure', 'MonthlyCharges', 'Contract'])
  })

  it('tells plainly that a connection knows nothing of who left, and what it takes', async () => {
    const { body } = await ask<{ code: string }>(api, key, 'POST', '/v1/training/look', {
      body: { source: { connection } },
    })
    expect(body.code).toBe('connector_configuration')
  })

  it("is of the company alone: another one's file, training and model are not there", async () => {
    const other = await api.key(await addTenant(api.database, 'Other'))
    const file = await upload(churnFile(60))
    const look = await ask(api, other, 'POST', '/v1/training/look', { body: { source: { file } } })
    expect(look.status).toBe(404)
    const [run] = (await ask<{ items: Run[] }>(api, key, 'GET', '/v1/training?state=done')).body.items
    expect((await ask(api, other, 'GET', `/v1/training/${run.id}`)).status).toBe(404)
    expect((await ask(api, other, 'GET', `/v1/models/${run.model}`)).status).toBe(404)
  })
})

describe('a model', () => {
  it('is promoted through the gate, served at once, and rolled back; both are in the audit log', async () => {
    const [run] = (await ask<{ items: Run[] }>(api, key, 'GET', '/v1/training?state=done')).body.items
    const scores = async (): Promise<number> =>
      (
        await ask(api, key, 'POST', '/v1/score', {
          body: { customers: [{ features: { tenureMonths: 3, contract: 'Month-to-month' } }] },
        })
      ).status
    const asking = new AbortController()
    const statuses: number[] = []
    const load = (async () => {
      while (!asking.signal.aborted) statuses.push(await scores())
    })()
    const put = (hash: string, verb: string) =>
      ask(api, key, 'POST', `/v1/models/${hash}/${verb}`, { body: {} })
    expect((await put(run.model!, 'promote')).status).toBe(200)
    type Listed = { hash: string; origin: string; serves: unknown[]; served: unknown[] }
    const models = async () => (await ask<{ items: Listed[] }>(api, key, 'GET', '/v1/models')).body.items
    expect((await models())[0]).toMatchObject({ hash: run.model, serves: [{ by: 'key:test' }] })
    const shipped = (await models()).find(({ origin }) => origin === 'shipped')!
    expect((await put(shipped.hash, 'roll-back')).status).toBe(200)
    expect((await put(run.model!, 'roll-back')).status).toBe(200)
    asking.abort()
    await load
    expect(statuses.length).toBeGreaterThan(0)
    expect(new Set(statuses)).toEqual(new Set([200]))
    const actions = (await api.database.withTenant(tenant, (tx) => listAudit(tx))).map(({ action }) => action)
    expect(actions.filter((action) => action.startsWith('model.'))).toEqual([
      'model.roll_back',
      'model.roll_back',
      'model.promote',
    ])
  })

  it('without figures is refused by the gate, with the reason', async () => {
    const { items } = (await ask<{ items: { hash: string; name: string }[] }>(api, key, 'GET', '/v1/models'))
      .body
    const starter = items.find(({ name }) => name === 'subscription')!
    const answer = await ask<{ code: string; detail: string }>(
      api,
      key,
      'POST',
      `/v1/models/${starter.hash}/promote`,
      { body: {} },
    )
    expect(answer.body).toMatchObject({ code: 'conflict', detail: expect.stringMatching(/No figure says/) })
  })

  it('of this machine that is damaged or gone is brought back from the database', async () => {
    const [run] = (await ask<{ items: Run[] }>(api, key, 'GET', '/v1/training?state=done')).body.items
    const place = join(folder, 'models', run.model!)
    rmSync(join(place, 'model.onnx'))
    const engines = openEngines({ threads: 1, dataFolder: folder, bundles: storedBundles(api.database) })
    expect((await engines.get(`models/${run.model}`)).churn.hash).toBe(run.model)
    rmSync(place, { recursive: true })
    const fresh = openEngines({ threads: 1, dataFolder: folder, bundles: storedBundles(api.database) })
    expect((await fresh.get(`models/${run.model}`)).churn.hash).toBe(run.model)
    await engines.close()
    await fresh.close()
  })

  it('that somebody brings is tried in a process of its own; a damaged one is refused', async () => {
    const send = async (body: Buffer) => {
      const answer = await fetch(`${api.url}/v1/models`, {
        method: 'POST',
        headers: { authorization: `Bearer ${key}` },
        body,
      })
      return { status: answer.status, body: (await answer.json()) as Record<string, unknown> }
    }
    const [run] = (await ask<{ items: Run[] }>(api, key, 'GET', '/v1/training?state=done')).body.items
    const place = join(folder, 'models', run.model!)
    const files = await bundleFilesIn(place)
    const other = mkdtempSync(join(tmpdir(), 'holdfast-telco-'))
    mkdirSync(join(other, 'model'))
    cpSync(artefactFolder('telco'), join(other, 'model'), { recursive: true })
    const telco = await bundleFilesIn(join(other, 'model'))
    const taken = await send(gzipSync(tarOf(telco)))
    expect(taken).toMatchObject({ status: 201, body: { name: 'telco' } })
    expectDescribed('POST', '/v1/models', taken.status, taken.body)
    const damaged = new Map(files).set('model.onnx', Buffer.from('half of a mod'))
    expect(await send(tarOf(damaged))).toMatchObject({ status: 415, body: { code: 'input_format' } })
    expect(await send(Buffer.from('nothing'))).toMatchObject({ status: 415 })
    rmSync(other, { recursive: true })
  })

  it('that ships tells that it is not of this company, and what was never measured is absent', async () => {
    const { items } = (
      await ask<{ items: { hash: string; name: string; trainedOn: string }[] }>(api, key, 'GET', '/v1/models')
    ).body
    const telco = items.find(({ name }) => name === 'telco')!
    const starter = items.find(({ name }) => name === 'subscription')!
    const figures = async (hash: string) =>
      (
        await ask<{ measured: boolean; note: string; ownData: boolean; figures: { auc: unknown } }>(
          api,
          key,
          'GET',
          `/v1/models/${hash}/evaluation`,
        )
      ).body
    expect(telco.trainedOn).toMatch(/none of it is your company's data/)
    expect(await figures(telco.hash)).toMatchObject({ measured: true, ownData: false })
    expect(await figures(starter.hash)).toMatchObject({ measured: false, figures: { auc: null } })
    const both = await ask<{ sentence: string }>(
      api,
      key,
      'GET',
      `/v1/models/${telco.hash}/comparison?with=${starter.hash}`,
    )
    expect(both.body.sentence).toMatch(/no measured figures/)
  })
})
