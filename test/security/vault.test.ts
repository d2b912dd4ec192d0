import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { TenantId } from '../../src/contracts/ids.ts'
import { openSecrets } from '../../src/security/secrets.ts'
import { masterKeyIdOf, openVault, rewrapDataKeys } from '../../src/security/vault.ts'
import type { Database, Transaction } from '../../src/store/database.ts'
import { addTenant, databaseKind, openTestDatabase } from '../support/database.ts'

const masterKey = randomBytes(32)
const password = { owner: 'email', name: 'password' }
let database: Database

beforeAll(async () => {
  database = await openTestDatabase()
})
afterAll(() => database.close())

/** The vault as a process that has just started sees it: nothing in memory. */
const inNew = <T>(
  tenant: TenantId,
  work: (vault: ReturnType<typeof openVault>, tx: Transaction) => Promise<T>,
  key = masterKey,
) => database.withTenant(tenant, (tx) => work(openVault({ masterKey: key }), tx))

const read = async (tenant: TenantId, place = password, key = masterKey) =>
  (await inNew(tenant, (vault, tx) => vault.unseal(tx, place), key))?.toString()

describe(`the vault on ${databaseKind}`, () => {
  it('gives back what was sealed, and null where nothing was', async () => {
    const tenant = await addTenant(database)
    expect(await read(tenant)).toBeUndefined()
    await inNew(tenant, (vault, tx) => vault.seal(tx, password, 'first'))
    await inNew(tenant, (vault, tx) => vault.seal(tx, password, 'sécond'))
    expect(await read(tenant)).toBe('sécond')
    expect(await inNew(tenant, (vault, tx) => vault.forget(tx, password))).toBe(true)
    expect(await inNew(tenant, (vault, tx) => vault.forget(tx, password))).toBe(false)
    expect(await read(tenant)).toBeUndefined()
  })

  it('keeps nothing readable in the database, and never the same bytes twice', async () => {
    const tenant = await addTenant(database)
    const other = { owner: 'sms', name: 'password' }
    await inNew(tenant, async (vault, tx) => {
      await vault.seal(tx, password, 'correct horse battery staple')
      await vault.seal(tx, other, 'correct horse battery staple')
    })
    const rows = await database.withTenant(tenant, (tx) =>
      tx.query<{ sealed: Buffer }>('select sealed from credentials'),
    )
    expect(rows).toHaveLength(2)
    expect(rows[0].sealed.equals(rows[1].sealed)).toBe(false)
    for (const { sealed } of rows) expect(sealed.includes('horse')).toBe(false)
  })

  it('does not open a secret in another place: another name, owner or tenant', async () => {
    const [one, two] = [await addTenant(database), await addTenant(database)]
    await inNew(one, (vault, tx) => vault.seal(tx, password, 'secret'))
    await inNew(one, (vault, tx) => vault.seal(tx, { owner: 'email', name: 'user' }, 'public'))
    await database.withTenant(one, (tx) =>
      tx.query(
        `update credentials set sealed = (select sealed from credentials where name = 'password') where name = 'user'`,
      ),
    )
    await expect(read(one, { owner: 'email', name: 'user' })).rejects.toMatchObject({ code: 'vault_key' })
    await database.asSystem('a test', (tx) =>
      tx.query(
        `with k as (insert into data_keys (tenant_id, key_id, wrapped)
           select $2, key_id, wrapped from data_keys where tenant_id = $1 returning 1)
         select 1 from k`,
        [one, two],
      ),
    )
    await database.asSystem('a test', (tx) =>
      tx.query(
        `insert into credentials (tenant_id, owner, name, key_id, sealed)
         select $2, owner, name, key_id, sealed from credentials where tenant_id = $1 and name = 'password'`,
        [one, two],
      ),
    )
    await expect(read(two)).rejects.toMatchObject({ code: 'vault_key' })
  })

  it('notices a single changed bit', async () => {
    const tenant = await addTenant(database)
    await inNew(tenant, (vault, tx) => vault.seal(tx, password, 'x'))
    const length = 1 + 16 + 12 + 16 + 1
    for (const byte of [0, 1, 17, 29, length - 1]) {
      const flip = 'update credentials set sealed = set_byte(sealed, $1, get_byte(sealed, $1) # 1)'
      await database.withTenant(tenant, (tx) => tx.query(flip, [byte]))
      await expect(read(tenant), `byte ${byte}`).rejects.toMatchObject({ code: 'vault_key' })
      await database.withTenant(tenant, (tx) => tx.query(flip, [byte]))
    }
    expect(await read(tenant)).toBe('x')
  })

  it('says with another master key which one is needed, what is lost and how to bring it back', async () => {
    const tenant = await addTenant(database)
    await inNew(tenant, (vault, tx) => vault.seal(tx, password, 'secret'))
    const wrong = randomBytes(32)
    const failed = await read(tenant, password, wrong).catch((error: unknown) => error)
    expect(failed).toMatchObject({ code: 'vault_key' })
    const { message } = failed as Error
    for (const word of [
      masterKeyIdOf(masterKey),
      masterKeyIdOf(wrong),
      'master.key',
      'HOLDFAST_MASTER_KEY',
      'lost',
    ])
      expect(message).toContain(word)
    for (const key of [masterKey, wrong]) expect(message).not.toContain(key.toString('base64'))
    await expect(
      database.asSystem('a test', (tx) => openVault({ masterKey: wrong }).check(tx)),
    ).rejects.toMatchObject({ code: 'vault_key' })
  })

  it('seals with a new data key after a rotation, and still opens everything', async () => {
    const tenant = await addTenant(database)
    const running = openVault({ masterKey })
    await database.withTenant(tenant, async (tx) => {
      await running.seal(tx, password, 'one')
      await running.seal(tx, { owner: 'sms', name: 'token' }, 'two')
    })
    const keys = () =>
      database.withTenant(tenant, (tx) =>
        tx.query<{ key_id: string }>('select distinct key_id from credentials'),
      )
    const before = await keys()
    expect(await inNew(tenant, (vault, tx) => vault.rotateDataKey(tx))).toBe(2)
    const after = await keys()
    expect(after).toHaveLength(1)
    expect(after).not.toEqual(before)
    await database.withTenant(tenant, (tx) => running.seal(tx, { owner: 'sms', name: 'user' }, 'three'))
    expect(await keys()).toEqual(after)
    expect(await read(tenant)).toBe('one')
    expect(await read(tenant, { owner: 'sms', name: 'token' })).toBe('two')
  })

  it('has one key of addresses a tenant, also when it is first asked for twice at once', async () => {
    const [one, two] = [await addTenant(database), await addTenant(database)]
    const ask = (tenant: TenantId) => inNew(tenant, (vault, tx) => openSecrets(vault).addressKey(tx))
    const keys = await Promise.all([ask(one), ask(one), ask(one), ask(two)])
    expect(keys[0]).toHaveLength(32)
    expect(keys[1]).toEqual(keys[0])
    expect(keys[2]).toEqual(keys[0])
    expect(keys[3]).not.toEqual(keys[0])
    expect(await inNew(one, (vault, tx) => openSecrets(vault).linkKey(tx))).not.toEqual(keys[0])
  })

  it('forgets a key of addresses whose transaction was rolled back', async () => {
    const tenant = await addTenant(database)
    const secrets = openSecrets(openVault({ masterKey }))
    let lost: Buffer = Buffer.alloc(0)
    await database
      .withTenant(tenant, async (tx) => {
        lost = await secrets.addressKey(tx)
        throw new Error('rolled back')
      })
      .catch(() => undefined)
    const kept = await database.withTenant(tenant, (tx) => secrets.addressKey(tx))
    expect(kept).not.toEqual(lost)
    expect(await database.withTenant(tenant, (tx) => secrets.addressKey(tx))).toEqual(kept)
    expect(await inNew(tenant, (vault, tx) => openSecrets(vault).addressKey(tx))).toEqual(kept)
  })

  // Last: it changes the master key of the whole database.
  it('opens with the new master key alone once the data keys were wrapped again', async () => {
    const tenant = await addTenant(database)
    await inNew(tenant, (vault, tx) => vault.seal(tx, password, 'secret'))
    const to = randomBytes(32)
    const rewrap = (from: Buffer, next: Buffer) =>
      database.asSystem('a test', (tx) => rewrapDataKeys(tx, { from, to: next }))
    await database.asSystem('a test', (tx) =>
      tx.query('delete from data_keys where tenant_id <> $1', [tenant]),
    )
    await expect(rewrap(randomBytes(32), to)).rejects.toMatchObject({ code: 'vault_key' })
    expect(await rewrap(masterKey, to)).toBe(1)
    expect(await read(tenant, password, to)).toBe('secret')
    await expect(read(tenant)).rejects.toMatchObject({ code: 'vault_key' })
  })
})
