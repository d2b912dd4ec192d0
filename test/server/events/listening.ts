/** A listener to the stream of events, as a browser is one: over real HTTP, event by event. */
import type { TestServer } from '../../support/server.ts'

export interface HeardEvent {
  readonly event: string
  readonly id: string | null
  // What an event holds is what the test is about.
  readonly data: Record<string, unknown>
}

export interface Heard {
  readonly status: number
  readonly events: readonly HeardEvent[]
  /** Comments: signs of life. */
  readonly beats: () => number
  /** The next event, waited for; of a kind where one is named. Null: the stream ended. */
  next(event?: string): Promise<HeardEvent | null>
  readonly ended: Promise<void>
  close(): void
}

/** @param headers the cookie, and Last-Event-ID where it was here before */
export async function listen(
  server: Pick<TestServer, 'url'>,
  headers: Record<string, string>,
): Promise<Heard> {
  const leaving = new AbortController()
  const answer = await fetch(`${server.url}/v1/events`, { headers, signal: leaving.signal })
  const events: HeardEvent[] = []
  const waiting = new Set<() => void>()
  let beats = 0
  let over = false
  let taken = 0
  const read = async (): Promise<void> => {
    let text = ''
    const decoder = new TextDecoder()
    try {
      for await (const chunk of answer.body!) {
        text += decoder.decode(chunk as Uint8Array, { stream: true })
        const parts = text.split('\n\n')
        text = parts.pop()!
        for (const part of parts) {
          if (part.startsWith(':')) {
            beats++
            continue
          }
          const lines = new Map(part.split('\n').map((line) => line.split(/: (.*)/s) as [string, string]))
          events.push({
            event: lines.get('event')!,
            id: lines.get('id') ?? null,
            data: JSON.parse(lines.get('data')!) as Record<string, unknown>,
          })
        }
        for (const wake of waiting) wake()
      }
    } catch {
      // Broken off, by us or by the server: `ended` says so.
    }
    over = true
    for (const wake of waiting) wake()
  }
  const ended = answer.status === 200 ? read() : Promise.resolve()
  return {
    status: answer.status,
    events,
    beats: () => beats,
    next: async (event) => {
      for (;;) {
        for (; taken < events.length; taken++)
          if (event === undefined || events[taken].event === event) return events[taken++]
        if (over) return null
        await new Promise<void>((done) => {
          const wake = (): void => {
            waiting.delete(wake)
            done()
          }
          waiting.add(wake)
        })
      }
    },
    ended,
    close: () => leaving.abort(),
  }
}
