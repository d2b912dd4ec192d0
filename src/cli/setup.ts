/** Commands that set an installation up: `company`, `connect`, `settings`, `secret`, `activate`. */
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import { HoldfastError } from '../contracts/errors.ts'
import type { DeliverySettings } from '../settings/automation.ts'
import type { CommandOptions } from './options.ts'
import { runCommand } from './run.ts'
import { serviceCommand } from './service-command.ts'

interface OfCompany extends CommandOptions {
  readonly company?: string
}

/** `holdfast company <name>`. */
export function company(name: string, options: CommandOptions): Promise<number> {
  return runCommand(options, async (terminal) => {
    const made = await serviceCommand('company', { name }, terminal)
    terminal.print(`The company "${name}" is there, apart from every other.`)
    terminal.note(
      `Next: holdfast connect <file> --company "${name}", connect hubspot --token-file <file>, or connect salesforce --web`,
    )
    return made
  })
}

/** `holdfast connect <file>`. */
export function connect(
  path: string,
  options: OfCompany & { readonly name?: string; readonly customers?: string; readonly columns?: string },
): Promise<number> {
  return runCommand(options, async (terminal) => {
    const made = await serviceCommand(
      'connect',
      given({
        company: options.company,
        path: resolve(path),
        name: options.name,
        customers: options.customers,
        columns: options.columns === undefined ? undefined : parseColumns(options.columns),
      }),
      terminal,
    )
    terminal.print(`"${String(made['connection'])}" is connected to ${String(made['company'])}.`)
    terminal.note(
      'Customers are synced, scored and shown. Nothing is sent to anybody before "holdfast activate".',
    )
    return made
  })
}

/** What `--columns` may name, by the key of the connection. */
const COLUMNS = [
  'id',
  'name',
  'email',
  'phone',
  'language',
  'zone',
  'country',
  'parent',
  'responsible',
].concat(['responsibleEmail', 'emailConsent', 'smsConsent', 'callConsent'])

/**
 * @throws HoldfastError `usage`
 * @example
 * parseColumns('id=Nr,email=E-Mail') // { idColumn: 'Nr', emailColumn: 'E-Mail' }
 */
export function parseColumns(said: string): Readonly<Record<string, string>> {
  const pairs = said.split(',').map((pair): [string, string] => {
    const [name, header] = pair.split(/=(.*)/s).map((part) => part.trim())
    if (COLUMNS.includes(name) && header !== undefined && header !== '') return [`${name}Column`, header]
    throw new HoldfastError(
      'usage',
      `--columns takes names and headers such as "id=Nr,email=E-Mail", not "${pair}". Names: ${COLUMNS.join(', ')}.`,
    )
  })
  return Object.fromEntries(pairs)
}

/** `holdfast settings [file]`: shows them, or saves what the file holds. */
export function settings(path: string | undefined, options: OfCompany): Promise<number> {
  return runCommand(options, async (terminal) => {
    const wanted = path === undefined ? undefined : await settingsFile(path)
    const saved = await serviceCommand(
      'settings',
      given({ company: options.company, settings: wanted }),
      terminal,
    )
    if (path === undefined) terminal.print(JSON.stringify(saved['settings'], null, 2))
    else
      terminal.print(
        `${String(saved['company'])}: saved as version ${String(saved['version'])}; in force from the next step on.`,
      )
    return saved
  })
}

/** `holdfast secret <name>`: the value comes over standard input, so that no list of processes or history shows it. */
export function secret(name: string, options: OfCompany): Promise<number> {
  return runCommand(options, async (terminal) => {
    if (process.stdin.isTTY) terminal.note(`Type the value of ${name}, then Enter and Ctrl-D:`)
    const value = (await text(process.stdin)).replace(/\r?\n$/, '')
    if (value === '')
      throw new HoldfastError('usage', `Nothing came over standard input: holdfast secret ${name} < file`)
    const done = await serviceCommand('secret', given({ company: options.company, name, value }), terminal)
    terminal.print(`${String(done['company'])}: ${name} is sealed in the vault.`)
    return done
  })
}

/** `holdfast activate`. */
export function activate(options: OfCompany): Promise<number> {
  return runCommand(options, async (terminal) => {
    const done = await serviceCommand('activate', given({ company: options.company }), terminal)
    terminal.print(`${String(done['company'])}: decisions become interventions from now on.`)
    terminal.note(deliveryWords(String(done['delivery'])))
    terminal.note(String(done['groups']))
    terminal.note(
      'Who was decided on before keeps the suggestion for this period; actions for them begin with the next one. "holdfast doctor" says what is missing.',
    )
    return done
  })
}

type Mode = DeliverySettings['mode']

/**
 * Whom things reach once actions are on.
 *
 * @param mode `delivery.mode` of the settings
 * @example
 * deliveryWords('live') // 'E-mails and texts reach customers …'
 */
export const deliveryWords = (mode: string): string => DELIVERY_WORDS[mode as Mode] ?? ''

const DELIVERY_WORDS: Readonly<Record<Mode, string>> = {
  off: 'Actions are switched off in the settings (delivery.mode), so none is carried out.',
  dry_run:
    'It is a dry run (delivery.mode): what would be sent is recorded, can be looked at, and goes to nobody.',
  sandbox:
    'E-mails and texts reach the sandboxes on this machine, tasks the CRM sandboxes there, and nobody else (delivery.mode).',
  test_list:
    'E-mails and texts reach those of delivery.testList and delivery.testNumbers and nobody else. Calls and offers become tasks for the owners in the CRM, unless it is a test account.',
  live: 'E-mails and texts reach customers (delivery.mode), calls and offers become tasks for the owners in the CRM, unless it is a test account. "holdfast preview" says what today’s would be.',
}

async function settingsFile(path: string): Promise<unknown> {
  const read = await readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw new HoldfastError('input_missing', `${path} cannot be read (${cause.code}).`, { cause })
  })
  try {
    return JSON.parse(read)
  } catch (cause) {
    throw new HoldfastError(
      'settings_invalid',
      `${path} is not JSON: ${(cause as Error).message}. Nothing was saved.`,
      { cause },
    )
  }
}

function given(values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined))
}
