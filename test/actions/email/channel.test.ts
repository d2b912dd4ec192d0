import { createHash, createVerify, generateKeyPairSync } from 'node:crypto'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type AddressInfo, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as fc from 'fast-check'
import PostalMime from 'postal-mime'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Attempt, EmailMessage } from '../../../actions/channel.ts'
import { openEmailChannel, type EmailChannelOptions } from '../../../actions/email/channel.ts'
import { parseAddress } from '../../../actions/email/address.ts'
import { checkMail, composeMail, messageIdOf } from '../../../actions/email/compose.ts'
import { openInbox, type Inbox, type InboxFault } from '../../../actions/email/sandbox/inbox.ts'
import { systemClock } from '../../../src/contracts/clock.ts'
import { HoldfastError } from '../../../src/contracts/errors.ts'
import { channelConformance, type Misbehaviour } from '../../conformance/channel.ts'

const message: EmailMessage = {
  kind: 'email',
  to: { name: 'Zoë Müller', address: 'zoe@example.com' },
  from: { name: 'Anna Berger, Firma GmbH', address: 'hallo@firma.example' },
  replyTo: { name: 'Anna Berger', address: 'anna@firma.example' },
  subject: 'Läuft alles, wie Sie es brauchen?',
  text: 'Guten Tag\n\n.a line that starts with a dot\nFirma GmbH\n',
  html: '<p>Guten Tag</p>',
  language: 'de',
  unsubscribe: { url: `https://firma.example/u/${'a'.repeat(180)}`, mailto: 'stop@firma.example' },
}

function attempt(key: string, differs: Partial<Attempt> = {}): Attempt {
  return {
    key,
    deadline: new Date(Date.now() + 10_000),
    confirmLease: () => Promise.resolve(),
    note: () => {},
    ...differs,
  }
}

const faults: Readonly<Record<Misbehaviour, InboxFault>> = {
  refuses: { kind: 'reply', at: 'rcpt', code: 550, text: '5.1.1 No such mailbox' },
  later: { kind: 'reply', at: 'rcpt', code: 451, text: '4.7.1 Greylisted, come again' },
  drops_before: { kind: 'drop', at: 'rcpt' },
  drops_after: { kind: 'drop', at: 'dot' },
  silent_before: { kind: 'hang', at: 'rcpt' },
  silent_after: { kind: 'hang', at: 'dot' },
}

channelConformance('e-mail by SMTP', async () => {
  const inbox = await openInbox({ port: 0, host: '127.0.0.1' })
  const channel = openEmailChannel(plainServer(inbox))
  return {
    channel,
    message: (number) => ({ ...message, to: { name: null, address: `person${number}@example.com` } }),
    received: () => inbox.deliveries().map(({ messageId }) => messageId),
    misbehave: (how) => inbox.inject({ times: 1, fault: faults[how] }),
    async close() {
      await channel.close()
      await inbox.close()
    },
  }
})

function plainServer({ host, port }: { host: string; port: number }): EmailChannelOptions {
  return { host, port, security: 'none', user: null, password: null, dkim: null, clock: systemClock }
}

describe('an e-mail on its way', () => {
  let inbox: Inbox
  beforeEach(async () => {
    inbox = await openInbox({ port: 0, host: '127.0.0.1' })
  })
  afterEach(() => inbox.close())

  const send = (
    differs: Partial<EmailMessage> = {},
    tried = attempt('key'),
    options: Partial<EmailChannelOptions> = {},
  ) => openEmailChannel({ ...plainServer(inbox), ...options }).send({ ...message, ...differs }, tried)
  const header = (name: string) => inbox.list()[0].headers.find((one) => one.name === name)?.value

  it('arrives as it was written, with both parts and the people named', async () => {
    await send()
    const [mail] = inbox.list()
    expect(mail).toMatchObject({
      to: 'zoe@example.com',
      from: 'hallo@firma.example',
      fromName: 'Anna Berger, Firma GmbH',
      replyTo: 'anna@firma.example',
      subject: message.subject,
    })
    expect(mail.text.trimEnd()).toBe(message.text.trimEnd())
    expect(mail.html.trimEnd()).toBe(message.html)
    expect(inbox.read(mail.id)).toBe(mail)
    expect(header('content-language')).toBe('de')
  })

  it('offers to unsubscribe with one click and by e-mail, however long the link', async () => {
    await send()
    expect(header('list-unsubscribe')).toBe(
      `<${message.unsubscribe.url}>, <mailto:stop@firma.example?subject=unsubscribe>`,
    )
    expect(header('list-unsubscribe-post')).toBe('List-Unsubscribe=One-Click')
    const raw = inbox.list()[0].raw.toString()
    expect(Math.max(...raw.split('\r\n').map((line) => line.length))).toBeLessThan(998)
  })

  it('bears the same Message-ID for the same attempt, another for another, and the same bytes', async () => {
    const clock = () => new Date('2026-11-21T08:00:00Z')
    for (const key of ['a', 'a', 'b'])
      await send({}, attempt(key, { deadline: new Date('2026-11-21T08:00:10Z') }), { clock })
    const [other, second, first] = inbox.list()
    expect(second.messageId).toBe(first.messageId)
    expect(second.messageId).toBe(messageIdOf('a', 'firma.example'))
    expect(second.raw.equals(first.raw)).toBe(true)
    expect(other.messageId).not.toBe(first.messageId)
  })

  it('does not name the machine that it was sent from', async () => {
    await send()
    expect(inbox.list()[0].raw.toString()).not.toMatch(/x-mailer|nodemailer|user-agent/i)
  })

  it('is signed over the headers that unsubscribing rests on', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string
    await send({}, attempt('signed'), {
      dkim: { domain: 'firma.example', selector: 'hold', privateKey: pem },
    })
    const { raw } = inbox.list()[0]
    const signature = verifyDkim(raw, publicKey.export({ type: 'spki', format: 'pem' }) as string)
    expect(signature).toMatchObject({ valid: true, d: 'firma.example', s: 'hold', bodyIntact: true })
    expect(signature.h).toEqual(
      expect.arrayContaining([
        'from',
        'to',
        'reply-to',
        'subject',
        'date',
        'message-id',
        'list-unsubscribe',
        'list-unsubscribe-post',
      ]),
    )
    const forged = Buffer.from(raw.toString('latin1').replace('One-Click', 'Two-Click'), 'latin1')
    expect(verifyDkim(forged, publicKey.export({ type: 'spki', format: 'pem' }) as string).valid).toBe(false)
  })

  it.each([
    ['no key', 'not a key'],
    [
      'an Ed25519 key',
      generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    ],
  ])('refuses to be signed with %s, rather than to go unsigned', (_, privateKey) => {
    expect(() =>
      openEmailChannel({
        ...plainServer(inbox),
        dkim: { domain: 'firma.example', selector: 's', privateKey },
      }),
    ).toThrow(/DKIM key cannot sign/)
  })

  it.each<[string, Partial<EmailMessage>, string]>([
    ['the subject', { subject: 'Hello\r\nBcc: all@example.com' }, 'header_invalid'],
    ["the sender's name", { from: { name: 'A\nB', address: 'a@firma.example' } }, 'header_invalid'],
    ["the recipient's name", { to: { name: 'A\u2028B', address: 'a@firma.example' } }, 'header_invalid'],
    ['the language', { language: 'de\r\nX: y' }, 'header_invalid'],
    [
      'an address',
      { to: { name: null, address: 'a@example.com\r\nRCPT TO:<b@example.com>' } },
      'address_invalid',
    ],
    [
      'the address of the responsible',
      { replyTo: { name: null, address: 'a@b.example, c@d.example' } },
      'address_invalid',
    ],
    [
      'the link',
      { unsubscribe: { url: 'https://firma.example/u\r\nX: y', mailto: null } },
      'unsubscribe_invalid',
    ],
  ])('is not sent with a line break or two addresses in %s', async (_, differs, code) => {
    expect(await send(differs)).toMatchObject({ outcome: 'rejected', retryable: false, code })
    expect(inbox.deliveries()).toEqual([])
  })

  it.each(['javascript:alert(1)', 'https://firma.example/> <x', ''])(
    'is not sent with the link %j',
    async (url) => {
      expect(await send({ unsubscribe: { url, mailto: null } })).toMatchObject({
        code: 'unsubscribe_invalid',
      })
    },
  )

  it('goes out with an unencrypted link only to a server on this machine, such as the sandbox', async () => {
    const plain = { unsubscribe: { url: 'http://192.168.1.5:3000/u/1', mailto: null } }
    expect(await send(plain)).toMatchObject({ outcome: 'sent' })
    const elsewhere = openEmailChannel(plainServer({ host: 'mail.example.invalid', port: 25 }))
    expect(await elsewhere.send({ ...message, ...plain }, attempt('plain'))).toMatchObject({
      code: 'unsubscribe_invalid',
      message: expect.stringContaining('PUBLIC_URL'),
    })
  })

  it('never gains a header or a recipient by what stands in its texts', async () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 60 }),
      fc.string({ unit: 'grapheme', maxLength: 60 }),
    )
    await fc.assert(
      fc.asyncProperty(text, text, text, async (name, sender, subject) => {
        const checked = checkMail(
          {
            ...message,
            subject,
            to: { name, address: 'zoe@example.com' },
            from: { name: sender, address: 'hallo@firma.example' },
          },
          { plainLinks: false },
        )
        if ('code' in checked) return checked.code === 'header_invalid'
        const mail = await composeMail(checked, { key: 'x', date: new Date(), dkim: null })
        const { headers, to, from } = await PostalMime.parse(mail.bytes)
        return (
          to?.length === 1 &&
          to[0].address === 'zoe@example.com' &&
          from?.address === 'hallo@firma.example' &&
          headers
            .map(({ key }) => key)
            .toSorted()
            .join() ===
            'content-language,content-type,date,from,list-unsubscribe,list-unsubscribe-post,message-id,mime-version,reply-to,subject,to'
        )
      }),
    )
  })

  it.each<[InboxFault, object]>([
    [
      { kind: 'reply', at: 'rcpt', code: 550, text: '5.1.1 Unknown user' },
      { code: 'smtp_address_refused', retryable: false, suppress: true },
    ],
    [
      { kind: 'reply', at: 'rcpt', code: 553, text: 'mailbox name not allowed' },
      { code: 'smtp_address_refused', suppress: true },
    ],
    [
      { kind: 'reply', at: 'rcpt', code: 550, text: '5.7.1 Relaying denied' },
      { code: 'smtp_refused', retryable: false },
    ],
    [{ kind: 'reply', at: 'rcpt', code: 550, text: 'blocked by our spam policy' }, { code: 'smtp_refused' }],
    [
      { kind: 'reply', at: 'rcpt', code: 552, text: '5.2.2 Over quota' },
      { code: 'smtp_mailbox_full', retryable: false },
    ],
    [
      { kind: 'reply', at: 'rcpt', code: 452, text: '4.2.2 Over quota' },
      { code: 'smtp_mailbox_full', retryable: true },
    ],
    [
      { kind: 'reply', at: 'rcpt', code: 450, text: '4.2.0 Greylisted' },
      { code: 'smtp_greylisted', retryable: true },
    ],
    [
      { kind: 'reply', at: 'dot', code: 451, text: '4.3.0 Try again' },
      { code: 'smtp_deferred', retryable: true },
    ],
    [
      { kind: 'reply', at: 'dot', code: 552, text: '5.3.4 Too big' },
      { code: 'smtp_too_large', retryable: false },
    ],
    [
      { kind: 'reply', at: 'dot', code: 550, text: '5.7.1 Looks like spam' },
      { code: 'smtp_refused', retryable: false },
    ],
    [
      { kind: 'reply', at: 'dot', code: 550, text: '5.1.1 Unknown user' },
      { code: 'smtp_address_refused', suppress: true },
    ],
    [
      { kind: 'reply', at: 'connect', code: 421, text: '4.3.2 Closing' },
      { code: 'smtp_unavailable', retryable: true },
    ],
    [
      { kind: 'reply', at: 'connect', code: 554, text: '5.7.1 Go away' },
      { code: 'smtp_refused', retryable: false },
    ],
    [
      { kind: 'drop', at: 'connect' },
      { code: 'smtp_unreachable', retryable: true },
    ],
    [
      { kind: 'drop', at: 'rcpt' },
      { code: 'smtp_dropped', retryable: true },
    ],
  ])('takes %j for what it is', async (fault, expected) => {
    inbox.inject({ times: 1, fault })
    const result = await send()
    expect(result).toMatchObject({ outcome: 'rejected', ...expected })
    if (!('suppress' in expected)) expect(result).not.toHaveProperty('suppress')
    expect(inbox.deliveries()).toEqual([])
  })

  it('arrives late but well when the server is slow', async () => {
    inbox.inject({ times: 1, fault: { kind: 'slow', at: 'dot', ms: 150 } })
    expect(await send()).toMatchObject({ outcome: 'sent' })
  })

  it('breaks only for the recipient that a fault is meant for', async () => {
    const stop = inbox.inject({ to: 'bad@example.com', fault: faults.refuses })
    expect(await send()).toMatchObject({ outcome: 'sent' })
    const bad = { to: { name: null, address: 'bad@example.com' } }
    expect(await send(bad)).toMatchObject({ outcome: 'rejected' })
    stop()
    expect(await send(bad)).toMatchObject({ outcome: 'sent' })
  })

  it('is doubtful when the connection breaks after the content was handed over, even before it was whole', async () => {
    inbox.inject({ times: 1, fault: { kind: 'drop', at: 'data' } })
    expect(await send()).toMatchObject({ outcome: 'uncertain' })
  })

  it('asks for the lease once more when the server waits for the content, and sends none of it when that is lost', async () => {
    const phases: string[] = []
    let asked = 0
    const sending = send(
      {},
      attempt('frozen', {
        note: (phase) => phases.push(phase),
        confirmLease: () =>
          ++asked === 2 ? Promise.reject(new HoldfastError('lease_lost', 'Lost.')) : Promise.resolve(),
      }),
    )
    await expect(sending).rejects.toMatchObject({ code: 'lease_lost' })
    expect(phases).toEqual(['connected', 'accepted_data'])
    expect(inbox.deliveries()).toEqual([])
  })

  it('sends none of the content when its time ran out while the server made it wait', async () => {
    let now = Date.now()
    const result = await send(
      {},
      attempt('slow', {
        deadline: new Date(now + 5000),
        note: (phase) => {
          if (phase === 'accepted_data') now += 6000
        },
      }),
      { clock: () => new Date(now) },
    )
    expect(result).toMatchObject({ outcome: 'rejected', retryable: true, code: 'smtp_timeout' })
    expect(inbox.deliveries()).toEqual([])
  })

  it('notes how far it got', async () => {
    const phases: string[] = []
    await send({}, attempt('noted', { note: (phase) => phases.push(phase) }))
    expect(phases).toEqual(['connected', 'accepted_data', 'dot_sent'])
  })

  it('says which server cannot be reached', async () => {
    const { port } = inbox
    await inbox.close()
    const channel = openEmailChannel(plainServer({ host: '127.0.0.1', port }))
    expect(await channel.send(message, attempt('nobody'))).toMatchObject({
      code: 'smtp_unreachable',
      retryable: true,
      message: expect.stringContaining('127.0.0.1'),
    })
    expect(await channel.verify()).toContainEqual(
      expect.objectContaining({ name: 'SMTP server', status: 'failed' }),
    )
    inbox = await openInbox({ port: 0, host: '127.0.0.1' })
  })
})

describe('a server that answers strangely', () => {
  let server: Server
  afterEach(() => new Promise((resolve) => server.close(resolve)))

  /** Says one line for each that it hears, by its first word. */
  async function scripted(replies: Readonly<Record<string, string>>): Promise<EmailChannelOptions> {
    server = createServer((socket) => {
      socket.on('error', () => {})
      socket.write('220 hello\r\n')
      let data = false
      let heard = ''
      socket.on('data', (chunk) => {
        heard += chunk.toString('latin1')
        for (let at = heard.indexOf('\r\n'); at >= 0; at = heard.indexOf('\r\n')) {
          const line = heard.slice(0, at)
          heard = heard.slice(at + 2)
          if (data && line !== '.') continue
          const reply = replies[data ? 'dot' : line.split(/[ :]/)[0]] ?? '250 ok'
          data = !data && line === 'DATA' && reply.startsWith('354')
          socket.write(`${reply}\r\n`)
        }
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return plainServer({ host: '127.0.0.1', port: (server.address() as AddressInfo).port })
  }

  it.each([
    ['gibberish', 'wibble'],
    ['a code that is none', '999 what'],
    ['another 354', '354 more'],
  ])('leaves the e-mail in doubt when it says %s after the dot', async (_, reply) => {
    const channel = openEmailChannel(await scripted({ DATA: '354 go', dot: reply }))
    expect(await channel.send(message, attempt('odd'))).toMatchObject({ outcome: 'uncertain' })
  })

  it('is read to its definite end even across several lines', async () => {
    const channel = openEmailChannel(
      await scripted({ DATA: '354 go', dot: '554-5.7.1 first\r\n554 5.7.1 second' }),
    )
    expect(await channel.send(message, attempt('lines'))).toMatchObject({
      outcome: 'rejected',
      code: 'smtp_refused',
    })
  })

  it('blames the sender when MAIL FROM is refused, not the recipient', async () => {
    const channel = openEmailChannel(
      await scripted({ MAIL: '550 5.7.60 not your address', RCPT: '503 first MAIL', DATA: '503 no' }),
    )
    const result = await channel.send(message, attempt('sender'))
    expect(result).toMatchObject({ code: 'smtp_sender_refused', retryable: false })
    expect(result).not.toHaveProperty('suppress')
  })

  it.each(['starttls', 'tls'] as const)(
    'is given up in time when it never ends the handshake (%s)',
    async (security) => {
      const options = await scripted({ EHLO: '250-hi\r\n250 STARTTLS', STARTTLS: '220 go' })
      const channel = openEmailChannel({ ...options, security, timeoutMs: 400 })
      expect(await channel.send(message, attempt('handshake'))).toMatchObject({ outcome: 'rejected' })
    },
  )

  it('does not put a server’s line breaks into its own sentences', async () => {
    const channel = openEmailChannel(await scripted({ RCPT: `550 5.1.1 ${'x'.repeat(900)}\u0007` }))
    const result = await channel.send(message, attempt('long'))
    expect(result).toMatchObject({ code: 'smtp_address_refused' })
    expect('message' in result ? result.message.length : 0).toBeLessThan(500)
  })
})

describe('encryption and sign-in', () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-smtp-'))
  const certificate = makeCertificate(folder)
  rmSync(folder, { recursive: true })
  let inbox: Inbox
  afterEach(() => inbox?.close())

  // Without openssl there is no certificate.
  it.skipIf(certificate === null)(
    'holds with a certificate that is trusted: STARTTLS, TLS and a password',
    async () => {
      for (const [implicit, security] of [
        [false, 'starttls'],
        [true, 'tls'],
      ] as const) {
        inbox = await openInbox({
          port: 0,
          host: '127.0.0.1',
          tls: { ...certificate!, implicit },
          signIn: { user: 'u', password: 'p' },
        })
        const options = { ...plainServer(inbox), host: 'localhost', security, ca: certificate!.cert }
        const good = openEmailChannel({ ...options, user: 'u', password: 'p' })
        const phases: string[] = []
        expect(
          await good.send(message, attempt('in', { note: (phase) => phases.push(phase) })),
        ).toMatchObject({ outcome: 'sent' })
        expect(phases).toContain('authenticated')
        expect((await good.verify()).map(({ status }) => status)).toEqual(['ok', 'ok', 'off'])

        const wrong = await openEmailChannel({ ...options, user: 'u', password: 'secret-canary' }).send(
          message,
          attempt('wrong'),
        )
        expect(wrong).toMatchObject({ outcome: 'rejected', retryable: false, code: 'smtp_auth' })
        expect(wrong).not.toHaveProperty('suppress')
        expect(JSON.stringify(wrong)).not.toContain('canary')

        const stranger = await openEmailChannel({ ...plainServer(inbox), host: 'localhost', security }).send(
          message,
          attempt('stranger'),
        )
        expect(stranger).toMatchObject({ outcome: 'rejected', retryable: false, code: 'smtp_tls' })
        expect(inbox.deliveries()).toHaveLength(1)
        await inbox.close()
      }
    },
  )

  it('is never given up: no STARTTLS, no e-mail', async () => {
    inbox = await openInbox({ port: 0, host: '127.0.0.1' })
    for (const security of ['starttls', 'tls'] as const) {
      const channel = openEmailChannel({ ...plainServer(inbox), security, timeoutMs: 2000 })
      expect(await channel.send(message, attempt('plain'))).toMatchObject({
        outcome: 'rejected',
        code: 'smtp_tls',
        retryable: false,
      })
      expect(await channel.verify()).toContainEqual(expect.objectContaining({ status: 'failed' }))
    }
    expect(inbox.deliveries()).toEqual([])
  })

  it('does not send a password over a network in the clear', () => {
    const options = { ...plainServer({ host: 'mail.example.com', port: 25 }), user: 'u', password: 'p' }
    expect(() => openEmailChannel(options)).toThrow(/unencrypted/)
  })
})

describe('an address', () => {
  it.each(['a@example.com', "o'neil+tag@sub.example.co.uk", 'x@xn--bro-hoa.example'])(
    'may be %s',
    (address) => {
      expect(parseAddress(address)?.address).toBe(address)
    },
  )

  it.each([
    '',
    '@',
    'a@',
    'a@b',
    'a b@example.com',
    'a@example.com, b@example.com',
    '<a@example.com>',
    'a..b@example.com',
    '.a@example.com',
    'a@-example.com',
    'a@1.2.3.4',
    '"a b"@example.com',
    `${'a'.repeat(65)}@example.com`,
    'a@exam\nple.com',
    'ü@example.com',
  ])('may not be %j', (address) => {
    expect(parseAddress(address)).toBeNull()
  })

  it('never holds a space, a line break or a bracket', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (local, domain) => {
        const parsed = parseAddress(`${local}@${domain}.example`)
        return parsed === null || /^[\x21-\x7e]+$/.test(parsed.address.replace(/[<>,;"\\()[\]]/g, ' '))
      }),
    )
  })
})

/** RFC 6376 by hand, relaxed/relaxed, so that the check does not rest on the library that signed. */
function verifyDkim(raw: Buffer, publicKey: string) {
  const text = raw.toString('latin1')
  const split = text.indexOf('\r\n\r\n')
  const headers = text.slice(0, split).split(/\r\n(?![ \t])/)
  const relax = (line: string) => {
    const colon = line.indexOf(':')
    const value = line
      .slice(colon + 1)
      .replace(/\r\n/g, '')
      .replace(/[ \t]+/g, ' ')
      .trim()
    return `${line.slice(0, colon).trim().toLowerCase()}:${value}`
  }
  const line = headers.find((one) => /^dkim-signature:/i.test(one)) ?? ''
  const tags = Object.fromEntries(
    line
      .slice(line.indexOf(':') + 1)
      .replace(/\s+/g, '')
      .split(';')
      .filter(Boolean)
      .map((tag) => [tag.slice(0, tag.indexOf('=')), tag.slice(tag.indexOf('=') + 1)]),
  )
  const body = text
    .slice(split + 4)
    .replace(/[ \t]+/g, ' ')
    .replace(/ \r\n/g, '\r\n')
    .replace(/(\r\n)*$/, '\r\n')
  const h = tags.h.split(':')
  const signed = h
    .map((name) => relax(headers.findLast((one) => one.toLowerCase().startsWith(`${name}:`)) ?? ''))
    .join('\r\n')
  const own = relax(line.replace(/(;\s*b=)[\s\S]*$/, '$1'))
  return {
    d: tags.d,
    s: tags.s,
    h,
    bodyIntact: createHash('sha256').update(body, 'latin1').digest('base64') === tags.bh,
    valid: createVerify('RSA-SHA256')
      .update(`${signed}\r\n${own}`, 'latin1')
      .verify(publicKey, tags.b, 'base64'),
  }
}

/** Null where there is no openssl. */
function makeCertificate(folder: string): { key: string; cert: string } | null {
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
  try {
    execFileSync(
      'openssl',
      [
        'req',
        '-x509',
        '-newkey',
        'rsa:2048',
        '-nodes',
        '-days',
        '2',
        '-subj',
        '/CN=localhost',
        '-addext',
        'subjectAltName=DNS:localhost',
        '-keyout',
        key,
        '-out',
        cert,
      ],
      { stdio: 'ignore' },
    )
    return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') }
  } catch {
    return null
  }
}
