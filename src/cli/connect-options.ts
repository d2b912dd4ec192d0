/** Options of `holdfast connect`, and which of the sources each is for. */
import { HoldfastError } from '../contracts/errors.ts'

export type Source = 'file' | 'hubspot' | 'salesforce'

export interface ConnectOption {
  /** As commander takes them: `--token-file <file>`. */
  readonly flags: string
  readonly about: string
  readonly of: readonly Source[]
  /** What the text becomes; absent: it stays one. */
  readonly takes?: 'list' | 'months' | 'percent'
}

const CRMS: readonly Source[] = ['hubspot', 'salesforce']
const HUBSPOT: readonly Source[] = ['hubspot']
const SALESFORCE: readonly Source[] = ['salesforce']

/** In the order in which the help shows them. */
export const CONNECT_OPTIONS: readonly ConnectOption[] = [
  {
    flags: '--customers <who>',
    about: 'everyone, or a column and its values: "lifecyclestage=customer", "Type=Customer"',
    of: ['file', ...CRMS],
  },
  { flags: '--name <name>', about: 'what people call the connection', of: ['file', ...CRMS] },
  { flags: '--company <name>', about: 'which company (default: the first)', of: ['file', ...CRMS] },
  {
    flags: '--columns <names>',
    about: 'columns that are not found by themselves: "id=Nr,email=E-Mail"',
    of: ['file'],
  },
  { flags: '--token-file <file>', about: 'the token of a private app; "-" is standard input', of: HUBSPOT },
  { flags: '--web', about: 'sign in with the browser: prints the address to open', of: SALESFORCE },
  { flags: '--org <id>', about: 'an org that was signed in to with --web before', of: SALESFORCE },
  { flags: '--refresh-token-file <file>', about: 'the refresh token of an OAuth app', of: CRMS },
  { flags: '--jwt-key-file <file>', about: 'private key (PEM) of the app, for JWT bearer', of: SALESFORCE },
  {
    flags: '--client-secret-file <file>',
    about: 'secret of the app, for client credentials',
    of: SALESFORCE,
  },
  { flags: '--client-id <key>', about: 'consumer key of that app', of: SALESFORCE },
  { flags: '--username <user>', about: 'user that Holdfast acts as, for JWT bearer', of: SALESFORCE },
  {
    flags: '--login-url <url>',
    about: 'where to sign in, such as https://test.salesforce.com',
    of: SALESFORCE,
  },
  { flags: '--domain <url>', about: "the org's My Domain, for client credentials", of: SALESFORCE },
  {
    flags: '--webhook-secret-file <file>',
    about: 'client secret of the private app, which signs webhooks',
    of: HUBSPOT,
  },
  {
    flags: '--object <object>',
    about: 'whose records are customers: companies or contacts; Account or Contact',
    of: CRMS,
  },
  { flags: '--where <condition>', about: 'who is a customer, in SOQL', of: SALESFORCE },
  {
    flags: '--renewals <records>',
    about: 'what the agreements are: "Renewals/Active,Won" (deals); "opportunities/Closed Won", "contracts"',
    of: CRMS,
  },
  { flags: '--renewal-types <names>', about: 'types of such opportunities', of: SALESFORCE, takes: 'list' },
  { flags: '--renewal-amount <field>', about: 'field with the amount of such a record', of: SALESFORCE },
  {
    flags: '--renewal-months <n>',
    about: 'months that the amount of such a record is for (12)',
    of: CRMS,
    takes: 'months',
  },
  { flags: '--renewal-date <property>', about: 'property or field with the renewal date', of: CRMS },
  { flags: '--responsible <property>', about: 'property or field that names who gets the tasks', of: CRMS },
  { flags: '--team-role <role>', about: 'role in the account team that gets the tasks', of: SALESFORCE },
  { flags: '--fallback-owner <id>', about: 'owner who gets the tasks of records without one', of: CRMS },
  { flags: '--subscription <id>', about: 'subscription type that our e-mails belong to', of: HUBSPOT },
  { flags: '--roles <names>', about: 'job titles or roles to write to first', of: CRMS, takes: 'list' },
  {
    flags: '--sensitive <names>',
    about: 'sensitive properties or fields that may be read all the same',
    of: CRMS,
    takes: 'list',
  },
  {
    flags: '--reserve <percent>',
    about: "share of the org's daily calls that is left to its other tools (20)",
    of: SALESFORCE,
    takes: 'percent',
  },
  {
    flags: '--consent <rule>',
    about: 'who has agreed to e-mails: stated (default), or opt_out for all who did not opt out',
    of: SALESFORCE,
  },
  {
    flags: '--currency <code>',
    about: 'currency of an org that has one and does not tell which, such as EUR',
    of: SALESFORCE,
  },
  { flags: '--no-events', about: 'do not follow change events; look every five minutes', of: SALESFORCE },
]

const WORDS: Readonly<Record<Source, string>> = {
  file: 'a file',
  hubspot: 'HubSpot',
  salesforce: 'Salesforce',
}

/** As the help says it: "HubSpot, Salesforce: job titles …". */
export const describeOption = ({ about, of }: ConnectOption): string =>
  of.length === 3 ? about : `${of.map((source) => WORDS[source]).join(', ')}: ${about}`

/** What a source is connected as. */
export const sourceOf = (source: string): Source =>
  source === 'hubspot' || source === 'salesforce' ? source : 'file'

/**
 * @param given flags that were typed: `['--token-file']`
 * @throws HoldfastError `usage` naming the options that say nothing about this source
 */
export function expectOptionsOf(source: Source, given: readonly string[]): void {
  const strange = given.flatMap((flag) => {
    const found = CONNECT_OPTIONS.find(({ flags }) => flags.split(' ')[0] === flag)
    return found === undefined || found.of.includes(source) ? [] : [{ flag, of: found.of }]
  })
  if (strange.length === 0) return
  const words = strange.map(({ flag, of }) => `${flag} (of ${of.map((one) => WORDS[one]).join(' and ')})`)
  throw new HoldfastError(
    'usage',
    `To connect ${WORDS[source]} there is no ${words.join(', no ')}. Leave it out; holdfast connect --help tells what there is.`,
  )
}
