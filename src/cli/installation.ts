/** Commands on an installation that are asked and answered: `sync`, `run`, `doctor`, `backup`, `sign-in`, `key`, … */
import { resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import type { CheckGroup } from '../doctor/doctor.ts'
import { EXIT, HoldfastError } from '../contracts/errors.ts'
import type { CommandOptions } from './options.ts'
import { runCommand } from './run.ts'
import { serviceCommand } from './service-command.ts'
import { count, many, type Terminal } from './terminal.ts'

interface PassResult {
  readonly connections: readonly {
    readonly company: string
    readonly connection: string
    readonly steps: Readonly<Record<string, Readonly<Record<string, number>>>>
  }[]
}

/** `holdfast sync` and `holdfast run`. */
export function passCommand(
  command: 'sync' | 'run',
  options: CommandOptions & { readonly connection?: string },
): Promise<number> {
  return runCommand(options, async (terminal) => {
    const asked = options.connection === undefined ? {} : { connection: options.connection }
    const result = await serviceCommand(command, asked, terminal)
    const { connections } = result as unknown as PassResult
    if (connections.length === 0) terminal.print('There is no connection to work on.')
    for (const { company, connection, steps } of connections) {
      terminal.print(`${company}, ${connection}`)
      for (const [step, counts] of Object.entries(steps))
        terminal.print(`  ${step.replace('_', ' ').padEnd(11)} ${countsInWords(counts)}`)
    }
    return result
  })
}

function countsInWords(counts: Readonly<Record<string, number>>): string {
  const told = Object.entries(counts).filter(([, done]) => done > 0)
  if (told.length === 0) return 'nothing to do'
  return told.map(([name, done]) => `${count(done)} ${name.replaceAll('_', ' ')}`).join(', ')
}

const MARKS = { ok: 'ok', off: 'off', warning: 'look', failed: 'FAILED' } as const
const STYLES = { ok: 'green', off: 'dim', warning: 'yellow', failed: 'red' } as const

/** `holdfast doctor`: exit code 7 when anything does not work. */
export async function doctor(options: CommandOptions): Promise<number> {
  let ok = true
  const code = await runCommand(options, async (terminal) => {
    const result = await serviceCommand('doctor', {}, terminal)
    const { groups } = result as unknown as { readonly groups: readonly CheckGroup[] }
    ok = result['ok'] === true
    printGroups(terminal, groups)
    return result
  })
  return code === EXIT.ok && !ok ? EXIT.service : code
}

function printGroups(terminal: Terminal, groups: readonly CheckGroup[]): void {
  for (const { name, checks } of groups) {
    terminal.print(terminal.style('bold', name))
    for (const check of checks) {
      const mark = terminal.style(STYLES[check.status], MARKS[check.status].padEnd(6))
      const named = check.name === name ? '' : `${check.name}: `
      terminal.print(`  ${mark}  ${named}${check.message}`)
    }
  }
}

/** `holdfast backup <file>`. */
export function backup(path: string, options: CommandOptions): Promise<number> {
  return runCommand(options, async (terminal) => {
    const result = await serviceCommand('backup', { path: resolve(path) }, terminal)
    const { rows, bytes } = result as { rows: number; bytes: number }
    terminal.print(`${many(rows, 'row')} in ${path} (${(bytes / 2 ** 20).toFixed(1)} MB).`)
    terminal.warn(
      'Secrets in it stay sealed: keep the master key (master.key in the data folder, or HOLDFAST_MASTER_KEY) in another place. Without it every connection has to be signed in to again.',
    )
    return result
  })
}

/** `holdfast sign-in`. */
export function signIn(
  options: CommandOptions & { readonly company?: string; readonly role?: string },
): Promise<number> {
  return runCommand(options, async (terminal) => {
    const result = await serviceCommand(
      'sign-in',
      given({ company: options.company, role: options.role }),
      terminal,
    )
    terminal.print(`${String(result['link'])}`)
    terminal.note(`It signs in to ${String(result['company'])}, once, within 15 minutes.`)
    return result
  })
}

/** `holdfast password`: it comes over standard input, so that no list of processes or history shows it. */
export function password(options: CommandOptions & { readonly remove?: boolean }): Promise<number> {
  return runCommand(options, async (terminal) => {
    const removes = options.remove === true
    if (!removes && process.stdin.isTTY)
      terminal.note('Type the password (15 characters at least), then Enter and Ctrl-D:')
    const given = removes ? null : (await text(process.stdin)).replace(/\r?\n$/, '')
    if (given === '')
      throw new HoldfastError('usage', 'Nothing came over standard input: holdfast password < file')
    const done = await serviceCommand('password', { password: given }, terminal)
    terminal.print(removes ? 'There is no local password any more.' : 'The local password is set.')
    terminal.note(
      removes
        ? 'Sessions that began with it are over.'
        : `It signs in as admin of every company, at ${String(done['page'])}. Sessions that began with one before are over.`,
    )
    return done
  })
}

/** `holdfast key <name>`. */
export function key(
  name: string,
  options: CommandOptions & { readonly company?: string; readonly scopes: readonly string[] },
): Promise<number> {
  return runCommand(options, async (terminal) => {
    if (options.scopes.length === 0)
      throw new HoldfastError('usage', 'A key needs at least one scope: --scopes score,read.')
    const result = await serviceCommand(
      'key',
      given({ company: options.company, name, scopes: options.scopes }),
      terminal,
    )
    terminal.print(String(result['key']))
    terminal.note(
      `A key for ${String(result['company'])}, shown this once. Programs send it as: Authorization: Bearer <key>`,
    )
    return result
  })
}

function given(values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined))
}
