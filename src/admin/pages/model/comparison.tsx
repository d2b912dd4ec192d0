/** Two models side by side: what was measured of each, whether the difference can be told from chance, their curves. */
import { Anchor } from '@mantine/core'
import { useWords } from '../../api/frame.ts'
import { useRead } from '../../api/queries.ts'
import { useFilters } from '../../api/query-string.ts'
import { CurveChart } from '../../parts/curve-chart.tsx'
import { DataTable, type Column } from '../../parts/data-table.tsx'
import { Loaded } from '../../parts/loaded.tsx'
import { BlockPending } from '../../parts/pending.tsx'
import { Section } from '../../parts/section.tsx'
import { axisPercent, modelName, withInterval, type Estimate, type ModelLine } from '../../words/models.ts'
import type { ComparisonAnswer, EvaluationAnswer } from '../../../server/api/model-shapes.ts'
import style from './model.module.css'
import { byX } from './threshold.ts'

export function Comparison({ first, second }: { first: ModelLine; second: ModelLine }) {
  const [, setFilters] = useFilters()
  const compared = useRead<ComparisonAnswer>(`/v1/models/${first.hash}/comparison?with=${second.hash}`)
  const one = useRead<EvaluationAnswer>(`/v1/models/${first.hash}/evaluation`)
  const other = useRead<EvaluationAnswer>(`/v1/models/${second.hash}/evaluation`)
  return (
    <Section
      title={`${modelName(first)} beside ${modelName(second)}`}
      aside={
        <Anchor component="button" size="sm" onClick={() => setFilters({ with: null })}>
          Close the comparison
        </Anchor>
      }
    >
      <Loaded read={compared} pending={<BlockPending height={120} />}>
        {({ sentence }) => <p>{sentence}</p>}
      </Loaded>
      {one.data !== undefined && other.data !== undefined && (
        <>
          <Side first={first} second={second} one={one.data} other={other.data} />
          <Curves first={first} second={second} one={one.data} other={other.data} />
        </>
      )}
    </Section>
  )
}

interface Both {
  readonly first: ModelLine
  readonly second: ModelLine
  readonly one: EvaluationAnswer
  readonly other: EvaluationAnswer
}

interface Line {
  readonly label: string
  readonly values: readonly [string, string]
}

function Side({ first, second, one, other }: Both) {
  const words = useWords()
  const sides = [one, other] as const
  const both = (of: (side: EvaluationAnswer) => string): readonly [string, string] => [
    of(sides[0]),
    of(sides[1]),
  ]
  const estimate = (given: Estimate | null | undefined, write?: (value: number) => string): string =>
    given === null || given === undefined ? 'not measured' : withInterval(given, write)
  const count = (given: number | null): string => (given === null ? 'none' : words.count(given))
  const lines: readonly Line[] = [
    { label: 'Ranks right (AUC), higher is better', values: both(({ figures }) => estimate(figures.auc)) },
    { label: 'Log loss, lower is better', values: both(({ figures }) => estimate(figures.logLoss)) },
    {
      label: 'Off on average, lower is better',
      values: both(({ figures }) => estimate(figures.calibrationError, words.percent)),
    },
    { label: 'Customers measured on', values: both(({ figures }) => count(figures.customers)) },
    { label: 'Of whom left', values: both(({ figures }) => count(figures.churned)) },
    {
      label: 'Looks at most',
      values: both(({ importance }) =>
        importance
          .slice(0, 3)
          .map(({ label }) => label)
          .join(', '),
      ),
    },
  ]
  const columns: readonly Column<Line>[] = [
    {
      key: 'label',
      title: <span className="unseen">Figure</span>,
      phone: 'first',
      cell: ({ label }) => label,
    },
    { key: 'first', title: modelName(first), cell: ({ values }) => values[0] },
    { key: 'second', title: modelName(second), cell: ({ values }) => values[1] },
  ]
  return (
    <DataTable
      file="comparison"
      caption="The two models, figure by figure"
      columns={columns}
      rows={lines}
      id={({ label }) => label}
    />
  )
}

function Curves({ first, second, one, other }: Both) {
  if (one.evaluation === null || other.evaluation === null) return null
  const [a, b] = [byX(one.evaluation.roc), byX(other.evaluation.roc)].map(
    (points) => new Map(points.map(({ x, y }) => [x, y])),
  )
  const xs = [...new Set([...a.keys(), ...b.keys()])].toSorted((x, y) => x - y)
  return (
    <div className={style.narrow}>
      <CurveChart
        caption="Share of those who left that is found, against the share of those who stayed that is flagged, of both models"
        xLabel="False alarms"
        xs={xs}
        formatX={axisPercent}
        format={axisPercent}
        shares
        curves={[
          { label: modelName(first), values: xs.map((x) => a.get(x) ?? null) },
          { label: modelName(second), values: xs.map((x) => b.get(x) ?? null), color: 'third' },
          { label: 'Guessing', values: xs, color: 'third', dashed: true, width: 1 },
        ]}
      />
    </div>
  )
}
