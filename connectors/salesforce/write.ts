/**
 * Our fields onto the records of an org, a result for each: in calls of 200, or as Bulk API jobs where there are many. A
 * field that is absent is left as it is; one of ours that is null is emptied; nothing else of a record is ever touched.
 *
 * A field that the org lacks, or that our user may not write, is left out and the others are written: provisioning and
 * the doctor say why.
 */
import type { FieldUpdate, WriteResult } from '../connector.ts'
import { byRecord } from '../risk-values.ts'
import { BULK_FROM, ingest } from './bulk-ingest.ts'
import { PAUSES, sendRows, type Outcome, type Pauses, type Row } from './collections.ts'
import { isBulkClosed } from './errors.ts'
import { cellsOf, fitted, type Cell } from './fields.ts'
import { id18, isId } from './ids.ts'
import { fieldsOf } from './package.ts'
import { refused } from './refusals.ts'
import { isFieldMissing, isValueRefused, type Refusal } from './row-errors.ts'
import { idIn, rowsOf } from './rows.ts'
import { renewStanding, standingOf, type Definition, type Standing, type WritingContext } from './standing.ts'

/**
 * @param options.bulkFrom updates from which the Bulk API is used
 * @returns a result for each record
 * @throws HoldfastError when nothing at all could be tried
 * @example
 * await writeFields(context, [{ id: '001…', fields: { riskPercent: 71.5 } }]) // [{ id: '001…', ok: true }]
 */
export async function writeFields(
  context: WritingContext,
  updates: readonly FieldUpdate[],
  { pauses = PAUSES, bulkFrom = BULK_FROM }: { pauses?: Pauses; bulkFrom?: number } = {},
): Promise<readonly WriteResult[]> {
  const { object } = context.config
  const records = byRecord(updates).map(({ id, fields }) => ({ id, cells: cellsOf(fields) }))
  const how = { pauses, bulkFrom }
  const first = await writeRound(context, await standingOf(context, object), records, how)
  // The org is not as we know it: somebody took a field or a choice away meanwhile. Once is enough to know.
  const refusedNow = new Map<string, RefusedFields>()
  for (const { id } of records) {
    const fields = refusedFields(context, first.get(id))
    if (fields !== null) refusedNow.set(id, fields)
  }
  const again = records.filter(({ id }) => refusedNow.has(id))
  if (again.length > 0) {
    const standing = await renewStanding(context, object)
    const second = await writeRound(context, standing, again, { ...how, without: refusedNow })
    for (const [id, written] of second) first.set(id, written)
  }
  return records.map(({ id }) => resultOf(object, id, first.get(id)))
}

type Written =
  | Outcome
  /** Nothing was written, or not all of it: why. */
  | { readonly ok: false; readonly code: string; readonly problem: string }
  | { readonly ok: 'nothing' }

interface Record_ {
  readonly id: string
  readonly cells: Readonly<Record<string, Cell>>
}

interface Round {
  readonly pauses: Pauses
  readonly bulkFrom: number
  /** By record: our fields that Salesforce refused there, and why. */
  readonly without?: ReadonlyMap<string, RefusedFields>
}

/** Why our fields were refused, by their names without namespace. */
type RefusedFields = ReadonlyMap<string, Refusal>

async function writeRound(
  context: WritingContext,
  standing: Standing,
  records: readonly Record_[],
  round: Round,
): Promise<Map<string, Written>> {
  const { object } = context.config
  const written = new Map<string, Written>()
  const partly = new Map<string, Written>()
  const rows: Record_[] = []
  for (const { id, cells } of records) {
    if (!isId(id)) {
      written.set(id, { ok: false, refusal: NO_ID })
      continue
    }
    const { possible, closed, refusal } = possibleCells(standing, cells, round.without?.get(id))
    // What the record shows there is no longer true, so it is not answered as written.
    if (refusal !== null) partly.set(id, { ok: false, refusal })
    if (Object.keys(possible).length > 0) rows.push({ id, cells: possible })
    else written.set(id, partly.get(id) ?? closed ?? { ok: 'nothing' })
  }
  const sent = await send(context, object, rows, round)
  for (const { id } of rows) {
    const outcome = sent.get(id)
    if (outcome !== undefined) written.set(id, outcome.ok ? (partly.get(id) ?? outcome) : outcome)
  }
  return written
}

interface Possible {
  /** By names in the org. */
  readonly possible: Readonly<Record<string, Cell>>
  /** Why a field was left out that is missing, or closed to our user. */
  readonly closed: Written | null
  /** Why a value was left out that the field does not take. */
  readonly refusal: Refusal | null
}

function possibleCells(
  { usable, problems }: Standing,
  cells: Readonly<Record<string, Cell>>,
  without: RefusedFields = new Map(),
): Possible {
  const possible: Record<string, Cell> = {}
  let closed: Written | null = null
  let refusal: Refusal | null = null
  for (const [name, cell] of Object.entries(cells)) {
    const field = usable.get(name)
    const before = without.get(name)
    if (field === undefined) {
      const problem = problems.get(name)
      if (problem !== undefined) closed ??= { ok: false, code: 'property_missing', problem }
    } else if (before !== undefined) {
      if (isFieldMissing(before)) closed ??= { ok: false, refusal: before }
      else refusal ??= before
    } else if (typeof cell === 'string' && lacks(field, cell)) refusal ??= lacking(field, cell)
    else {
      const value = fitted(cell, field)
      if (value !== undefined) possible[field.name] = value
    }
  }
  return { possible, closed, refusal }
}

/** A picklist that takes its own values alone, and not this one. */
function lacks({ restrictedPicklist, picklistValues }: Definition, cell: string): boolean {
  return restrictedPicklist && !(picklistValues ?? []).some(({ value, active }) => active && value === cell)
}

function lacking({ name }: Definition, cell: string): Refusal {
  return {
    code: 'INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST',
    message: `bad value for restricted picklist field: ${cell}`,
    fields: [name],
    matches: [],
    rule: null,
    retryable: false,
  }
}

async function send(
  context: WritingContext,
  object: 'Account' | 'Contact',
  records: readonly Record_[],
  { pauses, bulkFrom }: Round,
): Promise<ReadonlyMap<string, Outcome>> {
  const { client } = context
  const byId = (some: readonly Record_[]): Promise<ReadonlyMap<string, Outcome>> =>
    sendRows(
      client,
      some.map(({ id, cells }) => ({ trace: id, record: { Id: id, ...cells } })),
      { type: object, pauses, parentsOf: (rows) => parentsOf(context, object, rows) },
    )
  if (records.length < bulkFrom) return byId(records)
  const rows = records.map(({ id, cells }) => ({ id: id18(id), cells }))
  const bulk = await ingest(client, rows, { object, pauses }).catch((error: unknown) => {
    if (isBulkClosed(error)) return null
    throw error
  })
  if (bulk === null) return byId(records)
  const outcomes = new Map(records.map(({ id }) => [id, bulk.get(id18(id))!]))
  // Locked rows are tried by themselves, and only a collection says which records a duplicate rule found.
  const again = records
    .filter(({ id }) => {
      const outcome = outcomes.get(id)
      return outcome?.ok === false && AGAIN.has(outcome.refusal.code)
    })
    .slice(0, bulkFrom)
  if (again.length === 0) return outcomes
  return new Map([...outcomes, ...(await byId(again))])
}

const AGAIN: ReadonlySet<string> = new Set(['UNABLE_TO_LOCK_ROW', 'DUPLICATES_DETECTED'])

/** The record above, which Salesforce locks together with each: the parent account, the contact's account. */
async function parentsOf(
  context: WritingContext,
  object: 'Account' | 'Contact',
  rows: readonly Row[],
): Promise<ReadonlyMap<string, string>> {
  const field = object === 'Account' ? 'ParentId' : 'AccountId'
  const found = await rowsOf(context, {
    fields: ['Id', field],
    from: object,
    by: 'Id',
    ids: rows.map(({ trace }) => trace),
  })
  return new Map(
    found.flatMap((row) => {
      const [id, parent] = [idIn(row, 'Id'), idIn(row, field)]
      return id === null || parent === null ? [] : [[id, parent] as const]
    }),
  )
}

/**
 * Our fields that a refusal names; null where it is the record that is at fault, or a field of others.
 */
function refusedFields({ config, ours }: WritingContext, written: Written | undefined): RefusedFields | null {
  if (written === undefined || !('refusal' in written)) return null
  const { refusal } = written
  if (!isFieldMissing(refusal) && !isValueRefused(refusal)) return null
  const named = new Set(refusal.fields.map((field) => ours.plain(field).toLowerCase()))
  const found = fieldsOf(config.object).filter(({ name }) => named.has(name.toLowerCase()))
  // Which one is missing need not be said: the org is described anew.
  if (found.length === 0 && isValueRefused(refusal)) return null
  return new Map(found.map(({ name }) => [name, refusal]))
}

const NO_ID: Refusal = {
  code: 'MALFORMED_ID',
  message: '',
  fields: [],
  matches: [],
  rule: null,
  retryable: false,
}

function resultOf(object: string, id: string, written: Written | undefined): WriteResult {
  if (written === undefined || written.ok === 'nothing' || written.ok) return { id, ok: true }
  if ('problem' in written)
    return { id, ok: false, code: written.code, message: written.problem, retryable: false }
  return refused({ id, what: `the ${object} ${id}` }, written.refusal)
}
