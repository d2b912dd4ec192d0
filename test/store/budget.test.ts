import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ConnectionId, CustomerId, InterventionId, TenantId } from '../../src/contracts/ids.ts'
import { leftOf, openBudget } from '../../src/loop/budget.ts'
import { awaitRedemption, commitRedeemed, releaseReserved } from '../../src/store/budget-redemptions.ts'
import { budgetHeld, entriesOf } from '../../src/store/budget.ts'
import type { Database, Transaction } from '../../src/store/database.ts'
import { moveIntervention, moveInterventions } from '../../src/store/intervention-moves.ts'
import type { InterventionState } from '../../src/store/intervention-states.ts'
import { planInterventions, type PlannedIntervention } from '../../src/store/interventions.ts'
import { saveSettings } from '../../src/store/settings-versions.ts'
import { addConnection, addTenant, databaseKind, openTestDatabase } from '../support/database.ts'
import { addCustomer, plannedIntervention } from '../support/ledger.ts'

const NOW = new Date('2026-11-20T10:00:00Z')
const NOVEMBER = { start: new Date('2026-11-01T00:00:00Z'), end: new Date('2026-12-01T00:00:00Z') }

let database: Database
beforeAll(async () => {
  database = await openTestDatabase()
})
afterAll(() => database.close())

interface Place {
  readonly tenant: TenantId
  readonly connection: ConnectionId
  readonly customer: CustomerId
}

async function company(settings: object | null = { budget: 100 }): Promise<Place> {
  const tenant = await addTenant(database)
  const connection = await addConnection(database, tenant)
  const customer = await addCustomer(database, { tenant, connection })
  if (settings !== null) await save({ tenant }, settings, 0)
  return { tenant, connection, customer }
}

const inTenant = <T>({ tenant }: Pick<Place, 'tenant'>, work: (tx: Transaction) => Promise<T>) =>
  database.withTenant(tenant, work)

const save = (place: Pick<Place, 'tenant'>, settings: object, expected: number) =>
  inTenant(place, (tx) => saveSettings(tx, settings, { expected, author: 'a test' }))

async function plan(
  place: Place,
  minor: number,
  differs: Partial<PlannedIntervention> = {},
  at = NOW,
): Promise<InterventionId> {
  const one = plannedIntervention(place, { plannedCostMinor: minor, ...differs })
  await inTenant(place, (tx) => planInterventions(tx, [one], at))
  return one.id
}

async function move(
  place: Place,
  id: InterventionId,
  ...states: readonly InterventionState[]
): Promise<void> {
  for (const to of states)
    await inTenant(place, async (tx) => {
      const [{ state }] = await tx.query<{ state: InterventionState }>(
        'select state from interventions where tenant_id = $1 and id = $2',
        [place.tenant, id],
      )
      await moveIntervention(tx, { id, from: [state], to, actor: 'a test' })
    })
}

/** In all, over actions and currencies. */
async function held(place: Place, period = NOVEMBER): Promise<{ reserved: number; committed: number }> {
  const rows = await inTenant(place, (tx) => budgetHeld(tx, period))
  return {
    reserved: rows.reduce((sum, one) => sum + one.reservedMinor, 0),
    committed: rows.reduce((sum, one) => sum + one.committedMinor, 0),
  }
}

describe(`the ledger of the budget (${databaseKind})`, () => {
  it('reserves the whole cost when something is planned, and commits it when it went out', async () => {
    const place = await company()
    const id = await plan(place, 600)
    expect(await held(place)).toEqual({ reserved: 600, committed: 0 })
    await move(place, id, 'leased', 'sending')
    expect(await held(place)).toEqual({ reserved: 600, committed: 0 })
    await move(place, id, 'sent', 'confirmed')
    expect(await held(place)).toEqual({ reserved: 0, committed: 600 })
    const entries = await inTenant(place, (tx) => entriesOf(tx, id))
    expect(entries.map(({ kind, state, day }) => [kind, state, day])).toEqual([
      ['reserve', 'planned', '2026-11-20'],
      ['commit', 'sent', '2026-11-20'],
    ])
  })

  it.each<[InterventionState, readonly InterventionState[]]>([
    ['suppressed', ['suppressed']],
    ['rejected', ['leased', 'sending', 'rejected']],
    ['cancelled', ['cancelled']],
    ['expired', ['deferred', 'expired']],
    ['dry_run', ['dry_run']],
  ])('gives back what ended as %s', async (_, states) => {
    const place = await company()
    const id = await plan(place, 600)
    await move(place, id, ...states)
    expect(await held(place)).toEqual({ reserved: 0, committed: 0 })
  })

  it('counts what may have gone out as spent, until it is known that it did not', async () => {
    const place = await company()
    const id = await plan(place, 600)
    await move(place, id, 'leased', 'sending', 'uncertain')
    expect(await held(place)).toEqual({ reserved: 0, committed: 600 })
    await move(place, id, 'deferred')
    expect(await held(place)).toEqual({ reserved: 600, committed: 0 })
    await move(place, id, 'suppressed')
    expect(await held(place)).toEqual({ reserved: 0, committed: 0 })
  })

  it('books many that move in one statement, whatever moves them', async () => {
    const place = await company()
    const ids = [await plan(place, 100), await plan(place, 200), await plan(place, 300)]
    await inTenant(place, (tx) =>
      moveInterventions(
        tx,
        ids.map((id, at) => ({
          id,
          from: ['planned'],
          to: at === 0 ? 'leased' : 'suppressed',
          actor: 'a test',
        })),
      ),
    )
    expect(await held(place)).toEqual({ reserved: 100, committed: 0 })
    await inTenant(place, (tx) =>
      tx.query("update interventions set state = 'cancelled' where tenant_id = $1", [place.tenant]),
    )
    expect(await held(place)).toEqual({ reserved: 0, committed: 0 })
    await plan(place, 700)
    await database.asSystem('a test', (tx) =>
      tx.query('delete from customers where tenant_id = $1', [place.tenant]),
    )
    expect(await held(place)).toEqual({ reserved: 0, committed: 0 })
  })

  it('refuses what does not fit, to the cent, and writes none of it', async () => {
    const place = await company()
    await plan(place, 9_999)
    await expect(plan(place, 2)).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('of the budget of this period'),
    })
    await plan(place, 1)
    await expect(plan(place, 1)).rejects.toMatchObject({ code: 'conflict' })
    expect(await held(place)).toEqual({ reserved: 10_000, committed: 0 })
    // What costs nothing always fits.
    await plan(place, 0)
  })

  it('begins anew with the next period, and holds what is dearer than planned against it', async () => {
    const place = await company()
    await plan(place, 10_000)
    const id = await plan(place, 9_000, {}, new Date('2026-12-01T00:00:00Z'))
    const raise = (minor: number) =>
      inTenant(place, (tx) =>
        tx.query('update interventions set planned_cost_minor = $2 where id = $1', [id, minor]),
      )
    await raise(10_000)
    await expect(raise(10_001)).rejects.toMatchObject({ code: 'HB001' })
    await raise(8_000)
    const december = { start: NOVEMBER.end, end: new Date('2027-01-01T00:00:00Z') }
    expect(await held(place, december)).toEqual({ reserved: 8_000, committed: 0 })
  })

  it('takes a budget that is changed in the middle of the month at once, and asks nothing back', async () => {
    const place = await company()
    await plan(place, 8_000)
    await save(place, { budget: 50 }, 1)
    await expect(plan(place, 1)).rejects.toMatchObject({ code: 'conflict' })
    await save(place, { budget: 80.01 }, 2)
    await plan(place, 1)
    await save(place, { budget: null }, 3)
    await plan(place, 1_000_000)
    await save(place, { budget: 0 }, 4)
    await expect(plan(place, 1)).rejects.toMatchObject({ code: 'conflict' })
    expect(await held(place)).toEqual({ reserved: 1_008_001, committed: 0 })
  })

  it('counts what is held in another currency at its rate, and adds nothing beside what has none', async () => {
    const euro = { file: 'EUR', reporting: 'USD', rate: 1.5 }
    const place = await company({ budget: 100, currency: euro })
    await plan(place, 3_001, { currency: 'EUR' })
    const left = await inTenant(place, async (tx) => {
      const { settings } = await openBudget(tx)
      return leftOf(tx, { settings, now: NOW, acting: true, actions: [] })
    })
    expect(left.budget).toBe(10_000 - 4_502)
    await expect(plan(place, 5_499)).rejects.toMatchObject({ code: 'conflict' })
    await plan(place, 5_498)
    await save(place, { budget: 1_000_000, currency: { file: 'USD' } }, 1)
    await expect(plan(place, 1)).rejects.toMatchObject({ code: 'conflict' })
  })

  it('holds all of an offer until it is taken, and no more of it than it really cost', async () => {
    const place = await company()
    const [taken, expired] = [await plan(place, 1_200), await plan(place, 1_200)]
    await inTenant(place, (tx) => awaitRedemption(tx, [taken, expired]))
    for (const id of [taken, expired]) await move(place, id, 'leased', 'sending', 'sent', 'confirmed')
    expect(await held(place)).toEqual({ reserved: 2_400, committed: 0 })
    const month = { intervention: taken, minor: 100 }
    await inTenant(place, (tx) => commitRedeemed(tx, [month, month]))
    expect(await inTenant(place, (tx) => releaseReserved(tx, [expired]))).toBe(1)
    expect(await held(place)).toEqual({ reserved: 1_000, committed: 200 })
    // The customer left: the rest is never paid.
    await inTenant(place, (tx) => releaseReserved(tx, [taken]))
    expect(await held(place)).toEqual({ reserved: 0, committed: 200 })
    const rows = await inTenant(place, (tx) =>
      tx.query<{ actual: number }>(
        'select actual_cost_minor as actual from interventions order by actual_cost_minor',
      ),
    )
    expect(rows).toEqual([{ actual: 0 }, { actual: 200 }])
  })

  it('plans the same thing once, also under another key', async () => {
    const place = await company()
    const one = plannedIntervention(place, { plannedCostMinor: 10 })
    await inTenant(place, (tx) => planInterventions(tx, [one], NOW))
    const again = { ...one, idempotencyKey: randomUUID() }
    expect(await inTenant(place, (tx) => planInterventions(tx, [again], NOW))).toBe(0)
    expect(await held(place)).toEqual({ reserved: 10, committed: 0 })
  })

  it('shows nobody the entries of another company', async () => {
    const [mine, other] = [await company(), await company()]
    await plan(mine, 600)
    const seen = await inTenant(other, (tx) => tx.query('select * from budget_entries'))
    expect(seen).toEqual([])
  })
})
