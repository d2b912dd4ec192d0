/** Whether what becomes of e-mails finds its way back: the path, the record in the name service, and what was heard so far. */
import type { Check } from '../contracts/checks.ts'
import { feedbackPathOf, type FeedbackSituation } from '../loop/feedback-path.ts'
import type { ServiceSettings } from '../settings/service.ts'

export interface MailFeedbackSituation extends FeedbackSituation {
  readonly settings: Pick<ServiceSettings, 'feedback'>
  /** When something was last heard of an e-mail (`lastHeard`); null: never. */
  readonly heardAt: Date | null
  /** Hosts of the MX records of a domain; empty where there are none. Throws when the name service does not answer. */
  mailHosts(domain: string): Promise<readonly string[]>
}

/**
 * @example
 * await checkMailFeedback({ settings, receiver: true, publicUrl, mailgunKey: false, heardAt: null, mailHosts })
 */
export async function checkMailFeedback(situation: MailFeedbackSituation): Promise<readonly Check[]> {
  const name = 'E-mail feedback'
  const { settings, heardAt, mailHosts } = situation
  const { path, domain } = settings.feedback
  const found = feedbackPathOf(settings, situation)
  if (!found.ok) return [{ name, status: path === 'none' ? 'off' : 'failed', message: found.reason }]
  const heard: Check =
    heardAt === null
      ? {
          name,
          status: 'warning',
          message: `${WORDS[path]}, and nothing was heard so far. Send an e-mail to an address that does not exist, and look here again.`,
        }
      : {
          name,
          status: 'ok',
          message: `${WORDS[path]}; something was last heard on ${heardAt.toISOString().slice(0, 10)}.`,
        }
  return path === 'receiver' && domain !== null ? [heard, await mxCheck(domain, mailHosts)] : [heard]
}

const WORDS: Readonly<Record<ServiceSettings['feedback']['path'], string>> = {
  none: 'Nobody tells',
  receiver: 'Bounces and answers come to the bounce receiver',
  sendgrid: 'SendGrid tells by its webhook',
  mailgun: 'Mailgun tells by its webhooks',
}

async function mxCheck(
  domain: string,
  mailHosts: (domain: string) => Promise<readonly string[]>,
): Promise<Check> {
  const name = 'Bounce domain'
  try {
    const hosts = await mailHosts(domain)
    return hosts.length === 0
      ? {
          name,
          status: 'failed',
          message: `${domain} has no MX record, so no bounce and no answer finds its way here. Add one that leads to the bounce receiver.`,
        }
      : { name, status: 'ok', message: `Mail for ${domain} goes to ${hosts.join(', ')}.` }
  } catch (cause) {
    return {
      name,
      status: 'warning',
      message: `The name service did not say where mail for ${domain} goes (${cause instanceof Error ? cause.message : String(cause)}).`,
    }
  }
}
