/** Why suggestions were not right, as people said it on the record in the CRM: most first, each with its rows. */
import type { RepAnswerCountsAnswer } from '../../../server/api/rep-answers.ts'
import { useWords } from '../../api/frame.ts'
import { useRead } from '../../api/queries.ts'
import { withQuery } from '../../api/query-string.ts'
import { listHref } from '../../api/rows-href.ts'
import { Bars } from '../../parts/bars.tsx'
import { Section } from '../../parts/section.tsx'

/** Of the days that the funnel is of; nothing where nobody said so. */
export function NotRight({ from, to }: { from: string; to: string }) {
  const { data } = useRead<RepAnswerCountsAnswer>(withQuery('/v1/rep-answers/counts', { from, to }))
  return data === undefined || data.notRight.count === 0 ? null : <WhyNotRight counts={data} />
}

export function WhyNotRight({ counts: { notRight } }: { counts: RepAnswerCountsAnswer }) {
  const words = useWords()
  const times = notRight.count === 1 ? 'once' : `${words.count(notRight.count)} times`
  const title = `Why a suggestion was not right, said ${times} on the record`
  return (
    <Section title={title}>
      <Bars
        caption={title}
        bars={notRight.reasons.map(({ reason, words: why, count, list }) => {
          const href = listHref(list)
          return {
            key: reason,
            label: why,
            value: count,
            text: words.count(count),
            color: 'third' as const,
            ...(href === undefined ? {} : { href }),
          }
        })}
      />
    </Section>
  )
}
