/**
 * Leaving a CRM: the app is taken out of it where it can be, and its sign-in forgotten. What is known of its customers
 * stays, or is erased, as the admin says.
 */
import type { TenantId } from '../contracts/ids.ts'
import { portalSecret } from '../security/private-app-tokens.ts'
import { orgSecret } from '../security/sealed-sessions.ts'
import { revokeKeysOfAccount } from '../security/api-keys.ts'
import type { SealedPlace } from '../security/vault.ts'
import type { Service } from '../service.ts'
import { recordAudit } from '../store/audit.ts'
import { askErasure } from '../store/connection-erasures.ts'
import { listConnections, setConnectionStatus, type Connection } from '../store/connections.ts'
import { auditOf, type Person } from './acting-person.ts'
import type { Disconnected, LeftData } from './setting-up-contract.ts'

/**
 * Nothing of it is read, scored or written any more. With `keep`, customers, scores and history stay; with `erase` they go,
 * a batch at a time, from now on (src/loop/erase-connection.ts). One that was left already can still be erased.
 *
 * @param wake has the queue look at once
 * @example
 * await disconnectConnection(service, { tenant, connection, data: 'keep', by: COMMAND_LINE, wake })
 */
export async function disconnectConnection(
  service: Service,
  {
    tenant,
    connection,
    data,
    by,
    wake,
  }: {
    readonly tenant: TenantId
    readonly connection: Connection
    readonly data: LeftData
    readonly by: Person
    readonly wake: () => void
  },
): Promise<Disconnected> {
  const { database, vault } = service
  const connections = await database.withTenant(tenant, listConnections)
  const others = connections.filter(
    ({ id, kind, externalId, status }) =>
      id !== connection.id &&
      kind === connection.kind &&
      externalId === connection.externalId &&
      status !== 'disconnected',
  )
  const last = isCrm(connection.kind) && others.length === 0
  // While the sign-in still opens the account.
  const uninstalled = last && connection.status === 'active' && (await takeLeave(service, tenant, connection))
  await database.withTenant(tenant, async (tx) => {
    const where = by.way === 'cli' ? 'from the command line' : 'in Holdfast'
    const left = connection.status === 'disconnected'
    if (!left) await setConnectionStatus(tx, connection.id, 'disconnected', `Disconnected ${where}.`)
    if (last && connection.externalId !== null) {
      for (const place of signInPlaces(connection.kind, connection.externalId)) await vault.forget(tx, place)
      await revokeKeysOfAccount(tx, { ...auditOf(by), account: connection.externalId })
    }
    if (!left || data === 'keep')
      await recordAudit(tx, {
        ...auditOf(by),
        action: 'connection.disconnect',
        object: connection.id,
        detail: { data },
      })
    if (data === 'erase') {
      await askErasure(tx, { connection: connection.id, actor: by.actor })
      await recordAudit(tx, { ...auditOf(by), action: 'connection.erase', object: connection.id })
    }
    tx.afterCommit(wake)
  })
  return { uninstalled, forgotten: last, erasing: data === 'erase' }
}

const isCrm = (kind: string): boolean => kind === 'hubspot' || kind === 'salesforce'

/**
 * Where the sign-in of an account lies, shared by its connections.
 *
 * @example
 * signInPlaces('hubspot', '4711')[1] // { owner: 'hubspot:4711', name: 'private_app_token' }
 */
export function signInPlaces(kind: string, externalId: string): readonly SealedPlace[] {
  if (kind === 'salesforce')
    return (['oauth', 'jwt_key', 'client_secret'] as const).map((name) => orgSecret(externalId, name))
  return (['oauth', 'private_app_token', 'webhook_secret'] as const).map((name) =>
    portalSecret(externalId, name),
  )
}

/** The CRM is told that the app leaves, where it can be told; one that does not answer is left all the same. */
async function takeLeave(
  service: Service,
  tenant: TenantId,
  { id, kind, config }: Connection,
): Promise<boolean> {
  if (config['builtIn'] === true) return false
  const place = { tenant, id, kind, config }
  try {
    return await (kind === 'salesforce' ? service.salesforce : service.hubspot).revoke(place)
  } catch (cause) {
    service.log.warn({ err: cause, connection: id }, 'a CRM could not be told that the app leaves')
    return false
  }
}
