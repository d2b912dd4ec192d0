/** What people said to suggestions on the record in the CRM: how often they were not right, and why; each answer below. */
import { Select } from '@mantine/core'
import { Link } from 'wouter'
import { NOT_RIGHT } from '../../contracts/rep-answers.ts'
import type { RepAnswerCountsAnswer, RepAnswerLineAnswer } from '../../server/api/rep-answers.ts'
import { useWords } from '../api/frame.ts'
import { useList, useRead } from '../api/queries.ts'
import { useFilters, withQuery } from '../api/query-string.ts'
import { Back } from '../parts/back.tsx'
import { CsvLink } from '../parts/csv-link.tsx'
import { ListTable, type Column } from '../parts/data-table.tsx'
import { Loaded } from '../parts/loaded.tsx'
import { PageHead } from '../parts/page-head.tsx'
import { When } from '../parts/when.tsx'
import { actorWords } from '../words/states.ts'
import style from './actions/actions.module.css'
import { WhyNotRight } from './actions/not-right.tsx'

const ANSWERS: Readonly<Record<RepAnswerLineAnswer['answer'], string>> = {
  approve: 'Approved',
  snooze: 'Snoozed',
  not_right: 'Not right',
}

export function RepAnswersPage() {
  const words = useWords()
  const [filters, setFilters] = useFilters()
  const { from, to } = filters
  const span = { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) }
  const counts = useRead<RepAnswerCountsAnswer>(withQuery('/v1/rep-answers/counts', span))
  const list = useList<RepAnswerLineAnswer>(withQuery('/v1/rep-answers', filters))
  const columns: readonly Column<RepAnswerLineAnswer>[] = [
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
    { key: 'suggested', title: 'Suggested', phone: 'never', cell: ({ actionName }) => actionName },
    {
      key: 'answer',
      title: 'Answer',
      phone: 'first',
      cell: ({ answer, until }) =>
        until === null ? ANSWERS[answer] : `${ANSWERS[answer]} until ${words.day(new Date(until))}`,
    },
    {
      key: 'why',
      title: 'Why',
      width: '36%',
      cell: ({ words: why, note }) => [why, note].filter((part) => part !== null).join('. '),
    },
    { key: 'who', title: 'Who', phone: 'never', cell: ({ actor }) => actorWords(actor) },
    { key: 'at', title: 'When', figure: true, cell: ({ at }) => <When at={at} /> },
  ]
  return (
    <>
      <Loaded read={counts}>{(answer) => <Head counts={answer} />}</Loaded>
      <div className={style.filters}>
        <Select
          aria-label="Which answers"
          placeholder="Every answer"
          w={200}
          clearable
          clearButtonProps={{ 'aria-label': 'Every answer' }}
          data={Object.entries(ANSWERS).map(([value, label]) => ({ value, label }))}
          value={filters['answer'] ?? null}
          onChange={(answer) => setFilters({ answer, reason: null })}
        />
        <Select
          aria-label="Why it was not right"
          placeholder="Whatever the reason"
          w={280}
          clearable
          clearButtonProps={{ 'aria-label': 'Whatever the reason' }}
          data={NOT_RIGHT.map(({ key, label }) => ({ value: key, label }))}
          value={filters['reason'] ?? null}
          onChange={(reason) => setFilters({ reason, answer: reason === null ? null : 'not_right' })}
        />
        <span className={style.end}>
          <CsvLink path="/v1/rep-answers" filters={filters} />
        </span>
      </div>
      <ListTable
        caption="Answers on the record, newest first"
        columns={columns}
        list={list}
        id={({ id }) => id}
        empty={{
          title: 'No answers yet',
          text: 'What people approve, snooze or take back on the record in the CRM comes here.',
        }}
      />
    </>
  )
}

function Head({ counts: { approved, snoozed, notRight } }: { counts: RepAnswerCountsAnswer }) {
  const words = useWords()
  const all = approved.count + snoozed.count + notRight.count
  return (
    <>
      <PageHead
        above={<Back href="/app/actions">Actions</Back>}
        title={
          notRight.count > 0
            ? `Not right ${notRight.count === 1 ? 'once' : `${words.count(notRight.count)} times`}, of ${words.many(all, 'answer')}`
            : all > 0
              ? `${words.many(all, 'answer')}, and none said that a suggestion was not right`
              : 'Nobody has answered on the record yet'
        }
      >
        {all > 0 && (
          <>
            {words.count(approved.count)} approved, {words.count(snoozed.count)} snoozed. What is not right is
            never carried out.
          </>
        )}
      </PageHead>
      {notRight.count > 0 && <WhyNotRight counts={{ approved, snoozed, notRight }} />}
    </>
  )
}
