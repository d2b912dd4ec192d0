/**
 * What libraries that take a `fetch` of one's own reach the world by, under the rules of outgoing.ts: names that lead to
 * this machine or a private network lead nowhere, redirects are not followed, and no answer is endless.
 */
import { request as plainRequest, type RequestOptions } from 'node:http'
import { request as secureRequest } from 'node:https'
import { isIP } from 'node:net'
import { HoldfastError } from '../contracts/errors.ts'
import { guardedLookup, isPublicAddress, privateAddress, type Resolve } from './outgoing.ts'

/** Bytes of an answer. */
const MOST = 1024 * 1024

export interface OutgoingFetchOptions {
  /** Milliseconds for all of it; default 10,000. */
  readonly timeoutMs?: number
  /** Whether private addresses may be reached too. */
  readonly anywhere: boolean
  readonly resolve?: Resolve
}

export type OutgoingFetch = (
  url: string,
  init: {
    readonly method: string
    readonly headers: Readonly<Record<string, string>>
    readonly body: unknown
    readonly signal?: AbortSignal
  },
) => Promise<Response>

/**
 * @returns rejects with HoldfastError `channel_configuration` for an address that may not be reached, and with the cause
 *   where nobody answers in time
 */
export function openOutgoingFetch({
  timeoutMs = 10_000,
  anywhere,
  resolve,
}: OutgoingFetchOptions): OutgoingFetch {
  return (address, { method, headers, body, signal }) => {
    const url = new URL(address)
    const host = url.hostname.replace(/^\[|\]$/g, '')
    if (!anywhere && isIP(host) !== 0 && !isPublicAddress(host)) return Promise.reject(privateAddress(host))
    const bytes = bytesOf(body)
    const time = AbortSignal.timeout(timeoutMs)
    const options: RequestOptions = {
      method,
      headers: {
        ...headers,
        'user-agent': 'Holdfast',
        ...(bytes === null ? {} : { 'content-length': String(bytes.length) }),
      },
      agent: false,
      signal: signal === undefined ? time : AbortSignal.any([signal, time]),
      lookup: guardedLookup({ anywhere, resolve }),
    }
    return new Promise<Response>((answered, failed) => {
      const send = url.protocol === 'http:' ? plainRequest : secureRequest
      const request = send(url, options, (response) => {
        const chunks: Buffer[] = []
        let size = 0
        response.on('data', (chunk: Buffer) => {
          size += chunk.length
          if (size <= MOST) chunks.push(chunk)
          else
            response.destroy(
              new HoldfastError('connector_unavailable', `${host} answered with more than ${MOST} bytes.`),
            )
        })
        response.on('error', failed)
        response.on('end', () => {
          const status = response.statusCode ?? 0
          const empty = [101, 204, 205, 304].includes(status)
          answered(
            new Response(empty ? null : Buffer.concat(chunks), {
              status,
              headers: headersOf(response.headers),
            }),
          )
        })
      })
      request.on('error', failed)
      request.end(bytes ?? undefined)
    })
  }
}

function bytesOf(body: unknown): Buffer | null {
  if (body === undefined || body === null) return null
  if (typeof body === 'string' || body instanceof URLSearchParams) return Buffer.from(String(body))
  if (body instanceof Uint8Array) return Buffer.from(body)
  throw new HoldfastError('internal', 'A request has a body of a kind that is not sent.')
}

function headersOf(given: NodeJS.Dict<string | string[]>): Headers {
  const headers = new Headers()
  for (const [name, value] of Object.entries(given))
    for (const one of [value ?? []].flat()) headers.append(name, one)
  return headers
}
