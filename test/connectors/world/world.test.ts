import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { openTable } from '../../../connectors/csv/open.ts'
import { customerRandom, drawAgreement, worldOf } from '../../../connectors/world/agreement.ts'
import { worldColumns, worldCustomers, type CustomersOptions } from '../../../connectors/world/customers.ts'
import { truthAt, worldTruth } from '../../../connectors/world/truth.ts'
import { writeWorld } from '../../../connectors/world/write.ts'

const folder = mkdtempSync(join(tmpdir(), 'holdfast-test-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** All rows of a world, as columns by name. */
function table(options: CustomersOptions): Record<string, (string | number | null)[]> {
  const names = [...worldColumns.map(({ name }) => name), 'churned']
  const out: Record<string, (string | number | null)[]> = {}
  for (const { columns } of worldCustomers(options)) {
    columns.forEach((column, i) => (out[names[i]] ??= []).push(...column))
  }
  return out
}

describe('a world of customers', () => {
  const world = table({ seed: 7, rows: 20_000, outcome: true })

  it('makes each customer from the seed and its index alone', () => {
    const some = table({ seed: 7, rows: 100, start: 12_345, outcome: true, batchRows: 33 })
    for (const [name, values] of Object.entries(some)) {
      expect(values, name).toEqual(world[name].slice(12_345, 12_445))
    }
    expect(table({ seed: 8, rows: 100 }).monthly_charges).not.toEqual(world.monthly_charges.slice(0, 100))
  })

  it('keeps every column as it is when others are left out', () => {
    const columns = ['email_consent', 'monthly_charges']
    const [batch] = worldCustomers({ seed: 7, rows: 50, columns })
    expect(batch.columns.map((column) => [...column])).toEqual([
      world.monthly_charges.slice(0, 50),
      world.email_consent.slice(0, 50),
    ])
  })

  it('shows nobody who could be real', () => {
    expect(world.email.every((email) => /^c\d+@example\.(com|org)$/.test(String(email)))).toBe(true)
    expect(world.company.every((name) => String(name).startsWith('Sample '))).toBe(true)
    expect(new Set(world.customer_id).size).toBe(20_000)
  })

  it('leaves gaps where a CRM would', () => {
    const missing = (name: string): number =>
      world[name].filter((value) => value === null || Number.isNaN(value)).length / 20_000
    expect(missing('avg_daily_usage_min')).toBeCloseTo(0.04, 2)
    expect(missing('last_interaction_sentiment')).toBeCloseTo(0.25, 1)
    expect(missing('tenure_months') + missing('monthly_charges') + missing('contract')).toBe(0)
    expect(world.renewal_date.map((date) => date === null)).toEqual(
      world.contract.map((c) => c === 'Month-to-month'),
    )
  })

  it('renews terms after the day of export, a whole number of terms after their start', () => {
    world.renewal_date.forEach((renewal, i) => {
      if (renewal === null) return
      const start = new Date(String(world.agreement_start[i]))
      const end = new Date(String(renewal))
      const months =
        (end.getUTCFullYear() - start.getUTCFullYear()) * 12 + end.getUTCMonth() - start.getUTCMonth()
      const term = world.contract[i] === 'One year' ? 12 : 24
      expect(months % term).toBe(0)
      expect(String(renewal) > '2026-11-01').toBe(true)
      expect(end.getTime() - Date.parse('2026-11-01')).toBeLessThanOrEqual((term + 1) * 31 * 86_400_000)
    })
  })

  it('shows what it hides: those who leave used less, complained more and paid later', () => {
    const mean = (name: string, churned: string): number => {
      const values = world[name].filter(
        (value, i) => world.churned[i] === churned && !Number.isNaN(value),
      ) as number[]
      return values.reduce((a, b) => a + b, 0) / values.length
    }
    for (const [name, sign] of [
      ['usage_trend', -1],
      ['engagement_score', -1],
      ['last_interaction_sentiment', -1],
      ['tenure_months', -1],
      ['support_tickets', 1],
      ['payment_fails_last_3m', 1],
      ['days_since_last_activity', 1],
    ] as const) {
      expect(Math.sign(mean(name, 'Yes') - mean(name, 'No')), name).toBe(sign)
    }
  })
})

describe('the truth behind it', () => {
  const world = worldOf({ seed: 7 })

  it('has the monthly hazards of the facts, by tenure', () => {
    const bands = [
      { below: 7, expected: 0.0427, sum: 0, count: 0 },
      { below: 25, expected: 0.0166, sum: 0, count: 0 },
      { below: Infinity, expected: 0.0175, sum: 0, count: 0 },
    ]
    for (let i = 0; i < 60_000; i++) {
      const { contract, tenureMonths } = drawAgreement(world, customerRandom(world, i))
      if (contract !== 'Month-to-month') continue
      const { voluntary, involuntary } = truthAt(world, i)
      const band = bands.find(({ below }) => tenureMonths < below)!
      band.sum += voluntary + involuntary
      band.count++
    }
    for (const { sum, count, expected } of bands)
      expect(Math.abs(sum / count / expected - 1)).toBeLessThan(0.12)
  })

  it('is what the outcome column tells', () => {
    const outcomes = table({ seed: 7, rows: 3000, outcome: true }).churned
    const truths = [...worldTruth({ seed: 7, rows: 3000 })]
    expect(truths.map(({ churned }) => (churned ? 'Yes' : 'No'))).toEqual(outcomes)
    const risk = truths.reduce((sum, { churnRisk }) => sum + churnRisk, 0)
    const churned = truths.filter(({ churned }) => churned).length
    expect(Math.abs(churned - risk)).toBeLessThan(4 * Math.sqrt(risk))
  })

  it('lets contact drive sleeping dogs away, and nobody by doing nothing', () => {
    for (const { sleepingDog, shock, oddsRatio } of worldTruth({ seed: 7, rows: 5000 })) {
      expect(oddsRatio[0]).toBe(1)
      expect(sleepingDog && shock).toBe(false)
      if (sleepingDog) expect(Math.min(...oddsRatio.slice(1))).toBeGreaterThan(1.1)
      else expect(Math.max(...oddsRatio)).toBeLessThanOrEqual(1.2)
    }
  })

  it('scales with the hazard that is asked for', () => {
    const mean = (hazardScale: number): number =>
      [...worldTruth({ seed: 7, rows: 4000, hazardScale })].reduce(
        (sum, { churnRisk }) => sum + churnRisk,
        0,
      ) / 4000
    expect(mean(2) / mean(1)).toBeGreaterThan(1.7)
    expect(mean(2) / mean(1)).toBeLessThan(2.1)
  })
})

describe('the generated file', () => {
  it('is examples/customers.csv, byte for byte', async () => {
    const path = join(folder, 'customers.csv')
    const { rows, bytes } = await writeWorld(path, { seed: 42, rows: 500 })
    expect(rows).toBe(500)
    expect(bytes).toBeLessThan(100_000)
    const example = new URL('../../../examples/customers.csv', import.meta.url)
    expect(readFileSync(path, 'utf8')).toBe(readFileSync(example, 'utf8'))
  })

  it('is read back with the kinds that its columns have, from CSV and Parquet alike', async () => {
    for (const name of ['world.csv', 'world.parquet']) {
      const path = join(folder, name)
      await writeWorld(path, { seed: 3, rows: 3000, outcome: true })
      const source = await openTable(path)
      const { rows, columns } = await source.profile()
      await source.close()
      expect(rows).toBe(3000)
      expect(Object.fromEntries(columns.map(({ header, kind }) => [header, kind]))).toMatchObject({
        customer_id: 'text',
        email: 'text',
        industry: 'category',
        contract: 'category',
        agreement_start: 'date',
        renewal_date: 'date',
        auto_renewal: 'category',
        tenure_months: 'number',
        monthly_charges: 'number',
        usage_trend: 'number',
        sms_consent: 'category',
        churned: 'category',
      })
      expect(columns.every(({ unreadable }) => unreadable === 0)).toBe(true)
    }
  })
})
