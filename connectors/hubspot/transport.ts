/**
 * One request through HubSpot's own client, with what that lacks: a time limit and a way to give up.
 *
 * `@hubspot/api-client` carries the address, the headers and the encoding; its retries and its limiter stay off, because
 * both are kept once a process and the last client built decides for all. Its `apiRequest` hands no signal to `fetch`,
 * so that a request without an answer cannot be taken back: we stop waiting, and whatever comes later is thrown away at
 * its first byte, which closes the socket. Without any byte undici closes it after 300 seconds. From the first byte on
 * giving up closes the socket at once.
 */
import type { Client } from '@hubspot/api-client'
import { broken, endOf, type NoAnswer } from '../network.ts'

export interface Sent {
  readonly status: number
  readonly headers: Headers
  /** As it came; '' for none. */
  readonly text: string
}

export interface Outgoing {
  readonly method: string
  /** With its query. */
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  /** Sent as JSON. */
  readonly body?: unknown
  /** Sent as a form. */
  readonly form?: Readonly<Record<string, string>> | undefined
}

export type Send = (
  request: Outgoing,
  limits: { timeoutMs: number; signal?: AbortSignal | undefined },
) => Promise<Sent | NoAnswer>

/**
 * @param baseUrl without a slash at its end: `https://api.hubapi.com`
 * @returns sends one request; rejects only with the signal's reason
 * @example
 * const send = openTransport('https://api.hubapi.com')
 * await send({ method: 'GET', path: '/account-info/2026-09/details', headers: {} }, { timeoutMs: 30_000 })
 */
export function openTransport(baseUrl: string): Send {
  let client: Client | null = null

  async function start({ method, path, headers, body, form }: Outgoing): Promise<Response> {
    // Loaded for the first request: whoever has no HubSpot, and the start of a process, is spared its 20 MB.
    client ??= new (await import('@hubspot/api-client')).Client({ basePath: baseUrl.replace(/\/+$/, '') })
    const encoded =
      form === undefined
        ? { body }
        : { body: new URLSearchParams({ ...form }).toString(), defaultJson: false }
    const type: Record<string, string> =
      form === undefined ? {} : { 'Content-Type': 'application/x-www-form-urlencoded' }
    return client.apiRequest({ method, path, headers: { ...type, ...headers }, authType: 'none', ...encoded })
  }

  return async (request, { timeoutMs, signal }) => {
    signal?.throwIfAborted()
    const end = endOf(timeoutMs, signal)
    let answering: Promise<Response> | null = null
    let answer: Response | null = null
    try {
      answering = start(request)
      answer = await Promise.race([answering, end.reached])
      return { status: answer.status, headers: answer.headers, text: await readAll(answer, end.reached) }
    } catch (cause) {
      if (answer === null) void answering?.then((late) => late.body?.cancel()).catch(() => undefined)
      signal?.throwIfAborted()
      if (end.isOver()) {
        return { kind: 'no_answer', reached: true, why: `no answer within ${timeoutMs / 1000} seconds` }
      }
      return broken(cause)
    } finally {
      end.clear()
    }
  }
}

async function readAll(answer: Response, end: Promise<never>): Promise<string> {
  if (answer.body === null) return ''
  const reader = answer.body.getReader()
  const decoder = new TextDecoder()
  let text = ''
  try {
    for (;;) {
      const { done, value } = await Promise.race([reader.read(), end])
      if (done) return text + decoder.decode()
      text += decoder.decode(value, { stream: true })
    }
  } catch (cause) {
    void reader.cancel().catch(() => undefined)
    throw cause
  }
}
