/**
 * Bringing rows into an empty database: from a backup, or from another database that is moved.
 *
 * A restored installation starts paused. What its ledger still had to do may have been done after the backup was
 * made: such interventions become `uncertain`, until providers and CRMs were asked (src/loop/reconcile-restore.ts), and
 * stay so where nobody can say. Tasks are the exception: a CRM knows each by its key, so that doing what was done already
 * makes no second one.
 */
import { HoldfastError } from '../contracts/errors.ts'
import type { Backup } from './backup.ts'
import type { Database, Transaction } from './database.ts'
import { migrations } from './migrate.ts'
import { advanceIdentities, countRows, loadRows, portableTables, readEverything } from './portable.ts'

/**
 * The migrations that a backup belongs to: the database that it goes into is set up with these, and with the rest
 * afterwards.
 *
 * @throws HoldfastError `database_version` when the backup is of a newer Holdfast
 */
export function schemaOfBackup({ head }: Backup): ReturnType<typeof migrations> {
  const known = migrations()
  const newer = head.schema.find((name) => !known.some((migration) => migration.name === name))
  if (newer !== undefined)
    throw new HoldfastError(
      'database_version',
      `The backup is of a newer Holdfast: it has the step ${newer}, which this version does not know. Install that version to restore it. Nothing was restored.`,
    )
  return known.filter(({ name }) => head.schema.includes(name))
}

/**
 * All of a backup or nothing, into a database that was set up with {@link schemaOfBackup} and holds nothing.
 *
 * @returns rows that were restored, and interventions that became uncertain
 * @throws HoldfastError `conflict` when the database holds a tenant, `input_format`, `database_unavailable`
 */
export function restoreBackup(
  database: Database,
  { head, parts }: Backup,
  { at, onRows = () => undefined }: { at: Date; onRows?: (rows: number) => void },
): Promise<{ readonly rows: number; readonly uncertain: number }> {
  return database.asSystem('restoring a backup', async (tx) => {
    await expectEmpty(tx)
    const rows = await load(tx, parts, onRows)
    const day = head.at.slice(0, 16).replace('T', ' ')
    const uncertain = await holdLedger(
      tx,
      `Restored from a backup of ${day} UTC: whether this was carried out after the backup was made cannot be said.`,
    )
    await tx.query('delete from sessions')
    await tx.query('delete from sign_in_links')
    await tx.query('update steps set lease_owner = null, lease_until = null')
    await tx.query('update installation set restored_at = $1, paused_reason = $2', [
      at,
      `Restored from a backup of ${day} UTC. Look at what is uncertain in the outbox, then resume.`,
    ])
    await noteGap(tx, head.at)
    return { rows, uncertain }
  })
}

/** A backup of an earlier schema is restored into that schema, which may not have the columns yet. */
async function noteGap(tx: Transaction, from: string): Promise<void> {
  const known = await tx.query(
    `select from information_schema.columns where table_name = 'installation' and column_name = 'restored_from'`,
  )
  if (known.length > 0)
    await tx.query('update installation set restored_from = $1, reconciled_at = null', [from])
}

/** Where a database is moved to, and what is left behind. */
export interface Move {
  readonly rows: number
  /** Rows by table, the same in both. */
  readonly tables: Readonly<Record<string, number>>
}

/**
 * Copies everything into an empty database and pauses the one that is left, so that the two never act side by side.
 *
 * @throws HoldfastError `conflict` when the other one holds a tenant, or the counts differ (then nothing was moved)
 */
export async function moveDatabase(
  from: Database,
  to: Database,
  { to: address, onRows = () => undefined }: { to: string; onRows?: (rows: number) => void },
): Promise<Move> {
  const moved = await to.asSystem('moving a database', async (target) => {
    await expectEmpty(target)
    return from.asSystem('moving a database', async (source) => {
      const rows = await load(target, readEverything(source), onRows)
      const [left, right] = [await countRows(source), await countRows(target)]
      const other = Object.keys(left).find((table) => left[table] !== right[table])
      if (other !== undefined)
        throw new HoldfastError(
          'conflict',
          `The table ${other} has ${left[other]} rows here and ${right[other]} there. Nothing was moved.`,
        )
      return { rows, tables: right }
    })
  })
  await from.asSystem('moving a database', (tx) =>
    tx.query('update installation set paused_reason = $1', [
      `Moved to ${address}. Start with DATABASE_URL set to it; this folder is kept as it was.`,
    ]),
  )
  return moved
}

async function expectEmpty(tx: Transaction): Promise<void> {
  const [row] = await tx.query<{ tenants: number }>('select count(*) as tenants from tenants')
  if (row.tenants > 0)
    throw new HoldfastError(
      'conflict',
      'The database already holds a company. Restore or move into an empty one: another folder (HOLDFAST_DATA) or another database (DATABASE_URL). Nothing was changed.',
    )
  await tx.query('delete from installation')
}

async function load(
  tx: Transaction,
  parts: Backup['parts'],
  onRows: (rows: number) => void,
): Promise<number> {
  const known = new Map((await portableTables(tx)).map((table) => [table.name, table]))
  let rows = 0
  for await (const part of parts) {
    const here = known.get(part.table.name)
    if (
      here === undefined ||
      part.table.columns.some(({ name }) => !here.columns.some((c) => c.name === name))
    )
      throw new HoldfastError(
        'input_format',
        `The table ${part.table.name} is not as this version has it. Nothing was restored.`,
      )
    // Types are ours: what a file says of them is never made into a statement.
    const columns = here.columns.filter(({ name }) =>
      part.table.columns.some((column) => column.name === name),
    )
    await loadRows(tx, { table: { name: here.name, columns }, rows: part.rows }).catch((cause: unknown) => {
      throw damaged(here.name, cause)
    })
    onRows((rows += part.rows.length))
  }
  await advanceIdentities(tx)
  return rows
}

/** Rows that PostgreSQL does not take (classes 22 and 23: data, integrity) were changed since they were written. */
function damaged(table: string, cause: unknown): unknown {
  if (!/^2[23]/.test((cause as { code?: string }).code ?? '')) return cause
  const detail = cause instanceof Error ? cause.message : String(cause)
  return new HoldfastError(
    'input_format',
    `Rows of the table ${table} cannot be taken: ${detail}. Nothing was restored; take an earlier backup.`,
    { cause },
  )
}

const UNFINISHED = `state in ('planned', 'awaiting_approval', 'deferred', 'leased', 'sending', 'snoozed')
  and channel <> 'task'`

async function holdLedger(tx: Transaction, reason: string): Promise<number> {
  await tx.query(
    `insert into intervention_events (tenant_id, intervention_id, from_state, to_state, actor, reason_code, reason)
     select tenant_id, id, state, 'uncertain', 'restore', 'restored', $1
     from interventions where ${UNFINISHED}`,
    [reason],
  )
  const [{ count }] = await tx.query<{ count: number }>(
    `with held as (
       update interventions set state = 'uncertain', reason_code = 'restored', reason = $1, lease_owner = null,
         lease_until = null, updated_at = now() where ${UNFINISHED} returning 1)
     select count(*) as count from held`,
    [reason],
  )
  return count
}
