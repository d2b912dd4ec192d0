/**
 * Texts by Twilio, which has no key against duplicates: the channel tells exactly whether a request may have left, and
 * finds afterwards what Twilio made of it.
 */
import type { Clock } from '../../src/contracts/clock.ts'
import { HoldfastError } from '../../src/contracts/errors.ts'
import type { Attempt, Channel, Message, SendResult } from '../channel.ts'
import { findMessage, sentTo } from './look-up.ts'
import { twilioClient, type TwilioAccount } from './twilio.ts'
import { judgeAnswer, judgeSilence } from './verdict.ts'
import { verifyAccount } from './verify.ts'

export type SmsSender =
  /** MG… */
  | { readonly messagingServiceSid: string }
  /** E.164. */
  | { readonly number: string }

export interface SmsChannelOptions extends TwilioAccount {
  readonly from: SmsSender
  /** Where Twilio reports what becomes of a text; null: nowhere. */
  readonly statusCallback: (key: string) => string | null
  /** Where Twilio hands on what people answer, as the admin has to enter it there; null: nowhere. */
  readonly inboundUrl?: string | null
  readonly clock: Clock
  /** Longest that one text may take, default 20 s. */
  readonly timeoutMs?: number
}

/**
 * The lease is confirmed twice: before the connection is opened, and again when it stands and nothing of the text has
 * been written. What remains is a pause of the process between that second check and the write, which no client can
 * rule out.
 *
 * @throws HoldfastError `channel_configuration`: an account or sender that cannot be one
 * @example
 * const channel = openSmsChannel({ accountSid, auth: { authToken }, from: { number: '+15005550006' },
 *   statusCallback: (key) => `${base}/status?a=${key}`, clock: systemClock })
 */
export function openSmsChannel(options: SmsChannelOptions): Channel {
  const { clock, from, statusCallback, timeoutMs = 20_000 } = options
  checkOptions(options)
  const running = new Set<Promise<unknown>>()
  let closed = false

  async function send(message: Message, attempt: Attempt): Promise<SendResult> {
    if (message.kind !== 'sms')
      throw new HoldfastError('internal', `The SMS channel was given a ${message.kind}.`)
    if (closed) throw new HoldfastError('internal', 'The SMS channel is closed.')
    const left = () => Math.min(timeoutMs, attempt.deadline.getTime() - clock().getTime())
    const mayGo = async (before: 'connecting' | 'handing_over'): Promise<void> => {
      try {
        await attempt.confirmLease(before)
      } catch (error) {
        throw new Stopped(error)
      }
      if (left() <= 0) throw new DeadlinePassed()
    }
    let handedOver = false
    const beforeWriting = async (): Promise<void> => {
      attempt.note('connected')
      await mayGo('handing_over')
      handedOver = true
      attempt.note('handed_over')
    }
    try {
      await mayGo('connecting')
      const client = await twilioClient(options, { timeoutMs: left(), beforeWriting })
      const callback = statusCallback(attempt.key)
      const made = await client.messages.create({
        to: message.to,
        body: message.text,
        ...('number' in from ? { from: from.number } : { messagingServiceSid: from.messagingServiceSid }),
        ...(callback === null ? {} : { statusCallback: callback }),
      })
      attempt.note('accepted')
      return { outcome: 'sent', providerId: made.sid, detail: made.status }
    } catch (error) {
      return judge(error, handedOver)
    }
  }

  return {
    name: 'sms',
    timeoutMs,
    send(message, attempt) {
      const sending = send(message, attempt).finally(() => running.delete(sending))
      running.add(sending)
      return sending
    },
    async reconcile(attempt) {
      const client = await twilioClient(options, { timeoutMs })
      return findMessage(client, from, attempt)
    },
    async sentTo(address) {
      const client = await twilioClient(options, { timeoutMs })
      return sentTo(client, from, address)
    },
    async verify() {
      const client = await twilioClient(options, { timeoutMs: Math.min(timeoutMs, 10_000) })
      return verifyAccount(client, options)
    },
    async close() {
      closed = true
      await Promise.allSettled(running)
    },
  }
}

/** What `confirmLease` threw: it goes on as it is. */
class Stopped extends Error {
  constructor(cause: unknown) {
    super('the lease was not confirmed', { cause })
  }
}

class DeadlinePassed extends Error {}

function judge(error: unknown, handedOver: boolean): SendResult {
  const stopped = causeOf(error, Stopped)
  if (stopped !== null) throw stopped.cause
  if (causeOf(error, DeadlinePassed) !== null) return judgeSilence(false, true, '')
  if (isAnswer(error)) return judgeAnswer(error.status, numberOr(error.code), error.message)
  if (!(error instanceof Error)) throw error
  const code = 'code' in error && typeof error.code === 'string' ? error.code : error.message
  return judgeSilence(handedOver, TIMED_OUT.has(code), code)
}

/** axios names its own time limit ECONNABORTED. */
const TIMED_OUT: ReadonlySet<string> = new Set(['ECONNABORTED', 'ETIMEDOUT', 'ESOCKETTIMEDOUT'])

/** axios wraps what a connection ended with. */
function causeOf<E extends Error>(error: unknown, kind: new (...of: never[]) => E): E | null {
  for (let at: unknown = error; at instanceof Error; at = at.cause) if (at instanceof kind) return at
  return null
}

/** Twilio's RestException: an answer came, with or without a body that is Twilio's. */
function isAnswer(error: unknown): error is Error & { status: number; code?: unknown } {
  return error instanceof Error && 'status' in error && typeof error.status === 'number'
}

function numberOr(code: unknown): number | null {
  return typeof code === 'number' ? code : null
}

function checkOptions({ accountSid, auth, from }: SmsChannelOptions): void {
  const wrong = (what: string): never => {
    throw new HoldfastError('channel_configuration', `Texts cannot be sent: ${what}`)
  }
  if (!/^AC[0-9a-fA-F]{32}$/.test(accountSid))
    wrong('sms.accountSid has to be AC and 32 hexadecimal digits, as the console of Twilio shows it.')
  if ('apiKey' in auth && !/^SK[0-9a-fA-F]{32}$/.test(auth.apiKey))
    wrong('sms.apiKeySid has to be SK and 32 hexadecimal digits.')
  if ('authToken' in auth ? auth.authToken === '' : auth.secret === '') wrong('the secret is empty.')
  if ('messagingServiceSid' in from && !/^MG[0-9a-fA-F]{32}$/.test(from.messagingServiceSid))
    wrong('sms.messagingServiceSid has to be MG and 32 hexadecimal digits.')
  // A name in letters cannot be answered, so that nobody could say STOP.
  if ('number' in from && !/^(\+[1-9]\d{6,14}|\d{3,8})$/.test(from.number))
    wrong('sms.number has to be a number such as +15005550006, or a short code.')
}
