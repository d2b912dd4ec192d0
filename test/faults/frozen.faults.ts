import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { openInbox, type FaultPoint } from '../../actions/email/sandbox/inbox.ts'
import { databaseKind } from '../support/database.ts'
import { IN_ORDER, planMailing, reckon } from './mailing.ts'
import { openPlace } from './place.ts'
import { killAll, startWorker, until, untilSettled } from './process.ts'

/**
 * More than the others can send while one is frozen, seven times: sixteen at a time, half a second each, for 2.6 s and
 * what it takes to freeze. With 240 a quick machine had none left for the last freeze.
 */
const MAILS = 700
const TIMEOUT_MS = 1500
const LEASES = { prepareMs: 1000, marginMs: 500 }
/** Longer than any lease: whoever comes back finds that others decided without it. */
const FROZEN_MS = 2600

/** Where the conversations stand when everything stops; null: wherever they are. */
const POINTS: readonly (FaultPoint | null)[] = ['connect', 'rcpt', 'dot', null, 'dot', 'rcpt', null]

afterEach(killAll)

// On a server another worker takes over meanwhile; the embedded database freezes with its process, which then meets
// what it did itself.
const roles = databaseKind === 'embedded' ? (['all'] as const) : (['worker', 'worker', 'scheduler'] as const)

describe(`a worker that is frozen past its leases (${databaseKind})`, () => {
  it(`${POINTS.length} times during ${MAILS} e-mails sends nothing twice and loses nothing`, async ({
    annotate,
  }) => {
    const place = await openPlace()
    const inbox = await openInbox({ port: 0, host: '127.0.0.1' })
    // Slow enough that there is something left to send after the last of them.
    const faster = inbox.inject({ fault: { kind: 'slow', at: 'dot', ms: 500 } })
    try {
      const tenant = await place.use((database) => planMailing(database, MAILS))
      const options = {
        address: place.address,
        inbox: { host: inbox.host, port: inbox.port },
        tenant,
        timeoutMs: TIMEOUT_MS,
        leases: LEASES,
        alone: false,
      }
      const all = await Promise.all(roles.map((role) => startWorker({ ...options, role })))
      const workers = all.filter((_, at) => roles[at] !== 'scheduler')
      const count = () => inbox.deliveries().length
      for (const [turn, at] of POINTS.entries()) {
        const goal = count() + 5
        await until(`mail ${goal} after ${turn} freezes`, () => count() >= goal, { everyMs: 5 })
        // All of them come to stand there, since nobody is answered.
        const release = at === null ? null : inbox.inject({ fault: { kind: 'slow', at, ms: 500 } })
        await sleep(at === null ? 0 : 150)
        const worker = workers[turn % workers.length]
        worker.freeze()
        release?.()
        await sleep(FROZEN_MS)
        worker.thaw()
      }
      faster()
      // What was put off for half a minute need not keep the test waiting.
      await untilSettled(() => workers[0].ask('hurry'))
      for (const { ended } of all) expect(ended).toBeNull()
      await killAll()

      const found = await place.use((database) => reckon(database, tenant, inbox.deliveries()))
      await annotate(
        `${POINTS.length} freezes of ${FROZEN_MS} ms, ${found.delivered} delivered of ${MAILS}, ${JSON.stringify(found.states)}, moves ${JSON.stringify(found.moves)}`,
      )
      expect(found).toMatchObject(IN_ORDER)
      if (databaseKind === 'embedded') return
      // Others took over what had not gone out, and gave up on what may have; who came back knew better.
      expect(found.moves['leased>leased']).toBeGreaterThan(0)
      expect(found.moves['uncertain>sent']).toBeGreaterThan(0)
    } finally {
      await inbox.close()
      await place.remove()
    }
  })
})
