import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { HoldfastError } from '../../src/contracts/errors.ts'
import type { TenantId } from '../../src/contracts/ids.ts'
import { newToken } from '../../src/security/tokens.ts'
import {
  beginWebSignIn,
  giveUpWebSignIn,
  signedInByWeb,
  type WaitingSignIn,
} from '../../src/security/web-sign-in.ts'
import { salesforceCallback } from '../../src/server/oauth/salesforce.ts'
import type { Database, Transaction } from '../../src/store/database.ts'
import { addTenant, databaseKind, openTestDatabase } from '../support/database.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

const waiting: WaitingSignIn = {
  verifier: 'v'.repeat(43),
  redirectUri: 'http://localhost:3000/oauth/salesforce/callback',
  loginUrl: 'https://login.salesforce.com',
}
let database: Database
let server: TestServer
let tenant: TenantId
let exchanged: { readonly code: string; readonly verifier: string }[] = []
let says: () => string = () => '{"org":"00D"}'

beforeAll(async () => {
  database = await openTestDatabase()
  server = await startTestServer(
    database,
    [
      salesforceCallback(async (code, { verifier }) => {
        exchanged.push({ code, verifier })
        return says()
      }),
    ],
    { trustProxy: 1 },
  )
  tenant = await addTenant(database)
})
afterAll(async () => {
  await server.close()
  await database.close()
})
beforeEach(() => {
  exchanged = []
  says = () => '{"org":"00D"}'
})

const inTenant = <T>(work: (tx: Transaction) => Promise<T>, of = tenant) => database.withTenant(of, work)
const begin = (of = tenant) => inTenant((tx) => beginWebSignIn(tx, server.services.vault, of, waiting), of)
const look = (state: string, of = tenant) =>
  inTenant((tx) => signedInByWeb(tx, server.services.vault, state), of)
async function callback(query: Record<string, string>, from = '192.0.2.1') {
  const answer = await server.fetch(`/oauth/salesforce/callback?${new URLSearchParams(query).toString()}`, {
    headers: { 'x-forwarded-for': from },
  })
  return { status: answer.status, text: await answer.text() }
}

describe(`the answer to a sign-in at Salesforce, on ${databaseKind}`, () => {
  it('reaches whoever waits, with the verifier that never left the server, and counts once', async () => {
    const state = await begin()
    expect(await look(state)).toBeNull()
    const answers = await Promise.all([callback({ state, code: 'c' }), callback({ state, code: 'c' })])
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 401])
    const said = answers.map(({ text }) => text).join()
    expect(said).toContain('Go back to where you began')
    expect(said).toMatch(/<h1>Salesforce is not connected<\/h1><p>Nobody waits for this sign-in/)
    expect(said).not.toContain('Sign in first')
    expect(exchanged).toEqual([{ code: 'c', verifier: waiting.verifier }])
    expect(await look(state)).toBe('{"org":"00D"}')
    expect(await look(state)).toBeNull()
  })

  it('is not kept for somebody who went away before it was looked at', async () => {
    const state = await begin()
    expect((await callback({ state, code: 'c' })).status).toBe(200)
    await inTenant((tx) => giveUpWebSignIn(tx, server.services.vault, state))
    expect(await look(state)).toBeNull()
  })

  it.each([
    [{ error: 'access_denied', error_description: 'end-user denied authorization' }, /press Allow/],
    [{ error: 'OAUTH_APP_BLOCKED' }, /An admin of the org blocked the app/],
    [{ error: '<b>new</b>' }, /\(&lt;b&gt;new&lt;\/b&gt;\)/],
    [{}, /neither a code nor an error/],
  ])('tells what Salesforce refused: %j', async (query, message) => {
    const state = await begin()
    const { status, text } = await callback({ state, ...query } as Record<string, string>)
    expect(status).toBe(400)
    expect(text).toMatch(message)
    expect(text).not.toContain('<b>new')
    await expect(look(state)).rejects.toMatchObject({ code: 'connector_reconnect' })
    expect(exchanged).toEqual([])
  })

  it('tells what the exchange was refused with, and nothing of what nobody foresaw', async () => {
    says = () => {
      throw new HoldfastError('connector_configuration', 'The secret of the app is wrong.')
    }
    const known = await begin()
    expect((await callback({ state: known, code: 'c' })).text).toContain('The secret of the app is wrong.')
    await expect(look(known)).rejects.toMatchObject({ code: 'connector_configuration' })
    says = () => {
      throw new Error('inner workings')
    }
    const unknown = await begin()
    expect((await callback({ state: unknown, code: 'c' })).text).not.toContain('inner workings')
    await expect(look(unknown)).rejects.toMatchObject({ code: 'internal' })
  })

  it('is taken from nobody else: another company, a guess, too late, given up, or begun anew', async () => {
    const other = await addTenant(database, 'Other')
    const state = await begin()
    const [, token] = state.split('.')
    const refused = async (as: string) => (await callback({ state: as, code: 'c' }, '192.0.2.9')).status
    expect(await refused(`${other}.${token}`)).toBe(401)
    expect(await refused(`${randomUUID()}.${token}`)).toBe(401)
    expect(await refused(`${tenant}.${newToken()}`)).toBe(401)
    expect(await refused(`${tenant}`)).toBe(401)
    expect(await refused("'; drop table credentials; --")).toBe(401)

    const next = await begin()
    expect(await refused(state)).toBe(401)
    await expect(look(state)).rejects.toMatchObject({ code: 'conflict' })
    await inTenant((tx) => giveUpWebSignIn(tx, server.services.vault, next))
    expect(await refused(next)).toBe(401)

    const old = await begin()
    const sealed = { owner: 'salesforce', name: 'web_sign_in' }
    await inTenant(async (tx) => {
      const { vault } = server.services
      const kept = JSON.parse((await vault.unseal(tx, sealed))!.toString()) as object
      const until = new Date(Date.now() - 1000).toISOString()
      await vault.seal(tx, sealed, JSON.stringify({ ...kept, until }))
    })
    await expect(look(old)).rejects.toMatchObject({ code: 'usage' })
    expect(await refused(old)).toBe(401)
    expect(exchanged).toEqual([])
  })

  it('is no place for guessing', async () => {
    const guess = () => callback({ state: `${tenant}.${newToken()}`, code: 'c' }, '192.0.2.77')
    for (let n = 0; n < 20; n++) expect((await guess()).status).toBe(401)
    expect((await guess()).status).toBe(429)
  })
})
