/** A client of a server that answers as a test says, on which waiting takes no time. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { expect } from 'vitest'
import { z } from 'zod'
import {
  openSalesforceClient,
  type SalesforceCall,
  type SalesforceClient,
  type SalesforceClientOptions,
} from '../../../connectors/salesforce/client.ts'
import { openGovernors } from '../../../connectors/salesforce/governor.ts'
import { fixedSession, type Session, type SessionSource } from '../../../connectors/salesforce/sessions.ts'
import { HoldfastError } from '../../../src/contracts/errors.ts'
import { answering, type Answer, type Answering, type Reply } from '../../support/answering.ts'

export const ORG = '00D000000000001EAA'

export interface Opened {
  readonly client: SalesforceClient
  readonly server: Answering
  /** Milliseconds of each wait between tries. */
  readonly waits: number[]
}

/** Opens both. */
export async function clientOf(
  answer: Answer,
  options: Partial<SalesforceClientOptions> & { readonly sessionsAt?: (url: string) => SessionSource } = {},
  raw?: (request: IncomingMessage, response: ServerResponse) => boolean,
): Promise<Opened> {
  const { sessionsAt = signedIn, ...rest } = options
  const server = await answering(answer, raw)
  const waits: number[] = []
  const clock = rest.clock ?? (() => new Date('2026-11-21T10:00:00Z'))
  const client = openSalesforceClient({
    tenant: 'one',
    org: ORG,
    username: 'holdfast@acme.example',
    sessions: sessionsAt(server.url),
    governor: openGovernors({ clock }).of(ORG, 0.2),
    clock,
    sleep: async (ms) => void waits.push(ms),
    random: () => 0.5,
    ...rest,
  })
  return { client, server, waits }
}

const signedIn = (instanceUrl: string): SessionSource => fixedSession({ accessToken: 'first', instanceUrl })

/** Sessions that are renewed without anybody being asked: `first`, `renewed-1`, `renewed-2`. */
export function renewing(): { sessionsAt(url: string): SessionSource; readonly refused: string[] } {
  const refused: string[] = []
  return {
    refused,
    sessionsAt: (instanceUrl) => {
      let held: Session = { accessToken: 'first', instanceUrl }
      return {
        current: async () => held,
        renewed: async (was) => {
          refused.push(was)
          if (was === held.accessToken) held = { accessToken: `renewed-${refused.length}`, instanceUrl }
          return held
        },
      }
    },
  }
}

/** A refusal as REST words it. */
export const refusal = (
  status: number,
  errorCode: string,
  message = 'What went wrong.',
  more: object = {},
): Reply => ({
  status,
  body: [{ message, errorCode, ...more }],
})

/** A call that only reads. */
export const list = {
  method: 'GET',
  path: '/sobjects/Account/001000000000001AAA',
  schema: z.unknown(),
} as const
/** A call that may not be made twice. */
export const insert = {
  method: 'POST',
  path: '/sobjects/Task',
  body: { Subject: 'Call' },
  schema: z.unknown(),
} as const

/** First these in turn, then 200. */
export const inTurn =
  (...replies: readonly Reply[]): Answer =>
  (_, count) =>
    replies[count - 1] ?? { body: { ok: true } }

/** What a call is refused with. */
export async function errorOf(
  { client }: Opened,
  call: SalesforceCall<unknown> = list,
): Promise<HoldfastError> {
  const error: unknown = await client.call(call).then(
    () => null,
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(HoldfastError)
  return error as HoldfastError
}
