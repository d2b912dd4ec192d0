/** An answer to an e-mail is passed on to the person responsible: they write back to its writer directly. */
import { createHash } from 'node:crypto'
import type { Answer } from '../../actions/email/returned.ts'
import type { InterventionId, TenantId } from '../contracts/ids.ts'
import { answeredMessage } from '../store/delivery-events.ts'
import { currentSettings } from '../store/settings-versions.ts'
import type { ActServices } from './act-services.ts'

/** As much of an answer as stands in the notice; the whole of it is attached. */
const MOST_TEXT = 20_000

/**
 * At least once: the same answer gives the same Message-ID, by which mail programs tell it is the same.
 *
 * @returns `later`: the server is away, or not set up any more; `undeliverable`: there is nobody to give it to, or the
 *   server refuses it
 */
export async function forwardAnswer(
  { database, channels, log }: Pick<ActServices, 'database' | 'channels' | 'log'>,
  {
    tenant,
    intervention,
    answer,
    raw,
  }: {
    readonly tenant: TenantId
    readonly intervention: InterventionId
    readonly answer: Answer
    readonly raw: Buffer
  },
): Promise<'passed_on' | 'later' | 'undeliverable'> {
  const { settings, message } = await database.withTenant(tenant, async (tx) => ({
    settings: (await currentSettings(tx)).settings,
    message: await answeredMessage(tx, intervention),
  }))
  const { sender } = settings
  const to = message?.responsible?.email ?? sender.replyTo ?? sender.address
  if (to === null || to === undefined) {
    log.warn({ tenant, intervention }, 'an answer has nobody whom it could be given to')
    return 'undeliverable'
  }
  const delivery = message?.delivery === 'sandbox' ? 'sandbox' : 'live'
  const channel = await channels.email({ tenant, delivery, settings })
  if (channel?.notify === undefined) return 'later'
  const who = oneLine(answer.from?.name || answer.from?.address || message?.recipientName || 'Somebody')
  const customer = message?.customerName ?? null
  const end = await channel.notify(
    {
      to: { name: message?.responsible?.name ?? null, address: to },
      from: { name: `${who} (Holdfast)`, address: sender.address ?? 'no-sender-address-yet@example.invalid' },
      replyTo: answer.from === null ? null : { name: null, address: answer.from.address },
      subject: oneLine(answer.subject) || 'An answer',
      text: [
        `${who} answered an e-mail${customer === null ? '' : ` about ${oneLine(customer)}`} that was sent for you.`,
        'Nothing is sent to this customer automatically any more until somebody ends the hold in Holdfast.',
        answer.from === null
          ? 'Write to them at the address that you know.'
          : 'Your answer to this e-mail goes to them directly. What they wrote is attached as it came.',
        '',
        '--',
        answer.text.slice(0, MOST_TEXT),
      ].join('\n'),
      attached: { filename: 'answer.eml', mail: raw },
    },
    { key: `answer ${intervention} ${createHash('sha256').update(raw).digest('hex')}` },
  )
  if (end.outcome === 'sent') return 'passed_on'
  log.warn({ tenant, intervention, end: end.message }, 'an answer could not be passed on')
  // An uncertain one is taken again: better twice than not at all.
  return end.outcome === 'rejected' && !end.retryable ? 'undeliverable' : 'later'
}

function oneLine(text: string): string {
  return text
    .replace(/[\p{Cc}\u2028\u2029\s]+/gu, ' ')
    .trim()
    .slice(0, 150)
}
