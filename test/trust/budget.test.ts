/**
 * Never over budget by a cent, and nothing left reserved: many processes plan, move and end interventions of one
 * tenant at once, are killed with -9 in the middle of it, and come back. They are real processes on PostgreSQL where
 * HOLDFAST_TEST_DATABASE_URL names one; the embedded database belongs to one process, which runs several loops.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'
import { describe, expect, it } from 'vitest'
import { random } from '../../models/random.ts'
import type { ConnectionId, CustomerId, InterventionId, TenantId } from '../../src/contracts/ids.ts'
import type { Database } from '../../src/store/database.ts'
import { firstDump } from '../../src/store/first-dump.ts'
import { moveIntervention } from '../../src/store/intervention-moves.ts'
import { expireInterventions } from '../../src/store/intervention-sweeps.ts'
import type { InterventionState } from '../../src/store/intervention-states.ts'
import { openDatabase } from '../../src/store/open.ts'
import { saveSettings } from '../../src/store/settings-versions.ts'
import { addConnection, addTenant } from '../support/database.ts'
import { addCustomer } from '../support/ledger.ts'
import type { BudgetWord, BudgetWorkerOptions } from './budget-worker.ts'

const server = process.env['HOLDFAST_TEST_DATABASE_URL']
const NOW = new Date('2026-11-20T10:00:00Z')
const BUDGET = 500_00

interface Place {
  readonly tenant: TenantId
  readonly connection: ConnectionId
  readonly customers: readonly CustomerId[]
}

async function setUp(database: Database): Promise<Place> {
  const tenant = await addTenant(database)
  const connection = await addConnection(database, tenant)
  const customers: CustomerId[] = []
  for (let at = 0; at < 40; at++)
    customers.push(await addCustomer(database, { tenant, connection }, { name: `Customer ${at}` }))
  await database.asSystem('a test', async (tx) => {
    await tx.query('create table budget_bound (highest bigint not null)')
    await tx.query('insert into budget_bound values ($1)', [BUDGET])
    await tx.query('grant select, update on budget_bound to holdfast_tenant')
  })
  await database.withTenant(tenant, (tx) =>
    saveSettings(tx, { budget: BUDGET / 100 }, { expected: 0, author: 'a test' }),
  )
  return { tenant, connection, customers }
}

interface Tally {
  planned: number
  full: number
  refused: number
  moved: number
  budget: number
  kills: number
  readonly wrong: string[]
}

/** Runs workers for some time, kills one after the other, and starts each again. */
async function run(
  workers: number,
  { kills, betweenMs, options }: { kills: number; betweenMs: number; options: BudgetWorkerOptions },
): Promise<Tally> {
  const tally: Tally = { planned: 0, full: 0, refused: 0, moved: 0, budget: 0, kills: 0, wrong: [] }
  const { next } = random(options.seed)
  let seed = options.seed
  const heard = new Set<ChildProcess>()
  const start = (): ChildProcess => {
    const child = spawn(
      process.execPath,
      [join(import.meta.dirname, 'budget-worker.ts'), JSON.stringify({ ...options, seed: ++seed })],
      { stdio: ['pipe', 'pipe', 'pipe'], env: {} },
    )
    child.stderr!.on('data', (chunk: Buffer) => tally.wrong.push(chunk.toString()))
    createInterface({ input: child.stdout! }).on('line', (line) => {
      // The last line of a process that was killed may be cut off.
      if (!line.endsWith('}')) return
      const { did, over, failed } = JSON.parse(line) as BudgetWord
      heard.add(child)
      if (did !== undefined) tally[did]++
      if (over !== undefined) tally.wrong.push(`over: ${over}`)
      if (failed !== undefined) tally.wrong.push(failed)
    })
    return child
  }
  const kill = async (child: ChildProcess): Promise<void> => {
    const gone = once(child, 'exit')
    child.kill('SIGKILL')
    await gone
  }
  const running = Array.from({ length: workers }, start)
  const until = async (enough: () => boolean): Promise<void> => {
    for (let waited = 0; !enough() && waited < 60_000; waited += 50) await sleep(50)
  }
  // All of them start on few cores.
  await until(() => heard.size === workers)
  for (let at = 0; at < kills; at++) {
    const before = tally.planned
    const which = Math.floor(next() * workers)
    await sleep(betweenMs * next())
    await kill(running[which])
    tally.kills++
    running[which] = start()
    if (workers === 1) await until(() => tally.planned > before + 5)
  }
  await sleep(1000)
  await Promise.all(running.map(kill))
  tally.kills += workers
  return tally
}

/** What a start after a crash does: every lease is over, nothing in doubt is sent again, all time passes. */
async function recover(database: Database, { tenant }: Place): Promise<void> {
  await database.withTenant(tenant, async (tx) => {
    const held = await tx.query<{ id: InterventionId; state: InterventionState }>(
      "select id, state from interventions where tenant_id = $1 and state in ('leased', 'sending')",
      [tenant],
    )
    for (const { id, state } of held)
      await moveIntervention(tx, {
        id,
        from: [state],
        to: state === 'leased' ? 'deferred' : 'uncertain',
        actor: 'a test',
      })
  })
  await database.withTenant(tenant, async (tx) => {
    await tx.query("update interventions set expires_at = now() - interval '1 second' where tenant_id = $1", [
      tenant,
    ])
    await expireInterventions(tx)
  })
}

async function check(database: Database, place: Place, tally: Tally): Promise<void> {
  expect(tally.wrong).toEqual([])
  expect(tally.planned).toBeGreaterThan(20)
  expect(tally.moved).toBeGreaterThan(20)
  // The budget was reached: that nothing went over it says something.
  expect(tally.full).toBeGreaterThan(0)
  await recover(database, place)
  const [seen] = await database.withTenant(place.tenant, (tx) =>
    tx.query<Record<'reserved' | 'rows' | 'committed' | 'spent' | 'apart' | 'bound', number>>(
      `select
         (select sum(reserved_minor) from budget_entries)::bigint as reserved,
         (select sum(reserved_minor) from interventions)::bigint as rows,
         (select sum(committed_minor) from budget_entries)::bigint as committed,
         (select coalesce(sum(coalesce(nullif(actual_cost_minor, 0), planned_cost_minor)), 0) from interventions
          where state in ('sent', 'confirmed', 'uncertain'))::bigint as spent,
         (select count(*) from interventions i left join (
            select intervention_id, sum(reserved_minor) as reserved, sum(committed_minor) as committed
            from budget_entries group by intervention_id) e on e.intervention_id = i.id
          where (coalesce(e.reserved, 0), coalesce(e.committed, 0)) <> (i.reserved_minor, i.committed_minor))::integer as apart,
         (select highest from budget_bound)::bigint as bound`,
    ),
  )
  expect(seen).toMatchObject({ reserved: 0, rows: 0, committed: seen.spent, apart: 0 })
  expect(seen.committed).toBeLessThanOrEqual(seen.bound)
  process.stderr.write(`${JSON.stringify({ ...tally, wrong: 0, ...seen })}\n`)
}

describe.skipIf(server === undefined)('the budget (PostgreSQL, HOLDFAST_TEST_DATABASE_URL)', () => {
  it('is never over by a cent under 32 processes that are killed, also when it is changed meanwhile, and nothing stays reserved', async () => {
    const name = `holdfast_test_${randomUUID().replaceAll('-', '')}`
    const admin = new Client({ connectionString: server! })
    await admin.connect()
    await admin.query(`create database ${name}`)
    const url = new URL(server!)
    url.pathname = `/${name}`
    const database = await openDatabase({ url: url.href, folder: null })
    try {
      const place = await setUp(database)
      const tally = await run(32, {
        kills: 32,
        betweenMs: 200,
        options: {
          ...place,
          url: url.href,
          folder: null,
          loops: 1,
          seed: 2026,
          budgets: [BUDGET / 2, BUDGET, BUDGET * 1.5],
          changes: 0.004,
          now: NOW.toISOString(),
        },
      })
      await check(database, place, tally)
    } finally {
      await database.close()
      await admin.query(`drop database if exists ${name} with (force)`)
      await admin.end()
    }
  })
})

describe('the budget (embedded)', () => {
  it('is never over by a cent in a process with 4 loops that is killed, and nothing stays reserved', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-budget-'))
    try {
      const first = await openDatabase({ url: null, folder, dump: firstDump() })
      const place = await setUp(first)
      await first.close()
      const tally = await run(1, {
        kills: 4,
        betweenMs: 1000,
        options: {
          ...place,
          url: null,
          folder,
          loops: 4,
          seed: 11,
          budgets: [BUDGET / 4, BUDGET / 2],
          changes: 0.05,
          now: NOW.toISOString(),
        },
      })
      const database = await openDatabase({ url: null, folder })
      try {
        await check(database, place, tally)
      } finally {
        await database.close()
      }
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
})
