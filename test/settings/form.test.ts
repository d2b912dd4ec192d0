import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { Control, Field } from '../../src/settings/controls.ts'
import { fieldsOf } from '../../src/settings/form.ts'
import { misfit, shownFields, takenFields } from '../../src/settings/form-values.ts'
import { ON_THE_COMMAND_LINE, settingsFields, settingsForm } from '../../src/settings/sections.ts'
import { parseServiceSettings } from '../../src/settings/service.ts'
import { serviceSettingsSchema } from '../../src/settings/service-schema.ts'
import { settingsDocs } from '../../src/settings/settings.ts'
import { tidy, validSettings } from '../support/valid-settings.ts'

const shownToAdmins = settingsForm().flatMap(({ fields }) => fields)

const fieldAt = (path: string): Field => {
  const found = settingsFields().find((one) => one.path === path)
  if (found === undefined) throw new Error(`there is no field ${path}`)
  return found
}

describe('the form of the settings', () => {
  it('has lists of texts alone, which is what the app draws', () => {
    const lists: string[] = []
    const look = (of: Control): void => {
      if (of.kind === 'list') lists.push(of.of.kind)
      if (of.kind === 'list' || of.kind === 'record') look(of.of)
      if (of.kind === 'fields' || of.kind === 'rows') for (const { control } of of.fields) look(control)
      if (of.kind === 'variant')
        for (const { fields } of of.options) for (const { control } of fields) look(control)
    }
    for (const { control } of settingsFields()) look(control)
    expect(new Set(lists)).toEqual(new Set(['text']))
  })

  it('has every setting once, in a part of its own, and only those that something comes of', () => {
    const documented = settingsDocs(serviceSettingsSchema)
      .map(({ path }) => path.replace(/^(catalogue)\..*/, '$1'))
      .filter((path, at, all) => all.indexOf(path) === at)
    const isElsewhere = (path: string): boolean => ON_THE_COMMAND_LINE.includes(path.split('.')[0])
    expect(shownToAdmins.map(({ path }) => path).toSorted()).toEqual(
      documented.filter((path) => !isElsewhere(path)).toSorted(),
    )
    expect(
      settingsFields()
        .map(({ path }) => path)
        .toSorted(),
    ).toEqual(documented.toSorted())
  })

  it('says of each what it is called and means, and calls no two of a part the same', () => {
    for (const { title, fields } of settingsForm()) {
      for (const field of fields) {
        expect(field.title, field.path).toMatch(/^[A-Z]/)
        expect(field.about, field.path).not.toBe('')
      }
      const titles = fields.map((field) => field.title)
      expect(new Set(titles).size, title).toBe(titles.length)
    }
  })

  it('can show every valid value, and takes back what it shows', () => {
    fc.assert(
      fc.property(validSettings(), (settings) => {
        for (const field of settingsFields())
          expect(
            misfit(
              field,
              field.path.split('.').reduce<unknown>((at, step) => Reflect.get(at as object, step), settings),
            ),
            field.path,
          ).toBeNull()
        const back = takenFields(
          settingsFields(),
          JSON.parse(JSON.stringify(shownFields(settingsFields(), settings))),
        )
        expect(tidy(parseServiceSettings(back))).toEqual(tidy(settings))
      }),
      { numRuns: 60, endOnFailure: true },
    )
  })

  it.each([
    ['delivery.mode', 'loud', /Choose/],
    ['budget', -1, /At least 0/],
    ['budget', 'a lot', /a number/],
    ['margin.gross', 1.5, /At most 100 %/],
    ['margin.gross', 0, /More than 0 %/],
    ['exploration.share', 0.05, /At least 10 %/],
    ['contact.cooldownDays', 400, /At most 365 days/],
    ['delivery.approval.waitDays', 1.5, /whole/],
    ['delivery.approval.waitDays', null, /needs a value/],
    ['guard.email.from', '8:00', /such as 08:30/],
    ['calls.days', [], /1 of them/],
    ['calls.days', [8], /Choose/],
    ['delivery.testList', Array.from({ length: 101 }, () => 'a@b.example'), /At most 100/],
    ['guard.holidays', { Austria: [] }, /such as AT/],
    ['levels', { kind: 'fixed', high: 0.7 }, /needs a value/],
    ['levels', { kind: 'loud' }, /Choose/],
    ['calls.people', { ana: { name: '' } }, /needs a value/],
    ['catalogue', { sms: { share: 2 } }, /At most 100 %/],
    ['actions.own', [{ key: 'Gift' }], /Small letters/],
  ])('tells before anybody asks that %s cannot be %j', (path, value, words) => {
    expect(misfit(fieldAt(path), value)).toMatch(words)
  })

  it('leaves a share as exact as it was typed', () => {
    const field = fieldAt('margin.gross')
    for (const [typed, share] of [
      ['7', 0.07],
      ['60', 0.6],
      ['12.345', 0.12345],
      ['0.0001', 0.000001],
      ['100', 1],
    ] as const) {
      expect(takenFields([field], { 'margin.gross': typed })).toEqual({ margin: { gross: share } })
      expect(shownFields([field], { margin: { gross: share } })).toEqual({ 'margin.gross': typed })
    }
    // What is no number is not made one: whoever checks it names it.
    expect(takenFields([field], { 'margin.gross': 'sixty' })).toEqual({ margin: { gross: 'sixty' } })
  })

  it('is refused for a setting that does not say what it is', () => {
    const bare = z.strictObject({ new: z.string().default('') })
    expect(() => fieldsOf(bare, {})).toThrow('The setting new is not described.')
  })
})
