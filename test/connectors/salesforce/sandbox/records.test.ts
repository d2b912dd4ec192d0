import { expect, it } from 'vitest'
import type { SalesforceChange } from '../../../../connectors/salesforce/sandbox/state.ts'
import { BASE, openOrg, type Outcome, type Refusal } from './opened.ts'

const on = (type: string, fields: Readonly<Record<string, unknown>>): Record<string, unknown> => ({
  attributes: { type },
  ...fields,
})

it('creates, shows, changes and deletes a record', async () => {
  const { call, state, pass } = await openOrg()
  const made = await call<Outcome>('POST', '/sobjects/Account', {
    Name: ' Acme ',
    AnnualRevenue: '12.6',
    Type: '',
  })
  expect(made).toMatchObject({ status: 201, body: { success: true, errors: [] } })
  const id = made.body.id!
  expect(id).toMatch(/^001\w{15}$/)
  pass(61)
  expect(await call('PATCH', `/sobjects/Account/${id.slice(0, 15)}`, { Type: 'Customer' })).toMatchObject({
    status: 204,
    body: '',
  })
  expect(
    (await call('GET', `/sobjects/Account/${id}?fields=Name,Type,AnnualRevenue,SystemModstamp`)).body,
  ).toEqual({
    attributes: { type: 'Account', url: `${BASE}/sobjects/Account/${id}` },
    Name: 'Acme',
    Type: 'Customer',
    AnnualRevenue: 13,
    SystemModstamp: '2026-11-20T09:01:01.000+0000',
    Id: id,
  })
  const child = state.createRecord('Contact', { LastName: 'Zed', AccountId: id })
  expect((await call('DELETE', `/sobjects/Account/${id}`)).status).toBe(204)
  expect(state.record('Contact', child)?.deleted).toBe(true)
  expect((await call<Refusal>('GET', `/sobjects/Account/${id}`)).body).toMatchObject([
    { errorCode: 'ENTITY_IS_DELETED' },
  ])
  state.undelete('Account', id)
  expect(state.record('Contact', child)?.deleted).toBe(false)
})

it('upserts by an external id, once however often it is asked', async () => {
  const { call, state } = await openOrg()
  const path = '/sobjects/Task/Holdfast_Key__c/key-1'
  const first = await call<Outcome>('PATCH', path, { Subject: 'Call' })
  expect(first).toMatchObject({ status: 201, body: { created: true } })
  expect(await call('PATCH', path, { Subject: 'Call again' })).toMatchObject({
    status: 200,
    body: { id: first.body.id, created: false },
  })
  const many = await call<Outcome[]>('PATCH', '/composite/sobjects/Task/Holdfast_Key__c', {
    allOrNone: false,
    records: [
      on('Task', { Holdfast_Key__c: 'key-1', Status: 'Completed' }),
      on('Task', { Holdfast_Key__c: 'key-2', Subject: 'New' }),
      on('Task', { Holdfast_Key__c: 'key-3' }),
      on('Task', { Holdfast_Key__c: 'KEY-3' }),
      on('Task', { Subject: 'None' }),
    ],
  })
  expect(many.body.map(({ success, created, errors }) => [success, created, errors[0]?.statusCode])).toEqual([
    [true, false, undefined],
    [true, true, undefined],
    [false, false, 'DUPLICATE_VALUE'],
    [false, false, 'DUPLICATE_VALUE'],
    [false, false, 'MISSING_ARGUMENT'],
  ])
  expect(state.count('Task')).toBe(2)
  expect(state.value('Task', first.body.id!, 'IsClosed')).toBe(true)
  expect((await call('PATCH', '/sobjects/Task/Subject/x', { Status: 'Completed' })).status).toBe(404)
})

it('tells of each record of a collection by itself, and of all or none', async () => {
  const { call, state } = await openOrg()
  const ids = ['One', 'Two', 'Three', 'Four', 'Five', 'Six'].map((Name) =>
    state.createRecord('Account', { Name }),
  )
  state.define('Account', 'Level__c', { type: 'picklist', values: ['High'], restricted: true })
  state.define('Account', 'Shown__c', { type: 'double' })
  state.setAccess('Account', 'Shown__c', { editable: false })
  state.deleteRecord('Account', ids[1])
  state.hide('Account', ids[2])
  state.addValidationRule('Account', {
    when: 'AnnualRevenue < 0',
    message: 'Never below zero.',
    field: 'AnnualRevenue',
  })
  const locked = state.lock(ids[4])
  const records = [
    on('Account', { id: ids[0], Type: 'Customer' }),
    on('Account', { id: ids[1], Type: 'Customer' }),
    on('Account', { id: ids[2], Type: 'Customer' }),
    on('Account', { id: ids[3], AnnualRevenue: -1 }),
    on('Account', { id: ids[4], Type: 'Customer' }),
    on('Account', { id: ids[5], Level__c: 'Low' }),
    on('Account', { id: '001000000000000AAA', Type: 'x' }),
    on('Account', { id: ids[5], Name: null }),
    on('Account', { id: ids[3], Shown__c: 5 }),
  ]
  const codes = [
    undefined,
    'ENTITY_IS_DELETED',
    'INSUFFICIENT_ACCESS_OR_READONLY',
    'FIELD_CUSTOM_VALIDATION_EXCEPTION',
    'UNABLE_TO_LOCK_ROW',
    'INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST',
    'INVALID_CROSS_REFERENCE_KEY',
    'DUPLICATE_VALUE',
    'DUPLICATE_VALUE',
  ]
  const each = await call<Outcome[]>('PATCH', '/composite/sobjects', { allOrNone: false, records })
  expect(each.body.map(({ errors }) => errors[0]?.statusCode)).toEqual(codes)
  expect(each.body[3].errors[0]).toEqual({
    statusCode: 'FIELD_CUSTOM_VALIDATION_EXCEPTION',
    message: 'Never below zero.',
    fields: ['AnnualRevenue'],
  })
  locked()
  const rest = [
    on('Account', { id: ids[4], Type: 'Customer' }),
    on('Account', { id: ids[5], Name: null }),
    on('Account', { id: ids[3], Shown__c: 5 }),
    on('Account', { id: ids[0], Nope__c: 5 }),
  ]
  const again = await call<Outcome[]>('PATCH', '/composite/sobjects', { allOrNone: true, records: rest })
  expect(again.body.map(({ errors }) => errors[0]?.statusCode)).toEqual([
    'ALL_OR_NONE_OPERATION_ROLLED_BACK',
    'REQUIRED_FIELD_MISSING',
    'INVALID_FIELD_FOR_INSERT_UPDATE',
    'INVALID_FIELD',
  ])
  expect(state.value('Account', ids[4], 'Type')).toBe(null)
  const tooMany = await call<Refusal>('PATCH', '/composite/sobjects', {
    records: Array.from({ length: 201 }, () => records[0]),
  })
  expect(tooMany).toMatchObject({ status: 400, body: [{ errorCode: 'EXCEEDED_ID_LIMIT' }] })
})

it('shows the matches of a duplicate, and saves it for whoever insists', async () => {
  const { call, state } = await openOrg()
  const [id] = [state.createRecord('Account', { Name: 'Acme', Website: 'https://a.example' })]
  state.addDuplicateRule('Account', { fields: ['Name'] })
  const refused = await call<Refusal>('POST', '/sobjects/Account', { Name: 'ACME' })
  expect(refused).toMatchObject({
    status: 400,
    body: [
      {
        errorCode: 'DUPLICATES_DETECTED',
        duplicateResult: { matchResults: [{ matchRecords: [{ record: { Id: id } }] }] },
      },
    ],
  })
  const header = { 'Sforce-Duplicate-Rule-Header': 'allowSave=true' }
  expect((await call('POST', '/sobjects/Account', { Name: 'ACME' }, header)).status).toBe(201)
})

it('carries out a composite, with what earlier parts gave, or nothing of it', async () => {
  const { call, state, sandbox } = await openOrg()
  const told: SalesforceChange[] = []
  state.onChange((change) => void told.push(change))
  const part = (method: string, path: string, referenceId: string, body?: unknown) => ({
    method,
    url: BASE + path,
    referenceId,
    body,
  })
  const parts = [
    part('POST', '/sobjects/Account', 'account', { Name: 'Acme' }),
    part('POST', '/sobjects/Contact', 'contact', { LastName: 'Zed', AccountId: '@{account.id}' }),
    part('GET', "/query?q=SELECT+Name+FROM+Contact+WHERE+AccountId='@{account.id}'", 'query'),
  ]
  const done = await call<{ compositeResponse: { httpStatusCode: number; body: unknown }[] }>(
    'POST',
    '/composite',
    { allOrNone: true, compositeRequest: parts },
    { 'Sforce-Call-Options': 'client=Holdfast' },
  )
  expect(done.body.compositeResponse.map(({ httpStatusCode }) => httpStatusCode)).toEqual([201, 201, 200])
  expect(done.body.compositeResponse[2].body).toMatchObject({ records: [{ Name: 'Zed' }] })
  expect(new Set(told.map(({ tx }) => tx)).size).toBe(1)
  expect(told[0]).toMatchObject({
    type: 'Account',
    kind: 'create',
    by: { userId: sandbox.user.id, client: 'Holdfast' },
  })

  told.splice(0)
  const [id] = state.ids('Account')
  const failing = [
    part('PATCH', `/sobjects/Account/${id}`, 'changed', { Name: 'Other' }),
    part('DELETE', `/sobjects/Contact/${state.ids('Contact')[0]}`, 'gone'),
    part('POST', '/sobjects/Contact', 'wrong', {}),
  ]
  const before = JSON.stringify([state.record('Account', id), [...state.records('Contact')]])
  const halted = await call('POST', '/composite', { allOrNone: true, compositeRequest: failing })
  expect(halted.body).toMatchObject({
    compositeResponse: [
      { httpStatusCode: 400, body: [{ errorCode: 'PROCESSING_HALTED' }] },
      { httpStatusCode: 400 },
      { httpStatusCode: 400, body: [{ errorCode: 'REQUIRED_FIELD_MISSING', fields: ['LastName'] }] },
    ],
  })
  expect(JSON.stringify([state.record('Account', id), [...state.records('Contact')]])).toBe(before)
  expect(told).toEqual([])
  const many = { compositeRequest: Array.from({ length: 26 }, (_, n) => part('GET', '/limits', `r${n}`)) }
  expect(await call('POST', '/composite', many)).toMatchObject({
    status: 400,
    body: [{ errorCode: 'LIMIT_EXCEEDED' }],
  })
})

it('tells deletions for fifteen days, and which record a merged one went into', async () => {
  const { call, state, pass, ask, use, sandbox } = await openOrg()
  const [winner, loser, other] = ['A', 'B', 'C'].map((Name) => state.createRecord('Account', { Name }))
  const child = state.createRecord('Contact', { LastName: 'Zed', AccountId: loser })
  pass(3_600)
  state.mergeRecords('Account', winner, [loser])
  state.purge('Account', other)
  expect(state.value('Contact', child, 'AccountId')).toBe(winner)
  pass(120)
  const span = '?start=2026-11-20T09:30:00%2B00:00&end=2026-11-20T11:00:00%2B00:00'
  const deleted = await call<{ deletedRecords: { id: string }[]; latestDateCovered: string }>(
    'GET',
    `/sobjects/Account/deleted${span}`,
  )
  expect(deleted.body.deletedRecords.map(({ id }) => id)).toEqual([loser, other])
  expect(deleted.body.latestDateCovered).toBe('2026-11-20T10:02:00.000+0000')
  const merged = await call(
    'GET',
    `/queryAll?q=${encodeURIComponent('SELECT Id, MasterRecordId FROM Account WHERE IsDeleted = true')}`,
  )
  expect(merged.body).toMatchObject({ totalSize: 1, records: [{ Id: loser, MasterRecordId: winner }] })
  expect((await ask('SELECT Id FROM Account')).body.totalSize).toBe(1)
  pass(16 * 86_400)
  use(sandbox.authorize().accessToken)
  expect((await call('GET', `/sobjects/Account/deleted${span}`)).body).toMatchObject({ deletedRecords: [] })
})

it('keeps what tracked fields were', async () => {
  const { call, state, ask } = await openOrg({
    seed: (seeded) => seeded.define('Account', 'Plan__c', { trackHistory: true }),
  })
  const { body } = await call<Outcome>('POST', '/sobjects/Account', { Name: 'Acme', Plan__c: 'team' })
  await call('PATCH', `/sobjects/Account/${body.id}`, { Plan__c: 'business', Site: 'untracked' })
  state.updateRecord('Account', body.id!, { OwnerId: state.users.admin })
  expect(
    (await ask('SELECT Field, OldValue, NewValue, CreatedById FROM AccountHistory')).body.records,
  ).toMatchObject([
    { Field: 'created' },
    { Field: 'Plan__c', OldValue: 'team', NewValue: 'business', CreatedById: state.users.integration },
    { Field: 'Owner', OldValue: 'Holdfast Integration', NewValue: 'Ada Admin' },
    { Field: 'Owner', OldValue: state.users.integration, NewValue: state.users.admin },
  ])
})

it('keeps a person account in one account and its contact', async () => {
  const { call, state, ask } = await openOrg({ personAccounts: true })
  state.define('Contact', 'Loyal__c', { type: 'boolean' })
  const person = { FirstName: 'Jo', LastName: 'Doe', PersonEmail: 'jo@example.com', Loyal__pc: true }
  const { body } = await call<Outcome>('POST', '/sobjects/Account', person)
  const { records } = (
    await ask('SELECT Name, IsPersonAccount, PersonContactId, PersonContact.Email FROM Account')
  ).body
  expect(records).toMatchObject([
    { Name: 'Jo Doe', IsPersonAccount: true, PersonContact: { Email: 'jo@example.com' } },
  ])
  const contact = String(records[0].PersonContactId)
  expect(state.record('Contact', contact)?.values).toMatchObject({
    Loyal__c: true,
    IsPersonAccount: true,
    AccountId: body.id,
  })
  await call('PATCH', `/sobjects/Account/${body.id}`, { LastName: 'Roe', PersonDoNotCall: true })
  expect(state.record('Contact', contact)?.values).toMatchObject({ Name: 'Jo Roe', DoNotCall: true })
  expect(state.value('Account', body.id!, 'Name')).toBe('Jo Roe')
  for (const [path, values] of [
    [`/sobjects/Account/${body.id}`, { Name: 'Firm' }],
    [
      `/sobjects/Account/${state.createRecord('Account', { Name: 'Firm' })}`,
      { PersonEmail: 'a@example.com' },
    ],
    [`/sobjects/Contact/${contact}`, { Title: 'Boss' }],
  ] as const) {
    expect((await call('PATCH', path, values)).status, path).toBe(400)
  }
  const without = await openOrg()
  expect((await without.ask('SELECT IsPersonAccount FROM Account')).body).toMatchObject([
    { errorCode: 'INVALID_FIELD' },
  ])
})

it('describes what the user may read and write', async () => {
  const { call, state } = await openOrg({ multiCurrency: true, package: { namespace: 'holdfast' } })
  state.setAccess('Account', 'Phone', { readable: false })
  state.setAccess('Account', 'Type', { editable: false })
  const { body } = await call<{ fields: { name: string; updateable: boolean; type: string }[] }>(
    'GET',
    '/sobjects/Account/describe',
  )
  const fields = new Map(body.fields.map((field) => [field.name, field]))
  expect(fields.has('Phone')).toBe(false)
  expect(fields.get('Type')).toMatchObject({ updateable: false, filterable: true, type: 'picklist' })
  expect(fields.get('BillingCity')).toMatchObject({ compoundFieldName: 'BillingAddress' })
  expect(fields.get('holdfast__Holdfast_Risk_Level__c')).toMatchObject({
    restrictedPicklist: true,
    custom: true,
  })
  expect(fields.get('CurrencyIsoCode')).toBeDefined()
  expect((await call('GET', '/sobjects/Nope/describe')).status).toBe(404)
  const all = await call<{ sobjects: { name: string; keyPrefix: string }[] }>('GET', '/sobjects')
  expect(all.body.sobjects.find(({ name }) => name === 'holdfast__Retention_Intervention__c')).toMatchObject({
    createable: true,
  })
})
