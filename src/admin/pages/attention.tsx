/** Needs a look: what waits until a person does something, what it means for the customers, and the buttons that end it. */
import { Link } from 'wouter'
import type { AttentionAnswer } from '../../server/api/attention.ts'
import { useMay, useWords } from '../api/frame.ts'
import { useRead } from '../api/queries.ts'
import { listHref } from '../api/rows-href.ts'
import { Empty } from '../parts/empty.tsx'
import { Loaded } from '../parts/loaded.tsx'
import { PageHead } from '../parts/page-head.tsx'
import { Section } from '../parts/section.tsx'
import { FailedActions, UncertainActions } from './attention/looked-at.tsx'
import { Thing } from './attention/thing.tsx'

/** Milliseconds after which it is asked again: somebody else may be at it. */
const EVERY_MS = 30_000

export function AttentionPage() {
  const read = useRead<AttentionAnswer>('/v1/attention', { everyMs: EVERY_MS })
  return (
    <Loaded read={read}>
      {(answer) => (
        <>
          <Head answer={answer} />
          {answer.count === 0 && (
            <Empty title="All is well">
              What fails, what nobody can say whether it went out, and what waits for somebody comes here,
              with what to do about it.
            </Empty>
          )}
          {answer.items.map((item) => (
            <Thing key={item.key} item={item} />
          ))}
          {answer.uncertain.count > 0 && (
            <Section title="Nobody can say whether these went out" aside={<All {...answer.uncertain} />}>
              <UncertainActions items={answer.uncertain.items} />
            </Section>
          )}
          {answer.failed.count > 0 && (
            <Section title="These did not go out" aside={<All {...answer.failed} />}>
              <FailedActions items={answer.failed.items} />
            </Section>
          )}
        </>
      )}
    </Loaded>
  )
}

function Head({ answer: { count, items } }: { answer: AttentionAnswer }) {
  const words = useWords()
  const may = useMay('operator')
  const bad = items.filter(({ tone }) => tone === 'bad').length
  return (
    <PageHead
      title={
        count === 0 ? 'Nothing needs a look' : `${words.many(count, 'thing needs', 'things need')} a look`
      }
    >
      {count > 0 &&
        (bad === 0
          ? 'No customer is affected now; each waits until somebody does something.'
          : `${words.many(bad, 'of them affects', 'of them affect')} customers now.`)}
      {!may && count > 0 && ' Operators and admins can do something about it; you may look.'}
    </PageHead>
  )
}

function All({ count, list, items }: { count: number; list: string; items: readonly unknown[] }) {
  const words = useWords()
  const at = listHref(list)
  if (at === undefined) return null
  return <Link href={at}>{count > items.length ? `All ${words.count(count)}` : 'As a list'}</Link>
}
