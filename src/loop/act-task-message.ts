/** A task of an intervention: written once it is about to be made, stored, and made as it is stored. */
import type { TaskMessage } from '../../actions/channel.ts'
import { composeTask } from '../../actions/task/compose.ts'
import { hashAddress } from '../security/address-hash.ts'
import { actionsOf } from '../settings/planning.ts'
import type { ServiceSettings } from '../settings/service.ts'
import { readTaskFacts, type ActContext, type RecipientRow } from '../store/act-context.ts'
import type { Transaction } from '../store/database.ts'
import type { Intervention } from '../store/interventions.ts'
import { refusalFor, type Refusal } from './consent.ts'

/** As `interventions.message` keeps it. */
export interface StoredTask extends TaskMessage {
  /** What it was written for. */
  readonly delivery: 'dry_run' | 'sandbox' | 'live'
}

/** Whom a task is about: the first in rank who did not refuse to be called. */
export interface Callee {
  readonly recipient: RecipientRow
  /** Of the phone number; null: none is known, and whoever calls has to find one. */
  readonly hash: Buffer | null
}

export type CalleeChoice =
  /** Null: the customer has no contacts; it is about the customer itself. */
  | { readonly chosen: Callee | null; readonly refusal: null }
  /** Everybody refused. */
  | { readonly chosen: null; readonly refusal: Refusal }

/**
 * Colleagues need no consent to be asked to do something; people who said that they do not want to be called are not.
 *
 * @param key of `Secrets.addressKey`
 */
export async function chooseCallee(
  tx: Transaction,
  recipients: readonly RecipientRow[],
  key: Buffer,
): Promise<CalleeChoice> {
  let first: Refusal | null = null
  for (const recipient of recipients) {
    const hash = recipient.phone === null ? null : hashAddress(key, 'phone', recipient.phone)
    const refusal = hash === null ? null : await refusalFor(tx, { hash, channel: 'call', live: false })
    if (refusal === null) return { chosen: { recipient, hash }, refusal: null }
    first ??= refusal
  }
  return first === null ? { chosen: null, refusal: null } : { chosen: null, refusal: first }
}

export interface TaskRequest {
  readonly intervention: Intervention
  readonly context: ActContext
  readonly settings: ServiceSettings
  readonly to: Callee | null
  readonly delivery: StoredTask['delivery']
  /** Of `Secrets.addressKey`. */
  readonly key: Buffer
  readonly now: Date
}

/** In the language of the company (settings: sender.language), whose people read it. */
export async function buildTask(
  tx: Transaction,
  { intervention, context, settings, to, delivery, key, now }: TaskRequest,
): Promise<StoredTask> {
  const { customer } = context
  const actions = actionsOf(settings)
  const nameOf = (wanted: string): string => actions.find((one) => one.key === wanted)?.name ?? wanted
  const action = actions.find((one) => one.key === intervention.actionKey)
  const facts = await readTaskFacts(tx, { customer: intervention.customer, except: intervention.id, now })
  const { score } = facts
  // What the catalogue has as a task is a call; what became one because the CRM has tasks is an offer to be made.
  const call = action === undefined || action.channel === 'task'
  const words = composeTask({
    action: { key: intervention.actionKey, name: nameOf(intervention.actionKey) },
    call,
    offer:
      action === undefined || action.discount === 0
        ? null
        : { percent: 100 * action.discount, months: action.cost.durationMonths },
    cost: { minor: intervention.plannedCostMinor, currency: intervention.currency },
    customer: {
      name: customer.name,
      pays:
        score === null || score.monthlyMinor === null || score.currency === null
          ? null
          : { minor: score.monthlyMinor, currency: score.currency },
      renewalDate: facts.renewalDate,
      risk: score === null ? null : { probability: score.probability, level: score.level },
      reasons: score?.reasons ?? [],
    },
    person: to === null ? null : await personOf(tx, to.recipient, key),
    before: facts.before.map(({ at, channel, actionKey }) => ({ at, channel, action: nameOf(actionKey) })),
    language: settings.sender.language,
    now,
    end: intervention.expiresAt,
  })
  return {
    kind: 'task',
    delivery,
    doing: call ? 'call' : 'todo',
    action: intervention.actionKey,
    customerId: customer.externalId,
    recipientId:
      to === null || to.recipient.externalId === customer.externalId ? null : to.recipient.externalId,
    responsible: customer.owner,
    subject: words.subject,
    text: words.body,
    dueAt: words.dueAt.toISOString(),
    language: words.language,
  }
}

async function personOf(tx: Transaction, { name, role, phone, email }: RecipientRow, key: Buffer) {
  const hash = email === null ? null : hashAddress(key, 'email', email)
  const refused = hash !== null && (await refusalFor(tx, { hash, channel: 'email', live: false })) !== null
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
