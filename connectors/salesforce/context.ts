/** What everything that works on one connection's org is given: whom to call, and what is known of the org. */
import type { Clock } from '../../src/contracts/clock.ts'
import type { CrmMemory } from '../memory.ts'
import type { SalesforceClient } from './client.ts'
import type { SalesforceConfig } from './config.ts'
import { isFailure } from './errors.ts'
import { readObjectFields, type ObjectFields } from './object-fields.ts'
import { packageNames, type PackageNames } from './package.ts'

export interface SalesforceContext {
  readonly client: SalesforceClient
  readonly config: SalesforceConfig
  /** Of the org, where it outlives a connector. `forget` when Salesforce says that something is not as we know it. */
  readonly memory: CrmMemory
  readonly clock: Clock
  /** Names of what the package brought, as this org has them. */
  readonly ours: PackageNames
  /**
   * Remembered for some minutes. Fields that the user may not read are not there; null where the org has no such object,
   * or the user may not see it.
   */
  describe(object: string): Promise<ObjectFields | null>
}

/**
 * @example
 * const context = openContext({ client, config, memory, clock })
 * (await context.describe('AccountTeamMember')) === null // no account teams
 */
export function openContext(
  parts: Pick<SalesforceContext, 'client' | 'config' | 'memory' | 'clock'>,
): SalesforceContext {
  const { client, config, memory } = parts
  return {
    ...parts,
    ours: packageNames(config.namespace),
    describe: (object) =>
      memory.recall(`fields of ${object}`, () => readObjectFields(client, object).catch(nullWhereMissing)),
  }
}

function nullWhereMissing(error: unknown): null {
  if (isFailure(error, 'NOT_FOUND', 'INVALID_TYPE')) return null
  throw error
}
