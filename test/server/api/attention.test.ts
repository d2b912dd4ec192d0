import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import {
  asCustomer,
  type ConnectionId,
  type InterventionId,
  type TenantId,
} from '../../../src/contracts/ids.ts'
import { tellRatio } from '../../../src/loop/group-ratio.ts'
import { pauseKnown } from '../../../src/loop/pausing.ts'
import { WATCH } from '../../../src/loop/stop-watch.ts'
import type { AttentionAnswer } from '../../../src/server/api/attention.ts'
import { dueInterventions } from '../../../src/store/due.ts'
import { holdCustomer } from '../../../src/store/holds.ts'
import { saveSettings } from '../../../src/store/settings-versions.ts'
import { listSteps } from '../../../src/store/steps.ts'
import { ask, startTestApi, type TestApi } from '../../support/api.ts'
import { addConnection, addTenant, databaseKind } from '../../support/database.ts'
import { addCustomer, addIntervention, movesOf } from '../../support/ledger.ts'

let api: TestApi
let tenant: TenantId
let connection: ConnectionId
let key: string

beforeAll(async () => {
  api = await startTestApi()
})
afterAll(() => api.close())
beforeEach(async () => {
  tenant = await addTenant(api.database)
  connection = await addConnection(api.database, tenant, { kind: 'hubspot', name: 'Portal' })
  key = await api.key(tenant)
  await sql(`update connections set population = '{}' where tenant_id = $1`, [tenant])
})

const sql = (text: string, values: readonly unknown[]) =>
  api.database.withTenant(tenant, (tx) => tx.query(text, values))
const look = async (): Promise<AttentionAnswer> => {
  const { status, body } = await ask<AttentionAnswer>(api, key, 'GET', '/v1/attention')
  expect(status, JSON.stringify(body)).toBe(200)
  const badges = await ask<{ attention: number }>(api, key, 'GET', '/v1/badges')
  // The number beside the navigation is that of the list.
  expect(badges.body.attention).toBe(body.count)
  expect(body.count).toBe(body.items.length + body.uncertain.count + body.failed.count)
  return body
}
const post = <T = Record<string, unknown>>(path: string, body: object) =>
  ask<T>(api, key, 'POST', path, { body })

async function intervention(state: string, more = ''): Promise<InterventionId> {
  const customer = await addCustomer(api.database, { tenant, connection })
  const id = await addIntervention(api.database, { tenant, connection, customer }, { currency: 'EUR' })
  await sql(
    `update interventions set state = $2 ${more === '' ? '' : `, ${more}`} where tenant_id = $1 and id = $3`,
    [tenant, state, id],
  )
  return id
}

/** One of each that can happen, by the kind of what is then listed. */
const HAPPENINGS: Readonly<Record<string, () => Promise<unknown>>> = {
  restore: () =>
    api.database.asSystem('a test', async (tx) => {
      await tx.query(`update installation set restored_at = now(), restored_from = now() - interval '1 day'`)
      if ((await tx.query('select from installation')).length === 0)
        await tx.query(
          `insert into installation (id, restored_at, restored_from) values (gen_random_uuid(), now(), now() - interval '1 day')`,
        )
    }),
  connection: () =>
    sql(
      `update connections set status = 'needs_reconnect', status_reason = 'The token was taken back.' where tenant_id = $1`,
      [tenant],
    ),
  step: () =>
    sql(
      `insert into steps (tenant_id, connection_id, step, error_code, error_message) values ($1, $2, 'sync', 'x', 'no file')`,
      [tenant, connection],
    ),
  stop: () =>
    api.database.withTenant(tenant, (tx) =>
      pauseKnown(
        tx,
        { scope: 'action', name: 'sms' },
        {
          reason: 'It stopped by itself: 9 of 120 opted out.',
          actor: WATCH,
          evidence: { what: 'optOuts', answers: 9, messages: 120, usual: 0.01, chance: 1e-5 },
        },
      ),
    ),
  ratio: async () => {
    for (let n = 0; n < 200; n++)
      await sql(
        `insert into customers (tenant_id, connection_id, object, external_id, properties, properties_hash, group_key, group_name)
         values ($1, $2, 'company', $3, '{}', '', $3, 'policy')`,
        [tenant, connection, `r${n}`],
      )
    expect(await api.database.withTenant(tenant, (tx) => tellRatio(tx, new Date()))).toBe(true)
  },
  waiting: () =>
    intervention('deferred', `reason_code = 'smtp_auth', reason = 'The server refused the password.'`),
  refused: async () => {
    const customer = await addCustomer(api.database, { tenant, connection })
    await sql(
      `insert into write_backs (tenant_id, customer_id, connection_id, fields, status, error_code, error_message)
       values ($1, $2, $3, '{}', 'failed', 'read_only', 'The property is read-only.')`,
      [tenant, customer, connection],
    )
  },
  pool: () =>
    api.database.withTenant(tenant, (tx) =>
      saveSettings(
        tx,
        { offers: { fulfilment: { discount_10: { by: 'pool', pool: 'spring' } } } },
        { expected: 0, author: 'a test' },
      ),
    ),
  held: async () => {
    const customer = await addCustomer(api.database, { tenant, connection })
    await api.database.withTenant(tenant, (tx) =>
      holdCustomer(tx, { customer, kind: 'replied', reason: 'Ann answered.', actor: 'recipient' }),
    )
  },
  webhook: () =>
    sql(
      `insert into outgoing_webhooks (tenant_id, id, name, format, host, kinds, status, status_reason, created_by)
       values ($1, gen_random_uuid(), 'Data', 'signed', 'x.example', '{}', 'disabled', 'It answered with 500.', 'a test')`,
      [tenant],
    ),
  unheard: () =>
    sql(
      `insert into told (tenant_id, kind, level, subject, body, dedup_key, via, target, state, error, ended_at)
       values ($1, 'digest.weekly', 'info', 's', '', 'd', 'email', 'ops@acme.example', 'failed', 'Unknown user.', now())`,
      [tenant],
    ),
  population: () => sql('update connections set population = null where tenant_id = $1', [tenant]),
  note: () =>
    sql(
      `update connections set notes = '[{"subject": "amount", "message": "There is no property for it."}]' where tenant_id = $1`,
      [tenant],
    ),
  policy: () =>
    sql(
      `insert into policies (tenant_id, wanted, hash, settings_version, seed, figures, problems, contents)
       values ($1, 'w', 'h', 1, 1, '{}', '{it is worse than the one before}', '')`,
      [tenant],
    ),
}

describe(`what needs a look (${databaseKind})`, () => {
  it('is nothing where nothing happened', async () => {
    expect(await look()).toMatchObject({ count: 0, items: [] })
  })

  it.each(Object.keys(HAPPENINGS))('tells of %s: what happened, what it means, what to do', async (kind) => {
    await HAPPENINGS[kind]()
    const { items } = await look()
    expect(items.map((one) => one.kind)).toEqual([kind])
    const [{ title, happened, means, todo, tone }] = items
    for (const text of [happened, means, todo]) expect(text).toMatch(/^[A-Z0-9].*[.!?”]$/s)
    expect(title).toMatch(/^[^_{}]+$/)
    expect(JSON.stringify([title, happened, means, todo])).not.toMatch(
      /undefined|null|NaN|[0-9a-f]{8}-[0-9a-f]{4}/,
    )
    expect(['bad', 'wait']).toContain(tone)
    if (kind === 'restore')
      await api.database.asSystem('a test', (tx) => tx.query('update installation set restored_at = null'))
  })

  it('has routes behind its buttons that do what they say', async () => {
    for (const kind of [
      'stop',
      'step',
      'waiting',
      'refused',
      'held',
      'webhook',
      'pool',
      'unheard',
      'policy',
      'ratio',
    ])
      await HAPPENINGS[kind]()
    const { items } = await look()
    const buttons = items.flatMap((one) => one.buttons)
    expect(buttons.length).toBeGreaterThan(8)
    for (const { method, path, body, label } of buttons) {
      const { status } = await ask(api, key, method, path, body === null ? {} : { body })
      expect([label, path, status < 300]).toEqual([label, path, true])
    }
  })

  it('is put aside until it happens anew, and what has to be ended is not', async () => {
    await HAPPENINGS['step']()
    await sql(`update steps set due_at = now() + interval '1 hour' where tenant_id = $1`, [tenant])
    await HAPPENINGS['stop']()
    const { items } = await look()
    const step = items.find(({ kind }) => kind === 'step')!
    const stop = items.find(({ kind }) => kind === 'stop')!
    const dismissed = await post<{ dismissed: number; results: { outcome: string }[] }>(
      '/v1/attention/dismiss',
      {
        items: [step, stop, { key: 'ratio', mark: '' }, { ...step, mark: 'of another time' }].map((one) => ({
          key: one.key,
          mark: one.mark,
        })),
        note: 'We know.',
      },
    )
    expect(dismissed.body.results.map(({ outcome }) => outcome)).toEqual([
      'done',
      'refused',
      'gone',
      'changed',
    ])
    expect((await look()).items.map(({ kind }) => kind)).toEqual(['stop'])
    await sql(`update steps set last_done_at = now() where tenant_id = $1`, [tenant])
    expect((await look()).items.map(({ kind }) => kind).toSorted()).toEqual(['step', 'stop'])
    const [entry] = await sql(
      `select detail from audit_log where tenant_id = $1 and action = 'attention.dismiss'`,
      [tenant],
    )
    expect(entry).toEqual({ detail: { keys: [step.key], note: 'We know.' } })
  })

  it('tries again what failed: the step is due, what waits is due, what was refused is written', async () => {
    await HAPPENINGS['step']()
    await HAPPENINGS['refused']()
    const waiting = await intervention(
      'deferred',
      `reason_code = 'smtp_auth', reason = 'no', due_at = now() + interval '1 hour'`,
    )
    for (const { key: of } of (await look()).items)
      expect((await post('/v1/attention/retry', { key: of })).body).toEqual({ asked: 1 })
    const steps = await api.database.withTenant(tenant, (tx) => listSteps(tx))
    expect(steps.map(({ step, state }) => [step, state])).toEqual([
      ['sync', 'due'],
      ['write_back', 'due'],
    ])
    const due = await api.database.asSystem('a test', (tx) =>
      dueInterventions(tx, { limitPerTenant: 10, limit: 10 }),
    )
    expect(due.map(({ intervention: id }) => id)).toContain(waiting)
    const [{ due: marked }] = await sql(
      'select count(*)::integer as due from write_back_due where tenant_id = $1',
      [tenant],
    )
    expect(marked).toBeGreaterThan(0)
    expect((await post('/v1/attention/retry', { key: 'step:nothing' })).status).toBe(404)
  })
})

describe(`uncertain and failed messages (${databaseKind})`, () => {
  const resolve = (body: object) =>
    post<{ resolved: number; results: { outcome: string; state: string | null; message: string | null }[] }>(
      '/v1/attention/resolve',
      body,
    )
  const stateOf = async (id: string) =>
    (
      await sql(
        'select state, reason_code as code, sending_at as sending, sent_at as sent, reserved_minor as reserved, committed_minor as committed from interventions where tenant_id = $1 and id = $2',
        [tenant, id],
      )
    )[0]
  const uncertain = () =>
    intervention(
      'uncertain',
      `sending_at = now() - interval '1 hour', message = '{"kind": "email", "delivery": "live", "to": {"name": null, "address": "a@b.example"}}'`,
    )

  it('are listed with what can be said of them', async () => {
    const id = await uncertain()
    const failed = await intervention('rejected', `reason_code = 'smtp_mailbox', reason = 'No such mailbox.'`)
    await intervention('rejected', `reason_code = 'not_right'`)
    const { uncertain: doubtful, failed: lost } = await look()
    expect([doubtful.count, lost.count]).toEqual([1, 1])
    expect([doubtful.items[0].id, lost.items[0].id]).toEqual([id, failed])
    for (const list of [doubtful, lost]) {
      const { body } = await ask<{ items: unknown[] }>(api, key, 'GET', list.list)
      expect(body.items).toHaveLength(list.count)
    }
    expect(doubtful.items[0].buttons.map(({ label }) => label)).toEqual([
      'It was sent',
      'It was not sent',
      'It was not sent: send it again',
    ])
  })

  it('are resolved as sent: booked, and never sent again', async () => {
    const id = await uncertain()
    const { status, body } = await resolve({
      items: [id],
      as: 'sent',
      reason: 'It is in the log of the server.',
    })
    expect(status, JSON.stringify(body)).toBe(200)
    expect([status, body.resolved, body.results[0].state]).toEqual([200, 1, 'sent'])
    expect(await stateOf(id)).toMatchObject({
      state: 'sent',
      code: 'resolved_sent',
      reserved: 0,
      committed: 600,
    })
    const moves = await movesOf(api.database, tenant, id)
    expect(moves.at(-1)).toMatchObject({ actor: 'key:test', from_state: 'uncertain', to_state: 'sent' })
    expect(moves.at(-1)?.reason).toContain('It is in the log of the server.')
    const [audited] = await sql(
      `select actor, detail from audit_log where tenant_id = $1 and action = 'intervention.resolve'`,
      [tenant],
    )
    expect(audited).toMatchObject({
      actor: 'key:test',
      detail: { as: 'sent', reason: 'It is in the log of the server.' },
    })
  })

  it('are resolved as not sent: given back to the budget, and neither failed nor a bounce', async () => {
    const id = await uncertain()
    await resolve({ items: [id], as: 'not_sent', reason: 'Not in the log.' })
    expect(await stateOf(id)).toMatchObject({
      state: 'rejected',
      code: 'resolved_not_sent',
      reserved: 0,
      committed: 0,
      sending: null,
    })
    expect(await look()).toMatchObject({ count: 0 })
  })

  it('are sent again on a word, unless their time has passed', async () => {
    const [id, late] = [await uncertain(), await uncertain()]
    await sql(`update interventions set expires_at = now() where tenant_id = $1 and id = $2`, [tenant, late])
    const { body } = await resolve({
      items: [id, late],
      as: 'not_sent',
      again: true,
      reason: 'Not in the log.',
    })
    expect(body.results.map(({ outcome, state }) => [outcome, state])).toEqual([
      ['done', 'deferred'],
      ['expired', 'uncertain'],
    ])
    const due = await api.database.asSystem('a test', (tx) =>
      dueInterventions(tx, { limitPerTenant: 10, limit: 10 }),
    )
    expect(due.map(({ intervention: one }) => one)).toContain(id)
  })

  it('are resolved once, by whoever they belong to, with a reason', async () => {
    const id = await uncertain()
    const stranger = await api.key(await addTenant(api.database))
    const foreign = await ask<{ results: { outcome: string }[] }>(
      api,
      stranger,
      'POST',
      '/v1/attention/resolve',
      {
        body: { items: [id], as: 'sent', reason: 'Mine.' },
      },
    )
    expect(foreign.body.results).toMatchObject([{ outcome: 'not_found' }])
    await resolve({ items: [id], as: 'sent', reason: 'In the log.' })
    const again = await resolve({ items: [id], as: 'not_sent', reason: 'Not in the log.' })
    expect(again.body.results).toMatchObject([{ outcome: 'already', state: 'sent' }])
    expect(again.body.results[0].message).toContain('In the log.')
    for (const bad of [
      { as: 'sent' },
      { as: 'sent', reason: ' ' },
      { as: 'sent', again: true, reason: 'x' },
      { as: 'gone', reason: 'x' },
    ])
      expect((await resolve({ items: [id], ...bad })).status, JSON.stringify(bad)).toBe(400)
  })

  it('that failed are put aside, each once', async () => {
    const id = await intervention('rejected', `reason_code = 'smtp_mailbox'`)
    const item = { key: `intervention:${id}`, mark: '' }
    const put = () => post<{ results: { outcome: string }[] }>('/v1/attention/dismiss', { items: [item] })
    expect((await put()).body.results[0].outcome).toBe('done')
    expect((await put()).body.results[0].outcome).toBe('gone')
    expect((await look()).failed.count).toBe(0)
    const here = key
    key = await api.key(await addTenant(api.database))
    expect((await put()).body.results[0].outcome).toBe('gone')
    key = here
  })

  it('show what they say, not to viewers', async () => {
    const customer = await addCustomer(api.database, { tenant, connection })
    const id = await addIntervention(
      api.database,
      { tenant, connection, customer: asCustomer(customer) },
      { currency: 'EUR' },
    )
    const { body } = await ask<{ none: string | null; message: unknown }>(
      api,
      key,
      'GET',
      `/v1/interventions/${id}/message`,
    )
    expect(body.message).toBeNull()
    expect(body.none).toBeTruthy()
  })
})
