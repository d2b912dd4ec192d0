/** A look at what would be trained on: who left, what each column is taken for, what is refused; then the start. */
import { Button } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { useState } from 'react'
import { Link, useLocation } from 'wouter'
import { useMay, useWords, type Words } from '../../api/frame.ts'
import { useAsk, useSend } from '../../api/queries.ts'
import { Failure, Loaded } from '../../parts/loaded.tsx'
import { Notice } from '../../parts/notice.tsx'
import { PageHead } from '../../parts/page-head.tsx'
import { PagePending } from '../../parts/pending.tsx'
import { Section } from '../../parts/section.tsx'
import type { TrainingLookAnswer, TrainingRunAnswer } from '../../../server/api/training.ts'
import { ColumnsTable } from './columns-table.tsx'
import { NOTHING_CHOSEN, readingOf, requestOf, type Choices } from './choices.ts'
import { WhoLeft } from './who-left.tsx'
import style from './training.module.css'

export type LookedSource = { readonly file: string } | { readonly connection: string }

export function TrainingLook({ source }: { source: LookedSource }) {
  const may = useMay('admin')
  if (may) return <Look source={source} />
  return (
    <PageHead title="Training needs the role admin">
      <Link href="/app/training">See what was trained</Link>
    </PageHead>
  )
}

function Look({ source }: { source: LookedSource }) {
  const [choices, setChoices] = useState<Choices>(NOTHING_CHOSEN)
  const [reading] = useDebouncedValue(readingOf(choices), 400)
  const look = useAsk<TrainingLookAnswer>('/v1/training/look', { source, ...reading })
  const [, go] = useLocation()
  const start = useSend<object, TrainingRunAnswer>(
    (body) => ({ path: '/v1/training', method: 'POST', body }),
    { changed: ['/v1/training'], quiet: true, after: ({ id }) => go(`/app/training/${id}`) },
  )
  const change = (some: Partial<Choices>): void => setChoices((before) => ({ ...before, ...some }))
  // While another reading is looked at, what stands there is of the one before.
  const looking = look.isFetching || JSON.stringify(readingOf(choices)) !== JSON.stringify(reading)
  return (
    <Loaded read={look} pending={<Reading />}>
      {(found) => {
        const request = requestOf(choices, found)
        return (
          <>
            <Head found={found} looking={looking} />
            {found.problem !== null && (
              <Notice tone="bad" title="It cannot be trained on as it is">
                {found.problem.message}
              </Notice>
            )}
            {found.minimum.enough === false && (
              <Notice tone="wait" title="There are few customers to learn from">
                {found.minimum.sentence}
              </Notice>
            )}
            <Section title="Who left">
              <WhoLeft found={found} choices={choices} change={change} />
            </Section>
            <Section title="What each column is taken for">
              <ColumnsTable found={found} keep={choices.keep} change={(keep) => change({ keep })} />
            </Section>
            {found.notes.length > 0 && (
              <Section title="What was guessed">
                <ul className={style.list}>
                  {found.notes.map((note) => (
                    <li key={note}>{note}</li>
                  ))}
                </ul>
              </Section>
            )}
            {start.error !== null && (
              <Failure
                error={start.error}
                retry={() => request !== null && start.send({ source, ...request })}
              />
            )}
            <div className={style.end}>
              <Button
                loading={start.busy}
                disabled={looking || request === null || found.problem !== null}
                onClick={() => request !== null && start.send({ source, ...request })}
              >
                Train the model
              </Button>
              <span className="second">Nothing is put in charge by it: you see how good it is first.</span>
            </div>
          </>
        )
      }}
    </Loaded>
  )
}

function Head({ found, looking }: { found: TrainingLookAnswer; looking: boolean }) {
  const words = useWords()
  return (
    <PageHead
      title={sentence(found, words)}
      above={<Link href="/app/training">Training</Link>}
      actions={
        <Button component={Link} href="/app/training" variant="default">
          Take another
        </Button>
      }
    >
      <span aria-live="polite">
        {looking
          ? `Looking at ${found.name} again …`
          : `${found.name} was looked at; nothing is trained yet.`}
      </span>
    </PageHead>
  )
}

function sentence({ target, rows, features, problem }: TrainingLookAnswer, words: Words): string {
  if (problem !== null || target === null)
    return `${words.many(rows, 'customer')}, but it is not clear yet who left`
  const { churned, kept } = target
  const whom =
    churned === null || kept === null
      ? words.many(rows, 'customer')
      : `${words.count(churned)} of ${words.many(churned + kept, 'customer')} left`
  return features === null ? whom : `${whom}, described by ${words.many(features, 'column')}`
}

/** The first look takes seconds for a large file. */
function Reading() {
  return (
    <>
      <p className="second" aria-live="polite">
        Every row is read once: a large file takes a minute.
      </p>
      <PagePending />
    </>
  )
}
