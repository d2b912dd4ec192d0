/** For how long what is held of people is kept, and what went lately. */
import { Link } from 'wouter'
import type { RetentionAnswer } from '../../../server/api/retention.ts'
import { useMay, useWords } from '../../api/frame.ts'
import { useRead } from '../../api/queries.ts'
import { DataTable, type Column } from '../../parts/data-table.tsx'
import { Empty } from '../../parts/empty.tsx'
import { Loaded } from '../../parts/loaded.tsx'
import { RowsPending } from '../../parts/pending.tsx'
import { Section } from '../../parts/section.tsx'
import { When } from '../../parts/when.tsx'
import type { AgeSetting } from '../../../settings/retention.ts'
import { WENT } from './words.ts'

type Run = RetentionAnswer['runs'][number]

export function Periods() {
  const read = useRead<RetentionAnswer>('/v1/retention')
  const admin = useMay('admin')
  return (
    <Loaded read={read} pending={<RowsPending rows={10} />}>
      {({ places, runs }) => (
        <>
          <Section title="What went lately">
            {runs.length === 0 ? (
              <Empty title="Nothing was looked through yet">
                Once a day what is older than its period goes. Each time stands here with what went.
              </Empty>
            ) : (
              <DataTable
                caption="Daily clean-ups, newest first"
                columns={RUNS}
                rows={runs}
                id={({ startedAt }) => startedAt}
              />
            )}
          </Section>
          <Section
            title="For how long"
            aside={admin && <Link href="/app/settings?section=retention">Change the periods</Link>}
          >
            <DataTable
              caption="For how long what is kept"
              columns={PLACES}
              rows={grouped(places)}
              id={({ key }) => key}
            />
          </Section>
        </>
      )}
    </Loaded>
  )
}

const RUNS: readonly Column<Run>[] = [
  {
    key: 'when',
    title: 'When',
    phone: 'first',
    width: '24%',
    cell: ({ startedAt }) => <When at={startedAt} />,
  },
  { key: 'what', title: 'What went', phone: 'first', cell: (run) => <WentIn run={run} /> },
]

function WentIn({ run: { counts, finishedAt } }: { run: Run }) {
  const words = useWords()
  const went = Object.entries(counts).filter(([, count]) => count > 0)
  return (
    <>
      {went.length === 0
        ? 'Nothing was old enough'
        : went
            .map(([setting, count]) => words.many(count, ...(WENT[setting as AgeSetting] ?? [setting])))
            .join(', ')}
      {finishedAt === null && <span className="note"> It goes on with its next turn.</span>}
    </>
  )
}

interface Period {
  readonly key: string
  readonly titles: readonly string[]
  readonly kept: string
}

/** Places that are kept for the same reason stand together: one line says it for all of them. */
function grouped(places: RetentionAnswer['places']): readonly Period[] {
  const periods = new Map<string, { titles: string[]; kept: string }>()
  for (const { title, kept, setting } of places) {
    const key = setting ?? kept
    const before = periods.get(key)
    if (before === undefined) periods.set(key, { titles: [title], kept })
    else before.titles.push(title)
  }
  const lines = [...periods].map(([key, period]) => ({ key, ...period }))
  const ages = new Set(places.flatMap(({ setting }) => (setting === null ? [] : [setting])))
  // What goes by its age before what stays for a reason.
  return [...lines.filter(({ key }) => ages.has(key)), ...lines.filter(({ key }) => !ages.has(key))]
}

const PLACES: readonly Column<Period>[] = [
  {
    key: 'kept',
    title: 'Kept',
    phone: 'first',
    width: '42%',
    cell: ({ kept }) => <span className="strong">{kept}</span>,
  },
  { key: 'titles', title: 'What', cell: ({ titles }) => titles.join(' · ') },
]
