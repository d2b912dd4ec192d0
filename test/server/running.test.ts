import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { route } from '../../src/server/route.ts'
import type { Database } from '../../src/store/database.ts'
import { openTestDatabase } from '../support/database.ts'
import { startTestServer } from '../support/server.ts'

let database: Database
beforeAll(async () => {
  database = await openTestDatabase()
})
afterAll(() => database.close())

const common = {
  method: 'get',
  summary: 'A test',
  tag: 'Test',
  access: 'public',
  answers: { 200: { description: 'ok' } },
} as const
const hanging = route({ ...common, path: '/v1/hanging', handle: () => new Promise(() => undefined) })
const slow = route({
  ...common,
  path: '/v1/slow',
  handle: async () => {
    await sleep(300)
    return { status: 200, body: 'done' }
  },
})

describe('closing', () => {
  it('lets an open request end, takes no new one and leaves no connection behind', async () => {
    const other = await startTestServer(database, [slow])
    const idle = connect(other.port, '127.0.0.1')
    const idleEnded = new Promise<void>((resolve) => idle.once('close', () => resolve()))
    await new Promise<void>((resolve) => idle.once('connect', () => resolve()))
    const asked = other.fetch('/v1/slow')
    await sleep(100)
    const closed = other.close()
    const answer = await asked
    expect([answer.status, answer.headers.get('connection')]).toEqual([200, 'close'])
    await closed
    await idleEnded
    await expect(other.fetch('/healthz')).rejects.toThrow()
  })

  it('ends what does not end by itself', async () => {
    const other = await startTestServer(database, [hanging], { drainMs: 50 })
    const asked = other.fetch('/v1/hanging')
    asked.catch(() => undefined)
    await sleep(100)
    await other.close()
    await expect(asked).rejects.toThrow()
  })
})

describe('starting', () => {
  it('on a port in use names the port and the variable', async () => {
    const other = await startTestServer(database, [])
    await expect(startTestServer(database, [], { port: other.port })).rejects.toMatchObject({
      code: 'port_in_use',
      message: expect.stringMatching(new RegExp(`${other.port}.*PORT`)) as string,
    })
    await other.close()
  })

  it('fails when two routes claim the same address', async () => {
    await expect(startTestServer(database, [slow, slow])).rejects.toMatchObject({
      code: 'internal',
    })
  })
})
