import { describe, expect, it, onTestFinished } from 'vitest'
import type { Task } from '../../../connectors/connector.ts'
import { associate } from '../../../connectors/hubspot/associate.ts'
import type { Owner } from '../../../connectors/hubspot/sandbox/entries.ts'
import { upsertTasks } from '../../../connectors/hubspot/tasks.ts'
import { openSchema } from '../../../connectors/hubspot/schema.ts'
import { clientOf } from './answering.ts'
import { errorOf, openPortal, type Portal } from './writing.ts'

function taskFor(customerId: string, differs: Partial<Task> = {}): Task {
  return {
    key: `key-${customerId}`,
    customerId,
    recipientId: null,
    responsibleId: null,
    kind: 'call',
    action: 'call_discount_30',
    subject: 'Call Acme <today>',
    body: 'Usage fell & "payments" failed.\n\nOffer 30 %\nuntil Friday.',
    dueAt: new Date('2026-11-24T09:00:00Z'),
    ...differs,
  }
}

function company({ sandbox }: Portal, name = 'Acme'): string {
  return sandbox.state.createRecord('companies', { name })
}

function owner(id: string): Owner {
  const at = '2026-01-01T00:00:00Z'
  const name = { firstName: 'Kim', lastName: 'Rep', email: 'kim@example.com' }
  return { id, ...name, userId: 7, archived: false, createdAt: at, updatedAt: at }
}

describe('tying', () => {
  it('finds the pair at fault in a batch that is refused whole', async () => {
    const { client, server } = await clientOf(({ body }) =>
      body.includes('"13"')
        ? { status: 400, body: { category: 'VALIDATION_ERROR', message: 'COMPANY=13 is not valid' } }
        : { body: { results: [] } },
    )
    onTestFinished(() => server.close())
    const pairs = ['11', '12', '13', '14'].map((to) => ({ from: '1', to }))
    const refused = await associate(client, 'tasks', 'companies', pairs)
    expect([...refused].map(([{ to }, { gone, retryable }]) => [to, gone, retryable])).toEqual([
      ['13', true, false],
    ])
    expect(server.requests[0].url).toBe('/crm/associations/2026-09/tasks/companies/batch/associate/default')
  })
})

describe('tasks', () => {
  it('that carry no action out say none', async () => {
    const { client, schema, sandbox } = await openPortal()
    const id = sandbox.state.createRecord('companies', { name: 'Acme' })
    await upsertTasks(client, schema, [taskFor(id, { action: null, kind: 'todo' })])
    const [made] = sandbox.state.ids('tasks')
    expect(sandbox.state.record('tasks', made)!.properties).not.toHaveProperty('holdfast_action')
  })

  it('land on the list of the responsible person, on the customer and on the contact', async () => {
    const portal = await openPortal()
    const { client, schema, sandbox } = portal
    sandbox.state.setOwner(owner('55'))
    const id = company(portal)
    const contact = sandbox.state.createRecord('contacts', { email: 'ann@acme.example' })
    const task = taskFor(id, { recipientId: contact, responsibleId: '55' })
    const [result] = await upsertTasks(client, schema, [task])
    expect(result).toEqual({ id: task.key, ok: true, externalId: expect.any(String) })
    const [made] = sandbox.state.ids('tasks')
    expect(result).toMatchObject({ externalId: made })
    expect(sandbox.state.record('tasks', made)!.properties).toMatchObject({
      hs_task_subject: 'Call Acme <today>',
      hs_task_body: '<p>Usage fell &amp; &quot;payments&quot; failed.</p><p>Offer 30 %<br>until Friday.</p>',
      hs_task_status: 'NOT_STARTED',
      hs_task_type: 'CALL',
      hs_task_priority: 'HIGH',
      hs_timestamp: '2026-11-24T09:00:00.000Z',
      hubspot_owner_id: '55',
      holdfast_key: task.key,
      holdfast_action: 'call_discount_30',
    })
    expect(sandbox.state.associated('tasks', made, 'companies').map((one) => one.id)).toEqual([id])
    expect(sandbox.state.associated('tasks', made, 'contacts').map((one) => one.id)).toEqual([contact])
  })

  it('are made once, and keep what a person did to them', async () => {
    const portal = await openPortal()
    const { client, schema, sandbox } = portal
    const task = taskFor(company(portal), { kind: 'todo' })
    const [first] = await upsertTasks(client, schema, [task])
    const [made] = sandbox.state.ids('tasks')
    expect(sandbox.state.record('tasks', made)!.properties).toMatchObject({
      hs_task_type: 'TODO',
      hs_task_priority: 'MEDIUM',
    })
    sandbox.state.updateRecord('tasks', made, { hs_task_status: 'COMPLETED', hs_task_subject: 'Done' })
    const before = sandbox.state.record('tasks', made)
    expect(await upsertTasks(client, openSchema(client, 'companies'), [task])).toEqual([first])
    expect(sandbox.state.ids('tasks')).toEqual([made])
    expect(sandbox.state.record('tasks', made)).toEqual(before)
  })

  it('are tied to their records by the next call when the one before died in between', async () => {
    const portal = await openPortal()
    const { client, schema, sandbox } = portal
    const id = company(portal)
    sandbox.faults.inject({
      path: '/associate/default',
      effect: { kind: 'answer', status: 403, body: { category: 'ACCESS_DENIED', message: 'no' } },
    })
    const [failed] = await upsertTasks(client, schema, [taskFor(id)])
    expect(failed).toMatchObject({ ok: false, code: 'connector_configuration', retryable: false })
    const [result] = await upsertTasks(client, schema, [taskFor(id)])
    expect(result.ok).toBe(true)
    const [made, ...others] = sandbox.state.ids('tasks')
    expect(others).toEqual([])
    expect(sandbox.state.associated('tasks', made, 'companies').map((one) => one.id)).toEqual([id])
  })

  it('are made once though the answer to the first call was lost', async () => {
    const portal = await openPortal()
    const { client, schema, sandbox } = portal
    sandbox.faults.inject({ path: 'tasks/batch/upsert', effect: { kind: 'drop', when: 'after' } })
    const results = await upsertTasks(client, schema, [taskFor(company(portal)), taskFor(company(portal))])
    expect(results.every(({ ok }) => ok)).toBe(true)
    expect(sandbox.state.ids('tasks')).toHaveLength(2)
  })

  it('take few calls: a hundred at a time, read, made and tied', async () => {
    const portal = await openPortal()
    const { client, schema, sandbox, calls } = portal
    await schema.of('tasks')
    calls()
    const tasks = Array.from({ length: 120 }, (_, i) => taskFor(company(portal, `C${i}`)))
    const results = await upsertTasks(client, schema, tasks)
    expect(results.every(({ ok }) => ok)).toBe(true)
    expect(sandbox.state.ids('tasks')).toHaveLength(120)
    const paths = calls().map((call) => call.split('/').slice(-2).join('/').replace(/ \d+$/, ''))
    expect(paths).toEqual([
      'batch/read',
      'batch/read',
      'batch/upsert',
      'batch/upsert',
      'associate/default',
      'associate/default',
    ])
  })

  it('come without an owner where nobody is responsible, and without a contact that is gone', async () => {
    const portal = await openPortal()
    const { client, schema, sandbox } = portal
    const [result] = await upsertTasks(client, schema, [
      taskFor(company(portal), { recipientId: '999999999' }),
    ])
    expect(result.ok).toBe(true)
    const [made] = sandbox.state.ids('tasks')
    expect(sandbox.state.value('tasks', made, 'hubspot_owner_id')).toBeNull()
  })

  it('fail one by one: for a customer that is gone, for a user who left', async () => {
    const portal = await openPortal()
    const { client, schema, sandbox } = portal
    sandbox.state.setOwner(owner('1'))
    const id = company(portal)
    const results = await upsertTasks(client, schema, [
      taskFor('999999999'),
      taskFor(id, { key: 'k2', responsibleId: '66' }),
      taskFor(id, { key: 'k3' }),
    ])
    expect(results).toEqual([
      {
        id: 'key-999999999',
        ok: false,
        code: 'record_gone',
        message:
          'HubSpot does not know company 999999999 any more: it was deleted, or merged into another one. The next sync takes that up.',
        retryable: false,
      },
      {
        id: 'k2',
        ok: false,
        code: 'owner_unknown',
        message: `HubSpot refused to write the task for company ${id}: the user it is assigned to is no longer active there (Owner with id: 66 does not exist). Give the record another owner.`,
        retryable: false,
      },
      { id: 'k3', ok: true, externalId: expect.any(String) },
    ])
  })

  it('are not made at all where their key cannot be kept unique', async () => {
    const portal = await openPortal()
    const { client, schema, sandbox } = portal
    sandbox.state.addProperty('tasks', 'holdfast_key', { label: 'Holdfast key', type: 'string' })
    const [result] = await upsertTasks(client, schema, [taskFor(company(portal))])
    expect(result).toMatchObject({
      ok: false,
      code: 'property_missing',
      message: expect.stringContaining('does not insist on unique values'),
      retryable: false,
    })
    expect(sandbox.state.ids('tasks')).toEqual([])
  })

  it('throw when HubSpot cannot be asked at all', async () => {
    const portal = await openPortal()
    const { client, schema, sandbox } = portal
    sandbox.faults.dailyLimit(true)
    expect(await errorOf(upsertTasks(client, schema, [taskFor('1')]))).toMatchObject({
      code: 'connector_unavailable',
      retryable: true,
    })
  })

  it('belong to a contact where contacts are the customers, tied once', async () => {
    const portal = await openPortal({ object: 'contacts' })
    const { client, schema, sandbox, calls } = portal
    const id = sandbox.state.createRecord('contacts', { email: 'ann@acme.example' })
    const [result] = await upsertTasks(client, schema, [taskFor(id, { recipientId: id })])
    expect(result.ok).toBe(true)
    const [made] = sandbox.state.ids('tasks')
    expect(sandbox.state.associated('tasks', made, 'contacts').map((one) => one.id)).toEqual([id])
    expect(calls().filter((call) => call.includes('associate'))).toHaveLength(1)
  })
})
