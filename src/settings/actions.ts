/** Actions of your own beside those that ship, and what is believed of the effects of all of them. */
import { z } from 'zod'
import { referenceActions, shippedActions } from '../../actions/catalogue.ts'
import { defaultInvoluntary } from '../../models/policy/involuntary.ts'
import { eligibility } from './eligibility.ts'
import { field } from './field.ts'

/** One more takes the policy a fifth longer to solve, two three quarters (42, 49 and 73 s of a core); more, minutes. */
const MOST_OWN = 4

const share = z.number().min(0).max(1)
const chance = 'a number from 0 to 1'

/** A prior is a belief with its uncertainty; where it comes from is said, or it is an assumption. */
const effect = z.strictObject({
  mean: field(z.number().min(-0.9).max(0.9), 'What is believed on average', 'a number from -0.9 to 0.9'),
  sd: field(
    z.number().positive().max(1),
    'How unsure that is: one standard deviation',
    'a number above 0 to 1',
  ),
  source: field(
    z.string().trim().min(1).max(300).default('assumption'),
    'Where it comes from',
    'text of 1 to 300 characters',
  ),
})

const own = z
  .strictObject({
    key: z
      .string()
      .regex(/^[a-z][a-z0-9_]{1,39}$/, 'has to be 2 to 40 small letters, digits and _, a letter first')
      .refine((key) => shippedActions.every((one) => one.key !== key), 'is the key of an action that ships'),
    name: z.string().trim().min(1).max(80),
    channel: z.enum(['email', 'sms', 'task']),
    enabled: z.boolean().default(true),
    fixedCost: z.number().min(0).max(1e9).default(0),
    share: share.default(0),
    durationMonths: z.number().int().min(1).max(60).default(12),
    discount: share.refine((off) => off < 1, 'has to be below 1: everything off is no discount').default(0),
    capacity: z.number().int().min(0).nullable().default(null),
    leadMonths: z.number().min(0).max(60).default(3),
    explore: z.boolean().default(false),
    eligibility: eligibility.exactOptional(),
    effect,
  })
  .refine((one) => !one.explore || (one.discount === 0 && one.channel !== 'task'), {
    path: ['explore'],
    error: 'has to be false for what gives money off or takes a person’s time',
  })

const priors = z.partialRecord(z.enum(referenceActions.slice(1).map(({ key }) => key)), effect)

export const actionSettings = z
  .strictObject({
    own: field(
      z
        .array(own)
        .max(MOST_OWN)
        .refine((list) => new Set(list.map(({ key }) => key)).size === list.length, {
          error: 'has two actions of the same key',
        })
        .default([]),
      'Actions of your own. `effect` is required: the relative reduction of the monthly hazard that you believe in, mean and standard deviation, with its source. An action is not chosen before the policy was solved with it, which happens in the background',
      `a list of at most ${MOST_OWN} of {"key", "name", "channel": "email", "sms" or "task", "effect": {"mean", "sd", "source"}} and, if wished, "enabled", "fixedCost", "share", "durationMonths", "discount", "capacity", "leadMonths", "explore", "eligibility"`,
    ),
    effects: field(
      priors.default({}),
      'Effects of the actions that ship, where you know better than the stated assumptions: the policy is solved again with them in the background',
      'an object by action: {"email": {"mean": 0.03, "sd": 0.03, "source": "our test of 2026"}}',
    ),
    payment: z
      .strictObject({
        leaves: field(
          share.default(defaultInvoluntary.leaves),
          'Share of customers who are lost by a failed payment when nothing is done; an assumption unless you measured it',
          chance,
        ),
        /** Share of those losses that asking to update the payment prevents. */
        effect: effect.prefault(defaultInvoluntary.effect),
      })
      .prefault({}),
  })
  .prefault({})

export type ActionSettings = z.infer<typeof actionSettings>
export type OwnAction = ActionSettings['own'][number]
