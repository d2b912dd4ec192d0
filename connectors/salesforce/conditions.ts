/** Who meets the condition that says which records are customers. */
import { HoldfastError } from '../../src/contracts/errors.ts'
import type { SalesforceContext } from './context.ts'
import { failureOf, isFailure } from './errors.ts'
import { id18 } from './ids.ts'
import { rowsOf } from './rows.ts'
import { stated } from './soql.ts'

/**
 * @param condition as an admin wrote it; absent: everybody does, and null is the answer
 * @throws HoldfastError `connector_configuration` for a condition that Salesforce cannot read
 * @example
 * await membersOf(context, 'Account', "Type = 'Customer'", ids)
 */
export async function membersOf(
  context: SalesforceContext,
  object: string,
  condition: string | undefined,
  ids: readonly string[],
): Promise<ReadonlySet<string> | null> {
  if (condition === undefined) return null
  try {
    const rows = await rowsOf(context, {
      fields: ['Id'],
      from: object,
      by: 'Id',
      ids,
      where: stated(condition),
    })
    return new Set(rows.map((row) => id18(String(row['Id']))))
  } catch (error) {
    throw ofCondition(error, condition)
  }
}

/** The same error, or that it is the condition which Salesforce cannot read. */
export function ofCondition(error: unknown, condition: string): unknown {
  if (!isFailure(error, ...UNREADABLE)) return error
  const said = failureOf(error)!.errors.map(({ message }) => message.replace(/\s+/g, ' ').trim())
  return new HoldfastError(
    'connector_configuration',
    `Salesforce cannot use the condition that says which records are customers: ${said.join(' ')} The condition is: ${condition.slice(0, 300)}. Correct it (--where), or give the user that Holdfast signs in with access to the fields that it names.`,
    { cause: failureOf(error) },
  )
}

const UNREADABLE = [
  'MALFORMED_QUERY',
  'INVALID_FIELD',
  'INVALID_TYPE',
  'INVALID_QUERY_FILTER_OPERATOR',
  'INVALID_TYPE_ON_FIELD_IN_RECORD',
]
