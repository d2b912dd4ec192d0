import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { pauseInstallation, pauseTenant, resumeTenant } from '../../src/store/tenants.ts'
import { releaseDeferred } from '../../src/store/intervention-sweeps.ts'
import { snooze } from '../../src/store/interventions.ts'
import { suppress, suppressionOf } from '../../src/store/suppressions.ts'
import { SANDBOX, hashOf, liveTo, openActing, type Acting } from '../support/acting.ts'
import { databaseKind } from '../support/database.ts'
import { movesOf } from '../support/ledger.ts'

let acting: Acting
beforeAll(async () => {
  acting = await openActing()
})
afterAll(() => acting.close())

const sentTo = (email: string) => acting.sandbox.deliveries().filter(({ to }) => to === email).length
const wentOut = (email: string) => acting.world.deliveries().filter(({ to }) => to === email).length
const nothingLeft = (email: string) => expect(sentTo(email) + wentOut(email)).toBe(0)

describe(`an e-mail that is due (${databaseKind})`, () => {
  it('leaves by SMTP into the sandbox inbox, and the ledger tells its whole way', async () => {
    const place = await acting.scene({
      settings: SANDBOX,
      responsible: { name: 'Jo Miller', email: 'jo@acme.example' },
    })
    const id = await acting.plan(place)
    expect(await acting.act(place, id, { worker: 'w1' })).toBe('sent')
    const [mail] = acting.sandbox.list().filter(({ to }) => to === place.email)
    // Answers come by us, which stops automation and passes them on to the person responsible.
    expect(mail.replyTo).toMatch(/^reply\+\w+@feedback.invalid$/)
    expect(mail.text).toContain('http')
    const one = await acting.read(place, id)
    expect(one).toMatchObject({
      state: 'sent',
      reasonCode: 'sandbox',
      providerId: mail.messageId,
      actualCostMinor: 0,
      leaseOwner: null,
      attempts: 1,
      message: { delivery: 'sandbox', to: { address: place.email }, subject: mail.subject },
    })
    expect(one.sentAt).not.toBeNull()
    const moves = await movesOf(acting.database, place.tenant, id)
    expect(moves.map(({ to_state }) => to_state)).toEqual(['planned', 'leased', 'sending', 'sent'])
    expect(moves.at(-1)?.detail).toMatchObject({
      phases: expect.arrayContaining([expect.objectContaining({ phase: 'dot_sent' })]),
    })
    // Done is done.
    expect(await acting.act(place, id)).toBe('sent')
    expect(sentTo(place.email)).toBe(1)
  })

  it('shows on the record what became of it: its customer is written back soon after', async () => {
    const place = await acting.scene({ settings: SANDBOX })
    const id = await acting.plan(place)
    expect(await acting.act(place, id)).toBe('sent')
    const { marked, asked } = await acting.database.withTenant(place.tenant, async (tx) => ({
      marked: await tx.query('select customer_id from write_back_due where tenant_id = $1', [place.tenant]),
      asked: await tx.query<{ seconds: number }>(
        `select extract(epoch from due_at - now())::float8 as seconds from steps
         where tenant_id = $1 and connection_id = $2 and step = 'write_back'`,
        [place.tenant, place.connection],
      ),
    }))
    expect(marked).toEqual([{ customer_id: place.customer }])
    expect(asked[0].seconds).toBeLessThan(10)
  })

  it('hurries no write-back that failed: neither one that waits nor one that was given up', async () => {
    const place = await acting.scene({ settings: SANDBOX })
    const standing = `select attempts, extract(epoch from due_at - now())::float8 as seconds from steps
      where tenant_id = $1 and connection_id = $2 and step = 'write_back'`
    for (const due of [`now() + interval '1 hour'`, 'null']) {
      await acting.sql(
        place,
        `insert into steps (tenant_id, connection_id, step, due_at, attempts, error_code)
         values ($1, $2, 'write_back', ${due}, 3, 'connector_unavailable')
         on conflict (tenant_id, connection_id, step) do update set due_at = excluded.due_at`,
        [place.tenant, place.connection],
      )
      expect(await acting.act(place, await acting.plan(place))).toBe('sent')
      const [step] = await acting.database.withTenant(place.tenant, (tx) =>
        tx.query<{ attempts: number; seconds: number | null }>(standing, [place.tenant, place.connection]),
      )
      expect(step.attempts).toBe(3)
      if (due === 'null') expect(step.seconds).toBeNull()
      else expect(step.seconds).toBeGreaterThan(3000)
    }
  })

  it('goes out once, however many workers are sent to it', async () => {
    const place = await acting.scene({ settings: SANDBOX })
    const id = await acting.plan(place)
    await Promise.all(Array.from({ length: 5 }, () => acting.act(place, id)))
    expect((await acting.read(place, id)).state).toBe('sent')
    expect(sentTo(place.email)).toBe(1)
  })

  it('is written in the language of the recipient, or the one of the settings', async () => {
    const place = await acting.scene({
      settings: { ...SANDBOX, sender: { language: 'de' } },
      recipients: [{ email: 'fr@example.com', language: null }],
    })
    const id = await acting.plan(place)
    await acting.act(place, id)
    expect((await acting.read(place, id)).message).toMatchObject({ language: 'de' })
  })

  it('waits for its time, and for the process to stay', async () => {
    const place = await acting.scene({ settings: SANDBOX })
    const later = await acting.plan(place, { dueAt: new Date(Date.now() + 60_000) })
    expect(await acting.act(place, later)).toBe('planned')
    const now = await acting.plan(place)
    expect(await acting.act(place, now, { signal: AbortSignal.abort() })).toBeNull()
    expect((await acting.read(place, now)).state).toBe('planned')
    nothingLeft(place.email)
  })

  it('expires when its time has passed, and ends when the customer left', async () => {
    const place = await acting.scene({ settings: SANDBOX })
    const late = await acting.plan(place, { expiresAt: new Date(Date.now() - 1000) })
    expect(await acting.act(place, late)).toBe('expired')
    const id = await acting.plan(place)
    await acting.sql(place, `update customers set status = 'left' where id = $1`, [place.customer])
    expect(await acting.act(place, id)).toBe('cancelled')
    expect(await acting.read(place, id)).toMatchObject({ reasonCode: 'customer_left' })
    nothingLeft(place.email)
  })

  it('goes back to the person who snoozed it before approving it', async () => {
    const place = await acting.scene({ settings: SANDBOX })
    const id = await acting.plan(place, { state: 'awaiting_approval' })
    expect(await acting.act(place, id)).toBe('awaiting_approval')
    await acting.database.withTenant(place.tenant, (tx) =>
      snooze(tx, id, { actor: 'Kim', until: new Date(Date.now() + 1500) }),
    )
    expect(await acting.act(place, id)).toBe('snoozed')
    await acting.sql(place, 'update interventions set due_at = now() where id = $1', [id])
    expect(await acting.act(place, id)).toBe('awaiting_approval')
    nothingLeft(place.email)
  })
})

describe('who it goes to', () => {
  it('is the first in rank who has an address and did not refuse', async () => {
    const place = await acting.scene({
      settings: SANDBOX,
      recipients: [
        { email: null },
        { email: 'not an address' },
        { email: 'no@example.com', consent: 'refused' },
        { email: 'bounced@example.com', consent: 'granted' },
        { email: 'yes@example.com' },
      ],
    })
    await acting.database.withTenant(place.tenant, (tx) =>
      suppress(tx, {
        hash: hashOf('bounced@example.com'),
        channel: 'email',
        reason: 'bounced',
        source: 'test',
      }),
    )
    const id = await acting.plan(place)
    expect(await acting.act(place, id)).toBe('sent')
    expect(acting.sandbox.list()[0].to).toBe('yes@example.com')
  })

  it.each([
    ['no_address', [{ email: null }]],
    ['no_address', []],
    ['address_invalid', [{ email: 'ann at example.com' }]],
    [
      'consent_refused',
      [
        { email: 'a@example.com', consent: 'refused' as const },
        { email: 'b@example.com', consent: 'refused' as const },
      ],
    ],
  ])('is nobody, and why is said: %s', async (code, recipients) => {
    const place = await acting.scene({ settings: SANDBOX, recipients })
    const id = await acting.plan(place)
    expect(await acting.act(place, id)).toBe('suppressed')
    expect(await acting.read(place, id)).toMatchObject({
      reasonCode: code,
      reason: expect.stringMatching(/^Not sent/),
    })
  })
})

describe('how it is delivered', () => {
  it('is a dry run by default: what would be sent can be looked at, and whether it could', async () => {
    const place = await acting.scene({ recipients: [{ email: 'dry@example.com' }] })
    const id = await acting.plan(place)
    expect(await acting.act(place, id)).toBe('dry_run')
    const one = await acting.read(place, id)
    expect(one).toMatchObject({
      reasonCode: 'dry_run',
      reason: expect.stringContaining('no consent is on record'),
      message: {
        delivery: 'dry_run',
        to: { address: 'dry@example.com' },
        subject: expect.stringContaining('Acme'),
      },
    })
    // Looking at it must not unsubscribe anybody.
    expect(JSON.stringify(one.message)).toContain('/u/dry-run')
    nothingLeft('dry@example.com')
  })

  it('waits while actions are off, without an event each time, until it is released', async () => {
    const place = await acting.scene({ settings: { delivery: { mode: 'off' } } })
    const id = await acting.plan(place)
    expect(await acting.act(place, id)).toBe('deferred')
    await acting.sql(place, 'update interventions set due_at = now() where id = $1', [id])
    expect(await acting.act(place, id)).toBe('deferred')
    expect(await movesOf(acting.database, place.tenant, id)).toHaveLength(2)
    expect(await acting.read(place, id)).toMatchObject({ reasonCode: 'delivery_off', attempts: 0 })
    await acting.settings(place, SANDBOX)
    await acting.database.withTenant(place.tenant, (tx) => releaseDeferred(tx, ['delivery_off']))
    expect(await acting.act(place, id)).toBe('sent')
  })

  it('waits while tenant, installation or connection is paused, and says which', async () => {
    const place = await acting.scene({ settings: SANDBOX })
    const again = (id: string) =>
      acting.sql(place, 'update interventions set due_at = now() where id = $1', [id])
    const id = await acting.plan(place)
    const { tenant } = place
    await acting.database.asSystem('a test', (tx) => pauseTenant(tx, tenant, 'checking'))
    expect(await acting.act(place, id)).toBe('deferred')
    expect(await acting.read(place, id)).toMatchObject({
      reasonCode: 'tenant_paused',
      reason: 'Sending is paused: checking',
    })
    await acting.database.asSystem('a test', (tx) => resumeTenant(tx, tenant))
    await acting.database.asSystem('a test', (tx) =>
      tx.query(`insert into installation (id) values (gen_random_uuid()) on conflict do nothing`),
    )
    await acting.database.asSystem('a test', (tx) => pauseInstallation(tx, 'restored from a backup'))
    await again(id)
    expect(await acting.act(place, id)).toBe('deferred')
    expect((await acting.read(place, id)).reasonCode).toBe('installation_paused')
    await acting.database.asSystem('a test', (tx) => pauseInstallation(tx, null))
    await acting.sql(place, `update connections set status = 'needs_reconnect'`)
    await again(id)
    expect(await acting.act(place, id)).toBe('deferred')
    expect((await acting.read(place, id)).reasonCode).toBe('connection_stopped')
    await acting.sql(place, `update connections set status = 'active'`)
    await again(id)
    expect(await acting.act(place, id)).toBe('sent')
  })

  it('goes out live to the test list alone, with consent', async () => {
    const place = await acting.scene()
    await acting.settings(place, liveTo(place.email))
    const id = await acting.plan(place)
    expect(await acting.act(place, id)).toBe('sent')
    expect(await acting.read(place, id)).toMatchObject({ reasonCode: 'sent', actualCostMinor: 600 })
    expect([wentOut(place.email), sentTo(place.email)]).toEqual([1, 0])
    const [mail] = acting.world.list()
    expect(mail.headers.find(({ name }) => name === 'list-unsubscribe')?.value).toContain(
      '<https://holdfast.example.com/u/',
    )

    await acting.settings(place, liveTo('someone.else@example.com'))
    const other = await acting.plan(place)
    expect(await acting.act(place, other)).toBe('dry_run')
    expect(await acting.read(place, other)).toMatchObject({ reasonCode: 'not_on_test_list' })
    expect(wentOut(place.email)).toBe(1)
  })

  it('needs a yes on record to go out live', async () => {
    const place = await acting.scene({
      settings: liveTo('unasked@example.com'),
      recipients: [{ email: 'unasked@example.com' }],
    })
    const id = await acting.plan(place)
    expect(await acting.act(place, id)).toBe('suppressed')
    expect(await acting.read(place, id)).toMatchObject({ reasonCode: 'no_consent' })
    nothingLeft('unasked@example.com')
  })

  it('waits for the settings that a live e-mail needs, and names them', async () => {
    const place = await acting.scene()
    await acting.settings(place, { ...liveTo(place.email), sender: {} })
    const id = await acting.plan(place)
    expect(await acting.act(place, id, { services: { publicUrl: 'http://holdfast.example.com' } })).toBe(
      'deferred',
    )
    const { reason } = await acting.read(place, id)
    for (const name of ['PUBLIC_URL', 'sender.address', 'sender.postalAddress'])
      expect(reason).toContain(name)
    nothingLeft(place.email)
  })

  it('is a dry run for a sandbox connection and before the activation', async () => {
    const place = await acting.scene({ activated: false })
    await acting.settings(place, liveTo(place.email))
    const early = await acting.plan(place)
    expect(await acting.act(place, early)).toBe('dry_run')
    expect((await acting.read(place, early)).reasonCode).toBe('not_activated')
    await acting.sql(place, 'update connections set sandbox = true')
    const id = await acting.plan(place)
    expect(await acting.act(place, id)).toBe('dry_run')
    expect((await acting.read(place, id)).reasonCode).toBe('sandbox_connection')
    nothingLeft(place.email)
  })

  it.each(['sms', 'task'] as const)('does not pretend that a %s was carried out', async (channel) => {
    const recipients = [{ email: 'ann@example.com', phone: '+43 664 1234567' }]
    const place = await acting.scene({ settings: SANDBOX, recipients })
    const id = await acting.plan(place, {
      channel,
      actionKey: channel === 'sms' ? 'sms' : 'call_discount_30',
    })
    expect(await acting.act(place, id)).toBe('dry_run')
    expect(await acting.read(place, id)).toMatchObject({
      reasonCode: 'no_provider',
      // Somebody can still read what would be sent, or be on a list.
      message: { kind: channel, delivery: 'dry_run' },
    })
  })

  it('waits when there is no channel, or one that cannot work', async () => {
    const place = await acting.scene({ settings: SANDBOX })
    const id = await acting.plan(place)
    const none = { channels: { email: () => Promise.resolve(null) } }
    expect(await acting.act(place, id, { services: none })).toBe('deferred')
    expect(await acting.read(place, id)).toMatchObject({ reasonCode: 'no_channel', attempts: 0 })
    nothingLeft(place.email)
  })

  it('asks a person about an action that the catalogue does not have any more', async () => {
    const place = await acting.scene({ settings: SANDBOX })
    const id = await acting.plan(place, { actionKey: 'carrier_pigeon' })
    expect(await acting.act(place, id)).toBe('awaiting_approval')
    expect(await acting.read(place, id)).toMatchObject({ reasonCode: 'needs_approval' })
    nothingLeft(place.email)
  })

  it('never sends live what was rendered for the sandbox', async () => {
    const place = await acting.scene({ settings: SANDBOX })
    const id = await acting.plan(place)
    const stop = acting.sandbox.inject({
      to: place.email,
      fault: { kind: 'reply', at: 'rcpt', code: 451, text: '4.7.1 later' },
    })
    expect(await acting.act(place, id)).toBe('deferred')
    stop()
    await acting.settings(place, liveTo(place.email))
    await acting.sql(place, 'update interventions set due_at = now() where id = $1', [id])
    expect(await acting.act(place, id)).toBe('sent')
    expect((await acting.read(place, id)).message).toMatchObject({
      delivery: 'live',
      from: { address: 'hello@acme.example' },
    })
  })
})

describe('what the mail server says', () => {
  it('greylisted: the same message goes later, with the same Message-ID', async () => {
    const place = await acting.scene({ settings: SANDBOX })
    const id = await acting.plan(place)
    acting.sandbox.inject({
      to: place.email,
      times: 1,
      fault: { kind: 'reply', at: 'rcpt', code: 451, text: '4.7.1 Greylisted' },
    })
    expect(await acting.act(place, id)).toBe('deferred')
    const first = await acting.read(place, id)
    expect(first).toMatchObject({ reasonCode: 'smtp_greylisted', attempts: 1 })
    expect(first.dueAt.getTime()).toBeGreaterThan(Date.now() + 20_000)
    await acting.sql(place, `update customers set name = 'Renamed' where id = $1`, [place.customer])
    await acting.sql(place, 'update interventions set due_at = now() where id = $1', [id])
    expect(await acting.act(place, id)).toBe('sent')
    expect((await acting.read(place, id)).message).toEqual(first.message)
    expect(sentTo(place.email)).toBe(1)
  })

  it('no such user: rejected, and the address is not written to again', async () => {
    const place = await acting.scene({ settings: SANDBOX })
    const id = await acting.plan(place)
    acting.sandbox.inject({
      to: place.email,
      times: 1,
      fault: { kind: 'reply', at: 'rcpt', code: 550, text: '5.1.1 No such user' },
    })
    expect(await acting.act(place, id)).toBe('rejected')
    const reason = await acting.database.withTenant(place.tenant, (tx) =>
      suppressionOf(tx, hashOf(place.email), 'email'),
    )
    expect(reason).toBe('bounced')
    const next = await acting.plan(place)
    expect(await acting.act(place, next)).toBe('suppressed')
    nothingLeft(place.email)
  })

  it('the connection breaks after the dot: uncertain, shown and never sent again', async () => {
    const place = await acting.scene({ settings: SANDBOX })
    const id = await acting.plan(place)
    acting.sandbox.inject({ to: place.email, times: 1, fault: { kind: 'drop', at: 'dot' } })
    expect(await acting.act(place, id)).toBe('uncertain')
    await acting.sql(place, `update interventions set due_at = now(), lease_until = now() where id = $1`, [
      id,
    ])
    expect(await acting.act(place, id)).toBe('uncertain')
    expect((await acting.read(place, id)).dueAt.getTime()).toBeGreaterThan(Date.now() + 1_800_000)
    expect(sentTo(place.email)).toBe(1)
  })

  it('the connection breaks before the content: tried again', async () => {
    const place = await acting.scene({ settings: SANDBOX })
    const id = await acting.plan(place)
    acting.sandbox.inject({ to: place.email, times: 1, fault: { kind: 'drop', at: 'rcpt' } })
    expect(await acting.act(place, id)).toBe('deferred')
    await acting.sql(place, 'update interventions set due_at = now() where id = $1', [id])
    expect(await acting.act(place, id)).toBe('sent')
    expect(sentTo(place.email)).toBe(1)
  })

  it('nothing works: given up after a bounded number of attempts, saying what the last one was', async () => {
    const place = await acting.scene({ settings: SANDBOX })
    const id = await acting.plan(place)
    await acting.sql(place, 'update interventions set attempts = 11 where id = $1', [id])
    acting.sandbox.inject({
      to: place.email,
      times: 1,
      fault: { kind: 'reply', at: 'rcpt', code: 451, text: '4.3.0 later' },
    })
    expect(await acting.act(place, id)).toBe('rejected')
    expect(await acting.read(place, id)).toMatchObject({
      reasonCode: 'attempts_used_up',
      reason: expect.stringContaining('4.3.0 later'),
    })
  })

  it('our own fault, such as a sender that is not allowed: waits for the admin, and counts no attempt', async () => {
    const place = await acting.scene({ settings: SANDBOX })
    const id = await acting.plan(place)
    const refusing = {
      channels: {
        email: async () => {
          const channel = await acting.services.channels.email({
            tenant: place.tenant,
            delivery: 'sandbox',
            settings: {} as never,
          })
          return (
            channel && {
              ...channel,
              send: () =>
                Promise.resolve({
                  outcome: 'rejected' as const,
                  retryable: false,
                  code: 'smtp_auth',
                  message: 'Check smtp.user and its password.',
                }),
            }
          )
        },
      },
    }
    expect(await acting.act(place, id, { services: refusing })).toBe('deferred')
    expect(await acting.read(place, id)).toMatchObject({ reasonCode: 'smtp_auth', attempts: 0 })
  })

  it('a sender that the server refuses: once it is corrected, the e-mail goes out from the new one', async () => {
    const from = (address: string) => ({ ...SANDBOX, sender: { address } })
    const place = await acting.scene({ settings: from('wrong@acme.example') })
    const id = await acting.plan(place)
    acting.sandbox.inject({
      to: place.email,
      times: 1,
      fault: { kind: 'reply', at: 'rcpt', code: 550, text: '5.1.8 Bad sender' },
    })
    expect(await acting.act(place, id)).toBe('deferred')
    expect(await acting.read(place, id)).toMatchObject({ reasonCode: 'smtp_sender_refused', attempts: 0 })
    await acting.settings(place, from('right@acme.example'))
    await acting.sql(place, 'update interventions set due_at = now() where id = $1', [id])
    expect(await acting.act(place, id)).toBe('sent')
    expect((await acting.read(place, id)).message).toMatchObject({ from: { address: 'right@acme.example' } })
    expect(sentTo(place.email)).toBe(1)
  })
})
