import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { asCustomer } from '../../../src/contracts/ids.ts'
import { tell } from '../../../src/loop/tell.ts'
import { apiRoutes } from '../../../src/server/api/routes.ts'
import type { Database } from '../../../src/store/database.ts'
import { holdCustomer } from '../../../src/store/holds.ts'
import { saveSettings } from '../../../src/store/settings-versions.ts'
import { addActionIn, addContact, fillCompany, type Company } from '../pages/company.ts'
import { openTestDatabase } from '../../support/database.ts'
import { startTestServer, type TestServer } from '../../support/server.ts'

let database: Database
let server: TestServer
let acme: Company
let other: Company

beforeAll(async () => {
  database = await openTestDatabase()
  acme = await fillCompany(database, { count: 30 })
  other = await fillCompany(database, { count: 5, name: 'Another' })
  server = await startTestServer(database, apiRoutes)
})
afterAll(async () => {
  await server?.close()
  await database?.close()
})

const open = async (
  path: string,
  role: 'viewer' | 'operator' | 'admin' = 'admin',
  { tenant }: Company = acme,
): Promise<Response> => server.fetch(path, { headers: { cookie: await server.cookie(tenant, role) } })
const read = async <T>(path: string): Promise<T> => (await open(path)).json() as Promise<T>

describe('what the app counts', () => {
  it('is what the lists behind it have', async () => {
    for (const at of [1, 2]) await addActionIn(database, acme, acme.first + at, 'awaiting_approval')
    await addActionIn(database, acme, acme.first + 3, 'uncertain', { message: {}, reason: 'The line broke' })
    const { counts } = await read<{ counts: object }>('/v1/frame')
    const { items } = await read<{ items: unknown[] }>('/v1/approvals')
    const { count } = await read<{ count: number }>('/v1/attention')
    expect(counts).toEqual({ approvals: items.length, attention: count, customers: 27 })
    expect([items.length, count]).toEqual([2, 1])
  })
})

describe('alerts', () => {
  it('are paged like other lists, and saved as a file with those who were told masked for viewers', async () => {
    await database.withTenant(acme.tenant, async (tx) => {
      for (let n = 0; n < 5; n++)
        await tell(tx, {
          kind: 'test',
          level: 'info',
          subject: `A test ${n}`,
          text: 'x',
          dedupKey: `test ${n}`,
          to: [{ name: 'Ann Lee', address: 'ann@example.com' }],
          onlyTo: true,
        })
    })
    type Page = { items: { subject: string }[]; next: string | null }
    const subjects: string[] = []
    for (let next: string | null = ''; next !== null;) {
      const cursor: string = next === '' ? '' : `&cursor=${encodeURIComponent(next)}`
      const page: Page = await read<Page>(`/v1/alerts?limit=2${cursor}`)
      subjects.push(...page.items.map(({ subject }) => subject))
      next = page.next
    }
    expect(subjects).toEqual(['A test 4', 'A test 3', 'A test 2', 'A test 1', 'A test 0'])
    const file = await (await open('/v1/alerts?format=csv&limit=2')).text()
    expect(file.trimEnd().split('\n')).toHaveLength(6)
    expect(file).toContain('ann@example.com')
    expect(await (await open('/v1/alerts?format=csv', 'viewer')).text()).not.toContain('ann@example.com')
    expect(await (await open('/v1/alerts?format=csv', 'admin', other)).text()).not.toContain('A test')
  })
})

describe('holds', () => {
  it('are saved as a file, what somebody said kept from viewers', async () => {
    await database.withTenant(acme.tenant, (tx) =>
      holdCustomer(tx, {
        customer: asCustomer(acme.first + 5),
        kind: 'replied',
        reason: '=Ines Vogt answered: call me',
        actor: 'worker',
      }),
    )
    const file = await (await open('/v1/holds?format=csv&kind=replied')).text()
    expect(file).toContain("'=Ines Vogt answered")
    const masked = await (await open('/v1/holds?format=csv', 'viewer')).text()
    expect(masked).not.toContain('Ines')
    expect(masked).toContain('A recipient answered.')
  })
})

describe('what may be paused', () => {
  it('is told with how it is carried out, whether it is on, and whether a person approves it', async () => {
    await database.withTenant(acme.tenant, (tx) =>
      saveSettings(
        tx,
        { catalogue: { discount_20: { enabled: false } }, groups: { holdout: 0.2 } },
        { expected: 0, author: 'a test' },
      ),
    )
    const { actions } = await read<{ actions: { key: string }[] }>('/v1/standing')
    const of = (wanted: string) => actions.find(({ key }) => key === wanted)
    expect(of('email')).toMatchObject({ channel: 'email', enabled: true, approval: false })
    expect(of('discount_20')).toMatchObject({ channel: 'task', enabled: false, approval: true })
    expect(of('no_action')).toBeUndefined()
    expect(await read('/v1/groups')).toMatchObject({ shares: { holdout: 0.2, usual: 0.1 } })
  })
})

describe('a decision in a list', () => {
  it('says in words why what would have been worth most was not possible', async () => {
    await database.asSystem('a test', (tx) =>
      tx.query(
        `update decisions set stage = 'held_back', held_reason = 'no_consent'
         where tenant_id = $1 and id = (select min(id) from decisions where tenant_id = $1)`,
        [acme.tenant],
      ),
    )
    const { items } = await read<{ items: object[] }>('/v1/decisions?stage=held_back&reason=no_consent')
    expect(items).toMatchObject([{ heldReason: 'no_consent', heldWords: 'no consent is on record' }])
  })
})

describe('an e-mail in a frame', () => {
  it('is a document that can do nothing, for those who see people, of their own company', async () => {
    await addContact(database, acme.tenant, acme.first + 6, { name: 'Bo <b>', email: 'bo@example.com' })
    const id = await addActionIn(database, acme, acme.first + 6, 'awaiting_approval')
    const answer = await open(`/app/mails/${id}`, 'operator')
    expect(answer.status).toBe(200)
    expect(await answer.text()).toContain('/u/dry-run')
    const policy = answer.headers.get('content-security-policy') ?? ''
    expect(policy).toMatch(/(^|;)sandbox($|;)/)
    expect(policy).toContain("default-src 'none'")
    expect((await open(`/app/mails/${id}`, 'viewer')).status).toBe(403)
    expect((await open(`/app/mails/${id}`, 'admin', other)).status).toBe(404)
  })
})
