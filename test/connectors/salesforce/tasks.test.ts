import { describe, expect, it } from 'vitest'
import type { Activity, Task } from '../../../connectors/connector.ts'
import { logActivities } from '../../../connectors/salesforce/activities.ts'
import { upsertTasks } from '../../../connectors/salesforce/tasks.ts'
import { described, idOf, perRow, recordsOf, refusal, scripted, writesOf } from './scripted.ts'

const ACCOUNT = idOf(1)
const CONTACT = idOf(2, '003')
const OWNER = idOf(3, '005')

const task: Task = {
  key: '6f1c5d1e-0000-4000-8000-000000000001',
  customerId: ACCOUNT,
  recipientId: CONTACT,
  responsibleId: OWNER,
  kind: 'call',
  action: 'call_discount_30',
  subject: 'Call Acme:\noffer 30 %',
  body: 'Usage fell.\n\nOffer <30 %> & ask why.',
  // Still the 24th where the org is.
  dueAt: new Date('2026-11-25T03:00:00Z'),
}

const entry: Activity = {
  key: '6f1c5d1e-0000-4000-8000-000000000002',
  action: 'email',
  from: 'anna@vendor.example',
  to: 'kim@acme.example',
  customerId: ACCOUNT,
  recipientId: CONTACT,
  kind: 'email',
  at: new Date('2026-11-21T12:00:00Z'),
  subject: 'Your plan',
  body: 'Dear Kim,\n\n…',
}

const made = { id: idOf(0, '00T'), success: true, created: true, errors: [] }
const PATH = '/composite/sobjects/Task/Holdfast_Key__c'

describe('tasks', () => {
  it('that carry no action out say none', async () => {
    const { context, asked } = scripted()
    await upsertTasks(context, [{ ...task, action: null }])
    const [record] = recordsOf(writesOf(asked)[0])
    expect(record).not.toHaveProperty('Holdfast_Action__c')
    expect(record).toHaveProperty('Holdfast_Key__c', task.key)
  })

  it('are upserted by the unique external id, on the list of the responsible person, due on the day of the org', async () => {
    const { context, asked } = scripted()
    expect(await upsertTasks(context, [task])).toEqual([{ id: task.key, ok: true, externalId: made.id }])
    const [call] = writesOf(asked)
    expect(call).toMatchObject({ method: 'PATCH', path: PATH, urgent: true, body: { allOrNone: false } })
    expect(recordsOf(call)).toEqual([
      {
        attributes: { type: 'Task' },
        Holdfast_Key__c: task.key,
        Holdfast_Action__c: 'call_discount_30',
        Subject: 'Call Acme: offer 30 %',
        Description: 'Usage fell.\n\nOffer <30 %> & ask why.',
        ActivityDate: '2026-11-24',
        Priority: 'High',
        Type: 'Call',
        OwnerId: OWNER,
        WhatId: ACCOUNT,
        WhoId: CONTACT,
      },
    ])
  })

  it('may use the calls that are left to others: each of theirs, and none of the timeline', async () => {
    const tasks = scripted()
    await upsertTasks(tasks.context, [task])
    expect(tasks.asked.every(({ urgent }) => urgent)).toBe(true)
    const timeline = scripted()
    await logActivities(timeline.context, [entry])
    expect(timeline.asked.some(({ urgent }) => urgent)).toBe(false)
  })

  it('go by the names of the namespace', async () => {
    const { context, asked } = scripted(undefined, { namespace: 'hold' })
    await upsertTasks(context, [task])
    const [call] = writesOf(asked)
    expect(call.path).toBe('/composite/sobjects/Task/hold__Holdfast_Key__c')
    expect(recordsOf(call)[0]).toMatchObject({ hold__Holdfast_Key__c: task.key })
  })

  it('are left as they are where they exist, done or deleted: a person has worked on them', async () => {
    const { context, asked } = scripted(({ path, soql }) =>
      path === '/queryAll' && soql.includes(task.key)
        ? { body: { records: [{ Id: '00T000000000009', Holdfast_Key__c: task.key, IsDeleted: true }] } }
        : undefined,
    )
    expect(await upsertTasks(context, [task])).toEqual([
      { id: task.key, ok: true, externalId: '00T000000000009EAA' },
    ])
    expect(writesOf(asked)).toEqual([])
  })

  it('are made once for a key that comes twice in a call', async () => {
    const { context, asked } = scripted()
    expect(await upsertTasks(context, [task, task])).toHaveLength(1)
    expect(recordsOf(writesOf(asked)[0])).toHaveLength(1)
  })

  it('are found where another call made them at the same moment', async () => {
    let isMade = false
    const { context } = scripted((one) => {
      if (one.path === '/queryAll')
        return { body: { records: isMade ? [{ Id: made.id, Holdfast_Key__c: task.key }] : [] } }
      if (one.path !== PATH) return undefined
      isMade = true
      return perRowRefusal(one, 'DUPLICATE_VALUE', 'duplicate value found: Holdfast_Key__c')
    })
    expect(await upsertTasks(context, [task])).toEqual([{ id: task.key, ok: true, externalId: made.id }])
  })

  it('of a Contact who is the customer name the person, and Salesforce relates the account', async () => {
    const { context, asked } = scripted(undefined, { object: 'Contact' })
    await upsertTasks(context, [{ ...task, customerId: CONTACT, recipientId: null }])
    const [record] = recordsOf(writesOf(asked)[0])
    expect(record).toMatchObject({ WhoId: CONTACT })
    expect(record).not.toHaveProperty('WhatId')
  })

  it('of a person account name its contact, in an org that has both kinds of accounts', async () => {
    const person = idOf(8, '003')
    const { context, asked } = scripted(
      ({ soql }) =>
        soql.includes('IsPersonAccount = true')
          ? { body: { records: [{ Id: ACCOUNT, PersonContactId: person }] } }
          : undefined,
      {
        describes: {
          Account: (all) => [...all, described('IsPersonAccount', 'boolean'), described('PersonContactId')],
        },
      },
    )
    const company = { ...task, key: 'k2', customerId: idOf(5), recipientId: null }
    await upsertTasks(context, [{ ...task, recipientId: null }, company])
    const records = recordsOf(writesOf(asked)[0])
    expect(records[0]).toMatchObject({ WhoId: person })
    expect(records[0]).not.toHaveProperty('WhatId')
    expect(records[1]).toMatchObject({ WhatId: idOf(5) })
    expect(records[1]).not.toHaveProperty('WhoId')
  })

  it('of nobody are made without an owner, and in an org with its own words for priorities without one', async () => {
    const { context, asked } = scripted(undefined, {
      describes: {
        Task: (all) =>
          all.map((one) => (one.name === 'Priority' ? described('Priority', 'picklist', ['Hoch']) : one)),
      },
    })
    await upsertTasks(context, [{ ...task, responsibleId: null }])
    const [record] = recordsOf(writesOf(asked)[0])
    expect(record).not.toHaveProperty('OwnerId')
    expect(record).not.toHaveProperty('Priority')
  })

  it('are made without the contact where that one is gone', async () => {
    const { context, asked } = scripted((one) => {
      if (one.path !== PATH) return undefined
      return 'WhoId' in recordsOf(one)[0]
        ? perRowRefusal(one, 'INVALID_CROSS_REFERENCE_KEY', 'invalid cross reference id', ['WhoId'])
        : undefined
    })
    expect(await upsertTasks(context, [task])).toMatchObject([{ ok: true }])
    expect(writesOf(asked)).toHaveLength(2)
  })

  it('say whose they cannot be, where the user is not active any more', async () => {
    const { context } = scripted((one) =>
      one.path === PATH
        ? perRowRefusal(one, 'INACTIVE_OWNER_OR_USER', 'operation performed with inactive user [005…]')
        : undefined,
    )
    const [result] = await upsertTasks(context, [task])
    expect(result).toMatchObject({ ok: false, code: 'owner_unknown', retryable: false })
    expect(result).toHaveProperty('message', expect.stringContaining(`the task for the Account ${ACCOUNT}`))
  })

  it('are made without a field that a trigger of field-level security takes away', async () => {
    const { context, asked } = scripted((one) => {
      if (one.path !== PATH) return undefined
      return 'Type' in recordsOf(one)[0]
        ? perRowRefusal(
            one,
            'INVALID_FIELD_FOR_INSERT_UPDATE',
            'Unable to create/update fields: Type. Please check',
          )
        : undefined
    })
    expect(await upsertTasks(context, [task])).toMatchObject([{ ok: true }])
    expect(recordsOf(writesOf(asked)[1])[0]).not.toHaveProperty('Type')
  })

  it('are not made without their key: the package is asked for', async () => {
    const { context, asked } = scripted(undefined, {
      describes: { Task: (all) => all.filter(({ name }) => name !== 'Holdfast_Key__c') },
    })
    const [result] = await upsertTasks(context, [task])
    expect(result).toMatchObject({ id: task.key, ok: false, code: 'property_missing', retryable: false })
    expect(writesOf(asked)).toEqual([])
  })

  it('are not made where the key is not unique, by which one could be made twice', async () => {
    const { context, asked } = scripted(undefined, {
      describes: {
        Task: (all) => all.map((one) => (one.name === 'Holdfast_Key__c' ? { ...one, unique: false } : one)),
      },
    })
    const [result] = await upsertTasks(context, [task])
    expect(result).toMatchObject({ ok: false, code: 'property_missing' })
    expect(result).toHaveProperty('message', expect.stringMatching(/not unique .* made twice/))
    expect(writesOf(asked)).toEqual([])
  })

  it('are refused one by one, and the others are made', async () => {
    const others = [task, { ...task, key: 'k2' }, { ...task, key: 'k3' }]
    const { context } = scripted(
      perRow((key) =>
        key === 'k2'
          ? refusal('FIELD_CUSTOM_VALIDATION_EXCEPTION', 'Not on a Sunday', ['ActivityDate'])
          : undefined,
      ),
    )
    const results = await upsertTasks(context, others)
    expect(results.map(({ ok }) => ok)).toEqual([true, false, true])
    expect(results[1]).toMatchObject({ code: 'validation_rule' })
  })
})

describe('what was sent, on the timeline', () => {
  it('is a task that is done, of the subtype Email, with the key of the intervention', async () => {
    const { context, asked } = scripted()
    expect(await logActivities(context, [entry])).toEqual([{ id: entry.key, ok: true, externalId: made.id }])
    expect(writesOf(asked)[0].path).toBe(PATH)
    expect(asked.filter(({ soql }) => soql.includes('TaskStatus'))).toEqual([])
    expect(recordsOf(writesOf(asked)[0])).toEqual([
      {
        attributes: { type: 'Task' },
        Holdfast_Key__c: entry.key,
        Holdfast_Action__c: 'email',
        Subject: 'Email: Your plan',
        Description:
          'From: anna@vendor.example\nTo: kim@acme.example\nSent: 2026-11-21T12:00:00.000Z\nSubject: Your plan\n\nDear Kim,\n\n…',
        ActivityDate: '2026-11-21',
        Status: 'Completed',
        TaskSubtype: 'Email',
        WhatId: ACCOUNT,
        WhoId: CONTACT,
      },
    ])
  })

  it('is not written again where it stands: its subtype cannot be set a second time', async () => {
    const { context, asked } = scripted(({ path }) =>
      path === '/queryAll' ? { body: { records: [{ Id: made.id, Holdfast_Key__c: entry.key }] } } : undefined,
    )
    expect(await logActivities(context, [entry])).toMatchObject([{ ok: true, externalId: made.id }])
    expect(writesOf(asked)).toEqual([])
  })

  it('takes the word that the org has for a task that is done', async () => {
    const { context, asked } = scripted(
      ({ soql }) =>
        soql.includes('FROM TaskStatus') ? { body: { records: [{ ApiName: 'Erledigt' }] } } : undefined,
      {
        describes: {
          Task: (all) =>
            all.map((one) =>
              one.name === 'Status' ? described('Status', 'picklist', ['Offen', 'Erledigt']) : one,
            ),
        },
      },
    )
    await logActivities(context, [entry])
    expect(recordsOf(writesOf(asked)[0])[0]).toMatchObject({ Status: 'Erledigt' })
  })

  it('says SMS of an SMS, and cuts what is longer than a task holds', async () => {
    const { context, asked } = scripted()
    await logActivities(context, [{ ...entry, kind: 'sms', body: 'x'.repeat(40_000) }])
    const [record] = recordsOf(writesOf(asked)[0])
    expect(record).toMatchObject({ Subject: 'SMS: Your plan' })
    expect(record).not.toHaveProperty('TaskSubtype')
    expect(String(record['Description'])).toHaveLength(32_000)
  })
})

function perRowRefusal(
  one: Parameters<typeof recordsOf>[0],
  code: string,
  message: string,
  fields: readonly string[] = [],
) {
  return { body: recordsOf(one).map(() => refusal(code, message, fields)) }
}
