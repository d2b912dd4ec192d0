import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { openSalesforceClient, type SalesforceClient } from '../../connectors/salesforce/client.ts'
import { openGovernors } from '../../connectors/salesforce/governor.ts'
import { refreshSession } from '../../connectors/salesforce/oauth.ts'
import type { SalesforceSandbox } from '../../connectors/salesforce/sandbox/server.ts'
import { keepSalesforceOutOfHome } from '../../src/config.ts'
import type { TenantId } from '../../src/contracts/ids.ts'
import { keepOrgSession, openSealedSessions } from '../../src/security/sealed-sessions.ts'
import { openVault } from '../../src/security/vault.ts'
import type { Database } from '../../src/store/database.ts'
import { addTenant, databaseKind, openTestDatabase } from '../support/database.ts'
import { clock, orgOf, tokenCalls, USERNAME } from './orgs.ts'

keepSalesforceOutOfHome()
const masterKey = randomBytes(32)
const vault = openVault({ masterKey })
const name = z.object({ Name: z.string() })

describe(`two orgs whose users have the same name (${databaseKind})`, () => {
  let database: Database
  let tenants: readonly TenantId[]
  beforeAll(async () => {
    database = await openTestDatabase()
    tenants = [await addTenant(database), await addTenant(database)]
  })
  afterAll(() => database?.close())

  /** A process of its own: its own clients, governors and sessions. */
  function clientOf(tenant: TenantId, sandbox: SalesforceSandbox): SalesforceClient {
    const { org, url, app } = sandbox
    const renew = (refreshToken: string | null) =>
      refreshSession({ loginUrl: url, ...app, refreshToken: refreshToken ?? '' })
    return openSalesforceClient({
      tenant,
      org,
      username: USERNAME,
      sessions: openSealedSessions({ database, vault, tenant, org, renew, clock }),
      governor: openGovernors().of(org, 0.2),
      clock,
    })
  }

  const connect = (tenant: TenantId, sandbox: SalesforceSandbox) =>
    database.withTenant(tenant, (tx) =>
      keepOrgSession(tx, { vault, org: sandbox.org, session: sandbox.authorize(), clock }),
    )

  async function names(client: SalesforceClient): Promise<readonly string[]> {
    const found: string[] = []
    for await (const { records } of client.query('SELECT Name FROM Account', name))
      found.push(...records.map((record) => record.Name.replace(/ \d+$/, '')))
    return found
  }

  it('never meet, whichever tenants they are of, while the sessions of both end again and again', async () => {
    const acme = await orgOf('00D000000000001EAA', 'Acme')
    const bolt = await orgOf('00D000000000002EAA', 'Bolt')
    const [one, two] = tenants
    const places = [
      { tenant: one, sandbox: acme, account: 'Acme' },
      { tenant: two, sandbox: bolt, account: 'Bolt' },
      { tenant: one, sandbox: bolt, account: 'Bolt' },
      { tenant: two, sandbox: acme, account: 'Acme' },
    ]
    for (const { tenant, sandbox } of places) await connect(tenant, sandbox)
    const clients = places.map((place) => ({ ...place, client: clientOf(place.tenant, place.sandbox) }))
    for (let round = 0; round < 4; round++) {
      if (round > 0) for (const sandbox of [acme, bolt]) sandbox.faults.expireTokens()
      for (const sandbox of [acme, bolt]) sandbox.forgetRequests()
      await Promise.all(
        clients.flatMap(({ client, account, sandbox }) =>
          // A user has ten queries open at once, and the two tenants are the same one.
          Array.from({ length: 10 }, async (_, at) => {
            expect(await client.user()).toMatchObject({ org: sandbox.org, username: USERNAME })
            if (at >= 4)
              return void (await client.call({ method: 'GET', path: '/limits', schema: z.unknown() }))
            const found = await names(client)
            expect(found.length).toBe(30)
            expect(new Set(found)).toEqual(new Set([account]))
          }),
        ),
      )
      // One a sign-in, and each of the two tenants has its own to each org.
      for (const sandbox of [acme, bolt]) expect(tokenCalls(sandbox)).toBe(round === 0 ? 0 : 2)
    }
  })

  it('renew once under ten calls at once, of two processes', async () => {
    const acme = await orgOf('00D000000000003EAA', 'Acme')
    const [tenant] = tenants
    await connect(tenant, acme)
    const processes = [clientOf(tenant, acme), clientOf(tenant, acme)]
    await Promise.all(processes.map(names))
    for (let round = 0; round < 3; round++) {
      acme.faults.expireTokens()
      acme.forgetRequests()
      await Promise.all(Array.from({ length: 10 }, (_, at) => names(processes[at % 2])))
      expect(tokenCalls(acme)).toBe(1)
    }
  })

  it('of which one took its consent back: that one says so, the other goes on', async () => {
    const acme = await orgOf('00D000000000004EAA', 'Acme')
    const bolt = await orgOf('00D000000000005EAA', 'Bolt')
    const [tenant] = tenants
    for (const sandbox of [acme, bolt]) await connect(tenant, sandbox)
    const [revoked, other] = [clientOf(tenant, acme), clientOf(tenant, bolt)]
    acme.faults.revokeTokens()
    await expect(names(revoked)).rejects.toMatchObject({ code: 'connector_reconnect', retryable: false })
    await expect(names(revoked)).rejects.toMatchObject({ code: 'connector_reconnect' })
    expect(tokenCalls(acme)).toBe(1)
    expect((await names(other)).length).toBe(30)
  })
})
