import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { SALESFORCE_CAN } from '../../connectors/salesforce/connector.ts'
import { startSalesforceSandbox, type SalesforceSandbox } from '../../connectors/salesforce/sandbox/server.ts'
import type { TenantId } from '../../src/contracts/ids.ts'
import { openSalesforce, SALESFORCE_KIND_CAN, type Salesforce } from '../../src/salesforce.ts'
import { keepOrgSession, orgSecret } from '../../src/security/sealed-sessions.ts'
import { openVault } from '../../src/security/vault.ts'
import { createConnection, readConnection } from '../../src/store/connections.ts'
import type { Database } from '../../src/store/database.ts'
import { addTenant, openTestDatabase } from '../support/database.ts'

const vault = openVault({ masterKey: randomBytes(32) })
const clock = () => new Date()
let database: Database
let tenant: TenantId
let live: SalesforceSandbox
let test: SalesforceSandbox
let salesforce: Salesforce
beforeAll(async () => {
  database = await openTestDatabase()
  tenant = await addTenant(database)
  live = await startSalesforceSandbox({ clock })
  test = await startSalesforceSandbox({ clock, org: '00D000000000099EAA', isSandbox: true })
  const app = { ...live.app, loginUrl: live.url }
  salesforce = openSalesforce({ app, database, vault, clock, builtIn: () => null })
})
afterAll(async () => {
  await Promise.all([live?.close(), test?.close()])
  await database?.close()
})

async function connected(org: SalesforceSandbox, session = org.authorize()) {
  const { user, url } = org
  const config = {
    org: org.org,
    object: 'Account',
    auth: 'web',
    username: user.username,
    instanceUrl: url,
    loginUrl: url,
  }
  const wanted = {
    kind: 'salesforce',
    name: org.org,
    externalId: org.org,
    sandbox: false,
    config,
    population: null,
  }
  const id = await database.withTenant(tenant, async (tx) => {
    await keepOrgSession(tx, { vault, org: org.org, session, clock })
    return createConnection(tx, wanted)
  })
  const stands = () => database.withTenant(tenant, (tx) => readConnection(tx, id))
  return { place: { tenant, id, kind: 'salesforce', config }, stands }
}

describe('a connection to a Salesforce org', () => {
  it('can what its connector says, known before that is loaded', () => {
    expect(SALESFORCE_KIND_CAN).toEqual(SALESFORCE_CAN)
  })

  it('serves everybody with one connector, and with another after a new sign-in', async () => {
    const { place, stands } = await connected(live)
    const before = await salesforce.kind.open(place)
    expect(await salesforce.kind.open(place)).toBe(before)
    expect(await stands()).toMatchObject({ status: 'active', sandbox: false })
    const session = live.authorize()
    await database.withTenant(tenant, (tx) => keepOrgSession(tx, { vault, org: live.org, session, clock }))
    expect(await salesforce.kind.open(place)).not.toBe(before)
  })

  it('is a dry run from when its org turns out to be a sandbox', async () => {
    const { place, stands } = await connected(test)
    await salesforce.kind.open(place)
    expect(await stands()).toMatchObject({ status: 'active', sandbox: true })
  })

  it('is paused, and reads nothing, when its sign-in opens another org', async () => {
    const { place, stands } = await connected(live, test.authorize())
    test.forgetRequests()
    await expect(salesforce.kind.open(place)).rejects.toMatchObject({
      code: 'connector_configuration',
      message: expect.stringMatching(
        /The sign-in is for Salesforce org 00D000000000099EAA, and this/,
      ) as string,
    })
    expect(await stands()).toMatchObject({
      status: 'paused',
      statusReason: expect.stringContaining(live.org) as string,
    })
    expect(test.requests().some(({ path }) => path.includes('/query') && path.includes('Account'))).toBe(
      false,
    )
  })

  it('gives a consent back when it is left', async () => {
    const { place } = await connected(live)
    await salesforce.kind.open(place)
    expect(await salesforce.revoke(place)).toBe(true)
    const client = await salesforce.clientOf(place)
    await expect(client.user()).rejects.toMatchObject({ code: 'connector_reconnect' })
  })

  it('says what is missing where a key was forgotten', async () => {
    const { place } = await connected(live)
    const config = { ...place.config, auth: 'jwt', clientId: live.jwt.clientId, username: live.jwt.username }
    await database.withTenant(tenant, (tx) => vault.forget(tx, orgSecret(live.org, 'oauth')))
    const client = await salesforce.clientOf({ ...place, config })
    await expect(client.user()).rejects.toMatchObject({
      message: expect.stringContaining('There is no key') as string,
    })
    await database.withTenant(tenant, (tx) =>
      vault.seal(tx, orgSecret(live.org, 'jwt_key'), live.jwt.privateKey),
    )
    await expect((await salesforce.clientOf({ ...place, config })).user()).resolves.toMatchObject({
      org: live.org,
    })
  })
})
