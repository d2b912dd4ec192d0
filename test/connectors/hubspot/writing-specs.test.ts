import { describe, expect, it } from 'vitest'
import { logActivities } from '../../../connectors/hubspot/activities.ts'
import { parseHubSpotConfig } from '../../../connectors/hubspot/config.ts'
import { consentsOf, writeConsents } from '../../../connectors/hubspot/consent.ts'
import { provision } from '../../../connectors/hubspot/provision.ts'
import { defineSubscription } from '../../../connectors/hubspot/sandbox/subscription-statuses.ts'
import { upsertTasks } from '../../../connectors/hubspot/tasks.ts'
import { verify } from '../../../connectors/hubspot/verify.ts'
import { writeFields } from '../../../connectors/hubspot/write.ts'
import { openJudge, specsAbsent, type Judged } from './sandbox/specs.ts'
import { openPortal } from './writing.ts'

describe.skipIf(specsAbsent)(
  `what writing sends, by HubSpot's OpenAPI files${specsAbsent ? ` (${specsAbsent})` : ''}`,
  () => {
    it('is as they say, call by call, and so is what the sandbox answers', async () => {
      const judge = openJudge()
      const { client, schema, sandbox } = await openPortal()
      const judged: Judged[] = []
      sandbox.onExchange(({ headers, ...rest }) =>
        judged.push({ ...rest, contentType: String(headers['content-type'] ?? '') }),
      )
      const { state } = sandbox
      defineSubscription(state, { id: 87, name: 'Customer news', description: '', purpose: 'Marketing' })
      const id = state.createRecord('companies', { name: 'Acme' })
      const contact = state.createRecord('contacts', { email: 'ann@a.example' })
      const at = new Date()
      const about = { key: 'k1', customerId: id, recipientId: contact }

      await provision(client, 'companies')
      await writeFields(client, schema, [
        { id, fields: { riskPercent: 71.5, suggestedAction: 'Rundgang', actionStatus: null } },
        { id: '99999', fields: { riskPercent: 1 } },
      ])
      const call = { kind: 'call', action: 'call', subject: 'Call', body: 'Now', dueAt: at } as const
      const tasks = [{ ...about, ...call, responsibleId: '55' }]
      await upsertTasks(client, schema, tasks)
      await upsertTasks(client, schema, tasks)
      const email = { kind: 'email', action: 'email', subject: 'Hi', body: 'Text', at } as const
      await logActivities(client, schema, [{ ...about, ...email, from: 'us@us.example', to: null }])
      const place = { subscription: '87' }
      await consentsOf(client, place, [{ id: contact, email: 'ann@a.example', properties: {} }])
      await writeConsents(client, place, [
        { recipientId: contact, email: 'ann@a.example', channel: 'email', status: 'refused', changedAt: at },
      ])
      const portal = { portal: sandbox.portal, object: 'companies', auth: 'private_app' }
      await verify(client, { config: parseHubSpotConfig(portal), granted: async () => [] })

      const calls = judged.map((one) => judge.operation(one.method, one.url))
      expect(new Set(calls).size).toBeGreaterThan(12)
      for (const one of judged) {
        const name = `${one.method} ${one.url}`
        expect(judge.operation(one.method, one.url), name).not.toBeNull()
        expect(judge.request(one), name).toEqual([])
        expect(judge.answer(one), name).toEqual([])
      }
    })
  },
)
