/**
 * What is to become of an intervention whose turn it is: judged from what was read (act-facts.ts), without asking or
 * writing anything. Everything that speaks against sending is in here, in the order in which it counts:
 *
 * its time and its attempts -> whether the customer still is one -> pauses -> how it is delivered -> whether a person has
 * to say yes -> whom it reaches and what they said (act-reach.ts) -> what it offers, and the guard: hours, caps, language,
 * holds (act-weigh.ts) -> what it says.
 */
import { HoldfastError } from '../contracts/errors.ts'
import type { Action } from '../contracts/actions.ts'
import type { TenantId } from '../contracts/ids.ts'
import { actionsOf } from '../settings/planning.ts'
import { approvalVerdict } from '../settings/approval.ts'
import type { ServiceSettings } from '../settings/service.ts'
import type { ActContext } from '../store/act-context.ts'
import type { InterventionState } from '../store/intervention-states.ts'
import type { MoveSet } from '../store/intervention-moves.ts'
import { SNOOZED_UNAPPROVED, type HeldIntervention } from '../store/interventions.ts'
import type { ActFacts } from './act-facts.ts'
import type { MessagePlace, StoredMessage } from './act-message.ts'
import { MAX_ATTEMPTS } from './act-retry.ts'
import type { StoredTask } from './act-task-message.ts'
import type { StoredText } from './act-text.ts'
import { deliveryOf, isBuiltIn, type Delivery } from './delivery.ts'
import type { GuardRequest } from './guard.ts'
import { pauseVerdict } from './pauses.ts'
import type { Connectors, ConnectionPlace } from './services.ts'

export type Verdict =
  /** There is nothing to send; it ends here, or goes back to a person. */
  | {
      readonly do: 'settle'
      readonly to: InterventionState
      readonly code: string
      readonly reason: string
      readonly set?: MoveSet
    }
  /** Waits for an admin, or for its time. */
  | { readonly do: 'wait'; readonly code: string; readonly reason: string; readonly dueInMs?: number }
  /** Is leased, and sent. */
  | ({ readonly do: 'send'; readonly set: MoveSet } & Outgoing)

/** What goes out, and where. */
export type Outgoing = {
  readonly delivery: 'sandbox' | 'live'
  /** What the guard is asked once more right before it is handed over. */
  readonly guarded: Guarded
} & (
  | {
      readonly message: StoredMessage | StoredText
      /** Of the address that the message goes to. */
      readonly hash: Buffer
    }
  | {
      readonly message: StoredTask
      /** Of the phone number of the person whom it is about; null: none is known. */
      readonly hash: Buffer | null
      readonly place: ConnectionPlace
    }
)

export type Guarded = Pick<GuardRequest, 'channel' | 'recipient' | 'expiresAt' | 'delivery'> & {
  readonly action: Pick<Action, 'key' | 'discount' | 'remedy' | 'eligibility'>
  readonly byPolicy: boolean
}

/** What the installation is, beside what the database says. */
export interface JudgeTerms extends MessagePlace {
  readonly tenant: TenantId
  readonly connectors: Pick<Connectors, 'can'>
  readonly sms: ReturnType<NonNullable<SmsSituation>> | null
}

type SmsSituation = (settings: ServiceSettings) => {
  readonly sandbox: boolean
  readonly missing: readonly string[]
}

/** Everything general speaks for sending it. */
export interface Candidate {
  readonly row: HeldIntervention
  readonly context: ActContext
  readonly delivery: Exclude<Delivery, { kind: 'none' }>
}

/**
 * What can be said before anybody looks at the person.
 *
 * @example
 * judge(row, facts, terms) // { do: 'wait', code: 'tenant_paused', reason: 'Sending is paused: …' }
 */
export function judge(
  row: HeldIntervention,
  facts: ActFacts,
  terms: JudgeTerms,
): Verdict | ({ readonly do: 'weigh' } & Candidate) {
  const over = overOf(row)
  if (over !== null) return over
  const context = facts.contexts.get(row.customer)
  if (context === undefined) throw new HoldfastError('not_found', `There is no customer ${row.customer}.`)
  if (context.customer.status !== 'active')
    return {
      do: 'settle',
      to: 'cancelled',
      code: 'customer_left',
      reason: LEFT[context.customer.status],
    }
  const paused = pauseVerdict(facts.pauses, row)
  if (paused !== null) {
    const { to, code, reason } = paused
    return to === 'cancelled' ? { do: 'settle', to, code, reason } : { do: 'wait', code, reason }
  }
  const stopped = stoppedConnection(context)
  if (stopped !== null) return stopped
  const delivery = deliveryFor({ row, context }, facts, terms)
  if (delivery.kind === 'none') return { do: 'wait', code: delivery.code, reason: delivery.reason }
  const asks = approvalVerdict(
    {
      actionKey: row.actionKey,
      channel: row.channel,
      approvedAt: row.approvedAt,
      delivery:
        delivery.kind === 'live' && facts.settings.delivery.mode === 'test_list'
          ? 'test_list'
          : delivery.kind,
    },
    {
      delivery: facts.settings.delivery,
      actions: actionsOf(facts.settings),
      feedback: facts.feedback,
      now: facts.now,
    },
  )
  if (asks !== null) return { do: 'settle', ...asks }
  return { do: 'weigh', row, context, delivery }
}

function deliveryFor(
  { row, context }: Pick<Candidate, 'row' | 'context'>,
  { settings }: Pick<ActFacts, 'settings'>,
  { publicUrl, connectors, sms }: Pick<JudgeTerms, 'publicUrl' | 'connectors' | 'sms'>,
): Delivery {
  return deliveryOf({
    channel: row.channel,
    settings,
    publicUrl,
    sandboxConnection: context.connection.sandbox,
    activated: context.activated,
    tasks: {
      possible: connectors.can(context.connection.kind, 'tasks'),
      builtIn: isBuiltIn(context.connection.config),
    },
    ...(sms === null ? {} : { sms }),
  })
}

/** What ends it or hands it back without looking at the customer. */
function overOf(row: HeldIntervention): Verdict | null {
  if (row.expired)
    return {
      do: 'settle',
      to: 'expired',
      code: 'expired',
      reason: 'Its time passed before it was carried out.',
    }
  if (row.state === 'snoozed' && row.reasonCode === SNOOZED_UNAPPROVED)
    return {
      do: 'settle',
      to: 'awaiting_approval',
      code: 'snooze_over',
      reason: 'It was snoozed, and waits for approval again.',
    }
  if (row.attempts >= MAX_ATTEMPTS)
    return {
      do: 'settle',
      to: 'rejected',
      code: 'attempts_used_up',
      reason: `It was begun ${row.attempts} times and never finished.${row.reason === null ? '' : ` The last that is known: ${row.reason}`}`,
    }
  return null
}

const LEFT = {
  left: 'The customer is no longer among those that Holdfast acts for.',
  deleted: 'The customer was deleted in the CRM.',
}

function stoppedConnection({ connection }: ActContext): Verdict | null {
  if (connection.status === 'active') return null
  const why = connection.statusReason === null ? '' : `: ${connection.statusReason}`
  return {
    do: 'wait',
    code: 'connection_stopped',
    reason: `The connection "${connection.name}" is ${connection.status.replaceAll('_', ' ')}${why}. It waits until it works again.`,
  }
}
