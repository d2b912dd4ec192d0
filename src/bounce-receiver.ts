/**
 * The mail server that bounces, complaints and answers come back to. It takes mail for addresses that this installation
 * made and for complaints about its own messages, relays nothing, and keeps nothing: each mail is dealt with before it is
 * acknowledged, so whoever sent it tries again when we could not.
 */
import { SMTPServer, type SMTPServerAddress, type SMTPServerSession } from 'smtp-server'
import { HoldfastError } from './contracts/errors.ts'
import {
  mailPlace,
  takeReturned,
  type MailPlace,
  type ReturnedEnd,
  type ReturnedServices,
} from './loop/returned-mail.ts'

export interface BounceReceiver {
  readonly host: string
  readonly port: number
  close(): Promise<void>
}

export interface BounceReceiverOptions {
  /** 0: a free one. */
  readonly port: number
  readonly host: string
  /** As the receiver calls itself; default `holdfast.invalid`, never the machine's name. */
  readonly name?: string
  readonly services: ReturnedServices
}

/** An answer may have a picture or two. */
const MOST_BYTES = 10_000_000
/** Each may hold a mail in memory. */
const MOST_CONNECTIONS = 20
const MOST_RECIPIENTS = 5
const SOCKET_MS = 60_000

/** Where mailbox providers send complaints: what those enclose says which message they are about. */
const FOR_COMPLAINTS: ReadonlySet<string> = new Set(['fbl', 'abuse', 'postmaster'])

/**
 * @throws HoldfastError `port_in_use`
 * @example
 * const receiver = await openBounceReceiver({ port: 2525, host: '0.0.0.0', services })
 */
export async function openBounceReceiver({
  port,
  host,
  name = 'holdfast.invalid',
  services,
}: BounceReceiverOptions): Promise<BounceReceiver> {
  const { log } = services
  /** By session and address: what an address that was taken stands for. */
  const placed = new WeakMap<SMTPServerSession, Map<string, MailPlace | null>>()

  async function admit({ address }: SMTPServerAddress, session: SMTPServerSession): Promise<void> {
    const places = placed.get(session) ?? new Map<string, MailPlace | null>()
    placed.set(session, places)
    if (places.size >= MOST_RECIPIENTS) throw refusal(452, '4.5.3 Too many recipients')
    const local = address.slice(0, address.lastIndexOf('@')).toLowerCase()
    const place = await mailPlace(services, local)
    if (place === null && !FOR_COMPLAINTS.has(local)) throw refusal(550, '5.1.1 No such address here')
    places.set(address, place)
  }

  async function take(raw: Buffer, session: SMTPServerSession): Promise<string> {
    const places = placed.get(session) ?? new Map<string, MailPlace | null>()
    const { mailFrom, rcptTo } = session.envelope
    const envelopeFrom = mailFrom === false ? '' : mailFrom.address
    const ends: ReturnedEnd[] = []
    for (const { address } of rcptTo) {
      const place = places.get(address) ?? null
      const end = await takeReturned(services, { place, envelopeFrom, raw })
      log.info({ tenant: place?.tenant, intervention: place?.intervention, end }, 'a mail came back')
      ends.push(end)
    }
    if (ends.includes('later')) throw refusal(451, '4.3.0 Not now, try again later')
    if (ends.includes('undeliverable')) throw refusal(554, '5.3.5 There is nobody it could be given to')
    if (ends.every((end) => end === 'unknown')) throw refusal(550, '5.7.1 This is about no message of ours')
    return '2.0.0 Thank you'
  }

  /** What is no answer of ours is a failure of ours: the sender keeps the mail and comes again. */
  const answered = (
    work: Promise<string | void>,
    callback: (error?: Error | null, message?: string) => void,
  ) =>
    void work.then(
      (message) => callback(null, message ?? undefined),
      (cause: unknown) => {
        if (isRefusal(cause)) return callback(cause)
        log.error({ err: cause }, 'a mail that came back could not be taken')
        callback(refusal(451, '4.3.0 Not now, try again later'))
      },
    )

  const server = new SMTPServer({
    name,
    banner: 'Bounces and answers only',
    size: MOST_BYTES,
    rejectOversized: true,
    maxClients: MOST_CONNECTIONS,
    socketTimeout: SOCKET_MS,
    disableReverseLookup: true,
    logger: false,
    closeTimeout: 5000,
    // Nobody signs in here. TLS is for a mail server in front: a certificate would be one more thing to keep alive.
    disabledCommands: ['AUTH', 'STARTTLS'],
    onMailFrom(_address, session, callback) {
      placed.delete(session)
      callback()
    },
    onRcptTo: (address, session, callback) => answered(admit(address, session), callback),
    onData(stream, session, callback) {
      const receive = async () => {
        const chunks: Buffer[] = []
        for await (const chunk of stream) chunks.push(chunk as Buffer)
        if (stream.sizeExceeded) throw refusal(552, '5.3.4 Too large')
        return take(Buffer.concat(chunks), session)
      }
      answered(receive(), callback)
    },
  })
  // A connection that breaks is its sender's affair.
  server.on('error', (cause) => log.debug({ err: cause }, 'a connection to the bounce receiver broke'))

  await new Promise<void>((resolve, reject) => {
    server.server.once('error', (cause: NodeJS.ErrnoException) =>
      reject(
        cause.code === 'EADDRINUSE' || cause.code === 'EACCES'
          ? new HoldfastError(
              'port_in_use',
              `The bounce receiver cannot listen on port ${port} (${cause.code}). Choose another BOUNCE_PORT; behind a mail server of your own any will do.`,
              { cause },
            )
          : cause,
      ),
    )
    server.listen(port, host, () => resolve())
  })
  const address = server.server.address()
  return {
    host,
    port: typeof address === 'object' && address !== null ? address.port : port,
    close: () => new Promise<void>((resolve) => server.close(() => resolve())),
  }
}

interface Refusal extends Error {
  readonly responseCode: number
}

function refusal(responseCode: number, text: string): Refusal {
  return Object.assign(new Error(text), { responseCode })
}

function isRefusal(cause: unknown): cause is Refusal {
  return cause instanceof Error && 'responseCode' in cause
}
