import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { asIntervention, type InterventionId } from '../../src/contracts/ids.ts'
import type { Database } from '../../src/store/database.ts'
import {
  SNOOZED_UNAPPROVED,
  approve,
  cancel,
  planInterventions,
  readIntervention,
  reject,
  snooze,
} from '../../src/store/interventions.ts'
import { expireInterventions, releaseDeferred } from '../../src/store/intervention-sweeps.ts'
import { moveIntervention } from '../../src/store/intervention-moves.ts'
import { addConnection, addTenant, databaseKind, openTestDatabase } from '../support/database.ts'
import { addCustomer, addIntervention, movesOf, plannedIntervention } from '../support/ledger.ts'

let database: Database
let place: {
  tenant: Awaited<ReturnType<typeof addTenant>>
  connection: Awaited<ReturnType<typeof addConnection>>
  customer: Awaited<ReturnType<typeof addCustomer>>
}
beforeAll(async () => {
  database = await openTestDatabase()
  const tenant = await addTenant(database)
  const connection = await addConnection(database, tenant)
  place = { tenant, connection, customer: await addCustomer(database, { tenant, connection }) }
})
afterAll(() => database.close())

const inTenant: Database['withTenant'] = (...args) => database.withTenant(...args)
const read = (id: InterventionId) => inTenant(place.tenant, (tx) => readIntervention(tx, id))

describe(`the ledger of interventions (${databaseKind})`, () => {
  it('plans each idempotency key once, with an event for each', async () => {
    const one = plannedIntervention(place, { idempotencyKey: 'key-a' })
    const two = plannedIntervention(place, { state: 'awaiting_approval' })
    const again = plannedIntervention(place, { idempotencyKey: 'key-a' })
    expect(await inTenant(place.tenant, (tx) => planInterventions(tx, [one, two], new Date()))).toBe(2)
    expect(await inTenant(place.tenant, (tx) => planInterventions(tx, [again], new Date()))).toBe(0)
    expect(await movesOf(database, place.tenant, two.id)).toMatchObject([
      { from_state: null, to_state: 'awaiting_approval', actor: 'policy' },
    ])
    expect(await read(one.id)).toMatchObject({
      ...one,
      recipient: null,
      attempts: 0,
      message: null,
      sentAt: null,
    })
    await expect(read(again.id)).rejects.toMatchObject({ code: 'not_found' })
  })

  it('lets a person approve, reject and cancel, and says who did', async () => {
    const approved = await addIntervention(database, place, { state: 'awaiting_approval' })
    await inTenant(place.tenant, (tx) => approve(tx, approved, { actor: 'Kim' }))
    expect(await read(approved)).toMatchObject({ state: 'planned', reason: 'Kim approved it.' })
    const rejected = await addIntervention(database, place)
    await inTenant(place.tenant, (tx) => reject(tx, rejected, { actor: 'Kim', note: 'they just renewed' }))
    expect(await read(rejected)).toMatchObject({
      state: 'rejected',
      reasonCode: 'not_right',
      reason: 'Kim said that it is not right: they just renewed',
    })
    const cancelled = await addIntervention(database, place)
    await inTenant(place.tenant, (tx) => cancel(tx, cancelled, { actor: 'Kim' }))
    expect((await movesOf(database, place.tenant, cancelled)).at(-1)).toMatchObject({
      from_state: 'planned',
      to_state: 'cancelled',
      actor: 'Kim',
      reason_code: 'by_hand',
    })
  })

  it('refuses an answer that comes too late, naming the state', async () => {
    const id = await addIntervention(database, place)
    await expect(inTenant(place.tenant, (tx) => approve(tx, id, { actor: 'Kim' }))).rejects.toMatchObject({
      code: 'conflict',
      message: 'It cannot be approved: it is planned by now.',
    })
    await inTenant(place.tenant, (tx) => reject(tx, id, { actor: 'Kim' }))
    for (const answer of [reject, cancel])
      await expect(inTenant(place.tenant, (tx) => answer(tx, id, { actor: 'Kim' }))).rejects.toMatchObject({
        code: 'conflict',
      })
    const unknown = asIntervention(randomUUID())
    await expect(
      inTenant(place.tenant, (tx) => approve(tx, unknown, { actor: 'Kim' })),
    ).rejects.toMatchObject({
      code: 'not_found',
    })
  })

  it('snoozes until a time before it expires, and remembers that nobody approved yet', async () => {
    const until = new Date(Date.now() + 86_400_000)
    const open = await addIntervention(database, place, { state: 'awaiting_approval' })
    await inTenant(place.tenant, (tx) => snooze(tx, open, { actor: 'Kim', until }))
    expect(await read(open)).toMatchObject({
      state: 'snoozed',
      reasonCode: SNOOZED_UNAPPROVED,
      dueAt: until,
    })
    await inTenant(place.tenant, (tx) => snooze(tx, open, { actor: 'Kim', until }))
    expect((await read(open)).reasonCode).toBe(SNOOZED_UNAPPROVED)
    const approved = await addIntervention(database, place)
    await inTenant(place.tenant, (tx) => snooze(tx, approved, { actor: 'Kim', until }))
    expect((await read(approved)).reasonCode).toBe('snoozed')
    for (const wrong of [new Date(Date.now() - 1000), new Date(Date.now() + 30 * 86_400_000)])
      await expect(
        inTenant(place.tenant, (tx) => snooze(tx, approved, { actor: 'Kim', until: wrong })),
      ).rejects.toMatchObject({ code: 'request_invalid' })
  })

  it('expires what nobody carried out in time, also what waits for approval', async () => {
    const late = { expiresAt: new Date(Date.now() - 1000) }
    const waiting = await addIntervention(database, place, { ...late, state: 'awaiting_approval' })
    await expect(
      inTenant(place.tenant, (tx) => approve(tx, waiting, { actor: 'Kim' })),
    ).rejects.toMatchObject({
      code: 'conflict',
    })
    expect(await inTenant(place.tenant, expireInterventions)).toBe(1)
    expect(await inTenant(place.tenant, expireInterventions)).toBe(0)
    expect((await movesOf(database, place.tenant, waiting)).at(-1)).toMatchObject({
      from_state: 'awaiting_approval',
      to_state: 'expired',
    })
  })

  it('releases what was deferred for a reason that is gone, and nothing else', async () => {
    const defer = async (reasonCode: string) => {
      const id = await addIntervention(database, place)
      await inTenant(place.tenant, (tx) =>
        moveIntervention(tx, {
          id,
          from: ['planned'],
          to: 'deferred',
          actor: 'w',
          reasonCode,
          set: { dueInMs: 3_600_000 },
        }),
      )
      return id
    }
    const paused = await defer('tenant_paused')
    const other = await defer('smtp_451')
    expect(await inTenant(place.tenant, (tx) => releaseDeferred(tx, ['tenant_paused']))).toBe(1)
    expect((await read(paused)).dueAt.getTime()).toBeLessThanOrEqual(Date.now() + 1000)
    expect((await read(other)).dueAt.getTime()).toBeGreaterThan(Date.now() + 3_000_000)
  })
})
