import { afterEach, describe, expect, it } from 'vitest'
import type { EmailMessage } from '../../../actions/channel.ts'
import { openEmailChannel } from '../../../actions/email/channel.ts'
import { openInbox, type Inbox } from '../../../actions/email/sandbox/inbox.ts'
import { systemClock } from '../../../src/contracts/clock.ts'

describe('the sandbox inbox', () => {
  let inbox: Inbox
  afterEach(() => inbox.close())

  const message = (number: number, html = '<p>x</p>'): EmailMessage => ({
    kind: 'email',
    to: { name: null, address: `person${number}@example.com` },
    from: { name: 'Firma', address: 'hallo@firma.example' },
    replyTo: null,
    subject: `Mail ${number}`,
    text: 'x',
    html,
    language: 'en',
    unsubscribe: { url: 'http://127.0.0.1:3000/u/1', mailto: null },
  })
  async function send(messages: readonly EmailMessage[]): Promise<string[]> {
    const { host, port } = inbox
    const server = { host, port, security: 'none', user: null, password: null, dkim: null } as const
    const channel = openEmailChannel({ ...server, clock: systemClock })
    const outcomes: string[] = []
    for (const one of messages) {
      const result = await channel.send(one, {
        key: one.subject,
        deadline: new Date(Date.now() + 60_000),
        confirmLease: () => Promise.resolve(),
        note: () => {},
      })
      outcomes.push(result.outcome === 'rejected' ? result.code : result.outcome)
    }
    return outcomes
  }

  it('keeps the newest mails in its list, and the log of all deliveries', async () => {
    inbox = await openInbox({ port: 0, host: '127.0.0.1', keep: 2 })
    await send([1, 2, 3].map((number) => message(number)))
    expect(inbox.list().map(({ subject }) => subject)).toEqual(['Mail 3', 'Mail 2'])
    expect(inbox.read('1')).toBeNull()
    expect(inbox.read('3')?.subject).toBe('Mail 3')
    expect(inbox.deliveries().map(({ to }) => to)).toEqual(
      [1, 2, 3].map((number) => `person${number}@example.com`),
    )
    inbox.clear()
    expect(inbox.list()).toEqual([])
    expect(inbox.deliveries()).toHaveLength(3)
  })

  it('is bounded by bytes too', async () => {
    inbox = await openInbox({ port: 0, host: '127.0.0.1', keepBytes: 50_000 })
    await send([1, 2, 3].map((number) => message(number, `<p>${'x '.repeat(10_000)}</p>`)))
    expect(inbox.list().map(({ subject }) => subject)).toEqual(['Mail 3', 'Mail 2'])
  })

  it('refuses a mail that is larger than it takes', async () => {
    inbox = await openInbox({ port: 0, host: '127.0.0.1' })
    expect(await send([message(1, 'x\n'.repeat(2_600_000))])).toEqual(['smtp_too_large'])
    expect(inbox.deliveries()).toEqual([])
  })

  it('does not keep what it refuses after the dot, and keeps what it never answered', async () => {
    inbox = await openInbox({ port: 0, host: '127.0.0.1' })
    inbox.inject({
      to: 'person1@example.com',
      times: 1,
      fault: { kind: 'reply', at: 'dot', code: 451, text: '4.0.0 Later' },
    })
    inbox.inject({ to: 'person2@example.com', times: 1, fault: { kind: 'drop', at: 'dot' } })
    inbox.inject({ to: 'person3@example.com', times: 1, fault: { kind: 'drop', at: 'data' } })
    expect(await send([1, 2, 3].map((number) => message(number)))).toEqual([
      'smtp_deferred',
      'uncertain',
      'uncertain',
    ])
    expect(inbox.deliveries().map(({ to }) => to)).toEqual(['person2@example.com'])
  })

  it('says when its port is taken', async () => {
    inbox = await openInbox({ port: 0, host: '127.0.0.1' })
    await expect(openInbox({ port: inbox.port, host: '127.0.0.1' })).rejects.toMatchObject({
      code: 'port_in_use',
    })
  })
})
