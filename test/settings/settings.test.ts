import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { referenceActions, shippedActions } from '../../actions/catalogue.ts'
import { levelThresholds } from '../../models/churn/levels.ts'
import { HoldfastError } from '../../src/contracts/errors.ts'
import { actionsOf, maskRules, periodOf, planLimits, reportingRate } from '../../src/settings/planning.ts'
import { loadSettings, parseSettings, settingsDocs } from '../../src/settings/settings.ts'

const folder = mkdtempSync(join(tmpdir(), 'settings-'))
afterAll(() => rmSync(folder, { recursive: true }))

function failure(read: () => unknown): HoldfastError {
  try {
    read()
  } catch (error) {
    if (error instanceof HoldfastError) return error
    throw error
  }
  throw new Error('It was accepted.')
}

describe('settings', () => {
  it('are complete without a file, and are the catalogue that ships: the six of the reference first', () => {
    const settings = loadSettings(null)
    expect(actionsOf(settings)).toEqual(shippedActions)
    expect(actionsOf(settings).slice(0, 6)).toEqual(referenceActions)
    expect(planLimits(settings, actionsOf(settings))).toMatchObject({
      budget: null,
      capacity: [null, null, null, null, null, 100, null],
      exploration: { share: 0.15, floor: 0.05, explorable: Uint8Array.of(1, 1, 1, 1, 0, 0, 0) },
    })
    expect(levelThresholds(settings.levels, 0.1)).toMatchObject({ high: 0.2, medium: 0.1 })
  })

  it('change an action by its key and leave the rest as it was', () => {
    const settings = parseSettings({
      currency: { file: 'JPY' },
      catalogue: {
        sms: { fixedCost: 12, leadMonths: 1 },
        call_discount_30: { capacity: null },
        email: { enabled: false },
      },
    })
    const actions = actionsOf(settings)
    expect(actions[2]).toEqual({
      ...referenceActions[2],
      cost: { ...referenceActions[2].cost, fixedMinor: 12 },
      leadMonths: 1,
    })
    expect(actions[5].capacity).toBe(null)
    expect(maskRules(settings, actions).enabled).toEqual([true, false, true, true, true, true, true])
  })

  it('round a budget down to the minor unit of the reporting currency', () => {
    const budget = (value: number, reporting: string) => {
      const settings = parseSettings({ budget: value, currency: { reporting, rate: 1.1 } })
      return planLimits(settings, actionsOf(settings)).budget
    }
    expect([budget(10.019, 'USD'), budget(10.9, 'JPY'), budget(1.2345, 'KWD')]).toEqual([1001, 10, 1234])
    expect(budget(19.99, 'USD')).toBe(1999)
  })

  it('take 0 for off rather than for no limit', () => {
    const settings = parseSettings({ budget: 0, contact: { perPeriod: 0 }, discounts: { perYear: 0 } })
    const rules = maskRules(settings, actionsOf(settings))
    expect([rules.budgetOff, rules.contactsPerPeriod, rules.discountsPerYear]).toEqual([true, 0, 0])
  })

  it('convert with the stated rate, and not without need', () => {
    expect(reportingRate(parseSettings({ currency: { file: 'USD', reporting: 'EUR', rate: 0.9 } }))).toBe(0.9)
    expect(reportingRate(parseSettings({ currency: { file: 'EUR', rate: 0.9 } }))).toBe(1)
  })

  it.each<[unknown, string[]]>([
    [{ budgt: 3 }, ['budgt is no setting', 'budget']],
    [{ budget: 'x' }, ['budget must be', 'number, 0 or more, or null']],
    [{ budget: -1 }, ['budget must not be below 0']],
    [{ contact: { cooldown: 1 } }, ['contact.cooldown is no setting', 'cooldownDays']],
    [{ catalogue: { mail: {} } }, ['catalogue.mail is no setting', 'call_discount_30']],
    [{ catalogue: { no_action: { enabled: false } } }, ['catalogue.no_action is no setting']],
    [{ catalogue: { sms: { capacity: -1, durationMonths: 1.5 } } }, ['sms.capacity', 'sms.durationMonths']],
    [{ levels: { kind: 'x' } }, ['levels.kind', '"reference"']],
    [{ levels: { kind: 'fixed', high: 0.2, medium: 0.4 } }, ['levels.high must not be below medium']],
    [{ exploration: { share: 0.5 } }, ['exploration.share must be 0 or from 0.1 to 0.2']],
    [{ exploration: { share: 0.1, floor: 0.15 } }, ['exploration.floor must not be above share']],
    [{ exploration: { actions: ['discount_10', 'discount_20'] } }, ['one discount at most']],
    [{ exploration: { actions: ['call_discount_30'] } }, ['exploration.actions.0', 'discount_10']],
    [{ currency: { file: 'XYZ' } }, ['currency.file is not a currency']],
    [{ currency: { reporting: 'EUR' } }, ['currency.rate is needed']],
    [{ period: 'day' }, ['period must be one of month, week, quarter']],
    [[], ['must be of another type']],
  ])('refuse %j and say where and what is allowed', (value, parts) => {
    const error = failure(() => parseSettings(value, 'holdfast.json'))
    expect(error.code).toBe('settings_invalid')
    expect(error.message).toMatch(/^holdfast\.json: /)
    for (const part of parts) expect(error.message).toContain(part)
  })

  it('name a file that is missing or broken', () => {
    expect(failure(() => loadSettings(join(folder, 'none.json'))).code).toBe('input_missing')
    const broken = join(folder, 'broken.json')
    writeFileSync(broken, '{"budget": }')
    expect(failure(() => loadSettings(broken)).message).toMatch(/broken\.json is not JSON/)
    writeFileSync(broken, '\uFEFF{"budget": 12}')
    expect(loadSettings(broken).budget).toBe(12)
  })

  it('describe every field, with the defaults that hold', () => {
    const docs = settingsDocs()
    for (const doc of docs) {
      expect(doc.about.length, doc.path).toBeGreaterThan(10)
      expect(doc.allowed.length, doc.path).toBeGreaterThan(3)
    }
    const flat = (value: unknown, path: string): string[] =>
      typeof value === 'object' && value !== null && !Array.isArray(value) && path !== 'levels'
        ? Object.entries(value).flatMap(([key, child]) => flat(child, path === '' ? key : `${path}.${key}`))
        : [`${path}=${JSON.stringify(value)}`]
    const documented = docs.filter((doc) => doc.default !== undefined)
    expect(documented.map((doc) => `${doc.path}=${doc.default}`)).toEqual(flat(loadSettings(null), ''))
  })
})

describe('the decision period', () => {
  it.each([
    ['2026-11-20', '2026-11', '2026-W47', '2026-Q4'],
    ['2027-01-03', '2027-01', '2026-W53', '2027-Q1'],
    ['2024-12-30', '2024-12', '2025-W01', '2024-Q4'],
  ])('of %s', (day, month, week, quarter) => {
    const date = new Date(day)
    expect([periodOf('month', date), periodOf('week', date), periodOf('quarter', date)]).toEqual([
      month,
      week,
      quarter,
    ])
  })
})
