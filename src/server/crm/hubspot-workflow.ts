/**
 * What workflows and agents of HubSpot have Holdfast do, each call by itself. What is known soon is answered on the line; otherwise
 * HubSpot is told to wait, and src/loop/answer-calls.ts tells it.
 *
 * @see https://developers.hubspot.com/docs/api-reference/latest/automation/workflow-actions/custom-action-reference
 */
import { z } from 'zod'
import {
  actionAsked,
  answerFields,
  workflowCall,
  WORKFLOW_ACTIONS,
  WORKFLOW_DEFINITIONS,
  type WorkflowAction,
  type WorkflowCall,
} from '../../../connectors/hubspot/workflow-actions.ts'
import { HoldfastError } from '../../contracts/errors.ts'
import type { CallOutputs } from '../../loop/workflow-outputs.ts'
import { connectionsOfAccount } from '../../store/crm-readers.ts'
import { noteAnswered, noteBlocked } from '../../store/workflow-calls.ts'
import { route, type Answer, type Route } from '../route.ts'
import type { RouteServices } from '../services.ts'
import { signedJson, signedQuery, takeWorkflowSigned, workflowHeaders } from './hubspot-signed.ts'
import { notSigned } from './reader.ts'
import { anotherCall, carryOutCalls } from './workflow.ts'

/** HubSpot wants an answer within five seconds: what is not known after this is told later. */
const ON_THE_LINE_MS = 2500
/** For how long HubSpot waits, and how that is written (ISO 8601). */
const WAITS = { seconds: 86_400, text: 'P1D' } as const

export const workflowRoutes: readonly Route[] = WORKFLOW_ACTIONS.map((action) =>
  route({
    method: 'post',
    path: WORKFLOW_DEFINITIONS[action].path,
    summary: `“${WORKFLOW_DEFINITIONS[action].name}” in workflows and agents of HubSpot, signed by it (version 3 or 2)`,
    description:
      'Kept by the id of the call: the same call again has no further effect, and the same answer. What takes longer than some seconds is answered with BLOCK, and HubSpot is told later.',
    tag: 'Public',
    access: 'public',
    crossSite: true,
    headers: workflowHeaders,
    query: signedQuery,
    answers: {
      200: {
        description: 'What came of it, or BLOCK',
        schema: z.object({ outputFields: z.record(z.string(), z.string()) }),
      },
    },
    handle: async (request, services) => {
      const { key, body } = await takeWorkflowSigned(request, services)
      const call = signedJson(workflowCall, body)
      if (key.portal !== undefined && key.portal !== call.portal) {
        services.countSigned('forged')
        throw notSigned()
      }
      return answered(action, await carryOut(services, { action, call }))
    },
  }),
)

const answered = (action: WorkflowAction, outputs: CallOutputs | null): Answer => ({
  status: 200,
  body:
    outputs === null
      ? { outputFields: { hs_execution_state: 'BLOCK', hs_expiration_duration: WAITS.text } }
      : answerFields(action, outputs),
})

interface Asked {
  readonly action: WorkflowAction
  readonly call: WorkflowCall
}

/** Null: it is not known yet, and told later. */
async function carryOut(services: RouteServices, { action, call }: Asked): Promise<CallOutputs | null> {
  const { database, countSigned } = services
  const place = await database.asSystem('whose workflow calls', async (tx) => {
    const all = await connectionsOfAccount(tx, 'hubspot', call.portal)
    // Where two companies connected the account, the first answers, as for whoever looks in.
    const [first] = all
    return all.find((one) => one.tenant === first.tenant && one.object === call.object) ?? null
  })
  if (place === null) {
    countSigned('unknown_portal')
    return {
      status: 'not_connected',
      sentence: `The ${call.object} of the HubSpot account ${call.portal} are not connected to Holdfast.`,
    }
  }
  countSigned('taken')
  const { callback, id, by, inputs } = call
  const asked = { callback, id, by, actionKey: actionAsked(inputs) ?? null }
  const [outputs] = await carryOutCalls(services, place, {
    action,
    calls: [asked],
    account: call.portal,
    waitMs: ON_THE_LINE_MS,
    keepSeconds: WAITS.seconds,
  })
  if (outputs === 'another') throw new HoldfastError('conflict', anotherCall(callback))
  if (outputs !== null) return outputs
  const name = { connection: place.id, callback }
  const blocked = await database.withTenant(place.tenant, (tx) => noteBlocked(tx, name))
  if (blocked.outputs === null) return null
  await database.withTenant(place.tenant, (tx) =>
    noteAnswered(tx, { connection: place.id, callbacks: [callback] }),
  )
  return blocked.outputs as CallOutputs
}
