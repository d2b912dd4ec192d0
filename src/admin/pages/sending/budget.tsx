/** The budget of the period: what is held, what is left, and by which actions. */
import { Progress } from '@mantine/core'
import { Link } from 'wouter'
import type { BudgetReport } from '../../../server/api/budget.ts'
import { useWords } from '../../api/frame.ts'
import { useRead } from '../../api/queries.ts'
import { withQuery } from '../../api/query-string.ts'
import { DataTable, type Column } from '../../parts/data-table.tsx'
import { Figures } from '../../parts/figures.tsx'
import { Loaded } from '../../parts/loaded.tsx'
import { RowsPending } from '../../parts/pending.tsx'
import { Section } from '../../parts/section.tsx'
import style from './sending.module.css'

export function BudgetPart({ simulated }: { simulated: boolean }) {
  const read = useRead<BudgetReport>('/v1/budget')
  return (
    <Section title="Budget" aside={<Link href="/app/settings?field=budget">Change it in the settings</Link>}>
      <Loaded read={read} pending={<RowsPending rows={3} />}>
        {(budget) => <Budget budget={budget} simulated={simulated} />}
      </Loaded>
    </Section>
  )
}

type Row = BudgetReport['actions'][number]

function Budget({ budget, simulated }: { budget: BudgetReport; simulated: boolean }) {
  const words = useWords()
  const { currency, limitMinor, leftMinor, held, actions, start, end } = budget
  const sum = (of: 'reservedMinor' | 'committedMinor'): number =>
    held.filter((one) => one.currency === currency).reduce((all, one) => all + one[of], 0)
  const others = held.filter((one) => one.currency !== currency)
  const [reserved, committed] = [sum('reservedMinor'), sum('committedMinor')]
  const span = { from: start.slice(0, 10), to: end.slice(0, 10), sort: 'created' }
  const columns: readonly Column<Row>[] = [
    {
      key: 'action',
      title: 'Action',
      phone: 'first',
      cell: ({ actionKey }) => (
        <Link href={withQuery('/app/actions/list', { ...span, action: actionKey })}>
          {words.action(actionKey)}
        </Link>
      ),
    },
    {
      key: 'places',
      title: 'How many',
      figure: true,
      cell: ({ places }) => words.count(places),
    },
    {
      key: 'reserved',
      title: 'Reserved',
      figure: true,
      cell: (one) => words.money(one.reservedMinor, one.currency),
    },
    {
      key: 'committed',
      title: 'Spent',
      figure: true,
      phone: 'first',
      cell: (one) => words.money(one.committedMinor, one.currency),
    },
    ...(actions.every(({ dryRunMinor }) => dryRunMinor === 0)
      ? []
      : [
          {
            key: 'dry',
            title: 'Dry runs would have used',
            figure: true,
            phone: 'never' as const,
            cell: (one: Row) => (one.dryRunMinor === 0 ? '' : words.money(one.dryRunMinor, one.currency)),
          },
        ]),
  ]
  const share = (minor: number): number =>
    limitMinor === null || limitMinor === 0 ? 0 : (100 * minor) / limitMinor
  return (
    <>
      {limitMinor !== null && limitMinor > 0 && (
        <Progress.Root size={10} mb="md" aria-label="How much of the budget is held">
          <Progress.Section value={share(committed)} color="accent" aria-label="Spent" />
          <Progress.Section value={share(reserved)} className={style.reserved ?? ''} aria-label="Reserved" />
        </Progress.Root>
      )}
      <Figures
        figures={[
          {
            key: 'left',
            label: 'left to plan with',
            value: leftMinor === null ? 'no limit' : words.money(leftMinor, currency),
            ...(limitMinor === null ? {} : { note: `of ${words.money(limitMinor, currency)}` }),
          },
          {
            key: 'reserved',
            label: 'reserved',
            value: words.money(reserved, currency),
            note: 'planned, or offered and not taken yet',
          },
          {
            key: 'committed',
            label: 'spent',
            value: words.money(committed, currency),
            note: simulated ? 'simulated: as if the sandbox were the world' : 'gone out, or taken',
          },
          { key: 'end', label: 'the next period begins', value: words.day(end.slice(0, 10)) },
        ]}
      />
      {others.map((one) => (
        <p key={one.currency} className="note">
          Beside it {words.money(one.reservedMinor, one.currency)} reserved and{' '}
          {words.money(one.committedMinor, one.currency)} spent in {one.currency}.
        </p>
      ))}
      {actions.length > 0 && (
        <div className={style.part}>
          <DataTable
            file="budget"
            caption="The budget by action"
            columns={columns}
            rows={actions}
            id={(one) => `${one.actionKey} ${one.currency}`}
          />
        </div>
      )}
    </>
  )
}
