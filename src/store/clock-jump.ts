/**
 * What to do when the database's clock was set back: what was due is due still, and no lease reaches further than its
 * holder could have meant. A clock that is set forward needs nothing: what is scheduled comes when the clock says so,
 * and whoever holds a lease learns when it renews it.
 */
import type { Transaction } from './database.ts'

/** Longer than any send is held for: whoever sends now keeps what it holds. */
const LONGEST_SEND = '10 minutes'

/**
 * In a system transaction.
 *
 * @param before the latest time that the database's clock is known to have shown
 * @param leaseSeconds the longest that a lease of a step is taken for
 * @returns how many steps and interventions were brought back
 * @example
 * await settleAfterJump(tx, { before: new Date('2026-11-21T11:00:00Z'), leaseSeconds: 60 })
 */
export async function settleAfterJump(
  tx: Transaction,
  { before, leaseSeconds }: { before: Date; leaseSeconds: number },
): Promise<{ readonly steps: number; readonly interventions: number }> {
  const steps = await tx.query(
    `update steps set
       due_at = case when due_at > now() and due_at <= $1 then now() else due_at end,
       lease_until = case when lease_until is not null
                          then least(lease_until, now() + make_interval(secs => $2)) end
     where due_at > now() and due_at <= $1 or lease_until > now() + make_interval(secs => $2)
     returning step`,
    [before, leaseSeconds],
  )
  const interventions = await tx.query(
    `update interventions set
       due_at = case when due_at > now() and due_at <= $1 then now() else due_at end,
       lease_until = case when lease_until is not null
                          then least(lease_until, now() + interval '${LONGEST_SEND}') end
     where (due_at > now() and due_at <= $1 or lease_until > now() + interval '${LONGEST_SEND}')
       and state in ('planned', 'deferred', 'leased', 'sending', 'snoozed', 'uncertain')
     returning id`,
    [before],
  )
  return { steps: steps.length, interventions: interventions.length }
}
