/** The whole server with two companies in it, and everything that it answers to. */
import { asCustomer, type ConnectionId, type InterventionId, type TenantId } from '../../src/contracts/ids.ts'
import { apiRoutes } from '../../src/server/api/routes.ts'
import { salesforceCallback } from '../../src/server/oauth/salesforce.ts'
import { pageRoutes } from '../../src/server/pages/routes.ts'
import type { Database } from '../../src/store/database.ts'
import { activateTenant } from '../../src/store/tenants.ts'
import { fillBook } from '../support/book.ts'
import { addConnection, addTenant, openTestDatabase } from '../support/database.ts'
import { addIntervention } from '../support/ledger.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

/**
 * Everything that the server answers to and who may ask: scope of a key, role of a person. Written down once more, so
 * that nothing opens by a slip; a route that is not in here fails the first test.
 */
export const DOORS: Readonly<Record<string, string>> = {
  'post /v1/score': 'score viewer',
  'get /v1/customers': 'read viewer',
  'get /v1/customers/{id}': 'read viewer',
  'get /v1/decisions': 'read viewer',
  'get /v1/decisions/{id}': 'read viewer',
  'get /v1/interventions': 'read viewer',
  'get /v1/interventions/{id}': 'read viewer',
  'post /v1/interventions': 'write operator',
  'post /v1/interventions/{id}/approve': 'write operator',
  'post /v1/interventions/{id}/reject': 'write operator',
  'post /v1/interventions/{id}/cancel': 'write operator',
  'post /v1/interventions/{id}/snooze': 'write operator',
  'get /v1/connections': 'read viewer',
  'post /v1/connections/{id}/sync': 'write operator',
  'post /v1/connections/{id}/pause': 'write operator',
  'post /v1/connections/{id}/resume': 'write admin',
  'get /v1/runs': 'read viewer',
  'get /v1/settings': 'admin viewer',
  'put /v1/settings': 'admin admin',
  'get /v1/standing': 'read viewer',
  'post /v1/activation': 'admin admin',
  'get /v1/holds': 'read viewer',
  'get /v1/customers/{id}/holds': 'read viewer',
  'post /v1/customers/{id}/holds': 'write operator',
  'post /v1/customers/{id}/holds/release': 'write operator',
  'get /v1/suppressed': 'read viewer',
  'get /v1/budget': 'read viewer',
  'get /v1/interventions/{id}/budget': 'read viewer',
  'post /v1/pause': 'admin operator',
  'post /v1/resume': 'admin admin',
  'post /v1/kill-switch': 'admin operator',
  'delete /v1/kill-switch': 'admin admin',
  'get /v1/policy': 'admin viewer',
  'post /v1/preview': 'read operator',
  'get /v1/offers': 'read viewer',
  'get /v1/offers/{code}': 'read viewer',
  'post /v1/offers/{code}/redemptions': 'write operator',
  'post /v1/billing-secret': 'admin admin',
  'post /v1/offer-redemptions': 'write operator',
  'get /v1/offer-pools': 'read viewer',
  'post /v1/offer-pools/{pool}/codes': 'admin admin',
  'delete /v1/offer-pools/{pool}/codes': 'admin admin',
  'get /v1/groups': 'read viewer',
  'get /v1/groups/power': 'read viewer',
  'get /v1/webhooks': 'admin viewer',
  'post /v1/webhooks': 'admin admin',
  'delete /v1/webhooks/{webhook}': 'admin admin',
  'post /v1/webhooks/{webhook}/secret': 'admin admin',
  'post /v1/webhooks/{webhook}/enable': 'admin admin',
  'post /v1/webhooks/{webhook}/test': 'admin admin',
  'get /v1/alerts': 'admin viewer',
  'get /v1/exports/{table}': 'export admin',
  'get /': '- viewer',
  'get /customers': '- viewer',
  'get /customers/{id}': '- viewer',
  'get /outbox': '- viewer',
  'get /outbox/{id}': '- viewer',
  'get /outbox/{id}/mail': '- viewer',
  'post /outbox/{id}/approve': '- operator',
  'post /outbox/{id}/reject': '- operator',
  'post /outbox/{id}/snooze': '- operator',
  'get /inbox': '- viewer',
  'get /inbox/{id}': '- viewer',
  'get /inbox/{id}/mail': '- viewer',
  'get /sending': '- viewer',
  'get /texts': '- viewer',
  'get /texts/{id}': '- viewer',
  'get /preview': '- operator',
  'post /sending/{scope}/{name}/pause': '- operator',
  'post /sending/{scope}/{name}/resume': '- admin',
  'post /sending/stop': '- operator',
  'post /sending/release': '- admin',
  'post /pause': '- operator',
  'post /resume': '- admin',
  'post /activate': '- admin',
  'post /connections/{id}/run': '- operator',
  'post /customers/{id}/hold': '- operator',
  'post /customers/{id}/release': '- operator',
  'post /inbox/{id}/answer': '- operator',
  'post /sms/{token}/inbound': 'public',
  'post /sms/{token}/status': 'public',
  'post /texts/{id}/answer': '- operator',
  'post /webhooks/billing/{tenant}': 'public',
  'post /webhooks/mail/{tenant}/mailgun': 'public',
  'post /webhooks/mail/{tenant}/sendgrid': 'public',
  'get /healthz': 'public',
  'get /readyz': 'public',
  'get /metrics': 'metrics admin installation',
  'get /sign-in': 'public',
  'post /sign-in': 'public',
  'post /sign-out': '- viewer',
  'post /company': '- viewer installation',
  'get /u/{token}': 'public',
  'post /u/{token}': 'public',
  'post /webhooks/hubspot': 'public',
  'get /oauth/salesforce/callback': 'public',
  'get /openapi.json': 'public',
  'get /docs': 'public',
  'get /assets/{file}': 'public',
  'all /admin/queues': '- admin installation',
}

/** As browsers say it of our own pages. */
export const SAME_SITE = { 'sec-fetch-site': 'same-origin' }

export interface Place {
  readonly tenant: TenantId
  readonly connection: ConnectionId
  readonly customer: number
  readonly intervention: InterventionId
}

export interface Companies {
  readonly database: Database
  readonly server: TestServer
  readonly here: Place
  /** Activated. */
  readonly there: Place
  close(): Promise<void>
}

export async function openCompanies(): Promise<Companies> {
  const database = await openTestDatabase()
  const absent = () => Promise.reject(new Error('there is no queue in this test'))
  const server = await startTestServer(
    database,
    [...apiRoutes, ...pageRoutes(), salesforceCallback(() => absent())],
    {},
    {
      queue: { wake: () => undefined, counts: absent, queues: [] },
      inbox: { list: () => [], read: () => null, clear: () => undefined },
      texts: {
        accountSid: '',
        authToken: '',
        list: () => [],
        read: () => null,
        receive: async () => ({ status: null, answer: null }),
      },
    },
  )
  const here = await addPlace(database, 'Here')
  const there = await addPlace(database, 'There')
  await database.withTenant(there.tenant, (tx) => activateTenant(tx, there.tenant))
  return {
    database,
    server,
    here,
    there,
    close: async () => {
      await server.close()
      await database.close()
    },
  }
}

async function addPlace(database: Database, name: string): Promise<Place> {
  const tenant = await addTenant(database, name)
  const connection = await addConnection(database, tenant)
  const { first } = await fillBook(database, tenant, connection, { count: 3, decided: 1 })
  const place = { tenant, connection, customer: asCustomer(first) }
  const intervention = await addIntervention(database, place, { state: 'awaiting_approval' })
  return { tenant, connection, customer: first, intervention }
}
