/** The columns that a list of customers may show. */
import type { ReactNode } from 'react'
import { Link } from 'wouter'
import type { CustomerSort } from '../../../contracts/customer-terms.ts'
import type { CustomerColumn } from '../../../contracts/customer-views.ts'
import type { CustomerLineAnswer } from '../../../server/api/customer-lists.ts'
import type { Words } from '../../api/frame.ts'
import type { Column } from '../../parts/data-table.tsx'
import { LEVEL_MARKS, LevelMark } from '../../parts/level-mark.tsx'
import { Day, When } from '../../parts/when.tsx'
import { NOTHING } from '../../words/suggested.ts'
import { STATES, type ActionState } from '../../words/states.ts'
import type { CustomerQuery } from './query.ts'
import { COLUMN_WORDS, GROUP_WORDS, STATUS_WORDS } from './words.ts'
import style from './customers.module.css'

type Line = CustomerLineAnswer

export interface ColumnContext {
  readonly words: Words
  readonly query: CustomerQuery
  connectionName(id: string): string
}

/** The name, and what the view shows besides. */
export function columnsOf(context: ColumnContext): readonly Column<Line>[] {
  const { query } = context
  return [
    {
      key: 'name',
      title: 'Customer',
      phone: 'first',
      width: '20%',
      cell: (line) => <Name line={line} statusShown={query.columns.includes('status')} />,
      ...sortedBy('name', query),
    },
    ...query.columns.map((key): Column<Line> => {
      const { sort, cell, ...rest } = COLUMNS[key]
      return {
        key,
        title: COLUMN_WORDS[key],
        ...rest,
        cell: (line) => cell(line, context),
        ...(sort === undefined ? {} : sortedBy(sort, query)),
      }
    }),
  ]
}

function sortedBy(sort: CustomerSort, query: CustomerQuery): Pick<Column<Line>, 'sort'> {
  const now = query.sort === sort ? query.order : null
  return {
    sort: {
      now: now === null ? null : now === 'asc' ? 'ascending' : 'descending',
      // Pressed again it goes the other way; a new one begins with what matters most.
      choose: () => query.set({ sort, order: now === null ? null : now === 'asc' ? 'desc' : 'asc' }),
    },
  }
}

function Name({ line, statusShown }: { line: Line; statusShown: boolean }) {
  return (
    <>
      <Link href={`/app/customers/${line.id}`} className={`strong ${style.name}`}>
        {line.name ?? line.externalId}
      </Link>
      {line.status !== 'active' && !statusShown && <div className="note">{STATUS_WORDS[line.status]}</div>}
    </>
  )
}

interface Shown {
  readonly sort?: CustomerSort
  readonly figure?: boolean
  readonly phone?: 'first' | 'never'
  readonly width?: string
  cell(line: Line, context: ColumnContext): ReactNode
}

const UNKNOWN = <span className="note">not known</span>

const COLUMNS: Readonly<Record<CustomerColumn, Shown>> = {
  value: {
    sort: 'value',
    figure: true,
    cell: ({ valueAtRiskMinor, currency }, { words }) => money(words, valueAtRiskMinor, currency),
  },
  risk: {
    sort: 'probability',
    phone: 'first',
    cell: ({ level, probability, lowData }) =>
      level === null || probability === null ? (
        <span className="note">not scored</span>
      ) : (
        <span className={style.risk}>
          <LevelMark level={level} probability={probability} />
          {lowData === true && (
            <span className="note" title="Too little is known for this to be relied on">
              little data
            </span>
          )}
        </span>
      ),
  },
  why: {
    width: '30%',
    cell: ({ reasons }) => <div className={style.why}>{reasons[0]?.sentence ?? ''}</div>,
  },
  suggested: {
    cell: ({ decision }, { words }) =>
      decision === null ? (
        ''
      ) : decision.actionKey === NOTHING ? (
        <span className="note">
          nothing<span className="onPhone"> suggested</span>
        </span>
      ) : (
        words.action(decision.actionKey)
      ),
  },
  intervention: {
    cell: ({ intervention }, { words }) =>
      intervention !== null && (
        <>
          {words.action(intervention.actionKey)}
          <div className="note">
            {STATES[intervention.state as ActionState]?.word ?? intervention.state},{' '}
            <When at={intervention.updatedAt} />
          </div>
        </>
      ),
  },
  renewal: {
    sort: 'renewal',
    cell: ({ renewalDate }) =>
      renewalDate !== null && (
        <>
          <span className="onPhone">renews </span>
          <Day date={renewalDate} />
        </>
      ),
  },
  responsible: { cell: ({ responsible }) => responsible ?? <span className="note">nobody</span> },
  changed: {
    sort: 'changed',
    cell: ({ level, levelBefore, levelSince }) =>
      level !== null &&
      levelBefore !== null &&
      levelSince !== null && (
        <>
          {LEVEL_MARKS[levelBefore].word} → {LEVEL_MARKS[level].word}
          <div className="note">
            <When at={levelSince} />
          </div>
        </>
      ),
  },
  group: { cell: ({ group }) => GROUP_WORDS[group] },
  connection: { phone: 'never', cell: ({ connection }, { connectionName }) => connectionName(connection) },
  status: { cell: ({ status }) => STATUS_WORDS[status] },
  data: {
    figure: true,
    cell: ({ dataConfidence, lowData }, { words }) =>
      dataConfidence === null ? (
        UNKNOWN
      ) : (
        <>
          {words.percent(dataConfidence)}
          {lowData === true && <div className="note">little data</div>}
        </>
      ),
  },
  monthly: {
    figure: true,
    cell: ({ monthlyMinor, currency }, { words }) => money(words, monthlyMinor, currency),
  },
}

const money = (words: Words, minor: number | null, currency: string | null): ReactNode =>
  minor === null || currency === null ? UNKNOWN : words.money(minor, currency)
