/** What came of a training, and what it was asked for. */
import { useWords } from '../../api/frame.ts'
import { Figures } from '../../parts/figures.tsx'
import { Columns, Section } from '../../parts/section.tsx'
import { withInterval } from '../../words/models.ts'
import type { TrainingRunAnswer } from '../../../server/api/training.ts'
import { askedFor } from './run-words.ts'
import style from './training.module.css'

const percentPoints = (value: number): string => `${(value * 100).toFixed(1)}`

export function RunFacts({ run }: { run: TrainingRunAnswer }) {
  const words = useWords()
  const { result } = run
  return (
    <>
      {result !== null && (
        <Section title="What came of it">
          <Figures
            figures={[
              {
                key: 'customers',
                value: words.count(result.customers),
                label: 'customers learnt from',
                note: `${words.count(result.churned)} of them had left`,
              },
              {
                key: 'auc',
                value: result.auc.value.toFixed(3),
                label: 'how well it ranks (AUC; a coin has 0.5)',
                note: `95 % interval ${result.auc.low.toFixed(3)} to ${result.auc.high.toFixed(3)}`,
              },
              {
                key: 'calibration',
                value: `${percentPoints(result.calibrationError.value)} points`,
                label: 'off, on average, of what it says',
                note: `a perfect model would show ${percentPoints(result.calibrationNoise)} on so many customers`,
              },
              {
                key: 'kind',
                value: result.kind === 'trees' ? words.many(result.trees, 'tree') : 'Weights',
                label: `on ${words.many(result.features, 'column')}`,
                note: `in ${words.duration(result.seconds * 1000)}`,
              },
            ]}
          />
        </Section>
      )}
      <Columns>
        {result !== null && (
          <Section title="Why this kind of model">
            <p className="second">{result.why}</p>
            {result.leaks.length > 0 && (
              <p className="second">
                Left out, because {result.leaks.length === 1 ? 'it tells' : 'they tell'} the answer:{' '}
                {result.leaks.join(', ')}.
              </p>
            )}
          </Section>
        )}
        <Section title="What was asked for">
          <Asked run={run} />
        </Section>
      </Columns>
    </>
  )
}

function Asked({ run }: { run: TrainingRunAnswer }) {
  const words = useWords()
  const { left, name, folds, seed, asOf, keep } = askedFor(run.request)
  const rows: readonly (readonly [string, string | null])[] = [
    ['Who left', left],
    ['Name', name],
    ['Data of', asOf === null ? null : words.day(asOf)],
    ['Used anyway', keep.length === 0 ? null : keep.join(', ')],
    ['Measured', folds === null ? null : `on each of ${folds} parts, by a model that did not see it`],
    ['Seed', seed === null ? null : `${seed}: the same data and seed give the same model`],
    ['Log loss', run.result === null ? null : withInterval(run.result.logLoss)],
  ]
  return (
    <dl className={style.facts}>
      {rows.map(([label, value]) =>
        value === null ? null : (
          <div key={label} style={{ display: 'contents' }}>
            <dt>{label}</dt>
            <dd>{value}</dd>
          </div>
        ),
      )}
    </dl>
  )
}
