/** What a real portal does to a connector, through the whole loop: what an admin reads of it, and that nothing is lost. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { HUBSPOT_CAN } from '../../connectors/hubspot/connector.ts'
import { seedSample } from '../../connectors/hubspot/sandbox/sample.ts'
import type { SandboxState } from '../../connectors/hubspot/sandbox/state.ts'
import { readConnection } from '../../src/store/connections.ts'
import { watchCrms } from '../../src/store/reads/crm-connections.ts'
import { startReading, type ReadPortal } from '../connectors/hubspot/reading.ts'
import { openLooping, type Looping } from '../support/looping.ts'

const DAY = 86_400_000

describe('a portal as real ones are', () => {
  let shift = 0
  const clock = (): Date => new Date(Date.now() + shift)
  let portal: ReadPortal
  let state: SandboxState
  let looping: Looping
  let customers: readonly string[]

  beforeAll(async () => {
    portal = await startReading({
      clock,
      seed: (seeded) => void seedSample(seeded, { customers: 60, seed: 9 }),
    })
    ;({ state } = portal.sandbox)
    customers = state
      .ids('companies')
      .filter((id) => state.value('companies', id, 'lifecyclestage') === 'customer')
    looping = await openLooping({
      clock,
      connector: { can: HUBSPOT_CAN, open: ({ config }) => portal.open(config as object) },
      connection: {
        kind: 'hubspot',
        name: 'A portal',
        externalId: portal.sandbox.portal,
        sandbox: false,
        config: { portal: portal.sandbox.portal, object: 'companies', auth: 'private_app' },
        population: { kind: 'property', property: 'lifecyclestage', values: ['customer'] },
      },
    })
  })
  afterAll(async () => {
    await looping?.close()
    await portal?.sandbox.close()
  })

  const view = async () => {
    const { database, tenant, connection } = looping
    const crms = await database.withTenant(tenant, watchCrms)
    return crms.find((one) => one.connection === connection)!
  }
  const notes = async () =>
    (await looping.database.withTenant(looping.tenant, (tx) => readConnection(tx, looping.connection))).notes
  const shows = (id: string, property: string): string | null => state.value('companies', id, property)
  /** What the systems of the company report of them is quite another. */
  function shake(ids: readonly string[]): void {
    for (const id of ids) {
      const isQuiet = Number(shows(id, 'avg_daily_usage_minutes') ?? 0) < 50
      const values = isQuiet
        ? { avg_daily_usage_minutes: 300, support_tickets: 0, failed_payments: 0, engagement_score: 95 }
        : { avg_daily_usage_minutes: 1, support_tickets: 9, failed_payments: 3, engagement_score: 3 }
      state.updateRecord('companies', id, values)
    }
  }
  async function aWeekLater(): Promise<void> {
    shift += 7 * DAY
    await looping.rows(`update connections set profiled_at = profiled_at - interval '7 days'`)
  }
  const risk = (id: string): string | null => shows(id, 'holdfast_risk_percent')
  const wordOf = async (code: string, subject: string) =>
    (await notes()).find((note) => note.code === code && note.subject === subject)?.message

  it('is taken in with all that is odd about it: everybody has a score', async () => {
    for (let i = 0; i < 900; i++) state.addProperty('companies', `custom_${i}`, { type: 'string' })
    const lonely = state.createRecord('companies', { lifecyclestage: 'customer' })
    const strange = state.createRecord('companies', {
      name: 'Bell\u0007 Zero\u0000 🐝 \ud83d =1+1',
      lifecyclestage: 'customer',
      customer_since: '1961-08-13',
      mrr: 1200,
      billing_currency: null,
      csm_notes: 'line\u0001\u2028break',
    })
    customers = [...customers, lonely, strange]
    const first = await looping.whole()
    expect(first.write_back).toMatchObject({ failed: 0, written: customers.length })
    for (const id of customers) expect(Number(risk(id)), id).toBeGreaterThan(0)
    expect(shows(strange, 'csm_notes')).toContain('break')
    const [{ since }] = await looping.rows<{ since: string | null }>(
      `select properties ->> 'customer_since' as since from customers where external_id = $1`,
      strange,
    )
    expect(since).toBe('1961-08-13')
  })

  it('refuses a write by a rule of its own: which one and why is to be seen, the others are written', async () => {
    const [one, ...others] = customers.slice(0, 6)
    const before = new Map(customers.map((id) => [id, risk(id)]))
    state.updateRecord('companies', one, { name: 'Strict Ltd', industry: null })
    state.setRules('companies', [
      { property: 'industry', when: { property: 'name', values: ['Strict Ltd'] } },
    ])
    shake([one, ...others])
    await aWeekLater()
    const passed = await looping.whole()
    expect(passed.write_back).toMatchObject({ failed: 1 })
    expect(risk(one)).toBe(before.get(one))
    for (const id of others) expect(risk(id)).not.toBe(before.get(id))
    const [{ message, count, customer }] = (await view()).refusals
    expect([count, customer?.name]).toEqual([1, 'Strict Ltd'])
    expect(message).toMatch(/industry/)
    state.setRules('companies', [])
  })

  it('lacks a choice and a property of ours: they are added, and what cannot be is left out with a word', async () => {
    const level = state.property('companies', 'holdfast_risk_level')!
    state.setProperty('companies', {
      ...level,
      options: level.options.filter(({ value }) => value !== 'HIGH'),
    })
    const reasons = state.property('companies', 'holdfast_risk_reasons')!
    state.setProperty('companies', { ...reasons, archivedAt: clock().getTime() })
    const before = new Map(customers.map((id) => [id, risk(id)]))
    shake(customers.slice(6, 12))
    await aWeekLater()
    expect((await looping.whole()).write_back).toMatchObject({ failed: 0 })
    for (const id of customers.slice(6, 12)) expect(risk(id)).not.toBe(before.get(id))
    const connector = portal.open()
    const said = (await connector.verify())
      .filter(({ status }) => status !== 'ok')
      .map(({ message }) => message)
    expect(said.join(' ')).toMatch(/holdfast_risk_reasons/)
    await connector.close()
    state.setProperty('companies', { ...reasons, archivedAt: null })
  })

  it('loses a mapped property and has another of another type: scores do without, with a word for each', async () => {
    const tickets = state.property('companies', 'support_tickets')!
    const minutes = state.property('companies', 'avg_daily_usage_minutes')!
    state.setProperty('companies', { ...tickets, archivedAt: clock().getTime() })
    state.setProperty('companies', { ...minutes, type: 'string', fieldType: 'text' })
    for (const id of customers) state.updateRecord('companies', id, { avg_daily_usage_minutes: 'a lot' })
    const before = new Map(customers.map((id) => [id, shows(id, 'holdfast_risk_level')]))
    await aWeekLater()
    const passed = await looping.whole()
    expect(passed.sync).toMatchObject({ deleted: 0 })
    expect(await wordOf('property_missing', 'support_tickets')).toMatch(
      /is not in the CRM any more.*Restore the property/,
    )
    expect(await wordOf('property_type', 'avg_daily_usage_minutes')).toMatch(/number/)
    // Nothing of ours was emptied by what is not known any more.
    for (const [id, level] of before)
      if (level !== null) expect(shows(id, 'holdfast_risk_level')).not.toBeNull()
    state.setProperty('companies', tickets)
    state.setProperty('companies', minutes)
  })

  it('merges two customers: one lives on, with the score history of the one that remains', async () => {
    const [winner, loser] = customers.slice(12, 14)
    state.mergeRecords('companies', winner, loser)
    await looping.whole()
    const rows = await looping.rows<{ id: string; status: string }>(
      'select external_id as id, status from customers where external_id = any ($1)',
      [winner, loser],
    )
    expect(new Map(rows.map(({ id, status }) => [id, status]))).toEqual(
      new Map([
        [winner, 'active'],
        [loser, 'deleted'],
      ]),
    )
    expect(Number(risk(winner))).toBeGreaterThan(0)
  })
})
