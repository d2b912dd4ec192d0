/** The whole server with two companies in it, and everything that it answers to. */
import { PAGES, type Page } from '../../src/admin/pages.ts'
import { openEngines } from '../../src/loop/engines.ts'
import type { Engines } from '../../src/loop/services.ts'
import { readConfig } from '../../src/config.ts'
import { systemClock } from '../../src/contracts/clock.ts'
import { HoldfastError } from '../../src/contracts/errors.ts'
import { openSettingUp } from '../../src/control/setting-up.ts'
import type { SettingUp } from '../../src/control/setting-up-contract.ts'
import type { Service } from '../../src/service.ts'
import {
  asCustomer,
  type ConnectionId,
  type InterventionId,
  type RunId,
  type TenantId,
} from '../../src/contracts/ids.ts'
import { randomUUID } from 'node:crypto'
import { apiRoutes } from '../../src/server/api/routes.ts'
import { salesforceCallback } from '../../src/server/oauth/salesforce.ts'
import { pageRoutes } from '../../src/server/pages/routes.ts'
import type { Database } from '../../src/store/database.ts'
import { startRun } from '../../src/store/runs.ts'
import { activateTenant } from '../../src/store/tenants.ts'
import { BOOK_PROFILE, fillBook } from '../support/book.ts'
import { addTrainingRun } from '../../src/store/training-runs.ts'
import { addConnection, addTenant, openTestDatabase } from '../support/database.ts'
import { addIntervention } from '../support/ledger.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

/**
 * Everything that the server answers to and who may ask: scope of a key, role of a person. Written down once more, so
 * that nothing opens by a slip; a route that is not in here fails the first test.
 */
export const DOORS: Readonly<Record<string, string>> = {
  // Declared with their role in one list, which test/server/app-pages.test.ts looks at.
  ...Object.fromEntries(PAGES.map(({ path, role }: Page) => [`get ${path}`, `- ${role}`])),
  'get /app/assets/{file}': 'public',
  'get /app/mails/{id}': '- operator',
  'get /v1/frame': '- viewer',
  'get /crm/salesforce/card': 'crm -',
  'post /crm/salesforce/card/answer': 'crm -',
  'post /crm/salesforce/card/score': 'crm -',
  'get /crm/salesforce/customers': 'crm -',
  'get /crm/salesforce/settings': 'crm -',
  'post /crm/salesforce/settings': 'crm -',
  'post /crm/salesforce/pause': 'crm -',
  'post /crm/salesforce/flow': 'crm -',
  'post /v1/score': 'score viewer',
  'get /v1/overview': 'read viewer',
  'get /v1/customers': 'read viewer',
  'get /v1/customers/count': 'read viewer',
  'get /v1/customers/facets': 'read viewer',
  'get /v1/customers.csv': 'read viewer',
  'get /v1/customer-views': '- viewer',
  'post /v1/customer-views': '- viewer',
  'patch /v1/customer-views/{id}': '- viewer',
  'delete /v1/customer-views/{id}': '- viewer',
  'put /v1/customer-view-default': '- viewer',
  'get /v1/customers/{id}': 'read viewer',
  'get /v1/customers/{id}/timeline': 'read viewer',
  'get /v1/customers/{id}/try': 'read viewer',
  'post /v1/customers/{id}/try': 'score viewer',
  'get /v1/decisions': 'read viewer',
  'get /v1/decisions/{id}': 'read viewer',
  'get /v1/interventions': 'read viewer',
  'get /v1/interventions/{id}': 'read viewer',
  'post /v1/interventions': 'write operator',
  'post /v1/interventions/{id}/approve': 'write operator',
  'post /v1/interventions/{id}/reject': 'write operator',
  'post /v1/interventions/{id}/cancel': 'write operator',
  'post /v1/interventions/{id}/snooze': 'write operator',
  'post /v1/attention/resolve': 'write operator',
  'get /v1/interventions/{id}/message': 'read operator',
  'get /v1/approvals': 'read viewer',
  'post /v1/approvals/answers': 'write operator',
  'get /v1/attention': 'read viewer',
  'post /v1/attention/dismiss': 'write operator',
  'post /v1/attention/retry': 'write operator',
  'get /v1/badges': 'read viewer',
  'get /v1/funnel': 'read viewer',
  'get /v1/connections': 'read viewer',
  'get /v1/connections/{id}': 'read viewer',
  'get /v1/connections/{id}/counts': 'read viewer',
  'patch /v1/connections/{id}': 'admin admin',
  'post /v1/connections/{id}/check': 'write operator',
  'get /v1/connections/{id}/package': '- admin',
  'post /v1/connections/{id}/package/keys': '- admin',
  'post /v1/connections/{id}/disconnect': 'admin admin',
  'post /v1/connections/{id}/sync': 'write operator',
  'post /v1/connections/{id}/run': 'write operator',
  'post /v1/connections/{id}/pause': 'write operator',
  'post /v1/connections/{id}/resume': 'write admin',
  'get /v1/setup': 'read viewer',
  'post /v1/setup/steps/{step}/confirmation': 'admin admin',
  'post /v1/setup/look': '- admin',
  'post /v1/setup/connect': '- admin',
  'post /v1/setup/salesforce/sign-in': '- admin',
  'post /v1/setup/salesforce/answer': '- admin',
  'post /v1/setup/files': '- admin',
  'get /v1/connections/{id}/population': 'read operator',
  'post /v1/connections/{id}/population/preview': 'read operator',
  'put /v1/connections/{id}/population': 'admin admin',
  'get /v1/connections/{id}/responsible': 'read operator',
  'put /v1/connections/{id}/responsible': 'admin admin',
  'get /v1/connections/{id}/mapping': 'read viewer',
  'post /v1/connections/{id}/mapping/preview': 'read operator',
  'put /v1/connections/{id}/mapping': 'admin admin',
  'get /v1/connections/{id}/agreements': 'read operator',
  'post /v1/connections/{id}/agreements/preview': 'read operator',
  'put /v1/connections/{id}/agreements': 'admin admin',
  'post /v1/setup/levels': 'read operator',
  'post /v1/setup/actions': 'read operator',
  'get /v1/runs': 'read viewer',
  'get /v1/runs/{id}': 'read viewer',
  'get /v1/runs/{id}/customers': 'read viewer',
  'get /v1/events': '- viewer',
  'get /v1/settings': 'admin viewer',
  'put /v1/settings': 'admin admin',
  'patch /v1/settings': 'admin admin',
  'get /v1/settings/form': 'admin viewer',
  'get /v1/settings/versions': 'admin viewer',
  'get /v1/settings/versions/{version}': 'admin viewer',
  'get /v1/settings/diff': 'admin viewer',
  'post /v1/settings/versions/{version}/restore': 'admin admin',
  'get /v1/templates': 'admin viewer',
  'get /v1/templates/{channel}/{language}/{action}': 'admin viewer',
  'post /v1/templates/preview': 'admin operator',
  'post /v1/templates/preview/html': 'admin operator',
  'post /v1/templates/test': '- admin',
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
  'get /v1/models': 'read viewer',
  'post /v1/models': 'admin admin',
  'get /v1/models/{hash}': 'read viewer',
  'get /v1/models/{hash}/evaluation': 'read viewer',
  'get /v1/models/{hash}/comparison': 'read viewer',
  'post /v1/models/{hash}/promote': 'admin admin',
  'post /v1/models/{hash}/roll-back': 'admin admin',
  'get /v1/training': 'read viewer',
  'post /v1/training': 'admin admin',
  'post /v1/training/files': 'admin admin',
  'post /v1/training/look': 'admin admin',
  'get /v1/training/{id}': 'read viewer',
  'post /v1/training/{id}/cancel': 'admin admin',
  'get /v1/policy': 'admin viewer',
  'get /v1/policy/values': 'read viewer',
  'get /v1/rep-answers': 'read viewer',
  'get /v1/rep-answers/counts': 'read viewer',
  'get /v1/report': 'read viewer',
  'post /v1/what-if': 'read viewer',
  'post /v1/what-if/sweep': 'read viewer',
  'post /v1/what-if/customers': 'read viewer',
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
  'get /v1/groups/exempt': 'read viewer',
  'get /v1/webhooks': 'admin viewer',
  'post /v1/webhooks': 'admin admin',
  'patch /v1/webhooks/{webhook}': 'admin admin',
  'delete /v1/webhooks/{webhook}': 'admin admin',
  'post /v1/webhooks/{webhook}/secret': 'admin admin',
  'post /v1/webhooks/{webhook}/enable': 'admin admin',
  'post /v1/webhooks/{webhook}/test': 'admin admin',
  'get /v1/alerts': 'admin viewer',
  'post /v1/alerts/{id}/again': 'admin admin',
  'post /v1/alerts/test': 'admin admin',
  'get /v1/exports/{table}': 'export admin',
  'post /v1/people-data/search': 'admin admin',
  'post /v1/erasures': 'admin admin',
  'get /v1/erasures': 'admin admin',
  'post /v1/erasures/{id}/readmit': 'admin admin',
  'post /v1/data-exports': 'admin admin',
  'get /v1/data-exports': 'admin admin',
  'post /v1/data-exports/{id}/download': 'admin admin',
  'get /v1/retention': 'admin viewer',
  'get /v1/session': '- viewer',
  'post /v1/session/company': '- viewer',
  'delete /v1/session': '- viewer',
  'get /v1/sessions': '- viewer',
  'delete /v1/sessions': '- viewer',
  'delete /v1/sessions/{id}': '- viewer',
  'get /v1/people': '- admin',
  'post /v1/people': '- admin',
  'patch /v1/people/{id}': '- admin',
  'delete /v1/people/{id}': '- admin',
  'post /v1/people/{id}/link': '- admin',
  'delete /v1/people/{id}/sessions': '- admin',
  'get /v1/api-keys': '- admin',
  'post /v1/api-keys': '- admin',
  'delete /v1/api-keys/{id}': '- admin',
  'get /v1/audit': 'admin admin',
  'get /': 'public',
  'get /customers': 'public',
  'get /customers/{id}': 'public',
  'get /outbox': 'public',
  'get /outbox/{id}': 'public',
  'get /inbox': '- operator',
  'get /inbox/{id}': '- operator',
  'get /inbox/{id}/mail': '- operator',
  'get /sending': 'public',
  'get /texts': '- operator',
  'get /texts/{id}': '- operator',
  'get /preview': 'public',
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
  'post /sign-in/password': 'public',
  'get /sign-in/service': 'public',
  'get /sign-in/service/callback': 'public',
  'post /sign-out': '- viewer',
  'post /company': '- viewer',
  'get /u/{token}': 'public',
  'post /u/{token}': 'public',
  'post /webhooks/hubspot': 'public',
  'get /oauth/hubspot/install': '- admin',
  'get /oauth/hubspot/callback': '- admin',
  'get /oauth/salesforce/callback': 'public',
  'get /openapi.json': 'public',
  'get /docs': 'public',
  'get /assets/{file}': 'public',
  // Whoever HubSpot signs for: a signature is the door, and each says itself what it shows to whom.
  'get /crm/hubspot/card': 'public',
  'post /crm/hubspot/card/answer': 'public',
  'post /crm/hubspot/card/score': 'public',
  'get /crm/hubspot/customers': 'public',
  'post /crm/hubspot/bulk': 'public',
  'get /crm/hubspot/settings': 'public',
  'post /crm/hubspot/settings': 'public',
  'post /crm/hubspot/pause': 'public',
  'post /crm/hubspot/workflow/score': 'public',
  'post /crm/hubspot/workflow/decide': 'public',
  'post /crm/hubspot/workflow/intervene': 'public',
  'all /admin/queues': '- admin installation',
}

/** As browsers say it of our own pages. */
export const SAME_SITE = { 'sec-fetch-site': 'same-origin' }

export interface Place {
  readonly tenant: TenantId
  readonly connection: ConnectionId
  readonly customer: number
  readonly intervention: InterventionId
  readonly run: RunId
  /** Waits for ever: nobody trains here. */
  readonly training: string
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
  const engines = openEngines({ threads: 1, dataFolder: 'there is none' })
  const absent = () => Promise.reject(new Error('there is no queue in this test'))
  const server = await startTestServer(
    database,
    [...apiRoutes, ...pageRoutes, salesforceCallback(() => absent())],
    {},
    {
      engines,
      queue: { wake: () => undefined, counts: absent, queues: [] },
      settingUp: withoutCrm(database, engines),
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
      await engines.close()
      await database.close()
    },
  }
}

/** What sets connections up, in a place where no CRM answers: who may ask is settled before. */
export function withoutCrm(database: Database, engines: Engines): SettingUp {
  const away = new HoldfastError('connector_unavailable', 'No CRM answers in this test.', { retryable: true })
  const service = {
    database,
    engines,
    clock: systemClock,
    config: readConfig({ HOLDFAST_DATA: 'there is none' }),
    connectors: { can: () => false, open: () => Promise.reject(away) },
    hubspot: {
      app: {
        consentUrl: () => 'https://app.hubspot.com/oauth/authorize',
        exchange: () => Promise.reject(away),
        revoke: () => Promise.reject(away),
      },
    },
    salesforce: { web: { begin: () => Promise.reject(away), look: () => Promise.reject(away) } },
    publicUrl: null,
  }
  return openSettingUp(service as unknown as Service, () => undefined)
}

async function addPlace(database: Database, name: string): Promise<Place> {
  const tenant = await addTenant(database, name)
  const connection = await addConnection(database, tenant)
  const { first } = await fillBook(database, tenant, connection, { count: 3, decided: 1 })
  await database.withTenant(tenant, (tx) =>
    tx.query('update connections set profile = $2 where id = $1', [connection, BOOK_PROFILE]),
  )
  const place = { tenant, connection, customer: asCustomer(first) }
  const intervention = await addIntervention(database, place, { state: 'awaiting_approval' })
  const run = await database.withTenant(tenant, (tx) =>
    startRun(tx, { connection, step: 'score', cause: 'api' }),
  )
  const training = randomUUID()
  await database.withTenant(tenant, (tx) =>
    addTrainingRun(tx, {
      id: training,
      by: 'a test',
      source: 'connection',
      sourceName: name,
      file: null,
      connection,
      request: {},
      place: null,
    }),
  )
  return { tenant, connection, customer: first, intervention, run, training }
}
