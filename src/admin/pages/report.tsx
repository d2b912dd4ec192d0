/** How the book stands, to print and to hand on; behind it every customer as CSV. */
import { Button } from '@mantine/core'
import type { ReportAnswer } from '../../server/api/report.ts'
import { useWords, type Words } from '../api/frame.ts'
import { useRead } from '../api/queries.ts'
import { rowsHref } from '../api/rows-href.ts'
import { DataTable, type Column } from '../parts/data-table.tsx'
import { LevelMark } from '../parts/level-mark.tsx'
import { Loaded } from '../parts/loaded.tsx'
import { PageHead } from '../parts/page-head.tsx'
import { Columns, Section } from '../parts/section.tsx'
import { To } from '../parts/to.tsx'
import style from './report.module.css'

const PATH = '/v1/report'

export function ReportPage() {
  const read = useRead<ReportAnswer>(PATH)
  return <Loaded read={read}>{(report) => <Report report={report} />}</Loaded>
}

function Report({ report }: { report: ReportAnswer }) {
  const words = useWords()
  const { company, at, customers, levels, notes, undecided, models, policy, period, periodName } = report
  const high = levels.find(({ level }) => level === 'HIGH')
  return (
    <div className={style.report}>
      <PageHead
        above={
          <span>
            {company} · {words.exact(new Date(at))}
          </span>
        }
        title={titleOf(high, customers, words)}
        actions={
          <>
            <Button component="a" href={`${PATH}?format=csv`} variant="default">
              Download the plan as CSV
            </Button>
            <Button onClick={() => window.print()}>Print</Button>
          </>
        }
      >
        {customers === 0
          ? 'The report stands here once customers are scored.'
          : `${words.many(customers, 'customer')} in the book${undecided === 0 ? '' : `, ${words.count(undecided)} not decided on yet in ${periodName}`}.`}
      </PageHead>
      <ul className={style.notes} aria-label="What has to be known of these figures">
        {notes.map((note) => (
          <li key={note}>{note}</li>
        ))}
      </ul>
      {customers > 0 && (
        <>
          <Columns>
            <Section title="The book by risk">
              <DataTable
                caption="Customers by level"
                columns={levelColumns(words)}
                rows={levels}
                id={({ level }) => level}
              />
            </Section>
            <Section title="What it rests on">
              {models.length === 0 && <p className="second">No model is in charge.</p>}
              {models.map(({ name, version, starter, connections }) => (
                <p key={`${name} ${version}`}>
                  <span className="strong">{name}</span> {version} scores {connections.join(', ')}
                  {starter ? ': a starter model, not trained on these customers.' : '.'}
                </p>
              ))}
              <p className={style.policy}>
                <span className="strong">{policy.name}</span> {policy.version}. {policy.explanation}
              </p>
            </Section>
          </Columns>
          <Section title={`Recommended in ${periodName}`}>
            {report.actions.length === 0 ? (
              <p className="second">Nothing is decided yet.</p>
            ) : (
              <DataTable
                caption="Recommended actions"
                columns={actionColumns(period, words)}
                rows={report.actions}
                id={({ key, currency }) => `${key} ${currency}`}
              />
            )}
          </Section>
          <p className={`note ${style.foot}`}>
            Behind this report: every customer with its tenure, charges, chance to leave, level, recommended
            action and its cost, <a href={`${PATH}?format=csv`}>as CSV</a>. What is not known is blank there,
            never 0.
          </p>
        </>
      )}
    </div>
  )
}

type Level = ReportAnswer['levels'][number]
type Recommended = ReportAnswer['actions'][number]

function titleOf(high: Level | undefined, customers: number, words: Words): string {
  if (customers === 0 || high === undefined) return 'Nobody is scored yet'
  if (high.customers === 0) return 'No customer is at high risk'
  const sums = sumsOf(high, words)
  const who = words.many(high.customers, 'customer')
  return sums === '' ? `${who} at high risk` : `${sums} a year is at risk in ${who}`
}

const sumsOf = ({ atRisk }: Level, words: Words): string =>
  atRisk.map(({ currency, minor }) => words.money(minor, currency)).join(' and ')

function levelColumns(words: Words): readonly Column<Level>[] {
  return [
    { key: 'level', title: 'Level', phone: 'first', cell: ({ level }) => <LevelMark level={level} /> },
    {
      key: 'customers',
      title: 'Customers',
      figure: true,
      phone: 'first',
      cell: ({ level, customers }) => (
        <To href={rowsHref({ list: 'customers', query: { level } })}>{words.count(customers)}</To>
      ),
    },
    { key: 'atRisk', title: 'At risk a year', figure: true, cell: (one) => sumsOf(one, words) || '–' },
    {
      key: 'unknown',
      title: 'Amount not known',
      figure: true,
      cell: ({ unknownAmount }) => (unknownAmount === 0 ? '–' : words.count(unknownAmount)),
    },
  ]
}

function actionColumns(period: string, words: Words): readonly Column<Recommended>[] {
  return [
    { key: 'name', title: 'Action', phone: 'first', cell: ({ name }) => name },
    {
      key: 'customers',
      title: 'Customers',
      figure: true,
      phone: 'first',
      cell: ({ key, customers }) => (
        <To href={rowsHref({ list: 'decisions', query: { period, action: key } })}>
          {words.count(customers)}
        </To>
      ),
    },
    {
      key: 'cost',
      title: 'Cost',
      figure: true,
      cell: ({ costMinor, currency }) => words.money(costMinor, currency),
    },
    {
      key: 'expected',
      title: 'Expected margin',
      figure: true,
      cell: ({ expectedMinor, currency }) => words.gain(expectedMinor, currency),
    },
  ]
}
