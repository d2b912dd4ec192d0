import { describe, expect, it } from 'vitest'
import { plainFormats } from '../../src/admin/words/formats.ts'
import { readingOf } from '../../src/admin/words/first-reading.ts'
import type { ConnectionAnswer } from '../../src/server/api/connections.ts'

const words = plainFormats({ now: new Date('2026-11-22T12:00:00Z'), zone: 'UTC' })

/** Of a connection only what is looked at. */
const connection = (sync: object, more: object = {}) =>
  ({
    status: 'active',
    statusReason: null,
    object: 'companies',
    steps: [{ step: 'sync', lastDoneAt: null, lastRun: null, error: null, dueAt: null, ...sync }],
    ...more,
  }) as unknown as ConnectionAnswer
const shown = (one: ConnectionAnswer, live: { done: number; total: number | null } | null = null) =>
  readingOf(one, live, words)

describe('how far the first reading is, in words', () => {
  it('counts as far as it knows, and speaks with each quarter alone', () => {
    expect(shown(connection({}))).toMatchObject({ sentence: 'The companies begin to be read', percent: null })
    expect(shown(connection({}), { done: 300, total: null })).toMatchObject({
      sentence: '300 companies are read so far',
      percent: null,
    })
    expect(shown(connection({}), { done: 1200, total: 2000 })).toMatchObject({
      sentence: '1,200 of 2,000 companies are read',
      spoken: 'Half is read.',
      percent: 60,
    })
    expect(shown(connection({}), { done: 1300, total: 2000 }).spoken).toBe('Half is read.')
  })

  it('is never more than all of it, also where records came since they were counted', () => {
    expect(shown(connection({}), { done: 2100, total: 2000 })).toMatchObject({
      sentence: '2,100 of 2,100 companies are read',
      percent: 100,
    })
  })

  it('is done once it was done once, whatever runs since', () => {
    const lastRun = { status: 'done', done: 2000, total: 2000 }
    const done = connection({ lastDoneAt: '2026-11-22T12:00:00Z', lastRun })
    expect(shown(done, { done: 0, total: null })).toMatchObject({
      state: 'done',
      sentence: 'All 2,000 companies are read',
      percent: 100,
    })
  })

  it('says why it does not go on, and whether it will by itself', () => {
    const error = { code: 'connector_unavailable', message: 'HubSpot failed at it.' }
    const failed = { error, lastRun: { status: 'failed', done: 500, total: 2000 } }
    expect(shown(connection({ ...failed, dueAt: '2026-11-22T12:05:00Z' }))).toMatchObject({
      state: 'stopped',
      percent: 25,
      problem: { message: 'HubSpot failed at it.', again: true },
    })
    expect(shown(connection(failed)).problem).toMatchObject({ again: false })
    const missed = connection({}, { status: 'needs_reconnect', statusReason: 'It was uninstalled.' })
    expect(shown(missed).problem).toEqual({ message: 'It was uninstalled.', again: false })
  })
})
