/** One run: what it did, how fast it goes, what went wrong, and whose risk it moved. */
import { Drawer } from '@mantine/core'
import { useEffect } from 'react'
import { Link } from 'wouter'
import type { OneRunAnswer, MovedAnswer } from '../../../server/api/runs.ts'
import { useWords } from '../../api/frame.ts'
import { useLive } from '../../api/live.ts'
import { useRead } from '../../api/queries.ts'
import { DataTable, type Column } from '../../parts/data-table.tsx'
import { Facts, type Fact } from '../../parts/facts.tsx'
import { LevelMark } from '../../parts/level-mark.tsx'
import { Loaded } from '../../parts/loaded.tsx'
import { Mark } from '../../parts/mark.tsx'
import { Notice } from '../../parts/notice.tsx'
import { RowsPending } from '../../parts/pending.tsx'
import { RunProgress } from '../../parts/run-progress.tsx'
import { Section } from '../../parts/section.tsx'
import { When } from '../../parts/when.tsx'
import { causeWord, didWords, ENDS, stepWord } from '../../words/loop.ts'

export function RunDrawer({ id, close }: { id: string | null; close(): void }) {
  return (
    <Drawer
      opened={id !== null}
      onClose={close}
      position="right"
      size="lg"
      title="One run"
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      {id !== null && <OneRun key={id} id={id} />}
    </Drawer>
  )
}

function OneRun({ id }: { id: string }) {
  const { runs } = useLive()
  const read = useRead<OneRunAnswer>(`/v1/runs/${encodeURIComponent(id)}`)
  const told = runs.find((run) => run.id === id)
  const progress = `${told?.done} ${told?.status}`
  const { refetch } = read
  useEffect(() => {
    if (told !== undefined) void refetch()
    // With each step of its progress: the pace is the server's to say.
    // oxlint-disable-next-line react/exhaustive-deps
  }, [progress, refetch])
  return (
    <Loaded read={read} pending={<RowsPending rows={6} />}>
      {(run) => <Told run={run} />}
    </Loaded>
  )
}

function Told({ run }: { run: OneRunAnswer }) {
  const words = useWords()
  const { word, tone } = ENDS[run.status]
  const facts: readonly Fact[] = [
    { key: 'connection', label: 'Connection', value: run.connectionName ?? 'All connections' },
    { key: 'status', label: 'How it went', value: <Mark tone={tone}>{word}</Mark> },
    { key: 'cause', label: 'Why it began', value: causeWord(run.cause) },
    { key: 'begun', label: 'Begun', value: words.exact(new Date(run.startedAt)) },
    {
      key: 'took',
      label: run.finishedAt === null ? 'Takes so far' : 'Took',
      value: words.duration(run.seconds * 1000),
      note: run.perSecond === null ? null : `${words.count(run.perSecond)} records a second`,
    },
    ...(run.secondsLeft === null
      ? []
      : [{ key: 'left', label: 'Left', value: `About ${words.duration(run.secondsLeft * 1000)}` }]),
    { key: 'did', label: 'What it did', value: didWords(run.counts, words) },
  ]
  return (
    <>
      <h2>{stepWord(run.step)}</h2>
      {run.status === 'running' && <RunProgress run={run} />}
      {run.error !== null && (
        <Notice tone="bad" title="It did not work">
          {run.error.message}
        </Notice>
      )}
      <Facts facts={facts} />
      {run.step === 'score' && <Moved id={run.id} />}
    </>
  )
}

type MovedLine = MovedAnswer['items'][number]

function Moved({ id }: { id: string }) {
  const words = useWords()
  const read = useRead<MovedAnswer>(`/v1/runs/${id}/customers?limit=50`)
  const columns: readonly Column<MovedLine>[] = [
    {
      key: 'name',
      title: 'Customer',
      phone: 'first',
      cell: ({ customer, name }) => (
        <Link href={`/app/customers/${customer}`}>{name ?? `Customer ${customer}`}</Link>
      ),
    },
    {
      key: 'risk',
      title: 'Risk',
      phone: 'first',
      cell: ({ level, probability }) => <LevelMark level={level} probability={probability} />,
    },
    {
      key: 'before',
      title: 'Before',
      cell: ({ before }) => (before === null ? 'First score' : `was ${words.percent(before)}`),
    },
    { key: 'at', title: 'When', phone: 'never', cell: ({ scoredAt }) => <When at={scoredAt} /> },
  ]
  return (
    <Section title="Whose risk it moved">
      <Loaded read={read} pending={<RowsPending rows={5} />}>
        {({ items, whole }) =>
          items.length === 0 ? (
            <p className="second">Nobody’s, as far as the newest scores tell.</p>
          ) : (
            <>
              <DataTable
                caption="Customers whose risk moved"
                columns={columns}
                rows={items}
                id={(one) => one.customer}
              />
              {!whole && <p className="note">There are more; these are the newest.</p>}
            </>
          )
        }
      </Loaded>
    </Section>
  )
}
