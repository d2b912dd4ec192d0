/** How the risk moved, day by day: in money, or in customers. */
import { SegmentedControl } from '@mantine/core'
import type { OverviewAnswer } from '../../../server/api/overview-shapes.ts'
import { useWords } from '../../api/frame.ts'
import { useFilters } from '../../api/query-string.ts'
import { BlockPending } from '../../parts/pending.tsx'
import { Section } from '../../parts/section.tsx'
import { SeriesChart } from '../../parts/series-chart.tsx'

/** A line needs more than one. */
const FEWEST = 2
const HEIGHT = 190

export function Trend({ overview: { trend, currency } }: { overview: OverviewAnswer }) {
  const words = useWords()
  const [filters, setFilters] = useFilters()
  const inCustomers = filters['trend'] === 'customers'
  if (!trend.ready)
    return (
      <Section title="Risk over time">
        <BlockPending height={HEIGHT + 60} />
        <p className="note">It is being worked out from all scores so far, once a day.</p>
      </Section>
    )
  const { days } = trend
  if (days.length < FEWEST)
    return (
      <Section title="Risk over time">
        <p className="second">
          There is no trend yet: {trend.since === null ? 'nobody was' : `customers were first`} scored
          {trend.since === null ? '' : ` on ${words.day(trend.since)}`}. Each day adds one point, and two
          weeks make a trend.
        </p>
      </Section>
    )
  return (
    <Section
      title="Risk over time"
      aside={
        <SegmentedControl
          size="xs"
          aria-label="What the chart shows"
          value={inCustomers ? 'customers' : 'money'}
          onChange={(value) => setFilters({ trend: value === 'money' ? null : value }, { replace: true })}
          data={[
            { value: 'money', label: 'Money' },
            { value: 'customers', label: 'Customers' },
          ]}
        />
      }
    >
      {inCustomers ? (
        <SeriesChart
          key="customers"
          caption="Customers at high and at medium risk, day by day"
          height={HEIGHT}
          at={days.map(({ day }) => day)}
          series={[
            { label: 'High risk', values: days.map(({ high }) => high), color: 'high' },
            { label: 'Medium risk', values: days.map(({ medium }) => medium), color: 'medium' },
          ]}
          format={(value) => words.count(value)}
        />
      ) : (
        <SeriesChart
          key="money"
          caption="Value at risk of customers at high risk, day by day"
          height={HEIGHT}
          at={days.map(({ day }) => day)}
          series={[
            {
              label: 'A year at risk in customers at high risk',
              values: days.map(({ atRiskMinor }) => atRiskMinor),
              color: 'high',
            },
          ]}
          format={(value) => words.roughly(Math.round(value), currency)}
        />
      )}
      <p className="note">
        {trend.short && `Known for ${words.many(days.length, 'day')} only: too few to call it a trend. `}
        {!inCustomers && 'Amounts are what customers pay today. '}
      </p>
    </Section>
  )
}
