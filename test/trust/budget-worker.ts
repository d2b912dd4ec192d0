/**
 * A process that plans, moves and ends interventions of one tenant as fast as it can, to be killed at any time: it works
 * through the same functions as the product, checks the budget after each of its transactions, and says what it saw.
 */
import { randomUUID } from 'node:crypto'
import { createInterface } from 'node:readline'
import { random } from '../../models/random.ts'
import {
  asConnection,
  asCustomer,
  asIntervention,
  asTenant,
  type InterventionId,
} from '../../src/contracts/ids.ts'
import { HoldfastError } from '../../src/contracts/errors.ts'
import { leftOf, openBudget } from '../../src/loop/budget.ts'
import type { Transaction } from '../../src/store/database.ts'
import { moveIntervention, moveInterventions, type Move } from '../../src/store/intervention-moves.ts'
import { expireInterventions } from '../../src/store/intervention-sweeps.ts'
import { approve, cancel, planInterventions, reject, snooze } from '../../src/store/interventions.ts'
import { openDatabase } from '../../src/store/open.ts'
import { saveSettings } from '../../src/store/settings-versions.ts'

export interface BudgetWorkerOptions {
  readonly url: string | null
  readonly folder: string | null
  readonly tenant: string
  readonly connection: string
  readonly customers: readonly number[]
  /** Loops that run side by side in this process. */
  readonly loops: number
  readonly seed: number
  /** The budget is changed to one of these now and then, minor units. */
  readonly budgets: readonly number[]
  /** How often, of all that is done. */
  readonly changes: number
  readonly now: string
}

/** What it says, a line each. */
export interface BudgetWord {
  readonly did?: undefined | 'planned' | 'full' | 'refused' | 'moved' | 'budget'
  /** What was held that must not be. */
  readonly over?: string
  readonly failed?: string
}

const options = JSON.parse(process.argv[2]) as BudgetWorkerOptions
const say = (word: BudgetWord): void => void process.stdout.write(`${JSON.stringify(word)}\n`)
const tenant = asTenant(options.tenant)
const now = new Date(options.now)
const database = await openDatabase({ url: options.url, folder: options.folder, connections: options.loops })
const inTenant = <T>(work: (tx: Transaction) => Promise<T>) => database.withTenant(tenant, work)

/** Held in all, by the entries and by the rows, against the most that may be. */
const HELD = `
  select (select coalesce(sum(reserved_minor + committed_minor), 0) from budget_entries)::bigint as entries,
    (select coalesce(sum(coalesce(nullif(actual_cost_minor, 0), planned_cost_minor)), 0) from interventions
     where state not in ('rejected', 'suppressed', 'expired', 'cancelled', 'dry_run'))::bigint as rows,
    (select highest from budget_bound)::bigint as highest`

const { next: draw } = random(options.seed)
const pick = <T>(of: readonly T[]): T => of[Math.floor(draw() * of.length)]

/** Half of them look at what is left before; the others leave it to the database to refuse. */
async function plan(tx: Transaction): Promise<BudgetWord['did']> {
  const many = draw() < 0.3 ? 1 + Math.floor(draw() * 20) : 1
  const planned = Array.from({ length: many }, () => {
    const id = asIntervention(randomUUID())
    return {
      id,
      decision: null,
      customer: asCustomer(pick(options.customers)),
      connection: asConnection(options.connection),
      actionKey: pick(['email', 'sms', 'discount_10']),
      channel: 'email' as const,
      idempotencyKey: id,
      state: draw() < 0.3 ? ('awaiting_approval' as const) : ('planned' as const),
      dueAt: now,
      expiresAt: new Date(Date.now() + (draw() < 0.2 ? 300 : 86_400_000)),
      plannedCostMinor: 1 + Math.floor(draw() * 997),
      currency: 'USD',
      createdBy: 'a test',
    }
  })
  const cost = planned.reduce((sum, one) => sum + one.plannedCostMinor, 0)
  if (draw() < 0.5) {
    const { settings } = await openBudget(tx)
    const { budget } = await leftOf(tx, { settings, now, acting: true, actions: [] })
    if (budget !== null && cost > budget) return 'full'
  }
  await planInterventions(tx, planned, now)
  return 'planned'
}

async function move(tx: Transaction): Promise<BudgetWord['did']> {
  const found = await tx.query<{ id: InterventionId; state: string }>(
    `select id, state from interventions
     where tenant_id = $1 and state not in ('confirmed', 'rejected', 'suppressed', 'expired', 'cancelled', 'dry_run')
       and id > $2 order by id limit 8 for update skip locked`,
    [tenant, asIntervention(randomIdOf())],
  )
  const moves = found.flatMap(({ id, state }): Move[] => {
    const to = nextOf(state)
    if (to === null) return []
    const set =
      to === 'leased'
        ? { lease: { owner: 'a worker', ms: 1000 } }
        : to === 'sent' && draw() < 0.2
          ? { actualCostMinor: 1 }
          : {}
    return [{ id, from: [state] as Move['from'], to, actor: 'a test', set }]
  })
  if (draw() < 0.5) await moveInterventions(tx, moves)
  else for (const one of moves.slice(0, 2)) await moveIntervention(tx, one)
  return 'moved'
}

const NEXT: Readonly<Record<string, readonly Move['to'][]>> = {
  planned: ['leased', 'leased', 'leased', 'deferred', 'suppressed', 'cancelled'],
  deferred: ['leased', 'leased', 'expired'],
  snoozed: ['leased', 'cancelled'],
  leased: ['sending', 'sending', 'sending', 'deferred', 'suppressed', 'dry_run'],
  sending: ['sent', 'sent', 'sent', 'rejected', 'uncertain', 'deferred'],
  sent: ['confirmed'],
  uncertain: ['sent', 'rejected', 'deferred', 'confirmed'],
}
const nextOf = (state: string): Move['to'] | null => (state in NEXT ? pick(NEXT[state]) : null)

const randomIdOf = (): string =>
  `${Math.floor(draw() * 2 ** 32)
    .toString(16)
    .padStart(8, '0')}-0000-4000-8000-000000000000`

/** What people say, and what the clock does. */
async function people(tx: Transaction): Promise<BudgetWord['did']> {
  if (draw() < 0.2) {
    await expireInterventions(tx)
    return 'moved'
  }
  const [one] = await tx.query<{ id: InterventionId }>(
    `select id from interventions where tenant_id = $1 and state in ('awaiting_approval', 'planned', 'deferred')
       and id > $2 order by id limit 1`,
    [tenant, asIntervention(randomIdOf())],
  )
  if (one === undefined) return 'moved'
  const answer = { actor: 'a person' }
  const of = draw()
  if (of < 0.4) await approve(tx, one.id, answer)
  else if (of < 0.6) await reject(tx, one.id, answer)
  else if (of < 0.8) await cancel(tx, one.id, answer)
  else await snooze(tx, one.id, { ...answer, until: new Date(Date.now() + 200) })
  return 'moved'
}

/** What is held already may be more than a lower budget: it must not grow. */
async function changeBudget(tx: Transaction, budgets: readonly number[]): Promise<BudgetWord['did']> {
  const minor = pick(budgets)
  const [{ version }] = await tx.query<{ version: number }>(
    'select coalesce(max(version), 0)::integer as version from settings_versions where tenant_id = $1',
    [tenant],
  )
  await saveSettings(tx, { budget: minor / 100 }, { expected: version, author: 'a test' })
  const [{ entries }] = await tx.query<{ entries: number }>(HELD)
  await tx.query('update budget_bound set highest = $1', [Math.max(entries, minor)])
  return 'budget'
}

async function once(): Promise<void> {
  const of = draw()
  const [did, held] = await inTenant(async (tx) => {
    const done =
      draw() < options.changes
        ? await changeBudget(tx, options.budgets)
        : of < 0.45
          ? await plan(tx)
          : of < 0.9
            ? await move(tx)
            : await people(tx)
    const [seen] = await tx.query<{ entries: number; rows: number; highest: number }>(HELD)
    return [done, seen] as const
  })
  const kept = held.entries <= held.highest && held.entries === held.rows
  say(kept ? { did } : { did, over: JSON.stringify(held) })
}

async function loop(): Promise<void> {
  for (;;) {
    try {
      await once()
    } catch (error) {
      // Too late to answer, or no room: said to whoever asks.
      const known = error instanceof HoldfastError && ['conflict', 'request_invalid'].includes(error.code)
      const code = error instanceof Error && 'code' in error ? String(error.code) : ''
      if (known) say({ did: error.message.includes('of the budget') ? 'full' : 'refused' })
      // A deadlock of two that move the same rows in another order: the product tries again.
      else if (code !== '40P01') say({ failed: error instanceof Error ? error.message : String(error) })
    }
  }
}

createInterface({ input: process.stdin }).on('close', () => process.exit(0))
for (let at = 0; at < options.loops; at++) void loop()
