/** `holdfast manifest salesforce`: the package that an admin deploys into an org. */
import { PACKAGE, PERMISSION_SETS } from '../../connectors/salesforce/package.ts'
import { salesforceProject } from '../../manifest/salesforce/project.ts'
import { readConfig } from '../config.ts'
import { publicAddress, writeProject } from './manifest-files.ts'
import { runCommand, type CommonOptions } from './run.ts'

export interface SalesforceManifestOptions extends CommonOptions {
  readonly out: string
  /** Default: PUBLIC_URL; without either an admin types it into Setup. */
  readonly publicUrl?: string
  readonly supportEmail?: string
}

/** Names its folder as one that may be written over. */
const MARK = 'sfdx-project.json'

/** Of nobody (RFC 2606). */
const NOBODY = 'holdfast@example.com'

/** @example await salesforceManifest({ out: 'salesforce-package', publicUrl: 'https://holdfast.example.com' }) */
export function salesforceManifest(options: SalesforceManifestOptions): Promise<number> {
  return runCommand(options, async (terminal) => {
    const { out, supportEmail } = options
    const given = options.publicUrl ?? readConfig().publicUrl
    const publicUrl = given === null ? null : publicAddress(given, 'Salesforce')
    const files = salesforceProject({ publicUrl, supportEmail: supportEmail ?? NOBODY })
    await writeProject(out, files, { mark: MARK, whose: 'Salesforce' })
    const fields = PACKAGE.reduce((sum, one) => sum + one.fields.length, 0)
    const many = (pattern: RegExp): number => [...files.keys()].filter((path) => pattern.test(path)).length
    terminal.print(
      `The package is in ${out}: ${fields} fields, the object for interventions, ${many(/\.cls$/)} Apex classes, ${many(/\.js-meta\.xml$/)} Lightning components, and ${Object.keys(PERMISSION_SETS).length} permission sets.`,
    )
    terminal.print(
      `Deploy it with Salesforce's command line (cd ${out}, then sf project deploy start --manifest manifest/package.xml --target-org <org>), and give the integration user the permission set ${PERMISSION_SETS.integration.label}. docs/salesforce.md goes on from there.`,
    )
    if (publicUrl === null)
      terminal.warn(
        'Nobody said where Holdfast answers: type it into Setup > Named Credentials > Holdfast after the deployment, or render it again with --public-url.',
      )
    if (supportEmail === undefined)
      terminal.warn(`The External Client App names ${NOBODY} as its contact: --support-email names somebody.`)
    return { folder: out, publicUrl, files: [...files.keys()] }
  })
}
