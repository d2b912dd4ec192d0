import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { PortalTokens } from '../../connectors/hubspot/oauth.ts'
import { HoldfastError } from '../../src/contracts/errors.ts'
import type { TenantId } from '../../src/contracts/ids.ts'
import { keepPortalTokens, openPortalTokens, portalTokensPlace } from '../../src/security/portal-tokens.ts'
import { openVault } from '../../src/security/vault.ts'
import type { Database } from '../../src/store/database.ts'
import { addTenant, databaseKind, openTestDatabase } from '../support/database.ts'

describe(`the tokens of a portal (${databaseKind})`, () => {
  const vault = openVault({ masterKey: randomBytes(32) })
  let database: Database
  let tenant: TenantId
  let at: number
  let portal = ''
  let portals = 0
  beforeAll(async () => {
    database = await openTestDatabase()
    tenant = await addTenant(database)
  })
  afterAll(() => database?.close())
  beforeEach(() => {
    at = Date.parse('2026-11-21T10:00:00Z')
    portal = String(++portals)
  })

  const minutes = (count: number) => count * 60_000
  const clock = () => new Date(at)
  const granted = (accessToken: string, refreshToken = 'r-1'): PortalTokens => ({
    accessToken,
    refreshToken,
    expiresAt: new Date(at + minutes(30)).toISOString(),
  })
  const keep = (tokens: PortalTokens) =>
    database.withTenant(tenant, (tx) => keepPortalTokens(tx, { vault, portal, tokens }))
  const sealed = async (): Promise<PortalTokens> =>
    database.withTenant(tenant, async (tx) => {
      const text = await vault.unseal(tx, portalTokensPlace(portal))
      return JSON.parse(text!.toString())
    })

  /** A process of its own: it shares nothing with another but the database. */
  function store(refresh: (refreshToken: string) => Promise<PortalTokens>) {
    return openPortalTokens({ database, vault, tenant, portal, refresh, clock })
  }

  function counting(answer: (count: number, refreshToken: string) => PortalTokens | Promise<PortalTokens>) {
    const asked: string[] = []
    const refresh = async (refreshToken: string) => {
      asked.push(refreshToken)
      return answer(asked.length, refreshToken)
    }
    return { asked, refresh }
  }
  const slow = counting.bind(null, async (count) => {
    await new Promise((resolve) => setTimeout(resolve, 30))
    return granted(`new-${count}`)
  })
  const revoked = new HoldfastError('connector_reconnect', 'taken back')

  it('is used until five minutes before it runs out, then renewed before anyone is refused', async () => {
    await keep(granted('old'))
    const { asked, refresh } = slow()
    const tokens = store(refresh)
    expect(await tokens.current()).toBe('old')
    at += minutes(24.9)
    expect(await tokens.current()).toBe('old')
    expect(asked).toEqual([])
    at += minutes(0.2)
    expect(await tokens.current()).toBe('new-1')
    expect(await sealed()).toMatchObject({ accessToken: 'new-1', refreshToken: 'r-1' })
    expect(await tokens.current()).toBe('new-1')
    expect(asked).toEqual(['r-1'])
  })

  it('is renewed once, however many calls of however many processes find it expired', async () => {
    await keep(granted('old'))
    at += minutes(31)
    const { asked, refresh } = slow()
    const processes = [store(refresh), store(refresh), store(refresh)]
    const all = await Promise.all(Array.from({ length: 12 }, (_, call) => processes[call % 3].current()))
    expect(new Set(all)).toEqual(new Set(['new-1']))
    expect(asked).toEqual(['r-1'])
  })

  it('is renewed once when HubSpot refuses many calls of several processes at once', async () => {
    await keep(granted('old'))
    const { asked, refresh } = slow()
    const processes = [store(refresh), store(refresh)]
    await Promise.all(processes.map((one) => one.current()))
    const all = await Promise.all(Array.from({ length: 10 }, (_, call) => processes[call % 2].renewed('old')))
    expect(new Set(all)).toEqual(new Set(['new-1']))
    expect(asked.length).toBe(1)
    expect(await processes[0].renewed('old')).toBe('new-1')
    expect(asked.length).toBe(1)
    expect(await processes[1].renewed('new-1')).toBe('new-2')
  })

  it('is taken over from whoever died while renewing it, once its lease has run out', async () => {
    await keep(granted('old'))
    at += minutes(31)
    const name = `tokens:${tenant}:${portal}`
    await database.asSystem('a test', (tx) =>
      tx.query(
        "insert into leases (name, owner, until) values ($1, 'dead', now() + interval '300 milliseconds')",
        [name],
      ),
    )
    const { asked, refresh } = slow()
    const began = performance.now()
    expect(await store(refresh).current()).toBe('new-1')
    expect(performance.now() - began).toBeGreaterThan(250)
    expect(asked.length).toBe(1)
  })

  it('is not renewed again by who got the lease right after another had renewed it', async () => {
    await keep(granted('old'))
    at += minutes(31)
    const { asked, refresh } = slow()
    const quicker = store(refresh)
    let meanwhile: Promise<unknown> | null = null
    const asSystem: Database['asSystem'] = async (why, work) => {
      await (meanwhile ??= quicker.current())
      return database.asSystem(why, work)
    }
    const options = { database: { ...database, asSystem }, vault, tenant, portal, refresh, clock }
    expect(await openPortalTokens(options).current()).toBe('new-1')
    expect(asked.length).toBe(1)
  })

  it('that was taken back asks HubSpot once, until somebody connects again', async () => {
    await keep(granted('old'))
    at += minutes(31)
    let isRevoked = true
    const { asked, refresh } = counting((count) => {
      if (isRevoked) throw revoked
      return granted(`new-${count}`, 'r-2')
    })
    const tokens = store(refresh)
    await expect(tokens.current()).rejects.toBe(revoked)
    await expect(tokens.current()).rejects.toBe(revoked)
    await expect(tokens.renewed('old')).rejects.toBe(revoked)
    expect(asked).toEqual(['r-1'])
    isRevoked = false
    await keep({ ...granted('anew', 'r-2') })
    expect(await tokens.current()).toBe('anew')
    expect(asked).toEqual(['r-1'])
  })

  it('that somebody connected anew while the old consent was refused is used, not lost', async () => {
    await keep(granted('old'))
    at += minutes(31)
    const { refresh } = counting(async () => {
      await keep(granted('anew', 'r-2'))
      throw revoked
    })
    expect(await store(refresh).current()).toBe('anew')
    expect(await sealed()).toMatchObject({ accessToken: 'anew', refreshToken: 'r-2' })
  })

  it('that somebody connected anew while the old one was renewed is not overwritten', async () => {
    await keep(granted('old'))
    at += minutes(31)
    const { refresh } = counting(async () => {
      await keep(granted('anew', 'r-2'))
      return granted('of-the-old-consent', 'r-1')
    })
    expect(await store(refresh).current()).toBe('anew')
    expect(await sealed()).toMatchObject({ accessToken: 'anew', refreshToken: 'r-2' })
  })

  it('that our own app cannot renew fails with that, and stays where it is', async () => {
    await keep(granted('old'))
    at += minutes(31)
    const ours = new HoldfastError('connector_configuration', 'wrong secret')
    const { asked, refresh } = counting((count) => {
      if (count === 1) throw ours
      return granted(`new-${count}`)
    })
    const tokens = store(refresh)
    await expect(tokens.current()).rejects.toBe(ours)
    expect(await sealed()).toMatchObject({ accessToken: 'old', refreshToken: 'r-1' })
    expect(await tokens.current()).toBe('new-2')
    expect(asked.length).toBe(2)
  })

  it("is used up to its end while HubSpot's sign-in is down, without asking at each call", async () => {
    await keep(granted('old'))
    at += minutes(26)
    const down = new HoldfastError('connector_unavailable', 'down', { retryable: true })
    const { asked, refresh } = counting(() => {
      throw down
    })
    const tokens = store(refresh)
    for (let call = 0; call < 5; call++) expect(await tokens.current()).toBe('old')
    expect(asked.length).toBe(1)
    at += minutes(1)
    expect(await tokens.current()).toBe('old')
    expect(asked.length).toBe(2)
    at += minutes(4)
    await expect(tokens.current()).rejects.toBe(down)
  })

  it('that replaces its refresh token is kept with the new one', async () => {
    await keep(granted('old'))
    at += minutes(31)
    const { asked, refresh } = counting((count) => granted(`new-${count}`, `r-${count + 1}`))
    const tokens = store(refresh)
    await tokens.current()
    at += minutes(31)
    await tokens.current()
    expect(asked).toEqual(['r-1', 'r-2'])
  })

  it('that is not there says so', async () => {
    const tokens = store(async () => granted('x'))
    await expect(tokens.current()).rejects.toMatchObject({ code: 'connector_reconnect' })
    await expect(tokens.renewed('x')).rejects.toMatchObject({ code: 'connector_reconnect' })
  })
})
