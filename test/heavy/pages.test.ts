/** The loop's pages in a real browser: they fit, can be read and reached by keyboard, run nothing of others. */
import { existsSync } from 'node:fs'
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { InterventionId } from '../../src/contracts/ids.ts'
import { pageRoutes } from '../../src/server/pages/routes.ts'
import type { Database } from '../../src/store/database.ts'
import { endRun, saveProgress, startRun } from '../../src/store/runs.ts'
import {
  addActionIn,
  addContact,
  connect,
  fillCompany,
  ranWell,
  type Company,
} from '../server/pages/company.ts'
import { addTenant, openTestDatabase } from '../support/database.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

const chromiumPath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(
  existsSync,
)

// Without a browser there is nothing to open; .ci/run installs Debian's chromium.
describe.skipIf(chromiumPath === undefined)("the loop's pages in a browser", () => {
  let browser: Browser
  let database: Database
  let server: TestServer
  let acme: Company
  let sent: InterventionId
  let waiting: InterventionId

  beforeAll(async () => {
    database = await openTestDatabase()
    acme = await fillCompany(database, { count: 120, name: 'A company with quite a long name, Ltd & Co KG' })
    await addContact(database, acme.tenant, acme.first + 1)
    sent = await addActionIn(database, acme, acme.first + 1, 'sent', {
      message: {
        html: '<!doctype html><html><head><style>p{color:rgb(1,2,3)}</style></head><body><p>Hello</p><img src="https://evil.example/pixel.gif"><script>parent.document.title="taken"</script><a id="away" href="https://evil.example/">away</a></body></html>',
      },
    })
    waiting = await addActionIn(database, acme, acme.first + 2, 'awaiting_approval')
    await addActionIn(database, acme, acme.first + 3, 'uncertain', { message: {}, reason: 'The line broke' })
    await database.withTenant(acme.tenant, (tx) =>
      tx.query(
        `update customers set name = 'Donaudampfschifffahrtsgesellschaftskapitänsmützenfabrikationsgesellschaft mbH' where tenant_id = $1 and id = $2`,
        [acme.tenant, acme.first + 1],
      ),
    )
    server = await startTestServer(
      database,
      pageRoutes(),
      {},
      {
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
    await database?.close()
  })

  interface Look {
    readonly width?: number
    readonly theme?: 'light' | 'dark'
    readonly tenant?: Company['tenant']
    readonly script?: boolean
  }

  async function signedIn({
    width = 1400,
    theme = 'light',
    tenant = acme.tenant,
    script = true,
  }: Look = {}): Promise<BrowserContext> {
    const context = await browser.newContext({
      viewport: { width, height: 900 },
      colorScheme: theme,
      javaScriptEnabled: script,
    })
    const [name, value] = (await server.cookie(tenant, 'admin')).split('=')
    await context.addCookies([{ name, value, url: server.url }])
    return context
  }

  /** A page, and all that it complains about or asks of another host. */
  async function open(context: BrowserContext, path: string): Promise<{ page: Page; trouble: string[] }> {
    const page = await context.newPage()
    const trouble: string[] = []
    page.on('console', (message) => trouble.push(message.text()))
    page.on('pageerror', (error) => trouble.push(error.message))
    page.on('request', (request) => {
      if (!request.url().startsWith(server.url)) trouble.push(request.url())
    })
    await page.goto(server.url + path)
    return { page, trouble }
  }

  const paths = () => [
    '/',
    '/customers',
    `/customers/${acme.first + 1}`,
    '/outbox',
    `/outbox/${waiting}`,
    '/inbox',
    '/sending',
    '/preview',
  ]

  it('have the columns of what is sent one below the other', async () => {
    const context = await signedIn()
    const { page } = await open(context, '/sending')
    const left = (nth: number) => page.getByRole('columnheader', { name: 'State' }).nth(nth).boundingBox()
    const right = (nth: number) => page.locator('.parts').nth(nth).locator('summary').first().boundingBox()
    const [states, buttons] = [
      [await left(0), await left(1)],
      [await right(0), await right(1)],
    ]
    expect(states[0]!.x).toBeCloseTo(states[1]!.x, 0)
    expect(buttons[0]!.x + buttons[0]!.width).toBeCloseTo(buttons[1]!.x + buttons[1]!.width, 0)
    await context.close()
  })

  it.each([
    [1400, 'light'],
    [1400, 'dark'],
    [390, 'light'],
    [390, 'dark'],
  ] as const)(
    'fit a window of %i px in the %s theme, can be read, ask nothing of others',
    async (width, theme) => {
      const context = await signedIn({ width, theme })
      for (const path of paths()) {
        const { page, trouble } = await open(context, path)
        expect(await page.evaluate('document.documentElement.scrollWidth'), path).toBeLessThanOrEqual(width)
        expect(await page.evaluate('document.fonts.check("14px Inter")'), path).toBe(true)
        expect(await page.evaluate(faintest), path).toEqual([])
        expect(await page.evaluate(unnamed), path).toEqual([])
        expect(trouble, path).toEqual([])
        await page.close()
      }
      await context.close()
    },
  )

  it('show a mail in a frame in which nothing runs, loads or leads away', async () => {
    const context = await signedIn()
    const { page, trouble } = await open(context, `/outbox/${sent}`)
    const frame = page.frameLocator('iframe.mail')
    await frame.locator('p').waitFor()
    // Its style holds, and no more of it.
    const colour = await frame.locator('p').evaluate((p) => {
      const window = globalThis as unknown as { getComputedStyle(of: unknown): { color: string } }
      return window.getComputedStyle(p).color
    })
    expect(colour).toBe('rgb(1, 2, 3)')
    expect(await page.title()).not.toContain('taken')
    await frame.locator('#away').click()
    await page.waitForTimeout(300)
    expect(page.url()).toBe(`${server.url}/outbox/${sent}`)
    expect(context.pages()).toHaveLength(1)
    // Each refusal is told on the console; none went out.
    const asked = trouble.filter((line) => line.startsWith('https://evil.example/pixel'))
    const refused = trouble.filter((line) => /Content Security Policy|sandbox/i.test(line))
    expect(refused.length).toBeGreaterThanOrEqual(2)
    expect(asked.every(() => refused.some((line) => line.includes('pixel.gif')))).toBe(true)
    await context.close()
  })

  it('can be gone through by keyboard: first to the content, then link by link, each seen', async () => {
    const context = await signedIn()
    const { page } = await open(context, '/')
    await page.keyboard.press('Tab')
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Skip to the content')
    await page.keyboard.press('Enter')
    await page.keyboard.press('Tab')
    expect(await page.evaluate('document.querySelector("main").contains(document.activeElement)')).toBe(true)
    expect(await page.evaluate('getComputedStyle(document.activeElement).outlineStyle')).toBe('solid')
    await context.close()
  })

  it('have their navigation in a sheet on a phone', async () => {
    const context = await signedIn({ width: 390 })
    const { page } = await open(context, '/')
    const outbox = page.getByRole('navigation').getByRole('link', { name: /^Outbox/ })
    expect(await outbox.isVisible()).toBe(false)
    await page.getByRole('button', { name: 'Menu' }).click()
    await outbox.click()
    await page.waitForURL('**/outbox')
    await context.close()
  })

  it.each([true, false])('take a press of a button (script: %s)', async (script) => {
    const context = await signedIn({ script })
    const id = await addActionIn(database, acme, acme.first + 5, 'awaiting_approval')
    const { page } = await open(context, `/outbox/${id}`)
    await page.getByRole('button', { name: /^Approve/ }).click()
    await page
      .getByText('It goes out when it is due', { exact: false })
      .or(page.getByText('approved it'))
      .first()
      .waitFor()
    expect(await page.getByRole('button', { name: /^Approve/ }).count()).toBe(0)
    await context.close()
  })

  it('follow a run as it goes on, and stop when it is done', async () => {
    const tenant = await addTenant(database)
    const connection = await connect(database, tenant, { name: 'CRM' })
    const lease = (set: string) =>
      database.withTenant(tenant, (tx) =>
        tx.query(`update steps set due_at = null, ${set} where tenant_id = $1 and connection_id = $2`, [
          tenant,
          connection,
        ]),
      )
    await lease("lease_until = case when step = 'sync' then now() + interval '1 hour' end")
    const run = await database.withTenant(tenant, (tx) =>
      startRun(tx, { connection, step: 'sync', cause: 'first' }),
    )
    await database.withTenant(tenant, (tx) => saveProgress(tx, run, { done: 100, total: 1000 }))
    const context = await signedIn({ tenant })
    const { page, trouble } = await open(context, '/')
    await page.getByText('100 of 1,000').first().waitFor()
    await database.withTenant(tenant, (tx) => saveProgress(tx, run, { done: 700, total: 1000 }))
    await page.getByText('700 of 1,000').first().waitFor({ timeout: 10_000 })
    await database.withTenant(tenant, (tx) => endRun(tx, run, { status: 'done', counts: { added: 1000 } }))
    await lease('lease_until = null')
    await ranWell(database, tenant, connection, 'sync', { added: 1000 })
    await page.getByText('1,000 added').first().waitFor({ timeout: 10_000 })
    expect(await page.locator('[data-running]').count()).toBe(0)
    expect(trouble).toEqual([])
    await context.close()
  })
})

/** Visible texts whose WCAG contrast against what is behind them is below 4.5. Runs in the page. */
const faintest = `(() => {
  const channel = (v) => { v /= 255; return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4 }
  const parts = (color) => color.match(/[\\d.]+/g).map(Number)
  const luminance = (color) => { const [r, g, b] = parts(color); return 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b) }
  const behind = (element) => {
    for (let at = element; at !== null; at = at.parentElement) {
      const color = getComputedStyle(at).backgroundColor
      if (parts(color)[3] !== 0) return color
    }
    return 'rgb(255, 255, 255)'
  }
  const found = []
  for (const element of document.querySelectorAll('body *')) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim() !== '')
    const box = element.getBoundingClientRect()
    if (!own || box.width < 2 || box.height < 2 || element.closest('.skip')) continue
    const style = getComputedStyle(element)
    const text = luminance(element instanceof SVGElement ? style.fill : style.color)
    const ground = luminance(behind(element))
    const contrast = (Math.max(text, ground) + 0.05) / (Math.min(text, ground) + 0.05)
    if (contrast < 4.5) found.push(element.tagName + ' ' + element.textContent.trim().slice(0, 40) + ' ' + contrast.toFixed(2))
  }
  return found
})()`

/** What a screen reader could not name, headings out of order, ids given twice. Runs in the page. */
const unnamed = `(() => {
  const found = []
  const named = (element) => (element.getAttribute('aria-label') ?? element.title ?? '').trim() !== '' || element.textContent.trim() !== ''
  for (const element of document.querySelectorAll('a,button,summary,iframe,svg[role=img],progress')) if (!named(element)) found.push('no name: ' + element.outerHTML.slice(0, 80))
  for (const element of document.querySelectorAll('input:not([type=hidden])')) if (element.labels.length === 0) found.push('no label: ' + element.outerHTML.slice(0, 80))
  for (const element of document.querySelectorAll('img')) if (!element.hasAttribute('alt')) found.push('no alt')
  if (document.querySelectorAll('h1').length !== 1) found.push('h1: ' + document.querySelectorAll('h1').length)
  if (document.querySelectorAll('main').length !== 1) found.push('main')
  for (const element of document.querySelectorAll('table th:not([scope])')) found.push('th without scope: ' + element.textContent)
  const ids = [...document.querySelectorAll('[id]')].map((element) => element.id)
  if (new Set(ids).size !== ids.length) found.push('ids twice')
  return found
})()`
