import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { openBackup, writeBackup } from '../../src/store/backup.ts'
import { countRows } from '../../src/store/portable.ts'
import { restoreBackup } from '../../src/store/restore.ts'
import { currentSettings, saveSettings } from '../../src/store/settings-versions.ts'
import { addConnection, addTenant, databaseKind, openTestDatabase } from '../support/database.ts'
import { addCustomer, addIntervention } from '../support/ledger.ts'

const folder = mkdtempSync(join(tmpdir(), 'holdfast-own-actions-'))
afterAll(() => rmSync(folder, { recursive: true }))
const at = new Date('2026-11-20T08:00:00Z')

it(`a backup of a company with beliefs of its own can be restored, and nothing happens by loading it (${databaseKind})`, async () => {
  const source = await openTestDatabase()
  const target = await openTestDatabase()
  try {
    const tenant = await addTenant(source, 'Acme')
    const connection = await addConnection(source, tenant)
    const customer = await addCustomer(source, { tenant, connection })
    await addIntervention(
      source,
      { tenant, connection, customer },
      { channel: 'task', state: 'awaiting_approval' },
    )
    await source.withTenant(tenant, async (tx) => {
      const { version } = await currentSettings(tx)
      await saveSettings(
        tx,
        { actions: { effects: { email: { mean: 0.04, sd: 0.03 } } } },
        { expected: version, author: 'test' },
      )
      await tx.query(`update interventions set awaiting_since = now() - interval '3 days'`)
    })
    const path = join(folder, 'one.gz')
    await writeBackup(source, path, { at })
    await restoreBackup(target, await openBackup(path), { at })
    const rows = (database: typeof source) =>
      database.asSystem('a test', async (tx) => ({
        counts: await countRows(tx),
        awaiting: await tx.query('select awaiting_since from interventions'),
        steps: await tx.query('select step, cause, due_at from steps order by step'),
      }))
    const [before, after] = [await rows(source), await rows(target)]
    expect(before.counts['steps']).toBeGreaterThan(0)
    expect(after).toEqual(before)
  } finally {
    await source.close()
    await target.close()
  }
})
