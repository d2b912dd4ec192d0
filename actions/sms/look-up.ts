/** Finding at Twilio what became of a text whose end nobody saw. */
import type { Twilio } from 'twilio'
import type { SendResult } from '../channel.ts'
import type { SmsSender } from './channel.ts'
import { judgeStatus } from './verdict.ts'

/** By how much the clocks of two machines may differ. */
const SKEW_MS = 5 * 60_000
/** Longest after its start that an attempt can still have made a message. */
const LATEST_MS = 15 * 60_000
/** Of one number, newest first. */
const LOOKED_AT = 100

export interface LookUp {
  readonly to: string
  readonly startedAt: Date
  readonly providerId?: string
  readonly text?: string
}

interface Found {
  readonly sid: string
  readonly status: string
  readonly errorCode: number | null
  readonly body: string | null
  readonly direction: string
  readonly from: string | null
  readonly messagingServiceSid: string | null
  readonly dateCreated: Date | null
}

/**
 * By its id where one is known; else among the texts to this number since the day it started, by its words, its sender
 * and the time. Twilio knows no keys, so a text with the same words at the same time counts as this one: sending it once
 * more would be the mistake.
 *
 * @returns null: there is none, which says nothing yet (it may still appear), or Twilio cannot be asked
 */
export async function findMessage(
  client: Twilio,
  from: SmsSender,
  wanted: LookUp,
): Promise<SendResult | null> {
  if (wanted.providerId !== undefined) {
    const known = await client.messages(wanted.providerId).fetch().catch(unlessAway)
    return known === null ? null : resultOf(known)
  }
  const day = new Date(wanted.startedAt.getTime() - SKEW_MS)
  // Those that wait at Twilio have no day of sending yet, and a filter by it may pass them over.
  for (const since of [{ dateSentAfter: day }, {}]) {
    const listed = await client.messages.list({ to: wanted.to, ...since, limit: LOOKED_AT }).catch(unlessAway)
    const [found] = (listed ?? []).filter((one) => isIt(one, from, wanted)).toSorted(byAge)
    if (found !== undefined) return resultOf(found)
  }
  return null
}

function isIt(one: Found, from: SmsSender, { startedAt, text }: LookUp): boolean {
  if (one.direction !== 'outbound-api' || one.dateCreated === null) return false
  const age = one.dateCreated.getTime() - startedAt.getTime()
  if (age < -SKEW_MS || age > LATEST_MS) return false
  const sender =
    'number' in from ? one.from === from.number : one.messagingServiceSid === from.messagingServiceSid
  // A trial account puts its own words before ours.
  return sender && (text === undefined || one.body?.trimEnd().endsWith(text.trimEnd()) === true)
}

const byAge = (a: Found, b: Found): number =>
  (a.dateCreated?.getTime() ?? 0) - (b.dateCreated?.getTime() ?? 0)

function resultOf({ sid, status, errorCode }: Pick<Found, 'sid' | 'status' | 'errorCode'>): SendResult {
  if (status === 'failed' || status === 'undelivered' || status === 'canceled') return judgeStatus(errorCode)
  return { outcome: 'sent', providerId: sid, detail: status }
}

/** Null: Twilio does not know it, or cannot be asked now; it is asked again later. */
function unlessAway(error: unknown): null {
  if (error instanceof Error) return null
  throw error
}
