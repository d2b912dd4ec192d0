import { describe, expect, it } from 'vitest'
import { checkOffers, type OfferSituation } from '../../src/doctor/offers.ts'
import { parseServiceSettings } from '../../src/settings/service.ts'
import type { TableProfile } from '../../src/contracts/table.ts'

const of = (offers: object, differs: Partial<OfferSituation> = {}) =>
  checkOffers({
    settings: parseServiceSettings({ offers }),
    pools: [],
    signed: false,
    connections: [],
    ...differs,
  })
const pool = (free: number) => ({
  pool: 'spring',
  free,
  taken: 0,
  ended: 0,
  importedAt: new Date(),
  nextEnd: null,
})
const BY_POOL = { fulfilment: { discount_10: { by: 'pool', pool: 'spring' } } }
const billedAt = (url: string | null) => ({
  fulfilment: { discount_20: { by: 'billing' } },
  billing: { url },
})

describe('what the settings promise', () => {
  it('is not looked at where nothing is promised', () => {
    expect(of({})).toEqual([])
  })

  it('needs codes: none is a failure, few are a warning', () => {
    expect(of(BY_POOL)).toMatchObject([
      { status: 'failed', message: expect.stringContaining('None was ever imported') },
    ])
    expect(of(BY_POOL, { pools: [pool(0)] })).toMatchObject([
      { status: 'failed', message: expect.stringContaining('None is left') },
    ])
    expect(of(BY_POOL, { pools: [pool(49)] })).toMatchObject([
      { name: 'Codes of "spring"', status: 'warning' },
    ])
    expect(of(BY_POOL, { pools: [pool(50)] })).toMatchObject([{ status: 'ok' }])
  })

  it('needs a secret of billing, and an address that may be reached', () => {
    expect(of(billedAt('https://billing.example.com/'))).toMatchObject([
      { status: 'failed', message: expect.stringContaining('/v1/billing-secret') },
    ])
    const signed = { signed: true }
    expect(of(billedAt('https://billing.example.com/'), signed)).toMatchObject([{ status: 'ok' }])
    expect(of(billedAt(null), signed)).toMatchObject([{ status: 'ok' }])
    for (const inside of ['https://10.0.0.7/', 'https://billing.internal/', 'https://169.254.169.254/latest'])
      expect(of(billedAt(inside), signed)).toMatchObject([
        { status: 'failed', message: expect.stringContaining('private network') },
      ])
  })

  it('names actions that give something, and a property that there is', () => {
    expect(of({ fulfilment: { email: { by: 'person' } } })).toMatchObject([
      { status: 'warning', message: expect.stringContaining('email') },
    ])
    const profile = { columns: [{ header: 'promo' }] } as unknown as TableProfile
    const connections = [
      { kind: 'hubspot', name: 'Portal', profile },
      { kind: 'csv', name: 'A file', profile },
    ]
    expect(of({ redemptionProperty: 'promo' }, { connections })).toEqual([])
    expect(of({ redemptionProperty: 'prmo' }, { connections })).toMatchObject([
      { status: 'warning', message: expect.stringContaining('"Portal" has no property "prmo"') },
    ])
  })
})
