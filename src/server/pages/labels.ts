/** The words of the pages: states, levels, steps and groups as people say them. */
import type { InterventionState } from '../../store/intervention-states.ts'
import type { Level } from '../../store/reads/customers.ts'
import { html, type Markup } from './html.ts'

/** Level by mark, word and colour: never by colour alone. */
export const LEVELS: Readonly<Record<Level, { readonly mark: string; readonly word: string }>> = {
  HIGH: { mark: '▲', word: 'High' },
  MEDIUM: { mark: '●', word: 'Medium' },
  LOW: { mark: '▼', word: 'Low' },
}

/** The risk as a mark that is read in a glance: "▲ 41 % High". */
export function riskMark(level: Level, text: string): Markup {
  const { mark, word } = LEVELS[level]
  return html`<span class="risk ${level}"
    ><span aria-hidden="true">${mark}</span> ${text} <span class="word">${word}</span></span
  >`
}

interface StateWords {
  readonly word: string
  /** Of a list: "12 wait for your approval". */
  readonly many: string
  /** What it means for the customer, and what to do. */
  readonly about: string
}

/** In the order in which a person cares. */
export const STATES: Readonly<Record<InterventionState, StateWords>> = {
  awaiting_approval: {
    word: 'Waits for approval',
    many: 'wait for approval',
    about: 'Nothing goes out before somebody approves it.',
  },
  uncertain: {
    word: 'Uncertain',
    many: 'uncertain',
    about:
      'It may have reached the customer, and nobody can say. It is never sent again by itself: ask the customer or the mail server’s log.',
  },
  planned: { word: 'Planned', many: 'planned', about: 'It goes out when it is due.' },
  deferred: { word: 'Put off', many: 'put off', about: 'It is tried again by itself.' },
  snoozed: { word: 'Snoozed', many: 'snoozed', about: 'Somebody put it off; it comes back by itself.' },
  leased: { word: 'About to go', many: 'about to go', about: 'A worker has taken it.' },
  sending: { word: 'Being sent', many: 'being sent', about: 'A worker is speaking to the provider.' },
  sent: { word: 'Sent', many: 'sent', about: 'The provider took it.' },
  confirmed: { word: 'Delivered', many: 'delivered', about: 'The provider said that it arrived.' },
  dry_run: {
    word: 'Would be sent',
    many: 'would be sent',
    about: 'A dry run: what would be sent is recorded, and nobody got it.',
  },
  rejected: { word: 'Not sent', many: 'not sent', about: 'A person or the provider refused it.' },
  suppressed: {
    word: 'Held back',
    many: 'held back',
    about:
      'Each says what spoke against it: no consent, an opt-out, no address, a limit, a hold or the hours.',
  },
  expired: { word: 'Expired', many: 'expired', about: 'Its time passed before it was carried out.' },
  cancelled: { word: 'Cancelled', many: 'cancelled', about: 'It was stopped before it began.' },
}

export const STATE_ORDER = Object.keys(STATES) as readonly InterventionState[]

/** The steps as what they do. */
const STEPS: Readonly<Record<string, { readonly word: string; readonly doing: string }>> = {
  sync: { word: 'Sync', doing: 'Reading customers' },
  refresh: { word: 'Refresh', doing: 'Reading records that changed' },
  score: { word: 'Score', doing: 'Scoring customers' },
  decide: { word: 'Decide', doing: 'Deciding what is worth doing' },
  write_back: { word: 'Write back', doing: 'Writing to the records' },
  observe: { word: 'Observe', doing: 'Looking what became of decisions' },
  solve: { word: 'Solve', doing: 'Working out the policy for your actions' },
}

export const stepWord = (step: string): string => STEPS[step]?.word ?? step
export const stepDoing = (step: string): string => STEPS[step]?.doing ?? step

/** Why a run or an opened decision began. */
const CAUSES: Readonly<Record<string, string>> = {
  schedule: 'schedule',
  webhook: 'the CRM said so',
  events: 'the CRM said so',
  api: 'by hand',
  page: 'by hand',
  cli: 'command line',
  settings: 'settings changed',
  first: 'first time',
  sync: 'after sync',
  score: 'after scoring',
  decide: 'after deciding',
  write_back: 'after writing',
  erased: 'somebody asked to be forgotten',
  act: 'after acting',
}

export const causeWord = (cause: string): string => CAUSES[cause] ?? cause.replaceAll('_', ' ')

const COUNTS: Readonly<Record<string, string>> = {
  dryRun: 'would be written',
  objected: 'not scored because they object',
  levels: 'with another level',
  consents: 'news of consent',
  returned: 'came back',
  hints: 'told of',
  told: 'told to the CRM',
  untold: 'not told to the CRM yet',
  logged: 'on timelines',
  unlogged: 'not on timelines yet',
  kept: 'kept as records',
  unkept: 'not kept as records yet',
}

/** "3 added, 2 changed": what a run did, without what it did not. */
export function countsText(
  counts: Readonly<Record<string, number>>,
  number: (value: number) => string,
): string {
  const words = Object.entries(counts)
    .filter(([, value]) => value > 0)
    .map(
      ([name, value]) => `${number(value)} ${COUNTS[name] ?? name.replace(/([A-Z])/g, ' $1').toLowerCase()}`,
    )
  return words.length === 0 ? 'nothing to do' : words.join(', ')
}

type Group = 'holdout' | 'usual' | 'policy' | 'exempt'

export const GROUPS: Readonly<Record<Group, { readonly word: string; readonly about: string }>> = {
  policy: { word: 'Policy group', about: 'Holdfast decides for this customer.' },
  holdout: {
    word: 'Holdout',
    about:
      'This customer is in the holdout: Holdfast does nothing here, so that one can see what it earns elsewhere.',
  },
  usual: {
    word: 'Business as usual',
    about:
      'This customer is left to business as usual: your team does what it always did, Holdfast does nothing, and the two are compared.',
  },
  exempt: { word: 'Exempt', about: 'This customer is exempt: Holdfast does nothing here.' },
}

const CONSENT: Readonly<Record<'granted' | 'refused' | 'suppressed', string>> = {
  granted: 'agreed',
  refused: 'refused',
  suppressed: 'opted out',
}

export const consentWord = (state: 'granted' | 'refused' | 'suppressed' | null): string =>
  state === null ? 'never asked' : CONSENT[state]

export const CHANNELS: Readonly<Record<'email' | 'sms' | 'task', string>> = {
  email: 'E-mail',
  sms: 'SMS',
  task: 'Task',
}
