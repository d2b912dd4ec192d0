import { createServer } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openEmailChannel } from '../../actions/email/channel.ts'
import { openInbox, type InboxFault } from '../../actions/email/sandbox/inbox.ts'
import { random } from '../../models/random.ts'
import { systemClock } from '../../src/contracts/clock.ts'
import { asIntervention } from '../../src/contracts/ids.ts'
import type { Channels } from '../../src/loop/act-services.ts'
import type { InterventionState } from '../../src/store/intervention-states.ts'
import { suppressionOf } from '../../src/store/suppressions.ts'
import { SANDBOX, hashOf, openActing, type Acting } from '../support/acting.ts'
import { databaseKind } from '../support/database.ts'
import { planMailing, reckon } from './mailing.ts'

let acting: Acting
beforeAll(async () => {
  acting = await openActing()
})
afterAll(() => acting.close())

const reply = (at: 'connect' | 'rcpt' | 'dot', code: number, text: string): InboxFault => ({
  kind: 'reply',
  at,
  code,
  text,
})

interface Case {
  readonly fault: InboxFault
  readonly state: InterventionState
  readonly code: string
  /** What the admin reads on the intervention. */
  readonly says: RegExp
  /** Whether it has arrived all the same. */
  readonly arrives?: true
  /** Whether the address is written to again. */
  readonly suppresses?: true
}

const CASES: Readonly<Record<string, Case>> = {
  'asks to come later (greylisting)': {
    fault: reply('rcpt', 451, '4.7.1 Greylisted, try again in five minutes'),
    state: 'deferred',
    code: 'smtp_greylisted',
    says: /a little later.*Greylisted.*tried again/,
  },
  'is not available': {
    fault: reply('connect', 421, '4.3.2 Shutting down'),
    state: 'deferred',
    code: 'smtp_unavailable',
    says: /not available.*Shutting down.*tried again/,
  },
  'breaks the connection as it is opened': {
    fault: { kind: 'drop', at: 'connect' },
    state: 'deferred',
    code: 'smtp_unreachable',
    says: /cannot be reached.*smtp\.host/,
  },
  'never greets': {
    fault: { kind: 'hang', at: 'connect' },
    state: 'deferred',
    code: 'smtp_timeout',
    says: /did not answer in time.*tried again/,
  },
  'has a mailbox that is full for now (452)': {
    fault: reply('rcpt', 452, '4.2.2 Over quota'),
    state: 'deferred',
    code: 'smtp_mailbox_full',
    says: /mailbox is full/,
  },
  'has a mailbox that is full for good (552)': {
    fault: reply('rcpt', 552, '5.2.2 Mailbox full'),
    state: 'rejected',
    code: 'smtp_mailbox_full',
    says: /mailbox is full/,
  },
  'finds the e-mail too large (552 after the dot)': {
    fault: reply('dot', 552, '5.3.4 Message too big'),
    state: 'rejected',
    code: 'smtp_too_large',
    says: /too large.*Message too big/,
  },
  'knows no such address': {
    fault: reply('rcpt', 550, '5.1.1 No such user'),
    state: 'rejected',
    code: 'smtp_address_refused',
    says: /does not exist.*correct the address in the CRM/,
    suppresses: true,
  },
  'refuses it as spam after the dot': {
    fault: reply('dot', 550, '5.7.1 Looks like spam'),
    state: 'rejected',
    code: 'smtp_refused',
    says: /policy.*SPF and DKIM/,
  },
  'puts it off after the dot': {
    fault: reply('dot', 451, '4.3.0 Queue file write error'),
    state: 'deferred',
    code: 'smtp_deferred',
    says: /cannot take the e-mail now.*tried again/,
  },
  'breaks the connection before the content': {
    fault: { kind: 'drop', at: 'rcpt' },
    state: 'deferred',
    code: 'smtp_dropped',
    says: /before it took the e-mail.*tried again/,
  },
  'says nothing more before the content': {
    fault: { kind: 'hang', at: 'rcpt' },
    state: 'deferred',
    code: 'smtp_timeout',
    says: /did not answer in time.*tried again/,
  },
  'breaks the connection within the content': {
    fault: { kind: 'drop', at: 'data' },
    state: 'uncertain',
    code: 'no_answer',
    says: /may have been delivered.*not sent again by itself.*log of the server/,
  },
  'breaks the connection after the dot': {
    fault: { kind: 'drop', at: 'dot' },
    state: 'uncertain',
    code: 'no_answer',
    says: /connection broke before it answered.*may have been delivered/,
    arrives: true,
  },
  'never answers after the dot': {
    fault: { kind: 'hang', at: 'dot' },
    state: 'uncertain',
    code: 'no_answer',
    says: /did not answer in time.*may have been delivered/,
    arrives: true,
  },
}

describe(`a mail server (${databaseKind})`, () => {
  it.concurrent.each(Object.entries(CASES))('that %s', async (_, expected) => {
    // A server of its own, since a fault at the connection knows no recipient.
    const inbox = await openInbox({ port: 0, host: '127.0.0.1' })
    const services = { channels: channelsTo(inbox, 1500) }
    try {
      const scene = await acting.scene({ settings: SANDBOX })
      const id = await acting.plan(scene)
      const repair = inbox.inject({ fault: expected.fault })
      expect(await acting.act(scene, id, { services })).toBe(expected.state)
      const first = await acting.read(scene, id)
      expect(first).toMatchObject({
        reasonCode: expected.code,
        reason: expect.stringMatching(expected.says),
        leaseOwner: expected.state === 'uncertain' ? expect.any(String) : null,
      })
      expect(inbox.deliveries()).toHaveLength(expected.arrives === true ? 1 : 0)
      const suppressed = await acting.database.withTenant(scene.tenant, (tx) =>
        suppressionOf(tx, hashOf(scene.email), 'email'),
      )
      expect(suppressed).toBe(expected.suppresses === true ? 'bounced' : null)

      repair()
      const tooEarly = await acting.act(scene, id, { services })
      expect(tooEarly).toBe(expected.state)
      await acting.sql(scene, 'update interventions set due_at = now(), lease_until = now() where id = $1', [
        id,
      ])
      // Only what certainly did not go out goes again; what is in doubt stays with a person.
      const ends = expected.state === 'deferred' ? 'sent' : expected.state
      expect(await acting.act(scene, id, { services })).toBe(ends)
      expect(inbox.deliveries()).toHaveLength(ends === 'sent' || expected.arrives === true ? 1 : 0)
    } finally {
      await inbox.close()
    }
  })

  it('that cannot be reached: all wait with a reason, and go out once it is back', async () => {
    const port = await freePort()
    const services = { channels: channelsTo({ host: '127.0.0.1', port }, 1500) }
    const scenes = await Promise.all(Array.from({ length: 5 }, () => acting.scene({ settings: SANDBOX })))
    const waiting = await Promise.all(scenes.map(async (scene) => ({ scene, id: await acting.plan(scene) })))
    for (const { scene, id } of waiting) {
      expect(await acting.act(scene, id, { services })).toBe('deferred')
      const { reasonCode, reason, dueAt } = await acting.read(scene, id)
      expect(reasonCode).toBe('smtp_unreachable')
      expect(reason).toMatch(/127\.0\.0\.1 cannot be reached \(ECONNREFUSED\).*smtp\.host and smtp\.port/)
      expect(dueAt.getTime()).toBeGreaterThan(Date.now() + 20_000)
    }
    const inbox = await openInbox({ port, host: '127.0.0.1' })
    try {
      for (const { scene, id } of waiting) {
        await acting.sql(scene, 'update interventions set due_at = now() where id = $1', [id])
        expect(await acting.act(scene, id, { services })).toBe('sent')
      }
      expect(inbox.deliveries()).toHaveLength(waiting.length)
    } finally {
      await inbox.close()
    }
  })

  it('that breaks in every way at random: nothing is sent twice, and the ledger agrees with the server', async ({
    annotate,
  }) => {
    const chance = random(11)
    const inbox = await openInbox({ port: 0, host: '127.0.0.1' })
    const services = { channels: channelsTo(inbox, 400) }
    const faults = Object.values(CASES).map(({ fault }) => fault)
    try {
      const tenant = await planMailing(acting.database, 60)
      const place = { tenant } as Parameters<Acting['act']>[0]
      const open = () =>
        acting.sql(
          place,
          `update interventions set due_at = now() where state in ('planned', 'deferred') returning id`,
        )
      for (let round = 0, ids = await open(); ids.length > 0; ids = await open(), round++) {
        expect(round).toBeLessThan(12)
        const queue = ids.map(({ id }) => asIntervention(String(id)))
        const work = async () => {
          for (let id = queue.pop(); id !== undefined; id = queue.pop()) {
            if (chance.next() < 0.5 - 0.1 * round)
              inbox.inject({ times: 1, fault: faults[chance.integer(faults.length)] })
            await acting.act(place, id, { services })
          }
        }
        await Promise.all([work(), work(), work(), work()])
      }
      const found = await reckon(acting.database, tenant, inbox.deliveries())
      await annotate(`${found.delivered} delivered, ${JSON.stringify(found.states)}`)
      expect(found).toMatchObject({ missing: [], twice: [], denied: [], blind: [], unexplained: [] })
      expect(Object.keys(found.states).toSorted()).toEqual(['rejected', 'sent', 'uncertain'])
    } finally {
      await inbox.close()
    }
  })
})

function channelsTo({ host, port }: { host: string; port: number }, timeoutMs: number): Channels {
  const channel = openEmailChannel({
    host,
    port,
    security: 'none',
    user: null,
    password: null,
    dkim: null,
    clock: systemClock,
    timeoutMs,
  })
  return { email: () => Promise.resolve(channel) }
}

/** Nobody listens there. */
async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  return typeof address === 'object' && address !== null ? address.port : 0
}
