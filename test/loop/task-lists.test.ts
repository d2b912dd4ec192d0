import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import type { Task } from '../../connectors/connector.ts'
import { HoldfastError } from '../../src/contracts/errors.ts'
import { asConnection, asTenant } from '../../src/contracts/ids.ts'
import { taskListOf } from '../../src/loop/task-lists.ts'
import { writtenCrm } from '../support/made-up-tasks.ts'

const place = {
  tenant: asTenant(randomUUID()),
  id: asConnection(randomUUID()),
  kind: 'crm',
  config: {},
}
const task = (key: string): Task => ({
  key,
  customerId: '1',
  recipientId: null,
  responsibleId: null,
  kind: 'call',
  action: 'call_discount_30',
  subject: 'Call',
  body: 'Call.',
  dueAt: new Date('2026-11-24T12:00:00Z'),
})
const anyTime = new AbortController().signal
const keys = (from: number, to: number) => Array.from({ length: to - from }, (_, at) => `task-${from + at}`)

describe('a list of tasks', () => {
  it('is written to in one call by those who come together, a hundred at most, each with its own answer', async () => {
    const crm = writtenCrm()
    crm.refuse = (key) => (key === 'task-3' ? { message: 'Not this one.' } : null)
    const list = taskListOf(crm.connectors, place)
    const results = await Promise.all(keys(0, 130).map((key) => list.upsert(task(key), anyTime)))
    expect(crm.calls).toBe(2)
    expect(results.map((result) => result?.id)).toEqual(keys(0, 130))
    expect(results.filter((result) => result?.ok === false)).toMatchObject([{ id: 'task-3' }])
    await sleep(5)
    expect([crm.opened, crm.closed]).toEqual([1, 1])
  })

  it('takes what comes during a call into the next one', async () => {
    const crm = writtenCrm()
    let answer = (): void => undefined
    crm.answers = () => new Promise((resolve) => (answer = resolve))
    const list = taskListOf(crm.connectors, place)
    const first = list.upsert(task('first'), anyTime)
    while (crm.calls === 0) await sleep(1)
    const others = keys(0, 20).map((key) => taskListOf(crm.connectors, place).upsert(task(key), anyTime))
    crm.answers = () => Promise.resolve()
    answer()
    await Promise.all([first, ...others])
    expect(crm.calls).toBe(2)
  })

  it('tells everybody of a call that failed, and opens its connector anew', async () => {
    const crm = writtenCrm()
    const list = taskListOf(crm.connectors, place)
    crm.fails = new HoldfastError('connector_unavailable', 'It is away.', { retryable: true })
    const failed = await Promise.allSettled(keys(0, 3).map((key) => list.upsert(task(key), anyTime)))
    expect(failed.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected'])
    crm.fails = null
    expect(await list.upsert(task('later'), anyTime)).toMatchObject({ ok: true })
  })

  it('is held up by nobody whose call hangs, and leaves out what nobody waits for', async () => {
    const crm = writtenCrm()
    crm.answers = () => new Promise(() => undefined)
    const list = taskListOf(crm.connectors, place)
    const late = new AbortController()
    void list.upsert(task('hangs'), late.signal)
    while (crm.calls === 0) await sleep(1)
    crm.answers = () => Promise.resolve()
    void list.upsert(task('given up'), late.signal)
    const next = list.upsert(task('next'), anyTime)
    late.abort()
    expect(await next).toMatchObject({ ok: true })
    expect([...crm.tasks.keys()]).toEqual(['hangs', 'next'])
  })
})
