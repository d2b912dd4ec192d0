/** What runs at this moment, with how far it is; what ended while one looked stays for a while. */
import { useEffect, useState } from 'react'
import type { RunAnswer } from '../../../server/api/runs.ts'
import { useWords } from '../../api/frame.ts'
import { Mark } from '../../parts/mark.tsx'
import { RunProgress } from '../../parts/run-progress.tsx'
import { didWords, ENDS, stepWord } from '../../words/loop.ts'
import style from './runs.module.css'

/** That ended: more of them are in the log below. */
const SHOWN = 5

export function Now({ runs, open }: { runs: readonly RunAnswer[]; open(id: string): void }) {
  const words = useWords()
  const running = runs.filter(({ status }) => status === 'running')
  const ended = runs.filter(({ status }) => status !== 'running').slice(0, SHOWN)
  const now = useNow(running.length > 0)
  if (running.length + ended.length === 0) return null
  return (
    <ul className={style.now} aria-label="At this moment">
      {[...running, ...ended].map((run) => (
        <li key={run.id}>
          <div>
            <button type="button" className={style.open} onClick={() => open(run.id)}>
              {stepWord(run.step)}
            </button>
            <div className="note">{run.connectionName ?? 'All connections'}</div>
          </div>
          {run.status === 'running' ? (
            <RunProgress run={run} />
          ) : (
            <div>
              <Mark tone={ENDS[run.status].tone}>
                {run.error !== null ? run.error.message : didWords(run.counts, words)}
              </Mark>
            </div>
          )}
          <div className={style.took}>
            {words.duration(
              (run.finishedAt === null ? now : Date.parse(run.finishedAt)) - Date.parse(run.startedAt),
            )}
          </div>
        </li>
      ))}
    </ul>
  )
}

/** Milliseconds since 1970, told anew each second while it matters. */
function useNow(ticking: boolean): number {
  const [now, setNow] = useState(Date.now)
  useEffect(() => {
    if (!ticking) return undefined
    const timer = setInterval(() => setNow(Date.now()), 1000)
    return () => clearInterval(timer)
  }, [ticking])
  return now
}
