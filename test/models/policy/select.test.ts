import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { kthLargest } from '../../../models/policy/select.ts'

it('finds the k-th largest of any numbers, also where many are equal', () => {
  const numbers = fc.array(fc.oneof(fc.integer({ min: 0, max: 4 }), fc.double({ noNaN: true })), {
    minLength: 1,
  })
  fc.assert(
    fc.property(numbers, fc.nat(), (values, at) => {
      const k = at % values.length
      const sorted = values.toSorted((a, b) => b - a)
      expect(kthLargest(Float64Array.from(values), values.length, k) === sorted[k]).toBe(true)
    }),
  )
})
