/**
 * A person's answer to several interventions that wait for approval at once: each with what became of it, since others
 * answer as well. Nothing is answered half: an answer that cannot be taken changes nothing of its intervention, and of all
 * of them where all or none are meant.
 */
import { HoldfastError } from '../contracts/errors.ts'
import type { InterventionId } from '../contracts/ids.ts'
import type { Transaction } from './database.ts'
import type { InterventionState } from './intervention-states.ts'
import { approve, reject, snooze } from './interventions.ts'
import { exactly } from './reads/conditions.ts'

export type ApprovalVerb = 'approve' | 'reject' | 'snooze'

export interface ApprovalAnswers {
  readonly answer: ApprovalVerb
  readonly items: readonly {
    readonly id: InterventionId
    /** `asked` as the person saw it; absent: whichever wait it is in. */
    readonly asked?: string | undefined
  }[]
  readonly actor: string
  readonly note?: string | undefined
  /** Of `snooze`. */
  readonly until?: Date | undefined
  /** Where one cannot be answered, none is. */
  readonly allOrNone?: boolean
}

/**
 * done: it was answered. already: somebody else did, or it ended. changed: it is asked about anew since the person looked.
 * refused: this answer cannot be given to it. left: it could have been answered, and another of them could not.
 */
export type AnswerOutcome = 'done' | 'already' | 'changed' | 'refused' | 'not_found' | 'left'

export interface AnswerResult {
  readonly id: InterventionId
  readonly outcome: AnswerOutcome
  /** As it is now; null: there is no such intervention. */
  readonly state: InterventionState | null
  /** Who moved it last, and when. */
  readonly by: string | null
  readonly at: Date | null
  /** A sentence; null: done. */
  readonly message: string | null
}

/**
 * @returns in the order of the items
 * @example
 * await answerApprovals(tx, { answer: 'approve', items: [{ id, asked }], actor: 'user:ann' })
 */
export async function answerApprovals(tx: Transaction, answers: ApprovalAnswers): Promise<AnswerResult[]> {
  const { items, allOrNone = false } = answers
  const standing = await holdAll(
    tx,
    items.map(({ id }) => id),
  )
  const checked = items.map((item): AnswerResult => checkOf(item, standing.get(item.id), answers))
  if (allOrNone && checked.some(({ outcome }) => outcome !== 'done'))
    return checked.map((one) => (one.outcome === 'done' ? { ...one, outcome: 'left', message: LEFT } : one))
  const results: AnswerResult[] = []
  for (const one of checked) results.push(one.outcome === 'done' ? await answerOne(tx, one, answers) : one)
  return results
}

const LEFT = 'It was left as it is, since another of them could not be answered.'

interface Standing {
  readonly id: InterventionId
  readonly state: InterventionState
  readonly asked: string | null
  readonly expired: boolean
  readonly expiresAt: Date
  readonly by: string
  readonly at: Date
}

/** In the order of their ids, as whoever else answers several. */
async function holdAll(
  tx: Transaction,
  ids: readonly InterventionId[],
): Promise<ReadonlyMap<InterventionId, Standing>> {
  await tx.query(
    'select from interventions where tenant_id = $1 and id = any ($2::uuid[]) order by id for update',
    [tx.tenant, [...ids]],
  )
  const rows = await tx.query<Standing>(
    `select i.id, i.state, ${exactly('i.awaiting_since')} as asked, i.expires_at <= now() as expired,
       i.expires_at as "expiresAt", e.actor as by, e.at
     from interventions i
     join lateral (
       select actor, at from intervention_events where tenant_id = i.tenant_id and intervention_id = i.id
       order by id desc limit 1
     ) e on true
     where i.tenant_id = $1 and i.id = any ($2::uuid[])`,
    [tx.tenant, [...ids]],
  )
  return new Map(rows.map((row) => [row.id, row]))
}

/** What would become of it, before anything is written. */
function checkOf(
  { id, asked }: ApprovalAnswers['items'][number],
  standing: Standing | undefined,
  { answer, until }: ApprovalAnswers,
): AnswerResult {
  if (standing === undefined)
    return { id, outcome: 'not_found', state: null, by: null, at: null, message: 'It is not known here.' }
  const { state, by, at, expired, expiresAt } = standing
  const told = (outcome: AnswerOutcome, message: string | null): AnswerResult => ({
    id,
    outcome,
    state,
    by,
    at,
    message,
  })
  if (state !== 'awaiting_approval') return told('already', alreadyWords(standing))
  if (asked !== undefined && asked !== standing.asked)
    return told('changed', 'It is asked about anew since you looked. Look at it again.')
  if (expired && answer !== 'reject') return told('already', 'Its time has passed.')
  if (answer === 'snooze' && until !== undefined && until >= expiresAt)
    return told(
      'refused',
      `It expires on ${expiresAt.toISOString().slice(0, 10)}. Snooze until a time before that, or reject it.`,
    )
  return told('done', null)
}

const ENDED: Readonly<Partial<Record<InterventionState, string>>> = {
  rejected: 'rejected',
  snoozed: 'snoozed',
  expired: 'ended unanswered',
  cancelled: 'cancelled',
  suppressed: 'held back',
}

function alreadyWords({ state, by, at }: Standing): string {
  const what = ENDED[state] ?? 'approved'
  return `It was ${what} by ${by.replace(/^\w+:/, '')} on ${at.toISOString().slice(0, 16).replace('T', ' ')} UTC.`
}

async function answerOne(
  tx: Transaction,
  checked: AnswerResult,
  { answer, actor, note, until, allOrNone }: ApprovalAnswers,
): Promise<AnswerResult> {
  const said = note === undefined ? { actor } : { actor, note }
  try {
    if (answer === 'approve') await approve(tx, checked.id, said)
    else if (answer === 'reject') await reject(tx, checked.id, said)
    else if (until !== undefined) await snooze(tx, checked.id, { ...said, until })
    return { ...checked, state: AFTER[answer], by: actor, at: null }
  } catch (error) {
    // What one refuses would leave the others answered.
    if (allOrNone === true || !(error instanceof HoldfastError)) throw error
    return { ...checked, outcome: 'refused', message: error.message }
  }
}

const AFTER = { approve: 'planned', reject: 'rejected', snooze: 'snoozed' } as const
