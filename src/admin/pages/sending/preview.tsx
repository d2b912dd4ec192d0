/** What would be sent today, made on the spot with nothing written: in a sentence, by action, why not the others, and what they would say. */
import { Button, Loader } from '@mantine/core'
import { useState } from 'react'
import type { PreviewAnswer } from '../../../server/api/preview.ts'
import type { Standing } from '../../../server/api/control.ts'
import { useWords } from '../../api/frame.ts'
import { useRead, useSend } from '../../api/queries.ts'
import { Failure } from '../../parts/loaded.tsx'
import { Notice } from '../../parts/notice.tsx'
import { Section } from '../../parts/section.tsx'
import { When } from '../../parts/when.tsx'
import { sentence, withoutSetting } from '../../words/states.ts'
import { PreviewActions, PreviewReasons } from './preview-tables.tsx'
import { PreviewExamples } from './preview-examples.tsx'

export type Outcome = keyof PreviewAnswer['actions'][number]['would']

export interface Previewing {
  readonly answer: PreviewAnswer | null
  readonly busy: boolean
  readonly error: Error | null
  readonly delivery: Standing['delivery'] | null
  look(book: 'today' | 'whole'): void
}

export function usePreview(): Previewing {
  const [answer, keep] = useState<PreviewAnswer | null>(null)
  const standing = useRead<Standing>('/v1/standing')
  const { send, busy, error } = useSend<'today' | 'whole', PreviewAnswer>(
    (book) => ({ path: '/v1/preview', body: { book } }),
    // It writes nothing: nothing answers otherwise now.
    { changed: [], quiet: true, after: keep },
  )
  return { answer, busy, error, delivery: standing.data?.delivery ?? null, look: send }
}

/** Actions of which a preview says that this would become. */
export const sumOf = ({ actions }: PreviewAnswer, outcome: Outcome): number =>
  actions.reduce((sum, { would }) => sum + would[outcome], 0)

export function PreviewPart({
  preview: { answer, busy, error, look: again },
  activated,
  look,
}: {
  preview: Previewing
  activated: boolean
  look: (whole: boolean) => void
}) {
  if (busy)
    return (
      <Section title="What would be sent today">
        <output aria-busy="true" style={{ display: 'flex', gap: 12, alignItems: 'center', minHeight: 60 }}>
          <Loader size="xs" />
          <span className="second">
            Everybody is decided on and judged as in earnest, with nothing written. That takes some seconds.
          </span>
        </output>
      </Section>
    )
  if (error !== null)
    return (
      <Section title="What would be sent today">
        <Failure error={error} retry={() => again('today')} />
      </Section>
    )
  if (answer === null) return null
  return (
    <Section
      title="What would be sent today"
      aside={
        <>
          made <When at={answer.at} />
        </>
      }
    >
      <Said answer={answer} />
      {answer.missing.length > 0 && (
        <Notice tone="wait" title="None of it reaches a customer yet">
          {answer.missing.map((one) => (
            <p key={one}>{sentence(withoutSetting(one))}</p>
          ))}
        </Notice>
      )}
      <PreviewActions answer={answer} />
      <PreviewReasons answer={answer} />
      <PreviewExamples answer={answer} />
      {activated && (
        <Button variant="subtle" size="xs" mt="sm" onClick={() => look(answer.book === 'today')}>
          {answer.book === 'today' ? 'Look at the whole book' : 'Look at today only'}
        </Button>
      )}
    </Section>
  )
}

function Said({ answer }: { answer: PreviewAnswer }) {
  const words = useWords()
  const { book, customers, nothing, plannedCostMinor, currency } = answer
  const [goes, asks, later] = [sumOf(answer, 'send'), sumOf(answer, 'approval'), sumOf(answer, 'later')]
  const whom =
    book === 'whole'
      ? `Over ${words.many(customers, 'customer')}, as if actions were turned on and everybody decided on now.`
      : customers === 0
        ? 'Everybody is decided on for now; this is what is open and due today.'
        : `What is open and due today, and ${words.many(customers, 'customer who is', 'customers who are')} still undecided.`
  return (
    <div style={{ maxWidth: '74ch', marginBottom: 14 }}>
      <p style={{ fontSize: 18, fontWeight: 650 }}>{titleOf({ goes, asks, later }, words.many)}</p>
      <p className="second">
        {whom} {goes > 0 && asks > 0 && `A person would be asked about ${words.count(asks)}. `}
        {customers > 0 &&
          `For ${words.count(nothing)} nothing is worth doing or allowed. All of it would hold ${words.money(plannedCostMinor, currency)} of the budget. `}
        Nothing was written, and nothing was sent.
      </p>
    </div>
  )
}

function titleOf(
  { goes, asks, later }: { goes: number; asks: number; later: number },
  many: (value: number, one: string) => string,
): string {
  if (goes > 0) return `${many(goes, 'action')} would go out right now`
  const nothing = 'Nothing would go out right now'
  const afterwards = later > 0 ? `, ${many(later, 'action')} later` : ''
  return asks > 0
    ? `${nothing}${afterwards}: a person would be asked about ${many(asks, 'action')}`
    : `${nothing}${afterwards}`
}
