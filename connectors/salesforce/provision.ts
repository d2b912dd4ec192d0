/**
 * What stands in the way of writing into an org. Nothing is made there: fields come with the Holdfast package, which an
 * admin installs, and permissions with its permission set, which an admin assigns.
 */
import type { ProvisionReport } from '../connector.ts'
import { INTERVENTION, type OurObject } from './package.ts'
import { renewStanding, type WritingContext } from './standing.ts'

/**
 * Looks at everything that writing to a connection's object needs: the object itself, tasks, interventions. Costs three
 * calls and changes nothing.
 *
 * @throws HoldfastError when Salesforce cannot be asked
 * @example
 * await provision(context) // { created: [], changed: [], problems: [] }
 */
export async function provision(context: WritingContext): Promise<ProvisionReport> {
  const problems = new Set<string>()
  const objects: readonly OurObject[] = [context.config.object, 'Task', INTERVENTION.name]
  for (const object of objects)
    for (const problem of (await renewStanding(context, object)).problems.values()) problems.add(problem)
  return { created: [], changed: [], problems: [...problems] }
}
