import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'csv-parse/sync'
import { asCustomer, type TenantId } from '../../../src/contracts/ids.ts'
import { hashAddress } from '../../../src/security/address-hash.ts'
import type { Role } from '../../../src/security/access.ts'
import { apiRoutes } from '../../../src/server/api/routes.ts'
import type { CustomerCountAnswer, CustomerLineAnswer } from '../../../src/server/api/customer-lists.ts'
import type { Database } from '../../../src/store/database.ts'
import { holdCustomer } from '../../../src/store/holds.ts'
import { fillBook } from '../../support/book.ts'
import { addConnection, addTenant, databaseKind, openTestDatabase } from '../../support/database.ts'
import { startTestServer, type TestServer } from '../../support/server.ts'

let database: Database
let server: TestServer
let tenant: TenantId
let first: number
const as: Partial<Record<Role | 'key', Record<string, string>>> = {}

beforeAll(async () => {
  database = await openTestDatabase()
  server = await startTestServer(database, apiRoutes)
  tenant = await addTenant(database)
  const connection = await addConnection(database, tenant)
  // More than a page of a file.
  ;({ first } = await fillBook(database, tenant, connection, { count: 450, decided: 0.5 }))
  await database.withTenant(tenant, async (tx) => {
    await tx.query(`update customers set name = '=SUM(A1)' where tenant_id = $1 and id = $2`, [tenant, first])
    await tx.query(`update customers set name = 'Ines Vogt' where tenant_id = $1 and id = $2`, [
      tenant,
      first + 1,
    ])
    await tx.query(`update customers set object = 'companies' where tenant_id = $1 and id = $2`, [
      tenant,
      first + 2,
    ])
    const key = await server.services.secrets.addressKey(tx)
    await tx.query(
      `insert into recipients (tenant_id, customer_id, external_id, name, email, email_hash)
       values ($1, $2, 'p', 'Ines Vogt', 'ines@example.com', $3)`,
      [tenant, first + 1, hashAddress(key, 'email', 'ines@example.com')],
    )
  })
  for (const role of ['viewer', 'operator'] as const) as[role] = { cookie: await server.cookie(tenant, role) }
  as.key = { authorization: `Bearer ${await server.key(tenant, 'read')}` }
})
afterAll(async () => {
  await server.close()
  await database.close()
})

async function get<T>(path: string, who: Role | 'key' = 'operator'): Promise<T> {
  const answer = await server.fetch(path, { headers: as[who]! })
  expect(answer.status, path).toBe(200)
  return (await answer.json()) as T
}

async function listed(query: string, who: Role | 'key' = 'operator'): Promise<CustomerLineAnswer[]> {
  const items: CustomerLineAnswer[] = []
  for (let cursor: string | null = ''; cursor !== null;) {
    const page: { items: CustomerLineAnswer[]; next: string | null } = await get(
      `/v1/customers?limit=150&${query}${cursor === '' ? '' : `&cursor=${cursor}`}`,
      who,
    )
    items.push(...page.items)
    cursor = page.next
  }
  return items
}

async function file(query: string, who: Role | 'key' = 'operator'): Promise<Record<string, string>[]> {
  const answer = await server.fetch(`/v1/customers.csv?${query}`, { headers: as[who]! })
  expect(answer.headers.get('content-type')).toBe('text/csv; charset=utf-8')
  expect(answer.headers.get('content-disposition')).toBe('attachment; filename="customers.csv"')
  return parse(await answer.text(), { columns: true })
}

describe(`customers by filter over the API (${databaseKind})`, () => {
  it.each([
    '',
    'level=HIGH,MEDIUM&sort=probability&order=asc',
    'responsible=u3&group=policy&sort=name',
    'q=customer%204',
  ])('gives the same ones as list, count and file: ?%s', async (query) => {
    const lines = await listed(query)
    const rows = await file(query)
    expect(lines.length).toBeGreaterThan(5)
    expect(rows.map(({ id }) => Number(id))).toEqual(lines.map(({ id }) => id))
    const filter = query.replace(/&?sort=.*/, '')
    const count = await get<CustomerCountAnswer>(`/v1/customers/count?${filter}`)
    expect(count).toMatchObject({ customers: lines.length, exact: true })
    expect(count.valueAtRisk).toEqual([
      {
        currency: 'EUR',
        customers: lines.filter(({ valueAtRiskMinor }) => valueAtRiskMinor !== null).length,
        minor: lines.reduce((sum, line) => sum + (line.valueAtRiskMinor ?? 0), 0),
      },
    ])
    for (const [at, row] of rows.entries()) {
      const line = lines[at]
      expect(row).toMatchObject({
        externalId: line.externalId,
        level: line.level ?? '',
        valueAtRiskMinor: String(line.valueAtRiskMinor ?? ''),
        suggestedAction: line.decision?.actionKey ?? '',
        responsible: line.responsible ?? '',
      })
    }
  })

  it('leaves nothing in the file that a spreadsheet would run as a formula', async () => {
    const rows = await file('')
    expect(rows.find(({ id }) => id === String(first))?.['name']).toBe("'=SUM(A1)")
  })

  it('masks names that may be those of people for viewers, in lists, files and pages of customers', async () => {
    const name = async (id: number, who: Role | 'key') => {
      const lines = await listed('', who)
      const rows = await file('', who)
      const whole = await get<{ name: string; recipients: { name: string }[] }>(`/v1/customers/${id}`, who)
      const names = [
        lines.find((line) => line.id === id)?.name,
        rows.find((row) => row['id'] === String(id))?.['name'],
        whole.name,
      ]
      expect(new Set(names).size, names.join()).toBe(1)
      return [whole.name, ...whole.recipients.map((one) => one.name)]
    }
    expect(await name(first + 1, 'viewer')).toEqual(['I••• V•••', 'I••• V•••'])
    expect(await name(first + 1, 'operator')).toEqual(['Ines Vogt', 'Ines Vogt'])
    expect(await name(first + 1, 'key')).toEqual(['Ines Vogt', 'Ines Vogt'])
    // A company's name is nobody's.
    expect(await name(first + 2, 'viewer')).toEqual(['Customer 3'])
  })

  it('gives a masked name away neither by a cursor nor by a search', async () => {
    const names = async (who: Role) => {
      const read: string[] = []
      for (let cursor = ''; ;) {
        const page: { items: CustomerLineAnswer[]; next: string | null } = await get(
          `/v1/customers?sort=name&limit=40${cursor}`,
          who,
        )
        read.push(...page.items.map(({ id }) => String(id)))
        if (page.next === null) return read
        const told = Buffer.from(page.next, 'base64url').toString().toLowerCase()
        if (who === 'viewer') expect(told).not.toMatch(/vogt|customer \d/)
        cursor = `&cursor=${page.next}`
      }
    }
    const all = await names('operator')
    expect(all.length).toBeGreaterThan(400)
    expect(await names('viewer')).toEqual(all)
    expect((await file('sort=name', 'viewer')).map(({ id }) => id)).toEqual(all)
    for (const q of ['ines', 'vog', 'v'])
      expect((await listed(`q=${q}`, 'viewer')).map(({ id }) => id)).not.toContain(first + 1)
    expect((await listed('q=ines', 'operator')).map(({ id }) => id)).toContain(first + 1)
    // Of companies it goes on by their names.
    expect((await listed('q=customer%203', 'viewer')).map(({ id }) => id)).toEqual([first + 2])
    expect((await get<CustomerCountAnswer>('/v1/customers/count?q=customer', 'viewer')).customers).toBe(1)
  })

  it('goes on behind a name of two hundred characters that take two units each', async () => {
    const rename = (at: number, name: string) =>
      database.withTenant(tenant, (tx) =>
        tx.query('update customers set name = $3 where tenant_id = $1 and id = $2', [
          tenant,
          first + at,
          name,
        ]),
      )
    for (const at of [7, 8]) await rename(at, `${'😀'.repeat(200)}${at}`)
    const page = await get<{ next: string }>('/v1/customers?sort=name&order=desc&limit=1')
    const { items } = await get<{ items: CustomerLineAnswer[] }>(
      `/v1/customers?sort=name&order=desc&limit=1&cursor=${page.next}`,
    )
    expect(items.map(({ id }) => id)).toEqual([first + 7])
    for (const at of [7, 8]) await rename(at, `Customer ${at + 1}`)
  })

  it('masks who is responsible for viewers, in lists and among the kinds', async () => {
    for (const [who, shown] of [
      ['viewer', /^R•••/],
      ['operator', /^Rep \d/],
    ] as const) {
      const named = (await listed('', who)).flatMap(({ responsible }) => responsible ?? [])
      expect(named.length).toBeGreaterThan(0)
      for (const one of named) expect(one).toMatch(shown)
      const { facets } = await get<{ facets: { responsible: { name: string | null }[] } }>(
        '/v1/customers/facets',
        who,
      )
      for (const { name } of facets.responsible) if (name !== null) expect(name).toMatch(shown)
    }
  })

  it('masks a person account in every list that names it, though its object is the one of companies', async () => {
    const customer = asCustomer(first + 40)
    await database.withTenant(tenant, async (tx) => {
      await tx.query(
        `update customers set name = 'Max Lauf', object = 'Account',
           properties = properties || '{"IsPersonAccount": "true"}' where tenant_id = $1 and id = $2`,
        [tenant, customer],
      )
      await holdCustomer(tx, { customer, kind: 'by_hand', reason: 'Ask first', actor: 'user:ann' })
    })
    for (const [who, shown] of [
      ['viewer', 'M••• L•••'],
      ['operator', 'Max Lauf'],
    ] as const) {
      const { items } = await get<{ items: { customer: number; customerName: string }[] }>('/v1/holds', who)
      expect(items.find((one) => one.customer === customer)?.customerName).toBe(shown)
    }
  })

  it('gives viewers nobody to filter by whose id is their name or address', async () => {
    await database.withTenant(tenant, (tx) =>
      tx.query(
        `update customers set responsible_id = 'lea@acme.example', responsible_name = 'Lea Kern' where tenant_id = $1 and id = $2`,
        [tenant, first + 41],
      ),
    )
    const ids = async (who: Role) =>
      (
        await get<{ facets: { responsible: { value: string | null }[] } }>('/v1/customers/facets', who)
      ).facets.responsible.flatMap(({ value }) => value ?? [])
    expect(await ids('operator')).toContain('lea@acme.example')
    expect((await ids('viewer')).filter((id) => id.includes('@'))).toEqual([])
    expect((await ids('viewer')).length).toBeGreaterThan(0)
  })

  it('finds a customer by the address of its person, for those who see people, and logs nothing of it', async () => {
    const found = async (who: Role) => (await listed('q=Ines%40Example.com', who)).map(({ id }) => id)
    expect(await found('operator')).toEqual([first + 1])
    expect(await found('viewer')).toEqual([])
    expect(server.log()).toContain('/v1/customers')
    expect(server.log().toLowerCase()).not.toContain('ines')
  })

  it('counts customers by kind, with the names of who answers for them', async () => {
    const { facets } = await get<{
      facets: Record<string, { value: string; name?: string; customers: number }[]>
    }>('/v1/customers/facets?level=HIGH')
    const lines = await listed('level=HIGH')
    expect(facets['level']).toEqual([{ value: 'HIGH', customers: lines.length }])
    for (const { value, name, customers } of facets['responsible']) {
      expect(name).toBe(`Rep ${value.slice(1)}`)
      expect(await listed(`level=HIGH&responsible=${value}`)).toHaveLength(customers)
    }
  })

  it('says what is wrong with a filter, and with a cursor of another order', async () => {
    for (const [query, says] of [
      ['level=high', '"HIGH"'],
      ['renewsWithin=soon', 'whole number'],
      ['colour=red', 'is not known here'],
      ['intervention=sent', 'awaiting_approval'],
      ['cursor=e30', 'Leave it out'],
    ] as const) {
      const answer = await server.fetch(`/v1/customers?${query}`, { headers: as.operator! })
      expect(answer.status, query).toBe(400)
      expect(((await answer.json()) as { detail: string }).detail).toContain(says)
    }
  })
})
