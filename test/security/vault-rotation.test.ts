import { randomBytes, randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { TenantId } from '../../src/contracts/ids.ts'
import { rotateDataKeys } from '../../src/security/rotate-keys.ts'
import {
  masterKeyIdOf,
  openVault,
  rewrapDataKeys,
  type SealedPlace,
  type Vault,
} from '../../src/security/vault.ts'
import { claimMasterKey, lockSealed } from '../../src/store/credentials.ts'
import type { Database, Transaction } from '../../src/store/database.ts'
import { ensureInstallation } from '../../src/store/tenants.ts'
import { addTenant, databaseKind, openTestDatabase } from '../support/database.ts'

const masterKey = randomBytes(32)
let database: Database

beforeAll(async () => {
  database = await openTestDatabase()
})
afterAll(() => database.close())

const vaultOf = (key = masterKey): Vault => openVault({ masterKey: key })
const place = (at: number): SealedPlace => ({ owner: `connection ${at % 3}`, name: `token ${at}` })
const rawOf = (tenant: TenantId) =>
  database.withTenant(tenant, (tx) =>
    tx.query<{ owner: string; name: string; key_id: string; sealed: Buffer }>(
      'select owner, name, key_id, sealed from credentials order by owner, name',
    ),
  )

describe(`what is sealed (${databaseKind})`, () => {
  it('is refused wherever else it is put: another tenant, connection or field, swapped, cut or put together', async () => {
    const [ours, theirs] = [await addTenant(database), await addTenant(database)]
    const places: readonly SealedPlace[] = [
      { owner: 'connection 1', name: 'access_token' },
      { owner: 'connection 1', name: 'refresh_token' },
      { owner: 'connection 2', name: 'access_token' },
      // Two places whose names run together to the same text.
      { owner: 'connection', name: '2access_token' },
      { owner: 'connection2', name: 'access_token' },
    ]
    for (const tenant of [ours, theirs])
      await database.withTenant(tenant, async (tx) => {
        for (const one of places) await vaultOf().seal(tx, one, `of ${tenant} ${JSON.stringify(one)}`)
      })
    const rows = { ours: await rawOf(ours), theirs: await rawOf(theirs) }
    // Their data key in our hands, as an insert of theirs into our rows would bring it.
    await database.asSystem('a test', (tx) =>
      tx.query(
        `insert into data_keys (tenant_id, key_id, wrapped, retired_at)
         select $2, key_id, wrapped, now() from data_keys where tenant_id = $1`,
        [theirs, ours],
      ),
    )
    let tried = 0
    await database.withTenant(ours, async (tx) => {
      const put = (at: SealedPlace, keyId: string, sealed: Buffer) =>
        tx.query('update credentials set key_id = $3, sealed = $4 where owner = $1 and name = $2', [
          at.owner,
          at.name,
          keyId,
          sealed,
        ])
      const refused = async (at: SealedPlace, keyId: string, sealed: Buffer, why: string): Promise<void> => {
        await put(at, keyId, sealed)
        await expect(vaultOf().unseal(tx, at), why).rejects.toMatchObject({ code: 'vault_key' })
        tried++
      }
      for (const own of rows.ours) {
        for (const other of [...rows.ours, ...rows.theirs].filter((one) => one !== own)) {
          const why = `${other.owner}/${other.name} in ${own.owner}/${own.name}`
          await refused(own, other.key_id, other.sealed, why)
          // Under our key's name, and with our head on it.
          await refused(own, own.key_id, other.sealed, why)
          const half = Buffer.concat([own.sealed.subarray(0, 45), other.sealed.subarray(45)])
          await refused(own, own.key_id, half, why)
        }
        for (const length of [0, 1, 16, 17, 28, 29, 44, 45, own.sealed.length - 1])
          await refused(own, own.key_id, own.sealed.subarray(0, length), `cut to ${length}`)
        await refused(own, own.key_id, Buffer.concat([own.sealed, Buffer.alloc(1)]), 'one byte more')
        await put(own, own.key_id, own.sealed)
        const { owner, name } = own
        expect((await vaultOf().unseal(tx, own))?.toString()).toBe(
          `of ${ours} ${JSON.stringify({ owner, name })}`,
        )
      }
    })
    expect(tried).toBe(5 * (9 * 3 + 10))
  })

  it('opens with the wrapped key of its own tenant alone', async () => {
    const [ours, theirs] = [await addTenant(database), await addTenant(database)]
    for (const tenant of [ours, theirs])
      await database.withTenant(tenant, (tx) => vaultOf().seal(tx, place(1), 'secret'))
    await database.asSystem('a test', (tx) =>
      tx.query(
        `update data_keys k set wrapped = o.wrapped from data_keys o where k.tenant_id = $1 and o.tenant_id = $2`,
        [ours, theirs],
      ),
    )
    await expect(database.withTenant(ours, (tx) => vaultOf().unseal(tx, place(1)))).rejects.toMatchObject({
      code: 'vault_key',
    })
    await database.asSystem('a test', (tx) => tx.query('delete from data_keys where tenant_id = $1', [ours]))
  })
})

/** Seals and unseals in its own vault, as a process of its own would, until told to stop. */
function worker(tenant: TenantId, who: number, running: { on: boolean }) {
  const vault = vaultOf()
  /** What was last sealed for certain. */
  const sealed = new Map<number, string>()
  let done = 0
  const work = (async () => {
    for (let turn = 0; running.on; turn++) {
      const at = who * 10 + (turn % 5)
      const value = `${who} ${turn} ${randomUUID()}`
      await again(() =>
        database.withTenant(tenant, async (tx) => {
          // As whoever renews a sign-in does: the secret first, then the key.
          await lockSealed(tx, place(at))
          const there = await vault.unseal(tx, place(at))
          if (there !== null) expect(there.toString()).toBe(sealed.get(at))
          await vault.seal(tx, place(at), value)
        }),
      )
      sealed.set(at, value)
      done++
      // On the embedded database everybody takes turns by itself.
      await new Promise((resolve) => setImmediate(resolve))
    }
  })()
  return { sealed, done: () => done, ended: () => work }
}

/** As every worker does with a transaction that the database gave up. */
async function again<T>(work: () => Promise<T>): Promise<T> {
  for (let left = 20; ; left--)
    try {
      return await work()
    } catch (error) {
      if (left === 0 || !['40P01', '40001', '55P03'].includes((error as { code?: string }).code ?? ''))
        throw error
    }
}

describe(`rotation while others seal and unseal (${databaseKind})`, () => {
  it('loses nothing: every secret is what was sealed last, all of them under the newest key', async () => {
    const tenant = await addTenant(database)
    const running = { on: true }
    const workers = [0, 1, 2, 3].map((who) => worker(tenant, who, running))
    const rotator = vaultOf()
    try {
      for (let turn = 0; turn < 8; turn++) {
        await rotateDataKeys({ database, vault: rotator }, { actor: 'a test' })
        await new Promise((resolve) => setTimeout(resolve, 10))
      }
    } finally {
      running.on = false
    }
    await Promise.all(workers.map(({ ended }) => ended()))
    await rotateDataKeys({ database, vault: rotator }, { actor: 'a test' })
    for (const { sealed, done } of workers) {
      expect(done()).toBeGreaterThan(5)
      for (const [at, value] of sealed)
        expect((await database.withTenant(tenant, (tx) => vaultOf().unseal(tx, place(at))))?.toString()).toBe(
          value,
        )
    }
    const [{ current }] = await database.withTenant(tenant, (tx) =>
      tx.query<{ current: number }>('select count(*) as current from data_keys where retired_at is null'),
    )
    expect(current).toBe(1)
    expect(new Set((await rawOf(tenant)).map(({ key_id }) => key_id)).size).toBe(1)
  })

  it('fails no seal, also of those who did not lock their secret before and seal several at once', async () => {
    const tenant = await addTenant(database)
    const running = { on: true }
    const sealers = [0, 1, 2].map(async (who) => {
      const vault = vaultOf()
      let done = 0
      for (; running.on; done++) {
        await database.withTenant(tenant, async (tx) => {
          for (const at of [2, 0, 1]) await vault.seal(tx, place(who * 10 + at), `${who} ${done} ${at}`)
        })
        await new Promise((resolve) => setImmediate(resolve))
      }
      return done
    })
    try {
      for (let turn = 0; turn < 8; turn++)
        await database.withTenant(tenant, (tx) => vaultOf().rotateDataKey(tx))
    } finally {
      running.on = false
    }
    for (const done of await Promise.all(sealers)) expect(done).toBeGreaterThan(0)
    expect(await rawOf(tenant)).toHaveLength(9)
  })

  it.runIf(databaseKind === 'PostgreSQL')(
    'waits for whoever holds a secret on and on, but lets the others by meanwhile',
    async () => {
      const tenant = await addTenant(database)
      const vault = vaultOf()
      await database.withTenant(tenant, async (tx) => {
        for (const at of [0, 1]) await vault.seal(tx, place(at), 'before')
      })
      const held = Promise.withResolvers<void>()
      const letGo = Promise.withResolvers<void>()
      const holder = database.withTenant(tenant, async (tx) => {
        await lockSealed(tx, place(0))
        held.resolve()
        await letGo.promise
        await vault.seal(tx, place(0), 'after')
      })
      await held.promise
      let rotated = false
      const rotation = rotateDataKeys({ database, vault: vaultOf() }, { actor: 'a test' }).then(() => {
        rotated = true
      })
      for (let turn = 0; turn < 2; turn++) {
        await new Promise((resolve) => setTimeout(resolve, 500))
        await database.withTenant(tenant, (tx) => vault.seal(tx, place(1), `${turn}`))
      }
      expect(rotated).toBe(false)
      letGo.resolve()
      await Promise.all([holder, rotation])
      const opened = (at: number) => database.withTenant(tenant, (tx) => vaultOf().unseal(tx, place(at)))
      expect([(await opened(0))?.toString(), (await opened(1))?.toString()]).toEqual(['after', '1'])
    },
  )

  it('broken off in the middle changes nothing, and done again does it all', async () => {
    const tenant = await addTenant(database)
    await database.withTenant(tenant, async (tx) => {
      for (let at = 0; at < 20; at++) await vaultOf().seal(tx, place(at), `secret ${at}`)
    })
    const before = await rawOf(tenant)
    for (const after of [1, 7, 20]) {
      let puts = 0
      const dying = (tx: Transaction): Transaction => ({
        ...tx,
        query: (text, values) => {
          if (text.includes('insert into credentials') && ++puts === after)
            throw new Error('the process dies here')
          return tx.query(text, values)
        },
      })
      await expect(database.withTenant(tenant, (tx) => vaultOf().rotateDataKey(dying(tx)))).rejects.toThrow(
        'dies here',
      )
      expect(await rawOf(tenant)).toEqual(before)
    }
    expect(await database.withTenant(tenant, (tx) => vaultOf().rotateDataKey(tx))).toBe(20)
    for (let at = 0; at < 20; at++)
      expect((await database.withTenant(tenant, (tx) => vaultOf().unseal(tx, place(at))))?.toString()).toBe(
        `secret ${at}`,
      )
  })

  it('drops keys that seal nothing a day after they were retired, and no others', async () => {
    const tenant = await addTenant(database)
    const vault = vaultOf()
    const rotate = () => database.withTenant(tenant, (tx) => vault.rotateDataKey(tx))
    const keys = () => database.withTenant(tenant, (tx) => tx.query('select key_id from data_keys'))
    await database.withTenant(tenant, (tx) => vault.seal(tx, place(0), 'secret'))
    await rotate()
    expect(await keys()).toHaveLength(2)
    await database.withTenant(tenant, (tx) =>
      tx.query(
        `update data_keys set retired_at = retired_at - interval '2 days' where retired_at is not null`,
      ),
    )
    await rotate()
    expect(await keys()).toHaveLength(2)
    expect((await database.withTenant(tenant, (tx) => vaultOf().unseal(tx, place(0))))?.toString()).toBe(
      'secret',
    )
  })

  it('goes on with the other companies where a secret of one does not open, and says so', async () => {
    const [broken, whole] = [await addTenant(database), await addTenant(database)]
    for (const tenant of [broken, whole])
      await database.withTenant(tenant, (tx) => vaultOf().seal(tx, place(0), 'secret'))
    await database.withTenant(broken, (tx) =>
      tx.query(`update credentials set sealed = sealed || '\\x00'::bytea`),
    )
    const before = await rawOf(whole)
    await expect(rotateDataKeys({ database, vault: vaultOf() }, { actor: 'a test' })).rejects.toMatchObject({
      code: 'vault_key',
    })
    expect((await rawOf(whole))[0].key_id).not.toBe(before[0].key_id)
    await database.withTenant(broken, (tx) => tx.query('delete from credentials'))
  })

  // Last: it changes the master key of the whole database.
  it('of the master key: nobody makes a data key that it would not open, and what was sealed opens with the new one', async () => {
    await database.asSystem('a test', async (tx) => {
      await tx.query('delete from data_keys')
      await ensureInstallation(tx)
      await tx.query('update installation set master_key_id = null')
      await claimMasterKey(tx, masterKeyIdOf(masterKey))
    })
    const tenants: TenantId[] = []
    const running = { on: true }
    let refused = 0
    const sealing = (async () => {
      while (running.on) {
        const tenant = await addTenant(database)
        await database
          .withTenant(tenant, (tx) => vaultOf().seal(tx, place(1), `of ${tenant}`))
          .then(
            () => tenants.push(tenant),
            (error: unknown) => {
              expect(error).toMatchObject({ code: 'vault_key' })
              refused++
            },
          )
        await new Promise((resolve) => setImmediate(resolve))
      }
    })()
    await expect.poll(() => tenants.length, { timeout: 30_000 }).toBeGreaterThan(3)
    const to = randomBytes(32)
    await database.asSystem('a test', (tx) => rewrapDataKeys(tx, { from: masterKey, to }))
    await expect.poll(() => refused, { timeout: 30_000 }).toBeGreaterThan(2)
    running.on = false
    await sealing
    await database.asSystem('a test', (tx) => vaultOf(to).check(tx))
    for (const tenant of tenants)
      expect((await database.withTenant(tenant, (tx) => vaultOf(to).unseal(tx, place(1))))?.toString()).toBe(
        `of ${tenant}`,
      )
  })
})
