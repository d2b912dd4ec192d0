/**
 * A template as somebody would read it: on a customer of the book or on a made-up one, by the very functions that write
 * what is sent. Nothing is kept, no offer is claimed, and links lead nowhere.
 */
import { randomUUID } from 'node:crypto'
import type { EmailMessage, SmsMessage, TaskMessage } from '../../actions/channel.ts'
import { faultsOf, type TemplateFault } from '../../actions/liquid.ts'
import { segmentsOf } from '../../actions/sms/segments.ts'
import type { Action } from '../contracts/actions.ts'
import { HoldfastError } from '../contracts/errors.ts'
import { asCustomer, asIntervention, type CustomerId, type TenantId } from '../contracts/ids.ts'
import { minorDigits } from '../contracts/money.ts'
import { reportingCurrency } from '../settings/planning.ts'
import type { ServiceSettings } from '../settings/service.ts'
import { smsCost } from '../settings/sms-cost.ts'
import { readActContexts, readRecipients, readTaskFacts, type ActContext } from '../store/act-context.ts'
import type { Transaction } from '../store/database.ts'
import { contactOf, NO_TASK_FACTS, type Contact, type Keys } from './act-facts.ts'
import { buildMessage, type MessagePlace } from './act-message.ts'
import { numberOf } from './act-recipient.ts'
import { buildTask } from './act-task-message.ts'
import { buildText } from './act-text.ts'
import { fulfilmentOf } from './carried-out.ts'
import { offerFacts, offerVerdict, type Offer, type OfferFact } from './offers.ts'
import { recurringAmounts } from './recurring.ts'
import {
  actionOf,
  carriedOutBy,
  draftFaults,
  withDraft,
  type Draft,
  type TemplatePlace,
} from './templates.ts'
import { MADE_UP } from './made-up-customer.ts'
import { spokenLanguage } from './guard-language.ts'

export interface TemplateRequest extends TemplatePlace {
  /** Null: as it is saved or ships. */
  readonly draft: Draft | null
  /** Null: a made-up one. */
  readonly customer: CustomerId | null
}

export interface TemplatePreview {
  /** Null: it cannot be written, for the problems. */
  readonly message: EmailMessage | SmsMessage | TaskMessage | null
  readonly problems: readonly TemplateFault[]
  /** What would be otherwise in earnest, as sentences. */
  readonly notices: readonly string[]
  readonly customer: { readonly id: CustomerId; readonly name: string | null } | null
  /** Of a text: what its parts cost; null: no price is known, or it is no text. */
  readonly cost: { readonly minor: number; readonly currency: string } | null
}

export interface PreviewPlace extends MessagePlace {
  readonly tenant: TenantId
  readonly keys: Keys
  readonly now: Date
}

/**
 * @throws HoldfastError `not_found` for an action or a customer that there is not; `channel_configuration` where the
 *   company has no name
 * @example
 * const { message, problems } = await previewTemplate(tx, settings, request, place)
 */
export async function previewTemplate(
  tx: Transaction,
  saved: ServiceSettings,
  request: TemplateRequest,
  place: PreviewPlace,
): Promise<TemplatePreview> {
  const { channel, draft, customer } = request
  const action = actionOf(saved, request.action)
  const settings = draft === null ? saved : withDraft(saved, request, draft)
  const known = customer === null ? null : await customerOf(tx, customer, place)
  const shown = customer === null ? null : { id: customer, name: known?.context.customer.name ?? null }
  const nothing = { message: null, notices: [], customer: shown, cost: null }
  const problems = draft === null ? [] : draftFaults(settings, request, draft)
  if (problems.length > 0) return { ...nothing, problems }
  const { context, contact, tasks, notices } = about(known, request, settings)
  const offered = await offerOf(tx, { settings, action, contact, request, place })
  const subject: Subject = { settings, action, context, contact, tasks, offer: offered.offer, request, place }
  let message: TemplatePreview['message'] = null
  const found = faultsOf(() => {
    message = channel === 'email' ? mailTo(subject) : channel === 'sms' ? textTo(subject) : taskFor(subject)
  })
  return {
    message,
    problems: found,
    notices: [...notices, ...offered.notices, ...otherChannel(settings, action, channel)],
    customer: shown,
    cost: message === null ? null : costOf(message, contact, settings, place.keys),
  }
}

interface Known {
  readonly context: ActContext
  readonly contacts: readonly Contact[]
  readonly tasks: Awaited<ReturnType<typeof readTaskFacts>>
}

async function customerOf(
  tx: Transaction,
  customer: CustomerId,
  { keys, now }: PreviewPlace,
): Promise<Known> {
  const context = (await readActContexts(tx, [customer])).get(customer)
  if (context === undefined)
    throw new HoldfastError('not_found', `There is no customer ${customer}. GET /v1/customers lists them.`)
  const recipients = (await readRecipients(tx, [customer])).get(customer) ?? []
  const tasks = await readTaskFacts(tx, { customers: [customer], now })
  return { context, contacts: recipients.map((one) => contactOf(one, keys.address)), tasks }
}

interface About {
  readonly context: ActContext
  /** Speaks the language of the template. */
  readonly contact: Contact
  readonly tasks: Known['tasks']
  readonly notices: readonly string[]
}

/** The first of the customer's people whom the channel could reach; who agreed is asked when something is sent. */
function about(known: Known | null, { channel, language }: TemplatePlace, settings: ServiceSettings): About {
  const spoken = (contact: Contact): Contact => ({ ...contact, language })
  if (known === null) {
    const { context, contact, task } = MADE_UP
    const company = settings.sender.company ?? settings.sender.name ?? context.company
    return {
      context: { ...context, company },
      contact: spoken(contact),
      tasks: new Map([[NOBODY, task]]),
      notices: [],
    }
  }
  const { context, contacts, tasks } = known
  const found = contacts.find(({ email, phone }) =>
    channel === 'email' ? email !== null : channel === 'sms' ? phone !== null : true,
  )
  return {
    context,
    contact: spoken(found ?? MADE_UP.contact),
    tasks,
    notices:
      found === undefined
        ? [
            `Nobody at this customer has ${channel === 'sms' ? 'a telephone number' : channel === 'email' ? 'an e-mail address' : 'a name here'}, so a made-up person stands here.`,
          ]
        : [],
  }
}

interface Subject {
  readonly settings: ServiceSettings
  readonly action: Action
  readonly context: ActContext
  readonly contact: Contact
  readonly tasks: Known['tasks']
  readonly offer: Offer | null
  readonly request: TemplateRequest
  readonly place: PreviewPlace
}

const NO_HASH = Buffer.alloc(0)

function mailTo({ settings, action, context, contact, offer, place }: Subject): EmailMessage {
  const email = contact.email ?? MADE_UP.contact.email!
  const {
    delivery: _,
    recipientId: __,
    ...message
  } = buildMessage(
    {
      tenant: place.tenant,
      intervention: { id: asIntervention(randomUUID()), actionKey: action.key },
      context,
      settings,
      to: { recipient: { ...contact, email }, hash: NO_HASH },
      delivery: 'dry_run',
      offer,
    },
    place,
  )
  return message
}

function textTo({ settings, action, context, contact, offer, place }: Subject): SmsMessage {
  const own = numberOf(contact, place.keys.address)
  const number = own === null || 'problem' in own ? numberOf(MADE_UP.contact, place.keys.address) : own
  if (number === null || 'problem' in number)
    throw new HoldfastError('internal', 'The made-up customer has no number.')
  const {
    delivery: _,
    recipientId: __,
    ...message
  } = buildText({
    intervention: { actionKey: action.key },
    context,
    settings,
    to: { recipient: { ...contact, phone: number.to }, ...number },
    delivery: 'dry_run',
    offer,
  })
  return message
}

function taskFor({ settings, action, context, contact, tasks, request, place }: Subject): TaskMessage {
  const customer = request.customer ?? NOBODY
  const { delivery: _, ...message } = buildTask({
    intervention: {
      actionKey: action.key,
      customer,
      plannedCostMinor: plannedCost(settings, action, tasks.get(customer) ?? NO_TASK_FACTS),
      currency: reportingCurrency(settings),
      expiresAt: new Date(place.now.getTime() + 14 * DAY),
    },
    context,
    to: { recipient: contact, hash: null },
    delivery: 'dry_run',
    // The track of the language that is looked at, also where the company's people read another one.
    facts: { settings, now: place.now, tasks, refusal: () => null },
  })
  return message
}

const DAY = 86_400_000
/** No customer has this number. */
const NOBODY = asCustomer(0)

/** As a decision reckons it: once, and of what is paid for each month that it lasts. */
function plannedCost(
  settings: ServiceSettings,
  { cost }: Action,
  { score }: { readonly score: { monthlyMinor: number | null; currency: string | null } | null },
): number {
  const monthly = recurringAmounts(settings)(score?.monthlyMinor ?? null, score?.currency ?? null)
  const minor = 10 ** minorDigits(reportingCurrency(settings))
  const share = Number.isNaN(monthly) ? 0 : monthly * cost.share * cost.durationMonths * minor
  return cost.fixedMinor + Math.round(share)
}

/** As a dry run promises it; where nothing could be promised, what would be, with the reason beside it. */
async function offerOf(
  tx: Transaction,
  {
    settings,
    action,
    contact,
    request,
    place,
  }: Pick<Subject, 'settings' | 'action' | 'contact' | 'request' | 'place'>,
): Promise<{ readonly offer: Offer | null; readonly notices: readonly string[] }> {
  if (action.discount === 0) return { offer: null, notices: [] }
  const id = asIntervention(randomUUID())
  const { channel, customer } = request
  const facts =
    customer === null
      ? null
      : await offerFacts(tx, [{ id, actionKey: action.key, customer }], { settings, now: place.now })
  const fact: OfferFact = facts?.get(id) ?? {
    intervention: id,
    action,
    fulfilment: fulfilmentOf(settings, action.key),
    free: 1,
    base: null,
    offer: null,
  }
  const situation = {
    settings,
    channel,
    country: contact.country,
    language: spokenLanguage(settings, { channel, action: action.key, language: request.language }),
    delivery: 'dry_run',
    now: place.now,
  } as const
  const base = fact.base ?? { minor: 10_000, currency: settings.currency.file }
  const made = offerVerdict({ ...fact, base: customer === null ? base : fact.base }, situation)
  if (made.do === 'go') return { offer: made.offer, notices: [] }
  const reason = made.do === 'stop' ? [made.reason] : []
  const promised = offerVerdict(
    { ...fact, base, fulfilment: { by: 'pool', pool: 'preview' }, free: 1 },
    { ...situation, settings: { ...settings, offers: { ...settings.offers, requireTerms: false } } },
  )
  return { offer: promised.do === 'go' ? promised.offer : null, notices: reason }
}

function otherChannel(
  settings: ServiceSettings,
  action: Action,
  asked: TemplatePlace['channel'],
): readonly string[] {
  const by = carriedOutBy(settings, action)
  // What nobody fulfils says so itself.
  return by === asked || action.channel === asked ? [] : [NOT_BY(by)]
}

const NOT_BY = (by: TemplatePlace['channel']): string =>
  `As things stand this action is carried out by ${{ email: 'e-mail', sms: 'SMS', task: 'a person' }[by]}, so nobody gets this.`

function costOf(
  message: NonNullable<TemplatePreview['message']>,
  contact: Contact,
  settings: ServiceSettings,
  keys: Keys,
): TemplatePreview['cost'] {
  if (message.kind !== 'sms') return null
  const number = numberOf(contact, keys.address)
  const country = number === null || 'problem' in number ? contact.country : number.phoneCountry
  const currency = reportingCurrency(settings)
  const minor = smsCost(segmentsOf(message.text).segments, country, settings.sms, currency)
  return minor === null ? null : { minor, currency }
}
