/** What of a customer a caller is shown: people to those who answer for them, what was weighed to those who may export it. */
import { keptBackWords } from '../../loop/kept-back-words.ts'
import { allows, type Caller } from '../../security/access.ts'
import { maskName, seesPeople } from '../../security/masking.ts'
import type { WholeCustomer } from '../../store/reads/customer.ts'
import type { DecisionTrace } from '../../store/reads/decisions.ts'
import { customerNameFor, responsibleShown } from './shown.ts'
import { whoOf } from './timeline-words.ts'

type People = Pick<WholeCustomer, 'responsible' | 'recipients' | 'decisions' | 'interventions'>

/**
 * @example
 * peopleFor(viewer, customer).recipients[0].name // 'I••• V•••'
 */
export function peopleFor(caller: Caller, customer: WholeCustomer): People {
  const { responsible, recipients, interventions, person } = customer
  const decisions = customer.decisions.map((line) => valuedFor(caller, line))
  if (seesPeople(caller)) return { responsible, recipients, decisions, interventions }
  const named = <Line extends { readonly customerName: string | null }>(line: Line): Line => ({
    ...line,
    customerName: customerNameFor(caller, { customerName: line.customerName, person }),
  })
  return {
    responsible: responsible && responsibleShown(caller, responsible),
    recipients: recipients.map((one) => ({ ...one, name: one.name && maskName(one.name) })),
    decisions: decisions.map(named),
    interventions: interventions.map((one) => ({
      ...named(one),
      createdBy: actorFor(one.createdBy, caller),
      reason: unwritten(one.reasonCode),
      askProblem: one.askProblem && 'The CRM has no task for it.',
      events: one.events.map((event) => ({
        ...event,
        actor: actorFor(event.actor, caller),
        reason: unwritten(event.reasonCode),
        detail: null,
      })),
    })),
  }
}

/** The reason without what somebody wrote of it. */
const unwritten = (code: string | null): string | null => (code === null ? null : keptBackWords(code))

/** An actor of the ledger or the audit log, whose name only those who see people get. */
export const actorFor = (actor: string, caller: Caller): string =>
  actor.startsWith('user:') ? `user:${whoOf(actor, caller)}` : actor

/**
 * In groups that are left as they are nothing is suggested, and what would have been is not for those who care for the
 * customer: knowing it would change what they do, and with it the comparison.
 */
export function tracedFor<Trace extends DecisionTrace | null>(caller: Caller, decision: Trace): Trace {
  if (decision === null || !isHidden(caller, decision)) return decision
  return {
    ...decision,
    expectedValueMinor: null,
    actions: decision.actions.map((one) => ({
      ...one,
      expectedValueMinor: null,
      costMinor: null,
      benefit: null,
      effectMean: null,
      effectSd: null,
      probability: 0,
    })),
  }
}

/** A line of a list as {@link tracedFor} shows the whole. */
export const valuedFor = <
  Line extends { readonly group: string; readonly expectedValueMinor: number | null },
>(
  caller: Caller,
  line: Line,
): Line => (isHidden(caller, line) ? { ...line, expectedValueMinor: null } : line)

function isHidden(caller: Caller, { group }: { readonly group: string }): boolean {
  return group !== 'policy' && !allows({ scope: 'export', role: 'admin' }, caller)
}
