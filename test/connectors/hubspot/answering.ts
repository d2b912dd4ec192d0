/** A client of a server that answers as a test says, on which waiting takes no time. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { z } from 'zod'
import {
  openHubSpotClient,
  type HubSpotClient,
  type HubSpotClientOptions,
} from '../../../connectors/hubspot/client.ts'
import { openPacers } from '../../../connectors/hubspot/limiter.ts'
import { fixedToken } from '../../../connectors/hubspot/tokens.ts'
import { answering, type Answer, type Answering } from '../../support/answering.ts'

export interface Opened {
  readonly client: HubSpotClient
  readonly server: Answering
  /** Milliseconds of each wait between tries, and of each pause of the portal. */
  readonly waits: number[]
}

/** Opens both. */
export async function clientOf(
  answer: Answer,
  options: Partial<HubSpotClientOptions> = {},
  raw?: (request: IncomingMessage, response: ServerResponse) => boolean,
): Promise<Opened> {
  const server = await answering(answer, raw)
  const waits: number[] = []
  let at = 0
  const sleep = async (ms: number) => {
    waits.push(ms)
    at += ms
  }
  const client = openHubSpotClient({
    baseUrl: server.url,
    portal: '1',
    tokens: fixedToken('secret-token'),
    pacer: openPacers({ now: () => at, sleep }).of('1', 'oauth'),
    clock: () => new Date(),
    sleep,
    ...options,
  })
  return { client, server, waits }
}

export const anything = z.unknown()
