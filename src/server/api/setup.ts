/** How far a company is with being set up, and what somebody agreed to. */
import { z } from 'zod'
import { HoldfastError } from '../../contracts/errors.ts'
import { mappedNow } from '../../loop/mapping-draft.ts'
import { SETUP_STEPS, setUpState, type SetUpState } from '../../loop/set-up-state.ts'
import { canonical } from '../../../models/features/dictionary.ts'
import { recordAudit } from '../../store/audit.ts'
import { listConnections } from '../../store/connections.ts'
import type { Transaction } from '../../store/database.ts'
import { CONFIRMED_STEPS, confirmStep, setUpFacts } from '../../store/set-up.ts'
import { readTenant } from '../../store/tenants.ts'
import type { TenantId } from '../../contracts/ids.ts'
import { route } from '../route.ts'
import type { RouteServices } from '../services.ts'
import * as shape from './shapes.ts'

export const setUpAnswer = z.object({
  steps: z
    .array(
      z.object({
        step: z.enum(SETUP_STEPS),
        state: z.enum(['done', 'current', 'to_do', 'blocked']).meta({
          description:
            'current: the first that is to be done. blocked: something else comes first, see `why`',
        }),
        why: z.string().nullable().meta({ description: 'What is in the way, or missing' }),
        confirmed: z
          .object({ by: z.string(), at: shape.time })
          .nullable()
          .meta({ description: 'Who agreed to it; null: nobody, or nobody has to' }),
      }),
    )
    .meta({ description: 'In their order; each is told by what is stored' }),
  sandbox: z.boolean().meta({ description: 'Everything that is connected is a sandbox or sample' }),
  hubspotApp: z
    .boolean()
    .meta({ description: 'Whether the app can be installed in HubSpot accounts, at /oauth/hubspot/install' }),
  activatedAt: shape.time.nullable().meta({ description: 'null: nothing is sent' }),
  missing: z.array(z.string()).meta({
    description: 'What should be done before actions are turned on; empty: nothing, or they are on',
  }),
})
export type SetUpAnswer = z.infer<typeof setUpAnswer>

export const setUpRoutes = [
  route({
    method: 'get',
    path: '/v1/setup',
    summary: 'How far the set-up is, step by step',
    tag: 'Set-up',
    access: { scope: 'read', role: 'viewer' },
    answers: { 200: { description: 'The five steps', schema: setUpAnswer } },
    handle: async ({ tenant }, services) => ({
      status: 200,
      body: await services.database.withTenant(tenant, (tx) => stateOf(tx, tenant, services)),
    }),
  }),
  route({
    method: 'post',
    path: '/v1/setup/steps/{step}/confirmation',
    summary: 'Agrees to what a step has',
    description:
      'What stands by default is nobody’s choice before. A step whose facts do not hold is not done by it.',
    tag: 'Set-up',
    access: { scope: 'admin', role: 'admin' },
    params: z.strictObject({ step: z.enum(CONFIRMED_STEPS) }),
    answers: { 200: { description: 'The five steps', schema: setUpAnswer } },
    handle: async ({ tenant, params, caller, requestId }, services) => ({
      status: 200,
      body: await services.database.withTenant(tenant, async (tx) => {
        const before = await stateOf(tx, tenant, services)
        const { state, why } = before.steps.find(({ step }) => step === params.step)!
        if (state === 'blocked')
          throw new HoldfastError('conflict', `This step cannot be agreed to yet. ${why ?? ''}`.trim())
        await confirmStep(tx, params.step, caller.actor)
        await recordAudit(tx, {
          actor: caller.actor,
          action: 'setup.confirm',
          object: params.step,
          requestId,
        })
        return stateOf(tx, tenant, services)
      }),
    }),
  }),
] as const

async function stateOf(
  tx: Transaction,
  tenant: TenantId,
  { clock, settingUp }: Pick<RouteServices, 'clock' | 'settingUp'>,
): Promise<SetUpState & { readonly hubspotApp: boolean }> {
  const today = Math.floor(clock().getTime() / 86_400_000)
  const { activatedAt } = await readTenant(tx, tenant)
  const state = setUpState({
    ...(await setUpFacts(tx)),
    connections: await listConnections(tx),
    activatedAt,
    fed: (connection) =>
      mappedNow(connection, today).filter(({ feature }) => canonical(feature ?? '')?.role === 'feature')
        .length,
  })
  return { ...state, hubspotApp: (settingUp?.portalInstall ?? null) !== null }
}
