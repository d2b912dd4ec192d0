/** Sessions and the refresh tokens that give them: kept with the org, so that they outlive the process. */
import type { SandboxContext } from './route.ts'

export interface Grant {
  /** Of all that came from one consent. */
  readonly family: string
  readonly clientId: string
}

interface Session extends Grant {
  readonly madeAt: number
}

interface Refresh extends Grant {
  /** It was exchanged for another one: whoever brings it again has stolen it, or lost that one. */
  readonly used: boolean
}

const SESSIONS = 'sessions'
const REFRESHES = 'refresh_tokens'
const CODES = 'codes'

export interface Code {
  readonly challenge: string
  /** Null: none was named. */
  readonly redirectUri: string | null
  readonly madeAt: number
}

export interface Sessions {
  /** A new access token. */
  open(grant: Grant, at: Date): string
  refreshToken(grant: Grant): string
  /** @returns null: known no more, or used before, and then everything of its consent is gone */
  useRefresh(token: string): { readonly grant: Grant; readonly refreshToken: string } | null
  /** Whether a session is good; it lasts on from here. */
  isGood(token: string, at: Date): boolean
  code(code: Omit<Code, 'madeAt'>, at: Date): string
  /** Each is taken once. */
  takeCode(code: string): Code | null
  /** A token of either kind, with all of its consent; whether there was one. */
  revoke(token: string): boolean
  /** All sessions; refresh tokens still work. */
  expireAll(): void
  revokeAll(): void
  family(): string
}

export function openSessions(context: Pick<SandboxContext, 'state' | 'secret' | 'settings'>): Sessions {
  const { state, secret, settings } = context
  const lastUsed = new Map<string, number>()

  const forget = (family: string): void => {
    for (const table of [SESSIONS, REFRESHES]) {
      for (const [token, grant] of state.entries(table)) {
        if ((grant as Grant).family === family) state.put(table, token, null)
      }
    }
  }
  const sessions: Sessions = {
    open({ family, clientId }, at) {
      const token = `${state.org.slice(0, 15)}!${secret('session')}`
      state.put(SESSIONS, token, { family, clientId, madeAt: at.getTime() } satisfies Session)
      return token
    },
    refreshToken({ family, clientId }) {
      const token = `5Aep861${secret('refresh')}`
      state.put(REFRESHES, token, { family, clientId, used: false } satisfies Refresh)
      return token
    },
    useRefresh(token) {
      const known = state.get(REFRESHES, token) as Refresh | undefined
      if (!known) return null
      if (known.used) {
        forget(known.family)
        return null
      }
      if (!settings.rotates) return { grant: known, refreshToken: token }
      state.put(REFRESHES, token, { ...known, used: true })
      return { grant: known, refreshToken: sessions.refreshToken(known) }
    },
    isGood(token, at) {
      const known = state.get(SESSIONS, token) as Session | undefined
      if (!known) return false
      const since = lastUsed.get(token) ?? known.madeAt
      if (at.getTime() > since + settings.session) {
        state.put(SESSIONS, token, null)
        return false
      }
      lastUsed.set(token, at.getTime())
      return true
    },
    code(code, at) {
      const made = `aPrx${secret('code')}`
      state.put(CODES, made, { ...code, madeAt: at.getTime() } satisfies Code)
      return made
    },
    takeCode(code) {
      const known = state.get(CODES, code) as Code | undefined
      if (known) state.put(CODES, code, null)
      return known ?? null
    },
    revoke(token) {
      const known = (state.get(REFRESHES, token) ?? state.get(SESSIONS, token)) as Grant | undefined
      if (!known) return false
      forget(known.family)
      return true
    },
    expireAll() {
      for (const token of state.entries(SESSIONS).keys()) state.put(SESSIONS, token, null)
      lastUsed.clear()
    },
    revokeAll() {
      sessions.expireAll()
      for (const token of state.entries(REFRESHES).keys()) state.put(REFRESHES, token, null)
    },
    family: () => secret('family'),
  }
  return sessions
}
