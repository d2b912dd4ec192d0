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
  mean: field(z.number().min(-0.9).max(0.9), 'What is believed on average', 'a number from -0.9 to 0.9', {
    title: 'Believed effect',
    as: 'percent',
    advanced: true,
  }),
  sd: field(
    z.number().positive().max(1),
    'How unsure that is: one standard deviation',
    'a number above 0 to 1',
    { title: 'Give or take', as: 'percent', advanced: true },
  ),
  source: field(
    z.string().trim().min(1).max(300).default('assumption'),
    'Where it comes from',
    'text of 1 to 300 characters',
    { title: 'Where that comes from', advanced: true },
  ),
})

const own = z
  .strictObject({
    key: field(
      z
        .string()
        .regex(/^[a-z][a-z0-9_]{1,39}$/, 'has to be 2 to 40 small letters, digits and _, a letter first')
        .refine(
          (key) => shippedActions.every((one) => one.key !== key),
          'is the key of an action that ships',
        ),
      'What decisions and templates know it by; it never changes',
      '2 to 40 small letters, digits and _, a letter first',
      { title: 'Key', format: 'action' },
    ),
    name: field(
      z.string().trim().min(1).max(80),
      'What people call it',
      'text of 1 to 80 characters',
      'Name',
    ),
    channel: field(
      z.enum(['email', 'sms', 'task']),
      'How it reaches the customer: by e-mail, by SMS, or by a task for a person',
      'email, sms or task',
      { title: 'Carried out by', labels: { email: 'E-mail', sms: 'SMS', task: 'A person' } },
    ),
    enabled: field(z.boolean().default(true), 'Whether it is offered at all', 'true or false', 'In use'),
    fixedCost: field(
      z.number().min(0).max(1e9).default(0),
      'Paid once for each, in the reporting currency',
      'a number from 0 to 1,000,000,000',
      { title: 'Cost, once', as: 'money' },
    ),
    share: field(
      share.default(0),
      'Cost as a share of the monthly recurring amount, for each month that it lasts',
      chance,
      { title: 'Cost, of what is paid a month', as: 'percent' },
    ),
    durationMonths: field(
      z.number().int().min(1).max(60).default(12),
      'Months that the share is charged for',
      'a whole number from 1 to 60',
      { title: 'For how long', unit: 'months' },
    ),
    discount: field(
      share.refine((off) => off < 1, 'has to be below 1: everything off is no discount').default(0),
      'What the customer is given off; 0 is no discount',
      'a number from 0 to below 1',
      { title: 'Discount', as: 'percent', bounds: { below: 1 } },
    ),
    capacity: field(
      z.number().int().min(0).nullable().default(null),
      'How many the team carries out in a period; 0 is off',
      'a whole number, 0 or more, or null',
      { title: 'At most in a period', none: 'No limit', zero: 'Off' },
    ),
    leadMonths: field(
      z.number().min(0).max(60).default(3),
      'Months before a notice date from which it may be done',
      'a number from 0 to 60',
      { title: 'From how long before a notice date', unit: 'months' },
    ),
    explore: field(
      z.boolean().default(false),
      'Whether it may be tried by chance, so that its effect can be learnt',
      'true or false',
      { title: 'May be tried by chance', advanced: true },
    ),
    eligibility: field(
      eligibility.exactOptional(),
      'Whom it is for: everything that is stated has to hold',
      '{"levels": ["HIGH"]}',
      'Whom it is for',
    ),
    effect: field(
      effect,
      'The relative reduction of the monthly risk that you believe in',
      '{"mean", "sd", "source"}',
      'Believed effect',
    ),
  })
  .refine((one) => !one.explore || (one.discount === 0 && one.channel !== 'task'), {
    path: ['explore'],
    error: 'has to be false for what gives money off or takes a person’s time',
  })

const believable = referenceActions.slice(1)
const priors = z.partialRecord(z.enum(believable.map(({ key }) => key)), effect)
const actionLabels = Object.fromEntries(shippedActions.map(({ key, name }) => [key, name]))

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
      'Actions of your own, each with the share by which you believe that it lowers the monthly risk, how unsure that is, and where it comes from. An action is not chosen before the policy was solved with it, which happens in the background',
      `a list of at most ${MOST_OWN} of {"key", "name", "channel": "email", "sms" or "task", "effect": {"mean", "sd", "source"}} and, if wished, "enabled", "fixedCost", "share", "durationMonths", "discount", "capacity", "leadMonths", "explore", "eligibility"`,
      { title: 'Actions of your own', keyed: 'key' },
    ),
    effects: field(
      priors.default({}),
      'Effects of the actions that ship, where you know better than the stated assumptions: the policy is solved again with them in the background',
      'an object by action: {"email": {"mean": 0.03, "sd": 0.03, "source": "our test of 2026"}}',
      { title: 'Effects that you know better', advanced: true, labels: actionLabels },
    ),
    payment: z
      .strictObject({
        leaves: field(
          share.default(defaultInvoluntary.leaves),
          'Share of customers who are lost by a failed payment when nothing is done; an assumption unless you measured it',
          chance,
          { title: 'Customers lost by a failed payment', as: 'percent', advanced: true },
        ),
        /** Share of those losses that asking to update the payment prevents. */
        effect: effect.prefault(defaultInvoluntary.effect),
      })
      .prefault({}),
  })
  .prefault({})

export type ActionSettings = z.infer<typeof actionSettings>
export type OwnAction = ActionSettings['own'][number]
