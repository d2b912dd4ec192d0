/**
 * A process that does with an org what the service does: signs in, describes, reads, writes, and reads again after its
 * session has ended. For looking at what it leaves behind.
 */
import { z } from 'zod'
import { openSalesforceClient } from '../../connectors/salesforce/client.ts'
import { openSalesforceConnector } from '../../connectors/salesforce/connector.ts'
import { openGovernors } from '../../connectors/salesforce/governor.ts'
import { jwtSession } from '../../connectors/salesforce/oauth.ts'
import type { Session } from '../../connectors/salesforce/sessions.ts'
import { keepSalesforceOutOfHome } from '../../src/config.ts'

const { loginUrl, org, clientId, username, privateKey } = z
  .record(z.string(), z.string())
  .parse(JSON.parse(process.argv[2]))
const clock = (): Date => new Date()
keepSalesforceOutOfHome()
const open = (): Promise<Session> => jwtSession({ loginUrl, clientId, username, privateKey, clock })
let held: Session = { accessToken: 'one that has ended', instanceUrl: loginUrl }
const client = openSalesforceClient({
  tenant: 'one',
  org,
  username,
  sessions: { current: async () => held, renewed: async () => (held = await open()) },
  governor: openGovernors().of(org, 0.2),
  clock,
})
const config = { org, object: 'Account', auth: 'jwt', username, instanceUrl: loginUrl, clientId }
const connector = openSalesforceConnector({ config, client, clock, bulkAbove: 10 })
const described = await connector.describe()
let records = 0
for await (const page of connector.changes(null)) records += page.upserts.length
const checks = await connector.verify()
await client.call({ method: 'GET', path: '/limits', schema: z.unknown() })
await connector.close?.()
process.stdout.write(JSON.stringify({ described: described.length, records, checks: checks.length }))
