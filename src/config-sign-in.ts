/** What the environment says of the sign-in service (OIDC), checked as a whole. */
import { ROLES, type Role } from './security/access.ts'
import { HoldfastError } from './contracts/errors.ts'

/** A sign-in service of the installation: an OpenID provider. */
export interface SignInServiceConfig {
  /** As the provider states it, to the letter. */
  readonly issuer: string
  readonly clientId: string
  /** Null: a public client, whose proof is PKCE alone. */
  readonly clientSecret: string | null
  /** On the button. */
  readonly name: string
  readonly scope: string
  /** Of addresses that may sign in, lower case; empty: of any. */
  readonly domains: readonly string[]
  /** Null: who was invited gets in, and nobody else. */
  readonly groups: GroupRoles | null
}

/** Which groups of the sign-in service are which role, in one company. */
export interface GroupRoles {
  /** That lists groups, such as `groups`. */
  readonly claim: string
  /** Group to role. */
  readonly roles: ReadonlyMap<string, Role>
  /** Name or id. */
  readonly company: string
}

export interface SignInEnvironment {
  readonly OIDC_ISSUER?: string | undefined
  readonly OIDC_CLIENT_ID?: string | undefined
  readonly OIDC_CLIENT_SECRET?: string | undefined
  readonly OIDC_NAME?: string | undefined
  readonly OIDC_SCOPE?: string | undefined
  readonly OIDC_DOMAINS?: string | undefined
  readonly OIDC_GROUPS_CLAIM?: string | undefined
  readonly OIDC_GROUPS?: string | undefined
  readonly OIDC_COMPANY?: string | undefined
}

/**
 * @returns null where none is set up
 * @throws HoldfastError `usage` naming the variable
 * @example
 * readSignInService({ OIDC_ISSUER: 'https://id.example.com', OIDC_CLIENT_ID: 'holdfast' })?.name // 'id.example.com'
 */
export function readSignInService(env: SignInEnvironment): SignInServiceConfig | null {
  const { OIDC_ISSUER: issuer, OIDC_CLIENT_ID: clientId } = env
  if (issuer === undefined || clientId === undefined) {
    const given = Object.entries(env).find(([name, value]) => name.startsWith('OIDC_') && value !== undefined)
    if (given === undefined) return null
    throw wrong(
      given[0],
      'means nothing without the other: OIDC_ISSUER and OIDC_CLIENT_ID together are a sign-in service',
    )
  }
  const scope = env.OIDC_SCOPE ?? 'openid email profile'
  if (!scope.split(' ').includes('openid')) throw wrong('OIDC_SCOPE', 'has to contain openid')
  return {
    issuer: checkedIssuer(issuer),
    clientId,
    clientSecret: env.OIDC_CLIENT_SECRET ?? null,
    name: env.OIDC_NAME ?? new URL(issuer).host,
    scope,
    domains: listOf(env.OIDC_DOMAINS).map((domain) => domain.toLowerCase().replace(/^@/, '')),
    groups: groupsOf(env),
  }
}

function checkedIssuer(issuer: string): string {
  const url = URL.canParse(issuer) ? new URL(issuer) : null
  const isHere = url !== null && /^(localhost|127\.0\.0\.1|\[::1\])$/.test(url.hostname)
  if (url?.protocol !== 'https:' && !(isHere && url.protocol === 'http:'))
    throw wrong('OIDC_ISSUER', 'has to begin with https:// (http:// is for this machine alone)')
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '')
    throw wrong('OIDC_ISSUER', 'has to be an address without a user, a query or a fragment')
  return issuer
}

function groupsOf(env: SignInEnvironment): GroupRoles | null {
  const { OIDC_GROUPS: groups, OIDC_COMPANY: company } = env
  if (groups === undefined) {
    const alone = (['OIDC_COMPANY', 'OIDC_GROUPS_CLAIM'] as const).find((name) => env[name] !== undefined)
    if (alone === undefined) return null
    throw wrong(alone, 'says where groups lead, but OIDC_GROUPS names none')
  }
  if (company === undefined)
    throw wrong('OIDC_GROUPS', 'needs OIDC_COMPANY: the name of the company that these groups let into')
  const roles = groups.split(';').map((pair): [string, Role] => {
    const [role, group] = pair.split(/=(.*)/s).map((part) => part.trim())
    const known = ROLES.find((one) => one === role)
    if (known === undefined || group === undefined || group === '')
      throw wrong(
        'OIDC_GROUPS',
        `takes roles and groups such as "admin=retention-admins; viewer=sales", not "${pair}"`,
      )
    return [group, known]
  })
  return { claim: env.OIDC_GROUPS_CLAIM ?? 'groups', roles: new Map(roles), company }
}

const listOf = (text = ''): readonly string[] => text.split(/[\s,]+/).filter((word) => word !== '')

function wrong(variable: string, why: string): HoldfastError {
  return new HoldfastError('usage', `The environment variable ${variable} cannot be used: it ${why}.`)
}
