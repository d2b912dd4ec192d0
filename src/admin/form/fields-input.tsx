/** Fields that belong together, side by side; and a choice that brings some of its own. */
import { Select } from '@mantine/core'
import { useState } from 'react'
import type { Field, FieldsControl, VariantControl } from '../../settings/controls.ts'
import type { FormValue } from '../../settings/form-values.ts'
import { fieldPath, stepsOf } from '../../settings/path.ts'
import { blankFields } from './blank.ts'
import { Input } from './input.tsx'
import { useLeaf, type InputProps } from './leaf.ts'
import { useSurroundings } from './surroundings.ts'
import style from './form.module.css'

type Values = Readonly<Record<string, FormValue>>

export const valuesOf = (value: FormValue | undefined): Values =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Values) : {}

export function FieldsField({ control, steps, value, change }: InputProps<FieldsControl>) {
  return <FieldGrid fields={control.fields} steps={steps} value={value} change={change} />
}

interface GridProps {
  readonly fields: readonly Field[]
  readonly steps: readonly string[]
  readonly value: FormValue | undefined
  change(value: FormValue): void
}

export function FieldGrid({ fields, steps, value, change }: GridProps) {
  const { problems } = useSurroundings()
  const values = valuesOf(value)
  const isOpen = (field: Field): boolean =>
    !field.advanced || field.path in values || problems.has(fieldPath([...steps, ...stepsOf(field.path)]))
  const [all, setAll] = useState(false)
  // A field that was opened stays, also while it is emptied.
  const [opened] = useState(() => new Set(fields.filter(isOpen).map(({ path }) => path)))
  const shown = fields.filter((field) => all || opened.has(field.path) || isOpen(field))
  const problem = problems.get(fieldPath(steps))
  return (
    <div>
      <div className={style.grid}>
        {shown.map((field) => (
          <Input
            key={field.path}
            control={field.control}
            none={field.none}
            unset={field.unset}
            title={field.title}
            about={field.about}
            steps={[...steps, ...stepsOf(field.path)]}
            value={values[field.path]}
            change={(next) => {
              const { [field.path]: _, ...others } = values
              change(next === undefined ? others : { ...others, [field.path]: next })
            }}
          />
        ))}
      </div>
      {shown.length < fields.length && (
        <button type="button" className={style.link} onClick={() => setAll(true)}>
          Show {fields.length - shown.length} more
        </button>
      )}
      {problem !== undefined && <p className={style.problem}>{problem}</p>}
    </div>
  )
}

export function VariantField(props: InputProps<VariantControl>) {
  const { control, steps, value, change } = props
  const values = valuesOf(value)
  const chosen = control.options.find((one) => one.value === values[control.by])
  return (
    <div className={style.stack}>
      <Select
        {...useLeaf(props)}
        className={style.wide}
        data={control.options.map((one) => ({ value: one.value, label: one.label }))}
        value={chosen?.value ?? null}
        allowDeselect={false}
        onChange={(next) => {
          const option = control.options.find((one) => one.value === next)
          if (option === undefined) return
          const known = option.fields.filter(({ path }) => path in values)
          change({
            ...blankFields(option.fields),
            // What both have stays.
            ...Object.fromEntries(known.map(({ path }) => [path, values[path]])),
            [control.by]: option.value,
          })
        }}
      />
      {chosen !== undefined && chosen.fields.length > 0 && (
        <FieldGrid
          key={chosen.value}
          fields={chosen.fields}
          steps={steps}
          value={value}
          change={(next) => change({ ...valuesOf(next), [control.by]: chosen.value })}
        />
      )}
    </div>
  )
}
