import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { ConnectionId, CustomerId, TenantId } from '../../src/contracts/ids.ts'
import { pauseFacts } from '../../src/loop/pauses.ts'
import { resumePart } from '../../src/loop/pausing.ts'
import { openStopWatch, watchStops, WATCH } from '../../src/loop/stop-watch.ts'
import { automationSettings } from '../../src/settings/automation.ts'
import { listAudit } from '../../src/store/audit.ts'
import type { Database, Transaction } from '../../src/store/database.ts'
import { sentCounts } from '../../src/store/stop-counts.ts'
import { addConnection, addTenant, databaseKind, openTestDatabase } from '../support/database.ts'
import { addCustomer } from '../support/ledger.ts'

let database: Database
let tenant: TenantId
let connection: ConnectionId
let customer: CustomerId
beforeAll(async () => {
  database = await openTestDatabase()
})
afterAll(() => database.close())
beforeEach(async () => {
  tenant = await addTenant(database)
  connection = await addConnection(database, tenant)
  customer = await addCustomer(database, { tenant, connection })
})

const settings = { automation: automationSettings.parse({}) }
const here = <T>(work: (tx: Transaction) => Promise<T>): Promise<T> => database.withTenant(tenant, work)

/** So many were sent so many hours ago; the first of them were answered by now. */
const sent = (
  many: number,
  {
    hours = 2,
    kind = null,
    answered = 0,
    answeredHours = 0,
    refused = 0,
  }: {
    hours?: number
    kind?: string | null
    answered?: number
    answeredHours?: number
    refused?: number
  } = {},
) =>
  here(async (tx) => {
    await tx.query(
      `with made as materialized (
         select gen_random_uuid() as id, n from generate_series(1, $4::integer) n
       ), added as (
         insert into interventions (tenant_id, id, customer_id, connection_id, action_key, channel, idempotency_key, state,
           reason_code, expires_at, currency, created_by, sending_at, sent_at, updated_at)
         select $1::uuid, id, $2, $3, 'email', 'email', id::text,
           case when n <= $8 then 'rejected' else 'sent' end, case when n <= $8 then 'smtp_recipient_refused' end,
           now() + interval '9 days', 'USD', 'policy', now() - make_interval(hours => $5),
           case when n > $8 then now() - make_interval(hours => $5) end, now() - make_interval(hours => $5)
         from made
       )
       insert into delivery_events (tenant_id, intervention_id, channel, kind, at, dedup_key, recorded_at)
       select $1, id, 'email', $6, now(), id::text || $6, now() - make_interval(hours => $9)
       from made where $6::text is not null and n <= $7`,
      [tenant, customer, connection, many, hours, kind, answered, refused, answeredHours],
    )
  })

describe(`the automatic stop (${databaseKind})`, () => {
  it('pauses an action that people complain of, once, with what was counted, and tells of it', async () => {
    await sent(200, { kind: 'complained', answered: 6 })
    const told: string[] = []
    const tell = async (_tx: Transaction, { reason }: { reason: string }) => void told.push(reason)
    const stopped = await here((tx) => watchStops(tx, settings, tell))
    expect(stopped.map(({ scope, name }) => [scope, name])).toEqual([['action', 'email']])
    expect(await here((tx) => watchStops(tx, settings, tell))).toEqual([])
    expect(told).toEqual([
      'It stopped by itself: 6 of the last 200 messages were complained of, where 0.1% is usual. Look at what was sent, then let it go on.',
    ])
    expect((await here(pauseFacts)).actions.get('email')).toBe(told[0])
    const [entry] = await here((tx) => listAudit(tx))
    expect(entry).toMatchObject({
      actor: WATCH,
      action: 'action.pause',
      object: 'email',
      detail: { evidence: { what: 'complaints', answers: 6, messages: 200 } },
    })
  })

  it('counts what the provider refused as a bounce, and each message once', async () => {
    await sent(100, { refused: 12, kind: 'failed', answered: 4 })
    expect(await here((tx) => sentCounts(tx, 24))).toMatchObject([{ exposed: 100, recent: { bounces: 12 } }])
    expect(await here((tx) => watchStops(tx, settings))).toHaveLength(1)
  })

  it('leaves what is older than the window to what is usual', async () => {
    await sent(500, { hours: 24 * 30, kind: 'bounced', answered: 5, answeredHours: 24 * 29 })
    await sent(100, { hours: 40, kind: 'bounced', answered: 20, answeredHours: 30 })
    expect(await here((tx) => sentCounts(tx, 24))).toMatchObject([
      { exposed: 100, before: 500, recent: { bounces: 0 }, usual: { bounces: 5 } },
    ])
    expect(await here((tx) => watchStops(tx, settings))).toEqual([])
    // Answers to what was sent before the window are answers of the window.
    await sent(100, { hours: 40, kind: 'bounced', answered: 20 })
    expect(await here((tx) => watchStops(tx, settings))).toHaveLength(1)
  })

  it('does not stop again for what a person has seen and let go on, and does for more of it', async () => {
    await sent(200, { kind: 'unsubscribed', answered: 12 })
    expect(await here((tx) => watchStops(tx, settings))).toHaveLength(1)
    await here((tx) => resumePart(tx, { scope: 'action', name: 'email' }, { actor: 'user:ann' }))
    expect(await here((tx) => watchStops(tx, settings))).toEqual([])
    await sent(200, { kind: 'unsubscribed', answered: 14 })
    expect(await here((tx) => watchStops(tx, settings))).toHaveLength(1)
  })

  it('can be switched off, sees nobody else’s, and is looked at every half minute', async () => {
    await sent(200, { kind: 'complained', answered: 6 })
    const off = { automation: automationSettings.parse({ stop: { enabled: false } }) }
    expect(await here((tx) => watchStops(tx, off))).toEqual([])
    const other = await addTenant(database)
    expect(await database.withTenant(other, (tx) => watchStops(tx, settings))).toEqual([])
    let now = 0
    const look = openStopWatch(() => now)
    expect(await here((tx) => look(tx, off))).toEqual([])
    expect(await here((tx) => look(tx, settings))).toEqual([])
    now = 30_000
    expect(await here((tx) => look(tx, settings))).toHaveLength(1)
  })
})
