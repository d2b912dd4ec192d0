/** What `holdfast manifest` can be told. */
import { Option, type Command } from 'commander'
import { HoldfastError } from '../contracts/errors.ts'

export function describeManifest(command: (usage: string, text: string) => Command): Command {
  return command(
    'manifest <crm>',
    'Write what a CRM installs: an app of your own at HubSpot, or the package for Salesforce.',
  )
    .requiredOption('--out <dir>', 'folder for it')
    .option('--public-url <url>', 'where Holdfast answers on the internet (default: PUBLIC_URL)')
    .option('--name <name>', 'HubSpot: as people see it there (default: "Holdfast")')
    .addOption(
      new Option(
        '--distribution <kind>',
        'HubSpot: private (default) for accounts that you name; marketplace for whoever has the link',
      ).choices(['private', 'marketplace']),
    )
    .option('--support-email <address>', 'who helps those who use it')
    .option(
      '--sentry-dataset <name>',
      'HubSpot: where it tells Sentry what failed in the app (default: nowhere)',
    )
    .addHelpText(
      'after',
      '\nExamples:\n  holdfast manifest hubspot --public-url https://holdfast.example.com --out hubspot-app\n  holdfast manifest salesforce --public-url https://holdfast.example.com --out salesforce-package\n',
    )
}

/** What belongs to HubSpot's project alone. */
export interface HubSpotAlone {
  readonly name?: string
  readonly distribution?: 'private' | 'marketplace'
  readonly sentryDataset?: string
}

const FLAGS: Readonly<Record<keyof HubSpotAlone, string>> = {
  name: '--name',
  distribution: '--distribution',
  sentryDataset: '--sentry-dataset',
}

/** @throws HoldfastError `usage` for a CRM without one, and for what would be said in vain */
export function expectManifest(crm: string, options: HubSpotAlone): asserts crm is 'hubspot' | 'salesforce' {
  if (crm !== 'hubspot' && crm !== 'salesforce')
    throw new HoldfastError(
      'usage',
      `There is a manifest for hubspot and one for salesforce, and none for "${crm}".`,
    )
  const names = Object.keys(FLAGS) as (keyof HubSpotAlone)[]
  const vain = crm === 'hubspot' ? undefined : names.find((name) => options[name] !== undefined)
  if (vain !== undefined)
    throw new HoldfastError('usage', `${FLAGS[vain]} is for HubSpot: leave it out for ${crm}.`)
}
