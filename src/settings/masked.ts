/** Settings for those who may look and not change: people as viewers are shown them, and no secrets. */
import { maskEmail, maskName, maskPhone } from '../security/masking.ts'
import type { Change } from './changes.ts'
import type { Control, Field, RecordControl } from './controls.ts'
import { stepsOf } from './path.ts'

/**
 * @param options `people`: names, addresses and numbers are masked too
 * @example
 * maskedSettings(settingsFields(), settings, { people: true }) // { delivery: { testList: ['i•••@acme.example'] }, … }
 */
export function maskedSettings(
  fields: readonly Field[],
  settings: unknown,
  { people }: { readonly people: boolean },
): unknown {
  return maskedFields(fields, settings, people)
}

/** The same of what differs between two versions. */
export function maskedChange(change: Change): Change {
  const { control } = change.field
  const trail = change.trail.map((step) =>
    'key' in step && step.of.kind === 'record' ? { ...step, key: maskedKey(step.of, step.key) } : step,
  )
  // Keys stand in both in the same order.
  const keys = change.trail.flatMap((step, at) => ('key' in step ? [[step.key, trail[at]] as const] : []))
  const steps = change.steps.map((step) => {
    const found = keys.find(([key]) => key === step)?.[1]
    return found !== undefined && 'key' in found ? found.key : step
  })
  const { before, after } = change
  return { ...change, steps, trail, before: masked(control, before), after: masked(control, after) }
}

function maskedFields(fields: readonly Field[], object: unknown, people = true): unknown {
  const shown = (control: Control, value: unknown): unknown => (people ? masked(control, value) : value)
  return fields.reduce(
    (all, { path, control, secret }) =>
      replaced(all, stepsOf(path), (value) => (secret ? hidden(value) : shown(control, value))),
    object,
  )
}

/** Keyed by a person: ids of a CRM say nothing, but in some systems they are addresses or names. */
function maskedKey({ keys }: RecordControl, key: string): string {
  if (keys.kind !== 'text' || keys.format !== 'person') return key
  if (key.includes('@')) return maskEmail(key)
  return /\p{Nd}/u.test(key) ? key : maskName(key)
}

/** Two people may look alike once they are masked: none of them is left out. */
function unlike(entries: readonly (readonly [string, unknown])[]): readonly (readonly [string, unknown])[] {
  const met = new Map<string, number>()
  return entries.map(([key, value]) => {
    const times = (met.get(key) ?? 0) + 1
    met.set(key, times)
    return [times === 1 ? key : `${key} (${times})`, value]
  })
}

const hidden = (value: unknown): unknown => (value === '' || value === null ? value : '•••')

function masked(control: Control, value: unknown): unknown {
  if (value === null || value === undefined) return value
  switch (control.kind) {
    case 'text': {
      if (typeof value !== 'string') return value
      if (control.format === 'email') return maskEmail(value)
      if (control.format === 'phone') return maskPhone(value)
      return control.format === 'person' ? maskName(value) : value
    }
    case 'list':
      return Array.isArray(value) ? value.map((one) => masked(control.of, one)) : value
    case 'record':
      return typeof value === 'object'
        ? Object.fromEntries(
            unlike(
              Object.entries(value).map(([key, one]) => [maskedKey(control, key), masked(control.of, one)]),
            ),
          )
        : value
    case 'rows':
      return Array.isArray(value) ? value.map((one) => maskedFields(control.fields, one)) : value
    case 'fields':
      return maskedFields(control.fields, value)
    default:
      return value
  }
}

function replaced(
  object: unknown,
  [step, ...rest]: readonly string[],
  by: (value: unknown) => unknown,
): unknown {
  if (typeof object !== 'object' || object === null || !Object.hasOwn(object, step)) return object
  const value: unknown = Reflect.get(object, step)
  const next = rest.length === 0 ? by(value) : replaced(value, rest, by)
  return Object.fromEntries(Object.entries(object).map(([key, was]) => [key, key === step ? next : was]))
}
