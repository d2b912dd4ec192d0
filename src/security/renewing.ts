/**
 * Sealed sign-ins that are renewed by one process at a time, whichever CRM they are of.
 *
 * Who renews holds a lease in database time, not a transaction: the CRM may take seconds to answer, and an embedded
 * database has no second session. Everybody else waits and finds the new sign-in in the vault. What the CRM gave is
 * sealed before anybody uses it: a refresh token that replaces another one is lost with whoever lost it.
 */
import { randomUUID } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import type { z } from 'zod'
import { HoldfastError } from '../contracts/errors.ts'
import type { TenantId } from '../contracts/ids.ts'
import { lockSealed } from '../store/credentials.ts'
import type { Database, Transaction } from '../store/database.ts'
import { giveLeaseBack, takeLease } from '../store/leases.ts'
import type { SealedPlace, Vault } from './vault.ts'

/** Outlasts the request for a token, whose time limit is 15 seconds. */
const LEASE_SECONDS = 30
/** Whoever waits for another's renewal looks this often, and gives up after two leases. */
const LOOK_MS = 150
const LONGEST_LOOK_MS = 2 * LEASE_SECONDS * 1000
/** Milliseconds between the tries to seal what was just given; all of them together end before the lease does. */
const SEAL_AGAIN_MS = [200, 500, 1000, 2000, 4000]

/** Where and how the sign-in to one account of a CRM is kept and renewed. */
export interface RenewingOptions<SignIn> {
  readonly database: Database
  readonly vault: Vault
  readonly tenant: TenantId
  readonly place: SealedPlace
  /** Of the lease; one an account and tenant. */
  readonly lease: string
  /** "the HubSpot account 8451236". */
  readonly account: string
  readonly schema: z.ZodType<SignIn>
  /** What it is renewed with: another one means that somebody connected anew. Null: it is opened anew each time. */
  readonly grantOf: (signIn: SignIn) => string | null
  /** Asks the CRM; `connector_reconnect` from it means that the grant is dead. */
  readonly renew: (before: SignIn | null) => Promise<SignIn>
  /** Sealed before the CRM is asked, and taken back where that surely changed nothing there. */
  readonly marked?: (before: SignIn) => SignIn
  readonly sleep?: (ms: number) => Promise<unknown>
}

export interface Renewing<SignIn> {
  /** What is sealed now; null when nothing is. */
  read(): Promise<SignIn | null>
  /**
   * A sign-in that is good: renewed, or found so because somebody else did. Calls that come meanwhile share it.
   *
   * @throws HoldfastError `connector_reconnect` when its grant is dead; what `renew` throws
   */
  renewed(isGood: (found: SignIn) => boolean): Promise<SignIn>
}

/** Never to be asked inside a transaction. */
export function openRenewing<SignIn>({
  database,
  vault,
  tenant,
  place,
  lease: leaseName,
  account,
  schema,
  grantOf,
  renew,
  marked,
  sleep = (ms) => wait(ms),
}: RenewingOptions<SignIn>): Renewing<SignIn> {
  const lease = { name: leaseName, owner: randomUUID() }
  let renewing: Promise<SignIn> | null = null
  /** What the CRM no longer takes: asking again would be refused again. */
  let dead: { grant: string; error: HoldfastError } | null = null
  /** What the CRM gave and the database did not take: nobody else knows of it. */
  let unsealed: { before: SignIn | null; after: SignIn } | null = null

  async function read(): Promise<SignIn | null> {
    if (unsealed !== null) {
      await replace(unsealed.before, unsealed.after)
      unsealed = null
    }
    return database.withTenant(tenant, (tx) => readSealed(tx))
  }

  async function readSealed(tx: Transaction): Promise<SignIn | null> {
    const text = await vault.unseal(tx, place)
    return text === null ? null : schema.parse(JSON.parse(text.toString()))
  }

  async function renewInTurn(isGood: (found: SignIn) => boolean): Promise<SignIn> {
    for (let waited = 0; waited <= LONGEST_LOOK_MS; waited += LOOK_MS) {
      const found = await read()
      if (found !== null && isGood(found)) return found
      if (dead !== null && dead.grant === grant(found)) throw dead.error
      const isMine = await database.asSystem('renewing a sign-in', (tx) =>
        takeLease(tx, { ...lease, seconds: LEASE_SECONDS }),
      )
      if (isMine) return renewWithLease(isGood)
      await sleep(LOOK_MS)
    }
    throw new HoldfastError(
      'connector_unavailable',
      `Another process is renewing the sign-in to ${account} and does not get done. It is tried again.`,
      { retryable: true },
    )
  }

  async function renewWithLease(isGood: (found: SignIn) => boolean): Promise<SignIn> {
    try {
      // Whoever had the lease before may just have renewed it.
      const before = await read()
      if (before !== null && isGood(before)) return before
      const there = marked === undefined || before === null ? before : await replace(before, marked(before))
      if (there !== null && grant(there) !== grant(before)) return there
      const after = await renew(before).catch((cause: unknown) => afterRefusal(before, cause))
      return await seal(before, after)
    } finally {
      await database
        .asSystem('renewing a sign-in', (tx) => giveLeaseBack(tx, lease))
        // It runs out by itself.
        .catch(() => undefined)
    }
  }

  async function afterRefusal(before: SignIn | null, cause: unknown): Promise<SignIn> {
    if (!(cause instanceof HoldfastError) || cause.retryable) throw cause
    if (cause.code === 'connector_reconnect') {
      // Somebody may have connected it anew while the CRM refused the old grant.
      const latest = await read()
      if (latest !== null && grant(latest) !== grant(before)) return latest
      const refused = grant(before)
      if (refused !== null) dead = { grant: refused, error: cause }
    } else if (before !== null && marked !== undefined) await replace(before, before)
    throw cause
  }

  /** Whatever the database does meanwhile: the CRM has forgotten what was before. */
  async function seal(before: SignIn | null, after: SignIn): Promise<SignIn> {
    unsealed = { before, after }
    for (const pause of [...SEAL_AGAIN_MS, null]) {
      try {
        const there = await replace(before, after)
        unsealed = null
        return there
      } catch (cause) {
        // Somebody has disconnected it meanwhile: there is nothing to keep it for.
        if (cause instanceof HoldfastError && !cause.retryable) unsealed = null
        if (unsealed === null || pause === null) throw cause
        await sleep(pause)
      }
    }
    return after
  }

  /** Unless somebody connected anew meanwhile: then that stays. Returns what is sealed now. */
  function replace(before: SignIn | null, after: SignIn): Promise<SignIn> {
    return database.withTenant(tenant, async (tx) => {
      await lockSealed(tx, place)
      const there = await readSealed(tx)
      if (there === null && before !== null) throw notConnected(account)
      if (there !== null && grant(there) !== grant(before)) return there
      await vault.seal(tx, place, JSON.stringify(after))
      return after
    })
  }

  const grant = (signIn: SignIn | null): string | null => (signIn === null ? null : grantOf(signIn))

  return {
    read,
    renewed: (isGood) => {
      renewing ??= renewInTurn(isGood).finally(() => (renewing = null))
      return renewing
    },
  }
}

/** What is said when nothing is sealed. */
export function notConnected(account: string): HoldfastError {
  return new HoldfastError('connector_reconnect', `There is no sign-in for ${account}. Connect it again.`)
}
