import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { TenantId } from '../../../src/contracts/ids.ts'
import { webhookPlace } from '../../../src/loop/telling.ts'
import { listAudit } from '../../../src/store/audit.ts'
import { disableWebhook } from '../../../src/store/outgoing-webhooks.ts'
import { currentSettings, saveSettings } from '../../../src/store/settings-versions.ts'
import { endTold, takeTold } from '../../../src/store/told.ts'
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

describe(`what was told (${databaseKind})`, () => {
  const told = async (query = '') =>
    (
      await ask<{
        items: {
          id: number
          kind: string
          state: string
          target: string
          targetName: string
          again: boolean
        }[]
      }>(api, key, 'GET', `/v1/alerts${query}`)
    ).body.items
  const fail = (how: 'sent' | 'failed') =>
    api.database.withTenant(tenant, async (tx) => {
      for (const { id } of await takeTold(tx, { limit: 100, seconds: 60 }))
        await endTold(tx, id, how === 'sent' ? { state: 'sent' } : { state: 'failed', error: 'Away.' })
    })

  it('is listed by receiver and by what became of it, and told once more where it was given up', async () => {
    const { body: hook } = await add({ name: 'Deliveries', url: 'https://hooks.example.com/in' })
    await fail('failed')
    await ask(api, key, 'POST', `/v1/webhooks/${hook.id}/test`)
    await fail('failed')
    const [failed, ...others] = await told(`?via=webhook&target=${hook.id}&state=failed`)
    expect(others).toEqual([])
    expect(failed).toMatchObject({ kind: 'test', targetName: 'Deliveries', again: true })
    expect((await ask(api, key, 'POST', `/v1/alerts/${failed.id}/again`)).status).toBe(202)
    expect(await told(`?target=${hook.id}`)).toMatchObject([{ state: 'waiting', again: false }])
    // Asking twice is asking once.
    expect((await ask(api, key, 'POST', `/v1/alerts/${failed.id}/again`)).status).toBe(202)
    await fail('sent')
    expect((await ask(api, key, 'POST', `/v1/alerts/${failed.id}/again`)).status).toBe(409)
    const stranger = await api.key(await addTenant(api.database))
    expect((await ask(api, stranger, 'POST', `/v1/alerts/${failed.id}/again`)).status).toBe(404)
    const kept = await api.database.withTenant(tenant, (tx) =>
      tx.query("select id from told where tenant_id = $1 and state = 'sent' and body <> ''", [tenant]),
    )
    expect(kept).toEqual([])
  })

  it('is tried by e-mail where somebody is to be told', async () => {
    expect((await ask(api, key, 'POST', '/v1/alerts/test')).status).toBe(409)
    await api.database.withTenant(tenant, async (tx) => {
      const { version } = await currentSettings(tx)
      const settings = { alerts: { email: { to: ['ops@acme.example', 'boss@acme.example'] } } }
      await saveSettings(tx, settings, { expected: version, author: 'a test' })
    })
    const { status, body } = await ask(api, key, 'POST', '/v1/alerts/test')
    expect([status, body]).toEqual([202, { queued: 2 }])
    expect((await told('?kind=test&via=email')).map(({ target }) => target).toSorted()).toEqual([
      'boss@acme.example',
      'ops@acme.example',
    ])
    for (const query of ['?kind=x', '?before=0', '?target=', '?state=gone'])
      expect((await ask(api, key, 'GET', `/v1/alerts${query}`)).status, query).toBe(400)
  })

  it('changes with the name and the kinds of a webhook, and nothing else of it', async () => {
    const { body: hook } = await add({ name: 'One', url: 'https://hooks.example.com/in' })
    const patch = (body: object, as = key) => ask(api, as, 'PATCH', `/v1/webhooks/${hook.id}`, { body })
    expect((await patch({ name: 'Two' })).body).toMatchObject({ name: 'Two', host: 'hooks.example.com' })
    expect((await patch({ kinds: ['test', 'test', 'digest.weekly'] })).body).toMatchObject({
      name: 'Two',
      kinds: ['test', 'digest.weekly'],
    })
    for (const bad of [{}, { url: 'https://elsewhere.example' }, { kinds: [] }, { name: '' }])
      expect((await patch(bad)).status, JSON.stringify(bad)).toBe(400)
    expect((await patch({ name: 'x' }, await api.key(await addTenant(api.database)))).status).toBe(404)
  })
})

describe(`the groups by API (${databaseKind})`, () => {
  it('need both shares or neither, each within its bounds', async () => {
    for (const query of ['holdout=0.1', 'usual=0.1', 'holdout=0.6&usual=0', 'holdout=x&usual=0'])
      expect((await ask(api, key, 'GET', `/v1/groups/power?${query}`)).status, query).toBe(400)
    expect((await ask(api, key, 'GET', '/v1/groups/power?holdout=0.1&usual=0')).status).toBe(200)
  })
})
