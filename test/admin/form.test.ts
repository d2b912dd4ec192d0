import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { keptOf, meet, type Choice } from '../../src/admin/form/conflict.ts'
import { changesIn, edited, editsOf, inputOf, patchOf, type Edits } from '../../src/admin/form/draft.ts'
import { linesBetween } from '../../src/admin/form/lines-between.ts'
import { changed } from '../../src/settings/changes.ts'
import { same } from '../../src/settings/same.ts'
import { settingsFields } from '../../src/settings/sections.ts'
import { parseServiceSettings } from '../../src/settings/service.ts'

const fields = settingsFields()
const settings = (value: object): unknown => JSON.parse(JSON.stringify(parseServiceSettings(value)))
const base = settings({ budget: 500 })
const fieldAt = (path: string) => fields.find((one) => one.path === path)!

describe('what somebody typed into the settings', () => {
  it('is no change until it differs, and none any more once it is taken back', () => {
    const untouched: Edits = new Map(fields.map((one) => [one.path, inputOf(one, base, new Map())]))
    expect(changesIn(fields, base, untouched)).toEqual([])
    expect(changesIn(fields, base, new Map([['budget', '500.0']]))).toEqual([])
    expect(changesIn(fields, base, new Map([['budget', '501']]))).toMatchObject([{ after: 501 }])
  })

  it('is sent field by field, what is left out as reset', () => {
    const edits: Edits = new Map([
      ['budget', null],
      ['catalogue', [{ key: 'sms', value: { fixedCost: '0.07' } }]],
    ] as const)
    const before = settings({ budget: 500, catalogue: { email: { share: 0.02 } } })
    expect(patchOf(changesIn(fields, before, edits))).toEqual({
      set: { budget: null, 'catalogue.sms.fixedCost': 0.07 },
      reset: ['catalogue.email.share'],
    })
  })

  it('stands on other settings as it stood on those that it was made on', () => {
    const edits: Edits = new Map([['contact.perPeriod', '4']])
    const changes = changesIn(fields, base, edits)
    const theirs = settings({ budget: 700 })
    expect(edited(fields, theirs, editsOf(fields, theirs, changes))).toMatchObject({
      budget: 700,
      contact: { perPeriod: 4 },
    })
    expect(inputOf(fieldAt('contact.perPeriod'), theirs, editsOf(fields, theirs, changes))).toBe('4')
  })
})

describe('two who changed settings at once', () => {
  const both = (theirs: object, yours: object) =>
    meet(fields, { base, theirs: settings(theirs), yours: settings(yours) })
  const after = (theirs: object, yours: object, choice: Choice): unknown => {
    const meeting = both(theirs, yours)
    const kept = keptOf(meeting, new Map(meeting.clashes.map(({ path }) => [path, choice])))
    return changed(fields, settings(theirs), kept!)
  }

  it('are both kept where they changed other fields, and asked where it is the same', () => {
    const apart = both({ budget: 700 }, { budget: 500, contact: { perPeriod: 4 } })
    expect(apart.clashes).toEqual([])
    expect(keptOf(apart, new Map())).toMatchObject([{ steps: ['contact', 'perPeriod'], after: 4 }])
    const clash = both({ budget: 700 }, { budget: 900 })
    expect(clash.clashes).toMatchObject([{ path: 'budget', together: undefined }])
    expect(keptOf(clash, new Map())).toBeNull()
    expect(after({ budget: 700 }, { budget: 900 }, 'yours')).toMatchObject({ budget: 900 })
    expect(after({ budget: 700 }, { budget: 900 }, 'theirs')).toMatchObject({ budget: 700 })
  })

  it('have nothing to choose where they changed the same to the same', () => {
    const alike = both({ budget: 700 }, { budget: 700 })
    expect(alike.clashes).toEqual([])
    expect(keptOf(alike, new Map())).toEqual([])
  })

  it('can have a list that both added to, without what either took away', () => {
    const list = (...testList: string[]) => ({ budget: 500, delivery: { testList } })
    const sides = {
      base: settings(list('a@x.example', 'b@x.example')),
      theirs: settings(list('b@x.example', 'c@x.example')),
      yours: settings(list('a@x.example', 'd@x.example')),
    }
    const [clash] = meet(fields, sides).clashes
    expect(clash.together).toEqual(['c@x.example', 'd@x.example'])
  })
})

describe('two texts', () => {
  it('are both found in what differs between them', () => {
    const text = fc
      .array(fc.constantFrom('a', 'b', 'c', ''), { maxLength: 12 })
      .map((lines) => lines.join('\n'))
    fc.assert(
      fc.property(text, text, (before, now) => {
        const lines = linesBetween(before, now)
        const without = (kind: string) =>
          lines
            .filter((line) => line.kind !== kind)
            .map((line) => line.text)
            .join('\n')
        expect(without('come')).toBe(before)
        expect(without('gone')).toBe(now)
      }),
    )
    expect(linesBetween('a\nb\nc', 'a\nx\nc').map(({ kind }) => kind)).toEqual([
      'same',
      'gone',
      'come',
      'same',
    ])
  })
})

describe('two values', () => {
  it('are the same as their JSON says, whatever the order of their keys', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
        expect(same(a, structuredClone(a))).toBe(true)
        const sorted = (value: unknown): unknown =>
          typeof value !== 'object' || value === null || Array.isArray(value)
            ? Array.isArray(value)
              ? value.map(sorted)
              : value
            : Object.fromEntries(
                Object.entries(value)
                  .toSorted(([x], [y]) => (x < y ? -1 : 1))
                  .map(([key, one]) => [key, sorted(one)]),
              )
        const zero = (value: unknown) => JSON.stringify(sorted(value))
        expect(same(a, b)).toBe(zero(a) === zero(b))
      }),
    )
    expect(same({ a: undefined }, {})).toBe(false)
    expect(same([], {})).toBe(false)
  })
})
