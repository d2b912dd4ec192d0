/**
 * Writing a batch of up to 100: an outcome for each input, whatever HubSpot answers. A 207 says which inputs it
 * refused; a 400 refuses the whole batch because of one of them, which is then looked for by halving.
 *
 * @see https://developers.hubspot.com/docs/api-reference/error-handling "multi-status errors": objectWriteTraceId
 */
import { z } from 'zod'
import { HoldfastError } from '../../src/contracts/errors.ts'
import type { HubSpotClient } from './client.ts'
import { failureOf, hubSpotError, type HubSpotError, type HubSpotFailure } from './errors.ts'

/** Inputs of one call. */
export const BATCH = 100

export interface BatchInput {
  /** Tells the input from the others of its batch; sent as `objectWriteTraceId`. */
  readonly trace: string
  /** As the API takes it: `{ id, properties }`. */
  readonly input: { readonly id: string; readonly [name: string]: unknown }
}

export type BatchOutcome =
  | { readonly ok: true; readonly id: string; readonly updatedAt: Date | null }
  | { readonly ok: false; readonly refusal: Refusal }

/** Why HubSpot did not take one input. */
export interface Refusal {
  readonly category: string
  /** What it said, cut to a length that a person reads. */
  readonly message: string
  readonly faults: readonly Fault[]
  /** The record is not there: deleted, or merged into another. */
  readonly gone: boolean
  readonly retryable: boolean
}

/** One thing that is wrong with an input. */
export interface Fault {
  /** `INVALID_OPTION`, `MISSING_REQUIRED_PROPERTY`, …; '' when it gave none. */
  readonly code: string
  /** Internal name; null where it does not say. */
  readonly property: string | null
  readonly message: string
}

/**
 * Refused calls that the search for guilty inputs may cost in one batch; HubSpot wants 95 % of all calls to succeed.
 * One guilty input of 100 is found with 8 refused calls at most.
 */
const SEARCH = 16

/**
 * @param inputs in any number, with different traces
 * @param options.hold refusals of a whole batch that are not due to one input: all are refused, none is looked for
 * @returns an outcome for every trace
 * @throws HoldfastError when nothing at all could be tried
 * @example
 * const outcomes = await sendBatch(client, `/crm/objects/${API_VERSION}/companies/batch/update`, inputs)
 */
export async function sendBatch(
  client: HubSpotClient,
  path: string,
  inputs: readonly BatchInput[],
  { hold = () => false }: { hold?: (refusal: Refusal) => boolean } = {},
): Promise<ReadonlyMap<string, BatchOutcome>> {
  const outcomes = new Map<string, BatchOutcome>()
  for (let from = 0; from < inputs.length; from += BATCH) {
    const settled = await settle(inputs.slice(from, from + BATCH))
    // A CRM that cannot be reached for one batch is not asked for the next.
    if (settled !== null) {
      if (outcomes.size === 0) throw settled
      const refusal = refusalOfError(settled)
      for (const { trace } of inputs) if (!outcomes.has(trace)) outcomes.set(trace, { ok: false, refusal })
      break
    }
  }
  return outcomes

  /** @returns the error that ended it */
  async function settle(batch: readonly BatchInput[]): Promise<HoldfastError | null> {
    let refused = 0
    const refuse = (some: readonly BatchInput[], refusal: Refusal): void => {
      for (const { trace } of some) outcomes.set(trace, { ok: false, refusal })
    }

    /**
     * @param known why a batch that holds these was refused, where the guilty one is certainly among them
     * @returns whether all were taken
     */
    async function search(some: readonly BatchInput[], known: Refusal | null): Promise<boolean> {
      let why = known
      if (why === null) {
        if (refused >= SEARCH) {
          refuse(some, NOT_TRIED)
          return false
        }
        const answer = await send(client, path, some)
        if ('outcomes' in answer) {
          for (const [trace, outcome] of answer.outcomes) outcomes.set(trace, outcome)
          return some.every(({ trace }) => answer.outcomes.get(trace)?.ok)
        }
        refused++
        why = answer.refusal
        if (answer.guilty.length > 0) {
          refuse(answer.guilty, why)
          const others = some.filter((one) => !answer.guilty.includes(one))
          if (others.length > 0) await search(others, null)
          return false
        }
      }
      if (some.length === 1 || hold(why)) {
        refuse(some, why)
        return false
      }
      const middle = some.length >> 1
      const first = await search(some.slice(0, middle), null)
      // Where the first half was in order, the guilty one is in the second, which need not be sent whole again.
      await search(some.slice(middle), first ? why : null)
      return false
    }

    try {
      await search(batch, null)
      return null
    } catch (error) {
      if (error instanceof HoldfastError) return error
      throw error
    }
  }
}

/** The search for guilty inputs has a bound; what is left over is tried again with the next batch. */
const NOT_TRIED: Refusal = {
  category: 'NOT_TRIED',
  message: 'HubSpot refused so many records of this batch that the rest was not tried. It is tried again.',
  faults: [],
  gone: false,
  retryable: true,
}

const NO_ANSWER: Refusal = {
  category: 'NO_ANSWER',
  message: 'HubSpot did not say whether this record was written. It is written again.',
  faults: [],
  gone: false,
  retryable: true,
}

const result = z.object({
  id: z.coerce.string(),
  updatedAt: z.coerce.date().nullable().catch(null),
  objectWriteTraceId: z.string().optional().catch(undefined),
  properties: z.record(z.string(), z.unknown()).catch({}),
})
const answerSchema = z.object({ results: z.array(result).catch([]), errors: z.array(hubSpotError).catch([]) })

type Answer =
  | { readonly outcomes: ReadonlyMap<string, BatchOutcome> }
  /** The whole batch was refused; `guilty` are those that the refusal names. */
  | { readonly refusal: Refusal; readonly guilty: readonly BatchInput[] }

async function send(client: HubSpotClient, path: string, inputs: readonly BatchInput[]): Promise<Answer> {
  const body = { inputs: inputs.map(({ trace, input }) => ({ ...input, objectWriteTraceId: trace })) }
  try {
    // The same values once more are the same record: an update as well as an upsert can be repeated.
    const answer = await client.call({ method: 'POST', path, body, schema: answerSchema, repeatable: true })
    return { outcomes: outcomesOf(inputs, answer.body) }
  } catch (error) {
    const failure = failureOf(error)
    if (failure === null || ![400, 404, 409].includes(failure.status)) throw error
    return { refusal: refusalOf(failure), guilty: namedBy(failure, inputs) }
  }
}

function outcomesOf(
  inputs: readonly BatchInput[],
  { results, errors }: z.infer<typeof answerSchema>,
): ReadonlyMap<string, BatchOutcome> {
  const outcomes = new Map<string, BatchOutcome>()
  const taken = new Map<string, z.infer<typeof result>>()
  for (const one of results) {
    taken.set(`id ${one.id}`, one)
    if (one.objectWriteTraceId !== undefined) taken.set(`trace ${one.objectWriteTraceId}`, one)
  }
  for (const { trace, input } of inputs) {
    // An upsert answers with the record's own id, and the key among its properties.
    const key = typeof input.idProperty === 'string' ? input.idProperty : null
    const found =
      taken.get(`trace ${trace}`) ??
      (key === null
        ? taken.get(`id ${input.id}`)
        : results.find(({ properties }) => properties[key] === input.id))
    if (found !== undefined) outcomes.set(trace, { ok: true, id: found.id, updatedAt: found.updatedAt })
  }
  const unnamed: HubSpotError[] = []
  for (const error of errors) {
    const guilty = namedBy(error, inputs)
    if (guilty.length === 0) unnamed.push(error)
    for (const { trace } of guilty) outcomes.set(trace, { ok: false, refusal: refusalOf(error) })
  }
  const left = inputs.filter(({ trace }) => !outcomes.has(trace))
  const refusal = unnamed.length === 0 ? NO_ANSWER : refusalOf(unnamed[0])
  for (const { trace } of left) outcomes.set(trace, { ok: false, refusal })
  return outcomes
}

/** The inputs that an error names, by trace or by id. */
function namedBy(
  { context, ...error }: HubSpotFailure | HubSpotError,
  inputs: readonly BatchInput[],
): readonly BatchInput[] {
  const traces = new Set(context.objectWriteTraceId)
  const ids = new Set([...(context.ids ?? []), ...(context.id ?? [])])
  if ('id' in error && error.id !== undefined) ids.add(error.id)
  return inputs.filter(({ trace, input }) => traces.has(trace) || ids.has(input.id))
}

/** What a failed call, or an entry of `errors` in a 207, says about an input. */
export function refusalOf(error: HubSpotFailure | HubSpotError): Refusal {
  const faults = faultsOf(error)
  const status = Number(error.status)
  const gone =
    status === 404 ||
    error.category === 'OBJECT_NOT_FOUND' ||
    faults.some(({ code }) => code === 'OBJECT_NOT_FOUND')
  return {
    category: error.category,
    message: short(faults.find(({ message }) => message !== '')?.message ?? error.message),
    faults,
    gone,
    retryable: status === 429 || status >= 500 || PASSING.has(error.category),
  }
}

const PASSING: ReadonlySet<string> = new Set([
  'RATE_LIMITS',
  'INTERNAL_ERROR',
  'SERVICE_UNAVAILABLE',
  'LOCKED',
])

function refusalOfError(error: HoldfastError): Refusal {
  return {
    category: error.code,
    message: error.message,
    faults: [],
    gone: false,
    // A connection that somebody mends goes on with what was left.
    retryable: error.retryable || error.code === 'connector_reconnect',
  }
}

const invalidValues = z.array(
  z.object({
    error: z.string().catch(''),
    name: z.string().nullable().catch(null),
    message: z.string().catch(''),
  }),
)

/**
 * HubSpot tells them in two ways: as `errors` with a code and a context, and as JSON inside the message of a
 * VALIDATION_ERROR, `Property values were not valid: [{"error":"INVALID_OPTION","name":"…"}]`.
 */
function faultsOf({ message, errors }: HubSpotFailure | HubSpotError): readonly Fault[] {
  const listed = errors.map((one): Fault => {
    const { context, code } = one
    const property = context.propertyName?.[0] ?? context.name?.[0] ?? (one.in === '' ? null : one.in)
    return { code, property, message: one.message }
  })
  return [...listed, ...[message, ...errors.map((one) => one.message)].flatMap(embedded)].filter(
    ({ code, property }) => code !== '' || property !== null,
  )
}

function embedded(message: string): readonly Fault[] {
  const from = message.indexOf('[{')
  const to = message.lastIndexOf('}]')
  if (from < 0 || to < from) return []
  try {
    const values = invalidValues.safeParse(JSON.parse(message.slice(from, to + 2)))
    return values.success
      ? values.data.map((one) => ({ code: one.error, property: one.name, message: one.message }))
      : []
  } catch {
    return []
  }
}

function short(message: string): string {
  return message.length > 300 ? `${message.slice(0, 300)}…` : message
}
