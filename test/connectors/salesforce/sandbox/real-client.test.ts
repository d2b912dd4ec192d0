/** Salesforce's own library talks to the sandbox as it talks to Salesforce. */
import { createHash } from 'node:crypto'
import type { AuthInfo, Connection } from '@salesforce/core'
import { beforeAll, expect, it } from 'vitest'
import type { SalesforceSandbox } from '../../../../connectors/salesforce/sandbox/server.ts'
import { API_VERSION } from '../../../../connectors/salesforce/version.ts'
import { openOrg } from './opened.ts'

let core: typeof import('@salesforce/core')
beforeAll(async () => {
  // Nothing of it goes into the home folder.
  Object.assign(process.env, {
    SF_DISABLE_LOG_FILE: 'true',
    FORCE_MEMFS: 'true',
    SF_DISABLE_TELEMETRY: 'true',
    SF_DOMAIN_RETRY: '0',
  })
  core = await import('@salesforce/core')
})

const refresh = async (
  sandbox: SalesforceSandbox,
  refresh_token: string,
): Promise<Record<string, string>> => {
  const body = new URLSearchParams({
    grant_type: 'refresh_token',
    client_id: sandbox.app.clientId,
    refresh_token,
  })
  const answer = await fetch(`${sandbox.url}/services/oauth2/token`, { method: 'POST', body })
  return (await answer.json()) as Record<string, string>
}

async function connect(
  sandbox: SalesforceSandbox,
): Promise<{ connection: Connection; refreshes: () => number }> {
  let { accessToken, refreshToken } = sandbox.authorize()
  let refreshes = 0
  class OurAuthInfo extends core.AuthInfo {
    override getConnectionOptions(): ReturnType<AuthInfo['getConnectionOptions']> {
      const options = {
        accessToken,
        instanceUrl: sandbox.url,
        async refreshFn(_: unknown, done: (error: Error | null, token?: string) => Promise<void>) {
          refreshes++
          const answer = await refresh(sandbox, refreshToken)
          ;[accessToken, refreshToken] = [answer.access_token, answer.refresh_token]
          await done(null, accessToken)
        },
      }
      return options as unknown as ReturnType<AuthInfo['getConnectionOptions']>
    }
  }
  const username = `sandbox--${sandbox.org}`
  const accessTokenOptions = {
    accessToken,
    instanceUrl: sandbox.url,
    loginUrl: sandbox.url,
    orgId: sandbox.org,
    username,
    isDevHub: false,
    namespacePrefix: '',
  }
  const authInfo = await OurAuthInfo.create({ username, accessTokenOptions } as unknown as AuthInfo.Options)
  const connection = await core.Connection.create({
    authInfo,
    connectionOptions: { version: API_VERSION.slice(1) },
  })
  return { connection, refreshes: () => refreshes }
}

it('reads and writes as the library asks, page by page, record by record and in collections', async () => {
  const { sandbox, state } = await openOrg({
    pageSize: 300,
    seed: (seeded) => {
      for (let n = 0; n < 1_000; n++) seeded.createRecord('Account', { Name: `Co ${n}` })
    },
  })
  const { connection } = await connect(sandbox)
  const found = await connection.query("SELECT Id, Name, Owner.Name FROM Account WHERE Name LIKE 'Co %'", {
    autoFetch: true,
    maxFetch: 5_000,
  })
  expect(found.records.length).toBe(1_000)
  expect(new Set(found.records.map(({ Id }) => Id)).size).toBe(1_000)
  const described = await connection.describe('Account')
  expect(described.fields.find(({ name }) => name === 'Name')).toMatchObject({
    nillable: false,
    nameField: true,
  })
  expect((await connection.describeGlobal()).sobjects.map(({ name }) => name)).toContain('Contact')
  const made = await connection.create('Account', { Name: 'New' })
  expect(made).toMatchObject({ success: true })
  await connection.update('Account', { Id: made.id!, Type: 'Customer' })
  expect(await connection.retrieve('Account', made.id!)).toMatchObject({ Name: 'New', Type: 'Customer' })
  const many = Array.from({ length: 450 }, (_, n) => ({ Id: state.ids('Account')[n], Site: `site ${n}` }))
  const results = await connection.update('Account', many, { allowRecursive: true, allOrNone: false })
  expect(results.every(({ success }) => success)).toBe(true)
  const upserts = [1, 1].map(() =>
    connection.upsert('Task', { Holdfast_Key__c: 'k', Subject: 'Call' }, 'Holdfast_Key__c'),
  )
  await Promise.all(upserts)
  expect(state.count('Task')).toBe(1)
  await connection.destroy('Account', made.id!)
  const deleted = await connection.deleted('Account', '2026-11-20T08:00:00Z', '2026-11-20T10:00:00Z')
  expect(deleted.deletedRecords.map(({ id }) => id)).toEqual([made.id])
  expect(
    (await connection.tooling.query('SELECT QualifiedApiName FROM EntityDefinition')).totalSize,
  ).toBeGreaterThan(20)
  expect(await connection.identity()).toMatchObject({
    organization_id: sandbox.org,
    username: sandbox.user.username,
  })
  expect((await connection.limits()).DailyApiRequests.Max).toBe(105_000)
  expect(connection.limitInfo.apiUsage?.limit).toBe(105_000)
})

it('renews its session when it is refused, once for ten calls at the same time', async () => {
  const { sandbox } = await openOrg()
  const { connection, refreshes } = await connect(sandbox)
  sandbox.faults.expireTokens()
  const answers = await Promise.all(Array.from({ length: 10 }, () => connection.query('SELECT Id FROM User')))
  expect(answers.every(({ totalSize }) => totalSize === 2)).toBe(true)
  expect(refreshes()).toBe(1)
})

it('understands what is refused', async () => {
  const { sandbox } = await openOrg()
  const { connection } = await connect(sandbox)
  await expect(connection.query('SELECT Nope FROM Account')).rejects.toMatchObject({ name: 'INVALID_FIELD' })
  await expect(connection.create('Contact', {})).rejects.toMatchObject({ name: 'REQUIRED_FIELD_MISSING' })
  sandbox.faults.dailyLimit(true)
  await expect(connection.query('SELECT Id FROM Account')).rejects.toMatchObject({
    name: 'REQUEST_LIMIT_EXCEEDED',
  })
})

it('lets the library sign in by code and PKCE, and renew', async () => {
  const { sandbox } = await openOrg()
  const { OAuth2 } = await import('@jsforce/jsforce-node')
  const oauth = new OAuth2({
    ...sandbox.app,
    loginUrl: sandbox.url,
    redirectUri: 'http://localhost/callback',
  })
  const verifier = 'a'.repeat(43)
  const code = sandbox.authorizationCode(createHash('sha256').update(verifier).digest('base64url'))
  const granted = await oauth.requestToken(code, { code_verifier: verifier })
  expect(granted).toMatchObject({ instance_url: sandbox.url })
  const renewed = await oauth.refreshToken(granted.refresh_token!)
  expect(renewed.access_token).not.toBe(granted.access_token)
  await expect(oauth.refreshToken(granted.refresh_token!)).rejects.toThrow('expired access/refresh token')
  await expect(oauth.refreshToken(renewed.refresh_token!)).rejects.toThrow('expired access/refresh token')
})
