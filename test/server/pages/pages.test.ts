import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { InboxMail } from '../../../actions/email/sandbox/inbox.ts'
import { pageRoutes } from '../../../src/server/pages/routes.ts'
import type { Database } from '../../../src/store/database.ts'
import { addTenant, databaseKind, openTestDatabase } from '../../support/database.ts'
import { startTestServer, type TestServer } from '../../support/server.ts'
import { addActionIn, fillCompany, type Company } from './company.ts'

let database: Database
let server: TestServer
let acme: Company
let admin: string
const mails: InboxMail[] = []

beforeAll(async () => {
  database = await openTestDatabase()
  acme = await fillCompany(database, { count: 20 })
  server = await startTestServer(
    database,
    pageRoutes,
    {},
    {
      inbox: {
        list: () => mails,
        read: (id) => mails.find((mail) => mail.id === id) ?? null,
        clear: () => undefined,
      },
    },
  )
  admin = await server.cookie(acme.tenant, 'admin')
})
afterAll(async () => {
  await server.close()
  await database.close()
})

async function open(path: string, cookie = admin, status = 200): Promise<string> {
  const answer = await server.fetch(path, { headers: { cookie } })
  const text = await answer.text()
  expect(answer.status, text).toBe(status)
  return text
}

/** What a person reads. */
function words(page: string): string {
  return page
    .replace(/<(style|head)[\s\S]*?<\/\1>/g, ' ')
    .replace(/<[^>]+>/g, ' ')
    .replace(/&quot;/g, '"')
    .replace(/&amp;/g, '&')
    .replace(/[\s\u00a0]+/g, ' ')
}

describe(`the sandbox inbox on ${databaseKind}`, () => {
  const mail = (id: string, intervention: string): InboxMail => ({
    id,
    at: new Date(),
    from: 'hello@acme.example',
    to: 'ann@example.com',
    fromName: 'Acme',
    replyTo: null,
    subject: `Mail ${id} <x>`,
    messageId: `<${createHash('sha256').update(intervention).digest('hex').slice(0, 40)}@acme.example>`,
    text: 'Hello',
    html: '<p>Hello</p>',
    headers: [{ name: 'x-odd', value: '<script>' }],
    raw: Buffer.from(''),
  })

  it('shows each company its own mails only, with the way to their action and customer', async () => {
    const sent = await addActionIn(database, acme, acme.first + 8, 'sent', { message: {} })
    mails.unshift(mail('1', sent), mail('2', 'of nobody here'))
    const list = words(await open('/inbox'))
    expect(list).toContain('1 mail ')
    expect(list).toContain('Mail 1 &lt;x&gt;')
    const page = await open('/inbox/1')
    expect(page).toContain(`href="/app/actions/list?open=${sent}"`)
    expect(page).toContain(`href="/app/customers/${acme.first + 8}"`)
    expect(page).toContain('&lt;script&gt;')
    expect(await open('/inbox/1/mail')).toBe('<p>Hello</p>')
    for (const path of ['/inbox/2', '/inbox/2/mail', '/inbox/99']) await open(path, admin, 404)
    const cookie = await server.cookie(await addTenant(database, 'Another'), 'admin')
    expect(words(await open('/inbox', cookie))).toContain('No mail yet')
    for (const path of ['/inbox/1', '/inbox/1/mail']) await open(path, cookie, 404)
  })

  it('shows names as text, whatever they are', async () => {
    const tenant = await addTenant(database, '<img src=x onerror=alert(1)> & Co "x"')
    const page = await open('/inbox', await server.cookie(tenant, 'admin'))
    expect(page).not.toContain('<img src=x')
    expect(page).toContain('&lt;img src=x onerror=alert(1)&gt; &amp; Co &quot;x&quot;')
  })

  it('is closed to whoever is not signed in, and to viewers', async () => {
    for (const path of ['/inbox', '/inbox/1', '/inbox/1/mail', '/texts'])
      expect((await server.fetch(path)).status, path).toBe(401)
    await open('/inbox', await server.cookie(acme.tenant, 'viewer'), 403)
  })
})

describe('addresses of before the app', () => {
  it.each([
    ['/', '/app'],
    ['/customers', '/app/customers'],
    ['/customers/42', '/app/customers/42'],
    ['/outbox', '/app/actions/list'],
    [
      '/outbox/0198c0de-0000-7000-8000-000000000001',
      '/app/actions/list?open=0198c0de-0000-7000-8000-000000000001',
    ],
    ['/outbox/a%26b%3Dc', '/app/actions/list?open=a%26b%3Dc'],
    ['/sending', '/app/sending'],
    ['/preview', '/app/sending'],
  ])('%s leads to %s', async (from, to) => {
    const answer = await server.fetch(from, { redirect: 'manual' })
    expect([answer.status, answer.headers.get('location')]).toEqual([303, to])
  })

  it('lead to no other host', async () => {
    for (const id of ['%2F%2Fevil.example', '..%2F..%2Fevil', '%5C%5Cevil.example']) {
      const answer = await server.fetch(`/customers/${id}`, { redirect: 'manual' })
      const to = new URL(answer.headers.get('location') ?? '', server.url)
      expect(to.origin).toBe(server.url)
      expect(to.pathname).toMatch(/^\/app\//)
    }
  })
})
