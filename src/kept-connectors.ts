/**
 * What connectors of every CRM have in common: one serves everybody in this process for a while, another one is opened
 * after each new sign-in, and none before it is sure that the sign-in is of the account that the connection is for.
 */
import { createHash } from 'node:crypto'
import type { Connector } from '../connectors/connector.ts'
import type { Clock } from './contracts/clock.ts'
import { HoldfastError } from './contracts/errors.ts'
import type { ConnectionId, TenantId } from './contracts/ids.ts'
import type { ConnectionPlace } from './loop/services.ts'
import type { SealedPlace, Vault } from './security/vault.ts'
import { setConnectionStatus } from './store/connections.ts'
import { markAsTest } from './store/crm-connections.ts'
import type { Database } from './store/database.ts'

/** How long what is known of an account is good: that it is the same one, and what of ours stands in it. */
const KEPT_MS = 10 * 60_000

export interface KeptConnectors {
  /**
   * The one that is kept, or a new one: it knows what of ours stands in the CRM, who its users are, and until when there
   * is no use in asking. Who closes it is done with it; others are not.
   *
   * @param of what it depends on; another value opens another one
   */
  get(id: ConnectionId, of: readonly unknown[], open: () => Promise<Connector>): Promise<Connector>
}

/**
 * @example
 * const kept = keepConnectors(clock)
 * const connector = await kept.get(place.id, [config, mark], () => openChecked(place, config))
 */
export function keepConnectors(clock: Clock): KeptConnectors {
  const opened = new Map<
    ConnectionId,
    { readonly of: string; readonly until: number; readonly connector: Promise<Connector> }
  >()
  return {
    get: async (id, of, open) => {
      const mark = JSON.stringify(of)
      const known = opened.get(id)
      if (known !== undefined && known.of === mark && clock().getTime() < known.until) return known.connector
      const connector = open().then((made) => ({ ...made, close: async () => undefined }))
      const entry = { of: mark, until: clock().getTime() + KEPT_MS, connector }
      opened.set(id, entry)
      connector.catch(() => {
        if (opened.get(id) === entry) opened.delete(id)
      })
      return connector
    },
  }
}

/**
 * Tells sign-ins apart, in whichever process they were made: a token that a CRM still takes is never looked up again by
 * itself, and one with more rights would be waited for in vain.
 *
 * @param essence of what is sealed, the part that another sign-in changes
 * @returns empty where nothing is sealed
 */
export async function signInMark(
  { database, vault }: { readonly database: Database; readonly vault: Vault },
  tenant: TenantId,
  place: SealedPlace,
  essence: (sealed: string) => string = (sealed) => sealed,
): Promise<string> {
  const sealed = await database.withTenant(tenant, (tx) => vault.unseal(tx, place))
  if (sealed === null) return ''
  return createHash('sha256')
    .update(essence(sealed.toString('utf8')))
    .digest('base64')
}

/** A portal or an org, as the sign-in leads to it. */
export interface FoundAccount {
  /** As people say it: "HubSpot account". */
  readonly word: string
  readonly id: string
  /** A sandbox or a test account. */
  readonly test: boolean
}

/**
 * A sign-in may have been replaced by one of another account, and an account may have become a sandbox.
 *
 * @param expected the account that the connection is for
 * @throws HoldfastError `connector_configuration`; the connection is paused then
 */
export async function expectAccount(
  database: Database,
  { tenant, id }: Pick<ConnectionPlace, 'tenant' | 'id'>,
  expected: string,
  found: FoundAccount,
): Promise<void> {
  if (found.id !== expected) {
    const reason = `The sign-in is for ${found.word} ${found.id}, and this connection is for ${expected}: records of one would be written over those of the other. Connect ${expected} again with a sign-in of its own, or connect ${found.id} beside it.`
    await database.withTenant(tenant, (tx) => setConnectionStatus(tx, id, 'paused', reason))
    throw new HoldfastError('connector_configuration', reason)
  }
  if (found.test) await database.withTenant(tenant, (tx) => markAsTest(tx, id))
}
