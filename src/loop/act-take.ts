/**
 * Takes interventions for one attempt each: everything that speaks against sending is looked at in the transaction that
 * takes the leases, and the messages are stored with them. What need not be sent ends here. However many are taken, it
 * is a handful of statements.
 *
 * A task begins here as well, where nobody else sends to its person just now: it is handed over as soon as this is
 * committed, so a last look of its own (act-confirm.ts) would find what was found here.
 */
import { hashAddress } from '../security/address-hash.ts'
import type { Transaction } from '../store/database.ts'
import type { InterventionState } from '../store/intervention-states.ts'
import { delayInterventions, moveInterventions, type Move } from '../store/intervention-moves.ts'
import { holdInterventions, type HeldIntervention } from '../store/interventions.ts'
import { currentSettings } from '../store/settings-versions.ts'
import type { ServiceSettings } from '../settings/service.ts'
import { readActFacts, type ActFacts } from './act-facts.ts'
import { storedMessage } from './act-message.ts'
import { tryLockPeople } from './act-people.ts'
import { reach, type Reached } from './act-reach.ts'
import { LEASE_TIMES, type ActRequest, type ActServices } from './act-services.ts'
import { settle } from './act-settle.ts'
import { TASK_MS } from './act-task.ts'
import { repeatTask } from './act-take-task.ts'
import { storedText } from './act-text.ts'
import { judge, type Candidate, type JudgeTerms, type Outgoing, type Verdict } from './act-verdict.ts'
import { weigh, type Claiming } from './act-weigh.ts'
import { readWeighings } from './act-weighing.ts'
import { claimOffers, OFFER_REQUESTED } from './offers.ts'

/** What is held by a lease, ready to be handed to a channel. */
export type Taken = {
  readonly row: HeldIntervention
  readonly settings: ServiceSettings
  /** Including this one. */
  readonly attempt: number
  /** The ledger says `sending` already, by what was looked at since this time of `performance.now()`. */
  readonly begunAt?: number
} & Outgoing

export type Taking =
  /** There is nothing to send; null: no such row, or another transaction holds it. */
  | {
      readonly do: 'nothing'
      readonly state: InterventionState | null
      /** Its offer waits for billing, which is to be asked. */
      readonly asksBilling?: boolean
    }
  | ({ readonly do: 'send' } & Taken)
  /** Somebody began to send and never said how it ended. */
  | { readonly do: 'reconcile'; readonly row: HeldIntervention; readonly settings: ServiceSettings }

/**
 * @param requests of the transaction's tenant, each of another intervention
 * @returns in their order
 */
export async function takeInterventions(
  tx: Transaction,
  services: ActServices,
  requests: readonly Pick<ActRequest, 'intervention' | 'worker'>[],
): Promise<readonly Taking[]> {
  const held = await holdInterventions(
    tx,
    requests.map(({ intervention }) => intervention),
  )
  const lookedAt = performance.now()
  const { settings } = await currentSettings(tx)
  await services.watch?.(tx, settings)
  const { rows, repeated } = whoseTurn(requests, held)
  await moveInterventions(tx, repeated)
  const judged = await judgeAll(tx, services, { rows, settings, lookedAt })
  return requests.map(({ intervention }) => {
    const row = held.get(intervention)
    if (row === undefined) return { do: 'nothing', state: null }
    const taking = judged.get(intervention)
    if (taking !== undefined) return taking
    return isDoubtful(row) && isTurn(row)
      ? { do: 'reconcile', row, settings }
      : { do: 'nothing', state: row.state }
  })
}

interface Turn {
  readonly row: HeldIntervention
  readonly worker: string
}

/** Those that are to be judged now, tasks that nobody finished among them. */
function whoseTurn(
  requests: readonly Pick<ActRequest, 'intervention' | 'worker'>[],
  held: ReadonlyMap<string, HeldIntervention>,
): { readonly rows: readonly Turn[]; readonly repeated: readonly Move[] } {
  const rows: Turn[] = []
  const repeated: Move[] = []
  for (const { intervention, worker } of requests) {
    const row = held.get(intervention)
    if (row === undefined || !isTurn(row)) continue
    if (row.state === 'sending' && row.channel === 'task') {
      const again = repeatTask(row, worker)
      repeated.push(again.move)
      rows.push({ row: again.row, worker })
    } else if (!isDoubtful(row)) rows.push({ row, worker })
  }
  return { rows, repeated }
}

/** It may have gone out, and only its provider can say. */
const isDoubtful = ({ state, channel }: HeldIntervention): boolean =>
  (state === 'sending' && channel !== 'task') || state === 'uncertain'

function isTurn({ state, due, leaseOver }: HeldIntervention): boolean {
  if (state === 'planned' || state === 'deferred' || state === 'snoozed') return due
  if (state === 'leased' || state === 'sending') return leaseOver
  return state === 'uncertain' && due && leaseOver
}

async function judgeAll(
  tx: Transaction,
  services: ActServices,
  {
    rows,
    settings,
    lookedAt,
  }: { readonly rows: readonly Turn[]; readonly settings: ServiceSettings; readonly lookedAt: number },
): Promise<ReadonlyMap<string, Taking>> {
  if (rows.length === 0) return new Map()
  const facts = await readActFacts(tx, services, {
    settings,
    rows: rows.map(({ row }) => row),
    // What is tried again goes to whom it went before, whoever the contacts are by now.
    others: (key) => rows.flatMap(({ row }) => addressesOf(row, key)),
  })
  const { verdicts, free } = await verdictsOf(tx, services, { facts, rows: rows.map(({ row }) => row) })
  const { prepareMs, marginMs, taskMs = TASK_MS } = services.leases ?? LEASE_TIMES
  const takings = new Map<string, Taking>()
  const moves: Move[] = []
  const delays: { id: HeldIntervention['id']; ms: number }[] = []
  for (const { row, worker } of rows) {
    const verdict = verdicts.get(row.id)!
    const begins = free.has(row)
    const leaseMs = begins ? taskMs + marginMs : prepareMs
    const settled = settle(row, verdict, { worker, leaseMs, begins })
    if ('move' in settled) moves.push(settled.move)
    else delays.push({ id: row.id, ms: settled.delayMs })
    if (verdict.do === 'send') {
      const { do: _, set: __, ...outgoing } = verdict
      const begun = begins ? { begunAt: lookedAt } : {}
      takings.set(row.id, { do: 'send', row, settings, attempt: row.attempts + 1, ...begun, ...outgoing })
    } else
      takings.set(row.id, {
        do: 'nothing',
        state: verdict.do === 'settle' ? verdict.to : 'deferred',
        ...(verdict.do === 'wait' && verdict.code === OFFER_REQUESTED ? { asksBilling: true } : {}),
      })
  }
  await moveInterventions(tx, moves)
  await delayInterventions(tx, delays)
  return takings
}

function addressesOf(row: HeldIntervention, key: Buffer): { hash: Buffer; channel: 'email' | 'sms' }[] {
  const mail = storedMessage(row)
  const text = storedText(row)
  const hash =
    mail === null ? text && hashAddress(key, 'phone', text.to) : hashAddress(key, 'email', mail.to.address)
  return hash === null ? [] : [{ hash, channel: mail === null ? 'sms' : 'email' }]
}

/** What can be said by itself first; then whom it reaches; then, for all of those at once, guard and offers. */
async function verdictsOf(
  tx: Transaction,
  services: ActServices,
  { rows, facts }: { readonly rows: readonly HeldIntervention[]; readonly facts: ActFacts },
): Promise<Verdicts> {
  const { settings, now } = facts
  const terms = termsOf(tx, services, facts)
  const verdicts = new Map<string, Verdict>()
  const waiting: { readonly candidate: Candidate; readonly reached: Reached }[] = []
  for (const row of rows) {
    const judged = judge(row, facts, terms)
    if (judged.do !== 'weigh') {
      verdicts.set(row.id, judged)
      continue
    }
    const found = reach(judged, facts)
    if ('verdict' in found) verdicts.set(row.id, found.verdict)
    else waiting.push({ candidate: judged, reached: found.reached })
  }
  // Before anything is read of them that another could change who sends to the same person just now.
  const free = await freeTasks(tx, waiting)
  const claims: (Claiming & { readonly id: string })[] = []
  for (const weighing of await readWeighings(tx, waiting, facts)) {
    const { id } = weighing.candidate.row
    const weighed = weigh(weighing, facts, terms)
    if (weighed.do === 'claim') claims.push({ ...weighed, id })
    else verdicts.set(id, weighed)
  }
  if (claims.length === 0) return { verdicts, free }
  const claimed = await claimOffers(
    tx,
    claims.map(({ claim }) => claim),
    { settings, now },
  )
  for (const { id, claim, finish } of claims) verdicts.set(id, finish(claimed.get(claim.intervention)!))
  return { verdicts, free }
}

interface Verdicts {
  readonly verdicts: ReadonlyMap<string, Verdict>
  /** Whose people nobody else sends anything to until this transaction ends. */
  readonly free: ReadonlySet<HeldIntervention>
}

async function freeTasks(
  tx: Transaction,
  waiting: readonly { readonly candidate: Candidate; readonly reached: Reached }[],
): Promise<Verdicts['free']> {
  const tasks = waiting.flatMap(({ candidate: { row }, reached: { by, hash } }) =>
    by === 'task' ? [{ row, customer: row.customer, hash }] : [],
  )
  return new Set([...(await tryLockPeople(tx, tasks))].map(({ row }) => row))
}

function termsOf(
  tx: Transaction,
  { publicUrl, localUrl, connectors, channels }: ActServices,
  { settings, keys }: ActFacts,
): JudgeTerms {
  return {
    tenant: tx.tenant!,
    publicUrl,
    localUrl,
    keys,
    connectors,
    sms: channels.smsSituation?.(settings) ?? null,
  }
}
