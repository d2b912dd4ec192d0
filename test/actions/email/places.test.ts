import { createServer, type AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openEmailChannel } from '../../../actions/email/channel.ts'
import { openPlaces } from '../../../actions/email/places.ts'
import { openInbox, type Inbox } from '../../../actions/email/sandbox/inbox.ts'
import { systemClock } from '../../../src/contracts/clock.ts'

const SERVER = {
  host: '127.0.0.1',
  security: 'none',
  user: null,
  password: null,
  dkim: null,
  clock: systemClock,
} as const

function mailTo(n: number) {
  return {
    kind: 'email' as const,
    to: { name: null, address: `person${n}@example.com` },
    from: { name: 'Acme', address: 'hello@acme.example' },
    replyTo: null,
    subject: 'Hello',
    text: 'Hello',
    html: '<p>Hello</p>',
    language: 'en',
    unsubscribe: { url: 'https://acme.example/u/1', mailto: null },
  }
}

const attempt = (key: string, ms = 10_000) => ({
  key,
  deadline: new Date(Date.now() + ms),
  confirmLease: () => Promise.resolve(),
  note: () => undefined,
})

describe('connections to a mail server', () => {
  let inbox: Inbox
  beforeAll(async () => {
    inbox = await openInbox({ port: 0, host: '127.0.0.1' })
  })
  afterAll(() => inbox.close())

  it('are never more at a time than the settings allow, and every message goes', async () => {
    let open = 0
    let most = 0
    const watched = createServer((near) => {
      most = Math.max(most, ++open)
      near.on('close', () => open--)
      void import('node:net').then(({ connect }) => {
        const far = connect(inbox.port, inbox.host)
        near.pipe(far).pipe(near)
        for (const end of [near, far])
          end.on('error', () => {
            near.destroy()
            far.destroy()
          })
      })
    })
    await new Promise<void>((resolve) => watched.listen(0, '127.0.0.1', resolve))
    const { port } = watched.address() as AddressInfo
    const channel = openEmailChannel({ ...SERVER, port, connections: 3 })
    const results = await Promise.all(
      Array.from({ length: 40 }, (_, n) => channel.send(mailTo(n), attempt(`mail-${n}`))),
    )
    expect(new Set(results.map(({ outcome }) => outcome))).toEqual(new Set(['sent']))
    expect(inbox.deliveries()).toHaveLength(40)
    // One that is left idle is taken by the next message; it is not beside the three.
    expect(most).toBeLessThanOrEqual(3)
    await channel.close()
    watched.close()
  })

  it('keep what waits too long for one for another time, with nothing said to the server', async () => {
    inbox.inject({ times: 1, fault: { kind: 'hang', at: 'rcpt' } })
    const before = inbox.deliveries().length
    const channel = openEmailChannel({ ...SERVER, port: inbox.port, connections: 1, timeoutMs: 600 })
    const [held, late] = await Promise.all([
      channel.send(mailTo(1), attempt('held')),
      channel.send(mailTo(2), attempt('late', 300)),
    ])
    expect(held).toMatchObject({ outcome: 'rejected', code: 'smtp_timeout' })
    expect(late).toMatchObject({ outcome: 'rejected', retryable: true, code: 'smtp_busy' })
    expect(inbox.deliveries()).toHaveLength(before)
    // Its place is given back.
    expect(await channel.send(mailTo(3), attempt('next'))).toMatchObject({ outcome: 'sent' })
    await channel.close()
  })
})

describe('places', () => {
  it('are given in turn, each once, however often one is given back', async () => {
    const places = openPlaces(1)
    const first = (await places.take(1000))!
    const order: number[] = []
    const others = [1, 2].map((n) => places.take(1000).then((leave) => (order.push(n), leave!)))
    first()
    first()
    const second = await others[0]
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(order).toEqual([1])
    second()
    ;(await others[1])()
    expect(order).toEqual([1, 2])
  })
})
