import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { changed, changesOf, compare, controlAt, type Change } from '../../src/settings/changes.ts'
import { asToday, changesBetween, wordsOf } from '../../src/settings/history.ts'
import { maskedChange, maskedSettings } from '../../src/settings/masked.ts'
import { fieldPath, overlap, stepsOf } from '../../src/settings/path.ts'
import { settingsFields } from '../../src/settings/sections.ts'
import { parseServiceSettings } from '../../src/settings/service.ts'
import { summary, told } from '../../src/settings/words.ts'
import { tidy, validSettings } from '../support/valid-settings.ts'

const fields = settingsFields()
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value))
const parsed = (value: unknown) => parseServiceSettings(value)

/** Changes of which none is part of another. */
function apart(changes: readonly Change[], others: readonly Change[]): readonly Change[] {
  return changes.filter((one) => others.every((other) => !overlap(one.steps, other.steps)))
}

describe('a path of the settings', () => {
  it('is read as it was written, whatever the keys are', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' }), { minLength: 1 }), (steps) => {
        expect(stepsOf(fieldPath(steps))).toEqual(steps)
      }),
    )
    expect(fieldPath(['calls', 'people', 'a.b', 'zone'])).toBe('calls.people.a\\.b.zone')
  })

  it('leads to a field, to an entry of a record, or nowhere', () => {
    expect(controlAt(fields, stepsOf('delivery.mode'))?.kind).toBe('choice')
    expect(controlAt(fields, stepsOf('catalogue.sms.eligibility.levels'))?.kind).toBe('choices')
    expect(controlAt(fields, stepsOf('templates.de.email'))?.kind).toBe('fields')
    expect(controlAt(fields, stepsOf('actions.own.gift.fixedCost'))?.kind).toBe('money')
    for (const nowhere of ['', 'delivery', 'catalogue.fax', 'budget.x', '__proto__', 'calls.days.0', 'a.b'])
      expect(controlAt(fields, stepsOf(nowhere)), nowhere).toBeNull()
  })
})

describe('what differs between two sets of settings', () => {
  it('makes one of the other, whatever they are', () => {
    fc.assert(
      fc.property(validSettings(), validSettings(), (before, after) => {
        const changes = changesOf(fields, plain(before), plain(after))
        expect(tidy(parsed(changed(fields, plain(before), changes)))).toEqual(tidy(after))
        for (const { steps } of changes) expect(controlAt(fields, steps)).not.toBeNull()
        expect(changesOf(fields, plain(after), plain(after))).toEqual([])
      }),
      { numRuns: 40, endOnFailure: true },
    )
  })

  it('names an entry that came or went as one, and of one that stayed what it has otherwise', () => {
    const mail = { subject: 'Hello', text: 'Hello.', html: '<p>Hello.</p>' }
    const before = parsed({ templates: { en: { email: mail } }, guard: { holidays: { AT: ['10-26'] } } })
    const after = parsed({
      templates: { en: { email: { ...mail, subject: 'Hi' } }, de: { email: mail } },
      catalogue: { sms: { fixedCost: 0.07 } },
    })
    expect(changesOf(fields, before, after).map(({ steps }) => fieldPath(steps))).toEqual([
      'catalogue.sms.fixedCost',
      'templates.en.email.subject',
      'templates.de',
      'guard.holidays.AT',
    ])
  })

  it('tells actions of your own by their keys, and another order as a change of the list', () => {
    const own = (key: string, fixedCost = 0) => ({
      key,
      name: key,
      channel: 'email',
      fixedCost,
      effect: { mean: 0.05, sd: 0.03 },
    })
    const paths = (before: object[], after: object[]) =>
      changesOf(fields, parsed({ actions: { own: before } }), parsed({ actions: { own: after } })).map(
        ({ steps }) => fieldPath(steps),
      )
    expect(paths([own('gift'), own('visit')], [own('visit')])).toEqual(['actions.own.gift'])
    expect(paths([own('gift'), own('visit')], [own('gift', 5), own('visit')])).toEqual([
      'actions.own.gift.fixedCost',
    ])
    expect(paths([own('gift'), own('visit')], [own('visit'), own('gift')])).toEqual(['actions.own'])
  })
})

describe('two who change the same settings', () => {
  /** Of actions that both added, those of whoever was first stand first. */
  const inOrder = (settings: unknown): unknown => {
    const whole = tidy(plain(settings)) as { actions: { own: { key: string }[] } }
    return {
      ...whole,
      actions: { ...whole.actions, own: whole.actions.own.toSorted((a, b) => (a.key < b.key ? -1 : 1)) },
    }
  }

  it('keep what both changed where it is of other fields, whoever was first', () => {
    fc.assert(
      fc.property(validSettings(), validSettings(), validSettings(), fc.nat(), (a, b, c, seed) => {
        const base = plain(a)
        const theirs = changesOf(fields, base, plain(b)).filter((_, at) => (at + seed) % 3 === 0)
        const yours = apart(changesOf(fields, base, plain(c)), theirs).filter(
          (_, at) => (at + seed) % 2 === 0,
        )
        const [one, other] = [changed(fields, base, theirs), changed(fields, base, yours)]
        const merge = compare(fields, { base, theirs: one, yours: other })
        expect(merge.both).toEqual([])
        const merged = changed(fields, one, merge.yours)
        expect(inOrder(merged)).toEqual(inOrder(changed(fields, other, merge.theirs)))
        expect(changesOf(fields, base, merged)).toHaveLength(theirs.length + yours.length)
      }),
      { numRuns: 40, endOnFailure: true },
    )
  })

  it('are told of the same field, and of an entry that one took away and the other changed', () => {
    const base = parsed({ calls: { people: { ana: { zone: 'UTC' } } } })
    const both = (theirs: object, yours: object) =>
      compare(fields, {
        base,
        theirs: parsed({ ...base, ...theirs }),
        yours: parsed({ ...base, ...yours }),
      }).both.map(({ steps }) => fieldPath(steps))
    expect(both({ budget: 5 }, { budget: 6 })).toEqual(['budget'])
    expect(both({ budget: 5 }, { budget: 5 })).toEqual([])
    expect(both({ budget: 5 }, { period: 'week' })).toEqual([])
    const people = (one: object) => ({ calls: { ...base.calls, people: one } })
    expect(both(people({}), people({ ana: { ...base.calls.people['ana'], from: 8 } }))).toEqual([
      'calls.people.ana.from',
    ])
  })
})

describe('a change in words', () => {
  const of = (before: object, after: object) => {
    const [old, young] = [asToday(before), asToday(after)]
    const changes = changesBetween(old, young)
    const words = wordsOf(young.valid, old.valid)
    return { told: changes.map((one) => told(one, words)), summary: summary(changes, words) }
  }

  it.each([
    [{}, { budget: 500 }, 'Budget of a period: No limit, now USD 500.'],
    [{ budget: 500 }, { budget: 0 }, 'Budget of a period: USD 500, now Nothing is spent.'],
    [{}, { contact: { cooldownDays: 1 } }, 'Between two contacts: 14 days, now 1 day.'],
    [{}, { calls: { from: 8.5 } }, 'Work begins: 09:00, now 08:30.'],
    [{}, { margin: { gross: 0.07 } }, 'Gross margin: 60 %, now 7 %.'],
    [
      {},
      { catalogue: { sms: { fixedCost: 1234.5 } } },
      'Actions that ship: Send SMS: Cost, once: As it ships, now USD 1,234.5.',
    ],
    [
      { levels: { kind: 'reference' } },
      { levels: { kind: 'fixed', high: 0.5, medium: 0.2 } },
      'Levels of risk: High from 70 %, medium from 40 %, now Fixed risks (High from a risk of 50 %, Medium from a risk of 20 %).',
    ],
    [{}, { guard: { holidays: { all: ['12-25'] } } }, 'Holidays: Everybody: not there, now 12-25.'],
    [{}, {}, 'Nothing changed.'],
    [{}, { budget: 5, period: 'week' }, 'Decisions are taken every and Budget of a period.'],
    [
      {},
      { budget: 5, period: 'week', writeBack: { enabled: false }, delivery: { mode: 'off' } },
      'Decisions are taken every, Budget of a period and 2 more.',
    ],
  ])('from %j to %j is said as people say it', (before, after, sentence) => {
    expect(of(before, after).summary).toBe(sentence)
  })

  it('never tells a secret', () => {
    const { told: changes, summary: sentence } = of({}, { exploration: { salt: 'canary-7f3a' } })
    expect(changes).toMatchObject([{ path: 'exploration.salt', before: 'not shown', after: 'not shown' }])
    expect(sentence).toBe('Salt of every draw changed.')
  })

  it('masks people and secrets for those who only look', () => {
    const settings = parsed({
      delivery: { testList: ['ines.vogt@acme.example'], testNumbers: ['+4366012345678'] },
      calls: {
        people: {
          '0051': { name: 'Ines Vogt' },
          'ines.vogt@acme.example': { perPeriod: 3 },
          'ida.berg@acme.example': { perPeriod: 4 },
          'Ines Vogt': {},
        },
      },
      exploration: { salt: 'canary-7f3a' },
      budget: 5,
    })
    const shown = maskedSettings(fields, settings, { people: true })
    expect(shown).toMatchObject({
      delivery: { testList: ['i•••@acme.example'], testNumbers: ['•••78'] },
      calls: {
        people: {
          '0051': { name: 'I••• V•••', zone: null },
          'i•••@acme.example': { perPeriod: 3 },
          'i•••@acme.example (2)': { perPeriod: 4 },
          'I••• V•••': {},
        },
      },
      exploration: { salt: '•••' },
      budget: 5,
    })
    expect(JSON.stringify(shown)).not.toMatch(/vogt|berg/i)
    const before = parsed({ calls: { people: { 'ines.vogt@acme.example': { perPeriod: 1 } } } })
    const [change] = changesOf(fields, before, settings).filter(({ steps }) => steps.includes('perPeriod'))
    expect(change.steps).toContain('ines.vogt@acme.example')
    const masked = maskedChange(change)
    expect(masked.steps).toEqual(['calls', 'people', 'i•••@acme.example', 'perPeriod'])
    expect(JSON.stringify(changesOf(fields, before, settings).map(maskedChange))).not.toMatch(/vogt|berg/i)
    expect(maskedSettings(fields, settings, { people: false })).toEqual({
      ...settings,
      exploration: { ...settings.exploration, salt: '•••' },
    })
  })
})

describe('settings of an earlier day', () => {
  it('have the defaults of what came since, and say what no longer fits', () => {
    const { settings, valid, problems } = asToday({
      budget: 7,
      delivery: { mode: 'loud' },
      colours: { high: 'red' },
    })
    expect(valid).toBeNull()
    expect(problems).toEqual([
      { path: 'delivery.mode', message: expect.stringMatching(/^One of off/) },
      { path: 'colours', message: 'There is no such setting.' },
    ])
    expect(settings).toMatchObject({ budget: 7, delivery: { mode: 'loud' }, period: 'month' })
  })
})
