import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { openInbox } from '../../actions/email/sandbox/inbox.ts'
import { random } from '../../models/random.ts'
import { databaseKind } from '../support/database.ts'
import { IN_ORDER, planMailing, reckon } from './mailing.ts'
import { openPlace } from './place.ts'
import { killAll, startWorker, until, untilSettled } from './process.ts'

const MAILS = 500
const KILLS = 20
/** In flight at a time. */
const SENDS = 6

afterEach(killAll)

describe(`a worker that is killed (${databaseKind})`, () => {
  it(`${KILLS} times during ${MAILS} e-mails loses none and sends none twice; what is in doubt is shown`, async ({
    annotate,
  }) => {
    const chance = random(7)
    const place = await openPlace()
    const inbox = await openInbox({ port: 0, host: '127.0.0.1' })
    // Long enough that many a death falls between the dot and the answer.
    inbox.inject({ fault: { kind: 'slow', at: 'dot', ms: 20 } })
    try {
      const tenant = await place.use((database) => planMailing(database, MAILS))
      const options = {
        address: place.address,
        inbox: { host: inbox.host, port: inbox.port },
        tenant,
        timeoutMs: 4000,
        leases: { prepareMs: 2000, marginMs: 1000 },
        role: 'all' as const,
        alone: true,
        limits: { sendsPerTenant: SENDS },
      }
      const count = () => inbox.deliveries().length
      const recoveries: number[] = []
      let worker = await startWorker(options)
      for (let kill = 0; kill < KILLS; kill++) {
        const goal = count() + 1 + chance.integer(20)
        await until(`mail ${goal} after ${kill} kills`, () => count() >= goal, { everyMs: 2 })
        await sleep(30 * chance.next())
        await worker.kill()
        expect(worker.ended).toEqual({ code: null, signal: 'SIGKILL' })
        const died = { at: performance.now(), count: count() }
        worker = await startWorker(options)
        await until('the next e-mail', () => count() > died.count, { everyMs: 2 })
        recoveries.push(performance.now() - died.at)
      }
      expect(count()).toBeLessThan(MAILS)
      await untilSettled(() => worker.ask('progress'))
      await worker.kill()

      const found = await place.use((database) => reckon(database, tenant, inbox.deliveries()))
      const { states } = found
      const [p50, p95] = [0.5, 0.95].map((share) => quantile(recoveries, share))
      await annotate(
        `${KILLS} kills, ${found.delivered} delivered of ${MAILS}, ${JSON.stringify(states)}, next e-mail after p50 ${p50} ms, p95 ${p95} ms`,
      )
      expect(found).toMatchObject(IN_ORDER)
      expect((states['sent'] ?? 0) + (states['uncertain'] ?? 0)).toBe(MAILS)
      // Each death leaves at most what a process sends at a time in doubt.
      expect(states['uncertain']).toBeLessThanOrEqual(KILLS * SENDS)
    } finally {
      await inbox.close()
      await place.remove()
    }
  })
})

function quantile(values: readonly number[], share: number): number {
  return Math.round(values.toSorted((a, b) => a - b)[Math.ceil(share * values.length) - 1])
}
