/** In a real browser: somebody is erased as they were looked at, a view of the list is kept, somebody is let in. */
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { chromium, type Browser, type BrowserContext, type Locator, type Page as Tab } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { TenantId } from '../../src/contracts/ids.ts'
import { apiRoutes } from '../../src/server/api/routes.ts'
import { pageRoutes } from '../../src/server/pages/routes.ts'
import type { Database } from '../../src/store/database.ts'
import { fillCompany, type Company } from '../server/pages/company.ts'
import { addTenant, openTestDatabase } from '../support/database.ts'
import { addHeldPerson, ANN, type HeldPerson } from '../support/person.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

const chromiumPath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(
  existsSync,
)
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

// Without a browser there is nothing to open; .ci/run installs Debian's chromium.
describe.skipIf(chromiumPath === undefined)('those who get in, and those who are forgotten', () => {
  let browser: Browser
  let database: Database
  let server: TestServer
  let acme: Company
  let tenant: TenantId
  let person: HeldPerson

  beforeAll(async () => {
    database = await openTestDatabase()
    acme = await fillCompany(database, { count: 40, name: 'Acme' })
    tenant = await addTenant(database, 'With a person')
    server = await startTestServer(database, [...apiRoutes, ...pageRoutes])
    const key = await database.withTenant(tenant, (tx) => server.services.secrets.addressKey(tx))
    person = await addHeldPerson(database, { tenant, key })
    browser = await chromium.launch({
      executablePath: chromiumPath!,
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-background-networking',
        '--disable-component-update',
      ],
    })
  })
  afterAll(async () => {
    await browser?.close()
    await server?.close()
    await database?.close()
  })

  async function signedIn(of: TenantId, role: 'admin' | 'viewer' = 'admin'): Promise<BrowserContext> {
    const context = await browser.newContext({ reducedMotion: 'reduce' })
    const [name, value] = (await server.cookie(of, role)).split('=')
    await context.addCookies([{ name, value, url: server.url }])
    return context
  }

  /** A page, every address that was asked for, and what it complained about. */
  async function open(
    context: BrowserContext,
    path: string,
  ): Promise<{ tab: Tab; asked: string[]; trouble: string[] }> {
    const tab = await context.newPage()
    const asked: string[] = []
    const trouble: string[] = []
    tab.on('request', (request) => asked.push(request.url()))
    tab.on('pageerror', (error) => trouble.push(error.message))
    tab.on('console', (message) => {
      if (message.type() === 'error' && !message.text().includes('409')) trouble.push(message.text())
    })
    await tab.goto(server.url + path)
    await settled(tab)
    return { tab, asked, trouble }
  }

  async function settled(tab: Tab): Promise<void> {
    await tab.locator('main h1').waitFor()
    await tab.locator('main:not(:has([aria-busy=true]))').waitFor()
  }

  /** Evaluated by the browser itself, which the policy of the page does not bind. */
  async function findings(tab: Tab): Promise<string[]> {
    await tab.evaluate(axe)
    const found = (await tab.evaluate(
      'axe.run(document, { resultTypes: ["violations"] }).then(({ violations }) => violations)',
    )) as { id: string; impact: string; nodes: { html: string }[] }[]
    return found
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 200)}`))
  }

  const held = () =>
    database.withTenant(tenant, async (tx) => {
      const [{ many }] = await tx.query<{ many: number }>(
        `select count(*)::int as many from recipients where tenant_id = $1 and name = $2`,
        [tenant, ANN.name],
      )
      return many
    })

  it('erases somebody as they were looked at, and not when more is held by then', async () => {
    const context = await signedIn(tenant)
    const { tab, asked, trouble } = await open(context, '/app/privacy')
    const dialog: Locator = tab.getByRole('dialog')
    const erase = async (): Promise<void> => {
      await tab.getByRole('button', { name: 'Erase', exact: true }).click()
      const last = dialog.getByRole('button', { name: 'Erase', exact: true })
      expect(await last.isDisabled()).toBe(true)
      await dialog.getByLabel(/to go on$/).fill('ann.ohara@example.co')
      expect(await last.isDisabled()).toBe(true)
      await dialog.getByLabel(/to go on$/).fill(` ${ANN.email.toUpperCase()}`)
      expect(await findings(tab)).toEqual([])
      await last.click()
    }

    await tab.getByRole('textbox', { name: 'E-mail address' }).fill(ANN.email)
    await tab.getByRole('button', { name: 'Look', exact: true }).click()
    await tab.getByText('As a contact', { exact: true }).waitFor()
    expect(await tab.getByRole('list', { name: 'Their records' }).innerText()).toContain('Acme Ltd')
    await database.withTenant(tenant, (tx) =>
      tx.query(
        `update recipients set email_hash = (select email_hash from recipients where external_id = $1) where name = 'Bo'`,
        [person.contact],
      ),
    )
    await erase()
    await dialog.getByText('has changed since you looked').waitFor()
    expect(await held()).toBeGreaterThan(0)

    await dialog.getByRole('button', { name: 'Look again' }).click()
    await tab.getByText('As a contact', { exact: true }).waitFor()
    await tab.getByRole('button', { name: 'Erase', exact: true }).waitFor()
    await erase()
    await tab.getByText('They are erased, and kept out').waitFor()
    expect(await held()).toBe(0)

    await tab.getByRole('tab', { name: 'What was done' }).click()
    await tab.getByRole('button', { name: /^Let back/ }).waitFor()
    expect(await tab.locator('main').innerText()).not.toMatch(/ohara/i)
    expect(asked.filter((url) => /ohara|%40example/i.test(url))).toEqual([])
    expect(trouble).toEqual([])
    await context.close()
  })

  it('looks for nobody where one may only look', async () => {
    const context = await signedIn(tenant, 'viewer')
    const { tab } = await open(context, '/app/privacy')
    await tab.getByText('Admins look for people', { exact: false }).waitFor()
    expect(await tab.getByRole('button', { name: 'Look', exact: true }).count()).toBe(0)
    await context.close()
  })

  it('keeps what is shown as a view, which opens the same again, and goes', async () => {
    const context = await signedIn(acme.tenant)
    const { tab, trouble } = await open(context, '/app/customers')
    const views = tab.getByRole('navigation', { name: 'Views' })
    await tab.getByRole('button', { name: 'Level', exact: true }).click()
    await tab.getByRole('checkbox', { name: /^High/ }).check()
    await tab.waitForURL(/level=HIGH/)
    await settled(tab)
    expect(await findings(tab)).toEqual([])
    await tab.keyboard.press('Escape')
    await tab.getByRole('button', { name: /^Level\s?: High$/ }).waitFor()
    await settled(tab)
    const rows = await tab.locator('tbody tr').count()
    expect(rows).toBeGreaterThan(0)
    // What the page says is what the list has.
    expect(await tab.locator('h1').innerText()).toContain(`${rows} customer`)

    await tab.getByRole('button', { name: 'Save as a view' }).click()
    await tab.getByRole('textbox', { name: 'Name' }).fill('Mine to call')
    await tab.getByRole('button', { name: 'Save the view' }).click()
    await views.getByRole('link', { name: 'Mine to call' }).waitFor()
    await tab.waitForURL(/\?view=[\w-]{36}$/)
    await tab.reload()
    await settled(tab)
    expect(await views.getByRole('link', { name: 'Mine to call' }).getAttribute('aria-current')).toBe('page')
    expect(await tab.locator('tbody tr').count()).toBe(rows)

    await tab.getByRole('button', { name: /^Customer/ }).click()
    await tab.getByRole('button', { name: 'Save changes' }).click()
    await tab.getByText('shows this from now on').waitFor()
    await settled(tab)
    const sorted = await tab.locator('th[aria-sort=ascending]').innerText()
    expect(sorted).toContain('Customer')

    await tab.getByRole('button', { name: /^What to do with the view/ }).click()
    await tab.getByRole('menuitem', { name: 'Delete' }).click()
    await tab.getByRole('dialog').getByRole('button', { name: 'Delete' }).click()
    await views.getByRole('link', { name: 'Mine to call' }).waitFor({ state: 'detached' })
    await tab.waitForURL(/\?view=first$/)
    expect(trouble).toEqual([])
    await context.close()
  })

  it('asks what a page shows first before its code is there, and once', async () => {
    const context = await signedIn(acme.tenant)
    const early = ['/v1/customers?sort=value', '/v1/customers/count', '/v1/connections']
    const seen: string[] = []
    let allSeen = (): void => undefined
    const ready = new Promise<void>((done) => (allSeen = done))
    context.on('request', (request) => {
      seen.push(request.url().slice(server.url.length))
      if (early.every((path) => seen.includes(path))) allSeen()
    })
    // The app itself does not run before.
    await context.route(/\/main-[^/]*\.js$/, async (route) => {
      await ready
      await route.continue()
    })
    const { tab } = await open(context, '/app/customers')
    await tab.locator('tbody tr').first().waitFor()
    for (const path of early) expect([path, seen.filter((one) => one === path).length]).toEqual([path, 1])
    expect(seen).not.toContain('/v1/customer-views')
    // An address with filters of its own says what is read.
    seen.length = 0
    await tab.goto(`${server.url}/app/customers?level=HIGH`)
    await settled(tab)
    expect(seen).toContain('/v1/customers/count?level=HIGH')
    expect(seen).not.toContain('/v1/customers/count')
    await context.close()
  })

  it('keeps the address of a person that is searched for out of the page’s own', async () => {
    const context = await signedIn(acme.tenant)
    const { tab } = await open(context, '/app/customers')
    const search = tab.getByRole('searchbox', { name: 'Search customers' })
    await search.fill('somebody@example.com')
    await tab.getByText('Nobody fits what is asked for').waitFor()
    expect(tab.url()).not.toContain('somebody')
    // Another view is all of that view, and what is kept as one names nobody.
    await tab.getByRole('button', { name: 'Save as a view' }).click()
    await tab.getByRole('textbox', { name: 'Name', exact: true }).fill('Of somebody')
    const [kept] = await Promise.all([
      tab.waitForRequest((request) => request.method() === 'POST'),
      tab.getByRole('button', { name: 'Save the view' }).click(),
    ])
    expect(kept.postData()).not.toContain('somebody@')
    await tab.waitForURL(/\?view=[\w-]{36}$/)
    await search.fill('somebody@example.com')
    await tab.getByText('Nobody fits what is asked for').waitFor()
    await tab
      .getByRole('navigation', { name: 'Views' })
      .getByRole('link', { name: 'Whom to call first' })
      .click()
    await tab.locator('tbody tr').first().waitFor()
    expect(await search.inputValue()).toBe('')
    expect(await tab.getByRole('link', { name: 'Export CSV' }).getAttribute('href')).not.toContain('somebody')

    await search.fill('nobodyiscalledthat')
    await tab.waitForURL(/q=nobodyiscalledthat/)
    await tab.getByRole('button', { name: 'Show all' }).first().click()
    await tab.locator('tbody tr').first().waitFor()
    expect(await search.inputValue()).toBe('')
    await context.close()
  })

  it('lets somebody in by a link that is shown once, until they are removed', async () => {
    const context = await signedIn(acme.tenant)
    const { tab, trouble } = await open(context, '/app/people')
    await tab.getByRole('button', { name: 'Invite somebody' }).first().click()
    await tab.getByRole('textbox', { name: 'E-mail address' }).fill('jon@acme.example')
    await tab.getByRole('textbox', { name: 'Name' }).fill('Jon Reyes')
    await tab.getByRole('radio', { name: 'Operator' }).check()
    await tab.getByRole('button', { name: 'Make the link' }).click()
    const link = await tab.getByRole('textbox', { name: 'Sign-in link' }).inputValue()
    // A stray key takes it away from nobody.
    await tab.keyboard.press('Escape')
    expect(await findings(tab)).toEqual([])
    await tab.getByRole('button', { name: 'I have it' }).click()

    const other = await browser.newContext()
    const theirs = await other.newPage()
    await theirs.goto(link)
    await theirs.getByRole('button', { name: 'Sign in' }).click()
    await theirs.waitForURL((url) => url.pathname !== '/sign-in')
    await theirs.goto(`${server.url}/app/sessions`)
    await theirs.getByText('You are signed in here, and nowhere else').waitFor()

    await tab.getByRole('button', { name: 'What to do with Jon Reyes' }).click()
    await tab.getByRole('menuitem', { name: 'Remove' }).click()
    await tab.getByRole('dialog').getByRole('button', { name: 'Remove' }).click()
    await tab.getByText('Jon Reyes gets in no more.').waitFor()
    await theirs.goto(`${server.url}/app/sessions`)
    expect(await theirs.locator('h1').innerText()).toBe('Sign in first')
    await other.close()
    expect(trouble).toEqual([])
    await context.close()
  })
})
