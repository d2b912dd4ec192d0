/**
 * Connections to one mail server that nobody speaks over, kept for seconds so that the next message need not open and
 * sign in to one of its own. Only one whose last message was accepted is kept: nothing of it is left to be answered.
 */
import type SMTPConnection from 'nodemailer/lib/smtp-connection'

/** A connection that is signed in, where the server wants that. */
export interface OpenConnection {
  readonly smtp: SMTPConnection
  /** As we introduced ourselves: another sender's name is another's connection. */
  readonly name: string
  /** Messages that went over it. */
  readonly messages: number
}

export interface IdleConnections {
  /** The one left last, which is the least likely to have died; null: there is none. Whoever takes it listens to it. */
  take(name: string): OpenConnection | null
  /** Ends it instead where enough are kept, or enough went over it. */
  keep(connection: OpenConnection): void
  /** Ends all; what is kept afterwards is ended at once. */
  close(): void
}

/**
 * Servers end a connection themselves after some minutes, and some after some messages. How many there are at a time is
 * `smtp.connections`; a sandbox has no such bound, and one is not to be opened anew for each message in flight.
 */
const KEPT = { connections: 200, forMs: 3000, messages: 100 } as const

/**
 * @param forMs how long one is kept
 * @example
 * const idle = openIdleConnections()
 * await converse(server, mail, { …, idle })
 */
export function openIdleConnections({ forMs = KEPT.forMs }: { forMs?: number } = {}): IdleConnections {
  interface Kept extends OpenConnection {
    stop(): void
  }
  let kept: Kept[] = []
  let closed = false

  return {
    take(name) {
      const found = kept.findLast((one) => one.name === name)
      found?.stop()
      return found ?? null
    },
    keep(connection) {
      const { smtp, messages } = connection
      if (smtp.destroyed) return
      if (closed || messages >= KEPT.messages || kept.length >= KEPT.connections) return leave(smtp)
      // It emits `end` when it is closed, from whichever side.
      const stop = (): void => {
        clearTimeout(timer)
        smtp.off('error', stop)
        smtp.off('end', stop)
        kept = kept.filter((one) => one !== entry)
      }
      const entry: Kept = { ...connection, stop }
      const timer = setTimeout(() => {
        stop()
        leave(smtp)
      }, forMs).unref()
      smtp.on('error', stop)
      smtp.on('end', stop)
      kept.push(entry)
    },
    close() {
      closed = true
      for (const { smtp, stop } of kept) {
        stop()
        leave(smtp)
      }
    },
  }
}

/** Ends it as SMTP has it; a server that does not answer QUIT keeps nobody waiting. */
export function leave(smtp: SMTPConnection): void {
  // Whatever it still says is of no message.
  smtp.on('error', () => undefined)
  smtp.quit()
  setTimeout(() => smtp.close(), 1000).unref()
}
