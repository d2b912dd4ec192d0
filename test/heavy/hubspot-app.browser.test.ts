/** The app is installed in a HubSpot account by an admin who clicks through it, is uninstalled there, and is installed again. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium, type Browser, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { APP_SCOPES } from '../../connectors/hubspot/scopes.ts'
import { seedSample } from '../../connectors/hubspot/sandbox/sample.ts'
import { startHubSpotSandbox, type HubSpotSandbox } from '../../connectors/hubspot/sandbox/server.ts'
import { readConfig } from '../../src/config.ts'
import { systemClock } from '../../src/contracts/clock.ts'
import { openSettingUp } from '../../src/control/setting-up.ts'
import { openLog } from '../../src/log.ts'
import type { QueueService } from '../../src/queue/service.ts'
import { createSignInLink } from '../../src/security/sessions.ts'
import { apiRoutes } from '../../src/server/api/routes.ts'
import { pageRoutes } from '../../src/server/pages/routes.ts'
import { startServer, type RunningServer } from '../../src/server/server.ts'
import { openService, startServiceQueue, type Service } from '../../src/service.ts'
import { createTenant } from '../../src/store/tenants.ts'

const chromiumPath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(
  existsSync,
)
/** Milliseconds for what is made and read in the account meanwhile. */
const LONG = 120_000

// Without a browser there is nothing to open; .ci/run installs Debian's chromium.
describe.skipIf(chromiumPath === undefined)('the app at HubSpot in a browser', () => {
  const redirectUrls: string[] = []
  const trouble: string[] = []
  let folder: string
  let portal: HubSpotSandbox
  let service: Service
  let queue: QueueService
  let server: RunningServer
  let browser: Browser
  let tab: Page

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'holdfast-hubspot-app-'))
    portal = await startHubSpotSandbox({
      clock: systemClock,
      portal: '4711',
      seed: (state) => void seedSample(state, { customers: 80, seed: 5 }),
      app: { redirectUrls, requiredScopes: APP_SCOPES.required, optionalScopes: APP_SCOPES.optional },
    })
    service = await openService({
      config: readConfig({
        HOLDFAST_DATA: folder,
        HUBSPOT_API_URL: portal.url,
        HUBSPOT_CLIENT_ID: portal.app.clientId,
        HUBSPOT_CLIENT_SECRET: portal.app.clientSecret,
      }),
      clock: systemClock,
      log: openLog({ level: 'silent' }),
      alone: true,
    })
    queue = await startServiceQueue(service, 'all')
    server = await startServer({
      host: '127.0.0.1',
      port: 0,
      trustProxy: false,
      services: { ...service, queue, settingUp: openSettingUp(service, queue.wake) },
      routes: [...apiRoutes, ...pageRoutes],
      version: '0',
    })
    redirectUrls.push(`${server.url}/oauth/hubspot/callback`)
    const tenant = await service.database.asSystem('a test', (tx) => createTenant(tx, 'Acme'))
    const token = await service.database.withTenant(tenant, (tx) =>
      createSignInLink(tx, { subject: 'ines', role: 'admin', actor: 'a test' }),
    )
    const args = ['--no-sandbox', '--disable-gpu', '--disable-background-networking']
    browser = await chromium.launch({ executablePath: chromiumPath!, args })
    tab = await browser.newPage({ viewport: { width: 1400, height: 900 }, reducedMotion: 'reduce' })
    tab.setDefaultTimeout(LONG)
    tab.on('console', (message) => {
      if (message.type() === 'error' && !/Failed to load resource/.test(message.text()))
        trouble.push(message.text())
    })
    tab.on('pageerror', (error) => trouble.push(error.message))
    await tab.goto(`${server.url}/sign-in?token=${token}`)
    await press('Sign in')
    await tab.waitForURL(/\/app/)
  })
  afterAll(async () => {
    await browser?.close()
    await server?.close()
    await queue?.drain()
    await service?.close()
    await portal?.close()
    rmSync(folder, { recursive: true, force: true })
  })

  const heading = (name: string) => tab.getByRole('heading', { level: 1, name }).waitFor()
  const press = (name: string | RegExp) => tab.getByRole('button', { name }).click()
  const says = (text: string | RegExp) => tab.getByText(text).first().waitFor()
  const connections = (): Promise<readonly { id: string; status: string; name: string }[]> =>
    tab.evaluate(async () => {
      const answer = await fetch('/v1/connections')
      return ((await answer.json()) as { items: never[] }).items
    })

  it('says that nobody agreed where somebody thinks better of it, and leads back', async () => {
    await tab.goto(`${server.url}/app/setup`)
    await heading('Connect your CRM, or stay in the sandbox')
    await tab.getByRole('radio', { name: 'HubSpot' }).check()
    await tab.getByRole('link', { name: 'Go on to HubSpot' }).click()
    await says('Connect this app to HubSpot account 4711')
    await press('Cancel')
    await heading('HubSpot is not connected')
    await says(/Nobody agreed to the app there/)
    await tab.getByRole('link', { name: 'Back to the set-up' }).click()
    await tab.getByRole('link', { name: 'Go on to HubSpot' }).waitFor()
    expect(await connections()).toEqual([])
  })

  it('is installed by agreeing there, and the set-up goes on with who is a customer', async () => {
    await tab.getByRole('link', { name: 'Go on to HubSpot' }).click()
    await says('crm.objects.companies.write')
    await press('Connect app')
    await says(/The app is installed in HubSpot account 4711/)
    await heading('Who counts as a customer?')
    expect(await connections()).toMatchObject([{ name: 'HubSpot 4711', status: 'active' }])
    expect(portal.state.properties('companies').map(({ name }) => name)).toContain('holdfast_risk_level')
    // Nothing of the way here stays in the address: it would be connected again with each reload.
    expect(tab.url()).not.toContain('installed')
    await tab.reload()
    await heading('Who counts as a customer?')
  })

  it('is missed where it was uninstalled, and installed again for the same connection', async () => {
    portal.uninstall()
    const [{ id }] = await connections()
    await tab.goto(`${server.url}/app/connections/${id}`)
    await press(/^Look (now|again)$/)
    await says(/taken back its consent/)
    await tab.goto(`${server.url}/app/setup?step=connect&again=${id}`)
    await says(/Sign in to HubSpot 4711 again/)
    await tab.getByRole('link', { name: 'Go on to HubSpot' }).click()
    await press('Connect app')
    await heading('Who counts as a customer?')
    expect(await connections()).toMatchObject([{ id, status: 'active' }])
  })

  it('met nothing that it did not foresee', () => {
    expect(trouble).toEqual([])
  })
})
