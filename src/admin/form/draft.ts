/** Settings while somebody changes them: what stands in the inputs, what of it differs, and how that is sent. */
import type { FormAnswer } from '../../server/api/settings-form.ts'
import { changed, changesOf, type Change } from '../../settings/changes.ts'
import type { Control, Field, Section } from '../../settings/controls.ts'
import { misfit, shown, taken, type FormValue } from '../../settings/form-values.ts'
import { fieldPath, stepsOf } from '../../settings/path.ts'

/** What was typed, by the paths of fields; undefined: it is left out. */
export type Edits = ReadonlyMap<string, FormValue | undefined>

/** What a form draws, as it came over the wire. */
export const sectionsIn = (form: FormAnswer): readonly Section[] => form.sections as unknown as Section[]

export function valueAt(object: unknown, steps: readonly string[]): unknown {
  return steps.reduce<unknown>(
    (at, step) =>
      typeof at === 'object' && at !== null && Object.hasOwn(at, step) ? Reflect.get(at, step) : undefined,
    object,
  )
}

/** What stands in the input of a field. */
export function inputOf(field: Field, settings: unknown, edits: Edits): FormValue | undefined {
  if (edits.has(field.path)) return edits.get(field.path)
  return shownOf(field.control, valueAt(settings, stepsOf(field.path)))
}

const shownOf = (control: Control, value: unknown): FormValue | undefined =>
  value === undefined ? undefined : shown(control, value)

export const takenOf = (control: Control, value: FormValue | undefined): unknown =>
  value === undefined ? undefined : taken(control, value)

/**
 * The settings as they would be.
 *
 * @param settings that the edits were made on
 */
export function edited(fields: readonly Field[], settings: unknown, edits: Edits): unknown {
  const made = fields.flatMap(({ path, control }) =>
    edits.has(path) ? [{ steps: stepsOf(path), after: takenOf(control, edits.get(path)) }] : [],
  )
  return changed(fields, settings, made)
}

/** What of it differs; typing something and taking it back is no change. */
export function changesIn(fields: readonly Field[], settings: unknown, edits: Edits): readonly Change[] {
  return edits.size === 0 ? [] : changesOf(fields, settings, edited(fields, settings, edits))
}

/** Of one field, what is wrong with what was typed, as far as it can be told here. */
export function misfitOf(field: Field, edits: Edits): string | null {
  return edits.has(field.path) ? misfit(field, takenOf(field.control, edits.get(field.path))) : null
}

/**
 * Changes as PATCH /v1/settings takes them.
 *
 * @example
 * patchOf(changesIn(fields, settings, edits)) // { set: { budget: 500 }, reset: ['templates.de'] }
 */
export function patchOf(changes: readonly Pick<Change, 'steps' | 'after'>[]): {
  readonly set: Readonly<Record<string, unknown>>
  readonly reset: readonly string[]
} {
  const named = changes.map(({ steps, after }) => ({ path: fieldPath(steps), after }))
  return {
    set: Object.fromEntries(
      named.filter(({ after }) => after !== undefined).map(({ path, after }) => [path, after]),
    ),
    reset: named.filter(({ after }) => after === undefined).map(({ path }) => path),
  }
}

/** The same changes made on other settings, as edits of whole fields. */
export function editsOf(
  fields: readonly Field[],
  settings: unknown,
  changes: readonly Pick<Change, 'steps' | 'after'>[],
): Edits {
  const wanted = changed(fields, settings, changes)
  return new Map(
    fields.flatMap((field): [string, FormValue | undefined][] => {
      const steps = stepsOf(field.path)
      const touched = changes.some((one) => steps.every((step, at) => step === one.steps[at]))
      return touched ? [[field.path, shownOf(field.control, valueAt(wanted, steps))]] : []
    }),
  )
}
