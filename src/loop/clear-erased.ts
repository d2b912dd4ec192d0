/**
 * Records of customers who were erased: every field of ours on them is emptied. Also where nothing else is written back,
 * since what is emptied was written before. A crash between emptying and noting it empties once more.
 */
import type { Connector, WriteResult } from '../../connectors/connector.ts'
import { owedClearings, settleClearings } from '../store/erasures.ts'
import type { OutwardEnd } from '../store/outward.ts'
import { endOf, lastingEnd } from './outward-pauses.ts'
import { erasedFields } from './risk-fields.ts'
import type { Counts, LoopServices, StepContext } from './services.ts'

const BATCH = 100

/**
 * @param open the connector of the connection, which stays open
 * @returns `{ emptied, unemptied }`, or nothing where nothing was owed
 * @throws HoldfastError what the connector throws when nothing at all could be tried; all of it stays due
 * @example
 * await clearErased(services, context, () => connector) // { emptied: 1, unemptied: 0 }
 */
export async function clearErased(
  { database }: Pick<LoopServices, 'database'>,
  { tenant, connection, signal }: Pick<StepContext, 'tenant' | 'connection' | 'signal'>,
  open: () => Promise<Connector>,
): Promise<Counts> {
  const counts = { emptied: 0, unemptied: 0 }
  while (!signal.aborted) {
    const owed = await database.withTenant(tenant, (tx) => owedClearings(tx, connection, BATCH))
    if (owed.length === 0) break
    const connector = await open()
    const results = await connector.write(owed.map(({ record }) => ({ id: record, fields: erasedFields })))
    const answers = new Map(results.map((result) => [result.id, result]))
    const ended = owed.map(({ record, attempts }) => ({
      record,
      end: endOfClearing(answers.get(record), attempts),
    }))
    await database.withTenant(tenant, (tx) => settleClearings(tx, connection, ended))
    for (const { end } of ended) counts[end.ok ? 'emptied' : 'unemptied']++
  }
  return counts.emptied + counts.unemptied === 0 ? {} : counts
}

/** There is nothing of us on a record that is gone. */
function endOfClearing(result: WriteResult | undefined, attempts: number): OutwardEnd {
  if (result?.ok === false && GONE.has(result.code)) return { ok: true, externalId: null }
  return lastingEnd(endOf(result, attempts), attempts)
}

const GONE: ReadonlySet<string> = new Set(['record_gone', 'not_found'])
