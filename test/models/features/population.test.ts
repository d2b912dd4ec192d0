import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonicalJson } from '../../../models/canonical-json.ts'
import { makeFeatureSet } from '../../../models/features/feature-set.ts'
import { measurePopulation } from '../../../models/features/population.ts'
import type { Feature } from '../../../src/contracts/features.ts'

const number: Feature = { name: 'tenure', label: 'tenure', kind: 'number' }
const plan: Feature = { name: 'plan', label: 'plan', kind: 'category', categories: ['a', 'b', 'c'] }

describe('a population', () => {
  it('has quantiles of numbers, and shares and rates of categories', () => {
    const columns = [Float32Array.from([0, 10, 20, NaN]), Float32Array.from([0, 0, 1, NaN])]
    const population = measurePopulation(
      [number, plan],
      { rows: 4, columns },
      Float64Array.of(1, 0, 0, 1),
      null,
    )
    expect(population).toMatchObject({ rows: 4, baseRate: 0.5, monthlyRate: null })
    expect(population.features[0].missing).toBe(0.25)
    expect(population.features[0].quantiles).toEqual(Array.from({ length: 21 }, (_, i) => i))
    expect(population.features[1]).toEqual({ missing: 0.25, shares: [0.5, 0.25, 0], rates: [0.5, 0, 0.5] })
  })

  it('counts events over exposure, without customers whose outcome or exposure is unknown', () => {
    const frame = { rows: 4, columns: [] }
    const rate = measurePopulation(
      [],
      frame,
      Float64Array.of(1, 0, 1, NaN),
      Float64Array.of(10, 30, NaN, 50),
    ).monthlyRate
    expect(rate).toBe(1 / 40)
  })

  it('takes stated rates where there are no labels', () => {
    const stated = { baseRate: 0.1, monthlyRate: 0.01 }
    expect(measurePopulation([], { rows: 3, columns: [] }, null, null, stated)).toMatchObject({
      ...stated,
      rows: 3,
    })
  })

  it('is plain JSON whatever the data, with quantiles that never fall', () => {
    const value = fc.oneof(fc.float({ noDefaultInfinity: true }), fc.constant(NaN))
    fc.assert(
      fc.property(fc.array(value, { maxLength: 50 }), (values) => {
        const frame = { rows: values.length, columns: [Float32Array.from(values)] }
        const population = measurePopulation([number], frame, new Float64Array(values.length), null)
        expect(JSON.parse(JSON.stringify(population))).toEqual(population)
        const { quantiles } = population.features[0]
        for (let i = 1; i < (quantiles?.length ?? 0); i++)
          expect(quantiles![i]).toBeGreaterThanOrEqual(quantiles![i - 1])
      }),
    )
  })
})

describe('a feature set', () => {
  it('has a hash of its content, whatever the order of the fields', () => {
    const { hash, version } = makeFeatureSet([number, plan])
    const other = makeFeatureSet([{ kind: 'number', label: 'tenure', name: 'tenure' }, plan])
    expect(other.hash).toBe(hash)
    expect(hash).toMatch(/^[0-9a-f]{64}$/u)
    expect(version).toBe(1)
    expect(makeFeatureSet([plan, number]).hash).not.toBe(hash)
    expect(makeFeatureSet([number, { ...plan, categories: ['a', 'c', 'b'] }]).hash).not.toBe(hash)
  })

  it('writes JSON in one form that means the same', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        const value: unknown = JSON.parse(text)
        expect(JSON.parse(canonicalJson(value))).toEqual(value)
      }),
    )
  })
})
