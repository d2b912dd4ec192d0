/** Where a training begins, and the history of them. */
import { Link } from 'wouter'
import { useMay } from '../../api/frame.ts'
import { useList, useRead } from '../../api/queries.ts'
import { useWords } from '../../api/frame.ts'
import { Columns, Section } from '../../parts/section.tsx'
import { PageHead } from '../../parts/page-head.tsx'
import { PagePending } from '../../parts/pending.tsx'
import { inCharge, modelName, timesIn100, type ModelLine } from '../../words/models.ts'
import type { ModelListAnswer } from '../../../server/api/model-shapes.ts'
import type { TrainingRunAnswer } from '../../../server/api/training.ts'
import { BringFile } from './bring-file.tsx'
import { History } from './history.tsx'
import { isActive } from './run-words.ts'
import { TakeConnection } from './take-connection.tsx'

/** While something runs it is told once a second, else now and then. */
const everyMs = (runs: readonly TrainingRunAnswer[] | undefined): number =>
  runs?.some(isActive) === true ? 1500 : 30_000

export function TrainingHome() {
  const may = useMay('admin')
  const runs = useList<TrainingRunAnswer>('/v1/training?limit=20', { everyMs })
  const models = useRead<ModelListAnswer>('/v1/models')
  if (runs.items === undefined && runs.error === null) return <PagePending />
  return (
    <>
      <Head runs={runs.items ?? []} models={models.data?.items ?? []} />
      {may ? (
        <Columns>
          <Section title="Train on a file">
            <BringFile />
          </Section>
          <Section title="Train on a connection’s own customers">
            <TakeConnection />
          </Section>
        </Columns>
      ) : (
        <p className="second">Training needs the role admin. You see what was trained.</p>
      )}
      <History list={runs} models={models.data?.items ?? []} />
    </>
  )
}

function Head({ runs, models }: { runs: readonly TrainingRunAnswer[]; models: readonly ModelLine[] }) {
  const words = useWords()
  const active = runs.find(({ state }) => state === 'running') ?? runs.find(isActive)
  if (active !== undefined)
    return (
      <PageHead
        title={
          active.state === 'running'
            ? `A model is being trained: ${words.percent(active.progress)}`
            : 'A training waits for its turn'
        }
      >
        On <Link href={`/app/training/${active.id}`}>{active.sourceName}</Link>. Scores go on coming from the
        model in charge meanwhile.
      </PageHead>
    )
  const serving = inCharge(models)
  const ready = readyOf(runs, models)
  if (ready !== undefined)
    return (
      <PageHead title="A model of your own is ready, and waits for your word">
        {ready.auc !== null &&
          `Of one who left and one who stayed it puts the right one higher ${timesIn100(ready.auc.value)}. `}
        <Link href={`/app/training/${ready.training ?? ''}`}>Look at it</Link>, and put it in charge or not:
        nothing is by itself.
      </PageHead>
    )
  const [first] = serving
  if (first === undefined)
    return (
      <PageHead title="Teach a model who leaves">
        From a file or a connection that says who left. Nothing is put in charge by itself.
      </PageHead>
    )
  return (
    <PageHead
      title={
        first.starter
          ? 'Scores come from a starter model, not from your own history'
          : `Scores come from a model trained on ${first.customers === null ? 'your own customers' : words.many(first.customers, 'customer')}`
      }
    >
      {first.starter
        ? 'A model that learnt from customers of yours who left ranks yours better. It takes a file or a property that says who left.'
        : first.trainedOn}{' '}
      <Link href={`/app/model?model=${first.hash}`}>How good {modelName(first)} is</Link>
    </PageHead>
  )
}

/** The newest model that was trained after the one in charge took over, and that was never in charge. */
function readyOf(runs: readonly TrainingRunAnswer[], models: readonly ModelLine[]): ModelLine | undefined {
  const [newest] = runs.filter(({ model }) => model !== null)
  const model = models.find(({ hash }) => hash === newest?.model)
  if (model === undefined || model.serves.length > 0 || model.served.length > 0) return undefined
  const since = inCharge(models).flatMap(({ serves }) => serves.map((one) => one.since))
  return since.some((one) => one > (model.createdAt ?? '')) ? undefined : model
}
