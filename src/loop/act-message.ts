/** The message of an intervention: rendered once, stored before it is sent, and sent as it is stored. */
import type { EmailMessage } from '../../actions/channel.ts'
import { renderEmail } from '../../actions/email/render.ts'
import type { TenantId } from '../contracts/ids.ts'
import { signLink } from '../security/signed-link.ts'
import { actionsOf } from '../settings/planning.ts'
import type { ServiceSettings } from '../settings/service.ts'
import type { ActContext } from '../store/act-context.ts'
import type { Intervention } from '../store/interventions.ts'
import type { Reachable } from './act-recipient.ts'
import type { Keys } from './act-facts.ts'
import type { ActServices } from './act-services.ts'
import { feedbackAddresses } from './feedback-addresses.ts'
import { fallbackFor } from './guard-language.ts'
import type { Offer } from './offers.ts'
import { unsubscribePayload } from './unsubscribe-link.ts'

/** As `interventions.message` keeps it. */
export interface StoredMessage extends EmailMessage {
  /** What it was rendered for: one that was rendered for the sandbox never goes out live. */
  readonly delivery: 'dry_run' | 'sandbox' | 'live'
  /** Id of the recipient in the CRM, by which it is found when they ask to be forgotten. */
  readonly recipientId?: string
}

export interface MessageRequest {
  readonly tenant: TenantId
  readonly intervention: Pick<Intervention, 'id' | 'actionKey'>
  readonly context: ActContext
  readonly settings: ServiceSettings
  readonly to: Reachable
  readonly delivery: StoredMessage['delivery']
  /** Null: nothing is given off. */
  readonly offer: Offer | null
}

/** Where links lead, and what signs them. */
export type MessagePlace = Pick<ActServices, 'publicUrl' | 'localUrl'> & { readonly keys: Pick<Keys, 'link'> }

/**
 * Dry runs and the sandbox show what is missing of the sender, where live it would have to be there.
 *
 * @throws HoldfastError `template_invalid`, `channel_configuration`
 */
export function buildMessage(
  { tenant, intervention, context, settings, to, delivery, offer }: MessageRequest,
  place: MessagePlace,
): StoredMessage {
  const action = actionsOf(settings).find(({ key }) => key === intervention.actionKey)
  const { sender } = settings
  const { responsible } = context.customer
  const back = feedbackAddresses(place.keys.link, {
    tenant,
    intervention: intervention.id,
    settings,
    delivery,
  })
  const message = renderEmail({
    action: intervention.actionKey,
    language: to.recipient.language,
    fallbackLanguage: fallbackFor(settings, to.recipient.language),
    customer: { name: context.customer.name },
    recipient: { name: to.recipient.name, address: to.recipient.email },
    responsible: responsible === null ? null : { name: responsible.name, address: responsible.email },
    sender: {
      name: sender.name,
      company: sender.company ?? sender.name ?? context.company,
      replyTo: sender.replyTo,
      address: sender.address ?? (delivery === 'live' ? null : 'no-sender-address-yet@example.invalid'),
      postalAddress:
        sender.postalAddress ??
        (delivery === 'live' ? null : '(No postal address yet: settings, sender.postalAddress)'),
    },
    offer: action === undefined || action.discount === 0 ? null : offer,
    unsubscribeUrl: unsubscribeUrl({ tenant, intervention, to, delivery }, place),
    unsubscribeMailto: back.stop,
    templates: settings.templates,
  })
  return {
    ...message,
    returnPath: back.returnPath,
    replyTo:
      back.replyTo === null
        ? message.replyTo
        : { name: message.replyTo?.name ?? null, address: back.replyTo },
    delivery,
    recipientId: to.recipient.externalId,
  }
}

/** A dry run's link leads nowhere: who looks at what would be sent must not unsubscribe the person. */
function unsubscribeUrl(
  { tenant, intervention, to, delivery }: Pick<MessageRequest, 'tenant' | 'intervention' | 'to' | 'delivery'>,
  { keys, publicUrl, localUrl }: MessagePlace,
): string {
  const base = publicUrl?.startsWith('https://') === true ? publicUrl : localUrl
  if (delivery === 'dry_run') return `${base}/u/dry-run`
  const claim = { tenant, intervention: intervention.id, hash: to.hash }
  return `${base}/u/${signLink(keys.link, unsubscribePayload(claim))}`
}

/** What the ledger stored, or null where it stored none. */
export function storedMessage({ message }: Pick<Intervention, 'message'>): StoredMessage | null {
  return isStored(message) ? message : null
}

function isStored(message: unknown): message is StoredMessage {
  return (
    typeof message === 'object' &&
    message !== null &&
    'delivery' in message &&
    'kind' in message &&
    message.kind === 'email'
  )
}
