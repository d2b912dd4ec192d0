import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { random } from '../../models/random.ts'
import { asCustomer, type TenantId } from '../../src/contracts/ids.ts'
import { createConnection } from '../../src/store/connections.ts'
import type { Database } from '../../src/store/database.ts'
import { planInterventions } from '../../src/store/interventions.ts'
import { saveSettings } from '../../src/store/settings-versions.ts'
import { SANDBOX } from '../support/acting.ts'
import { addTenant, databaseKind } from '../support/database.ts'
import { plannedIntervention } from '../support/ledger.ts'
import { configOf } from '../support/worker-crm.ts'
import { openPlace } from './place.ts'
import { killAll, startWorker, until, untilSettled } from './process.ts'
import { startTaskHubSpot, startTaskSalesforce, type TaskCrm } from './task-crms.ts'

afterEach(killAll)

describe(`a worker that is killed while it makes tasks (${databaseKind})`, () => {
  it.for([
    { name: 'HubSpot', start: startTaskHubSpot, tasks: 500, kills: 20, most: 16, keeping: 0 },
    { name: 'Salesforce', start: startTaskSalesforce, tasks: 300, kills: 10, most: 8, keeping: 3 },
  ])(
    '$kills times during $tasks tasks in $name loses none, makes none twice, and leaves none in doubt',
    async ({ start, tasks, kills, most, keeping }, { annotate }) => {
      const chance = random(11)
      const place = await openPlace()
      const crm = await start()
      try {
        const { tenant, names } = await place.use((database) => planTasks(database, crm, tasks))
        const options = {
          address: place.address,
          inbox: null,
          crm: crm.place,
          tenant,
          timeoutMs: 4000,
          leases: { prepareMs: 2000, marginMs: 1000, taskMs: 4000 },
          role: 'all' as const,
          alone: true,
        }
        const recoveries: number[] = []
        let worker = await startWorker(options)
        const killed = async (): Promise<void> => {
          await sleep(40 * chance.next())
          await worker.kill()
          expect(worker.ended).toEqual({ code: null, signal: 'SIGKILL' })
        }
        for (let kill = 0; kill < kills; kill++) {
          const goal = crm.countTasks() + 1 + chance.integer(most)
          await until(`task ${goal} after ${kill} kills`, () => crm.countTasks() >= goal, { everyMs: 2 })
          await killed()
          const died = { at: performance.now(), count: crm.countTasks() }
          worker = await startWorker(options)
          await until('the next task', () => crm.countTasks() > died.count, { everyMs: 2 })
          recoveries.push(performance.now() - died.at)
        }
        expect(crm.countTasks()).toBeLessThan(tasks)
        await untilSettled(() => worker.ask('progress'))

        for (let kill = 0; kill < keeping; kill++) {
          const before = crm.keeping()
          await worker.ask('move')
          await until(`what is kept after ${kill} kills`, () => crm.keeping() > before, { everyMs: 2 })
          await killed()
          worker = await startWorker(options)
        }
        await until('all to be kept', async () => (await worker.ask('kept'))!['waiting'] === undefined)
        await worker.kill()

        const found = await place.use((database) => reckonTasks(database, tenant, crm, names))
        const [p50, p95] = [0.5, 0.95].map((share) => quantile(recoveries, share))
        await annotate(
          `${kills} kills, ${found.tasks} tasks of ${tasks}, ${found.repeated} made again, ${JSON.stringify(found.states)}, ${keeping} kills during ${found.kept ?? 0} records of them, written ${crm.keeping()} times, ${crm.calls()} calls, next task after p50 ${p50} ms, p95 ${p95} ms`,
        )
        expect(found).toMatchObject({
          states: { sent: tasks },
          tasks,
          lost: [],
          twice: [],
          untied: [],
          misnamed: [],
          kept: keeping === 0 ? null : tasks,
          unkept: [],
        })
        // Some were killed after they had reached the CRM and before the ledger knew, or nothing was tried here.
        expect(found.repeated).toBeGreaterThan(0)
      } finally {
        await crm.close()
        await place.remove()
      }
    },
  )
})

/** One offer for each of `count` companies, all due now. */
async function planTasks(
  database: Database,
  crm: TaskCrm,
  count: number,
): Promise<{ tenant: TenantId; names: ReadonlyMap<string, string> }> {
  const tenant = await addTenant(database, 'Acme')
  const companies = Array.from({ length: count }, (_, n) => ({
    id: crm.addCustomer(`Customer ${n}`),
    owner: crm.owners[n % crm.owners.length],
  }))
  const names = new Map<string, string>()
  await database.withTenant(tenant, async (tx) => {
    const connection = await createConnection(tx, {
      kind: crm.place.kind,
      name: 'A CRM',
      sandbox: true,
      config: { ...configOf(crm.place), builtIn: true },
      population: null,
    })
    await saveSettings(tx, SANDBOX, { expected: 0, author: 'test' })
    const customers = await tx.query<{ id: number; external_id: string }>(
      `insert into customers (tenant_id, connection_id, object, external_id, name, properties, properties_hash,
         group_key, group_name, responsible_id)
       select $1, $2, $4, r.id, 'Customer ' || r.id, '{}', '', r.id, 'policy', r.owner
       from json_to_recordset($3::json) r (id text, owner text) returning id, external_id`,
      [tenant, connection, JSON.stringify(companies), crm.object],
    )
    const planned = customers.map(({ id, external_id }) => {
      const one = plannedIntervention(
        { connection, customer: asCustomer(id) },
        { actionKey: 'discount_10', channel: 'task' },
      )
      names.set(one.id, external_id)
      return one
    })
    await planInterventions(tx, planned, new Date())
  })
  return { tenant, names }
}

/** The ledger held against what the CRM has. Ids of interventions in the lists. */
async function reckonTasks(
  database: Database,
  tenant: TenantId,
  crm: TaskCrm,
  names: ReadonlyMap<string, string>,
) {
  const rows = await database.withTenant(tenant, (tx) =>
    tx.query<{ id: string; state: string; provider: string; repeated: boolean }>(
      `select i.id, i.state, i.provider_id as provider, exists (
         select from intervention_events e where e.tenant_id = i.tenant_id and e.intervention_id = i.id
           and e.reason_code = 'task_repeated') as repeated
       from interventions i where i.tenant_id = $1`,
      [tenant],
    ),
  )
  const made = crm.tasks()
  const kept = crm.kept()
  const byKey = Map.groupBy(made, ({ key }) => key)
  const idsOf = (wrong: (row: (typeof rows)[number]) => boolean) => rows.filter(wrong).map(({ id }) => id)
  return {
    states: Object.fromEntries(
      [...Map.groupBy(rows, (row) => row.state)].map(([name, all]) => [name, all.length]),
    ),
    tasks: made.length,
    repeated: rows.filter(({ repeated }) => repeated).length,
    lost: idsOf(({ id }) => !byKey.has(id)),
    twice: idsOf(({ id }) => (byKey.get(id)?.length ?? 0) > 1),
    misnamed: idsOf(({ id, provider }) => byKey.get(id)?.[0].id !== provider),
    untied: idsOf(({ id, provider }) => {
      const tied = made.find((one) => one.id === provider)?.customers ?? []
      return tied.length !== 1 || tied[0] !== names.get(id)
    }),
    /** Records of interventions in the CRM; null: it keeps none. */
    kept: kept?.length ?? null,
    unkept: kept === null ? [] : idsOf(({ id }) => !kept.includes(id)),
  }
}

function quantile(values: readonly number[], share: number): number {
  return Math.round(values.toSorted((a, b) => a - b)[Math.ceil(share * values.length) - 1])
}
