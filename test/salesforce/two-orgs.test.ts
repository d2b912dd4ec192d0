import { spawn, type ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { openSalesforceClient, type SalesforceClient } from '../../connectors/salesforce/client.ts'
import { openGovernors } from '../../connectors/salesforce/governor.ts'
import { refreshSession } from '../../connectors/salesforce/oauth.ts'
import { startSalesforceSandbox, type SalesforceSandbox } from '../../connectors/salesforce/sandbox/server.ts'
import { keepSalesforceOutOfHome } from '../../src/config.ts'
import type { TenantId } from '../../src/contracts/ids.ts'
import { keepOrgSession, openSealedSessions } from '../../src/security/sealed-sessions.ts'
import { openVault } from '../../src/security/vault.ts'
import type { Database } from '../../src/store/database.ts'
import { firstDump } from '../../src/store/first-dump.ts'
import { openDatabase } from '../../src/store/open.ts'
import { addTenant, databaseKind, openTestDatabase } from '../support/database.ts'

keepSalesforceOutOfHome()
const clock = () => new Date()
const masterKey = randomBytes(32)
const vault = openVault({ masterKey })
const USERNAME = 'holdfast@acme.example'
const name = z.object({ Name: z.string() })

let sandboxes: SalesforceSandbox[] = []
afterEach(async () => {
  await Promise.all(sandboxes.map((one) => one.close()))
  sandboxes = []
})

async function orgOf(org: string, account: string): Promise<SalesforceSandbox> {
  const sandbox = await startSalesforceSandbox({
    clock,
    org,
    username: USERNAME,
    seed: (state) => {
      for (let at = 0; at < 30; at++) state.createRecord('Account', { Name: `${account} ${at}` })
    },
    pageSize: 10,
  })
  sandboxes.push(sandbox)
  return sandbox
}

const tokenCalls = (sandbox: SalesforceSandbox) =>
  sandbox.requests().filter(({ path }) => path.startsWith('/services/oauth2/token')).length

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

describe('a process that is killed while it renews a session', () => {
  let folder: string
  let children: ChildProcess[] = []
  let between: Between
  afterEach(async () => {
    for (const child of children) child.kill('SIGKILL')
    await Promise.all(
      children.map(async (child) => child.exitCode ?? child.signalCode ?? once(child, 'exit')),
    )
    children = []
    await between?.close()
    rmSync(folder, { recursive: true, force: true })
  })

  async function begin() {
    const sandbox = await orgOf('00D000000000009EAA', 'Acme')
    between = await standBetween(sandbox.url)
    folder = mkdtempSync(join(tmpdir(), 'holdfast-renewing-'))
    const database = await openDatabase({ url: null, folder, dump: firstDump() })
    const tenant = await addTenant(database)
    await database.withTenant(tenant, (tx) =>
      keepOrgSession(tx, { vault, org: sandbox.org, session: sandbox.authorize(), clock }),
    )
    await database.close()
    const given = {
      tenant,
      org: sandbox.org,
      loginUrl: between.url,
      ...sandbox.app,
      masterKey: masterKey.toString('base64'),
    }
    const start = async () => {
      const path = fileURLToPath(new URL('./renewing-process.ts', import.meta.url))
      const child = spawn(process.execPath, [path, folder, JSON.stringify(given)], {
        stdio: ['pipe', 'pipe', 'inherit'],
      })
      children.push(child)
      const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
      const next = async (): Promise<string> => String((await lines.next()).value)
      expect(await next()).toBe('ready')
      return {
        call: () => {
          child.stdin.write('call\n')
          return next()
        },
        kill: async () => {
          child.kill('SIGKILL')
          await once(child, 'exit')
        },
        end: async () => {
          child.stdin.end()
          await once(child, 'exit')
        },
      }
    }
    /** One renews, is killed while this is held back, and the next one begins. */
    const afterDeath = async (holds: 'request' | 'answer') => {
      sandbox.faults.expireTokens()
      between.holds = holds
      const dying = await start()
      void dying.call()
      await between.held()
      await dying.kill()
      between.holds = null
      return start()
    }
    return { sandbox, afterDeath }
  }

  it('before Salesforce was asked: the next one renews it and goes on', async () => {
    const { sandbox, afterDeath } = await begin()
    const next = await afterDeath('request')
    expect(await next.call()).toBe('called')
    expect(await next.call()).toBe('called')
    await next.end()
    expect(tokenCalls(sandbox)).toBe(1)
  })

  it('after Salesforce replaced the token and before it was saved: the next one says "connect again", once', async () => {
    const { sandbox, afterDeath } = await begin()
    const next = await afterDeath('answer')
    for (let again = 0; again < 3; again++) {
      const said = await next.call()
      expect(said).toMatch(/^connector_reconnect: .*was stopped.*new one is lost.*Connect the org again/)
    }
    await next.end()
    expect(tokenCalls(sandbox)).toBe(2)
  })
})

interface Between {
  readonly url: string
  holds: 'request' | 'answer' | null
  /** Until something was held. */
  held(): Promise<void>
  close(): Promise<void>
}

/** Stands where people sign in, and holds a request back, or its answer. */
async function standBetween(target: string): Promise<Between> {
  let tell = Promise.withResolvers<void>()
  const server: Server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const hold = between.holds
    if (hold === 'request') return tell.resolve()
    const { 'content-type': type = '' } = request.headers
    const answer = await fetch(`${target}${request.url}`, {
      method: request.method ?? 'GET',
      headers: { 'content-type': type },
      body: Buffer.concat(chunks),
    })
    const text = await answer.text()
    if (hold === 'answer') return tell.resolve()
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(text)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const between: Between = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    holds: null,
    held: async () => {
      await tell.promise
      tell = Promise.withResolvers<void>()
    },
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return between
}
