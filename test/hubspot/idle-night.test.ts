/** Nights in which nothing happens in the portal: nothing worth a write comes of them, and our own writes wake nobody. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { setTimeout as sleep } from 'node:timers/promises'
import { pino } from 'pino'
import { openHubSpotClient } from '../../connectors/hubspot/client.ts'
import { HUBSPOT_CAN, openHubSpotConnector } from '../../connectors/hubspot/connector.ts'
import { openPacers } from '../../connectors/hubspot/limiter.ts'
import { seedSample } from '../../connectors/hubspot/sandbox/sample.ts'
import { startHubSpotSandbox, type HubSpotSandbox } from '../../connectors/hubspot/sandbox/server.ts'
import { fixedToken } from '../../connectors/hubspot/tokens.ts'
import type { ConnectionId, TenantId } from '../../src/contracts/ids.ts'
import { openConnectors } from '../../src/loop/connectors.ts'
import { decideBook } from '../../src/loop/decide-book.ts'
import { openEngines } from '../../src/loop/engines.ts'
import { runStep } from '../../src/loop/run-step.ts'
import { scoreBook } from '../../src/loop/score-book.ts'
import type { Counts, LoopServices, LoopStep, StepName } from '../../src/loop/services.ts'
import { sync } from '../../src/loop/sync.ts'
import { writeBack } from '../../src/loop/write-back.ts'
import { createConnection } from '../../src/store/connections.ts'
import type { Database } from '../../src/store/database.ts'
import { addTenant, openTestDatabase } from '../support/database.ts'

const HOUR = 3_600_000
const SPEED = 50
const CUSTOMERS = 1000
const NIGHTS = 3

describe('an idle night', () => {
  const began = performance.now()
  let shift = 0
  const start = Date.now()
  /** Fifty times as fast as the wall's, so that the limits of calls cost no minutes; and nights are skipped. */
  const now = (): number => (performance.now() - began) * SPEED + shift
  const clock = (): Date => new Date(start + now())
  let sandbox: HubSpotSandbox
  let database: Database
  let services: LoopServices
  let engines: ReturnType<typeof openEngines>
  let tenant: TenantId
  let connection: ConnectionId

  beforeAll(async () => {
    sandbox = await startHubSpotSandbox({
      clock,
      seed: (state) => void seedSample(state, { customers: CUSTOMERS, seed: 5 }),
    })
    database = await openTestDatabase()
    engines = openEngines({ threads: 1, dataFolder: 'none' })
    const pacers = openPacers({
      now: () => (performance.now() - began) * SPEED,
      sleep: (ms) => sleep(ms / SPEED),
    })
    const key = Buffer.alloc(32, 7)
    const token = sandbox.privateAppToken()
    services = {
      database,
      engines,
      connectors: openConnectors({
        hubspot: {
          can: HUBSPOT_CAN,
          open: async ({ config }) =>
            openHubSpotConnector({
              config,
              clock,
              client: openHubSpotClient({
                baseUrl: sandbox.url,
                portal: sandbox.portal,
                tokens: fixedToken(token),
                pacer: pacers.of(sandbox.portal, 'free'),
                clock,
              }),
            }),
        },
      }),
      secrets: { addressKey: async () => key, linkKey: async () => key },
      clock,
      log: pino({ level: 'silent' }),
    }
    tenant = await addTenant(database)
    connection = await database.withTenant(tenant, (tx) =>
      createConnection(tx, {
        kind: 'hubspot',
        name: 'A portal',
        externalId: sandbox.portal,
        sandbox: false,
        config: { portal: sandbox.portal, object: 'companies', auth: 'private_app' },
        population: { kind: 'property', property: 'lifecyclestage', values: ['customer'] },
      }),
    )
  })
  afterAll(async () => {
    await engines?.close()
    await database?.close()
    await sandbox?.close()
  })

  const steps: Readonly<Partial<Record<StepName, LoopStep>>> = {
    sync,
    score: scoreBook,
    decide: decideBook,
    write_back: writeBack,
  }
  const run = (step: StepName, cause: string): Promise<Counts> =>
    runStep(services, steps as Record<StepName, LoopStep>, {
      tenant,
      connection,
      step,
      cause,
      signal: new AbortController().signal,
    })
  const whole = async (cause: string): Promise<Readonly<Record<string, Counts>>> => ({
    sync: await run('sync', cause),
    score: await run('score', cause),
    decide: await run('decide', cause),
    write_back: await run('write_back', cause),
  })

  it(`writes at most 2 % of ${CUSTOMERS} records, and none because of its own writes`, async () => {
    const first = await whole('first')
    const { written } = first['write_back'] as { written: number }
    expect(written).toBeGreaterThan(0.9 * CUSTOMERS)

    // What was written comes back as changed, and is recognised: nobody is scored again.
    const echo = await whole('sync')
    expect(echo['sync']).toMatchObject({ added: 0, changed: 0, deleted: 0 })
    expect(echo['score']).toMatchObject({ scored: 0 })
    expect(echo['write_back']).toMatchObject({ written: 0 })

    const nights: number[] = []
    for (let night = 0; night < NIGHTS; night++) {
      for (let hours = 0; hours < 24; hours += 6) {
        shift += 6 * HOUR
        const { sync: seen } = { sync: await run('sync', 'schedule') }
        expect(seen).toMatchObject({ added: 0, changed: 0, deleted: 0 })
      }
      const passed = await whole('schedule')
      nights.push(Number((passed['write_back'] as { written: number }).written))
      const after = await whole('sync')
      expect(after['score']).toMatchObject({ scored: 0 })
      expect(after['write_back']).toMatchObject({ written: 0 })
    }
    process.stdout.write(`written in ${NIGHTS} idle nights, of ${CUSTOMERS}: ${nights.join(', ')}\n`)
    for (const many of nights) expect(many).toBeLessThanOrEqual(0.02 * CUSTOMERS)
  })
})
