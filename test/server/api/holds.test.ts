import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import {
  asCustomer,
  type ConnectionId,
  type InterventionId,
  type TenantId,
} from '../../../src/contracts/ids.ts'
import { moveIntervention } from '../../../src/store/intervention-moves.ts'
import type { InterventionState } from '../../../src/store/intervention-states.ts'
import { readIntervention } from '../../../src/store/interventions.ts'
import { ask, startTestApi, type TestApi } from '../../support/api.ts'
import { fillBook } from '../../support/book.ts'
import { addConnection, addTenant, databaseKind } from '../../support/database.ts'
import { addIntervention } from '../../support/ledger.ts'

interface Holds {
  readonly items: readonly {
    readonly customer: number
    readonly kind: string
    readonly reason: string
    readonly until: string | null
  }[]
  readonly code: string
}

let api: TestApi
let tenant: TenantId
let connection: ConnectionId
let key: string
let customer: number

beforeAll(async () => {
  api = await startTestApi()
})
afterAll(() => api.close())
beforeEach(async () => {
  tenant = await addTenant(api.database)
  connection = await addConnection(api.database, tenant)
  ;({ first: customer } = await fillBook(api.database, tenant, connection, { count: 3 }))
  key = await api.key(tenant, ['read', 'write'])
})

const holdsOf = (of: number, body?: object) =>
  ask<Holds>(api, key, body === undefined ? 'GET' : 'POST', `/v1/customers/${of}/holds`, { body })
const release = (of: number) =>
  ask<{ released: number }>(api, key, 'POST', `/v1/customers/${of}/holds/release`)
const plan = (of: number) => addIntervention(api.database, { tenant, connection, customer: asCustomer(of) })
const move = (id: InterventionId, to: InterventionState, reasonCode: string, reason: string) =>
  api.database.withTenant(tenant, (tx) =>
    moveIntervention(tx, {
      id,
      from: to === 'deferred' ? ['planned', 'deferred'] : ['planned'],
      to,
      actor: 'test',
      reasonCode,
      reason,
      set: to === 'deferred' ? { dueInMs: 86_400_000 } : {},
    }),
  )

describe(`holds by the API (${databaseKind})`, () => {
  it('hold a customer until somebody ends them, one of a kind at a time', async () => {
    const reason = 'They are about to sign a larger contract.'
    await holdsOf(customer, { kind: 'negotiation', reason })
    await holdsOf(customer, { kind: 'negotiation', reason: 'Once more.' })
    const { body } = await holdsOf(customer, {
      reason: 'A wish of the board.',
      until: '2999-01-01T00:00:00Z',
    })
    expect(body.items).toMatchObject([
      { customer, kind: 'negotiation', reason, until: null },
      { kind: 'by_hand', until: '2999-01-01T00:00:00.000Z' },
    ])
    const all = await ask<Holds>(api, key, 'GET', '/v1/holds?limit=1')
    expect(all.body.items).toMatchObject([{ kind: 'by_hand' }])
    expect((await release(customer)).body).toEqual({ released: 2 })
    expect((await release(customer)).body).toEqual({ released: 0 })
    expect((await holdsOf(customer)).body.items).toEqual([])
  })

  it('have what waited for them looked at again when they end, and nothing else', async () => {
    const [held, asleep, other] = [await plan(customer), await plan(customer), await plan(customer + 1)]
    await holdsOf(customer, { reason: 'Ask Ann first.' })
    await move(held, 'deferred', 'held', 'It waits.')
    await move(asleep, 'deferred', 'quiet_hours', 'It waits.')
    await move(other, 'deferred', 'held', 'It waits.')
    await release(customer)
    const dueOf = (id: InterventionId) =>
      api.database.withTenant(tenant, async (tx) => (await readIntervention(tx, id)).dueAt <= new Date())
    expect([await dueOf(held), await dueOf(asleep), await dueOf(other)]).toEqual([true, false, false])
  })

  it('of a customer who lives on in another hold that one', async () => {
    await holdsOf(customer, { reason: 'Ask Ann first.' })
    await api.database.withTenant(tenant, (tx) =>
      tx.query('update customers set merged_into = $2 where id = $1', [customer, customer + 1]),
    )
    expect((await holdsOf(customer + 1)).body.items).toMatchObject([{ customer: customer + 1 }])
    expect((await release(customer + 1)).body).toEqual({ released: 1 })
  })

  it('are refused for nobody, for what is no reason, and until a time that has passed', async () => {
    expect((await holdsOf(999_999)).status).toBe(404)
    expect((await holdsOf(customer, { reason: ' ' })).status).toBe(400)
    expect((await holdsOf(customer, { reason: 'Ann.', kind: 'complained' })).status).toBe(400)
    const late = await holdsOf(customer, { reason: 'Ann.', until: '2020-01-01T00:00:00Z' })
    expect([late.status, late.body.code]).toEqual([400, 'request_invalid'])
  })
})

describe(`the report of what was kept back (${databaseKind})`, () => {
  interface Report {
    readonly items: readonly Readonly<Record<string, unknown>>[]
    readonly waiting: readonly Readonly<Record<string, unknown>>[]
  }
  const report = (query = '') => ask<Report>(api, key, 'GET', `/v1/suppressed${query}`)

  it('counts each send once a reason and period, and says what waits now', async () => {
    const [one, two, three] = [await plan(customer), await plan(customer), await plan(customer + 1)]
    await move(one, 'deferred', 'quiet_hours', 'It waits until 07:00.')
    await move(one, 'deferred', 'quiet_hours', 'It waits until 08:00.')
    await move(one, 'deferred', 'cooldown', 'It waits until Monday.')
    await move(two, 'deferred', 'quiet_hours', 'It waits until 09:00.')
    await move(three, 'suppressed', 'language', 'Not sent: there is no message in fr.')
    const { body } = await report()
    const period = new Date().toISOString().slice(0, 10)
    expect(body.items).toHaveLength(3)
    expect(body.items[0]).toEqual({
      period,
      to: 'deferred',
      code: 'quiet_hours',
      channel: 'email',
      actionKey: 'email',
      interventions: 2,
      example: 'It waits until 09:00.',
    })
    expect(body.items).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ to: 'suppressed', code: 'language', interventions: 1 }),
        expect.objectContaining({ code: 'cooldown', interventions: 1 }),
      ]),
    )
    expect(body.waiting).toMatchObject([
      { code: 'cooldown', interventions: 1 },
      { code: 'quiet_hours', interventions: 1 },
    ])
    expect((await report('?by=month')).body.items[0]).toMatchObject({ period: `${period.slice(0, 8)}01` })
    expect((await report('?to=2020-01-01T00:00:00Z')).body.items).toEqual([])
  })

  it('is refused for a time that ends before it begins, or is longer than a year', async () => {
    expect((await report('?from=2026-02-01T00:00:00Z&to=2026-01-01T00:00:00Z')).status).toBe(400)
    expect((await report('?from=2020-01-01T00:00:00Z')).status).toBe(400)
    expect((await report('?by=hour')).status).toBe(400)
  })
})
