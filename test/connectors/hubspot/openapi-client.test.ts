import { describe, expect, it } from 'vitest'
import { introspectToken, refreshTokens, revokeToken } from '../../../connectors/hubspot/oauth.ts'
import type { HubSpotSandbox } from '../../../connectors/hubspot/sandbox/server.ts'
import { SUBSCRIPTIONS } from '../../../connectors/hubspot/sandbox/sample-portal.ts'
import { seedSample } from '../../../connectors/hubspot/sandbox/sample.ts'
import { API_VERSION as V } from '../../../connectors/hubspot/version.ts'
import type { Exchange } from '../../../connectors/sandbox/http.ts'
import { openReading, passOver, type ReadPortal } from './reading.ts'
import { openJudge, specsAbsent } from './sandbox/specs.ts'

describe.skipIf(specsAbsent)(
  `HubSpot's OpenAPI files and our client${specsAbsent ? ` (${specsAbsent})` : ''}`,
  () => {
    it.each(['companies', 'contacts'] as const)(
      'have the same requests, whatever the connector does with %s',
      async (object) => {
        const judge = openJudge()
        const now = new Date('2026-11-20T09:00:00Z')
        const { sandbox, open } = await openReading({
          clock: () => now,
          seed: (state) => void seedSample(state, { customers: 12, seed: 3 }),
        })
        const exchanges: Exchange[] = []
        sandbox.onExchange((exchange) => void exchanges.push(exchange))
        await everything(sandbox, open, object, now)

        const faults: string[] = []
        const operations = new Set<string>()
        for (const exchange of exchanges) {
          const name = `${exchange.method} ${exchange.path}`
          const judged = { ...exchange, contentType: String(exchange.headers['content-type'] ?? '') }
          const known = judge.operation(exchange.method, exchange.url)
          if (known) operations.add(known)
          else if (exchange.path.startsWith(`/crm/pipelines/${V}/`)) continue
          faults.push(...judge.request(judged).map((fault) => `${name} asks: ${fault}`))
          faults.push(...judge.answer(judged).map((fault) => `${name} ${exchange.status} answers: ${fault}`))
        }
        expect([...new Set(faults)]).toEqual([])
        // So that the judge is not asked about next to nothing.
        expect(operations.size).toBeGreaterThan(20)
      },
    )
  },
)

/** Each capability of the connector once, and a few refusals; and the tokens that it needs. */
async function everything(
  sandbox: HubSpotSandbox,
  open: ReadPortal['open'],
  object: 'companies' | 'contacts',
  now: Date,
): Promise<void> {
  const { state, app } = sandbox
  const connector = open({
    object,
    subscription: String(SUBSCRIPTIONS.marketing.id),
    agreements: { from: 'deals', pipeline: null, stages: ['closedwon'], periodMonths: 12 },
  })
  const [described] = await connector.describe()
  const properties = described.profile.columns.map(({ header }) => header)
  const reading = { properties, history: properties.slice(0, 2) }
  const first = await passOver(connector, null, reading)
  const [one, two, three] = state.ids(object)
  state.updateRecord(object, one, { lifecyclestage: 'customer' })
  state.archiveRecord(object, three)
  await passOver(connector, first.cursor, reading)
  await connector.read([one, two, '404'], reading)
  await connector.agreements?.([one, two])
  const people = (await connector.recipients?.(state.ids(object))) ?? []
  await connector.customersOf?.('deals', state.ids('deals').slice(0, 3))
  await connector.provision?.()
  await connector.provision?.()
  await connector.write([
    {
      id: one,
      fields: { riskPercent: 71.5, riskLevel: 'HIGH', reasons: ['Usage fell'], scoredAt: now.toISOString() },
    },
    { id: '404', fields: { riskPercent: 1 } },
  ])
  const about = {
    customerId: one,
    recipientId: null,
    action: 'call',
    subject: 'Call',
    body: 'Because',
    dueAt: now,
  }
  await connector.upsertTasks?.([{ ...about, key: 'k1', responsibleId: null, kind: 'call' }])
  await connector.logActivity?.([
    { ...about, key: 'e1', kind: 'email', at: now, from: 'us@example.com', to: 'a@example.com' },
  ])
  const person = people.find(({ email }) => email !== null)
  expect(person).toBeDefined()
  const consent = { recipientId: person!.id, email: person!.email, channel: 'email', changedAt: now } as const
  await connector.writeConsent?.([{ ...consent, status: 'refused' }])
  await connector.verify()

  const { refreshToken, accessToken } = sandbox.authorize()
  const ours = { baseUrl: sandbox.url, clientId: app.clientId, clientSecret: app.clientSecret }
  await refreshTokens({ ...ours, refreshToken, clock: () => now })
  await introspectToken({ ...ours, token: accessToken, kind: 'access_token' })
  await revokeToken({ ...ours, refreshToken })
}
