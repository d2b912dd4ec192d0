/** Work that one process at a time does for all of them, held for a while and renewed. */
import type { Transaction } from './database.ts'

/**
 * Takes or renews, in database time. In a system transaction. A lease that reaches further than any was taken for is of
 * a time before the clock was set back, and holds nobody off.
 *
 * @returns whether `owner` holds it now
 * @example
 * const leads = await takeLease(tx, { name: 'dispatcher', owner, seconds: 15 })
 */
export async function takeLease(
  tx: Transaction,
  { name, owner, seconds }: { name: string; owner: string; seconds: number },
): Promise<boolean> {
  const rows = await tx.query(
    `insert into leases (name, owner, until) values ($1, $2, now() + make_interval(secs => $3))
     on conflict (name) do update set owner = excluded.owner, until = excluded.until
       where leases.owner = excluded.owner or leases.until < now()
         or leases.until > now() + make_interval(secs => 3 * $3::float8)
     returning name`,
    [name, owner, seconds],
  )
  return rows.length > 0
}

/** Lets another one take over at once. In a system transaction. */
export async function giveLeaseBack(
  tx: Transaction,
  { name, owner }: { name: string; owner: string },
): Promise<void> {
  await tx.query('delete from leases where name = $1 and owner = $2', [name, owner])
}

/**
 * For a process that has the database to itself, as the lock of the embedded folder proves: whoever held anything is
 * dead, so nobody waits for its leases to run out. In a system transaction, before any work begins.
 */
export async function endLeasesOfTheDead(tx: Transaction): Promise<void> {
  await tx.query('delete from leases')
  await tx.query('update steps set lease_until = now() where lease_until > now()')
  await tx.query(
    "update interventions set lease_until = now() where lease_until > now() and state in ('leased', 'sending')",
  )
}
