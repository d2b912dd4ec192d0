/** The whole loop over a Salesforce org: a first pass, the echo of our own writes, and nights in which nothing happens. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { seedSampleOrg } from '../../connectors/salesforce/sandbox/sample.ts'
import { loopOn, startReading, type ReadOrg } from '../connectors/salesforce/reading.ts'
import { openLooping, type Looping } from '../support/looping.ts'

const HOUR = 3_600_000
const CUSTOMERS = 1000
const NIGHTS = 3

describe('the loop over an org', () => {
  let shift = 0
  const clock = (): Date => new Date(Date.now() + shift)
  let org: ReadOrg
  let looping: Looping

  beforeAll(async () => {
    org = await startReading({
      clock,
      seed: (state) => void seedSampleOrg(state, { customers: CUSTOMERS, seed: 5 }),
    })
    looping = await openLooping({ clock, ...loopOn(org) })
  })
  afterAll(async () => {
    await looping?.close()
    await org?.sandbox.close()
  })

  it(`writes at most 2 % of ${CUSTOMERS} records a night, and none because of its own writes`, async () => {
    const first = await looping.whole('first')
    const { written, failed } = first.write_back as { written: number; failed: number }
    expect(failed).toBe(0)
    expect(written).toBeGreaterThan(0.9 * CUSTOMERS)

    // What was written comes back as changed, and is recognised: nobody is scored again.
    const echo = await looping.whole('sync')
    expect(echo.sync).toMatchObject({ added: 0, changed: 0, deleted: 0 })
    expect(echo.score).toMatchObject({ scored: 0 })
    expect(echo.write_back).toMatchObject({ written: 0 })

    const nights: number[] = []
    for (let night = 0; night < NIGHTS; night++) {
      for (let hours = 0; hours < 24; hours += 6) {
        shift += 6 * HOUR
        expect(await looping.run('sync', 'schedule')).toMatchObject({ added: 0, changed: 0, deleted: 0 })
      }
      const passed = await looping.whole('schedule')
      nights.push(Number(passed.write_back['written']))
      const after = await looping.whole('sync')
      expect(after.score).toMatchObject({ scored: 0 })
      expect(after.write_back).toMatchObject({ written: 0 })
    }
    process.stdout.write(`written in ${NIGHTS} idle nights, of ${CUSTOMERS}: ${nights.join(', ')}\n`)
    for (const many of nights) expect(many).toBeLessThanOrEqual(0.02 * CUSTOMERS)
  })
})
