/**
 * A process that calls an org with a sealed session in an embedded database, to be killed at any time: says what came of
 * each call a line at a time, and calls again for each line on its standard input.
 */
import { createInterface } from 'node:readline'
import { z } from 'zod'
import { openSalesforceClient } from '../../connectors/salesforce/client.ts'
import { openGovernors } from '../../connectors/salesforce/governor.ts'
import { refreshSession } from '../../connectors/salesforce/oauth.ts'
import { keepSalesforceOutOfHome } from '../../src/config.ts'
import { asTenant } from '../../src/contracts/ids.ts'
import { openSealedSessions } from '../../src/security/sealed-sessions.ts'
import { openVault } from '../../src/security/vault.ts'
import { endLeasesOfTheDead } from '../../src/store/leases.ts'
import { openDatabase } from '../../src/store/open.ts'

const [folder, given] = process.argv.slice(2)
const { tenant, org, loginUrl, clientId, clientSecret, masterKey } = z
  .record(z.string(), z.string())
  .parse(JSON.parse(given))
keepSalesforceOutOfHome()
const say = (line: string): void => void process.stdout.write(`${line}\n`)
const clock = (): Date => new Date()
const database = await openDatabase({ url: null, folder })
// As the service does that has the database to itself.
await database.asSystem('a process begins', endLeasesOfTheDead)
const sessions = openSealedSessions({
  database,
  vault: openVault({ masterKey: Buffer.from(masterKey, 'base64') }),
  tenant: asTenant(tenant),
  org,
  renew: (refreshToken) =>
    refreshSession({ loginUrl, clientId, clientSecret, refreshToken: refreshToken ?? '' }),
  clock,
})
const client = openSalesforceClient({
  tenant,
  org,
  username: 'holdfast@acme.example',
  sessions,
  governor: openGovernors().of(org, 0.2),
  clock,
})
say('ready')
for await (const _ of createInterface({ input: process.stdin })) {
  const said = await client.call({ method: 'GET', path: '/limits', schema: z.unknown() }).then(
    () => 'called',
    (error: unknown) => `${(error as { code?: string }).code}: ${String(error)}`,
  )
  say(said)
}
await database.close()
