import { randomUUID } from 'node:crypto'
import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { InterventionId } from '../../src/contracts/ids.ts'
import { settleFeedback, takeFeedback, type FeedbackEvent } from '../../src/loop/feedback.ts'
import { consentOf } from '../../src/store/consents.ts'
import type { InterventionState } from '../../src/store/intervention-states.ts'
import { readIntervention } from '../../src/store/interventions.ts'
import { suppress, suppressionOf } from '../../src/store/suppressions.ts'
import { hashOf, openActing, type Acting, type Place } from '../support/acting.ts'
import { databaseKind } from '../support/database.ts'
import { movesOf } from '../support/ledger.ts'
import { sentMail, type SentMail } from '../support/sent-mail.ts'

let acting: Acting
beforeAll(async () => {
  acting = await openActing()
})
afterAll(() => acting.close())

const T0 = Date.parse('2026-03-01T10:00:00Z')
const minute = (n: number): Date => new Date(T0 + n * 60_000)

const sent = (): Promise<SentMail> => sentMail(acting, { agreedAt: minute(0) })

/** The same as if nobody had seen how the conversation ended. */
async function stand(place: Place, id: InterventionId, state: InterventionState): Promise<void> {
  await acting.sql(place, 'update interventions set state = $2, sent_at = null where id = $1', [id, state])
  await acting.sql(place, 'delete from activities where intervention_id = $1', [id])
}

const event = (id: InterventionId | null, differs: Partial<FeedbackEvent> = {}): FeedbackEvent => ({
  channel: 'email',
  kind: 'delivered',
  at: minute(1),
  dedupKey: randomUUID(),
  intervention: id,
  hash: null,
  code: null,
  detail: null,
  ...differs,
})

const take = (place: Place, one: FeedbackEvent) =>
  acting.database.withTenant(place.tenant, (tx) => takeFeedback(tx, acting.services, one))

async function standing(place: Place & { email: string }) {
  return acting.database.withTenant(place.tenant, async (tx) => ({
    consent: await consentOf(tx, hashOf(place.email), 'email'),
    suppressed: await suppressionOf(tx, hashOf(place.email), 'email'),
  }))
}

const holds = (place: Place) => acting.sql(place, 'select kind, reason, actor from holds order by kind')

describe(`what is said of what was sent (${databaseKind})`, () => {
  it('confirms what was delivered, once', async () => {
    const { place, id } = await sent()
    const delivered = event(id)
    expect(await take(place, delivered)).toBe('taken')
    expect(await take(place, delivered)).toBe('known')
    expect((await acting.read(place, id)).state).toBe('confirmed')
    expect((await movesOf(acting.database, place.tenant, id)).at(-1)).toMatchObject({
      from_state: 'sent',
      to_state: 'confirmed',
      actor: 'e-mail provider',
      reason_code: 'delivered',
    })
  })

  it('knows by a bounce that what was uncertain went out, books it, and logs it on the timeline once', async () => {
    const { place, id } = await sent()
    await stand(place, id, 'uncertain')
    await take(place, event(id, { kind: 'bounced', code: '4.2.2' }))
    expect(await acting.read(place, id)).toMatchObject({ state: 'sent', actualCostMinor: 600 })
    expect((await acting.read(place, id)).sentAt).not.toBeNull()
    await take(place, event(id))
    expect((await acting.read(place, id)).state).toBe('confirmed')
    expect(await acting.sql(place, 'select intervention_id as id from activities')).toEqual([{ id }])
  })

  it('takes what is told before our own worker has written that it sent, and settles it afterwards', async () => {
    const { place, id } = await sent()
    await stand(place, id, 'sending')
    expect(await take(place, event(id))).toBe('taken')
    expect((await acting.read(place, id)).state).toBe('sending')
    await stand(place, id, 'sent')
    await acting.database.withTenant(place.tenant, (tx) => settleFeedback(tx, acting.services, [id]))
    expect((await acting.read(place, id)).state).toBe('confirmed')
  })

  it('never writes again to an address that does not exist, and goes on to one that was only full', async () => {
    const full = await sent()
    await take(full.place, event(full.id, { kind: 'bounced', code: '4.2.2' }))
    expect((await standing(full.place)).suppressed).toBeNull()
    const gone = await sent()
    await take(gone.place, event(gone.id, { kind: 'bounced', code: '5.1.1', permanent: true }))
    expect(await standing(gone.place)).toEqual({ consent: 'granted', suppressed: 'bounced' })
  })

  it('holds the customer at an answer and cancels what has not begun, but for tasks', async () => {
    const { place, id } = await sent()
    const next = await acting.plan(place)
    const call = await acting.plan(place, { actionKey: 'call', channel: 'task' })
    await take(place, event(id, { kind: 'replied', at: minute(90) }))
    expect(await holds(place)).toEqual([
      { kind: 'replied', reason: 'Ann answered on 2026-03-01 (e-mail).', actor: 'recipient' },
    ])
    expect((await acting.read(place, next)).state).toBe('cancelled')
    expect((await acting.read(place, call)).state).toBe('planned')
    expect((await acting.read(place, id)).state).toBe('confirmed')
  })

  it('takes a complaint as a no for good: address, consent, CRM and customer', async () => {
    const { place, id } = await sent()
    await take(place, event(id, { kind: 'complained', code: 'abuse' }))
    expect(await standing(place)).toEqual({ consent: 'refused', suppressed: 'complained' })
    expect(await holds(place)).toMatchObject([{ kind: 'complained' }])
    expect(await acting.sql(place, 'select status, state from consent_outbox')).toEqual([
      { status: 'refused', state: 'waiting' },
    ])
    await take(place, event(id, { kind: 'resubscribed', at: minute(9) }))
    expect((await standing(place)).suppressed).toBe('complained')
  })

  it('keeps what is of nothing that it knows, and changes nothing', async () => {
    const { place, id } = await sent()
    const other = await sent()
    expect(
      await take(place, event(null, { providerId: '<nobody@x>', kind: 'bounced', permanent: true })),
    ).toBe('unknown')
    // Another company's message is none of ours.
    expect(await take(place, event(other.id, { kind: 'complained' }))).toBe('unknown')
    expect(await acting.sql(place, 'select intervention_id as id from delivery_events')).toEqual([
      { id: null },
      { id: null },
    ])
    expect((await acting.read(place, id)).state).toBe('sent')
    expect((await acting.read(other.place, other.id)).state).toBe('sent')
    expect(await holds(place)).toEqual([])
  })

  it('finds a message by what the provider called it', async () => {
    const { place, id } = await sent()
    const { providerId } = await acting.read(place, id)
    expect(await take(place, event(null, { providerId }))).toBe('taken')
    expect((await acting.read(place, id)).state).toBe('confirmed')
  })

  it('takes a STOP and a START by number, for all who have it, and of both the newer', async () => {
    const phone = '+441632960123'
    const place = await acting.scene({
      recipients: [{ email: 'a@example.com', phone, name: 'Ann', consent: 'granted' }],
    })
    const [{ hash }] = (await acting.sql(place, 'select phone_hash as hash from recipients')) as [
      { hash: Buffer },
    ]
    const text = await acting.plan(place, { actionKey: 'sms', channel: 'sms' })
    await acting.sql(place, 'update interventions set address_hash = $2 where id = $1', [text, hash])
    const said = (kind: FeedbackEvent['kind'], at: Date) =>
      take(place, event(null, { channel: 'sms', kind, at, hash: Buffer.from(hash) }))
    const now = () =>
      acting.database.withTenant(place.tenant, async (tx) => [
        await consentOf(tx, hash, 'sms'),
        await suppressionOf(tx, hash, 'sms'),
      ])
    expect(await said('unsubscribed', minute(5))).toBe('taken')
    expect(await now()).toEqual(['refused', 'unsubscribed'])
    expect((await acting.read(place, text)).state).toBe('cancelled')
    // Its e-mails are another matter.
    expect(await acting.sql(place, `select from suppressions where channel = 'email'`)).toEqual([])
    await said('resubscribed', minute(4))
    expect(await now()).toEqual(['refused', 'unsubscribed'])
    await said('resubscribed', minute(6))
    expect(await now()).toEqual(['granted', null])
    await said('unsubscribed', minute(3))
    expect(await now()).toEqual(['granted', null])
  })

  it('does not keep whom a failure names', async () => {
    const { place, id } = await sent()
    const detail = `550 5.1.1 <${place.email}>: no such user,\r\n call +44 1632 960123`
    await take(place, event(id, { kind: 'bounced', detail }))
    const [row] = await acting.sql(place, 'select detail from delivery_events')
    expect(row.detail).toBe('550 5.1.1 <…>: no such user, call …')
  })

  it('does not lift what a person put on the list', async () => {
    const { place, id } = await sent()
    const hash = hashOf(place.email)
    await acting.database.withTenant(place.tenant, (tx) =>
      suppress(tx, { hash, channel: 'email', reason: 'by_hand', source: 'admin' }),
    )
    await take(place, event(id, { kind: 'resubscribed' }))
    expect((await standing(place)).suppressed).toBe('by_hand')
  })

  it('comes to the same end in whatever order and however often it is told', async () => {
    const kinds = [
      'delivered',
      'delayed',
      'bounced',
      'failed',
      'complained',
      'opened',
      'replied',
      'unsubscribed',
      'resubscribed',
    ] as const
    const said = fc.uniqueArray(
      fc.record({
        kind: fc.constantFrom(...kinds),
        at: fc.integer({ min: 1, max: 6 }),
        permanent: fc.boolean(),
      }),
      { minLength: 1, maxLength: 6, selector: ({ kind, at, permanent }) => `${kind} ${at} ${permanent}` },
    )
    const { place, id } = await sent()
    const hash = hashOf(place.email)
    /** As it was when it had just been sent, or not been heard of. */
    async function reset(state: 'sent' | 'uncertain'): Promise<void> {
      await stand(place, id, state)
      for (const table of ['delivery_events', 'suppressions', 'consents', 'holds', 'consent_outbox'])
        await acting.database.asSystem('a test begins anew', (tx) =>
          tx.query(`delete from ${table} where tenant_id = $1`, [place.tenant]),
        )
    }
    async function endOf(events: readonly FeedbackEvent[], state: 'sent' | 'uncertain') {
      await reset(state)
      await acting.database.withTenant(place.tenant, async (tx) => {
        for (const one of events) await takeFeedback(tx, acting.services, one)
      })
      return acting.database.withTenant(place.tenant, async (tx) => ({
        consent: await consentOf(tx, hash, 'email'),
        suppressed: await suppressionOf(tx, hash, 'email'),
        state: (await readIntervention(tx, id)).state,
        holds: (await tx.query<{ kind: string }>('select kind from holds order by kind')).map(
          ({ kind }) => kind,
        ),
        owed: await tx.query('select status from consent_outbox'),
        events: (await tx.query<{ key: string }>('select dedup_key as key from delivery_events order by 1'))
          .length,
      }))
    }
    await fc.assert(
      fc.asyncProperty(
        said,
        fc.constantFrom('sent' as const, 'uncertain' as const),
        fc.infiniteStream(fc.nat()),
        async (some, state, order) => {
          const events = some.map(({ kind, at, permanent }) =>
            event(id, { kind, at: minute(at), permanent, dedupKey: `${kind} ${at} ${permanent}` }),
          )
          const shuffled = [...events, ...events.slice(0, 2)]
            .map((one) => ({ one, at: order.next().value as number }))
            .toSorted((a, b) => a.at - b.at)
            .map(({ one }) => one)
          expect(await endOf(shuffled, state)).toEqual(await endOf(events, state))
        },
      ),
      { numRuns: 5 },
    )
  })
})
