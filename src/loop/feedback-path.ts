/**
 * Whether it would be heard of when e-mails bounce or are complained about. SMTP itself says nothing: without such a path
 * live e-mails wait for a person.
 */
import type { Vault } from '../security/vault.ts'
import type { FeedbackPath } from '../settings/approval.ts'
import type { ServiceSettings } from '../settings/service.ts'
import type { Transaction } from '../store/database.ts'

/** Where Mailgun's webhook signing key lies in the vault. */
export const MAILGUN_KEY = { owner: 'email', name: 'mailgun_key' } as const

/** What the installation brings. */
export interface FeedbackSituation {
  /** Whether the bounce receiver listens where the world reaches it (BOUNCE_PORT). */
  readonly receiver: boolean
  readonly publicUrl: string | null
  /** Whether Mailgun's signing key lies in the vault. */
  readonly mailgunKey: boolean
}

/**
 * @returns `reason`: a sentence with what is missing and what to do
 * @example
 * feedbackPathOf(parseServiceSettings({}), { receiver: false, publicUrl: null, mailgunKey: false }).ok // false
 */
export function feedbackPathOf(
  { feedback }: Pick<ServiceSettings, 'feedback'>,
  { receiver, publicUrl, mailgunKey }: FeedbackSituation,
): FeedbackPath {
  const { path, domain, sendgridKey } = feedback
  const missing = (what: string): FeedbackPath => ({
    ok: false,
    reason: `Nobody would tell us of bounces and complaints, so each live e-mail waits for an approval: ${what}.`,
  })
  if (path === 'none')
    return missing(
      'set feedback.path to the bounce receiver or to the webhooks of your provider (docs/email.md)',
    )
  if (path === 'receiver') {
    if (!receiver) return missing('set BOUNCE_PORT, on which the bounce receiver listens')
    return domain === null
      ? missing('set feedback.domain to the domain whose MX record leads to the bounce receiver')
      : { ok: true }
  }
  if (publicUrl?.startsWith('https://') !== true)
    return missing('set PUBLIC_URL with https, to which the provider sends its webhooks')
  if (path === 'sendgrid' && sendgridKey === null)
    return missing('set feedback.sendgridKey to the verification key of the event webhook')
  if (path === 'mailgun' && !mailgunKey)
    return missing('put the webhook signing key into the vault (holdfast secret mailgun-key)')
  return { ok: true }
}

/**
 * {@link feedbackPathOf} with what the vault has of the tenant, which is asked only where it matters.
 *
 * @example
 * const path = await readFeedbackPath(tx, vault, settings, { receiver: config.bouncePort !== null, publicUrl })
 */
export async function readFeedbackPath(
  tx: Transaction,
  vault: Pick<Vault, 'unseal'>,
  settings: Pick<ServiceSettings, 'feedback'>,
  installation: Omit<FeedbackSituation, 'mailgunKey'>,
): Promise<FeedbackPath> {
  const isMailgun = settings.feedback.path === 'mailgun'
  const mailgunKey = isMailgun && (await vault.unseal(tx, MAILGUN_KEY)) !== null
  return feedbackPathOf(settings, { ...installation, mailgunKey })
}
