/**
 * Customers whom a pass over everything did not meet, where it hands over those alone who meet the condition that says
 * who is a customer: each is read by its id, and has left, or is gone, or was only missed. Piece by piece, since another
 * condition may leave out most of a CRM.
 */
import type { ChangePage, Connector, Reading } from '../../connectors/connector.ts'
import { lockSyncPosition } from '../store/connections.ts'
import { activeCustomers, presentCustomers } from '../store/customers.ts'
import type { Database } from '../store/database.ts'
import type { StepContext } from './services.ts'
import type { Stager } from './staging.ts'
import type { RecordCounts } from './store-records.ts'
import { refuseChanges, refuseMassDeletion, storeStaged, type Pass } from './sync-page.ts'

/** Customers that are read at a time. */
const PIECE = 500

export interface UnseenOptions {
  readonly database: Database
  readonly context: Pick<StepContext, 'tenant' | 'signal'>
  readonly connector: Connector
  readonly stager: Stager
  readonly reading: Reading
  readonly pass: Pass
  /** The last page, whose records are not stored yet. */
  readonly page: ChangePage
  /** Told what was found of each piece. */
  readonly stored: (counts: RecordCounts) => void
}

/**
 * Before the last page of the pass is stored: whoever breaks off here reads everything again.
 *
 * @returns ids in the source of those that are gone, to be stored with the last page; null where it was to end
 * @throws HoldfastError what reading throws, and as storing a page; `connector_configuration` where so many are gone that
 *   the source is more likely not whole, as when its user may no longer see them
 */
export async function settleUnseen({
  database,
  context: { tenant, signal },
  connector,
  stager,
  reading,
  pass,
  page,
  stored,
}: UnseenOptions): Promise<readonly string[] | null> {
  const { connection } = pass
  const coming = new Set(page.upserts.map(({ id }) => id).concat(page.deleted))
  const gone: string[] = []
  for (let after: number | null = 0; after !== null;) {
    if (signal.aborted) return null
    const from: number = after
    const piece = await database.withTenant(tenant, (tx) =>
      activeCustomers(tx, connection, { after: from, limit: PIECE * 10 }),
    )
    const unseen = piece.filter(({ customer, id }) => !pass.seen.has(customer) && !coming.has(id))
    for (let at = 0; at < unseen.length; at += PIECE) {
      if (signal.aborted) return null
      const ids = unseen.slice(at, at + PIECE).map(({ id }) => id)
      const records = await connector.read(ids, reading)
      const staged = await stager.stage(records)
      const counts = await database.withTenant(tenant, async (tx) => {
        const position = await lockSyncPosition(tx, connection)
        refuseChanges(pass, position)
        return storeStaged(tx, pass, staged, position)
      })
      stored(counts)
      const found = new Set(records.map(({ id }) => id))
      gone.push(...ids.filter((id) => !found.has(id)))
    }
    after = piece.length < PIECE * 10 ? null : piece[piece.length - 1].customer
  }
  if (gone.length > 0) {
    const present = await database.withTenant(tenant, (tx) => presentCustomers(tx, connection))
    refuseMassDeletion(pass, { gone: gone.length, present: present.length })
  }
  return gone
}
