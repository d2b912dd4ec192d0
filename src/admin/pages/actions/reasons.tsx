/** What was held back and put off, and why, most frequent first. */
import type { FunnelAnswer } from '../../../server/api/funnel.ts'
import { useWords } from '../../api/frame.ts'
import { listHref } from '../../api/rows-href.ts'
import { Bars } from '../../parts/bars.tsx'
import { Columns, Section } from '../../parts/section.tsx'
import { capital } from '../../words/formats.ts'

interface Because {
  readonly code: string | null
  readonly words: string
  readonly count: number
  readonly list: string
}

export function Reasons({ funnel: { total } }: { funnel: FunnelAnswer }) {
  const words = useWords()
  const { decided, made } = total
  const parts: readonly (readonly [title: string, about: string, reasons: readonly Because[]])[] = [
    [
      `Why nothing was possible for ${words.count(decided.heldBack.count)}`,
      'What spoke against the action that would have been worth most.',
      decided.heldBack.reasons,
    ],
    [
      `Why ${words.count(made.heldBack.count)} were held back`,
      'They were made, and something spoke against them when they were due.',
      made.heldBack.reasons,
    ],
    [
      `Why ${words.count(made.putOff.count)} are put off`,
      'They are looked at again by themselves.',
      made.putOff.reasons,
    ],
    [
      `Why ${words.count(made.ended.count)} ended`,
      'Rejected, cancelled, or their time passed.',
      made.ended.reasons,
    ],
  ]
  const shown = parts.filter(([, , reasons]) => reasons.length > 0)
  if (shown.length === 0) return null
  return (
    <Columns>
      {shown.map(([title, about, reasons]) => (
        <Section key={title} title={title}>
          <p className="note">{about}</p>
          <Bars
            caption={title}
            bars={reasons.map(({ code, words: why, count, list }) => {
              const href = listHref(list)
              return {
                key: `${code} ${list}`,
                label: capital(why),
                value: count,
                text: words.count(count),
                color: 'third' as const,
                ...(href === undefined ? {} : { href }),
              }
            })}
          />
        </Section>
      ))}
    </Columns>
  )
}
