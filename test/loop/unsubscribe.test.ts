import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { describeUnsubscribe, unsubscribe } from '../../src/loop/unsubscribe.ts'
import { unsubscribePayload } from '../../src/loop/unsubscribe-link.ts'
import { signLink } from '../../src/security/signed-link.ts'
import { consentOf, recordConsent } from '../../src/store/consents.ts'
import { suppressionOf } from '../../src/store/suppressions.ts'
import { SANDBOX, hashOf, liveTo, openActing, type Acting, type Place } from '../support/acting.ts'
import { databaseKind } from '../support/database.ts'
import { LINK_KEY } from '../support/keys.ts'
import { movesOf } from '../support/ledger.ts'

let acting: Acting
beforeAll(async () => {
  acting = await openActing()
})
afterAll(() => acting.close())

/** The token as it stands in the e-mail that arrived. */
function tokenIn(email: string): string {
  const inboxes = [...acting.world.list(), ...acting.sandbox.list()]
  const mail = inboxes.find(({ to }) => to === email)
  const header = mail?.headers.find(({ name }) => name === 'list-unsubscribe')?.value ?? ''
  return /\/u\/([^>]+)>/.exec(header)?.[1] ?? ''
}

async function received(
  settings: (email: string) => object,
): Promise<{ place: Place; email: string; token: string }> {
  const place = await acting.scene()
  await acting.settings(place, settings(place.email))
  await acting.act(place, await acting.plan(place))
  return { place, email: place.email, token: tokenIn(place.email) }
}

const standing = (place: Place, email: string) =>
  acting.database.withTenant(place.tenant, async (tx) => ({
    consent: await consentOf(tx, hashOf(email), 'email'),
    suppressed: await suppressionOf(tx, hashOf(email), 'email'),
  }))

describe(`the link to unsubscribe (${databaseKind})`, () => {
  it('works from the e-mail alone, once and again, and nothing is sent to the address afterwards', async () => {
    const { place, email, token } = await received((to) => liveTo(to))
    expect(await unsubscribe(acting.services, token)).toBe('done')
    expect(await unsubscribe(acting.services, token)).toBe('already')
    expect(await standing(place, email)).toEqual({ consent: 'refused', suppressed: 'unsubscribed' })
    const rows = await acting.sql(place, `select source from consents where status = 'refused'`)
    expect(rows).toEqual([{ source: 'unsubscribe' }])
    const next = await acting.plan(place)
    expect(await acting.act(place, next)).toBe('suppressed')
    expect(acting.world.deliveries().filter(({ to }) => to === email)).toHaveLength(1)
  })

  it('is told to a CRM also where another one has said so before', async () => {
    const place = await acting.scene({ connection: { kind: 'crm', name: 'The CRM' } })
    await acting.settings(place, liveTo(place.email))
    await acting.act(place, await acting.plan(place))
    await acting.database.withTenant(place.tenant, (tx) =>
      recordConsent(tx, {
        hash: hashOf(place.email),
        channel: 'email',
        status: 'refused',
        source: 'connection:another',
      }),
    )
    expect(await unsubscribe(acting.services, tokenIn(place.email))).toBe('done')
    expect(await acting.sql(place, 'select status, state from consent_outbox')).toEqual([
      { status: 'refused', state: 'waiting' },
    ])
    // Each no is kept with its own time, or an older yes that is told late would count after all.
    expect(await acting.sql(place, 'select source from consents order by id')).toEqual([
      { source: 'crm' },
      { source: 'connection:another' },
      { source: 'unsubscribe' },
    ])
  })

  it('stops what is on its way to the address, and says so in the ledger', async () => {
    const { place, email, token } = await received(() => SANDBOX)
    acting.sandbox.inject({
      to: email,
      times: 1,
      fault: { kind: 'reply', at: 'rcpt', code: 451, text: '4.7.1 later' },
    })
    const waiting = await acting.plan(place)
    expect(await acting.act(place, waiting)).toBe('deferred')
    expect(await unsubscribe(acting.services, token)).toBe('done')
    expect((await movesOf(acting.database, place.tenant, waiting)).at(-1)).toMatchObject({
      from_state: 'deferred',
      to_state: 'cancelled',
      actor: 'recipient',
      reason_code: 'unsubscribed',
    })
    expect(await acting.sql(place, `select source from consents where status = 'refused'`)).toEqual([
      { source: 'unsubscribe_sandbox' },
    ])
    expect(await acting.sql(place, 'select kind, channel from delivery_events')).toEqual([
      { kind: 'unsubscribed', channel: 'email' },
    ])
  })

  it('is not lost where the database broke a deadlock at its cost', async () => {
    const { place, email, token } = await received(() => SANDBOX)
    let broken = 2
    const { database } = acting.services
    const contested: typeof database = {
      ...database,
      withTenant: (tenant, work) =>
        database.withTenant(tenant, async (tx) => {
          const done = await work(tx)
          if (broken-- > 0) throw Object.assign(new Error('deadlock detected'), { code: '40P01' })
          return done
        }),
    }
    expect(await unsubscribe({ ...acting.services, database: contested }, token)).toBe('done')
    expect(await standing(place, email)).toEqual({ consent: 'refused', suppressed: 'unsubscribed' })
  })

  it('describes without changing anything, since mail scanners open every link', async () => {
    const { place, email, token } = await received((to) => liveTo(to))
    const page = { company: 'Acme', language: 'en' }
    expect(await describeUnsubscribe(acting.services, token)).toEqual({ ...page, done: false })
    expect(await standing(place, email)).toEqual({ consent: 'granted', suppressed: null })
    await unsubscribe(acting.services, token)
    expect(await describeUnsubscribe(acting.services, token)).toEqual({ ...page, done: true })
  })

  it('works when everything about the customer is gone', async () => {
    const { place, email, token } = await received((to) => liveTo(to))
    await acting.sql(place, 'delete from customers')
    expect(await describeUnsubscribe(acting.services, token)).toMatchObject({ company: 'Acme' })
    expect(await unsubscribe(acting.services, token)).toBe('done')
    expect((await standing(place, email)).suppressed).toBe('unsubscribed')
  })

  it('refuses a link that we did not make, whatever is wrong with it', async () => {
    const { place, token } = await received((to) => liveTo(to))
    const payload = unsubscribePayload({
      tenant: place.tenant,
      intervention: await acting.plan(place),
      hash: hashOf('other@example.com'),
    })
    const [body, signature] = token.split('.')
    const wrong = [
      '',
      'dry-run',
      token.slice(0, -1),
      `${Buffer.from(payload).toString('base64url')}.${signature}`,
      `${body}.${'A'.repeat(22)}`,
      signLink(Buffer.alloc(32, 9), payload),
      signLink(LINK_KEY, 'u somebody else'),
      signLink(LINK_KEY, payload.replace(place.tenant, '00000000-0000-4000-8000-000000000000')),
    ]
    for (const one of wrong) {
      await expect(unsubscribe(acting.services, one), one).rejects.toMatchObject({ code: 'not_found' })
      await expect(describeUnsubscribe(acting.services, one), one).rejects.toMatchObject({
        code: 'not_found',
      })
    }
    expect(await acting.sql(place, 'select from suppressions')).toEqual([])
  })
})
