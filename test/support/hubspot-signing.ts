/** Requests as `hubspot.fetch` makes them: what it adds of account and user, and HubSpot's signature over it all. */
import { createHmac } from 'node:crypto'

export interface HubSpotUser {
  readonly portal: string
  readonly user?: string
  readonly email?: string
}

export interface SignedAsk {
  readonly secret: string
  /** The public address that the app was told. */
  readonly base: string
  readonly method?: 'GET' | 'POST'
  readonly path: string
  readonly query?: Readonly<Record<string, string>>
  readonly by: HubSpotUser
  readonly body?: unknown
  readonly now: Date
}

export interface SignedParts {
  readonly method: string
  /** Path and query. */
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | null
}

/** HubSpot signs the address with these decoded. */
const DECODED = /%(3A|2F|3F|40|21|24|27|28|29|2A|2C|3B)/gi

/**
 * A fresh request. Two that ask for the same at the same time are the same request.
 *
 * @example
 * const { path, ...init } = signHubSpot({ secret, base, path: '/crm/hubspot/card', query, by: { portal }, now })
 * await server.fetch(path, init)
 */
export function signHubSpot({
  secret,
  base,
  method = 'GET',
  path,
  query = {},
  by,
  body,
  now,
}: SignedAsk): SignedParts {
  // What the page asks for stands in front, whatever it is called.
  const asked = new URLSearchParams([
    ...Object.entries(query),
    ['userId', by.user ?? '77'],
    ['portalId', by.portal],
    ['userEmail', by.email ?? 'rep@acme.example'],
    ['appId', '3'],
  ])
  const whole = `${path}?${asked}`
  const text = body === undefined ? null : JSON.stringify(body)
  const timestamp = String(now.getTime())
  const signature = createHmac('sha256', secret)
    .update(
      method + (base + whole).replace(DECODED, (code) => decodeURIComponent(code)) + (text ?? '') + timestamp,
    )
    .digest('base64')
  return {
    method,
    path: whole,
    body: text,
    headers: {
      'x-hubspot-signature-v3': signature,
      'x-hubspot-request-timestamp': timestamp,
      ...(text === null ? {} : { 'content-type': 'application/json' }),
    },
  }
}
