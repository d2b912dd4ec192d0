import { describe, expect, it } from 'vitest'
import { formatMapping, parseMapping } from '../../../models/features/mapping-file.ts'
import { proposeMapping } from '../../../models/features/mapping.ts'
import { bank, hubspot, salesforce, shop, telco, telcoExtended } from './headers.ts'

const file = (...columns: readonly object[]): string => JSON.stringify({ holdfastMapping: 1, columns })
const tenure = { column: 'tenure', use: 'feature', feature: 'tenureMonths' }

describe('the mapping file', () => {
  it('comes back as it was written', () => {
    for (const { profile } of [telco(), telcoExtended, bank, shop, hubspot, salesforce]) {
      const mapping = proposeMapping(profile)
      expect(parseMapping(formatMapping(mapping))).toEqual(mapping)
    }
  })

  it('needs no more of a person than column, use and feature', () => {
    expect(parseMapping(file(tenure))).toEqual({
      holdfastMapping: 1,
      asOf: 'newest',
      columns: [{ ...tenure, confidence: 1, why: 'set by hand' }],
    })
  })

  it.each([
    ['not JSON', '{', /m\.json is not valid JSON/u],
    ['another version', JSON.stringify({ holdfastMapping: 2, columns: [tenure] }), /holdfastMapping/u],
    ['no columns', file(), /columns/u],
    [
      'an unknown use',
      file(tenure, { column: 'a', use: 'featur' }),
      /columns\[1\]\.use \(column "a"\).*"feature".*"ignore"/u,
    ],
    ['a misspelt field', file({ ...tenure, units: 'years' }), /columns\[0\] \(column "tenure"\).*units/u],
    [
      'an as-of date that is none',
      JSON.stringify({ holdfastMapping: 1, asOf: 'today', columns: [tenure] }),
      /asOf: must be "newest" or a date/u,
    ],
    [
      'a feature without a name',
      file({ column: 'a', use: 'feature' }),
      /columns\[0\] \(column "a"\).*needs "feature"/u,
    ],
    ['a column twice', file(tenure, { ...tenure, use: 'ignore' }), /listed twice/u],
    ['a feature twice', file(tenure, { ...tenure, column: 'months' }), /already fed by column "tenure"/u],
    [
      'two targets',
      file({ column: 'a', use: 'target' }, { column: 'b', use: 'target' }),
      /"a" and "b" both/u,
    ],
    [
      'an unknown unit',
      file({ ...tenure, unit: 'yaers' }),
      /unit "yaers".*Allowed: months, years.*Did you mean "years"/u,
    ],
  ])('says where and what is allowed: %s', (_what, text, message) => {
    expect(() => parseMapping(text, 'm.json')).toThrow(
      expect.objectContaining({ code: 'settings_invalid', message: expect.stringMatching(message) }),
    )
  })
})
