import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { frameReader } from '../../../models/features/frame.ts'
import { formatMapping, parseMapping } from '../../../models/features/mapping-file.ts'
import { proposeMapping } from '../../../models/features/mapping.ts'
import { trainingFeatures } from '../../../models/features/training.ts'
import { HoldfastError } from '../../../src/contracts/errors.ts'
import type { Cells } from './table.ts'
import { table } from './table.ts'

const header = fc.oneof(
  fc.string({ minLength: 1, maxLength: 12 }),
  fc.constantFrom(
    'tenure',
    'Tenure Months',
    'MonthlyCharges',
    'mrr',
    'Contract',
    'gender',
    'hs_email_optout',
    'Churn Reason',
  ),
  fc.constantFrom(
    'renewal_date',
    'created',
    'Plan',
    'Amount',
    'Interval',
    'sentiment',
    'id',
    'constructor',
    'to_string days',
  ),
)
const cell = fc.oneof(
  fc.constantFrom(
    'Yes',
    'No',
    'true',
    '0',
    '1',
    'monthly',
    '24',
    'M',
    'F',
    '2024-02-29',
    'constructor',
    '__proto__',
  ),
  fc.integer().map(String),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
  fc.string({ minLength: 1, maxLength: 8 }),
  fc.constant(null),
)
const columns = fc.dictionary(header, fc.array(cell, { minLength: 1, maxLength: 30 }), {
  minKeys: 1,
  maxKeys: 8,
  noNullPrototype: true,
})

const withTarget = (some: Record<string, Cells>) => table({ ...some, 'Left us': ['Yes', 'No'] }, 60)

describe('any table', () => {
  it('gets a mapping that names each column once, feeds no feature twice and survives its file', () => {
    fc.assert(
      fc.property(columns, (some) => {
        const { profile } = withTarget(some)
        const mapping = proposeMapping(profile)
        expect(mapping.columns.map(({ column }) => column)).toEqual(
          profile.columns.map(({ header }) => header),
        )
        const fed = mapping.columns.flatMap(({ feature }) => feature ?? [])
        expect(new Set(fed).size).toBe(fed.length)
        expect(parseMapping(formatMapping(mapping))).toEqual(mapping)
      }),
      { numRuns: 300 },
    )
  })

  it('gives features that can be read back from it, with codes in range and nothing infinite', () => {
    fc.assert(
      fc.property(columns, (some) => {
        const { profile, read } = withTarget(some)
        let found
        try {
          found = trainingFeatures(profile, { target: 'Left us' })
        } catch (error) {
          expect(error).toBeInstanceOf(HoldfastError)
          return
        }
        const reader = frameReader(found.features, profile, found.mapping)
        expect(reader.gaps).toEqual([])
        const { frame, dataConfidence } = reader.read(read(reader.requests))
        expect(reader.unknown()).toEqual([])
        for (const [i, feature] of found.features.entries()) {
          const values = [...frame.columns[i]].filter((value) => !Number.isNaN(value))
          const size = feature.categories?.length ?? 0
          if (feature.kind === 'category') expect(new Set(feature.categories).size).toBe(size)
          expect(
            values.every((value) =>
              feature.kind === 'number' ? Number.isFinite(value) : value >= 0 && value < size,
            ),
          ).toBe(true)
        }
        expect(dataConfidence.every((share) => share >= 0 && share <= 1)).toBe(true)
      }),
      { numRuns: 300 },
    )
  })
})
