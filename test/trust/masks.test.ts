/**
 * A million random customers under ten thousand random settings, a tenth of them unless the whole is asked for
 * (size.ts): decided on as the service decides, held against rules that were written apart from the code
 * (mask-oracle.ts).
 */
import { describe, expect, it } from 'vitest'
import { MASK_REASONS } from '../../models/policy/masks.ts'
import { violationsIn, type Told } from './mask-run.ts'
import { randomWorld } from './mask-world.ts'
import { FULL } from './size.ts'

const WORLDS = FULL ? 10_000 : 1_000
const CUSTOMERS = 100

describe('masks', () => {
  it(`break no rule for any of ${WORLDS * CUSTOMERS} random customers, and shut nothing that no rule speaks against`, () => {
    const told: Told = new Map()
    const wrong: string[] = []
    for (let seed = 1; seed <= WORLDS && wrong.length < 5; seed++)
      for (const one of violationsIn(randomWorld(seed, CUSTOMERS), told)) wrong.push(`world ${seed}, ${one}`)
    expect(wrong.slice(0, 5)).toEqual([])
    // Every rule came up, or the test says nothing of it. Notice given is known of no source yet.
    const silent = MASK_REASONS.filter((reason) => !told.has(reason))
    expect(silent).toEqual(['notice_given'])
  })
})
