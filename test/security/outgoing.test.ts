import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { isPublicAddress, openOutgoing, outgoingUrl } from '../../src/security/outgoing.ts'

let server: Server
let base: string
let asked = 0
beforeAll(async () => {
  server = createServer((request, response) => {
    asked++
    if (request.url === '/slow') return
    if (request.url === '/elsewhere') {
      response.writeHead(302, { location: 'http://169.254.169.254/latest/meta-data' }).end()
      return
    }
    if (request.url === '/long') {
      response.writeHead(200)
      const more = setInterval(() => response.write('x'.repeat(1000)), 1)
      response.on('close', () => clearInterval(more))
      return
    }
    response.writeHead(503, { 'retry-after': '120' }).end('later')
  })
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})

const request = (url: string) => ({ url, headers: {}, body: '{}' })

describe('addresses that somebody typed', () => {
  it('are those of the public internet and nothing else', () => {
    for (const address of [
      '8.8.8.8',
      '1.1.1.1',
      '172.32.0.1',
      '100.128.0.1',
      '2606:4700::1111',
      '2a00:1450::1',
    ])
      expect(isPublicAddress(address), address).toBe(true)
    for (const address of [
      '127.0.0.1',
      '127.9.9.9',
      '0.0.0.0',
      '10.1.2.3',
      '172.31.255.255',
      '192.168.0.1',
      '169.254.169.254',
      '100.64.0.1',
      '198.19.0.1',
      '224.0.0.1',
      '255.255.255.255',
      '::',
      '::1',
      '::ffff:8.8.8.8',
      '64:ff9b::808:808',
      'fc00::1',
      'fd12::1',
      'fe80::1',
      'fe80::1%eth0',
      'ff02::1',
      '2001:db8::1',
      '2002:7f00:1::',
      'localhost',
      '',
    ])
      expect(isPublicAddress(address), address).toBe(false)
  })

  it('are refused when they are saved, however they are written', () => {
    expect(outgoingUrl('https://hooks.slack.com/services/T/B/x').host).toBe('hooks.slack.com')
    for (const url of [
      'http://example.com/',
      'ftp://example.com/',
      'https:///x',
      'no address',
      // Made up. secretlint-disable-next-line
      'https://user:secret@example.com/',
      'https://localhost/',
      'https://LOCALHOST./',
      'https://a.localhost/',
      'https://printer/',
      'https://db.internal/',
      'https://127.0.0.1/',
      'https://2130706433/',
      'https://0x7f.1/',
      'https://0177.0.0.1/',
      'https://[::1]/',
      'https://[::ffff:10.0.0.1]/',
      'https://169.254.169.254/latest',
      'https://１２７.0.0.1/',
    ])
      expect(() => outgoingUrl(url), url).toThrow(/address/)
  })

  it('are public only outside what an independent reading of the registry keeps back', () => {
    const octet = fc.integer({ min: 0, max: 255 })
    fc.assert(
      fc.property(octet, octet, octet, octet, (a, b, c, d) => {
        const kept =
          a === 0 ||
          a === 10 ||
          a === 127 ||
          a >= 224 ||
          (a === 100 && b >= 64 && b < 128) ||
          (a === 169 && b === 254) ||
          (a === 172 && b >= 16 && b < 32) ||
          (a === 192 && b === 168) ||
          (a === 198 && (b === 18 || b === 19)) ||
          [
            '192.0.0',
            '192.0.2',
            '192.31.196',
            '192.52.193',
            '192.88.99',
            '192.175.48',
            '198.51.100',
            '203.0.113',
          ].includes(`${a}.${b}.${c}`)
        expect(isPublicAddress(`${a}.${b}.${c}.${d}`)).toBe(!kept)
        expect(isPublicAddress(`::ffff:${a}.${b}.${c}.${d}`)).toBe(false)
      }),
      { numRuns: 500 },
    )
  })

  it('lead nowhere when their name means an address of a private network, be it one of many', async () => {
    const before = asked
    for (const addresses of [['127.0.0.1'], ['8.8.8.8', '10.0.0.1'], ['::1'], []]) {
      const post = openOutgoing({
        resolve: (_host, done) =>
          done(
            null,
            addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
          ),
      })
      const { port } = server.address() as AddressInfo
      await expect(
        post(request(`https://evil.example.com:${port}/`)),
        addresses.join(),
      ).rejects.toMatchObject({
        code: 'channel_configuration',
      })
    }
    expect(asked).toBe(before)
  })

  it('are resolved once a request, by the connection itself', async () => {
    let resolved = 0
    const post = openOutgoing({
      timeoutMs: 300,
      resolve: (_host, done) => {
        resolved++
        // A second answer would be another one: nobody asks for it.
        done(null, [{ address: resolved === 1 ? '203.0.114.1' : '127.0.0.1', family: 4 }])
      },
    })
    await expect(post(request('https://rebinding.example.com/'))).rejects.toMatchObject({ retryable: true })
    expect(resolved).toBe(1)
  })
})

describe('what comes back', () => {
  it('is told with what it asks for, is not followed elsewhere, and is read only so far and so long', async () => {
    const post = openOutgoing({ anywhere: true, timeoutMs: 300 })
    expect(await post(request(`${base}/busy`))).toEqual({ status: 503, retryAfter: 120, body: 'later' })
    expect(await post(request(`${base}/elsewhere`))).toMatchObject({ status: 302 })
    expect((await post(request(`${base}/long`))).body).toHaveLength(2000)
    await expect(post(request(`${base}/slow`))).rejects.toMatchObject({
      code: 'connector_unavailable',
      retryable: true,
      message: expect.stringContaining('too long') as string,
    })
  })
})
