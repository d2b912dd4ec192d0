/** Records that were ticked in a list of the CRM, read and scored at once. */
import type { CardBulk } from '../../contracts/record-card.ts'
import { scoreNow } from '../../loop/score-now.ts'
import { maySee } from '../../settings/cards.ts'
import { objectors } from '../../store/objections.ts'
import { findRecords, readStanding } from '../../store/reads/record-card.ts'
import { currentSettings } from '../../store/settings-versions.ts'
import type { RouteServices } from '../services.ts'
import { atRecord } from './card.ts'
import { CRMS, wordsOf, type CrmObject } from './crm.ts'
import type { CrmReader } from './reader.ts'

/** Ten times what a page of a list has; whoever ticks all of a long list is asked to tick less. */
export const MOST_RECORDS = 1000

export async function scoreThem(
  { database, clock, queue }: RouteServices,
  reader: CrmReader,
  { object, ids: ticked }: { readonly object: CrmObject; readonly ids: readonly string[] },
): Promise<CardBulk> {
  const { one, many } = wordsOf(object)
  const { account } = CRMS[reader.crm]
  const ids = [...new Set(ticked)]
  const connection = reader.connections.find(({ object: of }) => of === object)
  const refused = (said: string): CardBulk => ({ said, tone: 'warning', taken: 0, left: [] })
  if (connection === undefined) return refused(`Holdfast does not look after ${many} in this ${account}.`)
  if (connection.status !== 'active') return refused(`The ${account} is not being read at the moment.`)
  return database.withTenant(reader.tenant, async (tx): Promise<CardBulk> => {
    const { settings } = await currentSettings(tx)
    const { populationStated, sync } = await readStanding(tx, connection.id)
    if (!populationStated) return refused(`Nobody has said yet which ${many} are customers.`)
    if ((sync?.lastDoneAt ?? null) === null)
      return refused(`The ${account} is still being read for the first time; these come with it.`)
    const found = new Map(
      (await findRecords(tx, { connection: connection.id, object, ids })).map((row) => [row.externalId, row]),
    )
    const objecting = await objectors(
      tx,
      [...found.values()].map(({ customer }) => customer),
    )
    const why = (id: string): string | null => {
      const known = found.get(id)
      if (!maySee(settings.cards, atRecord(reader, known?.responsible ?? null)))
        return 'they are not shown to you'
      if (known === undefined) return null
      if (known.status === 'deleted') return `they are gone from the ${account}`
      return objecting.has(known.customer) ? 'they do not want to be profiled' : null
    }
    const left = Map.groupBy(ids, why)
    const taken = left.get(null) ?? []
    left.delete(null)
    if (taken.length > 0) {
      const now = clock()
      await scoreNow(tx, { connection: connection.id, origin: reader.account, object, ids: taken, now })
      tx.afterCommit(() => queue?.wake(reader.tenant))
    }
    const count = taken.length.toLocaleString('en')
    return {
      said:
        taken.length === 0
          ? 'None of them can be scored.'
          : `${count} ${taken.length === 1 ? `${one} is` : `${many} are`} being read and scored. ${taken.length === 1 ? 'Its card' : 'Their cards'} and fields say when it is done; who is no customer stays without a score.`,
      tone: taken.length === 0 ? 'warning' : 'success',
      taken: taken.length,
      left: [...left].map(([words, some]) => ({ why: words!, count: some.length })),
    }
  })
}
