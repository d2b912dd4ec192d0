/** What the server's own pages are in a real browser, under their Content-Security-Policy. */
import { existsSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { chromium, type Browser, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { asIntervention, type TenantId } from '../../src/contracts/ids.ts'
import { unsubscribePayload } from '../../src/loop/unsubscribe-link.ts'
import { hashAddress } from '../../src/security/address-hash.ts'
import { createSignInLink } from '../../src/security/sessions.ts'
import { signLink } from '../../src/security/signed-link.ts'
import { apiRoutes } from '../../src/server/api/routes.ts'
import type { Database } from '../../src/store/database.ts'
import { isSuppressed } from '../../src/store/suppressions.ts'
import { ask, start, type Started } from '../queue/company.ts'
import { addConnection, addTenant, openTestDatabase } from '../support/database.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

const chromiumPath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(
  existsSync,
)

// Without a browser there is nothing to open; .ci/run installs Debian's chromium.
describe.skipIf(chromiumPath === undefined)("the server's pages in a browser", () => {
  let browser: Browser
  let database: Database
  let tenant: TenantId
  let running: Started
  let server: TestServer

  beforeAll(async () => {
    database = await openTestDatabase()
    tenant = await addTenant(database)
    running = await start(database, null, { step: () => Promise.reject(new Error('away')) })
    await ask(database, tenant, await addConnection(database, tenant), 'score')
    running.queue.wake(tenant)
    await vi.waitFor(async () => expect((await running.queue.counts()).queues.score.failed).toBe(1), 5000)
    server = await startTestServer(database, apiRoutes, {}, { queue: running.queue })
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
    await running?.stop()
    await database?.close()
  })

  /** A page, and all that it complains about or asks of another host. */
  async function open(path: string): Promise<{ page: Page; trouble: string[] }> {
    const page = await browser.newPage()
    const trouble: string[] = []
    page.on('console', (message) => trouble.push(message.text()))
    page.on('pageerror', (error) => trouble.push(error.message))
    page.on('request', (request) => {
      if (!request.url().startsWith(server.url) && !request.url().startsWith('data:'))
        trouble.push(request.url())
    })
    await page.goto(server.url + path)
    return { page, trouble }
  }

  const newLink = () =>
    database.withTenant(tenant, (tx) =>
      createSignInLink(tx, { subject: 'ann', role: 'admin', installation: true, actor: 'a test' }),
    )
  async function signIn(page: Page): Promise<void> {
    await page.goto(`${server.url}/sign-in?token=${await newLink()}`)
    await Promise.all([
      page.waitForResponse((answer) => answer.request().method() === 'POST'),
      page.getByRole('button', { name: 'Sign in' }).click(),
    ])
  }

  it('signs in by the button, into a cookie that scripts do not see', async () => {
    const { page, trouble } = await open('/sign-in')
    await signIn(page)
    const cookies = await page.context().cookies()
    expect(cookies).toMatchObject([{ name: 'holdfast_session', httpOnly: true, sameSite: 'Lax' }])
    expect(await page.evaluate('document.cookie')).toBe('')
    // The first page is not part of this server: there is none at its address.
    expect(trouble.filter((line) => !line.includes('404'))).toEqual([])
    await page.close()
  })

  it('shows the queue board with its jobs, and loads nothing from elsewhere', async () => {
    const { page } = await open('/sign-in')
    await signIn(page)
    // This server has no first page, and the browser tells of that a little later.
    await page.goto('about:blank')
    const trouble: string[] = []
    page.on('console', (message) => trouble.push(message.text()))
    page.on('request', (request) => {
      if (!request.url().startsWith(server.url) && !request.url().startsWith('data:'))
        trouble.push(request.url())
    })
    await page.goto(`${server.url}/admin/queues`)
    for (const name of ['sync', 'score', 'decide', 'write_back', 'observe', 'act'])
      await page.getByRole('link', { name, exact: true }).first().waitFor()
    await page.goto(`${server.url}/admin/queues/queue/score?status=failed`)
    await page.getByText('UnrecoverableError').waitFor()
    expect(await page.getByText('No workers').count()).toBe(0)
    expect(await page.getByRole('button', { name: /retry|pause|clean|empty|obliterate/i }).count()).toBe(0)
    expect(trouble).toEqual([])
    await page.close()
  })

  it('shows the API to read and try out', async () => {
    const { page, trouble } = await open('/docs')
    const operation = page.locator('[id$=getStanding]')
    // Only what is near the window is drawn.
    for (let turns = 0; turns < 60 && (await operation.count()) === 0; turns++) {
      await page.mouse.wheel(0, 500)
      await page.waitForTimeout(150)
    }
    await operation.locator('.opblock-summary').click()
    await operation.getByRole('button', { name: 'Try it out' }).click()
    const answered = page.waitForResponse((answer) => answer.url().endsWith('/v1/standing'))
    await operation.getByRole('button', { name: 'Execute' }).click()
    expect((await answered).status()).toBe(401)
    await signIn(page)
    const again = await page.evaluate(async () => (await fetch('/v1/standing')).status)
    expect(again).toBe(200)
    expect(trouble.filter((line) => !/40[14]/.test(line))).toEqual([])
    await page.close()
  })

  it('unsubscribes with one press of a button, and without scripts', async () => {
    const { secrets } = server.services
    const { token, hash } = await database.withTenant(tenant, async (tx) => {
      const hash = hashAddress(await secrets.addressKey(tx), 'email', 'ann@example.com')!
      const intervention = asIntervention('00000000-0000-4000-8000-000000000000')
      return {
        hash,
        token: signLink(await secrets.linkKey(tx), unsubscribePayload({ tenant, intervention, hash })),
      }
    })
    const context = await browser.newContext({ javaScriptEnabled: false })
    const page = await context.newPage()
    await page.goto(`${server.url}/u/${token}`)
    await page.getByRole('button', { name: 'Unsubscribe' }).click()
    await page.getByRole('heading', { name: 'You are unsubscribed' }).waitFor()
    expect(await database.withTenant(tenant, (tx) => isSuppressed(tx, hash, 'email'))).toBe(true)
    await context.close()
  })

  it('does not let another site act for who is signed in', async () => {
    const { page } = await open('/sign-in')
    await signIn(page)
    const form = `<form method="post" action="${server.url}/sign-out"><button>Win</button></form>`
    const press = async (): Promise<number> => {
      const answered = page.waitForResponse((answer) => answer.url().endsWith('/sign-out'))
      await page.getByRole('button', { name: 'Win' }).click()
      return (await answered).status()
    }
    // Another port is another origin of the same site: the cookie comes along, and the request says where it is from.
    const other = createServer((_request, response) => {
      response.setHeader('content-type', 'text/html')
      response.end(form)
    })
    await new Promise<void>((resolve) => {
      other.listen(0, '127.0.0.1', resolve)
    })
    await page.goto(`http://127.0.0.1:${(other.address() as AddressInfo).port}/`)
    expect(await press()).toBe(403)
    // From another site no cookie comes along.
    await page.goto('about:blank')
    await page.setContent(form)
    expect(await press()).toBe(401)
    other.closeAllConnections()
    other.close()
    const still = await page.request.get(`${server.url}/v1/standing`)
    expect(still.status()).toBe(200)
    await page.close()
  })
})
