/** What would be: the risk, the level and what would be suggested, each beside what is now. */
import { Button } from '@mantine/core'
import type { UseQueryResult } from '@tanstack/react-query'
import type { CustomerAnswer } from '../../../server/api/customer-shapes.ts'
import type { TriedAnswer, TryAnswer } from '../../../server/api/try-shapes.ts'
import type { ReactNode } from 'react'
import { useWords } from '../../api/frame.ts'
import { Failure } from '../../parts/loaded.tsx'
import { BlockPending } from '../../parts/pending.tsx'
import { LevelMark } from '../../parts/level-mark.tsx'
import { NOTHING } from '../../words/suggested.ts'
import { RiskLine } from './risk-line.tsx'
import { TryReasons } from './try-reasons.tsx'
import level from './customer.module.css'
import style from './try-out.module.css'
import { useTried } from './use-tried.ts'

export function TryResult({
  customer,
  asked,
  tried,
  waiting,
  changed,
  reset,
}: {
  customer: CustomerAnswer
  asked: TryAnswer
  tried: UseQueryResult<TriedAnswer>
  /** What stands there is of another question. */
  waiting: boolean
  changed: number
  reset: () => void
}) {
  const words = useWords()
  // The same question without a change: what would be suggested now, weighed in the same way.
  const before = useTried(`/v1/customers/${customer.id}/try`, {})
  const { data, error } = tried
  const risk = data?.tried ?? asked.now
  return (
    <div className={style.result} aria-busy={waiting || (data === undefined && error === null)}>
      <div className={style.live}>
        <p className={level.said}>
          <span className={`${level.number} ${level[risk.level]}`}>{words.percent(risk.probability)}</span>{' '}
          <LevelMark level={risk.level} />
        </p>
        <RiskLine
          now={asked.now.probability}
          tried={risk.probability}
          thresholds={customer.score?.thresholds ?? null}
        />
      </div>
      <div className={style.details}>
        {error !== null && <Failure error={error} retry={() => void tried.refetch()} />}
        <dl className={style.compared}>
          <Compared
            name="Risk"
            now={words.percent(asked.now.probability)}
            tried={words.percent(risk.probability)}
          />
          <Compared
            name="Level"
            now={<LevelMark level={asked.now.level} />}
            tried={<LevelMark level={risk.level} />}
            same={asked.now.level === risk.level}
          />
          {data !== undefined && before.data !== undefined && (
            <Compared
              name="Suggested"
              now={actionText(before.data)}
              tried={actionText(data)}
              same={actionText(before.data) === actionText(data)}
            />
          )}
        </dl>
        <output className={style.sentence} aria-live="polite">
          {waiting || data === undefined || changed === 0 ? '' : data.sentence}
        </output>
        {data === undefined && error === null && <BlockPending height={150} />}
        {data !== undefined && changed > 0 && <TryReasons tried={data} />}
        {data !== undefined && (
          <p className="note">
            {data.suggestion.sentence} {data.suggestion.aside}
          </p>
        )}
        <div className={style.foot}>
          <Button variant="default" size="xs" onClick={reset} disabled={changed === 0}>
            {changed === 0 ? 'Nothing is changed' : `Put ${words.many(changed, 'change')} back`}
          </Button>
          {asked.model.starter && (
            <span className="note">Starter model: read it as a direction, not as a promise.</span>
          )}
        </div>
      </div>
    </div>
  )
}

function Compared({
  name,
  now,
  tried,
  same = now === tried,
}: {
  name: string
  now: ReactNode
  tried: ReactNode
  same?: boolean
}) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        {now}
        {same ? (
          <span className="note"> as now</span>
        ) : (
          <>
            <span aria-hidden="true"> → </span>
            <span className="unseen"> becomes </span>
            <span className="strong">{tried}</span>
          </>
        )}
      </dd>
    </div>
  )
}

function actionText({ suggestion: { hidden, action } }: TriedAnswer): string {
  if (hidden) return 'nothing: left as it is, to compare with'
  return action === null || action.key === NOTHING ? 'left in peace' : action.name
}
