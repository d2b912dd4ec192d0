import { randomBytes } from 'node:crypto'
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { loadMasterKey } from '../../src/security/master-key.ts'
import { masterKeyIdOf, openVault, rewrapDataKeys } from '../../src/security/vault.ts'
import type { Database } from '../../src/store/database.ts'
import { addTenant, databaseKind, openTestDatabase } from '../support/database.ts'

const folders: string[] = []
let database: Database

beforeAll(async () => {
  database = await openTestDatabase()
})
beforeEach(() =>
  database.asSystem('a test', async (tx) => {
    await tx.query('delete from data_keys')
    await tx.query('delete from installation')
  }),
)
afterAll(async () => {
  await database.close()
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

function newFolder(): string {
  folders.push(mkdtempSync(join(tmpdir(), 'holdfast-key-')))
  return join(folders.at(-1)!, 'data')
}

const load = (data: string, masterKey: Buffer | null = null) =>
  loadMasterKey({ config: { data, masterKey }, database })

async function sealSomething(masterKey: Buffer): Promise<void> {
  const tenant = await addTenant(database)
  await database.withTenant(tenant, (tx) =>
    openVault({ masterKey }).seal(tx, { owner: 'email', name: 'password' }, 'secret'),
  )
}

describe(`the master key on ${databaseKind}`, () => {
  it('is made at the first start, for nobody else to read, and is the same at the next', async () => {
    const folder = newFolder()
    const key = await load(folder)
    expect(key).toHaveLength(32)
    const path = join(folder, 'master.key')
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(Buffer.from(readFileSync(path, 'utf8'), 'base64')).toEqual(key)
    await sealSomething(key)
    expect(await load(folder)).toEqual(key)
  })

  it('comes from the environment without leaving a file', async () => {
    const folder = newFolder()
    const key = randomBytes(32)
    expect(await load(folder, key)).toEqual(key)
    expect(existsSync(folder)).toBe(false)
  })

  it('is not made anew when the file is gone and something is sealed', async () => {
    const folder = newFolder()
    const key = await load(folder)
    await sealSomething(key)
    const elsewhere = newFolder()
    await expect(load(elsewhere)).rejects.toMatchObject({
      code: 'vault_key',
      message: expect.stringContaining(masterKeyIdOf(key)) as string,
    })
    expect(existsSync(elsewhere)).toBe(false)
    expect(await load(elsewhere, key)).toEqual(key)
  })

  it('ends the start when it is another than the one that sealed', async () => {
    await sealSomething(await load(newFolder()))
    const wrong = randomBytes(32)
    await expect(load(newFolder(), wrong)).rejects.toMatchObject({
      code: 'vault_key',
      message: expect.stringContaining('HOLDFAST_MASTER_KEY') as string,
    })
  })

  it('may be another as long as one process alone has sealed nothing; on a shared database never', async () => {
    await load(newFolder())
    const other = load(newFolder(), randomBytes(32))
    if (database.kind === 'embedded') expect(await other).toHaveLength(32)
    else await expect(other).rejects.toMatchObject({ code: 'vault_key' })
  })

  it('is one key for processes that start at once', async () => {
    const folder = newFolder()
    const keys = await Promise.all([load(folder), load(folder), load(folder)])
    expect(keys[1]).toEqual(keys[0])
    expect(keys[2]).toEqual(keys[0])
  })

  it('is the new one after it was replaced', async () => {
    const from = await load(newFolder())
    await sealSomething(from)
    const to = randomBytes(32)
    await database.asSystem('a test', (tx) => rewrapDataKeys(tx, { from, to }))
    expect(await load(newFolder(), to)).toEqual(to)
    await expect(load(newFolder(), from)).rejects.toMatchObject({ code: 'vault_key' })
  })

  it('is refused when others may read the file, or when it holds no key', async () => {
    const folder = newFolder()
    await load(folder)
    const path = join(folder, 'master.key')
    chmodSync(path, 0o644)
    await expect(load(folder)).rejects.toThrow(/chmod 600/)
    chmodSync(path, 0o600)
    writeFileSync(path, 'half a k')
    await expect(load(folder)).rejects.toThrow(/holds no master key/)
  })
})
