import { describe, expect, it } from 'vitest'
import type { Cursor } from '../../connectors/connector.ts'
import type { SalesforceConfigInput } from '../../connectors/salesforce/config.ts'
import { idsOf, openReading, passOver } from '../connectors/salesforce/reading.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const NAMES = { properties: ['Name', 'BillingCity'], history: [] }

/** An org's time, which goes on as the test says. */
function virtualTime() {
  let at = Date.parse('2026-11-21T08:00:00.000Z')
  return { clock: () => new Date(at), pass: (ms: number) => void (at += ms) }
}

async function openAccounts(count: number, options: Parameters<typeof openReading>[0] = {}) {
  const time = virtualTime()
  const org = await openReading({ clock: time.clock, ...options })
  const ids = Array.from({ length: count }, (_, i) =>
    org.state.createRecord('Account', { Name: `Company ${i}` }),
  )
  return { ...org, time, ids }
}

/** Addresses asked since the last time, those of queries as SOQL. */
function asked(org: Awaited<ReturnType<typeof openReading>>): readonly string[] {
  const urls = org.sandbox.requests().map(({ url }) => {
    const { pathname, searchParams } = new URL(url, 'http://localhost')
    return searchParams.get('q') ?? pathname.replace(/.*\/v\d+\.0/, '')
  })
  org.sandbox.forgetRequests()
  return urls
}

describe('reading everything', () => {
  it('is a job of the Bulk API above a number of records, and hands over what the pages of a query do', async () => {
    const org = await openAccounts(23, { bulkPage: 5 })
    org.state.updateRecord('Account', org.ids[7], { Name: 'Said "so", Ltd\nsecond line', BillingCity: 'Id' })
    org.state.updateRecord('Account', org.ids[8], { NumberOfEmployees: 12, AnnualRevenue: 0.5 })
    const reading = { properties: ['Name', 'BillingCity', 'NumberOfEmployees', 'AnnualRevenue'], history: [] }
    const pages = await passOver(org.open(), null, reading)
    expect(asked(org).some((one) => one.startsWith('/jobs/query'))).toBe(false)
    const bulk = await passOver(org.open({}, { bulkAbove: 10, bulkPage: 4 }), null, reading)
    expect(asked(org).filter((one) => one.endsWith('/results')).length).toBeGreaterThan(4)
    expect(bulk.records.toSorted((a, b) => (a.id < b.id ? -1 : 1))).toEqual(pages.records)
    expect(bulk.pages.at(-1)?.complete).toBe(true)
    expect(bulk.records.find(({ id }) => id === org.ids[8])?.properties).toMatchObject({
      NumberOfEmployees: 12,
      AnnualRevenue: 0.5,
    })
    // What the job handed over is known to the next pass, however it is read.
    expect((await passOver(org.open(), bulk.cursor, reading)).records).toEqual([])
  })

  it('goes on with the same job where it was broken off, row by row, and anew when the job is gone', async () => {
    const org = await openAccounts(23, { bulkPage: 5 })
    const open = () => org.open({}, { bulkAbove: 10, bulkPage: 5 })
    const seen: string[] = []
    let cursor: Cursor | null = null
    for (let number = 0; number < 3; number++) {
      for await (const page of open().changes(cursor, NAMES)) {
        seen.push(...idsOf(page.upserts))
        cursor = JSON.parse(JSON.stringify(page.cursor)) as Cursor
        break
      }
    }
    expect(asked(org).filter((one) => one === '/jobs/query')).toHaveLength(1)
    const rest = await passOver(open(), cursor, NAMES)
    expect([...seen, ...idsOf(rest.records)].toSorted()).toEqual(org.ids.toSorted())
    expect(rest.pages.at(-1)?.complete).toBeUndefined()
    org.time.pass(8 * DAY)
    const anew = await passOver(open(), cursor, NAMES)
    expect(idsOf(anew.records).toSorted()).toEqual(org.ids.toSorted())
  })

  it('hands over those alone who meet a condition, and says of every later change whether it does', async () => {
    const org = await openAccounts(6)
    const { state, ids, time, open } = org
    const customers = ids.filter((_, i) => i % 2 === 0)
    for (const id of customers) state.updateRecord('Account', id, { Type: "Customer's" })
    const reading = { ...NAMES, condition: String.raw`Type = 'Customer\'s'` }
    const first = await passOver(open(), null, reading)
    expect(idsOf(first.records)).toEqual(customers)
    expect(first.records.every(({ member }) => member === true)).toBe(true)
    time.pass(MINUTE)
    state.updateRecord('Account', ids[0], { Type: 'Other' })
    state.updateRecord('Account', ids[1], { Type: "Customer's" })
    const later = await passOver(open(), first.cursor, reading)
    const members = new Map(later.records.map(({ id, member }) => [id, member]))
    expect([members.get(ids[0]), members.get(ids[1])]).toEqual([false, true])
    expect((await open().read([ids[0], ids[1]], reading)).map(({ member }) => member)).toEqual([false, true])
  })

  it('lets those go again who were restored before it', async () => {
    const { state, ids, time, open } = await openAccounts(3)
    const first = await passOver(open(), null, NAMES)
    time.pass(MINUTE)
    state.deleteRecord('Account', ids[0])
    const second = await passOver(open(), first.cursor, NAMES)
    expect(second.deleted).toEqual([ids[0]])
    state.undelete('Account', ids[0])
    time.pass(8 * DAY)
    const whole = await passOver(open(), second.cursor, NAMES)
    expect(idsOf(whole.records)).toContain(ids[0])
    time.pass(MINUTE)
    state.deleteRecord('Account', ids[0])
    state.purge('Account', ids[0])
    time.pass(MINUTE)
    expect((await passOver(open(), whole.cursor, NAMES)).deleted).toEqual([ids[0]])
  })

  it('leaves out no deletion before it, of those who do not meet the condition either', async () => {
    const { state, ids, time, open } = await openAccounts(3)
    for (const id of ids) state.updateRecord('Account', id, { Type: 'Customer' })
    const reading = { ...NAMES, condition: "Type = 'Customer'" }
    const first = await passOver(open(), null, reading)
    time.pass(MINUTE)
    state.updateRecord('Account', ids[0], { Type: 'Former' })
    const second = await passOver(open(), first.cursor, reading)
    state.deleteRecord('Account', ids[0])
    // Not even in the recycle bin any more.
    state.purge('Account', ids[0])
    time.pass(8 * DAY)
    const whole = await passOver(open(), second.cursor, reading)
    expect(whole.pages.at(-1)?.complete).toBe(true)
    time.pass(MINUTE)
    const after = await passOver(open(), whole.cursor, reading)
    expect([...whole.deleted, ...after.deleted]).toEqual([ids[0]])
  })

  it.each([
    ['pages of a query', {}],
    ['a bulk job', { bulkAbove: 10, bulkPage: 5 }],
  ])('asks by %s whether those who changed meanwhile still meet it', async (_, how) => {
    const org = await openAccounts(23, { pageSize: 5, bulkPage: 5 })
    const { state, ids, open } = org
    for (const id of ids) state.updateRecord('Account', id, { Type: 'Customer' })
    const reading = { properties: ['Name', 'Type'], history: [], condition: "Type = 'Customer'" }
    const members = new Map<string, boolean | undefined>()
    let cursor: Cursor | null = null
    let number = 0
    for await (const page of open({}, how).changes(null, reading)) {
      if (number++ === 0) {
        org.time.pass(MINUTE)
        state.updateRecord('Account', ids[22], { Type: 'Former' })
      }
      for (const { id, member } of page.upserts) members.set(id, member)
      cursor = page.cursor
    }
    for (const { id, member } of (await passOver(open(), cursor, reading)).records) members.set(id, member)
    expect(ids.filter((id) => members.get(id) !== true)).toEqual([ids[22]])
  })

  it('says of a condition that Salesforce cannot read which one it is', async () => {
    const { open } = await openAccounts(2)
    for (const condition of ['Nonsense__c = 1', "Type = 'a' AND", 'Name LIKE 5'])
      await expect(passOver(open(), null, { ...NAMES, condition })).rejects.toMatchObject({
        code: 'connector_configuration',
        message: expect.stringContaining(condition),
      })
  })

  it('is done again after a week, and after so long a pause that deletions may be forgotten', async () => {
    for (const pause of [7 * DAY, 20 * DAY]) {
      const { open, state, time, ids } = await openAccounts(3)
      const first = await passOver(open(), null, NAMES)
      state.deleteRecord('Account', ids[1])
      state.purge('Account', ids[1])
      time.pass(pause)
      const again = await passOver(open(), first.cursor, NAMES)
      expect(again.pages.at(-1)?.complete).toBe(true)
      expect(idsOf(again.records)).toEqual([ids[0], ids[2]])
      expect(again.records.every(({ related }) => related === true)).toBe(true)
    }
  })

  it('asks for fields that do not fit one address in several queries', async () => {
    const org = await openAccounts(5)
    const names = Array.from({ length: 600 }, (_, i) => `A_custom_field_with_a_long_name_${i}__c`)
    for (const name of names) org.state.define('Account', name, {})
    org.state.updateRecord('Account', org.ids[4], { [names[599]]: 'here' })
    const reading = { properties: names, history: [] }
    const { records, cursor } = await passOver(org.open(), null, reading)
    expect(records).toHaveLength(5)
    expect(records[4].properties[names[599]]).toBe('here')
    expect(Math.max(...org.sandbox.requests().map(({ url }) => url.length))).toBeLessThan(16_000)
    org.time.pass(MINUTE)
    org.state.updateRecord('Account', org.ids[2], { [names[0]]: 'changed' })
    const later = await passOver(org.open(), cursor, reading)
    expect(later.records.map(({ id, properties }) => [id, properties[names[0]]])).toEqual([
      [org.ids[2], 'changed'],
    ])
  })
})

describe('what changed', () => {
  it('is found by its place in SystemModstamp and id, ten minutes back, without LIMIT', async () => {
    const org = await openAccounts(3)
    const { cursor } = await passOver(org.open(), null, NAMES)
    org.time.pass(HOUR)
    org.state.updateRecord('Account', org.ids[1], { BillingCity: 'Ulm' })
    asked(org)
    const { records } = await passOver(org.open(), cursor, NAMES)
    expect(idsOf(records)).toEqual([org.ids[1]])
    expect(asked(org).find((one) => one.includes('FROM Account WHERE SystemModstamp'))).toMatch(
      / WHERE SystemModstamp >= 2026-11-21T07:50:00\.000Z ORDER BY SystemModstamp,Id$/,
    )
  })

  it('is met when it is committed after later changes were read', async () => {
    const { open, state, time, ids } = await openAccounts(3)
    const first = await passOver(open(), null, NAMES)
    time.pass(HOUR)
    state.updateRecord('Account', ids[1], { BillingCity: 'Ulm' })
    const second = await passOver(open(), first.cursor, NAMES)
    state.updateRecord('Account', ids[2], { BillingCity: 'Bonn' }, undefined, {
      at: new Date(time.clock().getTime() - 9 * MINUTE),
    })
    expect(idsOf((await passOver(open(), second.cursor, NAMES)).records)).toEqual([ids[2]])
  })

  it('is told once more when it changes again within the same second', async () => {
    const { open, state, ids } = await openAccounts(3)
    const first = await passOver(open(), null, NAMES)
    state.updateRecord('Account', ids[1], { BillingCity: 'Ulm' })
    const second = await passOver(open(), first.cursor, NAMES)
    state.updateRecord('Account', ids[1], { BillingCity: 'Bonn' })
    const third = await passOver(open(), second.cursor, NAMES)
    expect(second.records.map(({ properties }) => properties['BillingCity'])).toEqual(['Ulm'])
    expect(third.records.map(({ properties }) => properties['BillingCity'])).toEqual(['Bonn'])
  })

  it('says which records live on in others, by the changes and by their ids', async () => {
    const { open, state, time, ids } = await openAccounts(5)
    const first = await passOver(open(), null, NAMES)
    time.pass(MINUTE)
    state.mergeRecords('Account', ids[2], [ids[3]])
    state.mergeRecords('Account', ids[0], [ids[2], ids[4]])
    const { records, deleted } = await passOver(open(), first.cursor, NAMES)
    expect(deleted.toSorted()).toEqual([ids[2], ids[3], ids[4]])
    expect(records.map(({ id, merged }) => [id, merged?.toSorted()])).toEqual([
      [ids[0], [ids[2], ids[3], ids[4]]],
    ])
    const read = await open().read([ids[3], ids[1]], NAMES)
    expect(read.map(({ id, merged }) => [id, merged])).toEqual([
      [ids[1], undefined],
      [ids[0], [ids[3]]],
    ])
  })

  it('tells a deletion once, also of what left the recycle bin, and again after a restoration', async () => {
    const { open, state, time, ids } = await openAccounts(4)
    let { cursor } = await passOver(open(), null, NAMES)
    const told = async (): Promise<readonly string[]> => {
      time.pass(2 * MINUTE)
      const pass = await passOver(open(), cursor, NAMES)
      cursor = pass.cursor
      return pass.deleted
    }
    state.deleteRecord('Account', ids[0])
    state.deleteRecord('Account', ids[1])
    state.purge('Account', ids[1])
    expect((await told()).toSorted()).toEqual([ids[0], ids[1]])
    expect(await told()).toEqual([])
    state.undelete('Account', ids[0])
    expect(await told()).toEqual([])
    state.deleteRecord('Account', ids[0])
    state.purge('Account', ids[0])
    expect(await told()).toEqual([ids[0]])
  })

  it('of contacts and opportunities leads to their customers, once', async () => {
    const config: Partial<SalesforceConfigInput> = {
      agreements: { from: 'opportunities', stages: [], periodMonths: 12 },
    }
    const { open, state, time, ids } = await openAccounts(3)
    const deal = state.createRecord('Opportunity', {
      Name: 'Renewal',
      AccountId: ids[1],
      StageName: 'Closed Won',
      CloseDate: '2027-03-31',
    })
    const first = await passOver(open(config), null, NAMES)
    time.pass(HOUR)
    state.updateRecord('Opportunity', deal, { Amount: 5 })
    state.createRecord('Contact', { LastName: 'Reed', AccountId: ids[2] })
    const second = await passOver(open(config), first.cursor, NAMES)
    expect(new Set(idsOf(second.records))).toEqual(new Set([ids[1], ids[2]]))
    expect(second.records.every(({ related }) => related === true)).toBe(true)
    expect((await passOver(open(config), second.cursor, NAMES)).records).toEqual([])
    time.pass(MINUTE)
    // A deleted one leads to its customer too: what is left of its agreements has to be asked for.
    state.deleteRecord('Opportunity', deal)
    expect(idsOf((await passOver(open(config), second.cursor, NAMES)).records)).toEqual([ids[1]])
    expect(await open(config).customersOf!('Opportunity', [deal])).toEqual([])
  })

  it('is our own where our user changed it last', async () => {
    const { open, state, time, ids, sandbox } = await openAccounts(2)
    const first = await passOver(open(), null, NAMES)
    time.pass(MINUTE)
    state.updateRecord(
      'Account',
      ids[0],
      { BillingCity: 'Ulm' },
      { userId: sandbox.user.id, client: 'Holdfast' },
    )
    state.updateRecord('Account', ids[1], { BillingCity: 'Ulm' })
    const { records } = await passOver(open(), first.cursor, NAMES)
    expect(new Map(records.map(({ id, own }) => [id, own]))).toEqual(
      new Map([
        [ids[0], true],
        [ids[1], undefined],
      ]),
    )
  })
})

describe('past values', () => {
  it('come with a record that is handed over for the first time, oldest first and typed', async () => {
    const { open, state, time } = await openAccounts(0)
    state.define('Account', 'Seats__c', { type: 'double', trackHistory: true })
    const [id, other] = ['a', 'b'].map((Name) => state.createRecord('Account', { Name, Seats__c: 5 }))
    for (const seats of [9, null]) {
      time.pass(MINUTE)
      state.updateRecord('Account', id, { Seats__c: seats })
    }
    const reading = { properties: ['Seats__c'], history: ['Seats__c'] }
    time.pass(HOUR)
    state.createRecord('Account', { Name: 'c' })
    const { records, cursor } = await passOver(open(), null, reading)
    expect(records.find((one) => one.id === id)?.history).toEqual([
      { property: 'Seats__c', value: 5, from: new Date('2026-11-21T08:00:00.000Z') },
      { property: 'Seats__c', value: 9, from: new Date('2026-11-21T08:01:00.000Z') },
      { property: 'Seats__c', value: null, from: new Date('2026-11-21T08:02:00.000Z') },
    ])
    expect(records.find((one) => one.id === other)?.history).toEqual([])
    time.pass(HOUR)
    state.updateRecord('Account', other, { Seats__c: 1 })
    expect((await passOver(open(), cursor, reading)).records.map(({ history }) => history)).toEqual([
      undefined,
    ])
  })
})

describe('what may be read', () => {
  it('leaves out what nobody allowed, what comes in parts, long texts, files and what is ours', async () => {
    const { open, state } = await openAccounts(1)
    state.define('Account', 'Health__c', { type: 'string', securityClassification: 'Confidential' })
    state.define('Account', 'Tax__c', { type: 'string', complianceGroup: 'GDPR' })
    state.define('Account', 'Story__c', { type: 'textarea', length: 32_000 })
    state.define('Account', 'Secret__c', { type: 'string', readable: false })
    state.define('Account', 'Vault__c', { type: 'string', encrypted: true })
    const columnsOf = async (config = {}) =>
      new Set((await open(config).describe())[0].profile.columns.map(({ header }) => header))
    const columns = await columnsOf()
    for (const name of ['Health__c', 'Tax__c', 'Story__c', 'Secret__c', 'BillingAddress', 'SystemModstamp'])
      expect(columns).not.toContain(name)
    expect([...columns].filter((name) => name.startsWith('Holdfast'))).toEqual([])
    expect([...columns]).toEqual(expect.arrayContaining(['Name', 'BillingCity', 'Vault__c', 'Industry']))
    expect(await columnsOf({ sensitive: ['Health__c'] })).toContain('Health__c')
  })

  it('reads long and encrypted fields that are mapped, and filters and sorts by neither', async () => {
    const org = await openAccounts(1)
    org.state.define('Account', 'Story__c', { type: 'textarea', length: 32_000 })
    org.state.define('Account', 'Vault__c', { type: 'string', encrypted: true })
    org.state.updateRecord('Account', org.ids[0], { Story__c: 'Long ago', Vault__c: 'x' })
    const reading = { properties: ['Story__c', 'Vault__c'], history: [] }
    const { records } = await passOver(org.open(), null, reading)
    expect(records[0].properties).toEqual({ Story__c: 'Long ago', Vault__c: 'x' })
    for (const soql of asked(org)) expect(soql).not.toMatch(/(WHERE|ORDER BY)[^]*(Story__c|Vault__c)/)
  })

  it.each([
    ['Gone__c', /is not in Salesforce any more, or field-level security hides it/],
    ['BillingAddress', /Map its parts \(.*BillingCity/],
    ['Health__c', /classified as sensitive/],
  ])('says of a mapped field that cannot be read why: %s', async (name, why) => {
    const { open, state } = await openAccounts(1)
    state.define('Account', 'Health__c', { type: 'string', securityClassification: 'Restricted' })
    await expect(passOver(open(), null, { properties: ['Name', name], history: [] })).rejects.toMatchObject({
      code: 'column_missing',
      retryable: true,
      message: expect.stringMatching(why),
    })
  })

  it('describes again when Salesforce does not know a field, and says which one went', async () => {
    for (const options of [{}, { bulkAbove: 0 }]) {
      const { open, state } = await openAccounts(3)
      state.define('Account', 'Seats__c', { type: 'double' })
      state.define('Account', 'Spare__c', { type: 'double' })
      const mapped = open({}, options)
      const all = open({}, options)
      await passOver(mapped, null, { properties: ['Name', 'Seats__c'], history: [] })
      await passOver(all, null)
      state.setAccess('Account', 'Seats__c', { readable: false })
      await expect(
        passOver(mapped, null, { properties: ['Name', 'Seats__c'], history: [] }),
      ).rejects.toMatchObject({
        code: 'column_missing',
        message: expect.stringContaining('"Seats__c"'),
      })
      // Whoever wants what there is gets the rest.
      const { records } = await passOver(all, null)
      expect(records).toHaveLength(3)
      expect(Object.keys(records[0].properties)).not.toContain('Seats__c')
    }
  })

  it('leaves out what was shared away in the middle of a pass', async () => {
    const { open, state, time, ids } = await openAccounts(9, { pageSize: 3 })
    const first = await passOver(open(), null, NAMES)
    time.pass(MINUTE)
    for (const id of ids) state.updateRecord('Account', id, { BillingCity: 'Ulm' })
    const seen: string[] = []
    for await (const page of open().changes(first.cursor, { ...NAMES, condition: "Name != ''" })) {
      seen.push(...idsOf(page.upserts))
      state.hide('Account', ids[8])
    }
    expect(new Set(seen)).toEqual(new Set(ids.slice(0, 8)))
    expect(await open().read([ids[8]], NAMES)).toEqual([])
  })

  it('says so where our user may not read the object at all', async () => {
    const { open, state } = await openAccounts(1)
    state.setObjectAccess('Account', { read: false })
    await expect(passOver(open(), null, NAMES)).rejects.toMatchObject({
      code: 'connector_configuration',
      message: expect.stringContaining('Account'),
    })
  })
})

describe('person accounts', () => {
  it('are customers among the others, with the fields of their contact', async () => {
    const { open, state, time } = await openAccounts(1, { personAccounts: true })
    const person = state.createRecord('Account', {
      FirstName: 'Ada',
      LastName: 'Reed',
      PersonEmail: 'ada@example.com',
    })
    const reading = { properties: ['IsPersonAccount', 'PersonEmail'], history: [] }
    const first = await passOver(open(), null, reading)
    expect(first.records.map(({ name, properties }) => [name, properties])).toEqual([
      ['Company 0', { IsPersonAccount: false, PersonEmail: null }],
      ['Ada Reed', { IsPersonAccount: true, PersonEmail: 'ada@example.com' }],
    ])
    expect(await open().recipients!([person])).toMatchObject([
      { customerId: person, email: 'ada@example.com' },
    ])
    time.pass(HOUR)
    state.updateRecord('Account', person, { PersonEmail: 'reed@example.com' })
    const { records } = await passOver(open(), first.cursor, reading)
    expect(records.map(({ id, properties }) => [id, properties['PersonEmail']])).toEqual([
      [person, 'reed@example.com'],
    ])
  })

  it('are never asked about in an org without them', async () => {
    const org = await openAccounts(1)
    await org.open().describe()
    await passOver(org.open(), null)
    for (const soql of asked(org)) expect(soql).not.toMatch(/Person|__pc/)
  })
})
