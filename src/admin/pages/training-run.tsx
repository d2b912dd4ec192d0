/** One training: how far it is, what came of it, and whether its model may be put in charge. */
import { Button, Progress } from '@mantine/core'
import { Link, useParams } from 'wouter'
import { useMay, useWords } from '../api/frame.ts'
import { useRead, useSend } from '../api/queries.ts'
import { actorName } from '../../contracts/actor.ts'
import { Back } from '../parts/back.tsx'
import { Confirm } from '../parts/confirm.tsx'
import { Loaded } from '../parts/loaded.tsx'
import { Notice } from '../parts/notice.tsx'
import { PageHead } from '../parts/page-head.tsx'
import { RowsPending } from '../parts/pending.tsx'
import { Section } from '../parts/section.tsx'
import { modelName, timesIn100 } from '../words/models.ts'
import type { ModelAnswer } from '../../server/api/model-shapes.ts'
import type { TrainingRunAnswer } from '../../server/api/training.ts'
import { Gates } from './model/gates.tsx'
import { RunFacts } from './training/run-facts.tsx'
import { isActive } from './training/run-words.ts'
import style from './training/training.module.css'

const everyMs = (run: TrainingRunAnswer | undefined): number | null =>
  run === undefined || isActive(run) ? 1000 : null

export function TrainingRunPage() {
  const { id = '' } = useParams<{ id: string }>()
  const run = useRead<TrainingRunAnswer>(`/v1/training/${encodeURIComponent(id)}`, { everyMs })
  return (
    <Loaded read={run}>
      {(found) => (
        <>
          <Head run={found} />
          {found.state === 'running' && <Running run={found} />}
          {found.state === 'failed' && (
            <Notice
              tone="bad"
              title="It could not be trained"
              actions={
                <Button component={Link} href="/app/training" variant="default" size="xs">
                  Train on something else
                </Button>
              }
            >
              {found.error?.message} Scores are safe: the model in charge goes on.
            </Notice>
          )}
          <LowData sentence={found.result?.belowFloor ?? null} />
          <RunFacts run={found} />
          {found.model !== null && <Model hash={found.model} />}
        </>
      )}
    </Loaded>
  )
}

function LowData({ sentence }: { sentence: string | null }) {
  if (sentence === null) return null
  return (
    <Notice tone="wait" title="It learnt from few customers">
      {sentence}
    </Notice>
  )
}

function Head({ run }: { run: TrainingRunAnswer }) {
  const words = useWords()
  const may = useMay('admin')
  const cancel = useSend(() => ({ path: `/v1/training/${run.id}/cancel`, method: 'POST' }), {
    changed: ['/v1/training'],
    done: 'It stops.',
  })
  return (
    <PageHead
      title={sentence(run, words.percent)}
      above={<Back href="/app/training">Training</Back>}
      actions={
        may &&
        isActive(run) && (
          <Confirm label="Cancel the training" busy={cancel.busy} confirm={() => cancel.send(undefined)}>
            What it learnt so far is thrown away. Nothing else changes: scores go on coming from the model in
            charge.
          </Confirm>
        )
      }
    >
      On {run.sourceName}, asked for by {actorName(run.createdBy)} {words.ago(new Date(run.createdAt))}.
    </PageHead>
  )
}

function sentence(
  { state, progress, result }: TrainingRunAnswer,
  percent: (share: number) => string,
): string {
  if (state === 'queued') return 'It waits for its turn'
  if (state === 'running') return `It is being trained: ${percent(progress)}`
  if (state === 'failed') return 'The training failed'
  if (state === 'cancelled') return 'The training was cancelled'
  return result === null
    ? 'The model is ready'
    : `Of one who left and one who stayed, the model puts the right one higher ${timesIn100(result.auc.value)}`
}

function Running({ run }: { run: TrainingRunAnswer }) {
  const words = useWords()
  return (
    <div className={style.running}>
      <Progress value={run.progress * 100} aria-label="How far it is" />
      <p className="note" aria-live="polite">
        {run.phase}
        {run.startedAt !== null && `, begun ${words.ago(new Date(run.startedAt))}`}. You can leave this page:
        it goes on.
      </p>
    </div>
  )
}

function Model({ hash }: { hash: string }) {
  const model = useRead<ModelAnswer>(`/v1/models/${hash}`)
  return (
    <Loaded read={model} pending={<RowsPending rows={4} />}>
      {(found) => (
        <Section
          title="Put it in charge, or not"
          aside={<Link href={`/app/model?model=${hash}`}>All that was measured of {modelName(found)}</Link>}
        >
          <Gates model={found} />
        </Section>
      )}
    </Loaded>
  )
}
