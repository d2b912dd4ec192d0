import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openOutgoingFetch } from '../../src/security/outgoing-fetch.ts'
import type { Resolve } from '../../src/security/outgoing.ts'

let url: string
let seen: { method?: string; headers: IncomingMessage['headers']; body: string } | null = null
const server = createServer((request, response) => {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => {
    seen = {
      ...(request.method === undefined ? {} : { method: request.method }),
      headers: request.headers,
      body: Buffer.concat(chunks).toString(),
    }
    if (request.url === '/moved') return response.writeHead(302, { location: '/elsewhere' }).end()
    if (request.url === '/none') return response.writeHead(204).end()
    if (request.url === '/endless') return void endless()
    if (request.url === '/silent') return undefined
    return response
      .writeHead(200, { 'content-type': 'application/json', 'set-cookie': ['a=1', 'b=2'] })
      .end('{"a":1}')
  })
  function endless(): void {
    response.writeHead(200)
    const timer = setInterval(() => response.write(Buffer.alloc(256 * 1024)), 1)
    response.on('close', () => clearInterval(timer))
  }
})

beforeAll(async () => {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})

const get = { method: 'GET', headers: {}, body: undefined } as const
const leadsTo =
  (...addresses: string[]): Resolve =>
  (_, done) =>
    done(
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    )

describe('a fetch of what an installation was told to reach', () => {
  it('asks and answers as fetch does', async () => {
    const fetch = openOutgoingFetch({ anywhere: true })
    const answer = await fetch(`${url}/x`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ code: 'ä b' }),
    })
    expect([answer.status, await answer.json()]).toEqual([200, { a: 1 }])
    expect(answer.headers.getSetCookie()).toEqual(['a=1', 'b=2'])
    expect(seen).toMatchObject({ method: 'POST', body: 'code=%C3%A4+b' })
    expect((await fetch(`${url}/none`, get)).status).toBe(204)
  })

  it('follows no redirect, reads no answer without an end, and waits for none', async () => {
    const fetch = openOutgoingFetch({ anywhere: true, timeoutMs: 1000 })
    expect((await fetch(`${url}/moved`, get)).status).toBe(302)
    await expect(fetch(`${url}/endless`, get)).rejects.toThrow()
    await expect(fetch(`${url}/silent`, get)).rejects.toThrow()
  })

  it('leads nowhere private, by name or by number', async () => {
    for (const address of [
      '127.0.0.1',
      '10.0.0.7',
      '169.254.169.254',
      '::1',
      'fd00::1',
      '::ffff:127.0.0.1',
    ]) {
      const fetch = openOutgoingFetch({ anywhere: false, resolve: leadsTo(address) })
      await expect(fetch('https://id.example.com/token', get), address).rejects.toMatchObject({
        code: 'channel_configuration',
      })
      const literal = address.includes(':') ? `[${address}]` : address
      await expect(fetch(`https://${literal}/token`, get), address).rejects.toMatchObject({
        code: 'channel_configuration',
      })
    }
    // One good address among them makes the others no better.
    const mixed = openOutgoingFetch({ anywhere: false, resolve: leadsTo('93.184.215.14', '10.0.0.7') })
    await expect(mixed('https://id.example.com/token', get)).rejects.toMatchObject({
      code: 'channel_configuration',
    })
  })
})
