/** Keys that programs show: `Authorization: Bearer hf_…`. */
import { randomUUID } from 'node:crypto'
import { HoldfastError } from '../contracts/errors.ts'
import { recordAudit } from '../store/audit.ts'
import { findApiKey, insertApiKey, markApiKeyRevoked, revokePackageKeys } from '../store/api-keys.ts'
import type { Database, Transaction } from '../store/database.ts'
import { API_SCOPES, PACKAGE_SCOPE, type ApiScope, type KeyCaller } from './access.ts'
import { looksLikeToken, newToken, rememberVerified, tokenHash, type Verified } from './tokens.ts'

const MARK = 'hf_'
const KNOWN: readonly ApiScope[] = [...API_SCOPES, PACKAGE_SCOPE]
/** Characters that are kept to tell keys apart: 36 of the 256 bits. */
const SHOWN = MARK.length + 6

/**
 * A new key. It is returned once and never again: only its hash is kept.
 *
 * @param actor who makes it, for the audit log
 * @throws HoldfastError `request_invalid` without a name or scopes
 * @example
 * const { key } = await createApiKey(tx, { name: 'Warehouse', scopes: ['score', 'read'], actor: 'cli' })
 */
export async function createApiKey(
  tx: Transaction,
  {
    name,
    scopes,
    actor,
    requestId = null,
  }: { name: string; scopes: readonly ApiScope[]; actor: string; requestId?: string | null },
): Promise<NewApiKey> {
  const called = name.trim()
  if (called === '' || called.length > 100) {
    throw new HoldfastError('request_invalid', 'A key needs a name of 1 to 100 characters: say what uses it.')
  }
  const granted: readonly ApiScope[] = API_SCOPES.filter((scope) => scopes.includes(scope))
  if (granted.length === 0 || scopes.some((scope) => !granted.includes(scope))) {
    throw new HoldfastError('request_invalid', `A key needs at least one scope of ${API_SCOPES.join(', ')}.`)
  }
  return makeKey(tx, { name: called, scopes: granted, account: null, actor, requestId })
}

/** A key as it is shown this once. */
export interface NewApiKey {
  readonly id: string
  readonly key: string
  readonly prefix: string
}

/**
 * A key for the package in an account of a CRM. The one before goes on working until it is revoked, so that the account need not
 * stand still while the new one is typed in.
 *
 * @param account as the CRM names it: the id of an org, of 18 characters
 * @example
 * await createPackageKey(tx, { name: 'Package in 00D…', account: '00DHp000002xQAXMA2', actor: 'user:ann@acme.example' })
 */
export function createPackageKey(
  tx: Transaction,
  about: {
    readonly name: string
    readonly account: string
    readonly actor: string
    readonly requestId?: string | null
  },
): Promise<NewApiKey> {
  return makeKey(tx, { requestId: null, ...about, scopes: [PACKAGE_SCOPE] })
}

/** Makes void what the package of an account shows, when the account is left. */
export async function revokeKeysOfAccount(
  tx: Transaction,
  { account, actor, requestId = null }: { account: string; actor: string; requestId?: string | null },
): Promise<void> {
  for (const { id, name } of await revokePackageKeys(tx, account))
    await recordAudit(tx, { actor, action: 'api_key.revoke', object: id, detail: { name }, requestId })
}

async function makeKey(
  tx: Transaction,
  {
    name,
    scopes,
    account,
    actor,
    requestId,
  }: {
    name: string
    scopes: readonly ApiScope[]
    account: string | null
    actor: string
    requestId: string | null
  },
): Promise<NewApiKey> {
  const id = randomUUID()
  const key = MARK + newToken()
  const prefix = key.slice(0, SHOWN)
  await insertApiKey(tx, { id, name, hash: tokenHash(key), prefix, scopes, account, createdBy: actor })
  await recordAudit(tx, {
    actor,
    action: 'api_key.create',
    object: id,
    detail: { name, prefix, scopes, ...(account === null ? {} : { account }) },
    requestId,
  })
  return { id, key, prefix }
}

/**
 * In this process the key is void when the transaction has committed, elsewhere some seconds later.
 *
 * @throws HoldfastError `not_found` when there is no such key, or it was revoked before
 */
export async function revokeApiKey(
  tx: Transaction,
  keys: ApiKeys | null,
  { id, actor, requestId = null }: { id: string; actor: string; requestId?: string | null },
): Promise<void> {
  const name = await markApiKeyRevoked(tx, id)
  if (name === null) throw new HoldfastError('not_found', 'There is no such key, or it was revoked before.')
  await recordAudit(tx, { actor, action: 'api_key.revoke', object: id, detail: { name }, requestId })
  tx.afterCommit(() => keys?.forget((caller) => caller.id === id))
}

export type ApiKeys = Verified<KeyCaller>

/**
 * Verifies keys; a verified one costs a hash and a look into a map.
 *
 * @param now milliseconds that only go forward
 * @example
 * const caller = await openApiKeys(database, { now: performance.now }).verify('hf_…')
 */
export function openApiKeys(
  database: Database,
  { now, keepMs }: { now: () => number; keepMs?: number },
): ApiKeys {
  const verified = rememberVerified<KeyCaller>({
    now,
    ...(keepMs === undefined ? {} : { keepMs }),
    find: async (hash) => {
      const row = await database.asSystem('verify an API key', (tx) => findApiKey(tx, hash))
      return row === null
        ? null
        : {
            kind: 'key',
            tenant: row.tenant,
            id: row.id,
            name: row.name,
            scopes: KNOWN.filter((scope) => row.scopes.includes(scope)),
            account: row.account,
            actor: `key:${row.name}`,
          }
    },
  })
  return {
    ...verified,
    verify: (key) =>
      key.startsWith(MARK) && looksLikeToken(key.slice(MARK.length)) ? verified.verify(key) : null,
  }
}
