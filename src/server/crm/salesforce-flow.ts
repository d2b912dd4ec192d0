/** What a Flow of an org has Holdfast do: one request for a whole batch of records, one result for each of them. */
import { z } from 'zod'
import { MOST_CALLS, objectOfId, PACKAGE_HEADERS, PACKAGE_PATHS } from '../../../connectors/salesforce/app.ts'
import { id18, isId } from '../../../connectors/salesforce/ids.ts'
import type { CallOutputs, CallStatus } from '../../loop/workflow-outputs.ts'
import type { ReadConnection } from '../../store/crm-readers.ts'
import { WORKFLOW_CALL_KINDS } from '../../store/workflow-calls.ts'
import { route } from '../route.ts'
import type { RouteServices } from '../services.ts'
import { PRIVATE } from './reader.ts'
import { connectionsOfOrg, packageHeaders } from './salesforce-reader.ts'
import { anotherCall, carryOutCalls, type CallEnd } from './workflow.ts'

/** A Flow waits for its batch anyway, and Apex for two minutes at most. */
const ON_THE_LINE_MS = 8000
/** For how long a Flow may ask again what came of it. */
const KEEP_SECONDS = 86_400

const asked = z.strictObject({
  action: z
    .enum(WORKFLOW_CALL_KINDS)
    .meta({ description: 'score: read and score; decide: what to do; intervene: have it done' }),
  calls: z
    .array(
      z.strictObject({
        id: z.string().min(1).max(300).meta({
          description: 'Makes it once: the same id again has no further effect, and the same result',
        }),
        record: z
          .string()
          .max(1000)
          .meta({ description: 'Id of an account or a contact', example: '001Hp00002abcdEIAQ' }),
        actionKey: z
          .string()
          .max(1000)
          .optional()
          .meta({ description: 'With intervene: which action', example: 'email' }),
      }),
    )
    .min(1, 'asks for nothing')
    .max(MOST_CALLS, `takes at most ${MOST_CALLS} records at a time`),
})

/** `pending`: not known yet; asked again with the same id, it is told once it is. */
const STATUSES = [
  'done',
  'left_alone',
  'not_a_customer',
  'not_scored',
  'refused',
  'not_connected',
  'too_late',
  'pending',
] as const satisfies readonly (CallStatus | 'pending')[]

export const flowResult = z.object({
  id: z.string(),
  status: z.enum(STATUSES),
  sentence: z.string(),
  riskPercent: z.number().optional(),
  riskLevel: z.enum(['HIGH', 'MEDIUM', 'LOW']).optional(),
  reasons: z.string().optional(),
  valueAtRisk: z.number().optional().meta({ description: 'A year, in the currency' }),
  currencyCode: z.string().optional(),
  asOf: z.iso.date().optional(),
  actionKey: z.string().optional(),
  actionName: z.string().optional(),
  expectedWorth: z.number().optional(),
  cost: z.number().optional(),
  intervention: z.string().optional(),
  interventionState: z.string().optional(),
})
export type FlowResult = z.infer<typeof flowResult>

/** As outputs are called in src/loop/workflow-outputs.ts. */
const OUTPUTS: Readonly<Record<Exclude<keyof FlowResult, 'id' | 'status' | 'sentence'>, string>> = {
  riskPercent: 'risk_percent',
  riskLevel: 'risk_level',
  reasons: 'reasons',
  valueAtRisk: 'value_at_risk',
  currencyCode: 'currency',
  asOf: 'as_of',
  actionKey: 'action',
  actionName: 'action_name',
  expectedWorth: 'expected_worth',
  cost: 'cost',
  intervention: 'intervention',
  interventionState: 'intervention_state',
}

const PENDING = {
  status: 'pending',
  sentence: 'It is being worked on. Ask again in a minute with the same call id.',
} as const

export const salesforceFlowRoute = route({
  method: 'post',
  path: PACKAGE_PATHS.flow,
  summary: 'What a Flow in Salesforce has done for a batch of records',
  description:
    'Each call is kept by its id, and has one effect and one result however often it comes. The results stand in the order of the calls.',
  tag: 'Salesforce package',
  access: { scope: 'crm', role: null },
  // Of a batch there is one; a person's limit would hold up what an org does by itself.
  rate: null,
  headers: packageHeaders,
  body: asked,
  answers: {
    200: { description: 'One result for each call', schema: z.object({ results: z.array(flowResult) }) },
  },
  handle: async (request, services) => {
    const connections = await connectionsOfOrg(request, services)
    const account = request.headers[PACKAGE_HEADERS.org]
    await services.rates.takeOf('changes', `salesforce ${account} flow`)
    const results = await resultsOf(services, { connections, account, ...request.body })
    return { status: 200, body: { results }, headers: PRIVATE }
  },
})

interface Batch extends z.infer<typeof asked> {
  readonly connections: readonly ReadConnection[]
  readonly account: string
}

async function resultsOf(services: RouteServices, batch: Batch): Promise<readonly FlowResult[]> {
  const { calls, connections } = batch
  // The first of an id counts; whoever comes with it again for the same has its result.
  const firsts = new Map(calls.toReversed().map((call) => [call.id, call]))
  const ends = new Map<string, CallEnd>()
  for (const [connection, some] of Map.groupBy(firsts.values(), ({ record }) =>
    placeOf(record, connections),
  )) {
    if (connection === null) continue
    const ended = await carryOutCalls(services, connection, {
      action: batch.action,
      calls: some.map(({ id, record, actionKey }) => ({
        callback: id,
        id: id18(record),
        by: 'Salesforce Flow',
        actionKey: actionKey ?? null,
      })),
      account: batch.account,
      waitMs: ON_THE_LINE_MS,
      keepSeconds: KEEP_SECONDS,
    })
    for (const [at, { id }] of some.entries()) ends.set(id, ended[at])
  }
  return calls.map(({ id, record, actionKey }) => {
    const first = firsts.get(id)!
    if (first.record !== record || first.actionKey !== actionKey) return resultOf(id, 'another')
    return resultOf(id, ends.get(id) ?? nowhere(record, connections))
  })
}

function placeOf(record: string, connections: readonly ReadConnection[]): ReadConnection | null {
  const object = isId(record) ? objectOfId(record) : null
  return connections.find((one) => one.object === object) ?? null
}

/** Null: it is looked after, and not known yet. */
function nowhere(record: string, connections: readonly ReadConnection[]): CallOutputs | null {
  if (placeOf(record, connections) !== null) return null
  const object = isId(record) ? objectOfId(record) : null
  return object === null
    ? {
        status: 'refused',
        sentence: `Accounts and contacts can be customers; ${record === '' ? 'no record was given' : `${record} is neither`}.`,
      }
    : {
        status: 'not_connected',
        sentence: `The ${object === 'Account' ? 'accounts' : 'contacts'} of this org are not connected to Holdfast.`,
      }
}

function resultOf(id: string, end: CallEnd): FlowResult {
  if (end === null) return { id, ...PENDING }
  if (end === 'another') return { id, status: 'refused', sentence: anotherCall(id) }
  const values = Object.entries(OUTPUTS).flatMap(([name, output]) => {
    const value = end[output]
    return value === undefined || value === null ? [] : [[name, value]]
  })
  return { id, status: end.status, sentence: end.sentence, ...Object.fromEntries(values) }
}
