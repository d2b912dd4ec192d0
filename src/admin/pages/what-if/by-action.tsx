/** Each action: what can be turned about it, and what it would do then beside what it does now. */
import { NumberInput } from '@mantine/core'
import { useWords } from '../../api/frame.ts'
import { DataTable, type Column } from '../../parts/data-table.tsx'
import { Section } from '../../parts/section.tsx'
import type { WhatIfAnswer } from '../../../server/api/what-if-shapes.ts'
import { forAction, type Base, type Change } from './change.ts'
import { useMoverFilter } from './mover-filter.ts'
import style from './what-if.module.css'

type Terms = Base['actions'][number]
type Row = WhatIfAnswer['actions'][number] & { readonly terms: Terms | undefined }

export function ByAction({
  answer,
  change,
  set,
}: {
  answer: WhatIfAnswer
  change: Change
  set: (change: Change) => void
}) {
  const words = useWords()
  const { currency, base } = answer
  const terms = new Map(base.actions.map((one) => [one.key, one]))
  const rows: readonly Row[] = answer.actions.map((one) => ({ ...one, terms: terms.get(one.key) }))
  const money = (minor: number): string => words.money(minor, currency)
  const columns: readonly Column<Row>[] = [
    {
      key: 'action',
      title: 'Action',
      phone: 'first',
      cell: ({ name, terms: own }) => (
        <>
          <span className="strong">{name}</span>
          {own !== undefined && <div className="note">{costWords(own, money, words.percent)}</div>}
        </>
      ),
    },
    {
      key: 'cost',
      title: 'Costs',
      width: '96px',
      cell: ({ key, name, terms: own }) =>
        own === undefined ? null : (
          <Field
            label={`${name}: costs so many times`}
            prefix="× "
            decimals={2}
            value={change.costTimes[key] ?? 1}
            choose={(times) => set(forAction(change, 'costTimes', key, times, 1))}
          />
        ),
    },
    {
      key: 'months',
      title: 'Charged for',
      width: '116px',
      cell: ({ key, name, terms: own }) =>
        own === undefined || own.share === 0 ? null : (
          <Field
            label={`${name}: charged for so many months`}
            suffix={(change.durationMonths[key] ?? own.durationMonths) === 1 ? ' month' : ' months'}
            least={1}
            most={60}
            value={change.durationMonths[key] ?? own.durationMonths}
            choose={(months) => set(forAction(change, 'durationMonths', key, months, own.durationMonths))}
          />
        ),
    },
    {
      key: 'places',
      title: `Places a ${base.period}`,
      width: '116px',
      cell: ({ key, name, terms: own }) => {
        if (own === undefined) return null
        const places = change.capacity[key]
        return (
          <Field
            label={`${name}: places a ${base.period}; empty is no limit`}
            suffix=" places"
            placeholder="no limit"
            most={1_000_000_000}
            value={places === undefined ? own.capacity : places}
            choose={(value) => set(forAction(change, 'capacity', key, value, own.capacity))}
            clear={() => set(forAction(change, 'capacity', key, null, own.capacity))}
          />
        )
      },
    },
    {
      key: 'customers',
      title: 'Customers',
      figure: true,
      phone: 'first',
      cell: (one) => <Customers row={one} />,
    },
    {
      key: 'spend',
      title: 'Spend',
      figure: true,
      cell: ({ now, changed }) => (
        <Pair what="Spend" now={now.spendMinor} then={changed.spendMinor} write={money} />
      ),
    },
    {
      key: 'expected',
      title: 'Expected margin',
      figure: true,
      cell: ({ now, changed }) => (
        <Pair what="Expected margin" now={now.expectedMinor} then={changed.expectedMinor} write={money} />
      ),
    },
  ]
  return (
    <Section title="By action">
      <DataTable
        file="what-if-by-action"
        caption="Actions: what can be changed, and what each would do"
        columns={columns}
        rows={rows}
        id={({ key }) => key}
      />
    </Section>
  )
}

function costWords(
  { fixedMinor, share, durationMonths }: Terms,
  money: (minor: number) => string,
  percent: (share: number) => string,
): string {
  const parts = [
    ...(fixedMinor > 0 ? [money(fixedMinor)] : []),
    ...(share > 0
      ? [
          `${percent(share)} of the amount for ${durationMonths === 1 ? 'a month' : `${durationMonths} months`}`,
        ]
      : []),
  ]
  return parts.length === 0 ? 'costs nothing' : parts.join(' and ')
}

function Field({
  label,
  value,
  choose,
  clear,
  prefix,
  suffix,
  placeholder,
  least = 0,
  most = 1000,
  decimals = 0,
}: {
  label: string
  value: number | null
  choose: (value: number) => void
  clear?: () => void
  prefix?: string
  suffix?: string
  placeholder?: string
  least?: number
  most?: number
  decimals?: number
}) {
  return (
    <NumberInput
      size="xs"
      w={108}
      aria-label={label}
      hideControls
      allowNegative={false}
      min={least}
      max={most}
      decimalScale={decimals}
      {...(prefix === undefined ? {} : { prefix })}
      {...(suffix === undefined ? {} : { suffix })}
      {...(placeholder === undefined ? {} : { placeholder })}
      value={value ?? ''}
      onChange={(given) => {
        // What is being typed may be less than the least for a moment.
        if (typeof given === 'number') {
          if (given >= least && given <= most) choose(given)
        } else if (given === '') clear?.()
      }}
    />
  )
}

function Customers({ row: { key, name, now, changed } }: { row: Row }) {
  const words = useWords()
  const { show } = useMoverFilter()
  return (
    <div className={style.pair}>
      <button
        type="button"
        className={style.count}
        aria-label={`${name}: show the ${words.many(changed.customers, 'customer')} of then`}
        onClick={() => show({ to: key, from: null, all: true })}
      >
        {words.count(changed.customers)}
      </button>
      {changed.customers !== now.customers && (
        <span className={style.now}>
          now{' '}
          <button
            type="button"
            className={style.count}
            aria-label={`${name}: show the ${words.many(now.customers, 'customer')} of now`}
            onClick={() => show({ from: key, to: null, all: true })}
          >
            {words.count(now.customers)}
          </button>
        </span>
      )}
    </div>
  )
}

function Pair({
  what,
  now,
  then,
  write,
}: {
  /** Said where the head of the table is out of sight. */
  what: string
  now: number
  then: number
  write: (value: number) => string
}) {
  return (
    <div className={style.pair}>
      <span className={style.what} aria-hidden="true">
        {what}
      </span>
      <span className={style.then}>{write(then)}</span>
      {then !== now && <span className={style.now}>now {write(now)}</span>}
    </div>
  )
}
