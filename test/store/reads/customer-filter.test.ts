import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { customerFilter, type CustomerFilter } from '../../../src/contracts/customer-filter.ts'
import {
  CUSTOMER_SORTS,
  GROUPS,
  OPEN_STATES,
  STATUSES,
  joinValues,
  splitValues,
} from '../../../src/contracts/customer-terms.ts'
import type { TenantId } from '../../../src/contracts/ids.ts'
import { bookChanges, type ChangedGroup } from '../../../src/store/reads/book-changes.ts'
import { moveRenewalsOn, settleBookCounts } from '../../../src/store/book.ts'
import type { Database, Transaction } from '../../../src/store/database.ts'
import { countCustomers, facetsOf } from '../../../src/store/reads/customer-counts.ts'
import {
  resolveFilter,
  type FilterTerms,
  type WantedCustomers,
} from '../../../src/store/reads/customer-filter.ts'
import { listCustomers } from '../../../src/store/reads/customers.ts'
import { addTenant, databaseKind, openTestDatabase } from '../../support/database.ts'
import { NOW, WORDS, folded, inOrder, makeBook, means, type SmallBook } from './small-book.ts'

const RUNS = 60
const addressKey = Buffer.alloc(32, 7)
let database: Database
let tenant: TenantId
let book: SmallBook
beforeAll(async () => {
  database = await openTestDatabase()
  tenant = await addTenant(database)
  // Somebody else's customers are in the same tables.
  await makeBook(database, await addTenant(database, 'Another company'), { count: 20, seed: 3, addressKey })
  book = await makeBook(database, tenant, { count: 100, seed: 11, addressKey })
  await book.stir()
})
afterAll(() => database.close())

const read = <T>(work: (tx: Transaction) => Promise<T>) => database.withTenant(tenant, work)
const resolved = (tx: Transaction, filter: CustomerFilter, sizes?: Sizes): Promise<WantedCustomers> =>
  resolveFilter(tx, filter, { now: NOW, addressKey, people: true, ...sizes })
type Sizes = Pick<FilterTerms, 'few' | 'lookedUp'>
/** Each way to search: named one by one, names first, names last. */
const ways = fc.constantFrom<Sizes>({ few: 2000 }, { few: 0, lookedUp: 0 }, { few: 0, lookedUp: 50_000 })

const several = <T extends string>(of: readonly T[]) =>
  fc.uniqueArray(fc.constantFrom(...of), { minLength: 1, maxLength: 3 }).map(joinValues)
const maybe = <T>(one: fc.Arbitrary<T>) => fc.option(one, { nil: undefined, freq: 3 })
const day = (back: number): string => new Date(NOW.getTime() - back * 86_400_000).toISOString()

/** Filters as a query has them. */
const query = fc
  .record({
    q: maybe(
      fc.oneof(
        fc.constantFrom(
          'nord',
          'n',
          'NORD licht',
          'lodz',
          'strasse',
          '%',
          '\\',
          '_',
          'ёл',
          'αλφ',
          'nobody',
          'Ann3',
          'x4',
        ),
        fc.constantFrom(...WORDS.names),
        fc.integer({ min: 0, max: 200 }).map((n) => `Person${n}@example.com`),
      ),
    ),
    level: maybe(several(['HIGH', 'MEDIUM', 'LOW', 'none'])),
    action: maybe(several([...WORDS.actions, 'none'])),
    group: maybe(several(GROUPS)),
    responsible: maybe(several([...WORDS.responsibles, 'none'])),
    status: maybe(several(STATUSES)),
    renewsWithin: maybe(fc.constantFrom('0', '5', '60', '3650')),
    changed: maybe(fc.constantFrom('high', 'recovered', 'any')),
    changedSince: maybe(fc.constantFrom(day(2), day(5))),
    changedWithin: maybe(fc.constantFrom('2', '10')),
    lowData: maybe(fc.constantFrom('true', 'false')),
    intervention: maybe(several([...OPEN_STATES, 'any'])),
    minValue: maybe(fc.constantFrom('0', '1000', '1001')),
    currency: maybe(fc.constantFrom('EUR', 'USD', 'none')),
    first: maybe(fc.boolean()),
  })
  // Few at a time: of many nobody is left.
  .chain((all) => fc.subarray(Object.entries(all), { maxLength: 4 }))
  .map((entries) => {
    const { first, ...given } = Object.fromEntries(entries.filter(([, value]) => value !== undefined))
    return {
      ...given,
      ...(first === undefined ? {} : { connection: book.connections[first === true ? 0 : 1] }),
    }
  })

const filtered = (filter: CustomerFilter) => book.people.filter((one) => means(filter, one))

describe(`filters of customers (${databaseKind})`, () => {
  it('list whom they mean and nobody else, page after page, in every order', async () => {
    const found = { some: 0 }
    await fc.assert(
      fc.asyncProperty(
        query,
        fc.constantFrom(...CUSTOMER_SORTS),
        fc.constantFrom('asc' as const, 'desc' as const),
        fc.integer({ min: 3, max: 40 }),
        fc.constantFrom(1, 9, 20_000),
        ways,
        async (given, sort, order, limit, walk, sizes) => {
          const filter = customerFilter.parse(given)
          const expected = inOrder(filtered(filter), sort, order).map(({ id }) => id)
          if (expected.length > 1) found.some++
          const ids: number[] = []
          let cursor: string | null = null
          do {
            const page = await read(async (tx) =>
              listCustomers(tx, await resolved(tx, filter, sizes), { sort, order, limit, cursor, walk }),
            )
            expect(page.items.length).toBe(Math.min(limit, expected.length - ids.length))
            ids.push(...page.items.map(({ id }) => id))
            cursor = page.next
          } while (cursor !== null)
          expect(ids).toEqual(expected)
        },
      ),
      { numRuns: RUNS },
    )
    expect(found.some).toBeGreaterThan(RUNS / 4)
  })

  it('count whom they list, with their value at risk, and say of which kinds they are', async () => {
    const limits = { interruptible: database.kind === 'served', withinMs: 10_000 }
    await fc.assert(
      fc.asyncProperty(query, ways, async (given, sizes) => {
        const filter = customerFilter.parse(given)
        const expected = filtered(filter)
        const { count, facets } = await read(async (tx) => {
          const wanted = await resolved(tx, filter, sizes)
          return {
            count: await countCustomers(tx, wanted, limits),
            facets: await facetsOf(tx, wanted, limits),
          }
        })
        const valued = expected.filter(({ score }) => score !== null && score.minor !== null)
        const minor = valued.reduce((sum, { score }) => sum + score!.minor!, 0)
        expect(count).toMatchObject({
          customers: expected.length,
          exact: true,
          unvalued: expected.length - valued.length,
        })
        expect(count.valueAtRisk.reduce((sum, one) => sum + one.minor, 0)).toBe(minor)
        const kinds = {
          level: tally(expected.map(({ score }) => score?.level ?? null)),
          action: tally(expected.map(({ decided }) => decided.at(-1) ?? null)),
          group: tally(expected.map(({ group }) => group)),
          connection: tally(expected.map(({ connection }) => connection)),
          status: tally(expected.map(({ status }) => status)),
          responsible: tally(expected.map(({ responsible }) => responsible)),
        }
        for (const [name, numbers] of Object.entries(kinds)) {
          const facet = facets![name as keyof typeof kinds]
          expect(new Map(facet.map(({ value, customers }) => [value, customers])), name).toEqual(numbers)
        }
        for (const { value, name } of facets!.responsible) expect(name).toBe(value?.toUpperCase() ?? null)
      }),
      { numRuns: RUNS },
    )
  })

  it('say that there are more, where counting them all would take too long', async () => {
    const filter = customerFilter.parse({ minValue: '0' })
    const many = filtered(filter).length
    expect(many).toBeGreaterThan(20)
    const limits = { interruptible: false, surely: 5, wholly: 10 }
    const { count, facets } = await read(async (tx) => {
      const wanted = await resolved(tx, filter)
      return { count: await countCustomers(tx, wanted, limits), facets: await facetsOf(tx, wanted, limits) }
    })
    expect(count).toMatchObject({ customers: 5, exact: false })
    expect(facets).toBeNull()
    const within = await read(async (tx) =>
      countCustomers(tx, await resolved(tx, filter), { ...limits, surely: many }),
    )
    expect(within).toMatchObject({ customers: many, exact: true })
  })

  // The embedded database cannot be interrupted: nothing long is begun there.
  it.skipIf(databaseKind === 'embedded')('wait no longer for a count than people do', async () => {
    const wanted = { filter: customerFilter.parse({ minValue: '0' }), now: NOW, people: true, search: null }
    const [locked, done] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const holding = database.asSystem('a test', async (tx) => {
      await tx.query('lock table book in access exclusive mode')
      locked.resolve()
      await done.promise
    })
    await locked.promise
    const limits = { interruptible: true, withinMs: 50 }
    const answered = read(async (tx) => ({
      count: await countCustomers(tx, wanted, limits),
      facets: await facetsOf(tx, wanted, limits),
    }))
    const { count, facets } = await answered.finally(() => done.resolve())
    await holding
    expect(count).toMatchObject({ customers: 0, exact: false, valueAtRisk: [] })
    expect(facets).toBeNull()
  })

  it('know the levels, decisions and renewals of customers however the book was changed', async () => {
    for (let n = 0; n < 3; n++) {
      await book.stir()
      const lines = await read(async (tx) =>
        tx.query<{
          id: number
          level: string | null
          before: string | null
          action: string | null
          minor: number | null
        }>(
          `select customer_id as id, level, level_before as before, action_key as action, value_at_risk_minor as minor
           from book order by 1`,
        ),
      )
      expect(lines).toEqual(
        book.people
          .toSorted((a, b) => a.id - b.id)
          .map(({ id, score, decided }) => ({
            id,
            level: score?.level ?? null,
            before: score?.before ?? null,
            action: decided.at(-1) ?? null,
            minor: score?.minor ?? null,
          })),
      )
    }
  })

  it('are as many as the changes say that lead to them, also when older scores are forgotten', async () => {
    const since = new Date(NOW.getTime() - 30 * 86_400_000)
    const changedTo = (changed: string, n: readonly ChangedGroup[]) =>
      n.filter(({ change }) => change === changed).reduce((sum, { customers }) => sum + customers, 0)
    await database
      .withTenant(tenant, async (tx) => {
        const changes = () => bookChanges(tx, { since, now: NOW, renewDays: 60 })
        const before = await changes()
        await tx.query('select forget_old_scores(array(select id from customers), $1)', [
          new Date(NOW.getTime() + 86_400_000),
        ])
        const after = await changes()
        expect(after).toEqual(before)
        for (const [change, changed] of [
          ['became_high', 'high'],
          ['recovered', 'recovered'],
        ] as const) {
          const filter = customerFilter.parse({ changed, changedSince: since.toISOString() })
          const { customers } = await countCustomers(tx, await resolved(tx, filter), { interruptible: false })
          expect(customers, change).toBeGreaterThan(0)
          expect(changedTo(change, after), change).toBe(customers)
        }
        throw new Error('undone')
      })
      .catch((error: Error) => expect(error.message).toBe('undone'))
  })

  it('name whoever is responsible by the name that any of their customers has', async () => {
    const [{ id }] = await read((tx) =>
      tx.query<{ id: string }>(
        `select responsible_id as id from book where responsible_id is not null
         group by 1 having count(*) > 2 limit 1`,
      ),
    )
    await database
      .withTenant(tenant, async (tx) => {
        await tx.query(
          `update customers c set responsible_name = case when c.id = last.id then 'Mara Lind' end
           from (select max(id) as id from customers where responsible_id = $1) last where c.responsible_id = $1`,
          [id],
        )
        const facets = await facetsOf(tx, await resolved(tx, customerFilter.parse({})), {
          interruptible: false,
        })
        expect(facets?.responsible.find(({ value }) => value === id)?.name).toBe('Mara Lind')
        throw new Error('undone')
      })
      .catch((error: Error) => expect(error.message).toBe('undone'))
  })

  it('moves a renewal that has passed on to the next one', async () => {
    const tomorrow = new Date(NOW.getTime() + 86_400_000).toISOString().slice(0, 10)
    const passed = book.people.filter(({ renewals }) =>
      renewals.some((one) => one === NOW.toISOString().slice(0, 10)),
    )
    await database
      .withTenant(tenant, async (tx) => {
        expect(await moveRenewalsOn(tx, tomorrow)).toBe(passed.length)
        const rows = await tx.query<{ id: number; day: string | null }>(
          'select customer_id as id, renewal_date as day from book',
        )
        const days = new Map(rows.map(({ id, day: next }) => [id, next]))
        for (const { id, renewals } of book.people)
          expect(days.get(id)).toBe(renewals.filter((one) => one >= tomorrow).toSorted()[0] ?? null)
        expect(await moveRenewalsOn(tx, tomorrow)).toBe(0)
        throw new Error('undone')
      })
      .catch((error: Error) => expect(error.message).toBe('undone'))
  })

  it('finds people by their address only for those who see people', async () => {
    const [person] = book.people.filter(({ emails }) => emails.length > 0)
    const filter = customerFilter.parse({ q: person.emails[0], status: STATUSES.join(',') })
    const found = (key: Buffer | null) =>
      read(async (tx) => {
        const wanted = await resolveFilter(tx, filter, { now: NOW, addressKey: key, people: key !== null })
        return (await listCustomers(tx, wanted, { sort: 'value' })).items.map(({ id }) => id)
      })
    expect(await found(addressKey)).toEqual([person.id])
    expect(await found(null)).toEqual([])
  })

  it('sums the ledger of counts up now and then, and nothing changes by it', async () => {
    const sums = () =>
      read((tx) =>
        tx.query(
          `select connection_id, status, group_name, level, low_data, currency, action_key, responsible_id,
             sum(customers) as customers, sum(value_minor) as minor
           from book_counts group by 1, 2, 3, 4, 5, 6, 7, 8 having sum(customers) <> 0 or sum(value_minor) <> 0
           order by 1, 2, 3, 4, 5, 6, 7, 8`,
        ),
      )
    await read((tx) =>
      tx.query(
        `insert into book_counts (tenant_id, connection_id, status, group_name, customers, value_minor)
         select $1, $2, 'active', 'policy', case when n % 2 = 0 then 1 else -1 end, 0 from generate_series(1, 20000) n`,
        [tenant, book.connections[0]],
      ),
    )
    const before = await sums()
    await read((tx) => tx.query('select settle_book_counts($1)', [tenant]))
    expect(await sums()).toEqual(before)
    const [{ rows }] = await read((tx) =>
      tx.query<{ rows: number }>('select count(*) as rows from book_counts'),
    )
    expect(rows).toBe(before.length)
    // Too few to be worth it.
    await book.stir()
    const [{ fresh }] = await read((tx) =>
      tx.query<{ fresh: number }>(
        `select count(*) as fresh, settle_book_counts($1) from book_counts where not settled`,
        [tenant],
      ),
    )
    expect(fresh).toBeGreaterThan(0)
    // Once a day in any case: whoever answers for nobody any more is in no count.
    const [gone] = book.people.filter(({ responsible }) => responsible !== null)
    const named = () =>
      read((tx) => tx.query('select from book_counts where responsible_id = $1', [gone.responsible]))
    expect(await named()).not.toEqual([])
    await database
      .withTenant(tenant, async (tx) => {
        await tx.query('update customers set responsible_id = null where responsible_id = $1', [
          gone.responsible,
        ])
        await settleBookCounts(tx)
        expect(
          await tx.query('select from book_counts where responsible_id = $1', [gone.responsible]),
        ).toEqual([])
        throw new Error('undone')
      })
      .catch((error: Error) => expect(error.message).toBe('undone'))
    const counted = await sums()
    await read(settleBookCounts)
    expect(await sums()).toEqual(counted)
  })
})

describe(`names as they are looked for (${databaseKind})`, () => {
  it('have neither case nor accents, whatever the locale of the server', async () => {
    const names = [
      ...WORDS.names,
      'ÅÄÖ åäö',
      'Dvořák',
      'İstanbul ı',
      'Þór Ðað',
      'Æther',
      'Ελλάς',
      'ЩЪЫ',
      '東京',
      'ﬁn',
    ]
    const rows = await read((tx) =>
      tx.query<{ folded: string }>('select fold_name(name) as folded from unnest($1::text[]) as n (name)', [
        names,
      ]),
    )
    const also: Readonly<Record<string, string>> = { ı: 'i', ð: 'd', æ: 'ae' }
    expect(rows.map((row) => row.folded)).toEqual(
      names.map((name) => folded(name).replace(/[ıðæ]/g, (letter) => also[letter])),
    )
  })
})

describe('values that are several', () => {
  it('come back as they were, with commas and per cents in them', () => {
    fc.assert(
      fc.property(fc.array(fc.string(), { minLength: 1 }), (values) => {
        expect(splitValues(joinValues(values))).toEqual(values)
      }),
    )
    expect(splitValues('HIGH,LOW')).toEqual(['HIGH', 'LOW'])
  })

  it('are refused where they are none, too many or unknown, with what is possible', () => {
    for (const [given, says] of [
      [{ level: 'high' }, '"HIGH"|"MEDIUM"|"LOW"|"none"'],
      [{ action: '' }, '1 to 60 characters'],
      [{ group: Array.from({ length: 101 }, () => 'policy').join() }, 'at most 100'],
      [{ renewsWithin: '1.5' }, 'whole number from 0 to'],
      [{ changedSince: 'monday' }, '2026-11-16'],
      [{ currency: 'eur' }, 'EUR'],
      [{ minvalue: '1' }, 'nrecognized'],
      [{ q: 'a\0b' }, 'NUL'],
    ] as const) {
      const { success, error } = customerFilter.safeParse(given)
      expect(success, JSON.stringify(given)).toBe(false)
      expect(error!.message.replaceAll('\\"', '"'), JSON.stringify(given)).toContain(says)
    }
    expect(customerFilter.parse({ level: ['HIGH', 'LOW'] })).toEqual({
      level: ['HIGH', 'LOW'],
      status: ['active'],
    })
  })
})

function tally<T>(values: readonly T[]): Map<T, number> {
  const counts = new Map<T, number>()
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1)
  return counts
}
