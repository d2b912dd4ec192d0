import { describe, expect, it } from 'vitest'
import type { FieldUpdate, InterventionRecord, Task } from '../../connectors/connector.ts'
import { openReading } from '../connectors/salesforce/reading.ts'

/** Salesforce's own client over HTTP to the sandbox: what the answers written down elsewhere cannot show. */

const updatesOf = (ids: readonly string[]): FieldUpdate[] =>
  ids.map((id, at) => ({
    id,
    fields: {
      status: 'active',
      riskPercent: (at % 1000) / 10,
      riskLevel: 'HIGH',
      reasons: [`Says "it's, well, ${at}"`, "' OR Name != '", '=HYPERLINK("x")'],
      valueAtRisk: 1234.5,
      currency: 'EUR',
    },
  }))

async function orgWith(count: number, options: Parameters<typeof openReading>[0] = {}) {
  const org = await openReading(options)
  const ids = Array.from({ length: count }, (_, at) =>
    org.state.createRecord('Account', { Name: `Account ${at}` }),
  )
  return { ...org, ids, connector: org.open() }
}

const valueOf = (org: Awaited<ReturnType<typeof openReading>>, id: string, field: string): unknown =>
  org.state.value('Account', id, field)

const paths = (org: Awaited<ReturnType<typeof openReading>>): readonly string[] =>
  org.sandbox.requests().map(({ method, url }) => `${method} ${url.split('?')[0].replace(/.*\/v[\d.]+/, '')}`)

describe('fields on records', () => {
  it.each([
    ['collections', 450],
    ['a Bulk API job', 2500],
  ])('arrive whole by %s, each with a result; bad rows are refused by themselves', async (way, count) => {
    const org = await orgWith(count)
    const [invalid, deleted, hidden, purged] = org.ids
    org.state.addValidationRule('Account', {
      name: 'Segment',
      when: "Name = 'Account 0'",
      message: 'A customer needs a segment: ask "sales", please.',
      field: 'Industry',
    })
    org.state.deleteRecord('Account', deleted)
    org.state.hide('Account', hidden)
    org.state.deleteRecord('Account', purged)
    org.state.purge('Account', purged)
    const updates = updatesOf(org.ids)
    const results = await org.connector.write(updates)
    expect(results.map(({ id }) => id)).toEqual(org.ids)
    const bad = new Map(results.flatMap((one) => (one.ok ? [] : [[one.id, one]])))
    expect([...bad.keys()].toSorted()).toEqual([invalid, deleted, hidden, purged].toSorted())
    expect(bad.get(invalid)).toMatchObject({
      code: 'validation_rule',
      retryable: false,
      message: expect.stringMatching(/needs a segment: ask "sales", please" \(the field "Industry"\)/),
    })
    expect(bad.get(deleted)).toMatchObject({ code: 'record_gone', retryable: false })
    expect(bad.get(purged)).toMatchObject({ code: 'record_gone' })
    expect(bad.get(hidden)).toMatchObject({ code: 'no_access', retryable: false })
    for (const at of [4, count - 1]) {
      const id = org.ids[at]
      expect(valueOf(org, id, 'Holdfast_Risk_Percent__c')).toBe(updates[at].fields.riskPercent)
      expect(valueOf(org, id, 'Holdfast_Risk_Reasons__c')).toBe(
        `• Says "it's, well, ${at}"\n• ' OR Name != '\n• =HYPERLINK("x")`,
      )
    }
    expect(paths(org).some((path) => path.includes('/jobs/ingest'))).toBe(way !== 'collections')
  })

  it('empty what is null and leave what is absent, by a job as by a collection', async () => {
    const org = await orgWith(2100)
    await org.connector.write(updatesOf(org.ids))
    const cleared = org.ids.map((id, at): FieldUpdate => ({
      id,
      fields: at === 0 ? { riskLevel: null } : { riskLevel: 'LOW', reasons: null },
    }))
    expect((await org.connector.write(cleared)).every(({ ok }) => ok)).toBe(true)
    expect(valueOf(org, org.ids[0], 'Holdfast_Risk_Level__c')).toBeNull()
    expect(valueOf(org, org.ids[0], 'Holdfast_Risk_Reasons__c')).toMatch(/^• Says/)
    expect(valueOf(org, org.ids[1], 'Holdfast_Risk_Level__c')).toBe('LOW')
    expect(valueOf(org, org.ids[1], 'Holdfast_Risk_Reasons__c')).toBeNull()
    expect(valueOf(org, org.ids[1], 'Holdfast_Top_Reason__c')).toBeNull()
  })

  it('are tried again where somebody has locked the record, and only there', async () => {
    const org = await orgWith(60)
    org.state.lock(org.ids[3], 2)
    const release = org.state.lock(org.ids[5])
    const results = await org.connector.write(updatesOf(org.ids))
    release()
    expect(results.filter(({ ok }) => !ok)).toMatchObject([
      { id: org.ids[5], code: 'row_locked', retryable: true },
    ])
    expect(valueOf(org, org.ids[3], 'Holdfast_Risk_Level__c')).toBe('HIGH')
  })

  it('are never forced past a duplicate rule: the matches are named', async () => {
    const org = await openReading()
    org.state.createRecord('Account', { Name: 'Twin', Holdfast_Currency__c: 'EUR' })
    const id = org.state.createRecord('Account', { Name: 'Other' })
    org.state.addDuplicateRule('Account', {
      fields: ['Holdfast_Currency__c'],
      message: 'Use one of these records?',
    })
    const [twin] = [...org.state.records('Account')].map((one) => one.id)
    const [result] = await org.open().write(updatesOf([id]))
    expect(result).toMatchObject({ ok: false, code: 'duplicates_detected' })
    expect(result).toHaveProperty('message', expect.stringContaining(twin))
    expect(valueOf(org, id, 'Holdfast_Currency__c')).toBeNull()
  })

  it('leave out what our user may not edit, and say what to install where the package is missing', async () => {
    const org = await orgWith(3)
    org.state.setAccess('Account', 'Holdfast_Risk_Percent__c', { editable: false })
    org.state.setAccess('Account', 'Holdfast_Currency__c', { readable: false, editable: false })
    expect((await org.connector.write(updatesOf(org.ids))).every(({ ok }) => ok)).toBe(true)
    expect(valueOf(org, org.ids[0], 'Holdfast_Risk_Level__c')).toBe('HIGH')
    expect(valueOf(org, org.ids[0], 'Holdfast_Risk_Percent__c')).toBeNull()
    expect((await org.connector.provision!()).problems).toHaveLength(2)

    const bare = await orgWith(1, { package: false })
    const [result] = await bare.connector.write(updatesOf(bare.ids))
    expect(result).toMatchObject({ ok: false, code: 'property_missing' })
    // Said once, not for each of the objects.
    expect((await bare.connector.provision!()).problems).toEqual([expect.stringMatching(/package/)])
  })

  it('take away from the org while a connector knows it are noticed, and the rest is written', async () => {
    const org = await orgWith(2)
    await org.connector.write(updatesOf(org.ids))
    org.state.removeField('Account', 'Holdfast_Risk_Percent__c')
    const again = org.ids.map((id) => ({ id, fields: { riskPercent: 1, riskLevel: 'LOW' as const } }))
    expect((await org.connector.write(again)).every(({ ok }) => ok)).toBe(true)
    expect(valueOf(org, org.ids[1], 'Holdfast_Risk_Level__c')).toBe('LOW')
  })

  it('stop where the calls of the day are used up, and nothing is lost', async () => {
    const org = await orgWith(600)
    let collections = 0
    org.sandbox.onExchange(({ url }) => {
      if (url.endsWith('/composite/sobjects') && ++collections === 2) org.sandbox.faults.dailyLimit(true)
    })
    const results = await org.connector.write(updatesOf(org.ids))
    const left = results.filter(({ ok }) => !ok)
    expect(left).toHaveLength(200)
    for (const one of left) expect(one).toMatchObject({ code: 'connector_unavailable', retryable: true })
  })

  it.each([
    ['the upload', { method: 'PUT', path: '/batches', effect: { kind: 'drop', when: 'before' } }],
    [
      'the answer to the upload',
      { method: 'PUT', path: '/batches', effect: { kind: 'drop', when: 'after' } },
    ],
    [
      'the answer to its last word',
      { method: 'PATCH', path: '/jobs/', effect: { kind: 'drop', when: 'after' } },
    ],
    ['a file of results', { path: '/successfulResults', effect: { kind: 'cut' } }],
  ] as const)('of a job whose connection breaks at %s are all written in the end', async (_, fault) => {
    const org = await orgWith(2000)
    org.sandbox.faults.inject(fault)
    const updates = updatesOf(org.ids)
    const first = await org.connector.write(updates).catch((error: unknown) => {
      expect(error).toMatchObject({ code: 'connector_unavailable', retryable: true })
      return []
    })
    const again = updates.filter(({ id }) => !first.some((one) => one.id === id && one.ok))
    expect((await org.connector.write(again)).every(({ ok }) => ok)).toBe(true)
    for (const [at, id] of org.ids.entries())
      expect(valueOf(org, id, 'Holdfast_Risk_Percent__c')).toBe(updates[at].fields.riskPercent)
  })

  it('go by the namespace of the package', async () => {
    const org = await openReading({ package: { namespace: 'hold' } })
    const id = org.state.createRecord('Account', { Name: 'Acme' })
    const connector = org.open({ namespace: 'hold' })
    expect(await connector.provision!()).toEqual({ created: [], changed: [], problems: [] })
    expect(await connector.write(updatesOf([id]))).toEqual([{ id, ok: true }])
    expect(valueOf(org, id, 'hold__Holdfast_Risk_Level__c')).toBe('HIGH')
  })
})

describe('tasks, entries on the timeline and interventions', () => {
  const taskFor = (customerId: string, key: string): Task => ({
    key,
    customerId,
    recipientId: null,
    responsibleId: null,
    kind: 'call',
    action: 'call',
    subject: 'Call',
    body: 'Ask why.',
    dueAt: new Date('2026-11-25T12:00:00Z'),
  })

  it('are made once, however often and at the same time they are asked for', async () => {
    const org = await orgWith(20)
    // Characters that mean something in SOQL, in an address and in JSON.
    const keyOf = (at: number): string => `k' OR Id != '${at}\\%_"/?#`
    const tasks = org.ids.map((id, at) => taskFor(id, keyOf(at)))
    const rounds = await Promise.all(
      [org.open(), org.open(), org.open()].map((one) => one.upsertTasks!(tasks)),
    )
    rounds.push(await org.open().upsertTasks!(tasks))
    for (const results of rounds) expect(results.every(({ ok }) => ok)).toBe(true)
    const made = [...org.state.records('Task')]
    expect(made).toHaveLength(20)
    expect(new Set(made.map(({ id }) => id))).toEqual(
      new Set(rounds[0].map((one) => (one.ok ? one.externalId : ''))),
    )
  })

  it('are made once where the answer was lost after they were made', async () => {
    const org = await orgWith(5)
    org.sandbox.faults.inject({
      method: 'PATCH',
      path: '/composite/',
      times: 2,
      effect: { kind: 'drop', when: 'after' },
    })
    const tasks = org.ids.map((id, at) => taskFor(id, `k${at}`))
    const results = await org.connector.upsertTasks!(tasks)
    expect(results.every(({ ok }) => ok)).toBe(true)
    expect([...org.state.records('Task')]).toHaveLength(5)
  })

  it('stay as a person left them', async () => {
    const org = await orgWith(1)
    const [first] = await org.connector.upsertTasks!([taskFor(org.ids[0], 'k')])
    const id = first.ok ? first.externalId! : ''
    org.state.updateRecord('Task', id, { Status: 'Completed', Subject: 'Called, all is well' })
    expect(await org.connector.upsertTasks!([taskFor(org.ids[0], 'k')])).toEqual([first])
    expect(org.state.value('Task', id, 'Subject')).toBe('Called, all is well')
  })

  it('of person accounts name the person', async () => {
    const org = await openReading({ personAccounts: true })
    const person = org.state.createRecord('Account', { LastName: 'Kim', FirstName: 'Anna' })
    const company = org.state.createRecord('Account', { Name: 'Acme' })
    const connector = org.open()
    const results = await connector.upsertTasks!([taskFor(person, 'p'), taskFor(company, 'c')])
    const [one, other] = results.map((result) => (result.ok ? result.externalId! : ''))
    expect(org.state.value('Task', one, 'WhoId')).toBe(org.state.value('Account', person, 'PersonContactId'))
    expect(org.state.value('Task', other, 'WhatId')).toBe(company)
  })

  it('log an e-mail once, as a task that is done', async () => {
    const org = await orgWith(1)
    const entry = {
      key: 'e',
      action: 'email',
      from: 'anna@vendor.example',
      to: 'kim@acme.example',
      customerId: org.ids[0],
      recipientId: null,
      kind: 'email' as const,
      at: new Date('2026-11-21T12:00:00Z'),
      subject: 'Your plan',
      body: 'Dear Kim',
    }
    const [first] = await org.connector.logActivity!([entry])
    expect(await org.connector.logActivity!([entry])).toEqual([first])
    const [task, ...others] = [...org.state.records('Task')]
    expect(others).toEqual([])
    expect(org.state.value('Task', task.id, 'TaskSubtype')).toBe('Email')
    expect(org.state.value('Task', task.id, 'Status')).toBe('Completed')
  })

  it('keep one intervention a key, brought up to date', async () => {
    const org = await orgWith(2)
    const record = (at: number, status: string): InterventionRecord => ({
      key: `i${at}`,
      customerId: org.ids[at],
      recipientId: null,
      action: 'discount_10',
      actionName: 'Offer 10% Discount',
      channel: 'email',
      status,
      reason: null,
      decidedAt: new Date('2026-11-20T08:00:00Z'),
      sentAt: null,
    })
    await org.connector.upsertInterventions!([record(0, 'planned'), record(1, 'planned')])
    const results = await org.connector.upsertInterventions!([record(0, 'sent')])
    expect(results).toMatchObject([{ id: 'i0', ok: true }])
    const made = [...org.state.records('Retention_Intervention__c')]
    expect(made).toHaveLength(2)
    const statuses = made.map(({ id }) => org.state.value('Retention_Intervention__c', id, 'Status__c'))
    expect(statuses.toSorted()).toEqual(['planned', 'sent'])
  })
})
