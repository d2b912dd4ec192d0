/**
 * What differs between two sets of settings, by the fields of the form, and one put on top of the other: histories, and
 * two people who save at the same time. The app has this file too.
 */
import type { Control, Field } from './controls.ts'
import { overlap, stepsOf } from './path.ts'
import { same } from './same.ts'

/** One field that differs, or an entry of a record that came or went as a whole. */
export interface Change {
  readonly steps: readonly string[]
  /** Names on the way to it: the field's, keys of records, the field's within. */
  readonly trail: readonly Step[]
  /** Of what is there; the parts of an entry that came or went are within. */
  readonly field: Pick<Field, 'control' | 'none' | 'unset' | 'secret'>
  /** Undefined: it is not there. */
  readonly before: unknown
  readonly after: unknown
}

export type Step =
  | { readonly title: string }
  /** Chosen by somebody: a language, a country, an action, a person. */
  | { readonly key: string; readonly of: Control }

/**
 * @example
 * changesOf(settingsFields(), { budget: null }, { budget: 500 })[0].steps // ['budget']
 */
export function changesOf(fields: readonly Field[], before: unknown, after: unknown): readonly Change[] {
  return withinFields(fields, { before, after, steps: [], trail: [], secret: false })
}

interface Place {
  readonly before: unknown
  readonly after: unknown
  readonly steps: readonly string[]
  readonly trail: readonly Step[]
  readonly secret: boolean
}

function withinFields(fields: readonly Field[], place: Place): Change[] {
  return fields.flatMap((field) => {
    const own = stepsOf(field.path)
    return within(field, {
      before: valueAt(place.before, own),
      after: valueAt(place.after, own),
      steps: [...place.steps, ...own],
      trail: [...place.trail, { title: field.title }],
      secret: place.secret || field.secret,
    })
  })
}

function within(field: Pick<Field, 'control' | 'none' | 'unset'>, place: Place): Change[] {
  const { before, after } = place
  if (same(before, after)) return []
  const { control } = field
  if (control.kind === 'record' && (control.always || (isThere(before) && isThere(after))))
    return byKey(control, Object.entries(before ?? {}), Object.entries(after ?? {}), place)
  if (control.kind === 'rows' && Array.isArray(before) && Array.isArray(after)) {
    const [old, young] = [keyed(control.key, before), keyed(control.key, after)]
    if (inOneOrder(old, young)) return byKey(control, old, young, place)
  }
  if (control.kind === 'fields' && !control.whole && isThere(before) && isThere(after))
    return withinFields(control.fields, place)
  const { steps, trail, secret } = place
  return [{ steps, trail, field: { ...field, secret }, before, after }]
}

type Entries = readonly (readonly [string, unknown])[]

function byKey(
  control: Extract<Control, { kind: 'record' | 'rows' }>,
  before: Entries,
  after: Entries,
  { steps, trail, secret }: Place,
): Change[] {
  const [old, young] = [new Map(before), new Map(after)]
  const missing = control.kind === 'record' && control.always ? {} : undefined
  const inner: Control =
    control.kind === 'record' ? control.of : { kind: 'fields', fields: control.fields, whole: false }
  return [...new Set([...old.keys(), ...young.keys()])].flatMap((key) =>
    within(
      { control: inner, none: null, unset: null },
      {
        before: old.get(key) ?? missing,
        after: young.get(key) ?? missing,
        steps: [...steps, key],
        trail: [...trail, { key, of: control }],
        secret,
      },
    ),
  )
}

const keyed = (key: string, rows: readonly unknown[]): Entries =>
  rows.map((row) => [String(valueAt(row, [key])), row] as const)

/** Whether those that both have stand in the same order: another order is a change of the list. */
function inOneOrder(before: Entries, after: Entries): boolean {
  const [old, young] = [new Map(before), new Map(after)]
  const both = before.map(([key]) => key).filter((key) => young.has(key))
  const now = after.map(([key]) => key).filter((key) => old.has(key))
  return old.size === before.length && young.size === after.length && same(both, now)
}

/**
 * Settings with some of their fields as the changes have them, the rest as it was.
 *
 * @returns null for a path that leads to no field
 * @example
 * changed(settingsFields(), settings, [{ steps: ['budget'], after: 500 }])
 */
export function changed(
  fields: readonly Field[],
  settings: unknown,
  changes: readonly Pick<Change, 'steps' | 'after'>[],
): unknown {
  return changes.reduce((value, { steps, after }) => putFields(fields, value, steps, after), settings)
}

/** The field that a path leads to, or what it is the entry of; null: there is none. */
export function controlAt(fields: readonly Field[], steps: readonly string[]): Control | null {
  const found = fieldFor(fields, steps)
  return found === null ? null : controlBelow(found.field.control, found.rest)
}

function controlBelow(control: Control, steps: readonly string[]): Control | null {
  if (steps.length === 0) return control
  const [, ...rest] = steps
  if (control.kind === 'record') {
    const { keys, always } = control
    const isKnown =
      !always || (keys.kind === 'choice' && keys.options.some(({ value }) => value === steps[0]))
    return isKnown ? controlBelow(control.of, rest) : null
  }
  if (control.kind === 'rows')
    return rest.length === 0
      ? { kind: 'fields', fields: control.fields, whole: false }
      : controlAt(control.fields, rest)
  return control.kind === 'fields' && !control.whole ? controlAt(control.fields, steps) : null
}

function putFields(
  fields: readonly Field[],
  object: unknown,
  steps: readonly string[],
  after: unknown,
): unknown {
  const found = fieldFor(fields, steps)
  if (found === null) return object
  const { field, own, rest } = found
  const value = rest.length === 0 ? after : putWithin(field.control, valueAt(object, own), rest, after)
  return put(object, own, value)
}

function putWithin(control: Control, value: unknown, steps: readonly string[], after: unknown): unknown {
  const [key, ...rest] = steps
  const inner = (of: unknown): unknown => {
    if (rest.length === 0) return after
    if (control.kind === 'rows') return putFields(control.fields, of, rest, after)
    if (control.kind !== 'record') return of
    return control.of.kind === 'fields'
      ? putFields(control.of.fields, of, rest, after)
      : putWithin(control.of, of, rest, after)
  }
  if (control.kind === 'rows') return putRow(control.key, value, key, inner)
  if (control.kind === 'record') {
    const entry = inner(valueAt(value, [key]))
    return put(value, [key], control.always && same(entry, {}) ? undefined : entry)
  }
  return control.kind === 'fields' ? putFields(control.fields, value, steps, after) : value
}

function putRow(name: string, value: unknown, key: string, inner: (row: unknown) => unknown): unknown {
  const rows: readonly unknown[] = Array.isArray(value) ? value : []
  const at = rows.findIndex((row) => valueAt(row, [name]) === key)
  const row = inner(at === -1 ? { [name]: key } : rows[at])
  if (row === undefined) return rows.filter((_, index) => index !== at)
  return at === -1 ? [...rows, row] : rows.with(at, row)
}

/** What is undefined is taken out, and with it what it leaves empty. */
function put(object: unknown, [step, ...rest]: readonly string[], value: unknown): unknown {
  const old = isThere(object) ? object : {}
  const next = rest.length === 0 ? value : put(valueAt(old, [step]), rest, value)
  const others = Object.entries(old).filter(([key]) => key !== step)
  const isEmpty = next === undefined || (rest.length > 0 && value === undefined && same(next, {}))
  if (isEmpty) return Object.fromEntries(others)
  // In its place, so that records keep their order.
  return Object.hasOwn(old, step)
    ? Object.fromEntries(Object.entries(old).map(([key, was]) => [key, key === step ? next : was]))
    : Object.fromEntries([...others, [step, next]])
}

function fieldFor(
  fields: readonly Field[],
  steps: readonly string[],
): { readonly field: Field; readonly own: readonly string[]; readonly rest: readonly string[] } | null {
  for (const field of fields) {
    const own = stepsOf(field.path)
    if (own.length <= steps.length && overlap(own, steps))
      return { field, own, rest: steps.slice(own.length) }
  }
  return null
}

export interface Merge {
  /** What the other one changed since. */
  readonly theirs: readonly Change[]
  readonly yours: readonly Change[]
  /** Of yours, those of the same field that they changed to something else. */
  readonly both: readonly Change[]
}

/**
 * Three-way: what each of two changed of the same base.
 *
 * @example
 * const { both, yours } = compare(fields, { base, theirs, yours })
 * if (both.length === 0) merged = changed(fields, theirs, yours)
 */
export function compare(
  fields: readonly Field[],
  { base, theirs, yours }: { readonly base: unknown; readonly theirs: unknown; readonly yours: unknown },
): Merge {
  const others = changesOf(fields, base, theirs)
  const own = changesOf(fields, base, yours)
  const isSame = (a: Change, b: Change): boolean =>
    a.steps.length === b.steps.length && same(a.after, b.after)
  const both = own.filter((one) =>
    others.some((other) => overlap(one.steps, other.steps) && !isSame(one, other)),
  )
  return { theirs: others, yours: own, both }
}

const isThere = (value: unknown): value is object => typeof value === 'object' && value !== null

function valueAt(object: unknown, steps: readonly string[]): unknown {
  let value = object
  for (const step of steps) {
    if (!isThere(value) || !Object.hasOwn(value, step)) return undefined
    value = Reflect.get(value, step)
  }
  return value
}
