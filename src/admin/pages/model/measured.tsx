/** What was measured: how it ranks, how right its probabilities are, and what happens at a threshold. */
import { useState } from 'react'
import { useWords } from '../../api/frame.ts'
import { CurveChart } from '../../parts/curve-chart.tsx'
import { Figures } from '../../parts/figures.tsx'
import { Columns, Section } from '../../parts/section.tsx'
import { axisPercent, three } from '../../words/models.ts'
import { Calibration } from './calibration.tsx'
import { Confusion } from './confusion.tsx'
import { Distribution } from './distribution.tsx'
import { atThreshold, byX, type Evaluation } from './threshold.ts'
import style from './model.module.css'

export function Measured({ evaluation, note }: { evaluation: Evaluation; note: string | null }) {
  const words = useWords()
  const { metrics, baseRate, rows, churned } = evaluation
  const named = evaluation.thresholds.find(({ name }) => name === 'HIGH') ?? evaluation.thresholds[0]
  const [threshold, setThreshold] = useState(named?.threshold ?? 0.5)
  const here = atThreshold(evaluation, threshold)
  const interval = ({ low, high }: { low: number; high: number }, write = three): string =>
    `95 % interval ${write(low)} to ${write(high)}`
  return (
    <>
      <Section title="In figures">
        {note !== null && <p className={style.said}>{note}</p>}
        <Figures
          figures={[
            {
              key: 'auc',
              value: three(metrics.auc.value),
              label: 'ranks right (AUC)',
              note: `${interval(metrics.auc)}; a coin has 0.5`,
            },
            {
              key: 'calibration',
              value: `${(metrics.calibrationError.value * 100).toFixed(1)} points`,
              label: 'off, on average',
              note: `chance alone would show ${(evaluation.calibration.noise * 100).toFixed(1)}`,
            },
            {
              key: 'lift',
              value: `${evaluation.deciles[0]?.lift.toFixed(1) ?? '–'} times`,
              label: 'the usual share left in the tenth at most risk',
              note: `${words.percent(evaluation.deciles[0]?.rate ?? 0)} of them, ${words.percent(baseRate.value)} of all`,
            },
            {
              key: 'customers',
              value: words.count(rows),
              label: 'customers measured on',
              note: `${words.count(churned)} had left`,
            },
          ]}
        />
      </Section>
      <Columns>
        <Section title="Those found, against false alarms (ROC)">
          <p className={style.said}>
            The further up and left, the better: more of those who left are found, and fewer who stayed are
            flagged with them. The dashed line is guessing.
          </p>
          <Roc evaluation={evaluation} here={here.roc} />
        </Section>
        <Section title="How many flagged really left (precision and recall)">
          <p className={style.said}>
            To the right more of those who left are found; the height says how many of the flagged really
            left. The dashed line is guessing.
          </p>
          <PrecisionRecall evaluation={evaluation} here={here.precisionRecall} />
        </Section>
      </Columns>
      <Section title="What happens at a threshold">
        <Confusion evaluation={evaluation} here={here} choose={setThreshold} />
      </Section>
      <Columns>
        <Section title="Said and seen (calibration)">
          <p className={style.said}>
            Each dot is a tenth of the customers: what the model said, and how many really left, with the 95 %
            interval. On the dashed line both are the same.
          </p>
          <Calibration bins={evaluation.calibration.bins} />
        </Section>
        <Section title="Scores of those who left and who stayed">
          <p className={style.said}>The less the two overlap, the better they are told apart.</p>
          <Distribution bins={evaluation.distribution} />
        </Section>
      </Columns>
    </>
  )
}

interface Place {
  readonly x: number
  readonly y: number
}

function Roc({ evaluation, here }: { evaluation: Evaluation; here: Place }) {
  const points = byX(evaluation.roc)
  const xs = points.map(({ x }) => x)
  return (
    <CurveChart
      caption="Share of those who left that is found, against the share of those who stayed that is flagged"
      xLabel="False alarms"
      xs={xs}
      formatX={axisPercent}
      format={axisPercent}
      shares
      here={here}
      curves={[
        { label: 'Found', values: points.map(({ y }) => y) },
        { label: 'Guessing', values: xs, color: 'third', dashed: true, width: 1 },
      ]}
    />
  )
}

function PrecisionRecall({ evaluation, here }: { evaluation: Evaluation; here: Place | null }) {
  const points = byX(evaluation.precisionRecall)
  const xs = points.map(({ x }) => x)
  return (
    <CurveChart
      caption="Share of the flagged who really left, against the share of those who left that is found"
      xLabel="Found"
      xs={xs}
      formatX={axisPercent}
      format={axisPercent}
      shares
      here={here ?? undefined}
      curves={[
        { label: 'Really left', values: points.map(({ y }) => y) },
        {
          label: 'Guessing',
          values: xs.map(() => evaluation.baseRate.value),
          color: 'third',
          dashed: true,
          width: 1,
        },
      ]}
    />
  )
}
