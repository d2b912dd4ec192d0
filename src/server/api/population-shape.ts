/** Who counts as a customer, as requests and answers have it. */
import { z } from 'zod'
import * as shape from './shapes.ts'

/** Values of one property at most: more of them are another property, or everyone. */
const MOST_VALUES = 100

export const populationShape = z
  .discriminatedUnion(
    'kind',
    [
      z.strictObject({ kind: z.literal('everyone') }),
      z.strictObject({
        kind: z.literal('property'),
        property: shape.word(250).meta({ description: 'By its name in the CRM', example: 'lifecyclestage' }),
        values: z
          .array(shape.word(250))
          .min(1, 'name at least one value')
          .max(MOST_VALUES, `takes at most ${MOST_VALUES} values`),
      }),
      z.strictObject({
        kind: z.literal('condition'),
        condition: shape.text(4000).meta({
          description: 'What stands after WHERE in SOQL, of Salesforce alone',
          example: "Type = 'Customer' AND IsActive__c = true",
        }),
      }),
    ],
    'has to be {"kind": "everyone"}, {"kind": "property", …} or {"kind": "condition", …}',
  )
  .meta({ description: 'Who counts as a customer' })
