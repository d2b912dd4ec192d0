/**
 * Commands on an installation: the server that holds its data does them; where none runs, the command opens the data
 * itself and does the same.
 */
import { readConfig } from '../config.ts'
import { askServer } from '../control/client.ts'
import type { Report } from '../control/protocol.ts'
import type { Terminal } from './terminal.ts'

/**
 * @returns what the command gave
 * @throws HoldfastError what it was refused with
 * @example
 * const { path, rows } = await serviceCommand('backup', { path }, terminal)
 */
export async function serviceCommand(
  command: string,
  options: Readonly<Record<string, unknown>>,
  terminal: Terminal,
): Promise<Readonly<Record<string, unknown>>> {
  const config = readConfig()
  const report = reporter(terminal)
  const asked = await askServer(config.data, command, options, report)
  if (asked !== null) return asked
  // The whole of the service takes a second to load: not for a command that somebody else carries out.
  const { commandAlone } = await import('./alone.ts')
  return commandAlone(config, command, options, report)
}

function reporter(terminal: Terminal): (report: Report) => void {
  return (report) => {
    if (typeof report === 'string') terminal.note(report)
    else if (report.total !== null) terminal.progress(report.label, report.done, report.total)
  }
}
