/** What stands beside a card, or in its way: each said where the number is, and what helps. */
import type { CardNotice } from '../../contracts/record-card.ts'
import { LOW_DATA } from '../../contracts/customer-terms.ts'
import type { Caller } from '../../security/access.ts'
import { seesPeople } from '../../security/masking.ts'
import type { ServiceSettings } from '../../settings/service.ts'
import type { ReadConnection } from '../../store/crm-readers.ts'
import type { Hold } from '../../store/holds.ts'
import type { RegisteredModel } from '../../store/models.ts'
import type { PauseRows } from '../../store/pauses.ts'
import type { CustomerAtHand } from '../../store/reads/customer.ts'
import type { ReadStanding } from '../../store/reads/record-card.ts'
import { HOLDS } from '../api/timeline-words.ts'
import type { Formats } from '../words/formats.ts'
import { GROUPS } from '../words/labels.ts'
import { isStale, sentence } from '../words/notices.ts'
import { CRMS, type CrmKind } from './crm.ts'

export interface Surroundings {
  readonly crm: CrmKind
  readonly connection: Pick<ReadConnection, 'status' | 'sandbox'>
  readonly standing: ReadStanding
  readonly now: Date
  readonly formats: Formats
}

/** Of the connection, whether or not the record is a customer. */
export function connectionNotices({
  crm,
  connection,
  standing,
  now,
  formats,
}: Surroundings): readonly CardNotice[] {
  const { account } = CRMS[crm]
  if (connection.status !== 'active')
    return [
      {
        kind: 'disconnected',
        tone: 'warning',
        text:
          connection.status === 'paused'
            ? `The connection to this ${account} is paused: nothing is read or written until an admin of Holdfast resumes it.`
            : `Holdfast is no longer signed in to this ${account}: nothing is read or written until an admin of Holdfast connects it again. What you see is as it was then.`,
      },
    ]
  const { sync } = standing
  if (sync === null || !isStale(sync, now)) return []
  return [
    {
      kind: 'stale',
      tone: 'warning',
      text: `This ${account} was last read ${formats.ago(sync.lastDoneAt!)}, which is longer ago than it should be. What you see is as old.`,
    },
  ]
}

/** Two connections of an account may have the same to say. */
export function distinct(notices: readonly CardNotice[]): readonly CardNotice[] {
  return [...new Map(notices.map((notice) => [notice.text, notice])).values()]
}

/** The record is on its way through the loop. */
export const SCORING: CardNotice = {
  kind: 'scoring',
  tone: 'info',
  text: 'It is being read and scored. Look again in a moment.',
}

export interface AboutScore {
  readonly customer: CustomerAtHand
  readonly champion: RegisteredModel | null
  readonly holds: readonly Hold[]
  readonly caller: Caller
}

/** Of the number, and of whether anything is done at all. */
export function scoreNotices({ customer, champion, holds, caller }: AboutScore): readonly CardNotice[] {
  const { group, score } = customer
  const found: CardNotice[] = []
  if (group !== 'policy') found.push({ kind: 'held_out', tone: 'info', text: GROUPS[group] })
  for (const { kind, reason } of holds)
    found.push({
      kind: 'held',
      tone: 'info',
      text: `Left alone until somebody has looked: ${HOLDS[kind].toLowerCase()}.${seesPeople(caller) ? ` ${sentence(reason)}` : ''}`,
    })
  if (score !== null && score.dataConfidence < LOW_DATA)
    found.push({
      kind: 'low_data',
      tone: 'warning',
      text: 'Less is known of this customer than a score should rest on: take the number as a hint.',
    })
  if (champion === null || champion.location.startsWith('shipped:'))
    found.push({
      kind: 'starter',
      tone: 'info',
      text: 'Scored by the starter model, which was not trained on customers of your company.',
    })
  return found
}

export interface AboutSending {
  readonly crm: CrmKind
  readonly activated: boolean
  readonly settings: Pick<ServiceSettings, 'delivery'>
  readonly pauses: PauseRows
  readonly sandbox: boolean
  /** What is suggested, and what carries it out; null: it is about whatever is sent. */
  readonly of: { readonly action: string; readonly channel: 'email' | 'sms' | 'task' } | null
}

/** Of what is suggested: whether it would really go out. */
export function sendingNotices({
  crm,
  activated,
  settings,
  pauses,
  sandbox,
  of,
}: AboutSending): readonly CardNotice[] {
  const paused =
    pauses.installation ??
    pauses.tenant ??
    pauses.running.find(
      ({ scope, name }) =>
        scope === 'everything' ||
        (scope === 'action' && name === of?.action) ||
        (scope === 'channel' && name === of?.channel),
    )?.reason
  const dry = dryOf({ crm, activated, mode: settings.delivery.mode, sandbox })
  return [
    ...(paused === undefined || paused === null
      ? []
      : [{ kind: 'paused', tone: 'warning', text: `Sending is paused: ${sentence(paused)}` } as const]),
    ...(dry === null ? [] : [{ kind: 'dry_run', tone: 'info', text: dry } as const]),
  ]
}

/** Why nothing reaches a customer, or not everybody; null: it does. */
export function dryOf({
  crm,
  activated,
  mode,
  sandbox,
}: {
  readonly crm: CrmKind
  readonly activated: boolean
  readonly mode: ServiceSettings['delivery']['mode']
  readonly sandbox: boolean
}): string | null {
  if (!activated) return 'Actions are not turned on yet: nothing goes out.'
  if (mode === 'off') return 'Delivery is off in the settings: nothing goes out.'
  if (sandbox)
    return `This is a test ${CRMS[crm].account}: whatever is approved is recorded, and nobody gets it.`
  if (mode === 'dry_run') return 'Dry run: whatever is approved is recorded, and nobody gets it.'
  if (mode === 'sandbox')
    return 'Sandbox: what is approved stays on the machine of Holdfast, and nobody gets it.'
  if (mode === 'test_list')
    return 'Only addresses of the test list get messages; for everybody else it is a dry run.'
  return null
}
