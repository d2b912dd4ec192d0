/** Training runs as a list: the history of a company's models, newest first. */
import { z } from 'zod'
import type { Transaction } from '../database.ts'
import { TRAINING_RUN, type TrainingRun, type TrainingState } from '../training-runs.ts'
import { pageOf, pageSize, readCursor, type Page, type PageRequest } from './paging.ts'

export interface TrainingQuery extends PageRequest {
  readonly state?: TrainingState | undefined
}

/**
 * @throws HoldfastError `request_invalid` for a cursor of another list
 * @example
 * await listTrainingRuns(tx, { state: 'done', limit: 10 })
 */
export async function listTrainingRuns(tx: Transaction, query: TrainingQuery): Promise<Page<TrainingRun>> {
  const size = pageSize(query)
  const after = readCursor('training', query, z.tuple([z.iso.datetime({ precision: 6 }), z.uuid()]))
  const rows = await tx.query<TrainingRun & { readonly exact: string }>(
    `select ${TRAINING_RUN}, to_char(created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as exact
     from training_runs where tenant_id = $1 and ($2::text is null or state = $2)
       and ($3::timestamptz is null or (created_at, id) < ($3, $4::uuid))
     order by created_at desc, id desc limit $5`,
    [tx.tenant, query.state ?? null, after?.[0] ?? null, after?.[1] ?? null, size + 1],
  )
  const page = pageOf(rows, size, 'training', (row) => [row.exact, row.id])
  return { ...page, items: page.items.map(({ exact: _exact, ...run }) => run) }
}
