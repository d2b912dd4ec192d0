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

/**
 * All texts to a number in a time, by our sender, oldest first: also those that failed later, which a phone may have had.
 *
 * @throws what the client throws, and when there are more than are looked at
 */
export async function sentTo(
  client: Twilio,
  from: SmsSender,
  wanted: { readonly to: string; readonly from: Date; readonly until: Date },
): Promise<readonly { readonly providerId: string; readonly at: Date }[]> {
  // Not by day of sending: those that wait at Twilio have none yet.
  const listed = await client.messages.list({ to: wanted.to, limit: LOOKED_AT })
  const oldest = listed.at(-1)
  if (listed.length === LOOKED_AT && oldest?.dateCreated && oldest.dateCreated > wanted.from)
    throw new Error(`There are more than ${LOOKED_AT} texts to one number since then.`)
  return listed
    .filter((one) => {
      const at = one.dateCreated?.getTime() ?? 0
      return (
        one.direction === 'outbound-api' &&
        isOurs(one, from) &&
        at >= wanted.from.getTime() - SKEW_MS &&
        at <= wanted.until.getTime() + SKEW_MS
      )
    })
    .toSorted(byAge)
    .map(({ sid, dateCreated }) => ({ providerId: sid, at: dateCreated }))
}

const isOurs = (one: Pick<Found, 'from' | 'messagingServiceSid'>, from: SmsSender): boolean =>
  'number' in from ? one.from === from.number : one.messagingServiceSid === from.messagingServiceSid

function isIt(one: Found, from: SmsSender, { startedAt, text }: LookUp): boolean {
  if (one.direction !== 'outbound-api' || one.dateCreated === null) return false
  const age = one.dateCreated.getTime() - startedAt.getTime()
  if (age < -SKEW_MS || age > LATEST_MS) return false
  // A trial account puts its own words before ours.
  return isOurs(one, from) && (text === undefined || one.body?.trimEnd().endsWith(text.trimEnd()) === true)
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
