/**
 * The pipelines of deals with their stages.
 *
 * @see https://developers.hubspot.com/docs/api-reference/latest/crm/pipelines/guide
 */
import { API_VERSION } from '../version.ts'
import type { SandboxRoute } from './route.ts'
import { typeOf } from './route.ts'
import { fixedScopes } from './scopes.ts'
import type { SandboxState } from './state.ts'

export interface PipelineGiven {
  readonly label: string
  /** By id; HubSpot's ids of stages are one of a kind in the portal. */
  readonly stages: Readonly<Record<string, { readonly label: string; readonly probability: number }>>
}

const PIPELINES = 'pipelines'

/** What every portal has from the start. */
const DEFAULT: Readonly<Record<string, PipelineGiven>> = {
  default: {
    label: 'Sales Pipeline',
    stages: {
      appointmentscheduled: { label: 'Appointment Scheduled', probability: 0.2 },
      qualifiedtobuy: { label: 'Qualified To Buy', probability: 0.4 },
      presentationscheduled: { label: 'Presentation Scheduled', probability: 0.6 },
      decisionmakerboughtin: { label: 'Decision Maker Bought-In', probability: 0.8 },
      contractsent: { label: 'Contract Sent', probability: 0.9 },
      closedwon: { label: 'Closed Won', probability: 1 },
      closedlost: { label: 'Closed Lost', probability: 0 },
    },
  },
}

/** By id. */
export const pipelinesOf = (state: SandboxState): Readonly<Record<string, PipelineGiven>> => ({
  ...DEFAULT,
  ...(state.get(PIPELINES, 'deals') as Record<string, PipelineGiven> | undefined),
})

/** Adds pipelines of deals; those of the same id are replaced. */
export const addPipelines = (state: SandboxState, given: Readonly<Record<string, PipelineGiven>>): void =>
  state.put(PIPELINES, 'deals', { ...pipelinesOf(state), ...given })

const CREATED = '2023-01-09T08:00:00.000Z'

export const pipelineRoutes: readonly SandboxRoute[] = [
  {
    method: 'GET',
    path: `/crm/pipelines/${API_VERSION}/:objectType`,
    kind: 'call',
    scopes: fixedScopes('crm.objects.deals.read', 'crm.schemas.deals.read', 'crm.objects.deals.write'),
    handle(request) {
      const pipelines = typeOf(request) === 'deals' ? Object.entries(pipelinesOf(request.state)) : []
      const results = pipelines.map(([id, { label, stages }], displayOrder) => ({
        id,
        label,
        displayOrder,
        archived: false,
        createdAt: CREATED,
        updatedAt: CREATED,
        stages: Object.entries(stages).map(([stage, { label: name, probability }], order) => ({
          id: stage,
          label: name,
          displayOrder: order,
          archived: false,
          createdAt: CREATED,
          updatedAt: CREATED,
          metadata: {
            isClosed: String(probability === 0 || probability === 1),
            probability: probability.toFixed(1),
          },
        })),
      }))
      return { status: 200, body: { results } }
    },
  },
]
