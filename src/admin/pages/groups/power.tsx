/** The smallest effect that the groups can show and when, as they are and as they would be with other shares. */
import { Slider } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { useState } from 'react'
import { Link } from 'wouter'
import type { GroupPowerAnswer, GroupsAnswer } from '../../../server/api/groups.ts'
import { useWords } from '../../api/frame.ts'
import { useRead } from '../../api/queries.ts'
import { withQuery } from '../../api/query-string.ts'
import { Bars } from '../../parts/bars.tsx'
import { Failure } from '../../parts/loaded.tsx'
import style from './groups.module.css'

/**
 * What one came for: by when what Holdfast does can be told from chance.
 *
 * @example
 * headline(power) // 'A year shows whether Holdfast prevents 43 % of departures'
 */
export function headline({ monthlyHazard, compared, smallest }: GroupPowerAnswer): string {
  if (monthlyHazard === null) return 'Nothing was scored yet'
  if (compared === 0) return 'There is no holdout: nobody can tell what Holdfast earns'
  const last = smallest.at(-1)
  return last === undefined || last.effect === null
    ? 'These groups are too small to show what Holdfast earns within a year'
    : `A year shows what Holdfast does if it prevents ${Math.ceil(last.effect * 100)} % of departures or more`
}

const SPANS: Readonly<Record<number, string>> = { 13: 'A quarter', 26: 'Half a year', 52: 'A year' }

export function Power({ now, shares }: { now: GroupPowerAnswer; shares: GroupsAnswer['shares'] }) {
  const words = useWords()
  const [wanted, want] = useState(shares)
  const [asked] = useDebouncedValue(wanted, 150)
  const same = asked.holdout === shares.holdout && asked.usual === shares.usual
  const tried = useRead<GroupPowerAnswer>(same ? null : withQuery('/v1/groups/power', asked))
  const then = same ? null : (tried.data ?? null)
  const shown = then ?? now
  return (
    <>
      <Effects power={shown} />
      <p className="second" aria-live="polite" style={{ marginTop: 10 }}>
        {shown.sentence}
      </p>
      <div className={style.sliders}>
        <h3>What if the shares were others?</h3>
        <Share label="Holdout" value={wanted.holdout} change={(holdout) => want({ ...wanted, holdout })} />
        <Share
          label="Business as usual"
          value={wanted.usual}
          change={(usual) => want({ ...wanted, usual })}
        />
        {tried.error !== null && !same && <Failure error={tried.error} retry={() => void tried.refetch()} />}
        <p className="note">
          {same
            ? `In force: ${words.percent(shares.holdout)} holdout, ${words.percent(shares.usual)} business as usual. `
            : 'Tried out: nothing is changed by it. '}
          Other shares hold for customers who come from then on; nobody is drawn anew.{' '}
          <Link href="/app/settings?section=groups">Change them in the settings</Link>
        </p>
      </div>
    </>
  )
}

function Effects({ power: { smallest, monthlyHazard, compared } }: { power: GroupPowerAnswer }) {
  if (monthlyHazard === null || compared === 0) return null
  return (
    <Bars
      caption="The smallest share of departures prevented that shows, by time"
      bars={smallest.map(({ weeks, effect }) => ({
        key: String(weeks),
        label: `${SPANS[weeks] ?? `${weeks} weeks`} shows`,
        value: effect ?? 1,
        text: effect === null ? 'nothing' : `${Math.ceil(effect * 100)} % or more`,
        color: effect === null ? ('third' as const) : ('accent' as const),
      }))}
    />
  )
}

function Share({ label, value, change }: { label: string; value: number; change: (value: number) => void }) {
  const words = useWords()
  return (
    <div className={style.share}>
      <span className={style.label}>
        {label} <span className="strong">{words.percent(value)}</span>
      </span>
      <Slider
        thumbLabel={label}
        min={0}
        max={0.5}
        step={0.01}
        label={null}
        value={value}
        onChange={change}
        thumbProps={{ 'aria-valuetext': words.percent(value) }}
      />
    </div>
  )
}
