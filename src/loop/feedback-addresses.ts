/** The addresses of an e-mail by which what became of it finds its way back. */
import type { InterventionId, TenantId } from '../contracts/ids.ts'
import { mailToken, type MailPurpose } from '../security/mail-token.ts'
import type { ServiceSettings } from '../settings/service.ts'

export interface FeedbackAddresses {
  /** Envelope sender (VERP); null: that of the sender, and bounces go to nobody here. */
  readonly returnPath: string | null
  /** Null: answers go to the person responsible directly. */
  readonly replyTo: string | null
  /** For mail programs that unsubscribe by a mail alone; null: they cannot. */
  readonly stop: string | null
}

const NONE: FeedbackAddresses = { returnPath: null, replyTo: null, stop: null }

/** RFC 2606: never a real domain. Mails of the sandbox are answered by the receiver on this machine alone. */
const SANDBOX_FEEDBACK_DOMAIN = 'feedback.invalid'

/**
 * @param key of `Secrets.linkKey`, the tenant's
 * @example
 * const { returnPath } = feedbackAddresses(linkKey, { tenant, intervention: id, settings, delivery: 'live' })
 */
export function feedbackAddresses(
  key: Buffer,
  {
    tenant,
    intervention,
    settings: { feedback },
    delivery,
  }: {
    readonly tenant: TenantId
    readonly intervention: InterventionId
    readonly settings: Pick<ServiceSettings, 'feedback'>
    readonly delivery: 'dry_run' | 'sandbox' | 'live'
  },
): FeedbackAddresses {
  const ours = feedback.path === 'receiver' ? feedback.domain : null
  const domain = delivery === 'sandbox' ? SANDBOX_FEEDBACK_DOMAIN : ours
  // What is shown of a dry run must not be answered in the person's name.
  if (domain === null || delivery === 'dry_run') return NONE
  const at = (purpose: MailPurpose) => `${mailToken(key, purpose, { tenant, intervention })}@${domain}`
  return {
    returnPath: at('bounce'),
    replyTo: feedback.replies && (ours !== null || delivery === 'sandbox') ? at('reply') : null,
    stop: at('stop'),
  }
}
