/** The sentence that one came for: what is at risk, in money and customers; what it rests on, right below. */
import type { ReactNode } from 'react'
import type { OverviewAnswer } from '../../../server/api/overview-shapes.ts'
import { useWords } from '../../api/frame.ts'
import { pageHref, rowsHref } from '../../api/rows-href.ts'
import { PageHead } from '../../parts/page-head.tsx'
import { To } from '../../parts/to.tsx'
import { capital } from '../../words/formats.ts'
import { sumText } from '../../words/sums.ts'
import { Freshness } from './freshness.tsx'
import style from './overview.module.css'

export function BookHead({ overview }: { overview: OverviewAnswer }) {
  const { book, connections } = overview
  const words = useWords()
  const { count, rows } = book.high.customers
  const customers = <To href={rowsHref(rows)}>{words.many(count, 'customer')}</To>
  return (
    <>
      <PageHead
        above={<Freshness connections={connections} />}
        title={
          count === 0 ? (
            'No customer is at high risk'
          ) : book.high.atRisk.byCurrency.length === 0 ? (
            <>{customers} are at high risk</>
          ) : (
            <>
              {capital(sumText(book.high.atRisk, words))} a year is at risk in {customers}
            </>
          )
        }
      >
        <Lead overview={overview} />
      </PageHead>
      <Grounds overview={overview} />
    </>
  )
}

function Lead({ overview: { book, changes } }: { overview: OverviewAnswer }) {
  const words = useWords()
  const { high, customers, atRisk } = book
  const all = <To href={rowsHref(customers.rows)}>{words.many(customers.count, 'scored customer')}</To>
  return (
    <p>
      {high.customers.count > 0 && (
        <>
          They are {words.percent(high.customers.count / customers.count)} of {all}
          {high.share !== null && (
            <>
              , and what they may take with them is {words.percent(high.share)} of the{' '}
              {sumText(book.yearly, words, 'roughly')} that the book pays a year
            </>
          )}
          .{' '}
        </>
      )}
      {atRisk.byCurrency.length > 0 && (
        <>
          Over {high.customers.count > 0 ? 'all customers' : all} {sumText(atRisk, words)} is at risk: what
          each pays a year times its chance to leave.{' '}
        </>
      )}
      {changes !== null && <Since changes={changes} />}
    </p>
  )
}

function Since({ changes }: { changes: NonNullable<OverviewAnswer['changes']> }) {
  const words = useWords()
  const { became, recovered, since } = changes
  const { renewing } = became
  if (became.customers === 0 && recovered.customers === 0)
    return <>Since {words.day(since.slice(0, 10))} nobody became high risk, and nobody recovered.</>
  return (
    <>
      Since {words.day(since.slice(0, 10))}{' '}
      <To href={became.customers === 0 ? undefined : rowsHref(became.rows)}>
        {words.many(became.customers, 'customer')}
      </To>{' '}
      became high risk and{' '}
      <To href={recovered.customers === 0 ? undefined : rowsHref(recovered.rows)}>
        {words.count(recovered.customers)}
      </To>{' '}
      recovered
      {renewing.customers > 0 && (
        <>
          ; <To href={rowsHref(renewing.rows)}>{words.count(renewing.customers)}</To> of the{' '}
          {words.count(became.customers)} renew within {renewing.days} days
        </>
      )}
      .
    </>
  )
}

/** What one has to know of the figures: said here, not in a footnote. */
function Grounds({ overview }: { overview: OverviewAnswer }) {
  const words = useWords()
  const { flags, book, connections } = overview
  const model = pageHref('/app/model')
  const sandboxes = connections.filter(({ sandbox, status }) => sandbox && status === 'active')
  const grounds: { key: string; word: string; text: ReactNode }[] = []
  if (sandboxes.length > 0)
    grounds.push({
      key: 'sandbox',
      word: 'Made up',
      text: `${sandboxes.map(({ name }) => name).join(' and ')} ${sandboxes.length === 1 ? 'is a sandbox: its' : 'are sandboxes: their'} customers are invented.`,
    })
  if (flags.starter)
    grounds.push({
      key: 'starter',
      word: 'Starter model',
      text: (
        <>
          It ranks by what is usual elsewhere, and nobody has measured it on your customers. Take the order
          rather than the percentage. {model !== undefined && <To href={model}>About the model</To>}
        </>
      ),
    })
  if (flags.snapshot)
    grounds.push({
      key: 'snapshot',
      word: 'Snapshot',
      text: 'Scores say how likely customers are to leave, not by when.',
    })
  if (flags.lowData.customers > 0)
    grounds.push({
      key: 'low',
      word: 'Low data',
      text: (
        <>
          <To href={rowsHref(flags.lowData.rows)}>{words.many(flags.lowData.customers, 'customer')}</To>{' '}
          {flags.lowData.customers === 1 ? 'is' : 'are'} scored from too little to rely on it.
        </>
      ),
    })
  if (book.unvalued > 0)
    grounds.push({
      key: 'unvalued',
      word: 'Not in the sums',
      text: `What ${words.many(book.unvalued, 'customer')} ${book.unvalued === 1 ? 'pays' : 'pay'} is not known.`,
    })
  if (flags.stale)
    grounds.push({
      key: 'stale',
      word: 'Out of date',
      text: 'A connection was read longer ago than its schedule allows.',
    })
  if (grounds.length === 0) return null
  return (
    <dl className={style.grounds} aria-label="What these figures rest on">
      {grounds.map(({ key, word, text }) => (
        <div key={key}>
          <dt>{word}</dt>
          <dd>{text}</dd>
        </div>
      ))}
    </dl>
  )
}
