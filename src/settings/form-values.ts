/**
 * What stands in the inputs of a form, and what is kept of it: numbers are as they are typed, a share as percent, what
 * somebody adds to by key is a list of entries. The app has this file too; it imports types alone.
 */
import type { Choice, Control, Field, NumberControl, TextControl } from './controls.ts'
import type { TextFormat } from './field.ts'

export type FormValue =
  | boolean
  | string
  | null
  | readonly FormValue[]
  | { readonly [name: string]: FormValue }

/**
 * @param value as it is kept; undefined: it is left out
 * @example
 * shown({ kind: 'percent', … }, 0.15) // '15'
 */
export function shown(control: Control, value: unknown): FormValue {
  if (value === null) return null
  switch (control.kind) {
    case 'switch':
      return value === true
    case 'number':
    case 'percent':
    case 'money':
    case 'duration':
    case 'hour':
      return typeof value === 'number'
        ? typed(control.kind === 'percent' ? shifted(value, 2) : String(value))
        : ''
    case 'choice':
      return String(value)
    case 'choices':
      return listOf(value).map(String)
    case 'text':
      return typeof value === 'string' ? value : ''
    case 'list':
      return listOf(value).map((one) => shown(control.of, one))
    case 'rows':
      return listOf(value).map((one) => shownFields(control.fields, one))
    case 'record':
      return Object.entries(objectOf(value)).map(([key, one]) => ({ key, value: shown(control.of, one) }))
    case 'fields':
      return shownFields(control.fields, value)
    case 'variant': {
      const chosen = objectOf(value)[control.by]
      const option = control.options.find((one) => one.value === chosen)
      return { [control.by]: String(chosen), ...shownFields(option?.fields ?? [], value) }
    }
  }
}

/**
 * What is kept of it. What cannot be understood is handed on as it is, for whoever checks it to name.
 *
 * @example
 * taken({ kind: 'percent', … }, '15') // 0.15
 */
export function taken(control: Control, value: FormValue): unknown {
  if (value === null) return null
  switch (control.kind) {
    case 'switch':
      return value
    case 'number':
    case 'percent':
    case 'money':
    case 'duration':
    case 'hour':
      return numberIn(value, control)
    case 'choice':
      return chosenOf(control.options, value)
    case 'choices':
      return Array.isArray(value) ? value.map((one) => chosenOf(control.options, one)) : value
    case 'text':
      return value
    case 'list':
      return Array.isArray(value) ? value.map((one: FormValue) => taken(control.of, one)) : value
    case 'rows':
      return Array.isArray(value) ? value.map((one: FormValue) => takenFields(control.fields, one)) : value
    case 'record':
      return Array.isArray(value)
        ? Object.fromEntries(
            value.map((one: FormValue) => {
              const { key, value: entry } = objectOf(one) as { key: unknown; value: FormValue }
              return [String(key), taken(control.of, entry)]
            }),
          )
        : value
    case 'fields':
      return takenFields(control.fields, value)
    case 'variant': {
      const chosen = objectOf(value)[control.by]
      const option = control.options.find((one) => one.value === chosen)
      return { [control.by]: chosen, ...takenFields(option?.fields ?? [], value) }
    }
  }
}

/** Values by the paths of fields; what is left out is left out. */
export function shownFields(fields: readonly Field[], object: unknown): Readonly<Record<string, FormValue>> {
  return Object.fromEntries(
    fields.flatMap(({ path, control }) => {
      const value = valueBelow(object, path.split('.'))
      return value === undefined ? [] : [[path, shown(control, value)]]
    }),
  )
}

export function takenFields(fields: readonly Field[], values: unknown): Readonly<Record<string, unknown>> {
  const object: Record<string, unknown> = {}
  for (const { path, control } of fields) {
    const value = objectOf(values)[path] as FormValue | undefined
    if (value !== undefined) putBelow(object, path.split('.'), taken(control, value))
  }
  return object
}

/**
 * What is wrong with a value before anybody asks the server, in plain words; null: nothing that can be told here. Rules
 * across fields are the server's.
 *
 * @example
 * misfit(field, 1.2) // 'At most 100 %.'
 */
export function misfit(
  { control, none, unset }: Pick<Field, 'control' | 'none' | 'unset'>,
  value: unknown,
): string | null {
  if (value === null) return none === null ? 'It needs a value.' : null
  if (value === undefined) return unset === null ? 'It needs a value.' : null
  switch (control.kind) {
    case 'switch':
      return typeof value === 'boolean' ? null : 'It is on or off.'
    case 'number':
    case 'percent':
    case 'money':
    case 'duration':
    case 'hour':
      return misfitOfNumber(control, value)
    case 'choice':
      return control.options.some((one) => one.value === value) ? null : 'Choose one of them.'
    case 'choices': {
      if (!Array.isArray(value)) return 'Choose some of them.'
      if (value.length < control.fewest) return `Choose ${control.fewest} of them at least.`
      return value.every((one) => control.options.some((option) => option.value === one))
        ? null
        : 'Choose some of them.'
    }
    case 'text':
      return misfitOfText(control, value)
    case 'list':
      if (!Array.isArray(value)) return 'It is a list.'
      return misfitOfCount(value.length, control) ?? firstOf(value, (one) => misfitWithin(control.of, one))
    case 'rows':
      if (!Array.isArray(value)) return 'It is a list.'
      return (
        misfitOfCount(value.length, { fewest: 0, most: control.most }) ??
        firstOf(value, (one) => misfitOfFields(control.fields, one))
      )
    case 'record':
      return firstOf(
        Object.entries(objectOf(value)),
        ([key, one]) => misfitWithin(control.keys, key) ?? misfitWithin(control.of, one),
      )
    case 'fields':
      return misfitOfFields(control.fields, value)
    case 'variant': {
      const option = control.options.find((one) => one.value === objectOf(value)[control.by])
      return option === undefined ? 'Choose one of them.' : misfitOfFields(option.fields, value)
    }
  }
}

const misfitWithin = (control: Control, value: unknown): string | null =>
  misfit({ control, none: null, unset: null }, value)

const misfitOfFields = (fields: readonly Field[], object: unknown): string | null =>
  firstOf(fields, (one) => misfit(one, valueBelow(object, one.path.split('.'))))

function misfitOfNumber(control: NumberControl, value: unknown): string | null {
  const { min, max, above, below, whole, orZero } = control
  if (typeof value !== 'number' || !Number.isFinite(value)) return 'It is a number.'
  if (orZero && value === 0) return null
  if (whole && !Number.isInteger(value)) return 'It is a whole number.'
  const end = (bound: number): string => numberWords(control, bound)
  if (min !== null && value < min) return `At least ${end(min)}.`
  if (above !== null && value <= above) return `More than ${end(above)}.`
  if (max !== null && value > max) return `At most ${end(max)}.`
  if (below !== null && value >= below) return `Less than ${end(below)}.`
  return null
}

/** As people write it, with its unit. */
export function numberWords({ kind, unit }: NumberControl, value: number): string {
  const plain = grouped(kind === 'percent' ? typed(shifted(value, 2)) : String(value))
  if (kind === 'percent') return `${plain} %`
  if (kind === 'hour') return hourWords(value)
  if (unit === null || unit === 'points') return plain
  return value === 1 ? `${plain} ${unit.slice(0, -1)}` : `${plain} ${unit}`
}

function hourWords(value: number): string {
  const minutes = Math.round(value * 60)
  return `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`
}

/** 1234567.5 as 1,234,567.5. */
const grouped = (plain: string): string =>
  /e/i.test(plain) ? plain : plain.replace(/^(-?\d+)/, (whole) => whole.replace(/\B(?=(\d{3})+$)/g, ','))

function misfitOfText({ shortest, longest, pattern, format }: TextControl, value: unknown): string | null {
  if (typeof value !== 'string') return 'It is a text.'
  if (value.length < shortest)
    return shortest === 1 ? 'It needs a value.' : `At least ${shortest} characters.`
  if (longest !== null && value.length > longest) return `At most ${longest} characters.`
  if (pattern === null || new RegExp(pattern).test(value)) return null
  return (format === null ? undefined : WRITTEN[format]) ?? 'It is not written like that.'
}

/** How texts of a format are written, by an example. */
const WRITTEN: Partial<Record<TextFormat, string>> = {
  action: 'Small letters, digits and _, such as gift_card.',
  country: 'Two letters, such as AT.',
  currency: 'Three letters, such as EUR.',
  day: 'A day such as 12-25, each year, or 2026-04-03.',
  domain: 'A domain such as bounces.acme.example.',
  language: 'A language such as de, or de-AT.',
  phone: 'A number with its country, such as +4366012345678.',
  time: 'A time such as 08:30.',
}

function misfitOfCount(
  count: number,
  { fewest, most }: { fewest: number; most: number | null },
): string | null {
  if (count < fewest) return `At least ${fewest} of them.`
  return most !== null && count > most ? `At most ${most} of them.` : null
}

function firstOf<T>(all: readonly T[], wrong: (one: T) => string | null): string | null {
  for (const one of all) {
    const found = wrong(one)
    if (found !== null) return found
  }
  return null
}

const chosenOf = (options: readonly Choice[], value: FormValue): unknown =>
  options.find((one) => String(one.value) === value)?.value ?? value

function numberIn(value: FormValue, { kind }: NumberControl): unknown {
  if (typeof value !== 'string' || !/^\s*[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?\s*$/i.test(value)) return value
  return kind === 'percent' ? Number(shiftedText(value.trim(), -2)) : Number(value)
}

/** By places of its decimal writing, so that no digit is lost: 0.07 is 7 and not 7.000000000000001. */
const shifted = (value: number, places: number): string => shiftedText(String(value), places)

function shiftedText(written: string, places: number): string {
  const [digits, exponent = '0'] = written.toLowerCase().split('e')
  return `${digits}e${Number(exponent) + places}`
}

/** `15e0` as somebody would type it. */
function typed(written: string): string {
  const [digits, exponent] = written.split('e')
  const places = Number(exponent ?? 0)
  if (exponent === undefined) return written
  const sign = digits.startsWith('-') ? '-' : ''
  const [whole, part = ''] = digits.replace('-', '').split('.')
  if (Math.abs(places) > 30) return written
  const all = places >= 0 ? part.padEnd(places, '0') : part
  const padded = places < 0 ? whole.padStart(1 - places, '0') : whole
  const at = padded.length + places
  const text = padded + all
  const [left, right] = [text.slice(0, at), text.slice(at)]
  const short = right.replace(/0+$/, '')
  return `${sign}${left.replace(/^0+(?=\d)/, '')}${short === '' ? '' : `.${short}`}`
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

const objectOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {}

function valueBelow(object: unknown, steps: readonly string[]): unknown {
  let value = object
  for (const step of steps) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined
    value = Reflect.get(value, step)
  }
  return value
}

function putBelow(object: Record<string, unknown>, [step, ...rest]: readonly string[], value: unknown): void {
  if (rest.length === 0) {
    object[step] = value
    return
  }
  const inner = object[step]
  const next = typeof inner === 'object' && inner !== null ? (inner as Record<string, unknown>) : {}
  object[step] = next
  putBelow(next, rest, value)
}
