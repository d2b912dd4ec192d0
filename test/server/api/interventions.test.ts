import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { asCustomer, type ConnectionId, type TenantId } from '../../../src/contracts/ids.ts'
import { answerOnce } from '../../../src/store/idempotent-requests.ts'
import { sweep } from '../../../src/store/retention.ts'
import { saveSettings } from '../../../src/store/settings-versions.ts'
import { activateTenant } from '../../../src/store/tenants.ts'
import { ask, startTestApi, type ApiAnswer, type TestApi } from '../../support/api.ts'
import { fillBook } from '../../support/book.ts'
import { addConnection, addTenant, databaseKind } from '../../support/database.ts'
import { addIntervention } from '../../support/ledger.ts'

interface Answer {
  readonly id: string
  readonly state: string
  readonly code: string
  readonly detail: string
  readonly retryable: boolean
  readonly reason: string | null
  readonly dueAt: string
  readonly expiresAt: string
  readonly plannedCostMinor: number
  readonly createdBy: string
  readonly events: readonly {
    readonly toState: string
    readonly actor: string
    readonly reason: string | null
  }[]
}

let api: TestApi
let tenant: TenantId
let connection: ConnectionId
let key: string
let first: number

beforeAll(async () => {
  api = await startTestApi()
})
afterAll(() => api.close())

beforeEach(async () => {
  tenant = await addTenant(api.database)
  connection = await addConnection(api.database, tenant)
  ;({ first } = await fillBook(api.database, tenant, connection, { count: 20 }))
  key = await api.key(tenant, ['read', 'write'])
  await api.database.withTenant(tenant, (tx) => activateTenant(tx, tenant))
})

function plan(
  body: object,
  { name = randomUUID(), as = key }: { name?: string; as?: string } = {},
): Promise<ApiAnswer<Answer>> {
  return ask<Answer>(api, as, 'POST', '/v1/interventions', { body, headers: { 'idempotency-key': name } })
}

const say = (id: string, verb: string, body?: object): Promise<ApiAnswer<Answer>> =>
  ask<Answer>(api, key, 'POST', `/v1/interventions/${id}/${verb}`, { body })

describe(`what waits for approval (${databaseKind})`, () => {
  it('says why no task in the CRM asks for it, as long as it waits', async () => {
    const place = { tenant, connection, customer: asCustomer(first) }
    const [asked, unasked] = [
      await addIntervention(api.database, place, { state: 'awaiting_approval' }),
      await addIntervention(
        api.database,
        { ...place, customer: asCustomer(first + 1) },
        { state: 'awaiting_approval' },
      ),
    ]
    await api.database.withTenant(tenant, (tx) =>
      tx.query(
        `insert into approval_tasks (tenant_id, intervention_id, connection_id, awaiting_since, state, error_code, error_message)
         values ($1, $2, $4, now(), 'asked', null, null), ($1, $3, $4, now(), 'failed', 'refused', 'The owner is inactive.')`,
        [tenant, asked, unasked, connection],
      ),
    )
    const list = () =>
      ask<{ items: { id: string; askProblem: string | null }[] }>(api, key, 'GET', '/v1/interventions')
    const problems = async () =>
      new Map((await list()).body.items.map(({ id, askProblem }) => [id, askProblem]))
    expect(await problems()).toEqual(
      new Map([
        [asked, null],
        [unasked, 'The owner is inactive.'],
      ]),
    )
    await say(unasked, 'reject')
    expect((await problems()).get(unasked)).toBeNull()
  })
})

const planned = async (): Promise<number> => {
  const rows = await api.database.withTenant(tenant, (tx) =>
    tx.query('select id from interventions where tenant_id = $1', [tenant]),
  )
  return rows.length
}

describe(`POST /v1/interventions (${databaseKind})`, () => {
  it('plans an action, tells the queue, and notes who asked', async () => {
    const woken = api.woken()
    const { status, body } = await plan({ customer: first + 1, action: 'email' })
    expect(status).toBe(201)
    expect(body).toEqual({ id: expect.any(String), state: 'planned' })
    expect(api.woken()).toBeGreaterThan(woken)
    const { body: whole } = await ask<Answer>(api, key, 'GET', `/v1/interventions/${body.id}`)
    expect(whole).toMatchObject({ state: 'planned', createdBy: 'key:test' })
    expect(whole.events.map(({ toState, actor }) => [toState, actor])).toEqual([['planned', 'key:test']])
    const days = (Date.parse(whole.expiresAt) - Date.parse(whole.dueAt)) / 86_400_000
    expect(days).toBe(14)
    const audited = await api.database.withTenant(tenant, (tx) =>
      tx.query("select actor from audit_log where tenant_id = $1 and action = 'intervention.create'", [
        tenant,
      ]),
    )
    expect(audited).toEqual([{ actor: 'key:test' }])
  })

  it('has a discount wait for approval, with its cost', async () => {
    const save = (settings: object, expected: number) =>
      api.database.withTenant(tenant, (tx) => saveSettings(tx, settings, { expected, author: 'test' }))
    const unfulfilled = await plan({ customer: first + 1, action: 'discount_10' })
    expect(unfulfilled.status).toBe(409)
    expect(unfulfilled.body.detail).toContain('Nobody fulfils "Offer 10% Discount"')
    const offers = { fulfilment: { discount_10: { by: 'pool', pool: 'spring' } } }
    await save({ offers }, 0)
    const unknown = await plan({ customer: first + 1, action: 'discount_10' })
    expect(unknown.status).toBe(409)
    expect(unknown.body.detail).toContain('What the customer pays is not known')
    await save({ offers, currency: { file: 'EUR', reporting: 'EUR' } }, 1)
    const { body } = await plan({ customer: first + 1, action: 'discount_10' })
    expect(body.state).toBe('awaiting_approval')
    const whole = await ask<Answer>(api, key, 'GET', `/v1/interventions/${body.id}`)
    const monthlyMinor = 2000 + (((first + 1) * 31) % 9000)
    expect(whole.body.plannedCostMinor).toBe(Math.round(0.1 * 12 * monthlyMinor))
  })

  it('gives the same answer to the same key and body, and plans once', async () => {
    const [name, body] = ['order-7', { customer: first + 1, action: 'email' }]
    const one = await plan(body, { name })
    // The order of fields is not what is asked for.
    const other = await plan({ action: 'email', customer: first + 1 }, { name })
    expect([other.status, other.body]).toEqual([one.status, one.body])
    expect(await planned()).toBe(1)
  })

  it('answers many at once with one key: one plans, the others learn of it or are told to come again', async () => {
    const body = { customer: first + 1, action: 'email' }
    const answers = await Promise.all(Array.from({ length: 12 }, () => plan(body, { name: 'at-once' })))
    expect([201, 409]).toEqual(expect.arrayContaining([...new Set(answers.map(({ status }) => status))]))
    const done = answers.filter(({ status }) => status === 201)
    expect(done.length).toBeGreaterThan(0)
    expect(new Set(done.map((answer) => answer.body.id)).size).toBe(1)
    expect(await planned()).toBe(1)
  })

  it('refuses the same key with another body (422), and another tenant may use it', async () => {
    await plan({ customer: first + 1, action: 'email' }, { name: 'k' })
    const other = await plan({ customer: first + 2, action: 'email' }, { name: 'k' })
    expect([other.status, other.body.code]).toEqual([422, 'idempotency_key_reused'])
    expect(await planned()).toBe(1)
    const stranger = await addTenant(api.database)
    await api.database.withTenant(stranger, (tx) => activateTenant(tx, stranger))
    const theirs = await plan({ customer: 1e9, action: 'email' }, { name: 'k', as: await api.key(stranger) })
    expect(theirs.status).toBe(404)
  })

  // On the embedded database requests take turns: no key is ever just being answered.
  it.skipIf(databaseKind === 'embedded')(
    'refuses a key that is just being answered (409), and says when to come again',
    async () => {
      const body = { customer: first + 1, action: 'email' }
      const [begun, done] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
      const held = api.database.withTenant(tenant, (tx) =>
        answerOnce(tx, { route: 'POST /v1/interventions', key: 'slow', body }, async () => {
          begun.resolve()
          await done.promise
          return { status: 201, body: { id: 'the first' } }
        }),
      )
      // It has its lock before it answers.
      await begun.promise
      const answer = await plan(body, { name: 'slow' })
      expect([answer.status, answer.body.code, answer.body.retryable]).toEqual([409, 'conflict', true])
      expect(answer.headers.get('retry-after')).toBe('1')
      done.resolve()
      await held
      expect((await plan(body, { name: 'slow' })).body.id).toBe('the first')
    },
  )

  it('does not remember a failure: the same key can be tried again', async () => {
    const name = randomUUID()
    const outside = await plan({ customer: first + 9, action: 'email' }, { name })
    expect(outside.status).toBe(409)
    await api.database.withTenant(tenant, (tx) =>
      tx.query("update customers set status = 'active' where tenant_id = $1 and id = $2", [
        tenant,
        first + 9,
      ]),
    )
    expect((await plan({ customer: first + 9, action: 'email' }, { name })).status).toBe(201)
  })

  it('forgets a key after its days, and still plans nothing twice', async () => {
    const body = { customer: first + 1, action: 'email' }
    await plan(body, { name: 'old' })
    await api.database.withTenant(tenant, (tx) =>
      tx.query("update idempotent_requests set created_at = now() - interval '8 days' where tenant_id = $1", [
        tenant,
      ]),
    )
    const daysAgo = (days: number) => new Date(Date.now() - days * 86_400_000)
    const sweepBefore = (before: Date) =>
      api.database.withTenant(tenant, (tx) => sweep(tx, 'keptAnswers', { before, most: 100 }))
    expect(await sweepBefore(daysAgo(9))).toBe(0)
    expect(await sweepBefore(daysAgo(7))).toBe(1)
    const again = await plan(body, { name: 'old' })
    expect([again.status, again.body.code]).toEqual([409, 'conflict'])
    expect(await planned()).toBe(1)
  })

  it('plans nothing before actions are activated', async () => {
    const fresh = await addTenant(api.database)
    const { status, body } = await plan({ customer: 1, action: 'email' }, { as: await api.key(fresh) })
    expect(status).toBe(409)
    expect(body.detail).toContain('/v1/activation')
  })

  it('leaves comparison groups and those who left alone, and says so', async () => {
    const holdout = await plan({ customer: first, action: 'email' })
    const left = await plan({ customer: first + 9, action: 'email' })
    expect([holdout.status, left.status]).toEqual([409, 409])
    expect(holdout.body.detail).toContain('comparison group')
    expect(left.body.detail).toContain('population')
  })

  it('knows no customer and no intervention of another tenant', async () => {
    const stranger = await addTenant(api.database)
    await api.database.withTenant(stranger, (tx) => activateTenant(tx, stranger))
    const as = await api.key(stranger)
    expect((await plan({ customer: first + 1, action: 'email' }, { as })).status).toBe(404)
    const { body } = await plan({ customer: first + 1, action: 'email' })
    for (const [method, path] of [
      ['GET', `/v1/interventions/${body.id}`],
      ['POST', `/v1/interventions/${body.id}/reject`],
    ]) {
      expect((await ask(api, as, method, path)).status).toBe(404)
    }
    expect((await ask<{ items: unknown[] }>(api, as, 'GET', '/v1/interventions')).body.items).toEqual([])
  })
})

describe(`a person's answer to an intervention (${databaseKind})`, () => {
  const waiting = (): Promise<string> =>
    addIntervention(
      api.database,
      { tenant, connection, customer: asCustomer(first + 1) },
      { state: 'awaiting_approval' },
    )

  it('approves what waits, once', async () => {
    const id = await waiting()
    const woken = api.woken()
    const { status, body } = await say(id, 'approve', { note: 'Spoke to them.' })
    expect([status, body.state]).toEqual([200, 'planned'])
    expect(body.events.at(-1)).toMatchObject({ toState: 'planned', actor: 'key:test' })
    expect(body.events.at(-1)!.reason).toContain('Spoke to them.')
    expect(api.woken()).toBeGreaterThan(woken)
    const again = await say(id, 'approve')
    expect(again.status).toBe(409)
    expect(again.body.detail).toContain('planned')
  })

  it('rejects and cancels with a reason of their own, and never after that', async () => {
    const [one, other] = [await waiting(), await waiting()]
    expect((await say(one, 'reject', { note: 'They just renewed.' })).body).toMatchObject({
      state: 'rejected',
      reason: expect.stringContaining('They just renewed.'),
    })
    expect((await say(other, 'cancel')).body.state).toBe('cancelled')
    expect((await say(one, 'approve')).status).toBe(409)
    expect((await say(other, 'snooze', { until: inHours(1) })).status).toBe(409)
  })

  it('snoozes until a time that comes and lies before its end', async () => {
    const id = await waiting()
    const until = inHours(5)
    expect((await say(id, 'snooze', { until })).body).toMatchObject({ state: 'snoozed', dueAt: until })
    expect((await say(await waiting(), 'snooze', { until: inHours(-1) })).status).toBe(400)
    const late = await say(await waiting(), 'snooze', { until: inHours(24 * 30) })
    expect(late.status).toBe(400)
    expect(late.body.detail).toContain('expires')
  })

  it('answers two people at once with one who was first', async () => {
    const id = await waiting()
    const answers = await Promise.all([say(id, 'approve'), say(id, 'reject'), say(id, 'approve')])
    const approved = answers.filter(({ status }) => status === 200)
    const { body } = await ask<Answer>(api, key, 'GET', `/v1/interventions/${id}`)
    // What was approved can still be rejected; not the other way round.
    expect(approved.length).toBe(body.events.length - 1)
    expect(body.events.filter(({ toState }) => toState === 'planned').length).toBeLessThan(2)
  })

  it('needs the scope write', async () => {
    const id = await waiting()
    const reader = await api.key(tenant, ['read', 'score', 'export'])
    const { status, body } = await ask<Answer>(api, reader, 'POST', `/v1/interventions/${id}/approve`)
    expect([status, body.code]).toEqual([403, 'forbidden'])
  })
})

const inHours = (hours: number): string => new Date(Date.now() + hours * 3_600_000).toISOString()
