import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startSalesforceSandbox, type SalesforceSandbox } from '../../connectors/salesforce/sandbox/server.ts'

const NODE = process.execPath
let folder: string
let sandbox: SalesforceSandbox
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-home-'))
  for (const name of ['home', 'work', 'tmp']) mkdirSync(join(folder, name))
  sandbox = await startSalesforceSandbox({
    clock: () => new Date(),
    seed: (state) => {
      for (let at = 0; at < 50; at++) state.createRecord('Account', { Name: `Acme ${at}` })
    },
  })
})
afterEach(async () => {
  await sandbox.close()
  rmSync(folder, { recursive: true, force: true })
})

/** Runs a script with folders of its own for everything that programs leave things in. */
async function run(args: readonly string[]): Promise<string> {
  const home = join(folder, 'home')
  const env = {
    PATH: process.env['PATH'] ?? '',
    HOME: home,
    USERPROFILE: home,
    TMPDIR: join(folder, 'tmp'),
    XDG_CONFIG_HOME: join(home, 'config'),
    XDG_DATA_HOME: join(home, 'data'),
    XDG_CACHE_HOME: join(home, 'cache'),
    XDG_STATE_HOME: join(home, 'state'),
  }
  const child = spawn(NODE, args, { cwd: join(folder, 'work'), env, stdio: ['ignore', 'pipe', 'inherit'] })
  const [said] = await Promise.all([text(child.stdout), once(child, 'exit')])
  expect(child.exitCode).toBe(0)
  return said
}

const left = (): readonly string[] => readdirSync(folder, { recursive: true, encoding: 'utf8' }).toSorted()

describe('a process that speaks to an org', () => {
  it('writes nothing to the home folder, nor anywhere else', async () => {
    const given = { loginUrl: sandbox.url, org: sandbox.org, ...sandbox.jwt }
    const script = fileURLToPath(new URL('./calling-process.ts', import.meta.url))
    const said = JSON.parse(await run([script, JSON.stringify(given)])) as Record<string, number>
    expect(said).toMatchObject({ records: 50 })
    expect(said['described']).toBeGreaterThan(0)
    expect(left()).toEqual(['home', 'tmp', 'work'])
  })

  it("would be seen if it did: Salesforce's library by itself does", async () => {
    const core = import.meta.resolve('@salesforce/core')
    const script = `
      const { AuthInfo } = await import(${JSON.stringify(core)})
      const given = { accessToken: 'x', instanceUrl: 'http://127.0.0.1:1', username: 'a@b.c', orgId: '00D000000000001EAA', isDevHub: false, namespacePrefix: null }
      await (await AuthInfo.create({ username: 'a@b.c', accessTokenOptions: given })).save()`
    await run(['--input-type=module', '-e', script])
    expect(left().length).toBeGreaterThan(3)
  })
})
