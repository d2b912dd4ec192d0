/**
 * Opt-outs between the decision and the send, at every point at which one can come before the message is handed over,
 * by every door, while other messages of the tenant share the same transactions. What is counted is what the mail
 * server was given: of ten thousand, or of a tenth of them unless the whole is asked for (size.ts).
 */
import { randomUUID } from 'node:crypto'
import { setTimeout as later } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Channel } from '../../actions/channel.ts'
import { openEmailChannel } from '../../actions/email/channel.ts'
import type { Inbox } from '../../actions/email/sandbox/inbox.ts'
import { random } from '../../models/random.ts'
import { systemClock } from '../../src/contracts/clock.ts'
import { asCustomer, asIntervention, type InterventionId } from '../../src/contracts/ids.ts'
import { act } from '../../src/loop/act.ts'
import type { ActRequest, ActServices } from '../../src/loop/act-services.ts'
import { takeFeedback } from '../../src/loop/feedback.ts'
import { unsubscribe } from '../../src/loop/unsubscribe.ts'
import { unsubscribePayload } from '../../src/loop/unsubscribe-link.ts'
import { signLink } from '../../src/security/signed-link.ts'
import { recordConsent, recordConsents } from '../../src/store/consents.ts'
import { planInterventions } from '../../src/store/interventions.ts'
import { suppress } from '../../src/store/suppressions.ts'
import { hashOf, liveTo, openActing, SANDBOX, type Acting, type Place } from '../support/acting.ts'
import { databaseKind } from '../support/database.ts'
import { LINK_KEY } from '../support/keys.ts'
import { plannedIntervention } from '../support/ledger.ts'
import { FULL } from './size.ts'

const TRIES = FULL ? 10_000 : 1_000
/** Messages of a tenant that are carried out at once. */
const AT_ONCE = 100
const CONTROLS = TRIES / 25

let acting: Acting
let open: Readonly<Record<'sandbox' | 'live', Channel>>
/** One object for all, as in a process: what comes at about the same time shares transactions. */
let services: ActServices
beforeAll(async () => {
  acting = await openActing()
  open = { sandbox: channelTo(acting.sandbox), live: channelTo(acting.world) }
  services = {
    ...acting.services,
    feedbackPath: async () => ({ ok: true }),
    channels: {
      ...acting.services.channels,
      email: ({ delivery }) => Promise.resolve(interrupted(open[delivery])),
    },
  }
})
afterAll(async () => {
  await Promise.all(Object.values(open).map((channel) => channel.close()))
  await acting.close()
})

const channelTo = ({ host, port }: Inbox): Channel =>
  openEmailChannel({
    host,
    port,
    security: 'none',
    user: null,
    password: null,
    dkim: null,
    clock: systemClock,
  })

interface Person {
  readonly place: Place
  readonly email: string
  readonly hash: Buffer
  readonly intervention: InterventionId
}

/** When the person says no: none of these is too late. */
const MOMENTS = ['planned', 'being_taken', 'taken', 'connecting', 'handing_over'] as const
type Moment = (typeof MOMENTS)[number]

/** By which door, as the services take it. */
const DOORS = ['crm', 'list', 'link', 'complaint', 'stop'] as const
type Door = (typeof DOORS)[number]

async function sayNo({ place, hash, intervention }: Person, door: Door): Promise<void> {
  const { database } = acting
  if (door === 'link') {
    const claim = unsubscribePayload({ tenant: place.tenant, intervention, hash })
    await unsubscribe(services, signLink(LINK_KEY, claim))
    return
  }
  await database.withTenant(place.tenant, async (tx) => {
    if (door === 'crm') await recordConsent(tx, { hash, channel: 'email', status: 'refused', source: 'crm' })
    else if (door === 'list') await suppress(tx, { hash, channel: 'email', reason: 'by_hand', source: 'cli' })
    else
      await takeFeedback(tx, services, {
        channel: 'email',
        kind: door === 'complaint' ? 'complained' : 'unsubscribed',
        at: new Date(),
        dedupKey: randomUUID(),
        intervention: null,
        hash,
        code: null,
        detail: null,
      })
  })
}

/** By intervention, what happens at a moment of its conversation. */
const happening = new Map<string, { readonly moment: Moment; readonly say: () => Promise<void> }>()

/** The real channel, with what happens meanwhile. */
const interrupted = (channel: Channel): Channel => ({
  ...channel,
  async send(message, attempt) {
    const { moment, say } = happening.get(attempt.key) ?? { moment: null, say: null }
    if (moment === 'taken') await say()
    return channel.send(message, {
      ...attempt,
      confirmLease: async (before = 'handing_over') => {
        // On a connection that is open already there is no connecting: they say it before what comes instead.
        if (moment === before || moment === 'connecting' || moment === 'being_taken') await say()
        await attempt.confirmLease(before)
      },
    })
  },
})

/** People of one tenant, each at a customer of their own with an intervention that is due. */
async function peopleOf(place: Place, count: number): Promise<Person[]> {
  const emails = Array.from({ length: count }, () => `p-${randomUUID()}@example.com`)
  const hashes = emails.map(hashOf)
  const { tenant, connection } = place
  return acting.database.withTenant(tenant, async (tx) => {
    const rows = await tx.query<{ id: number }>(
      `insert into customers (tenant_id, connection_id, object, external_id, properties, properties_hash, group_key,
         group_name)
       select $1, $2, 'company', email, '{}', '', email, 'policy' from unnest($3::text[]) as e (email)
       returning id`,
      [tenant, connection, emails],
    )
    const customers = rows.map(({ id }) => asCustomer(id))
    await tx.query(
      `insert into recipients (tenant_id, customer_id, external_id, email, email_hash)
       select $1, customer, email, email, hash
       from unnest($2::bigint[], $3::text[], $4::bytea[]) as r (customer, email, hash)`,
      [tenant, customers, emails, hashes],
    )
    const granted = { channel: 'email', status: 'granted', source: 'crm' } as const
    const changedAt = new Date(Date.now() - 60_000)
    await recordConsents(
      tx,
      hashes.map((hash) => ({ hash, ...granted, changedAt })),
    )
    const planned = customers.map((customer) => plannedIntervention({ connection, customer }))
    await planInterventions(tx, planned, new Date())
    return customers.map((customer, at) => ({
      place: { ...place, customer },
      email: emails[at],
      hash: hashes[at],
      intervention: planned[at].id,
    }))
  })
}

const given = (): ReadonlySet<string> =>
  new Set([...acting.sandbox.deliveries(), ...acting.world.deliveries()].map(({ to }) => to))

const requestOf = ({ tenant }: Place, intervention: InterventionId): ActRequest => ({
  tenant,
  intervention,
  worker: randomUUID(),
  signal: new AbortController().signal,
})

/** What waits for its next attempt, due now: also what somebody else held just when it was to be taken. */
async function putOff(place: Place): Promise<InterventionId[]> {
  const rows = await acting.sql(
    place,
    `update interventions set due_at = now() - interval '1 second' where state in ('planned', 'deferred') returning id`,
  )
  return rows.map(({ id }) => asIntervention(String(id)))
}

interface No {
  readonly moment: Moment
  readonly door: Door
  readonly afterMs: number
}

async function carryOut(person: Person, no: No | null): Promise<string | null> {
  const { place, intervention } = person
  const request = requestOf(place, intervention)
  if (no === null) return act(services, request)
  let said: Promise<void> | undefined
  const say = (): Promise<void> => (said ??= sayNo(person, no.door))
  happening.set(intervention, { moment: no.moment, say })
  if (no.moment === 'planned') await say()
  // At about the time at which it is taken; it is not handed over before the no is stored.
  if (no.moment === 'being_taken') said = later(no.afterMs).then(() => sayNo(person, no.door))
  const state = await act(services, request)
  await said
  return state
}

describe(`an opt-out between the decision and the send (${databaseKind})`, () => {
  it(`is never too late before the message is handed over: 0 of ${TRIES} sent`, async () => {
    const draw = random(20)
    const counts = new Map<string, number>()
    const states = new Map<string, number>()
    const people: Person[] = []
    const controls: Person[] = []
    const rounds = TRIES / AT_ONCE
    const places: Place[] = []
    for (let round = 0; round < rounds; round++) {
      const live = round % 2 === 1
      const extra = CONTROLS / rounds
      const place = await acting.scene({ settings: live ? LIVE : SANDBOX })
      places.push(place)
      const all = await peopleOf(place, AT_ONCE + extra)
      const ended = await Promise.all(
        all.map((person, at) => {
          if (at >= AT_ONCE) {
            controls.push(person)
            return carryOut(person, null)
          }
          people.push(person)
          const moment = MOMENTS[draw.integer(MOMENTS.length)]
          // Most come from the CRM and in lists; the other doors do more at each, and are the fewer.
          const door = draw.next() < 0.7 ? DOORS[draw.integer(2)] : DOORS[draw.integer(DOORS.length)]
          const name = `${live ? 'live' : 'sandbox'}, ${moment}, ${door}`
          counts.set(name, (counts.get(name) ?? 0) + 1)
          return carryOut(person, { moment, door, afterMs: draw.integer(30) })
        }),
      )
      for (const state of ended.slice(0, AT_ONCE)) states.set(`${state}`, (states.get(`${state}`) ?? 0) + 1)
    }
    // Whom a mail server answered too late is tried again, and is not sent to then either.
    let again = 0
    for (const place of places)
      for (const intervention of await putOff(place)) {
        again++
        await act(services, requestOf(place, intervention))
      }
    const reached = given()
    const sent = people.filter(({ email }) => reached.has(email)).map(({ email }) => email)
    const missed = controls.filter(({ email }) => !reached.has(email)).map(({ email }) => email)
    process.stdout.write(
      `${people.length} opt-outs in ${counts.size} kinds, ${sent.length} sent; ` +
        `${controls.length - missed.length} of ${controls.length} others sent; ${again} tried again; ` +
        [...states].map(([state, count]) => `${state} ${count}`).join(', ') +
        '\n',
    )
    expect(people).toHaveLength(TRIES)
    expect(counts.size).toBe(2 * MOMENTS.length * DOORS.length)
    expect(sent).toEqual([])
    expect(missed).toEqual([])
    // Nothing stays open, and the ledger says why.
    const left = await Promise.all(
      places.map((place) =>
        acting.sql(
          place,
          `select state, reason_code from interventions i where state not in ('suppressed', 'cancelled')
             and exists (select from recipients r where r.customer_id = i.customer_id
               and r.email <> all ($1::text[]))`,
          [controls.map(({ email }) => email)],
        ),
      ),
    )
    expect(left.flat()).toEqual([])
  }, 1_200_000)
})

const LIVE = {
  ...liveTo(),
  delivery: { mode: 'live' },
}
