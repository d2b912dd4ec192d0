/** How the policy stands: what is in charge, what it believes, and what it does not know yet. */
import { z } from 'zod'
import { policyStanding } from '../../loop/policy-standing.ts'
import { route } from '../route.ts'
import * as shape from './shapes.ts'

const standing = z.object({
  state: z.enum(['in_order', 'solving', 'refused']).meta({
    description:
      '`solving`: the settings believe something that the policy in charge does not know yet, and it is worked out in the background; `refused`: what came of it does not reach its bars, and the policy before stays in charge',
  }),
  problems: z.array(z.string()).meta({ description: 'Why it was refused' }),
  own: z
    .object({
      hash: z.string().meta({ description: 'As decisions name it' }),
      version: z.string(),
      solvedAt: shape.time,
      settingsVersion: z.int(),
      figures: z.unknown().meta({
        description: 'What it reaches in the simulator, gains in months of the recurring amount',
        type: 'object',
      }),
    })
    .nullable()
    .meta({ description: 'A policy solved for actions and beliefs of your own; null: the one that ships' }),
  unsolved: z
    .array(z.string())
    .meta({ description: 'Keys of actions that have no value yet, and so are not chosen' }),
  beliefs: z
    .array(
      z.object({
        key: z.string(),
        mean: z.number().meta({
          description:
            'Relative reduction of the monthly risk; of losses by failed payments where the action is against those',
        }),
        sd: z.number(),
        source: z.string().meta({ description: 'Where it comes from; most are assumptions, and say so' }),
      }),
    )
    .meta({ description: 'What the settings believe of each action, as priors' }),
})

export const policyRoutes = [
  route({
    method: 'get',
    path: '/v1/policy',
    summary: 'The policy in charge, and what it believes',
    tag: 'Settings',
    access: { scope: 'admin', role: 'viewer' },
    answers: { 200: { description: 'How it stands', schema: standing } },
    handle: async ({ tenant }, { database }) => {
      const { own, ...rest } = await database.withTenant(tenant, policyStanding)
      const solved = own === null ? null : { ...own, solvedAt: own.solvedAt.toISOString() }
      return { status: 200, body: { ...rest, own: solved } }
    },
  }),
]
