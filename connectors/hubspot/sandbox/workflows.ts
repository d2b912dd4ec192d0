/**
 * Workflows of the portal: records that reach a custom action, for which HubSpot calls the app. An answer of 200 to 299 says how it
 * goes on; 400 to 499 fails the action, but for 429, which is asked again when it says so; anything else, and no answer in time, is
 * asked again for up to three days, with growing pauses. The call is the same each time, by its `callbackId`.
 *
 * @see https://developers.hubspot.com/docs/api-reference/latest/automation/workflow-actions/custom-action-reference "Execution"
 */
import { createHash } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { signatureV3 } from './webhook-delivery.ts'
import type { SandboxApp } from './route.ts'
import type { SandboxState } from './state.ts'
import { executionOf, executions, expire, keepExecution, type WorkflowExecution } from './workflow-calls.ts'

export interface WorkflowOptions {
  /** Which signature calls bear: HubSpot documents version 2 for workflow actions and version 3 for everything new. */
  readonly signature?: 'v2' | 'v3'
  /** Between two tries, by how many there were; default: a minute, then twice as long each time. */
  readonly pauseMs?: (attempts: number) => number
  /** Default 5,000. */
  readonly timeoutMs?: number
  readonly workflowId?: number
}

export interface Enrolment {
  readonly url: string
  readonly objectType: 'CONTACT' | 'COMPANY'
  readonly objectId: string
  readonly inputs?: Readonly<Record<string, string>>
  /** Default: made. The same one again is HubSpot asking again. */
  readonly callback?: string
}

export interface Workflows {
  /**
   * A record reaches the action.
   *
   * @returns as it stands once the app has answered, or was given up
   */
  enrol(enrolment: Enrolment): Promise<WorkflowExecution>
  /** Asks once more for what was asked before, whatever came of it, as HubSpot does after an answer that got lost. */
  again(callback: string): Promise<WorkflowExecution>
  execution(callback: string): WorkflowExecution | null
  /** Waits until it goes on. */
  ended(callback: string, timeoutMs?: number): Promise<WorkflowExecution>
  stop(): void
}

interface Portal {
  readonly portal: string
  readonly state: SandboxState
  readonly app: SandboxApp
}

const MINUTE = 60_000
const THREE_DAYS = 3 * 86_400_000

/**
 * @example
 * const workflows = startWorkflows(sandbox, { signature: 'v3' })
 * const { outputs } = await workflows.enrol({ url: `${publicUrl}/crm/hubspot/workflow/score`, objectType: 'COMPANY', objectId: '512' })
 */
export function startWorkflows({ portal, state, app }: Portal, options: WorkflowOptions = {}): Workflows {
  const { signature = 'v2', timeoutMs = 5000, workflowId = 192_814_114 } = options
  const { pauseMs = (attempts: number) => MINUTE * 2 ** (attempts - 1) } = options
  const stopping = new AbortController()

  async function ask(one: WorkflowExecution): Promise<Response | null> {
    const body = JSON.stringify({
      callbackId: one.callback,
      origin: { portalId: Number(portal), actionDefinitionId: 10_860_211, actionDefinitionVersion: 1 },
      context: { source: 'WORKFLOWS', workflowId },
      object: { objectId: Number(one.objectId), objectType: one.objectType, properties: {} },
      inputFields: one.inputs,
    })
    const timestamp = state.now().getTime()
    const key = app.clientSecret
    const signed: Record<string, string> =
      signature === 'v3'
        ? {
            'X-HubSpot-Signature-v3': signatureV3({ secret: key, url: one.url, body, timestamp }),
            'X-HubSpot-Request-Timestamp': String(timestamp),
          }
        : {
            'X-HubSpot-Signature': createHash('sha256').update(`${key}POST${one.url}${body}`).digest('hex'),
            'X-HubSpot-Signature-Version': 'v2',
          }
    try {
      return await fetch(one.url, {
        method: 'POST',
        body,
        redirect: 'manual',
        headers: { 'Content-Type': 'application/json', ...signed },
        signal: AbortSignal.any([AbortSignal.timeout(timeoutMs), stopping.signal]),
      })
    } catch {
      return null
    }
  }

  async function carryOut(callback: string, began = state.now().getTime()): Promise<WorkflowExecution> {
    const one = executionOf(state, callback)!
    const answer = await ask(one)
    if (stopping.signal.aborted) return one
    const asked = { ...(executionOf(state, callback) ?? one), attempts: one.attempts + 1 }
    const ended = answer === null ? null : await readAnswer(answer, state.now().getTime())
    if (ended !== null) return keep({ ...asked, ...ended })
    const retryAfter = Number(answer?.headers.get('retry-after') ?? Number.NaN)
    const pause = Number.isFinite(retryAfter) ? retryAfter * 1000 : pauseMs(asked.attempts)
    if (state.now().getTime() + pause - began > THREE_DAYS)
      return keep({ ...asked, state: 'done', result: 'FAILED' })
    keep(asked)
    await wait(pause, undefined, { signal: stopping.signal, ref: false }).catch(() => undefined)
    return stopping.signal.aborted ? asked : carryOut(callback, began)
  }

  function keep(one: WorkflowExecution): WorkflowExecution {
    keepExecution(state, one)
    return one
  }

  return {
    async enrol({ callback = `ap-${portal}-${executions(state).length + 1}-11-0`, inputs = {}, ...given }) {
      const known = executionOf(state, callback)
      keep(
        known ?? {
          ...given,
          callback,
          inputs,
          state: 'calling',
          result: null,
          outputs: {},
          expiresAt: null,
          attempts: 0,
          completions: 0,
        },
      )
      return carryOut(callback)
    },
    async again(callback) {
      return carryOut(callback)
    },
    execution(callback) {
      expire(state)
      return executionOf(state, callback)
    },
    async ended(callback, timeoutMs = 30_000) {
      const until = performance.now() + timeoutMs
      for (;;) {
        expire(state)
        const one = executionOf(state, callback)
        if (one?.state === 'done') return one
        if (performance.now() > until) throw new Error(`${callback} is still ${one?.state ?? 'unknown'}`)
        await wait(50)
      }
    },
    stop: () => stopping.abort(),
  }
}

type Ended = Pick<WorkflowExecution, 'state' | 'result' | 'outputs' | 'expiresAt'>

/** Null: it is asked again. */
async function readAnswer(answer: Response, now: number): Promise<Ended | null> {
  const text = await answer.text().catch(() => '')
  if (answer.status === 429 || answer.status >= 500) return null
  const failed: Ended = { state: 'done', result: 'FAILED', outputs: {}, expiresAt: null }
  if (!answer.ok) return failed
  let outputs: Record<string, string>
  try {
    outputs = (JSON.parse(text) as { outputFields?: Record<string, string> }).outputFields ?? {}
  } catch {
    return failed
  }
  const { hs_execution_state: how = 'SUCCESS', hs_expiration_duration: lasts = 'P1W' } = outputs
  if (how === 'BLOCK')
    return { state: 'waiting', result: null, outputs: {}, expiresAt: now + durationOf(lasts) }
  return { state: 'done', result: how === 'FAIL_CONTINUE' ? how : 'SUCCESS', outputs, expiresAt: null }
}

const UNITS = [7 * 86_400_000, 86_400_000, 3_600_000, 60_000, 1000]

/** ISO 8601: `P1DT2H`; default, as HubSpot has it: a week. */
function durationOf(text: string): number {
  const parts = /^P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$/.exec(text)
  if (parts === null) return UNITS[0]
  return UNITS.reduce((sum, unit, at) => sum + unit * Number(parts[at + 1] ?? 0), 0)
}
