/** Whom an action is for: the field that each action of the catalogue has. */
import { z } from 'zod'
import { LEVELS } from '../contracts/customer-terms.ts'
import { ELIGIBILITY_NUMBERS, type Eligibility } from '../contracts/eligibility.ts'
import { field, hinted } from './field.ts'

const range = hinted(
  z
    .strictObject({
      atLeast: field(z.number().exactOptional(), 'Smallest number that is meant', 'a number', {
        title: 'At least',
        unset: 'Any',
      }),
      atMost: field(z.number().exactOptional(), 'Largest number that is meant', 'a number', {
        title: 'At most',
        unset: 'Any',
      }),
    })
    .refine((r) => r.atLeast !== undefined || r.atMost !== undefined, {
      error: 'has to state atLeast, atMost or both',
    })
    .refine((r) => (r.atLeast ?? -Infinity) <= (r.atMost ?? Infinity), {
      path: ['atMost'],
      error: 'must not be below atLeast',
    }),
  { whole: true },
)

const NUMBER_LABELS: Readonly<Record<(typeof ELIGIBILITY_NUMBERS)[number], string>> = {
  monthlyAmount: 'Pays a month',
  tenureMonths: 'Months as a customer',
  contractMonths: 'Months of the contract',
  tier: 'Tier',
  engagement: 'Engagement',
  responseRate: 'Share of messages answered',
  interventions: 'Actions so far',
  daysSinceContact: 'Days since the last contact',
  monthsToNotice: 'Months to the notice date',
  paymentFailures: 'Failed payments',
  discountInForce: 'Discount in force',
}

/**
 * To be used within the settings of each action, beside cost and capacity.
 *
 * @example
 * z.strictObject({ enabled, eligibility: eligibility.exactOptional() })
 */
export const eligibility = z.strictObject({
  levels: field(
    z.array(z.enum(LEVELS)).exactOptional(),
    'Risk levels that the action is for',
    'a list out of HIGH, MEDIUM, LOW',
    { title: 'Risk', labels: { HIGH: 'High', MEDIUM: 'Medium', LOW: 'Low' }, unset: 'Any' },
  ),
  objects: field(
    z.array(z.string().min(1).max(100)).max(20).exactOptional(),
    'Kinds of records that it is for, as the CRM names them',
    'a list such as ["companies"] or ["Account"]',
    { title: 'Kinds of records', unset: 'Any', advanced: true },
  ),
  countries: field(
    z
      .array(
        hinted(z.string().regex(/^[A-Z]{2}$/, 'has to be two capital letters (ISO 3166-1) such as AT'), {
          format: 'country',
        }),
      )
      .max(250)
      .exactOptional(),
    'Countries of the people whom it may reach',
    'a list of ISO 3166-1 codes such as ["AT", "DE"]',
    { title: 'Countries', unset: 'Any' },
  ),
  where: field(
    z.partialRecord(z.enum(ELIGIBILITY_NUMBERS), range).exactOptional(),
    'Numbers of a customer and the range they have to be in; what is unknown is in no range. monthlyAmount is in the reporting currency',
    `{"tenureMonths": {"atLeast": 6}}, with keys out of ${ELIGIBILITY_NUMBERS.join(', ')}`,
    { title: 'Where', labels: NUMBER_LABELS, unset: 'Any', advanced: true },
  ),
}) satisfies z.ZodType<Eligibility>
