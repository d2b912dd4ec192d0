/**
 * Commands on an installation: the server that holds its data does them; where none runs, the command opens the data
 * itself and does the same.
 */
import { destination } from 'pino'
import { readConfig } from '../config.ts'
import { askServer } from '../control/client.ts'
import { serviceCommands } from '../control/commands.ts'
import type { Report } from '../control/protocol.ts'
import { systemClock } from '../contracts/clock.ts'
import { HoldfastError } from '../contracts/errors.ts'
import { openLog } from '../log.ts'
import { openService, startServiceQueue } from '../service.ts'
import { inOrder } from './process.ts'
import type { Terminal } from './terminal.ts'

/** Commands whose work the queue does. */
const QUEUED = new Set(['sync', 'run'])

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
  return inOrder(async (signal) => {
    const log = openLog({
      level: config.logLevel === 'info' ? 'error' : config.logLevel,
      destination: destination(2),
    })
    const alone = config.databaseUrl === null
    const service = await openService({ config, clock: systemClock, log, alone })
    try {
      const queue = QUEUED.has(command) ? await startServiceQueue(service, 'all') : null
      try {
        const commands = serviceCommands(service, () => queue?.wake())
        return await commands[command](options, { report, signal })
      } catch (cause) {
        if (!signal.aborted) throw cause
        throw new HoldfastError('usage', 'Stopped. What was begun goes on with the next run.', { cause })
      } finally {
        await queue?.drain()
      }
    } finally {
      await service.close()
    }
  })
}

function reporter(terminal: Terminal): (report: Report) => void {
  return (report) => {
    if (typeof report === 'string') terminal.note(report)
    else if (report.total !== null) terminal.progress(report.label, report.done, report.total)
  }
}
