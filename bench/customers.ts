/**
 * The customers' page on a large book: every filter, order, count and search that it can ask for, and one customer whole.
 *
 *   node bench/customers.ts [--url postgres://…/a-database] [--customers 1000000] [--times 40] [--seed 1] [--short]
 *
 * Without --url on the embedded database, in a temporary folder, with 100,000 customers. With it in a PostgreSQL database,
 * which is filled once and used again when it holds such a book already; what else is in it stays. What is measured is what
 * a route does: one transaction of the tenant, from its first to its last round trip, on a connection that is open. Filters
 * have random parameters, each time others. The bar is 300 ms at the 95th percentile, of each shape and of all.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { random as seeded } from '../models/random.ts'
import { customerFilter } from '../src/contracts/customer-filter.ts'
import { type CustomerSort, type SortOrder } from '../src/contracts/customer-terms.ts'
import { asCustomer } from '../src/contracts/ids.ts'
import type { Transaction } from '../src/store/database.ts'
import { firstDump } from '../src/store/first-dump.ts'
import { openDatabase } from '../src/store/open.ts'
import { readCustomer } from '../src/store/reads/customer.ts'
import { countCustomers, facetsOf } from '../src/store/reads/customer-counts.ts'
import { resolveFilter, type WantedCustomers } from '../src/store/reads/customer-filter.ts'
import { listCustomers } from '../src/store/reads/customers.ts'
import { fillWorld, ADDRESS_KEY, FORMS, WORLD_ACTIONS, type FilledWorld } from './customers-world.ts'

const { values: options } = parseArgs({
  options: {
    url: { type: 'string' },
    customers: { type: 'string' },
    times: { type: 'string' },
    seed: { type: 'string', default: '1' },
    short: { type: 'boolean', default: false },
  },
})
const { url = null, short } = options
const customers = Number(options.customers ?? (short ? 10_000 : url === null ? 100_000 : 1_000_000))
const times = Number(options.times ?? (short ? 10 : 40))
const BAR = 300

const random = seeded(Number(options.seed))
const one = <T>(of: readonly T[]): T => of[random.integer(of.length)]
const print = (line: string): void => void process.stdout.write(`${line}\n`)

const folder = url === null ? mkdtempSync(join(tmpdir(), 'holdfast-bench-')) : null
const database = await openDatabase({ url, folder, dump: url === null ? firstDump() : null })
try {
  const started = performance.now()
  const world = await fillWorld(database, customers, print)
  print(
    `${customers.toLocaleString('en')} customers, ${database.kind === 'served' ? 'PostgreSQL' : 'embedded database'}, ready in ${Math.round((performance.now() - started) / 1000)} s; ${times} times each`,
  )
  await measure(world)
} finally {
  await database.close()
  if (folder !== null) rmSync(folder, { recursive: true })
}

interface Shape {
  readonly name: string
  /** Draws its parameters, and does what a route does. */
  run(tx: Transaction): Promise<unknown>
}

async function measure(world: FilledWorld): Promise<void> {
  const all: number[] = []
  const missed: string[] = []
  print(`\n${'ms'.padEnd(58)}${'p50'.padStart(7)}${'p95'.padStart(7)}${'max'.padStart(7)}`)
  for (const { name, run } of shapes(world)) {
    const taken: number[] = []
    // Once unmeasured: the plan of a connection's first statement is nobody's page.
    for (let n = -1; n < times; n++) {
      const begun = performance.now()
      await database.withTenant(world.tenant, run)
      if (n >= 0) taken.push(performance.now() - begun)
    }
    all.push(...taken)
    print(line(name, taken))
    if (at(taken, 0.95) > BAR) missed.push(name)
  }
  print(line('all', all))
  print(
    missed.length === 0
      ? `\nevery shape within ${BAR} ms (p95)`
      : `\nover ${BAR} ms (p95): ${missed.join('; ')}`,
  )
}

function line(name: string, taken: readonly number[]): string {
  const figures = [at(taken, 0.5), at(taken, 0.95), Math.max(...taken)]
  return name.padEnd(58) + figures.map((ms) => (ms < 10 ? ms.toFixed(1) : ms.toFixed(0)).padStart(7)).join('')
}

function at(taken: readonly number[], share: number): number {
  const sorted = taken.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]
}

type Query = Readonly<Record<string, string>>

function shapes(world: FilledWorld): readonly Shape[] {
  const limits = { interruptible: database.kind === 'served' }
  const now = new Date()
  const wanted = (tx: Transaction, query: Query): Promise<WantedCustomers> =>
    resolveFilter(tx, customerFilter.parse(query), {
      now,
      addressKey: query['q']?.includes('@') === true ? ADDRESS_KEY : null,
      people: true,
    })
  const ago = (days: number): string =>
    new Date(now.getTime() - random.next() * days * 86_400_000).toISOString()
  const page =
    (query: () => Query, sort: CustomerSort = 'value', order?: SortOrder) =>
    async (tx: Transaction): Promise<unknown> =>
      listCustomers(tx, await wanted(tx, query()), { sort, order })
  const count = (query: () => Query) => async (tx: Transaction) =>
    countCustomers(tx, await wanted(tx, query()), limits)
  const facets = (query: () => Query) => async (tx: Transaction) =>
    facetsOf(tx, await wanted(tx, query()), limits)

  const somebody = (): number => world.first + random.integer(world.last - world.first)
  const responsible = (): string => `u${Math.floor(200 * random.next() ** 2)}`
  const word = (): string => one(world.words)
  const filters: Readonly<Record<string, () => Query>> = {
    all: () => ({}),
    level: () => ({ level: one(['HIGH', 'MEDIUM', 'LOW', 'HIGH,MEDIUM']) }),
    action: () => ({ action: one([...WORLD_ACTIONS, 'none', 'email,sms']) }),
    group: () => ({ group: one(['holdout', 'usual', 'policy', 'exempt', 'holdout,usual']) }),
    responsible: () => ({ responsible: responsible() }),
    connection: () => ({ connection: one(world.connections) }),
    status: () => ({ status: one(['left', 'deleted', 'active,left']) }),
    'not scored': () => ({ level: 'none' }),
    'low data': () => ({ lowData: 'true' }),
    currency: () => ({ currency: one(['EUR', 'USD', 'CHF']) }),
    'renewal window': () => ({ renewsWithin: one(['0', '7', '30', '60', '365']) }),
    'became high since': () => ({ changed: 'high', changedSince: ago(60) }),
    'recovered since': () => ({ changed: 'recovered', changedSince: ago(60) }),
    'open intervention': () => ({
      intervention: one(['awaiting_approval', 'uncertain', 'planned,deferred', 'any']),
    }),
    'value at least': () => ({ minValue: String(Math.floor(10 ** (3 + 4.5 * random.next()))) }),
    'level, action, group': () => ({
      level: one(['HIGH', 'LOW']),
      action: one(WORLD_ACTIONS),
      group: one(['policy', 'usual']),
    }),
    'responsible, high, renewing': () => ({ responsible: responsible(), level: 'HIGH', renewsWithin: '60' }),
    'small connection, rare action': () => ({ connection: world.connections[2], action: 'discount_20' }),
    'what contradicts itself': () => ({ level: 'LOW', changed: 'high', minValue: '1000' }),
    'search, rare word': () => ({ q: word() }),
    'search, frequent word': () => ({ q: one(FORMS) }),
    'search, two letters': () => ({ q: word().slice(1, 3) }),
    'search, nobody': () => ({ q: `zqx${random.integer(1000)}` }),
    'search, frequent word, high, rare action': () => ({
      q: one(FORMS),
      level: 'HIGH',
      action: 'discount_20',
    }),
    'search, id in the CRM': () => ({ q: `C-${1 + random.integer(customers)}` }),
    'search, e-mail': () => ({ q: `person${1 + random.integer(world.reachable)}@example.com` }),
  }
  const orders: readonly (readonly [CustomerSort, SortOrder])[] = [
    ['value', 'asc'],
    ['probability', 'desc'],
    ['renewal', 'asc'],
    ['name', 'asc'],
    ['name', 'desc'],
    ['changed', 'desc'],
  ]
  const deep = (sort: CustomerSort, column: string, table: string) => async (tx: Transaction) => {
    const [place] = await tx.query<{ value: string | number; id: number }>(
      `select ${column} as value, customer_id as id from ${table}
       where tenant_id = $1 and customer_id >= $2 and ${column} is not null order by customer_id limit 1`,
      [world.tenant, somebody()],
    )
    const order = sort === 'name' || sort === 'renewal' ? 'asc' : 'desc'
    const cursor = Buffer.from(
      JSON.stringify([`customers by ${sort} ${order}`, [place.value, place.id]]),
    ).toString('base64url')
    return listCustomers(tx, await wanted(tx, one([{}, { level: 'HIGH' }, { action: 'email' }])), {
      sort,
      cursor,
    })
  }
  return [
    ...Object.entries(filters).map(([name, query]) => ({ name: `list: ${name}`, run: page(query) })),
    ...orders.map(([sort, order]) => ({
      name: `list by ${sort} ${order}`,
      run: page(() => ({}), sort, order),
    })),
    ...orders.map(([sort, order]) => ({
      name: `list by ${sort} ${order}: two filters`,
      run: page(
        () => ({ ...filters[one(['level', 'connection'])](), ...filters[one(['action', 'group'])]() }),
        sort,
        order,
      ),
    })),
    { name: 'deep page by value', run: deep('value', 'value_at_risk_minor', 'book') },
    { name: 'deep page by renewal', run: deep('renewal', 'renewal_date', 'book') },
    { name: 'deep page by name', run: deep('name', 'folded', 'customer_names') },
    ...Object.entries(filters).map(([name, query]) => ({ name: `count: ${name}`, run: count(query) })),
    ...[
      'all',
      'level',
      'level, action, group',
      'responsible',
      'renewal window',
      'search, rare word',
      'search, frequent word',
    ].map((name) => ({ name: `facets: ${name}`, run: facets(filters[name]) })),
    { name: 'one customer whole', run: (tx) => readCustomer(tx, asCustomer(somebody()), new Date()) },
  ]
}
