import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { checkTemplates, needsApproval, parseServiceSettings } from '../../src/settings/service.ts'
import { settingsSchema } from '../../src/settings/schema.ts'
import type { Database } from '../../src/store/database.ts'
import { currentSettings, saveSettings } from '../../src/store/settings-versions.ts'
import { addTenant, openTestDatabase } from '../support/database.ts'

describe('settings of the service', () => {
  it('send nothing unless told otherwise, and let a person approve discounts and calls', () => {
    const settings = parseServiceSettings({})
    expect(settings.delivery.mode).toBe('dry_run')
    expect(
      ['email', 'sms', 'discount_10', 'call_discount_30'].map((key) => needsApproval(settings, key)),
    ).toEqual([false, false, true, true])
  })

  it('take whatever a plan takes', () => {
    const plan = settingsSchema.parse({ budget: 500, contact: { perPeriod: 1 } })
    expect(parseServiceSettings(plan)).toMatchObject(plan)
  })

  it('name the field that is wrong', () => {
    expect(() => parseServiceSettings({ delivery: { mode: 'loud' } })).toThrow(
      /delivery\.mode: One of off \(Nothing\), dry_run .*, live \(To customers\)\./,
    )
    expect(() => parseServiceSettings({ sendr: {} })).toThrow(/sendr: There is no such setting\./)
    const testList = Array.from({ length: 101 }, (_, at) => `a${at}@example.org`)
    expect(() => parseServiceSettings({ delivery: { testList } })).toThrow(
      /delivery\.testList: At most 100 of them\./,
    )
  })

  it('take templates of the own, and know no action that is no e-mail', () => {
    const template = { subject: 'Hello', text: 'Hello.', html: '<p>Hello.</p>' }
    const { templates } = parseServiceSettings({ templates: { 'de-AT': { email: template } } })
    expect(templates).toEqual({ 'de-AT': { email: template } })
    expect(() => parseServiceSettings({ templates: { en: { sms: template } } })).toThrow(/templates\.en/)
    const own = { key: 'gift', name: 'Gift', channel: 'email', effect: { mean: 0.05, sd: 0.03 } }
    const settings = { templates: { en: { gift: template } } }
    expect(() => checkTemplates(parseServiceSettings(settings))).toThrow(
      /templates\.en\.gift: It has to be one of/,
    )
    checkTemplates(parseServiceSettings({ ...settings, actions: { own: [own] } }))
    expect(() => parseServiceSettings({ templates: { English: { email: template } } })).toThrow(/templates/)
  })

  it('hold no more templates than anybody writes', () => {
    const talk = (many: number) => ({
      en: Object.fromEntries(Array.from({ length: many }, (_, at) => [`call_${at}`, 'Hello'])),
    })
    expect(
      Object.keys(parseServiceSettings({ calls: { talk: talk(500) } }).calls.talk.en ?? {}),
    ).toHaveLength(500)
    expect(() => parseServiceSettings({ calls: { talk: talk(501) } })).toThrow(
      /calls\.talk: .*at most 500 templates/,
    )
  })

  it('are looked at for a few seconds at most, however many of their templates loop', () => {
    const loop = `{% for a in (1..900) %}{% for b in (1..900) %}{% endfor %}{% endfor %}`
    const talk = Object.fromEntries(Array.from({ length: 400 }, (_, at) => [`call_${at}`, loop]))
    const began = performance.now()
    expect(() => checkTemplates(parseServiceSettings({ calls: { talk: { en: talk } } }))).toThrow(
      /take too long/,
    )
    expect(performance.now() - began).toBeLessThan(15_000)
  })

  it('render no template before each is known to be for an action', () => {
    const html = '<p>{% for a in (1..900) %}{% for b in (1..900) %}{% endfor %}{% endfor %}</p>'
    const of = Object.fromEntries(
      Array.from({ length: 300 }, (_, at) => [`gift_${at}`, { subject: 'Hello', text: 'Hello.', html }]),
    )
    const began = performance.now()
    expect(() => checkTemplates(parseServiceSettings({ templates: { en: of } }))).toThrow(
      /templates\.en\.gift_0: It has to be one of/,
    )
    expect(performance.now() - began).toBeLessThan(3000)
  })

  it('know an action that gives nothing off from one that does, and none that gives everything off', () => {
    const effect = { mean: 0.05, sd: 0.03 }
    const giving = (discount: number) =>
      parseServiceSettings({
        actions: { own: [{ key: 'gift', name: 'Gift', channel: 'email', effect, discount }] },
      }).actions.own[0]?.discount
    expect([0, 0.005, 0.999].map(giving)).toEqual([0, 0.005, 0.999])
    expect(() => giving(1)).toThrow(/actions\.own\.0\.discount: .*everything off is no discount/)
    for (const wrong of [-0.1, 1.01, 100, Number.NaN, Number.POSITIVE_INFINITY])
      expect(() => giving(wrong)).toThrow(/actions\.own/)
  })
})

describe('versions of settings', () => {
  it('are not saved with a template that cannot be rendered: which, where and why is said', async () => {
    const tenant = await addTenant(database)
    const template = { subject: 'Hello', text: 'Line one\n{{ recipient.nam }}', html: '<p>Hello.</p>' }
    await database.withTenant(tenant, async (tx) => {
      await expect(
        saveSettings(tx, { templates: { en: { email: template } } }, { expected: 0, author: 'a' }),
      ).rejects.toMatchObject({
        code: 'template_invalid',
        message: expect.stringMatching(/"email" in "en".*text.*line 2/s),
      })
      expect((await currentSettings(tx)).version).toBe(0)
    })
  })

  let database: Database
  beforeAll(async () => {
    database = await openTestDatabase()
  }, 60_000)
  afterAll(() => database.close())

  it('are the defaults before anybody saved, and refuse who did not see the newest', async () => {
    const tenant = await addTenant(database)
    await database.withTenant(tenant, async (tx) => {
      expect((await currentSettings(tx)).version).toBe(0)
      expect(await saveSettings(tx, { budget: 7 }, { expected: 0, author: 'a' })).toBe(1)
      await expect(saveSettings(tx, { budget: 8 }, { expected: 0, author: 'b' })).rejects.toMatchObject({
        code: 'conflict',
      })
      expect(await currentSettings(tx)).toMatchObject({ version: 1, settings: { budget: 7 } })
    })
  })
})
