/** Rows of an ingest job: what a line of CSV means for a record, and what becomes of it. */
import type { BulkJob } from './bulk-jobs.ts'
import type { FieldDefinition } from './field.ts'
import type { ApiError } from './problems.ts'
import { readId } from './record-ids.ts'
import type { SandboxRequest } from './route.ts'
import { save, type Saved } from './saving.ts'
import { allowsDuplicates, deleteRecord, saverOf } from './sobjects.ts'

/** What became of a row: its record and whether it is new, or why not. */
export type Outcome =
  | { readonly id: string; readonly created: boolean }
  | { readonly id: string; readonly error: string }

/** The field that a column is of, or the parent that it names by an external id: `Account.Key__c`. */
export function columnOf(
  { context }: SandboxRequest,
  { object }: BulkJob,
  name: string,
): FieldDefinition | { readonly parent: string; readonly key: string } | null {
  const table = context.source.table(object)
  if (!table) return null
  const field = table.fields.get(name.toLowerCase())
  if (field && context.source.canRead(table, field)) return field
  const [, parent, key] = /^(\w+)\.(\w+)$/.exec(name) ?? []
  const leads = [...table.fields.values()].some(
    ({ relationship }) => relationship?.toLowerCase() === parent?.toLowerCase(),
  )
  return parent !== undefined && leads ? { parent, key } : null
}

/** A row is saved, or deleted. */
export function carryOut(
  request: SandboxRequest,
  job: BulkJob,
  header: readonly string[],
  row: readonly string[],
): Outcome {
  const values: Record<string, unknown> = {}
  let id: string | null = null
  for (const [at, name] of header.entries()) {
    const cell = row[at] ?? ''
    if (name.toLowerCase() === 'id') id = cell === '' ? null : cell
    // Nothing between the delimiters leaves the field as it is; this word empties it.
    else if (cell !== '') {
      const column = columnOf(request, job, name)
      const value = cell === '#N/A' ? null : cell
      if (column === null) continue
      if ('parent' in column) values[column.parent] = { [column.key]: value }
      else values[column.name] = value === null ? null : valueOf(column, value)
    }
  }
  const given = id ?? ''
  const failed = (errors: readonly ApiError[]): Outcome => ({
    id: readId(given) ?? given,
    error: errorText(errors),
  })
  if (job.operation === 'delete' || job.operation === 'hardDelete') {
    return deleted(request, job, given) ?? { id: readId(given) ?? given, created: false }
  }
  if (job.operation === 'update' && id === null) {
    return failed([
      { errorCode: 'MISSING_ARGUMENT', message: 'Id not specified in an update call', fields: ['Id'] },
    ])
  }
  const saved = savedRow(request, job, id, values)
  return saved.ok ? { id: saved.id, created: saved.created } : failed(saved.errors)
}

function savedRow(
  request: SandboxRequest,
  job: BulkJob,
  id: string | null,
  values: Readonly<Record<string, unknown>>,
): Saved {
  const common = { type: job.object, allowDuplicates: allowsDuplicates(request) }
  const key = job.operation === 'upsert' ? (job.externalIdFieldName ?? null) : null
  if (key === null) {
    return save(saverOf(request), {
      ...common,
      id: job.operation === 'insert' ? null : id,
      external: null,
      values,
    })
  }
  const rest = Object.fromEntries(
    Object.entries(values).filter(([name]) => name.toLowerCase() !== key.toLowerCase()),
  )
  const [, value = null] =
    Object.entries(values).find(([name]) => name.toLowerCase() === key.toLowerCase()) ?? []
  const wanted = key.toLowerCase() === 'id' ? (id ?? '') : value === null ? '' : String(value)
  return save(saverOf(request), {
    ...common,
    id: null,
    external: { field: key, value: wanted },
    values: rest,
  })
}

/** @returns what is in the way; null: it is gone */
function deleted(request: SandboxRequest, job: BulkJob, given: string): Outcome | null {
  const id = readId(given)
  const table = request.context.source.table(job.object)
  const row = id === null ? undefined : table?.byId.get(id)
  if (!table || !row || !request.context.source.canSee(row)) {
    return {
      id: given,
      error: errorText([{ errorCode: 'INVALID_CROSS_REFERENCE_KEY', message: 'invalid cross reference id' }]),
    }
  }
  if (row.deletedAt > 0) {
    return {
      id: row.id,
      error: errorText([{ errorCode: 'ENTITY_IS_DELETED', message: 'entity is deleted' }]),
    }
  }
  const refusal = deleteRecord(request, table, row)
  if (refusal) return { id: row.id, error: errorText([refusal]) }
  if (job.operation === 'hardDelete') request.state.purge(job.object, row.id)
  return null
}

/** `FIELD_CUSTOM_VALIDATION_EXCEPTION:Too high:Rating --` */
const errorText = (errors: readonly ApiError[]): string =>
  errors
    .map(
      ({ errorCode, message, fields = [] }) =>
        `${errorCode}:${message}:${fields.map((name) => `${name} `).join('')}--`,
    )
    .join(';')

/** Cells are texts; what is no number is left for the field to refuse. */
function valueOf({ type }: FieldDefinition, cell: string): unknown {
  switch (type) {
    case 'double':
    case 'currency':
    case 'percent':
    case 'int':
      return Number.isNaN(Number(cell)) ? cell : Number(cell)
    case 'boolean':
      return /^(?:true|1|yes|y|t|on)$/i.test(cell)
    default:
      return cell
  }
}
