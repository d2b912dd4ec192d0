/** What is done with a connection, step by step: when last, with what result, when next. */
import { Link } from 'wouter'
import type { ConnectionDetail } from '../../../server/api/connections.ts'
import { useWords } from '../../api/frame.ts'
import { useLive } from '../../api/live.ts'
import { withQuery } from '../../api/query-string.ts'
import { DataTable, type Column } from '../../parts/data-table.tsx'
import { Mark } from '../../parts/mark.tsx'
import { RunProgress } from '../../parts/run-progress.tsx'
import { Section } from '../../parts/section.tsx'
import { When } from '../../parts/when.tsx'
import { didWords, ENDS, stepWord } from '../../words/loop.ts'

type Step = ConnectionDetail['steps'][number]

export function Steps({ connection }: { connection: ConnectionDetail }) {
  const words = useWords()
  const { runs } = useLive()
  const { id, steps, status } = connection
  const running = (step: Step) =>
    runs.find((run) => run.connection === id && run.step === step.step && run.status === 'running')
  const result = (step: Step) => {
    const live = running(step)
    if (live !== undefined) return <RunProgress run={live} />
    const { lastRun, error } = step
    if (lastRun === null) return <span className="second">Did not run yet</span>
    const { word, tone } = ENDS[lastRun.status]
    return (
      <>
        <Mark tone={tone}>{lastRun.status === 'done' ? didWords(lastRun.counts, words) : word}</Mark>
        {error !== null && <div className="note">{error.message}</div>}
      </>
    )
  }
  const columns: readonly Column<Step>[] = [
    {
      key: 'step',
      title: 'Step',
      phone: 'first',
      cell: ({ step }) => (
        <Link href={withQuery('/app/runs', { connection: id, step })} className="strong">
          {stepWord(step)}
        </Link>
      ),
    },
    { key: 'result', title: 'Last time', cell: result },
    {
      key: 'when',
      title: 'Done',
      cell: ({ lastDoneAt }) =>
        lastDoneAt === null ? <span className="second">Never</span> : <When at={lastDoneAt} />,
    },
    {
      key: 'next',
      title: 'Next',
      phone: 'never',
      cell: ({ dueAt }) =>
        dueAt === null || status !== 'active' ? (
          <span className="second">{status === 'active' ? 'When it is needed' : 'Not now'}</span>
        ) : (
          <When at={dueAt} />
        ),
    },
  ]
  return (
    <Section title="What is done with it" aside={<Link href={`/app/runs?connection=${id}`}>All runs</Link>}>
      <DataTable
        file="steps"
        caption={`Steps of ${connection.name}, in their order`}
        columns={columns}
        rows={steps}
        id={({ step }) => step}
      />
    </Section>
  )
}
