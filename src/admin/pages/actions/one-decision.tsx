/** One decision beside the list: in a sentence, and each action as it was weighed. */
import { Drawer } from '@mantine/core'
import { Link } from 'wouter'
import type { WholeDecisionAnswer } from '../../../server/api/decisions.ts'
import { useWords } from '../../api/frame.ts'
import { useRead } from '../../api/queries.ts'
import { DataTable, type Column } from '../../parts/data-table.tsx'
import { Loaded } from '../../parts/loaded.tsx'
import { RowsPending } from '../../parts/pending.tsx'
import { sentence } from '../../words/states.ts'
import { Part } from './one-action.tsx'

/** @param id null: none is open */
export function OneDecision({ id, close }: { id: string | null; close: () => void }) {
  return (
    <Drawer
      opened={id !== null}
      onClose={close}
      position="right"
      size={680}
      title="One decision"
      closeButtonProps={CLOSE}
    >
      {id !== null && <Whole id={id} />}
    </Drawer>
  )
}

const CLOSE = { 'aria-label': 'Close' }

type Weighed = WholeDecisionAnswer['actions'][number]

function Whole({ id }: { id: string }) {
  const words = useWords()
  const read = useRead<WholeDecisionAnswer>(`/v1/decisions/${encodeURIComponent(id)}`)
  return (
    <Loaded read={read} pending={<RowsPending rows={8} />}>
      {(one) => {
        const why = new Map(one.steps.suppressed.map(({ key, sentence: said }) => [key, said]))
        const columns: readonly Column<Weighed>[] = [
          {
            key: 'action',
            title: 'Action',
            phone: 'first',
            cell: ({ key }) => (
              <span className={key === one.actionKey ? 'strong' : undefined}>{words.action(key)}</span>
            ),
          },
          {
            key: 'worth',
            title: 'Expected',
            figure: true,
            phone: 'first',
            cell: ({ expectedValueMinor }) =>
              expectedValueMinor === null ? '' : words.gain(expectedValueMinor, one.currency),
          },
          {
            key: 'cost',
            title: 'Cost',
            figure: true,
            cell: ({ costMinor }) => (costMinor === null ? '' : words.money(costMinor, one.currency)),
          },
          {
            key: 'odds',
            title: 'Chance',
            figure: true,
            cell: ({ probability }) => words.percent(probability),
          },
          { key: 'why', title: 'Not possible, because', cell: ({ key }) => why.get(key) ?? '' },
        ]
        return (
          <>
            <h2>
              <Link href={`/app/customers/${one.customer}`}>
                {one.customerName ?? `Customer ${one.customer}`}
              </Link>
              , {words.exact(new Date(one.decidedAt))}
            </h2>
            <p style={{ margin: '8px 0' }}>{sentence(one.steps.sentence)}</p>
            <Part title="Every action as it was weighed">
              <DataTable
                caption="Actions as they were weighed"
                columns={columns}
                rows={one.actions}
                id={({ key }) => key}
              />
            </Part>
            <p className="note" style={{ marginTop: 12 }}>
              By data of {words.day(one.dataAsOf)} and version {one.settingsVersion} of the settings. The
              choice is drawn with these chances, and can be drawn again with the same result.
            </p>
          </>
        )
      }}
    </Loaded>
  )
}
