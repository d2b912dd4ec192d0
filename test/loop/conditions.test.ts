import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { ConnectionId, TenantId } from '../../src/contracts/ids.ts'
import { changePopulation } from '../../src/loop/population.ts'
import { listSteps } from '../../src/store/steps.ts'
import { activeCustomers } from '../../src/store/customers.ts'
import type { Database } from '../../src/store/database.ts'
import { keepReceipts } from '../../src/store/webhook-receipts.ts'
import { addTenant, databaseKind, openTestDatabase } from '../support/database.ts'
import { livingCrm, type LivingCrm } from './living-crm.ts'
import { madeUpCrm, syncing, type Syncing } from './syncing.ts'

let database: Database
let tenant: TenantId
let crm: LivingCrm
let syncs: Syncing
let connection: ConnectionId
beforeAll(async () => {
  database = await openTestDatabase()
})
afterAll(() => database.close())
beforeEach(async () => {
  tenant = await addTenant(database)
  crm = livingCrm()
  crm.kinds = { type: 'category', tenure_months: 'number', monthly_charges: 'number' }
  crm.meets = ({ type }) => type === 'Customer'
  syncs = syncing(database, tenant, madeUpCrm(), crm)
  connection = await syncs.connect({
    kind: 'living',
    population: { kind: 'condition', condition: "Type = 'Customer'" },
  })
})

const company = (type: string, more: object = {}) => ({
  type,
  tenure_months: 12,
  monthly_charges: 50,
  ...more,
})
const statuses = async (): Promise<Readonly<Record<string, string>>> =>
  Object.fromEntries(
    (
      await syncs.rows<{ id: string; status: string }>(
        'select external_id as id, status from customers where connection_id = $1',
        connection,
      )
    ).map(({ id, status }) => [id, status]),
  )
const dueSteps = async () =>
  (await database.withTenant(tenant, (tx) => listSteps(tx, { connection })))
    .filter(({ state }) => state === 'due')
    .map(({ step }) => step)

describe(`a population by a condition of the CRM's own (${databaseKind})`, () => {
  it('is who the CRM says it is, and others are not even stored', async () => {
    crm.add('1', company('Customer'))
    crm.add('2', company('Prospect'))
    await syncs.sync(connection)
    expect(crm.reading?.condition).toBe("Type = 'Customer'")
    crm.add('3', company('Prospect'))
    crm.add('4', company('Customer'))
    await syncs.sync(connection)
    expect(await statuses()).toEqual({ '1': 'active', '4': 'active' })
  })

  it('is left and entered by a change of the record', async () => {
    crm.add('1', company('Customer'))
    await syncs.sync(connection)
    crm.change('1', { type: 'Former' })
    expect(await syncs.sync(connection)).toMatchObject({ left: 1 })
    expect(await statuses()).toEqual({ '1': 'left' })
    crm.change('1', { type: 'Customer' })
    expect(await syncs.sync(connection)).toMatchObject({ returned: 1 })
    expect(await statuses()).toEqual({ '1': 'active' })
  })

  it('that is read anew has those who no longer meet it read by their ids: left, or gone, none by mistake', async () => {
    for (const id of ['1', '2', '3']) crm.add(id, company('Customer'))
    await syncs.sync(connection)
    // What a condition looks at need not be in the record: nothing of it changed.
    crm.meets = ({ type, tenure_months: tenure }) => type === 'Customer' && tenure === 12
    await database.withTenant(tenant, (tx) =>
      changePopulation(tx, connection, { kind: 'condition', condition: 'Type = … AND Tenure = 12' }),
    )
    crm.companies.get('2')!.properties['tenure_months'] = 99
    crm.remove('3')
    expect(await syncs.sync(connection)).toMatchObject({ left: 1, deleted: 1 })
    expect(await dueSteps()).toContain('write_back')
    expect(await statuses()).toEqual({ '1': 'active', '2': 'left', '3': 'deleted' })
  })

  it('has its customers looked through piece by piece, each once', async () => {
    for (let i = 0; i < 12; i++) crm.add(`${12 - i}`, company('Customer'))
    await syncs.sync(connection)
    const met: string[] = []
    for (let after = 0; ;) {
      const piece = await database.withTenant(tenant, (tx) =>
        activeCustomers(tx, connection, { after, limit: 5 }),
      )
      if (piece.length === 0) break
      met.push(...piece.map(({ id }) => id))
      after = piece[piece.length - 1].customer
    }
    expect(met).toEqual(Array.from({ length: 12 }, (_, i) => `${12 - i}`))
  })

  it('that is read anew brings nobody back who was found deleted meanwhile', async () => {
    const plain = crm.connector
    let reads = async (): Promise<unknown> => undefined
    const slow = {
      ...crm,
      connector: () => {
        const whole = plain()
        const read: typeof whole.read = async (ids, reading) => {
          const found = await whole.read(ids, reading)
          await reads()
          return found
        }
        return { ...whole, read }
      },
    }
    syncs = syncing(database, tenant, madeUpCrm(), slow)
    for (const id of ['1', '2']) crm.add(id, company('Customer'))
    await syncs.sync(connection)
    crm.meets = ({ tenure_months: tenure }) => tenure === 99
    await state('Tenure = 99')
    reads = async () => {
      reads = async () => undefined
      crm.remove('2')
      await database.withTenant(tenant, (tx) =>
        keepReceipts(tx, connection, [crm.hint('deleted', 'companies', '2')]),
      )
      await syncs.refresh(connection)
    }
    await syncs.sync(connection)
    expect(await statuses()).toEqual({ '1': 'left', '2': 'deleted' })
  })

  it('that nobody seems to meet any more, nor to be there, marks nobody as deleted until somebody says so', async () => {
    for (let i = 0; i < 30; i++) crm.add(`${i}`, company('Customer'))
    await syncs.sync(connection)
    // Our user may not see them any more: the CRM tells of no deletion.
    const hidden = [...crm.companies]
    const companies = crm.companies as Map<string, unknown>
    companies.clear()
    const anew = () => syncs.rows('update connections set cursor = null where id = $1', connection)
    await anew()
    await expect(syncs.sync(connection)).rejects.toMatchObject({
      code: 'connector_configuration',
      message: expect.stringContaining('30 of 30 customers are not there any more'),
    })
    expect(new Set(Object.values(await statuses()))).toEqual(new Set(['active']))
    // Of some of them it is believed.
    for (const [id, one] of hidden.slice(3)) companies.set(id, one)
    expect(await syncs.sync(connection)).toMatchObject({ deleted: 3, left: 0 })
    companies.clear()
    await anew()
    await syncs.rows(`update connections set config = '{"allowDeletions": true}' where id = $1`, connection)
    expect(await syncs.sync(connection)).toMatchObject({ deleted: 27 })
  })

  it('says nothing at once about those that are stored: only the CRM knows', async () => {
    crm.add('1', company('Customer'))
    await syncs.sync(connection)
    await database.withTenant(tenant, async (tx) =>
      expect(
        await changePopulation(tx, connection, { kind: 'condition', condition: "Type = 'Partner'" }),
      ).toEqual({ entered: 0, left: 0 }),
    )
    expect(await statuses()).toEqual({ '1': 'active' })
  })

  const state = (condition: string) =>
    database.withTenant(tenant, (tx) => changePopulation(tx, connection, { kind: 'condition', condition }))

  it('that is stated while a sync is on its way is not taken for the one that was asked for', async () => {
    connection = await syncs.connect({ kind: 'living', population: { kind: 'everyone' } })
    for (const id of ['1', '2']) crm.add(id, company('Customer'))
    await syncs.sync(connection)
    await syncs.rows('update connections set cursor = null where id = $1', connection)
    crm.onPage = async () => {
      crm.onPage = async () => undefined
      await state("Type = 'Customer'")
    }
    await expect(syncs.sync(connection)).rejects.toMatchObject({ code: 'lease_lost', retryable: true })
    expect(await statuses()).toEqual({ '1': 'active', '2': 'active' })
    expect(await syncs.sync(connection)).toMatchObject({ left: 0 })
    // Another condition than the one that the records were held against.
    await syncs.rows('update connections set cursor = null where id = $1', connection)
    crm.onPage = async () => {
      crm.onPage = async () => undefined
      await state("Type = 'Partner'")
    }
    await expect(syncs.sync(connection)).rejects.toMatchObject({ code: 'lease_lost' })
  })

  it('that is stated while hinted records are read has them read again', async () => {
    const plain = crm.connector
    let reads = async (): Promise<unknown> => undefined
    const slow = {
      ...crm,
      connector: () => {
        const whole = plain()
        const read: typeof whole.read = async (ids, reading) => {
          const found = await whole.read(ids, reading)
          await reads()
          return found
        }
        return { ...whole, read }
      },
    }
    syncs = syncing(database, tenant, madeUpCrm(), slow)
    connection = await syncs.connect({ kind: 'living', population: { kind: 'everyone' } })
    crm.add('1', company('Customer'))
    await syncs.sync(connection)
    crm.change('1', { tenure_months: 13 })
    await database.withTenant(tenant, (tx) =>
      keepReceipts(tx, connection, [crm.hint('changed', 'companies', '1')]),
    )
    reads = () => {
      reads = async () => undefined
      return state("Type = 'Customer'")
    }
    await expect(syncs.refresh(connection)).rejects.toMatchObject({ code: 'lease_lost', retryable: true })
    expect(await statuses()).toEqual({ '1': 'active' })
    expect(await syncs.refresh(connection)).toMatchObject({ hints: 1, changed: 1, left: 0 })
  })

  it('is refused for a connector that does not know conditions', async () => {
    crm.add('1', company('Customer'))
    const plain = crm.connector
    const silent = {
      ...crm,
      connector: () => {
        const whole = plain()
        return { ...whole, changes: (since: Parameters<typeof whole.changes>[0]) => whole.changes(since) }
      },
    }
    const other = syncing(database, tenant, madeUpCrm(), silent)
    await expect(other.sync(connection)).rejects.toMatchObject({
      code: 'connector_configuration',
      message: expect.stringContaining('by a property and its values'),
    })
    expect(await statuses()).toEqual({})
  })
})

describe(`records of which the CRM says that we changed them last (${databaseKind})`, () => {
  it('are not looked at further when nothing else about them is new', async () => {
    crm.tells = 'own'
    crm.add('1', company('Customer'))
    await syncs.sync(connection)
    await syncs.rows('update customers set score_due_at = null, score_due_why = null')
    await syncs.rows(
      `insert into write_backs (tenant_id, customer_id, connection_id, fields, status)
       select tenant_id, id, connection_id, '{}', 'written' from customers where connection_id = $1`,
      connection,
    )
    await crm.connector().write([{ id: '1', fields: { riskPercent: 50 } }])
    const calls = { ...crm.calls }
    expect(await syncs.sync(connection)).toMatchObject({ changed: 0, unchanged: 1 })
    expect([crm.calls['recipients'], crm.calls['agreements']]).toEqual([
      calls['recipients'],
      calls['agreements'],
    ])
    // The same version once more is handed over for another reason.
    await syncs.rows(`update connections set cursor = null where id = $1`, connection)
    await syncs.sync(connection)
    expect(crm.calls['agreements']).toBe(calls['agreements'] + 1)
    // What somebody else changed before we wrote is seen.
    crm.change('1', { tenure_months: 99 })
    await crm.connector().write([{ id: '1', fields: { riskPercent: 51 } }])
    expect(await syncs.sync(connection)).toMatchObject({ changed: 1 })
    expect(
      (await syncs.rows<{ why: string }>('select score_due_why as why from customers'))[0].why,
    ).not.toBeNull()
  })

  /** A moment after somebody else changed something, and before anybody read it. */
  const write = (id: string) =>
    crm.connector().write([{ id, fields: { riskPercent: crm.calls['write'] ?? 1 } }])
  const written = () =>
    syncs.rows(
      `insert into write_backs (tenant_id, customer_id, connection_id, fields, status)
       select tenant_id, id, connection_id, '{}', 'written' from customers where connection_id = $1`,
      connection,
    )
  const amounts = async () =>
    (
      await syncs.rows<{ amount: number }>(
        `select amount_minor as amount from agreements a join customers c on c.id = a.customer_id
         where c.connection_id = $1 order by 1`,
        connection,
      )
    ).map(({ amount }) => Number(amount))

  it.each([
    ['left and came back', () => (crm.meets = () => false), () => (crm.meets = () => true)],
    ['were deleted and brought back', () => crm.remove('1'), () => crm.restore('1')],
  ])('are looked at further when they %s before we wrote', async (_, go, back) => {
    crm.tells = 'own'
    crm.add('1', company('Customer'))
    crm.deals.set('9', { company: '1', amountMinor: 100 })
    await syncs.sync(connection)
    await written()
    go()
    crm.change('1', {})
    await syncs.sync(connection)
    // Of those who are no customers nobody asks it.
    crm.deals.set('9', { company: '1', amountMinor: 200 })
    back()
    crm.change('1', {})
    await write('1')
    expect(await syncs.sync(connection)).toMatchObject({ returned: 1 })
    expect(await amounts()).toEqual([200])
  })

  it('are looked at further when another record was merged into them before we wrote', async () => {
    crm.tells = 'own'
    for (const id of ['1', '2']) crm.add(id, company('Customer'))
    crm.deals.set('9', { company: '2', amountMinor: 100 })
    await syncs.sync(connection)
    await written()
    crm.merge('1', '2')
    crm.deals.set('9', { company: '1', amountMinor: 100 })
    await write('1')
    await syncs.sync(connection)
    expect(
      await syncs.rows(
        `select c.external_id as id from agreements a join customers c on c.id = a.customer_id
         where c.connection_id = $1 and c.status = 'active'`,
        connection,
      ),
    ).toEqual([{ id: '1' }])
  })

  it.each(['own', 'version'] as const)(
    'are looked at further when everything is read anew (%s)',
    async (tells) => {
      crm.tells = tells
      crm.add('1', company('Customer'))
      crm.deals.set('9', { company: '1', amountMinor: 100 })
      await syncs.sync(connection)
      await written()
      const [{ version }] = await write('1').then((results) =>
        results.map((one) => ('version' in one ? one : { version: null })),
      )
      await syncs.rows(
        'update write_backs set version = $2 where connection_id = $1',
        connection,
        version ?? null,
      )
      // Agreements are read in another way from now on.
      crm.deals.set('9', { company: '1', amountMinor: 200 })
      await syncs.rows('update connections set cursor = null where id = $1', connection)
      await syncs.sync(connection)
      expect(await amounts()).toEqual([200])
    },
  )
})
