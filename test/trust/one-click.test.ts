/** RFC 8058 as a receiver sees it: signatures checked by dkimpy, which shares no line with the library that signs. */
import { spawnSync } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openEmailChannel } from '../../actions/email/channel.ts'
import { renderEmail } from '../../actions/email/render.ts'
import { openInbox, type Inbox } from '../../actions/email/sandbox/inbox.ts'
import { systemClock } from '../../src/contracts/clock.ts'

/** Debian's python3-dkim is for its own Python. */
const PYTHONS = ['/usr/bin/python3', 'python3']
const python = PYTHONS.find((path) => spawnSync(path, ['-c', 'import dkim']).status === 0)

/** Reads the mail, is given the key as the name service would give it, and prints what it found. */
const VERIFY = `
import sys, json, dkim
raw = sys.stdin.buffer.read()
record = b'v=DKIM1; k=rsa; p=' + sys.argv[1].encode()
asked = []
def txt(name, timeout=5):
    asked.append(name.decode() if isinstance(name, bytes) else name)
    return record
verifier = dkim.DKIM(raw, minkey=1024)
try:
    valid = bool(verifier.verify(dnsfunc=txt))
except dkim.DKIMException:
    valid = False
seal = next(value for name, value in verifier.headers if name.lower() == b'dkim-signature').decode()
tags = {key.strip(): value.strip() for key, value in (tag.split('=', 1) for tag in seal.split(';') if '=' in tag)}
print(json.dumps({'valid': valid, 'asked': asked, 'canonical': tags.get('c'),
  'signed': [name.strip().lower() for name in tags.get('h', '').split(':')]}))
`

interface Verified {
  readonly valid: boolean
  readonly asked: readonly string[]
  readonly signed: readonly string[]
  readonly canonical: string
}

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const published = publicKey.export({ type: 'spki', format: 'der' }).toString('base64')

function verify(raw: Buffer, key = published): Verified {
  const { stdout, stderr } = spawnSync(python!, ['-c', VERIFY, key], { input: raw, encoding: 'utf8' })
  if (stdout === '') throw new Error(stderr)
  return JSON.parse(stdout) as Verified
}

const name =
  python === undefined
    ? 'one-click unsubscribe by an independent verifier (skipped: no Python has dkim; install python3-dkim)'
    : 'one-click unsubscribe by an independent verifier'

describe.skipIf(python === undefined)(name, () => {
  let inbox: Inbox
  beforeAll(async () => {
    inbox = await openInbox({ port: 0, host: '127.0.0.1' })
  })
  afterAll(() => inbox.close())

  /** As it arrives: rendered from the shipped template, signed, over SMTP. */
  async function arrived(key: string): Promise<Buffer> {
    const channel = openEmailChannel({
      host: inbox.host,
      port: inbox.port,
      security: 'none',
      user: null,
      password: null,
      dkim: {
        domain: 'acme.example',
        selector: 'holdfast',
        privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
      },
      clock: systemClock,
    })
    const message = renderEmail({
      action: 'email',
      language: 'de-AT',
      fallbackLanguage: 'en',
      customer: { name: 'Müller & Söhne' },
      recipient: { name: 'Jörg Groß', address: 'joerg@example.com' },
      responsible: { name: 'Zoë Rep', address: 'zoe@acme.example' },
      sender: {
        name: 'Acme',
        address: 'care@acme.example',
        company: 'Acme GmbH',
        postalAddress: 'Hauptstraße 1, 1010 Wien',
        replyTo: null,
      },
      offer: null,
      unsubscribeUrl: `https://holdfast.example.com/u/${'x'.repeat(180)}.${'y'.repeat(22)}`,
      unsubscribeMailto: `stop+${'a'.repeat(55)}@back.acme.example`,
    })
    const end = await channel.send(
      { ...message, returnPath: `bounce+${'a'.repeat(55)}@back.acme.example` },
      {
        key,
        deadline: new Date(Date.now() + 20_000),
        confirmLease: () => Promise.resolve(),
        note: () => {},
      },
    )
    await channel.close()
    expect(end.outcome).toBe('sent')
    return inbox.list()[0].raw
  }

  it('has a valid signature over both headers', async () => {
    const raw = await arrived('whole')
    const found = verify(raw)
    expect(found).toMatchObject({ valid: true, asked: ['holdfast._domainkey.acme.example.'] })
    expect(found.signed).toEqual(
      expect.arrayContaining(['list-unsubscribe', 'list-unsubscribe-post', 'from']),
    )
    expect(found.canonical).toBe('relaxed/relaxed')
    // RFC 8058 section 3.1: an https link, and exactly these words.
    const head = raw
      .toString()
      .split('\r\n\r\n')[0]
      .replace(/\r\n[ \t]+/g, ' ')
    expect(head).toMatch(/^List-Unsubscribe: <https:\/\/[^>]+>/m)
    expect(head).toMatch(/^List-Unsubscribe-Post: List-Unsubscribe=One-Click$/m)
  })

  it('has none any more when either header, the body or the key is another', async () => {
    const raw = await arrived('changed')
    const changed = (from: RegExp, to: string): Buffer => {
      const text = raw.toString('latin1')
      expect(text).toMatch(from)
      return Buffer.from(text.replace(from, to), 'latin1')
    }
    for (const other of [
      changed(/One-Click/, 'Two-Click'),
      changed(/List-Unsubscribe-Post: [^\r]*\r\n/, ''),
      changed(/List-Unsubscribe: <https:\/\/holdfast/, 'List-Unsubscribe: <https://evil'),
      changed(/\r\n\r\n/, '\r\n\r\nMore\r\n'),
    ])
      expect(verify(other).valid).toBe(false)
    const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey
    expect(verify(raw, stranger.export({ type: 'spki', format: 'der' }).toString('base64')).valid).toBe(false)
  })

  it('outlives what a relay may do to white space and folding', async () => {
    const raw = (await arrived('relayed')).toString('latin1')
    const relayed = raw
      .replace(/^Subject: /m, 'Subject:\t ')
      .replace(/^List-Unsubscribe-Post: /m, 'LIST-UNSUBSCRIBE-POST:\r\n ')
      .replace(/^/, 'Received: from a by b; Sat, 21 Nov 2026 10:00:00 +0000\r\n')
    expect(verify(Buffer.from(relayed, 'latin1')).valid).toBe(true)
  })
})
