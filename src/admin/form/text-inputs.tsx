/** Texts: of one line or several; codes are chosen by their names and may be typed. */
import { Autocomplete, Textarea, TextInput } from '@mantine/core'
import type { TextControl } from '../../settings/controls.ts'
import { codesOf, nameOfCode, type Code } from './codes.ts'
import { useLeaf, type InputProps } from './leaf.ts'
import style from './form.module.css'

export function TextField(props: InputProps<TextControl>) {
  const { control, none, unset, value, change } = props
  const leaf = useLeaf(props)
  const text = typeof value === 'string' ? value : ''
  const take = (typed: string): void =>
    change(typed !== '' ? typed : none !== null ? null : unset === null ? '' : undefined)
  const placeholder = none ?? unset ?? undefined
  const codes = codesOf(control.format)
  if (codes !== null)
    return (
      <CodeInput
        {...leaf}
        control={control}
        codes={codes}
        value={text}
        placeholder={placeholder}
        change={take}
      />
    )
  if (control.many || control.format === 'liquid')
    return (
      <Textarea
        {...leaf}
        className={control.format === 'liquid' ? style.source : style.wide}
        value={text}
        placeholder={placeholder}
        onChange={({ currentTarget }) => take(currentTarget.value)}
        autosize
        minRows={control.many ? 3 : 1}
        maxRows={16}
      />
    )
  return (
    <TextInput
      {...leaf}
      className={style.wide}
      type={TYPES[control.format ?? 'plain'] ?? 'text'}
      value={text}
      placeholder={placeholder ?? EXAMPLES[control.format ?? 'plain']}
      onChange={({ currentTarget }) => take(currentTarget.value)}
      autoComplete="off"
      data-1p-ignore
    />
  )
}

const TYPES: Readonly<Record<string, string>> = { email: 'email', phone: 'tel', url: 'url', date: 'date' }
const EXAMPLES: Readonly<Record<string, string>> = { day: '12-25 or 2026-04-03', phone: '+4366012345678' }

interface CodeInputProps {
  readonly id?: string
  readonly label?: string
  readonly description?: string
  readonly error?: string | null
  readonly onBlur?: () => void
  readonly control: Pick<TextControl, 'format'>
  readonly codes: readonly Code[]
  readonly value: string
  readonly placeholder?: string | undefined
  change(value: string): void
}

/** Most of which one sees the first ones and types for the others. */
const SEEN = 60

export function CodeInput({ control, codes, change, placeholder, ...input }: CodeInputProps) {
  const names = new Map(codes.map(({ value, name }) => [value, name]))
  const name = nameOfCode(control.format, input.value) || (names.get(input.value) ?? '')
  return (
    <Autocomplete
      {...input}
      className={style.wide}
      {...(placeholder === undefined ? {} : { placeholder })}
      data={codes.map(({ value }) => value)}
      limit={SEEN}
      filter={({ options, search, limit }) => {
        const wanted = search.trim().toLowerCase()
        // What is chosen already is no search.
        const all = names.has(search)
        return options
          .filter(
            (one) =>
              'value' in one &&
              (all || `${one.value} ${names.get(one.value)}`.toLowerCase().includes(wanted)),
          )
          .slice(0, limit)
      }}
      renderOption={({ option }) => (
        <span className={style.code}>
          {names.get(option.value) === '' ? option.value : names.get(option.value)}
          {names.get(option.value) !== '' && <span className="note">{option.value}</span>}
        </span>
      )}
      rightSection={name === '' ? undefined : <span className={style.codeName}>{name}</span>}
      rightSectionWidth={name === '' ? undefined : 130}
      rightSectionPointerEvents="none"
      onChange={change}
    />
  )
}
