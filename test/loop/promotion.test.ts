import { describe, expect, it } from 'vitest'
import { compareVersions } from '../../src/loop/model-comparison.ts'
import { modelFacts } from '../../src/loop/model-facts.ts'
import { goodEnough, notWorse } from '../../src/loop/promotion.ts'

const figures = (value: number, reach = 0.01) =>
  modelFacts({
    outOfFold: { auc: { value, low: value - reach, high: value + reach } },
    data: { customers: 1000, churned: 200 },
  })
const challenger = (
  value: number,
  against?: { value: number; pWorse: number },
  why: string | null = null,
) => ({
  hash: 'new',
  name: 'mine',
  version: '2',
  origin: 'trained' as const,
  facts: figures(value),
  comparisons:
    against === undefined && why === null
      ? []
      : [
          {
            hash: 'old',
            name: 'telco',
            customers: 900,
            churned: 180,
            seen: 100,
            why,
            auc:
              against === undefined
                ? null
                : {
                    ...against,
                    low: against.value - 0.01,
                    high: against.value + 0.01,
                    first: value,
                    second: value - against.value,
                  },
          },
        ],
})
const champion = (value: number | null) => ({
  hash: 'old',
  name: 'telco',
  version: '1',
  facts: value === null ? modelFacts({}) : figures(value),
  comparisons: [],
})

describe('the gate', () => {
  it('asks for an AUC above .75, and says which figure it looked at', () => {
    expect(goodEnough(challenger(0.7501))).toMatchObject({ passed: true })
    expect(goodEnough(challenger(0.75))).toMatchObject({ passed: false })
    expect(goodEnough(challenger(0.7)).sentence).toMatch(/0\.700 .* 1,000 customers .* above 0\.75/)
    expect(goodEnough({ facts: modelFacts({}), origin: 'trained' })).toMatchObject({ passed: false })
    expect(goodEnough({ ...challenger(0.8), origin: 'uploaded' }).sentence).toMatch(/as its card says/)
  })

  it("refuses what DeLong's test calls worse on the same customers, or what is clearly lower", () => {
    expect(notWorse(challenger(0.8, { value: 0.02, pWorse: 0.99 }), champion(0.9))).toMatchObject({
      passed: true,
    })
    expect(notWorse(challenger(0.8, { value: -0.005, pWorse: 0.2 }), champion(0.7))).toMatchObject({
      passed: true,
    })
    expect(notWorse(challenger(0.8, { value: -0.005, pWorse: 0.01 }), champion(0.7))).toMatchObject({
      passed: false,
    })
    expect(notWorse(challenger(0.8, { value: -0.03, pWorse: 0.2 }), champion(0.7))).toMatchObject({
      passed: false,
    })
  })

  it('compares by their own figures where no customer is common, and says that this is weak', () => {
    const check = notWorse(challenger(0.8), champion(0.85))
    expect(check).toMatchObject({ passed: false })
    expect(check.sentence).toMatch(/not measured on the same customers.*weak/)
    expect(
      notWorse(challenger(0.8, undefined, 'It knows none of these columns.'), champion(0.79)),
    ).toMatchObject({
      passed: true,
      sentence: expect.stringMatching(/^It knows none/),
    })
    expect(notWorse(challenger(0.8), champion(null))).toMatchObject({ passed: true })
    expect(notWorse(challenger(0.8), null)).toMatchObject({ passed: true })
  })
})

describe('two models side by side', () => {
  it('read the same from either side', () => {
    const [one, other] = [challenger(0.8, { value: 0.03, pWorse: 0.99 }), champion(0.77)]
    const there = compareVersions(one, other)
    const back = compareVersions(other, one)
    expect(there).toMatchObject({ sameCustomers: true, customers: 900 })
    expect(back.difference!.value).toBeCloseTo(-0.03)
    expect(back.difference!.low).toBeCloseTo(-0.04)
    expect([there.sentence, back.sentence]).toEqual([
      expect.stringMatching(/mine 2 ranks them better/),
      expect.stringMatching(/mine 2 ranks them better \(\+0\.030/),
    ])
  })
})
