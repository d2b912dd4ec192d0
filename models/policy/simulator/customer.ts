/**
 * What a customer is, apart from what was done to them: contract and place in its term, tenure, lasting risk,
 * engagement, shock. None of it depends on the policy, so it is a Markov chain of its own.
 *
 * Month-to-month customers are in one of three tenure bands. Term customers are 0, 1, 2, 3 months before the
 * notice date or further away (a stage that ends by chance so that the term has the right mean length), in
 * two tenure bands, as their measured hazard does not depend on tenure.
 */
import type { Assumptions, Contract } from './assumptions.ts'

/** Months to notice that are told apart; the last stands for "further away". */
export const FAR = 4

export interface Customer {
  readonly contract: Contract
  /** 0 to 3, or FAR; 0 for month-to-month. */
  readonly monthsToNotice: number
  /** 0, 1, 2 for month-to-month; 1 (up to 24 months), 2 for term contracts. */
  readonly tenure: number
  readonly risk: number
  /** 0 low, 1 middle, 2 high. */
  readonly engagement: number
  readonly shock: boolean
}

/** The chain over customers as a sparse matrix in rows: entries `start[i]` to `start[i + 1]`. */
export interface CustomerChain {
  readonly customers: readonly Customer[]
  readonly start: Int32Array
  readonly next: Int32Array
  readonly probability: Float64Array
  /** First customer of each closed block (contract and risk never change), and the total at the end. */
  readonly blocks: Int32Array
  /** Share of each customer in the book at the start; sums to 1. */
  readonly book: Float64Array
}

interface Situation {
  readonly contract: Contract
  readonly monthsToNotice: number
  readonly tenure: number
}

const contracts: readonly Contract[] = ['month_to_month', 'year', 'two_year']

export function customerChain(assumptions: Assumptions): CustomerChain {
  const customers: Customer[] = []
  const blocks = [0]
  for (const contract of contracts) {
    for (let risk = 0; risk < 3; risk++) {
      for (const situation of situationsOf(contract)) {
        for (let engagement = 0; engagement < 3; engagement++) {
          for (const shock of [false, true]) customers.push({ ...situation, risk, engagement, shock })
        }
      }
      blocks.push(customers.length)
    }
  }
  const index = new Map(customers.map((customer, i) => [keyOf(customer), i]))
  const start = new Int32Array(customers.length + 1)
  const next: number[] = []
  const probability: number[] = []
  customers.forEach((customer, i) => {
    for (const [situation, p] of situationMoves(customer, assumptions)) {
      for (const [engagement, q] of engagementMoves(customer.engagement, assumptions.engagement.move)) {
        const onset = customer.shock ? 1 - assumptions.shock.end : assumptions.shock.onset
        for (const [shock, r] of [
          [false, 1 - onset],
          [true, onset],
        ] as const) {
          next.push(index.get(keyOf({ ...situation, risk: customer.risk, engagement, shock })) as number)
          probability.push(p * q * r)
        }
      }
    }
    start[i + 1] = next.length
  })
  return {
    customers,
    start,
    next: Int32Array.from(next),
    probability: Float64Array.from(probability),
    blocks: Int32Array.from(blocks),
    book: bookOf(customers, assumptions),
  }
}

/** Length of the term in months. */
export function termMonths(contract: Contract): number {
  return contract === 'month_to_month' ? 1 : contract === 'year' ? 12 : 24
}

function situationsOf(contract: Contract): Situation[] {
  if (contract === 'month_to_month') {
    return [0, 1, 2].map((tenure) => ({ contract, monthsToNotice: 0, tenure }))
  }
  return [1, 2].flatMap((tenure) =>
    [0, 1, 2, 3, FAR].map((monthsToNotice) => ({ contract, monthsToNotice, tenure })),
  )
}

function situationMoves(from: Customer, assumptions: Assumptions): [Situation, number][] {
  const { contract, monthsToNotice, tenure } = from
  const [first, second] = assumptions.tenure.monthsInBand
  const months =
    contract !== 'month_to_month' && tenure === 1 ? first + second : tenure === 0 ? first : second
  const older: [number, number][] =
    tenure === 2
      ? [[2, 1]]
      : [
          [tenure, 1 - 1 / months],
          [tenure + 1, 1 / months],
        ]
  const nearer: [number, number][] =
    contract === 'month_to_month'
      ? [[0, 1]]
      : monthsToNotice === 0
        ? [[FAR, 1]]
        : monthsToNotice < FAR
          ? [[monthsToNotice - 1, 1]]
          : farMoves(termMonths(contract) - FAR)
  return older.flatMap(([band, p]) =>
    nearer.map(([months, q]): [Situation, number] => [
      { contract, monthsToNotice: months, tenure: band },
      p * q,
    ]),
  )
}

function farMoves(meanMonths: number): [number, number][] {
  return [
    [FAR, 1 - 1 / meanMonths],
    [FAR - 1, 1 / meanMonths],
  ]
}

function engagementMoves(level: number, move: number): [number, number][] {
  const moves: [number, number][] = []
  if (level > 0) moves.push([level - 1, move])
  if (level < 2) moves.push([level + 1, move])
  return [[level, 1 - move * moves.length], ...moves]
}

function bookOf(customers: readonly Customer[], assumptions: Assumptions): Float64Array {
  const { book, risk, shock } = assumptions
  const shocked = shock.onset / (shock.onset + shock.end)
  return Float64Array.from(customers, (customer) => {
    const contract = contracts.indexOf(customer.contract)
    const shares = book.tenure[contract]
    const term = termMonths(customer.contract)
    const tenure = term > 1 && customer.tenure === 1 ? shares[0] + shares[1] : shares[customer.tenure]
    const phase = term === 1 ? 1 : customer.monthsToNotice === FAR ? (term - FAR) / term : 1 / term
    return (
      book.contracts[contract] *
      tenure *
      phase *
      risk.shares[customer.risk] *
      (1 / 3) *
      (customer.shock ? shocked : 1 - shocked)
    )
  })
}

function keyOf(customer: Customer): string {
  const { contract, monthsToNotice, tenure, risk, engagement, shock } = customer
  return `${contract} ${monthsToNotice} ${tenure} ${risk} ${engagement} ${shock ? 1 : 0}`
}
