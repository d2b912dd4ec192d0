import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { openSource } from '../../../../connectors/salesforce/sandbox/source.ts'
import { run } from '../../../../connectors/salesforce/sandbox/soql-query.ts'
import type { SalesforceState } from '../../../../connectors/salesforce/sandbox/state.ts'
import { compare, oneOf, select, startsWith } from '../../../../connectors/salesforce/soql.ts'
import { openOrg, type Opened, type Refusal } from './opened.ts'

function seed(state: SalesforceState): void {
  const [acme, bolt, cara] = [
    { Name: 'Acme', Type: 'Customer', AnnualRevenue: 100, BillingCity: 'Ulm', Website: 'https://a.example' },
    { Name: "Bo'lt 50%", Type: 'Prospect', AnnualRevenue: 200 },
    { Name: 'cara_1', AnnualRevenue: null, Description: 'long' },
  ].map((fields) => state.createRecord('Account', fields))
  state.createRecord('Contact', { LastName: 'Zed', FirstName: 'Amy', AccountId: acme })
  state.createRecord('Contact', { LastName: 'Yu', AccountId: bolt })
  const won = { StageName: 'Closed Won', CloseDate: '2026-10-31' }
  state.createRecord('Opportunity', { Name: 'Renewal', AccountId: acme, Amount: 50, ...won })
  state.createRecord('Opportunity', {
    Name: 'Lost',
    AccountId: cara,
    StageName: 'Closed Lost',
    CloseDate: '2027-01-01',
  })
}

const names = async ({ all }: Opened, where: string): Promise<unknown[]> =>
  all(`SELECT Name FROM Account WHERE ${where} ORDER BY Name`)

it('finds what a condition says', async () => {
  const org = await openOrg({ seed })
  const [A, B, C] = ['Acme', "Bo'lt 50%", 'cara_1']
  for (const [where, wanted] of [
    ["Type = 'customer'", [A]],
    ["Type != 'Customer'", [B, C]],
    ["Type NOT IN ('Customer')", [B, C]],
    ['Type = null', [C]],
    ["Name LIKE 'A%' OR Name LIKE '%\\_1'", [A, C]],
    ["Name LIKE '%50\\%' AND Name = 'Bo\\'lt 50%'", [B]],
    ["(NOT Name LIKE '_cme')", [B, C]],
    ['AnnualRevenue > 100', [B]],
    ['AnnualRevenue <= 1e2', [A]],
    ['CreatedDate = TODAY AND SystemModstamp >= 2026-11-20T10:00:00+01:00', [A, B, C]],
    ['CreatedDate > TODAY', []],
    ['CreatedDate = LAST_N_DAYS:3', [A, B, C]],
    ['Id IN (SELECT AccountId FROM Opportunity WHERE IsWon = true AND CloseDate = LAST_MONTH)', [A]],
    ['Id NOT IN (SELECT AccountId FROM Contact WHERE AccountId != null)', [C]],
    ["Owner.Name = 'Ada Admin' AND Owner.IsActive = true", [A, B, C]],
  ] as const) {
    expect(await names(org, where), where).toEqual(wanted)
  }
})

it('shows parents, children, counts and groups', async () => {
  const { ask } = await openOrg({ seed })
  const { body } = await ask(
    'SELECT Id, Account.Name, account.owner.name FROM Contact ORDER BY Account.Name DESC',
  )
  expect(body.records[1]).toMatchObject({
    attributes: { type: 'Contact' },
    Account: { attributes: { type: 'Account' }, Name: 'Acme', Owner: { Name: 'Ada Admin' } },
  })
  const children = await ask(
    "SELECT Name, BillingAddress, (SELECT Name FROM Contacts) FROM Account WHERE Name = 'Acme'",
  )
  expect(children.body.records[0]).toMatchObject({
    BillingAddress: { city: 'Ulm', country: null },
    Contacts: { totalSize: 1, done: true, records: [{ Name: 'Amy Zed' }] },
  })
  expect((await ask('SELECT COUNT() FROM Account')).body).toEqual({ totalSize: 3, done: true, records: [] })
  const groups = await ask(
    'SELECT Type, COUNT(Id) n, SUM(AnnualRevenue) FROM Account GROUP BY Type ORDER BY COUNT(Id) DESC, Type LIMIT 2',
  )
  expect(groups.body.records).toEqual([
    { attributes: { type: 'AggregateResult' }, Type: null, n: 1, expr0: null },
    { attributes: { type: 'AggregateResult' }, Type: 'Customer', n: 1, expr0: 100 },
  ])
})

it('refuses in the words of Salesforce', async () => {
  const { ask, state } = await openOrg({ seed })
  state.define('Account', 'Secret__c', { type: 'string', encrypted: true })
  state.setAccess('Account', 'Industry', { readable: false })
  for (const [soql, code, words] of [
    ['SELECT Id FORM Account', 'MALFORMED_QUERY', "unexpected token: 'FORM'"],
    ['SELECT Id FROM Account WHERE', 'MALFORMED_QUERY', 'unexpected token: <EOF>'],
    [
      "SELECT Id FROM Account WHERE Name = 'a' AND Name = 'b' OR Name = 'c'",
      'MALFORMED_QUERY',
      "token: 'OR'",
    ],
    ["SELECT Id FROM Account WHERE Name = 'a", 'MALFORMED_QUERY', '<EOF>'],
    ['SELECT Nope FROM Account', 'INVALID_FIELD', "No such column 'Nope' on entity 'Account'"],
    ['SELECT Industry FROM Account', 'INVALID_FIELD', "No such column 'Industry'"],
    ['SELECT Boss.Name FROM Account', 'INVALID_FIELD', "Didn't understand relationship 'Boss'"],
    ['SELECT Id FROM Nope', 'INVALID_TYPE', "sObject type 'Nope' is not supported"],
    ["SELECT Id FROM Account WHERE Secret__c = 'x'", 'INVALID_FIELD', 'can not be filtered'],
    ['SELECT Id FROM Account ORDER BY Description', 'INVALID_FIELD', 'can not be sorted'],
    ["SELECT Id FROM Account WHERE AnnualRevenue > '5'", 'INVALID_FIELD', 'should not be enclosed in quotes'],
    ["SELECT Id FROM Account WHERE Id = 'x'", 'INVALID_QUERY_FILTER_OPERATOR', 'invalid ID field: x'],
    ['SELECT Id FROM Account GROUP BY Type', 'MALFORMED_QUERY', 'must be grouped or aggregated'],
  ] as const) {
    const { status, body } = await ask(soql)
    expect(status, soql).toBe(400)
    expect(body, soql).toMatchObject([{ errorCode: code, message: expect.stringContaining(words) as string }])
  }
})

it('gives large results in pages, by a locator that is nobody else’s business', async () => {
  const org = await openOrg({
    pageSize: 250,
    seed: (state) => {
      for (let n = 0; n < 1_000; n++) state.createRecord('Account', { Name: `Co ${n}` })
    },
  })
  const { body } = await org.ask('SELECT Id FROM Account')
  expect(body).toMatchObject({
    totalSize: 1_000,
    done: false,
    nextRecordsUrl: expect.stringMatching(/\/query\/\S+-250$/) as string,
  })
  // What happens to records between the pages is seen in them.
  org.state.deleteRecord('Account', org.state.ids('Account')[999])
  const ids = await org.all('SELECT Id FROM Account')
  expect(new Set(ids).size).toBe(999)
  for (let n = 0; n < 10; n++) await org.ask('SELECT Id FROM Account')
  const gone = await org.call<Refusal>('GET', body.nextRecordsUrl!)
  expect(gone).toMatchObject({ status: 400, body: [{ errorCode: 'INVALID_QUERY_LOCATOR' }] })
})

it('pages by a keyset over equal timestamps without losing or repeating any', async () => {
  const org = await openOrg({
    seed: (state) => {
      for (let n = 0; n < 10_000; n++) state.createRecord('Account', { Name: `Co ${n}` })
    },
  })
  const found: string[] = []
  let [stamp, last] = ['2026-11-20T09:00:00.000+0000', '000000000000000AAA']
  for (;;) {
    const { body } = await org.ask(
      `SELECT Id, SystemModstamp FROM Account WHERE (SystemModstamp = ${stamp.replace('+0000', 'Z')} AND Id > '${last}') OR SystemModstamp > ${stamp.replace('+0000', 'Z')} ORDER BY SystemModstamp, Id LIMIT 500`,
    )
    if (body.records.length === 0) break
    found.push(...body.records.map(({ Id }) => String(Id)))
    const end = body.records.at(-1)!
    ;[stamp, last] = [String(end.SystemModstamp), String(end.Id)]
  }
  expect(found.length).toBe(10_000)
  expect(new Set(found).size).toBe(10_000)
})

it('tells how fields are classified', async () => {
  const { ask, state } = await openOrg()
  state.define('Account', 'Health__c', { securityClassification: 'Restricted', complianceGroup: 'PII;GDPR' })
  const soql =
    "SELECT QualifiedApiName, SecurityClassification, ComplianceGroup FROM FieldDefinition WHERE EntityDefinition.QualifiedApiName = 'Account' AND SecurityClassification = 'Restricted'"
  expect((await ask(soql)).body.records).toMatchObject([
    { QualifiedApiName: 'Health__c', SecurityClassification: 'Restricted', ComplianceGroup: 'PII;GDPR' },
  ])
})

it.each([
  ['QualifiedApiName FROM FieldDefinition', 'FieldDefinition: a filter on a reified column is required'],
  [
    "QualifiedApiName FROM FieldDefinition WHERE QualifiedApiName = 'Name'",
    'FieldDefinition: a filter on a reified column is required',
  ],
  [
    "DataType FROM FieldDefinition WHERE EntityDefinitionId = 'Account' AND ComplianceGroup INCLUDES ('GDPR')",
    'Unsupported filter type',
  ],
  [
    "KeyPrefix FROM EntityDefinition WHERE QualifiedApiName != 'Account'",
    'Only equals comparisons permitted',
  ],
  [
    "KeyPrefix FROM EntityDefinition WHERE QualifiedApiName = 'Account' OR KeyPrefix = '003'",
    'Disjunctions not supported',
  ],
  ['COUNT() FROM EntityDefinition', /^The requested operation is not yet supported by this SObject storage/],
])('asks less of definitions than of records: %s', async (query, message) => {
  const { ask } = await openOrg()
  const { status, body } = await ask(`SELECT ${query}`)
  expect(status).toBe(400)
  expect(body).toMatchObject([
    { errorCode: 'EXTERNAL_OBJECT_UNSUPPORTED_EXCEPTION', message: expect.stringMatching(message) },
  ])
})

it('passes over LIMIT for definitions', async () => {
  const { ask } = await openOrg()
  const { body } = await ask('SELECT KeyPrefix FROM EntityDefinition WHERE IsQueryable = true LIMIT 2')
  expect(body.records.length).toBeGreaterThan(2)
})

it('hides with an account what is shared as the account is, and nothing else', async () => {
  const { ask, call, state } = await openOrg()
  state.define('Account', 'Plan__c', { trackHistory: true })
  const [account, other] = ['Ours', 'Theirs'].map((Name) => state.createRecord('Account', { Name }))
  const [contact] = [account, other].map((AccountId) =>
    state.createRecord('Contact', { LastName: 'Doe', AccountId }),
  )
  const alone = state.createRecord('Contact', { LastName: 'Alone' })
  state.createRecord('Opportunity', {
    AccountId: account,
    Name: 'Renewal',
    StageName: 'Closed Won',
    CloseDate: '2026-12-01',
  })
  state.updateRecord('Account', account, { Plan__c: 'team' })
  const counts = async (): Promise<number[]> => {
    const objects = ['Account', 'Contact', 'AccountContactRelation', 'AccountHistory', 'Opportunity']
    return Promise.all(objects.map(async (name) => (await ask(`SELECT Id FROM ${name}`)).body.totalSize))
  }
  const before = await counts()
  state.hide('Account', account)
  const [accounts, contacts, relations, past, opportunities] = before
  expect(await counts()).toEqual([accounts - 1, contacts - 1, relations - 1, past - 2, opportunities])
  expect((await call('GET', `/sobjects/Contact/${contact}`)).status).toBe(404)
  expect((await call('GET', `/sobjects/Contact/${alone}`)).status).toBe(200)
  state.show('Account', account)
  expect(await counts()).toEqual(before)
})

it('takes every text for itself, whatever characters it has', async () => {
  const { state } = await openOrg()
  const given = { source: openSource(state), base: '', all: false }
  const id = state.createRecord('Account', { Name: 'x' })
  state.createRecord('Account', { Name: 'another' })
  const character = fc.constantFrom(
    'a',
    'B',
    "'",
    '"',
    '\\',
    '%',
    '_',
    '\n',
    '\t',
    '(',
    ')',
    ';',
    'é',
    '\u{1F600}',
    ' ',
    '-',
  )
  fc.assert(
    fc.property(fc.string({ unit: character, minLength: 1, maxLength: 12 }), (name) => {
      state.updateRecord('Account', id, { Name: name })
      for (const where of [
        compare('Name', '=', name),
        oneOf('Name', ['none', name]),
        startsWith('Name', name),
      ]) {
        const { rows } = run(select({ fields: ['Id'], from: 'Account', where }), given)
        expect(
          rows?.map((row) => row.id),
          where.soql,
        ).toContain(id)
      }
      const { rows } = run(
        select({ fields: ['Id'], from: 'Account', where: compare('Name', '!=', name) }),
        given,
      )
      expect(rows?.map((row) => row.id)).not.toContain(id)
    }),
    { numRuns: 200 },
  )
})

it('shows the mask of what is encrypted for eyes, and neither filters nor sorts by it', async () => {
  const { ask, state } = await openOrg({ seed })
  state.define('Account', 'Card__c', { type: 'encryptedstring' })
  state.updateRecord('Account', state.ids('Account')[0], { Card__c: '1234' })
  expect((await ask("SELECT Card__c FROM Account WHERE Name = 'Acme'")).body.records).toMatchObject([
    { Card__c: '****' },
  ])
  expect((await ask("SELECT Id FROM Account WHERE Card__c = '1234'")).status).toBe(400)
  expect((await ask('SELECT Id FROM Account ORDER BY Card__c')).status).toBe(400)
})
