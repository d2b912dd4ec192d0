/** Which fields an admin marked as sensitive in Setup > Data Classification. */
import { z } from 'zod'
import { isFailure } from './errors.ts'
import type { SalesforceContext } from './context.ts'
import { compare, select } from './soql.ts'

const answer = z.object({
  records: z.array(
    z.object({
      QualifiedApiName: z.string(),
      SecurityClassification: z.string().nullish().catch(null),
      ComplianceGroup: z.string().nullish().catch(null),
    }),
  ),
})

const CLASSES: ReadonlySet<string> = new Set(['confidential', 'restricted', 'missioncritical'])

/**
 * Confidential, restricted and mission-critical fields, and those that a law is named for (PII, GDPR, HIPAA, …).
 *
 * @returns null where the user may not see how fields are classified
 * @see https://developer.salesforce.com/docs/atlas.en-us.api_tooling.meta/api_tooling/tooling_api_objects_fielddefinition.htm
 * @example
 * (await sensitiveFields(context, 'Contact'))?.has('Birthdate')
 */
export function sensitiveFields(
  context: Pick<SalesforceContext, 'client' | 'memory'>,
  object: string,
): Promise<ReadonlySet<string> | null> {
  return context.memory.recall(`sensitive fields of ${object}`, () => readSensitive(context, object))
}

async function readSensitive(
  { client }: Pick<SalesforceContext, 'client'>,
  object: string,
): Promise<ReadonlySet<string> | null> {
  // It takes neither more than one page nor an order, and no more than one object at a time.
  const soql = select({
    fields: ['QualifiedApiName', 'SecurityClassification', 'ComplianceGroup'],
    from: 'FieldDefinition',
    where: compare('EntityDefinition.QualifiedApiName', '=', object),
  })
  try {
    const { body } = await client.call({
      method: 'GET',
      path: '/tooling/query',
      query: { q: soql },
      schema: answer,
    })
    return new Set(body.records.filter(isSensitive).map((one) => one.QualifiedApiName))
  } catch (error) {
    if (isFailure(error, ...HIDDEN)) return null
    throw error
  }
}

const HIDDEN = ['INVALID_TYPE', 'INSUFFICIENT_ACCESS', 'INVALID_FIELD', 'NOT_FOUND', 'FORBIDDEN'] as const

function isSensitive(one: z.output<typeof answer>['records'][number]): boolean {
  const level = (one.SecurityClassification ?? '').replace(/[^a-z]/gi, '').toLowerCase()
  return CLASSES.has(level) || (one.ComplianceGroup ?? '') !== ''
}
