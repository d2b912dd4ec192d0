/** Webhooks as they come in the worst case, as often as a suite has time for. */
import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ChangeHint } from '../../connectors/connector.ts'
import type { ConnectionId, TenantId } from '../../src/contracts/ids.ts'
import type { Population } from '../../src/store/connections.ts'
import type { Database } from '../../src/store/database.ts'
import { keepReceipts } from '../../src/store/webhook-receipts.ts'
import { addTenant, databaseKind, openTestDatabase } from '../support/database.ts'
import { livingCrm, type LivingCrm } from './living-crm.ts'
import { madeUpCrm, syncing, type Syncing } from './syncing.ts'

const customersOnly: Population = { kind: 'property', property: 'lifecyclestage', values: ['customer'] }
const customer = () => ({ lifecyclestage: 'customer', tenure_months: 12, monthly_charges: 50 })

interface Stored {
  readonly external_id: string
  readonly status: string
  readonly properties: Readonly<Record<string, unknown>>
}

/** @param runs histories of a CRM that are tried */
export function shuffledHints({ runs }: { runs: number }): void {
  describe(`what webhooks tell (${databaseKind})`, () => {
    let database: Database
    let tenant: TenantId
    let crm: LivingCrm
    let syncs: Syncing
    let connection: ConnectionId
    beforeAll(async () => {
      database = await openTestDatabase()
      tenant = await addTenant(database)
      crm = livingCrm()
      crm.kinds = { lifecyclestage: 'category', tenure_months: 'number', monthly_charges: 'number' }
      syncs = syncing(database, tenant, madeUpCrm(), crm)
    })
    afterAll(() => database?.close())

    const stored = (of: ConnectionId) =>
      syncs.rows<Stored>('select external_id, status, properties from customers where connection_id = $1', of)
    const hints = (...all: readonly ChangeHint[]) =>
      database.withTenant(tenant, (tx) => keepReceipts(tx, connection, all))

    it('ten times, shuffled and late, makes the store what a fresh reading makes it', async () => {
      const ids = ['a', 'b', 'c', 'd', 'e']
      const id = fc.constantFrom(...ids)
      const months = fc.integer({ min: 0, max: 5 })
      const change = fc.oneof(
        { weight: 4, arbitrary: fc.record({ does: fc.constant('change' as const), id, to: months }) },
        fc.record({
          does: fc.constantFrom('remove' as const, 'restore' as const, 'leave' as const),
          id,
          to: months,
        }),
        fc.record({ does: fc.constant('merge' as const), id, to: id }),
        fc.record({ does: fc.constant('deal' as const), id, to: months }),
      )
      const rounds = fc.array(
        fc.record({
          changes: fc.array(change, { minLength: 2, maxLength: 6 }),
          order: fc.infiniteStream(fc.double()),
          sync: fc.boolean(),
        }),
        { minLength: 2, maxLength: 4 },
      )
      const view = async (of: ConnectionId) => {
        const all = (await stored(of)).filter(({ status }) => status !== 'deleted')
        const deals = await syncs.rows<{ external_id: string; monthly_minor: number }>(
          `select c.external_id, a.monthly_minor from agreements a join customers c using (tenant_id)
         where c.id = a.customer_id and c.connection_id = $1 and c.status = 'active'`,
          of,
        )
        return {
          customers: all
            .map(({ external_id, status, properties }) => ({ external_id, status, properties }))
            .toSorted((a, b) => (a.external_id < b.external_id ? -1 : 1)),
          deals: deals.toSorted((a, b) => (a.external_id < b.external_id ? -1 : 1)),
        }
      }
      await fc.assert(
        fc.asyncProperty(rounds, async (all) => {
          for (const one of ids) crm.remove(one)
          crm.deals.clear()
          for (const one of ids) crm.add(one, customer())
          connection = await syncs.connect({ kind: 'living', population: customersOnly })
          await syncs.sync(connection)
          const late: ChangeHint[] = []
          for (const { changes, order, sync } of all) {
            for (const { does, id: one, to } of changes) {
              if (does === 'change') crm.change(one, { tenure_months: to as number })
              else if (does === 'leave') crm.change(one, { lifecyclestage: to === 0 ? 'customer' : 'lead' })
              else if (does === 'remove') crm.remove(one)
              else if (does === 'restore') crm.restore(one)
              else if (does === 'merge') crm.merge(one, to as string)
              else crm.deals.set(`deal of ${one}`, { company: one, amountMinor: 12_000 * (to as number) })
              const kinds = {
                change: 'changed',
                leave: 'changed',
                remove: 'deleted',
                restore: 'restored',
              } as const
              if (does === 'deal') late.push(crm.hint('changed', 'deals', `deal of ${one}`))
              else if (does === 'merge')
                late.push(crm.hint('merged', 'companies', one, { others: [to as string] }))
              else late.push(crm.hint(kinds[does], 'companies', one))
            }
            // A sync in between sees some of it before its webhooks come.
            if (sync) await syncs.sync(connection)
            const draws = order[Symbol.iterator]()
            const shuffled = Array.from({ length: 10 }, () => late)
              .flat()
              .map((hint) => ({ hint, at: draws.next().value as number }))
              .toSorted((a, b) => a.at - b.at)
            const half = Math.ceil(shuffled.length / 2)
            for (const some of [shuffled.slice(0, half), shuffled.slice(half)]) {
              for (let at = 0; at < some.length; at += 7)
                await hints(...some.slice(at, at + 7).map(({ hint }) => hint))
              await syncs.refresh(connection)
            }
          }
          const fresh = await syncs.connect({ kind: 'living', population: customersOnly })
          await syncs.sync(fresh)
          expect(await view(connection)).toEqual(await view(fresh))
        }),
        { numRuns: runs },
      )
    })
  })
}
