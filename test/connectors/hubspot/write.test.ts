import { setTimeout } from 'node:timers/promises'
import * as fc from 'fast-check'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { FieldUpdate } from '../../../connectors/connector.ts'
import { cellsOf, propertiesOf } from '../../../connectors/hubspot/fields.ts'
import { openCrmMemory } from '../../../connectors/memory.ts'
import { cleanText } from '../../../connectors/plain-text.ts'
import { provision } from '../../../connectors/hubspot/provision.ts'
import { openSchema } from '../../../connectors/hubspot/schema.ts'
import { writeFields } from '../../../connectors/hubspot/write.ts'
import type { Reply, Request } from '../../support/answering.ts'
import { clientOf } from './answering.ts'
import { errorOf, openPortal } from './writing.ts'
import { shownRisk as fields } from '../shown-risk.ts'

describe('writing fields', () => {
  it('makes the properties where they are missing, writes all fields, and gives the version of the record', async () => {
    const { client, schema, sandbox } = await openPortal()
    const id = sandbox.state.createRecord('companies', { name: 'Acme' })
    const [result] = await writeFields(client, schema, [{ id, fields }])
    const record = sandbox.state.record('companies', id)!
    expect(result).toEqual({ id, ok: true, version: record.updatedAt })
    expect(record.properties).toMatchObject({
      name: 'Acme',
      holdfast_status: 'active',
      holdfast_risk_percent: '71.5',
      holdfast_risk_level: 'HIGH',
      holdfast_risk_level_since: '2026-11-02',
      holdfast_risk_change_30_days: '-3.2',
      holdfast_value_at_risk: '12400.5',
      holdfast_currency: 'EUR',
      holdfast_risk_reasons:
        '• Usage fell by half: 3 times the usual risk\n• Two payments failed: twice the usual risk',
      holdfast_suggested_action: 'Offer 10% Discount',
      holdfast_action_status: 'awaiting approval',
      holdfast_renewal_date: '2027-01-31',
      holdfast_scored_at: '2026-11-21T09:00:00.000Z',
      holdfast_data_confidence: '93',
      holdfast_group: 'policy',
    })
  })

  it('leaves what is absent, empties what is null, and touches nothing of the customer', async () => {
    const { client, schema, sandbox } = await openPortal()
    const id = sandbox.state.createRecord('companies', { name: 'Acme', phone: '030 1' })
    await writeFields(client, schema, [{ id, fields }])
    const before = sandbox.state.record('companies', id)!.properties
    await writeFields(client, schema, [
      { id, fields: { status: 'left', suggestedAction: null, actionStatus: null } },
    ])
    const after = sandbox.state.record('companies', id)!.properties
    const { hs_lastmodifieddate: _, ...untouched } = before
    expect(after).toMatchObject({
      ...untouched,
      holdfast_status: 'left',
      holdfast_suggested_action: '',
      holdfast_action_status: '',
    })
  })

  it('costs one call for each hundred records, after one that reads the definitions', async () => {
    const { client, schema, sandbox, calls } = await openPortal()
    await provision(client, 'companies')
    const ids = Array.from({ length: 250 }, (_, i) =>
      sandbox.state.createRecord('companies', { name: `C${i}` }),
    )
    calls()
    const results = await writeFields(
      client,
      schema,
      ids.map((id, i) => ({ id, fields: { ...fields, riskPercent: i / 10 } })),
    )
    expect(results.map(({ id }) => id)).toEqual(ids)
    expect(results.every(({ ok }) => ok)).toBe(true)
    expect(sandbox.state.value('companies', ids[249], 'holdfast_risk_percent')).toBe('24.9')
    expect(calls()).toEqual([
      'GET /crm/properties/2026-09/companies 200',
      ...Array<string>(3).fill('POST /crm/objects/2026-09/companies/batch/update 200'),
    ])
  })

  it('reads no definitions again where the portal is remembered', async () => {
    const { client, sandbox, calls } = await openPortal()
    const id = sandbox.state.createRecord('companies', { name: 'Acme' })
    const memory = openCrmMemory({ clock: () => new Date() })
    await writeFields(client, openSchema(client, 'companies', memory), [{ id, fields }])
    calls()
    await writeFields(client, openSchema(client, 'companies', memory), [{ id, fields }])
    expect(calls()).toEqual(['POST /crm/objects/2026-09/companies/batch/update 200'])
  })

  it('writes the others when some records are gone, merged away or break a rule of the account', async () => {
    const { client, schema, sandbox } = await openPortal()
    const { state } = sandbox
    state.setRules('companies', [
      { property: 'industry', when: { property: 'country', values: ['Germany'] } },
    ])
    const make = (more: Record<string, string> = {}): string =>
      state.createRecord('companies', { name: 'C', ...more })
    const [fine, german, deleted, winner, loser] = [
      make(),
      make({ country: 'Germany' }),
      make(),
      make(),
      make(),
    ]
    state.archiveRecord('companies', deleted)
    state.mergeRecords('companies', winner, loser)
    const ids = [fine, german, deleted, loser, '999999999', 'no id']
    const results = await writeFields(
      client,
      schema,
      ids.map((id) => ({ id, fields })),
    )
    expect(
      results.map((result) => (result.ok ? 'ok' : [result.code, result.message, result.retryable])),
    ).toEqual([
      'ok',
      [
        'required_property_missing',
        `HubSpot refused to write company ${german}: a rule of the account requires "industry" there (MISSING_CONDITIONAL_REQUIRED_PROPERTY). Fill it in on the record, or change the rule in HubSpot (Settings > Properties).`,
        false,
      ],
      [
        'record_gone',
        `HubSpot does not know company ${deleted} any more: it was deleted, or merged into another one. The next sync takes that up.`,
        false,
      ],
      [
        'record_gone',
        expect.stringMatching(
          new RegExp(`^(HubSpot does not know|The) company ${loser} (any more|was merged into ${winner} )`),
        ),
        false,
      ],
      [
        'record_gone',
        'HubSpot does not know company 999999999 any more: it was deleted, or merged into another one. The next sync takes that up.',
        false,
      ],
      ['record_gone', expect.stringContaining('company no id'), false],
    ])
    expect(state.value('companies', fine, 'holdfast_risk_level')).toBe('HIGH')
    expect(state.value('companies', winner, 'holdfast_risk_level') || null).toBe(null)
  })

  it('leaves on the survivor of a merge what is its own', async () => {
    const { client, schema, sandbox } = await openPortal()
    const { state } = sandbox
    const [winner, loser] = ['W', 'L'].map((name) => state.createRecord('companies', { name }))
    await writeFields(client, schema, [
      { id: winner, fields: { ...fields, riskLevel: 'LOW', riskPercent: 3 } },
    ])
    await setTimeout(5)
    state.mergeRecords('companies', winner, loser)
    const shown = state.record('companies', winner)!.properties
    const [result] = await writeFields(client, schema, [{ id: loser, fields }])
    expect(result).toMatchObject({ id: loser, ok: false, code: 'record_gone' })
    expect(state.record('companies', winner)!.properties).toMatchObject({
      holdfast_risk_level: shown['holdfast_risk_level'],
      holdfast_risk_percent: '3',
      holdfast_group: 'policy',
    })
    const both = [
      { id: winner, fields: { riskPercent: 5 } },
      { id: loser, fields: { riskPercent: 80 } },
    ]
    await writeFields(client, schema, both)
    expect(state.value('companies', winner, 'holdfast_risk_percent')).toBe('5')
  })

  it('tells a rule for new records from one of values', async () => {
    const { client, server } = await answered([
      {
        status: 207,
        body: {
          results: [],
          errors: [
            {
              status: 'error',
              category: 'VALIDATION_ERROR',
              message: 'Some required properties were not set.',
              context: { objectWriteTraceId: ['12'] },
              errors: [
                {
                  code: 'MISSING_REQUIRED_PROPERTY',
                  message: 'A value for segment must be provided',
                  context: { propertyName: ['segment'] },
                },
              ],
            },
          ],
        },
      },
    ])
    expect(await writeFields(client, openSchema(client, 'companies'), [{ id: '12', fields }])).toEqual([
      {
        id: '12',
        ok: false,
        code: 'required_property_missing',
        message:
          'HubSpot refused to write company 12: a rule of the account requires "segment" there (MISSING_REQUIRED_PROPERTY). Fill it in on the record, or change the rule in HubSpot (Settings > Properties).',
        retryable: false,
      },
    ])
    expect(server.requests.filter(({ url }) => url.includes('batch/update'))).toHaveLength(1)
  })

  it('makes a property again that was deleted since, and a choice that somebody took away', async () => {
    const { client, schema, sandbox } = await openPortal()
    const { state } = sandbox
    const ids = [1, 2].map((i) => state.createRecord('companies', { name: `C${i}` }))
    const updates = (percent: number): FieldUpdate[] =>
      ids.map((id) => ({ id, fields: { ...fields, riskPercent: percent } }))
    await writeFields(client, schema, updates(10))
    // Gone for good.
    state.tables.definitions('companies').delete('holdfast_risk_reasons')
    const status = state.property('companies', 'holdfast_action_status')!
    state.setProperty('companies', {
      ...status,
      options: status.options.filter(({ value }) => value !== 'awaiting approval'),
    })
    const results = await writeFields(client, schema, updates(20))
    expect(results.every(({ ok }) => ok)).toBe(true)
    for (const id of ids)
      expect(state.record('companies', id)!.properties).toMatchObject({
        holdfast_risk_percent: '20',
        holdfast_action_status: 'awaiting approval',
        holdfast_risk_reasons: expect.stringContaining('Usage fell'),
      })
  })

  it('adds a choice for an action of the own catalogue before it is written', async () => {
    const { client, schema, sandbox, calls } = await openPortal()
    const id = sandbox.state.createRecord('companies', { name: 'Acme' })
    await provision(client, 'companies')
    calls()
    const results = await writeFields(client, schema, [
      { id, fields: { suggestedAction: 'Rundgang', actionStatus: 'suggested' } },
    ])
    expect(results[0].ok).toBe(true)
    expect(sandbox.state.value('companies', id, 'holdfast_suggested_action')).toBe('Rundgang')
    expect(calls()).toEqual([
      'GET /crm/properties/2026-09/companies 200',
      'PATCH /crm/properties/2026-09/companies/holdfast_suggested_action 200',
      'POST /crm/objects/2026-09/companies/batch/update 200',
    ])
  })

  it('says so on each record whose choice cannot be added, and writes everything else', async () => {
    const { client, schema, sandbox } = await openPortal()
    const { state } = sandbox
    const [one, two] = ['A', 'B'].map((name) => state.createRecord('companies', { name }))
    await provision(client, 'companies')
    sandbox.faults.inject({
      method: 'PATCH',
      effect: {
        kind: 'answer',
        status: 400,
        body: { category: 'VALIDATION_ERROR', message: 'Labels must differ' },
      },
    })
    const results = await writeFields(client, schema, [
      { id: one, fields: { riskPercent: 1, suggestedAction: 'send email' } },
      { id: two, fields: { riskPercent: 2, suggestedAction: 'Send Email' } },
    ])
    expect(results).toEqual([
      {
        id: one,
        ok: false,
        code: 'invalid_option',
        message:
          'The property "Suggested action" (holdfast_suggested_action of companies) has no choice "send email", and HubSpot does not let Holdfast add one: Labels must differ. Add it in HubSpot (Settings > Properties), with this as its internal value.',
        retryable: false,
      },
      { id: two, ok: true, version: expect.any(Date) },
    ])
    expect(state.value('companies', one, 'holdfast_risk_percent')).toBe('1')
    expect(state.value('companies', one, 'holdfast_suggested_action')).toBeNull()
    expect(state.value('companies', two, 'holdfast_suggested_action')).toBe('Send Email')
  })

  it('writes the other fields where a property of our name is not ours, and says so where nothing is left', async () => {
    const { client, schema, sandbox } = await openPortal()
    sandbox.state.addProperty('companies', 'holdfast_risk_percent', { label: 'Risk', type: 'string' })
    const id = sandbox.state.createRecord('companies', { name: 'Acme', holdfast_risk_percent: 'theirs' })
    expect((await writeFields(client, schema, [{ id, fields }]))[0].ok).toBe(true)
    expect(sandbox.state.record('companies', id)!.properties).toMatchObject({
      holdfast_risk_percent: 'theirs',
      holdfast_risk_level: 'HIGH',
    })
    expect(await writeFields(client, schema, [{ id, fields: { riskPercent: 12 } }])).toEqual([
      {
        id,
        ok: false,
        code: 'property_missing',
        message:
          'The property "Risk" (holdfast_risk_percent of companies) holds text, where Holdfast writes a number. Nothing is written into it. Free the name in HubSpot (Settings > Properties: archive it, then delete it for good under "Archived properties") and set Holdfast up again.',
        retryable: false,
      },
    ])
  })

  it('throws when nothing could be tried, and keeps what was written when the rest could not', async () => {
    const { client, schema, sandbox } = await openPortal()
    const ids = Array.from({ length: 150 }, (_, i) =>
      sandbox.state.createRecord('companies', { name: `C${i}` }),
    )
    await provision(client, 'companies')
    const updates = ids.map((id) => ({ id, fields }))
    sandbox.faults.inject({
      path: '/batch/update',
      effect: { kind: 'answer', status: 401, body: { category: 'INVALID_AUTHENTICATION', message: 'no' } },
    })
    expect(await errorOf(writeFields(client, schema, updates))).toMatchObject({ code: 'connector_reconnect' })
    sandbox.faults.inject({
      path: '/batch/update',
      nth: 2,
      effect: { kind: 'answer', status: 401, body: { category: 'INVALID_AUTHENTICATION', message: 'no' } },
    })
    const results = await writeFields(client, schema, updates)
    expect(results.slice(0, 100).every(({ ok }) => ok)).toBe(true)
    expect(results[100]).toMatchObject({ ok: false, code: 'connector_reconnect', retryable: true })
  })

  it('takes two updates of one record as one', async () => {
    const { client, schema, sandbox } = await openPortal()
    const id = sandbox.state.createRecord('companies', { name: 'Acme' })
    const results = await writeFields(client, schema, [
      { id, fields: { riskPercent: 1, riskLevel: 'LOW' } },
      { id, fields: { riskPercent: 2 } },
    ])
    expect(results).toHaveLength(1)
    expect(sandbox.state.record('companies', id)!.properties).toMatchObject({
      holdfast_risk_percent: '2',
      holdfast_risk_level: 'LOW',
    })
  })
})

/** A portal with all our properties that takes what it is asked to, but for the answers given, in their order. */
async function answered(replies: readonly (Reply | ((ids: readonly string[]) => Reply | null))[]) {
  const left = [...replies]
  const definitions = propertiesOf('companies').map((one) => ({ ...one, groupName: 'holdfast' }))
  const opened = await clientOf((request: Request) => {
    if (request.method === 'GET') return { body: { results: definitions } }
    const { inputs } = JSON.parse(request.body) as { inputs: { id: string; objectWriteTraceId: string }[] }
    const next = left.length > 1 ? left.shift() : left[0]
    const reply = typeof next === 'function' ? next(inputs.map(({ id }) => id)) : next
    return (
      reply ?? {
        body: {
          results: inputs.map(({ id, objectWriteTraceId }) => ({
            id,
            objectWriteTraceId,
            updatedAt: '2026-11-21T12:00:00Z',
            properties: {},
          })),
        },
      }
    )
  })
  onTestFinished(() => opened.server.close())
  return opened
}

const refusal: Reply = {
  status: 400,
  body: {
    status: 'error',
    category: 'VALIDATION_ERROR',
    message:
      'Property values were not valid: [{"isValid":false,"message":"x was not a valid date.","error":"INVALID_DATE","name":"holdfast_renewal_date"}]',
  },
}

describe('a batch that is refused whole', () => {
  const updates = Array.from({ length: 100 }, (_, i) => ({ id: String(i + 1), fields }))

  it('is halved until the guilty record is found', async () => {
    const { client, server } = await answered([(ids) => (ids.includes('37') ? refusal : null)])
    const results = await writeFields(client, openSchema(client, 'companies'), updates)
    const refused = results.filter(({ ok }) => !ok)
    expect(refused).toEqual([
      {
        id: '37',
        ok: false,
        code: 'refused',
        message: 'HubSpot refused to write company 37: x was not a valid date.',
        retryable: false,
      },
    ])
    const calls = server.requests.filter(({ url }) => url.includes('batch/update'))
    expect(calls.length).toBeLessThanOrEqual(15)
  })

  it('does not send again what is known to hold the guilty one', async () => {
    const { client, server } = await answered([(ids) => (ids.includes('100') ? refusal : null)])
    const results = await writeFields(client, openSchema(client, 'companies'), updates)
    expect(results.filter(({ ok }) => !ok).map(({ id }) => id)).toEqual(['100'])
    // The whole batch, then the first halves of what is left.
    expect(server.requests.filter(({ url }) => url.includes('batch/update'))).toHaveLength(8)
  })

  it('finds any guilty ones with few calls, and leaves no record without a result', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(fc.integer({ min: 1, max: 100 }), { maxLength: 2 }), async (guilty) => {
        const ids = new Set(guilty.map(String))
        const { client, server } = await answered([
          (some) => (some.some((id) => ids.has(id)) ? refusal : null),
        ])
        const results = await writeFields(client, openSchema(client, 'companies'), updates)
        const calls = server.requests.filter(({ url }) => url.includes('batch/update')).length
        expect(results.filter(({ ok }) => !ok).map(({ id }) => id)).toEqual(
          [...ids].toSorted((a, b) => Number(a) - Number(b)),
        )
        expect(calls).toBeLessThanOrEqual(1 + 14 * guilty.length)
      }),
      { numRuns: 15 },
    )
  })

  it('is not searched to the end where everything is refused: the rest is tried again later', async () => {
    const { client, server } = await answered([refusal])
    const results = await writeFields(client, openSchema(client, 'companies'), updates)
    expect(server.requests.filter(({ url }) => url.includes('batch/update'))).toHaveLength(16)
    expect(results.every(({ ok }) => !ok)).toBe(true)
    expect(results.at(-1)).toEqual({
      id: '100',
      ok: false,
      code: 'not_tried',
      message:
        'HubSpot refused so many records of this batch that the rest was not tried. It is tried again.',
      retryable: true,
    })
  })

  it('names the guilty ones at once where HubSpot does', async () => {
    const { client, server } = await answered([
      (ids) =>
        ids.includes('7')
          ? { status: 400, body: { category: 'VALIDATION_ERROR', message: 'no', context: { ids: ['7'] } } }
          : null,
    ])
    const results = await writeFields(client, openSchema(client, 'companies'), updates)
    expect(results.filter(({ ok }) => !ok).map(({ id }) => id)).toEqual(['7'])
    expect(server.requests.filter(({ url }) => url.includes('batch/update'))).toHaveLength(2)
  })

  it('says that a record was not answered for, and that it is written again', async () => {
    const { client } = await answered([{ status: 200, body: { results: [] } }])
    expect(await writeFields(client, openSchema(client, 'companies'), updates.slice(0, 1))).toEqual([
      {
        id: '1',
        ok: false,
        code: 'no_answer',
        message: 'HubSpot did not say whether this record was written. It is written again.',
        retryable: true,
      },
    ])
  })
})

describe('values as HubSpot takes them', () => {
  it('never writes an amount without its currency, nor a number that is none', () => {
    expect(cellsOf({ valueAtRisk: 100, currency: null })).toEqual({ holdfast_currency: '' })
    expect(cellsOf({ valueAtRisk: 100 })).toEqual({})
    expect(cellsOf({ valueAtRisk: 100, currency: 'XYZ9' })).toEqual({})
    expect(cellsOf({ riskPercent: Number.NaN, dataConfidence: 0 })).toEqual({ holdfast_data_confidence: '0' })
  })

  it('keeps emoji and drops control characters and halves of characters', () => {
    expect(cleanText('a\u0000b\u0007 🙂 \ud83d ende\r\nzwei\u0085')).toBe('ab 🙂 \ufffd ende\nzwei')
    expect(cellsOf({ reasons: ['Müßig 🙂', 'zwei\nZeilen'] })).toEqual({
      holdfast_risk_reasons: '• Müßig 🙂\n• zwei Zeilen',
    })
  })

  it('makes texts that HubSpot holds out of any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (text) => {
        const clean = cleanText(text)
        expect(clean.isWellFormed()).toBe(true)
        // oxlint-disable-next-line no-control-regex
        expect(clean).not.toMatch(/[\u0000-\u0008\u000B-\u001F\u007F-\u009F]/)
        expect(cleanText(clean)).toBe(clean)
      }),
      { numRuns: 50 },
    )
    const cut = cleanText(`a${'🙂'.repeat(40_000)}`)
    expect(cut.length).toBeLessThanOrEqual(65_536)
    expect(cut.isWellFormed()).toBe(true)
  })

  it('writes dates before 1970 and tiny numbers as they are', () => {
    expect(cellsOf({ renewalDate: '1969-12-31', change30Days: 1e-7 })).toEqual({
      holdfast_renewal_date: '1969-12-31',
      holdfast_risk_change_30_days: '0.0000001',
    })
  })
})
