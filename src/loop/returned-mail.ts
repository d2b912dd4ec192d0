/**
 * What a mail that came back means, by the address that it came to: the address is the proof of which message it is
 * about, and nothing in the mail is believed beyond that message's own recipient.
 */
import { createHash } from 'node:crypto'
import { readReturned, type Returned } from '../../actions/email/returned.ts'
import type { InterventionId, TenantId } from '../contracts/ids.ts'
import { isSealed, readMailToken, type MailPurpose } from '../security/mail-token.ts'
import { claimOfLink, verifyLink } from '../security/signed-link.ts'
import { findTenant, tenantsBetween } from '../store/tenants.ts'
import type { ActServices } from './act-services.ts'
import { forwardAnswer } from './answer-forward.ts'
import { receiveFeedback, type FeedbackEvent } from './feedback.ts'
import { parseUnsubscribe } from './unsubscribe-link.ts'

export type ReturnedServices = Pick<
  ActServices,
  'database' | 'secrets' | 'connectors' | 'log' | 'clock' | 'channels'
>

/** Which message an address is about. */
export interface MailPlace {
  readonly purpose: MailPurpose
  readonly tenant: TenantId
  readonly intervention: InterventionId
  /** Of the address that it was sent to, where the token says it. */
  readonly hash: Buffer | null
}

/** Tenants whose ids begin alike: 48 random bits. */
const MOST_ALIKE = 8

/**
 * @param local local part of an address, in any case of letters
 * @returns null when nobody here made it
 */
export async function mailPlace(
  { database, secrets }: Pick<ReturnedServices, 'database' | 'secrets'>,
  local: string,
): Promise<MailPlace | null> {
  const claim = readMailToken(local)
  if (claim === null) return null
  const tenants = await database.asSystem('whose mail came back', (tx) =>
    tenantsBetween(tx, { ...claim.tenants, most: MOST_ALIKE }),
  )
  for (const tenant of tenants) {
    const key = await database.withTenant(tenant, (tx) => secrets.linkKey(tx))
    if (isSealed(key, tenant, claim))
      return { purpose: claim.purpose, tenant, intervention: claim.intervention, hash: null }
  }
  return null
}

export interface ReturnedMail {
  /** Null: it came to an address for complaints, and only what it encloses can tell. */
  readonly place: MailPlace | null
  /** Empty for the null sender. */
  readonly envelopeFrom: string
  readonly raw: Buffer
}

/**
 * `unknown`: it is about nothing of ours. `later`: an answer could not be passed on now. `undeliverable`: it never can be,
 * and its writer has to be told so.
 */
export type ReturnedEnd = 'taken' | 'known' | 'ignored' | 'unknown' | 'later' | 'undeliverable'

/** Can be repeated: an answer is then passed on again, everything else changes nothing. */
export async function takeReturned(
  services: ReturnedServices,
  { place: addressed, envelopeFrom, raw }: ReturnedMail,
): Promise<ReturnedEnd> {
  const returned = await readReturned(raw, { envelopeFrom })
  // A complaint names its message itself; the address that it came to may be everybody's.
  const place =
    addressed ?? (returned.kind === 'complaint' ? await placeIn(services, returned.original) : null)
  if (place === null) return 'unknown'
  const said = meaningOf(returned, place, { envelopeFrom, raw })
  if (said === null) return 'ignored'
  const event: FeedbackEvent = {
    channel: 'email',
    // What people say counts from when it is heard: the clock in a mail is its writer's, and may be years off.
    at: returned.kind === 'report' ? timeOf(returned.at, services.clock()) : null,
    intervention: place.intervention,
    hash: place.hash,
    code: null,
    detail: null,
    ...said,
    dedupKey: `mail:${place.intervention}:${said.dedup}`,
  }
  const [end] = await receiveFeedback(services, place.tenant, [event])
  if (returned.kind !== 'answer' || said.kind !== 'replied') return end
  const { tenant, intervention } = place
  const passed = await forwardAnswer(services, { tenant, intervention, answer: returned, raw })
  return passed === 'passed_on' ? end : passed
}

type Meaning = Pick<FeedbackEvent, 'kind'> &
  Partial<Pick<FeedbackEvent, 'code' | 'detail' | 'permanent'>> & { readonly dedup: string }

/** Null: it says nothing. */
function meaningOf(
  returned: Returned,
  { purpose }: MailPlace,
  { envelopeFrom, raw }: Pick<ReturnedMail, 'envelopeFrom' | 'raw'>,
): Meaning | null {
  switch (returned.kind) {
    case 'report': {
      const { action, status, permanent, detail } = returned
      if (action === 'passed_on') return null
      const kind = action === 'failed' ? 'bounced' : action
      return { kind, code: status, detail, permanent, dedup: `${kind}:${status ?? ''}` }
    }
    case 'complaint': {
      if (NO_COMPLAINT.has(returned.type)) return null
      const kind = returned.type.startsWith('opt-out') ? 'unsubscribed' : 'complained'
      return { kind, code: returned.type.slice(0, 40), dedup: kind }
    }
    case 'automatic':
      // Some mail programs unsubscribe by themselves, and say so.
      return purpose === 'stop' && envelopeFrom !== '' ? STOPPED : null
    case 'answer': {
      if (purpose === 'stop') return STOPPED
      const which = createHash('sha256')
        .update(returned.messageId ?? raw)
        .digest('hex')
      return { kind: 'replied', dedup: `replied:${which.slice(0, 32)}` }
    }
  }
}

const STOPPED: Meaning = { kind: 'unsubscribed', code: 'mailto', dedup: 'stopped' }

/** RFC 5965 section 7.3, RFC 6591: reports that are not about somebody who wants no more. */
const NO_COMPLAINT: ReadonlySet<string> = new Set(['not-spam', 'auth-failure', 'dmarc'])

/** Null: far off, or none. */
function timeOf(at: Date | null, now: Date): Date | null {
  return at === null || now.getTime() - at.getTime() > MOST_BACK_MS ? null : at
}

const MOST_BACK_MS = 7 * 86_400_000

/** The message that fields and headers of a complaint name: by the envelope sender, or by a link of ours. */
async function placeIn(services: ReturnedServices, original: string): Promise<MailPlace | null> {
  for (const [local] of [...original.matchAll(/\b(?:bounce|reply|stop)\+[a-z2-7]{55}(?=@)/gi)].slice(0, 5)) {
    const place = await mailPlace(services, local)
    if (place !== null) return place
  }
  for (const [, token] of [...original.matchAll(/\/u\/([\w-]+\.[\w-]{22})(?=>)/g)].slice(0, 5)) {
    const place = await linkPlace(services, token)
    if (place !== null) return place
  }
  return null
}

async function linkPlace({ database, secrets }: ReturnedServices, token: string): Promise<MailPlace | null> {
  const claimed = parseUnsubscribe(claimOfLink(token) ?? '')
  if (claimed === null) return null
  return database.withTenant(claimed.tenant, async (tx) => {
    // Asking for the key of a tenant makes one where there is none.
    if ((await findTenant(tx, claimed.tenant)) === null) return null
    const claim = parseUnsubscribe(verifyLink(await secrets.linkKey(tx), token) ?? '')
    return claim === null ? null : { purpose: 'bounce', ...claim }
  })
}
