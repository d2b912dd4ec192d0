import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { InboxMail } from '../../../actions/email/sandbox/inbox.ts'
import type { ConnectionId, TenantId } from '../../../src/contracts/ids.ts'
import { SANDBOX_KEEPS } from '../../../src/loop/guard.ts'
import { pageRoutes } from '../../../src/server/pages/routes.ts'
import { listAudit } from '../../../src/store/audit.ts'
import { setConnectionStatus } from '../../../src/store/connections.ts'
import type { Database } from '../../../src/store/database.ts'
import { saveProgress, startRun } from '../../../src/store/runs.ts'
import { saveSettings } from '../../../src/store/settings-versions.ts'
import { activateTenant, pauseTenant, readTenant, resumeTenant } from '../../../src/store/tenants.ts'
import { fillBook } from '../../support/book.ts'
import { addTenant, databaseKind, openTestDatabase } from '../../support/database.ts'
import { movesOf } from '../../support/ledger.ts'
import { startTestServer, type TestServer } from '../../support/server.ts'
import { addActionIn, addContact, connect, fillCompany, ranWell, type Company } from './company.ts'

let database: Database
let server: TestServer
let acme: Company
let admin: string
let viewer: string
const mails: InboxMail[] = []
const woken: unknown[] = []

beforeAll(async () => {
  database = await openTestDatabase()
  acme = await fillCompany(database, { count: 200 })
  server = await startTestServer(
    database,
    pageRoutes(),
    {},
    {
      inbox: {
        list: () => mails,
        read: (id) => mails.find((mail) => mail.id === id) ?? null,
        clear: () => undefined,
      },
      queue: {
        wake: (tenant) => void woken.push(tenant),
        counts: () => Promise.reject(new Error('there is none')),
        queues: [],
      },
    },
  )
  admin = await server.cookie(acme.tenant, 'admin')
  viewer = await server.cookie(acme.tenant, 'viewer')
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
    .replace(/&#39;|’/g, "'")
    .replace(/&quot;/g, '"')
    .replace(/&amp;/g, '&')
    .replace(/[\s\u00a0]+/g, ' ')
    .replace(/ ([,.;:])/g, '$1')
}

const press = (path: string, fields: Record<string, string> = {}, cookie = admin, origin = server.url) =>
  server.fetch(path, { method: 'POST', body: new URLSearchParams(fields), headers: { cookie, origin } })

async function company(name = 'Another'): Promise<{ tenant: TenantId; cookie: string }> {
  const tenant = await addTenant(database, name)
  return { tenant, cookie: await server.cookie(tenant, 'admin') }
}

const step = (tenant: TenantId, connection: ConnectionId, name: string, set: string) =>
  database.withTenant(tenant, (tx) =>
    tx.query(`update steps set ${set} where tenant_id = $1 and connection_id = $2 and step = $3`, [
      tenant,
      connection,
      name,
    ]),
  )

describe(`the loop's page on ${databaseKind}`, () => {
  it('opens with what is at risk, in words and money, and shows the loop below it', async () => {
    const page = await open('/')
    const said = words(page)
    expect(said).toMatch(/€[\d,]+ a year is at risk in \d+ customers/)
    expect(said).toContain('Dry run: nothing is sent')
    expect(said).toMatch(/Decided in \w+ \d{4} \d+ worth an action/)
    expect(said).toMatch(/Left in peace, mostly because Customers Nothing is worth its cost \d+/)
    expect(said).toMatch(/Whom to care for first .*Pays month to month, and can leave at any time/)
    expect(said).toMatch(/Runs .*Decide .*Score .*Sync .*200 added/)
    expect(page).not.toContain('noscript')
  })

  it('tells a company without a connection what will be here', async () => {
    const { cookie } = await company()
    const said = words(await open('/', cookie))
    expect(said).toContain('No customers are connected yet')
    expect(said).toContain('holdfast connect --help')
  })

  it('shows the first sync with its progress, and keeps itself fresh without a script too', async () => {
    const { tenant, cookie } = await company()
    const connection = await connect(database, tenant, { name: 'CRM' })
    await step(tenant, connection, 'sync', "due_at = null, lease_until = now() + interval '1 hour'")
    await database.withTenant(tenant, async (tx) => {
      const run = await startRun(tx, { connection, step: 'sync', cause: 'first' })
      await saveProgress(tx, run, { done: 1200, total: 5000 })
    })
    const page = await open('/', cookie)
    expect(words(page)).toContain('Your customers are being read')
    expect(words(page)).toMatch(/Reading customers CRM · 1,200 of 5,000/)
    expect(page).toMatch(/<progress[^>]+max="5000"[^>]+value="1200"/)
    expect(page).toContain('data-running')
    expect(page).toMatch(/<noscript><meta http-equiv="refresh" content="5"/)
    expect(page).toMatch(/<script src="\/assets\/live-[0-9a-f]+\.js" defer/)
  })

  it('says what failed, what that means, and what to do', async () => {
    const { tenant, cookie } = await company()
    const connection = await connect(database, tenant, { name: 'CRM' })
    await ranWell(database, tenant, connection, 'sync')
    await step(
      tenant,
      connection,
      'sync',
      "due_at = now() + interval '1 minute', error_code = 'input_missing', error_message = 'There is no file customers.csv. Put it back'",
    )
    const said = words(await open('/', cookie))
    expect(said).toContain('Sync failed: CRM')
    expect(said).toMatch(/Put it back\. It last worked on .* It is tried again by itself\. Try again now/)
  })

  it('says that a connection is out of date once its schedule was missed', async () => {
    const { tenant, cookie } = await company()
    const connection = await connect(database, tenant, { name: 'CRM' })
    await ranWell(database, tenant, connection, 'sync')
    expect(words(await open('/', cookie))).not.toContain('out of date')
    await step(tenant, connection, 'sync', "last_done_at = now() - interval '2 hours'")
    expect(words(await open('/', cookie))).toContain('CRM is out of date')
  })

  it('says that nobody said who counts as a customer, and that a connection needs a sign-in', async () => {
    const { tenant, cookie } = await company()
    await connect(database, tenant, { name: 'Undecided', population: null })
    const other = await connect(database, tenant, { name: 'Away' })
    await database.withTenant(tenant, (tx) =>
      setConnectionStatus(tx, other, 'needs_reconnect', 'the token ended'),
    )
    const said = words(await open('/', cookie))
    expect(said).toContain('Who counts as a customer in Undecided?')
    expect(said).toMatch(/Away needs a new sign-in The token ended\. Nothing is read or written/)
  })

  it('names unsent doubts and waiting approvals with the way to them', async () => {
    const { tenant, cookie } = await company()
    const connection = await connect(database, tenant)
    const { first } = await fillBook(database, tenant, connection, { count: 3 })
    await addActionIn(database, { tenant, connection }, first, 'uncertain', { message: {} })
    await addActionIn(database, { tenant, connection }, first + 1, 'awaiting_approval')
    const page = await open('/', cookie)
    expect(words(page)).toContain('1 message may or may not have been sent')
    expect(words(page)).toContain('1 action waits for approval')
    expect(page).toContain('href="/outbox?state=uncertain"')
  })

  it('shows names as text, whatever they are', async () => {
    const { tenant, cookie } = await company('<img src=x onerror=alert(1)>')
    const connection = await connect(database, tenant, { name: '"><script>alert(2)</script>' })
    const { first } = await fillBook(database, tenant, connection, { count: 2 })
    await database.withTenant(tenant, (tx) =>
      tx.query(`update customers set name = '<b>Bold</b> & Co "x"' where tenant_id = $1 and id = $2`, [
        tenant,
        first,
      ]),
    )
    for (const path of ['/', '/customers', `/customers/${first}`]) {
      const page = await open(path, cookie)
      expect(page).not.toMatch(/<img src=x|<script>alert|<b>Bold/)
      expect(page).toContain('&lt;b&gt;Bold&lt;/b&gt; &amp; Co &quot;x&quot;')
    }
  })
})

describe('customers', () => {
  it('are listed by value at risk or by risk, by level, page after page, each once', async () => {
    const seen: string[] = []
    let path: string | undefined = '/customers'
    while (path !== undefined) {
      const page: string = await open(path)
      seen.push(...[...page.matchAll(/class="name" href="(\/customers\/\d+)"/g)].map((match) => match[1]))
      path = /href="([^"]+)" rel="next"/.exec(page)?.[1].replaceAll('&amp;', '&')
    }
    expect(seen).toHaveLength(180)
    expect(new Set(seen).size).toBe(180)
    const high = await open('/customers?level=HIGH&sort=probability')
    expect(words(high)).toContain('Customers at high risk')
    expect(high).not.toContain('class="risk LOW"')
    await open('/customers?cursor=nonsense', admin, 400)
  })

  it('are shown whole: risk, reasons, the decision read aloud, what was done', async () => {
    const id = acme.first + 1
    const intervention = await addActionIn(database, acme, id, 'dry_run', {
      reason: 'Dry run: nothing was sent',
    })
    await addContact(database, acme.tenant, id)
    const page = await open(`/customers/${id}`)
    const said = words(page)
    expect(said).toContain('chance to leave: a snapshot, without saying when')
    expect(said).toContain(
      'Of 5 actions, 3 were possible. Send SMS: the customer has not agreed to this channel',
    )
    expect(said).toMatch(/Send Email is worth most: \+€5\.12 expected at a cost of €0\.60/)
    expect(said).toMatch(/Would be sent Dry run: nothing was sent\./)
    expect(said).toMatch(/Ann Lee Head of Operations · en · Europe\/Berlin never asked/)
    expect(page).toContain(`href="/outbox/${intervention}"`)
    expect(page).not.toContain('ann@example.com')
  })

  it('say that data are low, that nobody can be reached, that they left, and that their risk rose', async () => {
    const id = acme.first + 3
    await database.withTenant(acme.tenant, async (tx) => {
      await tx.query('update scores set data_confidence = 0.3 where tenant_id = $1 and customer_id = $2', [
        acme.tenant,
        id,
      ])
      await tx.query(
        `insert into score_history (tenant_id, customer_id, scored_at, probability, level, model_hash)
         values ($1, $2, now() - interval '60 days', 0.001, 'LOW', 'x')`,
        [acme.tenant, id],
      )
    })
    const said = words(await open(`/customers/${id}`))
    expect(said).toContain('Low data Only 30 % of what matters')
    expect(said).toContain('No e-mail address')
    expect(said).toContain('up from 0.1 % a month ago')
    expect(words(await open(`/customers/${acme.first + 9}`))).toContain('Left the population')
  })

  it('of another company are not there', async () => {
    const { cookie } = await company()
    await open(`/customers/${acme.first}`, cookie, 404)
    const id = await addActionIn(database, acme, acme.first, 'planned')
    await open(`/outbox/${id}`, cookie, 404)
    await open(`/outbox/${id}/mail`, cookie, 404)
    expect(words(await open('/outbox', cookie))).toContain('Nothing is on its way')
  })
})

describe('the outbox', () => {
  it('shows what was sent in a frame whose document can do nothing', async () => {
    const id = await addActionIn(database, acme, acme.first + 4, 'sent', {
      message: { html: '<p style="color:red">Hello<script>alert(1)</script></p>', subject: 'Hello <you>' },
    })
    const answer = await server.fetch(`/outbox/${id}`, { headers: { cookie: admin } })
    const page = await answer.text()
    expect(answer.headers.get('content-security-policy')).toContain("frame-src 'self'")
    expect(answer.headers.get('content-security-policy')).toContain("script-src 'self'")
    expect(page).toContain('Hello &lt;you&gt;')
    expect(page).toMatch(new RegExp(`<iframe[^>]+src="/outbox/${id}/mail"[^>]+sandbox=""`))
    const document = await server.fetch(`/outbox/${id}/mail`, { headers: { cookie: admin } })
    expect(await document.text()).toBe('<p style="color:red">Hello<script>alert(1)</script></p>')
    const policy = document.headers.get('content-security-policy') ?? ''
    expect(policy).toMatch(/(^|;)sandbox($|;)/)
    expect(policy).toContain("default-src 'none'")
    expect(policy).not.toContain('script-src')
  })

  it('shows what would be sent before anything is, with a link to unsubscribe that leads nowhere', async () => {
    const customer = acme.first + 5
    await addContact(database, acme.tenant, customer, { name: 'Bo <b>', email: 'bo@example.com' })
    const id = await addActionIn(database, acme, customer, 'awaiting_approval')
    const said = words(await open(`/outbox/${id}`))
    expect(said).toContain('What would be sent As it would read now')
    expect(said).toContain('bo@example.com')
    expect(said).toContain('Unsubscribe one click')
    expect(await open(`/outbox/${id}/mail`)).toContain('/u/dry-run')
  })

  it('says why there is no message, and what a task would say and whose it would be', async () => {
    const none = await addActionIn(database, acme, acme.first + 6, 'planned')
    expect(words(await open(`/outbox/${none}`))).toContain(
      'no contact of this customer has an e-mail address',
    )
    const call = await addActionIn(database, acme, acme.first + 6, 'planned', {
      actionKey: 'call_discount_30',
      channel: 'task',
    })
    const task = words(await open(`/outbox/${call}`))
    expect(task).toContain('What the task would say As it would read now')
    expect(task).toContain('On the list of Rep 0 Subject')
    expect(task).toContain('30 % off for 12 months')
    expect(await open(`/outbox/${call}`)).not.toContain('<iframe')
  })

  it('says what something cost, and beside it what was planned where that is another amount', async () => {
    const id = await addActionIn(database, acme, acme.first + 8, 'sent', { actualCostMinor: 0 })
    expect(words(await open(`/outbox/${id}`))).toContain('Cost €0 Planned cost €6')
    const unknown = await addActionIn(database, acme, acme.first + 8, 'sent')
    expect(words(await open(`/outbox/${unknown}`))).not.toMatch(/Cost €/)
  })

  it('goes by state, and says what each means', async () => {
    await addActionIn(database, acme, acme.first + 7, 'uncertain', { message: {} })
    const said = words(await open('/outbox?state=uncertain'))
    expect(said).toContain('Uncertain: 1')
    expect(said).toContain('never sent again by itself')
    await open('/outbox?state=nonsense', admin, 400)
  })
})

describe('the sandbox inbox', () => {
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

  it('shows each company its own mails only', async () => {
    const sent = await addActionIn(database, acme, acme.first + 8, 'sent', { message: {} })
    mails.unshift(mail('1', sent), mail('2', 'of nobody here'))
    const list = words(await open('/inbox'))
    expect(list).toContain('1 mail ')
    expect(list).toContain('Mail 1 &lt;x&gt;')
    const page = await open('/inbox/1')
    expect(page).toContain(`href="/outbox/${sent}"`)
    expect(page).toContain('&lt;script&gt;')
    expect(await open('/inbox/1/mail')).toBe('<p>Hello</p>')
    for (const path of ['/inbox/2', '/inbox/2/mail', '/inbox/99']) await open(path, admin, 404)
    const { cookie } = await company()
    expect(words(await open('/inbox', cookie))).toContain('No mail yet')
    for (const path of ['/inbox/1', '/inbox/1/mail']) await open(path, cookie, 404)
  })
})

describe('buttons', () => {
  it('are there for those who may press them, and refuse the others', async () => {
    const waiting = await addActionIn(database, acme, acme.first + 10, 'awaiting_approval')
    expect(await open('/')).toContain('Pause everything')
    expect(await open('/', viewer)).not.toContain('Pause everything')
    expect(await open(`/outbox/${waiting}`)).toContain('Approve')
    expect(await open(`/outbox/${waiting}`, viewer)).not.toContain('Approve')
    const back = { back: '/outbox' }
    for (const [path, fields] of [
      ['/pause', {}],
      ['/resume', {}],
      ['/activate', { confirm: 'yes' }],
      ['/sending/action/email/pause', {}],
      ['/sending/stop', { confirm: 'yes' }],
      ['/sending/release', {}],
      [`/connections/${acme.connection}/run`, { step: 'sync' }],
      [`/outbox/${waiting}/approve`, back],
      [`/outbox/${waiting}/reject`, back],
      [`/outbox/${waiting}/snooze`, { ...back, days: '3' }],
    ] as const)
      expect((await press(path, fields, viewer)).status, path).toBe(403)
  })

  it('of another site do nothing', async () => {
    const answer = await press('/pause', {}, admin, 'https://evil.example')
    expect(answer.status).toBe(403)
    expect((await database.withTenant(acme.tenant, (tx) => readTenant(tx, acme.tenant))).status).toBe(
      'active',
    )
  })

  it('pause and resume everything, with a reason that is shown', async () => {
    const { tenant, cookie } = await company()
    expect((await press('/pause', { reason: 'Holidays <b>' }, cookie)).headers.get('location')).toBe('/')
    const page = await open('/', cookie)
    expect(words(page)).toContain('Everything is paused')
    expect(page).toContain('Holidays &lt;b&gt;')
    expect((await press('/resume', {}, cookie)).status).toBe(303)
    expect((await database.withTenant(tenant, (tx) => readTenant(tx, tenant))).status).toBe('active')
  })

  it('pause one action and let it go on, each with its line in the audit log', async () => {
    const { tenant, cookie } = await company()
    expect(words(await open('/sending', cookie))).toContain('Nothing is sent yet')
    const pressed = await press('/sending/action/sms/pause', { reason: 'No credit <b>' }, cookie)
    expect(pressed.headers.get('location')).toBe('/sending')
    const page = await open('/sending', cookie)
    expect(words(page)).toContain('1 action or channel is paused')
    expect(page).toContain('No credit &lt;b&gt;')
    expect(words(await open('/', cookie))).toContain('is paused')
    expect((await press('/sending/action/nothing/pause', {}, cookie)).status).toBe(400)
    expect((await press('/sending/action/sms/resume', {}, cookie)).status).toBe(303)
    expect(words(await open('/sending', cookie))).not.toContain('is paused')
    const audited = await database.withTenant(tenant, (tx) => listAudit(tx))
    expect(audited.map(({ action }) => action).filter((one) => one.startsWith('action.'))).toEqual([
      'action.resume',
      'action.pause',
    ])
  })

  it('stop all actions only when that is meant, and say what it does until it is released', async () => {
    const { cookie } = await company()
    expect((await press('/sending/stop', { reason: 'A wrong list' }, cookie)).status).toBe(400)
    expect((await press('/sending/stop', { reason: 'A wrong list', confirm: 'yes' }, cookie)).status).toBe(
      303,
    )
    expect(words(await open('/sending', cookie))).toContain('All actions are stopped')
    expect(words(await open('/', cookie))).toContain('The kill switch is on')
    await press('/sending/release', {}, cookie)
    expect(words(await open('/', cookie))).not.toContain('kill switch')
  })

  it('turn actions on only when it is meant, and say beforehand what that does', async () => {
    const { tenant, cookie } = await company()
    const connection = await connect(database, tenant)
    await fillBook(database, tenant, connection, { count: 5 })
    const said = words(await open('/', cookie))
    expect(said).toContain('This is the first look: nothing is sent')
    expect(said).toContain('those of before never do')
    expect((await press('/activate', {}, cookie)).status).toBe(400)
    expect((await press('/activate', { confirm: 'yes' }, cookie)).status).toBe(303)
    const after = await database.withTenant(tenant, (tx) => readTenant(tx, tenant))
    expect(after.activatedAt).toBeInstanceOf(Date)
    expect(words(await open('/', cookie))).not.toContain('first look')
  })

  it('ask for a run, and wake the queue for this company', async () => {
    const { tenant, cookie } = await company()
    const connection = await connect(database, tenant)
    await ranWell(database, tenant, connection, 'sync')
    woken.length = 0
    expect((await press(`/connections/${connection}/run`, { step: 'sync' }, cookie)).status).toBe(303)
    expect(woken).toEqual([tenant])
    const [{ due }] = await database.withTenant(tenant, (tx) =>
      tx.query<{ due: boolean }>(
        "select due_at <= now() as due from steps where tenant_id = $1 and connection_id = $2 and step = 'sync'",
        [tenant, connection],
      ),
    )
    expect(due).toBe(true)
    expect((await press(`/connections/${acme.connection}/run`, { step: 'sync' }, cookie)).status).toBe(404)
    expect((await press(`/connections/${connection}/run`, { step: 'nonsense' }, cookie)).status).toBe(400)
  })

  it('approve, snooze and reject in the ledger, with who it was', async () => {
    const one = (state: 'awaiting_approval' | 'planned') =>
      addActionIn(database, acme, acme.first + 11, state)
    const [approved, snoozed, rejected] = [
      await one('awaiting_approval'),
      await one('awaiting_approval'),
      await one('planned'),
    ]
    const answer = await press(`/outbox/${approved}/approve`, { back: `/customers/${acme.first + 11}` })
    expect(answer.headers.get('location')).toBe(`/customers/${acme.first + 11}`)
    await press(`/outbox/${snoozed}/snooze`, { back: '/outbox', days: '3' })
    await press(`/outbox/${rejected}/reject`, { back: '/outbox' })
    const last = async (id: typeof approved) => (await movesOf(database, acme.tenant, id)).at(-1)
    expect(await last(approved)).toMatchObject({ to_state: 'planned', actor: 'user:admin' })
    expect(await last(snoozed)).toMatchObject({ to_state: 'snoozed' })
    expect(await last(rejected)).toMatchObject({ to_state: 'rejected' })
    const late = await press(`/outbox/${rejected}/approve`, { back: '/outbox' })
    expect(late.status).toBe(409)
    const page = await late.text()
    expect(words(page)).toContain('That did not work')
    expect(page).toContain('href="/outbox"')
  })

  it('lead back to our own pages and nowhere else', async () => {
    const id = await addActionIn(database, acme, acme.first + 12, 'awaiting_approval')
    for (const back of [
      'https://evil.example',
      '//evil.example',
      '/\\evil.example',
      '/outbox/../x',
      '/outbox?state=x&y',
    ])
      expect((await press(`/outbox/${id}/approve`, { back })).status, back).toBe(400)
  })
})

describe('an approval that the CRM has no task for', () => {
  it('says so where it waits, why, and that it can be answered here', async () => {
    const { tenant, cookie } = await company()
    const connection = await connect(database, tenant)
    const { first } = await fillBook(database, tenant, connection, { count: 1 })
    const id = await addActionIn(database, { tenant, connection }, first, 'awaiting_approval')
    await database.withTenant(tenant, (tx) =>
      tx.query(
        `insert into approval_tasks (tenant_id, intervention_id, connection_id, awaiting_since, state, error_message)
         values ($1, $2, $3, now(), 'failed', 'The owner <b> is inactive')`,
        [tenant, id, connection],
      ),
    )
    for (const path of ['/outbox?state=awaiting_approval', `/outbox/${id}`]) {
      const said = words(await open(path, cookie))
      expect(said, path).toContain(
        'No task in the CRM asks for it: The owner &lt;b&gt; is inactive. Answer it here.',
      )
    }
  })
})

describe('a list in the sandbox', () => {
  it('says once, and not in each row, that the sandbox keeps to hours and limits', async () => {
    const { tenant, cookie } = await company()
    const connection = await connect(database, tenant)
    const { first } = await fillBook(database, tenant, connection, { count: 2 })
    const reason = `It waits until Monday. ${SANDBOX_KEEPS}`
    for (const at of [first, first + 1])
      await addActionIn(database, { tenant, connection }, at, 'deferred', { reason })
    const said = words(await open('/outbox', cookie))
    expect(said.match(/It waits until Monday\./g)).toHaveLength(2)
    expect(said).not.toContain(SANDBOX_KEEPS)
    expect(said.match(/Hours, limits and holds count in the sandbox as they do live\./g)).toHaveLength(1)
    await addActionIn(database, { tenant, connection }, first, 'suppressed', { reason })
    expect(words(await open('/outbox?state=suppressed', cookie))).not.toContain(SANDBOX_KEEPS)
  })
})

describe('the page of sending', () => {
  it('says of an action that the settings switch off that it is off', async () => {
    const { tenant, cookie } = await company()
    await database.withTenant(tenant, (tx) =>
      saveSettings(tx, { catalogue: { sms: { enabled: false } } }, { expected: 0, author: 'test' }),
    )
    expect(words(await open('/sending', cookie))).toMatch(
      /Send Email E-mail On .* Send SMS SMS Off in the settings/,
    )
  })
})

describe('actions of a company’s own', () => {
  it('are called as the admin named them, wherever they are shown', async () => {
    const { tenant, cookie } = await company()
    const connection = await connect(database, tenant)
    const { first } = await fillBook(database, tenant, connection, { count: 2 })
    const effect = { mean: 0.1, sd: 0.1 }
    const own = [{ key: 'send_gift', name: 'A box of pralines', channel: 'task', effect }]
    await database.withTenant(tenant, (tx) =>
      saveSettings(tx, { actions: { own } }, { expected: 0, author: 'test' }),
    )
    const id = await addActionIn(database, { tenant, connection }, first, 'awaiting_approval', {
      actionKey: 'send_gift',
      channel: 'task',
    })
    await press('/sending/action/send_gift/pause', {}, cookie)
    for (const path of ['/', '/sending', '/outbox', `/outbox/${id}`, `/customers/${first}`]) {
      const said = words(await open(path, cookie))
      expect(said, path).toContain('A box of pralines')
      expect(said, path).not.toContain('Send gift')
    }
  })
})

describe('the preview', () => {
  it('says what is missing, how many by action, and that nothing was written', async () => {
    const { tenant, cookie } = await company()
    const connection = await connect(database, tenant)
    await fillBook(database, tenant, connection, { count: 5 })
    const page = words(await open('/preview', cookie))
    expect(page).toContain('Nothing was written, and nothing was sent')
    expect(page).toContain('None of it reaches a customer yet')
    expect(page).toContain('The delivery mode is dry_run, not live')
  })
})

describe('a page', () => {
  it('is closed to whoever is not signed in', async () => {
    for (const path of ['/', '/customers', `/customers/${acme.first}`, '/outbox', '/inbox'])
      expect((await server.fetch(path)).status, path).toBe(401)
  })

  it('says that the installation is paused, and that only its owner can change that', async () => {
    const { tenant, cookie } = await company()
    await database.withTenant(tenant, (tx) => activateTenant(tx, tenant))
    await database.withTenant(tenant, (tx) => pauseTenant(tx, tenant, 'audit'))
    expect(words(await open('/outbox', cookie))).toContain('Paused: nothing is sent')
    await database.withTenant(tenant, (tx) => resumeTenant(tx, tenant))
    expect(words(await open('/outbox', cookie))).toContain('Dry run: nothing is sent')
  })
})
