/** What a person does about actions, in a real browser: answers what waits, pauses, and stops everything. */
import { existsSync } from 'node:fs'
import { chromium, type Browser, type Page as Tab } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { InterventionId } from '../../src/contracts/ids.ts'
import { openEngines } from '../../src/loop/engines.ts'
import { apiRoutes } from '../../src/server/api/routes.ts'
import { pageRoutes } from '../../src/server/pages/routes.ts'
import type { Database } from '../../src/store/database.ts'
import { approve } from '../../src/store/interventions.ts'
import { addActionIn, addContact, fillCompany, type Company } from '../server/pages/company.ts'
import { openTestDatabase } from '../support/database.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

const chromiumPath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(
  existsSync,
)

// Without a browser there is nothing to open; .ci/run installs Debian's chromium.
describe.skipIf(chromiumPath === undefined)('acting in the app', () => {
  let browser: Browser
  let database: Database
  let server: TestServer
  let acme: Company

  beforeAll(async () => {
    database = await openTestDatabase()
    server = await startTestServer(
      database,
      [...apiRoutes, ...pageRoutes],
      {},
      { engines: openEngines({ threads: 1, dataFolder: 'there is none' }) },
    )
    browser = await chromium.launch({
      executablePath: chromiumPath!,
      args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
    })
  })
  beforeEach(async () => {
    acme = await fillCompany(database, { count: 20 })
  })
  afterAll(async () => {
    await browser?.close()
    await server?.close()
    await server?.services.engines.close()
    await database?.close()
  })

  /** A page once it stands, with all that it complained about. */
  async function open(path: string, role: 'viewer' | 'operator' | 'admin' = 'admin') {
    const context = await browser.newContext({
      viewport: { width: 1400, height: 900 },
      reducedMotion: 'reduce',
    })
    const [name, value] = (await server.cookie(acme.tenant, role)).split('=')
    await context.addCookies([{ name, value, url: server.url }])
    context.setDefaultTimeout(60_000)
    const tab = await context.newPage()
    const trouble: string[] = []
    tab.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') trouble.push(message.text())
    })
    tab.on('pageerror', (error) => trouble.push(error.message))
    await tab.goto(server.url + path)
    await tab.locator('main h1').waitFor()
    await tab.locator('main:not(:has([aria-busy=true]))').waitFor()
    return { tab, trouble, close: () => context.close() }
  }

  const waiting = async (count: number): Promise<readonly InterventionId[]> => {
    const ids: InterventionId[] = []
    for (let n = 0; n < count; n++) {
      await addContact(database, acme.tenant, acme.first + n, { email: `a${n}@example.com` })
      ids.push(await addActionIn(database, acme, acme.first + n, 'awaiting_approval'))
    }
    // Snoozed for a week until seven in the morning, it would be too late before seven.
    await database.withTenant(acme.tenant, (tx) =>
      tx.query(
        `update interventions set expires_at = now() + interval '30 days' where tenant_id = $1 and id = any ($2::uuid[])`,
        [acme.tenant, ids],
      ),
    )
    return ids
  }
  const statesOf = (ids: readonly InterventionId[]): Promise<readonly string[]> =>
    database.withTenant(acme.tenant, async (tx) => {
      const rows = await tx.query<{ id: InterventionId; state: string }>(
        'select id, state from interventions where tenant_id = $1 and id = any ($2::uuid[])',
        [acme.tenant, [...ids]],
      )
      return ids.map((id) => rows.find((row) => row.id === id)?.state ?? 'none')
    })
  const titled = (tab: Tab, title: string): Promise<void> =>
    tab.locator('main h1', { hasText: title }).waitFor()

  it('approves one, snoozes one by keyboard, and says no to the rest at once', async () => {
    const ids = await waiting(5)
    const { tab, trouble, close } = await open('/app/approvals')
    await titled(tab, '5 actions wait for an answer')
    // The e-mail as it would be read, in a frame that can do nothing.
    const mail = tab.locator('article iframe[sandbox=""]').contentFrame()
    await mail.locator('body', { hasText: 'Unsubscribe' }).waitFor()

    await tab.getByRole('button', { name: 'Approve', exact: true }).click()
    await titled(tab, '4 actions wait for an answer')
    expect((await statesOf(ids)).filter((state) => state !== 'awaiting_approval')).toEqual(['planned'])

    // Until then another answer is not taken.
    await tab.locator('button[data-loading]').waitFor({ state: 'detached' })
    await tab.keyboard.press('j')
    await tab.locator('li[data-current=true] a:focus').waitFor()
    await tab.keyboard.press('s')
    await titled(tab, '3 actions wait for an answer')
    expect(await statesOf(ids)).toContain('snoozed')

    await tab.locator('button[data-loading]').waitFor({ state: 'detached' })
    for (const box of await tab.getByRole('checkbox', { name: /^Choose / }).all()) await box.check()
    const chosen = tab.getByRole('region', { name: 'Chosen' })
    await chosen.getByRole('button', { name: 'Not right' }).click()
    await tab.getByRole('textbox', { name: 'Why not?' }).fill('They are on holiday.')
    await tab.getByRole('dialog').getByRole('button', { name: 'Not right' }).click()
    await titled(tab, 'Nothing waits for an answer')
    expect((await statesOf(ids)).toSorted()).toEqual([
      'planned',
      'rejected',
      'rejected',
      'rejected',
      'snoozed',
    ])
    expect(trouble).toEqual([])
    await close()
  })

  it('tells of an answer that somebody else gave meanwhile, and leaves it as it is', async () => {
    const ids = await waiting(3)
    const { tab, close } = await open('/app/approvals')
    await titled(tab, '3 actions wait for an answer')
    await database.withTenant(acme.tenant, (tx) => approve(tx, ids[1], { actor: 'user:ben@example.com' }))
    for (const box of await tab.getByRole('checkbox', { name: /^Choose / }).all()) await box.check()
    await tab.getByRole('button', { name: 'Approve 3' }).click()
    const asked = tab.getByRole('dialog', { name: 'Approve 3' })
    await asked.getByText('cannot be taken back').waitFor()
    await asked.getByRole('button', { name: 'Approve 3' }).click()
    await tab.getByText('1 answer was not taken').waitFor()
    await tab.getByText(/It was approved by ben@example.com/).waitFor()
    expect(await statesOf(ids)).toEqual(['planned', 'planned', 'planned'])
    await close()
  })

  it('keeps to the one that is read when the list is read anew, and never puts another in its place', async () => {
    const ids = await waiting(3)
    const { tab, close } = await open('/app/approvals')
    await titled(tab, '3 actions wait for an answer')
    const here = (await tab.locator('li[data-current=true] a').getAttribute('data-id')) as InterventionId
    const theirs = (id: InterventionId) =>
      database.withTenant(acme.tenant, (tx) => approve(tx, id, { actor: 'user:ben@example.com' }))
    const readAnew = async (title: string) => {
      // What was read is taken to be fresh for ten seconds.
      await tab.evaluate(
        `{ const now = Date.now; Date.now = () => now() + 20_000; window.dispatchEvent(new Event('visibilitychange')) }`,
      )
      await titled(tab, title)
    }
    await theirs(here)
    await readAnew('2 actions wait for an answer')
    await tab.getByText('This was answered meanwhile').waitFor()
    expect(await tab.getByRole('button', { name: 'Approve', exact: true }).count()).toBe(0)
    await tab.keyboard.press('a')
    await tab.getByRole('button', { name: 'Go on with the first' }).click()
    await tab.getByRole('button', { name: 'Approve', exact: true }).waitFor()
    expect((await statesOf(ids)).filter((state) => state === 'awaiting_approval')).toHaveLength(2)
    // So with one that the address names.
    const second = tab.locator('li[data-current=false] a')
    const chosen = (await second.getAttribute('data-id')) as InterventionId
    await second.click()
    await tab.waitForURL(/open=/)
    await theirs(chosen)
    await readAnew('1 action waits for an answer')
    await tab.getByText('This was answered meanwhile').waitFor()
    expect((await statesOf(ids)).filter((state) => state === 'awaiting_approval')).toHaveLength(1)
    await close()
  })

  it('opens other pages after one could not be loaded, and that one once it can be', async () => {
    const { tab, close } = await open('/app/settings')
    const navigation = tab.getByRole('navigation', { name: 'Holdfast' })
    const go = (name: RegExp) => navigation.getByRole('link', { name }).click()
    await tab.route(/\/approvals-[^/]*\.js$/, (route) => route.abort())
    await go(/^Approvals/)
    await titled(tab, 'This page failed')
    await go(/^Customers/)
    await tab.locator('main tbody tr').first().waitFor()
    await tab.unroute(/\/approvals-[^/]*\.js$/)
    await go(/^Approvals/)
    await titled(tab, 'Nothing waits for an answer')
    await close()
  })

  it('offers no answer to those who may only look, and shows them no message', async () => {
    await waiting(1)
    const { tab, close } = await open('/app/approvals', 'viewer')
    await titled(tab, '1 action waits for an answer')
    await tab.getByText('operators and admins see it').waitFor()
    expect(await tab.getByRole('button', { name: 'Approve' }).count()).toBe(0)
    expect(await tab.getByRole('checkbox', { name: /^Choose / }).count()).toBe(0)
    expect(await tab.locator('iframe').count()).toBe(0)
    await close()
  })

  it('pauses a channel with its reason, lets it go on, and stops everything', async () => {
    const { tab, trouble, close } = await open('/app/sending')
    await tab.getByRole('button', { name: 'Pause: SMS' }).click()
    const dialog = tab.getByRole('dialog', { name: 'Pause' })
    expect(await dialog.getByRole('button', { name: 'Pause' }).isDisabled()).toBe(true)
    await dialog.getByRole('textbox', { name: 'Why?' }).fill('New texts on Monday')
    await dialog.getByRole('button', { name: 'Pause' }).click()
    await tab.getByText('New texts on Monday.').waitFor()
    const pauses = () =>
      database.withTenant(acme.tenant, (tx) =>
        tx.query('select scope, name, reason from pauses where tenant_id = $1 and ended_at is null', [
          acme.tenant,
        ]),
      )
    expect(await pauses()).toEqual([{ scope: 'channel', name: 'sms', reason: 'New texts on Monday' }])

    await tab.getByRole('button', { name: 'Let it go on: SMS' }).click()
    await tab.getByRole('dialog').getByRole('button', { name: 'Let it go on' }).click()
    await tab.getByRole('button', { name: 'Pause: SMS' }).waitFor()
    expect(await pauses()).toEqual([])

    await tab.getByRole('button', { name: 'Stop everything' }).click()
    const stop = tab.getByRole('dialog', { name: 'Stop everything' })
    await stop.getByRole('textbox', { name: 'Why?' }).fill('A wrong price list')
    await stop.getByRole('button', { name: 'Stop everything' }).click()
    await titled(tab, 'All actions are stopped')
    expect(await pauses()).toEqual([{ scope: 'everything', name: '', reason: 'A wrong price list' }])
    expect(trouble).toEqual([])
    await close()
  })
})
