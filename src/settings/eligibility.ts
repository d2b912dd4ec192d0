/** Whom an action is for: the field that each action of the catalogue has. */
import { z } from 'zod'
import { ELIGIBILITY_NUMBERS, type Eligibility } from '../contracts/eligibility.ts'
import { field } from './field.ts'

const range = z
  .strictObject({
    atLeast: field(z.number().exactOptional(), 'Smallest number that is meant', 'a number'),
    atMost: field(z.number().exactOptional(), 'Largest number that is meant', 'a number'),
  })
  .refine((r) => r.atLeast !== undefined || r.atMost !== undefined, {
    error: 'has to state atLeast, atMost or both',
  })
  .refine((r) => (r.atLeast ?? -Infinity) <= (r.atMost ?? Infinity), {
    path: ['atMost'],
    error: 'must not be below atLeast',
  })

/**
 * To be used within the settings of each action, beside cost and capacity.
 *
 * @example
 * z.strictObject({ enabled, eligibility: eligibility.exactOptional() })
 */
export const eligibility = z.strictObject({
  levels: field(
    z.array(z.enum(['HIGH', 'MEDIUM', 'LOW'])).exactOptional(),
    'Risk levels that the action is for',
    'a list out of HIGH, MEDIUM, LOW',
  ),
  objects: field(
    z.array(z.string().min(1).max(100)).max(20).exactOptional(),
    'Kinds of records that it is for, as the CRM names them',
    'a list such as ["companies"] or ["Account"]',
  ),
  countries: field(
    z
      .array(z.string().regex(/^[A-Z]{2}$/, 'has to be two capital letters (ISO 3166-1) such as AT'))
      .max(250)
      .exactOptional(),
    'Countries of the people whom it may reach',
    'a list of ISO 3166-1 codes such as ["AT", "DE"]',
  ),
  where: field(
    z.partialRecord(z.enum(ELIGIBILITY_NUMBERS), range).exactOptional(),
    'Numbers of a customer and the range they have to be in; what is unknown is in no range. monthlyAmount is in the reporting currency',
    `{"tenureMonths": {"atLeast": 6}}, with keys out of ${ELIGIBILITY_NUMBERS.join(', ')}`,
  ),
}) satisfies z.ZodType<Eligibility>
