/** Every column: what it is taken for and why, and which stay out; those that are no mark of persons may be taken in. */
import { Button, Checkbox, SegmentedControl } from '@mantine/core'
import { useState } from 'react'
import { useWords, type Words } from '../../api/frame.ts'
import { DataTable, type Column } from '../../parts/data-table.tsx'
import type { TrainingLookAnswer } from '../../../server/api/training.ts'

type Looked = TrainingLookAnswer['columns'][number]

const USES: Readonly<Record<Looked['use'], string>> = {
  feature: 'Learnt from',
  target: 'Says who left',
  id: 'Identifies the customer',
  context: 'Kept beside, not learnt from',
  left_out: 'Left out',
}

const KINDS: Readonly<Record<Looked['kind'], string>> = {
  number: 'number',
  category: 'choices',
  date: 'date',
  text: 'free text',
  empty: 'empty',
}

/** Wide exports have hundreds; more of them on a page help nobody. */
const MOST_SHOWN = 60

export function ColumnsTable({
  found,
  keep,
  change,
}: {
  found: TrainingLookAnswer
  keep: readonly string[]
  change: (keep: readonly string[]) => void
}) {
  const words = useWords()
  const [shown, setShown] = useState<'all' | 'used' | 'out'>('all')
  const [most, setMost] = useState(MOST_SHOWN)
  const out = found.columns.filter(({ use }) => use === 'left_out')
  const leaks = new Map(found.leaks.map(({ column, sentence }) => [column, sentence]))
  const refused = out.filter(({ sensitive }) => sensitive)
  const rows = found.columns.filter(({ use }) =>
    shown === 'all' ? true : (use === 'left_out') === (shown === 'out'),
  )
  const columns: readonly Column<Looked>[] = [
    {
      key: 'column',
      title: 'Column',
      phone: 'first',
      cell: ({ column, kind, missing }) => (
        <>
          <span className="strong">{column}</span>
          <div className="note">
            {KINDS[kind]}
            {missing > 0 && `, ${words.percent(missing)} without a value`}
          </div>
        </>
      ),
    },
    {
      key: 'meaning',
      title: 'Taken for',
      cell: ({ meaning, use }) => meaning ?? (use === 'feature' ? 'itself' : ''),
    },
    {
      key: 'use',
      title: 'What becomes of it',
      phone: 'first',
      cell: ({ use, sensitive }) => (use === 'left_out' && sensitive ? 'Refused' : USES[use]),
    },
    {
      key: 'why',
      title: 'Why',
      width: '42%',
      cell: ({ column, why }) => <span className="second">{upper(leaks.get(column) ?? why)}</span>,
    },
    {
      key: 'keep',
      title: <span className="unseen">Use it anyway</span>,
      cell: ({ column, use, sensitive, kind }) =>
        keep.includes(column) || (use === 'left_out' && !sensitive && kind !== 'empty') ? (
          <Checkbox
            size="xs"
            label="Use it anyway"
            aria-label={`Use ${column} anyway`}
            checked={keep.includes(column)}
            onChange={({ currentTarget }) =>
              change(currentTarget.checked ? [...keep, column] : keep.filter((one) => one !== column))
            }
            styles={NOWRAP}
          />
        ) : null,
    },
  ]
  return (
    <>
      <p className="second">
        {words.many(found.columns.length - out.length, 'column')} used, {words.count(out.length)} left out
        {refused.length > 0 && `, ${refusedWords(refused.length, out.length, words)}`}.{' '}
        {found.leaks.length > 0 &&
          `${found.leaks.length === 1 ? '1 column tells' : `${words.count(found.leaks.length)} columns tell`} the answer, or may.`}
      </p>
      {out.length > 0 && (
        <SegmentedControl
          size="xs"
          mt="xs"
          aria-label="Which columns"
          value={shown}
          onChange={(value) => setShown(value as typeof shown)}
          data={[
            { value: 'all', label: 'All' },
            { value: 'used', label: 'Used' },
            { value: 'out', label: 'Left out' },
          ]}
        />
      )}
      <DataTable
        file="columns"
        caption="Columns, what each is taken for and what becomes of it"
        columns={columns}
        rows={rows.slice(0, most)}
        id={({ column }) => column}
      />
      {rows.length > most && (
        <Button variant="default" mt="sm" onClick={() => setMost(rows.length)}>
          Show all {words.count(rows.length)}
        </Button>
      )}
    </>
  )
}

function refusedWords(refused: number, out: number, words: Words): string {
  const marks = 'refused as marks of persons'
  return refused === out
    ? `${out === 1 ? '' : 'all of them '}${marks}`
    : `${words.count(refused)} of them ${marks}`
}

const upper = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

const NOWRAP = { label: { whiteSpace: 'nowrap' } } as const
