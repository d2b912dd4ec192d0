/** Settings and templates as an admin changes them: two at once, a way back, a refusal, a draft with a preview. */
import { existsSync } from 'node:fs'
import { chromium, type Browser, type BrowserContext, type Locator, type Page as Tab } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { apiRoutes } from '../../src/server/api/routes.ts'
import type { SettingsAnswer } from '../../src/server/api/settings-shapes.ts'
import type { ServiceSettings } from '../../src/settings/service.ts'
import type { Database } from '../../src/store/database.ts'
import { fillCompany, type Company } from '../server/pages/company.ts'
import { openTestDatabase } from '../support/database.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

const chromiumPath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(
  existsSync,
)

// Without a browser there is nothing to open; .ci/run installs Debian's chromium.
describe.skipIf(chromiumPath === undefined)('settings and templates in a browser', () => {
  let browser: Browser
  let database: Database
  let server: TestServer
  let acme: Company
  let other: string
  let context: BrowserContext
  let tab: Tab
  let trouble: string[]

  beforeAll(async () => {
    database = await openTestDatabase()
    acme = await fillCompany(database, { count: 12 })
    server = await startTestServer(database, apiRoutes)
    other = `Bearer ${await server.key(acme.tenant, 'admin')}`
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
  beforeEach(async () => {
    await context?.close()
    ;({ context, tab, trouble } = await open('admin'))
  })

  async function open(role: 'admin' | 'viewer') {
    const made = await browser.newContext({ viewport: { width: 1400, height: 900 }, reducedMotion: 'reduce' })
    const [name, value] = (await server.cookie(acme.tenant, role)).split('=')
    await made.addCookies([{ name, value, url: server.url }])
    const page = await made.newPage()
    page.setDefaultTimeout(30_000)
    const said: string[] = []
    page.on('console', (message) => {
      // A conflict and a refusal are answers that the browser tells of as well.
      if (['error', 'warning'].includes(message.type()) && !/status of 4(09|22)/.test(message.text()))
        said.push(message.text())
    })
    page.on('pageerror', (error) => said.push(error.message))
    return { context: made, tab: page, trouble: said }
  }

  async function goTo(path: string): Promise<void> {
    await tab.goto(server.url + path)
    await tab.locator('main h1').waitFor()
    await tab.locator('main:not(:has([aria-busy=true]))').waitFor()
  }

  async function saved(): Promise<{ version: number; settings: ServiceSettings }> {
    const answer = await server.fetch('/v1/settings', { headers: { authorization: other } })
    return (await answer.json()) as Omit<SettingsAnswer, 'settings'> & { settings: ServiceSettings }
  }

  /** Somebody else saves. */
  async function meanwhile(set: Readonly<Record<string, unknown>>): Promise<void> {
    const { version } = await saved()
    const answer = await server.fetch('/v1/settings', {
      method: 'PATCH',
      headers: { authorization: other, 'content-type': 'application/json', 'if-match': `"${version}"` },
      body: JSON.stringify({ set }),
    })
    expect(answer.status).toBe(200)
  }

  /** Saving waits from here on, until what is returned is called. */
  async function holdSaving(): Promise<() => Promise<void>> {
    const held = Promise.withResolvers<void>()
    await tab.route('**/v1/settings', async (route) => {
      if (route.request().method() === 'PATCH') await held.promise
      await route.continue()
    })
    return async () => {
      const answered = tab.waitForResponse((answer) => answer.request().method() === 'PATCH')
      held.resolve()
      await answered
      await tab.unroute('**/v1/settings')
    }
  }

  async function change(label: string, text: string): Promise<void> {
    await tab.getByLabel(label, { exact: true }).fill(text)
    await tab.getByLabel(label, { exact: true }).blur()
  }

  /** Looks at the summary and saves; what it said. */
  async function review(): Promise<string> {
    await tab.getByRole('button', { name: 'Review and save' }).click()
    const summary = tab.getByRole('dialog', { name: /^Save / })
    const said = await summary.innerText()
    await summary.getByRole('button', { name: 'Save', exact: true }).click()
    return said
  }

  const told = (text: RegExp): Locator => tab.getByRole('alert').filter({ hasText: text })

  it('saves what was changed, and says before what that is', async () => {
    await goTo('/app/settings?section=budget')
    await change('Budget of a period', '900')
    expect(await tab.getByRole('region', { name: 'Unsaved changes' }).innerText()).toMatch(
      'One setting changed',
    )
    expect(await review()).toMatch(/Budget of a period\s+Before:\s+No limit\s+→\s+After:\s+USD 900/)
    await told(/Saved as version 1/).waitFor()
    expect((await saved()).settings.budget).toBe(900)
    expect(await tab.getByRole('region', { name: 'Unsaved changes' }).count()).toBe(0)
    expect(trouble).toEqual([])
  })

  it('keeps what is typed while a saving is under way', async () => {
    await goTo('/app/settings?section=budget')
    const letSave = await holdSaving()
    await change('Budget of a period', '950')
    await tab.getByRole('button', { name: 'Review and save' }).click()
    await tab.getByRole('dialog').getByRole('button', { name: 'Save' }).click()
    await tab.keyboard.press('Escape')
    await change('Budget of a period', '975')
    await letSave()
    await told(/Saved as version/).waitFor()
    expect((await saved()).settings.budget).toBe(950)
    await tab.getByRole('region', { name: 'Unsaved changes' }).waitFor()
    expect(await tab.getByRole('textbox', { name: 'Budget of a period' }).inputValue()).toContain('975')
  })

  it('keeps what two admins changed at once, and lets them choose where it is the same field', async () => {
    await goTo('/app/settings?section=limits')
    await change('Contacts in a period', '4')
    await meanwhile({ 'contact.cooldownDays': 21 })
    await review()
    const dialog = tab.getByRole('dialog', { name: /saved while you were changing this/ })
    await dialog.getByText('Changed by you, kept').waitFor()
    expect((await saved()).settings.contact.perPeriod).toBe(2)
    await dialog.getByRole('button', { name: 'Keep both' }).click()
    await dialog.waitFor({ state: 'detached' })
    expect((await saved()).settings.contact).toMatchObject({ cooldownDays: 21, perPeriod: 4 })

    await tab.getByRole('link', { name: 'Delivery and approval' }).click()
    await tab.getByLabel('Test list: e-mail addresses').fill('ann@acme.example')
    await tab.keyboard.press('Enter')
    await change('An approval is waited for', '5')
    await meanwhile({ 'delivery.approval.waitDays': 9, 'delivery.testList': ['jo@acme.example'] })
    await review()
    const take = dialog.getByRole('button', { name: 'Save what I chose' })
    expect(await take.isDisabled()).toBe(true)
    const days = dialog.getByRole('group', { name: /An approval is waited for/ })
    expect(await days.innerText()).toMatch(/When you began: 7 days[^]*Theirs: 9 days[^]*Mine: 5 days/)
    await days.getByLabel(/^Mine/).check()
    expect(await take.isDisabled()).toBe(true)
    await dialog.getByLabel(/^Both: jo@acme.example, ann@acme.example/).check()
    await take.click()
    await dialog.waitFor({ state: 'detached' })
    expect((await saved()).settings.delivery).toMatchObject({
      approval: { waitDays: 5 },
      testList: ['jo@acme.example', 'ann@acme.example'],
    })
    expect(trouble).toEqual([])
  })

  it('tells at the field what cannot be saved, and saves nothing', async () => {
    const before = await saved()
    await goTo('/app/settings?section=hours')
    await tab.getByLabel('Work ends', { exact: true }).click()
    await tab.getByRole('option', { name: '08:00' }).click()
    await review()
    await told(/Nothing is saved yet/).waitFor()
    const field = tab
      .locator('[id="field-calls.until"], [id="field-calls.from"]')
      .filter({ has: tab.locator('[aria-invalid=true]') })
    expect(await field.count()).toBe(1)
    expect(await tab.getByRole('link', { name: /Hours\s*to correct/ }).count()).toBe(1)
    expect((await saved()).version).toBe(before.version)
  })

  it('goes back to an earlier version, which becomes a new one', async () => {
    const { version } = await saved()
    await goTo('/app/settings/history')
    await tab.getByRole('link', { name: /^Compare with now\s*: version 1$/ }).click()
    await tab.getByRole('heading', { name: `From version 1 to version ${version}` }).waitFor()
    await tab.getByRole('button', { name: 'Go back to version 1' }).click()
    const dialog = tab.getByRole('dialog', { name: 'Go back to version 1' })
    expect(await dialog.innerText()).toMatch(/Contacts in a period\s+Before:\s+4\s+→\s+After:\s+2/)
    await dialog.getByRole('button', { name: 'Go back to version 1' }).click()
    await told(new RegExp(`Version 1 holds again, as version ${version + 1}`)).waitFor()
    const { settings } = await saved()
    expect(settings).toMatchObject({ budget: 900, contact: { perPeriod: 2 }, delivery: { testList: [] } })
    await tab.getByRole('cell', { name: 'Version 1 again' }).waitFor()
    expect(trouble).toEqual([])
  })

  it('asks before something unsaved is left, by a link and by the way back of the browser', async () => {
    await goTo('/app/settings/history')
    await tab.getByRole('navigation', { name: 'Holdfast' }).getByRole('link', { name: 'Settings' }).click()
    await tab.getByRole('link', { name: 'Limits' }).click()
    await change('Contacts in a day', '3')
    // Another section of the same page loses nothing.
    await tab.getByRole('link', { name: 'Hours' }).click()
    const question = tab.getByRole('dialog', { name: 'Leave without saving?' })
    for (const back of ['limits', '', 'asked']) {
      await tab.goBack()
      if (back !== 'asked') expect(await question.count()).toBe(0)
    }
    await question.getByRole('button', { name: 'Stay' }).click()
    expect(tab.url()).toMatch(/\/app\/settings$/)
    await tab.getByRole('link', { name: 'Limits' }).click()
    expect(await tab.getByLabel('Contacts in a day').inputValue()).toBe('3')
    await tab.getByRole('link', { name: 'Templates', exact: true }).click()
    await question.getByRole('button', { name: 'Leave, lose it' }).click()
    await tab.getByRole('heading', { level: 1, name: /words that ship/ }).waitFor()
    expect(tab.url()).toContain('/app/templates')
    expect((await saved()).settings.guard.perDay).toBe(1)
  })

  it('writes a template with its problems at their place and a preview that runs nothing', async () => {
    await meanwhile({
      'sender.company': 'Acme Ltd',
      'sender.postalAddress': '1 High Street, London',
      'sender.address': 'hello@acme.example',
    })
    await goTo('/app/templates')
    await tab
      .getByRole('link', { name: /^As it ships\s*, Send Email in English$/ })
      .first()
      .click()
    const mail = tab.frameLocator('iframe[title="The e-mail"]:not([aria-hidden])')
    await mail.getByText('Ana Silva').first().waitFor()
    const html = tab.getByRole('textbox', { name: 'HTML', exact: true })
    await html.fill('<p>Hello</p>\n<p>{{ recipient.nam }}</p>')
    await tab.getByText('Did you mean "recipient.name"').waitFor()
    expect(await tab.getByRole('button', { name: 'Save', exact: true }).isDisabled()).toBe(true)
    await tab.getByRole('button', { name: 'Go to line 2' }).click()
    expect(
      await html.evaluate((area: { value: string; selectionStart: number; selectionEnd: number }) =>
        area.value.slice(area.selectionStart, area.selectionEnd),
      ),
    ).toBe('<p>{{ recipient.nam }}</p>')
    await html.fill('<p>Good day {{ recipient.name }}</p><script>top.document.title="taken"</script>')
    await mail.getByText('Good day Ana Silva').waitFor()
    const save = tab.getByRole('button', { name: 'Save', exact: true })
    await save.click()
    await told(/Saved as version/).waitFor()
    expect((await saved()).settings.templates['en'].email.html).toContain('Good day')
    const letSave = await holdSaving()
    await html.fill('<p>First {{ recipient.name }}</p>')
    await mail.getByText('First Ana Silva').waitFor()
    await save.click()
    // What is typed while a saving is under way stays, and is still to be saved.
    await html.fill('<p>Second {{ recipient.name }}</p>')
    await letSave()
    await expect.poll(() => save.isEnabled()).toBe(true)
    expect((await saved()).settings.templates['en'].email.html).toContain('First')
    expect(await html.inputValue()).toContain('Second')
    await mail.getByText('Second Ana Silva').waitFor()
    expect(await tab.title()).toBe('A template · Holdfast')
    await tab.getByRole('button', { name: 'Go back to what ships' }).click()
    await tab.getByRole('dialog').getByRole('button', { name: 'Go back to what ships' }).click()
    await tab.getByText('As it ships. What you change becomes your own.').waitFor()
    expect((await saved()).settings.templates).toEqual({})
  })

  it('shows settings to those who may only look, with people masked and nothing to press', async () => {
    await meanwhile({ 'delivery.testList': ['ines@acme.example'] })
    await context.close()
    ;({ context, tab, trouble } = await open('viewer'))
    await goTo('/app/settings?section=delivery')
    await tab.getByText('You may look at the settings and not change them').waitFor()
    const row = tab.locator('[id="field-delivery.testList"]')
    expect(await row.innerText()).toContain('@acme.example')
    expect(await row.innerText()).not.toContain('ines')
    expect(await tab.locator('main section input, main section button').count()).toBe(0)
    expect(trouble).toEqual([])
  })
})
