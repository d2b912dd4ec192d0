/**
 * Rows in calls of up to 200, an outcome for each row: one that is refused does not take back the others. Rows that
 * somebody else locked are tried again by themselves, later and in smaller calls, those with one parent side by side.
 *
 * Writing by id or by an external id can be repeated: the same values once more are the same record.
 *
 * @see https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_composite_sobjects_collections.htm
 */
import { setTimeout } from 'node:timers/promises'
import { z } from 'zod'
import { HoldfastError } from '../../src/contracts/errors.ts'
import type { SalesforceClient } from './client.ts'
import { failureOf, readErrors } from './errors.ts'
import { isFieldMissing, NO_ANSWER, notTried, refusalOf, refusalOfError, type Refusal } from './row-errors.ts'

/** Rows of one call. */
const ROWS = 200

export interface Row {
  /** Tells the row from all others of the call. */
  readonly trace: string
  /** As the API takes it, without `attributes`. */
  readonly record: Readonly<Record<string, unknown>>
  /** Id of the record above it, which is locked together with it. */
  readonly parent?: string
}

export type Outcome =
  | { readonly ok: true; readonly id: string | null }
  | { readonly ok: false; readonly refusal: Refusal }

/** How it is waited between tries; both can be set for tests. */
export interface Pauses {
  readonly sleep: (ms: number) => Promise<unknown>
  /** 0 to 1. */
  readonly random: () => number
}

export const PAUSES: Pauses = { sleep: (ms) => setTimeout(ms), random: Math.random }

export interface SendOptions {
  /** Of the rows: `Account`. */
  readonly type: string
  /** Upserted by this field; absent: updated by `Id`. */
  readonly by?: string
  /** Ids of the records above locked rows by trace, where the rows do not say; unknown ones may be left out. */
  readonly parentsOf?: (rows: readonly Row[]) => Promise<ReadonlyMap<string, string>>
  readonly pauses?: Pauses
}

/** Rows of a call in each further round for locked rows. */
const LOCK_ROUNDS = [50, 20, 5] as const
const LOCK_PAUSE_MS = 1000

/** Failed calls that the search for rows that make a whole call fail may cost. */
const SEARCH = 16
const LEFT = notTried(
  'Salesforce refused so many records of this batch that the rest was not tried. It is tried again.',
)

/**
 * @param rows in any number, with different traces
 * @returns an outcome for every row
 * @throws HoldfastError when nothing at all could be tried
 * @example
 * await sendRows(client, [{ trace: id, record: { Id: id, Holdfast_Status__c: 'left' } }], { type: 'Account' })
 */
export async function sendRows(
  client: SalesforceClient,
  rows: readonly Row[],
  options: SendOptions,
): Promise<ReadonlyMap<string, Outcome>> {
  const { sleep, random } = options.pauses ?? PAUSES
  const outcomes = new Map<string, Outcome>()
  let ended = await sendAll(client, rows, { ...options, size: ROWS }, outcomes)
  if (ended !== null && outcomes.size === 0) throw ended
  for (const [round, size] of LOCK_ROUNDS.entries()) {
    const locked = ended === null ? rows.filter(({ trace }) => isLocked(outcomes.get(trace))) : []
    if (locked.length === 0) break
    // Half of the pause is the same for all, half is drawn, so that two that met do not meet again.
    await sleep(LOCK_PAUSE_MS * 2 ** round * (0.5 + random()))
    const sorted = await byParent(locked, options)
    ended = await sendAll(client, sorted, { ...options, size }, outcomes)
  }
  if (ended !== null) {
    const refusal = refusalOfError(ended)
    for (const { trace } of rows) if (!outcomes.has(trace)) outcomes.set(trace, { ok: false, refusal })
  }
  return outcomes
}

function isLocked(outcome: Outcome | undefined): boolean {
  return outcome?.ok === false && outcome.refusal.code === 'UNABLE_TO_LOCK_ROW'
}

/** Rows under one parent in one call do not wait for each other. */
async function byParent(rows: readonly Row[], { parentsOf }: SendOptions): Promise<readonly Row[]> {
  const unknown = rows.filter(({ parent }) => parent === undefined)
  let parents: ReadonlyMap<string, string> = new Map()
  if (parentsOf !== undefined && unknown.length > 0)
    try {
      parents = await parentsOf(unknown)
    } catch (error) {
      // Only their order: what could not be asked for is no reason not to try.
      if (!(error instanceof HoldfastError)) throw error
    }
  const key = ({ trace, parent }: Row): string => parent ?? parents.get(trace) ?? trace
  return rows.toSorted((a, b) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0))
}

/** @returns what ended it early: a CRM that cannot be reached for one call is not asked for the next */
async function sendAll(
  client: SalesforceClient,
  rows: readonly Row[],
  options: SendOptions & { readonly size: number },
  outcomes: Map<string, Outcome>,
): Promise<HoldfastError | null> {
  try {
    for (let from = 0; from < rows.length; from += options.size)
      await settle(client, rows.slice(from, from + options.size), options, outcomes)
    return null
  } catch (error) {
    if (error instanceof HoldfastError) return error
    throw error
  }
}

async function settle(
  client: SalesforceClient,
  rows: readonly Row[],
  options: SendOptions,
  outcomes: Map<string, Outcome>,
): Promise<void> {
  let failed = 0
  async function search(some: readonly Row[]): Promise<void> {
    const answer = await send(client, some, options)
    if (!('refusal' in answer)) {
      for (const [trace, outcome] of answer.outcomes) outcomes.set(trace, outcome)
      return
    }
    failed++
    const { refusal } = answer
    // A field that is not there fails every call alike, and what is locked is tried later.
    const isOfAll = some.length === 1 || isFieldMissing(refusal) || refusal.retryable
    if (isOfAll || failed >= SEARCH) {
      const why = isOfAll ? refusal : LEFT
      for (const { trace } of some) outcomes.set(trace, { ok: false, refusal: why })
      return
    }
    const middle = some.length >> 1
    await search(some.slice(0, middle))
    await search(some.slice(middle))
  }
  await search(rows)
}

const resultSchema = z.object({
  id: z.string().nullish().catch(null),
  success: z.boolean(),
  errors: z.unknown(),
})
// A row that cannot be read does not make the others unknown.
const answerSchema = z.array(resultSchema.nullable().catch(null))

type Answer = { readonly outcomes: ReadonlyMap<string, Outcome> } | { readonly refusal: Refusal }

async function send(
  client: SalesforceClient,
  rows: readonly Row[],
  { type, by }: SendOptions,
): Promise<Answer> {
  try {
    const { body } = await client.call({
      method: 'PATCH',
      path: `/composite/sobjects${by === undefined ? '' : `/${type}/${by}`}`,
      body: {
        allOrNone: false,
        records: rows.map(({ record }) => ({ attributes: { type }, ...record })),
      },
      schema: answerSchema,
      repeatable: true,
    })
    // "The SaveResult objects are returned in the order in which the update requests were specified."
    return { outcomes: new Map(rows.map(({ trace }, at) => [trace, outcomeOf(body[at])])) }
  } catch (error) {
    // Understood, and refused as a whole for what is in it.
    const failure = failureOf(error)
    if (failure === null || !isOfContent(failure.status)) throw error
    return { refusal: refusalOf(failure.errors) }
  }
}

/** Not of the session, of the org or of the moment, which would be the same for any other call. */
function isOfContent(status: number): boolean {
  return status >= 400 && status < 500 && ![401, 403, 408, 420, 429].includes(status)
}

function outcomeOf(result: z.output<typeof answerSchema>[number] | undefined): Outcome {
  if (result === null || result === undefined) return { ok: false, refusal: NO_ANSWER }
  if (result.success) return { ok: true, id: result.id ?? null }
  const errors = readErrors(result.errors)
  return { ok: false, refusal: errors === null ? NO_ANSWER : refusalOf(errors) }
}
