import { mkdtempSync, readFileSync, rmSync, statSync, truncateSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { snapshot } from '../../../../connectors/salesforce/sandbox/compaction.ts'
import {
  startSalesforceSandbox,
  type SalesforceSandbox,
  type SalesforceSandboxOptions,
} from '../../../../connectors/salesforce/sandbox/server.ts'
import type { SalesforceState } from '../../../../connectors/salesforce/sandbox/state.ts'
import { killedWhileWriting } from '../../killed-sandbox.ts'
import { BASE } from './opened.ts'

let folder: string
let journal: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-sandbox-'))
  journal = join(folder, 'org', 'journal')
})
afterEach(() => rmSync(folder, { recursive: true }))

const start = (options: Partial<SalesforceSandboxOptions> = {}): Promise<SalesforceSandbox> =>
  startSalesforceSandbox({
    clock: () => new Date('2026-11-20T09:00:00Z'),
    journal,
    personAccounts: true,
    ...options,
  })

/** Everything that the org holds, to compare. */
const all = (state: SalesforceState): string[] =>
  [...snapshot(state.tables)].map((entry) => JSON.stringify(entry)).toSorted()

function fill(state: SalesforceState): void {
  state.define('Account', 'Plan__c', { trackHistory: true })
  state.setAccess('Account', 'Phone', { readable: false })
  state.removeField('Account', 'Jigsaw')
  const ids = [1, 2, 3, 4, 5].map((n) => state.createRecord('Account', { Name: `Co ${n}`, Plan__c: 'team' }))
  const person = state.createRecord('Account', { LastName: 'Doe', PersonEmail: 'jo@example.com' })
  state.updateRecord('Account', ids[0], { Plan__c: 'business' })
  state.updateRecord('Account', person, { FirstName: 'Jo' })
  state.deleteRecord('Account', ids[1])
  state.deleteRecord('Account', ids[2])
  state.undelete('Account', ids[2])
  state.mergeRecords('Account', ids[0], [ids[3]])
  state.purge('Account', ids[4])
  state.addValidationRule('Account', { when: "Name = 'x'", message: 'No.' })
  state.hide('Account', ids[2])
}

it('finds the same org again, with its sessions, and does not seed it twice', async () => {
  const first = await start({ seed: fill })
  const { accessToken, refreshToken } = first.authorize()
  const before = all(first.state)
  await first.close()
  const second = await start({ seed: fill })
  expect(all(second.state)).toEqual(before)
  expect(second.isGoodSession(accessToken)).toBe(true)
  expect(second.authorize().refreshToken).not.toBe(refreshToken)
  expect(
    second.state.record('Account', second.state.createRecord('Account', { Name: 'Next' }))?.values.Name,
  ).toBe('Next')
  await second.close()
})

it('says the same after its journal was written anew, and cuts off a line that was not finished', async () => {
  const sandbox = await start({ seed: fill, journalGrowth: 20 })
  const { accessToken } = sandbox.authorize()
  const [id] = sandbox.state.ids('Account')
  const sizes: number[] = []
  for (let n = 0; n < 150; n++) {
    const headers = { authorization: `Bearer ${accessToken}`, 'content-type': 'application/json' }
    const body = JSON.stringify({ Site: `s${n}` })
    await fetch(`${sandbox.url}${BASE}/sobjects/Account/${id}`, { method: 'PATCH', headers, body })
    sizes.push(readFileSync(journal, 'utf8').split('\n').length)
  }
  expect(sizes.some((size, n) => size < sizes[n - 1])).toBe(true)
  const before = all(sandbox.state)
  await sandbox.close()
  const again = await start()
  expect(all(again.state)).toEqual(before)
  again.state.put('later', 'k', 1)
  await again.close()
  truncateSync(journal, statSync(journal).size - 3)
  const third = await start()
  expect(third.state.get('later', 'k')).toBeUndefined()
  expect(all(third.state)).toEqual(before)
  await third.close()
})

it('loses nothing that was answered when it is killed', async () => {
  const server = new URL('../../../../connectors/salesforce/sandbox/server.ts', import.meta.url).href
  const answered = await killedWhileWriting(
    folder,
    `import { startSalesforceSandbox } from ${JSON.stringify(server)}
const sandbox = await startSalesforceSandbox({ clock: () => new Date(), journal: ${JSON.stringify(journal)}, personAccounts: true })
process.send({ url: sandbox.url, token: sandbox.authorize().accessToken })
`,
    ({ url, token }, Name) =>
      fetch(`${url}${BASE}/sobjects/Account`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify({ Name }),
      }),
  )
  const again = await start({ seed: fill })
  const names = new Set([...again.state.records('Account')].map(({ values }) => values.Name))
  expect(answered.filter((name) => !names.has(name))).toEqual([])
  await again.close()
})
