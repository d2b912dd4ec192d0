/**
 * What the sandboxes of CRMs share in serving: the body is read, a fault may strike, the call is answered, what was
 * done is kept before the answer goes out, and the call is logged.
 *
 * On node:http rather than express: a sync of 100,000 records is answered by the same process that makes it, and the
 * routes need nothing but their path.
 */
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { CallFaults, FaultEffect } from './faults.ts'

export interface Asked {
  readonly method: string
  /** With its query. */
  readonly url: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
  /** By the sandbox's clock. */
  readonly at: Date
  /** The how manieth call of this server it is, from 1. */
  readonly call: number
}

export interface SandboxAnswer {
  readonly status: number
  /** Text goes out as it is, all else as JSON; undefined: no body. */
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

export interface LoggedRequest {
  readonly method: string
  /** Without the query. */
  readonly path: string
  /** With it. */
  readonly url: string
  /** By the sandbox's clock. */
  readonly at: Date
  /** 0: no answer was given, or not a whole one. */
  readonly status: number
}

/** One call in full. */
export interface Exchange extends LoggedRequest {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly requestBody: string
  /** Undefined: an answer without a body. */
  readonly body: unknown
}

export interface SandboxServer {
  readonly url: string
  readonly port: number
  /** The latest calls, oldest first. */
  requests(): readonly LoggedRequest[]
  forgetRequests(): void
  /** Told of each call after it was answered. */
  onExchange(listener: (exchange: Exchange) => void): () => void
  close(): Promise<void>
}

export interface ServeOptions {
  /** Default: any free one, on 127.0.0.1. */
  readonly port?: number | undefined
  readonly clock: () => Date
  readonly faults: CallFaults
  readonly answer: (asked: Asked) => SandboxAnswer | Promise<SandboxAnswer>
  /** What a fault answers instead: `locked`, and an `answer` without a body. */
  readonly refusal: (effect: { kind: 'answer' | 'locked'; status: number }, call: number) => SandboxAnswer
  /** Headers of every answer. */
  readonly headers: (call: number) => Readonly<Record<string, string>>
  readonly contentType: string
  /** Keeps what was done. */
  readonly flush: () => void
  /** Calls that are remembered; the address of one can be thousands of characters long. Default 20,000. */
  readonly requestLog?: number | undefined
  readonly largestBody: number
}

const LOGGED = 20_000

/** Serves until it is closed. */
export async function serveSandbox(options: ServeOptions): Promise<SandboxServer> {
  const { faults } = options
  const log: LoggedRequest[] = []
  const logged = options.requestLog ?? LOGGED
  const listeners = new Set<(exchange: Exchange) => void>()
  let calls = 0

  const server = createServer(
    { maxHeaderSize: 256 * 1024, keepAliveTimeout: 60_000 },
    (incoming, outgoing) => {
      void serve(incoming, outgoing).catch(() => outgoing.destroy())
    },
  )

  const serve = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const requestBody = await readBody(incoming, options.largestBody)
    const call = ++calls
    const at = options.clock()
    const method = incoming.method ?? 'GET'
    const url = incoming.url ?? '/'
    const path = url.split('?', 1)[0]
    const effect = faults.next(method, path)
    const note = (status: number, body?: unknown): void => {
      const entry = { method, path, url, at, status }
      log.push(entry)
      if (log.length > logged) log.splice(0, Math.ceil(logged / 4))
      for (const listener of listeners) listener({ ...entry, headers: incoming.headers, requestBody, body })
    }
    if (effect && isBefore(effect)) {
      note(0)
      if (effect.kind === 'drop') incoming.socket.destroy()
      return
    }
    const given =
      instead(effect, call, options) ??
      (await options.answer({ method, url, headers: incoming.headers, body: requestBody, at, call }))
    options.flush()
    if (effect?.kind === 'hang') return note(0)
    if (effect?.kind === 'drop') {
      note(0)
      incoming.socket.destroy()
      return
    }
    if (effect?.kind === 'slow') await new Promise((resolve) => setTimeout(resolve, effect.ms))
    const cut = effect?.kind === 'cut'
    note(cut ? 0 : given.status, given.body)
    const headers = { Date: at.toUTCString(), ...options.headers(call) }
    send(outgoing, given, { headers, contentType: options.contentType, cut })
  }

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port ?? 0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  options.flush()

  return {
    url: `http://127.0.0.1:${port}`,
    port,
    requests: () => log,
    forgetRequests: () => void log.splice(0),
    onExchange(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    async close() {
      server.closeAllConnections()
      await new Promise<void>((resolve) => void server.close(() => resolve()))
    },
  }
}

const isBefore = (effect: FaultEffect): boolean =>
  (effect.kind === 'drop' && effect.when === 'before') || (effect.kind === 'hang' && effect.done !== true)

function instead(effect: FaultEffect | null, call: number, options: ServeOptions): SandboxAnswer | null {
  if (effect?.kind === 'locked') return options.refusal({ kind: 'locked', status: 0 }, call)
  if (effect?.kind !== 'answer') return null
  const { status, body, headers } = effect
  return {
    status,
    body: body ?? options.refusal({ kind: 'answer', status }, call).body,
    ...(headers ? { headers } : {}),
  }
}

async function readBody(incoming: IncomingMessage, most: number): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of incoming) {
    size += (chunk as Buffer).length
    if (size > most) throw new Error('body too large')
    chunks.push(chunk as Buffer)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function send(
  outgoing: ServerResponse,
  { status, body, headers }: SandboxAnswer,
  common: { headers: Readonly<Record<string, string>>; contentType: string; cut: boolean },
): void {
  const text = body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body)
  outgoing.writeHead(status, {
    ...common.headers,
    ...(body === undefined
      ? {}
      : { 'Content-Type': common.contentType, 'Content-Length': Buffer.byteLength(text) }),
    ...headers,
  })
  if (!common.cut) return void outgoing.end(text)
  outgoing.write(text.slice(0, text.length >> 1), () => void outgoing.destroy())
}

/**
 * A body as its content type says: JSON, or the fields of a form; undefined without one.
 *
 * @returns `broken`: it cannot be read as what it says it is; `other`: neither of the two
 */
export function parseContent(
  contentType: string,
  body: string,
): { readonly kind: 'parsed'; readonly value: unknown } | { readonly kind: 'broken' | 'other' } {
  if (body === '') return { kind: 'parsed', value: undefined }
  if (contentType.startsWith('application/x-www-form-urlencoded')) {
    return { kind: 'parsed', value: Object.fromEntries(new URLSearchParams(body)) }
  }
  if (!contentType.startsWith('application/json')) return { kind: 'other' }
  try {
    return { kind: 'parsed', value: JSON.parse(body) }
  } catch {
    return { kind: 'broken' }
  }
}
