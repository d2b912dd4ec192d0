/**
 * All Accounts of an org, read by the Bulk API 2.0 over many pages of results.
 *
 *   node --max-semi-space-size=4 bench/salesforce.ts [--accounts 150000] [--page 10000]
 *
 * The flag is the one that the server runs with: without it V8 takes some 70 MB more before it looks for what is free.
 *
 * The org is the sandbox, in a process of its own, so that its memory does not count. Bars: every row once, no header
 * among them, and at most 200 MB more resident memory than after the first call (Salesforce's own client, which takes
 * about 100 MB, is loaded by then; what it took is printed beside). A ratio below 1 is within its bar.
 */
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { parseArgs } from 'node:util'
import { openSalesforceClient } from '../connectors/salesforce/client.ts'
import { openSalesforceConnector } from '../connectors/salesforce/connector.ts'
import { openGovernors } from '../connectors/salesforce/governor.ts'
import { fixedSession, type Session } from '../connectors/salesforce/sessions.ts'
import { keepSalesforceOutOfHome } from '../src/config.ts'

const { values: options } = parseArgs({
  options: {
    accounts: { type: 'string', default: '150000' },
    page: { type: 'string', default: '10000' },
    serve: { type: 'boolean', default: false },
  },
})
const accounts = Number(options.accounts)
const page = Number(options.page)
const BARS = { growth: 200 }
const MB = 1024 * 1024

interface Served {
  readonly org: string
  readonly username: string
  readonly session: Session
}

const print = (line: string): void => void process.stdout.write(`${line}\n`)
const clock = (): Date => new Date()
const rss = (): number => process.memoryUsage.rss()

if (options.serve) await serve()
else await measure()

/** The org, until the other process ends. */
async function serve(): Promise<void> {
  const { startSalesforceSandbox } = await import('../connectors/salesforce/sandbox/server.ts')
  // Long known, as most of an org: of what changed just now a cursor keeps the versions.
  const joined = { at: new Date(Date.now() - 400 * 86_400_000) }
  const sandbox = await startSalesforceSandbox({
    clock,
    requestLog: 0,
    seed(state) {
      for (let i = 0; i < accounts; i++)
        state.createRecord(
          'Account',
          {
            Name: `Company "${i}", Ltd`,
            Type: 'Customer - Direct',
            BillingCity: i % 3 === 0 ? 'Hamburg' : 'Wien',
            NumberOfEmployees: i % 500,
            AnnualRevenue: (i % 977) * 1000,
            Description: `Id\n"Name",${i}`,
          },
          undefined,
          joined,
        )
    },
  })
  const { accessToken, instanceUrl } = sandbox.authorize()
  const served: Served = {
    org: sandbox.org,
    username: sandbox.user.username,
    session: { accessToken, instanceUrl },
  }
  process.send!(served)
  process.once('disconnect', () => void sandbox.close().then(() => process.exit()))
}

async function measure(): Promise<void> {
  keepSalesforceOutOfHome()
  const server = fork(import.meta.filename, ['--serve', '--accounts', String(accounts)])
  try {
    const { org, username, session } = await answerOf(server)
    const begun = rss()
    const client = openSalesforceClient({
      tenant: 'bench',
      org,
      username,
      sessions: fixedSession(session),
      governor: openGovernors({ clock }).of(org, 0.2),
      clock,
    })
    const connector = openSalesforceConnector({
      config: { org, object: 'Account', auth: 'web', username, instanceUrl: session.instanceUrl },
      client,
      clock,
      bulkPage: page,
    })
    await connector.describe()
    await client.user()
    const loaded = rss()
    /** How often each came: a set of ids would count as the connector's memory. */
    const times = new Uint8Array(accounts)
    let rows = 0
    let strange = 0
    let peak = loaded
    const watch = setInterval(() => (peak = Math.max(peak, rss())), 20)
    const from = performance.now()
    for await (const { upserts } of connector.changes(null)) {
      peak = Math.max(peak, rss())
      for (const { id, properties } of upserts) {
        rows++
        const number = /^Company "(\d+)", Ltd$/.exec(String(properties['Name']))?.[1]
        if (number !== undefined) times[Number(number)]++
        if (!/^001[A-Za-z0-9]{15}$/.test(id) || properties['Type'] !== 'Customer - Direct') strange++
      }
    }
    clearInterval(watch)
    const seconds = (performance.now() - from) / 1000
    await connector.close()
    const results = Object.entries(client.counts()).find(([call]) => call.endsWith('/results'))?.[1] ?? 0
    const calls = Object.values(client.counts()).reduce((sum, count) => sum + count, 0)
    const different = times.reduce((sum, count) => sum + (count > 0 ? 1 : 0), 0)
    const growth = (peak - loaded) / MB
    print(
      `${accounts.toLocaleString('en')} Accounts by ${results} pages of results, ${calls} calls, ${seconds.toFixed(1)} s`,
    )
    print(`rows ${rows}, different ${different}, lost ${accounts - different}, repeated ${rows - different}`)
    print(`headers or other strange rows ${strange}`)
    print(
      `resident memory ${(begun / MB).toFixed(0)} MB, with Salesforce's client ${(loaded / MB).toFixed(0)} MB, at most ${(peak / MB).toFixed(0)} MB`,
    )
    print(`growth ${growth.toFixed(0)} MB, against the bar ${(growth / BARS.growth).toFixed(2)}`)
    if (rows !== accounts || different !== accounts || strange > 0) process.exitCode = 1
  } finally {
    server.disconnect()
  }
}

async function answerOf(server: ChildProcess): Promise<Served> {
  const [served] = (await Promise.race([
    once(server, 'message'),
    once(server, 'exit').then(() => Promise.reject(new Error('The sandbox ended.'))),
  ])) as [Served]
  return served
}
