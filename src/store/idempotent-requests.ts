/** Requests that are answered once: the same key gives the same answer, and what it did is done once. */
import { createHash } from 'node:crypto'
import { canonicalJson } from '../../models/canonical-json.ts'
import { HoldfastError } from '../contracts/errors.ts'
import type { Transaction } from './database.ts'

export interface KeyedRequest {
  /** Keys of different routes are different keys. */
  readonly route: string
  /** What the caller states. */
  readonly key: string
  /** What it asks for, as JSON holds it: a key that comes again with something else is refused. */
  readonly body: unknown
}

export interface KeptAnswer {
  readonly status: number
  readonly body: unknown
}

/**
 * Answers from memory, or does the work and remembers its answer: both in the transaction that it is called in, so
 * that neither is there without the other. An error is not remembered: the same key may be tried again.
 *
 * @throws HoldfastError `idempotency_key_reused` for the same key with another body, `conflict` (retryable) while
 *   another transaction is at work on the same key
 * @example
 * await answerOnce(tx, { route: 'POST /v1/interventions', key, body }, async () => ({ status: 201, body: … }))
 */
export async function answerOnce(
  tx: Transaction,
  { route, key, body }: KeyedRequest,
  work: () => Promise<KeptAnswer>,
): Promise<KeptAnswer> {
  const hash = createHash('sha256').update(canonicalJson(body)).digest('hex')
  const [{ free }] = await tx.query<{ free: boolean }>(
    'select pg_try_advisory_xact_lock(hashtextextended($1, 0)) as free',
    [`idempotent ${tx.tenant} ${route} ${key}`],
  )
  if (!free)
    throw new HoldfastError(
      'conflict',
      'A request with this Idempotency-Key is just being answered. Send it again in a moment.',
      { retryable: true, cause: { retryAfter: 1 } },
    )
  const of = [tx.tenant, route, key]
  const [kept] = await tx.query<{ request_hash: string; status: number; answer: unknown }>(
    'select request_hash, status, answer from idempotent_requests where tenant_id = $1 and route = $2 and key = $3',
    of,
  )
  if (kept === undefined) {
    const answer = await work()
    await tx.query(
      `insert into idempotent_requests (tenant_id, route, key, request_hash, status, answer)
       values ($1, $2, $3, $4, $5, $6)`,
      [...of, hash, answer.status, JSON.stringify(answer.body)],
    )
    return answer
  }
  if (kept.request_hash === hash) return { status: kept.status, body: kept.answer }
  throw new HoldfastError(
    'idempotency_key_reused',
    'This Idempotency-Key was used for another request. Use a new key for a new request.',
  )
}
