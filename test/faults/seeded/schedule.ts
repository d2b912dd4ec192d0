/**
 * What goes wrong in one run, out of its seed alone: where the company's data and jobs are, whose messages meet which
 * fault at the provider, and what happens to processes and servers, in which order.
 */
import type { InboxFault } from '../../../actions/email/sandbox/inbox.ts'
import type { SmsFault } from '../../../actions/sms/sandbox/faults.ts'
import { random, type Random } from '../../../models/random.ts'
import type { Disturbance } from '../task-crms.ts'

/** `embedded`: everything in one process. `database`: PostgreSQL has the queue too. `redis`: Redis has it. */
export type Ground = 'embedded' | 'database' | 'redis'

export type IncidentKind =
  | 'kill'
  | 'freeze'
  | 'block'
  | 'term'
  | 'jump'
  | 'mail_cut'
  | 'mail_stall'
  | 'sms_cut'
  | 'crm'
  | 'postgres'
  | 'database_cut'
  | 'redis_kill'
  | 'redis_flush'
  | 'redis_full'
  | 'redis_failover'

export interface Incident {
  readonly kind: IncidentKind
  /** After what is due is released, milliseconds. */
  readonly afterMs: number
  /** Whom or what it meets, in [0, 1). */
  readonly chance: number
  /** How long it lasts, milliseconds, where it lasts. */
  readonly lastsMs: number
  readonly crm: readonly Disturbance[]
}

/** What a fault at the provider may make of the one message that it meets. */
export interface ProviderFault<F> {
  readonly fault: F
  /** Nobody can say whether it went out. */
  readonly doubt?: true
  /** It says for good that it does not take it. */
  readonly refuses?: true
}

export interface Schedule {
  readonly seed: number
  readonly ground: Ground
  readonly crm: 'hubspot' | 'salesforce'
  readonly counts: { readonly email: number; readonly sms: number; readonly task: number }
  /** By running number of the message. */
  readonly mailFaults: ReadonlyMap<number, ProviderFault<InboxFault>>
  readonly smsFaults: ReadonlyMap<number, ProviderFault<SmsFault>>
  readonly incidents: readonly Incident[]
}

export interface ScheduleOptions {
  readonly grounds: readonly Ground[]
  /** In all three channels. */
  readonly actions: number
  /** `kills`: one kill, and nothing else goes wrong. `none`: nothing at all. */
  readonly profile: 'all' | 'kills' | 'none'
}

const INCIDENTS = 5
/** Of messages that meet a fault of their own at the provider. */
const FAULTY = 0.08

/** @example scheduleOf(7, { grounds: ['embedded'], actions: 250, profile: 'all' }).incidents[0].kind // 'kill' */
export function scheduleOf(seed: number, { grounds, actions, profile }: ScheduleOptions): Schedule {
  const chance = random(seed).fork('faults')
  const ground = grounds[seed % grounds.length]
  const email = Math.round(0.4 * actions)
  const sms = Math.round(0.4 * actions)
  const counts = { email, sms, task: Math.max(0, actions - email - sms) }
  const faulty = profile === 'all'
  return {
    seed,
    ground,
    crm: chance.next() < 0.5 ? 'hubspot' : 'salesforce',
    counts,
    mailFaults: faulty ? faultsOf(chance, email, MAIL_FAULTS) : new Map(),
    smsFaults: faulty ? faultsOf(chance, sms, SMS_FAULTS) : new Map(),
    incidents: incidentsOf(chance, ground, profile),
  }
}

function faultsOf<F>(
  chance: Random,
  count: number,
  faults: readonly ProviderFault<F>[],
): ReadonlyMap<number, ProviderFault<F>> {
  const met = new Map<number, ProviderFault<F>>()
  for (let at = 0; at < count; at++)
    if (chance.next() < FAULTY) met.set(at, faults[chance.integer(faults.length)])
  return met
}

function incidentsOf(chance: Random, ground: Ground, profile: ScheduleOptions['profile']): Incident[] {
  if (profile === 'none') return []
  const kinds = KINDS.flatMap(([kind, grounds]) => (grounds.includes(ground) ? [kind] : []))
  return Array.from({ length: profile === 'kills' ? 1 : INCIDENTS }, () => ({
    kind: profile === 'kills' ? ('kill' as const) : kinds[chance.integer(kinds.length)],
    afterMs: Math.round(900 * chance.next()),
    chance: chance.next(),
    lastsMs: Math.round(500 + 2500 * chance.next()),
    crm: Array.from(
      { length: 1 + chance.integer(3) },
      () => DISTURBANCES[chance.integer(DISTURBANCES.length)],
    ),
  }))
}

const EVERYWHERE: readonly Ground[] = ['embedded', 'database', 'redis']
const SERVED: readonly Ground[] = ['database', 'redis']
const REDIS: readonly Ground[] = ['redis']

/** Those that come more often are named more often. */
const KINDS: readonly (readonly [IncidentKind, readonly Ground[]])[] = [
  ['kill', EVERYWHERE],
  ['kill', EVERYWHERE],
  ['kill', EVERYWHERE],
  ['freeze', EVERYWHERE],
  ['block', EVERYWHERE],
  ['term', EVERYWHERE],
  ['mail_cut', EVERYWHERE],
  ['mail_stall', EVERYWHERE],
  ['sms_cut', EVERYWHERE],
  ['crm', EVERYWHERE],
  ['jump', SERVED],
  ['postgres', SERVED],
  ['database_cut', SERVED],
  ['redis_kill', REDIS],
  ['redis_flush', REDIS],
  ['redis_full', REDIS],
  ['redis_failover', REDIS],
]

const DISTURBANCES: readonly Disturbance[] = ['busy', 'failing', 'away', 'lost', 'cut', 'hang', 'locked']

const reply = (at: 'rcpt' | 'dot', code: number, text: string): InboxFault => ({
  kind: 'reply',
  at,
  code,
  text,
})

const MAIL_FAULTS: readonly ProviderFault<InboxFault>[] = [
  { fault: reply('rcpt', 451, '4.7.1 Greylisted, try again later') },
  { fault: reply('rcpt', 452, '4.2.2 Over quota') },
  { fault: reply('rcpt', 552, '5.2.2 Mailbox full'), refuses: true },
  { fault: reply('rcpt', 550, '5.1.1 No such user'), refuses: true },
  { fault: reply('dot', 552, '5.3.4 Message too big'), refuses: true },
  { fault: reply('dot', 451, '4.3.0 Queue file write error') },
  { fault: { kind: 'drop', at: 'rcpt' } },
  { fault: { kind: 'hang', at: 'rcpt' } },
  { fault: { kind: 'drop', at: 'data' }, doubt: true },
  { fault: { kind: 'drop', at: 'dot' }, doubt: true },
  { fault: { kind: 'hang', at: 'dot' }, doubt: true },
]

const SMS_FAULTS: readonly ProviderFault<SmsFault>[] = [
  { fault: { kind: 'refuse', status: 429, code: 20429, message: 'Too Many Requests' } },
  { fault: { kind: 'refuse', status: 400, code: 21610, message: 'Unsubscribed recipient' }, refuses: true },
  { fault: { kind: 'refuse', status: 400, code: 21211, message: 'Invalid To' }, refuses: true },
  // Of something in between: whether Twilio had it is not known.
  { fault: { kind: 'refuse', status: 503 }, doubt: true },
  { fault: { kind: 'drop', at: 'request' }, doubt: true },
  { fault: { kind: 'hang', at: 'request' }, doubt: true },
  { fault: { kind: 'drop', at: 'answer' }, doubt: true },
  { fault: { kind: 'hang', at: 'answer' }, doubt: true },
]
