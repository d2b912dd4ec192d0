/**
 * Who looks in from inside HubSpot. `hubspot.fetch` adds to what a page asks for which account and which user it asks for, and
 * HubSpot signs all of it, so that nobody can say they are somebody else.
 *
 * @see https://developers.hubspot.com/docs/apps/developer-platform/add-features/ui-extensibility/fetching-data
 */
import { z } from 'zod'
import { HoldfastError } from '../../contracts/errors.ts'
import { normaliseEmail } from '../../security/address-hash.ts'
import { connectionsOfAccount, readerByEmail, type ReadConnection } from '../../store/crm-readers.ts'
import type { RouteServices } from '../services.ts'
import type { CrmObject } from './crm.ts'
import { parseSigned, takeSigned, type SignedRouteRequest } from './hubspot-signed.ts'
import { countedAs, notSigned, type CrmReader } from './reader.ts'

/** Kinds of records that a customer can be in HubSpot, by their type. */
export const OBJECT_OF_TYPE = { '0-1': 'contacts', '0-2': 'companies' } as const satisfies Record<
  string,
  CrmObject
>

export const objectTypeId = z.enum(['0-1', '0-2'], 'is 0-1 for contacts, or 0-2 for companies')
const ofType = z.looseObject({ objectTypeId })

/** For {@link ReaderAsked}: what fits no kind is refused once it is read strictly. */
export function objectInQuery(query: unknown): CrmObject | undefined {
  const read = ofType.safeParse(query)
  return read.success ? OBJECT_OF_TYPE[read.data.objectTypeId] : undefined
}

export function objectInBody(_query: unknown, body: Buffer): CrmObject | undefined {
  try {
    return objectInQuery(JSON.parse(body.toString()))
  } catch {
    return undefined
  }
}

const id = z.string().regex(/^\d{1,20}$/, 'must be a number')

/**
 * As HubSpot adds them. Each once: a page could ask with an account of its own choice in front of the one that HubSpot adds, so
 * that a query with two of them is refused.
 */
const identity = z.object({
  portalId: id,
  userId: id,
  userEmail: z.string().max(320).optional(),
  appId: id.optional(),
})

export interface ReaderAsked {
  /** Of the route. */
  readonly method: 'get' | 'post'
  /**
   * Which kind of records it is about, where it is about one, by a query and body that are signed: a company that connected these
   * comes first.
   */
  readonly object?: (query: Readonly<Record<string, unknown>>, body: Buffer) => CrmObject | undefined
}

/** A request of somebody inside HubSpot, as the rest of the server reads it. */
export interface CrmAsked {
  readonly reader: CrmReader
  readonly body: Buffer
}

/**
 * Whose account it is decides who answers: connections that are not disconnected. Where two companies connected the same
 * account, the one that installed the app there answers, and else the one that connected it first; the other one is not told
 * of. Requests that change something are counted by user.
 *
 * @throws HoldfastError `unauthenticated`, the same for whatever is wrong with the signature; `request_invalid`; `not_found` for
 *   an account that nobody connected; `too_many_requests`
 * @example
 * const { reader } = await hubspotReader(request, services, { method: 'get', object: () => 'companies' })
 */
export async function hubspotReader(
  request: SignedRouteRequest,
  services: Pick<RouteServices, 'appKeys' | 'clock' | 'countSigned' | 'database' | 'rates'>,
  { method, object }: ReaderAsked,
): Promise<CrmAsked> {
  const { database, rates, countSigned } = services
  const { key, body, mark } = await takeSigned(request, services, method)
  const { portalId: account, userId: user, userEmail } = parseSigned(identity, 'query', request.query)
  const from = { crm: 'hubspot', account, user } as const
  if (key.portal !== undefined && key.portal !== account) {
    countSigned('forged')
    throw notSigned()
  }
  if (method !== 'get') await rates.takeOf('changes', countedAs(from))
  const asked = object?.(request.query, body)
  const email = userEmail === undefined ? null : normaliseEmail(userEmail)
  const found = await database.asSystem('who looks in from a CRM', async (tx) => {
    const all = await connectionsOfAccount(tx, 'hubspot', account)
    const first = all.find((one) => one.object === asked) ?? all.at(0)
    if (first === undefined) return null
    const { tenant } = first
    const connections: readonly ReadConnection[] = all.filter((one) => one.tenant === tenant)
    const ids = connections.map((one) => one.id)
    const none = { person: null, owner: null }
    const who = email === null ? none : await readerByEmail(tx, { tenant, connections: ids, email })
    return { tenant, connections: connections as CrmReader['connections'], ...who }
  })
  if (found === null) {
    countSigned('unknown_portal')
    throw new HoldfastError(
      'not_found',
      `The HubSpot account ${account} is not connected to Holdfast. An admin of Holdfast connects it: Set-up > Connect > HubSpot.`,
    )
  }
  countSigned('taken')
  return {
    reader: { ...found, ...from, email, actor: `user:${email ?? `hubspot ${user}`}`, mark },
    body,
  }
}
