import { expect, it } from 'vitest'
import { databaseError } from '../../src/store/database-error.ts'

const postgres = (code: string, severity: string, message: string): Error =>
  Object.assign(new Error(message), { code, severity })

it('a database that takes no connections is one that is away, and comes back by itself', () => {
  const refused = postgres('55000', 'FATAL', 'database "book" is not currently accepting connections')
  expect(databaseError(refused)).toMatchObject({
    code: 'database_unavailable',
    retryable: true,
    message: expect.stringContaining('goes on by itself'),
  })
})

it('the same code inside a transaction is a defect of ours, and passes unchanged', () => {
  const defect = postgres('55000', 'ERROR', 'currval of sequence "s" is not yet defined in this session')
  expect(databaseError(defect)).toBe(defect)
})

it('a lock that was waited for longer than asked is no connection that was lost, and passes unchanged', () => {
  const waited = postgres('55P03', 'ERROR', 'canceling statement due to lock timeout')
  expect(databaseError(waited)).toBe(waited)
})
