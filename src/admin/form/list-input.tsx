/** As many texts as there are: addresses, dates, countries, values of a property. */
import { MultiSelect, TagsInput } from '@mantine/core'
import type { ListControl } from '../../settings/controls.ts'
import { misfit } from '../../settings/form-values.ts'
import { codesOf, nameOfCode } from './codes.ts'
import { takenOf } from './draft.ts'
import { useLeaf, type InputProps } from './leaf.ts'
import style from './form.module.css'

/** Every list of the settings is one of texts; test/settings/form.test.ts holds it. */
export function ListField(props: InputProps<ListControl>) {
  const { control, unset, value, change } = props
  const { of } = control
  const { error, ...leaf } = useLeaf(props)
  const values = Array.isArray(value) ? value.map(String) : []
  const take = (next: string[]): void => change(next.length === 0 && unset !== null ? undefined : next)
  const wrong = values.flatMap((one) => {
    const what = misfit({ control: of, none: null, unset: null }, takenOf(of, one))
    return what === null ? [] : [`“${one}”: ${what}`]
  })
  const format = of.kind === 'text' ? of.format : null
  const codes = codesOf(format)
  const said = wrong[0] ?? error
  const placeholder = values.length > 0 ? undefined : (unset ?? 'None yet')
  if (codes !== null && format === 'country') {
    const odd = values.filter((one) => !codes.some((code) => code.value === one))
    return (
      <MultiSelect
        {...leaf}
        error={said}
        className={style.wide}
        data={[
          ...codes.map((one) => ({ value: one.value, label: one.name })),
          ...odd.map((one) => ({ value: one, label: nameOfCode(format, one) || one })),
        ]}
        value={values}
        onChange={take}
        placeholder={placeholder}
        searchable
        hidePickedOptions
        limit={60}
      />
    )
  }
  return (
    <TagsInput
      {...leaf}
      error={said}
      className={style.wide}
      value={values}
      onChange={take}
      placeholder={placeholder === undefined ? undefined : `${placeholder}. Enter adds one`}
      // A text may hold a comma; an address or a date does not.
      splitChars={format === null ? [] : [',', ' ', ';']}
      acceptValueOnBlur
      clearable={values.length > 3}
    />
  )
}
