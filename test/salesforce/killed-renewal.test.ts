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
import { afterEach, describe, expect, it } from 'vitest'
import { keepSalesforceOutOfHome } from '../../src/config.ts'
import { keepOrgSession } from '../../src/security/sealed-sessions.ts'
import { openVault } from '../../src/security/vault.ts'
import { firstDump } from '../../src/store/first-dump.ts'
import { openDatabase } from '../../src/store/open.ts'
import { addTenant } from '../support/database.ts'
import { clock, orgOf, tokenCalls } from './orgs.ts'

keepSalesforceOutOfHome()
const masterKey = randomBytes(32)
const vault = openVault({ masterKey })

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
