/**
 * One request through Salesforce's own library, with what that lacks.
 *
 * `@salesforce/core` knows the org's addresses and headers; its Connection carries every request. What it keeps once a
 * process, keyed by username, is passed by: our sign-in lives in an AuthInfo that reads and writes nothing but what we
 * hand it, so that orgs with the same username never meet and nothing lands in a keychain or the home folder. What
 * jsforce beneath does with an answer is passed by as well, by a transport of our own: its own asks for a new session
 * without end while each is refused with 401, tries reads six times on 5xx, has no way to give up, keeps a result file in
 * memory however slowly it is read, turns CSV into objects and the process down when a connection is cut in the middle of
 * an answer.
 */
import { PassThrough, Readable } from 'node:stream'
import type { AuthInfo, Connection } from '@salesforce/core'
import { broken, endOf, type NoAnswer } from '../network.ts'
import type { Session } from './sessions.ts'
import { API_VERSION, CLIENT_NAME } from './version.ts'

export interface Outgoing {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** From the root of the instance, with its query. */
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string | Buffer | undefined
}

export interface Sent {
  readonly status: number
  /** By their names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  /** As it came; '' for none. */
  readonly text: string
}

/** An answer whose body is still coming; to be read, or destroyed. */
export interface Sending {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Readable
}

export interface Limits {
  /** For a whole answer; for one whose body is taken as it comes: until its head, and then from piece to piece. */
  readonly timeoutMs: number
  readonly signal?: AbortSignal | undefined
}

export interface Transport {
  /** Rejects only with the signal's reason. */
  send(request: Outgoing, session: Session, limits: Limits): Promise<Sent | NoAnswer>
  /** As {@link send}, but the body of a 2xx is handed over as it comes; anything else whole. */
  stream(request: Outgoing, session: Session, limits: Limits): Promise<Sending | Sent | NoAnswer>
}

/**
 * @param options.username only told apart by it: what is the same for two orgs or tenants stays two
 * @example
 * const transport = openTransport({ tenant, org, username })
 * await transport.send({ method: 'GET', path: '/services/data', headers: {} }, session, { timeoutMs: 30_000 })
 */
export function openTransport(whose: { tenant: string; org: string; username: string }): Transport {
  let opening: Promise<Connection> | null = null

  /** Loaded for the first request: whoever has no Salesforce, and the start of a process, is spared its 100 MB. */
  async function connected(session: Session): Promise<Connection> {
    opening ??= openConnection(whose, session)
    try {
      return await opening
    } catch (cause) {
      opening = null
      throw cause
    }
  }

  async function start(request: Outgoing, session: Session, signal: AbortSignal): Promise<Response> {
    const connection = await connected(session)
    signal.throwIfAborted()
    // Read by `request` before it first waits: another session of the same connection cannot get in between.
    connection.accessToken = session.accessToken
    connection.instanceUrl = session.instanceUrl
    return throughConnection(connection, request, signal)
  }

  async function begin(request: Outgoing, session: Session, { timeoutMs, signal }: Limits) {
    signal?.throwIfAborted()
    const giveUp = new AbortController()
    const end = endOf(timeoutMs, signal)
    end.reached.catch((cause: unknown) => giveUp.abort(cause))
    const failed = (cause: unknown): NoAnswer => {
      signal?.throwIfAborted()
      if (end.isOver())
        return { kind: 'no_answer', reached: true, why: `no answer within ${timeoutMs / 1000} seconds` }
      return broken(cause)
    }
    try {
      const answer = await start(request, session, giveUp.signal)
      return { answer, end, giveUp, failed }
    } catch (cause) {
      end.clear()
      return failed(cause)
    }
  }

  return {
    send: async (request, session, limits) => {
      const begun = await begin(request, session, limits)
      if ('kind' in begun) return begun
      const { answer, end, failed } = begun
      try {
        return { status: answer.status, headers: headersOf(answer), text: await answer.text() }
      } catch (cause) {
        return failed(cause)
      } finally {
        end.clear()
      }
    },

    stream: async (request, session, limits) => {
      const begun = await begin(request, session, limits)
      if ('kind' in begun) return begun
      const { answer, end, giveUp, failed } = begun
      const { status } = answer
      const headers = headersOf(answer)
      try {
        if (status >= 300) return { status, headers, text: await answer.text() }
      } catch (cause) {
        return failed(cause)
      } finally {
        end.clear()
      }
      return { status, headers, body: bodyOf(answer, giveUp, limits) }
    },
  }
}

/**
 * The body as it comes. It fails when nothing came for as long as an answer may take although it was asked for, when the
 * connection is cut, and when the caller gives up; each closes the socket.
 */
function bodyOf(answer: Response, giveUp: AbortController, { timeoutMs, signal }: Limits): Readable {
  // Not as a stream of Node's: one that fails while nobody reads it takes the process down.
  const reader = answer.body?.getReader()
  const abort = () => giveUp.abort(signal?.reason)
  signal?.addEventListener('abort', abort, { once: true })
  async function* pieces(): AsyncGenerator<Uint8Array> {
    if (reader === undefined) return
    for (;;) {
      const late = setTimeout(
        () => giveUp.abort(new Error(`nothing came for ${timeoutMs / 1000} seconds`)),
        timeoutMs,
      )
      const { done, value } = await reader.read().finally(() => clearTimeout(late))
      if (done) return
      yield value
    }
  }
  const body = Readable.from(pieces(), { objectMode: false })
  // However it ends: one that is destroyed before its first piece was asked for has never run the generator.
  body.once('close', () => {
    signal?.removeEventListener('abort', abort)
    giveUp.abort()
  })
  return body
}

function headersOf(answer: Response): Readonly<Record<string, string>> {
  return Object.fromEntries(answer.headers)
}

/** jsforce's answer to whoever asks: nothing to parse, nothing refused. What came is taken past it. */
const NO_CONTENT = { statusCode: 204, headers: {}, body: '' }

/** The part of jsforce's request that a transport is handed. */
interface Handed {
  readonly url: string
  readonly headers?: Readonly<Record<string, string>>
}

async function throughConnection(
  connection: Connection,
  { method, path, headers, body }: Outgoing,
  signal: AbortSignal,
): Promise<Response> {
  const came = Promise.withResolvers<Response>()
  // Whoever waits for it below may be done with failing before it does.
  came.promise.catch(() => undefined)
  const transport = {
    httpRequest: ({ url, headers: all = {} }: Handed) => {
      const { 'content-length': _, ...sent } = all
      // Answers of another address would be given our session.
      const init: RequestInit = { method, headers: sent, body: body ?? null, signal, redirect: 'manual' }
      came.resolve(fetch(url, init))
      const handed = came.promise.then(() => NO_CONTENT)
      return Object.assign(handed, { stream: () => new PassThrough() })
    },
  }
  const request = { method, url: path, headers: { ...headers } }
  // What `options` of jsforce's HttpApi may be is wider than what core's type says.
  await connection.request(request, { transport } as unknown as Parameters<Connection['request']>[1])
  return came.promise
}

async function openConnection(
  { tenant, org, username }: { tenant: string; org: string; username: string },
  session: Session,
): Promise<Connection> {
  const core = await import('@salesforce/core')
  const key = `${tenant}--${org}--${username}`

  /** Takes nothing from what the library keeps for all orgs of the process, and leaves nothing there. */
  class HeldAuthInfo extends core.AuthInfo {
    override async init(): Promise<void> {}
    override getUsername(): string {
      return key
    }
    override getFields(): ReturnType<AuthInfo['getFields']> {
      return { username: key, orgId: org, instanceUrl: session.instanceUrl }
    }
    override getConnectionOptions(): ReturnType<AuthInfo['getConnectionOptions']> {
      // These two alone: with a refresh token beside them jsforce would want to renew the session itself.
      const { accessToken, instanceUrl } = session
      return { accessToken, instanceUrl, callOptions: { client: CLIENT_NAME } } as ReturnType<
        AuthInfo['getConnectionOptions']
      >
    }
  }

  const authInfo = await HeldAuthInfo.create({})
  return core.Connection.create({ authInfo, connectionOptions: { version: API_VERSION.slice(1) } })
}
