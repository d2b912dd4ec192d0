/**
 * What the planner knows of the tables. A served database keeps that up by itself (autovacuum); the embedded one
 * does not, and without it a list of 100,000 customers takes a second instead of 5 ms.
 *
 * @see https://www.postgresql.org/docs/15/routine-vacuuming.html#VACUUM-FOR-STATISTICS
 */
import type { Transaction } from './database.ts'

const TABLES = [
  'customers',
  'customer_names',
  'book',
  'recipients',
  'consents',
  'scores',
  'score_history',
  'decisions',
  'interventions',
  'intervention_events',
  'offers',
  'offer_codes',
  'runs',
] as const

/**
 * Looks at a sample of 3,000 rows of each table that lists are read from. In a system transaction, after passes
 * that wrote many rows.
 *
 * @example
 * await database.asSystem('statistics for the planner', refreshStatistics)
 */
export async function refreshStatistics(tx: Transaction): Promise<void> {
  await tx.query('set local default_statistics_target = 10')
  for (const table of TABLES) await tx.query(`analyze ${table}`)
}
