import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { TenantId } from '../../src/contracts/ids.ts'
import type { Database } from '../../src/store/database.ts'
import { ask, start, type Started } from '../queue/company.ts'
import { addConnection, addTenant, databaseKind, openTestDatabase } from '../support/database.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

describe(`the queue board (${databaseKind})`, () => {
  let database: Database
  let tenant: TenantId
  let running: Started
  let server: TestServer
  let cookie: string
  beforeAll(async () => {
    database = await openTestDatabase()
    tenant = await addTenant(database, 'Acme')
    running = await start(database, null, {
      step: () => Promise.reject(new Error('the file of Acme is away')),
    })
    const connection = await addConnection(database, tenant)
    await ask(database, tenant, connection, 'score')
    running.queue.wake(tenant)
    await vi.waitFor(async () => expect((await running.queue.counts()).queues.score.failed).toBe(1), 30_000)
    server = await startTestServer(database, [], {}, { queue: running.queue })
    cookie = await server.cookie(tenant, 'admin', true)
  })
  afterAll(async () => {
    await server.close()
    await running.stop()
    await database.close()
  })

  it('shows the jobs to whoever holds the installation, with ids and codes alone', async () => {
    const answer = await server.fetch('/admin/queues/api/queues?activeQueue=score&status=failed&page=1', {
      headers: { cookie },
    })
    expect(answer.status).toBe(200)
    const text = await answer.text()
    expect(text).toContain(tenant)
    expect(text).toContain('internal')
    expect(text).not.toContain('Acme')
    for (const role of ['viewer', 'operator', 'admin'] as const) {
      const other = await server.cookie(tenant, role)
      expect((await server.fetch('/admin/queues', { headers: { cookie: other } })).status).toBe(403)
    }
  })

  it('asks no other host for anything and runs no script of a page', async () => {
    const answer = await server.fetch('/admin/queues', { headers: { cookie } })
    const page = await answer.text()
    expect(page).toContain('Holdfast queues')
    expect(page).not.toMatch(/(src|href)="https?:/)
    const policy = answer.headers.get('content-security-policy')
    expect(policy).toContain("script-src 'self'")
    expect(policy).not.toMatch(/script-src[^;]*unsafe/)
    for (const [, path] of page.matchAll(/(?:src|href)="(static\/[^"]+)"/g))
      expect((await server.fetch(`/admin/queues/${path}`, { headers: { cookie } })).status, path).toBe(200)
  })

  it('changes nothing, whatever is asked of it', async () => {
    const before = await running.queue.counts()
    const own = { cookie, 'sec-fetch-site': 'same-origin', 'content-type': 'application/json' }
    for (const [method, path] of [
      ['PUT', 'queues/score/pause'],
      ['PUT', 'queues/pause'],
      ['PUT', 'queues/resume'],
      ['PUT', 'queues/score/empty'],
      ['PUT', 'queues/score/obliterate'],
      ['PUT', 'queues/score/retry/failed'],
      ['PUT', 'queues/score/clean/failed'],
      ['POST', 'queues/score/add'],
      ['DELETE', 'queues/score'],
      ['PATCH', 'queues/score'],
    ]) {
      const answer = await server.fetch(`/admin/queues/api/${path}`, { method, headers: own, body: '{}' })
      expect([answer.status, answer.headers.get('allow')], `${method} ${path}`).toEqual([405, 'GET, HEAD'])
    }
    expect(await running.queue.counts()).toEqual(before)
    expect(await Promise.all(running.queue.queues.map((queue) => queue.isPaused()))).not.toContain(true)
  })

  it('is noted in the log by its path alone', async () => {
    await server.fetch('/admin/queues', { headers: { cookie, 'x-request-id': 'a-look-at-the-board' } })
    await expect.poll(() => server.log()).toContain('a-look-at-the-board')
    const line = server
      .log()
      .split('\n')
      .find((text) => text.includes('a-look-at-the-board'))!
    expect(JSON.parse(line)).toMatchObject({ route: '/admin/queues/*', status: 200, tenant })
  })
})
