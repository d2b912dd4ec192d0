import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { TenantId } from '../../src/contracts/ids.ts'
import { allows, type ApiScope, type KeyCaller, type SessionCaller } from '../../src/security/access.ts'
import { createApiKey, openApiKeys, revokeApiKey } from '../../src/security/api-keys.ts'
import { limitAttempts } from '../../src/security/attempts.ts'
import { createSignInLink, openSessions } from '../../src/security/sessions.ts'
import { newToken } from '../../src/security/tokens.ts'
import { listApiKeys } from '../../src/store/api-keys.ts'
import { listAudit } from '../../src/store/audit.ts'
import type { Database } from '../../src/store/database.ts'
import { addTenant, databaseKind, openTestDatabase } from '../support/database.ts'

let database: Database
let tenant: TenantId
let clock = 0
const now = () => clock

beforeAll(async () => {
  database = await openTestDatabase()
})
beforeEach(async () => {
  tenant = await addTenant(database)
})
afterAll(() => database.close())

const newKey = (scopes: readonly ApiScope[] = ['score']) =>
  database.withTenant(tenant, (tx) => createApiKey(tx, { name: 'Warehouse', scopes, actor: 'user:ann' }))
const audit = () => database.withTenant(tenant, (tx) => listAudit(tx))

describe(`API keys on ${databaseKind}`, () => {
  it('have 256 random bits, and leave a hash and their first characters behind', async () => {
    const { key, prefix } = await newKey(['score', 'read'])
    expect(key).toMatch(/^hf_[A-Za-z0-9_-]{43}$/)
    expect(key.startsWith(prefix)).toBe(true)
    const [listed] = await database.withTenant(tenant, (tx) => listApiKeys(tx))
    expect(listed).toMatchObject({ name: 'Warehouse', prefix, scopes: ['score', 'read'], lastUsedAt: null })
    const rows = await database.withTenant(tenant, (tx) =>
      tx.query(
        'select row_to_json(k)::text as row from api_keys k union all select row_to_json(a)::text from audit_log a',
      ),
    )
    expect(JSON.stringify(rows)).not.toContain(key.slice(prefix.length))
  })

  it('name their tenant and scopes, and only the right key does', async () => {
    const { id, key } = await newKey(['read', 'export'])
    const keys = openApiKeys(database, { now })
    expect(await keys.verify(key)).toMatchObject({
      tenant,
      id,
      scopes: ['read', 'export'],
      actor: 'key:Warehouse',
    })
    const other = key.slice(0, -1) + (key.endsWith('A') ? 'B' : 'A')
    for (const no of [other, key.slice(3), `${key}A`, '', 'hf_', `hf_${newToken()}`, 'hf_'.repeat(2000)])
      expect(await keys.verify(no), no).toBeNull()
  })

  it('ask the database once in five seconds, however many ask at once', async () => {
    const { key } = await newKey()
    let asked = 0
    const counting: Database = {
      ...database,
      asSystem: (why, work) => {
        asked++
        return database.asSystem(why, work)
      },
    }
    const keys = openApiKeys(counting, { now })
    await Promise.all(Array.from({ length: 20 }, () => keys.verify(key)))
    expect(keys.verify(key)).not.toBeInstanceOf(Promise)
    expect(asked).toBe(1)
    clock += 5001
    await keys.verify(key)
    expect(asked).toBe(2)
  })

  it('are void at once where they are revoked, and within five seconds elsewhere', async () => {
    const { id, key } = await newKey()
    const [here, elsewhere] = [openApiKeys(database, { now }), openApiKeys(database, { now })]
    expect(await here.verify(key)).not.toBeNull()
    expect(await elsewhere.verify(key)).not.toBeNull()
    await database.withTenant(tenant, (tx) => revokeApiKey(tx, here, { id, actor: 'user:ann' }))
    expect(await here.verify(key)).toBeNull()
    clock += 5001
    expect(await elsewhere.verify(key)).toBeNull()
    await expect(
      database.withTenant(tenant, (tx) => revokeApiKey(tx, here, { id, actor: 'user:ann' })),
    ).rejects.toMatchObject({ code: 'not_found' })
    expect((await audit()).map((entry) => entry.action)).toEqual(['api_key.revoke', 'api_key.create'])
  })

  it('stay void when they were revoked while the database was asked', async () => {
    const { id, key } = await newKey()
    const [reached, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const slow: Database = {
      ...database,
      asSystem: async (why, work) => {
        const result = await database.asSystem(why, work)
        reached.resolve()
        await gate.promise
        return result
      },
    }
    const keys = openApiKeys(slow, { now })
    const early = keys.verify(key)
    await reached.promise
    await database.withTenant(tenant, (tx) => revokeApiKey(tx, keys, { id, actor: 'user:ann' }))
    gate.resolve()
    await early
    expect(await keys.verify(key)).toBeNull()
  })

  it('note their use once a minute', async () => {
    const { key } = await newKey()
    const used = async () => (await database.withTenant(tenant, (tx) => listApiKeys(tx)))[0].lastUsedAt
    await openApiKeys(database, { now }).verify(key)
    const first = await used()
    expect(first).toBeInstanceOf(Date)
    await openApiKeys(database, { now }).verify(key)
    expect(await used()).toEqual(first)
    await database.withTenant(tenant, (tx) =>
      tx.query("update api_keys set last_used_at = now() - interval '61 seconds'"),
    )
    await openApiKeys(database, { now }).verify(key)
    expect((await used())!.getTime()).toBeGreaterThanOrEqual(first!.getTime())
  })

  it('need a name and known scopes', async () => {
    const create = (name: string, scopes: string[]) =>
      database.withTenant(tenant, (tx) =>
        createApiKey(tx, { name, scopes: scopes as ApiScope[], actor: 'user:ann' }),
      )
    for (const [name, scopes] of [
      [' ', ['score']],
      ['x', []],
      ['x', ['score', 'root']],
    ] as const)
      await expect(create(name, [...scopes])).rejects.toMatchObject({ code: 'request_invalid' })
  })
})

describe(`sessions on ${databaseKind}`, () => {
  const link = () =>
    database.withTenant(tenant, (tx) =>
      createSignInLink(tx, { subject: 'ann', role: 'operator', actor: 'cli' }),
    )

  it('begin with a link that works once, and are written down', async () => {
    const sessions = openSessions(database, { now })
    const token = await link()
    const results = await Promise.allSettled([sessions.signIn(token, 'r1'), sessions.signIn(token, 'r2')])
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    await expect(sessions.signIn(token, 'r3')).rejects.toMatchObject({ code: 'unauthenticated' })
    await expect(sessions.signIn(newToken(), 'r4')).rejects.toMatchObject({ code: 'unauthenticated' })
    const session = results.find((result) => result.status === 'fulfilled')!.value
    expect(session.caller).toMatchObject({ tenant, subject: 'ann', role: 'operator', installation: false })
    expect(await sessions.verify(session.token)).toEqual(session.caller)
    expect(await sessions.verify(token)).toBeNull()
    expect((await audit()).map((entry) => entry.action)).toEqual(['sign_in', 'sign_in_link.create'])
    const rows = await database.withTenant(tenant, (tx) =>
      tx.query(
        'select row_to_json(s)::text from sessions s union all select row_to_json(l)::text from sign_in_links l union all select row_to_json(a)::text from audit_log a',
      ),
    )
    for (const secret of [token, session.token]) expect(JSON.stringify(rows)).not.toContain(secret)
  })

  it('do not begin with a link older than 15 minutes', async () => {
    const token = await link()
    await database.withTenant(tenant, (tx) =>
      tx.query("update sign_in_links set expires_at = expires_at - interval '15 minutes 1 second'"),
    )
    await expect(openSessions(database, { now }).signIn(token, 'r1')).rejects.toMatchObject({
      code: 'unauthenticated',
    })
  })

  it('end by signing out, by two idle hours and by twelve hours in any case', async () => {
    const sessions = openSessions(database, { now })
    const begin = async () => (await sessions.signIn(await link(), 'r')).token
    const aged = async (change: string) => {
      const token = await begin()
      await database.withTenant(tenant, (tx) =>
        tx.query(`update sessions set ${change} where revoked_at is null`),
      )
      return sessions.verify(token)
    }
    expect(await aged("last_seen_at = now() - interval '119 minutes'")).not.toBeNull()
    expect(await aged("last_seen_at = now() - interval '121 minutes'")).toBeNull()
    expect(await aged("expires_at = expires_at - interval '12 hours 1 second'")).toBeNull()

    const token = await begin()
    expect(await sessions.verify(token)).not.toBeNull()
    await sessions.signOut(token, 'r')
    expect(await sessions.verify(token)).toBeNull()
    await sessions.signOut(token, 'r')
    expect((await audit()).filter((entry) => entry.action === 'sign_out')).toHaveLength(1)
  })

  it('are in use from the last request on, to the minute', async () => {
    const sessions = openSessions(database, { now })
    const { token } = await sessions.signIn(await link(), 'r')
    await database.withTenant(tenant, (tx) =>
      tx.query("update sessions set last_seen_at = now() - interval '100 minutes'"),
    )
    await sessions.verify(token)
    const [row] = await database.withTenant(tenant, (tx) =>
      tx.query<{ fresh: boolean }>(
        "select last_seen_at > now() - interval '1 minute' as fresh from sessions",
      ),
    )
    expect(row.fresh).toBe(true)
  })
})

describe('access', () => {
  const person = (role: SessionCaller['role'], installation = false): SessionCaller => ({
    kind: 'session',
    tenant,
    subject: 'ann',
    person: null,
    session: '00000000-0000-4000-8000-000000000002',
    means: 'link',
    role,
    installation,
    actor: 'user:ann',
  })
  const program = (...scopes: ApiScope[]): KeyCaller => ({
    kind: 'key',
    account: null,
    tenant,
    id: '1',
    name: 'x',
    scopes,
    actor: 'key:x',
  })

  it('goes by rank for people and by the very scope for keys', () => {
    const access = { scope: 'write', role: 'operator' } as const
    expect(allows(access, person('viewer'))).toBe(false)
    expect(allows(access, person('operator'))).toBe(true)
    expect(allows(access, person('admin'))).toBe(true)
    expect(allows(access, program('score', 'read', 'export', 'admin', 'metrics'))).toBe(false)
    expect(allows(access, program('write'))).toBe(true)
  })

  it('is closed to the kind of caller that a route does not name', () => {
    expect(allows({ scope: null, role: 'viewer' }, program('read', 'admin'))).toBe(false)
    expect(allows({ scope: 'metrics', role: null }, person('admin', true))).toBe(false)
  })

  it('to what spans tenants needs the installation', () => {
    const access = { scope: null, role: 'admin', installation: true } as const
    expect(allows(access, person('admin'))).toBe(false)
    expect(allows(access, person('admin', true))).toBe(true)
    expect(allows(access, person('operator', true))).toBe(false)
  })
})

describe('failed attempts', () => {
  it('close the door for an address after the limit, with the seconds to wait, and for no other', async () => {
    const attempts = limitAttempts({ most: 3, seconds: 60, what: 'sign-ins' })
    for (let i = 0; i < 3; i++) {
      await attempts.check('192.0.2.1')
      await attempts.failed('192.0.2.1')
    }
    await attempts.failed('192.0.2.1')
    await expect(attempts.check('192.0.2.1')).rejects.toMatchObject({
      code: 'too_many_requests',
      message: expect.stringMatching(/Wait (59|60) seconds/) as string,
    })
    await expect(attempts.check('::ffff:192.0.2.1')).rejects.toMatchObject({ code: 'too_many_requests' })
    await attempts.check('192.0.2.2')
  })

  it('count all addresses of an IPv6 network as one', async () => {
    const attempts = limitAttempts({ most: 1, seconds: 60, what: 'sign-ins' })
    await attempts.failed('2001:db8:0:7::1')
    await expect(attempts.check('2001:db8:0:7:1:2:3:4')).rejects.toMatchObject({ code: 'too_many_requests' })
    await expect(attempts.check('2001:db8::7:0:0:0:9')).rejects.toMatchObject({ code: 'too_many_requests' })
    await attempts.check('2001:db8:0:8::1')
    await attempts.check('::1')
  })
})
