/** The text of an intervention: written once, stored before it is sent, and sent as it is stored. */
import type { SmsMessage } from '../../actions/channel.ts'
import { composeSms } from '../../actions/sms/compose.ts'
import { actionsOf } from '../settings/planning.ts'
import type { ServiceSettings } from '../settings/service.ts'
import type { ActContext } from '../store/act-context.ts'
import type { Intervention } from '../store/interventions.ts'
import { fallbackFor } from './guard-language.ts'
import type { Offer } from './offers.ts'
import type { ReachableByText } from './act-recipient.ts'

/** As `interventions.message` keeps it. */
export interface StoredText extends SmsMessage {
  /** What it was written for: one that was written for the sandbox never goes out live. */
  readonly delivery: 'dry_run' | 'sandbox' | 'live'
  /** Id of the recipient in the CRM, by which it is found when they ask to be forgotten. */
  readonly recipientId?: string
}

export interface TextRequest {
  readonly intervention: Pick<Intervention, 'actionKey'>
  readonly context: ActContext
  readonly settings: ServiceSettings
  readonly to: ReachableByText
  readonly delivery: StoredText['delivery']
  readonly offer: Offer | null
}

/** @throws HoldfastError `template_invalid`, `channel_configuration` */
export function buildText({ intervention, context, settings, to, delivery, offer }: TextRequest): StoredText {
  const { sender } = settings
  const { recipient } = to
  const { responsible } = context.customer
  const action = actionsOf(settings).find(({ key }) => key === intervention.actionKey)
  const message = composeSms({
    action: intervention.actionKey,
    language: recipient.language ?? sender.language,
    fallbackLanguage: fallbackFor(settings, recipient.language),
    customer: { name: context.customer.name },
    recipient: { name: recipient.name, phone: to.to, country: recipient.country },
    responsible: responsible === null ? null : { name: responsible.name },
    sender: { name: sender.name, company: sender.company ?? sender.name ?? context.company },
    offer: action === undefined || action.discount === 0 ? null : offer,
    templates: settings.sms.templates,
  })
  return { ...message, delivery, recipientId: recipient.externalId }
}

/** What the ledger stored, or null where it stored none. */
export function storedText({ message }: Pick<Intervention, 'message'>): StoredText | null {
  return isText(message) ? message : null
}

function isText(message: unknown): message is StoredText {
  return (
    typeof message === 'object' &&
    message !== null &&
    'delivery' in message &&
    'kind' in message &&
    message.kind === 'sms'
  )
}
