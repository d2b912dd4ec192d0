/** One subscription, kept going: flow control, sessions that end, lines that break, replay ids that are too old. */
import { HoldfastError } from '../../../src/contracts/errors.ts'
import type { ChangeHint } from '../../connector.ts'
import type { Session } from '../sessions.ts'
import type { EventChannel, Subscription } from './channel.ts'
import { newsOf, type EventNews, type EventReading } from './decode.ts'
import { isServiceError, reactionTo } from './failures.ts'
import type { EventSchemas } from './schemas.ts'
import { MOST_REQUESTED, type ConsumerEvent, type FetchResponse } from './service.ts'
import { refusedAgain, type EventSessions } from './session.ts'

/** What came with one answer. */
export interface Arrival {
  readonly topic: string
  readonly hints: readonly ChangeHint[]
  readonly missed?: string
  /** To go on after; null: not known yet. */
  readonly replayId: Buffer | null
  /** To be called when it was taken: only then more is asked for. */
  readonly done: () => void
}

export interface Patience {
  /** Wait before the first new attempt; doubled with each one that fails, with a jitter of half. */
  readonly firstMs: number
  readonly mostMs: number
  /** Attempts in a row without a single answer, after which the stream is given up. */
  readonly attempts: number
  /** A line on which nothing came for so long is dead: Salesforce gives a sign of life within 270 s. */
  readonly silenceMs: number
  /**
   * How long after asking for events from now on they are taken to be coming, where no answer has said so. Only then it
   * is told that earlier ones were missed: what changes during the sync that follows must not be missed as well.
   */
  readonly settleMs: number
}

export const DEFAULT_PATIENCE: Patience = {
  firstMs: 1_000,
  mostMs: 60_000,
  attempts: 8,
  silenceMs: 300_000,
  settleMs: 5_000,
}

export interface TopicOptions {
  readonly topic: string
  /** Null: from now on. */
  readonly replayId: Buffer | null
  /** Nothing was followed before, so that nothing can have been missed. */
  readonly fresh: boolean
  readonly channel: EventChannel
  readonly client: EventSessions
  readonly schemas: EventSchemas
  readonly reading: EventReading
  readonly patience: Patience
  readonly random: () => number
  readonly signal: AbortSignal
  readonly put: (arrival: Arrival) => void
}

/**
 * Ends when the signal says so, or when the org has no such topic any more.
 *
 * @throws HoldfastError what keeps it from going on
 */
export async function followTopic(options: TopicOptions): Promise<void> {
  const { topic, client, patience, signal } = options
  let { replayId } = options
  let missed = replayId === null && !options.fresh ? unknownUntilNow(topic) : undefined
  let session: Session | null = null
  let renewed = false
  let failures = 0

  while (!signal.aborted) {
    let error: unknown
    let settled = false
    try {
      session ??= await client.session()
      await subscribeOnce({
        ...options,
        replayId,
        missed,
        session,
        came(id) {
          replayId = id ?? replayId
          failures = 0
          renewed = false
        },
        settled() {
          settled = true
          renewed = false
          missed = undefined
        },
      })
    } catch (caught) {
      error = caught
    }
    if (signal.aborted) return
    // It was listened for a while, and nothing says up to where.
    if (settled && replayId === null) missed = unknownUntilNow(topic)
    if (error instanceof HoldfastError && !error.retryable) throw error
    if (error !== undefined && !isServiceError(error) && !(error instanceof HoldfastError)) throw error
    // The end of a stream without an error is a line that broke, as far as we are concerned.
    const reaction = isServiceError(error) ? reactionTo(error) : 'again'
    if (reaction === 'no_topic') {
      options.put({ topic, hints: [], missed: withdrawn(topic), replayId: null, done: nothing })
      return
    }
    if (reaction === 'lost' && replayId !== null) {
      replayId = null
      missed = forgotten(topic)
      continue
    }
    if (reaction === 'renew') {
      if (renewed) throw refusedAgain(error)
      renewed = true
      session = await client.session(session?.accessToken)
      continue
    }
    failures++
    if (reaction === 'stop' || reaction === 'lost' || failures >= patience.attempts) {
      throw new HoldfastError(
        'connector_unavailable',
        `Change events of Salesforce cannot be followed (${topic}: ${error instanceof Error ? error.message : 'the stream ended'}). Changes are looked for at intervals instead.`,
        { cause: error, retryable: reaction === 'again' },
      )
    }
    await pause(
      Math.min(patience.mostMs, patience.firstMs * 2 ** (failures - 1)) * (0.5 + options.random() / 2),
      signal,
    )
    // Somebody else may have renewed it meanwhile; what is refused then is not what was given out before.
    session = null
    renewed = false
  }
}

interface Attempt extends TopicOptions {
  readonly missed: string | undefined
  readonly session: Session
  /** An answer came, up to this event. */
  readonly came: (replayId: Buffer | null) => void
  /** Events are coming, as far as can be told, and it was said where earlier ones were missed. */
  readonly settled: () => void
}

/** @throws ServiceError as the subscription ends; returns where it ends without one */
async function subscribeOnce(attempt: Attempt): Promise<void> {
  const { topic, replayId, channel, patience, signal, put } = attempt
  const call = channel.subscribe(attempt.session)
  let { missed } = attempt
  let open = true
  const ask = (count: number): void => {
    if (open && count > 0) call.write({ topic_name: topic, num_requested: count })
  }
  const settle = (): void => {
    if (missed !== undefined) put({ topic, hints: [], missed, replayId: null, done: nothing })
    missed = undefined
    attempt.settled()
  }
  const settling = setTimeout(settle, patience.settleMs)
  const cancel = (): void => call.cancel()
  let silence = setTimeout(cancel, patience.silenceMs)
  signal.addEventListener('abort', cancel, { once: true })
  try {
    call.write({
      topic_name: topic,
      ...(replayId === null
        ? { replay_preset: 'LATEST' as const }
        : { replay_preset: 'CUSTOM' as const, replay_id: replayId }),
      num_requested: MOST_REQUESTED,
    })
    for await (const response of call as AsyncIterable<FetchResponse>) {
      clearTimeout(silence)
      const arrived = await newsOfAll(response.events, attempt)
      if (signal.aborted) return
      const id = latest(response)
      settle()
      put({ topic, ...arrived, replayId: id, done: () => ask(response.events.length) })
      attempt.came(id)
      silence = setTimeout(cancel, patience.silenceMs)
    }
  } finally {
    open = false
    clearTimeout(settling)
    clearTimeout(silence)
    signal.removeEventListener('abort', cancel)
    discard(call)
  }
}

/** A call that was given up still tells of it: without a listener that would end the process. */
function discard(call: Subscription): void {
  call.on('error', nothing)
  call.cancel()
}

/** The last event that was handed over; a sign of life says itself how far the topic is. */
function latest({ events, latest_replay_id }: FetchResponse): Buffer | null {
  const id = events.at(-1)?.replay_id ?? latest_replay_id
  return id && id.length > 0 ? id : null
}

async function newsOfAll(events: readonly ConsumerEvent[], attempt: Attempt): Promise<EventNews> {
  const hints = new Map<string, ChangeHint>()
  let missed: string | undefined
  for (const { event } of events) {
    if (!event) continue
    const news = await newsOfOne(event, attempt)
    for (const hint of news.hints) hints.set(hint.key, hint)
    missed ??= news.missed
  }
  return { hints: [...hints.values()], ...(missed === undefined ? {} : { missed }) }
}

/** @throws what keeps the schema from being asked for now; what cannot be read by it is so for good */
async function newsOfOne(
  { schema_id, payload }: NonNullable<ConsumerEvent['event']>,
  { schemas, reading, topic }: Attempt,
): Promise<EventNews> {
  try {
    const schema = await schemas.of(schema_id)
    return newsOf(schema.decode(payload), reading)
  } catch (error) {
    if (error instanceof HoldfastError || (isServiceError(error) && reactionTo(error) === 'again'))
      throw error
    return { hints: [], missed: `Salesforce sent an event on ${topic} that cannot be read.` }
  }
}

const forgotten = (topic: string): string =>
  `Salesforce does not know any more where ${topic} was left off: it keeps events for 72 hours, and forgets them when an org moves.`

const withdrawn = (topic: string): string =>
  `The integration user may not read events of ${topic} any more. What they would tell is looked for at intervals.`

const unknownUntilNow = (topic: string): string => `Events of ${topic} were not followed until now.`

function nothing(): void {}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(done, ms)
    signal.addEventListener('abort', done, { once: true })
    function done(): void {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
  })
}
