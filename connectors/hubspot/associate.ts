/**
 * Ties tasks and e-mails to the records that they are about, by the default association: a call for each 100 pairs of
 * one kind, and nothing changes where the pair is tied already.
 */
import { z } from 'zod'
import { HoldfastError } from '../../src/contracts/errors.ts'
import { BATCH, refusalOf, type Refusal } from './batch.ts'
import type { HubSpotClient } from './client.ts'
import { failureOf, hubSpotError, type HubSpotError, type HubSpotFailure } from './errors.ts'
import { API_VERSION } from './version.ts'

/** Ids of the two sides. */
export interface Pair {
  readonly from: string
  readonly to: string
}

const endSchema = z.object({ id: z.coerce.string() }).nullable().catch(null)
const answerSchema = z.object({
  results: z.array(z.object({ from: endSchema, to: endSchema })).catch([]),
  errors: z.array(hubSpotError).catch([]),
})

/**
 * @returns why, for each pair that could not be tied
 * @throws HoldfastError when HubSpot cannot be asked
 * @example
 * await associate(client, 'tasks', 'companies', [{ from: '12', to: '4711' }]) // Map(0) {}
 */
export async function associate(
  client: HubSpotClient,
  from: string,
  to: string,
  pairs: readonly Pair[],
): Promise<ReadonlyMap<Pair, Refusal>> {
  const path = `/crm/associations/${API_VERSION}/${from}/${to}/batch/associate/default`
  const refused = new Map<Pair, Refusal>()
  for (let at = 0; at < pairs.length; at += BATCH) await tie(pairs.slice(at, at + BATCH))
  return refused

  /** A whole batch refused because of one pair is halved until that is found. */
  async function tie(some: readonly Pair[]): Promise<void> {
    try {
      const { body } = await client.call({
        method: 'POST',
        path,
        body: { inputs: some.map((pair) => ({ from: { id: pair.from }, to: { id: pair.to } })) },
        schema: answerSchema,
        repeatable: true,
      })
      const errors = body.errors
      if (errors.length === 0) return
      const tied = new Set(body.results.flatMap((one) => [keyOf(one.from, one.to), keyOf(one.to, one.from)]))
      for (const pair of some) {
        if (tied.has(keyOf({ id: pair.from }, { id: pair.to }))) continue
        refused.set(pair, refusalFor(errors.find((one) => names(one, pair)) ?? errors[0]))
      }
    } catch (error) {
      const failure = error instanceof HoldfastError ? failureOf(error) : null
      if (failure === null || ![400, 404].includes(failure.status)) throw error
      if (some.length === 1) {
        refused.set(some[0], refusalFor(failure))
        return
      }
      const middle = some.length >> 1
      await tie(some.slice(0, middle))
      await tie(some.slice(middle))
    }
  }
}

function keyOf(one: { id: string } | null, other: { id: string } | null): string {
  return `${one?.id} ${other?.id}`
}

/** `context: { fromObjectId: ['12'], toObjectId: ['4711'] }` */
function names({ context, message }: HubSpotError, { from, to }: Pair): boolean {
  const ids = new Set(Object.values(context).flat())
  return ids.has(to) || (ids.has(from) && ids.size === 1) || new RegExp(`\\b${to}\\b`).test(message)
}

/** HubSpot calls a record that is not there an invalid id. */
function refusalFor(error: HubSpotFailure | HubSpotError): Refusal {
  const refusal = refusalOf(error)
  const invalid = /INVALID_OBJECT_IDS|is not valid|not found/i
  return { ...refusal, gone: refusal.gone || invalid.test(`${error.subCategory} ${error.message}`) }
}
