/**
 * How long planning takes: draws, and the allocation of a whole book, at the size of a CSV file and of a million
 * customers, with random values. Prints user CPU time (the least of several runs) and how it grows with rows.
 *
 *     node bench/allocate.ts [rows …]
 */
import { allocate } from '../models/policy/allocate.ts'
import { drawCustomers } from '../models/policy/draw.ts'
import type { Book, Limits } from '../models/policy/policy.ts'
import { random } from '../models/random.ts'

const shares = [0, 0.01, 0.02, 0.1, 0.2, 0.35]
const actions = shares.length

function randomBook(rows: number): Book {
  const chance = random(7)
  const gain = new Float64Array(rows * actions)
  const cost = new Float64Array(rows * actions)
  const open = new Uint8Array(rows * actions).fill(1)
  for (let row = 0; row < rows; row++) {
    const recurring = 2000 + chance.next() * 10000
    for (let a = 1; a < actions; a++) {
      const at = row * actions + a
      cost[at] = Math.round(recurring * shares[a] * 12)
      gain[at] = cost[at] * (chance.next() * 3 - 1)
      open[at] = chance.next() < 0.8 ? 1 : 0
    }
  }
  const ids = Array.from({ length: rows }, (_, row) => `customer-${row}`)
  const { tie, uniform } = drawCustomers(
    { tenant: 'bench', period: '2026-11', policyVersion: '1', salt: '' },
    ids,
  )
  return { rows, actions, gain, cost, open, tie, uniform }
}

function leastOf<T>(times: number, work: () => T): { readonly ms: number; readonly result: T } {
  let ms = Infinity
  let result = work()
  for (let i = 0; i < times; i++) {
    const before = process.cpuUsage()
    result = work()
    const spent = process.cpuUsage(before)
    ms = Math.min(ms, (spent.user + spent.system) / 1000)
  }
  return { ms, result }
}

const exploration = {
  share: 0.15,
  floor: 0.05,
  explorable: Uint8Array.of(1, 1, 1, 1, 0, 0),
  certain: Uint8Array.of(0, 0, 0, 0, 0, 1),
  discount: Uint8Array.of(0, 0, 0, 1, 1, 1),
}
const sizes = process.argv.slice(2).map(Number)
for (const rows of sizes.length > 0 ? sizes : [7043, 100_000, 1_000_000]) {
  const ids = Array.from({ length: rows }, (_, row) => `customer-${row}`)
  const times = rows > 200_000 ? 2 : 5
  const draws = leastOf(times, () =>
    drawCustomers({ tenant: 'bench', period: '2026-11', policyVersion: '1', salt: '' }, ids),
  )
  console.log(`${rows} customers: draws ${draws.ms.toFixed(1)} ms`)
  const book = randomBook(rows)
  const calls = [null, null, null, null, null, Math.round(rows / 100)]
  const scarce = [null, null, null, Math.round(rows / 10), Math.round(rows / 20), Math.round(rows / 100)]
  const budget = rows * 1500
  const cases: [string, Limits][] = [
    ['no limits', { budget: null, capacity: calls.map(() => null), exploration }],
    ['calls limited', { budget: null, capacity: calls, exploration }],
    ['calls and budget', { budget, capacity: calls, exploration }],
    [
      'calls and budget, no exploration',
      { budget, capacity: calls, exploration: { ...exploration, share: 0 } },
    ],
    ['three limited', { budget: null, capacity: scarce, exploration: { ...exploration, share: 0 } }],
    ['three limited and budget', { budget, capacity: scarce, exploration }],
  ]
  for (const [name, limits] of cases) {
    const { ms, result } = leastOf(times, () => allocate(book, limits))
    const lost = (result.bound - result.gain) / result.bound
    console.log(
      `  ${name}: ${ms.toFixed(1)} ms, ${((1000 * ms) / rows).toFixed(2)} us a customer; ` +
        `spend ${limits.budget === null ? 'free' : `${(100 * (result.spend / limits.budget)).toFixed(4)} % of the budget`}, ` +
        `lambda ${result.lambda.toFixed(3)}, gain ${(100 * lost).toFixed(3)} % below the bound`,
    )
  }
}
