/**
 * Answers what workflows of a CRM asked for and could not be told on the line: looks whether it is known by now, and tells the
 * CRM, which waits. Any number of processes may go round at once: the database gives each answer to one of them.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { AnsweredCall } from '../../connectors/answered-call.ts'
import type { ConnectionId, TenantId } from '../contracts/ids.ts'
import { readConnection } from '../store/connections.ts'
import type { Transaction } from '../store/database.ts'
import { currentSettings } from '../store/settings-versions.ts'
import {
  endCalls,
  openCalls,
  setOutputs,
  takeOwedCalls,
  tenantsWithCalls,
  type CallNames,
  type OwedCall,
} from '../store/workflow-calls.ts'
import { openConnector } from './open-connector.ts'
import { endOf, lastingEnd } from './outward-pauses.ts'
import { asRunError } from './run-step.ts'
import type { LoopServices } from './services.ts'
import { callOutputs, type CallOutputs } from './workflow-outputs.ts'

export type AnswerServices = Pick<LoopServices, 'database' | 'connectors' | 'clock' | 'log'>

/** Companies in one look, so that each is long over before the next. */
const TENANTS = 100
/** Calls of one company in one look. */
const AT_ONCE = 200
/** Longer than telling takes. */
const LEASE_SECONDS = 120

/**
 * What came of calls that are open, where it is known by now.
 *
 * @param only calls that somebody waits for on the line; null: whatever a CRM waits for
 * @returns by the CRM's id of the call; what is not known yet is left out
 */
export async function settleCalls(
  tx: Transaction,
  { now, only = null }: { readonly now: Date; readonly only?: CallNames | null },
): Promise<ReadonlyMap<string, CallOutputs>> {
  const settled = new Map<string, CallOutputs>()
  const open = await openCalls(tx, { limit: only?.callbacks.length ?? AT_ONCE, only })
  if (open.length === 0) return settled
  const { settings } = await currentSettings(tx)
  for (const call of open) {
    const outputs = await callOutputs(tx, call, { settings, now })
    if (outputs === null) continue
    await setOutputs(tx, call, outputs)
    settled.set(call.callback, outputs)
  }
  return settled
}

/**
 * @returns `close` waits for what is being told
 * @example
 * const answering = startAnswering(services)
 * await answering.close()
 */
export function startAnswering(
  services: AnswerServices,
  { everyMs = 2000 }: { readonly everyMs?: number } = {},
): { close(): Promise<void> } {
  const ending = new AbortController()
  const running = (async () => {
    while (!ending.signal.aborted) {
      await answerRound(services, ending.signal).catch((err: unknown) =>
        services.log.warn({ err }, 'what workflows wait for could not be looked at'),
      )
      await sleep(everyMs, undefined, { signal: ending.signal, ref: false }).catch(() => undefined)
    }
  })()
  return {
    close: async () => {
      ending.abort()
      await running
    },
  }
}

/**
 * One round. What fails for one company keeps nothing from the others.
 *
 * @returns how many calls were answered
 */
export async function answerRound(services: AnswerServices, signal: AbortSignal): Promise<number> {
  const { database, log } = services
  const tenants = await database.asSystem('whom a workflow waits for', (tx) => tenantsWithCalls(tx, TENANTS))
  let told = 0
  for (const tenant of tenants) {
    if (signal.aborted) break
    told += await answerTenant(services, tenant).catch((err: unknown) => {
      log.warn({ tenant, err }, 'a workflow could not be answered')
      return 0
    })
  }
  return told
}

async function answerTenant(services: AnswerServices, tenant: TenantId): Promise<number> {
  const { database, clock } = services
  await database.withTenant(tenant, (tx) => settleCalls(tx, { now: clock() }))
  const owed = await database.withTenant(tenant, (tx) =>
    takeOwedCalls(tx, { limit: AT_ONCE, seconds: LEASE_SECONDS }),
  )
  let told = 0
  for (const [connection, calls] of Map.groupBy(owed, (one) => one.connection))
    told += await tellCrm(services, { tenant, connection, calls })
  return told
}

async function tellCrm(
  services: AnswerServices,
  {
    tenant,
    connection,
    calls,
  }: { readonly tenant: TenantId; readonly connection: ConnectionId; readonly calls: readonly OwedCall[] },
): Promise<number> {
  const { database } = services
  const results = await answersOf(services, { tenant, connection, calls })
  const ends = calls.map(({ callback, attempts, expired }) => {
    const end = lastingEnd(endOf(results.get(callback), attempts), attempts)
    // Nobody waits for it any more.
    return { callback, end: !end.ok && expired ? { ...end, retryInMs: null } : end }
  })
  await database.withTenant(tenant, (tx) => endCalls(tx, connection, ends))
  for (const { callback, end } of ends)
    if (!end.ok && end.retryInMs === null)
      services.log.warn(
        { tenant, connection, callback, code: end.code },
        'a workflow could not be told what came of its call',
      )
  return ends.filter(({ end }) => end.ok).length
}

async function answersOf(
  services: AnswerServices,
  {
    tenant,
    connection,
    calls,
  }: { readonly tenant: TenantId; readonly connection: ConnectionId; readonly calls: readonly OwedCall[] },
) {
  const answers = calls.map(({ callback, action, outputs }): AnsweredCall => ({
    callback,
    action,
    outputs: outputs as CallOutputs,
  }))
  try {
    const described = await services.database.withTenant(tenant, (tx) => readConnection(tx, connection))
    const connector = await openConnector(services, { tenant, connection }, described)
    try {
      const results = (await connector.answerCalls?.(answers)) ?? []
      return new Map(results.map((result) => [result.id, result]))
    } finally {
      await connector.close()
    }
  } catch (error) {
    const { code, message } = asRunError(error)
    // The whole CRM is away, or nobody is signed in: the next try may do.
    return new Map(
      calls.map(({ callback }) => [
        callback,
        { id: callback, ok: false as const, code, message, retryable: true },
      ]),
    )
  }
}
