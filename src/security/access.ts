/** Who may do what: roles of people, scopes of keys, and the one question asked of both. */
import type { TenantId } from '../contracts/ids.ts'

/** Each may do what those before it may. viewer: look. operator: approve, reject, snooze. admin: settings, keys. */
export const ROLES = ['viewer', 'operator', 'admin'] as const
export type Role = (typeof ROLES)[number]

/**
 * What a key may do. None implies another: a key has what it was given.
 *
 * score: ask for scores. read: customers, decisions, interventions, runs. write: interventions and answers to them.
 * export: whole tables. admin: settings, connections, activation. metrics: figures of the whole installation, across
 * tenants, so that only the command line grants it.
 */
export const API_SCOPES = ['score', 'read', 'write', 'export', 'admin', 'metrics'] as const

/**
 * What the package in a CRM's account asks for on behalf of the people there: cards, answers, flows. It stands alone in a key,
 * which is made for one account and opens nothing else.
 */
export const PACKAGE_SCOPE = 'crm'

export type ApiScope = (typeof API_SCOPES)[number] | typeof PACKAGE_SCOPE

/** What an admin of a tenant may give to a key: nothing that reaches beyond the tenant. */
export const TENANT_SCOPES = ['score', 'read', 'write', 'export', 'admin'] as const satisfies ApiScope[]

/** A program that showed a key. */
export interface KeyCaller {
  readonly kind: 'key'
  readonly tenant: TenantId
  /** UUID of the key. */
  readonly id: string
  readonly name: string
  readonly scopes: readonly ApiScope[]
  /** Of {@link PACKAGE_SCOPE}: the account whose people it speaks for, as the CRM names it. */
  readonly account: string | null
  /** As the audit log and events name it: `key:<name>`. */
  readonly actor: string
}

/** A person who signed in. */
export interface SessionCaller {
  readonly kind: 'session'
  readonly tenant: TenantId
  /** A person's address, or which part of the machine it is: `owner`, `command line`, `local admin`. */
  readonly subject: string
  /** Of the company's people; null: who holds the machine. */
  readonly person: string | null
  /** What others may name the session by. UUID. */
  readonly session: string
  /** What the session came from: a link, the local admin's password, the sign-in service. */
  readonly means: 'link' | 'password' | 'service'
  readonly role: Role
  /** Holds the machine: may see what spans tenants, such as the queues. */
  readonly installation: boolean
  /** As the audit log and events name it: `user:<subject>`. */
  readonly actor: string
}

export type Caller = KeyCaller | SessionCaller

/** What a route demands; `'public'` is said, never assumed. */
export type Access = 'public' | Restricted

export interface Restricted {
  /** What a key needs; null: keys do not open it. */
  readonly scope: ApiScope | null
  /** What a person needs at least; null: sessions do not open it. */
  readonly role: Role | null
  /** It shows what spans tenants: a person needs to hold the installation. */
  readonly installation?: boolean
}

/**
 * @example
 * allows({ scope: 'read', role: 'viewer' }, { kind: 'session', role: 'admin', … }) // true
 */
export function allows(access: Restricted, caller: Caller): boolean {
  if (caller.kind === 'key') return access.scope !== null && caller.scopes.includes(access.scope)
  if (access.installation === true && !caller.installation) return false
  return access.role !== null && ROLES.indexOf(caller.role) >= ROLES.indexOf(access.role)
}
