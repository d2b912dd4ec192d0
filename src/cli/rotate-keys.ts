/** `holdfast rotate-keys`: new data keys, while everything runs. */
import type { CommandOptions } from './options.ts'
import { runCommand } from './run.ts'
import { serviceCommand } from './service-command.ts'
import { many } from './terminal.ts'

/** @example await rotateKeys({}) */
export function rotateKeys(options: CommandOptions): Promise<number> {
  return runCommand(options, async (terminal) => {
    const done = await serviceCommand('rotate-keys', {}, terminal)
    const { companies, secrets } = done as unknown as { companies: number; secrets: number }
    terminal.print(
      `${many(companies, 'company has', 'companies have')} a new data key; ${many(secrets, 'secret was', 'secrets were')} sealed anew.`,
    )
    return done
  })
}
