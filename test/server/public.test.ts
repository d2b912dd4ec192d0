import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { asIntervention, type TenantId } from '../../src/contracts/ids.ts'
import { unsubscribePayload } from '../../src/loop/unsubscribe-link.ts'
import { hashAddress } from '../../src/security/address-hash.ts'
import { signLink } from '../../src/security/signed-link.ts'
import { consentOf } from '../../src/store/consents.ts'
import type { Database } from '../../src/store/database.ts'
import { currentSettings, saveSettings } from '../../src/store/settings-versions.ts'
import { isSuppressed } from '../../src/store/suppressions.ts'
import { addConnection, addTenant, databaseKind, openTestDatabase } from '../support/database.ts'
import { addCustomer, addIntervention } from '../support/ledger.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

let database: Database
let server: TestServer
let tenant: TenantId

beforeAll(async () => {
  database = await openTestDatabase()
  server = await startTestServer(database, [])
  tenant = await addTenant(database, 'Acme & <Sons>')
})
afterAll(async () => {
  await server.close()
  await database.close()
})

const save = (settings: object) =>
  database.withTenant(tenant, async (tx) => {
    const { version } = await currentSettings(tx)
    await saveSettings(tx, settings, { expected: version, author: 'test' })
  })

/** A link as an e-mail to a new person has it. */
async function link(of = tenant) {
  const connection = await addConnection(database, of)
  const customer = await addCustomer(database, { tenant: of, connection })
  const intervention = await addIntervention(database, { tenant: of, connection, customer })
  return database.withTenant(of, async (tx) => {
    const { secrets } = server.services
    const hash = hashAddress(await secrets.addressKey(tx), 'email', `${randomUUID()}@example.com`)!
    const token = signLink(await secrets.linkKey(tx), unsubscribePayload({ tenant: of, intervention, hash }))
    return { path: `/u/${token}`, token, hash }
  })
}
const standing = (hash: Buffer) =>
  database.withTenant(tenant, async (tx) => ({
    consent: await consentOf(tx, hash, 'email'),
    suppressed: await isSuppressed(tx, hash, 'email'),
  }))
const refused = { consent: 'refused', suppressed: true }

describe(`the page behind the link to unsubscribe (${databaseKind})`, () => {
  it('asks with one button and changes nothing, since mail scanners open every link', async () => {
    const { path, hash } = await link()
    for (const method of ['GET', 'HEAD', 'GET']) {
      const answer = await server.fetch(path, { method })
      expect(answer.status).toBe(200)
    }
    const html = await (await server.fetch(path)).text()
    expect(html).toContain('from Acme &amp; &lt;Sons&gt;?')
    expect(html.match(/<button>/g)).toHaveLength(1)
    expect(html).toMatch(/<form method="post">/)
    expect(html).not.toContain('<title>Unsubscribe · Holdfast')
    expect(await standing(hash)).toEqual({ consent: null, suppressed: false })
  })

  it('unsubscribes by its button, with and without what browsers say of themselves', async () => {
    for (const headers of [
      {},
      { origin: server.url, 'sec-fetch-site': 'same-origin' },
      { origin: 'null', 'sec-fetch-site': 'cross-site' },
    ]) {
      const { path, hash } = await link()
      const body = new URLSearchParams({ 'List-Unsubscribe': 'One-Click' })
      const answer = await server.fetch(path, { method: 'POST', body, headers })
      expect(answer.status).toBe(200)
      expect(await answer.text()).toContain('You are unsubscribed')
      expect(await standing(hash)).toEqual(refused)
    }
  })

  it('unsubscribes by the one click of a mail program in either type of form, once and again', async () => {
    const form = new FormData()
    form.set('List-Unsubscribe', 'One-Click')
    for (const body of [form, new URLSearchParams({ 'List-Unsubscribe': 'One-Click' })]) {
      const { path, hash } = await link()
      for (let n = 0; n < 2; n++) {
        const answer = await server.fetch(path, { method: 'POST', body })
        // RFC 8058 section 3.1: no redirect, and no cookie comes with it or goes with it.
        expect([answer.status, answer.redirected, answer.headers.get('set-cookie')]).toEqual([
          200,
          false,
          null,
        ])
      }
      expect(await standing(hash)).toEqual(refused)
      const after = await (await server.fetch(path)).text()
      expect(after).toContain('You are unsubscribed')
      expect(after).not.toContain('<button>')
    }
  })

  it("speaks the e-mail's language and names the sender's company", async () => {
    await save({ sender: { company: 'Acme GmbH', language: 'de' } })
    const { path } = await link()
    const asked = await (await server.fetch(path, { headers: { 'accept-language': 'en' } })).text()
    expect(asked).toContain('<html lang="de">')
    expect(asked).toContain('von Acme GmbH bekommen?')
    const done = await (await server.fetch(path, { method: 'POST' })).text()
    expect(done).toContain('Sie sind abgemeldet')
    await save({})
  })

  it('tells whoever has a link that is not ours what to do, in their language', async () => {
    const { token, hash } = await link()
    const forged = signLink(
      Buffer.alloc(32, 9),
      unsubscribePayload({ tenant, intervention: asIntervention(randomUUID()), hash }),
    )
    for (const wrong of [token.slice(0, -1), forged, 'x', 'x'.repeat(5000), '%F0%9F%92%A9', 'a.b'])
      for (const method of ['GET', 'POST']) {
        const answer = await server.fetch(`/u/${wrong}`, { method })
        expect(answer.status, wrong).toBe(404)
        expect(await answer.text()).toContain('This link does not work')
      }
    expect(await standing(hash)).toEqual({ consent: null, suppressed: false })
    const german = await server.fetch('/u/x', { headers: { 'accept-language': 'fr, de-AT;q=.8, en;q=.5' } })
    expect(await german.text()).toContain('Dieser Link funktioniert nicht')
  })

  it('says of a dry run that there is nothing to unsubscribe from', async () => {
    const answer = await server.fetch('/u/dry-run', { method: 'POST' })
    expect([answer.status, await answer.text()]).toEqual([
      200,
      expect.stringContaining('This e-mail was a trial'),
    ])
  })

  it('leaves no token in the log', async () => {
    const { path, token } = await link()
    await server.fetch(path, { headers: { 'x-request-id': 'look-for-the-token' } })
    await expect.poll(() => server.log()).toContain('look-for-the-token')
    expect(server.log()).not.toContain(token)
  })

  it('fails as a page, not as a success, while the database is away', async () => {
    const broken = await startTestServer(
      database,
      [],
      {},
      {
        secrets: {
          ...server.services.secrets,
          linkKey: () => Promise.reject(new Error('the database is away')),
        },
      },
    )
    const { path, hash } = await link()
    const answer = await broken.fetch(path, { method: 'POST' })
    expect(answer.status).toBe(500)
    await broken.close()
    expect(await standing(hash)).toEqual({ consent: null, suppressed: false })
  })
})
