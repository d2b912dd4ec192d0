/** `holdfast rekey`: another master key. It opens the data itself, so every server has to be stopped. */
import { randomBytes } from 'node:crypto'
import { rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readConfig } from '../config.ts'
import { loadMasterKey } from '../security/master-key.ts'
import { rewrapDataKeys } from '../security/vault.ts'
import { openDatabase } from '../store/open.ts'
import type { CommandOptions } from './options.ts'
import { expectNoServer } from './restore.ts'
import { runCommand } from './run.ts'

export function rekey(options: CommandOptions): Promise<number> {
  return runCommand(options, async (terminal) => {
    const config = readConfig()
    await expectNoServer(config)
    const database = await openDatabase({ url: config.databaseUrl, folder: config.data })
    try {
      const from = await loadMasterKey({ config, database })
      const to = randomBytes(32)
      const path = join(config.data, 'master.key')
      const next = `${path}.next`
      // The new key is on the disk before anything needs it: a death in between leaves both.
      await writeFile(next, `${to.toString('base64')}\n`, { mode: 0o600, flush: true })
      const keys = await database.asSystem('another master key', (tx) => rewrapDataKeys(tx, { from, to }))
      if (config.masterKey === null) {
        await rename(next, path)
        terminal.print(`The new master key is in ${path}. Keep a copy of it in another place.`)
      } else {
        terminal.print(
          `The new master key is in ${next}. Set HOLDFAST_MASTER_KEY to its content, then delete the file.`,
        )
      }
      terminal.warn('Backups that were made before still need the old key.')
      return { dataKeys: keys }
    } finally {
      await database.close()
    }
  })
}
