/** Each entry of a timeline as one plain sentence; to viewers without people, and without what somebody wrote. */
import type { PropertyValue } from '../../../connectors/connector.ts'
import { keptBackWords } from '../../loop/kept-back-words.ts'
import type { Caller } from '../../security/access.ts'
import { maskEmail, maskName, seesPeople } from '../../security/masking.ts'
import type { DeliveryKind } from '../../store/delivery-events.ts'
import type { HoldKind } from '../../store/holds.ts'
import type { TimelineData, TimelineEntry } from '../../store/reads/timeline.ts'
import { NOTHING } from '../words/decided.ts'
import { periodWords } from '../words/period.ts'
import type { Formats } from '../words/formats.ts'
import { LEVELS, STATES } from '../words/labels.ts'
import { sentence } from '../words/notices.ts'

export interface TimelineWords {
  readonly caller: Caller
  readonly formats: Pick<Formats, 'action' | 'gain' | 'percent'>
  /** Of the connection, or what its CRM is called. */
  readonly source: string
  /** What people call a property. */
  readonly title: (property: string) => string
}

/**
 * @example
 * timelineSentence(entry, words) // 'Risk rose to 41 %, from 17 %: high now.'
 */
export function timelineSentence(entry: TimelineEntry, words: TimelineWords): string {
  switch (entry.kind) {
    case 'level':
      return levelSentence(entry.data, words)
    case 'property':
      return propertySentence(entry.data, words)
    case 'status':
      return entry.data.status === 'left'
        ? `No longer counted as a customer in ${words.source}.`
        : `The record is gone from ${words.source}.`
    case 'decision':
      return decisionSentence(entry.data, words)
    case 'intervention':
      return moveSentence(entry.data, words)
    case 'feedback':
      return `${words.formats.action(entry.data.actionKey)}: ${FEEDBACK[entry.data.feedback]}.`
    case 'call':
      return callSentence(entry.data, words)
    case 'redeemed':
      return `${words.formats.action(entry.data.actionKey)}: the offer was taken.`
    case 'consent':
      return `${personOf(entry.data.recipient, words)} ${entry.data.status === 'granted' ? 'agreed to' : 'refused'} ${CONSENT[entry.data.channel]} (${sourceWords(entry.data.source, words)}).`
    case 'suppression':
      return `${personOf(entry.data.recipient, words)} gets no ${CONSENT[entry.data.channel]} any more: ${SUPPRESSED[entry.data.reason] ?? entry.data.reason.replaceAll('_', ' ')}.`
    case 'hold':
      return `Left alone until somebody has looked: ${seesPeople(words.caller) ? `${HOLDS[entry.data.hold].toLowerCase()}. ${sentence(entry.data.reason)}` : `${HOLDS[entry.data.hold].toLowerCase()}.`}`
    case 'release':
      return entry.data.actor === 'time'
        ? `No longer left alone (${HOLDS[entry.data.hold].toLowerCase()}): its time was over.`
        : `No longer left alone (${HOLDS[entry.data.hold].toLowerCase()}): released by ${whoOf(entry.data.actor, words.caller)}.`
    case 'written':
      return writtenSentence(entry.data, words)
  }
}

function levelSentence(
  { probability, level, before, levelBefore }: TimelineData['level'],
  { formats: { percent } }: TimelineWords,
): string {
  const word = LEVELS[level]
  if (before === null || levelBefore === null)
    return `Scored for the first time: ${percent(probability)}, ${word} risk.`
  const is = percent(probability)
  const was = percent(before)
  if (is === was) return `The risk is ${word} now, at the same ${is}: what counts as ${word} was changed.`
  return `Risk ${probability > before ? 'rose' : 'fell'} to ${is}, from ${was}: ${word} now.`
}

/** Properties that one sentence names. */
const MOST_PROPERTIES = 4

function propertySentence(
  { first, changes }: TimelineData['property'],
  { source, title }: TimelineWords,
): string {
  if (first) return `Read from ${source} for the first time.`
  const told = changes.slice(0, MOST_PROPERTIES).map(({ property, from, to }) => {
    const name = title(property)
    if (to === null) return `${name} is no longer known (was ${valueText(from)})`
    return from === null ? `${name}: ${valueText(to)}` : `${name}: ${valueText(from)} → ${valueText(to)}`
  })
  const more = changes.length - told.length
  return `${told.join('; ')}${more > 0 ? `; and ${more} more` : ''}.`
}

function valueText(value: PropertyValue): string {
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  const text = String(value ?? 'unknown')
  return text.length > 60 ? `${text.slice(0, 59)}…` : text
}

function decisionSentence(
  { period, group, actionKey, expectedValueMinor, currency }: TimelineData['decision'],
  { formats }: TimelineWords,
): string {
  const of = `Decision for ${periodWords(period)}`
  if (group !== 'policy')
    return `${of}: left as it is${group === 'exempt' ? ', since it is exempt' : ', to compare with'}.`
  if (actionKey === NOTHING) return `${of}: left in peace.`
  const worth = expectedValueMinor === null ? '' : `, ${formats.gain(expectedValueMinor, currency)} expected`
  return `${of}: ${formats.action(actionKey)}${worth}.`
}

function moveSentence(
  { actionKey, from, to, actor, reasonCode, reason }: TimelineData['intervention'],
  { caller, formats }: TimelineWords,
): string {
  const action = formats.action(actionKey)
  const approved = from === 'awaiting_approval' && to === 'planned'
  const state = approved ? 'approved' : STATES[to]
  const by = isPerson(actor) ? ` by ${whoOf(actor, caller)}` : ''
  const said = isPerson(actor)
    ? ownWords(reason, actor, caller)
    : seesPeople(caller)
      ? reason
      : reasonCode === null
        ? null
        : keptBackWords(reasonCode)
  return `${action}: ${state}${by}.${said === null ? '' : ` ${sentence(said)}`}`
}

/** The note of who said yes or no: "user:mara approved it: …" tells the rest already. */
function ownWords(reason: string | null, actor: string, caller: Caller): string | null {
  if (reason === null || !seesPeople(caller)) return null
  const from = reason.startsWith(actor) ? reason.indexOf(': ', actor.length) : -1
  return from < 0 ? null : reason.slice(from + 2)
}

function callSentence(
  { actionKey, status, outcome }: TimelineData['call'],
  { caller, formats, source }: TimelineWords,
): string {
  const became = { done: 'done', cancelled: 'cancelled', missing: 'the task is gone' }[status]
  const said = outcome === null || !seesPeople(caller) ? '' : ` ${sentence(outcome)}`
  return `${formats.action(actionKey)}: ${became} in ${source}.${said}`
}

function writtenSentence(
  { riskPercent, suggested }: TimelineData['written'],
  { source }: TimelineWords,
): string {
  const what = [
    ...(riskPercent === null ? [] : [`risk ${riskPercent} %`]),
    ...(suggested === null || suggested === '' ? [] : [`suggested: ${suggested}`]),
  ]
  return `Written to ${source}${what.length === 0 ? '' : `: ${what.join(', ')}`}.`
}

const personOf = (name: string | null, { caller }: TimelineWords): string =>
  name === null ? 'A contact without a name' : seesPeople(caller) ? name : maskName(name)

const isPerson = (actor: string): boolean => /^(user|key):/.test(actor)

/**
 * Who did it, as an actor of the ledger says it.
 *
 * @example
 * whoOf('user:mara@acme.example', caller) // 'mara@acme.example', to a viewer 'm•••@acme.example'
 */
export function whoOf(actor: string, caller: Caller): string {
  const [, kind, name] = /^(\w+):(.*)$/s.exec(actor) ?? [null, actor, '']
  if (kind === 'key') return `the program “${name}”`
  if (kind !== 'user') return kind === 'crm' ? 'the CRM' : kind === 'cli' ? 'the command line' : 'Holdfast'
  if (seesPeople(caller)) return name
  return name.includes('@') ? maskEmail(name) : maskName(name)
}

const sourceWords = (given: string, { source }: TimelineWords): string =>
  given.startsWith('connection:') ? source : (SOURCES[given] ?? given.replaceAll('_', ' '))

const SOURCES: Readonly<Record<string, string>> = {
  hubspot: 'HubSpot',
  salesforce: 'Salesforce',
  csv: 'the file',
  unsubscribe: 'by the link in a message',
}

const CONSENT = { email: 'e-mails', sms: 'texts', call: 'calls' } as const

const SUPPRESSED: Readonly<Record<string, string>> = {
  unsubscribed: 'opted out',
  bounced: 'the address does not work',
  complained: 'complained',
  erased: 'asked to be forgotten',
  by_hand: 'somebody of yours said so',
}

/** What holds, in a word. */
export const HOLDS: Readonly<Record<HoldKind, string>> = {
  replied: 'Answered',
  complained: 'Complained',
  dispute: 'Dispute',
  negotiation: 'In negotiation',
  by_hand: 'Held by hand',
}

const FEEDBACK: Readonly<Record<DeliveryKind, string>> = {
  accepted: 'taken by the provider',
  delivered: 'delivered',
  delayed: 'delayed on its way',
  bounced: 'came back, the address does not work',
  failed: 'did not arrive',
  complained: 'the recipient complained',
  opened: 'opened',
  clicked: 'a link in it was followed',
  replied: 'answered',
  unsubscribed: 'the recipient opted out',
  resubscribed: 'the recipient opted in again',
  help: 'the recipient asked for help',
}
