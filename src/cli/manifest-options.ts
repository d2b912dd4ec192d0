/** What `holdfast manifest` can be told. */
import { Option, type Command } from 'commander'
import { HoldfastError } from '../contracts/errors.ts'

export function describeManifest(command: (usage: string, text: string) => Command): Command {
  return command('manifest <crm>', 'Write what a CRM installs: the project of an app of your own at HubSpot.')
    .requiredOption('--out <dir>', 'folder for it')
    .option('--public-url <url>', 'where Holdfast answers on the internet (default: PUBLIC_URL)')
    .option('--name <name>', 'as people see it there', 'Holdfast')
    .addOption(
      new Option(
        '--distribution <kind>',
        'private: accounts that you name; marketplace: whoever has the link',
      )
        .choices(['private', 'marketplace'])
        .default('private'),
    )
    .option('--support-email <address>', 'who helps those who use it')
    .option('--sentry-dataset <name>', 'where HubSpot tells Sentry what failed in the app (default: nowhere)')
    .addHelpText(
      'after',
      '\nExample: holdfast manifest hubspot --public-url https://holdfast.example.com --out hubspot-app\n',
    )
}

/** @throws HoldfastError `usage` for a CRM without one */
export function expectManifest(crm: string): void {
  if (crm !== 'hubspot')
    throw new HoldfastError('usage', `There is a manifest for hubspot, and none for "${crm}".`)
}
