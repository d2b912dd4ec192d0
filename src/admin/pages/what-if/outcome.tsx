/** The plan as it is beside the plan as it would be. */
import { useWords } from '../../api/frame.ts'
import { Bars } from '../../parts/bars.tsx'
import type { WhatIfAnswer } from '../../../server/api/what-if-shapes.ts'
import style from './what-if.module.css'

export function Outcome({ answer }: { answer: WhatIfAnswer }) {
  const words = useWords()
  const { now, changed, currency, customers } = answer
  const money = (minor: number): string => words.money(minor, currency)
  const rows = [
    {
      label: 'Customers who get an action',
      of: ({ acted }: WhatIfAnswer['now']) => acted,
      write: words.count,
    },
    { label: 'Planned spend', of: ({ spendMinor }: WhatIfAnswer['now']) => spendMinor, write: money },
    {
      label: 'Expected margin over doing nothing',
      of: ({ expectedMinor }: WhatIfAnswer['now']) => expectedMinor,
      write: money,
    },
  ]
  const stages = [
    ['candidates', 'Customers'],
    ['eligible', 'May get something'],
    ['gated', 'It surely does more good than harm'],
    ['allocated', 'It fits budget and places'],
    ['chosen', 'Are chosen'],
  ] as const
  return (
    <>
      <table className={style.beside} aria-live="polite" aria-atomic="false">
        <caption className="unseen">The plan as it is, and as it would be</caption>
        <thead>
          <tr>
            <th scope="col">
              <span className="unseen">Of the plan</span>
            </th>
            <th scope="col">Now</th>
            <th scope="col">Then</th>
            <th scope="col">Difference</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ label, of, write }) => (
            <tr key={label}>
              <th scope="row">{label}</th>
              <td>{write(of(now))}</td>
              <td className={style.then}>{write(of(changed))}</td>
              <td className={style.less}>{signed(of(changed) - of(now), write)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <h3 style={GAP}>How many are left at each step, then</h3>
      <Bars
        caption="How many customers are left at each step"
        bars={stages.map(([stage, label]) => ({
          key: stage,
          label,
          value: changed.funnel[stage] / Math.max(1, customers),
          text: words.count(changed.funnel[stage]),
          ...(changed.funnel[stage] === now.funnel[stage]
            ? {}
            : { note: `now ${words.count(now.funnel[stage])}` }),
        }))}
      />
    </>
  )
}

const GAP = { margin: '20px 0 2px' } as const

function signed(value: number, write: (value: number) => string): string {
  if (value === 0) return 'the same'
  return `${value > 0 ? '+' : '−'}${write(Math.abs(value))}`
}
