/** Entries by key: what differs by action, country, language or person; and rows of one's own. */
import { Button, CloseButton, Select, TextInput } from '@mantine/core'
import { useState, type ReactNode } from 'react'
import type { Control, RecordControl, RowsControl } from '../../settings/controls.ts'
import { misfit, type FormValue } from '../../settings/form-values.ts'
import { fieldPath } from '../../settings/path.ts'
import { recordKey, valueWords } from '../../settings/words.ts'
import { blank, blankFields } from './blank.ts'
import { codesOf } from './codes.ts'
import { takenOf } from './draft.ts'
import { FieldGrid, valuesOf } from './fields-input.tsx'
import { Input } from './input.tsx'
import type { InputProps } from './leaf.ts'
import { useSurroundings } from './surroundings.ts'
import { CodeInput } from './text-inputs.tsx'
import style from './form.module.css'

/** As form-values.ts has an entry of a record; a type, so that it is a value of a form. */
type Entry = { readonly key: string; readonly value: FormValue }

const entriesOf = (value: FormValue | undefined): readonly Entry[] =>
  Array.isArray(value) ? (value as unknown as readonly Entry[]) : []

export function RecordField({ control, steps, value, change }: InputProps<RecordControl>) {
  const words = useSurroundings()
  const entries = entriesOf(value)
  const { of, keys, always } = control
  const fixed = always && keys.kind === 'choice' ? keys.options.map((one) => String(one.value)) : null
  const shown =
    fixed?.map((key) => entries.find((one) => one.key === key) ?? { key, value: blank(of) }) ?? entries
  const put = (key: string, next: FormValue): void => {
    const known = entries.some((one) => one.key === key)
    const all = known
      ? entries.map((one) => (one.key === key ? { key, value: next } : one))
      : [...entries, { key, value: next }]
    // Of fixed keys those that hold nothing are as they ship, and are left out.
    change(fixed === null ? all : all.filter((one) => Object.keys(valuesOf(one.value)).length > 0))
  }
  return (
    <div className={style.stack}>
      {shown.map((one) => (
        <EntryPlace
          key={one.key}
          name={recordKey(one.key, control, words)}
          of={of}
          steps={[...steps, one.key]}
          value={one.value}
          {...(fixed === null
            ? { remove: () => change(entries.filter((other) => other.key !== one.key)) }
            : {})}
        >
          <Input
            control={of}
            none={null}
            unset={null}
            title={recordKey(one.key, control, words)}
            steps={[...steps, one.key]}
            value={one.value}
            change={(next) => put(one.key, next ?? blank(of))}
          />
        </EntryPlace>
      ))}
      {fixed === null && (
        <NewEntry
          control={control}
          taken={entries.map(({ key }) => key)}
          add={(key) => put(key, blank(of))}
        />
      )}
    </div>
  )
}

/** What takes more than a line folds away, with what stands there beside its name. */
function EntryPlace({
  name,
  of,
  steps,
  value,
  remove,
  children,
}: {
  name: string
  of: Control
  steps: readonly string[]
  value: FormValue
  remove?: () => void
  children: ReactNode
}) {
  const words = useSurroundings()
  const [open] = useState(() => value === '' || (Array.isArray(value) && value.length === 0))
  const close = remove !== undefined && (
    <CloseButton size="sm" aria-label={`Remove ${name}`} title={`Remove ${name}`} onClick={remove} />
  )
  const problem = words.problems.get(fieldPath(steps))
  const isWrong = [...words.problems.keys()].some((path) => path.startsWith(`${fieldPath(steps)}.`))
  if (of.kind !== 'fields' && of.kind !== 'record' && of.kind !== 'variant')
    return (
      <div className={style.entry}>
        <div className={style.grow}>{children}</div>
        {close}
      </div>
    )
  const said = valueWords({ control: of, none: null, unset: null }, takenOf(of, value), words)
  return (
    <div className={style.entry}>
      <details className={style.details} {...(open || isWrong ? { open: true } : {})}>
        <summary>
          <span className="strong">{name}</span>
          <span className="note">
            {said === '' ? (words.ships(fieldPath(steps)) ?? 'as it ships') : said}
          </span>
        </summary>
        <div className={style.inside}>{children}</div>
        {problem !== undefined && <p className={style.problem}>{problem}</p>}
      </details>
      {close}
    </div>
  )
}

function NewEntry({
  control,
  taken,
  add,
}: {
  control: RecordControl
  taken: readonly string[]
  add(key: string): void
}) {
  const words = useSurroundings()
  const [key, setKey] = useState('')
  const { keys, labels } = control
  const name = keys.kind === 'choice' ? 'Which one' : (KEY_NAMES[keys.format ?? ''] ?? 'Key')
  const options = optionsOf(control, words.actions).filter(({ value }) => !taken.includes(value))
  const codes = keys.kind === 'text' ? codesOf(keys.format) : null
  const given = key.trim()
  const wrong =
    given === ''
      ? null
      : taken.includes(given)
        ? 'It is there already.'
        : misfit({ control: keys, none: null, unset: null }, given)
  const press = (): void => {
    add(given)
    setKey('')
  }
  return (
    <div className={style.add}>
      {codes !== null ? (
        <CodeInput
          label={name}
          control={keys.kind === 'text' ? keys : { format: null }}
          codes={[
            ...Object.entries(labels).map(([value, label]) => ({ value, name: label })),
            ...codes.filter(({ value }) => !taken.includes(value)),
          ]}
          value={key}
          error={Object.hasOwn(labels, given) ? null : wrong}
          change={setKey}
          placeholder={name}
        />
      ) : options.length > 0 ? (
        <Select
          label={name}
          className={style.wide}
          data={options}
          value={key === '' ? null : key}
          onChange={(chosen) => setKey(chosen ?? '')}
          placeholder={name}
        />
      ) : (
        <TextInput
          label={name}
          className={style.wide}
          value={key}
          error={wrong}
          onChange={({ currentTarget }) => setKey(currentTarget.value)}
          placeholder={name}
        />
      )}
      <Button
        variant="default"
        onClick={press}
        disabled={given === '' || (wrong !== null && !Object.hasOwn(labels, given))}
      >
        Add
      </Button>
    </div>
  )
}

const KEY_NAMES: Readonly<Record<string, string>> = {
  country: 'Country',
  language: 'Language',
  action: 'Action',
  '': 'Id in the CRM',
}

function optionsOf(
  { keys }: RecordControl,
  actions: readonly { readonly key: string; readonly name: string }[],
): readonly { readonly value: string; readonly label: string }[] {
  if (keys.kind === 'choice')
    return keys.options.map((one) => ({ value: String(one.value), label: one.label }))
  return keys.format === 'action' ? actions.map(({ key, name }) => ({ value: key, label: name })) : []
}

export function RowsField({ control, steps, value, change, title }: InputProps<RowsControl>) {
  const rows = Array.isArray(value) ? (value as readonly FormValue[]) : []
  const { problems } = useSurroundings()
  const nameOf = (row: FormValue, at: number): string => {
    const { name, [control.key]: key } = valuesOf(row)
    return (
      [name, key].find((one) => typeof one === 'string' && one !== '')?.toString() ?? `New one (${at + 1})`
    )
  }
  return (
    <div className={style.stack}>
      {rows.map((row, at) => {
        const key = valuesOf(row)[control.key]
        // What is wrong is told by its place or by its key.
        const byKey = [...steps, typeof key === 'string' ? key : '']
        const named = [...problems.keys()].some((path) => path.startsWith(`${fieldPath(byKey)}.`))
        return (
          // Rows have no name of their own while somebody types their key.
          <div className={style.entry} key={at}>
            <details className={style.details} open>
              <summary>
                <span className="strong">{nameOf(row, at)}</span>
              </summary>
              <div className={style.inside}>
                <FieldGrid
                  fields={control.fields}
                  steps={named ? byKey : [...steps, String(at)]}
                  value={row}
                  change={(next) => change(rows.with(at, next))}
                />
              </div>
            </details>
            <CloseButton
              size="sm"
              aria-label={`Remove ${nameOf(row, at)}`}
              title={`Remove ${nameOf(row, at)}`}
              onClick={() => change(rows.toSpliced(at, 1))}
            />
          </div>
        )
      })}
      <div>
        <Button
          variant="default"
          disabled={control.most !== null && rows.length >= control.most}
          onClick={() => change([...rows, blankFields(control.fields)])}
        >
          Add to {title.charAt(0).toLowerCase() + title.slice(1)}
        </Button>
        {control.most !== null && rows.length >= control.most && (
          <span className="note"> There are {control.most} at most.</span>
        )}
      </div>
    </div>
  )
}
