/**
 * What may be asked of definitions of objects and fields, which Salesforce makes up for each query: less than of records.
 *
 * @see https://developer.salesforce.com/docs/atlas.en-us.api_tooling.meta/api_tooling/reference_objects_soql_limits.htm
 */
import { refused } from './problems.ts'
import type { Condition, Path, Query } from './soql-syntax.ts'

const DEFINITIONS: readonly string[] = ['EntityDefinition', 'FieldDefinition']

/**
 * @param type as the org writes its name
 * @returns the query as it is carried out: of definitions LIMIT and OFFSET are passed over
 * @throws EXTERNAL_OBJECT_UNSUPPORTED_EXCEPTION for what such objects cannot do
 */
export function askedOfDefinitions(type: string, query: Query): Query {
  if (!DEFINITIONS.includes(type)) return query
  if (query.groupBy.length > 0 || query.items.some(({ kind }) => kind === 'aggregate')) {
    throw unsupported(
      'The requested operation is not yet supported by this SObject storage type, contact salesforce.com support for more information.',
    )
  }
  const parts = query.where === null ? [] : partsOf(query.where)
  if (type === 'FieldDefinition' && !parts.some(namesObject))
    throw unsupported('FieldDefinition: a filter on a reified column is required')
  return { ...query, limit: null, offset: 0 }
}

/** What is joined by AND: nothing else joins conditions of definitions. */
function partsOf(condition: Condition): readonly Condition[] {
  switch (condition.kind) {
    case 'and':
      return condition.parts.flatMap(partsOf)
    case 'or':
      throw unsupported('Disjunctions not supported')
    case 'includes':
      throw unsupported('Unsupported filter type')
    case 'not':
      throw unsupported('Only equals comparisons permitted')
    case 'compare':
      if (condition.operator === '!=') throw unsupported('Only equals comparisons permitted')
      return [condition]
    default:
      if (condition.negated) throw unsupported('Only equals comparisons permitted')
      return [condition]
  }
}

/** Whether it says of which object fields are meant, or which field. */
function namesObject(condition: Condition): boolean {
  const path: Path | null = 'path' in condition ? condition.path : null
  return /^(FieldDefinition\.)?(EntityDefinition(Id|\.\w+)|DurableId)$/i.test(path?.names.join('.') ?? '')
}

const unsupported = (message: string): Error => refused(400, 'EXTERNAL_OBJECT_UNSUPPORTED_EXCEPTION', message)
