/** Nights in which nothing happens in the portal: nothing worth a write comes of them, and our own writes wake nobody. */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openHubSpotClient } from '../../connectors/hubspot/client.ts'
import { HUBSPOT_CAN, openHubSpotConnector } from '../../connectors/hubspot/connector.ts'
import { openPacers } from '../../connectors/hubspot/limiter.ts'
import { seedSample } from '../../connectors/hubspot/sandbox/sample.ts'
import { startHubSpotSandbox, type HubSpotSandbox } from '../../connectors/hubspot/sandbox/server.ts'
import { fixedToken } from '../../connectors/hubspot/tokens.ts'
import { openLooping, type Looping } from '../support/looping.ts'

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
  let looping: Looping

  beforeAll(async () => {
    sandbox = await startHubSpotSandbox({
      clock,
      seed: (state) => void seedSample(state, { customers: CUSTOMERS, seed: 5 }),
    })
    const pacers = openPacers({
      now: () => (performance.now() - began) * SPEED,
      sleep: (ms) => sleep(ms / SPEED),
    })
    const client = openHubSpotClient({
      baseUrl: sandbox.url,
      portal: sandbox.portal,
      tokens: fixedToken(sandbox.privateAppToken()),
      pacer: pacers.of(sandbox.portal, 'free'),
      clock,
    })
    looping = await openLooping({
      clock,
      connector: {
        can: HUBSPOT_CAN,
        open: ({ config }) => openHubSpotConnector({ config, clock, client }),
      },
      connection: {
        kind: 'hubspot',
        name: 'A portal',
        externalId: sandbox.portal,
        sandbox: false,
        config: { portal: sandbox.portal, object: 'companies', auth: 'private_app' },
        population: { kind: 'property', property: 'lifecyclestage', values: ['customer'] },
      },
    })
  })
  afterAll(async () => {
    await looping?.close()
    await sandbox?.close()
  })

  it(`writes at most 2 % of ${CUSTOMERS} records, and none because of its own writes`, async () => {
    const first = await looping.whole('first')
    const { written } = first['write_back'] as { written: number }
    expect(written).toBeGreaterThan(0.9 * CUSTOMERS)

    // What was written comes back as changed, and is recognised: nobody is scored again.
    const echo = await looping.whole('sync')
    expect(echo['sync']).toMatchObject({ added: 0, changed: 0, deleted: 0 })
    expect(echo['score']).toMatchObject({ scored: 0 })
    expect(echo['write_back']).toMatchObject({ written: 0 })

    const nights: number[] = []
    for (let night = 0; night < NIGHTS; night++) {
      for (let hours = 0; hours < 24; hours += 6) {
        shift += 6 * HOUR
        expect(await looping.run('sync', 'schedule')).toMatchObject({ added: 0, changed: 0, deleted: 0 })
      }
      const passed = await looping.whole('schedule')
      nights.push(Number((passed['write_back'] as { written: number }).written))
      const after = await looping.whole('sync')
      expect(after['score']).toMatchObject({ scored: 0 })
      expect(after['write_back']).toMatchObject({ written: 0 })
    }
    process.stdout.write(`written in ${NIGHTS} idle nights, of ${CUSTOMERS}: ${nights.join(', ')}\n`)
    for (const many of nights) expect(many).toBeLessThanOrEqual(0.02 * CUSTOMERS)
  })
})
