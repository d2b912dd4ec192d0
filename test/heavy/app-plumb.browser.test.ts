/** Set-up in five steps as an admin goes through them, with a reload, a lost line and a second admin on the way. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { seedSample } from '../../connectors/hubspot/sandbox/sample.ts'
import { startHubSpotSandbox, type HubSpotSandbox } from '../../connectors/hubspot/sandbox/server.ts'
import { readConfig } from '../../src/config.ts'
import { systemClock } from '../../src/contracts/clock.ts'
import type { TenantId } from '../../src/contracts/ids.ts'
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

/** Milliseconds for what is read, scored or decided on meanwhile. */
const LONG = 120_000

// Without a browser there is nothing to open; .ci/run installs Debian's chromium.
describe.skipIf(chromiumPath === undefined)('set-up in a browser', () => {
  let folder: string
  let portal: HubSpotSandbox
  let service: Service
  let queue: QueueService
  let server: RunningServer
  let browser: Browser
  let context: BrowserContext
  let tab: Page
  let jon: (method: string, path: string, body?: unknown, match?: string) => Promise<Answered>
  let id: string
  const trouble: string[] = []

  /** What a test looks at in it is what the test is about. */
  type Answered = { readonly status: number; readonly body: ReturnType<typeof JSON.parse> }

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'holdfast-plumb-'))
    portal = await startHubSpotSandbox({
      clock: systemClock,
      portal: '4711',
      seed: (state) => void seedSample(state, { customers: 80, seed: 5 }),
    })
    service = await openService({
      config: readConfig({ HOLDFAST_DATA: folder, HUBSPOT_API_URL: portal.url }),
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
    const tenant = await service.database.asSystem('a test', (tx) => createTenant(tx, 'Acme'))
    jon = await second(tenant)
    browser = await chromium.launch({
      executablePath: chromiumPath!,
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-background-networking',
        '--disable-component-update',
      ],
    })
    context = await browser.newContext({ viewport: { width: 1400, height: 900 }, reducedMotion: 'reduce' })
    const [name, value] = (await signIn(tenant, 'ines')).split('=')
    await context.addCookies([{ name, value, url: server.url }])
    tab = await context.newPage()
    tab.setDefaultTimeout(LONG)
    // A browser tells of refusals and of a lost line as errors of its own: they are what is tested.
    tab.on('console', (message) => {
      if (message.type() === 'error' && !/Failed to load resource/.test(message.text()))
        trouble.push(message.text())
    })
    tab.on('pageerror', (error) => trouble.push(error.message))
  })
  afterAll(async () => {
    await browser?.close()
    await server?.close()
    await queue?.drain()
    await service?.close()
    await portal?.close()
    rmSync(folder, { recursive: true, force: true })
  })

  async function signIn(tenant: TenantId, subject: string): Promise<string> {
    const token = await service.database.withTenant(tenant, (tx) =>
      createSignInLink(tx, { subject, role: 'admin', actor: 'a test' }),
    )
    const signedIn = await fetch(`${server.url}/sign-in`, {
      method: 'POST',
      body: new URLSearchParams({ token }),
      redirect: 'manual',
    })
    return signedIn.headers.getSetCookie()[0].split(';')[0]
  }

  /** Another admin, who asks the API. */
  async function second(tenant: TenantId): Promise<typeof jon> {
    const cookie = await signIn(tenant, 'jon')
    const { csrf } = (await (await fetch(`${server.url}/v1/frame`, { headers: { cookie } })).json()) as {
      csrf: string | null
    }
    return async (method, path, body, match) => {
      const answer = await fetch(server.url + path, {
        method,
        headers: {
          cookie,
          'sec-fetch-site': 'same-origin',
          'x-csrf-token': csrf ?? '',
          ...(match === undefined ? {} : { 'if-match': match }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      const text = await answer.text()
      return { status: answer.status, body: text === '' ? null : JSON.parse(text) }
    }
  }

  const heading = (name: string) => tab.getByRole('heading', { level: 1, name }).waitFor()
  const press = (name: string | RegExp) => tab.getByRole('button', { name }).click()
  const says = (text: string | RegExp) => tab.getByText(text).first().waitFor()
  const jonSaves = async (set: unknown): Promise<number> => {
    const { version } = (await jon('GET', '/v1/settings')).body
    return (await jon('PATCH', '/v1/settings', { set }, `"${version}"`)).status
  }

  it('looks at an account before anything of it is kept, and connects it', async () => {
    await tab.goto(`${server.url}/app/setup`)
    await heading('Connect your CRM, or stay in the sandbox')
    await tab.getByRole('radio', { name: 'HubSpot' }).check()
    await tab.getByLabel('Token of the private app').fill(portal.privateAppToken())
    await press('Look at it')
    await says(/fields are understood by name and values/)
    await says(/Left out, since it is marked as sensitive: iban/)
    expect((await jon('GET', '/v1/connections')).body.items).toEqual([])
    await press('Connect it')
    await heading('Who counts as a customer?')
    id = (await jon('GET', '/v1/connections')).body.items[0].id
  })

  // The form kept the field that was chosen last, with nothing ticked below it.
  it('shows who was chosen before once changes are undone', async () => {
    const field = tab.getByRole('combobox', { name: 'Field', exact: true })
    const before = await field.inputValue()
    await field.click()
    await tab.getByRole('option').filter({ hasNotText: before }).first().click()
    expect(await field.inputValue()).not.toBe(before)
    await press('Undo my changes')
    expect(await field.inputValue()).toBe(before)
    expect(await tab.getByRole('checkbox', { name: /^Customer/ }).isChecked()).toBe(true)
  })

  it('keeps what is not saved over a reload, and shows what another admin said meanwhile', async () => {
    const evangelists = tab.getByRole('checkbox', { name: /^Evangelist/ })
    await evangelists.uncheck()
    await tab.getByText('Not saved yet. It is kept in this browser.').waitFor()
    await tab.reload()
    await heading('Who counts as a customer?')
    await evangelists.waitFor()
    expect(await evangelists.isChecked()).toBe(false)
    await says(/\d+ customers/)
    const everyone = { population: { kind: 'everyone' }, was: null }
    expect((await jon('PUT', `/v1/connections/${id}/population`, everyone)).status).toBe(200)
    await press('Save and go on')
    await says('Somebody else saved something else while you were at it')
    await says(/Who counts as a customer: Nobody said yet, now Everybody in it/)
    expect((await jon('GET', `/v1/connections/${id}`)).body.population).toEqual({ kind: 'everyone' })
    await press('Save mine instead')
    await heading('What do your fields mean?')
    expect((await jon('GET', `/v1/connections/${id}`)).body.population).toEqual({
      kind: 'property',
      property: 'lifecyclestage',
      values: ['customer'],
    })
  })

  it('tells how much is known by the fields, and saves once the line is back', async () => {
    await says(/of what matters to the model/)
    const field = tab.getByRole('combobox', { name: 'Field for contract', exact: true })
    await field.click()
    await tab.getByRole('option', { name: 'Newsletter segment' }).waitFor()
    expect(await tab.getByRole('option', { name: 'IBAN' }).count()).toBe(0)
    // Chosen once more, it is chosen no more.
    await tab.getByRole('option', { name: 'Contract term' }).click()
    expect(await field.inputValue()).toBe('')
    await says(/would move by a point or more/)
    await context.setOffline(true)
    await press('Save and go on')
    await says('Holdfast does not answer')
    await context.setOffline(false)
    await tab.getByRole('alert').getByRole('button', { name: 'Try again' }).last().click()
    await heading('From which risk should somebody look?')
    const { features } = (await jon('GET', `/v1/connections/${id}/mapping`)).body
    expect(features.find((one: { feature: string }) => one.feature === 'contract').mapped).toBeNull()
  })

  it('counts customers and money by level before they are saved, and keeps what both admins changed', async () => {
    await tab.getByRole('radio', { name: 'From a risk that you name' }).check()
    await tab.getByLabel('High from a risk of').fill('8')
    await tab.getByLabel('Medium from a risk of').fill('4')
    await tab.getByRole('cell', { name: 'from 8.0 %' }).waitFor()
    expect(await jonSaves({ budget: 500 })).toBe(200)
    await press('Save and go on')
    await says('jon saved something else while you were at it')
    await says(/Budget of a period: No limit, now/)
    await press('Keep theirs and save mine as well')
    await heading('What may be done, and at what cost?')
    const { settings } = (await jon('GET', '/v1/settings')).body
    expect(settings.levels).toMatchObject({ kind: 'fixed', high: 0.08, medium: 0.04 })
    expect(settings.budget).toBe(500)
  })

  it('reckons what actions would come to before they are saved', async () => {
    await says(/would be spent in a period/)
    await tab.getByRole('textbox', { name: 'Budget of a period' }).fill('0')
    await says(/0 would be spent in a period of/)
    await tab.getByRole('textbox', { name: 'Budget of a period' }).fill('900')
    await tab.getByRole('switch', { name: 'Send SMS' }).uncheck({ force: true })
    await press('Save and look')
    await heading('Look at what would be sent today')
    const { settings } = (await jon('GET', '/v1/settings')).body
    expect(settings).toMatchObject({ budget: 900, catalogue: { sms: { enabled: false } } })
  })

  it('turns actions on for whoever has seen what that means under these settings', async () => {
    const turnOn = tab.getByRole('button', { name: 'Turn actions on' })
    const seen = tab.getByRole('checkbox', { name: 'I have looked at what would be sent' })
    await says(/would go out now/)
    expect(await turnOn.isDisabled()).toBe(true)
    await seen.check()
    const confirm = tab.getByRole('dialog').getByRole('button', { name: 'Turn actions on' })
    await turnOn.click()
    await confirm.waitFor()
    expect(await jonSaves({ budget: 800 })).toBe(200)
    await confirm.click()
    await says('Look once more')
    expect((await jon('GET', '/v1/standing')).body.activatedAt).toBeNull()
    await tab.getByRole('button', { name: 'Look again' }).last().click()
    // What was seen before stands until the new look is there.
    await expect.poll(() => seen.isChecked(), { timeout: LONG }).toBe(false)
    await says(/would go out now/)
    await seen.check()
    await turnOn.click()
    await confirm.click()
    await tab.getByRole('heading', { name: 'Actions are on' }).waitFor()
    expect((await jon('GET', '/v1/standing')).body.activatedAt).not.toBeNull()
  })

  it('shows a run as it goes, and in the log who did what', async () => {
    await tab.goto(`${server.url}/app/runs?step=sync`)
    await says('As it happens')
    const rows = tab.getByRole('table').getByRole('row')
    const before = await rows.count()
    await jon('POST', `/v1/connections/${id}/sync`)
    await tab.getByRole('list', { name: 'At this moment' }).getByText('Read', { exact: true }).waitFor()
    await expect.poll(() => rows.count(), { timeout: LONG }).toBeGreaterThan(before)
    await tab.goto(`${server.url}/app/audit?action=connection`)
    await says(/said who of HubSpot 4711 counts as a customer/)
    await tab.getByRole('button', { name: 'jon', exact: true }).first().click()
    await tab.waitForURL(/actor=user%3Ajon/)
  })

  it('leaves a connection by its name alone', async () => {
    await tab.goto(`${server.url}/app/connections/${id}`)
    await heading('HubSpot 4711')
    await press('Disconnect HubSpot 4711')
    const dialog = tab.getByRole('dialog')
    const leave = dialog.getByRole('button', { name: 'Disconnect', exact: true })
    await dialog.getByRole('textbox').fill('HubSpot')
    expect(await leave.isDisabled()).toBe(true)
    await dialog.getByRole('textbox').fill('HubSpot 4711')
    await leave.click()
    await tab.getByText('Disconnected', { exact: true }).first().waitFor()
    expect((await jon('GET', `/v1/connections/${id}`)).body.status).toBe('disconnected')
    expect(trouble).toEqual([])
  })
})
