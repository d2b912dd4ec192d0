/** The components against the real service, asked as the package's Apex asks it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Database } from '../../../../src/store/database.ts'
import { findIntervention } from '../../../../src/store/interventions.ts'
import { addPerson, suggest } from '../../../../test/server/crm/rig.ts'
import { accountId, connectOrg, userId, type Org } from '../../../../test/server/crm/salesforce-rig.ts'
import { openTestDatabase } from '../../../../test/support/database.ts'
import type { PAGES } from '../../../../test/support/salesforce-host/build.ts'
import { startTestServer, type TestServer } from '../../../../test/support/server.ts'
import { apexOverHttp } from './apex-over-http.ts'
import { refused, stage } from './stage.ts'

let database: Database
let server: TestServer
let org: Org
beforeAll(async () => {
  database = await openTestDatabase()
  server = await startTestServer(database, [], {}, {})
  org = await connectOrg(database, server)
})
afterAll(async () => {
  await server.close()
  await database.close()
})

/** As whoever owns the nth customer sees it, or somebody with another address or key. */
function open(page: (typeof PAGES)[number], n: number, { email = 'rep@acme.example', key = org.key } = {}) {
  const apex = apexOverHttp(() => ({ url: server.url, key, org: org.org, user: userId(n), email }))
  return stage(
    page,
    async (method, parameters) => {
      try {
        return JSON.parse(await apex(method, parameters))
      } catch (error) {
        throw refused((error as Error).message)
      }
    },
    { recordId: accountId(org.first + n) },
  )
}

describe('the package against the service', () => {
  it('shows the card of a record, and takes back what is not right', async () => {
    const { intervention } = await suggest(database, org, 1)
    const { all, fill, press, see } = await open('holdfastCard', 1)
    await see('Risk of leaving', 10_000)
    press('Not right…')
    await see('What is not right?')
    const reason = all().find((one) => one.localName === 'option' && one.value !== '')!
    fill('reason', reason.value)
    await see(`<${reason.textContent}>`)
    press('Take it back')
    await see('Done', 10_000)
    const kept = await database.withTenant(org.tenant, (tx) => findIntervention(tx, intervention))
    expect(kept?.state).toBe('rejected')
  })

  it('says to somebody with another key that it is not accepted', async () => {
    const { see } = await open('holdfastCard', 1, { key: 'hf_no' })
    await see('Holdfast does not accept the key of this org.', 10_000)
  })

  it('lists customers, whose records are those of the org', async () => {
    const { all, see } = await open('holdfastCustomers', 0)
    await see('Value at risk', 10_000)
    const links = all().filter(
      (one) => one.localName === 'a' && one.getAttribute('data-object') === 'Account',
    )
    expect(links.length).toBeGreaterThan(0)
    for (const link of links) expect(link.getAttribute('href')).toMatch(/^\/001\w{15}$/)
  })

  it('saves settings for an admin, and shows others how things stand', async () => {
    const email = 'ann@acme.example'
    await addPerson(database, org.tenant, { email, role: 'admin' })
    const others = await open('holdfastSettings', 0)
    await others.see('You see how things stand', 10_000)
    const page = await open('holdfastSettings', 0, { email })
    await page.see('Nothing is changed.', 10_000)
    page.press('Pause everything…')
    await page.see('Pause everything?')
    page.press('Pause everything')
    await page.see('Everything is paused', 10_000)
    // Whoever looks now sees it too.
    const again = await open('holdfastSettings', 0)
    await again.see('Everything is paused', 10_000)
  })
})
