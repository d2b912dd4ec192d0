/** Runs: what Holdfast does at this moment, as it does it, and the log of what it did. */
import { Select } from '@mantine/core'
import { useEffect, useRef } from 'react'
import type { ConnectionAnswer } from '../../server/api/connections.ts'
import type { RunAnswer } from '../../server/api/runs.ts'
import { useFrame, useWords } from '../api/frame.ts'
import { useLive } from '../api/live.ts'
import { useList, useRead } from '../api/queries.ts'
import { useFilters, withQuery } from '../api/query-string.ts'
import { CsvLink } from '../parts/csv-link.tsx'
import { ListTable, type Column } from '../parts/data-table.tsx'
import { FilterRow } from '../parts/filter-row.tsx'
import { Mark } from '../parts/mark.tsx'
import { PageHead } from '../parts/page-head.tsx'
import { Section } from '../parts/section.tsx'
import { When } from '../parts/when.tsx'
import { causeWord, CAUSE_CHOICES, didWords, ENDS, STEP_CHOICES, stepWord } from '../words/loop.ts'
import { Now } from './runs/now.tsx'
import { RunDrawer } from './runs/run-drawer.tsx'
import style from './runs/runs.module.css'

export function RunsPage() {
  const words = useWords()
  const live = useLive()
  const { queues } = useFrame()
  const [filters, setFilters] = useFilters()
  const { run: opened = null, ...given } = filters
  const list = useList<RunAnswer>(withQuery('/v1/runs', { ...given, limit: 50 }))
  const connections = useRead<{ readonly items: readonly ConnectionAnswer[] }>('/v1/connections')
  const button = useRef<HTMLElement | null>(null)
  const filtered = Object.keys(given).length > 0
  useEffect(() => {
    // Focus goes back to the run that was looked at.
    if (opened === null) button.current?.focus()
  }, [opened])
  const open = (id: string) => (event: React.MouseEvent<HTMLButtonElement>) => {
    button.current = event.currentTarget
    setFilters({ run: id })
  }
  const columns: readonly Column<RunAnswer>[] = [
    {
      key: 'step',
      title: 'What',
      phone: 'first',
      cell: (one) => (
        <>
          <button type="button" className={style.open} onClick={open(one.id)}>
            {stepWord(one.step)}
          </button>
          <div className="note">{one.connectionName ?? 'All connections'}</div>
        </>
      ),
    },
    {
      key: 'status',
      title: 'How it went',
      phone: 'first',
      cell: ({ status }) => <Mark tone={ENDS[status].tone}>{ENDS[status].word}</Mark>,
    },
    {
      key: 'did',
      title: 'What it did',
      cell: ({ status, counts, done, error }) =>
        error !== null ? (
          error.message
        ) : status === 'running' ? (
          <span className="second">{words.many(done, 'record')} so far</span>
        ) : (
          didWords(counts, words)
        ),
    },
    { key: 'cause', title: 'Why', phone: 'never', cell: ({ cause }) => causeWord(cause) },
    { key: 'started', title: 'Begun', cell: ({ startedAt }) => <When at={startedAt} /> },
    {
      key: 'took',
      title: 'Took',
      figure: true,
      phone: 'never',
      cell: ({ startedAt, finishedAt }) =>
        finishedAt === null ? '' : words.duration(Date.parse(finishedAt) - Date.parse(startedAt)),
    },
  ]
  return (
    <>
      <PageHead
        title={headline(live.runs, live.state)}
        actions={<CsvLink path="/v1/runs" filters={given} />}
        above={<LiveMark state={live.state} />}
      >
        Reading, scoring, deciding and writing back go on by themselves; each time is kept here.
        {queues && (
          <>
            {' '}
            The{' '}
            <a className="inText" href="/admin/queues">
              queues behind them
            </a>{' '}
            are for who tends the machine.
          </>
        )}
      </PageHead>
      <Now runs={live.runs} open={(id) => setFilters({ run: id })} />
      <Section title="What was done">
        <FilterRow clear={filtered ? () => setFilters(NONE) : null}>
          <Select
            label="Connection"
            placeholder="Any"
            clearable
            data={(connections.data?.items ?? []).map(({ id, name }) => ({ value: id, label: name }))}
            value={given['connection'] ?? null}
            onChange={(connection) => setFilters({ connection })}
          />
          <Select
            label="What"
            placeholder="Any"
            clearable
            data={STEP_CHOICES}
            value={given['step'] ?? null}
            onChange={(step) => setFilters({ step })}
          />
          <Select
            label="How it went"
            placeholder="Any"
            clearable
            data={Object.entries(ENDS).map(([value, { word }]) => ({ value, label: word }))}
            value={given['status'] ?? null}
            onChange={(status) => setFilters({ status })}
          />
          <Select
            label="Why"
            placeholder="Any"
            clearable
            data={CAUSE_CHOICES}
            value={given['cause'] ?? null}
            onChange={(cause) => setFilters({ cause })}
          />
        </FilterRow>
        <ListTable
          caption="Runs, the newest first"
          columns={columns}
          list={list}
          id={({ id }) => id}
          empty={
            filtered
              ? { title: 'No run is like that', text: 'Take a filter away.' }
              : {
                  title: 'Nothing ran yet',
                  text: 'Once something is connected, each reading and scoring stands here.',
                }
          }
        />
      </Section>
      <RunDrawer id={opened} close={() => setFilters({ run: null }, { replace: true })} />
    </>
  )
}

const NONE = { connection: null, step: null, status: null, cause: null, from: null, until: null }

function headline(runs: readonly RunAnswer[], state: 'live' | 'connecting' | 'hidden'): string {
  if (state !== 'live' && runs.length === 0) return 'What Holdfast does'
  const running = runs.filter(({ status }) => status === 'running').length
  if (running === 0) return 'Nothing runs at this moment'
  return running === 1 ? 'One thing runs at this moment' : `${running} things run at this moment`
}

function LiveMark({ state }: { state: 'live' | 'connecting' | 'hidden' }) {
  return state === 'live' ? <Mark tone="good">As it happens</Mark> : <Mark tone="wait">Connecting</Mark>
}
