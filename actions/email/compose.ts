/** From a message to the bytes that go over the wire: headers, MIME parts, DKIM signature. */
import { createHash, createPrivateKey } from 'node:crypto'
import { createTransport } from 'nodemailer'
import type { EmailMessage } from '../channel.ts'
import { HoldfastError } from '../../src/contracts/errors.ts'
import { isHeaderText, parseAddress, type Mailbox } from './address.ts'

export interface DkimKey {
  readonly domain: string
  readonly selector: string
  /** PEM, RSA. */
  readonly privateKey: string
}

/** What is wrong with a message, before anybody was spoken to. */
export interface Flaw {
  readonly code: 'address_invalid' | 'header_invalid' | 'unsubscribe_invalid'
  readonly message: string
}

export interface ComposedMail {
  /** Of the envelope. */
  readonly from: string
  readonly to: string
  readonly messageId: string
  readonly bytes: Buffer
}

/** Everything that a composed message rests on, checked. */
export interface CheckedMail {
  readonly message: EmailMessage
  readonly from: Mailbox
  readonly to: Mailbox
  readonly replyTo: Mailbox | null
  readonly returnPath: Mailbox | null
}

/**
 * The same attempt, the same Message-ID: mail programs and servers that look for copies find them, and whoever has
 * to judge a crash can search the server's log for it.
 *
 * @example
 * messageIdOf('7c9e…', 'example.com') // '<3f1c…@example.com>'
 */
export function messageIdOf(key: string, domain: string): string {
  return `<${digest(key).slice(0, 40)}@${domain}>`
}

/**
 * Refuses what could reach the wrong person or add a header: addresses, line breaks, the link to unsubscribe.
 *
 * @param options `plainLinks`: http will do, as in the sandbox, whose mails are read on this machine
 */
export function checkMail(
  message: EmailMessage,
  { plainLinks }: { readonly plainLinks: boolean },
): CheckedMail | Flaw {
  const to = parseAddress(message.to.address)
  if (to === null)
    return flaw(
      'address_invalid',
      `The address of the recipient is no e-mail address. Correct it in the CRM.`,
    )
  const from = parseAddress(message.from.address)
  if (from === null) {
    return flaw(
      'address_invalid',
      `The sender's address is no e-mail address. Correct sender.address in the settings.`,
    )
  }
  const replyTo = message.replyTo === null ? null : parseAddress(message.replyTo.address)
  if (message.replyTo !== null && replyTo === null) {
    return flaw(
      'address_invalid',
      `The address that answers go to is no e-mail address. Correct that of the responsible person or sender.replyTo.`,
    )
  }
  const back = message.returnPath ?? null
  const returnPath = back === null ? null : parseAddress(back)
  if (back !== null && returnPath === null) {
    return flaw(
      'address_invalid',
      `The address that bounces come back to is no e-mail address. Correct feedback.domain in the settings.`,
    )
  }
  const texts = {
    'the subject': message.subject,
    'the language': message.language,
    'the name of the recipient': message.to.name ?? '',
    'the name of the sender': message.from.name,
    'the name that answers go to': message.replyTo?.name ?? '',
  }
  const broken = Object.entries(texts).find(([, text]) => !isHeaderText(text))
  if (broken !== undefined) {
    return flaw(
      'header_invalid',
      `There is a line break or a control character in ${broken[0]}. It is not sent, since it could change the e-mail's headers. Take it out.`,
    )
  }
  if (message.subject.trim() === '')
    return flaw('header_invalid', 'The subject is empty. Write one in the template.')
  const { url, mailto } = message.unsubscribe
  if (!isUnsubscribeUrl(url, plainLinks) || (mailto !== null && parseAddress(mailto) === null)) {
    return flaw(
      'unsubscribe_invalid',
      'The link to unsubscribe is no https address, so the e-mail is not sent. Set PUBLIC_URL to the https address that Holdfast is reached at.',
    )
  }
  return { message, from, to, replyTo, returnPath }
}

/**
 * @param dkim a key that {@link readDkimKey} took
 * @throws HoldfastError `channel_configuration` when it could not be signed
 */
export async function composeMail(
  { message, from, to, replyTo, returnPath }: CheckedMail,
  { key, date, dkim }: { key: string; date: Date; dkim: DkimKey | null },
): Promise<ComposedMail> {
  const messageId = messageIdOf(key, from.domain)
  const { url, mailto } = message.unsubscribe
  const info = await composer.sendMail({
    messageId,
    date,
    from: { name: message.from.name, address: from.address },
    to: { name: message.to.name ?? '', address: to.address },
    ...(replyTo === null ? {} : { replyTo: { name: message.replyTo?.name ?? '', address: replyTo.address } }),
    subject: message.subject,
    text: message.text,
    html: message.html,
    headers: {
      'Content-Language': message.language,
      // RFC 8058. Prepared: folding or encoding a link would break it.
      'List-Unsubscribe': {
        prepared: true,
        value: [url, ...(mailto === null ? [] : [`mailto:${mailto}?subject=unsubscribe`])]
          .map((uri) => `<${uri}>`)
          .join(', '),
      },
      'List-Unsubscribe-Post': { prepared: true, value: 'List-Unsubscribe=One-Click' },
    },
    xMailer: false,
    // The same attempt gives the same bytes but for the date.
    baseBoundary: digest(`boundary ${key}`).slice(0, 24),
    // A template never reads files or fetches addresses.
    disableFileAccess: true,
    disableUrlAccess: true,
    ...(dkim === null
      ? {}
      : {
          dkim: {
            domainName: dkim.domain,
            keySelector: dkim.selector,
            privateKey: dkim.privateKey,
            headerFieldNames: SIGNED_HEADERS,
          },
        }),
  })
  const bytes = info.message as Buffer
  // nodemailer sends unsigned, and says nothing, when signing fails.
  if (dkim !== null && !bytes.subarray(0, 15).equals(Buffer.from('DKIM-Signature:'))) {
    throw new HoldfastError(
      'channel_configuration',
      'The e-mail could not be signed with the DKIM key. Check the key in the settings.',
    )
  }
  return { from: returnPath?.address ?? from.address, to: to.address, messageId, bytes }
}

/**
 * Bits of an RSA key that e-mails can be signed with.
 *
 * @throws HoldfastError `channel_configuration` for what is no RSA key of at least 1024 bits (RFC 8301 section 3.2)
 */
export function readDkimKey({ domain, selector, privateKey }: DkimKey): number {
  const refuse = (what: string, cause?: unknown): never => {
    throw new HoldfastError('channel_configuration', `The DKIM key cannot sign e-mails: ${what}.`, { cause })
  }
  if (parseAddress(`x@${domain}`) === null) refuse(`"${domain}" is no domain; correct smtp.dkimDomain`)
  if (!/^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$/.test(selector))
    refuse(`"${selector}" is no selector; correct smtp.dkimSelector`)
  let key
  try {
    key = createPrivateKey(privateKey)
  } catch (cause) {
    return refuse('it is no private key in PEM form; paste the file that begins with "-----BEGIN"', cause)
  }
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0
  if (key.asymmetricKeyType !== 'rsa' || bits < 1024)
    refuse('it has to be an RSA key of at least 1024 bits, better 2048')
  return bits
}

/**
 * RFC 8058 wants both List headers under the signature; nodemailer's own list leaves the second out, and with it
 * mail programs do not offer the one click.
 */
const SIGNED_HEADERS = [
  'From',
  'To',
  'Reply-To',
  'Subject',
  'Date',
  'Message-ID',
  'MIME-Version',
  'Content-Type',
  'Content-Transfer-Encoding',
  'Content-Language',
  'List-Unsubscribe',
  'List-Unsubscribe-Post',
].join(':')

const composer = createTransport({ streamTransport: true, buffer: true, newline: 'windows' })

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

function flaw(code: Flaw['code'], message: string): Flaw {
  return { code, message }
}

function isUnsubscribeUrl(text: string, plain: boolean): boolean {
  if (!/^[\x21-\x7e]{1,900}$/.test(text) || /[<>]/.test(text)) return false
  const protocol = URL.parse(text)?.protocol
  return protocol === 'https:' || (plain && protocol === 'http:')
}
