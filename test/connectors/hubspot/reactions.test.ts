/** The client and the token store against the sandbox: what each trouble of a portal leads to. */
import { randomBytes } from 'node:crypto'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { openHubSpotClient, type HubSpotClient } from '../../../connectors/hubspot/client.ts'
import { openPacers } from '../../../connectors/hubspot/limiter.ts'
import { refreshTokens } from '../../../connectors/hubspot/oauth.ts'
import { startHubSpotSandbox, type HubSpotSandbox } from '../../../connectors/hubspot/sandbox/server.ts'
import { fixedToken, type TokenSource } from '../../../connectors/hubspot/tokens.ts'
import type { TenantId } from '../../../src/contracts/ids.ts'
import { keepPortalTokens, openPortalTokens } from '../../../src/security/portal-tokens.ts'
import { openVault } from '../../../src/security/vault.ts'
import type { Database } from '../../../src/store/database.ts'
import { addTenant, openTestDatabase } from '../../support/database.ts'
import { mostInAnyWindow } from './pacing.ts'

const COMPANIES = '/crm/objects/2026-09/companies'
const page = z.object({
  results: z.array(z.object({ id: z.string() })),
  paging: z.object({ next: z.object({ after: z.string() }) }).optional(),
})
const START = Date.parse('2026-11-21T10:00:00Z')
const RECORDS = 25

describe('a portal in trouble', () => {
  const vault = openVault({ masterKey: randomBytes(32) })
  let database: Database
  let tenant: TenantId
  let sandbox: HubSpotSandbox
  let at = START
  const waits: number[] = []
  const clock = () => new Date(at)
  const sleep = async (ms: number) => {
    waits.push(ms)
    at += ms
  }

  beforeAll(async () => {
    database = await openTestDatabase()
    tenant = await addTenant(database)
  })
  afterAll(() => database?.close())
  beforeEach(async () => {
    at = START
    waits.length = 0
    sandbox = await startHubSpotSandbox({
      clock,
      seed: (state) => {
        for (let record = 0; record < RECORDS; record++)
          state.createRecord('companies', { name: `Company ${record}` })
      },
    })
  })
  afterEach(() => sandbox?.close())

  function clientOf(tokens: TokenSource): HubSpotClient {
    const pacer = openPacers({ now: () => at, sleep }).of(sandbox.portal, 'oauth')
    return openHubSpotClient({ baseUrl: sandbox.url, portal: sandbox.portal, tokens, pacer, clock, sleep })
  }

  /** As an installation has it: the consent sealed in the vault, renewed at the sandbox. */
  async function connected(secret = sandbox.app.clientSecret): Promise<HubSpotClient> {
    const granted = sandbox.authorize()
    const { portal, url: baseUrl, app } = sandbox
    const tokens = { ...granted, expiresAt: new Date(at + 1_800_000).toISOString() }
    await database.withTenant(tenant, (tx) => keepPortalTokens(tx, { vault, portal, tokens }))
    const refresh = (refreshToken: string) =>
      refreshTokens({ baseUrl, clientId: app.clientId, clientSecret: secret, refreshToken, clock })
    return clientOf(openPortalTokens({ database, vault, tenant, portal, refresh, clock, sleep }))
  }

  async function readAll(client: HubSpotClient, between: () => void = () => undefined): Promise<string[]> {
    const ids: string[] = []
    for (let after: string | undefined = '0'; after !== undefined; between()) {
      const query: Record<string, string | number> = after === '0' ? { limit: 10 } : { limit: 10, after }
      const answer = await client.call({ method: 'GET', path: COMPANIES, query, schema: page })
      ids.push(...answer.body.results.map(({ id }) => id))
      after = answer.body.paging?.next.after
    }
    return ids
  }

  const statuses = () => sandbox.requests().map(({ status }) => status)
  const renewals = () => sandbox.requests().filter(({ path }) => path.startsWith('/oauth/')).length

  it('a token that expires between two pages: renewed once, every record once', async () => {
    const client = await connected()
    const ids = await readAll(client, () => {
      if (renewals() === 0) sandbox.faults.expireTokens()
    })
    expect(new Set(ids).size).toBe(RECORDS)
    expect(ids.length).toBe(RECORDS)
    expect(renewals()).toBe(1)
    expect(statuses().filter((status) => status === 401).length).toBe(1)
  })

  it('a token that would run out: renewed before HubSpot has to refuse it', async () => {
    const client = await connected()
    for (let reading = 0; reading < 7; reading++) {
      await readAll(client)
      at += 10 * 60_000
    }
    expect(new Set(statuses())).toEqual(new Set([200]))
    expect(renewals()).toBe(2)
  })

  it('many calls that meet the expired token at once share one renewal', async () => {
    const client = await connected()
    await readAll(client)
    sandbox.faults.expireTokens()
    await Promise.all(Array.from({ length: 12 }, () => readAll(client)))
    expect(renewals()).toBe(1)
  })

  it('the app uninstalled: connect again, after one question', async () => {
    const client = await connected()
    await readAll(client)
    sandbox.faults.revokeTokens()
    sandbox.forgetRequests()
    for (let time = 0; time < 3; time++)
      await expect(readAll(client)).rejects.toMatchObject({ code: 'connector_reconnect', retryable: false })
    expect(renewals()).toBe(1)
  })

  it('a wrong secret of our own: ours to mend, and the portal goes on once it is', async () => {
    const client = await connected('wrong')
    at += 31 * 60_000
    await expect(readAll(client)).rejects.toMatchObject({ code: 'connector_configuration', retryable: false })
    expect((await readAll(await connected())).length).toBe(RECORDS)
  })

  it('a scope taken away: named, and not asked for again within the call', async () => {
    const client = await connected()
    sandbox.faults.withoutScope('crm.objects.companies.read')
    await expect(readAll(client)).rejects.toMatchObject({
      code: 'connector_configuration',
      retryable: false,
      message: expect.stringContaining('crm.objects.companies.read'),
    })
    expect(statuses()).toEqual([403])
  })

  it("the day's limit: until when, one refusal, and the reading goes on after it", async () => {
    const client = clientOf(fixedToken(sandbox.privateAppToken()))
    sandbox.faults.dailyLimit(true)
    for (let time = 0; time < 3; time++)
      await expect(readAll(client)).rejects.toMatchObject({
        code: 'connector_unavailable',
        retryable: true,
        message: expect.stringMatching(/calls for the day.*(after 20|midnight)/),
      })
    expect(statuses()).toEqual([429])
    sandbox.faults.dailyLimit(false)
    at += 24 * 3_600_000
    expect((await readAll(client)).length).toBe(RECORDS)
  })

  it('a lock: waited out', async () => {
    const client = await connected()
    sandbox.faults.inject({ path: COMPANIES, times: 2, effect: { kind: 'locked' } })
    expect((await readAll(client)).length).toBe(RECORDS)
    expect(waits.length).toBe(2)
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(2000)
  })

  it('an address that is too long: said so, so that its maker can make it shorter', async () => {
    const client = await connected()
    const properties = Array.from({ length: 900 }, (_, number) => `a_property_with_a_long_name_${number}`)
    await expect(
      client.call({ method: 'GET', path: COMPANIES, query: { properties }, schema: page }),
    ).rejects.toMatchObject({ code: 'request_too_large', retryable: false })
    expect(statuses()).toEqual([414])
  })

  it('a connection cut in the middle of reading: nothing lost, nothing twice', async () => {
    const client = await connected()
    sandbox.faults.inject({ path: COMPANIES, nth: 2, effect: { kind: 'drop', when: 'after' } })
    sandbox.faults.inject({
      path: COMPANIES,
      nth: 3,
      effect: { kind: 'answer', status: 502, body: '<html>' },
    })
    const ids = await readAll(client)
    expect([ids.length, new Set(ids).size]).toEqual([RECORDS, RECORDS])
  })

  it('400 calls as fast as they go: none refused, by the count of HubSpot', async () => {
    const client = await connected()
    const one = () => client.call({ method: 'GET', path: COMPANIES, query: { limit: 1 }, schema: page })
    for (let batch = 0; batch < 20; batch++) await Promise.all(Array.from({ length: 20 }, one))
    expect(new Set(statuses())).toEqual(new Set([200]))
    const times = sandbox.requests().map((request) => request.at.getTime())
    expect(times.length).toBe(400)
    expect(mostInAnyWindow(times, 10_000)).toBeLessThanOrEqual(110)
    expect(at - START).toBeLessThanOrEqual(31_000)
  })
})
