/** What happens while people look: a stream of server-sent events. */
import { z } from 'zod'
import { HoldfastError } from '../../contracts/errors.ts'
import { tokenHash } from '../../security/tokens.ts'
import { MOST_MISSED, MOST_WAITING } from '../../store/reads/live.ts'
import { sessionToken } from '../cookies.ts'
import { marksOf } from '../events/frames.ts'
import { route } from '../route.ts'
import { run } from './runs.ts'
import * as shape from './shapes.ts'

const many = z.int()

/** How many arrived. */
export const arrivedAnswer = z.object({
  scores: many.meta({ description: 'Scores that moved' }),
  decisions: many,
  interventions: many.meta({ description: 'Moves of interventions in the ledger' }),
})

export const badgesAnswer = z.object({
  approvals: many.meta({
    description: `GET /v1/interventions?state=awaiting_approval; ${MOST_WAITING} is as many or more`,
  }),
  uncertain: many.meta({ description: 'GET /v1/interventions?state=uncertain; likewise' }),
  connections: many.meta({ description: 'GET /v1/connections?trouble=true' }),
})

/** Data of the event `state`: the first of every stream. */
export const stateEvent = z.object({
  at: shape.time,
  runs: z.array(run).meta({ description: 'What runs, and what ended within the last 15 seconds' }),
  badges: badgesAnswer,
  missed: arrivedAnswer.nullable().meta({
    description: `Since the event that Last-Event-ID names, each counted up to ${MOST_MISSED}; null: it names none`,
  }),
})

/** Data of each event, by its name. */
export const liveEvents = {
  state: stateEvent,
  run,
  arrived: arrivedAnswer,
  badges: badgesAnswer,
  changed: z.object({ topics: z.array(z.enum(['connections', 'settings', 'sending'])) }),
  end: z.object({ why: z.enum(['signed_out', 'access_changed', 'closing', 'away']) }),
} as const

export type LiveEvents = { readonly [Name in keyof typeof liveEvents]: z.infer<(typeof liveEvents)[Name]> }

export const eventRoutes = [
  route({
    method: 'get',
    path: '/v1/events',
    summary: 'What happens, as it happens',
    description:
      'Server-sent events (text/event-stream), for people who are signed in. `state` comes first: how everything stands. Then `run` with each step of progress of a run, `arrived` with how many scores, decisions and moves of interventions are new, `badges` with what waits for a person, `changed` with what is to be asked for anew, and a comment every 15 seconds of silence. It is looked once a second; what happens in between is joined. `end` is the last one: the session is over (`signed_out`), may do other things now (`access_changed`), the server ends (`closing`) or its database is away (`away`); after the last two the stream can be opened again.',
    tag: 'Connections',
    access: { scope: null, role: 'viewer' },
    headers: z.object({ 'last-event-id': z.string().optional() }),
    answers: { 200: { description: 'The stream', type: 'text/event-stream' } },
    handle: ({ caller, cookie, origin, headers, signal }, { live }) => {
      const token = sessionToken(origin, cookie)
      if (caller.kind !== 'session' || token === null)
        throw new HoldfastError('forbidden', 'API keys do not open this. Sign in as a person.')
      const { frames, until } = live.listen({
        caller,
        session: tokenHash(token),
        seen: marksOf(headers['last-event-id']),
        gone: signal,
      })
      return {
        status: 200,
        stream: frames,
        type: 'text/event-stream; charset=utf-8',
        live: until,
        // nginx keeps answers together otherwise; and nothing else will ever be asked on this connection.
        headers: { 'X-Accel-Buffering': 'no', Connection: 'close' },
      }
    },
  }),
] as const
