/** Trainings before, newest first; two that made models can be put side by side. */
import { Button, Checkbox, Progress } from '@mantine/core'
import { useState } from 'react'
import { Link } from 'wouter'
import { useWords } from '../../api/frame.ts'
import type { ReadList } from '../../api/queries.ts'
import { actorName } from '../../../contracts/actor.ts'
import { ListTable, type Column } from '../../parts/data-table.tsx'
import { Section } from '../../parts/section.tsx'
import { When } from '../../parts/when.tsx'
import { modelName, withInterval, type ModelLine } from '../../words/models.ts'
import type { TrainingRunAnswer } from '../../../server/api/training.ts'
import { askedFor, STATES } from './run-words.ts'
import style from './training.module.css'

export function History({
  list,
  models,
}: {
  list: ReadList<TrainingRunAnswer>
  models: readonly ModelLine[]
}) {
  const words = useWords()
  const [chosen, setChosen] = useState<readonly string[]>([])
  const comparable = (list.items?.filter(({ model }) => model !== null).length ?? 0) > 1
  const toggle = (hash: string): void =>
    setChosen((before) =>
      before.includes(hash) ? before.filter((one) => one !== hash) : [...before, hash].slice(-2),
    )
  const columns: readonly Column<TrainingRunAnswer>[] = [
    {
      key: 'source',
      title: 'On what',
      phone: 'first',
      cell: ({ id, sourceName, createdAt, model, request }) => (
        <div className={style.source}>
          {comparable && (
            <Checkbox
              size="xs"
              aria-label={`Compare the model of ${sourceName}, ${words.exact(new Date(createdAt))}`}
              disabled={model === null}
              checked={model !== null && chosen.includes(model)}
              onChange={() => model !== null && toggle(model)}
            />
          )}
          <div>
            <Link href={`/app/training/${id}`} className="strong">
              {sourceName}
            </Link>
            <div className="note">{askedFor(request).left}</div>
          </div>
        </div>
      ),
    },
    { key: 'state', title: 'What became of it', phone: 'first', cell: (run) => <State run={run} /> },
    {
      key: 'customers',
      title: 'Customers',
      figure: true,
      phone: 'never',
      cell: ({ result }) => (result === null ? '' : words.count(result.customers)),
    },
    {
      key: 'auc',
      title: 'How well it ranks (AUC)',
      figure: true,
      phone: 'never',
      cell: ({ result }) => (result === null ? '' : withInterval(result.auc)),
    },
    { key: 'model', title: 'Model', cell: ({ model }) => <ModelLink hash={model} models={models} /> },
    {
      key: 'when',
      title: 'Started',
      cell: ({ createdAt, createdBy }) => (
        <>
          <When at={createdAt} />
          <div className="note">by {actorName(createdBy)}</div>
        </>
      ),
    },
  ]
  const [first, second] = chosen
  return (
    <Section
      title="Trainings"
      aside={
        comparable &&
        (second === undefined ? (
          <span className="second">Choose two to compare them</span>
        ) : (
          <Button component={Link} href={`/app/model?model=${first}&with=${second}`} size="xs">
            Compare the two
          </Button>
        ))
      }
    >
      <ListTable
        caption="Trainings, newest first"
        columns={columns}
        list={list}
        id={({ id }) => id}
        empty={{
          title: 'Nothing was trained yet',
          text: 'Each training will stand here with what it was trained on, how good the model is, and where it is in charge.',
        }}
      />
    </Section>
  )
}

function State({ run }: { run: TrainingRunAnswer }) {
  const { state, progress, phase, error } = run
  if (state === 'running')
    return (
      <div className={style.meter}>
        <Progress value={progress * 100} size="sm" aria-label="How far it is" />
        <span className="note">{phase}</span>
      </div>
    )
  if (state === 'failed')
    return (
      <>
        {STATES.failed}
        <div className="note">{error?.message}</div>
      </>
    )
  return STATES[state]
}

function ModelLink({ hash, models }: { hash: string | null; models: readonly ModelLine[] }) {
  const words = useWords()
  if (hash === null) return null
  const model = models.find((one) => one.hash === hash)
  if (model === undefined) return <span className="second">not kept any more</span>
  return (
    <>
      <Link href={`/app/model?model=${hash}`}>{modelName(model)}</Link>
      {model.serves.length > 0 && (
        <div className="note">
          in charge of{' '}
          {model.serves.length === 1
            ? model.serves[0].connectionName
            : words.many(model.serves.length, 'connection')}
        </div>
      )}
    </>
  )
}
