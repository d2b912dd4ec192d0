import { randomBytes, randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startHubSpotSandbox, type HubSpotSandbox } from '../../connectors/hubspot/sandbox/server.ts'
import { asConnection, type TenantId } from '../../src/contracts/ids.ts'
import { openHubSpot } from '../../src/hubspot.ts'
import { portalSecret } from '../../src/security/private-app-tokens.ts'
import { openVault } from '../../src/security/vault.ts'
import type { Database } from '../../src/store/database.ts'
import { addTenant, openTestDatabase } from '../support/database.ts'

describe('an account that is signed in to again', () => {
  const vault = openVault({ masterKey: randomBytes(32) })
  const clock = () => new Date()
  let database: Database
  let tenant: TenantId
  let portal: HubSpotSandbox
  beforeAll(async () => {
    database = await openTestDatabase()
    tenant = await addTenant(database)
    portal = await startHubSpotSandbox({ clock, portal: '4720' })
  })
  afterAll(async () => {
    await portal?.close()
    await database?.close()
  })

  it('is reached with the new token at once, also where HubSpot still takes the one before', async () => {
    const app = { clientId: null, clientSecret: null, apiUrl: portal.url }
    const { kind } = openHubSpot({ app, database, vault, clock, builtIn: () => null })
    const place = {
      tenant,
      id: asConnection(randomUUID()),
      kind: 'hubspot',
      config: { portal: '4720', object: 'companies', auth: 'private_app', tier: 'pro' },
    } as const
    const keep = (token: string) =>
      database.withTenant(tenant, (tx) => vault.seal(tx, portalSecret('4720', 'private_app_token'), token))

    await keep(portal.privateAppToken(['crm.objects.contacts.read']))
    const before = await kind.open(place)
    await expect(before.describe()).rejects.toMatchObject({ code: 'connector_configuration' })
    expect(await kind.open(place)).toBe(before)
    await keep(portal.privateAppToken())
    await expect((await kind.open(place)).describe()).resolves.toHaveLength(1)
  })
})
