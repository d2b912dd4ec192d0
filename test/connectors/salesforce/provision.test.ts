import { describe, expect, it } from 'vitest'
import { provision } from '../../../connectors/salesforce/provision.ts'
import { described, scripted, type Described } from './scripted.ts'

const change =
  (name: string, to: Partial<Described>) =>
  (all: readonly Described[]): readonly Described[] =>
    all.map((one) => (one.name === name ? { ...one, ...to } : one))

describe('provisioning an org', () => {
  it('changes nothing, and has nothing to say where the package is installed and the permission set is given', async () => {
    const { context, asked } = scripted()
    expect(await provision(context)).toEqual({ created: [], changed: [], problems: [] })
    expect(asked.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'GET /sobjects/Account/describe',
      'GET /sobjects/Task/describe',
      'GET /sobjects/Retention_Intervention__c/describe',
    ])
  })

  it('looks anew each time: an admin may have mended it meanwhile', async () => {
    let isInstalled = false
    const { context } = scripted(undefined, {
      describes: { Account: (all) => (isInstalled ? all : [described('Name')]) },
    })
    expect((await provision(context)).problems).toHaveLength(1)
    isInstalled = true
    expect((await provision(context)).problems).toEqual([])
  })

  it('asks for the package, or for the permission set, where nothing of ours is to be seen', async () => {
    const { context } = scripted(
      ({ path }) =>
        path === '/sobjects/Retention_Intervention__c/describe'
          ? { status: 404, body: [{ errorCode: 'NOT_FOUND', message: '' }] }
          : undefined,
      { describes: { Account: () => [described('Name')], Task: () => [described('Subject')] } },
    )
    const { problems } = await provision(context)
    expect(problems).toEqual([
      expect.stringMatching(
        /^Every field of Holdfast on Account and Task, and the object Retention_Intervention__c are missing.*Install the Holdfast package.*permission set "Holdfast Integration" to the user holdfast@example.com/,
      ),
    ])
  })

  it('names in one sentence the fields that are hidden, and in another those that cannot be edited', async () => {
    const { context } = scripted(undefined, {
      describes: {
        Account: (all) =>
          change('Holdfast_Group__c', { updateable: false })(
            all.filter(({ name }) => !/Risk_(Percent|Level)__c$/.test(name)),
          ),
      },
    })
    const { problems } = await provision(context)
    expect(problems).toEqual([
      expect.stringMatching(
        /missing in Salesforce, or hidden .*"Churn Risk" \(Holdfast_Risk_Percent__c\), "Churn Risk Level" .*All others are written/,
      ),
      expect.stringMatching(/may see but not edit .*"Retention Group" \(Holdfast_Group__c\)/),
    ])
  })

  it('says of an object that our user may not edit that nothing is written there', async () => {
    const { context } = scripted(({ path }) =>
      path === '/sobjects/Account/describe'
        ? {
            body: {
              createable: false,
              updateable: false,
              fields: [described('Holdfast_Group__c', 'picklist')],
            },
          }
        : undefined,
    )
    const { problems } = await provision(context)
    expect(problems).toEqual([expect.stringMatching(/may not edit Accounts/)])
  })

  it('tells a field of our name that somebody else made, and a formula, from ours', async () => {
    const { context } = scripted(undefined, {
      describes: {
        Account: (all) =>
          change('Holdfast_Currency__c', { calculated: true })(
            change('Holdfast_Risk_Percent__c', { type: 'picklist' })(all),
          ),
      },
    })
    const { problems } = await provision(context)
    expect(problems).toEqual([
      expect.stringMatching(/Holdfast_Risk_Percent__c.*"picklist", where Holdfast writes a percentage/),
      expect.stringMatching(/Holdfast_Currency__c.*is a formula/),
    ])
  })

  it('sees that the package stands there under another namespace', async () => {
    const { context } = scripted(undefined, {
      describes: {
        Account: (all) =>
          all.map((one) => ({ ...one, name: one.name.replace(/^Holdfast/, 'hold__Holdfast') })),
      },
    })
    const { problems } = await provision(context)
    expect(problems).toEqual([expect.stringMatching(/with the namespace "hold".*Connect Salesforce again/)])
  })
})
