/**
 * Who looks in from inside HubSpot. `hubspot.fetch` adds to what a page asks for which account and which user it asks for, and
 * HubSpot signs all of it, so that nobody can say they are somebody else.
 *
 * @see https://developers.hubspot.com/docs/apps/developer-platform/add-features/ui-extensibility/fetching-data
 */
import { z } from 'zod'
import { HoldfastError } from '../../contracts/errors.ts'
import type { TenantId } from '../../contracts/ids.ts'
import { normaliseEmail } from '../../security/address-hash.ts'
import type { Role } from '../../security/access.ts'
import {
  connectionsOfAccount,
  readerByEmail,
  type ReadConnection,
  type ReadingPerson,
} from '../../store/crm-readers.ts'
import { claimRequest, releaseRequest } from '../../store/seen-requests.ts'
import type { RouteServices } from '../services.ts'
import { notSigned, parseSigned, takeSigned, type SignedRouteRequest } from './signed-request.ts'

/** Kinds of records that a customer can be in HubSpot, by their type. */
export const OBJECT_OF_TYPE = { '0-1': 'contacts', '0-2': 'companies' } as const
export type CrmObject = (typeof OBJECT_OF_TYPE)[keyof typeof OBJECT_OF_TYPE]

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

/** Somebody who looks in, and what they may be answered of. */
export interface CrmReader {
  /** The company that answers here. */
  readonly tenant: TenantId
  /** The account that they look in from: nothing of another one is answered. */
  readonly portal: string
  /** The company's connections to this account, never empty; a connection that is paused or signed out is among them. */
  readonly connections: readonly [ReadConnection, ...ReadConnection[]]
  /** HubSpot's id of the user. */
  readonly user: string
  /** As `normaliseEmail` has it; null: HubSpot named none that is one. */
  readonly email: string | null
  /** Who they are in Holdfast: a person of this company with their address; null: they sign in nowhere here. */
  readonly person: ReadingPerson | null
  /** Id of the owner in HubSpot that they are to customers that are known here; null: they are responsible for none. */
  readonly owner: string | null
  /** As the audit log and events name them: `user:ann@acme.example`, as in the app. */
  readonly actor: string
  /** SHA-256 of the signature. */
  readonly mark: Buffer
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
 * const { reader } = await readerOf(request, services, { method: 'get', object: () => 'companies' })
 */
export async function readerOf(
  request: SignedRouteRequest,
  services: Pick<RouteServices, 'appKeys' | 'clock' | 'countSigned' | 'database' | 'rates'>,
  { method, object }: ReaderAsked,
): Promise<CrmAsked> {
  const { database, rates, countSigned } = services
  const { key, body, mark } = await takeSigned(request, services, method)
  const { portalId: portal, userId: user, userEmail } = parseSigned(identity, 'query', request.query)
  if (key.portal !== undefined && key.portal !== portal) {
    countSigned('forged')
    throw notSigned()
  }
  if (method !== 'get') await rates.takeOf('changes', `hubspot ${portal} ${user}`)
  const asked = object?.(request.query, body)
  const email = userEmail === undefined ? null : normaliseEmail(userEmail)
  const found = await database.asSystem('who looks in from a CRM', async (tx) => {
    const all = await connectionsOfAccount(tx, 'hubspot', portal)
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
      `The HubSpot account ${portal} is not connected to Holdfast. An admin of Holdfast connects it: Set-up > Connect > HubSpot.`,
    )
  }
  countSigned('taken')
  return {
    reader: { ...found, portal, user, email, actor: `user:${email ?? `hubspot ${user}`}`, mark },
    body,
  }
}

/** Whether the reader signs in to Holdfast with this role or a higher one. */
export function hasRole({ person }: Pick<CrmReader, 'person'>, roles: readonly Role[]): boolean {
  return person !== null && roles.includes(person.role)
}

/**
 * Does what a signed request asks for, once: whoever overheard it cannot have it done again while its signature is good, in
 * whichever process. What fails by our own fault may come again as it is, since HubSpot asks once more after an answer of 500
 * and above.
 *
 * @throws HoldfastError `unauthenticated` for one that came before
 * @example
 * const answer = await once(services, reader, () => change(…))
 */
export async function once<T>(
  { database, clock, countSigned }: Pick<RouteServices, 'database' | 'clock' | 'countSigned'>,
  { tenant, mark }: Pick<CrmReader, 'tenant' | 'mark'>,
  work: () => Promise<T>,
): Promise<T> {
  if (!(await database.withTenant(tenant, (tx) => claimRequest(tx, { mark, now: clock() })))) {
    countSigned('replayed')
    throw notSigned()
  }
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof HoldfastError) || error.status >= 500)
      await database.withTenant(tenant, (tx) => releaseRequest(tx, mark)).catch(() => undefined)
    throw error
  }
}
