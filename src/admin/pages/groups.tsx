/** Groups: whom Holdfast leaves alone so that one can see what it earns, whether that is as it should be, and what it can show. */
import { Link } from 'wouter'
import type { ExemptLineAnswer, GroupPowerAnswer, GroupsAnswer } from '../../server/api/groups.ts'
import { useWords } from '../api/frame.ts'
import { useList, useRead } from '../api/queries.ts'
import { CsvLink } from '../parts/csv-link.tsx'
import { ListTable, type Column } from '../parts/data-table.tsx'
import { Figures } from '../parts/figures.tsx'
import { Loaded } from '../parts/loaded.tsx'
import { PageHead } from '../parts/page-head.tsx'
import { RowsPending } from '../parts/pending.tsx'
import { Columns, Section } from '../parts/section.tsx'
import { headline, Power } from './groups/power.tsx'
import { Ratio } from './groups/ratio.tsx'

export function GroupsPage() {
  const groups = useRead<GroupsAnswer>('/v1/groups')
  const power = useRead<GroupPowerAnswer>('/v1/groups/power')
  return (
    <Loaded read={groups}>
      {(answer) => (
        <>
          <PageHead title={power.data === undefined ? 'Groups' : headline(power.data)}>
            Some customers are left alone so that one can see what Holdfast earns with the others. Each is
            drawn once, by its top parent account, and stays where it is.
          </PageHead>
          <Sizes answer={answer} />
          <Columns>
            <Section title="What they can show">
              <Loaded read={power} pending={<RowsPending rows={5} />}>
                {(now) => <Power now={now} shares={answer.shares} />}
              </Loaded>
            </Section>
            <Section title="Are they as large as they should be?">
              <Ratio drawn={answer.drawn} decided={answer.decided} />
            </Section>
          </Columns>
          {answer.sizes.exempt > 0 && <Exempt count={answer.sizes.exempt} />}
        </>
      )}
    </Loaded>
  )
}

function Sizes({ answer: { sizes } }: { answer: GroupsAnswer }) {
  const words = useWords()
  const figure = (group: keyof typeof sizes, label: string, note: string) => ({
    key: group,
    label,
    note,
    value: words.count(sizes[group]),
    ...(sizes[group] > 0 ? { href: `/app/customers?group=${group}` } : {}),
  })
  return (
    <Figures
      figures={[
        figure('policy', 'policy group', 'Holdfast decides for them'),
        figure('holdout', 'holdout', 'nothing is done for them'),
        figure('usual', 'business as usual', 'your team does what it always did'),
        figure('exempt', 'exempt', 'left to your team, compared with nobody'),
      ]}
    />
  )
}

function Exempt({ count }: { count: number }) {
  const words = useWords()
  const list = useList<ExemptLineAnswer>('/v1/groups/exempt')
  const columns: readonly Column<ExemptLineAnswer>[] = [
    {
      key: 'customer',
      title: 'Customer',
      phone: 'first',
      cell: (one) => (
        <Link href={`/app/customers/${one.customer}`} className="strong">
          {one.customerName ?? one.externalId}
        </Link>
      ),
    },
    { key: 'responsible', title: 'Responsible', cell: ({ responsible }) => responsible ?? 'nobody' },
    { key: 'parent', title: 'Top parent account', phone: 'never', cell: ({ groupKey }) => groupKey },
  ]
  return (
    <Section title={words.many(count, 'exempt customer')} aside={<CsvLink path="/v1/groups/exempt" />}>
      <ListTable
        caption="Exempt customers"
        columns={columns}
        list={list}
        id={({ customer }) => customer}
        empty={{ title: 'Nobody is exempt' }}
      />
    </Section>
  )
}
