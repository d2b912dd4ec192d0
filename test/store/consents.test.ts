import { randomBytes } from 'node:crypto'
import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { TenantId } from '../../src/contracts/ids.ts'
import { refusalFor, refusalOf } from '../../src/loop/consent.ts'
import { consentOf, recordConsent, recordConsents } from '../../src/store/consents.ts'
import type { Database } from '../../src/store/database.ts'
import { isSuppressed, suppress, suppressionOf } from '../../src/store/suppressions.ts'
import { addTenant, databaseKind, openTestDatabase } from '../support/database.ts'

let database: Database
let tenant: TenantId
beforeAll(async () => {
  database = await openTestDatabase()
  tenant = await addTenant(database)
})
afterAll(() => database.close())

const base = { channel: 'email', source: 'test' } as const

describe(`consent and suppression (${databaseKind})`, () => {
  it('counts the newest change, and of two at the same instant the refusal, in whatever order they arrive', async () => {
    const change = fc.record({
      status: fc.constantFrom('granted' as const, 'refused' as const),
      day: fc.integer({ min: 1, max: 4 }),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 6 }), async (changes) => {
        const hash = randomBytes(32)
        const found = await database.withTenant(tenant, async (tx) => {
          for (const { status, day } of changes)
            await recordConsent(tx, {
              ...base,
              hash,
              status,
              changedAt: new Date(`2026-01-0${day}T00:00:00Z`),
            })
          return consentOf(tx, hash, 'email')
        })
        const last = Math.max(...changes.map(({ day }) => day))
        const refused = changes.some(({ day, status }) => day === last && status === 'refused')
        expect(found).toBe(refused ? 'refused' : 'granted')
      }),
      { numRuns: 40 },
    )
  })

  it('knows nothing of other channels, addresses and tenants', async () => {
    const hash = randomBytes(32)
    await database.withTenant(tenant, (tx) => recordConsent(tx, { ...base, hash, status: 'granted' }))
    const other = await addTenant(database)
    expect(await database.withTenant(other, (tx) => consentOf(tx, hash, 'email'))).toBeNull()
    await database.withTenant(tenant, async (tx) => {
      expect(await consentOf(tx, hash, 'email')).toBe('granted')
      expect(await consentOf(tx, hash, 'sms')).toBeNull()
      expect(await consentOf(tx, randomBytes(32), 'email')).toBeNull()
    })
  })

  it('writes a change once, however often it is read from the CRM', async () => {
    const change = {
      ...base,
      hash: randomBytes(32),
      status: 'granted' as const,
      changedAt: new Date('2026-01-01'),
    }
    await database.withTenant(tenant, async (tx) => {
      expect(await recordConsents(tx, [change, { ...change, hash: randomBytes(32) }])).toBe(2)
      expect(await recordConsents(tx, [change])).toBe(0)
      expect(await recordConsents(tx, [])).toBe(0)
    })
  })

  it('lets no grant from the future outlive a refusal of today', async () => {
    const hash = randomBytes(32)
    const changedAt = new Date(Date.now() + 86_400_000)
    await database.withTenant(tenant, (tx) =>
      recordConsent(tx, { ...base, hash, status: 'granted', changedAt }),
    )
    await database.withTenant(tenant, (tx) => recordConsent(tx, { ...base, hash, status: 'refused' }))
    expect(await database.withTenant(tenant, (tx) => consentOf(tx, hash, 'email'))).toBe('refused')
  })

  it('suppresses an address once, by its first reason, and against every consent', async () => {
    const hash = randomBytes(32)
    const row = { hash, channel: 'email', source: 'test' } as const
    await database.withTenant(tenant, async (tx) => {
      expect(await suppress(tx, { ...row, reason: 'bounced' })).toBe(true)
      expect(await suppress(tx, { ...row, reason: 'by_hand' })).toBe(false)
      await recordConsent(tx, { ...base, hash, status: 'granted' })
      expect(await suppressionOf(tx, hash, 'email')).toBe('bounced')
      expect(await isSuppressed(tx, hash, 'sms')).toBe(false)
      expect(await refusalFor(tx, { hash, channel: 'email', live: false })).toMatchObject({
        code: 'suppressed',
      })
    })
  })

  it('sends live only with a yes on record', () => {
    expect(refusalOf({ consent: null, suppressed: null, live: true })?.code).toBe('no_consent')
    expect(refusalOf({ consent: null, suppressed: null, live: false })).toBeNull()
    expect(refusalOf({ consent: 'granted', suppressed: null, live: true })).toBeNull()
    for (const live of [true, false])
      expect(refusalOf({ consent: 'refused', suppressed: null, live })?.code).toBe('consent_refused')
  })
})
