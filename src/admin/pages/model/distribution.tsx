/** How scores are spread over those who left and those who stayed, each as a share of its own kind. */
import { CurveChart } from '../../parts/curve-chart.tsx'
import { axisPercent } from '../../words/models.ts'
import type { Evaluation } from './threshold.ts'

export function Distribution({ bins }: { bins: Evaluation['distribution'] }) {
  const sum = (of: 'churned' | 'kept'): number =>
    Math.max(
      1,
      bins.reduce((total, bin) => total + bin[of], 0),
    )
  const [left, stayed] = [sum('churned'), sum('kept')]
  return (
    <CurveChart
      caption="Share of those who left and of those who stayed, by the score that they have"
      xLabel="Score about"
      xs={bins.map(({ from, to }) => (from + to) / 2)}
      rangeX={[0, 1]}
      formatX={axisPercent}
      format={axisPercent}
      curves={[
        { label: 'Of those who left', values: bins.map(({ churned }) => churned / left), color: 'high' },
        { label: 'Of those who stayed', values: bins.map(({ kept }) => kept / stayed), color: 'third' },
      ]}
    />
  )
}
