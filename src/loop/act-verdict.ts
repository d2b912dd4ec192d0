/**
 * What is to become of an intervention whose turn it is: judged from what was read (act-facts.ts), without asking or
 * writing anything. Everything that speaks against sending is in here, in the order in which it counts:
 *
 * its time and its attempts -> whether the customer still is one -> pauses -> how it is delivered -> whom it reaches and
 * what they said -> what it says.
 */
import { HoldfastError } from '../contracts/errors.ts'
import type { TenantId } from '../contracts/ids.ts'
import type { ActContext } from '../store/act-context.ts'
import type { InterventionState } from '../store/intervention-states.ts'
import type { MoveSet } from '../store/intervention-moves.ts'
import { SNOOZED_UNAPPROVED, type HeldIntervention } from '../store/interventions.ts'
import type { ActFacts } from './act-facts.ts'
import type { MessagePlace, StoredMessage } from './act-message.ts'
import { judgeMail } from './act-mail.ts'
import { MAX_ATTEMPTS } from './act-retry.ts'
import { judgeTask } from './act-take-task.ts'
import type { StoredTask } from './act-task-message.ts'
import { deliveryOf, isBuiltIn, type Delivery } from './delivery.ts'
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
  | { readonly do: 'wait'; readonly code: string; readonly reason: string; readonly until?: Date }
  /** Is leased, and sent. */
  | ({ readonly do: 'send'; readonly set: MoveSet } & Outgoing)

/** What goes out, and where. */
export type Outgoing =
  | {
      readonly message: StoredMessage
      readonly delivery: 'sandbox' | 'live'
      /** Of the address that the message goes to. */
      readonly hash: Buffer
    }
  | {
      readonly message: StoredTask
      readonly delivery: 'sandbox' | 'live'
      /** Of the phone number of the person whom it is about; null: none is known. */
      readonly hash: Buffer | null
      readonly place: ConnectionPlace
    }

/** What the installation is, beside what the database says. */
export interface JudgeTerms extends MessagePlace {
  readonly tenant: TenantId
  readonly connectors: Pick<Connectors, 'can'>
}

/** What a channel is asked to judge: everything general speaks for sending. */
export interface Candidate {
  readonly row: HeldIntervention
  readonly context: ActContext
  readonly delivery: Exclude<Delivery, { kind: 'none' }>
  readonly facts: ActFacts
  readonly terms: JudgeTerms
}

/**
 * @example
 * judge(row, facts, terms) // { do: 'wait', code: 'tenant_paused', reason: 'Sending is paused: …' }
 */
export function judge(row: HeldIntervention, facts: ActFacts, terms: JudgeTerms): Verdict {
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
  const halt = haltOf(context)
  if (halt !== null) return { do: 'wait', ...halt }
  const delivery = deliveryOf({
    channel: row.channel,
    settings: facts.settings,
    publicUrl: terms.publicUrl,
    sandboxConnection: context.connection.sandbox,
    activated: context.activated,
    tasks: {
      possible: terms.connectors.can(context.connection.kind, 'tasks'),
      builtIn: isBuiltIn(context.connection.config),
    },
  })
  if (delivery.kind === 'none') return { do: 'wait', code: delivery.code, reason: delivery.reason }
  const candidate: Candidate = { row, context, delivery, facts, terms }
  try {
    if (row.channel === 'task') return judgeTask(candidate)
    if (row.channel === 'email') return judgeMail(candidate)
    const { code, reason } = delivery.kind === 'dry_run' ? delivery : NOT_CARRIED
    return { do: 'settle', to: 'dry_run', code, reason }
  } catch (error) {
    if (!isForAdmin(error)) throw error
    return { do: 'wait', code: error.code, reason: error.message }
  }
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
const NOT_CARRIED = { code: 'no_provider', reason: 'Nothing is set up that could carry this out.' }

/** Errors of templates and settings: a person has to change something, and nothing is lost meanwhile. */
export function isForAdmin(error: unknown): error is HoldfastError {
  return (
    error instanceof HoldfastError &&
    (error.code === 'template_invalid' || error.code === 'channel_configuration')
  )
}

function haltOf({ pause, connection }: ActContext): { code: string; reason: string } | null {
  if (pause !== null) return pause
  if (connection.status === 'active') return null
  const why = connection.statusReason === null ? '' : `: ${connection.statusReason}`
  return {
    code: 'connection_stopped',
    reason: `The connection "${connection.name}" is ${connection.status.replaceAll('_', ' ')}${why}. It waits until it works again.`,
  }
}
