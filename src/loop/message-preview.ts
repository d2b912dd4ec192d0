/** What an action sends: as it was stored when it went, or rendered as it would be now. */
import type { EmailMessage, SmsMessage, TaskMessage } from '../../actions/channel.ts'
import { HoldfastError } from '../contracts/errors.ts'
import type { InterventionId, TenantId } from '../contracts/ids.ts'
import { readActFacts } from './act-facts.ts'
import { buildMessage, storedMessage } from './act-message.ts'
import { chooseByNumber, chooseRecipient, type Reachable, type ReachableByText } from './act-recipient.ts'
import { buildTask, chooseCallee, storedTask } from './act-task-message.ts'
import { buildText, storedText } from './act-text.ts'
import { offerFacts, offerVerdict } from './offers.ts'
import type { ServiceSettings } from '../settings/service.ts'
import { readActContext } from '../store/act-context.ts'
import type { Transaction } from '../store/database.ts'
import { OPEN_STATES } from '../store/intervention-states.ts'
import { readIntervention } from '../store/interventions.ts'
import type { ActServices } from './act-services.ts'

export type Preview =
  | {
      readonly message: EmailMessage | SmsMessage | TaskMessage
      readonly stored: boolean
      readonly none: null
    }
  /** Why there is nothing to show, as a sentence. */
  | { readonly message: null; readonly none: string }

export interface PreviewRequest {
  readonly tenant: TenantId
  readonly id: InterventionId
  readonly settings: ServiceSettings
  /** `https://host` of the page. */
  readonly origin: string
}

/**
 * What is not stored yet is rendered like a dry run: its link to unsubscribe leads nowhere.
 *
 * @throws HoldfastError `not_found`
 */
export async function previewOf(
  tx: Transaction,
  services: Pick<ActServices, 'secrets' | 'publicUrl' | 'clock'>,
  { tenant, id, settings, origin }: PreviewRequest,
): Promise<Preview> {
  const intervention = await readIntervention(tx, id)
  const stored = storedMessage(intervention) ?? storedText(intervention) ?? storedTask(intervention)
  if (stored !== null) return { message: stored, stored: true, none: null }
  if (!OPEN_STATES.includes(intervention.state)) return nothing('It ended before anything was written.')
  const facts = await readActFacts(tx, services, { rows: [intervention], settings })
  const context = await readActContext(tx, intervention.customer)
  const contacts = facts.contactsOf(intervention.customer)
  if (intervention.channel === 'task') {
    const { chosen: to, refusal } = chooseCallee(contacts, facts)
    if (refusal !== null) return nothing(`No task is made: ${refusal.because}.`)
    const message = buildTask({ intervention, context, to, delivery: 'dry_run', facts })
    return { message, stored: false, none: null }
  }
  const byText = intervention.channel === 'sms'
  const { chosen, none } = byText
    ? chooseByNumber(contacts, { ...facts, live: false, key: facts.keys.address })
    : chooseRecipient(contacts, { ...facts, live: false })
  if (chosen === null) return nothing(none.reason)
  try {
    const now = services.clock()
    const offered = offerVerdict((await offerFacts(tx, [intervention], { settings, now })).get(id), {
      settings,
      channel: intervention.channel,
      country: chosen.recipient.country,
      language: chosen.recipient.language ?? settings.sender.language,
      delivery: 'dry_run',
      now,
    })
    if (offered.do === 'stop') return nothing(offered.reason)
    const offer = offered.do === 'go' ? offered.offer : null
    const written = { intervention, context, settings, delivery: 'dry_run', offer } as const
    const message = isByText(chosen)
      ? buildText({ ...written, to: chosen })
      : buildMessage(
          { ...written, tenant, to: chosen },
          { keys: facts.keys, publicUrl: services.publicUrl, localUrl: origin },
        )
    return { message, stored: false, none: null }
  } catch (error) {
    if (error instanceof HoldfastError) return nothing(error.message)
    throw error
  }
}

const nothing = (none: string): Preview => ({ message: null, none })

const isByText = (to: Reachable | ReachableByText): to is ReachableByText => 'phoneCountry' in to
