import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { offerCommands } from '../../src/control/offer-commands.ts'
import { BILLING_SECRET } from '../../src/loop/offer-billing.ts'
import { openVault } from '../../src/security/vault.ts'
import type { Service } from '../../src/service.ts'
import type { Database } from '../../src/store/database.ts'
import { makeOffers, move, offerPlace, planOffer, type OfferPlace } from '../loop/offering.ts'
import { databaseKind, openTestDatabase } from '../support/database.ts'

let database: Database
let place: OfferPlace
let woken = 0
beforeAll(async () => {
  database = await openTestDatabase()
  place = await offerPlace(database)
})
afterAll(() => database.close())

const run = async (command: string, options: object = {}) => {
  const vault = openVault({ masterKey: Buffer.alloc(32, 7) })
  const service = { database, vault, clock: () => new Date() } as unknown as Service
  const commands = offerCommands(service, () => void woken++)
  const context = { report: () => undefined, signal: new AbortController().signal }
  // As it comes over the socket.
  return commands[command](JSON.parse(JSON.stringify(options)) as Record<string, unknown>, context)
}

describe(`offers from the command line (${databaseKind})`, () => {
  it('take codes out of a file, those that are known left as they are, and show the pools', async () => {
    const first = await run('offers-import', { pool: 'spring', text: 'code\nS-001\nS-002\n' })
    expect(first).toMatchObject({ pool: 'spring', added: 2, known: 0 })
    expect(woken).toBe(1)
    expect(await run('offers-import', { pool: 'spring', text: 's-001\nS-003\n' })).toMatchObject({
      added: 1,
      known: 1,
    })
    expect(await run('offers-pools')).toMatchObject({
      pools: [{ pool: 'spring', free: 3, taken: 0, few: true }],
    })
    await expect(run('offers-import', { pool: 'Spring Sale', text: 'A-1\n' })).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining('small letters'),
    })
    await expect(run('offers-import', { pool: 'spring', text: 'S-004\nS 005\n' })).rejects.toMatchObject({
      code: 'input_row',
    })
    expect(await run('offers-pools')).toMatchObject({ pools: [{ free: 3 }] })
  })

  it('record what was taken line by line, and list it', async () => {
    const id = await planOffer(database, place)
    const code = await database.withTenant(place.tenant, async (tx) => {
      const [made] = await makeOffers(tx, place, [id])
      await move(tx, id, 'leased', 'sending', 'sent')
      return made.do === 'go' ? made.offer.code : ''
    })
    const day = new Date().toISOString().slice(0, 10)
    const text = `code,redeemed_at,reference\n${code},${new Date().toISOString()},INV-1\nS-999,${day},\n`
    expect(await run('offers-redeem', { text })).toMatchObject({
      redeemed: 1,
      known: 0,
      refused: 1,
      problems: [{ line: 3, code: 'not_found' }],
    })
    const list = await run('offers-list', { status: 'redeemed' })
    expect(list).toMatchObject({ more: false, offers: [{ code, reference: 'INV-1', redeemedBy: 'file' }] })
    await expect(run('offers-list', { status: 'gone' })).rejects.toMatchObject({ code: 'usage' })
  })

  it('make the secret that billing signs with, and show it once', async () => {
    const made = await run('offers-secret')
    expect(made).toMatchObject({
      secret: expect.stringMatching(/^whsec_/),
      path: `/webhooks/billing/${place.tenant}`,
    })
    const vault = openVault({ masterKey: Buffer.alloc(32, 7) })
    const kept = await database.withTenant(place.tenant, (tx) => vault.unseal(tx, BILLING_SECRET))
    expect(kept?.toString()).toBe(made['secret'])
  })
})
