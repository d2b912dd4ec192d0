/** Whether the groups are as large as chance allows: where they are not, no result of the comparison can be trusted. */
import type { GroupsAnswer } from '../../../server/api/groups.ts'
import { useWords } from '../../api/frame.ts'
import { DataTable, type Column } from '../../parts/data-table.tsx'
import { Notice } from '../../parts/notice.tsx'

type Ratio = GroupsAnswer['drawn']
type Row = Ratio['groups'][number]

const GROUPS: Readonly<Record<Row['group'], string>> = {
  holdout: 'Holdout',
  usual: 'Business as usual',
  policy: 'Policy group',
}

export function Ratio({ drawn, decided }: { drawn: Ratio; decided: Ratio }) {
  const alarm = drawn.alarm || decided.alarm
  const nobody = drawn.groups.every(({ observed }) => observed === 0)
  if (nobody)
    return <p className="second">Nobody was drawn yet: customers are as soon as they are first seen.</p>
  return (
    <>
      {alarm ? (
        <Notice tone="bad" title="No: trust no result until the cause is found">
          Look for customers who were taken out of one group only, a condition of the population that depends
          on what was sent, or rows that were changed by hand.
        </Notice>
      ) : (
        <p className="second" style={{ marginBottom: 10 }}>
          Yes. They differ from what was meant by no more than chance does.
        </p>
      )}
      <One title="Everybody who was ever drawn" ratio={drawn} />
      <One title="Those of them who were decided on" ratio={decided} />
    </>
  )
}

function One({ title, ratio: { groups, chance } }: { title: string; ratio: Ratio }) {
  const words = useWords()
  const columns: readonly Column<Row>[] = [
    { key: 'group', title, phone: 'first', cell: ({ group }) => GROUPS[group] },
    { key: 'observed', title: 'There are', figure: true, cell: ({ observed }) => words.count(observed) },
    {
      key: 'expected',
      title: 'Meant were',
      figure: true,
      cell: ({ expected }) => words.count(Math.round(expected)),
    },
  ]
  return (
    <div style={{ marginBottom: 16 }}>
      <DataTable file="groups" caption={title} columns={columns} rows={groups} id={({ group }) => group} />
      <p className="note" style={{ marginTop: 6 }}>
        {chance < 0.001
          ? 'By chance they would differ so much less than once in 1,000 times.'
          : `By chance they would differ so much or more in ${words.percent(chance)} of cases.`}
      </p>
    </div>
  )
}
