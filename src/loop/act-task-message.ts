/** A task of an intervention: written once it is about to be made, stored, and made as it is stored. */
import { nameOfAction } from '../../actions/catalogue.ts'
import type { TaskMessage } from '../../actions/channel.ts'
import { composeTask } from '../../actions/task/compose.ts'
import { talkTrack } from '../../actions/task/talk.ts'
import { actionsOf } from '../settings/planning.ts'
import type { ServiceSettings } from '../settings/service.ts'
import type { ActContext } from '../store/act-context.ts'
import type { Intervention } from '../store/interventions.ts'
import { NO_TASK_FACTS, type ActFacts, type Contact } from './act-facts.ts'
import { workingHoursOf } from './call-places.ts'
import type { Refusal } from './consent.ts'
import type { Offer } from './offers.ts'

/** As `interventions.message` keeps it. */
export interface StoredTask extends TaskMessage {
  /** What it was written for. */
  readonly delivery: 'dry_run' | 'sandbox' | 'live'
}

/** Whom a task is about: the first in rank who did not refuse to be called. */
export interface Callee {
  readonly recipient: Contact
  /** Of the phone number; null: none is known, and whoever calls has to find one. */
  readonly hash: Buffer | null
}

export type CalleeChoice =
  /** Null: the customer has no contacts; it is about the customer itself. */
  | { readonly chosen: Callee | null; readonly refusal: null }
  /** Everybody refused. */
  | { readonly chosen: null; readonly refusal: Refusal }

/** Colleagues need no consent to be asked to do something; people who said that they do not want to be called are not. */
export function chooseCallee(
  contacts: readonly Contact[],
  { refusal }: Pick<ActFacts, 'refusal'>,
): CalleeChoice {
  let first: Refusal | null = null
  for (const recipient of contacts) {
    const hash = recipient.phoneHash
    const refused = hash === null ? null : refusal(hash, 'call', false)
    if (refused === null) return { chosen: { recipient, hash }, refusal: null }
    first ??= refused
  }
  return first === null ? { chosen: null, refusal: null } : { chosen: null, refusal: first }
}

export interface TaskRequest {
  readonly intervention: Pick<
    Intervention,
    'actionKey' | 'customer' | 'plannedCostMinor' | 'currency' | 'expiresAt'
  >
  readonly context: ActContext
  readonly to: Callee | null
  /** Whose list it goes on; null: nobody's. Default: of whoever owns the record. */
  readonly responsible?: StoredTask['responsible']
  readonly delivery: StoredTask['delivery']
  /** What is offered; null or absent: it was not made yet, or the action gives nothing. */
  readonly offer?: Offer | null
  readonly facts: Pick<ActFacts, 'settings' | 'now' | 'tasks' | 'refusal'>
}

/** In the language of the company (settings: sender.language), whose people read it. */
export function buildTask({
  intervention,
  context,
  to,
  responsible = context.customer.owner,
  delivery,
  offer: made = null,
  facts,
}: TaskRequest): StoredTask {
  const { customer } = context
  const { settings, now } = facts
  const actions = actionsOf(settings)
  const nameOf = (key: string): string => nameOfAction(key, actions)
  const action = actions.find((one) => one.key === intervention.actionKey)
  const { score, renewalDate, before } = facts.tasks.get(intervention.customer) ?? NO_TASK_FACTS
  const call = isCall(intervention, settings)
  const offer =
    action === undefined || action.discount === 0
      ? null
      : { percent: 100 * action.discount, months: action.cost.durationMonths }
  const saidWith = [made?.terms, made?.disclosure].filter((text) => typeof text === 'string')
  const words = composeTask({
    action: { key: intervention.actionKey, name: nameOf(intervention.actionKey) },
    call,
    offer: made === null ? offer : { percent: made.percent, months: made.months, made, saidWith },
    cost: { minor: intervention.plannedCostMinor, currency: intervention.currency },
    customer: {
      name: customer.name,
      pays:
        score === null || score.monthlyMinor === null || score.currency === null
          ? null
          : { minor: score.monthlyMinor, currency: score.currency },
      renewalDate,
      risk: score === null ? null : { probability: score.probability, level: score.level },
      reasons: score?.reasons ?? [],
    },
    person: to === null ? null : personOf(to.recipient, facts),
    before: before.map(({ at, channel, actionKey }) => ({ at, channel, action: nameOf(actionKey) })),
    language: settings.sender.language,
    now,
    end: intervention.expiresAt,
    hours: workingHoursOf(settings.calls, responsible?.id ?? null),
    talk: talkTrack({
      tracks: settings.calls.talk,
      action: intervention.actionKey,
      languages: [to?.recipient.language ?? null, settings.sender.language],
      data: {
        customer: { name: customer.name },
        person: { name: to?.recipient.name ?? null, role: to?.recipient.role ?? null },
        company: settings.sender.company,
        responsible: { name: responsible?.name ?? null },
        ...(offer === null ? {} : { offer }),
      },
    }),
  })
  return {
    kind: 'task',
    delivery,
    doing: call ? 'call' : 'todo',
    action: intervention.actionKey,
    customerId: customer.externalId,
    recipientId:
      to === null || to.recipient.externalId === customer.externalId ? null : to.recipient.externalId,
    responsible,
    subject: words.subject,
    text: words.body,
    dueAt: words.dueAt.toISOString(),
    language: words.language,
  }
}

/** What the catalogue has as a task is a call; what became one because the CRM has tasks is an offer to be made. */
export function isCall({ actionKey }: Pick<Intervention, 'actionKey'>, settings: ServiceSettings): boolean {
  const action = actionsOf(settings).find(({ key }) => key === actionKey)
  return action === undefined || action.channel === 'task'
}

function personOf({ name, role, phone, email, emailHash }: Contact, { refusal }: Pick<ActFacts, 'refusal'>) {
  const refused = emailHash !== null && refusal(emailHash, 'email', false) !== null
  return { name, role, phone, email, refusesEmail: refused }
}

/** What the ledger stored, or null where it stored none. */
export function storedTask({ message }: Pick<Intervention, 'message'>): StoredTask | null {
  return isTask(message) ? message : null
}

function isTask(message: unknown): message is StoredTask {
  return (
    typeof message === 'object' &&
    message !== null &&
    'delivery' in message &&
    'kind' in message &&
    message.kind === 'task'
  )
}
