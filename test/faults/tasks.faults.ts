import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { startHubSpotSandbox, type HubSpotSandbox } from '../../connectors/hubspot/sandbox/server.ts'
import { random } from '../../models/random.ts'
import { asCustomer, type TenantId } from '../../src/contracts/ids.ts'
import type { Database } from '../../src/store/database.ts'
import { planInterventions } from '../../src/store/interventions.ts'
import { saveSettings } from '../../src/store/settings-versions.ts'
import { SANDBOX } from '../support/acting.ts'
import { addConnection, addTenant, databaseKind } from '../support/database.ts'
import { plannedIntervention } from '../support/ledger.ts'
import { openWorkerHubSpot } from './hubspot.ts'
import { openPlace } from './place.ts'
import { isSettled, killAll, startWorker, until } from './process.ts'

const TASKS = 500
const KILLS = 20

afterEach(killAll)

describe(`a worker that is killed while it makes tasks in HubSpot (${databaseKind})`, () => {
  it(`${KILLS} times during ${TASKS} tasks loses none, makes none twice, and leaves none in doubt`, async ({
    annotate,
  }) => {
    const chance = random(11)
    const place = await openPlace()
    const sandbox = await startHubSpotSandbox({
      clock: () => new Date(),
      // Not what is tried here: at HubSpot's own pace it would take minutes more.
      limits: { privateApp: Infinity, daily: Infinity },
    })
    await provision(sandbox)
    slow(sandbox)
    try {
      const { tenant, names } = await place.use((database) => planTasks(database, sandbox, TASKS))
      const options = {
        address: place.address,
        inbox: null,
        hubspot: { url: sandbox.url, token: sandbox.privateAppToken(), portal: sandbox.portal },
        tenant,
        timeoutMs: 4000,
        leases: { prepareMs: 2000, marginMs: 1000, taskMs: 4000 },
        role: 'all' as const,
        alone: true,
      }
      const count = () => sandbox.state.ids('tasks').length
      const recoveries: number[] = []
      let worker = await startWorker(options)
      for (let kill = 0; kill < KILLS; kill++) {
        const goal = count() + 1 + chance.integer(16)
        await until(`task ${goal} after ${kill} kills`, () => count() >= goal, { everyMs: 2 })
        await sleep(40 * chance.next())
        await worker.kill()
        expect(worker.ended).toEqual({ code: null, signal: 'SIGKILL' })
        const died = { at: performance.now(), count: count() }
        worker = await startWorker(options)
        await until('the next task', () => count() > died.count, { everyMs: 2 })
        recoveries.push(performance.now() - died.at)
      }
      expect(count()).toBeLessThan(TASKS)
      await until('the end', async () => isSettled(await worker.ask('progress')))
      await worker.kill()

      const found = await place.use((database) => reckonTasks(database, tenant, sandbox, names))
      const [p50, p95] = [0.5, 0.95].map((share) => quantile(recoveries, share))
      await annotate(
        `${KILLS} kills, ${found.tasks} tasks of ${TASKS}, ${found.repeated} made again, ${JSON.stringify(found.states)}, ${sandbox.requests().length} calls, next task after p50 ${p50} ms, p95 ${p95} ms`,
      )
      expect(found).toMatchObject({
        states: { sent: TASKS },
        tasks: TASKS,
        lost: [],
        twice: [],
        untied: [],
        misnamed: [],
      })
      // Some were killed after they had reached HubSpot and before the ledger knew, or nothing was tried here.
      expect(found.repeated).toBeGreaterThan(0)
    } finally {
      await sandbox.close()
      await place.remove()
    }
  })
})

/** What connecting a portal does before anything is written there. */
async function provision(sandbox: HubSpotSandbox): Promise<void> {
  const connector = openWorkerHubSpot({
    url: sandbox.url,
    token: sandbox.privateAppToken(),
    portal: sandbox.portal,
  })
  await connector.provision?.()
  await connector.close()
}

/** Answers late, so that many a death falls between what HubSpot did and what the worker hears of it. */
function slow(sandbox: HubSpotSandbox): void {
  sandbox.faults.inject({
    path: /\/tasks\/batch\/upsert$/,
    times: Infinity,
    effect: { kind: 'slow', ms: 40 },
  })
}

/** One offer for each of `count` companies, all due now. */
async function planTasks(
  database: Database,
  sandbox: HubSpotSandbox,
  count: number,
): Promise<{ tenant: TenantId; names: ReadonlyMap<string, string> }> {
  const owners = ['501', '502', '503']
  const at = '2026-01-01T00:00:00Z'
  for (const id of owners)
    sandbox.state.setOwner({
      id,
      firstName: 'Rep',
      lastName: id,
      email: `rep-${id}@acme.example`,
      userId: Number(id),
      archived: false,
      createdAt: at,
      updatedAt: at,
    })
  const tenant = await addTenant(database, 'Acme')
  const connection = await addConnection(database, tenant, {
    kind: 'hubspot',
    name: 'HubSpot',
    sandbox: true,
    config: { portal: sandbox.portal, object: 'companies', auth: 'private_app', tier: 'pro', builtIn: true },
  })
  const companies = Array.from({ length: count }, (_, n) => ({
    id: sandbox.state.createRecord('companies', { name: `Customer ${n}` }),
    owner: owners[n % owners.length],
  }))
  const names = new Map<string, string>()
  await database.withTenant(tenant, async (tx) => {
    await saveSettings(tx, SANDBOX, { expected: 0, author: 'test' })
    const customers = await tx.query<{ id: number; external_id: string }>(
      `insert into customers (tenant_id, connection_id, object, external_id, name, properties, properties_hash,
         group_key, group_name, responsible_id)
       select $1, $2, 'companies', r.id, 'Customer ' || r.id, '{}', '', r.id, 'policy', r.owner
       from json_to_recordset($3::json) r (id text, owner text) returning id, external_id`,
      [tenant, connection, JSON.stringify(companies)],
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

/** The ledger held against what HubSpot has. Ids of interventions in the lists. */
async function reckonTasks(
  database: Database,
  tenant: TenantId,
  { state }: HubSpotSandbox,
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
  const made = state
    .ids('tasks')
    .map((id) => ({ id, key: state.record('tasks', id)!.properties['holdfast_key'] }))
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
      const tied = state.associated('tasks', provider, 'companies').map((one) => one.id)
      return tied.length !== 1 || tied[0] !== names.get(id)
    }),
  }
}

function quantile(values: readonly number[], share: number): number {
  return Math.round(values.toSorted((a, b) => a - b)[Math.ceil(share * values.length) - 1])
}
