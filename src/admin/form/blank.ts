/** What a new entry of a list or record begins with. */
import type { Control, Field } from '../../settings/controls.ts'
import { shown, type FormValue } from '../../settings/form-values.ts'

/**
 * What ships where something does, else nothing yet.
 *
 * @returns undefined: it is left out
 */
function blankField({ control, none, unset, default: standard }: Field): FormValue | undefined {
  if (standard !== undefined) return shown(control, standard)
  if (unset !== null) return undefined
  return none === null ? blank(control) : null
}

export function blank(control: Control): FormValue {
  switch (control.kind) {
    case 'switch':
      return false
    case 'choice':
      return String(control.options[0].value)
    case 'choices':
    case 'list':
    case 'rows':
    case 'record':
      return []
    case 'fields':
      return blankFields(control.fields)
    case 'variant': {
      const [first] = control.options
      return { [control.by]: first.value, ...blankFields(first.fields) }
    }
    default:
      return ''
  }
}

export function blankFields(fields: readonly Field[]): Readonly<Record<string, FormValue>> {
  return Object.fromEntries(
    fields.flatMap((field): [string, FormValue][] => {
      const value = blankField(field)
      return value === undefined ? [] : [[field.path, value]]
    }),
  )
}
