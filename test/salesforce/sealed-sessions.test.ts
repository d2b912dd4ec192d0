import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { HoldfastError } from '../../src/contracts/errors.ts'
import type { TenantId } from '../../src/contracts/ids.ts'
import {
  keepOrgSession,
  openSealedSessions,
  orgSecret,
  type OrgSession,
} from '../../src/security/sealed-sessions.ts'
import { openVault } from '../../src/security/vault.ts'
import type { Database } from '../../src/store/database.ts'
import { addTenant, databaseKind, openTestDatabase } from '../support/database.ts'

const clock = () => new Date('2026-11-21T10:00:00Z')
const instanceUrl = 'https://acme.my.salesforce.com'

/** A sign-in that replaces its refresh token at each use, and ends the consent when one is used twice. */
function authority() {
  const asked: (string | null)[] = []
  const signIn = {
    asked,
    refreshToken: 'r-0' as string | null,
    renew: async (token: string | null): Promise<OrgSession> => {
      asked.push(token)
      await new Promise((resolve) => setTimeout(resolve, 20))
      if (token === null || token !== signIn.refreshToken) {
        signIn.refreshToken = null
        throw new HoldfastError('connector_reconnect', 'invalid_grant')
      }
      signIn.refreshToken = `r-${asked.length}`
      return { accessToken: `a-${asked.length}`, refreshToken: signIn.refreshToken, instanceUrl }
    },
  }
  return signIn
}

describe(`the session of an org (${databaseKind})`, () => {
  const vault = openVault({ masterKey: randomBytes(32) })
  let database: Database
  let tenant: TenantId
  let org = ''
  let orgs = 0
  beforeAll(async () => {
    database = await openTestDatabase()
    tenant = await addTenant(database)
  })
  afterAll(() => database?.close())
  beforeEach(() => {
    org = `00D00000000000${++orgs}`
  })

  const connect = (refreshToken: string | null = 'r-0', accessToken = 'a-0') =>
    database.withTenant(tenant, (tx) =>
      keepOrgSession(tx, { vault, org, session: { accessToken, refreshToken, instanceUrl }, clock }),
    )
  const sealed = async (): Promise<Record<string, unknown>> =>
    database.withTenant(tenant, async (tx) => {
      const text = await vault.unseal(tx, orgSecret(org, 'oauth'))
      return JSON.parse(text!.toString()) as Record<string, unknown>
    })

  type Renew = (refreshToken: string | null) => Promise<OrgSession>
  /** A process of its own: it shares nothing with another but the database. */
  const open = (renew: Renew, more: { database?: Database; hasConsent?: boolean } = {}) =>
    openSealedSessions({ database, vault, tenant, org, renew, clock, ...more })
  const endLeases = () => database.asSystem('a test', (tx) => tx.query('delete from leases'))

  it('is used until it is refused, without asking anybody', async () => {
    await connect()
    const { renew, asked } = authority()
    const sessions = open(renew)
    expect(await sessions.current()).toEqual({ accessToken: 'a-0', instanceUrl })
    expect(await sessions.current()).toEqual({ accessToken: 'a-0', instanceUrl })
    expect(asked).toEqual([])
  })

  it('that is refused to ten calls of two processes at once is renewed once', async () => {
    await connect()
    const { renew, asked } = authority()
    const processes = [open(renew), open(renew)]
    const renewed = await Promise.all(Array.from({ length: 10 }, (_, at) => processes[at % 2].renewed('a-0')))
    expect(new Set(renewed.map(({ accessToken }) => accessToken))).toEqual(new Set(['a-1']))
    expect(asked).toEqual(['r-0'])
    expect(await sealed()).toMatchObject({ accessToken: 'a-1', refreshToken: 'r-1', renewing: null })
  })

  it('is sealed before it is used, and that it is being renewed before Salesforce is asked', async () => {
    await connect()
    const { renew } = authority()
    const seen: unknown[] = []
    const sessions = open(async (token) => {
      seen.push(await sealed())
      return renew(token)
    })
    const { accessToken } = await sessions.renewed('a-0')
    seen.push(await sealed())
    expect(seen).toMatchObject([
      { accessToken: 'a-0', refreshToken: 'r-0', renewing: '2026-11-21T10:00:00.000Z' },
      { accessToken, refreshToken: 'r-1', renewing: null },
    ])
  })

  it('of a process that died before Salesforce was asked is renewed by the next', async () => {
    await connect()
    const { renew, asked } = authority()
    await expect(open(() => Promise.reject(new Error('killed'))).renewed('a-0')).rejects.toThrow('killed')
    await endLeases()
    const next = open(renew)
    expect((await next.current()).accessToken).toBe('a-0')
    expect((await next.renewed('a-0')).accessToken).toBe('a-1')
    expect(asked).toEqual(['r-0'])
  })

  it('of a process that died after Salesforce replaced the token is used on, then says "connect again", once', async () => {
    await connect()
    const { renew, asked } = authority()
    const dying = open(async (token) => {
      await renew(token)
      throw new Error('killed')
    })
    await expect(dying.renewed('a-0')).rejects.toThrow('killed')
    await endLeases()
    const next = open(renew)
    // Salesforce leaves the session itself alone until it runs out.
    expect((await next.current()).accessToken).toBe('a-0')
    for (let again = 0; again < 3; again++)
      await expect(next.renewed('a-0')).rejects.toMatchObject({
        code: 'connector_reconnect',
        retryable: false,
        message: expect.stringMatching(/was stopped.*2026-11-21 10:00 UTC.*Connect the org again/),
      })
    expect(asked).toEqual(['r-0', 'r-0'])
    await connect('r-9', 'a-9')
    expect((await next.renewed('a-0')).accessToken).toBe('a-9')
  })

  it('that Salesforce did not answer about is asked for again, and says what may have happened', async () => {
    await connect()
    const { renew } = authority()
    let isCut = true
    const down = new HoldfastError('connector_unavailable', 'no answer', { retryable: true })
    const sessions = open(async (token) => {
      const given = await renew(token)
      if (isCut) throw down
      return given
    })
    await expect(sessions.renewed('a-0')).rejects.toBe(down)
    isCut = false
    await expect(sessions.renewed('a-0')).rejects.toMatchObject({
      code: 'connector_reconnect',
      message: expect.stringContaining('cut off'),
    })
  })

  it('that the app cannot renew stays as it was', async () => {
    await connect()
    const ours = new HoldfastError('connector_configuration', 'wrong secret')
    await expect(open(() => Promise.reject(ours)).renewed('a-0')).rejects.toBe(ours)
    expect(await sealed()).toMatchObject({ accessToken: 'a-0', refreshToken: 'r-0', renewing: null })
  })

  it('that the database does not take at once is not lost', async () => {
    await connect()
    const { renew, asked } = authority()
    let failing = 0
    const down = new HoldfastError('database_unavailable', 'down', { retryable: true })
    const shaky: Database = {
      ...database,
      withTenant: (who, work) => (failing-- > 0 ? Promise.reject(down) : database.withTenant(who, work)),
    }
    const sleep = async () => undefined
    const sessions = openSealedSessions({
      database: shaky,
      vault,
      tenant,
      org,
      clock,
      sleep,
      renew: async (token) => {
        const given = await renew(token)
        failing = asked.length === 1 ? 3 : 8
        return given
      },
    })
    expect((await sessions.renewed('a-0')).accessToken).toBe('a-1')
    // Down for longer than anybody waits: what was given is sealed with the next look.
    await expect(sessions.renewed('a-1')).rejects.toBe(down)
    expect(await sealed()).toMatchObject({ refreshToken: 'r-1' })
    failing = 0
    expect((await sessions.renewed('a-1')).accessToken).toBe('a-2')
    expect(await sealed()).toMatchObject({ refreshToken: 'r-2', renewing: null })
    expect(asked).toEqual(['r-0', 'r-1'])
  })

  it('of an org that somebody connected anew meanwhile is that one', async () => {
    await connect()
    const { renew } = authority()
    const sessions = open(async (token) => {
      await connect('r-9', 'a-9')
      return renew(token)
    })
    expect((await sessions.renewed('a-0')).accessToken).toBe('a-9')
    expect(await sealed()).toMatchObject({ refreshToken: 'r-9' })
  })

  it('that is opened by a key is opened when there is none, once for all', async () => {
    let opened = 0
    const renew = async (): Promise<OrgSession> => {
      await new Promise((resolve) => setTimeout(resolve, 20))
      return { accessToken: `a-${++opened}`, refreshToken: null, instanceUrl }
    }
    const processes = [open(renew, { hasConsent: false }), open(renew, { hasConsent: false })]
    const all = await Promise.all(Array.from({ length: 10 }, (_, at) => processes[at % 2].current()))
    expect(new Set(all.map(({ accessToken }) => accessToken))).toEqual(new Set(['a-1']))
    await Promise.all(processes.map((one) => one.renewed('a-1')))
    expect(opened).toBe(2)
  })

  it('that is not there says so', async () => {
    const { renew, asked } = authority()
    const sessions = open(renew)
    await expect(sessions.current()).rejects.toMatchObject({ code: 'connector_reconnect' })
    await expect(sessions.renewed('x')).rejects.toMatchObject({ code: 'connector_reconnect' })
    expect(asked).toEqual([])
  })
})
