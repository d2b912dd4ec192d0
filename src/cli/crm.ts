/** Commands on CRMs: `connect hubspot`, `connect salesforce`, `disconnect`, `sandbox month`. */
import { readFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import { HoldfastError } from '../contracts/errors.ts'
import type { CommandOptions } from './options.ts'
import { runCommand } from './run.ts'
import { serviceCommand } from './service-command.ts'
import { count, many, type Terminal } from './terminal.ts'

export interface ConnectHubSpotOptions extends CommandOptions {
  readonly company?: string
  readonly name?: string
  readonly customers?: string
  /** Files; `-` is standard input. */
  readonly tokenFile?: string
  readonly refreshTokenFile?: string
  readonly webhookSecretFile?: string
  readonly object?: string
  readonly renewals?: string
  readonly renewalMonths?: number
  readonly renewalDate?: string
  readonly responsible?: string
  readonly fallbackOwner?: string
  readonly subscription?: string
  readonly roles?: readonly string[]
  readonly sensitive?: readonly string[]
}

interface Connected {
  readonly company: string
  readonly connection: string
  readonly reconnected?: boolean
  /** It worked all the time, and is set up in another way from now on. */
  readonly changed?: boolean
  /** Of one that is signed in to again: only where it changed. */
  readonly population?: unknown
  readonly customers: number
  readonly records: number
  readonly test: boolean
  /** That the settings of the company were set to; null: they stay as they are. */
  readonly currency: string | null
  readonly provisioned: { readonly created: number; readonly changed: number }
  readonly warnings: readonly string[]
}

/** `holdfast connect hubspot`: a token comes from a file or over standard input, so that no list of processes or history shows it. */
export function connectHubSpot({
  tokenFile,
  refreshTokenFile,
  webhookSecretFile,
  json,
  quiet,
  threads: _threads,
  ...said
}: ConnectHubSpotOptions): Promise<number> {
  return runCommand({ json: json ?? false, quiet: quiet ?? false }, async (terminal) => {
    const asked = {
      ...said,
      token: await secretIn(tokenFile, 'the token'),
      refreshToken: await secretIn(refreshTokenFile, 'the refresh token'),
      webhookSecret: await secretIn(webhookSecretFile, 'the webhook secret'),
    }
    return connected(await serviceCommand('connect-hubspot', given(asked), terminal), terminal, 'HubSpot')
  })
}

export interface ConnectSalesforceOptions extends CommandOptions {
  readonly web?: boolean
  readonly org?: string
  /** Files; `-` is standard input. */
  readonly refreshTokenFile?: string
  readonly jwtKeyFile?: string
  readonly clientSecretFile?: string
  /** The same as `loginUrl`, as people know it who sign in with a secret. */
  readonly domain?: string
  readonly loginUrl?: string
  /** Default true; commander's way of `--no-events`. */
  readonly events?: boolean
  readonly [option: string]: unknown
}

/** `holdfast connect salesforce`: what is secret comes from a file or over standard input, as of `connect hubspot`. */
export function connectSalesforce({
  refreshTokenFile,
  jwtKeyFile,
  clientSecretFile,
  domain,
  events,
  json,
  quiet,
  threads: _threads,
  ...said
}: ConnectSalesforceOptions): Promise<number> {
  return runCommand({ json: json ?? false, quiet: quiet ?? false }, async (terminal) => {
    if (said.web === true && quiet === true)
      throw new HoldfastError('usage', '--web prints an address to open: leave --quiet out.')
    const asked = {
      ...said,
      loginUrl: domain ?? said.loginUrl,
      refreshToken: await secretIn(refreshTokenFile, 'the refresh token'),
      jwtKey: await secretIn(jwtKeyFile, 'the private key', 'lines'),
      clientSecret: await secretIn(clientSecretFile, 'the secret'),
      ...(events === false ? { events } : {}),
    }
    return connected(
      await serviceCommand('connect-salesforce', given(asked), terminal),
      terminal,
      'Salesforce',
    )
  })
}

/** What a person is told once it is connected, or signed in to again. */
function connected(
  answer: Readonly<Record<string, unknown>>,
  terminal: Terminal,
  crm: string,
): Readonly<Record<string, unknown>> {
  const made = answer as unknown as Connected
  if (made.reconnected === true) {
    terminal.print(
      made.changed === true
        ? `"${made.connection}" of ${made.company} is set up anew, as you said; everything else about it stays.`
        : `"${made.connection}" of ${made.company} is signed in again; it goes on where it stopped.`,
    )
    if (made.population !== undefined)
      terminal.print(
        `Its customers are others from now on: ${count(made.customers)} of them. It is read anew for them; who is no longer one is written back as left.`,
      )
    for (const warning of made.warnings) terminal.warn(warning)
    return answer
  }
  terminal.print(
    `"${made.connection}" is connected to ${made.company}: ${many(made.customers, 'customer')} among ${many(made.records, 'record')}.`,
  )
  if (made.provisioned.created > 0)
    terminal.print(`${count(made.provisioned.created)} fields and groups were made in ${crm} for our scores.`)
  if (made.currency !== null)
    terminal.print(
      `Amounts are reckoned in ${made.currency}, the currency of the ${crm === 'Salesforce' ? 'org' : 'account'} (setting currency.file); nobody had set another.`,
    )
  for (const warning of made.warnings) terminal.warn(warning)
  if (made.test)
    terminal.note('A test account: scores are written there, and nothing is ever sent for its records.')
  terminal.note(
    'Customers are synced, scored and shown. Nothing is sent to anybody before "holdfast activate".',
  )
  return answer
}

/** @param holds one word, or the lines of a PEM file */
async function secretIn(
  file: string | undefined,
  what: string,
  holds: 'word' | 'lines' = 'word',
): Promise<string | undefined> {
  if (file === undefined) return undefined
  const read =
    file === '-'
      ? await text(process.stdin)
      : await readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
          throw new HoldfastError(
            'input_missing',
            `${file}, which ${what} should be in, cannot be read (${cause.code}).`,
            { cause },
          )
        })
  const secret = read.trim()
  if (secret === '')
    throw new HoldfastError('input_empty', `There is nothing in ${file}, where ${what} should be.`)
  if (holds === 'word' && /\s/.test(secret))
    throw new HoldfastError('input_format', `${file} holds more than ${what}: it should be its only content.`)
  return secret
}

/** `holdfast disconnect <connection> [--erase --confirm <name>]`. */
export function disconnect(
  connection: string,
  options: CommandOptions & {
    readonly company?: string
    readonly erase?: boolean
    readonly confirm?: string
  },
): Promise<number> {
  return runCommand(options, async (terminal) => {
    const { company, erase, confirm } = options
    const done = await serviceCommand('disconnect', given({ company, connection, erase, confirm }), terminal)
    const erasing = done['erasing'] === true
    terminal.print(
      `"${String(done['connection'])}" is disconnected: nothing is read or written any more, and what was scored is ${erasing ? 'being erased' : 'kept'}.`,
    )
    if (erasing)
      terminal.note(
        'It goes on by itself, also after a restart; the page of the connection says how far it is. What was written to the CRM stays there.',
      )
    else if (done['forgotten'] === true)
      terminal.note(
        'The sign-in to the account was forgotten. Connecting it again goes on with the same customers.',
      )
    return done
  })
}

/** `holdfast sandbox month [n]`. */
export function sandboxMonths(
  months: number,
  options: CommandOptions & { readonly crm?: string },
): Promise<number> {
  return runCommand(options, async (terminal) => {
    const done = await serviceCommand('sandbox', given({ months, crm: options.crm }), terminal)
    for (const { sandbox, date } of done['sandboxes'] as readonly { sandbox: string; date: string }[])
      terminal.print(
        `${months === 1 ? 'A month has' : `${count(months)} months have`} passed in the ${sandbox}; it is ${date} there.`,
      )
    return done
  })
}

function given(values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined))
}
