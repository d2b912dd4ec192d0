import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openEmailChannel } from '../../actions/email/channel.ts'
import type { InterventionId } from '../../src/contracts/ids.ts'
import type { ActServices } from '../../src/loop/act-services.ts'
import { SANDBOX, openActing, type Acting, type Place } from '../support/acting.ts'
import { databaseKind } from '../support/database.ts'

let acting: Acting
beforeAll(async () => {
  acting = await openActing()
})
afterAll(() => acting.close())

const HOURS = 3_600_000
type Moment = 'connecting' | 'handing_over' | 'answered'

/** The machine's clock jumps by so much at this moment of a conversation; `also` happens then too. */
function jumping(
  ms: number,
  at: Moment,
  also: () => Promise<unknown> = () => Promise.resolve(),
): Partial<ActServices> {
  let offset = 0
  const clock = () => new Date(Date.now() + offset)
  const jump = async (moment: Moment) => {
    if (moment !== at) return
    offset = ms
    await also()
  }
  const channel = openEmailChannel({
    host: acting.sandbox.host,
    port: acting.sandbox.port,
    security: 'none',
    user: null,
    password: null,
    dkim: null,
    clock,
    timeoutMs: 2000,
  })
  return {
    clock,
    channels: {
      email: () =>
        Promise.resolve({
          ...channel,
          send: async (message, attempt) => {
            const result = await channel.send(message, {
              ...attempt,
              confirmLease: async (before = 'handing_over') => {
                await attempt.confirmLease(before)
                await jump(before)
              },
            })
            await jump('answered')
            return result
          },
        }),
    },
  }
}

/** To the ledger a database's clock that goes forward is one whose times all move into the past. */
const databaseJumps = (place: Place, id: InterventionId, ms: number) =>
  acting.sql(
    place,
    `update interventions set due_at = due_at - $2::float8 * interval '1 millisecond',
       lease_until = lease_until - $2::float8 * interval '1 millisecond',
       sending_at = sending_at - $2::float8 * interval '1 millisecond' where id = $1`,
    [id, ms],
  )

const arrived = (email: string) => acting.sandbox.deliveries().filter(({ to }) => to === email).length

describe(`a clock that jumps (${databaseKind})`, () => {
  it.each<[number, Moment]>(
    [2 * HOURS, -2 * HOURS].flatMap((ms) =>
      (['connecting', 'handing_over', 'answered'] as const).map((at): [number, Moment] => [ms, at]),
    ),
  )('by %i ms on the machine that sends, at "%s": sent once, nothing lost', async (ms, at) => {
    const place = await acting.scene({ settings: SANDBOX })
    const id = await acting.plan(place)
    const first = await acting.act(place, id, { services: jumping(ms, at) })
    // Forward, the attempt thinks that its time is over, and stops while that is still safe.
    expect(first).toBe(ms > 0 && at !== 'answered' ? 'deferred' : 'sent')
    if (first === 'deferred') {
      expect(arrived(place.email)).toBe(0)
      expect(await acting.read(place, id)).toMatchObject({ reasonCode: 'smtp_timeout' })
      await acting.sql(place, 'update interventions set due_at = now() where id = $1', [id])
      expect(await acting.act(place, id, { services: jumping(0, 'answered') })).toBe('sent')
    }
    expect(arrived(place.email)).toBe(1)
  })

  it.each<[Moment, string | null]>([
    // Another worker took over and sent it.
    ['connecting', null],
    // Nobody sends what may be out; the one that sent it says how it ended.
    ['handing_over', 'sent'],
    ['answered', 'sent'],
  ])('forward in the database, so that every lease is over, at "%s": sent once', async (at, ends) => {
    const place = await acting.scene({ settings: SANDBOX })
    const id = await acting.plan(place)
    let other: string | null = null
    const services = jumping(0, at, async () => {
      await databaseJumps(place, id, 2 * HOURS)
      other = await acting.act(place, id)
    })
    expect(await acting.act(place, id, { services })).toBe(ends)
    expect(other).toBe(ends === null ? 'sent' : 'uncertain')
    expect((await acting.read(place, id)).state).toBe('sent')
    expect(arrived(place.email)).toBe(1)
  })

  it('back in the database: what is held or put off comes later, and nobody else sends it meanwhile', async () => {
    const place = await acting.scene({ settings: SANDBOX })
    const id = await acting.plan(place)
    let other: string | null = null
    const services = jumping(0, 'handing_over', async () => {
      await databaseJumps(place, id, -2 * HOURS)
      other = await acting.act(place, id)
    })
    expect(await acting.act(place, id, { services })).toBe('sent')
    expect(other).toBe('sending')
    const later = await acting.plan(place)
    await databaseJumps(place, later, -2 * HOURS)
    expect(await acting.act(place, later)).toBe('planned')
    await databaseJumps(place, later, 2 * HOURS)
    expect(await acting.act(place, later)).toBe('sent')
    expect(arrived(place.email)).toBe(2)
  })
})
