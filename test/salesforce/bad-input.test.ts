/** What a real org does to a connector, through the whole loop: what an admin reads of it, and that nothing is lost. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { seedSampleOrg } from '../../connectors/salesforce/sandbox/sample.ts'
import type { SalesforceState } from '../../connectors/salesforce/sandbox/state.ts'
import { readConnection } from '../../src/store/connections.ts'
import { watchCrms } from '../../src/store/reads/crm-connections.ts'
import { loopOn, startReading, type ReadOrg } from '../connectors/salesforce/reading.ts'
import { openLooping, type Looping } from '../support/looping.ts'

const DAY = 86_400_000
const RISK = 'Holdfast_Risk_Percent__c'

describe('an org as real ones are', () => {
  let shift = 0
  const clock = (): Date => new Date(Date.now() + shift)
  let org: ReadOrg
  let state: SalesforceState
  let looping: Looping
  let customers: readonly string[]

  beforeAll(async () => {
    org = await startReading({
      clock,
      seed: (seeded) => void seedSampleOrg(seeded, { customers: 60, seed: 9 }),
    })
    ;({ state } = org)
    looping = await openLooping({ clock, ...loopOn(org) })
    customers = [...state.records('Account')]
      .filter(({ values, deleted }) => values['Type'] === 'Customer' && !deleted)
      .map(({ id }) => id)
  })
  afterAll(async () => {
    await looping?.close()
    await org?.sandbox.close()
  })

  const refusals = async () => {
    const crms = await looping.database.withTenant(looping.tenant, watchCrms)
    return crms.find((one) => one.connection === looping.connection)!.refusals
  }
  const noteOf = async (code: string, subject: string) => {
    const { notes } = await looping.database.withTenant(looping.tenant, (tx) =>
      readConnection(tx, looping.connection),
    )
    return notes.find((note) => note.code === code && note.subject === subject)?.message
  }
  const shows = (id: string, field: string) => state.record('Account', id)?.values[field] ?? null
  const doctor = async (): Promise<string> => {
    const connector = org.open()
    const checks = await connector.verify()
    await connector.close()
    return checks
      .filter(({ status }) => status !== 'ok')
      .map(({ name, message }) => `${name}: ${message}`)
      .join('\n')
  }
  /** What the systems of the company report of them is quite another. */
  function shake(ids: readonly string[]): void {
    for (const id of ids) {
      const isQuiet = Number(shows(id, 'Avg_Daily_Usage_Minutes__c') ?? 0) < 50
      const values = isQuiet ? { usage: 300, cases: 0, failed: 0 } : { usage: 1, cases: 9, failed: 3 }
      state.updateRecord('Account', id, {
        Avg_Daily_Usage_Minutes__c: values.usage,
        Support_Cases_30d__c: values.cases,
        Failed_Payments_90d__c: values.failed,
      })
    }
  }
  async function aWeekLater(): Promise<void> {
    shift += 7 * DAY
    await looping.rows(`update connections set profiled_at = profiled_at - interval '7 days'`)
  }
  const risks = () => new Map(customers.map((id) => [id, shows(id, RISK)]))

  it('is taken in with names that SOQL and CSV could stumble over: everybody has a score', async () => {
    const names = [`O'Brien & "Söhne", Ltd; \\ %_`, "' OR Name LIKE '%", 'Zwei\nZeilen 🐝', '=1+1', "\\'"]
    const strange = names.map((Name, at) =>
      state.createRecord('Account', { Name, Type: 'Customer', Customer_Number__c: `X${at}` }),
    )
    customers = [...customers, ...strange]
    const first = await looping.whole()
    // Those whose people all object to being profiled have none, and nothing is written of them.
    const objecting = new Set(customers.filter((id) => shows(id, RISK) === null))
    expect(objecting.size).toBe(first.score['objected'])
    expect(objecting.size).toBeLessThan(6)
    customers = customers.filter((id) => !objecting.has(id))
    expect(first.write_back).toMatchObject({ failed: 0, written: customers.length })
    for (const id of customers) expect(Number(shows(id, RISK)), id).toBeGreaterThan(0)
    for (const [at, id] of strange.entries()) expect(shows(id, 'Name')).toBe(names[at])
  })

  it('refuses writes by a rule: which record and which rule is to be seen, the others are written', async () => {
    const [one, ...others] = customers.slice(0, 6)
    state.updateRecord('Account', one, { Name: 'Strict Ltd' })
    state.addValidationRule('Account', {
      when: "Name = 'Strict Ltd'",
      message: 'A strict account needs an industry.',
    })
    const before = risks()
    shake([one, ...others])
    await aWeekLater()
    expect((await looping.whole()).write_back).toMatchObject({ failed: 1 })
    expect(shows(one, RISK)).toBe(before.get(one))
    for (const id of others) expect(shows(id, RISK)).not.toBe(before.get(id))
    const [{ count, message, customer }] = await refusals()
    expect([count, customer?.name]).toEqual([1, 'Strict Ltd'])
    expect(message).toMatch(/refused to write the Account: .*A strict account needs an industry"\./)
    state.removeValidationRules('Account')
  })

  it('takes a right of ours away: the rest is written, the doctor names what is missing', async () => {
    state.setAccess('Account', 'Holdfast_Risk_Reasons__c', { readable: true, editable: false })
    const before = risks()
    shake(customers.slice(6, 10))
    await aWeekLater()
    expect((await looping.whole()).write_back).toMatchObject({ failed: 0 })
    for (const id of customers.slice(6, 10)) expect(shows(id, RISK)).not.toBe(before.get(id))
    expect(await doctor()).toMatch(/Holdfast_Risk_Reasons__c/)
    state.setAccess('Account', 'Holdfast_Risk_Reasons__c', { readable: true, editable: true })
  })

  it('hides a mapped field from us: scores do without, with a word, and nothing is emptied', async () => {
    state.setAccess('Account', 'Support_Cases_30d__c', { readable: false, editable: false })
    const before = new Map(customers.map((id) => [id, shows(id, 'Holdfast_Risk_Level__c')]))
    await aWeekLater()
    expect((await looping.whole()).sync).toMatchObject({ deleted: 0 })
    expect(await noteOf('property_missing', 'Support_Cases_30d__c')).toMatch(/is not in the CRM any more/)
    for (const [id, level] of before)
      if (level !== null) expect(shows(id, 'Holdfast_Risk_Level__c')).not.toBeNull()
    state.setAccess('Account', 'Support_Cases_30d__c', { readable: true, editable: true })
  })

  it('shares a record away between reading and writing: it alone is not written, and says why', async () => {
    const [one] = customers.slice(12, 13)
    shake(customers.slice(12, 15))
    await aWeekLater()
    await looping.run('sync')
    await looping.run('score')
    await looping.run('decide')
    state.hide('Account', one)
    expect(await looping.run('write_back')).toMatchObject({ failed: 1 })
    expect((await refusals()).map(({ message }) => message).join()).toMatch(/Salesforce/)
    state.show('Account', one)
  })

  it('has no calls left in the middle: it says when it goes on, and goes on then', async () => {
    shake(customers.slice(15, 25))
    await aWeekLater()
    await looping.run('sync')
    await looping.run('score')
    const before = risks()
    org.sandbox.faults.inject({
      times: 1000,
      effect: {
        kind: 'answer',
        status: 403,
        body: [{ errorCode: 'REQUEST_LIMIT_EXCEEDED', message: 'TotalRequests Limit exceeded.' }],
      },
    })
    await expect(looping.run('write_back')).rejects.toMatchObject({
      code: 'connector_unavailable',
      retryable: true,
    })
    org.sandbox.faults.clear()
    shift += 20 * 60_000
    expect(await looping.run('write_back')).toMatchObject({ failed: 0 })
    for (const id of customers.slice(15, 25)) expect(shows(id, RISK)).not.toBe(before.get(id))
  })

  it('loses the package: nothing is written, everything is still read, and the admin reads what to do', async () => {
    for (const { name } of state.fields('Account'))
      if (name.startsWith('Holdfast_')) state.removeField('Account', name)
    shake(customers.slice(25, 30))
    await aWeekLater()
    const passed = await looping.whole()
    expect(passed.sync).toMatchObject({ deleted: 0 })
    expect(passed.write_back['written']).toBe(0)
    expect((await refusals()).map(({ message }) => message).join()).toMatch(/package/i)
    expect(await doctor()).toMatch(/package/i)
  })
})
