/**
 * What a workflow or an agent of the CRM is told: what came of its call, as values to branch on and as a sentence. Null: it is
 * not known yet.
 */
import { minorDigits } from '../contracts/money.ts'
import type { CustomerId } from '../contracts/ids.ts'
import { actionNames, periodOf } from '../settings/planning.ts'
import type { ServiceSettings } from '../settings/service.ts'
import type { Transaction } from '../store/database.ts'
import { listDecisions, readDecisions } from '../store/reads/decisions.ts'
import { listInterventions } from '../store/reads/interventions.ts'
import { requestStep } from '../store/steps.ts'
import { noteDeciding, type OpenCall } from '../store/workflow-calls.ts'
import { stateWord } from './action-words.ts'
import { CAUSE } from './decide-plan.ts'
import { traceOf } from './decision-trace.ts'

/** How a call ended; the words of connectors/hubspot/workflow-actions.ts. */
export type CallStatus =
  | 'done'
  | 'left_alone'
  | 'not_a_customer'
  | 'not_scored'
  | 'refused'
  | 'not_connected'
  | 'too_late'

export type CallOutputs = { readonly status: CallStatus; readonly sentence: string } & Readonly<
  Record<string, string | number | null>
>

const ended = (status: CallStatus, sentence: string): CallOutputs => ({ status, sentence })

export const NOT_A_CUSTOMER = ended(
  'not_a_customer',
  'The record is not among the customers that Holdfast looks after: who counts as one is said in its set-up.',
)

const AWAY: Readonly<Partial<Record<OpenCall['connectionStatus'], CallOutputs>>> = {
  disconnected: ended('not_connected', 'The account is not connected to Holdfast any more.'),
  paused: ended('not_connected', 'The connection is paused in Holdfast, so nothing is read or scored.'),
  needs_reconnect: ended(
    'not_connected',
    'Holdfast has to be signed in to the account again: an admin of Holdfast does so.',
  ),
}

const TOO_LATE = ended('too_late', 'It was not known in time. Have the workflow ask again.')

/**
 * @example
 * await callOutputs(tx, call, { settings, now }) // { status: 'done', sentence: '…', risk_percent: 41, … }
 */
export async function callOutputs(
  tx: Transaction,
  call: OpenCall,
  about: { readonly settings: ServiceSettings; readonly now: Date },
): Promise<CallOutputs | null> {
  if (call.expired) return TOO_LATE
  const known = await outputsOf(tx, call, about)
  // What is known already is told whatever the connection is doing.
  return known ?? AWAY[call.connectionStatus] ?? null
}

async function outputsOf(
  tx: Transaction,
  call: OpenCall,
  about: { readonly settings: ServiceSettings; readonly now: Date },
): Promise<CallOutputs | null> {
  const { action, customer, active, read, due, score, objects } = call
  if (!read) return null
  if (customer === null || !active) return NOT_A_CUSTOMER
  if (objects) return ended('left_alone', 'The customer does not want to be profiled, so there is no score.')
  if (action === 'decide') {
    const decided = await decisionOutputs(tx, customer, about)
    if (decided !== null) return decided
  }
  if (due) return null
  if (score === null)
    return ended(
      'not_scored',
      'There is no score: too little is known of the customer, or no model is in charge.',
    )
  if (action === 'score') return scoreOutputs(score)
  return undecided(tx, call)
}

function scoreOutputs(score: NonNullable<OpenCall['score']>): CallOutputs {
  const { probability, level, reasons, asOf, kind, horizonDays, monthlyMinor, currency } = score
  const percent = Math.round(probability * 1000) / 10
  const means =
    kind === 'horizon' && horizonDays !== null
      ? `may leave within ${horizonDays} days`
      : 'chance to leave: a snapshot, without saying when'
  const worth =
    monthlyMinor === null || currency === null
      ? null
      : Math.round(probability * 12 * monthlyMinor) / 10 ** minorDigits(currency)
  return {
    ...ended('done', `${Math.round(percent)} % ${means}.`),
    risk_percent: percent,
    risk_level: level,
    reasons: reasons
      .slice(0, 3)
      .map(({ sentence, raises }) => (raises ? sentence : `${sentence} (lowers it)`))
      .join('; '),
    value_at_risk: worth,
    currency: worth === null ? null : currency,
    as_of: asOf,
  }
}

/** Null: nothing is decided in this period. */
async function decisionOutputs(
  tx: Transaction,
  customer: CustomerId,
  { settings, now }: { readonly settings: ServiceSettings; readonly now: Date },
): Promise<CallOutputs | null> {
  const { items } = await listDecisions(tx, {
    customer,
    period: periodOf(settings.period, now),
    limit: 10,
  })
  const line = items.find(({ cause }) => cause === CAUSE)
  const decision = line && (await readDecisions(tx, [line.id])).get(line.id)
  if (decision === undefined) return null
  const nameOf = actionNames(settings)
  const { sentence } = traceOf(decision, nameOf)
  if (decision.group !== 'policy') return ended('left_alone', sentence)
  const { actionKey, expectedValueMinor, plannedCostMinor, currency } = decision
  const major = (minor: number | null): number | null =>
    minor === null ? null : minor / 10 ** minorDigits(currency)
  const interventions = await listInterventions(tx, { customer, limit: 20 })
  const own = interventions.items.find((one) => one.decision === decision.id)
  return {
    ...ended('done', sentence),
    action: actionKey,
    action_name: nameOf(actionKey),
    expected_worth: major(expectedValueMinor),
    cost: major(plannedCostMinor),
    currency,
    intervention_state: own === undefined ? null : stateWord(own.state),
  }
}

/** A pass decides for everybody who is undecided, since budget and places are shared: it is asked for once. */
async function undecided(tx: Transaction, call: OpenCall): Promise<CallOutputs | null> {
  if (call.decidingAt === null) {
    await requestStep(tx, { connection: call.connection, step: 'decide', cause: 'workflow' })
    await noteDeciding(tx, call)
    return null
  }
  return call.passed
    ? ended('refused', 'Nothing was decided for the customer: the pass of deciding left it out.')
    : null
}
