/** What the scores say at a glance: customers and money by level, and those with the most to lose. */
import { Link } from 'wouter'
import { LEVELS, type Level } from '../../../contracts/customer-terms.ts'
import type { CustomerLineAnswer } from '../../../server/api/customer-lists.ts'
import type { LevelDraftAnswer } from '../../../server/api/setup-drafts.ts'
import type { SettingsAnswer } from '../../../server/api/settings-shapes.ts'
import { useAsked } from '../../api/asked.ts'
import { useWords } from '../../api/frame.ts'
import { useRead } from '../../api/queries.ts'
import { DataTable, type Column } from '../../parts/data-table.tsx'
import { Figures } from '../../parts/figures.tsx'
import { LEVEL_MARKS, LevelMark } from '../../parts/level-mark.tsx'
import { Loaded } from '../../parts/loaded.tsx'
import { BlockPending, RowsPending } from '../../parts/pending.tsx'
import { Section } from '../../parts/section.tsx'

interface Lines {
  readonly items: readonly CustomerLineAnswer[]
}

export function ScorePreview() {
  const settings = useRead<SettingsAnswer>('/v1/settings')
  const levels = (settings.data?.settings as { readonly levels?: unknown } | undefined)?.levels
  const counted = useAsked<LevelDraftAnswer>(levels === undefined ? null : '/v1/setup/levels', { levels })
  const first = useRead<Lines>('/v1/customers?limit=5')
  return (
    <Section title="What the scores say" aside={<Link href="/app/customers">All customers</Link>}>
      <Loaded read={counted} pending={<BlockPending height={58} />}>
        {(answer) => <Counts answer={answer} />}
      </Loaded>
      <Loaded read={first} pending={<RowsPending rows={5} />}>
        {({ items }) => <First items={items} />}
      </Loaded>
    </Section>
  )
}

function Counts({ answer: { connections } }: { answer: LevelDraftAnswer }) {
  const words = useWords()
  const of = (level: Level) => connections.flatMap((one) => one.levels.filter((line) => line.level === level))
  if (connections.length === 0) return <p className="second">Nobody is scored yet.</p>
  return (
    <Figures
      figures={LEVELS.map((level) => {
        const lines = of(level)
        const sums = Map.groupBy(
          lines.flatMap(({ money }) => money),
          ({ currency }) => currency,
        )
        const money = [...sums].flatMap(([currency, rows]) => {
          const sum = rows.reduce((all, { valueAtRiskMinor }) => all + valueAtRiskMinor, 0)
          return currency === null || sum === 0 ? [] : [words.money(sum, currency)]
        })
        return {
          key: level,
          label: `${LEVEL_MARKS[level].mark} ${LEVEL_MARKS[level].word} risk`,
          value: words.many(
            lines.reduce((all, { customers }) => all + customers, 0),
            'customer',
          ),
          href: `/app/customers?level=${level}`,
          note: money.length === 0 ? undefined : `${money.join(' and ')} at risk`,
        }
      })}
    />
  )
}

function First({ items }: Lines) {
  const words = useWords()
  const columns: readonly Column<CustomerLineAnswer>[] = [
    {
      key: 'name',
      title: 'Most to lose',
      phone: 'first',
      cell: (one) => <Link href={`/app/customers/${one.id}`}>{one.name ?? one.externalId}</Link>,
    },
    {
      key: 'value',
      title: 'Value at risk',
      figure: true,
      cell: (one) =>
        one.valueAtRiskMinor === null || one.currency === null
          ? 'not known'
          : words.money(one.valueAtRiskMinor, one.currency),
    },
    {
      key: 'risk',
      title: 'Risk',
      phone: 'first',
      cell: ({ level, probability }) =>
        level === null || probability === null ? (
          'not scored'
        ) : (
          <LevelMark level={level} probability={probability} />
        ),
    },
    { key: 'why', title: 'Mostly because', cell: (one) => one.reasons[0]?.sentence ?? '' },
  ]
  return items.length === 0 ? null : (
    <DataTable caption="Those with the most to lose" columns={columns} rows={items} id={({ id }) => id} />
  )
}
