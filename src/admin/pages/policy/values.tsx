/** Which action for whom: what each is worth as the risk rises, for a customer that one describes. */
import { NumberInput } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { useState } from 'react'
import { useFrame, useWords } from '../../api/frame.ts'
import { useRead } from '../../api/queries.ts'
import { withQuery } from '../../api/query-string.ts'
import { minorDigits } from '../../../contracts/money.ts'
import { CurveChart } from '../../parts/curve-chart.tsx'
import { Empty } from '../../parts/empty.tsx'
import { Loaded } from '../../parts/loaded.tsx'
import { BlockPending } from '../../parts/pending.tsx'
import { Section } from '../../parts/section.tsx'
import type { PolicyValuesAnswer } from '../../../server/api/policy.ts'
import { axisPercent } from '../../words/models.ts'
import { bestOf, spansOf } from './spans.ts'
import style from './policy.module.css'

interface Kind {
  readonly monthly: number
  readonly contractMonths: number | null
  readonly tenureMonths: number | null
}

export function Values({ gate }: { gate: number }) {
  const { currency } = useFrame()
  const minor = 10 ** minorDigits(currency)
  const [kind, setKind] = useState<Kind>({ monthly: 100, contractMonths: null, tenureMonths: null })
  const [asked] = useDebouncedValue(kind, 250)
  const values = useRead<PolicyValuesAnswer>(
    withQuery('/v1/policy/values', {
      monthlyMinor: Math.max(1, Math.round(asked.monthly * minor)),
      contractMonths: asked.contractMonths,
      tenureMonths: asked.tenureMonths,
    }),
  )
  return (
    <Section title="Which action for whom">
      <div className={style.fields}>
        <NumberInput
          label="Pays a month"
          w={150}
          min={1}
          max={10_000_000}
          thousandSeparator=","
          suffix={` ${currency}`}
          value={kind.monthly}
          onChange={(monthly) => typeof monthly === 'number' && monthly >= 1 && setKind({ ...kind, monthly })}
        />
        <NumberInput
          label="Contract of"
          placeholder="not known"
          w={150}
          min={1}
          max={120}
          allowDecimal={false}
          suffix=" months"
          value={kind.contractMonths ?? ''}
          onChange={(months) => setKind({ ...kind, contractMonths: numberOr(months) })}
        />
        <NumberInput
          label="Customer for"
          placeholder="not known"
          w={150}
          min={0}
          max={1200}
          allowDecimal={false}
          suffix=" months"
          value={kind.tenureMonths ?? ''}
          onChange={(months) => setKind({ ...kind, tenureMonths: numberOr(months) })}
        />
      </div>
      <Loaded read={values} pending={<BlockPending height={420} />}>
        {(found) =>
          found.actions.length === 0 ? (
            <Empty title="The policy has no value for any action yet">
              It is being worked out; look again in some minutes.
            </Empty>
          ) : (
            <Shown values={found} gate={gate} />
          )
        }
      </Loaded>
    </Section>
  )
}

const numberOr = (given: number | string): number | null => (typeof given === 'number' ? given : null)

function Shown({ values, gate }: { values: PolicyValuesAnswer; gate: number }) {
  const words = useWords()
  const { actions, currency, note } = values
  const money = (value: number): string => words.gain(Math.round(value), currency)
  const best = bestOf(actions, gate)
  const minor = 10 ** minorDigits(currency)
  return (
    <>
      <ul className={style.spans} aria-label="Which action at which risk">
        {spansOf(actions, gate).map(({ from, to, key, name, worth: [least, most] }) => (
          <li key={from}>
            <span>
              {words.percent(from)} to {words.percent(to)} a month
            </span>
            <span className="strong">{name ?? 'Nothing'}</span>
            <span className={style.worth}>
              {key === null
                ? 'nothing is worth its cost'
                : least === most
                  ? money(least)
                  : `${money(least)} to ${money(most)}`}
            </span>
          </li>
        ))}
      </ul>
      <CurveChart
        caption="What each action is expected to be worth over doing nothing, by the chance to leave in a month"
        xLabel="Chance to leave in a month"
        xs={(actions[0]?.points ?? []).map(({ monthlyRisk }) => monthlyRisk)}
        formatX={axisPercent}
        format={money}
        height={300}
        lowest={-1.5 * Math.max(...best.map(({ netMinor }) => netMinor), minor)}
        curves={[
          ...actions.map(({ name, points }) => ({
            label: name,
            values: points.map(({ netMinor }) => netMinor),
            color: 'third' as const,
            width: 1.2,
            named: true,
          })),
          {
            label: 'What is chosen',
            values: best.map(({ netMinor }) => netMinor),
            width: 3,
          },
        ]}
      />
      <p className="note">
        {note} What costs far more than it brings lies below the chart; the table has it.
      </p>
    </>
  )
}
