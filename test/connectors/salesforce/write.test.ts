import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { FieldUpdate } from '../../../connectors/connector.ts'
import { cellsOf, fitted } from '../../../connectors/salesforce/fields.ts'
import { packageNames, PACKAGE } from '../../../connectors/salesforce/package.ts'
import { writeFields } from '../../../connectors/salesforce/write.ts'
import { described, idOf, perRow, recordsOf, refusal, scripted, writesOf, type Asked } from './scripted.ts'
import { shownRisk as fields } from '../shown-risk.ts'

const ID = idOf(1)
const updatesOf = (n: number): FieldUpdate[] =>
  Array.from({ length: n }, (_, at) => ({ id: idOf(at + 1), fields: { riskPercent: at % 100 } }))
const namesOf = (one: Asked): string[] => recordsOf(one).map(({ Id }) => String(Id))

describe('writing fields', () => {
  it('writes every field as the org keeps it: numbers as numbers, the reasons as one text, the first alone too', async () => {
    const { context, asked } = scripted()
    expect(await writeFields(context, [{ id: ID, fields }])).toEqual([{ id: ID, ok: true }])
    const [call] = writesOf(asked)
    expect(call).toMatchObject({ method: 'PATCH', path: '/composite/sobjects', body: { allOrNone: false } })
    expect(recordsOf(call)).toEqual([
      {
        attributes: { type: 'Account' },
        Id: ID,
        Holdfast_Status__c: 'active',
        Holdfast_Risk_Percent__c: 71.5,
        Holdfast_Risk_Level__c: 'HIGH',
        Holdfast_Risk_Level_Since__c: '2026-11-02',
        Holdfast_Risk_Change_30_Days__c: -3.2,
        Holdfast_Value_At_Risk__c: 12_400.5,
        Holdfast_Currency__c: 'EUR',
        Holdfast_Top_Reason__c: 'Usage fell by half: 3 times the usual risk',
        Holdfast_Risk_Reasons__c:
          '• Usage fell by half: 3 times the usual risk\n• Two payments failed: twice the usual risk',
        Holdfast_Suggested_Action__c: 'Offer 10% Discount',
        Holdfast_Action_Status__c: 'awaiting approval',
        Holdfast_Renewal_Date__c: '2027-01-31',
        Holdfast_Scored_At__c: '2026-11-21T09:00:00.000Z',
        Holdfast_Data_Confidence__c: 93,
        Holdfast_Group__c: 'policy',
      },
    ])
  })

  it('leaves what is absent, and empties what is null', async () => {
    const { context, asked } = scripted()
    await writeFields(context, [{ id: ID, fields: { status: 'left', suggestedAction: null, reasons: null } }])
    expect(recordsOf(writesOf(asked)[0])).toEqual([
      {
        attributes: { type: 'Account' },
        Id: ID,
        Holdfast_Status__c: 'left',
        Holdfast_Suggested_Action__c: null,
        Holdfast_Risk_Reasons__c: null,
        Holdfast_Top_Reason__c: null,
      },
    ])
  })

  it('writes onto Contacts, under the namespace of the package', async () => {
    const { context, asked } = scripted(undefined, { object: 'Contact', namespace: 'hold' })
    const id = idOf(1, '003')
    await writeFields(context, [{ id, fields: { riskPercent: 3 } }])
    expect(recordsOf(writesOf(asked)[0])).toEqual([
      { attributes: { type: 'Contact' }, Id: id, hold__Holdfast_Risk_Percent__c: 3 },
    ])
  })

  it('costs one call for each two hundred records, after one that describes the object', async () => {
    const { context, asked } = scripted()
    const results = await writeFields(context, updatesOf(450))
    expect(results.every(({ ok }) => ok)).toBe(true)
    expect(asked.map(({ path }) => path)).toEqual([
      '/sobjects/Account/describe',
      ...Array.from({ length: 3 }, () => '/composite/sobjects'),
    ])
    await writeFields(context, updatesOf(1))
    expect(asked).toHaveLength(5)
  })

  it('sends a record once, however often it is among the updates: the last value stands', async () => {
    const { context, asked } = scripted()
    const results = await writeFields(context, [
      { id: ID, fields: { riskPercent: 1, riskLevel: 'LOW' } },
      { id: ID, fields: { riskPercent: 2 } },
    ])
    expect(results).toEqual([{ id: ID, ok: true }])
    expect(recordsOf(writesOf(asked)[0])).toMatchObject([
      { Holdfast_Risk_Percent__c: 2, Holdfast_Risk_Level__c: 'LOW' },
    ])
  })

  it('does not ask for anything when there is nothing to write', async () => {
    const { context, asked } = scripted()
    expect(await writeFields(context, [])).toEqual([])
    expect(writesOf(asked)).toEqual([])
  })

  it('does not send an id that is none, which would be an error of the call', async () => {
    const { context, asked } = scripted()
    const results = await writeFields(context, [
      { id: "1' OR Name != '", fields: { riskPercent: 1 } },
      { id: ID, fields: { riskPercent: 1 } },
    ])
    expect(results).toMatchObject([{ ok: false, code: 'record_gone' }, { ok: true }])
    expect(namesOf(writesOf(asked)[0])).toEqual([ID])
  })

  it('says of a row that Salesforce did not answer for that it is written again', async () => {
    const { context } = scripted(({ path }) =>
      path === '/composite/sobjects' ? { body: [{ id: ID, success: true, errors: [] }] } : undefined,
    )
    const results = await writeFields(context, updatesOf(2))
    expect(results).toMatchObject([{ ok: true }, { ok: false, code: 'no_answer', retryable: true }])
  })
})

describe('an org that lacks something of ours', () => {
  const without =
    (...gone: string[]) =>
    <T extends { name: string }>(all: readonly T[]): readonly T[] =>
      all.filter(({ name }) => !gone.includes(name))

  it('refuses every row where the package is missing, saying what to install, and writes nothing', async () => {
    const { context, asked } = scripted(undefined, { describes: { Account: () => [described('Name')] } })
    const [result] = await writeFields(context, [{ id: ID, fields }])
    expect(result).toMatchObject({ id: ID, ok: false, code: 'property_missing', retryable: false })
    expect(result).toHaveProperty('message', expect.stringMatching(/Install the Holdfast package/))
    expect(writesOf(asked)).toEqual([])
  })

  it('leaves out a field that is missing or hidden, and writes the others', async () => {
    const { context, asked } = scripted(undefined, {
      describes: { Account: without('Holdfast_Risk_Percent__c') },
    })
    expect(await writeFields(context, [{ id: ID, fields: { riskPercent: 3, riskLevel: 'LOW' } }])).toEqual([
      { id: ID, ok: true },
    ])
    expect(recordsOf(writesOf(asked)[0])).toEqual([
      { attributes: { type: 'Account' }, Id: ID, Holdfast_Risk_Level__c: 'LOW' },
    ])
  })

  it('leaves out a field that our user may see but not edit', async () => {
    const { context, asked } = scripted(undefined, {
      describes: {
        Account: (all) =>
          all.map((one) => (one.name === 'Holdfast_Group__c' ? { ...one, updateable: false } : one)),
      },
    })
    await writeFields(context, [{ id: ID, fields: { group: 'policy', riskPercent: 3 } }])
    expect(recordsOf(writesOf(asked)[0])).toEqual([
      { attributes: { type: 'Account' }, Id: ID, Holdfast_Risk_Percent__c: 3 },
    ])
  })

  it('writes the rest where a picklist lacks our value, and says of the row which value is to be added', async () => {
    const { context, asked } = scripted(undefined, {
      describes: {
        Account: (all) =>
          all.map((one) =>
            one.name === 'Holdfast_Risk_Level__c'
              ? { ...described(one.name, 'picklist', ['High']), restrictedPicklist: true }
              : one,
          ),
      },
    })
    const [result] = await writeFields(context, [{ id: ID, fields: { riskLevel: 'HIGH', riskPercent: 3 } }])
    expect(result).toMatchObject({ ok: false, code: 'invalid_option', retryable: false })
    expect(result).toHaveProperty(
      'message',
      expect.stringMatching(/"Holdfast_Risk_Level__c".*HIGH.*Add the value/),
    )
    expect(recordsOf(writesOf(asked)[0])).toEqual([
      { attributes: { type: 'Account' }, Id: ID, Holdfast_Risk_Percent__c: 3 },
    ])
  })

  it('cuts a text that is too long for the field, and leaves out a number that does not fit', async () => {
    const { context, asked } = scripted(undefined, {
      describes: {
        Account: (all) =>
          all.map((one) => (one.name === 'Holdfast_Risk_Reasons__c' ? { ...one, length: 20 } : one)),
      },
    })
    const reasons = ['Usage fell by half, and nobody answers']
    await writeFields(context, [{ id: ID, fields: { reasons, valueAtRisk: 1e17, currency: 'IDR' } }])
    expect(recordsOf(writesOf(asked)[0])).toEqual([
      {
        attributes: { type: 'Account' },
        Id: ID,
        Holdfast_Risk_Reasons__c: '• Usage fell by hal…',
        Holdfast_Top_Reason__c: reasons[0],
        Holdfast_Currency__c: 'IDR',
      },
    ])
  })
})

describe('a call that fails on the way', () => {
  const limit = {
    status: 403,
    body: [{ errorCode: 'REQUEST_LIMIT_EXCEEDED', message: 'TotalRequests Limit exceeded.' }],
  }

  it('loses nothing where the quota runs out in the middle: what was not tried is tried again', async () => {
    let calls = 0
    const { context, asked } = scripted(({ path }) =>
      path === '/composite/sobjects' && ++calls > 2 ? limit : undefined,
    )
    const results = await writeFields(context, updatesOf(1000))
    expect(results.filter(({ ok }) => ok)).toHaveLength(400)
    const rest = results.slice(400)
    expect(rest).toHaveLength(600)
    for (const one of rest)
      expect(one).toMatchObject({ ok: false, code: 'connector_unavailable', retryable: true })
    expect(rest[0]).toHaveProperty('message', expect.stringMatching(/used up its API calls/))
    // Not asked again for the next two hundred.
    expect(writesOf(asked)).toHaveLength(3)
  })

  it('fails as a whole where nothing at all could be tried', async () => {
    const { context } = scripted(({ path }) => (path === '/composite/sobjects' ? limit : undefined))
    await expect(writeFields(context, updatesOf(3))).rejects.toMatchObject({ retryable: true })
  })

  it('finds the row that makes a whole call fail, and writes the others', async () => {
    const { context } = scripted((one) => {
      if (one.path !== '/composite/sobjects') return undefined
      if (namesOf(one).includes(idOf(7)))
        return { status: 400, body: [{ errorCode: 'JSON_PARSER_ERROR', message: 'Unexpected character' }] }
      return undefined
    })
    const results = await writeFields(context, updatesOf(200))
    expect(results.filter(({ ok }) => !ok)).toMatchObject([{ id: idOf(7), code: 'refused' }])
  })
})

describe('a call that fails for many of its rows', () => {
  it('ends in a bounded search, after which no good row is lost', async () => {
    const isBad = (id: string): boolean => Number(id.slice(3, 15)) % 3 === 0
    const { context, asked } = scripted((one) =>
      one.path === '/composite/sobjects' && namesOf(one).some(isBad)
        ? { status: 400, body: [{ errorCode: 'JSON_PARSER_ERROR', message: 'Unexpected character' }] }
        : undefined,
    )
    const results = await writeFields(context, updatesOf(200))
    expect(writesOf(asked).length).toBeLessThan(60)
    const lost = results.filter((one) => !one.ok && !one.retryable && !isBad(one.id))
    expect(lost).toEqual([])
    expect(results.some((one) => !one.ok && one.code === 'not_tried')).toBe(true)
  })

  it('is tried again for the rest, where our user was locked out in the middle', async () => {
    let calls = 0
    const { context } = scripted(({ path }) =>
      path === '/composite/sobjects' && ++calls > 1
        ? { status: 403, body: [{ errorCode: 'API_DISABLED_FOR_ORG', message: 'API is not enabled' }] }
        : undefined,
    )
    const results = await writeFields(context, updatesOf(300))
    expect(results.slice(200).every((one) => !one.ok && one.retryable)).toBe(true)
  })
})

describe('rows that somebody else has locked', () => {
  const LOCK = 'unable to obtain exclusive access to this record or 1 records: 001000000000007AAA'

  it('are tried again by themselves, later, in smaller calls, with one parent side by side', async () => {
    let round = 0
    const odd = (id: string): boolean => Number(id.slice(3, 15)) % 2 === 1
    const locked = refusal('UNABLE_TO_LOCK_ROW', LOCK)
    const { context, asked, pauses, slept } = scripted((one) => {
      if (one.soql.includes('ParentId')) {
        const ids = [...one.soql.matchAll(/'(001\w{15})'/g)].map(([, id]) => id)
        return {
          body: { records: ids.map((Id) => ({ Id, ParentId: idOf(900 + (Number(Id.slice(3, 15)) % 4)) })) },
        }
      }
      if (one.path !== '/composite/sobjects') return undefined
      round++
      return perRow((id) => (round === 1 && odd(id) ? locked : undefined))(one)
    })
    const results = await writeFields(context, updatesOf(120), { pauses })
    expect(results.every(({ ok }) => ok)).toBe(true)
    const [first, ...again] = writesOf(asked)
    expect(namesOf(first)).toHaveLength(120)
    expect(again.map((one) => namesOf(one).length)).toEqual([50, 10])
    expect(again.flatMap(namesOf).every(odd)).toBe(true)
    const parents = again.flatMap(namesOf).map((id) => Number(id.slice(3, 15)) % 4)
    expect(parents).toEqual(parents.toSorted((a, b) => a - b))
    expect(slept).toEqual([1000])
  })

  it('wait longer each time by a drawn part, and are in the end said to be tried again', async () => {
    const { context, asked, pauses, slept } = scripted(perRow(() => refusal('UNABLE_TO_LOCK_ROW', LOCK)))
    const [result] = await writeFields(context, updatesOf(1), { pauses: { ...pauses, random: () => 0.9 } })
    expect(result).toMatchObject({ ok: false, code: 'row_locked', retryable: true })
    expect(writesOf(asked)).toHaveLength(4)
    expect(slept).toEqual([1400, 2800, 5600])
  })
})

describe('values as Salesforce takes them', () => {
  it('hold no control characters and no half of a character, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const cell = cellsOf({ suggestedAction: text }).Holdfast_Suggested_Action__c
        const room = { type: 'string', length: 30, precision: 0, scale: 0 }
        const value = fitted(cell, room)
        expect(value === null || (typeof value === 'string' && value.isWellFormed())).toBe(true)
        // eslint-disable-next-line no-control-regex
        expect(String(value)).not.toMatch(/[\u0000-\u0008\u000B-\u001F\u007F]/)
        expect(String(value ?? '').length).toBeLessThanOrEqual(30)
      }),
    )
  })

  it('leave out a number that is none, and an amount without a currency', () => {
    expect(cellsOf({ riskPercent: Number.NaN, valueAtRisk: 3, riskLevel: 'LOW' })).toEqual({
      Holdfast_Risk_Level__c: 'LOW',
    })
  })

  it('every field that we write is in the package, and every name is known as ours', () => {
    const names = packageNames('hold')
    const account = PACKAGE.find(({ object }) => object === 'Account')!
    for (const name of Object.keys(cellsOf(fields))) {
      expect(account.fields.map((one) => one.name)).toContain(name)
      expect(names.isOurs(names.of(name))).toBe(true)
      expect(packageNames(null).isOurs(name)).toBe(true)
    }
    expect(names.isOurs('hold__Of_A_Newer_Package__c')).toBe(true)
    expect(names.isOurs('Segment__c')).toBe(false)
    expect(names.of('Account')).toBe('Account')
  })
})
