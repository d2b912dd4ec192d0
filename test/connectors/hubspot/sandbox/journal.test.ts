import {
  appendFileSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { snapshot } from '../../../../connectors/hubspot/sandbox/compaction.ts'
import { openJournal } from '../../../../connectors/sandbox/journal.ts'
import { startHubSpotSandbox, type HubSpotSandbox } from '../../../../connectors/hubspot/sandbox/server.ts'
import type { SandboxState } from '../../../../connectors/hubspot/sandbox/state.ts'
import { API_VERSION as V } from '../../../../connectors/hubspot/version.ts'
import { killedWhileWriting } from '../../killed-sandbox.ts'
import { calling } from './calling.ts'

let folder: string
let journal: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-sandbox-'))
  journal = join(folder, 'sandbox', 'journal')
})
afterEach(() => rmSync(folder, { recursive: true }))

const start = (seed?: (state: SandboxState) => void): Promise<HubSpotSandbox> =>
  startHubSpotSandbox({ clock: () => new Date('2026-11-20T09:00:00Z'), journal, ...(seed ? { seed } : {}) })

/** Everything that the portal holds, to compare. */
const all = (state: SandboxState): string => JSON.stringify([...snapshot(state.tables)])

function fill(state: SandboxState): void {
  state.addProperty('companies', 'seats', { type: 'number' })
  state.setGroup('companies', { name: 'ours', label: 'Ours', displayOrder: 1, archived: false })
  state.setRules('companies', [{ property: 'name' }])
  const ids = [1, 2, 3, 4, 5].map((seats) => state.createRecord('companies', { name: `Co ${seats}`, seats }))
  const person = state.createRecord('contacts', { email: 'a@example.com' })
  for (const id of ids) state.associate('companies', id, 'contacts', person, 280)
  state.updateRecord('companies', ids[0], { seats: 10, name: '' })
  state.archiveRecord('companies', ids[1])
  state.archiveRecord('companies', ids[2])
  state.restoreRecord('companies', ids[2])
  state.mergeRecords('companies', ids[0], ids[3], undefined, { newId: true })
  state.eraseRecord('contacts', state.createRecord('contacts', { email: 'b@example.com' }))
  state.put('subscriptions', '1', { name: 'Newsletter' })
}

it('finds the same portal again, and does not seed it twice', async () => {
  const first = await start(fill)
  const token = first.privateAppToken()
  const before = all(first.state)
  await first.close()
  const second = await start(fill)
  expect(second.privateAppToken()).toBe(token)
  expect(all(second.state)).toBe(before)
  const ids = new Set(second.state.ids('companies'))
  expect(ids.has(second.state.createRecord('companies', { name: 'Next' }))).toBe(false)
  await second.close()
})

it('says the same after it was written anew', async () => {
  const first = await start(fill)
  const before = all(first.state)
  await first.close()
  const rewritten = openJournal(journal, () => undefined)
  const entries = JSON.parse(before) as never[]
  rewritten.compact(entries)
  rewritten.append({ kind: 'document', table: 'later', key: 'k', value: 1 })
  rewritten.close()
  const second = await start()
  expect(all(second.state).replace(/,\{"kind":"document","table":"later","key":"k","value":1\}/, '')).toBe(
    before,
  )
  expect(second.state.get('later', 'k')).toBe(1)
  await second.close()
})

it('sows a portal again that was only half sown when it was killed', async () => {
  const first = await start(fill)
  await first.close()
  const lines = readFileSync(journal, 'utf8').split('\n')
  writeFileSync(journal, `${lines.slice(0, 6).join('\n')}\n`)
  const again = await start(fill)
  expect(again.state.count('companies')).toBe(3)
  expect(again.state.get('subscriptions', '1')).toEqual({ name: 'Newsletter' })
  await again.close()
})

it('writes the journal anew when it has grown too long, and answers go on', async () => {
  const sandbox = await startHubSpotSandbox({
    clock: () => new Date('2026-11-20T09:00:00Z'),
    journal,
    journalGrowth: 20,
    limits: { privateApp: Infinity },
    seed: fill,
  })
  const call = calling(sandbox, () => sandbox.privateAppToken())
  const [id] = sandbox.state.ids('companies')
  const sizes: number[] = []
  for (let n = 0; n < 80; n++) {
    await call('PATCH', `/crm/objects/${V}/companies/${id}`, { properties: { seats: n } })
    sizes.push(readFileSync(journal, 'utf8').split('\n').length)
  }
  expect(sizes.filter((size, n) => size < sizes[n - 1]).length).toBeGreaterThan(0)
  expect(Math.max(...sizes)).toBeLessThan(110)
  const before = all(sandbox.state)
  await sandbox.close()
  const again = await start()
  expect(all(again.state)).toBe(before)
  await again.close()
})

it('cuts off a line that was being written, and goes on', async () => {
  const first = await start(fill)
  first.state.put('subscriptions', '9', { name: 'Last' })
  await first.close()
  const whole = statSync(journal).size
  const lines = readFileSync(journal, 'utf8').trimEnd().split('\n')
  for (const lost of [1, 7, Buffer.byteLength(lines.at(-1)!)]) {
    const copy = readFileSync(journal)
    truncateSync(journal, whole - lost)
    const again = await start()
    expect(again.state.get('subscriptions', '9')).toBeUndefined()
    expect(again.state.get('subscriptions', '1')).toEqual({ name: 'Newsletter' })
    again.state.put('subscriptions', '2', true)
    await again.close()
    const third = await start()
    expect(third.state.get('subscriptions', '2')).toBe(true)
    await third.close()
    writeFileSync(journal, copy)
  }
})

it('says so when a line in the middle is damaged', async () => {
  const first = await start(fill)
  await first.close()
  const text = readFileSync(journal, 'utf8')
  writeFileSync(journal, text.replace('Co 3', 'Co 8'))
  await expect(start()).rejects.toThrow(/Line \d+ of the sandbox's journal .* is damaged/)
  // Damage at the very end is a line that was not finished.
  writeFileSync(journal, text)
  appendFileSync(journal, '00000000 {"kind":"nonsense"}\n')
  const again = await start()
  expect(again.state.count('companies')).toBe(3)
  await again.close()
})

it('loses nothing that was answered when it is killed', async () => {
  const server = new URL('../../../../connectors/hubspot/sandbox/server.ts', import.meta.url).href
  const answered = await killedWhileWriting(
    folder,
    `import { startHubSpotSandbox } from ${JSON.stringify(server)}
const sandbox = await startHubSpotSandbox({ clock: () => new Date(), journal: ${JSON.stringify(journal)}, limits: { privateApp: Infinity } })
process.send({ url: sandbox.url, token: sandbox.privateAppToken() })
`,
    ({ url, token }, name) =>
      fetch(`${url}/crm/objects/${V}/companies`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify({ properties: { name }, associations: [] }),
      }),
  )
  const again = await start()
  const names = new Set(again.state.ids('companies').map((id) => again.state.value('companies', id, 'name')))
  expect(answered.filter((name) => !names.has(name))).toEqual([])
  await again.close()
})
