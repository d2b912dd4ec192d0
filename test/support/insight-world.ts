/** A small company with a past: scored and decided on by the real models, its risks moved over seven weeks. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { decideBook } from '../../src/loop/decide-book.ts'
import { openEngines } from '../../src/loop/engines.ts'
import { scoreBook } from '../../src/loop/score-book.ts'
import type { Engines } from '../../src/loop/services.ts'
import type { Database } from '../../src/store/database.ts'
import { addCustomers, passes, type Place } from '../loop/scoring.ts'
import { addContact } from '../server/pages/company.ts'

export interface InsightWorld extends Place {
  readonly engines: Engines
  /** The one with the most to lose, its people known. */
  readonly first: number
  close(): Promise<void>
}

/** Weeks ago that each risk was another one, and how much of what it is now it was. */
const PAST = [
  [7, 0.5],
  [4, 0.7],
  [2, 0.4],
] as const

export async function openInsightWorld(database: Database, { customers = 90 } = {}): Promise<InsightWorld> {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-insight-'))
  const engines = openEngines({ threads: 1, dataFolder: folder })
  const place = await addCustomers(database, folder, customers)
  const pass = passes(database, engines)
  await pass(scoreBook, place)
  await pass(decideBook, place)
  // History is written once and never changed: only the installation may give it another past.
  const first = await database.asSystem('a test', async (tx) => {
    await tx.query(
      `update customers set name = 'Company ' || id, object = 'companies', responsible_id = 'u' || id % 3,
         responsible_name = (array['Mara Lindt', 'Jon Reyes', 'Ana Prado'])[1 + id % 3] where tenant_id = $1`,
      [place.tenant],
    )
    // The score in force is of this week; before it each was lower, and as many were low.
    await tx.query(`update score_history set scored_at = now() - interval '2 days' where tenant_id = $1`, [
      place.tenant,
    ])
    for (const [weeks, share] of PAST)
      await tx.query(
        `insert into score_history (tenant_id, customer_id, scored_at, probability, level, model_hash)
         select tenant_id, customer_id, now() - make_interval(weeks => $2::integer, days => (customer_id % 5)::integer),
           probability * $3::real, case when customer_id % 4 = 0 then level else 'LOW' end, model_hash
         from scores where tenant_id = $1`,
        [place.tenant, weeks, share],
      )
    const [{ id }] = await tx.query<{ id: number }>(
      'select customer_id as id from scores where tenant_id = $1 order by value_at_risk_minor desc nulls last limit 1',
      [place.tenant],
    )
    return id
  })
  await addContact(database, place.tenant, first, { name: 'Ines Vogt', email: 'ines@example.com' })
  return {
    ...place,
    engines,
    first,
    close: async () => {
      await engines.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
