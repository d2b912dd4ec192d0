/**
 * Requests that HubSpot makes for people and workflows inside it: whether they are HubSpot's. Nothing of a request is looked at
 * before its signature, and a refusal says neither what is wrong nor, by how long it takes, how much of it.
 */
import { createHash } from 'node:crypto'
import { z } from 'zod'
import { verifySignatureV2, verifySignatureV3 } from '../../../connectors/hubspot/webhook.ts'
import { HoldfastError } from '../../contracts/errors.ts'
import type { Access } from '../../security/access.ts'
import { invalidPart, type FieldProblem } from '../problem.ts'
import type { RouteRequest } from '../route.ts'
import type { AppKey, RouteServices } from '../services.ts'
import { notSigned } from './reader.ts'

/** Of a route that takes signed requests. */
export const signedHeaders = z.object({
  'x-hubspot-signature-v3': z.string().optional(),
  'x-hubspot-request-timestamp': z.string().optional(),
})

/** Of a route that takes signed requests: read strictly once the signature is right. */
export const signedQuery = z.looseObject({})

/** What routes that take signed requests have alike. */
export const signedRoute = {
  tag: 'Public',
  access: 'public',
  crossSite: true,
  headers: signedHeaders,
  query: signedQuery,
} as const

/** As a route that declares {@link signedHeaders}, {@link signedQuery} and no body is asked. */
export type SignedRouteRequest = Pick<
  RouteRequest<unknown, Record<string, unknown>, z.infer<typeof signedHeaders>, undefined, Access>,
  'query' | 'headers' | 'bytes' | 'url'
>

export interface SignedRequest {
  /** Whose signature it is. */
  readonly key: AppKey
  readonly body: Buffer
  /** Of the signature: the same request comes with the same. */
  readonly mark: Buffer
}

/**
 * Takes what is signed as HubSpot signs (version 3): over the method, the address that the app was told with path and query
 * exactly as they were asked for, the body as it came, and the time, five minutes either way. The secrets of private apps, which
 * companies hand in, sign webhooks alone.
 *
 * @param method of the route, in any case
 * @throws HoldfastError `unauthenticated`, the same for whatever is wrong
 * @example
 * const { body } = await takeSigned(request, services, 'post')
 */
export async function takeSigned(
  request: SignedRouteRequest,
  { appKeys, clock, countSigned }: Pick<RouteServices, 'appKeys' | 'clock' | 'countSigned'>,
  method: string,
): Promise<SignedRequest> {
  const body = await request.bytes()
  const signature = request.headers['x-hubspot-signature-v3']
  const signed = {
    method,
    body,
    timestamp: request.headers['x-hubspot-request-timestamp'],
    signature,
    now: clock(),
  }
  // Each is tried, so that the answer takes as long whichever it is.
  const [key] = appKeys.filter(({ secret, base }) =>
    verifySignatureV3({ ...signed, secret, url: base + request.url }),
  )
  if (key === undefined) {
    countSigned('forged')
    throw notSigned()
  }
  return {
    key,
    body,
    mark: createHash('sha256')
      .update(signature ?? '')
      .digest(),
  }
}

/** Of a route that workflows call. */
export const workflowHeaders = signedHeaders.extend({ 'x-hubspot-signature': z.string().optional() })

/**
 * Takes what a workflow signed: as version 3 where it says so, and else as version 2, which is known by nothing in time: what
 * comes again under the same id of the call does nothing again.
 *
 * @throws HoldfastError `unauthenticated`, the same for whatever is wrong
 */
export async function takeWorkflowSigned(
  request: SignedRouteRequest & { readonly headers: z.infer<typeof workflowHeaders> },
  services: Pick<RouteServices, 'appKeys' | 'clock' | 'countSigned'>,
): Promise<Pick<SignedRequest, 'key' | 'body'>> {
  if (request.headers['x-hubspot-signature-v3'] !== undefined) return takeSigned(request, services, 'post')
  const body = await request.bytes()
  const signature = request.headers['x-hubspot-signature']
  const [key] = services.appKeys.filter(({ secret, base }) =>
    verifySignatureV2({ method: 'post', body, signature, secret, url: base + request.url }),
  )
  if (key === undefined) {
    services.countSigned('forged')
    throw notSigned()
  }
  return { key, body }
}

/**
 * What is asked for in a signed query or body.
 *
 * @throws HoldfastError `request_invalid` naming the fields
 */
export function parseSigned<T>(schema: z.ZodType<T>, part: FieldProblem['in'], value: unknown): T {
  const read = schema.safeParse(value)
  if (read.success) return read.data
  throw invalidPart(part, read.error)
}

/** @throws HoldfastError `request_invalid` */
export function signedJson<T>(schema: z.ZodType<T>, body: Buffer): T {
  let value: unknown
  try {
    value = JSON.parse(body.toString())
  } catch (cause) {
    throw new HoldfastError('request_invalid', 'The body is not valid JSON.', { cause })
  }
  return parseSigned(schema, 'body', value)
}
