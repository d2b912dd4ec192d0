import { describe, expect, it, onTestFinished } from 'vitest'
import { propertiesOf } from '../../../connectors/hubspot/fields.ts'
import { provision } from '../../../connectors/hubspot/provision.ts'
import { clientOf } from './answering.ts'
import { openPortal } from './writing.ts'

describe('provisioning', () => {
  it('makes the group and all properties once, and nothing the second time', async () => {
    const { client, sandbox, calls } = await openPortal()
    const first = await provision(client, 'companies')
    expect(first.problems).toEqual([])
    expect(first.changed).toEqual([])
    expect(first.created).toEqual([
      ...propertiesOf('companies').map(({ name }) => `companies.${name}`),
      'tasks.holdfast_key',
      'tasks.holdfast_action',
      'emails.holdfast_key',
      'emails.holdfast_action',
    ])
    const { state } = sandbox
    expect(state.groups('companies')).toContainEqual(
      expect.objectContaining({ name: 'holdfast', label: 'Holdfast' }),
    )
    expect(state.property('companies', 'holdfast_risk_percent')).toMatchObject({
      label: 'Churn risk (%)',
      type: 'number',
      groupName: 'holdfast',
    })
    expect(state.property('companies', 'holdfast_risk_level')?.options.map(({ value }) => value)).toEqual([
      'HIGH',
      'MEDIUM',
      'LOW',
    ])
    expect(state.property('tasks', 'holdfast_key')).toMatchObject({ hasUniqueValue: true, hidden: true })
    calls()
    expect(await provision(client, 'companies')).toEqual({ created: [], changed: [], problems: [] })
    expect(calls()).toEqual(
      ['companies', 'tasks', 'emails'].map((one) => `GET /crm/properties/2026-09/${one} 200`),
    )
  })

  it('tells every property to a rep: a label, a help text, and labelled choices', () => {
    for (const one of [...propertiesOf('contacts'), ...propertiesOf('tasks')]) {
      expect(one.label).toMatch(/^[A-Z][\w ()%-]+$/)
      expect(one.description).toMatch(/^[A-Z].*\. Written by Holdfast\.$/)
      expect(one.options.length > 0).toBe(one.type === 'enumeration')
      for (const option of one.options) expect(option.label).toMatch(/^[A-Z]/)
    }
  })

  it('adds the choices that a list of ours lacks and keeps those that are there', async () => {
    const { client, sandbox } = await openPortal()
    await provision(client, 'companies')
    const level = sandbox.state.property('companies', 'holdfast_risk_level')!
    const renamed = { ...level.options[0], label: 'Sehr hoch' }
    sandbox.state.setProperty('companies', {
      ...level,
      options: [renamed, { value: 'unsure', label: 'Unsure', displayOrder: 5, hidden: false }],
    })
    const report = await provision(client, 'companies')
    expect(report).toEqual({ created: [], changed: ['companies.holdfast_risk_level'], problems: [] })
    expect(
      sandbox.state
        .property('companies', 'holdfast_risk_level')
        ?.options.map(({ value, label }) => [value, label]),
    ).toEqual([
      ['HIGH', 'Sehr hoch'],
      ['unsure', 'Unsure'],
      ['MEDIUM', 'Medium'],
      ['LOW', 'Low'],
    ])
  })

  it('says what is in the way of a property of another type, and leaves it as it is', async () => {
    const { client, sandbox } = await openPortal()
    sandbox.state.addProperty('companies', 'holdfast_risk_percent', { label: 'Risk', type: 'string' })
    const before = sandbox.state.property('companies', 'holdfast_risk_percent')
    const { problems, created } = await provision(client, 'companies')
    expect(problems).toEqual([
      'The property "Risk" (holdfast_risk_percent of companies) holds text, where Holdfast writes a number. Nothing is written into it. Free the name in HubSpot (Settings > Properties: archive it, then delete it for good under "Archived properties") and set Holdfast up again.',
    ])
    expect(sandbox.state.property('companies', 'holdfast_risk_percent')).toEqual(before)
    expect(created).toContain('companies.holdfast_risk_level')
  })

  it('does not take a property of our name that somebody else made', async () => {
    const { client, sandbox } = await openPortal()
    sandbox.state.addProperty('companies', 'holdfast_currency', {
      label: 'Steadfast currency',
      description: 'Ours since 2019.',
      type: 'string',
      groupName: 'companyinformation',
    })
    const { problems } = await provision(client, 'companies')
    expect(problems).toEqual([
      'The property "Steadfast currency" (holdfast_currency of companies) was made by somebody else. Nothing is written into it. Free the name in HubSpot (Settings > Properties: archive it, then delete it for good under "Archived properties") and set Holdfast up again.',
    ])
  })

  it('does not bring back a property that an admin archived', async () => {
    const { client, sandbox } = await openPortal()
    await provision(client, 'companies')
    const group = sandbox.state.property('companies', 'holdfast_group')!
    sandbox.state.setProperty('companies', { ...group, archivedAt: Date.now() })
    const { problems, created } = await provision(client, 'companies')
    expect(created).toEqual([])
    expect(problems).toEqual([
      'The property "Retention group" (holdfast_group of companies) is archived in HubSpot, so nothing is written into it. Restore it (Settings > Properties > Archived properties), or delete it there for good and set Holdfast up again.',
    ])
    expect(sandbox.state.property('companies', 'holdfast_group')?.archivedAt).not.toBeNull()
  })

  it('insists on unique keys', async () => {
    const { client, sandbox } = await openPortal()
    sandbox.state.addProperty('tasks', 'holdfast_key', { label: 'Holdfast key', type: 'string' })
    const { problems } = await provision(client, 'companies')
    expect(problems).toEqual([
      'The property "Holdfast key" (holdfast_key of tasks) does not insist on unique values, without which an action could be made twice. Nothing is written into it. Free the name in HubSpot (Settings > Properties: archive it, then delete it for good under "Archived properties") and set Holdfast up again.',
    ])
  })

  it('makes the most important ones in a portal with hardly any room', async () => {
    const { client, sandbox, calls } = await openPortal({ settings: { customProperties: 5 } })
    for (let i = 0; i < 2; i++) sandbox.state.addProperty('companies', `theirs_${i}`, { type: 'string' })
    const { created, problems } = await provision(client, 'companies')
    expect(created.filter((name) => name.startsWith('companies.'))).toEqual([
      'companies.holdfast_risk_percent',
      'companies.holdfast_risk_level',
      'companies.holdfast_risk_level_since',
    ])
    expect(problems).toEqual([
      'The HubSpot account has no room for more properties on companies, so Holdfast could not make all of its own. Delete some that nobody uses (Settings > Properties) and set Holdfast up again.',
    ])
    expect(calls().filter((call) => call.includes('companies/batch/create'))).toHaveLength(1)
  })

  it('names the scope that is missing', async () => {
    const { client, sandbox } = await openPortal()
    sandbox.faults.withoutScope('crm.schemas.companies.write')
    const { created, problems } = await provision(client, 'companies')
    expect(created).toEqual([
      'tasks.holdfast_key',
      'tasks.holdfast_action',
      'emails.holdfast_key',
      'emails.holdfast_action',
    ])
    expect(problems).toEqual([
      "Holdfast's properties cannot be made on companies: the app in HubSpot lacks the scope crm.schemas.companies.write. Add it to the app, let an admin of the HubSpot account approve it, and set Holdfast up again.",
    ])
  })

  it('makes the others where HubSpot refuses the whole batch because of one', async () => {
    const made: string[] = []
    const { client, server } = await clientOf(({ method, url, body }) => {
      if (method === 'GET')
        return { body: { results: url.endsWith('/groups') ? [{ name: 'holdfast' }] : [] } }
      const { inputs } = JSON.parse(body) as { inputs: { name: string }[] }
      if (inputs.some(({ name }) => name === 'holdfast_currency'))
        return {
          status: 409,
          body: {
            category: 'OBJECT_ALREADY_EXISTS',
            subCategory: 'Properties.PROPERTY_WITH_NAME_EXISTS',
            message: "A property named 'holdfast_currency' already exists.",
          },
        }
      made.push(...inputs.map(({ name }) => name))
      return { status: 201, body: { results: inputs } }
    })
    onTestFinished(() => server.close())
    const { created, problems } = await provision(client, 'companies')
    expect(problems).toEqual([
      'The name of the property "Value at risk currency" (holdfast_currency of companies) is taken in HubSpot by a property that Holdfast may not see, such as a sensitive one. Free the name and set Holdfast up again.',
    ])
    expect(created.filter((name) => name.startsWith('companies.'))).toHaveLength(
      propertiesOf('companies').length - 1,
    )
    expect(made).not.toContain('holdfast_currency')
  })

  it('copes with 900 properties of others', async () => {
    const { client, sandbox } = await openPortal()
    for (let i = 0; i < 900; i++) sandbox.state.addProperty('companies', `theirs_${i}`, { type: 'string' })
    expect((await provision(client, 'companies')).problems).toEqual([])
    expect((await provision(client, 'companies')).created).toEqual([])
  })
})
