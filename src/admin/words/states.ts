/** The states of an action, its channels, and who did something, as people say them. */
import type { InterventionLineAnswer } from '../../server/api/interventions.ts'

export type ActionState = InterventionLineAnswer['state']

interface StateWords {
  readonly word: string
  /** What it means, where it has no reason of its own. */
  readonly about: string
}

/** In the order in which a person cares. */
export const STATES: Readonly<Record<ActionState, StateWords>> = {
  awaiting_approval: {
    word: 'Waits for approval',
    about: 'Nothing goes out before somebody approves it.',
  },
  uncertain: {
    word: 'Uncertain',
    about:
      'It may have reached the customer, and nobody can say. It is never sent again by itself: ask the customer or the mail server’s log.',
  },
  planned: { word: 'Planned', about: 'It goes out when it is due.' },
  deferred: { word: 'Put off', about: 'It is tried again by itself.' },
  snoozed: { word: 'Snoozed', about: 'Somebody put it off; it comes back by itself.' },
  leased: { word: 'About to go', about: 'It is just being prepared.' },
  sending: { word: 'Being sent', about: 'It is just being handed over.' },
  sent: { word: 'Sent', about: 'The provider took it.' },
  confirmed: { word: 'Delivered', about: 'The provider said that it arrived.' },
  dry_run: { word: 'Would be sent', about: 'A dry run: what would be sent is recorded, and nobody got it.' },
  rejected: { word: 'Not sent', about: 'A person or the provider refused it.' },
  suppressed: { word: 'Held back', about: 'Something spoke against it.' },
  expired: { word: 'Expired', about: 'Its time passed before it was carried out.' },
  cancelled: { word: 'Cancelled', about: 'It was stopped before it began.' },
}

export const STATE_ORDER = Object.keys(STATES) as readonly ActionState[]

/** What has not begun to go out. */
export const OPEN: ReadonlySet<ActionState> = new Set(['awaiting_approval', 'planned', 'deferred', 'snoozed'])

export type Channel = InterventionLineAnswer['channel']

export const CHANNELS: Readonly<Record<Channel, string>> = { email: 'E-mail', sms: 'SMS', task: 'Task' }
export const CHANNEL_ORDER = Object.keys(CHANNELS) as readonly Channel[]

const ACTORS: Readonly<Record<string, string>> = {
  policy: 'the policy',
  watch: 'by itself',
  worker: 'Holdfast',
  dispatcher: 'Holdfast',
  sweep: 'Holdfast',
}

/**
 * Who did something, from how the ledger has it.
 *
 * @example
 * actorWords('user:ann@example.com') // 'ann@example.com'
 */
export function actorWords(actor: string): string {
  const known = ACTORS[actor]
  if (known !== undefined) return known
  const [kind, ...rest] = actor.split(':')
  if (rest.length === 0) return actor.replaceAll('_', ' ')
  return kind === 'key' ? `the API key ${rest.join(':')}` : rest.join(':')
}

/**
 * Without where the settings have it, which is of no use to whoever reads.
 *
 * @example
 * withoutSetting('A person approves this (settings: delivery.approval).') // 'A person approves this.'
 */
export const withoutSetting = (text: string): string => text.replace(/ \(settings: [\w.]+\)/g, '')

/** Ends with a full stop, and begins with a capital. */
export function sentence(text: string): string {
  const trimmed = text.trim()
  if (trimmed === '') return ''
  const first = trimmed[0].toUpperCase() + trimmed.slice(1)
  return /[.!?…][)"”]?$/.test(first) ? first : `${first}.`
}
