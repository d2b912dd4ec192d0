/**
 * A person's answer to a suggestion on the record in the CRM. It goes through the same steps as an answer in the app, and is kept
 * beside the decision: what was approved, put off or not right, and why.
 */
import type { CustomerId, InterventionId } from '../contracts/ids.ts'
import { HoldfastError } from '../contracts/errors.ts'
import { notRightWords, type RepAnswer } from '../contracts/rep-answers.ts'
import { answerApprovals, type AnswerOutcome } from '../store/answer-approvals.ts'
import { recordAudit } from '../store/audit.ts'
import type { Transaction } from '../store/database.ts'
import { OPEN_STATES } from '../store/intervention-states.ts'
import { findIntervention, reject, snooze, type Intervention } from '../store/interventions.ts'
import { eventsOf } from '../store/reads/interventions.ts'
import { keepRepAnswer } from '../store/rep-answers.ts'

export interface RepSays {
  readonly intervention: InterventionId
  /** As the person saw it; null: nobody was asked for a yes. */
  readonly asked: string | null
  readonly answer: RepAnswer
  /** Of `snooze`. */
  readonly until: Date | null
  /** Of `not_right`. */
  readonly reason: string | null
  readonly note: string | null
  readonly actor: string
  readonly requestId: string
  readonly now: Date
}

export interface RepAnswered {
  readonly outcome: Extract<AnswerOutcome, 'done' | 'already' | 'changed' | 'refused'>
  readonly intervention: Intervention
  readonly customer: CustomerId
  /** Who moved it last, and when, where it was not this answer. */
  readonly by: { readonly actor: string; readonly at: Date } | null
  /** Why it was refused, as a sentence. */
  readonly message: string | null
}

/**
 * Approve starts it, snooze puts it off, and what is not right is never carried out, also where it needed no yes. Answered once:
 * whoever comes second is told who was first.
 *
 * @throws HoldfastError `not_found`
 * @example
 * await answerSuggestion(tx, { intervention, asked, answer: 'not_right', reason: 'wrong_contact', … })
 */
export async function answerSuggestion(tx: Transaction, says: RepSays): Promise<RepAnswered> {
  await tx.query('select from interventions where tenant_id = $1 and id = $2 for update', [
    tx.tenant,
    says.intervention,
  ])
  const intervention = await findIntervention(tx, says.intervention)
  if (intervention === null)
    throw new HoldfastError(
      'not_found',
      'What was suggested is not known here any more. Open the record again.',
    )
  const { outcome, message } = await answer(tx, intervention, says)
  const told = { outcome, intervention, customer: intervention.customer, message }
  if (outcome !== 'done') {
    const last = (await eventsOf(tx, [says.intervention])).at(-1)
    return { ...told, by: last === undefined ? null : { actor: last.actor, at: last.at } }
  }
  await keepRepAnswer(tx, {
    customer: intervention.customer,
    connection: intervention.connection,
    decision: intervention.decision,
    intervention: says.intervention,
    actionKey: intervention.actionKey,
    answer: says.answer,
    reason: says.answer === 'not_right' ? says.reason : null,
    note: says.note,
    until: says.answer === 'snooze' ? says.until : null,
    actor: says.actor,
    at: says.now,
  })
  await recordAudit(tx, {
    actor: says.actor,
    action: `intervention.${VERB[says.answer]}`,
    object: says.intervention,
    detail: { on: 'the record', ...(says.answer === 'not_right' ? { reason: says.reason } : {}) },
    requestId: says.requestId,
  })
  return { ...told, by: null }
}

const VERB = { approve: 'approve', snooze: 'snooze', not_right: 'reject' } as const

async function answer(
  tx: Transaction,
  { state }: Intervention,
  says: RepSays,
): Promise<Pick<RepAnswered, 'outcome' | 'message'>> {
  const { intervention: id, asked, actor, until } = says
  const note = noteOf(says)
  if (asked !== null) {
    const [one] = await answerApprovals(tx, {
      answer: VERB[says.answer],
      items: [{ id, asked }],
      actor,
      note,
      until: until ?? undefined,
    })
    const outcome = one.outcome === 'left' || one.outcome === 'not_found' ? 'already' : one.outcome
    return { outcome, message: one.message }
  }
  if (state === 'awaiting_approval') return { outcome: 'changed', message: null }
  if (!OPEN_STATES.includes(state)) return { outcome: 'already', message: null }
  if (says.answer === 'approve') return { outcome: 'refused', message: 'It needs no yes.' }
  const said = note === undefined ? { actor } : { actor, note }
  try {
    if (says.answer === 'not_right') await reject(tx, id, said)
    else if (until !== null) await snooze(tx, id, { ...said, until })
    return { outcome: 'done', message: null }
  } catch (error) {
    if (!(error instanceof HoldfastError) || error.status >= 500) throw error
    return { outcome: 'refused', message: error.message }
  }
}

/** As the customer's timeline says it: the reason that was chosen, and the words beside it. */
function noteOf({ answer, reason, note }: RepSays): string | undefined {
  const why = answer === 'not_right' && reason !== null ? `${notRightWords(reason)}.` : null
  const said = [why, note].filter((one) => one !== null && one !== '')
  return said.length === 0 ? undefined : said.join(' ')
}
