/** What was said against what was seen, in tenths of the customers, with intervals. */
import { CurveChart } from '../../parts/curve-chart.tsx'
import { axisPercent } from '../../words/models.ts'
import type { Evaluation } from './threshold.ts'

export function Calibration({ bins: given }: { bins: Evaluation['calibration']['bins'] }) {
  const bins = given.toSorted((a, b) => a.predicted - b.predicted)
  const top = Math.min(
    1,
    Math.max(0.05, ...bins.flatMap(({ predicted, observed }) => [predicted, observed.high])) * 1.04,
  )
  // The line on which both are the same goes through the corners.
  const xs = [0, ...bins.map(({ predicted }) => predicted), top]
  const none = [null] as const
  const nowhere = { low: 0, high: 0 }
  return (
    <CurveChart
      caption="Share that really left, against the risk that the model said, by tenths of the customers"
      xLabel="Said"
      xs={xs}
      rangeX={[0, top]}
      formatX={axisPercent}
      format={axisPercent}
      curves={[
        { label: 'The same', values: xs, color: 'third', dashed: true, width: 1, told: false },
        {
          label: 'Left',
          values: [...none, ...bins.map(({ observed }) => observed.value), ...none],
          intervals: [nowhere, ...bins.map(({ observed }) => observed), nowhere],
          dots: true,
        },
      ]}
    />
  )
}
