/** On or off, one of a few, any of a few. */
import { Checkbox, Group, Select, Switch } from '@mantine/core'
import type { ChoiceControl, ChoicesControl, SwitchControl } from '../../settings/controls.ts'
import type { FormValue } from '../../settings/form-values.ts'
import { useLeaf, type InputProps } from './leaf.ts'
import style from './form.module.css'

export function SwitchField(props: InputProps<SwitchControl>) {
  const { unset, value, change, title } = props
  const { error, onBlur, ...leaf } = useLeaf(props)
  if (unset !== null)
    return (
      <Select
        {...leaf}
        error={error}
        className={style.number}
        data={[
          { value: '', label: unset },
          { value: 'true', label: 'On' },
          { value: 'false', label: 'Off' },
        ]}
        value={value === undefined ? '' : String(value)}
        onChange={(chosen) => change(chosen === '' || chosen === null ? undefined : chosen === 'true')}
        allowDeselect={false}
      />
    )
  return (
    <Switch
      {...leaf}
      {...(leaf.label === undefined ? { 'aria-label': title } : {})}
      error={error}
      onBlur={onBlur}
      checked={value === true}
      onChange={({ currentTarget }) => change(currentTarget.checked)}
    />
  )
}

export function ChoiceField(props: InputProps<ChoiceControl>) {
  const { control, none, unset, value, change } = props
  const open = none ?? unset
  return (
    <Select
      {...useLeaf(props)}
      className={style.wide}
      data={control.options.map((one) => ({ value: String(one.value), label: one.label }))}
      value={typeof value === 'string' ? value : null}
      onChange={(chosen) => change(chosen ?? (none === null ? undefined : null))}
      placeholder={open ?? 'Choose'}
      allowDeselect={open !== null}
      clearable={open !== null}
    />
  )
}

export function ChoicesField(props: InputProps<ChoicesControl>) {
  const { control, unset, value, change, title, id } = props
  const { error, label, description } = useLeaf(props)
  const chosen = Array.isArray(value) ? value.map(String) : []
  const take = (next: readonly string[]): void => {
    // In the order of the form, so that another order of clicks is no change.
    const sorted: FormValue = control.options
      .map((one) => String(one.value))
      .filter((one) => next.includes(one))
    change(sorted.length === 0 && unset !== null ? undefined : sorted)
  }
  return (
    <Checkbox.Group
      {...(id === undefined ? { label } : { 'aria-labelledby': id })}
      description={
        description ??
        (unset === null || chosen.length > 0 ? undefined : `None chosen: ${unset.toLowerCase()}`)
      }
      error={error}
      value={chosen}
      onChange={take}
      aria-label={id === undefined ? undefined : title}
    >
      <Group gap="6px 18px" mt={6}>
        {control.options.map((one) => (
          <Checkbox key={one.value} size="xs" value={String(one.value)} label={one.label} />
        ))}
      </Group>
    </Checkbox.Group>
  )
}
