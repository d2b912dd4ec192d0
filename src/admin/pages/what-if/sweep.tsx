/** One thing varied from end to end, the rest as it is set above: spend and expected margin along the way. */
import { Select } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { useState } from 'react'
import { useWords, type Words } from '../../api/frame.ts'
import { useAsk } from '../../api/queries.ts'
import { CurveChart } from '../../parts/curve-chart.tsx'
import { Loaded } from '../../parts/loaded.tsx'
import { BlockPending } from '../../parts/pending.tsx'
import { Section } from '../../parts/section.tsx'
import type { SweepAnswer, WhatIfAnswer } from '../../../server/api/what-if-shapes.ts'
import { commonFactor, type Change } from './change.ts'
import { budgetTop, steps } from './ranges.ts'
import style from './what-if.module.css'

interface Varied {
  readonly key: string
  readonly label: string
  readonly sweep: object
  /** Where it is set now; null: nowhere in particular. */
  readonly here: number | null
  format(value: number): string
}

export function Sweep({ answer, change }: { answer: WhatIfAnswer; change: Change }) {
  const words = useWords()
  const [of, setOf] = useState('budget')
  const [base] = useDebouncedValue(change, 500)
  const all = variedOf(answer, base, words)
  const varied = all.find(({ key }) => key === of) ?? all[0]
  const sweep = useAsk<SweepAnswer>('/v1/what-if/sweep', { change: base, sweep: varied.sweep })
  const money = (minor: number): string => words.money(minor, answer.currency)
  return (
    <Section title="From end to end">
      <div className={style.bar}>
        <Select
          label="Vary"
          w={300}
          allowDeselect={false}
          value={varied.key}
          onChange={(key) => setOf(key ?? 'budget')}
          data={all.map(({ key, label }) => ({ value: key, label }))}
        />
      </div>
      <Loaded read={sweep} pending={<BlockPending height={290} />}>
        {({ points }) => {
          const spent = points.find(({ value }) => value === varied.here)
          return (
            <CurveChart
              caption={`Planned spend and expected margin by ${varied.label.toLowerCase()}`}
              xLabel={varied.label}
              xs={points.map(({ value }) => value)}
              formatX={varied.format}
              format={money}
              height={260}
              here={
                varied.here === null || spent === undefined
                  ? undefined
                  : { x: varied.here, y: spent.expectedMinor }
              }
              curves={[
                { label: 'Expected margin', values: points.map(({ expectedMinor }) => expectedMinor) },
                {
                  label: 'Planned spend',
                  values: points.map(({ spendMinor }) => spendMinor),
                  color: 'third',
                },
              ]}
            />
          )
        }}
      </Loaded>
    </Section>
  )
}

const FACTORS = [0, 0.25, 0.5, 0.75, 1, 1.25, 1.5, 2, 2.5, 3, 4]
const MONTHS = [1, 2, 3, 6, 9, 12, 18, 24, 36]
const SURE = [0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 0.99]
const POINTS = 13

/** What can be varied; where one stands is always one of the values. */
function variedOf(answer: WhatIfAnswer, change: Change, words: Words): readonly [Varied, ...Varied[]] {
  const { base, now, currency } = answer
  const times = (value: number): string => `${value} times`
  const budget = change.budgetMinor === undefined ? base.budgetMinor : change.budgetMinor
  const sure = change.gateThreshold ?? base.gateThreshold
  const factor = commonFactor(change, base)
  const top = Math.max(budgetTop(base, now), budget ?? 0)
  return [
    {
      key: 'budget',
      label: `Budget a ${base.period}`,
      sweep: { of: 'budget', values: including(steps(top, POINTS), budget) },
      here: budget,
      format: (value) => words.money(value, currency),
    },
    {
      key: 'cost',
      label: 'Cost of every action',
      sweep: { of: 'cost', values: including(FACTORS, factor) },
      here: factor,
      format: times,
    },
    {
      key: 'duration',
      label: 'Months that every action is charged for',
      sweep: { of: 'duration', values: MONTHS },
      here: null,
      format: (value) => words.many(value, 'month'),
    },
    {
      key: 'gate',
      label: 'How sure it has to be',
      sweep: { of: 'gate', values: including(SURE, sure) },
      here: sure,
      format: words.percent,
    },
    ...base.actions.flatMap(({ key, name, capacity }): Varied[] => {
      const places = change.capacity[key] === undefined ? capacity : change.capacity[key]
      const cost = change.costTimes[key] ?? 1
      const chosen = answer.actions.find((one) => one.key === key)?.changed.customers ?? 0
      const most = Math.max(20, 2 * (places ?? chosen))
      return [
        {
          key: `cost ${key}`,
          label: `Cost of ${name}`,
          sweep: { of: 'cost', action: key, values: including(FACTORS, cost) },
          here: cost,
          format: times,
        },
        {
          key: `places ${key}`,
          label: `Places of ${name}`,
          sweep: { of: 'capacity', action: key, values: including(steps(most, POINTS), places) },
          here: places,
          format: words.count,
        },
      ]
    }),
  ]
}

/** Ascending, each once. */
const including = (values: readonly number[], one: number | null): readonly number[] =>
  [...new Set(one === null ? values : [...values, one])].toSorted((a, b) => a - b)
