/** Where one lands with the app installed: how far the first reading is, and what comes next. Nobody has to wait for it. */
import { Progress } from '@mantine/core'
import { useId } from 'react'
import type { ConnectionAnswer } from '../../../server/api/connections.ts'
import { useWords } from '../../api/frame.ts'
import { useLive } from '../../api/live.ts'
import { Notice } from '../../parts/notice.tsx'
import { readingOf } from '../../words/first-reading.ts'
import { Foot } from './foot.tsx'
import style from './first-reading.module.css'

export function FirstReading({ connection, go }: { connection: ConnectionAnswer; go(): void }) {
  const words = useWords()
  const { runs } = useLive()
  const said = useId()
  const live = runs.find(
    (run) => run.connection === connection.id && run.step === 'sync' && run.status === 'running',
  )
  const { state, sentence, spoken, percent, problem } = readingOf(connection, live ?? null, words)
  return (
    <>
      <div className={style.reading}>
        <div className={style.line} id={said}>
          {sentence}
        </div>
        <Progress.Root size={6}>
          <Progress.Section
            value={Math.round(percent ?? 100)}
            striped={percent === null}
            animated={percent === null && state === 'reading'}
            aria-label="How much is read"
            aria-describedby={said}
          />
        </Progress.Root>
        {/* Not each figure: somebody listens to it. */}
        <output className="unseen">{spoken}</output>
        <ol className={style.next}>
          <li aria-current={state === 'done' ? undefined : 'step'}>Every record is read, once.</li>
          <li aria-current={state === 'done' ? 'step' : undefined}>You say who of them is a customer.</li>
          <li>Customers are scored, and their risk stands on the record. Nothing is sent to anybody.</li>
        </ol>
      </div>
      {problem !== null && (
        <Notice tone={problem.again ? 'wait' : 'bad'} title="The reading was broken off">
          {problem.message}
          <div className="note">
            {problem.again
              ? 'It is tried again by itself, and goes on where it was.'
              : 'It does not go on by itself: look at the connection.'}
          </div>
        </Notice>
      )}
      <Foot label="Go on: who is a customer" go={go}>
        {state === 'done' ? '' : 'You need not wait: it goes on meanwhile.'}
      </Foot>
    </>
  )
}
