/**
 * Calls of custom workflow actions as the portal keeps them, and the endpoints by which an app tells what came of one that waits.
 * What HubSpot answers to a call that it does not know, or waits for no more, is documented nowhere: 404 here.
 *
 * @see https://developers.hubspot.com/docs/api-reference/latest/automation/workflow-actions/callbacks/complete-callback
 */
import { z } from 'zod'
import { API_VERSION } from '../version.ts'
import { problem } from './problems.ts'
import { parseBody, type SandboxRequest, type SandboxRoute } from './route.ts'
import { fixedScopes } from './scopes.ts'
import type { SandboxState } from './state.ts'

/** One enrolled record at one action. */
export interface WorkflowExecution {
  readonly callback: string
  /** The action's address. */
  readonly url: string
  readonly objectType: 'CONTACT' | 'COMPANY'
  readonly objectId: string
  readonly inputs: Readonly<Record<string, string>>
  /** calling: it is being asked, or asked again; waiting: it was told to block; done: it goes on. */
  readonly state: 'calling' | 'waiting' | 'done'
  /** `EXPIRED`, `FAILED`: without the app. */
  readonly result: 'SUCCESS' | 'FAIL_CONTINUE' | 'EXPIRED' | 'FAILED' | null
  readonly outputs: Readonly<Record<string, string>>
  /** Milliseconds since 1970; while it waits. */
  readonly expiresAt: number | null
  readonly attempts: number
  /** How often it was told what came of it: more than once is refused. */
  readonly completions: number
}

const TABLE = 'workflow_calls'

type Kept = Pick<SandboxState, 'get' | 'put' | 'entries'>

export const executionOf = (state: Kept, callback: string): WorkflowExecution | null =>
  (state.get(TABLE, callback) ?? null) as WorkflowExecution | null

export const keepExecution = (state: Kept, execution: WorkflowExecution): void =>
  state.put(TABLE, execution.callback, execution)

export const executions = (state: Kept): readonly WorkflowExecution[] =>
  [...state.entries(TABLE).values()] as WorkflowExecution[]

/** Whoever waited for too long goes on by itself. */
export function expire(state: Kept & Pick<SandboxState, 'now'>): void {
  const now = state.now().getTime()
  for (const one of executions(state))
    if (one.state === 'waiting' && one.expiresAt !== null && one.expiresAt <= now)
      keepExecution(state, { ...one, state: 'done', result: 'EXPIRED', expiresAt: null })
}

const completion = z.object({
  outputFields: z.record(z.string(), z.string()),
  typedOutputs: z.looseObject({}),
  failureReasonType: z.string().optional(),
  requestContext: z.looseObject({ source: z.string() }).optional(),
})

const scopes = fixedScopes('automation')

export const workflowCallbackRoutes: readonly SandboxRoute[] = [
  {
    method: 'POST',
    path: `/automation/actions/callbacks/${API_VERSION}/complete`,
    kind: 'call',
    scopes,
    handle: (request) => {
      const { inputs } = parseBody(
        z.object({ inputs: z.array(completion.extend({ callbackId: z.string() })) }),
        request,
      )
      // All of them or none.
      for (const { callbackId } of inputs) waitingOne(request, callbackId)
      for (const { callbackId, outputFields } of inputs) complete(request, callbackId, outputFields)
      return { status: 204 }
    },
  },
  {
    method: 'POST',
    path: `/automation/actions/callbacks/${API_VERSION}/:callbackId/complete`,
    kind: 'call',
    scopes,
    handle: (request) => {
      const { outputFields } = parseBody(completion, request)
      complete(request, request.params['callbackId'], outputFields)
      return { status: 204 }
    },
  },
]

function waitingOne({ state }: SandboxRequest, callback: string): WorkflowExecution {
  expire(state)
  const found = executionOf(state, callback)
  if (found?.state === 'waiting') return found
  if (found !== null) keepExecution(state, { ...found, completions: found.completions + 1 })
  throw problem({
    status: 404,
    category: 'OBJECT_NOT_FOUND',
    message: `No blocked action execution is waiting for callback ${callback}`,
  })
}

function complete(
  request: SandboxRequest,
  callback: string,
  outputs: Readonly<Record<string, string>>,
): void {
  const found = waitingOne(request, callback)
  const result = outputs['hs_execution_state'] === 'FAIL_CONTINUE' ? 'FAIL_CONTINUE' : 'SUCCESS'
  keepExecution(request.state, {
    ...found,
    state: 'done',
    result,
    outputs,
    expiresAt: null,
    completions: found.completions + 1,
  })
}
