/** Codes that offers are fulfilled with: imported into pools, given once. */
import type { InterventionId } from '../contracts/ids.ts'
import { insertRows } from './bulk.ts'
import type { Transaction } from './database.ts'

export interface NewCode {
  readonly code: string
  /** 'YYYY-MM-DD': the last day on which it is taken; null: no such day. */
  readonly validUntil: string | null
}

/**
 * Adds codes to a pool. What is known already, in this pool or another and however it is written, stays as it is.
 *
 * @param codes each once
 * @returns how many are new
 * @example
 * await addCodes(tx, { pool: 'spring', codes: [{ code: 'SPRING-7F3A', validUntil: null }], actor: 'cli' })
 */
export async function addCodes(
  tx: Transaction,
  { pool, codes, actor }: { pool: string; codes: readonly NewCode[]; actor: string },
): Promise<number> {
  const rows = codes.map(({ code, validUntil }) => ({
    pool,
    code,
    valid_until: validUntil,
    imported_by: actor,
  }))
  const added = await insertRows(tx, 'offer_codes', COLUMNS, rows, {
    ending: 'on conflict (tenant_id, upper(code)) do nothing returning id',
  })
  return added.length
}

const COLUMNS = Object.entries({ pool: 'text', code: 'text', valid_until: 'date', imported_by: 'text' }).map(
  ([name, type]) => ({ name, type }),
)

export interface Pool {
  readonly pool: string
  readonly free: number
  /** Given to an offer. */
  readonly taken: number
  /** Free, and past their last day. */
  readonly ended: number
  readonly importedAt: Date
  /** 'YYYY-MM-DD': when the next free one ends; null: none does. */
  readonly nextEnd: string | null
}

/** By name. @param today 'YYYY-MM-DD' */
export function listPools(tx: Transaction, today: string): Promise<Pool[]> {
  return tx.query<Pool>(
    `select pool,
       count(*) filter (where intervention_id is null and coalesce(valid_until >= $2::date, true))::integer as free,
       count(*) filter (where intervention_id is not null)::integer as taken,
       count(*) filter (where intervention_id is null and valid_until < $2::date)::integer as ended,
       max(imported_at) as "importedAt",
       min(valid_until) filter (where intervention_id is null and valid_until >= $2::date)::text as "nextEnd"
     from offer_codes where tenant_id = $1 and pool <> $3 group by pool order by pool`,
    [tx.tenant, today, BILLING_POOL],
  )
}

/**
 * Takes the free codes out of a pool; those that were given stay known.
 *
 * @returns how many
 */
export async function dropFreeCodes(tx: Transaction, pool: string): Promise<number> {
  const gone = await tx.query(
    'delete from offer_codes where tenant_id = $1 and pool = $2 and intervention_id is null returning id',
    [tx.tenant, pool],
  )
  return gone.length
}

/** Codes of billing stand beside those of pools, so that no code ever means two offers. No setting can name it. */
const BILLING_POOL = '@billing'

/**
 * Keeps a code that billing made for an offer.
 *
 * @returns false: the code is known as another's
 */
export async function keepBillingCode(
  tx: Transaction,
  { code, intervention, actor }: { code: string; intervention: InterventionId; actor: string },
): Promise<boolean> {
  const kept = await tx.query(
    `insert into offer_codes as c (tenant_id, pool, code, imported_by, intervention_id, taken_at)
     values ($1, $2, $3, $4, $5, now())
     on conflict (tenant_id, upper(code)) do update set intervention_id = excluded.intervention_id, taken_at = now()
       where c.pool = $2 and c.intervention_id is null
     returning id`,
    [tx.tenant, BILLING_POOL, code, actor, intervention],
  )
  return kept.length > 0
}
