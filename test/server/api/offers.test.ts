import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeWebhookSecret, signWebhook } from '../../../src/security/standard-webhook.ts'
import { offerRoutes } from '../../../src/server/api/offers.ts'
import { ask, startTestApi, type TestApi } from '../../support/api.ts'
import { databaseKind } from '../../support/database.ts'
import { makeOffers, move, offerPlace, planOffer, type OfferPlace } from '../../loop/offering.ts'

let api: TestApi
let place: OfferPlace
let key: string

beforeAll(async () => {
  api = await startTestApi()
  place = await offerPlace(api.database)
  key = await api.key(place.tenant)
})
afterAll(() => api.close())

interface Told {
  readonly status: number
  readonly body: Record<string, unknown>
}

async function send(path: string, csv: string): Promise<Told> {
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'text/csv' }
  const answer = await fetch(`${api.url}${path}`, { method: 'POST', headers, body: csv })
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> }
}

/** An answer has no field that its schema does not have. */
function expectDescribed(name: string, { status, body }: Told): void {
  const route = offerRoutes.find(({ method, path }) => `${method} ${path}` === name)
  expect(route?.answers[status]?.schema?.parse(body), name).toEqual(body)
}

describe(`offers over the API (${databaseKind})`, () => {
  it('are fulfilled from an imported file, taken once, and told with what became of them', async () => {
    const imported = await send(
      '/v1/offer-pools/spring/codes',
      'code;valid_until\r\nWEB-1;\r\nWEB-2;2099-12-31\r\n',
    )
    expect(imported).toEqual({ status: 200, body: { added: 2, known: 0 } })
    const wrong = await send('/v1/offer-pools/spring/codes', 'code\nWEB-3\nTEST-1\n')
    expect(wrong).toMatchObject({ status: 422, body: { detail: expect.stringContaining('line 3') } })
    const pools = await ask<Told['body']>(api, key, 'GET', '/v1/offer-pools')
    expect(pools.body).toMatchObject({ items: [{ pool: 'spring', free: 2, few: true, taken: 0 }] })
    expectDescribed('get /v1/offer-pools', pools)

    const id = await planOffer(api.database, place)
    await api.database.withTenant(place.tenant, async (tx) => {
      await makeOffers(tx, place, [id])
      await move(tx, id, 'leased', 'sending', 'sent')
    })
    const path = '/v1/offers/web-2/redemptions'
    const once = { body: { reference: 'INV-1' }, headers: { 'idempotency-key': 'one' } }
    const first = await ask<Told['body']>(api, key, 'POST', path, once)
    expect(first).toMatchObject({ status: 200, body: { id, status: 'redeemed', redeemedBy: 'api' } })
    expectDescribed('post /v1/offers/{code}/redemptions', first)
    expect((await ask(api, key, 'POST', path, once)).body).toEqual(first.body)
    const other = { body: { reference: 'INV-2' }, headers: { 'idempotency-key': 'two' } }
    expect(await ask(api, key, 'POST', path, other)).toMatchObject({ status: 409 })
    expect(await ask(api, key, 'POST', '/v1/offers/none/redemptions', other)).toMatchObject({ status: 404 })

    const day = new Date().toISOString().slice(0, 10)
    const file = await send(
      '/v1/offer-redemptions',
      `code,redeemed_at,reference\nWEB-2,${day},INV-1\nWEB-9,${day},\n`,
    )
    expect(file.body).toMatchObject({
      redeemed: 0,
      known: 1,
      refused: 1,
      problems: [{ line: 3, code: 'not_found' }],
    })
    expectDescribed('post /v1/offer-redemptions', file)
    const list = await ask<Told['body']>(api, key, 'GET', '/v1/offers?status=redeemed')
    expectDescribed('get /v1/offers', list)
    expectDescribed('get /v1/offers/{code}', await ask<Told['body']>(api, key, 'GET', `/v1/offers/${id}`))
    const gone = await ask<Told['body']>(api, key, 'DELETE', '/v1/offer-pools/spring/codes')
    expect(gone.body).toEqual({ removed: 1 })
  })

  it('are heard of from billing only when it signed what it says', async () => {
    const made = await ask<{ secret: string; path: string }>(api, key, 'POST', '/v1/billing-secret')
    expect(made).toMatchObject({ status: 201 })
    const { secret, path } = made.body
    const body = JSON.stringify({
      type: 'offer.redeemed',
      data: { code: 'WEB-9', redeemedAt: new Date().toISOString() },
    })
    const tell = (by: string, at = new Date()) =>
      fetch(`${api.url}${path}`, {
        method: 'POST',
        body,
        headers: { ...signWebhook(by, { id: 'msg_1', at, body }) },
      })
    expect((await tell(makeWebhookSecret())).status).toBe(401)
    expect((await tell(secret, new Date(Date.now() - 600_000))).status).toBe(401)
    const heard = await tell(secret)
    expect([heard.status, await heard.json()]).toMatchObject([200, { result: 'refused', code: 'not_found' }])
  })
})
