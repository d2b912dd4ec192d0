import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Database, Transaction } from '../../src/store/database.ts'
import type { InterventionId } from '../../src/contracts/ids.ts'
import { HoldfastError } from '../../src/contracts/errors.ts'
import { expireInterventions } from '../../src/store/intervention-sweeps.ts'
import { moveIntervention } from '../../src/store/intervention-moves.ts'
import { INTERVENTION_STATES, MOVES, type InterventionState } from '../../src/store/intervention-states.ts'
import {
  approve,
  cancel,
  planInterventions,
  readIntervention,
  reject,
  snooze,
} from '../../src/store/interventions.ts'
import { addConnection, addTenant, databaseKind, openTestDatabase } from '../support/database.ts'
import { addCustomer, plannedIntervention, type LoggedMove } from '../support/ledger.ts'

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

/** What is expected, kept beside the ledger. */
interface Model {
  state: InterventionState
  owner: string | null
  moves: number
}

interface Step {
  readonly what: 'move' | 'approve' | 'reject' | 'snooze' | 'cancel' | 'expire'
  readonly to: InterventionState
  readonly owner: 'a' | 'b' | null
  readonly lease: 'a' | 'b'
}

// Mostly along the way of an e-mail, or random walks would end at the first fork.
const likely: InterventionState[] = [
  'leased',
  'leased',
  'sending',
  'sending',
  'deferred',
  'uncertain',
  'sent',
]
const step: fc.Arbitrary<Step> = fc.record({
  what: fc.constantFrom<Step['what'][]>(
    'move',
    'move',
    'move',
    'move',
    'approve',
    'reject',
    'snooze',
    'cancel',
    'expire',
  ),
  to: fc.constantFrom(...INTERVENTION_STATES, ...likely, ...likely),
  owner: fc.constantFrom('a' as const, 'b' as const, null),
  lease: fc.constantFrom('a' as const, 'b' as const),
})

const answers = { approve, reject, cancel }
const ANSWERED: Readonly<Record<string, { from: InterventionState[]; to: InterventionState }>> = {
  approve: { from: ['awaiting_approval'], to: 'planned' },
  reject: { from: ['planned', 'awaiting_approval', 'deferred', 'snoozed'], to: 'rejected' },
  snooze: { from: ['planned', 'awaiting_approval', 'deferred', 'snoozed'], to: 'snoozed' },
  cancel: { from: ['planned', 'awaiting_approval', 'deferred', 'snoozed', 'leased'], to: 'cancelled' },
}

async function apply(tx: Transaction, id: InterventionId, model: Model, one: Step): Promise<void> {
  if (one.what === 'expire') {
    // Its time has not come.
    expect(await expireInterventions(tx)).toBe(0)
    return
  }
  if (one.what !== 'move') {
    const { from, to } = ANSWERED[one.what]
    const until = new Date(Date.now() + 3_600_000)
    const answer =
      one.what === 'snooze'
        ? snooze(tx, id, { actor: 'Kim', until })
        : answers[one.what](tx, id, { actor: 'Kim' })
    const code = await answer.then(
      () => null,
      (error: unknown) => (error instanceof HoldfastError ? error.code : error),
    )
    expect(code).toBe(from.includes(model.state) ? null : 'conflict')
    if (code === null) Object.assign(model, { state: to, owner: null, moves: model.moves + 1 })
    return
  }
  const from = INTERVENTION_STATES.filter((state) => MOVES[state].includes(one.to))
  if (from.length === 0) return
  const moved = await moveIntervention(tx, {
    id,
    from,
    to: one.to,
    actor: 'worker',
    ...(one.owner === null ? {} : { owner: one.owner }),
    ...(one.to === 'leased' ? { set: { lease: { owner: one.lease, ms: 1000 } } } : {}),
  })
  const expected = from.includes(model.state) && (one.owner === null || one.owner === model.owner)
  expect(moved).toBe(expected)
  if (!moved) return
  const keeps = one.to === 'sending' || one.to === 'uncertain'
  Object.assign(model, {
    state: one.to,
    owner: one.to === 'leased' ? one.lease : keeps ? model.owner : null,
    moves: model.moves + 1,
  })
}

const ends = INTERVENTION_STATES.filter((state) => MOVES[state].length === 0)

describe(`the state machine of an intervention (${databaseKind})`, () => {
  it('holds under any sequence of moves and answers: each logged, ends final, sent at most once', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('planned' as const, 'awaiting_approval' as const),
        fc.array(step, { minLength: 5, maxLength: 30 }),
        (state, steps) =>
          database.withTenant(place.tenant, async (tx) => {
            const planned = plannedIntervention(place, { state })
            await planInterventions(tx, [planned], new Date())
            const model: Model = { state, owner: null, moves: 1 }
            for (const one of steps) await apply(tx, planned.id, model, one)

            const row = await readIntervention(tx, planned.id)
            expect([row.state, row.leaseOwner]).toEqual([model.state, model.owner])
            const log = await tx.query<LoggedMove>(
              'select from_state, to_state from intervention_events where tenant_id = $1 and intervention_id = $2 order by id',
              [tx.tenant, planned.id],
            )
            expect(log).toHaveLength(model.moves)
            log.forEach((move, at) => {
              expect(move.from_state).toBe(at === 0 ? null : log[at - 1].to_state)
              expect(ends).not.toContain(move.from_state)
            })
            const path = log.map(({ to_state }) => to_state)
            expect(path.filter((to) => to === 'sent').length).toBeLessThanOrEqual(1)
            // Between two sends there is somebody who knows that nothing went out.
            const begun = path.flatMap((to, at) => (to === 'sending' ? [at] : []))
            begun.slice(1).forEach((at, n) => expect(path.slice(begun[n] + 1, at)).toContain('deferred'))
          }),
      ),
      { numRuns: 25 },
    )
  })

  it('refuses a move that the table does not have', async () => {
    const planned = plannedIntervention(place)
    await expect(
      database.withTenant(place.tenant, async (tx) => {
        await planInterventions(tx, [planned], new Date())
        await moveIntervention(tx, { id: planned.id, from: ['planned'], to: 'sent', actor: 'w' })
      }),
    ).rejects.toMatchObject({ code: 'internal', message: expect.stringContaining('from planned to sent') })
  })

  it('moves under a lease only while it runs, in database time', async () => {
    const planned = plannedIntervention(place)
    await database.withTenant(place.tenant, async (tx) => {
      await planInterventions(tx, [planned], new Date())
      const { id } = planned
      await moveIntervention(tx, {
        id,
        from: ['planned'],
        to: 'leased',
        actor: 'a',
        set: { lease: { owner: 'a', ms: -1 } },
      })
      const send = { id, from: ['leased'], to: 'sending', actor: 'a', owner: 'a', leaseRuns: true } as const
      expect(await moveIntervention(tx, send)).toBe(false)
      await moveIntervention(tx, {
        id,
        from: ['leased'],
        to: 'leased',
        actor: 'a',
        set: { lease: { owner: 'a', ms: 60_000 } },
      })
      expect(await moveIntervention(tx, send)).toBe(true)
    })
  })
})

describe('the mark that a record is to be written again', () => {
  /** For each move whether it made one, and asked for the write-back that finds it. */
  async function marks(states: readonly InterventionState[]): Promise<boolean[]> {
    const one = plannedIntervention(place)
    const marked: boolean[] = []
    await database.withTenant(place.tenant, async (tx) => {
      await planInterventions(tx, [one], new Date())
      for (const [at, to] of states.entries()) {
        await tx.query('delete from write_back_due where tenant_id = $1', [place.tenant])
        await tx.query("delete from steps where tenant_id = $1 and step = 'write_back'", [place.tenant])
        const from = [at === 0 ? 'planned' : states[at - 1]] as const
        expect(await moveIntervention(tx, { id: one.id, from, to, actor: 'a test' })).toBe(true)
        const due = await tx.query('select from write_back_due where tenant_id = $1', [place.tenant])
        const asked = await tx.query("select from steps where tenant_id = $1 and step = 'write_back'", [
          place.tenant,
        ])
        expect(asked.length > 0, to).toBe(due.length > 0)
        marked.push(due.length > 0)
      }
    })
    return marked
  }

  it('is made for what people are shown, and not for what passes within seconds', async () => {
    expect(await marks(['leased', 'sending', 'sent', 'confirmed'])).toEqual([false, false, true, false])
    expect(await marks(['leased', 'deferred'])).toEqual([false, true])
  })

  it('is made when it turns out that what was uncertain has arrived', async () => {
    expect(await marks(['leased', 'sending', 'uncertain', 'confirmed'])).toEqual([false, false, true, true])
  })
})
