import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { TenantId } from '../../../src/contracts/ids.ts'
import { webhookPlace } from '../../../src/loop/telling.ts'
import { listAudit } from '../../../src/store/audit.ts'
import { disableWebhook } from '../../../src/store/outgoing-webhooks.ts'
import { ask, startTestApi, type TestApi } from '../../support/api.ts'
import { addTenant, databaseKind } from '../../support/database.ts'

let api: TestApi
let tenant: TenantId
let key: string
beforeAll(async () => {
  api = await startTestApi()
  tenant = await addTenant(api.database)
  key = await api.key(tenant)
})
afterAll(() => api.close())

interface Hook {
  readonly id: string
  readonly secret: string | null
  readonly host: string
  readonly status: string
}

const add = (body: object) => ask<Hook>(api, key, 'POST', '/v1/webhooks', { body })

describe(`webhooks that are told (${databaseKind})`, () => {
  it('are added with a secret that is shown once, and an address that is never shown', async () => {
    const url = 'https://hooks.example.com/services/T0/secret-part'
    const { status, body } = await add({ name: 'Data team', url })
    expect(status).toBe(201)
    expect(body).toMatchObject({ host: 'hooks.example.com', status: 'active' })
    expect(body.secret).toMatch(/^whsec_/)
    const slack = await add({ name: 'Chat', url, format: 'slack', kinds: ['digest.weekly', 'digest.weekly'] })
    expect(slack.body).toMatchObject({ secret: null, kinds: ['digest.weekly'] })
    const list = await ask<{ items: Hook[] }>(api, key, 'GET', '/v1/webhooks')
    expect(list.body.items).toHaveLength(2)
    const shown = JSON.stringify([list.body, await api.database.withTenant(tenant, (tx) => listAudit(tx))])
    expect(shown).not.toContain('secret-part')
    expect(shown).not.toContain(body.secret)
  })

  it('lead to the public internet by https and nowhere else', async () => {
    for (const url of ['http://example.com/', 'https://127.0.0.1/', 'https://metadata.internal/', 'x'])
      expect((await add({ name: 'Nowhere', url })).status, url).toBe(422)
  })

  it('are tested, turned on again, given another secret and deleted, by whoever they belong to', async () => {
    const { body: made } = await add({ name: 'To and fro', url: 'https://hooks.example.com/in' })
    const path = `/v1/webhooks/${made.id}`
    const stranger = await api.key(await addTenant(api.database))
    for (const verb of ['test', 'enable', 'secret'])
      expect((await ask(api, stranger, 'POST', `${path}/${verb}`)).status, verb).toBe(404)
    expect((await ask(api, stranger, 'DELETE', path)).status).toBe(404)
    await api.database.withTenant(tenant, (tx) => disableWebhook(tx, made.id, 'Nothing got through.'))
    expect((await ask<Hook>(api, key, 'POST', `${path}/enable`)).body).toMatchObject({ status: 'active' })
    const other = await ask<Hook>(api, key, 'POST', `${path}/secret`)
    expect(other.body.secret).not.toBe(made.secret)
    expect((await ask(api, key, 'POST', `${path}/test`)).status).toBe(202)
    const alerts = await ask<{ items: object[] }>(api, key, 'GET', '/v1/alerts')
    expect(alerts.body.items).toMatchObject([{ kind: 'test', target: made.id, state: 'waiting' }])
    expect((await ask(api, key, 'DELETE', path)).status).toBe(200)
    expect((await ask(api, key, 'POST', `${path}/test`)).status).toBe(404)
    const left = await api.database.withTenant(tenant, (tx) =>
      tx.query('select owner from credentials where owner = $1', [webhookPlace(made.id, 'url').owner]),
    )
    expect(left).toEqual([])
    expect((await ask<{ items: object[] }>(api, key, 'GET', '/v1/alerts')).body.items).toMatchObject([
      { state: 'failed' },
    ])
  })
})

describe(`the groups by API (${databaseKind})`, () => {
  it('need both shares or neither, each within its bounds', async () => {
    for (const query of ['holdout=0.1', 'usual=0.1', 'holdout=0.6&usual=0', 'holdout=x&usual=0'])
      expect((await ask(api, key, 'GET', `/v1/groups/power?${query}`)).status, query).toBe(400)
    expect((await ask(api, key, 'GET', '/v1/groups/power?holdout=0.1&usual=0')).status).toBe(200)
  })
})
