/** A server that answers as a test says: the client is tried against the documents, not against the sandbox. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { z } from 'zod'
import {
  openHubSpotClient,
  type HubSpotClient,
  type HubSpotClientOptions,
} from '../../../connectors/hubspot/client.ts'
import { openPacers } from '../../../connectors/hubspot/limiter.ts'
import { fixedToken } from '../../../connectors/hubspot/tokens.ts'

export interface Request {
  readonly method: string
  readonly url: string
  readonly token: string
  readonly type: string
  readonly body: string
}

export interface Reply {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  /** A text as it is, everything else as JSON. */
  readonly body?: unknown
}

/** What to answer; null: nothing at all. */
export type Answer = (request: Request, count: number) => Reply | null | Promise<Reply | null>

export interface Answering {
  readonly url: string
  readonly requests: Request[]
  /** Connections open now. */
  open(): Promise<number>
  close(): Promise<void>
}

export async function answering(
  answer: Answer,
  raw?: (request: IncomingMessage, response: ServerResponse) => boolean,
): Promise<Answering> {
  const requests: Request[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', async () => {
      const { method = '', url = '', headers } = request
      const token = (headers.authorization ?? '').replace('Bearer ', '')
      const type = headers['content-type'] ?? ''
      const seen = { method, url, token, type, body: Buffer.concat(chunks).toString() }
      requests.push(seen)
      if (raw?.(request, response)) return
      const reply = await answer(seen, requests.length)
      if (reply === null) return
      const { status = 200, body = {} } = reply
      const isText = typeof body === 'string'
      response.writeHead(status, {
        'content-type': isText ? 'text/html' : 'application/json;charset=utf-8',
        ...reply.headers,
      })
      response.end(status === 204 ? undefined : isText ? body : JSON.stringify(body))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    open: () =>
      new Promise((resolve, reject) =>
        server.getConnections((error, n) => (error ? reject(error) : resolve(n))),
      ),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

export interface Opened {
  readonly client: HubSpotClient
  readonly server: Answering
  /** Milliseconds of each wait between tries, and of each pause of the portal. */
  readonly waits: number[]
}

/** A client of such a server, on which waiting takes no time. */
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
