/** How far a run is, as it goes: a bar where it is known how much there is, else how many it did. */
import { Progress } from '@mantine/core'
import type { RunAnswer } from '../../server/api/runs.ts'
import { useWords } from '../api/frame.ts'
import { stepDoing } from '../words/loop.ts'
import style from './run-progress.module.css'

export function RunProgress({ run }: { run: Pick<RunAnswer, 'step' | 'done' | 'total'> }) {
  const words = useWords()
  const { step, done, total } = run
  const share = total === null || total === 0 ? null : Math.min(1, done / total)
  const label = stepDoing(step)
  return (
    <div className={style.progress}>
      <div>
        {label}
        {share === null
          ? done > 0 && `: ${words.count(done)} so far`
          : `: ${words.count(done)} of ${words.count(total!)}`}
      </div>
      <Progress
        value={(share ?? 1) * 100}
        animated={share === null}
        striped={share === null}
        size={4}
        aria-label={label}
      />
    </div>
  )
}
