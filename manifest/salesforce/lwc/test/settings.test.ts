import { describe, expect, it, vi } from 'vitest'
import { saved, settings, setup } from './cards.ts'
import { refused, stage, type Answering } from './stage.ts'

/** The package stands as it does, and Holdfast answers. */
const open = (answer: Answering, package_: object = setup) =>
  stage('holdfastSettings', (method, parameters) =>
    method === 'HoldfastSetup.readSetup' ? package_ : answer(method, parameters),
  )

const reading =
  (change: Answering): Answering =>
  (method, parameters) =>
    method === 'HoldfastSettings.readSettings' ? settings : change(method, parameters)

/** Of the service's own buttons, which are below those of the package. */
const last = (page: Awaited<ReturnType<typeof open>>, label: string) =>
  page
    .all()
    .findLast((one) => one.localName === 'button' && one.textContent.trim() === label)!
    .click()

describe('the settings of Holdfast inside Salesforce', () => {
  it('read like this', async () => {
    const { see, warned } = await open(() => settings)
    await expect(await see('1,204 accounts')).toMatchFileSnapshot('outlines/settings.txt')
    expect(warned).toEqual([])
  })

  it('save what was changed of each kind, and nothing else', async () => {
    const page = await open(reading(() => saved()))
    const { asked, fill, focused, see, toggle } = page
    await see('Nothing is changed.')
    toggle('delivery.dryRun')
    fill('caps.month', '50')
    fill('levels.preset', 'fixed')
    await see('3 changes are not saved yet.')
    fill('caps.month', '200')
    await see('2 changes are not saved yet.')
    last(page, 'Save')
    await see(saved().said)
    expect(asked.at(-1)).toEqual({
      method: 'HoldfastSettings.saveSettings',
      parameters: {
        version: 7,
        valuesJson: JSON.stringify({ 'delivery.dryRun': false, 'levels.preset': 'fixed' }),
      },
    })
    expect(focused().getAttribute('role')).toBe('status')
  })

  it('save once, however often it is pressed', async () => {
    const page = await open(reading(() => new Promise((done) => setTimeout(() => done(saved()), 50))))
    await page.see('Nothing is changed.')
    page.fill('caps.month', '50')
    await page.see('1 change is not saved yet.')
    last(page, 'Save')
    last(page, 'Save')
    await page.see('One moment…')
    await page.see(saved().said)
    expect(page.asked.filter(({ method }) => method.endsWith('saveSettings'))).toHaveLength(1)
  })

  it('take an emptied number as none', async () => {
    const page = await open(reading(() => saved()))
    await page.see('Nothing is changed.')
    page.fill('caps.month', '')
    await page.see('1 change')
    last(page, 'Save')
    await page.see(saved().said)
    expect(page.asked.at(-1)!.parameters.valuesJson).toBe('{"caps.month":null}')
  })

  it('say beside the field why it was not saved, and keep what was typed', async () => {
    const problems = { 'caps.month': 'At most 100 with this plan.' }
    const page = await open(
      reading(() =>
        saved({ said: 'Nothing was saved: one figure is too high.', tone: 'danger', problems, settings }),
      ),
    )
    await page.see('1,204')
    page.fill('caps.month', '500')
    await page.see('1 change')
    last(page, 'Save')
    await expect(await page.see('At most 100')).toMatchFileSnapshot('outlines/settings-refused.txt')
    expect(page.find('[name="caps.month"]:is(input)').value).toBe('500')
    page.fill('caps.month', '90')
    await vi.waitFor(() => expect(page.now()).not.toContain('At most 100'))
  })

  it('read what somebody else saved meanwhile, and keep what was typed to be saved over it or not', async () => {
    const theirs = { ...settings, version: 9, sentence: 'Holdfast scores 1,300 accounts.' }
    let reads = 0
    const page = await open((method, { version }) => {
      if (method.endsWith('readSettings')) return reads++ === 0 ? settings : theirs
      if (version === 7) throw refused('Jon saved settings at 9:14, after you opened this page.')
      return saved()
    })
    await page.see('1,204')
    page.fill('caps.month', '50')
    await page.see('1 change')
    last(page, 'Save')
    await page.see('Jon saved settings at 9:14')
    await page.see('1,300 accounts')
    expect(page.find('[name="caps.month"]:is(input)').value).toBe('50')
    last(page, 'Save')
    await page.see(saved().said)
    expect(page.asked.at(-1)!.parameters).toEqual({ version: 9, valuesJson: '{"caps.month":50}' })
  })

  it('put back what was typed', async () => {
    const page = await open(reading(() => saved()))
    await page.see('1,204')
    page.fill('caps.month', '50')
    await page.see('1 change')
    last(page, 'Put back')
    await page.see('Nothing is changed.')
    expect(page.find('[name="caps.month"]:is(input)').value).toBe('200')
  })

  it('pause everything once it is confirmed, and resume', async () => {
    const paused = { ...settings, paused: 'Since 9:15 today, by ann@acme.example.' }
    const { asked, focused, press, see } = await open(
      reading((_method, parameters) =>
        saved({ said: 'Done so.', settings: parameters.paused === true ? paused : settings }),
      ),
    )
    await see('[Pause everything…]')
    press('Pause everything…')
    await see('Pause everything?')
    expect(focused().localName).toBe('h4')
    expect(asked).toHaveLength(2)
    press('Pause everything')
    await expect(await see('Since 9:15 today')).toMatchFileSnapshot('outlines/settings-paused.txt')
    press('Resume…')
    await see('Resume everything?')
    press('Resume')
    await see('[Pause everything…]')
    expect(asked.slice(2).map(({ method, parameters }) => [method, parameters])).toEqual([
      ['HoldfastSettings.setPaused', { paused: true }],
      ['HoldfastSettings.setPaused', { paused: false }],
    ])
  })

  it('leave everything as it is, and the focus on the button, when it is not confirmed', async () => {
    const { asked, focused, press, see, now } = await open(reading(() => saved()))
    await see('[Pause everything…]')
    press('Pause everything…')
    await see('Pause everything?')
    press('Leave it as it is')
    await vi.waitFor(() => expect(now()).not.toContain('Pause everything?'))
    expect(focused().textContent).toBe('Pause everything…')
    expect(asked).toHaveLength(2)
  })

  it('say what is wrong when it could not be paused', async () => {
    const { press, see } = await open(
      reading(() => {
        throw refused('Holdfast could not do this just now.')
      }),
    )
    await see('[Pause everything…]')
    press('Pause everything…')
    await see('Pause everything?')
    press('Pause everything')
    await see('That did not work\nHoldfast could not do this just now.')
  })

  it('show those who may not change them how things stand', async () => {
    const { see, find, has } = await open(() => ({ ...settings, mayChange: false, mayPause: false }), {
      ...setup,
      mayChange: false,
    })
    await expect(await see('Admins of Holdfast')).toMatchFileSnapshot('outlines/settings-read-only.txt')
    expect(find('[name="caps.month"]:is(input)').disabled).toBe(true)
    expect([has('Save'), has('Pause everything…')]).toEqual([false, false])
  })

  it('say what is wrong when they cannot be read, below those of the package', async () => {
    let fails = true
    const { press, see } = await open(() => {
      if (fails) throw refused('This org is not connected.')
      return settings
    })
    await expect(await see('This org is not connected.')).toMatchFileSnapshot('outlines/settings-failed.txt')
    fails = false
    press('Try again')
    await see('1,204')
  })
})

describe("the package's own settings", () => {
  it('turn Holdfast off in this org, after which nothing is asked of it', async () => {
    const { asked, focused, press, see, toggle, now } = await open(reading(() => null))
    await see('1,204')
    toggle('enabled')
    await see('Holdfast in this org <off>')
    press('Save')
    await expect(await see('it counts in about a minute')).toMatchFileSnapshot('outlines/setup-off.txt')
    expect(asked.at(-1)).toEqual({
      method: 'HoldfastSetup.saveSetup',
      parameters: { enabled: false, timeoutSeconds: 10 },
    })
    expect(now()).not.toContain('1,204')
    expect(focused().getAttribute('role')).toBe('status')
  })

  it('say that it is off, and ask nothing of it', async () => {
    const { asked, see } = await open(() => settings, { ...setup, enabled: false })
    await see('Holdfast is off in this org')
    expect(asked).toHaveLength(1)
  })

  it('are not sent with figures that cannot be', async () => {
    const { asked, fill, focused, press, see } = await open(() => settings)
    await see('1,204')
    fill('timeoutSeconds', '300')
    await see('<300>')
    press('Save')
    await see('This is not possible here.')
    expect(focused().getAttribute('name')).toBe('timeoutSeconds')
    expect(asked).toHaveLength(2)
    press('Put back')
    await see('<10>')
  })

  it('save how long to wait', async () => {
    const { asked, fill, press, see } = await open(reading(() => null))
    await see('1,204')
    fill('timeoutSeconds', '30')
    await see('<30>')
    press('Save')
    await see('Saved.')
    expect(asked.find(({ method }) => method.endsWith('saveSetup'))!.parameters).toEqual({
      enabled: true,
      timeoutSeconds: 30,
    })
  })

  it('say what did not work, and keep what was typed', async () => {
    const { fill, find, press, see } = await open(
      reading(() => {
        throw refused('You need the permission Holdfast Admin.')
      }),
    )
    await see('1,204')
    fill('timeoutSeconds', '30')
    await see('<30>')
    press('Save')
    await see('That did not work\nYou need the permission Holdfast Admin.')
    expect(find('input[name="timeoutSeconds"]').value).toBe('30')
  })

  it('say when they cannot be read', async () => {
    let fails = true
    const { press, see } = await stage('holdfastSettings', (method) => {
      if (fails) throw refused('You may not use this class.')
      return method.endsWith('readSetup') ? setup : settings
    })
    await expect(await see('You may not use')).toMatchFileSnapshot('outlines/setup-failed.txt')
    fails = false
    press('Try again')
    await see('1,204')
  })
})
