/** Decisions one by one, under the filters of the address: whom something was chosen for, and why not for the others. */
import { MultiSelect } from '@mantine/core'
import { Link } from 'wouter'
import type { DecisionLineAnswer } from '../../server/api/decisions.ts'
import { useWords } from '../api/frame.ts'
import { useList } from '../api/queries.ts'
import { useFilters, withQuery } from '../api/query-string.ts'
import { Back } from '../parts/back.tsx'
import { CsvLink } from '../parts/csv-link.tsx'
import { ListTable, type Column } from '../parts/data-table.tsx'
import { LevelMark } from '../parts/level-mark.tsx'
import { PageHead } from '../parts/page-head.tsx'
import { Day } from '../parts/when.tsx'
import { capital } from '../words/formats.ts'
import { groupWord, MoreFilters, stageWord } from './actions/more-filters.tsx'
import { OneDecision } from './actions/one-decision.tsx'
import style from './actions/actions.module.css'

const STAGES = ['compared', 'unvalued', 'not_worth', 'held_back', 'passed_over', 'chosen'] as const

export function DecisionListPage() {
  const words = useWords()
  const [{ open, ...filters }, setFilters] = useFilters()
  const list = useList<DecisionLineAnswer>(withQuery('/v1/decisions', filters))
  const stages = (filters['stage'] ?? '').split(',').filter((one) => STAGES.some((stage) => stage === one))
  const columns: readonly Column<DecisionLineAnswer>[] = [
    {
      key: 'customer',
      title: 'Customer',
      phone: 'first',
      cell: (one) => (
        <Link href={`/app/customers/${one.customer}`} className="strong">
          {one.customerName ?? `Customer ${one.customer}`}
        </Link>
      ),
    },
    {
      key: 'risk',
      title: 'Risk then',
      phone: 'first',
      cell: (one) => <LevelMark level={one.level} probability={one.probability} />,
    },
    {
      key: 'what',
      title: 'What was decided',
      width: '40%',
      cell: (one) => (
        <button
          type="button"
          className={one.stage === 'chosen' ? style.row : `${style.row} ${style.quiet}`}
          onClick={() => setFilters({ open: String(one.id) })}
        >
          {resultOf(one, words.action)}
        </button>
      ),
    },
    {
      key: 'expected',
      title: 'Expected',
      figure: true,
      cell: (one) =>
        one.stage === 'chosen' && one.expectedValueMinor !== null
          ? words.gain(one.expectedValueMinor, one.currency)
          : '',
    },
    {
      key: 'cost',
      title: 'Cost',
      figure: true,
      phone: 'never',
      cell: (one) => (one.stage === 'chosen' ? words.money(one.plannedCostMinor, one.currency) : ''),
    },
    {
      key: 'at',
      title: 'Decided',
      figure: true,
      cell: (one) => <Day date={one.decidedAt.slice(0, 10)} />,
    },
  ]
  return (
    <>
      <PageHead above={<Back href="/app/actions">Actions</Back>} title="Decisions one by one">
        One for each customer and period: what was chosen, or why nothing was.
      </PageHead>
      <div className={style.filters}>
        <MultiSelect
          aria-label="How far it got"
          placeholder={stages.length === 0 ? 'Whatever came of it' : ''}
          w={stages.length > 1 ? 420 : 300}
          clearable
          clearButtonProps={{ 'aria-label': 'Whatever came of it' }}
          data={STAGES.map((value) => ({ value, label: capital(stageWord(value)) }))}
          value={stages}
          onChange={(wanted) => setFilters({ stage: wanted.join(',') || null, reason: null })}
        />
        <span className={style.end}>
          <CsvLink path="/v1/decisions" filters={filters} />
        </span>
      </div>
      <MoreFilters filters={without(filters, 'stage')} setFilters={setFilters} />
      <ListTable
        caption="Decisions, newest first"
        columns={columns}
        list={list}
        id={({ id }) => id}
        empty={{
          title: 'No decision is like that',
          text: 'Customers are decided on once a period, after they were scored. Take a filter away to see others.',
        }}
      />
      <OneDecision id={open ?? null} close={() => setFilters({ open: null })} />
    </>
  )
}

function resultOf(
  { stage, actionKey, leadAction, heldWords, group }: DecisionLineAnswer,
  action: (key: string) => string,
): string {
  if (stage === 'chosen') return action(actionKey)
  if (stage === 'held_back')
    return `Nothing: for “${action(leadAction)}” ${heldWords ?? 'something spoke against it'}`
  if (stage === 'passed_over') return `Nothing: “${action(leadAction)}” was passed over`
  if (stage === 'compared') return `Nothing: ${groupWord(group)}, to compare with`
  return `Nothing: ${stageWord(stage)}`
}

const without = (filters: Readonly<Record<string, string>>, name: string): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(filters).filter(([key]) => key !== name))
