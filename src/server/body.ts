/** Bodies of requests: read up to their limit, in UTF-8, as JSON or as a form. */
import { isUtf8 } from 'node:buffer'
import type { IncomingMessage } from 'node:http'
import { HoldfastError } from '../contracts/errors.ts'

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
  if (rules.type !== 'application/json') return Object.fromEntries(new URLSearchParams(text))
  try {
    return JSON.parse(text) as unknown
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : ''
    throw new HoldfastError('request_invalid', `The body is not valid JSON: ${why}.`, { cause })
  }
}

/**
 * The body as it came, for what is signed: empty when there is none.
 *
 * @param limit bytes
 * @throws HoldfastError `request_media_type` for a compressed one, `request_too_large`, `request_invalid`
 */
export async function readBytes(request: IncomingMessage, limit: number): Promise<Buffer> {
  const { 'content-encoding': encoding, 'content-length': length } = request.headers
  if (encoding !== undefined && encoding !== 'identity') {
    throw new HoldfastError(
      'request_media_type',
      `A body in the encoding ${encoding} is not taken. Send it as it is, without Content-Encoding.`,
    )
  }
  if (Number(length ?? 0) > limit) throw tooLarge(limit)
  return collect(request, limit)
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
    request.on('data', (chunk: Buffer) => {
      size += chunk.length
      // What comes after is read and dropped, so that the client gets to its answer.
      if (size <= limit) chunks.push(chunk)
      else reject(tooLarge(limit))
    })
    request.on('end', () => resolve(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks)))
    // Every request closes in the end; an error is dear to make.
    request.on('close', () => {
      if (!request.complete) reject(broken())
    })
    request.on('error', () => reject(broken()))
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
