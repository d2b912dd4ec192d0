/**
 * The loop over a HubSpot portal on the embedded database: contacts are synced with their history, scored, decided on
 * and written back over HTTP, and what came of the writes is read once.
 *
 *   node bench/hubspot.ts [--contacts 100000] [--speed 8] [--subscription]
 *
 * The portal is the sandbox, with HubSpot's own limits. So that nobody waits for a quarter of an hour, its clock and
 * that of our limiter run `speed` times as fast as the wall's; all rates below are by that clock.
 *
 * Bars: at most 1.1 calls for each that is needed at the least (full pages: 50 records with history, 100 written, 200
 * found by search, and 100 addresses asked for consent with --subscription); no call refused by a limit; at most 110
 * calls in any 10 seconds. A ratio below 1 is within its bar.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { pino } from 'pino'
import { openHubSpotClient } from '../connectors/hubspot/client.ts'
import { HUBSPOT_CAN, openHubSpotConnector } from '../connectors/hubspot/connector.ts'
import { openPacers } from '../connectors/hubspot/limiter.ts'
import { openCrmMemory } from '../connectors/memory.ts'
import { startHubSpotSandbox, type HubSpotSandbox } from '../connectors/hubspot/sandbox/server.ts'
import { defineSubscription } from '../connectors/hubspot/sandbox/subscription-statuses.ts'
import { fixedToken } from '../connectors/hubspot/tokens.ts'
import { worldColumns, worldCustomers } from '../connectors/world/customers.ts'
import { openConnectors } from '../src/loop/connectors.ts'
import { decideBook } from '../src/loop/decide-book.ts'
import { openEngines } from '../src/loop/engines.ts'
import { runStep } from '../src/loop/run-step.ts'
import { scoreBook } from '../src/loop/score-book.ts'
import type { LoopServices, LoopStep, StepName } from '../src/loop/services.ts'
import { sync } from '../src/loop/sync.ts'
import { writeBack } from '../src/loop/write-back.ts'
import { createConnection } from '../src/store/connections.ts'
import { firstDump } from '../src/store/first-dump.ts'
import { openDatabase } from '../src/store/open.ts'
import { createTenant } from '../src/store/tenants.ts'

const { values: options } = parseArgs({
  options: {
    contacts: { type: 'string', default: '100000' },
    speed: { type: 'string', default: '8' },
    subscription: { type: 'boolean', default: false },
  },
})
const contacts = Number(options.contacts)
const speed = Number(options.speed)
const steps: Readonly<Partial<Record<StepName, LoopStep>>> = {
  sync,
  score: scoreBook,
  decide: decideBook,
  write_back: writeBack,
}
const BARS = { calls: 1.1, inTenSeconds: 110 }
const SUBSCRIPTION = 11

const print = (line: string): void => void process.stdout.write(`${line}\n`)
const began = performance.now()
/** Milliseconds of the fast clock. */
const now = (): number => (performance.now() - began) * speed
const start = Date.now()
const clock = (): Date => new Date(start + now())

const folder = mkdtempSync(join(tmpdir(), 'holdfast-bench-'))
try {
  await measure()
} finally {
  rmSync(folder, { recursive: true, force: true })
}

/** Contacts that pay for something themselves: what a billing system writes onto them, under its own names. */
function fill({ state }: HubSpotSandbox): void {
  const columns = worldColumns.filter(({ name }) => !['customer_id', 'company', 'email'].includes(name))
  for (const { name, type } of columns)
    state.addProperty('contacts', name, { type: type === 'text' ? 'string' : 'number' })
  if (options.subscription)
    defineSubscription(state, {
      id: SUBSCRIPTION,
      name: 'News for customers',
      description: 'What our customers hear from us',
      purpose: 'Marketing',
    })
  const at = worldColumns.map(({ name }) => name)
  // Long ago, as most of a portal: whoever came within the last minutes is asked for once more.
  const joined = new Date(start - 400 * 86_400_000)
  const asOf = clock().toISOString().slice(0, 10)
  for (const { offset, rows, columns: values } of worldCustomers({ seed: 7, rows: contacts, asOf }))
    for (let row = 0; row < rows; row++) {
      const of = (name: string): string | number | null => values[at.indexOf(name)][row]
      const described = Object.fromEntries(
        columns
          .map(({ name }) => [name, of(name)])
          .filter(([, value]) => !Number.isNaN(value) && value !== null),
      )
      const [firstname, ...rest] = String(of('company')).split(' ')
      state.createRecord(
        'contacts',
        {
          ...described,
          firstname,
          lastname: `${rest.join(' ')} ${offset + row}`,
          email: `c${offset + row}@example.com`,
          lifecyclestage: 'customer',
        },
        undefined,
        { at: joined },
      )
    }
}

async function measure(): Promise<void> {
  const sandbox = await startHubSpotSandbox({ clock })
  const seeding = performance.now()
  fill(sandbox)
  print(
    `${contacts.toLocaleString('en')} contacts (put there within ${((performance.now() - seeding) / 1000).toFixed(0)} s), clock x${speed}, embedded database`,
  )
  const database = await openDatabase({ url: null, folder: join(folder, 'database'), dump: firstDump() })
  const engines = openEngines({ threads: 2, dataFolder: folder })
  const pacers = openPacers({ now, sleep: (ms) => sleep(ms / speed) })
  const memory = openCrmMemory({ clock })
  const token = sandbox.authorize().accessToken
  const key = Buffer.alloc(32, 7)
  const services: LoopServices = {
    database,
    engines,
    connectors: openConnectors({
      hubspot: {
        can: HUBSPOT_CAN,
        open: async ({ config }) =>
          openHubSpotConnector({
            config,
            clock,
            memory,
            client: openHubSpotClient({
              baseUrl: sandbox.url,
              portal: sandbox.portal,
              tokens: fixedToken(token),
              pacer: pacers.of(sandbox.portal, 'oauth'),
              clock,
            }),
          }),
      },
    }),
    secrets: { addressKey: async () => key, linkKey: async () => key },
    clock,
    log: pino({ level: 'silent' }),
  }
  try {
    const tenant = await database.asSystem('a benchmark', (tx) => createTenant(tx, 'Benchmark'))
    const connection = await database.withTenant(tenant, (tx) =>
      createConnection(tx, {
        kind: 'hubspot',
        name: 'Portal',
        externalId: sandbox.portal,
        sandbox: false,
        config: {
          portal: sandbox.portal,
          object: 'contacts',
          auth: 'oauth',
          subscription: options.subscription ? String(SUBSCRIPTION) : null,
        },
        population: { kind: 'property', property: 'lifecyclestage', values: ['customer'] },
      }),
    )
    print(`\n${'step'.padEnd(24)}  wall s  calls  least  found`)
    const run = async (step: StepName, cause: string, least: number): Promise<void> => {
      const before = sandbox.requests().length
      const from = performance.now()
      const counts = await runStep(services, steps as Record<StepName, LoopStep>, {
        tenant,
        connection,
        step,
        cause,
        signal: new AbortController().signal,
      })
      const calls = sandbox.requests().length - before
      print(
        `${`${step}, ${cause}`.padEnd(24)} ${((performance.now() - from) / 1000).toFixed(1).padStart(7)} ${String(calls).padStart(6)} ${String(least).padStart(6)}  ${JSON.stringify(counts)}`,
      )
    }
    const pages = (size: number): number => Math.ceil(contacts / size)
    const consent = options.subscription ? pages(100) : 0
    await run('sync', 'first', pages(50) + consent)
    await run('score', 'sync', 0)
    await run('decide', 'score', 0)
    await run('write_back', 'score', pages(100))
    await run('sync', 'schedule', pages(200))
    await run('write_back', 'schedule', 0)
    judge(sandbox, pages(50) + consent + pages(100) + pages(200))
    print(`peak memory ${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MB, sandbox included`)
  } finally {
    await engines.close()
    await database.close()
    await sandbox.close()
  }
}

function judge(sandbox: HubSpotSandbox, least: number): void {
  const requests = sandbox.requests()
  const times = requests.map(({ at }) => at.getTime()).toSorted((a, b) => a - b)
  let most = 0
  for (let first = 0, last = 0; last < times.length; last++) {
    while (times[last] - times[first] >= 10_000) first++
    most = Math.max(most, last - first + 1)
  }
  const refused = requests.filter(({ status }) => status === 429).length
  const failed = requests.filter(({ status }) => status >= 400).length
  const ratio = requests.length / least
  print(
    `\ncalls ${requests.length} for ${least} at the least: ${ratio.toFixed(3)}, against the bar ${(ratio / BARS.calls).toFixed(3)}`,
  )
  print(`calls in any 10 s ${most}, against the bar ${(most / BARS.inTenSeconds).toFixed(2)}`)
  print(`refused by a limit ${refused}, failed for any reason ${failed}`)
  const byPath = Map.groupBy(requests, ({ method, path }) => `${method} ${path}`)
  for (const [path, calls] of [...byPath].toSorted((a, b) => b[1].length - a[1].length))
    print(`  ${String(calls.length).padStart(6)}  ${path}`)
}
