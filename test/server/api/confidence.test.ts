import { describe, expect, it } from 'vitest'
import { openBundleNamed } from '../../../src/loop/models.ts'
import { dataOf, predictionOf } from '../../../src/server/api/confidence.ts'
import { levelSentence } from '../../../src/server/api/overview-book.ts'
import { sumMoney } from '../../../src/server/api/money-sums.ts'
import { plainFormats } from '../../../src/admin/words/formats.ts'

const formats = plainFormats({ now: new Date('2026-11-22T12:00:00Z'), zone: 'UTC' })
const plain = (text: string): string => text.replaceAll('\u00a0', ' ')

describe('how far a score is to be trusted', () => {
  it('says that a ranking from assumptions was never measured', async () => {
    const bundle = await openBundleNamed('subscription')
    expect(predictionOf(bundle, { starter: true, formats })).toMatchObject({
      kind: 'assumed',
      auc: null,
      customers: null,
    })
  })

  it('says how well a model did, on how many, and whose customers these were', async () => {
    const bundle = await openBundleNamed('telco')
    const elsewhere = predictionOf(bundle, { starter: true, formats })
    expect(elsewhere).toMatchObject({ kind: 'elsewhere', customers: 7043 })
    expect(elsewhere.sentence).toBe(
      'On 7,043 customers of another company that it had not seen, the model put one who left above one who stayed 85 times in 100 (84 to 86), and its percentages were off by 0.9 points on average.',
    )
    expect(predictionOf(bundle, { starter: false, formats }).sentence).toMatch(
      /^On 7,043 customers of yours /,
    )
  })

  it('names what is missing, most important first, and says when it is too little', () => {
    const features = [
      { name: 'tenureMonths', label: 'months as a customer', weight: 0.2 },
      { name: 'usageTrend', label: 'change of use', weight: 0.5 },
      { name: 'contract', label: 'contract', weight: 0.3 },
    ]
    const input = { values: Float32Array.of(NaN, NaN, 1), dataConfidence: 0.3, context: {} as never }
    const data = dataOf({ share: 0.3, readAt: new Date(0), features, input }, formats)
    expect(data).toMatchObject({
      known: 1,
      features: 3,
      missing: ['Change of use', 'Months as a customer'],
      low: true,
    })
    expect(plain(data.sentence)).toBe(
      'Too little to go on: 1 of 3 features are known, 30 % of what matters to the model.',
    )
  })
})

describe('what a level means', () => {
  const of = (high: number, medium: number, highBy: 'multiple' | 'fixed' | 'capacity') => ({
    high,
    medium,
    strict: false,
    highBy,
  })

  it.each([
    [
      'multiples',
      of(0.2, 0.1, 'multiple'),
      { kind: 'multiple' },
      0.1,
      'High from 20 %, twice the base rate of 10 %; medium from 10 % on, the base rate itself.',
    ],
    [
      'a high base rate',
      of(0.75, 0.5, 'multiple'),
      { kind: 'multiple' },
      0.5,
      'High from 75 %, 2 times less likely to stay than usual; medium from 50 % on, the base rate itself.',
    ],
    [
      'a capacity',
      of(0.41, 0.1, 'capacity'),
      { kind: 'multiple' },
      0.1,
      'High from 41 %, where what your team can work on ends; medium from 10 % on, the base rate itself.',
    ],
    [
      'fixed ones',
      of(0.6, 0.3, 'fixed'),
      { kind: 'fixed', high: 0.6, medium: 0.3 },
      0.1,
      'High from 60 %, medium from 30 %, as the settings say.',
    ],
    [
      'a base rate that nobody knows',
      of(0.2, 0.1, 'multiple'),
      { kind: 'multiple' },
      null,
      'High from 20 %, medium from 10 %.',
    ],
    [
      'a capacity of nobody',
      of(1.01, 0.1, 'capacity'),
      { kind: 'multiple' },
      0.1,
      'Nobody is high: the capacity for it is used up. Medium from 10 %.',
    ],
  ] as const)('is told of %s', (_, thresholds, setting, baseRate, says) => {
    expect(plain(levelSentence(thresholds, setting, baseRate, formats))).toBe(says)
  })
})

describe('sums of money', () => {
  it('say what is in them, and whether it is all', () => {
    const amounts = [
      { currency: 'EUR', minor: 400 },
      { currency: 'GBP', minor: 100 },
      { currency: 'EUR', minor: 100 },
      { currency: null, minor: 0 },
    ]
    expect(sumMoney(amounts, { currency: 'EUR', rates: { GBP: 1.2 } })).toEqual({
      byCurrency: [
        { currency: 'EUR', minor: 500 },
        { currency: 'GBP', minor: 100 },
      ],
      reporting: { currency: 'EUR', minor: 620, complete: true },
    })
    expect(sumMoney(amounts, { currency: 'EUR', rates: {} }).reporting).toEqual({
      currency: 'EUR',
      minor: 500,
      complete: false,
    })
  })
})
