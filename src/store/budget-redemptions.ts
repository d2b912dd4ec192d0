/**
 * What an offer holds of the budget after it went out: its whole liability until it is taken, what it really costs as
 * that becomes known, and nothing more once it has run out. Entries follow by the triggers of 0013-budget.sql.
 */
import type { InterventionId } from '../contracts/ids.ts'
import type { Transaction } from './database.ts'

/**
 * From now on going out commits nothing for these: redemptions do. To be called before they go out, in the
 * transaction that claims their offers.
 *
 * @example
 * await awaitRedemption(tx, claimed.map(({ intervention }) => intervention))
 */
export async function awaitRedemption(tx: Transaction, ids: readonly InterventionId[]): Promise<void> {
  if (ids.length === 0) return
  await tx.query(
    `update interventions set redeemable = true
     where tenant_id = $1 and id = any ($2::uuid[]) and not redeemable
       and state not in ('rejected', 'suppressed', 'expired', 'cancelled', 'dry_run')`,
    [tx.tenant, [...ids]],
  )
}

/** A part of what an offer really costs. */
export interface RealCost {
  readonly intervention: InterventionId
  /** Minor units of the intervention's currency; more than is reserved is booked all the same: it was spent. */
  readonly minor: number
}

/**
 * Commits real costs out of what is reserved, such as each month of a discount as it comes. The caller sees to it that
 * each is told once. Also counted into what the intervention has really cost.
 */
export async function commitRedeemed(tx: Transaction, costs: readonly RealCost[]): Promise<void> {
  if (costs.length === 0) return
  await tx.query(
    `with told as (
       select id, sum(minor)::bigint as minor from unnest($2::uuid[], $3::bigint[]) as t (id, minor) group by id
     ), held as (
       select i.id, t.minor from interventions i join told t on t.id = i.id
       where i.tenant_id = $1 and i.redeemable order by i.id for update of i
     )
     update interventions i set reserved_minor = greatest(0, i.reserved_minor - h.minor),
       committed_minor = i.committed_minor + h.minor,
       actual_cost_minor = i.committed_minor + h.minor
     from held h where i.tenant_id = $1 and i.id = h.id`,
    [tx.tenant, costs.map(({ intervention }) => intervention), costs.map(({ minor }) => minor)],
  )
}

/**
 * Gives back what is still reserved: the offer expired without being taken, was withdrawn, or its customer left.
 *
 * @returns how many held something
 */
export async function releaseReserved(tx: Transaction, ids: readonly InterventionId[]): Promise<number> {
  if (ids.length === 0) return 0
  const released = await tx.query(
    `with held as (
       select id from interventions
       where tenant_id = $1 and id = any ($2::uuid[]) and redeemable and reserved_minor > 0 order by id for update
     )
     update interventions i set reserved_minor = 0, actual_cost_minor = i.committed_minor
     from held h where i.tenant_id = $1 and i.id = h.id returning i.id`,
    [tx.tenant, [...ids]],
  )
  return released.length
}
