/** Numbers: counts, shares as percent, money, times; hours of a day are chosen. */
import { NumberInput, Select } from '@mantine/core'
import type { NumberControl } from '../../settings/controls.ts'
import { numberWords } from '../../settings/form-values.ts'
import { fieldPath } from '../../settings/path.ts'
import { useLeaf, type InputProps } from './leaf.ts'
import { useSurroundings } from './surroundings.ts'
import style from './form.module.css'

/** An empty input says what `none` or `unset` of the field says; where there are both, one is chosen first. */
export function NumberField(props: InputProps<NumberControl>) {
  const { none, unset, control } = props
  if (none !== null && unset !== null) return <ThreeWays {...props} none={none} unset={unset} />
  return control.kind === 'hour' ? <HourSelect {...props} /> : <Amount {...props} />
}

function Amount(props: InputProps<NumberControl>) {
  const { control, none, unset, steps, value, change } = props
  const { currency, ships } = useSurroundings()
  const { kind, unit, whole, step } = control
  const empty = none === null ? (unset === null ? '' : undefined) : null
  const shipped = ships(fieldPath(steps))
  const said = none ?? (shipped === null ? unset : shipped)
  const counted = kind === 'percent' ? ' %' : unit === null || unit === 'points' ? '' : ` ${unit}`
  return (
    <NumberInput
      {...useLeaf(props)}
      className={style.number}
      value={typeof value === 'string' ? value : ''}
      onChange={(typed) => change(typed === '' ? empty : String(typed))}
      placeholder={said ?? undefined}
      suffix={counted}
      {...(kind === 'money' ? { prefix: `${currency} ` } : {})}
      thousandSeparator=","
      allowDecimal={!whole || kind === 'percent'}
      allowNegative={control.min === null || control.min < 0}
      step={kind === 'percent' ? step * 100 : step}
      clampBehavior="none"
      hideControls
    />
  )
}

const HALF = 0.5

function HourSelect(props: InputProps<NumberControl>) {
  const { control, none, unset, value, change } = props
  const { min, max, below, step } = control
  const by = Math.max(step, HALF)
  const last = max ?? (below === null ? 24 : below - by)
  const hours = Array.from(
    { length: Math.floor((last - (min ?? 0)) / by) + 1 },
    (_, at) => (min ?? 0) + at * by,
  )
  const known = hours.map((hour) => ({ value: String(hour), label: numberWords(control, hour) }))
  const own = typeof value === 'string' ? value : ''
  const odd = own === '' || known.some((one) => one.value === own) ? [] : [oddHour(control, own)]
  const open = none ?? unset
  return (
    <Select
      {...useLeaf(props)}
      className={style.number}
      data={[...known, ...odd]}
      value={own === '' ? null : own}
      onChange={(chosen) => change(chosen ?? (none === null ? undefined : null))}
      placeholder={open ?? 'Choose'}
      allowDeselect={open !== null}
      clearable={open !== null}
      searchable
    />
  )
}

const oddHour = (control: NumberControl, value: string) => ({
  value,
  label: Number.isFinite(Number(value)) ? numberWords(control, Number(value)) : value,
})

const WAYS = { unset: 'unset', none: 'none', given: 'given' } as const

/** As it ships, none, or a number. */
function ThreeWays(props: InputProps<NumberControl> & { none: string; unset: string }) {
  const { none, unset, value, change, title, about, id } = props
  const way = value === undefined ? WAYS.unset : value === null ? WAYS.none : WAYS.given
  return (
    <div className={style.ways}>
      <Select
        {...(id === undefined ? { label: title, description: about } : { id })}
        className={style.number}
        data={[
          { value: WAYS.unset, label: unset },
          { value: WAYS.none, label: none },
          { value: WAYS.given, label: 'A number' },
        ]}
        value={way}
        onChange={(chosen) => change(chosen === WAYS.unset ? undefined : chosen === WAYS.none ? null : '')}
        allowDeselect={false}
      />
      {way === WAYS.given && <Amount {...props} title={`${title}: how many`} none={null} unset={null} />}
    </div>
  )
}
