/** The list on the left: whom it is about, what would be done, and until when there is time. */
import { Button, Checkbox } from '@mantine/core'
import { Link, useSearch } from 'wouter'
import { useWords } from '../../api/frame.ts'
import type { ReadList } from '../../api/queries.ts'
import { withQuery } from '../../api/query-string.ts'
import { LevelMark } from '../../parts/level-mark.tsx'
import { nameOfCustomer, type Approval } from './answering.ts'
import style from './approvals.module.css'

export function Inbox({
  list,
  items,
  here,
  chosen,
  toggle,
}: {
  list: Pick<ReadList<Approval>, 'changing' | 'more' | 'fetchingMore' | 'fetchMore'>
  items: readonly Approval[]
  here: string | null
  chosen: ReadonlySet<string>
  /** null: one may only look. */
  toggle: ((id: string) => void) | null
}) {
  return (
    <div className={style.inbox} aria-busy={list.changing}>
      <ul aria-label="What waits for an answer">
        {items.map((one) => (
          <Line
            key={one.id}
            one={one}
            current={one.id === here}
            chosen={chosen.has(one.id)}
            toggle={toggle === null ? null : () => toggle(one.id)}
          />
        ))}
      </ul>
      {list.more && (
        <Button variant="default" size="xs" mt="sm" onClick={list.fetchMore} loading={list.fetchingMore}>
          Show more
        </Button>
      )}
    </div>
  )
}

const INSTEAD: Readonly<Record<NonNullable<Approval['instead']>, string>> = {
  later: 'later',
  waits: 'waits',
  suppressed: 'would be held back',
  not_possible: 'cannot be carried out',
  ends: 'would end',
}

function Line({
  one,
  current,
  chosen,
  toggle,
}: {
  one: Approval
  current: boolean
  chosen: boolean
  toggle: (() => void) | null
}) {
  const words = useWords()
  const search = useSearch()
  const { customer, action, answerBy, instead } = one
  const filters = Object.fromEntries(new URLSearchParams(search))
  const name = nameOfCustomer(one)
  // Most have a week: only what ends within a day says so here.
  const ends = words.ago(new Date(answerBy))
  return (
    <li className={style.line} data-current={current}>
      {toggle !== null && (
        <Checkbox
          size="xs"
          checked={chosen}
          onChange={toggle}
          aria-label={`Choose ${action.name} for ${name}`}
        />
      )}
      <Link
        href={withQuery('/app/approvals', { ...filters, open: one.id })}
        className={style.link}
        data-id={one.id}
        {...(current ? { 'aria-current': 'true' as const } : {})}
      >
        <span className={style.name}>{name}</span>
        <span className={style.value}>
          {customer.valueAtRiskMinor === null || customer.currency === null
            ? ''
            : words.money(customer.valueAtRiskMinor, customer.currency)}
        </span>
        <span className={style.what}>
          {action.name}
          {instead !== null && `, ${INSTEAD[instead]}`}
          {ends.startsWith('in ') && ` · ends ${ends}`}
        </span>
        <span className={style.mark}>
          {customer.level !== null && customer.probability !== null && (
            <LevelMark level={customer.level} probability={customer.probability} />
          )}
        </span>
      </Link>
    </li>
  )
}
