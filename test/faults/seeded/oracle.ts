/**
 * The ledger held against what the providers and the CRM recorded. It knows nothing of how things are sent: only what
 * was planned, which faults were injected where, what arrived, and what the ledger says of it.
 */
import type { TenantId } from '../../../src/contracts/ids.ts'
import type { Database } from '../../../src/store/database.ts'
import type { Grounds } from './grounds.ts'
import type { Happened } from './incidents.ts'
import type { ChannelName, Planned } from './plan.ts'
import type { Schedule } from './schedule.ts'

export interface Move {
  readonly from: string | null
  readonly to: string
  readonly actor: string
  readonly at: number
}

export interface Entry extends Planned {
  readonly state: string
  readonly reasonCode: string | null
  readonly providerId: string | null
  readonly moves: readonly Move[]
  /** What the provider recorded for it: its ids. */
  readonly arrived: readonly string[]
}

/** Ids of interventions, with their channel and what is wrong. */
export interface Findings {
  /** Without an answer, given up without cause, or told to be sent and never arrived. */
  readonly lost: readonly string[]
  /** More than once at a provider that has keys or can be looked into: SMS, tasks. */
  readonly doubled: readonly string[]
  /** More than once by e-mail. */
  readonly doubledBlindly: readonly string[]
  /** Arrived, and the ledger says that it did not go out. */
  readonly denied: readonly string[]
  /** Handed over again after it was in doubt, without anybody having learnt that nothing went out. */
  readonly blind: readonly string[]
  /** In doubt, and not in flight at any fault that was injected. */
  readonly unexplained: readonly string[]
  /** In doubt, although its provider could have said. */
  readonly unasked: readonly string[]
  /** At a provider, and in no ledger. */
  readonly strays: readonly string[]
}

export const isInOrder = (findings: Findings): boolean =>
  Object.values(findings).every((list: readonly string[]) => list.length === 0)

export async function readEntries(
  database: Database,
  { tenant, planned, grounds }: { tenant: TenantId; planned: readonly Planned[]; grounds: Grounds },
): Promise<readonly Entry[]> {
  const rows = await database.withTenant(tenant, (tx) =>
    tx.query<Omit<Entry, keyof Planned | 'arrived'> & { id: string }>(
      `select i.id, i.state, i.reason_code as "reasonCode", i.provider_id as "providerId",
         (select json_agg(json_build_object('from', e.from_state, 'to', e.to_state, 'actor', e.actor,
            'at', extract(epoch from e.at) * 1000) order by e.id)
          from intervention_events e where e.tenant_id = i.tenant_id and e.intervention_id = i.id) as moves
       from interventions i where i.tenant_id = $1`,
      [tenant],
    ),
  )
  const known = new Map(rows.map((row) => [row.id, row]))
  // By address, so that a second one under another id would be seen too.
  const mails = Map.groupBy(grounds.inbox.deliveries(), ({ to }) => to)
  const texts = Map.groupBy(grounds.sms.deliveries(), ({ to }) => to)
  const tasks = Map.groupBy(
    grounds.crm.tasks().flatMap(({ id, customers }) => customers.map((customer) => ({ id, customer }))),
    ({ customer }) => customer,
  )
  const arrivedAt = ({ channel, to }: Planned): readonly string[] => {
    if (channel === 'email') return (mails.get(to) ?? []).map(({ messageId }) => messageId)
    if (channel === 'sms') return (texts.get(to) ?? []).map(({ sid }) => sid)
    return (tasks.get(to) ?? []).map(({ id }) => id)
  }
  return planned.map((one) => ({ ...known.get(one.id)!, ...one, arrived: arrivedAt(one) }))
}

export function judge(
  entries: readonly Entry[],
  { schedule, happened, grounds }: { schedule: Schedule; happened: readonly Happened[]; grounds: Grounds },
): Findings {
  const named = (wrong: (entry: Entry) => string | null): string[] =>
    entries.flatMap((entry) => {
      const what = wrong(entry)
      return what === null ? [] : [`${entry.channel} ${entry.id} (${entry.state}): ${what}`]
    })
  const when = (holds: (entry: Entry) => boolean, what: string) =>
    named((entry) => (holds(entry) ? what : null))
  const keys = new Set(entries.map(({ id }) => id))
  const addresses = new Set(entries.map(({ to }) => to))
  return {
    lost: named((entry) => lossOf(entry, schedule)),
    doubled: when(
      ({ channel, arrived }) => channel !== 'email' && arrived.length > 1,
      'arrived more than once',
    ),
    doubledBlindly: when(
      ({ channel, arrived }) => channel === 'email' && arrived.length > 1,
      'arrived more than once',
    ),
    denied: when(({ state, arrived }) => !TAKEN.has(state) && arrived.length > 0, 'arrived all the same'),
    blind: when(
      ({ channel, moves }) => channel !== 'task' && sentBlindly(moves),
      'handed over again in doubt',
    ),
    unexplained: named((entry) =>
      entry.state === 'uncertain' && causeOf(entry, schedule, happened) === null
        ? `no fault met it (${wayOf(entry)})`
        : null,
    ),
    unasked: when(
      ({ channel, state, arrived }) => state === 'uncertain' && channel !== 'email' && arrived.length > 0,
      'the provider has it',
    ),
    strays: [
      ...grounds.inbox.deliveries().flatMap(({ to }) => (addresses.has(to) ? [] : [`e-mail to ${to}`])),
      ...grounds.sms
        .deliveries()
        .flatMap(({ key }) => (key !== null && keys.has(key) ? [] : [`text for ${key}`])),
      ...grounds.crm.tasks().flatMap(({ key }) => (keys.has(String(key)) ? [] : [`task for ${String(key)}`])),
    ],
  }
}

const TAKEN: ReadonlySet<string> = new Set(['sent', 'confirmed', 'uncertain'])

function lossOf(
  { channel, at, state, reasonCode, providerId, arrived, moves }: Entry,
  schedule: Schedule,
): string | null {
  if (state === 'sent' || state === 'confirmed')
    return arrived.includes(providerId ?? '') ? null : 'it never arrived'
  if (state === 'uncertain') return null
  const fault = faultOf({ channel, at }, schedule)
  if (state === 'rejected' && fault?.refuses === true && reasonCode !== 'attempts_used_up') return null
  return `ended as ${reasonCode ?? 'nothing'} (${wayOf({ moves })})`
}

const wayOf = ({ moves }: Pick<Entry, 'moves'>): string =>
  moves
    .slice(-4)
    .map(
      ({ to, actor, at }) => `${to} at ${new Date(at).toISOString().slice(11, 23)} by ${actor.split('/')[0]}`,
    )
    .join(', ')

const faultOf = ({ channel, at }: Pick<Entry, 'channel' | 'at'>, { mailFaults, smsFaults }: Schedule) =>
  channel === 'task' ? undefined : (channel === 'email' ? mailFaults : smsFaults).get(at)

/** Which fault brought an entry into doubt: `provider`, or what happened while it was in flight; null: none. */
export function causeOf(
  entry: Entry,
  schedule: Schedule,
  happened: readonly Happened[],
): Happened['kind'] | 'provider' | null {
  const { channel, moves } = entry
  const ended = moves.findLastIndex(({ to }) => to === 'uncertain')
  const began = moves.slice(0, ended).findLast(({ to }) => to === 'sending')
  if (began === undefined || channel === 'task') return null
  const pid = Number(began.actor.split('/')[0])
  const met = happened.find(
    (one) =>
      (one.pid === null
        ? (AROUND[one.kind]?.has(channel) ?? false)
        : BLAMED.has(one.kind) && one.pid === pid) &&
      // A transaction has the time at which it began.
      began.at <= one.until + SLACK_MS &&
      one.from - SLACK_MS <= moves[ended].at,
  )
  if (met !== undefined) return met.kind
  return faultOf(entry, schedule)?.doubt === true ? 'provider' : null
}

const SLACK_MS = 250

/** What a process may leave in doubt; one that is told to end, or whose clock is wrong, leaves nothing. */
const BLAMED: ReadonlySet<string> = new Set(['kill', 'freeze', 'block'])

const BOTH: ReadonlySet<ChannelName> = new Set(['email', 'sms'])
/** What leaves whose messages in doubt, whichever process has them. That jobs are gone is no excuse. */
const AROUND: Partial<Record<Happened['kind'], ReadonlySet<ChannelName>>> = {
  mail_cut: new Set(['email']),
  mail_stall: new Set(['email']),
  sms_cut: new Set(['sms']),
  postgres: BOTH,
  database_cut: BOTH,
}

function sentBlindly(moves: readonly Move[]): boolean {
  let doubtful = false
  for (const { to } of moves) {
    if (to === 'sending' && doubtful) return true
    if (to === 'sending' || to === 'uncertain') doubtful = true
    // The one that sent it says that nothing went out.
    if (to === 'deferred') doubtful = false
  }
  return false
}

export interface Recovery {
  readonly channel: ChannelName
  /** The last fault that met it before it moved on. */
  readonly kind: Happened['kind']
  /** Since that fault was over. */
  readonly ms: number
  /** Since the first of those that met it was over; the same where there was one. */
  readonly sinceFirstMs: number
}

/**
 * How long what was in flight at a fault stood still: until its next move in the ledger, from the death of its process,
 * or else from the end of the fault. What another fault meets before it has moved on recovers from both at once: how
 * close together a schedule puts them says nothing of how long a recovery takes. Both times are kept.
 */
export function recoveriesOf(entries: readonly Entry[], happened: readonly Happened[]): readonly Recovery[] {
  return entries.flatMap((entry) => {
    const met = happened.flatMap((fault) => {
      const next = movedOn(entry, fault)
      return next === null ? [] : [{ ...fault, next }]
    })
    return [...Map.groupBy(met, ({ next }) => next)].map(([next, faults]): Recovery => {
      const over = faults.toSorted((a, b) => a.until - b.until)
      const since = ({ until }: Happened): number => Math.max(0, entry.moves[next].at - until)
      const last = over.at(-1)!
      return { channel: entry.channel, kind: last.kind, ms: since(last), sinceFirstMs: since(over[0]) }
    })
  })
}

/** Index of the first move of an entry after a fault that met it in flight; null: it was not in flight, or never moved. */
function movedOn({ channel, moves }: Entry, { kind, pid, from }: Happened): number | null {
  if (pid === null ? AROUND[kind] === undefined : kind === 'jump') return null
  if (pid === null && channel !== 'task' && !AROUND[kind]!.has(channel)) return null
  const next = moves.findIndex(({ at }) => at > from)
  const last = next <= 0 ? undefined : moves[next - 1]
  if (last === undefined || (last.to !== 'leased' && last.to !== 'sending')) return null
  return pid !== null && !last.actor.startsWith(`${pid}/`) ? null : next
}
