/** A value for those who may look and not change it: in words, whole. */
import type { Control, Field } from '../../settings/controls.ts'
import { stepsOf } from '../../settings/path.ts'
import { recordKey, valueWords } from '../../settings/words.ts'
import { valueAt } from './draft.ts'
import { useSurroundings } from './surroundings.ts'
import style from './form.module.css'

export function Told({
  control,
  none = null,
  unset = null,
  value,
}: Partial<Pick<Field, 'none' | 'unset'>> & { control: Control; value: unknown }) {
  const words = useSurroundings()
  if (value === null || value === undefined) return valueWords({ control, none, unset }, value, words)
  switch (control.kind) {
    case 'record': {
      const entries = Object.entries(value).filter(([, one]) => !isEmpty(one))
      if (entries.length === 0) return control.always ? 'as it ships' : 'none'
      return (
        <dl className={style.told}>
          {entries.map(([key, one]) => (
            <div key={key}>
              <dt>{recordKey(key, control, words)}</dt>
              <dd>
                <Told control={control.of} value={one} />
              </dd>
            </div>
          ))}
        </dl>
      )
    }
    case 'rows': {
      const rows: readonly unknown[] = Array.isArray(value) ? value : []
      if (rows.length === 0) return 'none'
      return rows.map((row) => (
        <ToldFields key={String(valueAt(row, [control.key]))} fields={control.fields} value={row} />
      ))
    }
    case 'fields':
      return <ToldFields fields={control.fields} value={value} />
    case 'list':
      return Array.isArray(value) && value.length > 0
        ? value.map((one) => valueWords({ control: control.of, none, unset }, one, words)).join(', ')
        : 'none'
    case 'text':
      return control.many ? (
        <p className={style.text}>{String(value)}</p>
      ) : (
        valueWords({ control, none, unset }, value, words)
      )
    default:
      return valueWords({ control, none, unset }, value, words)
  }
}

function ToldFields({ fields, value }: { fields: readonly Field[]; value: unknown }) {
  return (
    <dl className={style.told}>
      {fields.flatMap(({ path, title, ...field }) => {
        const inner = valueAt(value, stepsOf(path))
        return inner === undefined
          ? []
          : [
              <div key={path}>
                <dt>{title}</dt>
                <dd>
                  <Told {...field} value={inner} />
                </dd>
              </div>,
            ]
      })}
    </dl>
  )
}

const isEmpty = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && Object.keys(value).length === 0
