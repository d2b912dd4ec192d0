/**
 * Requests to addresses that somebody typed into settings: to the public internet over https alone, so that nobody uses
 * this machine to reach what only this machine can (SSRF). The name is resolved once, each address that it has is looked
 * at, and the connection goes to one that was looked at: a name that means something else a moment later leads nowhere.
 * What comes back is not followed elsewhere.
 */
import { lookup, type LookupAddress } from 'node:dns'
import { request as plainRequest } from 'node:http'
import { request as secureRequest } from 'node:https'
import { BlockList, isIP, type LookupFunction } from 'node:net'
import { HoldfastError } from '../contracts/errors.ts'

export interface Posted {
  readonly status: number
  /** Seconds that the other side asks to be left alone for; null: it does not ask. */
  readonly retryAfter: number | null
  /** The beginning of what it answered. */
  readonly body: string
}

/** `src/loop/offer-billing.ts` takes it as its `Post`. */
export type OutgoingPost = (request: {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}) => Promise<Posted>

export interface OutgoingOptions {
  /** Milliseconds for all of it; default 10,000. */
  readonly timeoutMs?: number
  /** Only tests that listen on this machine: addresses of any kind, and http. */
  readonly anywhere?: boolean
  /** How names are resolved; default as the machine does. */
  readonly resolve?: Resolve
}

export type Resolve = (
  host: string,
  done: (cause: Error | null, addresses: readonly LookupAddress[]) => void,
) => void

/**
 * @returns rejects with HoldfastError `channel_configuration` for an address that may not be reached,
 *   `connector_unavailable` (retryable) when nobody answers in time
 * @example
 * const post = openOutgoing({})
 * await post({ url: 'https://hooks.example.com/in', headers: {}, body: '{}' }) // { status: 204, … }
 */
export function openOutgoing({
  timeoutMs = 10_000,
  anywhere = false,
  resolve,
}: OutgoingOptions): OutgoingPost {
  return ({ url: text, headers, body }) => {
    const url = anywhere ? new URL(text) : outgoingUrl(text)
    const bytes = Buffer.from(body)
    return new Promise<Posted>((answered, failed) => {
      const fail = (cause: unknown): void => failed(asOutgoingError(url.hostname, cause))
      const send = url.protocol === 'http:' ? plainRequest : secureRequest
      const request = send(
        url,
        {
          method: 'POST',
          headers: { ...headers, 'content-length': String(bytes.length), 'user-agent': 'Holdfast' },
          // One connection a request: nothing that was looked at for another name is used again.
          agent: false,
          signal: AbortSignal.timeout(timeoutMs),
          lookup: guardedLookup({ anywhere, resolve }),
        },
        (response) => {
          let answer = ''
          const end = (): void =>
            answered({
              status: response.statusCode ?? 0,
              retryAfter: secondsOf(response.headers['retry-after']),
              body: answer.slice(0, MOST_ANSWER),
            })
          response.setEncoding('utf8')
          response.on('data', (piece: string) => {
            answer += piece
            if (answer.length < MOST_ANSWER) return
            end()
            response.destroy()
          })
          response.on('end', end)
          response.on('error', fail)
        },
      )
      request.on('error', fail)
      request.end(bytes)
    })
  }
}

/**
 * How a connection finds an address: the name is resolved once, each address that it has is looked at, and the connection
 * goes to one that was.
 *
 * @param options.anywhere private addresses are taken too
 */
export function guardedLookup({
  anywhere,
  resolve = resolveName,
}: {
  readonly anywhere: boolean
  readonly resolve?: Resolve | undefined
}): LookupFunction {
  return (host, options, done) =>
    resolve(host, (cause, addresses) => {
      if (cause !== null) return done(cause, '', 0)
      const refused = anywhere ? undefined : addresses.find(({ address }) => !isPublicAddress(address))
      if (refused !== undefined || addresses.length === 0) return done(privateAddress(host), '', 0)
      if (options.all === true) return done(null, [...addresses])
      return done(null, addresses[0].address, addresses[0].family)
    })
}

/** Characters of an answer that are read. */
const MOST_ANSWER = 2000

/**
 * What a person is told when an address is saved, before anything is sent there.
 *
 * @throws HoldfastError `channel_configuration`
 * @example
 * outgoingUrl('https://hooks.example.com/T0/x').hostname // 'hooks.example.com'
 */
export function outgoingUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null
  if (url?.protocol !== 'https:')
    throw new HoldfastError(
      'channel_configuration',
      'The address has to be a whole one that begins with https://.',
    )
  if (url.username !== '' || url.password !== '')
    throw new HoldfastError(
      'channel_configuration',
      'The address must not hold a user or a password: what is sent is signed instead.',
    )
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const isLocal =
    /(^|\.)(localhost|local|internal|home\.arpa|lan|intranet)\.?$/i.test(host) || !/[.:]/.test(host)
  if (isLocal || (isIP(host) !== 0 && !isPublicAddress(host))) throw privateAddress(host)
  return url
}

/**
 * Whether an IP address is of the public internet, by the registries of special purpose addresses:
 * https://www.iana.org/assignments/iana-ipv4-special-registry and https://www.iana.org/assignments/iana-ipv6-special-registry
 *
 * @example
 * isPublicAddress('169.254.169.254') // false: where clouds keep credentials
 */
export function isPublicAddress(address: string): boolean {
  const family = isIP(address)
  if (family === 4) return !special.check(address, 'ipv4')
  // A zone (fe80::1%eth0) is of this machine.
  if (family !== 6 || address.includes('%')) return false
  return global6.check(address, 'ipv6') && !special.check(address, 'ipv6')
}

/** All of IPv6 that is handed out; IPv4 in IPv6 (::ffff:0:0/96, 64:ff9b::/96) lies outside. */
const global6 = new BlockList()
global6.addSubnet('2000::', 3, 'ipv6')

const special = new BlockList()
for (const range of [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.31.196.0/24',
  '192.52.193.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '192.175.48.0/24',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
  '2001::/23',
  '2001:db8::/32',
  '2002::/16',
  '2620:4f:8000::/48',
  '3fff::/20',
]) {
  const [net, bits] = range.split('/')
  special.addSubnet(net, Number(bits), net.includes(':') ? 'ipv6' : 'ipv4')
}

/** As the machine does. */
export function resolveName(
  host: string,
  done: (cause: Error | null, addresses: readonly LookupAddress[]) => void,
): void {
  lookup(host, { all: true }, (cause, addresses) => done(cause, addresses ?? []))
}

/** What is said of an address that may not be reached. */
export function privateAddress(host: string): HoldfastError {
  return new HoldfastError(
    'channel_configuration',
    `${host} is an address of this machine or of a private network, where nothing is sent. Name one of the public internet.`,
  )
}

function asOutgoingError(host: string, cause: unknown): HoldfastError {
  if (cause instanceof HoldfastError) return cause
  const { code, name } = cause as NodeJS.ErrnoException
  const what =
    name === 'AbortError' || name === 'TimeoutError' || code === 'ABORT_ERR'
      ? 'it took too long'
      : (code ?? 'no answer')
  return new HoldfastError('connector_unavailable', `${host} could not be reached: ${what}.`, {
    cause,
    retryable: true,
  })
}

/** Of Retry-After: seconds, or a date, which is told as a minute. */
function secondsOf(header: string | undefined): number | null {
  if (header === undefined) return null
  return /^\d{1,6}$/.test(header.trim()) ? Number(header) : 60
}
