/** Records that were ticked in a list of HubSpot, read and scored at once. */
import { z } from 'zod'
import { APP_PATHS } from '../../../connectors/hubspot/app.ts'
import type { CardBulk } from '../../contracts/record-card.ts'
import { scoreNow } from '../../loop/score-now.ts'
import { maySee } from '../../settings/cards.ts'
import { objectors } from '../../store/objections.ts'
import { findRecords, readStanding } from '../../store/reads/record-card.ts'
import { currentSettings } from '../../store/settings-versions.ts'
import { route, type Route } from '../route.ts'
import type { RouteServices } from '../services.ts'
import { atRecord } from './card.ts'
import { OBJECT_OF_TYPE, objectInBody, objectTypeId, once, readerOf, type CrmReader } from './reader.ts'
import { PRIVATE, signedJson, signedRoute } from './signed-request.ts'

/** Ten times what a page of a list in HubSpot has; whoever ticks all of a long list is asked to tick less. */
const MOST_RECORDS = 1000

const bulkAsked = z.strictObject({
  objectTypeId,
  ids: z
    .array(z.string().regex(/^\d{1,20}$/, 'is the id of a record'))
    .min(1, 'names no record')
    .max(MOST_RECORDS, `takes at most ${MOST_RECORDS} records at a time`),
  verb: z.literal('score'),
})

export const scoreManyRoutes: readonly Route[] = [
  route({
    ...signedRoute,
    method: 'post',
    path: APP_PATHS.bulk,
    summary: 'Has records that were ticked in a list of HubSpot read and scored',
    description: `At most ${MOST_RECORDS} at a time. Answers at once; the records in HubSpot say when it is done.`,
    answers: {
      200: { description: 'How many were taken, and why others were not (src/contracts/record-card.ts)' },
    },
    handle: async (request, services) => {
      const { reader, body } = await readerOf(request, services, { method: 'post', object: objectInBody })
      await services.rates.takeOf('costly', `hubspot ${reader.portal} ${reader.user}`)
      const asked = signedJson(bulkAsked, body)
      const done = await once(services, reader, () => scoreThem(services, reader, asked))
      return { status: 200, body: done, headers: PRIVATE }
    },
  }),
]

async function scoreThem(
  { database, clock, queue }: RouteServices,
  reader: CrmReader,
  { objectTypeId, ids: ticked }: z.infer<typeof bulkAsked>,
): Promise<CardBulk> {
  const object = OBJECT_OF_TYPE[objectTypeId]
  const ids = [...new Set(ticked)]
  const connection = reader.connections.find((one) => one.object === object)
  const refused = (said: string): CardBulk => ({ said, tone: 'warning', taken: 0, left: [] })
  if (connection === undefined) return refused(`Holdfast does not look after ${object} in this account.`)
  if (connection.status !== 'active') return refused('The account is not being read at the moment.')
  return database.withTenant(reader.tenant, async (tx): Promise<CardBulk> => {
    const { settings } = await currentSettings(tx)
    const { populationStated, sync } = await readStanding(tx, connection.id)
    if (!populationStated) return refused(`Nobody has said yet which ${object} are customers.`)
    if ((sync?.lastDoneAt ?? null) === null)
      return refused('The account is still being read for the first time; these come with it.')
    const found = new Map(
      (await findRecords(tx, { connection: connection.id, object, ids })).map((one) => [one.externalId, one]),
    )
    const objecting = await objectors(
      tx,
      [...found.values()].map(({ customer }) => customer),
    )
    const why = (id: string): string | null => {
      const one = found.get(id)
      if (!maySee(settings.cards, atRecord(reader, one?.responsible ?? null)))
        return 'they are not shown to you'
      if (one === undefined) return null
      if (one.status === 'deleted') return 'they are gone from the account'
      return objecting.has(one.customer) ? 'they do not want to be profiled' : null
    }
    const left = Map.groupBy(ids, why)
    const taken = left.get(null) ?? []
    left.delete(null)
    if (taken.length > 0) {
      const now = clock()
      await scoreNow(tx, { connection: connection.id, origin: reader.portal, object, ids: taken, now })
      tx.afterCommit(() => queue?.wake(reader.tenant))
    }
    const count = taken.length.toLocaleString('en')
    const one = object === 'companies' ? 'company' : 'contact'
    return {
      said:
        taken.length === 0
          ? 'None of them can be scored.'
          : `${count} ${taken.length === 1 ? `${one} is` : `${object} are`} being read and scored. ${taken.length === 1 ? 'Its card' : 'Their cards'} and fields say when it is done; who is no customer stays without a score.`,
      tone: taken.length === 0 ? 'warning' : 'success',
      taken: taken.length,
      left: [...left].map(([words, some]) => ({ why: words!, count: some.length })),
    }
  })
}
