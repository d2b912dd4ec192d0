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
  { name, ...by }: { name: string; owner: string; seconds: number },
): Promise<boolean> {
  return (await takeLeases(tx, { names: [name], ...by })).has(name)
}

/**
 * The same for many at once.
 *
 * @param options.most how many of them; the first that nobody else holds, default all
 * @returns names of those that `owner` holds now
 */
export async function takeLeases(
  tx: Transaction,
  {
    names,
    owner,
    seconds,
    most = names.length,
  }: { names: readonly string[]; owner: string; seconds: number; most?: number },
): Promise<ReadonlySet<string>> {
  if (names.length === 0 || most <= 0) return new Set()
  const rows = await tx.query<{ name: string }>(
    `insert into leases (name, owner, until)
     select name, $2, now() + make_interval(secs => $3) from (
       select name from unnest($1::text[]) with ordinality as wanted (name, place)
       left join leases using (name)
       where leases.name is null or ${IS_OPEN}
       order by place limit $4
     ) free
     -- In one order, so that two that take the same ones at once do not wait for each other.
     order by name
     on conflict (name) do update set owner = excluded.owner, until = excluded.until where ${IS_OPEN}
     returning name`,
    [names, owner, seconds, most],
  )
  return new Set(rows.map(({ name }) => name))
}

const IS_OPEN = `(leases.owner = $2 or leases.until < now() or leases.until > now() + make_interval(secs => 3 * $3::float8))`

/** Lets another one take over at once. In a system transaction. */
export async function giveLeaseBack(
  tx: Transaction,
  { name, owner }: { name: string; owner: string },
): Promise<void> {
  await tx.query('delete from leases where name = $1 and owner = $2', [name, owner])
}

/** All that somebody holds. In a system transaction. */
export async function giveLeasesBack(tx: Transaction, owner: string): Promise<void> {
  await tx.query('delete from leases where owner = $1', [owner])
}

/**
 * For a process that has the database to itself, as the lock of the embedded folder proves: whoever held anything is
 * dead, so nobody waits for its leases to run out. In a system transaction, before any work begins.
 */
export async function endLeasesOfTheDead(tx: Transaction): Promise<void> {
  await tx.query('delete from leases')
  await tx.query('update steps set lease_until = now() where lease_until > now()')
  await tx.query("update training_runs set lease_until = now() - interval '1 second' where state = 'running'")
  await tx.query(
    "update interventions set lease_until = now() where lease_until > now() and state in ('leased', 'sending')",
  )
}
