import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { shippedActions } from '../../actions/catalogue.ts'
import { drawCustomers } from '../../models/policy/draw.ts'
import { replayChoice } from '../../models/policy/replay.ts'
import type { ConnectionId, TenantId } from '../../src/contracts/ids.ts'
import { decideBook } from '../../src/loop/decide-book.ts'
import type { LoopServices } from '../../src/loop/services.ts'
import type { Database, Transaction } from '../../src/store/database.ts'
import { databaseKind, openTestDatabase } from '../support/database.ts'
import { addBook, addScored, loopServices, stepContext } from './decidable.ts'
import { chiSquareOf } from './frequencies.ts'

let database: Database
let services: LoopServices
beforeAll(async () => {
  database = await openTestDatabase()
  services = loopServices(database, () => new Date('2026-11-20T10:00:00Z'))
})
afterAll(async () => {
  await services.engines.close()
  await database.close()
})

interface Place {
  readonly tenant: TenantId
  readonly connection: ConnectionId
}

/** Where something is done for most. */
async function lively(count: number): Promise<Place> {
  const place = await addBook(database, { settings: { gate: { threshold: 0.5 }, margin: { gross: 0.9 } } })
  await addScored(database, place, 1, count)
  return place
}

const decideAll = ({ tenant, connection }: Place, using: LoopServices = services) =>
  decideBook(using, stepContext(tenant, connection))

const read = <Row extends object>({ tenant }: Place, text: string) =>
  database.withTenant(tenant, (tx) => tx.query<Row>(text))

const decisions = (place: Place) =>
  read<{
    readonly id: number
    readonly customer_id: number
    readonly probabilities: number[]
    readonly action_key: string
    readonly propensity: number
    readonly draw: number
    readonly draw_identity: string
  }>(place, 'select * from decisions order by id')

const ACTIONS = shippedActions.map(({ key }) => key)

describe(`a decision of many (${databaseKind})`, () => {
  let place: Place

  it('stands with its interventions or not at all, and is completed after a crash', async () => {
    place = await lively(2100)
    let batches = 0
    const dying: Database = {
      ...database,
      withTenant: (tenant, work) =>
        database.withTenant(tenant, (tx) =>
          work({
            ...tx,
            query: ((text: string, values?: readonly unknown[]) => {
              if (text.includes('insert into interventions') && ++batches === 2) throw new Error('killed')
              return tx.query(text, values)
            }) as Transaction['query'],
          }),
        ),
    }
    await expect(decideAll(place, { ...services, database: dying })).rejects.toThrow('killed')
    expect(await decisions(place)).toHaveLength(2000)
    expect(await decideAll(place)).toMatchObject({ decided: 100 })
    const rows = await decisions(place)
    expect(new Set(rows.map((row) => row.customer_id)).size).toBe(2100)
    const ledger = await read<{ decision_id: number }>(
      place,
      'select decision_id from interventions order by decision_id',
    )
    expect(ledger.map((row) => row.decision_id)).toEqual(
      rows.filter((row) => row.action_key !== 'no_action').map((row) => row.id),
    )
  })

  it('can be made again from the log alone, and is as frequent as that says', async () => {
    const choices = (await decisions(place)).map((row) => {
      const action = replayChoice(row.probabilities, row.draw)
      const [tenant, period, policyVersion, customer] = JSON.parse(row.draw_identity) as string[]
      const drawn = drawCustomers({ tenant, period, policyVersion, salt: '' }, [customer])
      const sum = row.probabilities.reduce((total, p) => total + p, 0)
      const same = [ACTIONS[action], row.probabilities[action], drawn.uniform[0], Math.abs(sum - 1) < 1e-12]
      expect(same).toEqual([row.action_key, row.propensity, row.draw, true])
      return { probabilities: row.probabilities, action }
    })
    const { z, freedom, taken } = chiSquareOf(choices)
    expect(taken).toBeGreaterThan(400)
    expect(freedom).toBeGreaterThan(0)
    // Another tenant each time, so other draws: one run in 10,000 has more.
    expect(Math.abs(z)).toBeLessThan(3.9)
  })
})
