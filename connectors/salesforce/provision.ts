/**
 * What stands in the way of writing into an org. Nothing is made there: fields come with the Holdfast package, which an
 * admin installs, and permissions with its permission set, which an admin assigns.
 */
import type { ProvisionReport } from '../connector.ts'
import { INTERVENTION, type OurObject } from './package.ts'
import { allMissing, renewStanding, type WritingContext } from './standing.ts'

/**
 * Looks at everything that writing to a connection's object needs: the object itself, tasks, interventions. Costs three
 * calls and changes nothing.
 *
 * @throws HoldfastError when Salesforce cannot be asked
 * @example
 * await provision(context) // { created: [], changed: [], problems: [] }
 */
export async function provision(context: WritingContext): Promise<ProvisionReport> {
  const { username } = context.config
  const problems = new Set<string>()
  const objects: readonly OurObject[] = [context.config.object, 'Task', INTERVENTION.name]
  const absent: OurObject[] = []
  for (const object of objects) {
    const found = [...(await renewStanding(context, object)).problems.values()]
    if (found.includes(allMissing([object], username))) absent.push(object)
    else for (const problem of found) problems.add(problem)
  }
  // Where the package is not installed, that is one thing to mend, and said once.
  const first = absent.length === 0 ? [] : [allMissing(absent, username)]
  return { created: [], changed: [], problems: [...first, ...problems] }
}
