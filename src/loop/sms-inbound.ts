/** What people text back: STOP ends it at once, HELP is answered, and any other answer is for a person to read. */
import { meaningOf, type AnswerMeaning } from '../../actions/sms/answers.ts'
import { helpText } from '../../actions/sms/wording.ts'
import type { TenantId } from '../contracts/ids.ts'
import { hashAddress } from '../security/address-hash.ts'
import { currentSettings } from '../store/settings-versions.ts'
import { lastTextTo, type SentText } from '../store/sms-messages.ts'
import { suppressionOf } from '../store/suppressions.ts'
import { readTenant } from '../store/tenants.ts'
import type { ActServices } from './act-services.ts'
import { receiveFeedback, type FeedbackEvent } from './feedback.ts'

export interface InboundSms {
  /** SM… */
  readonly sid: string
  /** E.164, or whatever else has sent it. */
  readonly from: string
  readonly body: string
  /** `OptOutType` of Twilio's Advanced Opt-Out, which then has answered already; null: none. */
  readonly optOutType: string | null
  /** By the sandbox rather than by Twilio. */
  readonly sandbox: boolean
}

/**
 * What the person wrote is not kept: it is at Twilio, where whoever answers reads it.
 *
 * @returns what is sent back; null: nothing
 * @example
 * await takeInboundSms(services, tenant, { sid, from: '+4917100000000', body: 'STOP', optOutType: null, sandbox: false })
 */
export async function takeInboundSms(
  services: Pick<ActServices, 'database' | 'secrets' | 'connectors' | 'log'>,
  tenant: TenantId,
  inbound: InboundSms,
): Promise<string | null> {
  const { sid, from, body, optOutType, sandbox } = inbound
  const found = await services.database.withTenant(tenant, async (tx) => {
    const hash = hashAddress(await services.secrets.addressKey(tx), 'phone', from)
    const { settings } = await currentSettings(tx)
    const { name } = await readTenant(tx, tenant)
    return {
      hash,
      last: hash === null ? null : await lastTextTo(tx, hash),
      isOut: hash !== null && (await suppressionOf(tx, hash, 'sms')) === 'unsubscribed',
      company: settings.sender.company ?? settings.sender.name ?? name,
      language: settings.sender.language,
      answerHelp: settings.sms.answerHelp,
    }
  })
  const { hash, last, isOut } = found
  const meaning = meaningOf(body, optOutType)
  const events = kindsOf(meaning, isOut).map((kind): FeedbackEvent => ({
    channel: 'sms',
    kind,
    // When it is heard, in database time: of two answers the clock of the process that takes one must not choose.
    at: null,
    dedupKey: `twilio:${sid}:${kind}`,
    intervention: ofSameWorld(last, sandbox)?.id ?? null,
    providerId: null,
    hash,
    code: null,
    detail: null,
    sandbox,
  }))
  const results = await receiveFeedback(services, tenant, events)
  // Told twice, answered once: Twilio sends an answer for each request that it gets one to.
  const isNews = results.some((result) => result !== 'known')
  if (meaning !== 'help' || optOutType !== null || !found.answerHelp || isOut || !isNews) return null
  return helpText(last?.language ?? found.language, found.company)
}

function kindsOf(meaning: AnswerMeaning, isOut: boolean): readonly FeedbackEvent['kind'][] {
  switch (meaning) {
    case 'stop':
      return ['unsubscribed']
    case 'stop_and_read':
      return ['unsubscribed', 'replied']
    case 'start':
      return ['resubscribed']
    case 'start_or_answer':
      return isOut ? ['resubscribed'] : ['replied']
    case 'help':
      return ['help']
    case 'answer':
      return ['replied']
  }
}

/** An answer to the sandbox is none to what really went out, and the other way round. */
function ofSameWorld(last: SentText | null, sandbox: boolean): SentText | null {
  return last !== null && (last.delivery === 'sandbox') === sandbox ? last : null
}
