/** `holdfast manifest salesforce`: the package that an admin deploys into an org. */
import { PACKAGE, PERMISSION_SETS } from '../../connectors/salesforce/package.ts'
import { salesforceProject } from '../../manifest/salesforce/project.ts'
import { writeProject } from './manifest-files.ts'
import { runCommand, type CommonOptions } from './run.ts'

export interface SalesforceManifestOptions extends CommonOptions {
  readonly out: string
}

/** Names its folder as one that may be written over. */
const MARK = 'sfdx-project.json'

/** @example await salesforceManifest({ out: 'salesforce-package' }) */
export function salesforceManifest(options: SalesforceManifestOptions): Promise<number> {
  return runCommand(options, async (terminal) => {
    const { out } = options
    const files = salesforceProject()
    await writeProject(out, files, { mark: MARK, whose: 'Salesforce' })
    const fields = PACKAGE.reduce((sum, one) => sum + one.fields.length, 0)
    terminal.print(
      `The package is in ${out}: ${fields} fields, the object for interventions, and ${Object.keys(PERMISSION_SETS).length} permission sets.`,
    )
    terminal.print(
      `Deploy it with Salesforce's command line (cd ${out}, then sf project deploy start --manifest manifest/package.xml --target-org <org>), and give the integration user the permission set ${PERMISSION_SETS.integration.label}.`,
    )
    return { folder: out, files: [...files.keys()] }
  })
}
