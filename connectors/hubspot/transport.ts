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

/** No whole answer. `reached` is false only where the request surely never got to the other side. */
export interface NoAnswer {
  readonly kind: 'no_answer'
  readonly reached: boolean
  /** "no answer within 30 seconds", "connection refused". */
  readonly why: string
  readonly cause?: unknown
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

/** Rejects at the time limit or when the signal is aborted. */
function endOf(timeoutMs: number, signal?: AbortSignal) {
  const { promise, reject } = Promise.withResolvers<never>()
  promise.catch(() => undefined)
  let over = false
  const timer = setTimeout(() => {
    over = true
    reject(new Error('timeout'))
  }, timeoutMs)
  const abort = () => reject(signal?.reason)
  signal?.addEventListener('abort', abort, { once: true })
  return {
    reached: promise,
    isOver: () => over,
    clear: () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', abort)
    },
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

const NEVER_SENT = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ENETUNREACH',
  'EHOSTUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
])

const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the connection was refused',
  ENOTFOUND: 'its name is not known (DNS)',
  EAI_AGAIN: 'its name cannot be looked up (DNS)',
  ENETUNREACH: 'there is no way to it over the network',
  EHOSTUNREACH: 'there is no way to it over the network',
  UND_ERR_CONNECT_TIMEOUT: 'no connection in time',
  ECONNRESET: 'the connection was cut',
  UND_ERR_SOCKET: 'the connection was cut',
  CERT_HAS_EXPIRED: 'its certificate has expired',
}

function broken(cause: unknown): NoAnswer {
  const code = codeOf(cause)
  const why = code === null ? String(cause) : (WORDS[code] ?? code)
  return { kind: 'no_answer', reached: code === null || !NEVER_SENT.has(code), why, cause }
}

/** fetch hides the reason one or more causes down. */
function codeOf(cause: unknown): string | null {
  for (let at: unknown = cause, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth++) {
    if ('code' in at && typeof at.code === 'string') return at.code
    if (at instanceof AggregateError && at.errors.length > 0) return codeOf(at.errors[0])
  }
  return null
}
