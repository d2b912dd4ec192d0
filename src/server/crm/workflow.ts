/**
 * What workflows of a CRM have Holdfast do: each call is kept by the CRM's id of it before anything is done, so that it may come
 * twice, late, in any order and during a restart, and has one effect and one answer. How each CRM calls, and what it is told where
 * the answer is not known soon, stands beside this.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { ChangeHint } from '../../../connectors/connector.ts'
import { HoldfastError } from '../../contracts/errors.ts'
import { stateWord } from '../../loop/action-words.ts'
import { settleCalls } from '../../loop/answer-calls.ts'
import { NOT_A_CUSTOMER, type CallOutputs } from '../../loop/workflow-outputs.ts'
import { recordAudit } from '../../store/audit.ts'
import type { ReadConnection } from '../../store/crm-readers.ts'
import type { Transaction } from '../../store/database.ts'
import { requestStep } from '../../store/steps.ts'
import { keepReceipts } from '../../store/webhook-receipts.ts'
import {
  customerOfRecord,
  hintKey,
  keepCalls,
  noteAnswered,
  setOutputs,
  type KeptCall,
  type NewWorkflowCall,
  type WorkflowCallKind,
} from '../../store/workflow-calls.ts'
import { planByHand } from '../api/plan-by-hand.ts'
import type { RouteServices } from '../services.ts'

/** A request that waits looks at what came of its calls; a workflow of thousands would otherwise have thousands of them look. */
const MOST_WAITING = 32

export interface AskedCall {
  /** The CRM's id of it. */
  readonly callback: string
  /** Of the record, among those that the connection reads. */
  readonly id: string
  /** In words: "HubSpot workflow 4711". */
  readonly by: string
  /** Of `intervene`. */
  readonly actionKey: string | null
}

export interface AskedCalls {
  readonly action: WorkflowCallKind
  /** Each id once. */
  readonly calls: readonly AskedCall[]
  /** Portal or org. */
  readonly account: string
  /** How long somebody waits on the line. */
  readonly waitMs: number
  /** For how long the answer may still be asked for, or told. */
  readonly keepSeconds: number
}

/** `another`: under this id something else was asked for before. Null: it is not known yet. */
export type CallEnd = CallOutputs | 'another' | null

export const anotherCall = (callback: string): string =>
  `The call ${callback} came before, and was another one.`

/**
 * @returns in the order of the calls
 * @example
 * const [outputs] = await carryOutCalls(services, place, { action: 'score', calls: [call], account: '4711', waitMs: 2500, keepSeconds: 86_400 })
 */
export async function carryOutCalls(
  services: RouteServices,
  place: ReadConnection,
  asked: AskedCalls,
): Promise<readonly CallEnd[]> {
  const ends = new Map(
    asked.action === 'intervene'
      ? await interveneAll(services, place, asked)
      : await beginAll(services, place, asked),
  )
  const open = asked.calls.map(({ callback }) => callback).filter((callback) => ends.get(callback) === null)
  for (const [callback, outputs] of await onTheLine(services, place, { open, waitMs: asked.waitMs }))
    ends.set(callback, outputs)
  const known = [...ends].filter(([, end]) => end !== null && end !== 'another').map(([callback]) => callback)
  if (known.length > 0)
    await services.database.withTenant(place.tenant, (tx) =>
      noteAnswered(tx, { connection: place.id, callbacks: known }),
    )
  return asked.calls.map(({ callback }) => ends.get(callback) ?? null)
}

type Ends = readonly (readonly [callback: string, end: CallEnd])[]

const toKeep = (
  { object }: ReadConnection,
  { action, keepSeconds }: Pick<AskedCalls, 'action' | 'keepSeconds'>,
  { callback, id, by }: AskedCall,
): NewWorkflowCall => ({ callback, action, object, externalId: id, by, seconds: keepSeconds })

const endOf = ({ same, outputs }: KeptCall): CallEnd => (same ? (outputs as CallOutputs | null) : 'another')

/** Kept and begun in one transaction: neither without the other. */
function beginAll(services: RouteServices, place: ReadConnection, asked: AskedCalls): Promise<Ends> {
  const { database, queue, clock } = services
  const { action, calls, account } = asked
  return database.withTenant(place.tenant, async (tx) => {
    const kept = await keepCalls(
      tx,
      place.id,
      calls.map((call) => toKeep(place, asked, call)),
    )
    const ends = new Map(kept.map((one) => [one.callback, endOf(one)]))
    const first = kept.filter((one) => one.first).map(({ callback }) => callback)
    // A decision that stands is told as it is; whatever else is asked for rests on the record as it is now.
    if (action === 'decide' && first.length > 0)
      for (const [callback, outputs] of await settleCalls(tx, {
        now: clock(),
        only: { connection: place.id, callbacks: first },
      }))
        if (outputs.status !== 'not_a_customer') ends.set(callback, outputs)
    const now = clock()
    const hints = calls
      .filter(({ callback }) => first.includes(callback) && ends.get(callback) === null)
      .map((call) => hintOf(place, account, call, now))
    if (hints.length > 0) {
      await keepReceipts(tx, place.id, hints)
      await requestStep(tx, { connection: place.id, step: 'refresh', cause: 'workflow' })
      if (queue !== null) tx.afterCommit(() => queue.wake(place.tenant))
    }
    return [...ends]
  })
}

/** As if the CRM had told that the record changed: it is read again, and scored where anything did. */
function hintOf(
  { object }: ReadConnection,
  origin: string,
  { id, callback }: AskedCall,
  at: Date,
): ChangeHint {
  return { origin, object, id, kind: 'changed', others: [], key: hintKey(callback), at, own: false }
}

/** One after the other, each by itself: what rules of the company refuse for one keeps nothing from the others. */
async function interveneAll(
  services: RouteServices,
  place: ReadConnection,
  asked: AskedCalls,
): Promise<Ends> {
  const ends: [string, CallEnd][] = []
  for (const call of asked.calls) ends.push([call.callback, await intervene(services, place, asked, call)])
  return ends
}

async function intervene(
  { database, clock, connectors, queue }: RouteServices,
  place: ReadConnection,
  asked: AskedCalls,
  call: AskedCall,
): Promise<CallEnd> {
  const keep = async (tx: Transaction) => (await keepCalls(tx, place.id, [toKeep(place, asked, call)]))[0]
  const settle = async (tx: Transaction, outputs: CallOutputs) => {
    await setOutputs(tx, { connection: place.id, callback: call.callback }, outputs)
    return outputs
  }
  try {
    return await database.withTenant(place.tenant, async (tx) => {
      const kept = await keep(tx)
      if (!kept.first) return endOf(kept)
      const customer = await customerOfRecord(tx, {
        connection: place.id,
        object: place.object,
        externalId: call.id,
      })
      if (customer === null) return settle(tx, NOT_A_CUSTOMER)
      const actor = `crm:${call.by}`
      const { id, state } = await planByHand(tx, {
        customer,
        action: call.actionKey ?? '',
        key: hintKey(call.callback),
        actor,
        now: clock(),
        connectors,
      })
      await recordAudit(tx, { actor, action: 'intervention.create', object: id })
      if (queue !== null) tx.afterCommit(() => queue.wake(place.tenant))
      const sentence =
        state === 'awaiting_approval'
          ? 'It waits for a person’s yes in Holdfast.'
          : 'It is planned, and goes out when consent, caps and quiet hours let it.'
      return settle(tx, {
        status: 'done',
        sentence,
        intervention: id,
        intervention_state: stateWord(state),
      })
    })
  } catch (error) {
    // Rules of the company say no, which trying again does not change; whatever is our own fault comes again.
    if (!(error instanceof HoldfastError) || error.status >= 500 || error.retryable) throw error
    return database.withTenant(place.tenant, async (tx) => {
      const kept = await keep(tx)
      return kept.first ? settle(tx, { status: 'refused', sentence: error.message }) : endOf(kept)
    })
  }
}

let waiting = 0

/** Looks a few times, ever less often, and returns early once all is known. */
async function onTheLine(
  { database, clock }: RouteServices,
  { tenant, id: connection }: ReadConnection,
  { open, waitMs }: { readonly open: readonly string[]; readonly waitMs: number },
): Promise<ReadonlyMap<string, CallOutputs>> {
  const found = new Map<string, CallOutputs>()
  if (open.length === 0 || waiting >= MOST_WAITING) return found
  waiting++
  try {
    const until = performance.now() + waitMs
    let missing = open
    for (let pause = 100; missing.length > 0 && performance.now() + pause < until; pause *= 1.6) {
      await sleep(pause)
      const callbacks = missing
      const settled = await database.withTenant(tenant, (tx) =>
        settleCalls(tx, { now: clock(), only: { connection, callbacks } }),
      )
      for (const [callback, outputs] of settled) found.set(callback, outputs)
      missing = missing.filter((callback) => !settled.has(callback))
    }
    return found
  } finally {
    waiting--
  }
}
