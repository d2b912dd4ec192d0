/** Shapes that one customer and lists of customers share. */
import { z } from 'zod'
import { STATUSES } from '../../contracts/customer-terms.ts'
import * as shape from './shapes.ts'

export const status = z.enum(STATUSES).meta({
  description: 'active: in the population. left: outside it now. deleted: gone from the CRM',
})

export const identity = {
  id: shape.customerId,
  connection: shape.connectionId,
  object: z.string().meta({ description: 'As the CRM names it', example: 'rows' }),
  externalId: z.string().meta({ description: "The record's id in the CRM", example: '7590-VHVEG' }),
  name: z.string().nullable().meta({ description: 'Of people, masked for viewers' }),
  person: shape.mayBePerson,
  status,
  group: shape.group,
}

export const scoreLine = {
  probability: shape.probability,
  level: shape.level,
  levelSince: shape.time,
  reasons: z.array(shape.reason),
  valueAtRiskMinor: shape.minor('Probability x 12 months of the recurring amount'),
  monthlyMinor: shape.minor('Recurring amount a month'),
  currency: shape.currency.nullable(),
  scoredAt: shape.time,
}
