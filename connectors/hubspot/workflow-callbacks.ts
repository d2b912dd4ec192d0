/**
 * Telling HubSpot what came of a call of a workflow that was told to wait: many in one call, and where HubSpot refuses them
 * because of one that nobody waits for any more, that one is looked for by halving.
 *
 * @see https://developers.hubspot.com/docs/api-reference/latest/automation/workflow-actions/callbacks/batch-complete-callbacks
 */
import { z } from 'zod'
import { HoldfastError } from '../../src/contracts/errors.ts'
import type { AnsweredCall } from '../answered-call.ts'
import type { WriteResult } from '../connector.ts'
import { BATCH, refusalOf } from './batch.ts'
import type { HubSpotClient } from './client.ts'
import { failureOf } from './errors.ts'
import { API_VERSION } from './version.ts'
import { answerFields, type WorkflowOutputs } from './workflow-actions.ts'

export const CALLBACKS = `/automation/actions/callbacks/${API_VERSION}`

/**
 * @returns a result for each call: `id` is HubSpot's id of it
 * @throws HoldfastError when nothing at all could be tried
 * @example
 * await completeCalls(client, [{ callback: 'ap-1-2-3', action: 'score', outputs }]) // [{ id: 'ap-1-2-3', ok: true }]
 */
export async function completeCalls(
  client: HubSpotClient,
  calls: readonly AnsweredCall[],
): Promise<readonly WriteResult[]> {
  const results: WriteResult[] = []
  for (let at = 0; at < calls.length; at += BATCH) await complete(calls.slice(at, at + BATCH))
  return results

  async function complete(some: readonly AnsweredCall[]): Promise<void> {
    try {
      await send(client, some)
      results.push(...some.map(({ callback }) => ({ id: callback, ok: true as const })))
    } catch (error) {
      const failure = error instanceof HoldfastError ? failureOf(error) : null
      if (failure === null || ![400, 404, 409].includes(failure.status)) throw error
      if (some.length > 1) {
        const middle = some.length >> 1
        await complete(some.slice(0, middle))
        await complete(some.slice(middle))
        return
      }
      const [{ callback }] = some
      results.push({
        id: callback,
        ok: false,
        code: 'callback_refused',
        message: `HubSpot does not wait for this call any more: ${refusalOf(failure).message}`,
        retryable: false,
      })
    }
  }
}

/** Told twice is told once: the workflow has gone on by then. */
async function send(client: HubSpotClient, calls: readonly AnsweredCall[]): Promise<void> {
  const inputs = calls.map(({ callback, action, outputs }) => ({
    callbackId: callback,
    ...answerFields(action, outputs as WorkflowOutputs),
  }))
  const [{ callbackId, ...only }] = inputs
  const one = inputs.length === 1
  await client.call({
    method: 'POST',
    path: one ? `${CALLBACKS}/${encodeURIComponent(callbackId)}/complete` : `${CALLBACKS}/complete`,
    body: one ? only : { inputs },
    schema: z.unknown(),
    repeatable: true,
  })
}
