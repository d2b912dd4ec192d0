import { describe, expect, it } from 'vitest'
import type { Cursor } from '../../../connectors/connector.ts'
import { openHubSpotConnector } from '../../../connectors/hubspot/connector.ts'
import { clientOn, idsOf, openReading, passOver } from './reading.ts'

const MINUTE = 60_000
const WEEK = 7 * 1440 * MINUTE
const NAMES = { properties: ['name', 'city'], history: [] }

/** A portal's time, which goes on as the test says. */
function virtualTime() {
  let at = Date.parse('2026-11-21T08:00:00.000Z')
  return { clock: () => new Date(at), pass: (ms: number) => void (at += ms) }
}

async function openCompanies(count: number, options: { indexLagMs?: number } = {}) {
  const time = virtualTime()
  const portal = await openReading({ clock: time.clock, ...options })
  const { state } = portal.sandbox
  const ids = Array.from({ length: count }, (_, i) =>
    state.createRecord('companies', { name: `Company ${i}` }),
  )
  return { ...portal, state, time, ids }
}

const LIST = 'GET /crm/objects/companies'
const SEARCH = 'POST /crm/objects/companies/search'

describe('reading everything', () => {
  it('costs a call for each 100 records, one for the definitions, and one that counts them', async () => {
    const { open, calls, ids } = await openCompanies(250)
    const { records, pages } = await passOver(open(), null, NAMES)
    expect(idsOf(records)).toEqual(ids)
    expect(pages.at(-1)?.complete).toBe(true)
    expect(calls()).toEqual({ 'GET /crm/properties/companies': 1, [LIST]: 3, [SEARCH]: 1 })
    expect(pages.map(({ total }) => total)).toEqual([250, 250, 250])
  })

  it('has past values in the same calls, 50 records each, oldest first and typed', async () => {
    const { open, calls, state, time, ids } = await openCompanies(60)
    state.addProperty('companies', 'seats', { type: 'number' })
    for (const seats of [5, 5, 9]) {
      time.pass(MINUTE)
      state.updateRecord('companies', ids[0], { seats })
    }
    time.pass(MINUTE)
    state.updateRecord('companies', ids[0], { seats: '' })
    const { pages, records } = await passOver(open(), null, { properties: ['seats'], history: ['seats'] })
    expect(calls()[LIST]).toBe(2)
    // Handed over together: what is asked for around them is so for a hundred at a time.
    expect(pages).toHaveLength(1)
    expect(records[0].history).toEqual([
      { property: 'seats', value: 5, from: new Date('2026-11-21T08:01:00.000Z') },
      { property: 'seats', value: 9, from: new Date('2026-11-21T08:03:00.000Z') },
      { property: 'seats', value: null, from: new Date('2026-11-21T08:04:00.000Z') },
    ])
    expect(records[1].history).toEqual([])
  })

  it('asks for 900 properties with two calls a page, and finds by itself that an address is too long', async () => {
    const { open, calls, state, sandbox, ids } = await openCompanies(101)
    const names = Array.from({ length: 900 }, (_, i) => `custom_property_with_a_long_name_${i}`)
    for (const name of names) state.addProperty('companies', name)
    state.updateRecord('companies', ids[100], { [names[899]]: 'here' })
    const whole = await passOver(open(), null, { properties: names, history: [] })
    expect(whole.records[100].properties[names[899]]).toBe('here')
    expect(Object.keys(whole.records[0].properties)).toHaveLength(900)
    expect(calls()).toMatchObject({ [LIST]: 2, 'POST /crm/objects/companies/batch/read': 2 })
    // Fits by our count, and some proxy on the way allows less.
    sandbox.faults.inject({
      path: /objects\/[^/]+\/companies$/,
      method: 'GET',
      effect: { kind: 'answer', status: 414 },
    })
    const again = await passOver(open(), null, { properties: names.slice(0, 250), history: [] })
    expect(again.records).toHaveLength(101)
    expect(calls()).toMatchObject({ [LIST]: 3, 'POST /crm/objects/companies/batch/read': 2 })
  })

  it('is done again after a week, tells what went without a trace, and asks for no history', async () => {
    const { open, state, time, ids, calls } = await openCompanies(5)
    const reading = { properties: ['name'], history: ['name'] }
    const first = await passOver(open(), null, reading)
    state.eraseRecord('companies', ids[2])
    time.pass(WEEK - MINUTE)
    const before = await passOver(open(), first.cursor, reading)
    expect(before.deleted).toEqual([])
    time.pass(MINUTE)
    const again = await passOver(open(), before.cursor, reading)
    expect(again.pages.at(-1)?.complete).toBe(true)
    expect(idsOf(again.records)).toEqual(ids.filter((id) => id !== ids[2]))
    // Its agreements and people are looked at again too.
    expect(again.records.every(({ related, history }) => related === true && history === undefined)).toBe(
      true,
    )
    calls()
    expect((await passOver(open(), again.cursor, reading)).records).toEqual([])
  })

  it('does not say that it was complete when it was broken off, and comes back for that some hours later', async () => {
    const { open, state, time, ids } = await openCompanies(150)
    let cursor: Cursor | null = null
    for await (const page of open().changes(null, NAMES)) {
      cursor = page.cursor
      break
    }
    // Deleted after it was read, and before the rest was.
    state.archiveRecord('companies', ids[3])
    const rest = await passOver(open(), cursor, NAMES)
    expect(rest.pages.map(({ complete }) => complete)).toEqual([undefined])
    // Of the 150 that there were, 100 had come.
    expect(rest.pages.map(({ total }) => total)).toEqual([50])
    const next = await passOver(open(), rest.cursor, NAMES)
    expect(next.deleted).toEqual([ids[3]])
    time.pass(5 * 60 * MINUTE)
    expect((await passOver(open(), next.cursor, NAMES)).pages.at(-1)?.complete).toBe(true)
  })

  it('is done again by a cursor of the future: what changed until then would never be found', async () => {
    const { open, state, time, ids } = await openCompanies(3)
    time.pass(60 * MINUTE)
    const ahead = await passOver(open(), null, NAMES)
    time.pass(-50 * MINUTE)
    state.updateRecord('companies', ids[1], { city: 'Ulm' })
    const anew = await passOver(open(), ahead.cursor, NAMES)
    expect(idsOf(anew.records)).toEqual(ids)
    expect(anew.pages.at(-1)?.complete).toBe(true)
    time.pass(5 * MINUTE)
    state.updateRecord('companies', ids[2], { city: 'Bonn' })
    expect(idsOf((await passOver(open(), anew.cursor, NAMES)).records)).toEqual([ids[2]])
  })

  it('leaves no gap where answers come with a time that is ahead of ours', async () => {
    const { sandbox, open, state, time, ids } = await openCompanies(3)
    const proxied = openHubSpotConnector({
      config: { portal: sandbox.portal, object: 'companies', auth: 'private_app' },
      client: clientOn(sandbox, () => new Date(time.clock().getTime() - 30 * MINUTE)),
      clock: () => new Date(time.clock().getTime() - 30 * MINUTE),
    })
    const first = await passOver(proxied, null, NAMES)
    expect(Date.parse((first.cursor as { since: string }).since)).toBe(time.clock().getTime() - 30 * MINUTE)
    time.pass(5 * MINUTE)
    state.updateRecord('companies', ids[1], { city: 'Ulm' })
    expect(idsOf((await passOver(proxied, first.cursor, NAMES)).records)).toContain(ids[1])
    expect(idsOf((await passOver(open(), first.cursor, NAMES)).records)).toContain(ids[1])
  })

  it('begins anew when other properties are asked for', async () => {
    const { open, time } = await openCompanies(3)
    const { cursor } = await passOver(open(), null, NAMES)
    time.pass(MINUTE)
    const other = await passOver(open(), cursor, { properties: ['name', 'city', 'domain'], history: [] })
    expect(other.records).toHaveLength(3)
    expect(other.pages.at(-1)?.complete).toBe(true)
  })

  it('refuses to read a property that is gone, by name, and says whether it can be restored', async () => {
    const { open, state } = await openCompanies(3)
    state.addProperty('companies', 'seats', { type: 'number' })
    const { cursor } = await passOver(open(), null, { properties: ['seats'], history: [] })
    state.setProperty('companies', { ...state.property('companies', 'seats')!, archivedAt: Date.now() })
    await expect(passOver(open(), cursor, { properties: ['seats'], history: [] })).rejects.toMatchObject({
      code: 'column_missing',
      message: expect.stringMatching(/"seats" of companies.*archived.*Restore it/),
    })
  })

  it('refuses it as well when it went while the definitions were still remembered', async () => {
    const { open, state, ids } = await openCompanies(3)
    state.addProperty('companies', 'seats', { type: 'number' })
    for (const id of ids) state.updateRecord('companies', id, { seats: 3 })
    const connector = open()
    const reading = { properties: ['name', 'seats'], history: [] }
    expect((await connector.read(ids, reading))[0].properties['seats']).toBe(3)
    state.setProperty('companies', { ...state.property('companies', 'seats')!, archivedAt: Date.now() })
    await expect(connector.read(ids, reading)).rejects.toMatchObject({ code: 'column_missing' })
  })
})

describe('reading what changed', () => {
  it('costs two calls when nothing did: a search, and a look at what was archived', async () => {
    const { open, calls, time } = await openCompanies(20)
    const { cursor } = await passOver(open({ recipients: { roles: [] } }), null, NAMES)
    time.pass(10 * MINUTE)
    calls()
    const idle = await passOver(open(), cursor, NAMES)
    expect(idle.records).toEqual([])
    const { 'POST /crm/objects/contacts/search': contacts, ...others } = calls()
    expect(contacts).toBe(1)
    expect(others).toEqual({ 'GET /crm/properties/companies': 1, [SEARCH]: 1, [LIST]: 1 })
  })

  it('finds what the index shows only later, once', async () => {
    const { open, time, state, ids } = await openCompanies(3, { indexLagMs: 20_000 })
    time.pass(5 * MINUTE)
    let { cursor } = await passOver(open(), null, NAMES)
    time.pass(5 * MINUTE)
    state.updateRecord('companies', ids[1], { city: 'Vienna' })
    const found: string[][] = []
    for (let i = 0; i < 6; i++) {
      time.pass(10_000)
      const pass = await passOver(open(), cursor, NAMES)
      found.push([...idsOf(pass.records)])
      cursor = pass.cursor
    }
    expect(found).toEqual([[], [ids[1]], [], [], [], []])
  })

  it('hands over the company of a contact once, though the next pass finds the contact again', async () => {
    const { open, state, time, ids } = await openCompanies(2)
    const contact = state.createRecord('contacts', { email: 'a@example.test' })
    state.associate('companies', ids[0], 'contacts', contact, 280)
    time.pass(10 * MINUTE)
    const first = await passOver(open(), null, NAMES)
    time.pass(10 * MINUTE)
    state.updateRecord('contacts', contact, { jobtitle: 'CFO' })
    time.pass(MINUTE)
    const changed = await passOver(open(), first.cursor, NAMES)
    expect(idsOf(changed.records)).toEqual([ids[0]])
    time.pass(5 * MINUTE)
    expect((await passOver(open(), changed.cursor, NAMES)).records).toEqual([])
  })

  it('hands over more than a page once, though the next pass finds them again', async () => {
    const { open, state, time, ids } = await openCompanies(450)
    time.pass(10 * MINUTE)
    const first = await passOver(open(), null, NAMES)
    time.pass(10 * MINUTE)
    for (const id of ids) state.updateRecord('companies', id, { city: 'Ulm' })
    time.pass(MINUTE)
    const changed = await passOver(open(), first.cursor, NAMES)
    expect(changed.records).toHaveLength(450)
    time.pass(5 * MINUTE)
    expect((await passOver(open(), changed.cursor, NAMES)).records).toEqual([])
  })

  it('takes a second change within the same millisecond for another version', async () => {
    const { open, state, ids } = await openCompanies(3)
    const first = await passOver(open(), null, NAMES)
    state.updateRecord('companies', ids[0], { city: 'Vienna' })
    const second = await passOver(open(), first.cursor, NAMES)
    expect(second.records.map(({ properties }) => properties['city'])).toEqual(['Vienna'])
    expect((await passOver(open(), second.cursor, NAMES)).records).toEqual([])
  })

  it('hands over the winner of a merge, and what was merged into it as gone, also when that is still found', async () => {
    const { open, time, state, ids } = await openCompanies(4, { indexLagMs: 30_000 })
    time.pass(5 * MINUTE)
    let { cursor } = await passOver(open(), null, NAMES)
    time.pass(5 * MINUTE)
    state.updateRecord('companies', ids[0], { city: 'Vienna' })
    time.pass(31_000)
    const into = state.mergeRecords('companies', ids[0], ids[1], undefined, { newId: true })
    const handed: string[] = []
    const gone = new Set<string>()
    for (let i = 0; i < 5; i++) {
      time.pass(15_000)
      const pass = await passOver(open(), cursor, NAMES)
      for (const record of pass.records) gone.delete(record.id)
      handed.push(...idsOf(pass.records))
      for (const id of pass.deleted) gone.add(id)
      cursor = pass.cursor
    }
    expect(handed).toContain(into)
    expect([...gone].toSorted()).toEqual([ids[0], ids[1]].toSorted())
    expect(gone.has(into)).toBe(false)
  })

  it('looks the more rarely at what was archived, the longer the list is', async () => {
    const { open, time, state, ids, calls } = await openCompanies(250)
    for (const id of ids.slice(0, 230)) state.archiveRecord('companies', id)
    let { cursor } = await passOver(open(), null, NAMES)
    const looked: number[] = []
    for (let i = 0; i < 5; i++) {
      time.pass(MINUTE)
      calls()
      cursor = (await passOver(open(), cursor, NAMES)).cursor
      looked.push(calls()[LIST] ?? 0)
    }
    expect(looked).toEqual([3, 0, 0, 3, 0])
  })

  it('hands over the companies of a deal or a contact that changed', async () => {
    const { open, time, state, ids, calls } = await openCompanies(5)
    const deal = state.createRecord('deals', { amount: 1200, deal_currency_code: 'EUR' })
    const contact = state.createRecord('contacts', { email: 'ada@example.com' })
    state.associate('companies', ids[1], 'deals', deal, 342)
    state.associate('companies', ids[3], 'contacts', contact, 280)
    const connector = () =>
      open({ agreements: { from: 'deals', pipeline: null, stages: [], periodMonths: 12 } })
    const { cursor } = await passOver(connector(), null, NAMES)
    time.pass(10 * MINUTE)
    state.updateRecord('deals', deal, { amount: 2400 })
    state.updateRecord('contacts', contact, { jobtitle: 'CEO' })
    calls()
    const after = await passOver(connector(), cursor, NAMES)
    expect(after.records.map(({ id, related }) => [id, related])).toEqual([
      [ids[1], true],
      [ids[3], true],
    ])
    expect((await connector().agreements!([ids[1]])).get(ids[1])?.[0].amountMinor).toBe(240_000)
    expect((await passOver(connector(), after.cursor, NAMES)).records).toEqual([])
  })
})

describe('reading by id', () => {
  it('gives the record that a merged id lives on in, leaves out what is gone, and minds no id that is none', async () => {
    const { open, state, ids, calls } = await openCompanies(5)
    const into = state.mergeRecords('companies', ids[0], ids[1], undefined, { newId: true })
    state.archiveRecord('companies', ids[2])
    const found = await open().read([ids[0], ids[1], ids[2], ids[3], 'nobody', '99', into], NAMES)
    expect(idsOf(found).toSorted()).toEqual([ids[3], into].toSorted())
    expect(found.find(({ id }) => id === into)?.merged?.toSorted()).toEqual([ids[0], ids[1]])
    expect(calls()).not.toHaveProperty('GET /crm/objects/companies')
  })
})
