/**
 * What Twilio reports of a text: a request for each status, late, twice or in any order, also of texts that other
 * programs send by the same account. Each ends where everything of the kind ends: in `takeFeedback`.
 */
import { judgeStatus } from '../../actions/sms/verdict.ts'
import { asIntervention, type InterventionId, type TenantId } from '../contracts/ids.ts'
import { hashAddress } from '../security/address-hash.ts'
import { learnProviderId, textOf } from '../store/sms-messages.ts'
import type { ActServices } from './act-services.ts'
import { receiveFeedback, type FeedbackEvent } from './feedback.ts'

export interface StatusReport {
  /** SM… */
  readonly sid: string
  /** `sent`, `delivered`, `failed`, … */
  readonly status: string
  /** Twilio's; null: none. */
  readonly code: number | null
  /** E.164; null: it is not said. */
  readonly to: string | null
  /** What the address that it reports to carried: the id of the intervention; null: nothing. */
  readonly key: string | null
  /** Of the sandbox rather than of Twilio. */
  readonly sandbox: boolean
}

/**
 * @returns `known`: it was told before; `unknown`: of no text of ours, recorded all the same
 * @example
 * await takeSmsStatus(services, tenant, { sid, status: 'delivered', code: null, to, key, sandbox: false })
 */
export async function takeSmsStatus(
  services: Pick<ActServices, 'database' | 'secrets' | 'connectors' | 'log'>,
  tenant: TenantId,
  report: StatusReport,
): Promise<'taken' | 'known' | 'unknown'> {
  const { database, secrets, log } = services
  const { intervention, hash } = await database.withTenant(tenant, async (tx) => {
    const key = await secrets.addressKey(tx)
    const about = report.to === null ? null : hashAddress(key, 'phone', report.to)
    const own = await ownText(report, about, (id) => textOf(tx, id))
    if (own !== null) await learnProviderId(tx, own, report.sid)
    return { intervention: own, hash: about }
  })
  const events = eventsOf(report, { intervention, hash })
  if (events.length === 0) {
    log.warn({ tenant, status: report.status }, 'a status of a text that is not known')
    return 'unknown'
  }
  const [first] = await receiveFeedback(services, tenant, events)
  return first
}

/** The key is only believed of a text that went to the same number, and into the same world. */
async function ownText(
  { key, sandbox }: StatusReport,
  hash: Buffer | null,
  find: (id: InterventionId) => ReturnType<typeof textOf>,
): Promise<InterventionId | null> {
  if (key === null || !UUID.test(key)) return null
  const text = await find(asIntervention(key))
  if (text === null || (text.delivery === 'sandbox') !== sandbox) return null
  const another = hash !== null && text.hash !== null && !text.hash.equals(hash)
  return another ? null : text.id
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** Twilio does not say when: its time of delivery has no zone, so what counts is when it is told, in database time. */
function eventsOf(
  { sid, status, code, sandbox }: StatusReport,
  known: { readonly intervention: InterventionId | null; readonly hash: Buffer | null },
): readonly FeedbackEvent[] {
  const event = (kind: FeedbackEvent['kind'], over: Partial<FeedbackEvent> = {}): FeedbackEvent => ({
    channel: 'sms',
    kind,
    at: null,
    dedupKey: `twilio:${sid}:${kind}`,
    providerId: sid,
    code: code === null ? null : String(code),
    detail: status,
    sandbox,
    ...known,
    // Without a text of ours a status says nothing of the number.
    hash: known.intervention === null ? null : known.hash,
    ...over,
  })
  if (TAKEN_OVER.has(status)) return [event('accepted', { code: null })]
  if (status === 'delivered' || status === 'read') return [event('delivered', { code: null })]
  if (!FAILED.has(status)) return []
  const verdict = judgeStatus(code)
  const detail = verdict.message
  if (verdict.optedOut === true)
    return [
      event('failed', { permanent: false, detail }),
      // Of the number, not of this text, which did not reach it.
      ...(known.intervention === null
        ? []
        : [event('unsubscribed', { intervention: null, providerId: null, detail })]),
    ]
  return [
    verdict.suppress === true
      ? event('bounced', { permanent: true, detail })
      : event('failed', { permanent: false, detail }),
  ]
}

/** Twilio has it: it is on its way, or will be. */
const TAKEN_OVER: ReadonlySet<string> = new Set(['accepted', 'scheduled', 'queued', 'sending', 'sent'])
const FAILED: ReadonlySet<string> = new Set(['failed', 'undelivered', 'canceled'])
