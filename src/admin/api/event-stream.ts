/** The stream of server-sent events as the browser reads it: opened again when it broke, shut while nobody looks. */
import type { LiveEvents } from '../../server/api/events.ts'
import { signInAgain } from './queries.ts'

export type LiveEvent = {
  [Name in keyof LiveEvents]: { readonly name: Name; readonly data: LiveEvents[Name] }
}[keyof LiveEvents]

export interface Stream {
  close(): void
}

const NAMES = [
  'state',
  'run',
  'arrived',
  'badges',
  'changed',
  'end',
] as const satisfies readonly (keyof LiveEvents)[]

/** Milliseconds after which a stream that the server refused is asked for again; a broken one the browser opens itself. */
const AGAIN_MS = 10_000

/**
 * @example
 * const stream = openStream({ told: ({ name, data }) => …, standing: (state) => … })
 */
export function openStream({
  told,
  standing,
}: {
  told(event: LiveEvent): void
  standing(state: 'live' | 'connecting' | 'hidden'): void
}): Stream {
  let source: EventSource | null = null
  let again: ReturnType<typeof setTimeout> | undefined
  const shut = (): void => {
    clearTimeout(again)
    source?.close()
    source = null
  }
  const open = (): void => {
    shut()
    standing('connecting')
    const opened = new EventSource('/v1/events')
    source = opened
    opened.addEventListener('open', () => standing('live'))
    opened.addEventListener('error', () => {
      standing('connecting')
      if (opened.readyState === EventSource.CLOSED) again = setTimeout(open, AGAIN_MS)
    })
    for (const name of NAMES)
      opened.addEventListener(name, ({ data }: MessageEvent<string>) => {
        const event = { name, data: JSON.parse(data) } as LiveEvent
        told(event)
        if (event.name !== 'end') return
        if (event.data.why === 'signed_out') {
          shut()
          signInAgain()
        }
      })
  }
  const seen = (): void => {
    if (document.visibilityState === 'hidden') {
      shut()
      standing('hidden')
    } else if (source === null) open()
  }
  document.addEventListener('visibilitychange', seen)
  seen()
  return {
    close: () => {
      document.removeEventListener('visibilitychange', seen)
      shut()
    },
  }
}
