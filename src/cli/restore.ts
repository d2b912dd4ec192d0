/** `holdfast restore` and `holdfast move`: they open the data themselves, so the server has to be stopped. */
import { readConfig, type Config } from '../config.ts'
import { askServer } from '../control/client.ts'
import { HoldfastError } from '../contracts/errors.ts'
import { openBackup } from '../store/backup.ts'
import { openDatabase } from '../store/open.ts'
import { moveDatabase, restoreBackup, schemaOfBackup } from '../store/restore.ts'
import type { CommandOptions } from './options.ts'
import { runCommand } from './run.ts'
import { many } from './terminal.ts'

export function restore(path: string, options: CommandOptions): Promise<number> {
  return runCommand(options, async (terminal) => {
    const config = readConfig()
    await expectNoServer(config)
    const backup = await openBackup(path)
    const schema = schemaOfBackup(backup)
    const place = { url: config.databaseUrl, folder: config.data }
    // Set up as it was when the backup was made, then brought up to this version.
    const database = await openDatabase({ ...place, schema })
    try {
      const { rows, uncertain } = await restoreBackup(database, backup, { at: new Date() })
      terminal.print(
        `${many(rows, 'row')} restored from the backup of ${backup.head.at.slice(0, 16).replace('T', ' ')} UTC.`,
      )
      if (uncertain > 0)
        terminal.warn(
          `${many(uncertain, 'intervention was', 'interventions were')} on the way when the backup was made. What was carried out since cannot be said: all of it is marked uncertain in the outbox, and never sent again by itself.`,
        )
      terminal.warn(
        'People who were erased since the backup was made are back: erase them again before you resume.',
      )
      terminal.warn('Everything is paused until you have looked: start the server, then "holdfast resume".')
      return { rows, uncertain, backup: backup.head.at }
    } finally {
      await database.close()
      await (await openDatabase(place)).close()
    }
  })
}

export function move(options: CommandOptions & { readonly to: string }): Promise<number> {
  return runCommand(options, async (terminal) => {
    const config = readConfig()
    if (config.databaseUrl !== null)
      throw new HoldfastError(
        'usage',
        'DATABASE_URL is set, so there is no embedded database to move. Unset it, and name the new place with --to.',
      )
    const { databaseUrl } = inTermsOfTo(() => readConfig({ DATABASE_URL: options.to }))
    await expectNoServer(config)
    const from = await openDatabase({ url: null, folder: config.data })
    try {
      const to = await openDatabase({ url: databaseUrl, folder: null }).catch((cause: unknown) =>
        inTermsOfTo(() => {
          throw cause
        }),
      )
      try {
        const shown = withoutPassword(options.to)
        const { rows, tables } = await moveDatabase(from, to, { to: shown })
        terminal.print(`${many(rows, 'row')} moved to ${shown}, the same count in every table.`)
        terminal.warn(
          `Set DATABASE_URL to the new address and start. Keep master.key in ${config.data}, or set HOLDFAST_MASTER_KEY to its content. The old database is paused and stays as it was.`,
        )
        return { rows, tables, to: shown }
      } finally {
        await to.close()
      }
    } finally {
      await from.close()
    }
  })
}

/** The address was given as an option: a message that sends people to an environment variable sends them astray. */
function inTermsOfTo<T>(work: () => T): T {
  try {
    return work()
  } catch (cause) {
    if (!(cause instanceof HoldfastError)) throw cause
    const message = cause.message
      .replace('The environment variable DATABASE_URL', '--to')
      .replaceAll('DATABASE_URL', '--to')
    throw new HoldfastError(cause.code, message, { cause, retryable: cause.retryable })
  }
}

export async function expectNoServer({ data }: Config): Promise<void> {
  const answer = await askServer(data, 'ping', {}).catch(() => ({}))
  if (answer !== null)
    throw new HoldfastError(
      'database_locked',
      'A server runs on this data. Stop it first; it is started again afterwards.',
    )
}

function withoutPassword(address: string): string {
  const url = new URL(address)
  url.password = ''
  return url.href
}
