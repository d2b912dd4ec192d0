/** What inputs have in common that hold one value: their name, what is wrong there, and when that is said. */
import { useState } from 'react'
import type { Control, Field } from '../../settings/controls.ts'
import { misfit, type FormValue } from '../../settings/form-values.ts'
import { fieldPath } from '../../settings/path.ts'
import { takenOf } from './draft.ts'
import { useSurroundings } from './surroundings.ts'

export interface InputProps<C extends Control = Control> extends Pick<Field, 'none' | 'unset'> {
  readonly control: C
  /** Where it stands, from the top of the settings. */
  readonly steps: readonly string[]
  /** Undefined: it is left out. */
  readonly value: FormValue | undefined
  change(value: FormValue | undefined): void
  readonly title: string
  /** Below the title. */
  readonly about?: string
  /** Of its label, where that stands elsewhere; absent: the input shows its title itself. */
  readonly id?: string
}

export interface LeafProps {
  readonly id?: string
  readonly label?: string
  readonly description?: string
  readonly error: string | null
  readonly onBlur: () => void
}

/** What is wrong is said once somebody has left the input, not while they type. */
export function useLeaf({ control, none, unset, steps, value, title, about, id }: InputProps): LeafProps {
  const { problems } = useSurroundings()
  const [left, setLeft] = useState(false)
  const own = left ? misfit({ control, none, unset }, takenOf(control, value)) : null
  return {
    ...(id === undefined
      ? { label: title, ...(about === undefined || about === '' ? {} : { description: about }) }
      : { id }),
    error: problems.get(fieldPath(steps)) ?? own,
    onBlur: () => setLeft(true),
  }
}
