/** How fresh the figures are, by connection: a dot, and when it was read. */
import type { OverviewAnswer } from '../../../server/api/overview-shapes.ts'
import { useWords } from '../../api/frame.ts'
import { pageHref } from '../../api/rows-href.ts'
import { To } from '../../parts/to.tsx'
import { When } from '../../parts/when.tsx'
import style from './overview.module.css'

type Freshness = OverviewAnswer['connections'][number]

/** More of them are said to be there. */
const MOST = 2

export function Freshness({ connections }: { connections: readonly Freshness[] }) {
  const words = useWords()
  // What is out of order is named before what is not.
  const sorted = connections.toSorted((a, b) => Number(toneOf(a) === 'good') - Number(toneOf(b) === 'good'))
  const others = sorted.slice(MOST)
  return (
    <>
      {sorted.slice(0, MOST).map((one) => (
        <span key={one.connection} className={style.fresh}>
          <i className={`${style.dot} ${style[toneOf(one)]}`} aria-hidden="true" />
          <To href={pageHref(`/app/connections/${one.connection}`)} className={style.quiet}>
            {one.name}
          </To>{' '}
          <Reading of={one} />
        </span>
      ))}
      {others.length > 0 && (
        <To href={pageHref('/app/connections')}>
          {words.many(others.length, 'more connection')}
          {others.every((one) => toneOf(one) === 'good') ? ', all up to date' : ''}
        </To>
      )}
    </>
  )
}

function Reading({ of }: { of: Freshness }) {
  const words = useWords()
  if (of.status !== 'active') return <>{STATUS[of.status]}</>
  if (of.readAt === null)
    return <>{of.running === null ? 'was not read yet' : 'is being read for the first time'}</>
  const did = [
    of.changed === null ? null : `${words.many(of.changed, 'record')} changed`,
    of.rescored === null ? null : `${words.count(of.rescored)} scored`,
    of.written === null ? null : `${words.count(of.written)} written back`,
  ].filter((one) => one !== null)
  return (
    <>
      {of.stale ? 'is out of date, last read ' : 'read '}
      <When at={of.readAt} />
      {of.failed ? ', and a step failed since' : ''}
      {did.length > 0 && <span className={style.did}> · {did.join(' · ')}</span>}
    </>
  )
}

const STATUS = {
  paused: 'is paused',
  needs_reconnect: 'needs a new sign-in',
  disconnected: 'is disconnected',
} as const

function toneOf({ status, stale, failed, readAt }: Freshness): 'good' | 'wait' | 'bad' {
  if (status === 'needs_reconnect' || failed) return 'bad'
  return status !== 'active' || stale || readAt === null ? 'wait' : 'good'
}
