/** A command's own look at the data of an installation, where no server holds it. */
import { destination } from 'pino'
import type { Config } from '../config.ts'
import { serviceCommands } from '../control/commands.ts'
import type { Report } from '../control/protocol.ts'
import { systemClock } from '../contracts/clock.ts'
import { HoldfastError } from '../contracts/errors.ts'
import { openLog } from '../log.ts'
import { openService, startServiceQueue } from '../service.ts'
import { inOrder } from './process.ts'

/** Commands whose work the queue does. */
const QUEUED = new Set(['sync', 'run'])

export function commandAlone(
  config: Config,
  command: string,
  options: Readonly<Record<string, unknown>>,
  report: (report: Report) => void,
): Promise<Readonly<Record<string, unknown>>> {
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
