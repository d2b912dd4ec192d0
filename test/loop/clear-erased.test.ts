import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { RiskFields } from '../../connectors/connector.ts'
import { FIELD_PROPERTIES } from '../../connectors/hubspot/fields.ts'
import { HoldfastError } from '../../src/contracts/errors.ts'
import { asRun } from '../../src/contracts/ids.ts'
import { erasePerson, findPerson } from '../../src/loop/people-data.ts'
import { erasedFields } from '../../src/loop/risk-fields.ts'
import type { Counts } from '../../src/loop/services.ts'
import { writeBack } from '../../src/loop/write-back.ts'
import { giveUpClearings, listErasures, type ErasureLine } from '../../src/store/erasures.ts'
import { currentSettings, saveSettings } from '../../src/store/settings-versions.ts'
import { openActing, type Acting, type Place } from '../support/acting.ts'
import { databaseKind } from '../support/database.ts'

let acting: Acting
let place: Place
let record: string

beforeAll(async () => {
  acting = await openActing()
})
beforeEach(async () => {
  acting.crm.fields.length = 0
  Object.assign(acting.crm, { refuse: () => null, fails: null })
  place = await acting.scene({ connection: { kind: 'crm', name: 'The CRM' } })
  const [{ external_id: id }] = await acting.sql(place, 'select external_id from customers')
  record = String(id)
  await acting.sql(
    place,
    `insert into write_backs (tenant_id, customer_id, connection_id, fields, written_at, status)
     values ($1, $2, $3, '{"riskPercent": 40}', now(), 'written')`,
    [place.tenant, place.customer, place.connection],
  )
})
afterAll(() => acting.close())

function pass(): Promise<Counts> {
  const none = { get: () => Promise.reject(new Error('none')), close: async () => undefined }
  return writeBack(
    { ...acting.services, engines: none },
    {
      tenant: place.tenant,
      connection: place.connection,
      run: asRun(randomUUID()),
      cause: 'erased',
      progress: () => undefined,
      signal: new AbortController().signal,
    },
  )
}

const erase = () =>
  acting.database.withTenant(place.tenant, async (tx) => {
    const selector = { customer: place.customer }
    const { fingerprint } = await findPerson(tx, acting.services, selector)
    return erasePerson(tx, acting.services, { selector, actor: 'user:kim', reference: null, fingerprint })
  })
const erasure = async (): Promise<ErasureLine> =>
  acting.database.withTenant(place.tenant, async (tx) => (await listErasures(tx, {})).items[0])

describe(`the record of an erased customer (${databaseKind})`, () => {
  it('is emptied of every field of ours soon, once, and then its id is forgotten', async () => {
    await erase()
    expect(
      await acting.sql(place, `select cause from steps where step = 'write_back' and due_at <= now()`),
    ).toEqual([{ cause: 'erased' }])
    expect(await pass()).toMatchObject({ emptied: 1, unemptied: 0 })
    expect(acting.crm.fields).toEqual([{ id: record, fields: erasedFields }])
    expect(await erasure()).toMatchObject({ cleared: 1, waiting: [] })
    expect((await erasure()).doneAt).toBeInstanceOf(Date)
    expect(await acting.sql(place, 'select 1 from erasure_clearings')).toEqual([])
    expect(await pass()).not.toHaveProperty('emptied')
    expect(acting.crm.fields).toHaveLength(1)
  })

  it('is emptied of everything that we ever write: no field is left out', () => {
    const all = Object.keys(FIELD_PROPERTIES) as (keyof RiskFields)[]
    expect(Object.keys(erasedFields).toSorted()).toEqual(all.toSorted())
    expect(Object.values(erasedFields)).toEqual(all.map(() => null))
  })

  it('is emptied also where nothing else is written back', async () => {
    await acting.database.withTenant(place.tenant, async (tx) => {
      const { version, settings } = await currentSettings(tx)
      const off = { ...settings, writeBack: { enabled: false } }
      await saveSettings(tx, off, { expected: version, author: 'test' })
    })
    await erase()
    expect(await pass()).toMatchObject({ emptied: 1 })
  })

  it('was gone from the CRM already: that is as good', async () => {
    acting.crm.refuse = () => ({ code: 'record_gone' })
    await erase()
    expect(await pass()).toMatchObject({ emptied: 1 })
    expect(await erasure()).toMatchObject({ cleared: 1, waiting: [] })
  })

  it('waits while the CRM is away, with the reason for the admin, and is emptied when it is back', async () => {
    await erase()
    acting.crm.fails = new HoldfastError('connector_unavailable', 'The CRM is away.', { retryable: true })
    await expect(pass()).rejects.toMatchObject({ code: 'connector_unavailable' })
    acting.crm.fails = null
    acting.crm.refuse = () => ({ code: 'locked', message: 'The record is locked.', retryable: true })
    expect(await pass()).toMatchObject({ emptied: 0, unemptied: 1 })
    expect(await erasure()).toMatchObject({
      doneAt: null,
      waiting: [{ record, state: 'waiting', problem: 'The record is locked.' }],
    })
    acting.crm.refuse = () => null
    await acting.sql(place, 'update erasure_clearings set due_at = now()')
    expect(await pass()).toMatchObject({ emptied: 1 })
  })

  it('is given up after a month, and its id forgotten', async () => {
    acting.crm.refuse = () => ({ message: 'You may not.' })
    await erase()
    await pass()
    expect(await erasure()).toMatchObject({ waiting: [{ state: 'failed', problem: 'You may not.' }] })
    await acting.sql(place, `update erasure_clearings set created_at = now() - interval '31 days'`)
    const give = () => acting.database.withTenant(place.tenant, (tx) => giveUpClearings(tx, 30))
    expect([await give(), await give()]).toEqual([1, 0])
    expect(await erasure()).toMatchObject({ cleared: 0, notCleared: 1, waiting: [] })
    expect((await erasure()).doneAt).toBeInstanceOf(Date)
  })

  it('is left alone where nothing of ours was ever written', async () => {
    await acting.sql(place, 'update write_backs set written_at = null')
    await erase()
    expect((await erasure()).doneAt).toBeInstanceOf(Date)
    expect(await pass()).not.toHaveProperty('emptied')
  })

  it('forgets copies in the sandboxes once it is erased for good', async () => {
    const gone: unknown[] = []
    const services = { ...acting.services, forgetCopies: (of: unknown) => void gone.push(of) }
    await acting.database.withTenant(place.tenant, async (tx) => {
      const selector = { customer: place.customer }
      const { fingerprint } = await findPerson(tx, services, selector)
      await erasePerson(tx, services, { selector, actor: 'user:kim', reference: null, fingerprint })
      expect(gone).toEqual([])
    })
    expect(gone).toMatchObject([{ emails: [expect.stringMatching(/@example\.com$/) as string] }])
  })
})
