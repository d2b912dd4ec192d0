import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { customerList } from '../../../src/contracts/customer-filter.ts'
import { BUILT_IN_VIEWS, CUSTOMER_COLUMNS } from '../../../src/contracts/customer-views.ts'
import type { TenantId } from '../../../src/contracts/ids.ts'
import type { Role } from '../../../src/security/access.ts'
import { createSignInLink } from '../../../src/security/sessions.ts'
import { apiRoutes } from '../../../src/server/api/routes.ts'
import type { CustomerViewAnswer, CustomerViewsAnswer } from '../../../src/server/api/customer-views.ts'
import type { Database } from '../../../src/store/database.ts'
import { addTenant, databaseKind, openTestDatabase } from '../../support/database.ts'
import { startTestServer, type TestServer } from '../../support/server.ts'

let database: Database
let server: TestServer
let tenant: TenantId
beforeAll(async () => {
  database = await openTestDatabase()
  server = await startTestServer(database, apiRoutes)
})
afterAll(async () => {
  await server.close()
  await database.close()
})
beforeEach(async () => {
  tenant = await addTenant(database)
})

/** Somebody who signed in. */
async function person(subject: string, role: Role, of = tenant) {
  const token = await database.withTenant(of, (tx) =>
    createSignInLink(tx, { subject, role, actor: 'a test' }),
  )
  const signedIn = await server.fetch('/sign-in', {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', 'sec-fetch-site': 'same-origin' },
    body: new URLSearchParams({ token }),
  })
  const cookie = signedIn.headers.getSetCookie()[0].split(';')[0]
  return async <T = CustomerViewAnswer & { code: string; detail: string }>(
    method: string,
    path: string,
    body?: unknown,
  ): Promise<{ status: number; body: T }> => {
    const answer = await server.fetch(path, {
      method,
      headers: {
        cookie,
        'sec-fetch-site': 'same-origin',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await answer.text()
    return { status: answer.status, body: (text === '' ? undefined : JSON.parse(text)) as T }
  }
}

const mine = {
  name: 'My renewals',
  query: { renewsWithin: '30', level: 'HIGH,MEDIUM' },
  columns: ['renewal', 'value'],
}
const VIEWS = '/v1/customer-views'

describe(`views of the list of customers (${databaseKind})`, () => {
  it('are built in to begin with, and each of them asks for what lists know', async () => {
    const ann = await person('ann', 'viewer')
    const { body } = await ann<CustomerViewsAnswer>('GET', VIEWS)
    expect(body.items.map(({ name }) => name)).toEqual([
      'Whom to call first',
      'Became high this week',
      'Renewing within 60 days',
      'Not scored',
      'Low data',
    ])
    expect(body.default).toBe('first')
    for (const { query, columns } of BUILT_IN_VIEWS) {
      expect(customerList.safeParse(query).error).toBeUndefined()
      for (const column of columns) expect(CUSTOMER_COLUMNS).toContain(column)
    }
  })

  it('of one person are seen, changed and deleted by nobody else', async () => {
    const ann = await person('ann', 'viewer')
    const bea = await person('bea', 'admin')
    const { status, body } = await ann('POST', VIEWS, mine)
    expect(status).toBe(201)
    expect(body).toMatchObject({ ...mine, scope: 'own', mayChange: true, problem: null })
    const names = async (who: typeof ann) =>
      (await who<CustomerViewsAnswer>('GET', VIEWS)).body.items
        .slice(BUILT_IN_VIEWS.length)
        .map(({ name }) => name)
    expect(await names(ann)).toEqual(['My renewals'])
    expect(await names(bea)).toEqual([])
    expect((await bea('PATCH', `${VIEWS}/${body.id}`, { name: 'Theirs' })).status).toBe(404)
    expect((await bea('DELETE', `${VIEWS}/${body.id}`)).status).toBe(404)
    const renamed = await ann('PATCH', `${VIEWS}/${body.id}`, { name: 'Soon', query: { sort: 'renewal' } })
    expect(renamed.body).toMatchObject({ name: 'Soon', query: { sort: 'renewal' }, columns: mine.columns })
    expect((await ann('DELETE', `${VIEWS}/${body.id}`)).status).toBe(204)
    expect(await names(ann)).toEqual([])
  })

  it("of the company are everybody's, and changed by operators", async () => {
    const ann = await person('ann', 'viewer')
    const bea = await person('bea', 'operator')
    expect((await ann('POST', VIEWS, { ...mine, shared: true })).status).toBe(403)
    const { body: shared } = await bea('POST', VIEWS, { ...mine, shared: true })
    expect(shared.scope).toBe('company')
    const { body } = await ann<CustomerViewsAnswer>('GET', VIEWS)
    expect(body.items.at(-1)).toMatchObject({ id: shared.id, scope: 'company', mayChange: false })
    expect((await ann('PATCH', `${VIEWS}/${shared.id}`, { name: 'Mine now' })).status).toBe(403)
    expect((await ann('DELETE', `${VIEWS}/${shared.id}`)).status).toBe(403)
    expect((await bea('DELETE', `${VIEWS}/${shared.id}`)).status).toBe(204)
    const log = await database.withTenant(tenant, (tx) =>
      tx.query<{ action: string }>(`select action from audit_log where object = 'My renewals' order by id`),
    )
    expect(log.map(({ action }) => action)).toEqual(['customer_view.add', 'customer_view.delete'])
  })

  it('open the list for whoever chose one, until it is gone', async () => {
    const ann = await person('ann', 'viewer')
    const bea = await person('bea', 'operator')
    const { body: shared } = await bea('POST', VIEWS, { ...mine, shared: true })
    const opens = async (who: typeof ann) => (await who<CustomerViewsAnswer>('GET', VIEWS)).body.default
    expect((await ann('PUT', '/v1/customer-view-default', { view: shared.id })).status).toBe(204)
    expect([await opens(ann), await opens(bea)]).toEqual([shared.id, 'first'])
    await bea('PUT', '/v1/customer-view-default', { view: 'renewing' })
    expect(await opens(bea)).toBe('renewing')
    await bea('DELETE', `${VIEWS}/${shared.id}`)
    expect(await opens(ann)).toBe('first')
    await bea('PUT', '/v1/customer-view-default', { view: null })
    expect(await opens(bea)).toBe('first')
    const { body: own } = await ann('POST', VIEWS, mine)
    expect((await bea('PUT', '/v1/customer-view-default', { view: own.id })).status).toBe(404)
  })

  it('have names of their own, and ask for nothing that lists do not know', async () => {
    const ann = await person('ann', 'viewer')
    await ann('POST', VIEWS, mine)
    expect(await ann('POST', VIEWS, { ...mine, name: 'MY RENEWALS' })).toMatchObject({
      status: 409,
      body: { code: 'conflict' },
    })
    const { body: other } = await ann('POST', VIEWS, { ...mine, name: 'Another' })
    expect((await ann('PATCH', `${VIEWS}/${other.id}`, { name: 'my renewals' })).status).toBe(409)
    expect((await ann('PATCH', `${VIEWS}/${other.id}`, { name: 'ANOTHER' })).status).toBe(200)
    for (const [change, says] of [
      [{ query: { level: 'high' } }, '"query.level'],
      [{ query: { colour: 'red' } }, 'colour'],
      [{ query: { level: ['HIGH'] } }, '"query.level'],
      [{ columns: ['value', 'value'] }, 'twice'],
      [{ columns: ['nothing'] }, '"columns.0"'],
      [{ name: ' ' }, '"name"'],
      [{ owner: 'bea' }, 'is not known here'],
    ] as const) {
      const { status, body } = await ann('POST', VIEWS, { ...mine, name: 'New', ...change })
      expect([status, body.detail], JSON.stringify(change)).toEqual([400, expect.stringContaining(says)])
    }
  })

  it('that a later version does not understand say so, and can be mended', async () => {
    const ann = await person('ann', 'viewer')
    const { body: view } = await ann('POST', VIEWS, mine)
    await database.withTenant(tenant, (tx) =>
      tx.query(`update customer_views set query = '{"mood": "sad"}' where id = $1`, [view.id]),
    )
    const shown = async () => (await ann<CustomerViewsAnswer>('GET', VIEWS)).body.items.at(-1)!
    expect((await shown()).problem).toContain('Change its filters')
    await ann('PATCH', `${VIEWS}/${view.id}`, { query: {} })
    expect((await shown()).problem).toBeNull()
  })

  it('are as many as anybody needs', async () => {
    const ann = await person('ann', 'viewer')
    await database.withTenant(tenant, (tx) =>
      tx.query(
        `insert into customer_views (tenant_id, id, owner, name, query, columns, created_by)
         select $1, gen_random_uuid(), 'ann', 'View ' || n, '{}', '{}', 'a test' from generate_series(1, 100) n`,
        [tenant],
      ),
    )
    expect(await ann('POST', VIEWS, mine)).toMatchObject({ status: 409 })
  })

  it('of another company are not there', async () => {
    const ann = await person('ann', 'operator')
    const { body: view } = await ann('POST', VIEWS, { ...mine, shared: true })
    const stranger = await person('ann', 'admin', await addTenant(database, 'Another company'))
    expect((await stranger<CustomerViewsAnswer>('GET', VIEWS)).body.items).toHaveLength(BUILT_IN_VIEWS.length)
    expect((await stranger('PATCH', `${VIEWS}/${view.id}`, { name: 'Theirs' })).status).toBe(404)
    expect((await stranger('DELETE', `${VIEWS}/${view.id}`)).status).toBe(404)
    expect((await stranger('PUT', '/v1/customer-view-default', { view: view.id })).status).toBe(404)
  })
})
