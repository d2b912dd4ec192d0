/** Training from an uploaded file, a model put in charge and gone back from, and what-if, by hand in a real browser. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { chromium, type Browser, type Page as Tab } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/contracts/clock.ts'
import { HoldfastError } from '../../src/contracts/errors.ts'
import type { TenantId } from '../../src/contracts/ids.ts'
import { openEngines } from '../../src/loop/engines.ts'
import { storedBundles } from '../../src/loop/model-place.ts'
import type { Role } from '../../src/security/access.ts'
import { apiRoutes } from '../../src/server/api/routes.ts'
import type { Database } from '../../src/store/database.ts'
import { currentSettings, saveSettings } from '../../src/store/settings-versions.ts'
import { openTraining, type Training } from '../../src/training/service.ts'
import { openWhatIf, type WhatIf } from '../../src/what-if/service.ts'
import { addScored, addScoredConnection } from '../loop/decidable.ts'
import { addTenant, openTestDatabase } from '../support/database.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { churnFile } from '../training/churn-file.ts'

const chromiumPath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(
  existsSync,
)
const CUSTOMERS = 300

// Without a browser there is nothing to open; .ci/run installs Debian's chromium.
describe.skipIf(chromiumPath === undefined)('models and what-if in a browser', () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-minds-'))
  let browser: Browser
  let database: Database
  let server: TestServer
  let training: Training
  let whatIf: WhatIf
  let tenant: TenantId
  let engines: ReturnType<typeof openEngines>

  beforeAll(async () => {
    database = await openTestDatabase()
    tenant = await addTenant(database)
    const connection = await addScoredConnection(database, tenant)
    await addScored(database, { tenant, connection }, 1, CUSTOMERS)
    // Cheap enough that much is worth doing.
    const settings = {
      exploration: { share: 0 },
      budget: 3000,
      catalogue: { discount_20: { share: 0.03 }, discount_10: { share: 0.01 } },
      offers: { fulfilment: { discount_10: { by: 'billing' }, discount_20: { by: 'billing' } } },
    }
    await database.withTenant(tenant, (tx) => saveSettings(tx, settings, { expected: 0, author: 'a test' }))
    engines = openEngines({ threads: 1, dataFolder: folder, bundles: storedBundles(database) })
    const log = pino({ level: 'silent' })
    training = await openTraining({ database, clock: systemClock, log, dataFolder: folder })
    const connectors = {
      can: () => false,
      open: () => Promise.reject(new HoldfastError('connector_configuration', 'There is none in this test.')),
    }
    whatIf = openWhatIf(
      { database, engines, clock: systemClock, connectors },
      { now: () => performance.now() },
    )
    server = await startTestServer(database, apiRoutes, {}, { engines, training, whatIf })
    browser = await chromium.launch({
      executablePath: chromiumPath!,
      args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
    })
  })
  afterAll(async () => {
    await browser?.close()
    await training?.close()
    await whatIf?.close()
    await server?.close()
    await engines?.close()
    await database?.close()
    rmSync(folder, { recursive: true })
  })

  /** A tab on a page, and all that it complains about or asks of another host. */
  async function open(path: string, role: Role = 'admin'): Promise<{ tab: Tab; trouble: string[] }> {
    const context = await browser.newContext({ viewport: { width: 1400, height: 1000 } })
    // A machine with much else to do is slow, and not wrong.
    context.setDefaultTimeout(120_000)
    const [name, value] = (await server.cookie(tenant, role)).split('=')
    await context.addCookies([{ name, value, url: server.url }])
    const tab = await context.newPage()
    const trouble: string[] = []
    tab.on('console', (message) => trouble.push(message.text()))
    tab.on('pageerror', (error) => trouble.push(error.message))
    tab.on('request', (request) => {
      if (!/^(data|blob):/.test(request.url()) && !request.url().startsWith(server.url))
        trouble.push(request.url())
    })
    await tab.goto(server.url + path)
    return { tab, trouble }
  }

  // First: whoever waits for a score of another model is not decided on.
  it('moves counts, spend and margin as something is turned, lists who is moved, and saves nothing', async () => {
    const { tab, trouble } = await open('/app/what-if')
    await tab.getByRole('heading', { level: 1, name: /^As it is, / }).waitFor()
    const plan = tab.getByRole('table', { name: /The plan as it is/ })
    const spend = async (at: number): Promise<number> =>
      Number(
        (await plan.locator('tr', { hasText: 'Planned spend' }).locator('td').nth(at).innerText()).replaceAll(
          /[^\d.]/g,
          '',
        ),
      )
    const [before] = [await spend(0)]
    expect(before).toBeGreaterThan(0)
    await tab.getByRole('textbox', { name: 'Every action costs' }).fill('3')
    await tab.getByRole('heading', { level: 1, name: /would be treated otherwise: / }).waitFor()
    expect(await spend(0)).toBe(before)
    const headline = await tab.getByRole('heading', { level: 1 }).innerText()
    const moved = Number(/^([\d,]+)/.exec(headline)![1].replaceAll(',', ''))
    const title = `Customers whose action would be another: ${moved.toLocaleString('en')}`
    await tab.getByRole('heading', { level: 2, name: title }).waitFor()
    const download = tab.waitForEvent('download')
    await tab.getByRole('button', { name: 'Save as CSV' }).click()
    const chunks: Buffer[] = []
    for await (const chunk of await (await download).createReadStream()) chunks.push(chunk as Buffer)
    expect(Buffer.concat(chunks).toString().trim().split('\n')).toHaveLength(moved + 1)

    // What one sees can be sent to somebody.
    await tab.reload()
    await tab.getByRole('heading', { level: 1, name: headline }).waitFor()
    await tab.getByRole('button', { name: 'Back to how it is' }).click()
    await tab.getByRole('heading', { level: 1, name: /^As it is, / }).waitFor()
    expect((await database.withTenant(tenant, currentSettings)).version).toBe(1)
    expect(trouble).toEqual([])
    await tab.context().close()
  }, 300_000)

  it('trains on a file that is brought, puts the model in charge, and goes back', async () => {
    const { tab, trouble } = await open('/app/training')
    await tab.getByLabel('Choose a file, or drop it here').setInputFiles({
      name: 'who left.csv',
      mimeType: 'text/csv',
      buffer: Buffer.from(churnFile(900)),
    })
    await tab.getByRole('heading', { level: 1, name: /of 900 customers left/ }).waitFor()
    const row = (column: string) =>
      tab.getByRole('table', { name: /Columns, what each/ }).locator('tr', { hasText: column })
    expect(await row('gender').innerText()).toContain('Refused')
    expect(await row('gender').getByRole('checkbox').count()).toBe(0)
    expect(await row('Cancellation Reason').innerText()).toContain('Left out')
    expect(await row('tenure').innerText()).toContain('Learnt from')
    await tab.getByLabel('Name of the model').fill('mine')
    await tab.getByRole('button', { name: 'Train the model' }).click()
    await tab.getByRole('heading', { level: 1, name: /puts the right one higher/ }).waitFor()
    expect(await tab.getByRole('heading', { level: 1 }).innerText()).toMatch(/\d\d times in 100/)

    await tab.getByRole('button', { name: 'Put it in charge' }).click()
    await tab.getByRole('dialog').getByRole('button', { name: 'Put it in charge' }).click()
    await tab.getByText('It is in charge: every score comes from it.').waitFor()

    await tab.getByRole('link', { name: /All that was measured of mine/ }).click()
    await tab.getByRole('heading', { name: 'What happens at a threshold' }).waitFor()
    const cells = await tab
      .getByRole('table', { name: /at this threshold/ })
      .locator('td')
      .allInnerTexts()
    expect(cells.reduce((sum, one) => sum + Number(one.replaceAll(',', '')), 0)).toBe(900)
    expect(await tab.locator('canvas').count()).toBe(4)

    const versions = tab.getByRole('table', { name: /Models, those in charge/ })
    await versions.locator('tr', { hasText: 'subscription' }).getByRole('link', { name: 'Compare' }).click()
    await tab.getByRole('heading', { name: /^mine .* beside subscription / }).waitFor()
    await tab
      .getByText(/asked about the same/)
      .first()
      .waitFor()
    await tab.getByRole('table', { name: /figure by figure/ }).waitFor()
    await versions.getByRole('link', { name: /^subscription/ }).click()
    await tab.getByRole('button', { name: 'Go back to it' }).click()
    await tab.getByRole('dialog').getByRole('button', { name: 'Go back to it' }).click()
    await tab.getByText('It is in charge: every score comes from it.').waitFor()
    expect(trouble).toEqual([])
    await tab.context().close()
  }, 300_000)

  it('says what is wrong with a file that is no table, and takes another', async () => {
    const { tab } = await open('/app/training')
    const field = tab.getByLabel('Choose a file, or drop it here')
    const file = { name: 'scan.csv', mimeType: 'text/csv', buffer: Buffer.from('%PDF-1.7 no table') }
    await field.setInputFiles(file)
    await tab.getByText('scan.csv is a PDF. Upload CSV, Parquet or .xlsx.').waitFor()
    expect(await field.isEnabled()).toBe(true)
    await tab.context().close()
  })

  it('offers viewers no training and no promotion, and says why', async () => {
    const { tab } = await open('/app/training', 'viewer')
    await tab.getByText('Training needs the role admin').waitFor()
    expect(await tab.locator('input[type=file]').count()).toBe(0)
    // Who trained is a person.
    await tab
      .getByText(/^by \S*•/)
      .first()
      .waitFor()
    await tab.goto(`${server.url}/app/model`)
    await tab.getByRole('heading', { name: 'Where it is in charge' }).waitFor()
    expect(await tab.getByRole('button', { name: /Put it in charge|Go back to it/ }).count()).toBe(0)
    await tab.context().close()
  })
})
