import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { z } from 'zod'
import {
  asCustomer,
  type ConnectionId,
  type InterventionId,
  type RunId,
  type TenantId,
} from '../../../src/contracts/ids.ts'
import { apiRoutes } from '../../../src/server/api/routes.ts'
import { describeApi } from '../../../src/server/openapi.ts'
import { refreshStatistics } from '../../../src/store/statistics.ts'
import { requestStep } from '../../../src/store/steps.ts'
import { endRun, startRun } from '../../../src/store/runs.ts'
import { ask, startTestApi, type TestApi } from '../../support/api.ts'
import { BOOK_PROFILE, fillBook } from '../../support/book.ts'
import { addConnection, addTenant, databaseKind } from '../../support/database.ts'
import { addIntervention } from '../../support/ledger.ts'

let api: TestApi
let tenant: TenantId
let connection: ConnectionId
let key: string
let first: number
let intervention: InterventionId
const waiting: InterventionId[] = []
let decision: number
let scoring: RunId

beforeAll(async () => {
  api = await startTestApi()
  const { database } = api
  tenant = await addTenant(database)
  connection = await addConnection(database, tenant)
  ;({ first } = await fillBook(database, tenant, connection, { count: 120, decided: 1 }))
  await database.asSystem('a test', refreshStatistics)
  const place = { tenant, connection, customer: asCustomer(first + 1) }
  intervention = await addIntervention(database, place, { state: 'awaiting_approval' })
  for (let n = 0; n < 4; n++)
    waiting.push(await addIntervention(database, place, { state: 'awaiting_approval' }))
  await database.withTenant(tenant, async (tx) => {
    ;[{ id: decision }] = await tx.query<{ id: number }>('select max(id) as id from decisions')
    await tx.query('update connections set profile = $2 where id = $1', [connection, BOOK_PROFILE])
    await requestStep(tx, { connection, step: 'sync', cause: 'first' })
    await endRun(tx, await startRun(tx, { connection, step: 'sync', cause: 'first' }), {
      status: 'failed',
      error: { code: 'input_missing', message: 'There is no file.' },
    })
    scoring = await startRun(tx, { connection, step: 'score', cause: 'sync' })
    await tx.query(
      `insert into steps (tenant_id, connection_id, step, error_code, error_message)
       values ($1, $2, 'score', 'internal', 'There is no model.')`,
      [tenant, connection],
    )
    await tx.query(
      `insert into agreements (tenant_id, customer_id, external_id, amount_minor, currency, period_months,
         monthly_minor, start_date, renewal_date, auto_renewal)
       values ($1, $2, 'properties', 120000, 'EUR', 12, 10000, '2025-01-01', '2026-12-31', true)`,
      [tenant, first + 1],
    )
    await tx.query(
      `insert into rep_answers (tenant_id, customer_id, connection_id, intervention_id, action_key, answer, reason, note,
         actor, answered_at)
       values ($1, $2, $3, gen_random_uuid(), 'email', 'not_right', 'wrong_time', 'Later.', 'user:ann', now())`,
      [tenant, first + 1, connection],
    )
    await tx.query(
      `insert into recipients (tenant_id, customer_id, external_id, name, email, email_hash)
       values ($1, $2, 'p1', 'Grace', 'grace@example.com', '\\x01')`,
      [tenant, first + 1],
    )
  })
  key = await api.key(tenant)
})
afterAll(() => api.close())

interface Call {
  readonly path?: string
  readonly body?: unknown
  readonly headers?: Record<string, string>
  /** Default: any that is described. */
  readonly status?: number
}

/** An answer of a person to one that waits for approval. */
const said = (verb: string, at: number, body: object): Call => ({
  path: `/v1/interventions/${waiting[at]}/${verb}`,
  body,
  status: 200,
})

/** By method and path; more than one call where an answer has several shapes. */
const calls = (): Readonly<Record<string, readonly Call[]>> => ({
  'post /v1/score': [
    { body: { features: { tenureMonths: 3, contract: 'Month-to-month', recurringAmount: 60 } } },
    { body: { id: first } },
    {
      body: {
        connection,
        customers: [{ id: first }, { id: 999_999_999 }, { features: { tenureMonths: 1 } }, 7],
      },
    },
  ],
  'get /v1/customers': [{}, { path: '/v1/customers?sort=probability&level=HIGH&limit=2' }],
  'get /v1/customers/count': [{}, { path: '/v1/customers/count?minValue=5000&level=HIGH' }],
  'get /v1/customers/facets': [{}, { path: '/v1/customers/facets?q=customer' }],
  'get /v1/customers/{id}': [{ path: `/v1/customers/${first + 1}` }],
  'get /v1/overview': [{}],
  'get /v1/customers/{id}/timeline': [{ path: `/v1/customers/${first + 1}/timeline?limit=3` }],
  'get /v1/customers/{id}/try': [{ path: `/v1/customers/${first + 1}/try` }],
  'post /v1/customers/{id}/try': [
    { path: `/v1/customers/${first + 1}/try`, body: { changes: { tenureMonths: 30, contract: 'Two year' } } },
  ],
  'get /v1/decisions': [{ path: '/v1/decisions?limit=3&period=2026-11' }],
  'get /v1/decisions/{id}': [{ path: `/v1/decisions/${decision}` }],
  'get /v1/interventions': [{ path: '/v1/interventions?state=awaiting_approval' }],
  'get /v1/interventions/{id}': [{ path: `/v1/interventions/${intervention}` }],
  'post /v1/interventions/{id}/approve': [said('approve', 0, {})],
  'post /v1/interventions/{id}/reject': [said('reject', 1, { note: 'They have left.' })],
  'post /v1/interventions/{id}/cancel': [said('cancel', 2, {})],
  'post /v1/interventions/{id}/snooze': [said('snooze', 3, { until: soon() })],
  'get /v1/interventions/{id}/message': [{ path: `/v1/interventions/${intervention}/message` }],
  'post /v1/attention/resolve': [
    { body: { items: [intervention], as: 'sent', reason: 'It is in the log.' }, status: 200 },
  ],
  'get /v1/approvals': [{}, { path: '/v1/approvals?sort=expiry&limit=1' }],
  'post /v1/approvals/answers': [{ body: { answer: 'reject', items: [{ id: intervention }] }, status: 200 }],
  'get /v1/attention': [{}],
  'post /v1/attention/dismiss': [{ body: { items: [{ key: 'ratio' }] }, status: 200 }],
  'post /v1/attention/retry': [{ body: { key: `step:${connection}:score` }, status: 202 }],
  'get /v1/badges': [{}],
  'get /v1/funnel': [{}, { path: '/v1/funnel?from=2026-11-01&to=2026-12-01&channel=email' }],
  'post /v1/customers/{id}/holds': [
    {
      path: `/v1/customers/${first + 2}/holds`,
      body: { reason: 'We talk to them next week.', until: soon() },
    },
  ],
  'get /v1/customers/{id}/holds': [{ path: `/v1/customers/${first + 2}/holds` }],
  'get /v1/rep-answers': [{}, { path: '/v1/rep-answers?answer=not_right&limit=1' }],
  'get /v1/rep-answers/counts': [{}, { path: '/v1/rep-answers/counts?from=2026-11-01' }],
  'get /v1/holds': [{ path: '/v1/holds?limit=1' }],
  'post /v1/customers/{id}/holds/release': [{ path: `/v1/customers/${first + 2}/holds/release` }],
  'get /v1/suppressed': [{}, { path: '/v1/suppressed?by=week' }],
  'get /v1/budget': [{}, { path: '/v1/budget?at=2026-11-20T06:00:00Z' }],
  'get /v1/interventions/{id}/budget': [{ path: `/v1/interventions/${intervention}/budget` }],
  'get /v1/audit': [{}, { path: '/v1/audit?action=api_key&limit=2' }],
  'get /v1/groups': [{}],
  'get /v1/groups/exempt': [{}],
  'get /v1/groups/power': [{}, { path: '/v1/groups/power?holdout=0.2&usual=0' }],
  'post /v1/webhooks': [{ body: { name: 'Data team', url: 'https://hooks.example.com/in' } }],
  'get /v1/webhooks': [{}],
  'get /v1/alerts': [{}],
  'post /v1/activation': [{ body: { confirm: true } }],
  'post /v1/interventions': [
    { body: { customer: first + 1, action: 'email' }, headers: { 'idempotency-key': randomUUID() } },
  ],
  'get /v1/connections': [{}],
  'get /v1/connections/{id}': [{ path: `/v1/connections/${connection}` }],
  'get /v1/connections/{id}/counts': [{ path: `/v1/connections/${connection}/counts` }],
  'patch /v1/connections/{id}': [{ path: `/v1/connections/${connection}`, body: { name: 'Another name' } }],
  'post /v1/connections/{id}/sync': [{ path: `/v1/connections/${connection}/sync` }],
  'post /v1/connections/{id}/run': [
    { path: `/v1/connections/${connection}/run`, body: { step: 'write_back' } },
  ],
  'post /v1/connections/{id}/pause': [
    { path: `/v1/connections/${connection}/pause`, body: { reason: 'The file is being moved.' } },
  ],
  'post /v1/connections/{id}/resume': [{ path: `/v1/connections/${connection}/resume` }],
  'get /v1/setup': [{}],
  'post /v1/setup/steps/{step}/confirmation': [{ path: '/v1/setup/steps/levels/confirmation' }],
  'post /v1/setup/levels': [
    { body: { levels: { kind: 'fixed', high: 0.8, medium: 0.4, capacity: { customers: 3 } } } },
  ],
  'post /v1/setup/actions': [{ body: { settings: { budget: 100 } } }],
  'get /v1/runs': [
    {},
    { path: `/v1/runs?connection=${connection}&status=failed&cause=first&from=2026-01-01T00:00:00Z` },
  ],
  'get /v1/runs/{id}': [{ path: `/v1/runs/${scoring}` }],
  'get /v1/runs/{id}/customers': [{ path: `/v1/runs/${scoring}/customers?limit=5` }],
  'get /v1/policy': [{}],
  'get /v1/settings': [{}],
  'put /v1/settings': [{ body: { budget: 100 }, headers: { 'if-match': '"0"' } }],
  'get /v1/settings/form': [{}],
  'patch /v1/settings': [{ body: { set: { budget: 200 } }, headers: { 'if-match': '"1"' } }],
  'get /v1/settings/versions': [{}],
  'get /v1/settings/versions/{version}': [{ path: '/v1/settings/versions/1' }],
  'get /v1/settings/diff': [{ path: '/v1/settings/diff?from=0&to=2' }],
  'post /v1/settings/versions/{version}/restore': [
    { path: '/v1/settings/versions/1/restore', headers: { 'if-match': '"2"' } },
  ],
  'get /v1/templates': [{}],
  'get /v1/templates/{channel}/{language}/{action}': [{ path: '/v1/templates/email/en/email' }],
  'post /v1/templates/preview': [
    { body: { channel: 'email', language: 'en', action: 'email', customer: null } },
  ],
  'get /v1/standing': [{}],
  'post /v1/pause': [{ body: { reason: 'A look at the templates first.' } }],
  'post /v1/resume': [{}],
  'post /v1/kill-switch': [{ body: { reason: 'Something is wrong with the prices.' } }],
  'delete /v1/kill-switch': [{}],
  'post /v1/preview': [{ body: { book: 'whole' } }, {}],
  'post /v1/people-data/search': [{ body: { email: 'nobody@example.com' } }, { body: { customer: first } }],
  'get /v1/erasures': [{}],
  'post /v1/data-exports': [{ body: { person: { customer: first }, format: 'html' } }],
  'get /v1/data-exports': [{}],
  'get /v1/retention': [{}],
})

const ASKING = / \/v1\/(connections\/\{id\}\/(check|disconnect|population|responsible|mapping|agreements))/

describe(`every route of the API (${databaseKind})`, () => {
  it('answers as its schema says, with no field that the schema does not have', async () => {
    const asked = calls()
    // What only people open has tests of its own: a key asks here.
    const open = apiRoutes.filter(({ access }) => access === 'public' || access.scope !== null)
    const left = new Map(open.map((route) => [`${route.method} ${route.path}`, route]))
    for (const [name, several] of Object.entries(asked)) {
      const route = left.get(name)
      if (route === undefined) throw new Error(`There is no route ${name}.`)
      left.delete(name)
      for (const call of several) {
        const answer = await ask(api, key, route.method.toUpperCase(), call.path ?? route.path, call)
        const described = route.answers[answer.status]
        expect(described, `${name}: ${JSON.stringify(answer.body)}`).toBeDefined()
        expect(stripped(described.schema!, answer.body), name).toEqual(answer.body)
        if (call.status !== undefined) expect(answer.status, JSON.stringify(answer.body)).toBe(call.status)
      }
    }
    // Files, not JSON: exports.test.ts, customer-lists.test.ts. And offers.test.ts.
    left.delete('get /v1/exports/{table}')
    // What asks a CRM: test/service/setting-up.test.ts.
    for (const name of left.keys()) if (ASKING.test(name)) left.delete(name)
    left.delete('get /v1/customers.csv')
    // A document, not JSON: templates.test.ts.
    left.delete('post /v1/templates/preview/html')
    // What only people may do: customer-views.test.ts.
    for (const name of left.keys()) if (name.includes('/v1/customer-view')) left.delete(name)
    for (const name of left.keys()) if (/ \/v1\/(offer|billing-secret)/.test(name)) left.delete(name)
    // what-if.test.ts and test/training/training.test.ts, each answer of theirs.
    const elsewhere = / \/v1\/(models|training|what-if|report|policy\/values)(\/|$)/
    for (const name of left.keys()) if (elsewhere.test(name)) left.delete(name)
    // For people alone: app-pages.test.ts.
    left.delete('get /v1/frame')
    // webhooks-out.test.ts.
    for (const name of left.keys()) if (/\/v1\/(webhooks\/\{webhook\}|alerts\/)/.test(name)) left.delete(name)
    for (const name of left.keys()) if (name.includes('/v1/webhooks/{webhook}')) left.delete(name)
    // people-data.test.ts.
    for (const name of left.keys()) if (/ \/v1\/(erasures|data-exports)/.test(name)) left.delete(name)
    // Of people alone: people.test.ts, sessions.test.ts, session.test.ts, api-keys.test.ts.
    for (const [name, { access }] of left) if (access !== 'public' && access.scope === null) left.delete(name)
    expect([...left.keys()]).toEqual([])
  })

  it('is described in OpenAPI, with an example or a description where a name does not say it all', () => {
    const { paths } = describeApi(apiRoutes, { version: '0', url: null })
    const score = JSON.stringify(paths?.['/v1/score'])
    expect(score).toContain('expectedValueMinor')
    expect(score).toContain('minor units')
    expect(score).toContain('tenureMonths')
    expect(Object.keys(paths ?? {}).filter((path) => path.startsWith('/v1/'))).toHaveLength(
      new Set(apiRoutes.map(({ path }) => path)).size,
    )
  })
})

/** What a schema keeps of an answer; it throws on what does not fit. */
function stripped(schema: z.ZodType, body: unknown): unknown {
  return schema.parse(body)
}

function soon(): string {
  return new Date(Date.now() + 3_600_000).toISOString()
}
