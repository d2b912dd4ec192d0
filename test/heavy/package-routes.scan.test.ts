/** sqlmap, as Debian has it, over everything that the package in a Salesforce org asks, with the key of that org. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { describeApi } from '../../src/server/openapi.ts'
import { salesforceCrmRoutes } from '../../src/server/crm/salesforce-routes.ts'
import type { Database } from '../../src/store/database.ts'
import { addPerson, suggest } from '../server/crm/rig.ts'
import { accountId, connectOrg, userId, type Org } from '../server/crm/salesforce-rig.ts'
import { openTestDatabase } from '../support/database.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { startFront } from './scan/front.ts'
import { operationsOf, type OpenApi } from './scan/operations.ts'
import { requestFile, sqlmap } from './scan/sqlmap.ts'

const HALF_AN_HOUR = 30 * 60_000

// Without the tool there is nothing to run; .ci/run installs Debian's sqlmap.
describe.skipIf(!existsSync('/usr/bin/sqlmap'))('what the package of an org asks', () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-scan-package-'))
  let database: Database
  let server: TestServer
  let org: Org
  let intervention: string

  beforeAll(async () => {
    database = await openTestDatabase()
    // Nobody who scans is to be slowed down: what is looked for lies behind the limits.
    server = await startTestServer(database, [], { rates: { changes: 1e6, costly: 1e6 } })
    org = await connectOrg(database, server)
    ;({ intervention } = await suggest(database, org, 1))
    await addPerson(database, org.tenant, { email: 'ann@acme.example', role: 'admin' })
  })
  afterAll(async () => {
    await server?.close()
    await database?.close()
    rmSync(folder, { recursive: true, force: true })
  })

  it(
    'gives sqlmap nothing in any value that it takes',
    async () => {
      const credentials = {
        Authorization: `Bearer ${org.key}`,
        'X-Holdfast-Org': org.org,
        'X-Holdfast-User': userId(1),
        'X-Holdfast-Email': 'ann@acme.example',
      }
      const front = await startFront(server.url, { headers: credentials, closed: /^$/ })
      const record = accountId(org.first + 1)
      const api = describeApi(salesforceCrmRoutes, { version: '0', url: null }) as unknown as OpenApi
      const known = { uuids: [intervention], numbers: [1] }
      const named = (_path: string, name: string) => (name === 'record' ? record : undefined)
      const operations = operationsOf(api, known, named).map((one) => ({
        ...one,
        // Who asks is said by the front: what is tried is what somebody at a page could send.
        headers: {},
        body:
          one.body === null
            ? null
            : JSON.parse(JSON.stringify(one.body).replaceAll('001Hp00002abcdEIAQ', record)),
      }))
      expect(operations.length).toBe(salesforceCrmRoutes.length)
      let tried = 0
      let marks = 0
      for (const [index, operation] of operations.entries()) {
        const request = requestFile({ host: new URL(front.url).host, credentials }, operation)
        marks += request.marks
        const name = `${operation.method} ${operation.path}`
        const scanned = await sqlmap(join(folder, `sqlmap-${index}`), name, request.text)
        tried += scanned.tried
        expect(scanned.found, `${name}\n${scanned.output}`).toEqual([])
      }
      await front.close()
      process.stdout.write(
        `sqlmap: ${operations.length} operations of the package, ${tried} of ${marks} values tried\n`,
      )
      expect(tried).toBeGreaterThan(operations.length)
    },
    HALF_AN_HOUR,
  )
})
