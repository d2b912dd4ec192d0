/** Actions: from everybody who was decided on to what came back, with what was held back and why. */
import { useWords } from '../api/frame.ts'
import { useRead } from '../api/queries.ts'
import { useFilters, withQuery } from '../api/query-string.ts'
import type { FunnelAnswer } from '../../server/api/funnel.ts'
import { Empty } from '../parts/empty.tsx'
import { Loaded } from '../parts/loaded.tsx'
import { PageHead } from '../parts/page-head.tsx'
import { Columns, Section } from '../parts/section.tsx'
import { capital } from '../words/formats.ts'
import { ByAction } from './actions/by-action.tsx'
import { FunnelFilters } from './actions/funnel-filters.tsx'
import { NotRight } from './actions/not-right.tsx'
import { Reasons } from './actions/reasons.tsx'
import { Decided, Made, WhatCameBack } from './actions/stages.tsx'

export function ActionsPage() {
  const [filters] = useFilters()
  const funnel = useRead<FunnelAnswer>(withQuery('/v1/funnel', filters))
  return (
    <Loaded read={funnel}>
      {(answer) => (
        <>
          <Head funnel={answer} />
          <FunnelFilters funnel={answer} />
          {answer.decided.count === 0 && answer.total.made.made.count === 0 ? (
            <Empty title="Nothing was decided in these days">
              Once customers are scored and decided on, this shows what was worth doing, what spoke against
              it, and what came of the rest.
            </Empty>
          ) : (
            <div aria-busy={funnel.isPlaceholderData}>
              <Columns>
                <Section title="From everybody to an action">
                  <Decided funnel={answer} />
                </Section>
                <Section title="What became of the actions">
                  <Made made={answer.total.made} />
                </Section>
              </Columns>
              <Reasons funnel={answer} />
              <NotRight from={answer.from} to={answer.to} />
              <WhatCameBack made={answer.total.made} />
              <ByAction funnel={answer} />
            </div>
          )}
        </>
      )}
    </Loaded>
  )
}

function Head({ funnel: { decided, total, from, to } }: { funnel: FunnelAnswer }) {
  const words = useWords()
  const { made } = total
  const went = made.sent.count
  const parts = [
    said(made.simulated.count, (n) => `${n} went into the sandbox and reached nobody`, words.count),
    said(made.dryRun.count, (n) => `${n} would have gone out, had it not been a dry run`, words.count),
    said(
      made.awaitingApproval.count,
      (n) => `${n} ${n === '1' ? 'waits' : 'wait'} for an answer`,
      words.count,
    ),
    said(made.putOff.count, (n) => `${n} ${n === '1' ? 'is' : 'are'} put off`, words.count),
    said(made.heldBack.count, (n) => `${n} ${n === '1' ? 'was' : 'were'} held back`, words.count),
    said(made.uncertain.count, (n) => `of ${n} nobody can say whether they went out`, words.count),
  ].filter((part) => part !== '')
  const last = new Date(Date.parse(to) - DAY).toISOString().slice(0, 10)
  return (
    <PageHead
      above={
        <span>
          {words.day(from)} to {words.day(last)}
        </span>
      }
      title={
        decided.count === 0 && made.made.count === 0
          ? 'No actions yet'
          : went > 0
            ? `${words.many(went, 'action')} went out`
            : `${words.many(made.made.count, 'action was', 'actions were')} made, and none reached a customer`
      }
    >
      {went > 0 && <>Of {words.count(made.made.count)} that were made. </>}
      {parts.length > 0 && `${capital(parts.join('; '))}.`}
    </PageHead>
  )
}

const DAY = 86_400_000
const said = (count: number, words: (n: string) => string, write: (n: number) => string): string =>
  count === 0 ? '' : words(write(count))
