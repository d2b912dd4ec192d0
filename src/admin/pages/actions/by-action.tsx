/** The same by action: how often each was chosen, went out, and what it holds of the budget. */
import { Link } from 'wouter'
import type { ReactNode } from 'react'
import type { FunnelAnswer } from '../../../server/api/funnel.ts'
import { useWords } from '../../api/frame.ts'
import { listHref } from '../../api/rows-href.ts'
import { DataTable, type Column } from '../../parts/data-table.tsx'
import { Section } from '../../parts/section.tsx'

type Row = FunnelAnswer['actions'][number]

export function ByAction({ funnel }: { funnel: FunnelAnswer }) {
  const words = useWords()
  const number = ({ count, list }: { count: number; list: string }): ReactNode => {
    const at = listHref(list)
    if (count === 0 || at === undefined) return <span className="second">{words.count(count)}</span>
    return <Link href={at}>{words.count(count)}</Link>
  }
  const went = ({ made }: Row) =>
    made.sent.count > 0 ? made.sent : made.simulated.count > 0 ? made.simulated : made.dryRun
  const simulated = funnel.total.made.sent.count === 0
  const columns: readonly Column<Row>[] = [
    {
      key: 'action',
      title: 'Action',
      phone: 'first',
      cell: ({ actionName }) => <span className="strong">{actionName}</span>,
    },
    {
      key: 'held',
      title: 'Not possible',
      figure: true,
      cell: ({ decided }) => number(decided.heldBack),
    },
    {
      key: 'chosen',
      title: 'Chosen',
      figure: true,
      cell: ({ decided }) => number(decided.chosen),
    },
    {
      key: 'waits',
      title: 'Wait for an answer',
      figure: true,
      phone: 'never',
      cell: ({ made }) => number(made.awaitingApproval),
    },
    {
      key: 'went',
      title: simulated ? 'Would have gone out' : 'Went out',
      figure: true,
      cell: (row) => number(went(row)),
    },
    {
      key: 'expected',
      title: 'Expected',
      figure: true,
      phone: 'never',
      cell: ({ decided }) =>
        decided.chosen.money.map(({ currency, expectedValueMinor }) => (
          <div key={currency}>{words.gain(expectedValueMinor, currency)}</div>
        )),
    },
    {
      key: 'held money',
      title: 'Holds of the budget',
      figure: true,
      phone: 'first',
      cell: ({ made }) =>
        made.money.map(({ currency, reservedMinor, committedMinor, simulatedMinor }) => (
          <div key={currency}>{words.money(reservedMinor + committedMinor + simulatedMinor, currency)}</div>
        )),
    },
  ]
  if (funnel.actions.length === 0) return null
  return (
    <Section title="By action">
      <DataTable
        file="actions"
        caption="The funnel by action"
        columns={columns}
        rows={funnel.actions}
        id={({ actionKey }) => actionKey}
      />
    </Section>
  )
}
