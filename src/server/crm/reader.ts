/** Who looks in from inside a CRM, and what they may be answered of. How each CRM says who it is stands beside this. */
import { HoldfastError } from '../../contracts/errors.ts'
import type { TenantId } from '../../contracts/ids.ts'
import type { Role } from '../../security/access.ts'
import type { ReadConnection, ReadingPerson } from '../../store/crm-readers.ts'
import { claimRequest, releaseRequest } from '../../store/seen-requests.ts'
import type { RouteServices } from '../services.ts'
import type { CrmKind } from './crm.ts'

export interface CrmReader {
  /** The company that answers here. */
  readonly tenant: TenantId
  readonly crm: CrmKind
  /** The portal or org that they look in from: nothing of another one is answered. */
  readonly account: string
  /** The company's connections to this account, never empty; a connection that is paused or signed out is among them. */
  readonly connections: readonly [ReadConnection, ...ReadConnection[]]
  /** The CRM's id of the user. */
  readonly user: string
  /** As `normaliseEmail` has it; null: the CRM named none that is one. */
  readonly email: string | null
  /** Who they are in Holdfast: a person of this company with their address; null: they sign in nowhere here. */
  readonly person: ReadingPerson | null
  /** Id of the owner in the CRM that they are to customers that are known here; null: they are responsible for none. */
  readonly owner: string | null
  /** As the audit log and events name them: `user:ann@acme.example`, as in the app. */
  readonly actor: string
  /** What tells this request from all others, where one that was overheard could be sent again; null: it could not. */
  readonly mark: Buffer | null
}

/** Of answers: nobody's business but of whom they are for, and nothing that is true in a minute. */
export const PRIVATE = { 'Cache-Control': 'no-store' }

/** Under which the requests of a user are counted. */
export function countedAs({ crm, account, user }: Pick<CrmReader, 'crm' | 'account' | 'user'>): string {
  return `${crm} ${account} ${user}`
}

/** Whether the reader signs in to Holdfast with this role or a higher one. */
export function hasRole({ person }: Pick<CrmReader, 'person'>, roles: readonly Role[]): boolean {
  return person !== null && roles.includes(person.role)
}

/**
 * Does what a request asks for, once: whoever overheard it cannot have it done again while its signature is good, in
 * whichever process. What fails by our own fault may come again as it is, since a CRM asks once more after an answer of 500
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
  if (mark === null) return work()
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

/** As every request is refused that is not signed as it has to be. */
export function notSigned(): HoldfastError {
  return new HoldfastError('unauthenticated', 'The request is not signed as it has to be.')
}
