/** What belongs to a customer: its name, its people, its agreements, its responsible, its top parent. */
import { describe, expect, it } from 'vitest'
import { openParents } from '../../../connectors/parents.ts'
import { openReading, passOver } from './reading.ts'

const NAMES = { properties: ['name'], history: [] }

describe('the people of a company', () => {
  it('come best first: by role or label, then whom it concerns most, then who was in touch last', async () => {
    const { open, sandbox } = await openReading()
    const { state } = sandbox
    state.addLabel('companies', 'contacts', { category: 'USER_DEFINED', typeId: 77, label: 'Decision maker' })
    state.addProperty('contacts', 'notes_last_updated', { type: 'datetime' })
    const company = state.createRecord('companies', { name: 'Acme' })
    const add = (
      name: string,
      properties: Record<string, string>,
      types: readonly number[] = [280],
    ): string => {
      const id = state.createRecord('contacts', {
        firstname: name,
        email: `${name}@example.com`,
        ...properties,
      })
      for (const type of types) state.associate('companies', company, 'contacts', id, type)
      return id
    }
    add('old', { notes_last_updated: '2020-01-01T00:00:00Z' })
    add('recent', { notes_last_updated: '2026-11-01T00:00:00Z' })
    add('primary', { notes_last_updated: '2019-01-01T00:00:00Z' }, [280, 2])
    add('chief', { jobtitle: 'Interim CEO, Europe' })
    add('label', {}, [280, 77])
    const people = await open({ recipients: { roles: ['Decision maker', 'CEO'] } }).recipients!([company])
    expect(people.map(({ name }) => name)).toEqual(['label', 'chief', 'primary', 'recent', 'old'])
    expect(people[0].role).toBe('Decision maker')
    expect(people[1].role).toBe('Interim CEO, Europe')
  })

  it('have language, zone, country and phone in the codes that the rest speaks', async () => {
    const { open, sandbox } = await openReading({ object: 'contacts' })
    const id = sandbox.state.createRecord('contacts', {
      email: 'zoe@example.com',
      firstname: 'Zoë\u0007 👩‍🚀',
      hs_language: 'de-at',
      hs_timezone: 'america_slash_new_york',
      country: 'Austria',
      phone: '+43 1 1',
      mobilephone: '+43 660 1',
    })
    const [person] = await open().recipients!([id])
    expect(person).toMatchObject({
      customerId: id,
      id,
      name: 'Zoë\u0007 👩‍🚀',
      language: 'de-AT',
      zone: 'America/New_York',
      country: 'AT',
      phone: '+43 660 1',
      consent: { email: 'unknown' },
    })
  })

  it('of contacts cost no call after a page of them', async () => {
    const { open, sandbox, calls } = await openReading({ object: 'contacts' })
    for (let i = 0; i < 30; i++) sandbox.state.createRecord('contacts', { email: `c${i}@example.com` })
    const connector = open()
    for await (const { upserts } of connector.changes(null, { properties: ['jobtitle'], history: [] })) {
      calls()
      const people = await connector.recipients!(upserts.map(({ id }) => id))
      expect(people).toHaveLength(30)
      expect(calls()).toEqual({})
    }
  })

  it('are all told, however many a company has, and none for a company without', async () => {
    const { open, sandbox, calls } = await openReading({ settings: { associationsPage: 20 } })
    const { state } = sandbox
    const [full, empty] = ['Full', 'Empty'].map((name) => state.createRecord('companies', { name }))
    for (let i = 0; i < 45; i++) {
      const contact = state.createRecord('contacts', { email: `c${i}@example.com` })
      state.associate('companies', full, 'contacts', contact, 280)
    }
    const people = await open().recipients!([full, empty, '999'])
    expect(new Set(people.map(({ id }) => id)).size).toBe(45)
    expect(people.every(({ customerId }) => customerId === full)).toBe(true)
    expect(calls()).toEqual({
      'POST /crm/associations/companies/contacts/batch/read': 3,
      'POST /crm/objects/contacts/batch/read': 1,
    })
  })
})

describe('agreements out of deals', () => {
  async function openDeals() {
    const portal = await openReading()
    const { state } = portal.sandbox
    state.addProperty('deals', 'months', { type: 'number' })
    state.addProperty('deals', 'notice', { type: 'date' })
    state.addProperty('deals', 'renews', { type: 'bool' })
    const [one, other] = ['One', 'Other'].map((name) => state.createRecord('companies', { name }))
    const deal = (company: string, properties: Record<string, string | number>): string => {
      const id = state.createRecord('deals', properties)
      state.associate('companies', company, 'deals', id, 342)
      return id
    }
    const running = { pipeline: 'renewals', dealstage: 'won' }
    const connector = () =>
      portal.open({
        agreements: {
          from: 'deals',
          pipeline: 'renewals',
          stages: ['won'],
          periodMonths: { property: 'months' },
          renewalProperty: 'closedate',
          noticeProperty: 'notice',
          autoRenewalProperty: 'renews',
        },
      })
    return { ...portal, state, one, other, deal, running, connector }
  }

  it('are those of the pipeline and its stages, with amount, currency, period and dates', async () => {
    const { one, other, deal, running, connector, calls } = await openDeals()
    const id = deal(one, {
      ...running,
      amount: '1199.90',
      deal_currency_code: 'EUR',
      months: 12,
      closedate: '2027-01-31T10:00:00Z',
      notice: '2026-12-31',
      renews: 'true',
    })
    deal(one, { pipeline: 'renewals', dealstage: 'lost', amount: 5, deal_currency_code: 'EUR' })
    deal(one, { pipeline: 'default', dealstage: 'won', amount: 6, deal_currency_code: 'EUR' })
    const yen = deal(other, { ...running, amount: '90000', deal_currency_code: 'JPY', months: 1 })
    calls()
    const found = await connector().agreements!([one, other])
    expect(found.get(one)).toEqual([
      {
        externalId: id,
        amountMinor: 119_990,
        currency: 'EUR',
        periodMonths: 12,
        startDate: null,
        renewalDate: '2027-01-31',
        noticeDate: '2026-12-31',
        autoRenewal: true,
      },
    ])
    expect(found.get(other)).toMatchObject([
      { externalId: yen, amountMinor: 90_000, currency: 'JPY', periodMonths: 1 },
    ])
    expect(calls()).toEqual({
      'GET /crm/properties/deals': 1,
      'POST /crm/associations/companies/deals/batch/read': 1,
      'POST /crm/objects/deals/batch/read': 1,
      // A close date is a moment: in whose day, the account says.
      'GET /account-info/details': 1,
    })
  })

  it('are on the days that the account sees, and none of those that were lost where no stage is named', async () => {
    const { state, one, deal, open } = await openDeals()
    state.setAccount({ timeZone: 'America/New_York' })
    state.addProperty('deals', 'hs_is_closed_lost', { type: 'bool' })
    const running = { pipeline: 'renewals', amount: 5, deal_currency_code: 'EUR' }
    const id = deal(one, {
      ...running,
      dealstage: 'won',
      closedate: '2026-12-01T04:59:00Z',
      notice: '2026-11-01',
    })
    deal(one, { ...running, dealstage: 'gone', hs_is_closed_lost: 'true' })
    const connector = open({
      agreements: {
        from: 'deals',
        pipeline: 'renewals',
        stages: [],
        periodMonths: 12,
        renewalProperty: 'closedate',
        noticeProperty: 'notice',
      },
    })
    expect((await connector.agreements!([one])).get(one)).toMatchObject([
      { externalId: id, renewalDate: '2026-11-30', noticeDate: '2026-11-01' },
    ])
  })

  it("have no amount where money has no currency, and the account's where deals know none", async () => {
    const { state, one, deal, running, connector } = await openDeals()
    deal(one, { ...running, amount: '100', months: 1 })
    expect((await connector().agreements!([one])).get(one)).toMatchObject([
      { amountMinor: null, currency: null },
    ])
    state.setProperty('deals', { ...state.property('deals', 'deal_currency_code')!, archivedAt: Date.now() })
    state.setAccount({ companyCurrency: 'CHF' })
    expect((await connector().agreements!([one])).get(one)).toMatchObject([
      { amountMinor: 10_000, currency: 'CHF' },
    ])
  })

  it('are not blanked when a property of deals is gone: it is named', async () => {
    const { state, one, deal, running, connector } = await openDeals()
    deal(one, { ...running, notice: '2026-12-31' })
    const remembering = connector()
    expect((await remembering.agreements!([one])).get(one)).toMatchObject([{ noticeDate: '2026-12-31' }])
    state.setProperty('deals', { ...state.property('deals', 'notice')!, archivedAt: Date.now() })
    await expect(remembering.agreements!([one])).rejects.toMatchObject({ code: 'column_missing' })
    await expect(connector().agreements!([one])).rejects.toMatchObject({
      code: 'column_missing',
      message: expect.stringMatching(/"notice" of deals.*No agreement was changed\./),
    })
  })
})

describe('the responsible', () => {
  it('is the user of any property; a fallback where there is none or they left; read once', async () => {
    const { open, sandbox, calls } = await openReading()
    const { state } = sandbox
    const owner = (id: string, archived = false) =>
      state.setOwner({ ...state.owners()[0], id, email: `o${id}@example.com`, firstName: `O${id}`, archived })
    for (let i = 100; i < 210; i++) owner(String(i))
    owner('900', true)
    state.addProperty('companies', 'csm', { type: 'enumeration', referencedObjectType: 'OWNER' })
    const ids = ['209', '900', '', '12345'].map((csm) => state.createRecord('companies', { name: 'C', csm }))
    calls()
    const whole = await passOver(open({ responsible: 'csm' }), null, NAMES)
    expect(
      ids.map((id) => whole.records.find((record) => record.id === id)?.responsible?.id ?? null),
    ).toEqual(['209', '900', null, null])
    expect(whole.records[1].responsible).toMatchObject({ email: null })
    expect(calls()['GET /crm/owners']).toBeLessThanOrEqual(3)
    const other = await passOver(open({ responsible: 'csm', fallbackOwner: '100' }), null, NAMES)
    expect(other.records.map(({ responsible }) => responsible?.email)).toEqual([
      'o209@example.com',
      'o100@example.com',
      'o100@example.com',
      'o100@example.com',
    ])
  })
})

describe('the top parent', () => {
  it('is found up the chain, across pages, and through parents that are not in the page', async () => {
    const { open, sandbox } = await openReading()
    const { state } = sandbox
    const top = state.createRecord('companies', { name: 'Top' })
    const middle = state.createRecord('companies', { name: 'Middle', hs_parent_company_id: top })
    const leaf = state.createRecord('companies', { name: 'Leaf', hs_parent_company_id: middle })
    const [record] = await open().read([leaf], NAMES)
    expect(record.topParentId).toBe(top)
    expect((await open().read([top], NAMES))[0].topParentId).toBeNull()
  })

  it('of companies in a circle is the same for all of them', async () => {
    const parents = openParents(async () => [])
    parents.note([
      ['10', '9'],
      ['9', '30'],
      ['30', '9'],
      ['5', '30'],
    ])
    const tops = await parents.tops(['10', '9', '30', '5'])
    expect([...tops.values()]).toEqual(['9', '9', '9', '9'])
  })
})
