/** What if: other costs, durations and limits over the whole book, beside the plan as it is. Nothing is saved. */
import { Button, Group } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { useEffect, useState } from 'react'
import { Link } from 'wouter'
import { useWords, type Words } from '../api/frame.ts'
import { useAsk, useSend } from '../api/queries.ts'
import { useFilters } from '../api/query-string.ts'
import { Refusal } from '../api/request.ts'
import { Empty } from '../parts/empty.tsx'
import { Failure } from '../parts/loaded.tsx'
import { Notice } from '../parts/notice.tsx'
import { PageHead } from '../parts/page-head.tsx'
import { PagePending } from '../parts/pending.tsx'
import { Section } from '../parts/section.tsx'
import { When } from '../parts/when.tsx'
import type { WhatIfAnswer } from '../../server/api/what-if-shapes.ts'
import { ByAction } from './what-if/by-action.tsx'
import { changeIn, changeText, NOTHING_CHANGED, type Change } from './what-if/change.ts'
import { Knobs } from './what-if/knobs.tsx'
import { Movers } from './what-if/movers.tsx'
import { Outcome } from './what-if/outcome.tsx'
import { Sweep } from './what-if/sweep.tsx'
import style from './what-if/what-if.module.css'

export function WhatIfPage() {
  const [filters, setFilters] = useFilters()
  const [change, setChange] = useState<Change>(() => changeIn(filters['change']))
  const [asked] = useDebouncedValue(change, 150)
  const text = changeText(asked)
  useEffect(() => {
    setFilters({ change: text }, { replace: true })
  }, [text, setFilters])
  const answer = useAsk<WhatIfAnswer>('/v1/what-if', { change: asked })
  // What was refused takes nothing away: the answer before stands until there is another.
  const [before, setBefore] = useState<WhatIfAnswer | null>(null)
  if (answer.data !== undefined && answer.data !== before) setBefore(answer.data)
  const data = answer.data ?? before
  if (data === null)
    return answer.error === null ? (
      <Reading />
    ) : (
      <Failed
        error={answer.error}
        changed={text !== null}
        retry={() => void answer.refetch()}
        reset={() => setChange(NOTHING_CHANGED)}
      />
    )
  return (
    <>
      <Head answer={data} changed={text !== null} reset={() => setChange(NOTHING_CHANGED)} />
      {answer.error !== null && (
        <Notice tone="bad" title="This change cannot be tried">
          {answer.error.message} What stands here is of the change before.
        </Notice>
      )}
      {data.warnings.length > 0 && (
        <Notice tone="wait" title="Before you trust these figures">
          {data.warnings.map((warning) => (
            <p key={warning}>{warning}</p>
          ))}
        </Notice>
      )}
      <div className={style.desk}>
        <Section title="What would be different">
          <Knobs base={data.base} now={data.now} currency={data.currency} change={change} set={setChange} />
        </Section>
        <Section title="What would come of it">
          <Outcome answer={data} />
        </Section>
      </div>
      <ByAction answer={data} change={change} set={setChange} />
      <Sweep answer={data} change={asked} />
      <Movers answer={data} change={asked} />
      <Section title="What has to hold for these figures to hold">
        <ul className={style.list}>
          {data.assumptions.map((one) => (
            <li key={one}>{one}</li>
          ))}
        </ul>
      </Section>
    </>
  )
}

function Head({ answer, changed, reset }: { answer: WhatIfAnswer; changed: boolean; reset: () => void }) {
  const words = useWords()
  const fresh = useSend(() => ({ path: '/v1/what-if', body: { change: NOTHING_CHANGED, fresh: true } }), {
    changed: ['/v1/what-if'],
    done: 'The book was read anew.',
  })
  return (
    <PageHead
      title={sentence(answer, changed, words)}
      above={
        <span>
          {words.many(answer.customers, 'customer')}, read <When at={answer.asOf} />
        </span>
      }
      actions={
        <>
          <Button variant="default" onClick={reset} disabled={!changed}>
            Back to how it is
          </Button>
          <Button variant="default" onClick={() => fresh.send(undefined)} loading={fresh.busy}>
            Read the book anew
          </Button>
        </>
      }
    >
      Tried out on the whole book, with the code that decides. Nothing is saved here and nothing is sent; what
      counts is in the <Link href="/app/settings">settings</Link>.
    </PageHead>
  )
}

function sentence(
  { now, changed, moved, currency, base }: WhatIfAnswer,
  tried: boolean,
  words: Words,
): string {
  const money = (minor: number): string => words.money(minor, currency)
  if (!tried)
    return `As it is, ${words.many(now.acted, 'customer')} would get an action this ${base.period} for ${money(now.spendMinor)}, worth ${money(now.expectedMinor)}`
  if (moved === 0) return 'Nobody would be treated otherwise'
  const spend = changed.spendMinor - now.spendMinor
  const worth = changed.expectedMinor - now.expectedMinor
  return `${words.many(moved, 'customer')} would be treated otherwise: ${difference(spend, money)} spent, ${difference(worth, money)} margin expected`
}

const difference = (minor: number, money: (minor: number) => string): string =>
  minor === 0 ? 'as much' : `${money(Math.abs(minor))} ${minor > 0 ? 'more' : 'less'}`

function Reading() {
  return (
    <>
      <p className="second" aria-live="polite">
        The whole book is being read; for a large one that takes some seconds.
      </p>
      <PagePending />
    </>
  )
}

function Failed({
  error,
  changed,
  retry,
  reset,
}: {
  error: Error
  changed: boolean
  retry: () => void
  reset: () => void
}) {
  if (error instanceof Refusal && error.problem.code === 'too_few_rows')
    return (
      <Empty
        title="Nobody has a score to decide on right now"
        action={
          <Group>
            <Button onClick={retry}>Look again</Button>
            <Button component={Link} href="/app/connections" variant="default">
              Look at the connections
            </Button>
          </Group>
        }
      >
        Either nobody was scored yet, or everybody is being scored anew, as after another model took over;
        that takes some minutes. Then you can try other costs, durations and limits on all of them here.
      </Empty>
    )
  return (
    <>
      <PageHead title="This cannot be tried out" />
      <Failure error={error} retry={retry} />
      {changed && (
        <Button variant="default" onClick={reset}>
          Back to how it is
        </Button>
      )}
    </>
  )
}
