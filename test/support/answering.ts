/** A server that answers as a test says: clients are tried against the documents, not against a sandbox. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'

export interface Request {
  readonly method: string
  readonly url: string
  readonly headers: IncomingMessage['headers']
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
      const seen = { method, url, headers, token, type, body: Buffer.concat(chunks).toString() }
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

/** The same, with its server closed at the end of the test that opens it. */
export function closedWithTest<Given extends readonly unknown[], Opened extends { server: Answering }>(
  open: (...given: Given) => Promise<Opened>,
): (...given: Given) => Promise<Opened> {
  return async (...given) => {
    const opened = await open(...given)
    onTestFinished(() => opened.server.close())
    return opened
  }
}

/** Cuts the first answer in its middle, and leaves the others to the test. */
export function cutOnce(): (request: IncomingMessage, response: ServerResponse) => boolean {
  let calls = 0
  return (_, response) => {
    if (++calls > 1) return false
    response.writeHead(200, { 'content-length': '1000' })
    response.write('{"results": [')
    setImmediate(() => response.destroy())
    return true
  }
}
