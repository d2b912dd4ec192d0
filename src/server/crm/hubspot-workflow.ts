/**
 * What workflows and agents of HubSpot have Holdfast do. Each call is kept by HubSpot's id of it before anything is done: it may
 * come twice, late, in any order and during a restart, and has one effect and one answer. What is known soon is answered on the
 * line; otherwise HubSpot is told to wait, and src/loop/answer-calls.ts tells it.
 *
 * @see https://developers.hubspot.com/docs/api-reference/latest/automation/workflow-actions/custom-action-reference
 */
import { setTimeout as sleep } from 'node:timers/promises'
import {
  actionAsked,
  answerFields,
  workflowCall,
  WORKFLOW_ACTIONS,
  WORKFLOW_DEFINITIONS,
  type WorkflowAction,
  type WorkflowCall,
} from '../../../connectors/hubspot/workflow-actions.ts'
import { z } from 'zod'
import type { ChangeHint } from '../../../connectors/connector.ts'
import { HoldfastError } from '../../contracts/errors.ts'
import { stateWord } from '../../loop/action-words.ts'
import { settleCalls } from '../../loop/answer-calls.ts'
import { NOT_A_CUSTOMER, type CallOutputs } from '../../loop/workflow-outputs.ts'
import { recordAudit } from '../../store/audit.ts'
import { connectionsOfAccount, type ReadConnection } from '../../store/crm-readers.ts'
import type { Transaction } from '../../store/database.ts'
import { requestStep } from '../../store/steps.ts'
import { keepReceipts } from '../../store/webhook-receipts.ts'
import {
  customerOfRecord,
  hintKey,
  keepCall,
  noteAnswered,
  noteBlocked,
  setOutputs,
  type KeptCall,
} from '../../store/workflow-calls.ts'
import { planByHand } from '../api/plan-by-hand.ts'
import { route, type Answer, type Route } from '../route.ts'
import type { RouteServices } from '../services.ts'
import { signedJson, signedQuery, takeWorkflowSigned, workflowHeaders } from './hubspot-signed.ts'
import { notSigned } from './reader.ts'

/** HubSpot wants an answer within five seconds: what is not known after this is told later. */
const ON_THE_LINE_MS = 2500
/** Looks at what came of a call; a workflow of thousands would otherwise have thousands of them look at once. */
const MOST_WAITING = 32
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
  const kept = await begin(services, place, { action, call })
  if (kept.outputs !== null) return told(services, place, call, kept.outputs as CallOutputs)
  const outputs = await onTheLine(services, place, call)
  if (outputs !== null) return told(services, place, call, outputs)
  const name = { connection: place.id, callback: call.callback }
  const blocked = await database.withTenant(place.tenant, (tx) => noteBlocked(tx, name))
  return blocked.outputs === null ? null : told(services, place, call, blocked.outputs as CallOutputs)
}

/** Kept and begun in one transaction: neither without the other. */
async function begin(
  services: RouteServices,
  place: ReadConnection,
  { action, call }: Asked,
): Promise<Pick<KeptCall, 'outputs'>> {
  const { database, queue } = services
  const { tenant } = place
  const kept = (tx: Transaction) =>
    keepCall(tx, {
      connection: place.id,
      callback: call.callback,
      action,
      object: call.object,
      externalId: call.id,
      by: call.by,
      seconds: WAITS.seconds,
    })
  if (action === 'intervene') return intervene(services, place, call, kept)
  return database.withTenant(tenant, async (tx) => {
    const found = await kept(tx)
    if (!found.first) return found
    // A decision that stands is told as it is; whatever else is asked for rests on the record as it is now.
    if (action === 'decide') {
      const outputs = await settleCalls(tx, { now: services.clock(), only: nameOf(place, call) })
      if (outputs !== null && outputs.status !== 'not_a_customer') return { outputs }
    }
    await keepReceipts(tx, place.id, [hintOf(call, services.clock())])
    await requestStep(tx, { connection: place.id, step: 'refresh', cause: 'workflow' })
    if (queue !== null) tx.afterCommit(() => queue.wake(tenant))
    return found
  })
}

const nameOf = ({ id }: ReadConnection, { callback }: WorkflowCall) => ({ connection: id, callback })

/** As if HubSpot had told that the record changed: it is read again, and scored where anything did. */
function hintOf({ portal, object, id, callback }: WorkflowCall, at: Date): ChangeHint {
  return {
    origin: portal,
    object,
    id,
    kind: 'changed',
    others: [],
    key: hintKey(callback),
    at,
    own: false,
  }
}

async function intervene(
  { database, clock, connectors, queue }: RouteServices,
  place: ReadConnection,
  call: WorkflowCall,
  kept: (tx: Transaction) => Promise<KeptCall>,
): Promise<Pick<KeptCall, 'outputs'>> {
  const name = nameOf(place, call)
  const settle = async (tx: Transaction, outputs: CallOutputs) => {
    await setOutputs(tx, name, outputs)
    return { outputs }
  }
  try {
    return await database.withTenant(place.tenant, async (tx) => {
      const found = await kept(tx)
      if (!found.first) return found
      const customer = await customerOfRecord(tx, {
        connection: place.id,
        object: call.object,
        externalId: call.id,
      })
      if (customer === null) return settle(tx, NOT_A_CUSTOMER)
      const actor = `crm:${call.by}`
      const { id, state } = await planByHand(tx, {
        customer,
        action: actionAsked(call.inputs) ?? '',
        key: hintKey(call.callback),
        actor,
        now: clock(),
        connectors,
      })
      await recordAudit(tx, { actor, action: 'intervention.create', object: id })
      if (queue !== null) tx.afterCommit(() => queue.wake(place.tenant))
      const sentence =
        state === 'awaiting_approval'
          ? 'It waits for a person’s yes in Holdfast.'
          : 'It is planned, and goes out when consent, caps and quiet hours let it.'
      return settle(tx, {
        status: 'done',
        sentence,
        intervention: id,
        intervention_state: stateWord(state),
      })
    })
  } catch (error) {
    // Rules of the company say no, which trying again does not change; whatever is our own fault comes again.
    if (!(error instanceof HoldfastError) || error.status >= 500 || error.retryable) throw error
    return database.withTenant(place.tenant, async (tx) => {
      const found = await kept(tx)
      return found.first ? settle(tx, { status: 'refused', sentence: error.message }) : found
    })
  }
}

let waiting = 0

/** Looks a few times, ever less often. Null: it takes longer, or too many wait already. */
async function onTheLine(
  { database, clock }: RouteServices,
  place: ReadConnection,
  call: WorkflowCall,
): Promise<CallOutputs | null> {
  if (waiting >= MOST_WAITING) return null
  waiting++
  try {
    const until = performance.now() + ON_THE_LINE_MS
    for (let pause = 100; performance.now() + pause < until; pause *= 1.6) {
      await sleep(pause)
      const outputs = await database.withTenant(place.tenant, (tx) =>
        settleCalls(tx, { now: clock(), only: nameOf(place, call) }),
      )
      if (outputs !== null) return outputs
    }
    return null
  } finally {
    waiting--
  }
}

async function told(
  { database }: RouteServices,
  place: ReadConnection,
  call: WorkflowCall,
  outputs: CallOutputs,
): Promise<CallOutputs> {
  await database.withTenant(place.tenant, (tx) => noteAnswered(tx, nameOf(place, call)))
  return outputs
}
