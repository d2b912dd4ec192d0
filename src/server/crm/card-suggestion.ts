/** What is suggested for a customer, why, how it stands, and what the reader may answer. */
import type { CardAnswers, CardNotice, CardSuggestion } from '../../contracts/record-card.ts'
import { NOT_RIGHT } from '../../contracts/rep-answers.ts'
import type { TenantId } from '../../contracts/ids.ts'
import { describeApprovals, type DescribedApproval } from '../../loop/describe-approvals.ts'
import { keptBackWords } from '../../loop/kept-back-words.ts'
import { previewOf } from '../../loop/message-preview.ts'
import type { PreviewServices } from '../../loop/preview-judge.ts'
import type { PreviewMessage } from '../../loop/preview-tally.ts'
import { maskName, seesPeople } from '../../security/masking.ts'
import type { Caller } from '../../security/access.ts'
import { ANSWERED_BY } from '../../settings/cards.ts'
import type { ServiceSettings } from '../../settings/service.ts'
import type { Transaction } from '../../store/database.ts'
import { OPEN_STATES } from '../../store/intervention-states.ts'
import { listApprovals } from '../../store/reads/approvals.ts'
import type { CustomerAtHand } from '../../store/reads/customer.ts'
import { snoozesUntil, toldOf } from '../api/customer-told.ts'
import { whoOf } from '../api/timeline-words.ts'
import { NOTHING } from '../words/decided.ts'
import type { Formats } from '../words/formats.ts'
import { STATES } from '../words/labels.ts'
import { sentence } from '../words/notices.ts'

type Line = CustomerAtHand['interventions'][number]

/** Sent with the answer where nobody was asked for a yes. */
export const NOT_ASKED = 'not asked'

export interface Suggested {
  readonly suggestion: CardSuggestion | null
  readonly answers: CardAnswers | null
  readonly notices: readonly CardNotice[]
  /** Key of the action and its channel, where something is suggested. */
  readonly action: { readonly key: string; readonly channel: Line['channel'] } | null
}

export const NOTHING_SUGGESTED: Suggested = { suggestion: null, answers: null, notices: [], action: null }

export interface SuggestionAsked {
  readonly tenant: TenantId
  readonly customer: CustomerAtHand
  readonly settings: ServiceSettings
  readonly formats: Formats
  readonly caller: Caller
  readonly mayAnswer: boolean
  readonly now: Date
  /** `https://host` of Holdfast. */
  readonly origin: string
}

/** States in which something is under way or done, so that it is still what is suggested. */
const STANDS = ['leased', 'sending', 'sent', 'confirmed', 'dry_run', 'uncertain']

/**
 * Of groups that are left as they are nothing is told of what would have been: whoever cares for the customer would care
 * otherwise, and the comparison would be none.
 */
export async function suggestionOf(
  tx: Transaction,
  services: PreviewServices,
  asked: SuggestionAsked,
): Promise<Suggested> {
  const { customer, settings, formats, now } = asked
  const { decision, interventions, group } = customer
  if (group !== 'policy' || (decision !== null && decision.group !== 'policy')) return NOTHING_SUGGESTED
  const own = interventions.find((one) => decision !== null && one.decision === decision.id)
  const line = interventions.find(({ state }) => OPEN_STATES.includes(state)) ?? own
  if (line !== undefined) {
    if (OPEN_STATES.includes(line.state)) return openOf(tx, services, asked, line)
    if (STANDS.includes(line.state)) return { ...(await standingOf(asked, line, null)), answers: null }
    return { ...NOTHING_SUGGESTED, notices: [endedNotice(line, asked)] }
  }
  if (decision === null) return NOTHING_SUGGESTED
  const told = toldOf(customer, { settings, formats, now })
  if (decision.actionKey === NOTHING)
    return {
      ...NOTHING_SUGGESTED,
      notices: [{ kind: 'in_peace', tone: 'info', text: (told?.sentences ?? []).join(' ') }],
    }
  return {
    ...NOTHING_SUGGESTED,
    suggestion: {
      title: formats.action(decision.actionKey),
      sentences: told?.sentences ?? [],
      worth: worthOf(decision.expectedValueMinor, decision.currency, formats),
      cost: formats.money(decision.plannedCostMinor, decision.currency),
      standing: 'Nothing was planned for it: actions were not turned on when it was decided',
      message: null,
    },
  }
}

async function openOf(
  tx: Transaction,
  services: PreviewServices,
  asked: SuggestionAsked,
  line: Line,
): Promise<Suggested> {
  const { tenant, customer, settings, caller, origin } = asked
  const local = { ...services, localUrl: origin }
  let described: DescribedApproval | null = null
  let message: PreviewMessage | null = null
  if (line.state === 'awaiting_approval') {
    const { waitDays } = settings.delivery.approval
    const { items } = await listApprovals(tx, { customer: customer.id, waitDays, limit: 100 })
    const approvals = items.filter(({ id }) => id === line.id)
    described = (await describeApprovals(tx, local, { tenant, approvals, settings })).at(0) ?? null
    message = described?.message ?? null
  } else if (seesPeople(caller))
    message = (await previewOf(tx, local, { tenant, id: line.id, settings, origin })).message
  const shown = await standingOf(asked, line, described, message)
  return { ...shown, answers: answersOf(asked, line, described) }
}

async function standingOf(
  { customer, settings, formats, caller, now }: SuggestionAsked,
  line: Line,
  described: DescribedApproval | null,
  message: PreviewMessage | null = null,
): Promise<Omit<Suggested, 'answers'>> {
  const { decision } = customer
  const mine = decision !== null && line.decision === decision.id
  const told = mine ? toldOf(customer, { settings, formats, now }) : null
  const name = formats.action(line.actionKey)
  const to = message === null || message.kind !== 'email' ? null : message.to.name
  const reaches = to === null ? '' : ` to ${seesPeople(caller) ? to : maskName(to)}`
  const held = described?.held ?? null
  return {
    suggestion: {
      title: `${name}${reaches}`,
      sentences: [
        ...(told?.sentences ?? [`${asker(line, caller)} asked for it.`]),
        ...(held === null || !seesPeople(caller) ? [] : [sentence(held)]),
      ],
      worth: mine ? worthOf(decision.expectedValueMinor, decision.currency, formats) : null,
      cost: formats.money(line.plannedCostMinor, line.currency),
      standing: standingWords(line, described, formats),
      message:
        message === null || !seesPeople(caller)
          ? null
          : {
              to: message.kind === 'task' ? 'colleague' : 'customer',
              subject: message.kind === 'sms' ? null : message.subject,
              text: message.text,
            },
    },
    notices: [],
    action: { key: line.actionKey, channel: line.channel },
  }
}

const asker = ({ createdBy }: Line, caller: Caller): string => {
  const who = whoOf(createdBy, caller)
  return who[0].toUpperCase() + who.slice(1)
}

function worthOf(minor: number | null, currency: string, { gain }: Pick<Formats, 'gain'>): string | null {
  return minor === null ? null : `${gain(minor, currency)} expected`
}

function standingWords(
  { state, dueAt, sentAt, updatedAt, expiresAt }: Line,
  described: DescribedApproval | null,
  { day }: Pick<Formats, 'day'>,
): string {
  switch (state) {
    case 'awaiting_approval':
      return `Waits for a yes until ${day(described?.answerBy ?? expiresAt)}`
    case 'planned':
      return `Goes out by itself, on ${day(dueAt)} at the earliest`
    case 'deferred':
      return `Put off until ${day(dueAt)}`
    case 'snoozed':
      return `Snoozed until ${day(dueAt)}`
    case 'leased':
    case 'sending':
      return 'Is just going out'
    case 'dry_run':
      return `Would have gone out on ${day(sentAt ?? updatedAt)}; it was a dry run`
    case 'uncertain':
      return `May or may not have gone out on ${day(sentAt ?? updatedAt)}: an operator of Holdfast has to look`
    default:
      return `Went out on ${day(sentAt ?? updatedAt)}`
  }
}

/** It is over, and what comes next is decided in the next period. */
function endedNotice(
  { actionKey, state, reasonCode, reason, updatedAt, events }: Line,
  { formats, caller }: SuggestionAsked,
): CardNotice {
  const last = events.findLast(({ toState }) => toState === state)
  const byPerson = last !== undefined && /^(user|key):/.test(last.actor)
  const why = byPerson
    ? `${STATES[state]}, said by ${whoOf(last.actor, caller)}`
    : `${STATES[state]}${reasonCode === null ? '' : `: ${seesPeople(caller) && reason !== null ? reason : keptBackWords(reasonCode)}`}`
  return {
    kind: 'ended',
    tone: 'info',
    text: sentence(`${formats.action(actionKey)} was suggested; on ${formats.day(updatedAt)} it was ${why}`),
  }
}

function answersOf(
  { settings, mayAnswer, now }: SuggestionAsked,
  { id, state, expiresAt }: Line,
  described: DescribedApproval | null,
): CardAnswers {
  const asked = described?.asked ?? NOT_ASKED
  const waits = state === 'awaiting_approval'
  if (!mayAnswer)
    return {
      intervention: id,
      asked,
      approve: null,
      snoozeDays: [],
      notRight: [],
      refused: ANSWERED_BY[settings.cards.answers],
    }
  // It waits, and its time is over: the next pass ends it.
  if (waits && described === null)
    return {
      intervention: id,
      asked,
      approve: null,
      snoozeDays: [],
      notRight: [],
      refused: 'Its time has passed.',
    }
  return {
    intervention: id,
    asked,
    approve: waits ? 'Approve' : null,
    snoozeDays: snoozesUntil(expiresAt, now).toReversed(),
    notRight: NOT_RIGHT,
    refused: null,
  }
}
