/**
 * A connection's own customers as a file to train on, so that training has one way in: as they are now, with a property that
 * says who left, or as they were when decisions were made, with what Holdfast saw become of them.
 */
import { createWriteStream } from 'node:fs'
import { once } from 'node:events'
import { finished } from 'node:stream/promises'
import { encodeText } from '../../connectors/csv/encode.ts'
import { FLOOR } from '../../models/churn/floor.ts'
import { HoldfastError } from '../contracts/errors.ts'
import type { ConnectionId, TenantId } from '../contracts/ids.ts'
import type { Connection } from '../store/connections.ts'
import type { Database, Transaction } from '../store/database.ts'
import {
  customersNow,
  customersThen,
  firstDecision,
  outcomeCounts,
  type HistoryRow,
  type OutcomeCounts,
} from '../store/training-history.ts'

/** Columns that no CRM has. */
export const ID_COLUMN = 'holdfast_customer_id'
export const OUTCOME_COLUMN = 'holdfast_has_left'

export interface KnownOutcomes {
  readonly windows: readonly OutcomeCounts[]
  /** What there is and what it takes, as a sentence. */
  readonly sentence: string
}

/**
 * What Holdfast itself has seen of who left.
 *
 * @param now of the clock
 */
export async function knownOutcomes(
  tx: Transaction,
  connection: ConnectionId,
  now: Date,
): Promise<KnownOutcomes> {
  const windows = await outcomeCounts(tx, connection)
  const most = windows.toSorted((a, b) => b.churned - a.churned)[0]
  if (most !== undefined) {
    const enough = most.churned >= FLOOR.churned && most.kept >= FLOOR.kept
    const seen = `Within ${most.days} days of the decisions of ${most.period}, ${most.churned.toLocaleString('en')} of ${(most.churned + most.kept).toLocaleString('en')} customers left.`
    return {
      windows,
      sentence: enough
        ? `${seen} That is enough to train on.`
        : `${seen} Training in earnest needs ${FLOOR.churned} who left and ${FLOOR.kept} who stayed; until then a cautious model can be trained, or a file with more of them.`,
    }
  }
  const first = await firstDecision(tx, connection)
  if (first === null)
    return {
      windows,
      sentence: `Nothing is known yet of who left: no decision was made on these customers. It takes a property that says who left, or a file with one; ${FLOOR.churned} who left and ${FLOOR.kept} who stayed are enough.`,
    }
  const due = new Date(first.getTime() + 30 * 86_400_000)
  return {
    windows,
    sentence:
      due > now
        ? `Nothing is known yet of who left: the first decisions are of ${day(first)}, and what became of them is measured from ${day(due)} on. Until then it takes a property that says who left, or a file with one.`
        : 'What became of the first decisions is measured with the next pass. Until then it takes a property that says who left, or a file with one.',
  }
}

const day = (date: Date): string =>
  date.toLocaleDateString('en-GB', { day: 'numeric', month: 'long', year: 'numeric', timeZone: 'UTC' })

export interface ConnectionTableRequest {
  readonly tenant: TenantId
  readonly connection: ConnectionId
  /** Names of the properties, in the order of the file. */
  readonly properties: readonly string[]
  /** Null: only to be looked at, as the customers are now. */
  readonly outcomeDays: number | null
  readonly path: string
  readonly signal: AbortSignal
  readonly onRows?: (rows: number) => void
}

/** Customers read in one transaction. */
const PAGE = 2000

/**
 * @returns as of when the customers are described, of outcomes; null: now
 * @throws HoldfastError `target_missing` where no such outcome is known; `too_few_rows` without customers
 */
export async function writeConnectionTable(
  database: Database,
  {
    tenant,
    connection,
    properties,
    outcomeDays,
    path,
    signal,
    onRows = () => undefined,
  }: ConnectionTableRequest,
): Promise<string | null> {
  const window = outcomeDays === null ? null : await windowOf(database, tenant, connection, outcomeDays)
  const file = createWriteStream(path, { mode: 0o600 })
  try {
    const write = async (text: string): Promise<void> => {
      if (!file.write(text)) await once(file, 'drain')
    }
    const header = [ID_COLUMN, ...(window === null ? [] : [OUTCOME_COLUMN]), ...properties]
    await write(`${header.map((name) => encodeText(name, AS_IT_IS)).join(',')}\n`)
    let rows = 0
    for (let after = 0; ;) {
      signal.throwIfAborted()
      const page = await database.withTenant(tenant, (tx) =>
        window === null
          ? customersNow(tx, connection, { after, limit: PAGE })
          : customersThen(tx, connection, { ...window, after, limit: PAGE }),
      )
      await write(page.map((row) => line(row, properties, window !== null)).join(''))
      onRows((rows += page.length))
      if (page.length < PAGE) break
      after = page[PAGE - 1].id
    }
    file.end()
    await finished(file)
    if (rows === 0)
      throw new HoldfastError('too_few_rows', 'This connection has no customers yet. Sync it first.')
    return window === null ? null : window.asOf.toISOString().slice(0, 10)
  } catch (cause) {
    file.destroy()
    throw cause
  }
}

async function windowOf(
  database: Database,
  tenant: TenantId,
  connection: ConnectionId,
  days: number,
): Promise<OutcomeCounts> {
  const windows = await database.withTenant(tenant, (tx) => outcomeCounts(tx, connection))
  const found = windows.find((one) => one.days === days)
  if (found !== undefined) return found
  throw new HoldfastError(
    'target_missing',
    `Nothing is known of who left within ${days} days: no decision of this connection is that old yet.`,
  )
}

/** No spreadsheet opens it. */
const AS_IT_IS = { neutralise: false, quoteEmpty: false }

function line(
  { externalId, properties, churned }: HistoryRow,
  names: readonly string[],
  outcome: boolean,
): string {
  const cells = [
    encodeText(externalId, AS_IT_IS),
    ...(outcome ? [churned === true ? 'Yes' : 'No'] : []),
    ...names.map((name) => {
      const value = properties[name] ?? null
      return value === null ? '' : encodeText(String(value), AS_IT_IS)
    }),
  ]
  return `${cells.join(',')}\n`
}

/**
 * Names of the properties that a connection's customers have, in the order in which they are described.
 *
 * @throws HoldfastError `connector_configuration` before the first sync
 */
export function propertiesOf({ profile }: Pick<Connection, 'profile'>): readonly string[] {
  if (profile === null)
    throw new HoldfastError(
      'connector_configuration',
      'Nothing is known of the customers yet. Sync the connection first.',
      { retryable: true },
    )
  return profile.columns.map(({ header }) => header)
}
