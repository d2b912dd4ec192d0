/** Whom to care for first: the most value at risk, why, and what is suggested. */
import { Link } from 'wouter'
import type { OverviewAnswer } from '../../../server/api/overview-shapes.ts'
import { useWords } from '../../api/frame.ts'
import { pageHref, rowsHref } from '../../api/rows-href.ts'
import { DataTable, type Column } from '../../parts/data-table.tsx'
import { LevelMark } from '../../parts/level-mark.tsx'
import { Section } from '../../parts/section.tsx'
import { To } from '../../parts/to.tsx'
import { Day } from '../../parts/when.tsx'
import { NOTHING, stateWord } from '../../words/suggested.ts'
import style from './overview.module.css'

type Line = OverviewAnswer['first'][number]

export function First({ overview: { first, book } }: { overview: OverviewAnswer }) {
  const words = useWords()
  const columns: readonly Column<Line>[] = [
    {
      key: 'name',
      title: 'Customer',
      width: '19%',
      phone: 'first',
      cell: ({ id, name, externalId }) => (
        <Link href={`/app/customers/${id}`} className={`strong ${style.name}`}>
          {name ?? externalId}
        </Link>
      ),
    },
    {
      key: 'value',
      title: 'At risk a year',
      figure: true,
      cell: ({ valueAtRiskMinor, currency }) =>
        valueAtRiskMinor === null || currency === null
          ? 'not known'
          : words.money(valueAtRiskMinor, currency),
    },
    {
      key: 'risk',
      title: 'Risk',
      phone: 'first',
      cell: (one) => <Risk of={one} />,
    },
    {
      key: 'why',
      title: 'Mostly because',
      width: '28%',
      cell: ({ reasons }) => reasons.find(({ raises }) => raises)?.sentence ?? '',
    },
    { key: 'suggested', title: 'Suggested', cell: (one) => <Suggested of={one} /> },
    {
      key: 'renews',
      title: 'Renews',
      phone: 'never',
      cell: ({ renewalDate }) => (
        <span className="nowrap">{renewalDate !== null && <Day date={renewalDate} />}</span>
      ),
    },
    {
      key: 'responsible',
      title: 'Responsible',
      phone: 'never',
      cell: ({ responsible }) => responsible ?? '',
    },
  ]
  const rest = book.customers.count - first.length
  return (
    <Section
      title="Whom to care for first"
      aside={
        rest > 0 ? (
          <To href={rowsHref(book.customers.rows)}>All {words.count(book.customers.count)} customers</To>
        ) : undefined
      }
    >
      <DataTable
        caption="Customers, those with the most to lose first"
        columns={columns}
        rows={first}
        id={({ id }) => id}
      />
    </Section>
  )
}

/** A move that shows in whole points. */
const MOVED = 0.005

function Risk({ of: { level, probability, was } }: { of: Line }) {
  const words = useWords()
  if (level === null || probability === null) return null
  return (
    <>
      <LevelMark level={level} probability={probability} />
      {was !== null && Math.abs(was - probability) >= MOVED && (
        <span className={style.was}> was {words.percent(was)}</span>
      )}
    </>
  )
}

function Suggested({ of: { decision, intervention, group } }: { of: Line }) {
  const words = useWords()
  if (group !== 'policy') return <span className={style.peace}>Left as it is, to compare with</span>
  if (decision === null) return <span className={style.peace}>Not decided yet</span>
  if (decision.actionKey === NOTHING) return <span className={style.peace}>Left in peace</span>
  const state = intervention?.actionKey === decision.actionKey ? stateWord(intervention.state) : null
  const waits = intervention?.state === 'awaiting_approval' ? pageHref('/app/approvals') : undefined
  return (
    <>
      {words.action(decision.actionKey)}
      {decision.expectedValueMinor !== null && (
        <span className={`note ${style.worth}`}>
          {words.gain(decision.expectedValueMinor, decision.currency)}
        </span>
      )}
      {state !== null && (
        <span className={style.state}>
          <To href={waits}>{state}</To>
        </span>
      )}
    </>
  )
}
