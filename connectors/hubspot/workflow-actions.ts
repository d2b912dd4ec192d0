/**
 * What workflows and agents of HubSpot can have Holdfast do: the one definition from which the project is rendered, requests
 * are read and answers are written.
 *
 * @see https://developers.hubspot.com/docs/api-reference/latest/automation/workflow-actions/custom-action-reference
 * @see https://developers.hubspot.com/docs/apps/developer-platform/add-features/agent-tools/reference
 */
import { z } from 'zod'
import { APP_PATHS } from './app.ts'

export const WORKFLOW_ACTIONS = ['score', 'decide', 'intervene'] as const
export type WorkflowAction = (typeof WORKFLOW_ACTIONS)[number]

/** How it ended, for a workflow to branch on; the same words for all actions. */
export const WORKFLOW_STATUSES = {
  done: 'Done',
  left_alone: 'Left alone',
  not_a_customer: 'Not a customer',
  not_scored: 'Not scored',
  refused: 'Refused',
  not_connected: 'Not connected',
  too_late: 'Too late',
} as const
export type WorkflowStatus = keyof typeof WORKFLOW_STATUSES

interface Option {
  readonly value: string
  readonly label: string
}

export interface WorkflowField {
  readonly name: string
  readonly label: string
  readonly help?: string
  readonly type: 'string' | 'number' | 'enumeration'
  /** `actions`: the catalogue's, by key. */
  readonly options?: readonly Option[] | 'actions'
  /** Of an input. */
  readonly required?: boolean
}

export interface WorkflowDefinition {
  readonly path: `/${string}`
  readonly name: string
  readonly description: string
  /** On the step in the workflow. */
  readonly content: string
  /** What an agent is told of it. */
  readonly agent: { readonly tool: 'GET_DATA' | 'TAKE_ACTION'; readonly description: string }
  readonly inputs: readonly WorkflowField[]
  readonly outputs: readonly WorkflowField[]
}

/** Among the actions to choose from: one that the company added, named in a field of its own. */
export const OWN_ACTION = { value: 'another', label: 'Another one' }

const options = (all: Readonly<Record<string, string>>): readonly Option[] =>
  Object.entries(all).map(([value, label]) => ({ value, label }))

/** What every action puts out. */
const ENDED: readonly WorkflowField[] = [
  { name: 'status', label: 'How it ended', type: 'enumeration', options: options(WORKFLOW_STATUSES) },
  { name: 'sentence', label: 'In a sentence', type: 'string' },
]

const CURRENCY: WorkflowField = { name: 'currency', label: 'Currency', type: 'string' }

export const WORKFLOW_DEFINITIONS: Readonly<Record<WorkflowAction, WorkflowDefinition>> = {
  score: {
    path: APP_PATHS.workflowScore,
    name: 'Score customer',
    description: 'Reads the record again and tells how likely the customer is to leave, and why.',
    content: 'Score this customer',
    agent: {
      tool: 'GET_DATA',
      description:
        'Tells how likely one customer (a company or contact by its record id) is to leave, with the level, the reasons as sentences and the value at risk. Changes nothing but the score itself.',
    },
    inputs: [],
    outputs: [
      ...ENDED,
      { name: 'risk_percent', label: 'Risk in percent', type: 'number' },
      {
        name: 'risk_level',
        label: 'Risk level',
        type: 'enumeration',
        options: options({ HIGH: 'High', MEDIUM: 'Medium', LOW: 'Low' }),
      },
      { name: 'reasons', label: 'Reasons', type: 'string' },
      { name: 'value_at_risk', label: 'Value at risk', type: 'number' },
      CURRENCY,
      { name: 'as_of', label: 'As of (yyyy-mm-dd)', type: 'string' },
    ],
  },
  decide: {
    path: APP_PATHS.workflowDecide,
    name: 'Decide retention action',
    description:
      'Tells which action Holdfast chose for the customer in this period, and decides first where nothing is decided yet.',
    content: 'Decide what is worth doing',
    agent: {
      tool: 'GET_DATA',
      description:
        'Tells which retention action was chosen for one customer in this period and why, with what it is expected to be worth and what it costs. There is one decision a customer and period: asking again changes nothing.',
    },
    inputs: [],
    outputs: [
      ...ENDED,
      { name: 'action', label: 'Action (key)', type: 'string' },
      { name: 'action_name', label: 'Action', type: 'string' },
      { name: 'expected_worth', label: 'Expected worth', type: 'number' },
      { name: 'cost', label: 'Planned cost', type: 'number' },
      CURRENCY,
      { name: 'intervention_state', label: 'How far it is', type: 'string' },
    ],
  },
  intervene: {
    path: APP_PATHS.workflowIntervene,
    name: 'Start intervention',
    description:
      'Plans an action for the customer. Consent, caps, quiet hours, budget and approval hold as for every other.',
    content: 'Start {{action}}',
    agent: {
      tool: 'TAKE_ACTION',
      description:
        'Plans one retention action (an e-mail, a text, a discount or a call task) for one customer. It may wait for a person’s approval, and rules of the company may refuse it: the answer says so.',
    },
    inputs: [
      {
        name: 'action',
        label: 'Action',
        type: 'enumeration',
        required: true,
        options: 'actions',
      },
      {
        name: 'own_action',
        label: 'Key of another action',
        help: 'Of an action that your company added in Holdfast: Settings, Actions.',
        type: 'string',
      },
    ],
    outputs: [
      ...ENDED,
      { name: 'intervention', label: 'Intervention (id)', type: 'string' },
      { name: 'intervention_state', label: 'How far it is', type: 'string' },
    ],
  },
}

export type WorkflowOutputs = { readonly status: WorkflowStatus; readonly sentence: string } & Readonly<
  Record<string, string | number | null>
>

const id = z.union([z.string().regex(/^\d{1,20}$/), z.int().nonnegative()]).transform(String)

const KINDS = {
  CONTACT: 'contacts',
  COMPANY: 'companies',
  '0-1': 'contacts',
  '0-2': 'companies',
} as const

/** What HubSpot sends; of what it adds later nothing is refused. */
const call = z
  .object({
    callbackId: z.string().min(1).max(300),
    origin: z.object({ portalId: id }),
    context: z
      .object({ source: z.string().max(40).optional(), workflowId: id.optional(), agentId: id.optional() })
      .optional(),
    object: z.object({ objectId: id, objectType: z.enum(Object.keys(KINDS) as (keyof typeof KINDS)[]) }),
    inputFields: z.record(z.string().max(100), z.unknown()).default({}),
  })
  .transform(({ callbackId, origin, context, object, inputFields }) => ({
    callback: callbackId,
    portal: origin.portalId,
    object: KINDS[object.objectType],
    id: object.objectId,
    by: callerOf(context),
    inputs: inputFields,
  }))

/** A call of an action, as the server reads it. */
export type WorkflowCall = z.infer<typeof call>

export const workflowCall: z.ZodType<WorkflowCall> = call

function callerOf(
  context:
    | { source?: string | undefined; workflowId?: string | undefined; agentId?: string | undefined }
    | undefined,
): string {
  if (context?.workflowId !== undefined) return `HubSpot workflow ${context.workflowId}`
  if (context?.agentId !== undefined) return `HubSpot agent ${context.agentId}`
  return context?.source === 'AGENTS' || context?.source === 'COPILOT' ? 'HubSpot agent' : 'HubSpot workflow'
}

/**
 * Which action "Start intervention" is asked for.
 *
 * @returns null: none was named
 * @example
 * actionAsked({ action: 'another', own_action: 'gift' }) // 'gift'
 */
export function actionAsked(inputs: WorkflowCall['inputs']): string | null {
  const read = (name: string): string | null => {
    const value = inputs[name]
    return typeof value === 'string' && value.trim() !== '' ? value.trim().slice(0, 100) : null
  }
  const chosen = read('action')
  return chosen === null || chosen === OWN_ACTION.value ? read('own_action') : chosen
}

/** HubSpot goes on at once, also where something failed; what became of it is in the outputs. */
export type ExecutionState = 'SUCCESS' | 'FAIL_CONTINUE' | 'BLOCK'

/**
 * As HubSpot takes the outputs: texts, and beside them the same with their types. What is unknown is left out, never blank.
 *
 * @example
 * answerFields('score', { status: 'done', sentence: 'May leave.', risk_percent: 41 })
 * // { outputFields: { hs_execution_state: 'SUCCESS', status: 'done', …, risk_percent: '41' }, typedOutputs: { …, risk_percent: 41 } }
 */
export function answerFields(
  action: WorkflowAction,
  outputs: WorkflowOutputs,
): {
  readonly outputFields: Readonly<Record<string, string>>
  readonly typedOutputs: Readonly<Record<string, string | number>>
} {
  const told = WORKFLOW_DEFINITIONS[action].outputs.flatMap(({ name }) => {
    const value = outputs[name]
    return value === undefined || value === null ? [] : [[name, value] as const]
  })
  return {
    outputFields: {
      hs_execution_state: (outputs.status === 'done' ? 'SUCCESS' : 'FAIL_CONTINUE') satisfies ExecutionState,
      ...Object.fromEntries(told.map(([name, value]) => [name, String(value)])),
    },
    typedOutputs: Object.fromEntries(told),
  }
}
