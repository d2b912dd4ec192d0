/**
 * One SMTP conversation for one message. A connection has one at a time, and is left for the next only once the server
 * has accepted the message, so that a drop can belong to no other.
 *
 * It speaks through nodemailer's connection rather than its transport, since that hides whether the content left: here
 * the message is a stream that nodemailer begins to read when the server has answered 354, and not before.
 */
import { Readable } from 'node:stream'
import SMTPConnection from 'nodemailer/lib/smtp-connection'
import type { ComposedMail } from './compose.ts'
import { leave, type IdleConnections, type OpenConnection } from './idle-connections.ts'

export interface SmtpServer {
  readonly host: string
  readonly port: number
  /** `starttls` and `tls` never fall back to less; `none` never asks for more. */
  readonly security: 'starttls' | 'tls' | 'none'
  readonly user: string | null
  readonly password: string | null
  /** PEM of an authority that signs the server's certificate, where the public ones do not. */
  readonly ca?: string
}

/**
 * How far it got. `accepted_data`: the server waits for the content (354), nothing of it has left. `dot_sent`: the
 * content and its end were handed over, from here on it may have arrived.
 */
export type Phase = 'connecting' | 'connected' | 'authenticated' | 'accepted_data' | 'dot_sent'

/** What nodemailer says of a failure. */
export interface SmtpFailure extends Error {
  readonly code?: string | undefined
  readonly originalCode?: string | undefined
  readonly response?: string | undefined
  readonly responseCode?: number | undefined
  readonly command?: string | undefined
}

export type Ending =
  | { readonly ended: 'accepted'; readonly reply: string }
  | {
      readonly ended: 'failed'
      readonly phase: Phase
      readonly error: SmtpFailure
      readonly timedOut: boolean
    }

export interface ConversationOptions {
  readonly timeoutMs: number
  /** Called before a connection is opened, which is not where one is kept; when it throws, none is. */
  readonly beforeConnecting?: () => Promise<void>
  /** Called when the server waits for the content: when it throws, the connection is cut and nothing is sent. */
  readonly beforeContent: () => Promise<void>
  readonly note: (phase: Phase) => void
  /** Where the connection is left for the next message, and one is found; absent: it has one of its own. */
  readonly idle?: IdleConnections
}

/**
 * Over a connection that was left by another message where one is kept. Such a one may have died meanwhile, or be tired
 * of us: as long as the server has not asked for the content nothing of it has left, and a new connection takes its place.
 *
 * @param mail null only signs in and leaves
 * @throws whatever `beforeConnecting` and `beforeContent` throw; failures of the conversation are an {@link Ending}
 */
export async function converse(
  server: SmtpServer,
  mail: ComposedMail | null,
  options: ConversationOptions,
): Promise<Ending> {
  const until = performance.now() + options.timeoutMs
  const kept = mail === null ? null : (options.idle?.take(nameOf(mail)) ?? null)
  if (kept !== null) {
    const ending = await speak(server, mail, options, kept)
    if (ending.ended === 'accepted' || !isStale(ending)) return ending
  }
  await options.beforeConnecting?.()
  return speak(server, mail, { ...options, timeoutMs: Math.max(1, Math.round(until - performance.now())) })
}

/** It broke, or the server wants no further message over it, before this one had begun. */
function isStale({ phase, timedOut, error }: Extract<Ending, { ended: 'failed' }>): boolean {
  const { responseCode: code, command } = error
  if (phase !== 'connected' || timedOut) return false
  return code === undefined || code === 421 || (command === 'MAIL FROM' && code >= 400 && code < 500)
}

/** @param kept signed in already; absent: a new one is opened */
function speak(
  server: SmtpServer,
  mail: ComposedMail | null,
  options: ConversationOptions,
  kept?: OpenConnection,
): Promise<Ending> {
  return new Promise((resolve, reject) => {
    let phase: Phase = 'connecting'
    let over = false
    const connection =
      kept?.smtp ?? new SMTPConnection(connectionOptions(server, nameOf(mail), options.timeoutMs))
    // A process that was frozen finds timer and reply waiting at once: the reply is read first, then the time judged.
    const timer = setTimeout(
      () => setImmediate(() => fail(new Error('The time for it is over'), true)),
      options.timeoutMs,
    )

    function move(next: Phase): void {
      phase = next
      options.note(next)
    }
    function end(settle: () => void): void {
      if (over) return
      over = true
      clearTimeout(timer)
      settle()
    }
    function fail(error: SmtpFailure, timedOut = false): void {
      end(() => {
        connection.close()
        resolve({ ended: 'failed', phase, error, timedOut: timedOut || error.code === 'ETIMEDOUT' })
      })
    }
    function succeed(reply: string): void {
      end(() => {
        const { idle } = options
        if (mail === null || idle === undefined) leave(connection)
        else idle.keep({ smtp: connection, name: nameOf(mail), messages: (kept?.messages ?? 0) + 1 })
        connection.off('error', fail)
        connection.off('end', closed)
        resolve({ ended: 'accepted', reply })
      })
    }
    const closed = (): void => fail(new Error('The server closed the connection'))

    function transmit(mail: ComposedMail): void {
      let asked = false
      const content = new Readable({
        read() {
          if (asked) return
          asked = true
          move('accepted_data')
          options.beforeContent().then(
            () => {
              if (over) return
              move('dot_sent')
              content.push(mail.bytes)
              content.push(null)
            },
            (cause: unknown) =>
              end(() => {
                connection.close()
                reject(cause)
              }),
          )
        },
      })
      connection.send({ from: mail.from, to: [mail.to], size: mail.bytes.length }, content, (error, info) =>
        error ? fail(error) : succeed(info.response),
      )
    }

    connection.on('error', fail)
    connection.on('end', closed)
    const go = () => (mail === null ? succeed('') : transmit(mail))
    if (kept !== undefined) {
      move('connected')
      return go()
    }
    connection.connect((error) => {
      if (error) return fail(error)
      move('connected')
      if (server.user === null) return go()
      connection.login({ user: server.user, pass: server.password ?? '' }, (refused) => {
        if (refused) return fail(refused)
        move('authenticated')
        go()
      })
    })
  })
}

/** Not the name of the machine, which is nobody's business. */
const nameOf = (mail: ComposedMail | null): string =>
  mail === null ? 'localhost' : mail.from.slice(mail.from.indexOf('@') + 1)

function connectionOptions(server: SmtpServer, name: string, timeoutMs: number) {
  const setup = Math.min(10_000, timeoutMs)
  return {
    host: server.host,
    port: server.port,
    secure: server.security === 'tls',
    requireTLS: server.security === 'starttls',
    ignoreTLS: server.security === 'none',
    name,
    connectionTimeout: setup,
    greetingTimeout: setup,
    dnsTimeout: setup,
    // After ours, which looks first whether an answer is there already.
    socketTimeout: timeoutMs + 60_000,
    // Closing would still flush what waits in the socket; destroying it does not.
    socketCloseTimeout: 0,
    logger: false,
    tls: { minVersion: 'TLSv1.2' as const, ...(server.ca === undefined ? {} : { ca: server.ca }) },
  }
}
