/** `holdfast serve`: what `npm start` runs. */
import { once } from 'node:events'
import { destination } from 'pino'
import { readConfig } from '../config.ts'
import { systemClock } from '../contracts/clock.ts'
import { HoldfastError } from '../contracts/errors.ts'
import { openLog } from '../log.ts'
import { serve as start } from '../main.ts'
import type { QueueRole } from '../queue/service.ts'
import type { CommandOptions } from './options.ts'
import { inOrder } from './process.ts'
import { runCommand } from './run.ts'

const ROLES: readonly QueueRole[] = ['all', 'web', 'worker', 'scheduler']

export function serve(options: CommandOptions & { readonly role: string }): Promise<number> {
  return runCommand(options, (terminal) =>
    inOrder(async (signal) => {
      const role = ROLES.find((one) => one === options.role)
      if (role === undefined)
        throw new HoldfastError('usage', `--role takes ${ROLES.join(', ')}, not "${options.role}".`)
      const config = readConfig()
      // Standard output is for people; the log goes beside it, a JSON object a line.
      const log = openLog({ level: config.logLevel, destination: destination({ dest: 2, sync: false }) })
      const running = await start({
        config: options.threads === undefined ? config : { ...config, threads: options.threads },
        role,
        clock: systemClock,
        log,
      })
      if (running.url === null) terminal.print(`Holdfast works as ${role}.`)
      else {
        terminal.print(`Holdfast is at ${terminal.style('bold', running.url)}`)
        terminal.print(`Sign in (once, within 15 minutes): ${running.signIn}`)
        if (running.first)
          terminal.print(
            config.databaseUrl === null || role === 'all'
              ? 'A sample company is being synced from a HubSpot sandbox on this machine, scored and decided on; its mails and tasks reach nobody. A second one, from a Salesforce sandbox, follows once the first is done: switch to it at the bottom of the menu.'
              : 'A sample company is being read from a file, scored and decided on; its mails reach nobody.',
          )
      }
      terminal.print(`Data: ${config.databaseUrl === null ? config.data : 'PostgreSQL (DATABASE_URL)'}`)
      if (!signal.aborted) await once(signal, 'abort')
      terminal.note('Ending: what runs is brought to an end. Once more ends it at once.')
      await running.close()
      return { ended: true }
    }),
  )
}
