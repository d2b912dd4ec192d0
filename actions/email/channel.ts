/**
 * E-mail by SMTP. SMTP has no key against duplicates and cannot be asked afterwards, so the channel tells exactly how
 * far a conversation got: without the server's 354 nothing went out, with it and without a reply nobody can say.
 */
import type { Check } from '../../src/contracts/checks.ts'
import type { Clock } from '../../src/contracts/clock.ts'
import { HoldfastError } from '../../src/contracts/errors.ts'
import type { Attempt, Channel, Message, Notice, SendResult } from '../channel.ts'
import { checkMail, composeMail, readDkimKey, type DkimKey } from './compose.ts'
import { converse, type SmtpServer } from './conversation.ts'
import { openIdleConnections } from './idle-connections.ts'
import { composeNotice } from './notice.ts'
import { openPlaces } from './places.ts'
import { judge } from './verdict.ts'

export interface EmailChannelOptions extends SmtpServer {
  readonly dkim: DkimKey | null
  readonly clock: Clock
  /** Longest that one message may take, default 30 s. */
  readonly timeoutMs?: number
  /** Conversations with the server at a time; absent: as many as there are messages. */
  readonly connections?: number
}

/**
 * The lease is confirmed before a connection is opened, and again whenever the server waits for the content. A
 * `lease_lost` from it is thrown on, with nothing sent. What remains is a pause of the process between that second
 * check and the write, which no client can rule out.
 *
 * @throws HoldfastError `channel_configuration`: a DKIM key that cannot sign, a password that would go unencrypted
 * @example
 * const channel = openEmailChannel({ host: inbox.host, port: inbox.port, security: 'none', user: null, password: null, dkim: null, clock: systemClock })
 */
export function openEmailChannel(options: EmailChannelOptions): Channel {
  const { clock, dkim, timeoutMs = 30_000, connections = Infinity } = options
  const isLocal = /^(localhost|127\.\d+\.\d+\.\d+|::1)$/.test(options.host)
  if (options.user !== null && options.security === 'none' && !isLocal) {
    throw new HoldfastError(
      'channel_configuration',
      `The password for ${options.host} would go over the network unencrypted. Set smtp.security to starttls or tls.`,
    )
  }
  const dkimBits = dkim === null ? null : readDkimKey(dkim)
  const idle = openIdleConnections()
  const places = openPlaces(connections)
  const running = new Set<Promise<unknown>>()
  let closed = false

  async function send(message: Message, attempt: Attempt): Promise<SendResult> {
    if (message.kind !== 'email')
      throw new HoldfastError('internal', `The e-mail channel was given a ${message.kind}.`)
    if (closed) throw new HoldfastError('internal', 'The e-mail channel is closed.')
    const checked = checkMail(message, { plainLinks: isLocal })
    if ('code' in checked) return { outcome: 'rejected', retryable: false, ...checked }
    const mail = await composeMail(checked, { key: attempt.key, date: clock(), dkim })

    const left = () => Math.min(timeoutMs, attempt.deadline.getTime() - clock().getTime())
    const mayGo = async (before: 'connecting' | 'handing_over') => {
      await attempt.confirmLease(before)
      if (left() <= 0) throw new DeadlinePassed()
    }
    const leave = await places.take(left())
    if (leave === null) return busy(options.host, connections)
    try {
      const ending = await converse(options, mail, {
        timeoutMs: Math.max(1, left()),
        beforeConnecting: () => mayGo('connecting'),
        beforeContent: () => mayGo('handing_over'),
        note: (phase) => attempt.note(phase),
        idle,
      })
      return ending.ended === 'accepted'
        ? { outcome: 'sent', providerId: mail.messageId, detail: ending.reply }
        : judge(ending, options.host)
    } catch (error) {
      if (!(error instanceof DeadlinePassed)) throw error
      return {
        outcome: 'rejected',
        retryable: true,
        code: 'smtp_timeout',
        message: 'The time for this attempt was over before the e-mail left. It will be tried again.',
      }
    } finally {
      leave()
    }
  }

  async function notify(notice: Notice, key: string): Promise<SendResult> {
    if (closed) throw new HoldfastError('internal', 'The e-mail channel is closed.')
    const mail = await composeNotice(notice, { key, date: clock() })
    if ('code' in mail) return { outcome: 'rejected', retryable: false, ...mail }
    const leave = await places.take(timeoutMs)
    if (leave === null) return busy(options.host, connections)
    const ending = await converse(options, mail, {
      timeoutMs,
      beforeContent: () => Promise.resolve(),
      note: () => {},
      idle,
    }).finally(leave)
    return ending.ended === 'accepted'
      ? { outcome: 'sent', providerId: mail.messageId, detail: ending.reply }
      : judge(ending, options.host)
  }

  /** Closing waits for it. */
  function kept(sending: Promise<SendResult>): Promise<SendResult> {
    const one = sending.finally(() => running.delete(one))
    running.add(one)
    return one
  }

  return {
    name: 'email',
    timeoutMs,
    send: (message, attempt) => kept(send(message, attempt)),
    notify: (notice, { key }) => kept(notify(notice, key)),
    // SMTP cannot be asked.
    reconcile: () => Promise.resolve(null),
    verify: async () => [...(await verifyServer(options, isLocal, timeoutMs)), dkimCheck(dkim, dkimBits)],
    async close() {
      closed = true
      await Promise.allSettled(running)
      idle.close()
    },
  }
}

class DeadlinePassed extends Error {}

const busy = (host: string, connections: number): SendResult => ({
  outcome: 'rejected',
  retryable: true,
  code: 'smtp_busy',
  message: `${host} was busy with other e-mails of ours until the time for this attempt was over (${connections} at a time, settings: smtp.connections). Nothing was sent; it will be tried again.`,
})

async function verifyServer(
  server: SmtpServer,
  isLocal: boolean,
  timeoutMs: number,
): Promise<readonly Check[]> {
  const ending = await converse(server, null, {
    timeoutMs: Math.min(timeoutMs, 10_000),
    beforeContent: () => Promise.resolve(),
    note: () => {},
  })
  const place = `${server.host}:${server.port}`
  if (ending.ended === 'failed') {
    const verdict = judge(ending, server.host)
    const message = verdict.outcome === 'sent' ? ending.error.message : verdict.message
    return [{ name: 'SMTP server', status: 'failed', message }]
  }
  const signedIn = server.user === null ? '' : `, signed in as ${server.user}`
  const plain = server.security === 'none' && !isLocal
  return [
    { name: 'SMTP server', status: 'ok', message: `${place} answers${signedIn}.` },
    plain
      ? {
          name: 'SMTP encryption',
          status: 'warning',
          message: `E-mails travel to ${place} unencrypted, so others on the way can read them. Set smtp.security to starttls or tls.`,
        }
      : {
          name: 'SMTP encryption',
          status: 'ok',
          message:
            server.security === 'none'
              ? `${place} is on this machine.`
              : `The conversation with ${place} is encrypted (${server.security}).`,
        },
  ]
}

function dkimCheck(dkim: DkimKey | null, bits: number | null): Check {
  const name = 'DKIM signature'
  if (dkim === null || bits === null) {
    return {
      name,
      status: 'off',
      message:
        'E-mails are not signed here. Without a signature of the SMTP server mail programs offer no one-click unsubscribe and many e-mails end as spam; set smtp.dkimDomain, smtp.dkimSelector and the key.',
    }
  }
  if (bits < 2048) {
    return {
      name,
      status: 'warning',
      message: `E-mails are signed for ${dkim.domain} with a key of ${bits} bits. Some receivers want 2048; make a new key.`,
    }
  }
  return {
    name,
    status: 'ok',
    message: `E-mails are signed for ${dkim.domain} with the key ${dkim.selector}.`,
  }
}
