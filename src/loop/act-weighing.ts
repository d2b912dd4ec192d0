/** What is looked at of those who would be reached, beyond what is looked at of everybody (act-facts.ts). */
import type { Transaction } from '../store/database.ts'
import { eligibilityFacts } from '../store/eligibility-facts.ts'
import { guardFacts } from '../store/guard-facts.ts'
import type { ActFacts } from './act-facts.ts'
import type { Weighing } from './act-weigh.ts'
import { offerFacts } from './offers.ts'

/**
 * A handful of statements for any number.
 *
 * @returns in their order
 * @example
 * for (const weighing of await readWeighings(tx, waiting, facts)) weigh(weighing, facts, terms)
 */
export async function readWeighings(
  tx: Transaction,
  waiting: readonly Pick<Weighing, 'candidate' | 'reached'>[],
  facts: Pick<ActFacts, 'settings' | 'now'>,
): Promise<readonly Weighing[]> {
  const rows = waiting.map(({ candidate }) => candidate.row)
  const guarded = await guardFacts(
    tx,
    waiting.map(({ candidate: { row }, reached }) => ({
      intervention: row.id,
      customer: row.customer,
      hash: reached.hash,
    })),
    facts.now,
  )
  const eligible = await eligibilityFacts(
    tx,
    rows.map(({ customer }) => customer),
  )
  const offered = await offerFacts(tx, rows, facts)
  return waiting.map(({ candidate, reached }, at) => {
    const { id, customer } = rows[at]
    return {
      candidate,
      reached,
      guardFact: guarded.get(id),
      offerFact: offered.get(id),
      eligibility: eligible.get(customer),
    }
  })
}
