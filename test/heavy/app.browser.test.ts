/** Every page of the app in a real browser: axe-core finds nothing grave, it fits, it runs nothing of others. */
import { randomUUID } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { chromium, type Browser, type BrowserContext, type Page as Tab } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PAGES, type Page } from '../../src/admin/pages.ts'
import { openEngines } from '../../src/loop/engines.ts'
import { apiRoutes } from '../../src/server/api/routes.ts'
import { pageRoutes } from '../../src/server/pages/routes.ts'
import type { Database } from '../../src/store/database.ts'
import { addActionIn, addContact, fillCompany, type Company } from '../server/pages/company.ts'
import { addTrainingRun } from '../../src/store/training-runs.ts'
import { BOOK_PROFILE } from '../support/book.ts'
import { addTenant, openTestDatabase } from '../support/database.ts'
import { withoutCrm } from '../server/companies.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

const chromiumPath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(
  existsSync,
)
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

interface Found {
  readonly id: string
  readonly impact: string
  readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[]
}

// Without a browser there is nothing to open; .ci/run installs Debian's chromium.
describe.skipIf(chromiumPath === undefined)('every page of the app in a browser', () => {
  let browser: Browser
  let database: Database
  let server: TestServer
  let acme: Company
  let empty: Company['tenant']
  let shared: BrowserContext | null = null
  const training = randomUUID()

  beforeAll(async () => {
    database = await openTestDatabase()
    acme = await fillCompany(database, { count: 120, name: 'A company with quite a long name, Ltd & Co KG' })
    empty = await addTenant(database, 'Nothing yet')
    await addContact(database, acme.tenant, acme.first + 1)
    await addActionIn(database, acme, acme.first + 1, 'sent', { message: {} })
    await addActionIn(database, acme, acme.first + 2, 'awaiting_approval')
    await addActionIn(database, acme, acme.first + 3, 'uncertain', { message: {}, reason: 'The line broke' })
    await database.withTenant(acme.tenant, (tx) =>
      tx.query('update connections set profile = $2 where id = $1', [acme.connection, BOOK_PROFILE]),
    )
    await database.withTenant(acme.tenant, (tx) =>
      addTrainingRun(tx, {
        id: training,
        by: 'Somebody',
        source: 'connection',
        sourceName: 'A file',
        file: null,
        connection: acme.connection,
        request: {},
        place: null,
      }),
    )
    await database.withTenant(acme.tenant, (tx) =>
      tx.query(
        `update customers set name = 'Donaudampfschifffahrtsgesellschaftskapitänsmützenfabrikationsgesellschaft mbH' where tenant_id = $1 and id = $2`,
        [acme.tenant, acme.first + 1],
      ),
    )
    const engines = openEngines({ threads: 1, dataFolder: 'there is none' })
    server = await startTestServer(
      database,
      [...apiRoutes, ...pageRoutes],
      {},
      {
        engines,
        settingUp: withoutCrm(database, engines),
        inbox: { list: () => [], read: () => null, clear: () => undefined },
      },
    )
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
    await server?.services.engines.close()
    await database?.close()
  })

  async function signedIn(
    tenant: Company['tenant'],
    { width, theme }: { width: number; theme: 'light' | 'dark' },
  ): Promise<BrowserContext> {
    const context = await browser.newContext({
      viewport: { width, height: 900 },
      colorScheme: theme,
      reducedMotion: 'reduce',
    })
    const [name, value] = (await server.cookie(tenant, 'admin', true)).split('=')
    await context.addCookies([{ name, value, url: server.url }])
    return context
  }

  /** What this server rightly says no to: it has no model of these customers, holds no books, and reaches no CRM. */
  const REFUSED = [
    /^422 \/v1\/customers\/\d+\/try$/,
    /^409 \/v1\/what-if/,
    /^503 \/v1\/connections\/[^/]+\/(population|responsible|agreements)$/,
  ]

  /** A page once nothing is on its way any more, and all that it complained about or asked of another host. */
  async function open(context: BrowserContext, path: string): Promise<{ tab: Tab; trouble: string[] }> {
    const tab = await context.newPage()
    const trouble: string[] = []
    tab.on('console', (message) => {
      // What was answered is looked at below.
      if (message.text().startsWith('Failed to load resource')) return
      if (message.type() === 'error' || message.type() === 'warning') trouble.push(message.text())
    })
    tab.on('response', (answer) => {
      const asked = `${answer.status()} ${new URL(answer.url()).pathname}`
      if (answer.status() >= 400 && !REFUSED.some((one) => one.test(asked))) trouble.push(asked)
    })
    tab.on('pageerror', (error) => trouble.push(error.message))
    tab.on('request', (request) => {
      if (!request.url().startsWith(server.url)) trouble.push(request.url())
    })
    await tab.goto(server.url + path)
    await tab.locator('main h1').waitFor()
    await tab.locator('main:not(:has([aria-busy=true]))').waitFor()
    return { tab, trouble }
  }

  /** What stands for a part of a path: something that the company has. */
  const addressOf = ({ key, path }: Page): string =>
    path
      .replace(
        '{id}',
        key === 'trainingRun'
          ? training
          : key.startsWith('customer')
            ? String(acme.first + 1)
            : acme.connection,
      )
      .replace('{channel}/{language}/{action}', 'email/en/discount_10')

  async function findings(tab: Tab): Promise<string[]> {
    // Evaluated by the browser itself, which the policy of the page does not bind.
    await tab.evaluate(axe)
    const found = (await tab.evaluate(
      'axe.run(document, { resultTypes: ["violations"] }).then(({ violations }) => violations)',
    )) as Found[]
    return found
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html.slice(0, 200)}`))
  }

  const LOOKS = [
    [1400, 'light'],
    [1400, 'dark'],
    [390, 'dark'],
    [390, 'light'],
  ] as const

  // Opened once and looked at four ways: that a page also begins well narrow and dark is seen on the first ones below.
  it.each(PAGES as readonly Page[])(
    '$path is accessible and fits, wide and narrow, light and dark',
    async (page) => {
      shared ??= await signedIn(acme.tenant, { width: 1400, theme: 'light' })
      const { tab, trouble } = await open(shared, addressOf(page))
      for (const [width, theme] of LOOKS) {
        await tab.setViewportSize({ width, height: 900 })
        await tab.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' })
        await tab.locator(`html[data-mantine-color-scheme=${theme}]`).waitFor()
        const at = `${page.path} at ${width}, ${theme}`
        expect(await findings(tab), at).toEqual([])
        expect(await tab.evaluate('document.documentElement.scrollWidth'), at).toBeLessThanOrEqual(width)
      }
      expect(trouble, page.path).toEqual([])
      expect(await tab.title()).toBe(`${page.title} · Holdfast`)
      await tab.close()
    },
  )

  it('begins narrow and dark as well', async () => {
    const context = await signedIn(acme.tenant, { width: 390, theme: 'dark' })
    for (const path of ['/app', '/app/customers', `/app/customers/${acme.first + 1}`, '/app/approvals']) {
      const { tab, trouble } = await open(context, path)
      expect(await findings(tab), path).toEqual([])
      expect(await tab.evaluate('document.documentElement.scrollWidth'), path).toBeLessThanOrEqual(390)
      expect(trouble, path).toEqual([])
      await tab.close()
    }
    await context.close()
  })

  it('says what will be there where there is nothing yet', async () => {
    const context = await signedIn(empty, { width: 1400, theme: 'light' })
    for (const page of (PAGES as readonly Page[]).filter(({ path }) => !path.includes('{'))) {
      const { tab, trouble } = await open(context, page.path)
      expect(await findings(tab), page.path).toEqual([])
      expect(trouble, page.path).toEqual([])
      expect(await tab.locator('main').innerText(), page.path).not.toMatch(
        /undefined|NaN|null|\[object|Invalid Date/,
      )
      await tab.close()
    }
    await context.close()
  })

  it('gives a table that is all on the page as a file, as one reads it', async () => {
    const context = await signedIn(acme.tenant, { width: 1400, theme: 'light' })
    const { tab } = await open(context, '/app/connections')
    const [file] = await Promise.all([
      tab.waitForEvent('download'),
      tab.getByRole('button', { name: 'Export CSV' }).click(),
    ])
    expect(file.suggestedFilename()).toBe('connections.csv')
    const [heads, first] = readFileSync(await file.path(), 'utf8').split('\r\n')
    const shown = await tab.getByRole('columnheader').allInnerTexts()
    expect(heads.split(',').length).toBeGreaterThanOrEqual(shown.length)
    expect(first).toContain(await tab.getByRole('row').nth(1).getByRole('link').first().innerText())
    await context.close()
  })

  it('can be gone through by keyboard, and shows where one is', async () => {
    const context = await signedIn(acme.tenant, { width: 1400, theme: 'light' })
    const { tab } = await open(context, '/app/customers')
    await tab.keyboard.press('Tab')
    expect(await tab.evaluate('document.activeElement.textContent')).toBe('Skip to the content')
    await tab.keyboard.press('Enter')
    await tab.keyboard.press('Tab')
    expect(await tab.evaluate('document.querySelector("main").contains(document.activeElement)')).toBe(true)
    await context.close()
  })
})
