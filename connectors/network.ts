/** What goes wrong on the way to another machine and back, for every connector alike: no answer, or none in time. */

/** No whole answer. `reached` is false only where the request surely never got to the other side. */
export interface NoAnswer {
  readonly kind: 'no_answer'
  readonly reached: boolean
  /** "no answer within 30 seconds", "connection refused". */
  readonly why: string
  readonly cause?: unknown
}

/** An end of waiting: see {@link endOf}. */
export interface End {
  /** Never resolves. */
  readonly reached: Promise<never>
  /** Whether it was the time limit. */
  isOver(): boolean
  clear(): void
}

/** Rejects at the time limit or when the signal is aborted. */
export function endOf(timeoutMs: number, signal?: AbortSignal): End {
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

/**
 * @param cause as `fetch` throws it
 * @example broken(error).why // 'the connection was refused'
 */
export function broken(cause: unknown): NoAnswer {
  const code = codeOf(cause)
  const why = code === null ? String(cause) : (WORDS[code] ?? code)
  return { kind: 'no_answer', reached: code === null || !NEVER_SENT.has(code), why, cause }
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

/** fetch hides the reason one or more causes down. */
function codeOf(cause: unknown): string | null {
  for (let at: unknown = cause, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth++) {
    if ('code' in at && typeof at.code === 'string') return at.code
    if (at instanceof AggregateError && at.errors.length > 0) return codeOf(at.errors[0])
  }
  return null
}
