import { describe, expect, it, onTestFinished } from 'vitest'
import { parseHubSpotConfig } from '../../../connectors/hubspot/config.ts'
import { provision } from '../../../connectors/hubspot/provision.ts'
import { scopesFor } from '../../../connectors/hubspot/scopes.ts'
import { verify } from '../../../connectors/hubspot/verify.ts'
import { clientOf } from './answering.ts'
import { openPortal } from './writing.ts'

const PORTAL = '147000001'
const config = parseHubSpotConfig({ portal: PORTAL, object: 'companies', auth: 'private_app' })

describe('checking a portal', () => {
  it('finds the account, scopes, properties, calls left and records in order', async () => {
    const { client, sandbox } = await openPortal()
    await provision(client, 'companies')
    for (let i = 0; i < 20; i++) sandbox.state.createRecord('companies', { name: `C${i}` })
    const checks = await verify(client, { config, mapped: ['name'], stored: 20 })
    const found = new Map(checks.map(({ name, status, message }) => [name, [status, message]]))
    expect(found.get('HubSpot account')).toEqual([
      'ok',
      expect.stringMatching(/^Portal 147000001 \(STANDARD, [A-Z]{3}, .*\) accepts our sign-in\.$/),
    ])
    expect(found.get('Properties of Holdfast')).toEqual(['ok', 'All of them are there and can be written.'])
    expect(found.get('Mapped properties')).toEqual(['ok', 'All 1 that are read are there.'])
    expect(found.get('Calls left today')).toEqual([
      'ok',
      expect.stringMatching(
        /^[\d,]+ of [\d,]+ are left until .*Z; all private apps of the account share them\.$/,
      ),
    ])
    expect(found.get('Records')).toEqual(['ok', 'HubSpot has 20 companies, Holdfast holds 20.'])
  })

  it('stops at a sign-in that is no longer good, and at one of another portal', async () => {
    const { client, sandbox } = await openPortal()
    expect(await verify(client, { config: { ...config, portal: '4711' } })).toEqual([
      {
        name: 'HubSpot account',
        status: 'failed',
        message: `The sign-in belongs to portal ${PORTAL}, but this connection is to portal 4711. Connect the account anew; nothing is read or written until then.`,
      },
    ])
    sandbox.faults.revokeTokens()
    expect(await verify(client, { config })).toEqual([
      expect.objectContaining({ name: 'HubSpot account', status: 'failed' }),
    ])
  })

  it('says that nothing is sent for a test account', async () => {
    const { client } = await openPortal({ accountType: 'SANDBOX' })
    const [account] = await verify(client, { config })
    expect(account.message).toMatch(
      /It is a test account: risk is written there, and nobody is sent anything because of it\.$/,
    )
  })

  it('names the scope that each kind of call lacks, asked of the token or found out by calls', async () => {
    const { client, sandbox } = await openPortal()
    const asked = await verify(client, {
      config,
      granted: async () =>
        scopesFor({ object: 'companies', deals: false }).filter((one) => !/owners/.test(one)),
    })
    expect(asked.find(({ name }) => name === 'Scopes')).toEqual({
      name: 'Scopes',
      status: 'failed',
      message:
        'The app in HubSpot lacks the scope crm.objects.owners.read (to read owners). Add what is missing to the app and let an admin of the HubSpot account approve it.',
    })
    sandbox.faults.withoutScope('crm.schemas.companies.write')
    sandbox.faults.withoutScope('crm.objects.owners.read')
    const before = sandbox.state.count('tasks')
    const found = await verify(client, { config })
    expect(found.find(({ name }) => name === 'Scopes')?.message).toContain(
      'lacks the scopes crm.objects.owners.read (to read owners), crm.schemas.companies.write (to make properties of Holdfast on companies)',
    )
    expect(sandbox.state.count('tasks')).toBe(before)
  })

  it('names properties that are missing: ours, and those that the mapping reads', async () => {
    const { client, sandbox } = await openPortal()
    await provision(client, 'companies')
    const group = sandbox.state.property('companies', 'holdfast_group')!
    sandbox.state.setProperty('companies', { ...group, archivedAt: Date.now() })
    const checks = await verify(client, { config, mapped: ['name', 'mrr', 'churned_on'] })
    expect(
      checks.filter(({ status }) => status !== 'ok').map(({ name, message }) => [name, message]),
    ).toEqual(
      expect.arrayContaining([
        [
          'Properties of Holdfast',
          '"companies.holdfast_group" is missing in HubSpot. Holdfast makes what is missing when it writes next; what is archived has to be restored there.',
        ],
        [
          'Mapped properties',
          '"mrr", "churned_on" of companies are read by the mapping, but HubSpot has no such property: deleted, archived or made sensitive. Restore it there, or map another one.',
        ],
      ]),
    )
  })

  it('warns where records are missing on our side, and knows no quota of an OAuth app', async () => {
    const { client, sandbox } = await openPortal()
    for (let i = 0; i < 40; i++) sandbox.state.createRecord('companies', { name: `C${i}` })
    const checks = await verify(client, { config: { ...config, auth: 'oauth' }, stored: 12 })
    expect(checks.find(({ name }) => name === 'Records')).toEqual({
      name: 'Records',
      status: 'warning',
      message:
        'HubSpot has 40 companies, Holdfast holds 12. That is so while a first sync runs; otherwise it mends itself within a week, when everything is read anew.',
    })
    expect(checks.find(({ name }) => name === 'Calls left today')?.status).toBe('off')
  })

  it('proposes a subscription type, and finds one that is gone or no longer active', async () => {
    const types = [
      {
        id: '87',
        name: 'Customer news',
        description: '',
        isActive: true,
        isInternal: false,
        isDefault: true,
      },
      { id: '88', name: 'Old', description: '', isActive: false, isInternal: false, isDefault: false },
    ]
    const { client, server } = await clientOf(({ url }) => {
      if (url.includes('/details')) return { body: { portalId: Number(PORTAL), accountType: 'STANDARD' } }
      if (url.includes('/definitions')) return { body: { results: types } }
      return { body: { results: [], total: 0 } }
    })
    onTestFinished(() => server.close())
    const said = async (subscription: string | null): Promise<unknown[]> => {
      const checks = await verify(client, { config: { ...config, subscription }, granted: async () => [] })
      const { status, message } = checks.find(({ name }) => name === 'Consent to e-mails')!
      return [status, message]
    }
    const choose =
      'Connect the account again with --subscription and the id of one, such as 87 ("Customer news").'
    expect(await said(null)).toEqual([
      'warning',
      `No subscription type is chosen for the e-mails of Holdfast, so nobody counts as having agreed. ${choose}`,
    ])
    expect(await said('87')).toEqual(['ok', 'It is kept by the subscription type "Customer news" (87).'])
    expect(await said('88')).toEqual([
      'failed',
      `The subscription type "Old" (88) is no longer active. ${choose}`,
    ])
    expect(await said('99')).toEqual(['failed', `HubSpot has no subscription type 99. ${choose}`])
  })
})
