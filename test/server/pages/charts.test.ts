import { describe, expect, it } from 'vitest'
import { riskBars, riskChart, trendChart } from '../../../src/server/pages/charts.ts'
import { formatsFor } from '../../../src/server/pages/formats.ts'
import { markupText } from '../../../src/server/pages/html.ts'

const now = new Date('2026-11-21T08:00:00Z')
const formats = formatsFor({ now, zone: 'UTC' })

/** Customers by hundredth of the risk. */
function totals(counts: Readonly<Record<number, number>>) {
  const distribution = Array.from({ length: 100 }, (_, at) => counts[at] ?? 0)
  const none = distribution.map(() => 0)
  return {
    customers: distribution.reduce((sum, count) => sum + count, 0),
    byLevel: [],
    distribution,
    distributionByLevel: { HIGH: none, MEDIUM: none, LOW: distribution },
  }
}

describe('the distribution of risk', () => {
  it('is told on the smallest scale that holds nearly everybody, and loses nobody', () => {
    const calm = riskBars(totals({ 1: 900, 4: 99, 55: 1 }))
    expect(calm).toHaveLength(10)
    expect(calm.at(-1)).toMatchObject({ from: 0.09, to: null, customers: 1 })
    const wild = riskBars(totals({ 0: 10, 99: 10 }))
    expect(wild).toHaveLength(20)
    expect(wild.at(-1)).toMatchObject({ from: 0.95, to: 1, customers: 10 })
    for (const bars of [calm, wild])
      expect(bars.reduce((sum, { customers, byLevel }) => sum + customers - byLevel.LOW, 0)).toBe(0)
  })

  it('never draws what is not a number', () => {
    for (const counts of [{}, { 0: 1 }, { 99: 1 }])
      expect(markupText(riskChart(riskBars(totals(counts)), formats))).not.toMatch(/NaN|Infinity|undefined/)
  })
})

describe('the trend of a customer', () => {
  const point = (days: number, probability: number) => ({
    scoredAt: new Date(now.getTime() - days * 86_400_000),
    probability,
    level: 'LOW' as const,
    modelHash: 'x',
  })

  it('goes on until today, says from where to where, and is not there where nothing moved', () => {
    const chart = trendChart([point(40, 0.17), point(3, 0.41)], now, formats)
    expect(chart).not.toBeNull()
    const text = chart === null ? '' : markupText(chart).replaceAll('\u00a0', ' ')
    expect(text).toContain('Risk went from 17 % on 12 Oct to 41 % today')
    expect(text.match(/class="trace"/g)).toHaveLength(2)
    expect(text).not.toMatch(/NaN|Infinity/)
    expect(trendChart([point(3, 0.41)], now, formats)).toBeNull()
  })
})
