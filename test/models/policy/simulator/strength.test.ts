import { describe, expect, it } from 'vitest'
import { defaultAssumptions, withCatalogue } from '../../../../models/policy/simulator/assumptions.ts'
import { historyChain } from '../../../../models/policy/simulator/history.ts'
import { inOrder, orderOfStrength } from '../../../../models/policy/simulator/strength.ts'

const own = (key: string, effectMean: number, discount = false) => ({
  key,
  effectMean,
  effectSd: 0.05,
  share: 0,
  durationMonths: 12,
  discount,
  source: 'a test',
})
const wider = withCatalogue(defaultAssumptions, {
  version: 'a test',
  effects: { email: { mean: 0.06, sd: 0.02, source: 'a test' } },
  own: [own('gift', 0.05), own('voucher', 0.5, true), own('nuisance', -0.1)],
})

describe('the order of strength', () => {
  it('is that of the reference for the reference, so that its policy stays as it is', () => {
    expect(orderOfStrength(defaultAssumptions)).toEqual([0, 1, 2, 3, 4, 5])
    expect(inOrder(defaultAssumptions, [0, 1, 2, 3, 4, 5])).toEqual(defaultAssumptions)
  })

  it('goes by what is believed, with discounts after all else', () => {
    const keys = orderOfStrength(wider).map((id) => wider.actions[id].key)
    expect(keys).toEqual([
      'no_action',
      'nuisance',
      'sms',
      'gift',
      'email',
      'discount_10',
      'discount_20',
      'call_discount_30',
      'voucher',
    ])
  })

  it('keeps the past of the book with the actions that it was made of', () => {
    const { actions, book } = inOrder(wider, orderOfStrength(wider))
    expect(book.pastContacts[actions.findIndex(({ key }) => key === 'email')]).toBe(0.05)
    expect(book.pastContacts[actions.findIndex(({ key }) => key === 'gift')]).toBe(0)
    const { book: shares } = historyChain(inOrder(wider, orderOfStrength(wider)))
    expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 12)
  })
})
