import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { TenantId } from '../../../src/contracts/ids.ts'
import { createApiKey } from '../../../src/security/api-keys.ts'
import {
  apiKeyAnswer,
  apiKeysAnswer,
  newApiKeyAnswer,
  type ApiKeyAnswer,
  type NewApiKeyAnswer,
} from '../../../src/server/api/api-keys.ts'
import { auditEntryAnswer, type AuditEntryAnswer } from '../../../src/server/api/audit.ts'
import { apiRoutes } from '../../../src/server/api/routes.ts'
import { recordAudit } from '../../../src/store/audit.ts'
import { readConnection } from '../../../src/store/connections.ts'
import type { Database } from '../../../src/store/database.ts'
import { addConnection, addTenant, databaseKind, openTestDatabase } from '../../support/database.ts'
import { startTestServer, type TestServer } from '../../support/server.ts'
import { asking, owner, type Asking } from '../signing.ts'

interface Listed<Item> {
  readonly items: readonly Item[]
  readonly next: string | null
}

let database: Database
let server: TestServer
let tenant: TenantId
let ask: Asking

beforeAll(async () => {
  database = await openTestDatabase()
  server = await startTestServer(database, apiRoutes)
})
afterAll(async () => {
  await server.close()
  await database.close()
})
beforeEach(async () => {
  tenant = await addTenant(database)
  ask = asking(server, await owner(server, tenant))
})

const create = (body: object) => ask<NewApiKeyAnswer>('POST', '/v1/api-keys', body)
const asKey = (key: string, path: string) =>
  server.fetch(path, { headers: { authorization: `Bearer ${key}` } })

describe(`API keys over the API (${databaseKind})`, () => {
  it('are made by an admin, shown once, work at once, and are void at once when revoked', async () => {
    const made = await create({ name: 'Warehouse', scopes: ['read', 'score'] })
    expect(made.status).toBe(201)
    const { id, key, prefix } = newApiKeyAnswer.strict().parse(made.body)
    expect((await asKey(key, '/v1/customers')).status).toBe(200)
    const listed = await ask<Listed<ApiKeyAnswer>>('GET', '/v1/api-keys')
    expect(apiKeyAnswer.strict().parse(listed.body.items[0])).toMatchObject({
      id,
      prefix,
      name: 'Warehouse',
      scopes: ['score', 'read'],
      createdBy: 'user:admin',
      revokedAt: null,
    })
    expect(listed.text).not.toContain(key.slice(prefix.length))
    expect((await ask('DELETE', `/v1/api-keys/${id}`)).status).toBe(204)
    expect((await asKey(key, '/v1/customers')).status).toBe(401)
    expect((await ask('DELETE', `/v1/api-keys/${id}`)).status).toBe(404)
    const statuses = async (status: string) =>
      (await ask<Listed<ApiKeyAnswer>>('GET', `/v1/api-keys?status=${status}`)).body.items.length
    expect([await statuses('active'), await statuses('revoked')]).toEqual([0, 1])
  })

  it('reach no further than the company, whatever is asked for', async () => {
    for (const scopes of [
      [],
      ['metrics'],
      ['score', 'metrics'],
      ['root'],
      'score',
      ['score', 'score', 'score', 'score', 'score', 'score'],
    ])
      expect((await create({ name: 'x', scopes })).status, JSON.stringify(scopes)).toBe(400)
    expect((await create({ name: 'x', scopes: ['score'], tenant: randomUUID() })).status).toBe(400)
    expect((await create({ name: ' ', scopes: ['score'] })).status).toBe(400)
  })

  it('are neither seen nor revoked by another company, and make no keys themselves', async () => {
    const { id, key } = (await create({ name: 'Warehouse', scopes: ['admin', 'write'] })).body
    const other = asking(server, await owner(server, await addTenant(database, 'Another')))
    expect((await other<Listed<ApiKeyAnswer>>('GET', '/v1/api-keys')).body.items).toEqual([])
    expect((await other('DELETE', `/v1/api-keys/${id}`)).status).toBe(404)
    expect((await asKey(key, '/v1/api-keys')).status).toBe(403)
    const more = await server.fetch('/v1/api-keys', {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'More', scopes: ['admin'] }),
    })
    expect(more.status).toBe(403)
  })

  it('are listed page by page, newest first, and as a file', async () => {
    for (const name of ['a', 'b', 'c']) await create({ name, scopes: ['score'] })
    const first = (await ask<Listed<ApiKeyAnswer>>('GET', '/v1/api-keys?limit=2')).body
    const rest = (await ask<Listed<ApiKeyAnswer>>('GET', `/v1/api-keys?limit=2&cursor=${first.next}`)).body
    expect([...first.items, ...rest.items].map(({ name }) => name)).toEqual(['c', 'b', 'a'])
    await ask('DELETE', `/v1/api-keys/${first.items[0].id}`)
    const revoked = (await ask('GET', '/v1/api-keys?status=revoked')).body
    expect(apiKeysAnswer.strict().parse(revoked).counts).toEqual({ active: 2, revoked: 1 })
    expect((await ask('GET', '/v1/api-keys?format=csv')).text.trim().split('\n')).toHaveLength(4)
  })
})

describe(`the audit log over the API (${databaseKind})`, () => {
  const search = async (query: string) =>
    (await ask<Listed<AuditEntryAnswer>>('GET', `/v1/audit?${query}`)).body
  const actions = async (query: string) => (await search(query)).items.map(({ action }) => action)

  it('is searched by who, what and when, newest first', async () => {
    await database.withTenant(tenant, async (tx) => {
      for (const [actor, action] of [
        ['user:ann', 'person.role'],
        ['user:bob', 'person.remove'],
        ['user:ann', 'personality'],
        ['user:ann', 'person_x'],
        ['key:=cmd()', 'person'],
      ])
        await recordAudit(tx, { actor, action, object: 'x', detail: { n: 1 }, requestId: 'r' })
    })
    await database.asSystem('a test', (tx) =>
      tx.query("update audit_log set at = '2026-01-15T12:00:00Z' where actor = 'user:bob'"),
    )
    expect(await actions('actor=user:ann')).toEqual(['person_x', 'personality', 'person.role'])
    expect(await actions('action=person')).toEqual(['person', 'person.remove', 'person.role'])
    expect(await actions('action=person.role')).toEqual(['person.role'])
    expect(await actions('action=person_')).toEqual([])
    expect(await actions('from=2026-01-15T12:00:00Z&to=2026-01-15T12:00:01Z')).toEqual(['person.remove'])
    expect(await actions('to=2026-01-15T12:00:00Z')).toEqual([])
    const first = await search('limit=2&action=person')
    const rest = await search(`limit=2&action=person&cursor=${first.next}`)
    expect([...first.items, ...rest.items].map(({ action }) => action)).toEqual([
      'person',
      'person.remove',
      'person.role',
    ])
    for (const entry of first.items) expect(auditEntryAnswer.strict().parse(entry)).toEqual(entry)
    expect((await ask('GET', '/v1/audit?from=yesterday')).status).toBe(400)
  })

  it('says what an entry was about as people call it', async () => {
    const connection = await addConnection(database, tenant)
    const { name } = await database.withTenant(tenant, (tx) => readConnection(tx, connection))
    await database.withTenant(tenant, async (tx) => {
      await recordAudit(tx, { actor: 'cli', action: 'connection.pause', object: connection })
      await recordAudit(tx, { actor: 'cli', action: 'customer.hold', object: 'not a number' })
      await recordAudit(tx, { actor: 'cli', action: 'settings.save', object: 'version 4' })
    })
    const { items } = await search('actor=cli')
    expect(items.map(({ object, objectName }) => [object, objectName])).toEqual([
      ['version 4', null],
      ['not a number', null],
      [connection, name],
    ])
  })

  it('is a file for who takes it along, which the log says', async () => {
    await database.withTenant(tenant, (tx) => recordAudit(tx, { actor: '=cmd()', action: 'x' }))
    const file = await ask('GET', '/v1/audit?format=csv')
    expect(file.text).toContain("'=cmd()")
    expect(await actions('action=export')).toEqual(['export'])
  })

  it('is of the company alone', async () => {
    await database.withTenant(tenant, (tx) => recordAudit(tx, { actor: 'user:canary', action: 'x' }))
    const other = await addTenant(database, 'Another')
    const { key } = await database.withTenant(other, (tx) =>
      createApiKey(tx, { name: 'x', scopes: ['admin'], actor: 'a test' }),
    )
    const answer = await asKey(key, '/v1/audit?actor=user:canary')
    expect(await answer.json()).toEqual({ items: [], next: null })
  })
})
