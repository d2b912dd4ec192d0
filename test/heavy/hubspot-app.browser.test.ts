/**
 * The app is installed in a HubSpot account by an admin who clicks through it, is used there by whoever opens a record, is
 * uninstalled, and is installed again. What runs inside HubSpot is built of the project as HubSpot builds it.
 */
import { randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { chromium, type Browser, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { APP_SCOPES } from '../../connectors/hubspot/scopes.ts'
import { hubspotProject } from '../../manifest/hubspot/project.ts'
import { pagesOf } from '../../manifest/hubspot/extensions/test/build.ts'
import { seedSample } from '../../connectors/hubspot/sandbox/sample.ts'
import { startHubSpotSandbox, type HubSpotSandbox } from '../../connectors/hubspot/sandbox/server.ts'
import { readConfig } from '../../src/config.ts'
import { systemClock } from '../../src/contracts/clock.ts'
import { asConnection, type CustomerId, type TenantId } from '../../src/contracts/ids.ts'
import { openSettingUp } from '../../src/control/setting-up.ts'
import { startErasing } from '../../src/loop/erase-connection.ts'
import { openLog } from '../../src/log.ts'
import type { QueueService } from '../../src/queue/service.ts'
import { createSignInLink } from '../../src/security/sessions.ts'
import { apiRoutes } from '../../src/server/api/routes.ts'
import { pageRoutes } from '../../src/server/pages/routes.ts'
import { startServer, type RunningServer } from '../../src/server/server.ts'
import { openService, startServiceQueue, type Service } from '../../src/service.ts'
import { findIntervention } from '../../src/store/interventions.ts'
import { insertPerson } from '../../src/store/people.ts'
import { createTenant } from '../../src/store/tenants.ts'
import { addDecision } from '../support/deciding.ts'
import { openAtHubSpot, signInToHubSpot } from '../support/hubspot-host/page.ts'
import { addIntervention } from '../support/ledger.ts'

const chromiumPath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(
  existsSync,
)
const PUBLIC_URL = 'https://holdfast.example'
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
  let atHubSpot: Page
  let tenant: TenantId
  let who = 'rep@acme.example'
  let pages: ReturnType<typeof pagesOf>

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'holdfast-hubspot-app-'))
    mkdirSync(join(folder, 'project'))
    pages = pagesOf(
      hubspotProject({
        publicUrl: PUBLIC_URL,
        name: 'Holdfast',
        distribution: 'private',
        supportEmail: null,
      }),
      join(folder, 'project'),
    )
    portal = await startHubSpotSandbox({
      clock: systemClock,
      portal: '4711',
      seed: (state) => void seedSample(state, { customers: 400, seed: 5 }),
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
      services: {
        ...service,
        queue,
        settingUp: openSettingUp(service, queue.wake),
        appKeys: [{ secret: portal.app.clientSecret, base: PUBLIC_URL }],
      },
      routes: [...apiRoutes, ...pageRoutes],
      version: '0',
    })
    redirectUrls.push(`${server.url}/oauth/hubspot/callback`)
    tenant = await service.database.asSystem('a test', (tx) => createTenant(tx, 'Acme'))
    const token = await service.database.withTenant(tenant, (tx) =>
      createSignInLink(tx, { subject: 'ines@acme.example', role: 'admin', actor: 'a test' }),
    )
    const args = ['--no-sandbox', '--disable-gpu', '--disable-background-networking']
    browser = await chromium.launch({ executablePath: chromiumPath!, args })
    tab = await browser.newPage({ viewport: { width: 1400, height: 900 }, reducedMotion: 'reduce' })
    atHubSpot = await browser.newPage({ viewport: { width: 1100, height: 1000 } })
    await signInToHubSpot(atHubSpot, () => ({
      secret: portal.app.clientSecret,
      publicUrl: PUBLIC_URL,
      serverUrl: server.url,
      by: { portal: '4711', email: who },
    }))
    for (const one of [tab, atHubSpot]) {
      one.setDefaultTimeout(LONG)
      one.on('console', (message) => {
        if (message.type() === 'error' && !/Failed to load resource/.test(message.text()))
          trouble.push(message.text())
      })
      one.on('pageerror', (error) => trouble.push(error.message))
    }
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

  /** Whoever is responsible looks: their messages are theirs to see. */
  async function scoredRecord(): Promise<{ id: string; customer: CustomerId; email: string }> {
    for (const end = Date.now() + LONG; Date.now() < end;) {
      const [row] = await service.database.withTenant(tenant, (tx) =>
        tx.query<{ id: string; customer: CustomerId; email: string }>(
          `select c.external_id as id, c.id as customer, c.responsible_email as email from customers c
           join scores s on s.tenant_id = c.tenant_id and s.customer_id = c.id
           join decisions d on d.tenant_id = c.tenant_id and d.customer_id = c.id
           where c.tenant_id = $1 and c.status = 'active' and c.responsible_email is not null
           order by s.probability desc limit 1`,
          [tenant],
        ),
      )
      if (row !== undefined) return row
      await sleep(500)
    }
    throw new Error('nobody was decided on')
  }
  const built = async (uid: string): Promise<{ script: string; title: string }> => ({
    script: await pages.find((page) => page.uid === uid)!.build(),
    title: uid,
  })
  /** For a person to look at: SCREENSHOTS names a folder. */
  const shot = async (name: string, of = atHubSpot): Promise<void> => {
    const kept = process.env['SCREENSHOTS']
    if (kept !== undefined) await of.screenshot({ path: join(kept, `${name}.png`), fullPage: true })
  }

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

  it('is installed by agreeing there, and one watches the first reading until it is done', async () => {
    // So that there is something to watch: HubSpot's answers take as long as in a bad hour.
    const slow = portal.faults.inject({
      method: 'GET',
      path: /\/crm\/objects\/[\d-]+\/companies$/,
      times: 1000,
      effect: { kind: 'slow', ms: 1200 },
    })
    await tab.getByRole('link', { name: 'Go on to HubSpot' }).click()
    await says('crm.objects.companies.write')
    await press('Connect app')
    await heading('HubSpot 4711 is connected')
    const bar = tab.getByRole('progressbar', { name: 'How much is read' })
    await bar.waitFor()
    const place = async () => (await tab.getByRole('button', { name: /^Go on/ }).boundingBox())!.y
    const before = await place()
    const all = portal.state.count('companies').toLocaleString('en')
    await tab.getByText(new RegExp(`^[1-9]\\d*00 of ${all} companies are read$`)).waitFor()
    expect(Number(await bar.getAttribute('aria-valuenow'))).toBeGreaterThan(0)
    const described = tab.locator(`[id="${await bar.getAttribute('aria-describedby')}"]`)
    expect(await described.textContent()).toMatch(/companies are read/)
    await shot('app-reading', tab)
    slow()
    await says(`All ${all} companies are read`)
    expect(await bar.getAttribute('aria-valuenow')).toBe('100')
    // Nothing moved under the hand of whoever wants to go on.
    expect(await place()).toBe(before)
    await shot('app-read', tab)
  })

  it('goes on with who is a customer, and leaves nothing of the way here in the address', async () => {
    await press('Go on: who is a customer')
    await heading('Who counts as a customer?')
    expect(await connections()).toMatchObject([{ name: 'HubSpot 4711', status: 'active' }])
    expect(portal.state.properties('companies').map(({ name }) => name)).toContain('holdfast_risk_level')
    // It would be connected again with each reload.
    expect(tab.url()).not.toMatch(/installed|reading/)
    await tab.reload()
    await heading('Who counts as a customer?')
  })

  it('shows a risk on the record once it is known who is a customer, and what it thinks of is answered there', async () => {
    const [{ id: connection }] = await connections()
    await says(/\d+ customers/)
    await press('Save and go on')
    await heading('What do your fields mean?')
    const record = await scoredRecord()
    const { customer } = record
    const of = { tenant, connection: asConnection(connection), customer }
    const decision = await addDecision(service.database, of, {
      group: 'policy',
      action: 'email',
      weighed: { email: [51_200, 'open'], sms: [300, 'no_consent'] },
      expectedValueMinor: 51_200,
      plannedCostMinor: 6000,
      at: new Date().toISOString(),
      // Of this one there is a decision already, to do nothing as likely as not.
      period: 'by hand',
    })
    const intervention = await addIntervention(service.database, of, {
      state: 'awaiting_approval',
      decision,
      currency: 'EUR',
      plannedCostMinor: 6000,
    })
    await service.database.withTenant(tenant, (tx) =>
      tx.query(`update customers set group_name = 'policy' where id = $1`, [customer]),
    )
    who = record.email
    const context = { crm: { objectTypeId: '0-2', objectId: Number(record.id) } }
    await openAtHubSpot(atHubSpot, { ...(await built('holdfast_card_sidebar')), context, width: 380 })
    await atHubSpot.getByText('Risk of leaving').waitFor()
    await shot('hubspot-card-sidebar')
    await openAtHubSpot(atHubSpot, { ...(await built('holdfast_card_tab')), context, width: 760 })
    await atHubSpot.getByRole('heading', { name: /^Suggested: / }).waitFor()
    await shot('hubspot-card-tab')
    await atHubSpot.getByRole('button', { name: 'Not right…' }).click()
    await atHubSpot.getByRole('combobox').selectOption({ index: 1 })
    await atHubSpot.getByRole('button', { name: 'Take it back' }).click()
    await atHubSpot.getByText(/^Taken back: it is not carried out/).waitFor()
    const state = await service.database.withTenant(tenant, (tx) => findIntervention(tx, intervention))
    expect(['rejected', 'cancelled']).toContain(state?.state)
  })

  it('lists the customers of whoever looks, and lets an admin set it up there', async () => {
    await openAtHubSpot(atHubSpot, {
      ...(await built('holdfast_pages')),
      context: { portal: { id: 4711 } },
      width: 1060,
    })
    await atHubSpot.getByText(/a year is at risk in your/).waitFor()
    await shot('hubspot-customers')
    who = 'ines@acme.example'
    await service.database.withTenant(tenant, (tx) =>
      insertPerson(tx, {
        id: randomUUID(),
        email: who,
        name: 'Ines',
        role: 'admin',
        origin: 'invited',
        createdBy: 'a test',
      }),
    )
    await openAtHubSpot(atHubSpot, { ...(await built('holdfast_settings')), context: {}, width: 760 })
    await atHubSpot.getByText(/^Holdfast looks after/).waitFor()
    await shot('hubspot-settings')
    await atHubSpot.getByRole('button', { name: 'Pause everything…' }).click()
    await atHubSpot.getByRole('dialog').getByRole('button', { name: 'Pause everything' }).click()
    await atHubSpot.getByText('Everything is paused').waitFor()
    await atHubSpot.getByRole('button', { name: 'Resume…' }).click()
    await atHubSpot.getByRole('dialog').getByRole('button', { name: 'Resume' }).click()
    await atHubSpot.getByRole('button', { name: 'Pause everything…' }).waitFor()
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

  it('is left with its data kept, and erased when somebody asks for that', async () => {
    const [{ id, name }] = await connections()
    await tab.goto(`${server.url}/app/connections/${id}`)
    await press(`Disconnect ${name}`)
    const dialog = tab.getByRole('dialog')
    await dialog.waitFor()
    expect(await dialog.getByRole('radio', { name: 'Keep it' }).isChecked()).toBe(true)
    await shot('app-keep', tab)
    await dialog.getByRole('radio', { name: 'Erase it' }).check()
    await shot('app-erase', tab)
    await dialog.getByRole('radio', { name: 'Keep it' }).check()
    const go = dialog.getByRole('button', { name: 'Disconnect and keep' })
    expect(await go.isDisabled()).toBe(true)
    await dialog.getByRole('textbox').fill(name)
    await go.click()
    await heading(name)
    await says('What was kept')
    await shot('app-kept', tab)

    await press('Erase what was kept')
    await tab.getByRole('dialog').getByRole('textbox').fill(name)
    await tab.getByRole('dialog').getByRole('button', { name: 'Erase it' }).click()
    await says(/^0 of [\d,]+ customers are erased/)
    await shot('app-being-erased', tab)
    const erasing = startErasing(service, { everyMs: 50 })
    await says(/What was known of [\d,]+ customers was erased/)
    await erasing.close()
    await shot('app-erased', tab)
    expect(await connections()).toMatchObject([{ id, status: 'disconnected' }])
  })

  it('met nothing that it did not foresee', () => {
    expect(trouble).toEqual([])
  })
})
