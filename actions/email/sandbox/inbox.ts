/**
 * A mail server of our own that keeps what it is given and delivers nothing: the sandbox that mails go to until an
 * admin says otherwise, and the provider that tests break in every way a real one breaks. Real SMTP on a port of the
 * loopback interface.
 */
import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import PostalMime from 'postal-mime'
import { SMTPServer } from 'smtp-server'
import type { SMTPServerAddress, SMTPServerSession } from 'smtp-server'
import { HoldfastError } from '../../../src/contracts/errors.ts'

export interface InboxMail {
  /** Running number, as text. */
  readonly id: string
  readonly at: Date
  /** Of the envelope. */
  readonly from: string
  readonly to: string
  readonly fromName: string
  readonly replyTo: string | null
  readonly subject: string
  /** With its angle brackets. */
  readonly messageId: string
  readonly text: string
  /** From outside: show it in a sandboxed frame only. */
  readonly html: string
  /** In the order of the mail, names in lower case, unfolded. */
  readonly headers: readonly { readonly name: string; readonly value: string }[]
  readonly raw: Buffer
}

/** What arrived whole, whether or not its sender was told: what a ledger is compared with. */
export interface Delivery {
  readonly messageId: string
  readonly to: string
  readonly at: Date
}

/** `rcpt`: before the content is asked for; `data`: within the content, which is lost; `dot`: after the whole of it. */
export type FaultPoint = 'connect' | 'rcpt' | 'data' | 'dot'

export type InboxFault =
  /** Answers with a code; a mail that is refused after the dot is not kept. */
  | {
      readonly kind: 'reply'
      readonly at: 'connect' | 'rcpt' | 'dot'
      readonly code: number
      readonly text: string
    }
  /** Breaks the connection; after the dot the mail has arrived, and its sender is never told. */
  | { readonly kind: 'drop'; readonly at: FaultPoint }
  /** Says nothing more, for good; after the dot the mail has arrived. */
  | { readonly kind: 'hang'; readonly at: FaultPoint }
  | { readonly kind: 'slow'; readonly at: FaultPoint; readonly ms: number }

export interface FaultRule {
  /** Default: everybody. `connect` knows no recipient, and applies to all. */
  readonly to?: string
  /** How often, default without end. */
  readonly times?: number
  readonly fault: InboxFault
}

export interface Inbox {
  readonly host: string
  readonly port: number
  /** Newest first. */
  list(): readonly InboxMail[]
  read(id: string): InboxMail | null
  clear(): void
  /** Copies of what went to these addresses go, for somebody who asked to be forgotten. */
  forget(addresses: readonly string[]): void
  /** All of them since the start, oldest first; `clear` leaves them. */
  deliveries(): readonly Delivery[]
  /** Adds a rule, the latest first in turn; the function takes it away again. */
  inject(rule: FaultRule): () => void
  close(): Promise<void>
}

export interface InboxOptions {
  readonly port: number
  readonly host: string
  /** Mails that are kept, default 500; the oldest go. */
  readonly keep?: number
  /** Bytes of mails that are kept, default 32 MB. */
  readonly keepBytes?: number
  /** For tests: offers STARTTLS, or speaks TLS from the start, with this certificate; asks for this password. */
  readonly tls?: { readonly key: string; readonly cert: string; readonly implicit?: boolean }
  readonly signIn?: { readonly user: string; readonly password: string }
}

/**
 * @param options port 0: a free one
 * @throws HoldfastError `port_in_use`
 * @example
 * const inbox = await openInbox({ port: 0, host: '127.0.0.1' })
 */
export async function openInbox(options: InboxOptions): Promise<Inbox> {
  const { keep = 500, keepBytes = 32_000_000 } = options
  const rules: { readonly to: string | null; left: number; readonly fault: InboxFault }[] = []
  const delivered: Delivery[] = []
  let mails: InboxMail[] = []
  let bytes = 0
  let count = 0

  /** Lets the first rule that fits take its turn; false when it ended the conversation. */
  async function pass(at: FaultPoint, to: string | null, session: SMTPServerSession): Promise<boolean> {
    const rule = rules.find(
      (one) => one.left > 0 && one.fault.at === at && (one.to === null || at === 'connect' || one.to === to),
    )
    if (rule === undefined) return true
    rule.left--
    const { fault } = rule
    if (fault.kind === 'reply') throw Object.assign(new Error(fault.text), { responseCode: fault.code })
    if (fault.kind === 'slow') {
      await sleep(fault.ms, undefined, { ref: false })
      return true
    }
    if (fault.kind === 'drop') cut(session)
    return false
  }

  /** smtp-server keeps its sockets to itself; the port of the other side tells which is which. */
  const sockets = new Map<number, Socket>()

  function cut(session: SMTPServerSession): void {
    sockets.get(session.remotePort)?.destroy()
  }

  async function store(raw: Buffer, session: SMTPServerSession): Promise<() => void> {
    const email = await PostalMime.parse(raw)
    const { mailFrom, rcptTo } = session.envelope
    const arrived = rcptTo.map(({ address }): InboxMail => {
      count++
      return {
        id: String(count),
        at: new Date(),
        from: mailFrom === false ? '' : mailFrom.address,
        to: address,
        fromName: email.from?.name ?? '',
        replyTo: email.replyTo?.[0]?.address ?? null,
        subject: email.subject ?? '',
        messageId: email.messageId ?? '',
        text: email.text ?? '',
        html: email.html ?? '',
        headers: email.headers.map(({ key, value }) => ({ name: key, value })),
        raw,
      }
    })
    return () => {
      for (const mail of arrived) {
        delivered.push({ messageId: mail.messageId, to: mail.to, at: mail.at })
        mails.push(mail)
        bytes += mail.raw.length
      }
      while (mails.length > keep || (bytes > keepBytes && mails.length > 1))
        bytes -= mails.shift()?.raw.length ?? 0
    }
  }

  const server = new SMTPServer({
    name: 'sandbox.invalid',
    banner: 'Holdfast sandbox: nothing is delivered',
    size: 5_000_000,
    rejectOversized: true,
    disableReverseLookup: true,
    logger: false,
    closeTimeout: 100,
    disabledCommands: [
      ...(options.signIn === undefined ? ['AUTH'] : []),
      ...(options.tls === undefined ? ['STARTTLS'] : []),
    ],
    ...(options.tls === undefined
      ? {}
      : { key: options.tls.key, cert: options.tls.cert, secure: options.tls.implicit ?? false }),
    allowInsecureAuth: true,
    onConnect(session, callback) {
      void pass('connect', null, session).then((on) => on && callback(), callback)
    },
    onAuth({ username, password }, _session, callback) {
      const right = username === options.signIn?.user && password === options.signIn?.password
      callback(
        null,
        right ? { user: username } : { message: '5.7.8 Wrong user or password', responseCode: 535 },
      )
    },
    onRcptTo({ address }: SMTPServerAddress, session, callback) {
      void pass('rcpt', address, session).then((on) => on && callback(), callback)
    },
    onData(stream, session, callback) {
      const to = session.envelope.rcptTo[0]?.address ?? null
      const receive = async () => {
        const chunks: Buffer[] = []
        for await (const chunk of stream) {
          // Only now is it certain that the sender has seen the 354.
          if (chunks.length === 0 && !(await pass('data', to, session))) return
          chunks.push(chunk as Buffer)
        }
        if (stream.sizeExceeded) return callback()
        const keepIt = await store(Buffer.concat(chunks), session)
        try {
          const on = await pass('dot', to, session)
          keepIt()
          if (on) callback(null, `2.0.0 Kept as ${count}`)
        } catch (refusal) {
          callback(refusal as Error)
        }
      }
      // A sender that breaks off in the middle has sent nothing.
      receive().catch((cause: Error) => callback(cause))
    },
  })
  // Connections that break are what it is for.
  server.on('error', () => {})

  server.server.on('connection', (socket: Socket) => {
    const port = socket.remotePort ?? 0
    sockets.set(port, socket)
    socket.once('close', () => sockets.delete(port))
  })

  await new Promise<void>((resolve, reject) => {
    server.server.once('error', (cause: NodeJS.ErrnoException) =>
      reject(
        cause.code === 'EADDRINUSE'
          ? new HoldfastError(
              'port_in_use',
              `Port ${options.port} of the sandbox inbox is taken. Stop the other program, or choose another port.`,
              { cause },
            )
          : cause,
      ),
    )
    server.listen(options.port, options.host, () => resolve())
  })
  const address = server.server.address()

  return {
    host: options.host,
    port: typeof address === 'object' && address !== null ? address.port : options.port,
    list: () => mails.toReversed(),
    read: (id) => mails.find((mail) => mail.id === id) ?? null,
    clear() {
      mails = []
      bytes = 0
    },
    forget(addresses) {
      const gone = new Set(addresses.map((address) => address.toLowerCase()))
      const isGone = ({ to }: { readonly to: string }): boolean => gone.has(to.toLowerCase())
      mails = mails.filter((mail) => !isGone(mail))
      bytes = mails.reduce((sum, { raw }) => sum + raw.length, 0)
      for (let at = delivered.length - 1; at >= 0; at--) if (isGone(delivered[at])) delivered.splice(at, 1)
    },
    deliveries: () => [...delivered],
    inject({ to, times = Infinity, fault }) {
      const rule = { to: to ?? null, left: times, fault }
      rules.unshift(rule)
      return () => {
        rule.left = 0
      }
    },
    close: () =>
      new Promise<void>((resolve) => {
        // Beneath TLS a socket is left to smtp-server: destroying it in the middle of a handshake crashes Node 24.
        if (options.tls === undefined) for (const socket of sockets.values()) socket.destroy()
        server.close(() => resolve())
      }),
  }
}
