/** Whom a threshold finds, whom it misses and whom it flags for nothing. */
import { Button, Slider } from '@mantine/core'
import { useMemo } from 'react'
import { useWords } from '../../api/frame.ts'
import type { AtThreshold, Evaluation } from './threshold.ts'
import style from './model.module.css'

const NAMES: Readonly<Record<string, string>> = { HIGH: 'High risk', MEDIUM: 'Medium risk' }

export function Confusion({
  evaluation,
  here,
  choose,
}: {
  evaluation: Evaluation
  here: AtThreshold
  choose: (threshold: number) => void
}) {
  const words = useWords()
  const { rows, churned, thresholds } = evaluation
  // The slider goes through the points that were kept, each with exact counts.
  const steps = useMemo(
    () => [...new Set(evaluation.roc.map(({ threshold }) => threshold))].toSorted((a, b) => a - b),
    [evaluation],
  )
  const at = steps.indexOf(here.threshold)
  const flagged = here.truePositives + here.falsePositives
  return (
    <>
      <p aria-live="polite">
        From a score of <strong>{words.percent(here.threshold)}</strong> on, {words.many(flagged, 'customer')}{' '}
        ({words.percent(flagged / rows)}) would be flagged.{' '}
        {flagged > 0 &&
          `Of 10 flagged, ${((10 * here.truePositives) / flagged).toFixed(1)} really left; of 10 who left, ${((10 * here.truePositives) / churned).toFixed(1)} are among them.`}
      </p>
      <div className={style.pick}>
        {thresholds.map(({ name, threshold }) => (
          <Button key={name} size="compact-xs" variant="default" onClick={() => choose(threshold)}>
            {NAMES[name] ?? name[0].toUpperCase() + name.slice(1)} ({words.percent(threshold)})
          </Button>
        ))}
      </div>
      <div className={style.slider}>
        <Slider
          thumbLabel="Threshold"
          min={0}
          max={steps.length - 1}
          value={at}
          onChange={(step) => choose(steps[step] ?? here.threshold)}
          label={(step) => words.percent(steps[step] ?? 0)}
          thumbProps={{ 'aria-valuetext': words.percent(here.threshold) }}
        />
      </div>
      <table className={style.confusion}>
        <caption className="unseen">
          Customers by what the model says at this threshold and what became of them
        </caption>
        <thead>
          <tr>
            <th scope="col">
              <span className="unseen">What became of them</span>
            </th>
            <th scope="col">Flagged</th>
            <th scope="col">Not flagged</th>
          </tr>
        </thead>
        <tbody>
          <tr>
            <th scope="row">Left</th>
            <td className={style.right}>{words.count(here.truePositives)}</td>
            <td>{words.count(here.falseNegatives)}</td>
          </tr>
          <tr>
            <th scope="row">Stayed</th>
            <td>{words.count(here.falsePositives)}</td>
            <td className={style.right}>{words.count(here.trueNegatives)}</td>
          </tr>
        </tbody>
      </table>
    </>
  )
}
