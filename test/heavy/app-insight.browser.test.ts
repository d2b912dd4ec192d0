/** The overview, one customer with its try-out, and the report, in a real browser. */
import { existsSync } from 'node:fs'
import { chromium, type Browser, type Page as Tab } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { apiRoutes } from '../../src/server/api/routes.ts'
import { pageRoutes } from '../../src/server/pages/routes.ts'
import type { Role } from '../../src/security/access.ts'
import type { Database } from '../../src/store/database.ts'
import { openTestDatabase } from '../support/database.ts'
import { openInsightWorld, type InsightWorld } from '../support/insight-world.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

const chromiumPath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(
  existsSync,
)

// Without a browser there is nothing to open; .ci/run installs Debian's chromium.
describe.skipIf(chromiumPath === undefined)('insight in a browser', () => {
  let browser: Browser
  let database: Database
  let server: TestServer
  let world: InsightWorld

  beforeAll(async () => {
    database = await openTestDatabase()
    world = await openInsightWorld(database)
    server = await startTestServer(database, [...apiRoutes, ...pageRoutes], {}, { engines: world.engines })
    browser = await chromium.launch({
      executablePath: chromiumPath!,
      args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
    })
  }, 120_000)
  afterAll(async () => {
    await browser?.close()
    await server?.close()
    await world?.close()
    await database?.close()
  })

  async function open(path: string, role: Role = 'operator'): Promise<Tab> {
    const context = await browser.newContext({
      viewport: { width: 1400, height: 900 },
      reducedMotion: 'reduce',
    })
    const [name, value] = (await server.cookie(world.tenant, role)).split('=')
    await context.addCookies([{ name, value, url: server.url }])
    const tab = await context.newPage()
    await tab.clock.install()
    await tab.goto(server.url + path)
    await tab.locator('main h1').waitFor()
    await tab.locator('main:not(:has([aria-busy=true]))').waitFor()
    return tab
  }

  it('says what is at risk, and leads from the number to just these customers', async () => {
    const tab = await open('/app')
    const [{ high }] = await database.withTenant(world.tenant, (tx) =>
      tx.query<{ high: number }>(
        `select count(*)::integer as high from scores where tenant_id = $1 and level = 'HIGH'`,
        [tx.tenant],
      ),
    )
    expect(await tab.locator('h1').innerText()).toMatch(new RegExp(`a year is at risk in ${high} customers$`))
    await tab.locator('h1 a').click()
    await tab.locator('table tbody tr').first().waitFor()
    expect(new URL(tab.url()).search).toBe('?level=HIGH')
    await tab.locator('main:not(:has([aria-busy=true]))').waitFor()
    expect(await tab.locator('main table tbody tr').count()).toBe(high)
    await tab.context().close()
  })

  it('shows the trend in money and in customers, and the same as a table', async () => {
    const tab = await open('/app')
    const trend = tab.locator('section', { has: tab.getByRole('heading', { name: 'Risk over time' }) })
    await trend.getByText('Customers', { exact: true }).click()
    await tab.waitForURL(/trend=customers/)
    await trend.getByText('View as table').click()
    const rows = trend.locator('tbody tr')
    expect(await rows.count()).toBeGreaterThan(20)
    expect(await rows.last().innerText()).toMatch(/\d+ \w+\s+\d+\s+\d+/)
    await tab.context().close()
  })

  it('tries a customer out by keyboard, asks once moving ends, and stores nothing', async () => {
    const scores = () =>
      database.withTenant(world.tenant, (tx) =>
        tx.query('select customer_id, probability, level, scored_at from scores order by customer_id'),
      )
    const before = await scores()
    const tab = await open(`/app/customers/${world.first}`)
    const asked: string[] = []
    tab.on('request', (request) => {
      if (request.method() === 'POST') asked.push(request.postData() ?? '')
    })
    const part = tab.locator('section', { has: tab.getByRole('heading', { name: /^Try it out/ }) })
    const slider = part.getByRole('slider', { name: 'Months as a customer' })
    // Time stands still while it is moved: however slow the machine, it does not rest between two keys.
    await tab.clock.pauseAt(Date.now() + 60_000)
    await slider.focus()
    for (let times = 0; times < 12; times++) await tab.keyboard.press('ArrowRight')
    expect(asked).toEqual([])
    await tab.clock.resume()
    await part.getByText('becomes').first().waitFor({ state: 'attached' })
    await part
      .locator('output')
      .getByText(/^With months as a customer: .* the risk would/)
      .waitFor()
    expect(asked.filter((body) => body.includes('tenureMonths'))).toHaveLength(1)
    expect(await slider.getAttribute('aria-valuetext')).toMatch(/ months$/)
    await part.getByRole('button', { name: 'Put back Months as a customer' }).click()
    await part.getByRole('button', { name: 'Nothing is changed' }).waitFor()
    expect(await scores()).toEqual(before)
    await tab.context().close()
  })

  it('leaves a customer alone with a reason, says so on top, and lets it go on', async () => {
    const tab = await open(`/app/customers/${world.first}`)
    await tab.getByRole('button', { name: 'Leave alone' }).click()
    const dialog = tab.getByRole('dialog')
    await dialog.getByLabel('Why').fill('Talks about a new contract')
    await dialog.getByRole('button', { name: 'Leave alone' }).click()
    await tab.getByText('Talks about a new contract').first().waitFor()
    await tab.getByRole('button', { name: 'I have looked: let it go on' }).click()
    await tab.getByText('Left alone: nothing automatic happens').waitFor({ state: 'detached' })
    await tab.context().close()
  })

  it('offers viewers nothing to press, and shows them no names of people', async () => {
    const tab = await open(`/app/customers/${world.first}`, 'viewer')
    const text = await tab.locator('main').innerText()
    expect(text).not.toContain('Ines Vogt')
    expect(text).not.toMatch(/Mara Lindt|Jon Reyes|Ana Prado/)
    expect(await tab.getByRole('button', { name: /Leave alone|Approve|Snooze|Not right/ }).count()).toBe(0)
    // Trying out changes nothing, so they may.
    expect(await tab.getByRole('slider').count()).toBeGreaterThan(3)
    await tab.context().close()
  })

  it('prints the report without what stands round it, and has the plan behind it', async () => {
    const tab = await open('/app/report', 'viewer')
    await tab.emulateMedia({ media: 'print' })
    expect(await tab.getByRole('navigation').first().isVisible()).toBe(false)
    expect(await tab.getByRole('button', { name: 'Print' }).isVisible()).toBe(false)
    await tab.emulateMedia({ media: 'screen' })
    const [file] = await Promise.all([
      tab.waitForEvent('download'),
      tab.getByRole('link', { name: 'Download the plan as CSV' }).click(),
    ])
    expect(file.suggestedFilename()).toMatch(/^retention-\d{4}-\d{2}\.csv$/)
    await tab.context().close()
  })
})
