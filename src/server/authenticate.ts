/** Who asks: a program by its key or a person by their cookie, and whether the request is of their own doing. */
import type { Request } from 'express'
import { HoldfastError } from '../contracts/errors.ts'
import { allows, type Access, type Caller, type Restricted } from '../security/access.ts'
import type { ApiKeys } from '../security/api-keys.ts'
import { limitAttempts } from '../security/attempts.ts'
import type { Sessions } from '../security/sessions.ts'
import { sessionToken } from './cookies.ts'

export interface AuthenticateOptions {
  readonly keys: ApiKeys
  readonly sessions: Sessions
  readonly publicUrl: string | null
}

export interface Doorkeeper {
  /**
   * @returns null on public routes; at once where the caller was seen within the last seconds
   * @throws HoldfastError `unauthenticated`, `forbidden`, `too_many_requests`
   */
  admit(request: Request, access: Access, crossSite: boolean): Caller | null | Promise<Caller | null>
}

export function openDoorkeeper({ keys, sessions, publicUrl }: AuthenticateOptions): Doorkeeper {
  const wrongKeys = limitAttempts({ most: 60, seconds: 60, what: 'API keys' })

  async function unknownKey(key: string, ip: string, access: Restricted): Promise<Caller> {
    // A key that was good before is looked up whatever its neighbours do; others only while guessing is no flood.
    if (!keys.seen(key)) await wrongKeys.check(ip)
    const caller = await keys.verify(key)
    if (caller !== null) return permit(access, caller)
    await wrongKeys.failed(ip)
    throw new HoldfastError(
      'unauthenticated',
      'The API key is not known here, or was revoked. Send a valid one as "Authorization: Bearer hf_…".',
    )
  }

  return {
    admit: (request, access, crossSite) => {
      const unsafe = isUnsafe(request)
      const { authorization } = request.headers
      if (access === 'public') {
        if (unsafe && !crossSite) expectOwnSite(request, publicUrl, false)
        return null
      }
      if (authorization !== undefined) {
        const key = /^Bearer +(\S+)$/i.exec(authorization)?.[1] ?? ''
        const caller = keys.recall(key)
        return caller === null ? unknownKey(key, request.ip ?? '', access) : permit(access, caller)
      }
      const token = sessionToken(originOf(request, publicUrl), request.headers.cookie)
      if (token === null) throw nobody(access)
      if (unsafe) expectOwnSite(request, publicUrl, true)
      const caller = sessions.verify(token)
      return caller instanceof Promise
        ? caller.then((found) => permit(access, found ?? over()))
        : permit(access, caller ?? over())
    },
  }
}

/** Whether a request may change something. */
export function isUnsafe({ method }: Request): boolean {
  return method !== 'GET' && method !== 'HEAD'
}

function permit(access: Restricted, caller: Caller): Caller {
  if (allows(access, caller)) return caller
  if (caller.kind === 'key') {
    throw new HoldfastError(
      'forbidden',
      access.scope === null
        ? 'API keys do not open this. Sign in as a person.'
        : `The API key "${caller.name}" lacks the scope ${access.scope}. Use one that has it, or have an admin make one.`,
    )
  }
  throw new HoldfastError(
    'forbidden',
    access.role === null
      ? `This is open to API keys with the scope ${access.scope ?? ''} only.`
      : access.installation === true && !caller.installation
        ? 'This shows what spans all companies of the installation. Sign in with the link that the server prints at its start.'
        : `This needs the role ${access.role}; yours is ${caller.role}. Ask an admin.`,
  )
}

const NEW_LINK =
  'open the sign-in link that the server prints at its start, or have a new one made with "holdfast sign-in"'

function nobody({ scope, role }: Restricted): HoldfastError {
  const ways = [
    ...(scope === null ? [] : ['send an API key as "Authorization: Bearer hf_…"']),
    ...(role === null ? [] : [NEW_LINK]),
  ].join(', or ')
  return new HoldfastError('unauthenticated', `Nobody is signed in. To go on, ${ways}.`)
}

function over(): never {
  throw new HoldfastError('unauthenticated', `The session is over. To go on, ${NEW_LINK}.`)
}

/**
 * Another site must not act through the browser of somebody who is signed in here. Browsers say where a request comes
 * from: Sec-Fetch-Site, and before that Origin.
 *
 * @param demanded whether a request that says neither is refused: only browsers bring cookies, and they all say it
 * @see https://cheatsheetseries.owasp.org/cheatsheets/Cross-Site_Request_Forgery_Prevention_Cheat_Sheet.html
 */
function expectOwnSite(request: Request, publicUrl: string | null, demanded: boolean): void {
  const { origin, 'sec-fetch-site': site } = request.headers
  const foreign =
    (site !== undefined && site !== 'same-origin') ||
    (origin !== undefined && origin !== originOf(request, publicUrl)) ||
    (demanded && site === undefined && origin === undefined)
  if (!foreign) return
  throw new HoldfastError(
    'forbidden',
    'The request comes from another site, or does not say from where. Open Holdfast itself and repeat it there; programs send an API key.',
  )
}

/**
 * `https://host:port` as the browser has it in its address bar. A proxy that is not in TRUST_PROXY leaves http and
 * perhaps another host in the request; PUBLIC_URL then says what the browser knows, where the request names either.
 */
export function originOf(request: Request, publicUrl: string | null): string {
  if (publicUrl !== null) {
    const known = new URL(publicUrl)
    const { host, origin } = request.headers
    if (known.host === host || known.origin === origin) return known.origin
  }
  return `${request.protocol}://${request.host}`
}
