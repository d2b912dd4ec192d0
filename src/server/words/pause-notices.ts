/** What is stopped beside everything, for the first page: the kill switch, and what stopped by itself or was paused. */
import type { RunningPause } from '../../store/pauses.ts'
import type { Formats } from './formats.ts'
import { CHANNELS } from './labels.ts'
import { sentence, type Notice } from './notices.ts'

/** How the reason of a stop begins, which is said beside it. */
export const BY_ITSELF = /^It stopped by itself: /

const LOOK = { kind: 'look', at: { page: 'sending' }, label: 'Look at what is sent' } as const

/**
 * Worst first.
 *
 * @example
 * partNotices(running, place.formats) // [{ tone: 'bad', title: 'SMS stopped by itself', text: '9 of the last 120 …', … }]
 */
export function partNotices(
  running: readonly RunningPause[],
  { action }: Pick<Formats, 'action'>,
): readonly Notice[] {
  const nameOf = ({ scope, name }: RunningPause): string =>
    scope === 'action' ? `“${action(name)}”` : (CHANNELS[name as keyof typeof CHANNELS] ?? name)
  const killed = running.filter(({ scope }) => scope === 'everything')
  const parts = running.filter(({ scope }) => scope !== 'everything')
  const stopped = parts.filter(({ actor }) => actor === 'watch')
  const paused = parts.filter(({ actor }) => actor !== 'watch')
  return [
    ...killed.map(({ reason }): Notice => ({
      tone: 'bad',
      title: 'The kill switch is on: no action is chosen, and nothing goes out',
      text: `${sentence(reason)} What was open is cancelled. Scoring and showing go on.`,
      remedy: LOOK,
    })),
    ...stopped.map((one): Notice => ({
      tone: 'bad',
      title: `${nameOf(one)} stopped by itself`,
      text: sentence(one.reason.replace(BY_ITSELF, '')),
      remedy: LOOK,
    })),
    ...paused.map((one): Notice => ({
      tone: 'wait',
      title: `${nameOf(one)} is paused`,
      text: `${sentence(one.reason)} What is open waits; everything else goes on.`,
      remedy: LOOK,
    })),
  ]
}
