/** What is pressed on the card of a record: an answer to what is suggested, or that it is to be scored now. */
import { z } from 'zod'
import { HoldfastError } from '../../contracts/errors.ts'
import { asIntervention } from '../../contracts/ids.ts'
import type { CardPressed, CardTone } from '../../contracts/record-card.ts'
import { NOT_RIGHT_REASONS } from '../../contracts/rep-answers.ts'
import { answerSuggestion, type RepAnswered } from '../../loop/rep-answer.ts'
import { scoreNow } from '../../loop/score-now.ts'
import { ANSWERED_BY, mayAnswer, maySee } from '../../settings/cards.ts'
import { findIntervention } from '../../store/interventions.ts'
import { answeredRecord, findRecord, readStanding } from '../../store/reads/record-card.ts'
import { currentSettings } from '../../store/settings-versions.ts'
import { whoOf } from '../api/timeline-words.ts'
import { formatsFor } from '../words/formats.ts'
import { sentence } from '../words/notices.ts'
import type { RouteServices } from '../services.ts'
import { atRecord, callerAt, cardOf, type RecordOf } from './card.ts'
import { NOT_ASKED } from './card-suggestion.ts'
import { CRMS, wordsOf } from './crm.ts'
import type { CrmReader } from './reader.ts'

const DAY = 86_400_000

/** As it comes, beside the record that it is about: src/contracts/record-card.ts. */
export const answerShape = {
  intervention: z.uuid().meta({ description: 'Of `answers` of the card' }),
  asked: z.string().max(60).meta({ description: 'Of `answers` of the card' }),
  answer: z.enum(['approve', 'snooze', 'not_right']),
  days: z.int().min(1).max(90).optional().meta({ description: 'With snooze' }),
  reason: z.enum(NOT_RIGHT_REASONS).optional().meta({ description: 'With not_right' }),
  note: z.string().trim().max(500).optional().meta({ description: 'With not_right, in words' }),
}

export type Says = z.infer<z.ZodObject<typeof answerShape>>

/** What belongs to an answer is there. */
export function isWhole({ answer, days, reason }: Says, { addIssue }: z.RefinementCtx): void {
  if (answer === 'snooze' && days === undefined)
    addIssue({ code: 'custom', path: ['days'], message: 'says for how many days it is put off' })
  if (answer === 'not_right' && reason === undefined)
    addIssue({ code: 'custom', path: ['reason'], message: 'says why it is not right' })
}

/**
 * Taken once: whoever answers second is told who was first.
 *
 * @throws HoldfastError `not_found` for what is of another account or record; `forbidden`
 */
export async function press(
  services: RouteServices,
  reader: CrmReader,
  {
    record,
    says: { intervention: id, answer, days, reason, note, asked },
    requestId,
  }: { readonly record: RecordOf; readonly says: Says; readonly requestId: string },
): Promise<CardPressed> {
  const { database, queue } = services
  const now = services.clock()
  const intervention = asIntervention(id)
  const { came, shown, delivery } = await database.withTenant(reader.tenant, async (tx) => {
    const { settings } = await currentSettings(tx)
    const found = await findIntervention(tx, intervention)
    const shown = found === null ? null : await answeredRecord(tx, found.customer)
    // What is of another account is as if it were not there.
    if (shown === null || !reader.connections.some((one) => one.id === shown.connection)) throw gone()
    if (shown.id !== record.id || shown.object !== record.object) throw gone()
    if (shown.group !== 'policy') throw gone()
    const at = atRecord(reader, shown.responsible)
    if (!maySee(settings.cards, at) || !mayAnswer(settings.cards, at))
      throw new HoldfastError('forbidden', ANSWERED_BY[settings.cards.answers] || 'This is not shown to you.')
    const came = await answerSuggestion(tx, {
      intervention,
      asked: asked === NOT_ASKED ? null : asked,
      answer,
      until: answer === 'snooze' ? new Date(now.getTime() + (days ?? 1) * DAY) : null,
      reason: reason ?? null,
      note: note === undefined || note === '' ? null : note,
      actor: reader.actor,
      requestId,
      now,
    })
    if (came.outcome === 'done') tx.afterCommit(() => queue?.wake(reader.tenant))
    return { came, shown, delivery: settings.delivery.mode }
  })
  const caller = callerAt(reader, atRecord(reader, shown.responsible))
  const formats = formatsFor({ now, zone: 'UTC' })
  const until = new Date(now.getTime() + (days ?? 1) * DAY)
  const said =
    came.outcome === 'done'
      ? { said: DONE[answer](formats.day(until), delivery === 'live'), tone: 'success' as const }
      : notDone(came, (actor) => whoOf(actor, caller), formats.exact)
  return { ...said, card: await cardOf(services, reader, record) }
}

const DONE: Readonly<Record<Says['answer'], (until: string, live: boolean) => string>> = {
  approve: (_, live) =>
    live
      ? 'Approved. It goes out as soon as the hour allows.'
      : 'Approved. It goes as far as the settings let it: nobody is written to while it is not live.',
  snooze: (until) => `Put off until ${until}.`,
  not_right: () => 'Taken back: it is not carried out. What you said is kept with the decision.',
}

function notDone(
  { outcome, by, message, intervention }: RepAnswered,
  who: (actor: string) => string,
  exact: (at: Date) => string,
): { readonly said: string; readonly tone: CardTone } {
  if (outcome === 'changed')
    return {
      said: 'It was asked about anew since you looked. Look at it again, then answer.',
      tone: 'warning',
    }
  if (outcome === 'refused')
    return { said: sentence(message ?? 'This answer cannot be given to it'), tone: 'warning' }
  if (by === null) return { said: sentence(message ?? 'It was answered already'), tone: 'info' }
  const what = ANSWERED[intervention.state] ?? 'answered'
  return { said: `It was ${what} already, by ${who(by.actor)} on ${exact(by.at)}.`, tone: 'info' }
}

const ANSWERED: Readonly<Record<string, string>> = {
  planned: 'approved',
  deferred: 'approved',
  rejected: 'rejected',
  snoozed: 'snoozed',
  expired: 'ended unanswered',
  cancelled: 'cancelled',
  suppressed: 'held back',
  sent: 'sent',
  confirmed: 'sent',
  dry_run: 'recorded',
}

/** Has the record read and scored; the card says when it is done. */
export async function scoreIt(
  services: RouteServices,
  reader: CrmReader,
  asked: RecordOf,
): Promise<CardPressed> {
  const { database, queue } = services
  const now = services.clock()
  const { many } = wordsOf(asked.object)
  const { account } = CRMS[reader.crm]
  const connection = reader.connections.find(({ object }) => object === asked.object)
  const refused = await database.withTenant(reader.tenant, async (tx) => {
    const { settings } = await currentSettings(tx)
    const found = await findRecord(tx, { connections: reader.connections.map(({ id }) => id), ...asked })
    if (!maySee(settings.cards, atRecord(reader, found?.responsible ?? null)))
      return 'This is not shown to you, so it cannot be scored by you.'
    if (connection === undefined) return `Holdfast does not look after ${many} in this ${account}.`
    if (connection.status !== 'active') return `The ${account} is not being read at the moment.`
    const { populationStated, sync } = await readStanding(tx, connection.id, asked)
    if (!populationStated) return `Nobody has said yet which ${many} are customers.`
    if ((sync?.lastDoneAt ?? null) === null)
      return `The ${account} is still being read for the first time; this record comes with it.`
    await scoreNow(tx, {
      connection: connection.id,
      origin: reader.account,
      object: asked.object,
      ids: [asked.id],
      now,
    })
    tx.afterCommit(() => queue?.wake(reader.tenant))
    return null
  })
  return {
    said: refused ?? 'It is being read and scored. That takes some seconds.',
    tone: refused === null ? 'success' : 'warning',
    card: await cardOf(services, reader, asked),
  }
}

function gone(): HoldfastError {
  return new HoldfastError(
    'not_found',
    'What was suggested is not known here any more. Open the record again.',
  )
}
