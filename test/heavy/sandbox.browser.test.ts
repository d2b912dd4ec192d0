/** The pages of the sandboxes in a real browser: they fit, are accessible, and what a mail holds can do nothing. */
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { InboxMail } from '../../actions/email/sandbox/inbox.ts'
import { apiRoutes } from '../../src/server/api/routes.ts'
import { pageRoutes } from '../../src/server/pages/routes.ts'
import type { Database } from '../../src/store/database.ts'
import { addActionIn, fillCompany, type Company } from '../server/pages/company.ts'
import { openTestDatabase } from '../support/database.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

const chromiumPath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(
  existsSync,
)
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

// Without a browser there is nothing to open; .ci/run installs Debian's chromium.
describe.skipIf(chromiumPath === undefined)('the pages of the sandboxes in a browser', () => {
  let browser: Browser
  let database: Database
  let server: TestServer
  let acme: Company
  const mails: InboxMail[] = []

  beforeAll(async () => {
    database = await openTestDatabase()
    acme = await fillCompany(database, { count: 20, name: 'A company with quite a long name, Ltd & Co KG' })
    const sent = await addActionIn(database, acme, acme.first + 1, 'sent', { message: {} })
    const digest = createHash('sha256').update(sent).digest('hex').slice(0, 40)
    mails.push({
      id: '1',
      at: new Date(),
      from: 'hello@acme.example',
      to: 'ann@a-company-with-quite-a-long-address-that-has-no-place-to-break.example',
      fromName: 'Acme',
      replyTo: null,
      subject: 'How is it going with Holdfast at the Donaudampfschifffahrtsgesellschaft?',
      messageId: `<${digest}@acme.example>`,
      text: 'Hello',
      html: '<!doctype html><html><head><style>p{color:rgb(1,2,3)}</style></head><body><p>Hello</p><img src="https://evil.example/pixel.gif"><script>parent.document.title="taken"</script><a id="away" href="https://evil.example/">away</a></body></html>',
      headers: [{ name: 'subject', value: 'How is it going' }],
      raw: Buffer.from(''),
    })
    server = await startTestServer(
      database,
      [...apiRoutes, ...pageRoutes],
      {},
      {
        inbox: {
          list: () => mails,
          read: (id) => mails.find((mail) => mail.id === id) ?? null,
          clear: () => undefined,
        },
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

  async function open(
    path: string,
    { width = 1400, theme = 'light' as 'light' | 'dark' } = {},
  ): Promise<{ context: BrowserContext; page: Page; trouble: string[] }> {
    const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme: theme })
    const [name, value] = (await server.cookie(acme.tenant, 'admin')).split('=')
    await context.addCookies([{ name, value, url: server.url }])
    const page = await context.newPage()
    const trouble: string[] = []
    page.on('console', (message) => trouble.push(message.text()))
    page.on('pageerror', (error) => trouble.push(error.message))
    page.on('request', (request) => {
      if (!request.url().startsWith(server.url)) trouble.push(request.url())
    })
    await page.goto(server.url + path)
    return { context, page, trouble }
  }

  it.each([
    [1400, 'light'],
    [1400, 'dark'],
    [390, 'light'],
    [390, 'dark'],
  ] as const)('are accessible, fit and ask nothing of others at %i px, %s', async (width, theme) => {
    for (const path of ['/inbox', '/inbox/1']) {
      const { context, page, trouble } = await open(path, { width, theme })
      // What the mail itself is refused is looked at below.
      expect(path === '/inbox' ? trouble : []).toEqual([])
      await page.evaluate(axe)
      const found = (await page.evaluate(
        'axe.run(document, { resultTypes: ["violations"], iframes: false }).then(({ violations }) => violations.filter(({ impact }) => impact === "serious" || impact === "critical").map(({ id, nodes }) => id + ": " + nodes[0].html))',
      )) as string[]
      expect(found, path).toEqual([])
      expect(await page.evaluate('document.documentElement.scrollWidth'), path).toBeLessThanOrEqual(width)
      await context.close()
    }
  })

  it('follow the theme that somebody chose in the app', async () => {
    const { context, page } = await open('/inbox', { theme: 'light' })
    const ground = (): Promise<string> => page.evaluate('getComputedStyle(document.body).backgroundColor')
    const light = await ground()
    await page.evaluate(`localStorage.setItem('mantine-color-scheme-value', 'dark')`)
    await page.reload()
    expect(await ground()).not.toBe(light)
    await context.close()
  })

  it('lead to the customer and the action in the app', async () => {
    const { context, page } = await open('/inbox/1')
    await page.getByRole('link', { name: 'this action' }).click()
    await page.getByRole('dialog', { name: 'One action' }).waitFor()
    await context.close()
  })

  it('show a mail in a frame in which nothing runs, loads or leads away', async () => {
    const { context, page, trouble } = await open('/inbox/1')
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
    expect(page.url()).toBe(`${server.url}/inbox/1`)
    expect(context.pages()).toHaveLength(1)
    // Each refusal is told on the console; none went out.
    const asked = trouble.filter((line) => line.startsWith('https://evil.example/pixel'))
    const refused = trouble.filter((line) => /Content Security Policy|sandbox/i.test(line))
    expect(refused.length).toBeGreaterThanOrEqual(2)
    expect(asked.every(() => refused.some((line) => line.includes('pixel.gif')))).toBe(true)
    await context.close()
  })
})
