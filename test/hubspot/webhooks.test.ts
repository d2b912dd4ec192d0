/**
 * What HubSpot pushes, each request ten times, in any order, a fifth of it stale and some of it forged, while people
 * work in the portal: what is stored in the end equals what a fresh reading of the portal stores.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { HubSpotConfigInput } from '../../connectors/hubspot/config.ts'
import { seedSample } from '../../connectors/hubspot/sandbox/sample.ts'
import { startWebhooks, type WebhookSubscription } from '../../connectors/hubspot/sandbox/webhooks.ts'
import { random } from '../../models/random.ts'
import type { ConnectionId, TenantId } from '../../src/contracts/ids.ts'
import { openConnectors } from '../../src/loop/connectors.ts'
import { refresh } from '../../src/loop/refresh.ts'
import type { LoopServices, LoopStep, StepName } from '../../src/loop/services.ts'
import { sync } from '../../src/loop/sync.ts'
import { createConnection } from '../../src/store/connections.ts'
import type { Database } from '../../src/store/database.ts'
import { startRun } from '../../src/store/runs.ts'
import { startReading } from '../connectors/hubspot/reading.ts'
import { addTenant, databaseKind, openTestDatabase } from '../support/database.ts'
import { shareOf } from '../support/share.ts'
import { startTestServer } from '../support/server.ts'

/** Each once, on one of the two. */
const SEEDS = shareOf(databaseKind === 'embedded' ? [1, 3, 5] : [2, 4])
const CHANGES = 400
const CUSTOMERS = 150
const CONFIG: Partial<HubSpotConfigInput> = {
  agreements: { from: 'deals', pipeline: null, stages: [], periodMonths: 12, renewalProperty: 'closedate' },
}
const of = (objectType: string, ...names: readonly string[]): readonly WebhookSubscription[] => [
  ...['creation', 'deletion', 'restore', 'merge', 'associationChange'].map((event) => ({
    subscriptionType: `object.${event}`,
    objectType,
  })),
  ...names.map((propertyName) => ({ subscriptionType: 'object.propertyChange', objectType, propertyName })),
]
const SUBSCRIPTIONS: readonly WebhookSubscription[] = [
  ...of('company', 'support_tickets', 'failed_payments', 'lifecyclestage'),
  ...of('contact', 'email', 'jobtitle'),
  ...of('deal', 'amount', 'closedate'),
  { subscriptionType: 'contact.privacyDeletion' },
]

let database: Database
beforeAll(async () => {
  database = await openTestDatabase()
})
afterAll(() => database.close())

describe('webhooks ten times, shuffled, stale and forged', () => {
  it.each(SEEDS)('leave what a fresh reading leaves (seed %i)', async (seed) => {
    const portal = await startReading({
      seed: (state) => void seedSample(state, { customers: CUSTOMERS, seed }),
      indexLagMs: 300,
    })
    const { sandbox } = portal
    const { state } = sandbox
    const tenant = await addTenant(database)
    const appKeys: { secret: string; base: string }[] = []
    const server = await startTestServer(
      database,
      [],
      {},
      {
        appKeys,
        connectors: openConnectors({ hubspot: () => portal.open(CONFIG) }),
      },
    )
    const targetUrl = `${server.url}/webhooks/hubspot`
    appKeys.push({ secret: sandbox.app.clientSecret, base: server.url })
    const webhooks = startWebhooks(sandbox, {
      targetUrl,
      subscriptions: SUBSCRIPTIONS,
      gatherMs: 5,
      sleep: async () => {},
      seed,
    })
    webhooks.faults.duplicates(9)
    webhooks.faults.disorder(true)
    webhooks.faults.stale(0.2)
    const run = runner(server.services, tenant)
    const connection = await connect(tenant, sandbox.portal)
    await run(sync, 'sync', connection)

    const rng = random(seed)
    const draw = (all: readonly string[]): string => all[Math.floor(rng.next() * all.length)]
    const kind = (): 'companies' | 'contacts' | 'deals' =>
      (['companies', 'contacts', 'deals'] as const)[Math.floor(rng.next() * 3)]
    const archived: [string, string][] = []
    for (let change = 0; change < CHANGES; change++) {
      const what = rng.next()
      const type = kind()
      const id = draw(state.ids(type))
      if (what < 0.6) state.updateRecord(type, id, valuesOf(type, Math.floor(rng.next() * 50)))
      else if (what < 0.68) {
        state.archiveRecord(type, id)
        archived.push([type, id])
      } else if (what < 0.74) {
        const [back] = archived.splice(Math.floor(rng.next() * archived.length), 1)
        if (back !== undefined && state.record(...back) !== null) state.restoreRecord(...back)
      } else if (what < 0.8 && type !== 'deals') {
        const other = draw(state.ids(type))
        if (other !== id) state.mergeRecords(type, id, other, undefined, { newId: rng.next() < 0.5 })
      } else if (what < 0.83) state.eraseRecord('contacts', draw(state.ids('contacts')))
      else if (what < 0.9) {
        const made = state.createRecord('deals', { dealname: 'One more', ...valuesOf('deals', 7) })
        state.associate('deals', made, 'companies', draw(state.ids('companies')), 341)
      } else
        state.associate('contacts', draw(state.ids('contacts')), 'companies', draw(state.ids('companies')), 1)
      if (change % 40 === 0) await run(refresh, 'refresh', connection)
      if (change % 150 === 0) await run(sync, 'sync', connection)
      if (change % 100 === 0)
        expect(await webhooks.faults.forge([{ portalId: Number(sandbox.portal) }], 'guessed')).toBe(401)
    }
    await webhooks.idle()
    for (;;) if ((await run(refresh, 'refresh', connection))['hints'] === 0) break

    const fresh = await connect(tenant, null)
    await run(sync, 'sync', fresh)
    const [kept, wanted] = [await view(tenant, connection), await view(tenant, fresh)]
    expect(kept.customers).toEqual(wanted.customers)
    expect(kept.agreements).toEqual(wanted.agreements)
    expect(kept.recipients).toEqual(wanted.recipients)
    await webhooks.stop()
    await server.close()
    await sandbox.close()
  })
})

const valuesOf = (type: 'companies' | 'contacts' | 'deals', value: number) =>
  ({
    companies: {
      support_tickets: value,
      failed_payments: value % 5,
      ...(value % 10 === 0 ? { lifecyclestage: value === 0 ? 'lead' : 'customer' } : {}),
    },
    contacts: { email: `someone${value}-${type}@example.com`, jobtitle: `Role ${value % 4}` },
    deals: { amount: value * 100, closedate: `2027-01-${String((value % 28) + 1).padStart(2, '0')}` },
  })[type]

function runner(services: LoopServices, tenant: TenantId) {
  return async (step: LoopStep, name: StepName, connection: ConnectionId) => {
    const id = await database.withTenant(tenant, (tx) =>
      startRun(tx, { connection, step: name, cause: 'cli' }),
    )
    const { signal } = new AbortController()
    return step(services, { tenant, connection, run: id, cause: 'cli', signal, progress: () => undefined })
  }
}

const connect = (tenant: TenantId, externalId: string | null): Promise<ConnectionId> =>
  database.withTenant(tenant, (tx) =>
    createConnection(tx, {
      kind: 'hubspot',
      name: 'A portal',
      sandbox: true,
      externalId,
      config: {},
      population: { kind: 'property', property: 'lifecyclestage', values: ['customer'] },
    }),
  )

/** What is stored of those who are there, in an order of its own. */
function view(tenant: TenantId, connection: ConnectionId) {
  return database.withTenant(tenant, async (tx) => {
    const ask = (columns: string, from: string, order: string) =>
      tx.query<Record<string, unknown>>(
        `select c.external_id as customer, ${columns} from customers c ${from}
         where c.tenant_id = $1 and c.connection_id = $2 and c.status <> 'deleted' order by c.external_id ${order}`,
        [tenant, connection],
      )
    const joined = (table: string): string =>
      `join ${table} x on x.tenant_id = c.tenant_id and x.customer_id = c.id and c.status = 'active'`
    return {
      customers: await ask('c.name, c.status, c.properties', '', ''),
      agreements: await ask(
        'x.external_id, x.amount_minor, x.renewal_date',
        joined('agreements'),
        ', x.external_id',
      ),
      recipients: await ask(
        'x.external_id, x.email, x.role, x.rank',
        joined('recipients'),
        ', x.external_id',
      ),
    }
  })
}
