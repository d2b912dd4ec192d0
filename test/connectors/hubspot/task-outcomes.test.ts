import { describe, expect, it } from 'vitest'
import type { Task } from '../../../connectors/connector.ts'
import { taskOutcomes } from '../../../connectors/hubspot/task-outcomes.ts'
import { upsertTasks } from '../../../connectors/hubspot/tasks.ts'
import { openPortal } from './writing.ts'

const taskFor = (customerId: string, key: string): Task => ({
  key,
  customerId,
  recipientId: null,
  responsibleId: null,
  kind: 'call',
  action: 'call_discount_30',
  subject: 'Call Acme',
  body: 'Why',
  dueAt: new Date('2026-11-24T09:00:00Z'),
})

describe('what became of tasks in HubSpot', () => {
  it('is what the person made of each, deleted ones too', async () => {
    const { client, schema, sandbox, calls } = await openPortal()
    const company = sandbox.state.createRecord('companies', { name: 'Acme' })
    const keys = ['open', 'done', 'deferred', 'deleted']
    const made = await upsertTasks(
      client,
      schema,
      keys.map((key) => taskFor(company, key)),
    )
    const idOf = (key: string): string =>
      sandbox.state.ids('tasks').find((id) => sandbox.state.value('tasks', id, 'holdfast_key') === key)!
    const done = '2026-11-23T14:00:00.000Z'
    sandbox.state.updateRecord('tasks', idOf('done'), {
      hs_task_status: 'COMPLETED',
      hs_task_completion_date: done,
    })
    sandbox.state.updateRecord('tasks', idOf('deferred'), { hs_task_status: 'DEFERRED' })
    sandbox.state.archiveRecord('tasks', idOf('deleted'))
    calls()
    expect(
      await taskOutcomes(client, schema, [
        ...made.map((one) => ({ key: one.id, externalId: one.ok ? one.externalId! : null })),
        { key: 'never made', externalId: null },
        { key: 'done', externalId: null },
      ]),
    ).toEqual([
      { key: 'open', status: 'open', outcome: null, at: null },
      { key: 'done', status: 'done', outcome: null, at: new Date(done) },
      { key: 'deferred', status: 'open', outcome: null, at: null },
      { key: 'deleted', status: 'cancelled', outcome: 'deleted', at: expect.any(Date) },
      { key: 'never made', status: 'missing', outcome: null, at: null },
    ])
    expect(calls().filter((call) => call.includes('/tasks/batch/read'))).toHaveLength(2)
  })

  it('asks nothing where nobody asks', async () => {
    const { client, schema } = await openPortal()
    expect(await taskOutcomes(client, schema, [])).toEqual([])
  })
})
