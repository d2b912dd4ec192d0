/** One page of a sync: everything that it says goes into the store in the caller's transaction, or nothing. */
import type { ChangePage, Cursor, CustomerRecord } from '../../connectors/connector.ts'
import { canonicalJson } from '../../models/canonical-json.ts'
import { HoldfastError } from '../contracts/errors.ts'
import { lockSyncPosition, saveCursor, type Population, type SyncPosition } from '../store/connections.ts'
import { customersNamed, deleteCustomers, presentCustomers } from '../store/customers.ts'
import type { Transaction } from '../store/database.ts'
import { requestStep } from '../store/steps.ts'
import { keepReceipts } from '../store/webhook-receipts.ts'
import {
  storeRecords,
  type RecordCounts,
  type RecordPass,
  type Source,
  type StagedRecords,
} from './store-records.ts'

/** What holds for all pages of a sync, and what they add to it. */
export interface Pass extends RecordPass {
  readonly allowDeletions: boolean
  /** For whom the records are read; undefined: a file says everything of everybody. */
  readonly population?: Population | null
  source: Source | null
  /** What the cursor has to be when the next page is stored: another sync would have moved it. */
  cursor: Cursor | null
}

export interface StagedPage extends StagedRecords {
  readonly page: ChangePage
}

/**
 * @throws HoldfastError `lease_lost` when another sync of the connection went on meanwhile or the population was changed,
 *   `paused` when somebody paused it, `connector_configuration` for a pass that would delete too much
 */
export async function storePage(tx: Transaction, pass: Pass, staged: StagedPage): Promise<RecordCounts> {
  const { connection } = pass
  const position = await lockSyncPosition(tx, connection)
  refuseChanges(pass, position)
  const counts = await storeStaged(tx, pass, staged, position)
  counts.deleted += await deleteCustomers(tx, await customersNamed(tx, connection, staged.page.deleted))
  // Of those who meet a condition no other is handed over: see sync-unseen.ts.
  if (staged.page.complete === true && position.population?.kind !== 'condition')
    counts.deleted += await deleteUnseen(tx, pass)
  await saveCursor(tx, connection, staged.page.cursor)
  return counts
}

/** Those of whom it is not clear which is the newer word are read once more. */
export async function storeStaged(
  tx: Transaction,
  pass: Pass,
  staged: StagedRecords,
  { population }: SyncPosition,
): Promise<RecordCounts> {
  const { counts, doubtful } = await storeRecords(tx, pass, staged, population)
  await readOnceMore(tx, pass, doubtful)
  return counts
}

/** @throws HoldfastError `paused`, `lease_lost` where the pass began with something else than there is now */
export function refuseChanges(pass: Pass, position: SyncPosition): void {
  refusePaused(position)
  refuseOthers(pass, position)
  if (pass.population !== undefined) refuseOtherPopulation(pass.population, position)
}

/** @throws HoldfastError `paused` */
export function refusePaused({ status }: Pick<SyncPosition, 'status'>): void {
  if (status === 'paused' || status === 'disconnected')
    throw new HoldfastError(
      'paused',
      'The connection was paused while it was being synced. Resume it to go on.',
    )
}

function refuseOthers(pass: Pass, { cursor }: SyncPosition): void {
  if (canonicalJson(cursor) !== canonicalJson(pass.cursor))
    throw new HoldfastError(
      'lease_lost',
      'Another sync of this connection went on meanwhile. This one stopped; nothing is lost.',
      { retryable: true },
    )
}

/**
 * Records that were read for one population do not tell who is in another: of a condition they say nothing, of another
 * property they have no value, and of those who come in nobody asked what they pay and who their people are.
 *
 * @param asked as it stood when they were asked for
 * @throws HoldfastError `lease_lost`
 */
export function refuseOtherPopulation(asked: Population | null, { population }: SyncPosition): void {
  if (canonicalJson(asked) !== canonicalJson(population))
    throw new HoldfastError(
      'lease_lost',
      'Who counts as a customer was changed while records were being read. They are read anew; nothing is lost.',
      { retryable: true },
    )
}

/** By their ids, as if the CRM had told of them. */
async function readOnceMore(
  tx: Transaction,
  { connection, run }: Pass,
  records: readonly Pick<CustomerRecord, 'object' | 'id'>[],
): Promise<void> {
  if (records.length === 0) return
  const at = new Date(0)
  await keepReceipts(
    tx,
    connection,
    records.map(({ object, id }) => {
      const key = `sync ${run} ${object} ${id}`
      return { origin: '', object, id, kind: 'changed', others: [], key, at, own: false }
    }),
  )
  await requestStep(tx, { connection, step: 'refresh', cause: 'sync' })
}

/** A source that lost this share of its customers from one day to the next is more often broken than right. */
const MOST_DELETED = 0.2
const FEW_CUSTOMERS = 20

async function deleteUnseen(tx: Transaction, pass: Pass): Promise<number> {
  const present = await presentCustomers(tx, pass.connection)
  const gone = present.filter((id) => !pass.seen.has(id))
  refuseMassDeletion(pass, { gone: gone.length, present: present.length })
  return deleteCustomers(tx, gone)
}

/** @throws HoldfastError `connector_configuration` */
export function refuseMassDeletion(
  { allowDeletions }: Pick<Pass, 'allowDeletions'>,
  { gone, present }: { readonly gone: number; readonly present: number },
): void {
  if (allowDeletions || present < FEW_CUSTOMERS || gone <= MOST_DELETED * present) return
  throw new HoldfastError(
    'connector_configuration',
    `${gone} of ${present} customers ${gone === 1 ? 'is' : 'are'} not there any more, so the source was probably not whole, and none was marked as deleted. If they are really gone, set "allowDeletions": true in the config of the connection and sync again; it holds for one sync.`,
    // The next file may be whole again.
    { retryable: true },
  )
}
