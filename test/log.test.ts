import { Writable } from 'node:stream'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { openLog, withoutSecrets } from '../src/log.ts'
import { newToken } from '../src/security/tokens.ts'
import { signLink } from '../src/security/signed-link.ts'

/** Lines that a piece of work writes to the log, parsed. */
function written(work: (log: ReturnType<typeof openLog>) => void, level = 'info') {
  const lines: string[] = []
  const destination = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      lines.push(chunk.toString())
      done()
    },
  })
  work(openLog({ level, destination }))
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>)
}

describe('the log', () => {
  it('is one JSON object a line, with level and time, and without what a container knows anyway', () => {
    const [line] = written((log) => log.warn({ tenant: 't1', connection: 'c1' }, 'synced'))
    expect(line).toEqual({
      level: 'warn',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/) as string,
      tenant: 't1',
      connection: 'c1',
      msg: 'synced',
    })
    expect(written((log) => log.debug('nobody asked'))).toEqual([])
  })

  it('leaves secrets out wherever a field is named like one', () => {
    const [line] = written((log) =>
      log.info({
        password: 'p1',
        smtp: { password: 'p2', host: 'mail.example' },
        request: { headers: { authorization: 'p3', cookie: 'p4' } },
        token: 'p5',
        apiKey: 'p6',
        dkim: { privateKey: 'p7' },
      }),
    )
    expect(JSON.stringify(line)).not.toMatch(/p[1-7]"/)
    expect(line).toMatchObject({ smtp: { host: 'mail.example' }, token: '[redacted]' })
  })

  it('leaves people out wherever a field is named like what is theirs', () => {
    const [line] = written((log) =>
      log.info({
        email: 'p1',
        to: { address: 'p2' },
        message: { subject: 'p3', text: 'p4', html: 'p5' },
        recipient: { name: 'p6' },
        phone: 'p7',
        request: { body: 'p8' },
        channel: 'email',
      }),
    )
    expect(JSON.stringify(line)).not.toMatch(/p[1-8]"/)
    expect(line).toMatchObject({ channel: 'email' })
  })

  it('leaves secrets out of texts, and everything else in them', () => {
    const key = `hf_${newToken()}`
    const link = signLink(Buffer.alloc(32), 'u some payload')
    for (const [text, kept] of [
      [`the key ${key} is wrong`, 'the key [redacted] is wrong'],
      // Made up. secretlint-disable-next-line
      ['postgres://holdfast:pa$s!word@db.example:5432/x', 'postgres://holdfast:[redacted]@db.example:5432/x'],
      ['rediss://:geheim@redis:6379', 'rediss://:[redacted]@redis:6379'],
      ['GET /sign-in?token=abc123&x=1', 'GET /sign-in?token=[redacted]&x=1'],
      ['authorization: Bearer abc.def', 'authorization: Bearer [redacted]'],
      [`https://holdfast.example/u/${link} was opened`, 'https://holdfast.example/u/[redacted] was opened'],
      ['550 5.1.1 <ann.lee+x@mail.example.com> unknown', '550 5.1.1 <[redacted]@mail.example.com> unknown'],
      ['jörg@bücher.example', '[redacted]@bücher.example'],
      ['/app/node_modules/@bull-board/api/dist/x.js:1', '/app/node_modules/@bull-board/api/dist/x.js:1'],
      ['typescript@7.0.2 and a@b', 'typescript@7.0.2 and a@b'],
      ['customer 17 of /v1/customers/{id} took 3.5 ms', 'customer 17 of /v1/customers/{id} took 3.5 ms'],
    ])
      expect(withoutSecrets(text)).toBe(kept)
  })

  it('leaves them out of errors, down to the last cause, and none of their other properties in', () => {
    const key = `hf_${newToken()}`
    const cause = Object.assign(new Error(`refused ${key}`), { response: 'Dear Ann', code: 'EENVELOPE' })
    const [line] = written((log) => log.error({ err: new Error('no mail', { cause }) }, 'failed'))
    expect(line).toMatchObject({
      err: { name: 'Error', message: 'no mail', cause: { message: 'refused [redacted]', code: 'EENVELOPE' } },
    })
    expect(JSON.stringify(line)).not.toContain('Dear Ann')
    expect(JSON.stringify(line)).not.toContain(key)
  })

  it('stays JSON whatever is said, and no key or address of a person gets through', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme' }),
        fc.string({ unit: 'grapheme' }),
        fc.emailAddress(),
        (before, after, email) => {
          const key = `hf_${newToken()}`
          const [line] = written((log) => log.info({ said: `${before} ${key} ${email} ${after}` }, before))
          expect(String(line['said'])).not.toContain(key)
          expect(String(line['said'])).not.toContain(` ${email} `)
        },
      ),
    )
  })

  it('does not hang on a line that is made to', () => {
    const line = `${'a'.repeat(50_000)}@${'b.'.repeat(10_000)}${'://:'.repeat(10_000)}`
    expect(withoutSecrets(line)).toHaveLength(line.length)
  })
})
