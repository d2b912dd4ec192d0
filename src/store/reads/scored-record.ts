/** A customer as a model is fed with it: its properties, and the score that was made of them. */
import { HoldfastError } from '../../contracts/errors.ts'
import type { Properties } from '../../../connectors/connector.ts'
import type { ConnectionId, CustomerId } from '../../contracts/ids.ts'
import type { Transaction } from '../database.ts'
import type { CustomerStatus, Level } from '../../contracts/customer-terms.ts'

export interface ScoredRecordRow {
  readonly connection: ConnectionId
  readonly status: CustomerStatus
  readonly group: 'holdout' | 'usual' | 'policy' | 'exempt'
  readonly properties: Properties
  /** Something changed since that scoring looks at. */
  readonly due: boolean
  /** Null: none yet. */
  readonly score: {
    readonly probability: number
    readonly level: Level
    /** 'YYYY-MM-DD': the day that the customer is described as of. */
    readonly asOf: string
    readonly modelHash: string
    /** Minor units of `currency`, a month; null unknown. */
    readonly monthlyMinor: number | null
    readonly currency: string | null
  } | null
}

interface Row extends Omit<ScoredRecordRow, 'score'> {
  readonly probability: number | null
  readonly level: Level
  readonly asOf: string
  readonly modelHash: string
  readonly monthlyMinor: number | null
  readonly currency: string | null
}

/**
 * @throws HoldfastError `not_found`
 * @example
 * const { properties, score } = await readScoredRecord(tx, customer)
 */
export async function readScoredRecord(tx: Transaction, customer: CustomerId): Promise<ScoredRecordRow> {
  const [row] = await tx.query<Row>(
    `select c.connection_id as connection, c.status, c.group_name as "group", c.properties,
       c.score_due_at is not null as due, s.probability, s.level, s.as_of as "asOf", s.model_hash as "modelHash",
       s.monthly_minor as "monthlyMinor", s.currency
     from customers c left join scores s on s.tenant_id = c.tenant_id and s.customer_id = c.id
     where c.tenant_id = $1 and c.id = $2`,
    [tx.tenant, customer],
  )
  if (row === undefined)
    throw new HoldfastError('not_found', `There is no customer ${customer}. GET /v1/customers lists them.`)
  const { probability, level, asOf, modelHash, monthlyMinor, currency, ...record } = row
  return {
    ...record,
    score: probability === null ? null : { probability, level, asOf, modelHash, monthlyMinor, currency },
  }
}
