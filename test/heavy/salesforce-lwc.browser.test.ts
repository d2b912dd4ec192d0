/**
 * The package's pages in a real browser, with Salesforce's own base components and styles: each state at the width beside a record
 * and wide. axe-core finds nothing, nothing sticks out, and the keyboard gets everywhere. SCREENSHOTS=folder keeps what was seen.
 */
import { chromium, type Browser, type Page } from 'playwright-core'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import {
  approved,
  heldOut,
  mailing,
  mine,
  mineAfter,
  nobody,
  partial,
  RECORD,
  saved,
  scored,
  settings,
  setup,
  unscored,
} from '../../manifest/salesforce/lwc/test/cards.ts'
import { openAtSalesforce, signInToSalesforce, type Hosted } from '../support/salesforce-host/page.ts'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const chromiumPath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(
  existsSync,
)
const folder = process.env.SCREENSHOTS
const WIDTHS = [400, 1000]

interface Found {
  readonly id: string
  readonly nodes: readonly { readonly html: string }[]
}

// Without a browser there is nothing to open; .ci/run installs Debian's chromium.
describe.skipIf(chromiumPath === undefined)("the package's pages in Salesforce, in a browser", () => {
  let browser: Browser
  let tab: Page
  let answers: Readonly<Record<string, unknown>> = {}
  let went: unknown[] = []
  const trouble: string[] = []

  beforeAll(async () => {
    if (folder !== undefined) mkdirSync(folder, { recursive: true })
    browser = await chromium.launch({
      executablePath: chromiumPath!,
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-background-networking',
        '--disable-component-update',
      ],
    })
    const context = await browser.newContext({ reducedMotion: 'reduce' })
    tab = await context.newPage()
    tab.on('pageerror', (error) => trouble.push(String(error)))
    tab.on('console', (told) => {
      if (told.type() === 'error' || told.type() === 'warning') trouble.push(told.text())
    })
    await signInToSalesforce(
      tab,
      async (method) => {
        const answer = answers[method]
        if (answer instanceof Error) throw answer
        if (answer === 'never') return new Promise<string>(() => undefined)
        return JSON.stringify(answer)
      },
      (to) => void went.push(to),
    )
  })
  beforeEach(() => {
    went = []
  })
  afterAll(() => browser?.close())

  const shot = async (name: string, width: number): Promise<void> => {
    if (folder !== undefined)
      await tab.screenshot({ path: join(folder, `salesforce-${name}-${width}.png`), fullPage: true })
  }

  async function open(
    hosted: Omit<Hosted, 'width'>,
    width: number,
    given: Readonly<Record<string, unknown>>,
  ): Promise<void> {
    answers = given
    await tab.setViewportSize({ width: width + 48, height: 800 })
    await openAtSalesforce(tab, { ...hosted, width })
  }

  async function findings(): Promise<string[]> {
    await tab.evaluate(axe)
    const found = (await tab.evaluate(
      'axe.run(document, { resultTypes: ["violations"] }).then(({ violations }) => violations)',
    )) as Found[]
    const wide = (await tab.evaluate(
      'document.documentElement.scrollWidth > document.documentElement.clientWidth',
    )) as boolean
    return [
      ...found.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html.slice(0, 300)}`)),
      ...(wide ? ['sticks out to the right'] : []),
    ]
  }

  const card = (answer: unknown) => ({ 'HoldfastCard.readCard': answer })
  const list = (answer: unknown) => ({ 'HoldfastCustomers.readCustomers': answer })
  const both = (answer: unknown, own: unknown = setup) => ({
    'HoldfastSetup.readSetup': own,
    'HoldfastSettings.readSettings': answer,
  })
  const long = 'Donaudampfschifffahrtsgesellschaftskapitänsmützenfabrikationsgesellschaft mbH'

  /** Name, page, what Apex gives, words that say that it is there, and what is pressed then. */
  const STATES: readonly [string, Hosted['module'], Readonly<Record<string, unknown>>, string, string[]?][] =
    [
      ['card', 'holdfastCard', card(scored), '41 %'],
      [
        'card-open',
        'holdfastCard',
        card(scored),
        '41 %',
        [
          'Why this one, and why not the others',
          'Risk over time',
          'What was done before',
          'May be reached by',
        ],
      ],
      ['card-confirm', 'holdfastCard', card(mailing), '41 %', ['Approve e-mail…']],
      ['card-snooze', 'holdfastCard', card(scored), '41 %', ['Snooze…']],
      ['card-not-right', 'holdfastCard', card(scored), '41 %', ['Not right…', 'Take it back']],
      [
        'card-pressed',
        'holdfastCard',
        { ...card(scored), 'HoldfastCard.answer': approved },
        '41 %',
        ['Approve call'],
      ],
      [
        'card-refused',
        'holdfastCard',
        { ...card(scored), 'HoldfastCard.answer': new Error('Jon answered this at 9:14.') },
        '41 %',
        ['Approve call'],
      ],
      ['card-held-out', 'holdfastCard', card(heldOut), '41 %'],
      ['card-partial', 'holdfastCard', card(partial), '41 %'],
      ...Object.entries(unscored)
        .map(([state, one]) => [`card-${state}`, 'holdfastCard', card(one), one.sentence] as const)
        .map(
          ([name, module, given, words]) =>
            [name, module, given, words] as [
              string,
              Hosted['module'],
              Readonly<Record<string, unknown>>,
              string,
            ],
        ),
      ['card-failed', 'holdfastCard', card(new Error('Holdfast is turned off in this org.')), 'turned off'],
      [
        'card-long',
        'holdfastCard',
        card(JSON.parse(JSON.stringify(scored).replaceAll('Northwind', long))),
        '41 %',
      ],
      ['customers', 'holdfastCustomers', list(mine), 'Northwind'],
      [
        'customers-long',
        'holdfastCustomers',
        list(JSON.parse(JSON.stringify(mine).replaceAll('Northwind', long))),
        'mbH',
      ],
      ['customers-nobody', 'holdfastCustomers', list(nobody), 'Nobody is at risk here'],
      [
        'customers-failed',
        'holdfastCustomers',
        list(new Error('You are not invited to Holdfast.')),
        'not invited',
      ],
      ['settings', 'holdfastSettings', both(settings), '1,204'],
      ['settings-pause', 'holdfastSettings', both(settings), '1,204', ['Pause everything…']],
      [
        'settings-paused',
        'holdfastSettings',
        both({ ...settings, paused: 'Since 9:15 today, by Ann.' }),
        '1,204',
      ],
      [
        'settings-read-only',
        'holdfastSettings',
        both({ ...settings, mayChange: false, mayPause: false }, { ...setup, mayChange: false }),
        '1,204',
      ],
      ['settings-off', 'holdfastSettings', both(settings, { ...setup, enabled: false }), 'Holdfast is off'],
      ['settings-failed', 'holdfastSettings', both(new Error('This org is not connected.')), 'not connected'],
    ]

  it.each(STATES)(
    '%s can be read by everybody, narrow and wide',
    async (name, module, given, words, presses = []) => {
      for (const width of WIDTHS) {
        await open({ module, recordId: RECORD }, width, given)
        await tab.getByText(words).first().waitFor()
        for (const label of presses) await tab.getByRole('button', { name: label, exact: true }).click()
        // What comes of a press is drawn at once, and by the next frame.
        await tab.waitForTimeout(150)
        await shot(name, width)
        expect(await findings(), `${name} at ${width}`).toEqual([])
      }
    },
  )

  it('says that it is loading', async () => {
    for (const [module, words] of [
      ['holdfastCard', 'Loading what Holdfast knows'],
      ['holdfastCustomers', 'Loading customers'],
    ] as const) {
      await open({ module, recordId: RECORD }, 400, { ...card('never'), ...list('never') })
      await tab.getByText(words).waitFor({ state: 'attached' })
      expect(await findings()).toEqual([])
    }
  })

  /** Where the keyboard is, by what a screen reader says of it. */
  const focused = (): Promise<string> =>
    tab.evaluate(
      `(() => { let one = document.activeElement; while (one.shadowRoot?.activeElement) one = one.shadowRoot.activeElement
        return (one.textContent || one.getAttribute('aria-label') || one.getAttribute('role') || one.name || one.tagName).trim() })()`,
    )

  it('gets the keyboard through the whole card, and answers by it', async () => {
    await open({ module: 'holdfastCard', recordId: RECORD }, 400, {
      ...card(scored),
      'HoldfastCard.answer': approved,
    })
    await tab.getByText('41 %').first().waitFor()
    const seen: string[] = []
    for (let n = 0; n < 9; n++) {
      await tab.keyboard.press('Tab')
      seen.push(await focused())
    }
    expect(seen).toEqual([
      'Why this one, and why not the others',
      'Approve call',
      'Snooze…',
      'Not right…',
      'Risk over time',
      'What was done before',
      'May be reached by',
      'Score now',
      'Open in Holdfast',
    ])
    for (let n = 0; n < 7; n++) await tab.keyboard.press('Shift+Tab')
    await tab.keyboard.press('Enter')
    await tab.getByText(approved.said).waitFor()
    expect(await focused()).toBe('status')
  })

  it('chooses days by the keyboard, and leads back to the button that opened the choice', async () => {
    await open({ module: 'holdfastCard', recordId: RECORD }, 400, card(scored))
    await tab.getByRole('button', { name: 'Snooze…' }).focus()
    await tab.keyboard.press('Enter')
    await tab.getByRole('combobox', { name: 'Ask me again in' }).waitFor()
    await tab.keyboard.press('Enter')
    await tab.getByRole('option', { name: '30 days' }).waitFor()
    await tab.keyboard.press('End')
    await tab.keyboard.press('Enter')
    await tab.getByRole('button', { name: 'Snooze 30 days' }).waitFor()
    await tab.getByRole('button', { name: 'Cancel' }).focus()
    await tab.keyboard.press('Enter')
    await tab.getByRole('combobox').waitFor({ state: 'detached' })
    expect(await focused()).toBe('Snooze…')
  })

  it('leads to the reason that is missing', async () => {
    await open({ module: 'holdfastCard', recordId: RECORD }, 400, card(scored))
    await tab.getByRole('button', { name: 'Not right…' }).click()
    await tab.getByRole('button', { name: 'Take it back' }).focus()
    await tab.keyboard.press('Enter')
    await tab.getByText('Choose a reason, so that').waitFor()
    await expect.poll(focused).toBe('Choose a reason')
  })

  it('turns over customers and opens one by the keyboard', async () => {
    await open({ module: 'holdfastCustomers' }, 1000, list(mine))
    await tab.getByRole('link', { name: 'Northwind' }).focus()
    await tab.keyboard.press('Enter')
    await expect.poll(() => went).toHaveLength(1)
    answers = list(mineAfter)
    await tab.getByRole('button', { name: 'Next customers' }).focus()
    await tab.keyboard.press('Enter')
    await tab.getByText('Fabrikam').waitFor()
    expect(await focused()).toBe('Page 2')
  })

  it('saves what is set with the components of Salesforce', async () => {
    await open({ module: 'holdfastSettings' }, 1000, {
      ...both(settings),
      'HoldfastSettings.saveSettings': saved(),
    })
    await tab.getByRole('spinbutton', { name: 'Messages a month (per person)' }).fill('50')
    await tab.getByText('1 change is not saved yet.').waitFor()
    await tab.getByRole('button', { name: 'Save' }).last().click()
    await tab.getByText(saved().said).waitFor()
    await shot('settings-saved', 1000)
  })

  it('met nothing that it did not foresee', () => {
    expect(trouble).toEqual([])
  })
})
