/**
 * A Salesforce org is connected by an admin who clicks through it, its package is given a key, whoever opens a record uses it there,
 * and the org is left, its data kept and then erased.
 */
import { randomUUID } from 'node:crypto'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { chromium, type Browser, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { seedSampleOrg } from '../../connectors/salesforce/sandbox/sample.ts'
import { startSalesforceSandbox, type SalesforceSandbox } from '../../connectors/salesforce/sandbox/server.ts'
import { apexOverHttp } from '../../manifest/salesforce/lwc/test/apex-over-http.ts'
import { readConfig } from '../../src/config.ts'
import { systemClock } from '../../src/contracts/clock.ts'
import { asConnection, type CustomerId, type TenantId } from '../../src/contracts/ids.ts'
import { openSettingUp } from '../../src/control/setting-up.ts'
import { openLog } from '../../src/log.ts'
import { startErasing } from '../../src/loop/erase-connection.ts'
import type { QueueService } from '../../src/queue/service.ts'
import { createSignInLink } from '../../src/security/sessions.ts'
import { apiRoutes } from '../../src/server/api/routes.ts'
import { salesforceCallback } from '../../src/server/oauth/salesforce.ts'
import { pageRoutes } from '../../src/server/pages/routes.ts'
import { startServer, type RunningServer } from '../../src/server/server.ts'
import { openService, startServiceQueue, type Service } from '../../src/service.ts'
import { findIntervention } from '../../src/store/interventions.ts'
import { insertPerson } from '../../src/store/people.ts'
import { createTenant } from '../../src/store/tenants.ts'
import { addDecision } from '../support/deciding.ts'
import { addIntervention } from '../support/ledger.ts'
import { openAtSalesforce, signInToSalesforce } from '../support/salesforce-host/page.ts'

const chromiumPath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(
  existsSync,
)
/** Milliseconds for what is read in the org meanwhile. */
const LONG = 120_000

// Without a browser there is nothing to open; .ci/run installs Debian's chromium.
describe.skipIf(chromiumPath === undefined)(
  'the package at Salesforce, from the connection to the end',
  () => {
    const trouble: string[] = []
    const by = { user: '', email: 'rep@acme.example' as string | null, key: 'hf_none' }
    let folder: string
    let org: SalesforceSandbox
    let service: Service
    let queue: QueueService
    let server: RunningServer
    let browser: Browser
    let tab: Page
    let atSalesforce: Page
    let tenant: TenantId

    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), 'holdfast-salesforce-app-'))
      org = await startSalesforceSandbox({
        clock: systemClock,
        personAccounts: true,
        seed: (state) => void seedSampleOrg(state, { customers: 300, seed: 5 }),
      })
      service = await openService({
        config: readConfig({
          HOLDFAST_DATA: folder,
          SALESFORCE_LOGIN_URL: org.url,
          SALESFORCE_CLIENT_ID: org.app.clientId,
          SALESFORCE_CLIENT_SECRET: org.app.clientSecret,
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
        routes: [...apiRoutes, ...pageRoutes, salesforceCallback(service.salesforce.web.exchange)],
        version: '0',
      })
      tenant = await service.database.asSystem('a test', (tx) => createTenant(tx, 'Acme'))
      const token = await service.database.withTenant(tenant, (tx) =>
        createSignInLink(tx, { subject: 'ines@acme.example', role: 'admin', actor: 'a test' }),
      )
      const args = ['--no-sandbox', '--disable-gpu', '--disable-background-networking']
      browser = await chromium.launch({ executablePath: chromiumPath!, args })
      tab = await browser.newPage({ viewport: { width: 1400, height: 900 }, reducedMotion: 'reduce' })
      atSalesforce = await browser.newPage({ viewport: { width: 1100, height: 1000 } })
      await signInToSalesforce(
        atSalesforce,
        apexOverHttp(() => ({ url: server.url, org: org.org, ...by })),
      )
      for (const one of [tab, atSalesforce]) {
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
      await org?.close()
      rmSync(folder, { recursive: true, force: true })
    })

    const heading = (name: string | RegExp) => tab.getByRole('heading', { level: 1, name }).waitFor()
    const press = (name: string | RegExp) => tab.getByRole('button', { name }).click()
    const says = (text: string | RegExp) => tab.getByText(text).first().waitFor()
    const connections = (): Promise<readonly { id: string; status: string; name: string }[]> =>
      tab.evaluate(async () => {
        const answer = await fetch('/v1/connections')
        return ((await answer.json()) as { items: never[] }).items
      })
    /** For a person to look at: SCREENSHOTS names a folder. */
    const shot = async (name: string, of = tab): Promise<void> => {
      const kept = process.env['SCREENSHOTS']
      if (kept !== undefined) await of.screenshot({ path: join(kept, `${name}.png`), fullPage: true })
    }
    /** The consent in another window, as it opens it. */
    async function consent(answer: 'Allow' | 'Deny'): Promise<string> {
      const [page] = await Promise.all([
        tab.context().waitForEvent('page'),
        tab.getByRole('link', { name: 'Open Salesforce in another window' }).click(),
      ])
      await page.getByRole('heading', { name: 'Allow Access?' }).waitFor()
      await page.getByRole('button', { name: answer }).click()
      await page.waitForURL(/\/oauth\/salesforce\/callback/)
      const said = (await page.textContent('main, body')) ?? ''
      await page.close()
      return said
    }
    async function scoredRecord(): Promise<{ id: string; customer: CustomerId; owner: string }> {
      for (const end = Date.now() + LONG; Date.now() < end;) {
        const [row] = await service.database.withTenant(tenant, (tx) =>
          tx.query<{ id: string; customer: CustomerId; owner: string }>(
            `select c.external_id as id, c.id as customer, c.responsible_id as owner from customers c
           join scores s on s.tenant_id = c.tenant_id and s.customer_id = c.id
           join decisions d on d.tenant_id = c.tenant_id and d.customer_id = c.id
           where c.tenant_id = $1 and c.status = 'active' and c.responsible_id is not null
           order by s.probability desc limit 1`,
            [tenant],
          ),
        )
        if (row !== undefined) return row
        await sleep(500)
      }
      throw new Error('nobody was decided on')
    }

    it('says that nobody agreed where somebody thinks better of it, and begins again', async () => {
      await tab.goto(`${server.url}/app/setup`)
      await tab.getByRole('radio', { name: 'Salesforce' }).check()
      await press('Begin to sign in')
      expect(await consent('Deny')).toContain('Whoever signed in did not consent')
      await says(/Whoever signed in did not consent/)
      expect(await connections()).toEqual([])
    })

    it('is connected by allowing it there, looked at first, and one watches the first reading', async () => {
      await press('Begin again')
      expect(await consent('Allow')).toContain('You are signed in to Salesforce')
      await says(`Signed in as ${org.user.username}`)
      await press('Look at it')
      // The integration user, its permissions and the fields of the package are among what is looked at.
      await says(/All that Holdfast needs is there|It works; this is worth knowing/)
      await shot('salesforce-found')
      await press('Connect it')
      await heading(/^Salesforce .* is connected$/)
      await tab.getByRole('progressbar', { name: 'How much is read' }).waitFor()
      await shot('salesforce-reading')
      await says(/^All [\d,]+ accounts are read/)
      await press(/^Go on/)
      await heading('Who counts as a customer?')
      await says(/\d+ customers/)
      await press('Save and go on')
      await heading('What do your fields mean?')
      expect(await connections()).toMatchObject([{ status: 'active' }])
    })

    it('asks for a key in the org, which the page of the connection makes and shows once', async () => {
      const record = await scoredRecord()
      by.user = record.owner
      await openAtSalesforce(atSalesforce, { module: 'holdfastCard', recordId: record.id, width: 400 })
      await atSalesforce.getByText('Holdfast does not accept the key of this org.').waitFor()
      const [{ id }] = await connections()
      await tab.goto(`${server.url}/app/connections/${id}`)
      await tab.getByRole('heading', { name: 'Package in Salesforce' }).waitFor()
      await press('Make a key')
      const dialog = tab.getByRole('dialog')
      by.key = await dialog.getByRole('textbox', { name: 'Key' }).inputValue()
      expect(by.key).toMatch(/^hf_/)
      await shot('salesforce-key')
      await dialog.getByRole('button', { name: 'I have it' }).click()
      await says('1 key is in use')
      await shot('salesforce-connection')
    })

    it('shows a risk on the record, and what it thinks of is answered there', async () => {
      const [{ id: connection }] = await connections()
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
      by.user = record.owner
      await openAtSalesforce(atSalesforce, { module: 'holdfastCard', recordId: record.id, width: 400 })
      await atSalesforce.getByRole('heading', { name: /^Suggested: / }).waitFor()
      await shot('salesforce-used-card', atSalesforce)
      await atSalesforce.getByRole('button', { name: 'Snooze…' }).click()
      await atSalesforce.getByRole('button', { name: /^Snooze \d+ days?$/ }).click()
      await atSalesforce
        .getByText(/^Put off until /)
        .first()
        .waitFor()
      const state = await service.database.withTenant(tenant, (tx) => findIntervention(tx, intervention))
      expect(state?.state).toBe('snoozed')
    })

    it('lists the customers of whoever looks, and lets an admin set it up there', async () => {
      await openAtSalesforce(atSalesforce, { module: 'holdfastCustomers', width: 1060 })
      await atSalesforce.getByText(/a year is at risk in your/).waitFor()
      await shot('salesforce-used-customers', atSalesforce)
      by.email = 'ines@acme.example'
      await service.database.withTenant(tenant, (tx) =>
        insertPerson(tx, {
          id: randomUUID(),
          email: 'ines@acme.example',
          name: 'Ines',
          role: 'admin',
          origin: 'invited',
          createdBy: 'a test',
        }),
      )
      await openAtSalesforce(atSalesforce, { module: 'holdfastSettings', width: 800 })
      await atSalesforce.getByText(/^Holdfast looks after/).waitFor()
      await shot('salesforce-used-settings', atSalesforce)
      await atSalesforce.getByRole('button', { name: 'Pause everything…' }).click()
      await atSalesforce.getByRole('button', { name: 'Pause everything', exact: true }).click()
      await atSalesforce
        .getByText(/Paused in Salesforce by Ines/)
        .first()
        .waitFor()
    })

    it('is left with its data kept: the key opens nothing any more; then it is erased', async () => {
      const [{ id, name }] = await connections()
      await tab.goto(`${server.url}/app/connections/${id}`)
      await press(`Disconnect ${name}`)
      const dialog = tab.getByRole('dialog')
      await dialog.getByRole('radio', { name: 'Keep it' }).check()
      await dialog.getByRole('textbox').fill(name)
      await dialog.getByRole('button', { name: 'Disconnect and keep' }).click()
      await says('What was kept')
      await openAtSalesforce(atSalesforce, { module: 'holdfastCard', recordId: (await scoredRecord()).id })
      await atSalesforce.getByText(/does not accept the key|is not connected to Holdfast/).waitFor()
      await shot('salesforce-left', atSalesforce)
      await press('Erase what was kept')
      await tab.getByRole('dialog').getByRole('textbox').fill(name)
      await tab.getByRole('dialog').getByRole('button', { name: 'Erase it' }).click()
      const erasing = startErasing(service, { everyMs: 50 })
      await says(/What was known of [\d,]+ customers was erased/)
      await erasing.close()
      expect(await connections()).toMatchObject([{ id, status: 'disconnected' }])
    })

    it('met nothing that it did not foresee', () => {
      expect(trouble).toEqual([])
    })
  },
)
