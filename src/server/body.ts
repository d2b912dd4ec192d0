/** Bodies of requests: read up to their limit, in UTF-8, as JSON or as a form. */
import { isUtf8 } from 'node:buffer'
import type { IncomingMessage } from 'node:http'
import { HoldfastError } from '../contracts/errors.ts'
import { unstorable } from './unstorable.ts'

export interface BodyRules {
  readonly type: 'application/json' | 'application/x-www-form-urlencoded'
  /** Bytes. */
  readonly limit: number
}

/**
 * @returns undefined when there is none; a form as strings by name (the last of equal names)
 * @throws HoldfastError `request_media_type`, `request_too_large`, `request_invalid`
 */
export async function readBody(request: IncomingMessage, rules: BodyRules): Promise<unknown> {
  const bytes = await readBytes(request, rules.limit)
  if (bytes.length === 0) return undefined
  expectType(request.headers['content-type'], rules.type)
  if (!isUtf8(bytes)) {
    throw new HoldfastError('request_invalid', 'The body is not in UTF-8. Send it in UTF-8.')
  }
  const text = bytes.toString()
  if (rules.type !== 'application/json') {
    const fields = Object.fromEntries(new URLSearchParams(text))
    refuseUnstorable(fields)
    return fields
  }
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : ''
    throw new HoldfastError('request_invalid', `The body is not valid JSON: ${why}.`, { cause })
  }
  if (UNSTORABLE.test(text)) refuseUnstorable(value)
  return value
}

/** Escapes of what no text of a database holds: NUL, and halves of a character. */
const UNSTORABLE = /\\u(?:0000|d[89a-f])/i

/** Escapes of whole characters, and of a backslash before a `u`, are looked at more closely. */
function refuseUnstorable(value: unknown): void {
  if (unstorable(value) === null) return
  throw new HoldfastError(
    'request_invalid',
    'The body has a text with a NUL character or half of a character (a lone surrogate) in it, which nothing can be done with. Leave it out.',
  )
}

/**
 * The body as it came, for what is signed: empty when there is none.
 *
 * @param limit bytes
 * @throws HoldfastError `request_media_type` for a compressed one, `request_too_large`, `request_invalid`
 */
export async function readBytes(request: IncomingMessage, limit: number): Promise<Buffer> {
  expectPlain(request, limit)
  return collect(request, limit)
}

/**
 * The body as it comes; no faster than it is taken.
 *
 * @param limit bytes
 * @throws HoldfastError `request_media_type` for a compressed one, `request_too_large`, `request_invalid`
 */
export async function* readChunks(request: IncomingMessage, limit: number): AsyncGenerator<Buffer, void> {
  expectPlain(request, limit)
  let size = 0
  try {
    // The connection stays whole where the rest is not read, so that the client gets to its answer.
    for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      size += chunk.length
      if (size > limit) throw tooLarge(limit)
      yield chunk
    }
  } catch (cause) {
    throw cause instanceof HoldfastError ? cause : broken()
  }
  if (!request.complete) throw broken()
}

/** Its headers alone tell that it is compressed, or too large. */
function expectPlain(request: IncomingMessage, limit: number): void {
  const { 'content-encoding': encoding, 'content-length': length } = request.headers
  if (encoding !== undefined && encoding !== 'identity') {
    throw new HoldfastError(
      'request_media_type',
      `A body in the encoding ${encoding} is not taken. Send it as it is, without Content-Encoding.`,
    )
  }
  if (Number(length ?? 0) > limit) throw tooLarge(limit)
}

function expectType(given: string | undefined, expected: BodyRules['type']): void {
  const [type, ...parameters] = (given ?? '').toLowerCase().split(';')
  const charset = parameters.map((one) => one.trim()).find((one) => one.startsWith('charset='))
  const named = type.trim()
  const right =
    named === expected || (expected === 'application/json' && /^application\/.+\+json$/.test(named))
  if (right && (charset === undefined || /^charset="?utf-?8"?$/.test(charset))) return
  throw new HoldfastError(
    'request_media_type',
    `The body has the type ${given === undefined ? 'that no Content-Type states' : given.slice(0, 100)}. Send it with "Content-Type: ${expected}".`,
  )
}

function collect(request: IncomingMessage, limit: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let size = 0
    // What is held in memory comes quickly; only what is streamed may take its time.
    const slow = setTimeout(() => reject(tooSlow()), LONGEST_MS)
    slow.unref()
    request.on('data', (chunk: Buffer) => {
      size += chunk.length
      // What comes after is read and dropped, so that the client gets to its answer.
      if (size <= limit) chunks.push(chunk)
      else reject(tooLarge(limit))
    })
    request.on('end', () => {
      clearTimeout(slow)
      resolve(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks))
    })
    // Every request closes in the end; an error is dear to make.
    request.on('close', () => {
      clearTimeout(slow)
      if (!request.complete) reject(broken())
    })
    request.on('error', () => reject(broken()))
  })
}

const LONGEST_MS = 60_000

function tooSlow(): HoldfastError {
  return new HoldfastError('request_invalid', 'The body did not come within a minute. Send it again.', {
    retryable: true,
  })
}

function broken(): HoldfastError {
  return new HoldfastError('request_invalid', 'The request broke off before its body was complete.', {
    retryable: true,
  })
}

function tooLarge(limit: number): HoldfastError {
  const size = limit >= 1024 * 1024 ? `${limit / 1024 / 1024} MB` : `${Math.round(limit / 1024)} kB`
  return new HoldfastError(
    'request_too_large',
    `The body is larger than the ${size} that are taken here. Send it in parts.`,
  )
}
