import { once } from 'node:events'
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, it } from 'vitest'
import type { Channel, SendResult } from '../../../actions/channel.ts'
import { openEmailChannel } from '../../../actions/email/channel.ts'
import { systemClock } from '../../../src/contracts/clock.ts'

/** What a server does when it hears the command the n-th time, over all connections; default: it goes on. */
type Does = (command: 'MAIL' | 'RCPT' | 'DATA' | 'dot', nth: number, socket: Socket) => string | null | void

let server: Server
let channel: Channel
let sockets: Socket[] = []
let arrived: string[] = []

afterEach(async () => {
  await channel.close()
  for (const socket of sockets) socket.destroy()
  await new Promise((resolve) => server.close(resolve))
})

async function serve(does: Does = () => undefined): Promise<void> {
  sockets = []
  arrived = []
  const heardOf: Record<string, number> = {}
  server = createServer((socket) => {
    sockets.push(socket)
    socket.on('error', () => undefined)
    socket.write('220 hello\r\n')
    let heard = ''
    let content: string[] | null = null
    socket.on('data', (chunk) => {
      heard += chunk.toString('latin1')
      for (let at = heard.indexOf('\r\n'); at >= 0 && !socket.destroyed; at = heard.indexOf('\r\n')) {
        const line = heard.slice(0, at)
        heard = heard.slice(at + 2)
        if (content !== null && line !== '.') {
          content.push(line)
          continue
        }
        const command = (content === null ? line.split(/[ :]/)[0] : 'dot') as 'MAIL'
        heardOf[command] = (heardOf[command] ?? 0) + 1
        const said = does(command, heardOf[command], socket)
        if (said === null) return void socket.destroy()
        if (content !== null && said === undefined) arrived.push(/^To: .*/m.exec(content.join('\n'))![0])
        content = command === ('DATA' as string) && said === undefined ? [] : null
        socket.write(`${said ?? (content === null ? '250 ok' : '354 go')}\r\n`)
        if (line === 'QUIT') socket.end()
      }
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  channel = openEmailChannel({
    host: '127.0.0.1',
    port: (server.address() as AddressInfo).port,
    security: 'none',
    user: null,
    password: null,
    dkim: null,
    clock: systemClock,
    timeoutMs: 5000,
  })
}

type Confirm = (before?: 'connecting' | 'handing_over') => void | Promise<void>

function send(to: string, confirm: Confirm = () => undefined): Promise<SendResult> {
  return channel.send(
    {
      kind: 'email',
      to: { name: null, address: `${to}@example.com` },
      from: { name: 'Acme', address: 'hello@acme.example' },
      replyTo: null,
      subject: 'Hello',
      text: 'Hello',
      html: '<p>Hello</p>',
      language: 'en',
      unsubscribe: { url: 'http://127.0.0.1/u', mailto: null },
    },
    {
      key: `7f3a0000-0000-4000-8000-${to.padStart(12, '0')}`,
      deadline: new Date(Date.now() + 5000),
      confirmLease: async (before) => confirm(before),
      note: () => undefined,
    },
  )
}

it('sends one message after another over the same connection', async () => {
  await serve()
  for (const to of ['1', '2', '3']) expect(await send(to)).toMatchObject({ outcome: 'sent' })
  expect(sockets).toHaveLength(1)
  expect(arrived).toEqual(['To: 1@example.com', 'To: 2@example.com', 'To: 3@example.com'])
})

it('leaves a connection to nobody else while a message is under way', async () => {
  await serve()
  await Promise.all(['1', '2', '3'].map((to) => send(to)))
  expect(sockets).toHaveLength(3)
})

it('opens another where the server ended the one that was kept', async () => {
  await serve()
  await send('1')
  sockets[0].write('421 4.4.2 idle for too long\r\n')
  sockets[0].end()
  await sleep(20)
  expect(await send('2')).toMatchObject({ outcome: 'sent' })
  expect(sockets).toHaveLength(2)
})

it.each<[string, 'MAIL' | 'RCPT' | 'DATA', string | null]>([
  ['is gone when the next message comes', 'MAIL', null],
  ['breaks at the recipient', 'RCPT', null],
  ['breaks before the content is asked for', 'DATA', null],
  ['says that it closes', 'MAIL', '421 4.4.2 idle for too long'],
  ['takes no more messages', 'MAIL', '452 4.5.3 too many messages on this connection'],
])('is tried once more at once over a new one when one that was kept %s', async (_, at, says) => {
  await serve((command, nth) => (command === at && nth === 2 ? says : undefined))
  await send('1')
  expect(await send('2')).toMatchObject({ outcome: 'sent' })
  expect(sockets).toHaveLength(2)
  expect(arrived).toEqual(['To: 1@example.com', 'To: 2@example.com'])
})

it('fails as ever when the new one breaks too', async () => {
  await serve((command, nth) => (command === 'RCPT' && nth > 1 ? null : undefined))
  await send('1')
  expect(await send('2')).toMatchObject({ outcome: 'rejected', code: 'smtp_dropped', retryable: true })
  expect(sockets).toHaveLength(2)
})

it('is refused at once when a kept connection says no', async () => {
  await serve((command, nth) => (command === 'RCPT' && nth > 1 ? '550 5.1.1 nobody' : undefined))
  await send('1')
  expect(await send('2')).toMatchObject({ outcome: 'rejected', code: 'smtp_address_refused' })
  expect(sockets).toHaveLength(1)
})

it('is doubtful and never sent again when a kept connection breaks after the content', async () => {
  await serve((command, nth) => (command === 'dot' && nth === 2 ? null : undefined))
  await send('1')
  expect(await send('2')).toMatchObject({ outcome: 'uncertain' })
  expect(sockets).toHaveLength(1)
})

it('is tried again later, with nothing sent, when a kept connection breaks while the lease is confirmed', async () => {
  await serve()
  await send('1')
  const result = await send('2', async () => {
    sockets[0].destroy()
    await sleep(20)
  })
  expect(result).toMatchObject({ outcome: 'rejected', code: 'smtp_dropped', retryable: true })
  expect(arrived).toEqual(['To: 1@example.com'])
})

it('asks for the lease before a connection is opened, and whenever the server waits for the content', async () => {
  await serve((command, nth) => (command === 'MAIL' && nth === 3 ? null : undefined))
  const asked = async (to: string): Promise<string[]> => {
    const before: string[] = []
    await send(to, (what) => void before.push(what ?? 'handing_over'))
    return before
  }
  expect(await asked('1')).toEqual(['connecting', 'handing_over'])
  expect(await asked('2')).toEqual(['handing_over'])
  expect(await asked('3')).toEqual(['connecting', 'handing_over'])
})

it('keeps none that a message failed on', async () => {
  await serve((command, nth) => (command === 'RCPT' && nth === 1 ? '550 5.1.1 nobody' : undefined))
  await send('1')
  await send('2')
  expect(sockets).toHaveLength(2)
})

it('ends what is kept when it is closed', async () => {
  await serve()
  await send('1')
  const ended = once(sockets[0], 'close')
  await channel.close()
  await ended
})
