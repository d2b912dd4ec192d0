import { expect, it } from 'vitest'
import { violationsIn } from '../trust/mask-run.ts'
import { randomWorld } from '../trust/mask-world.ts'

// A million of them: test/trust/masks.test.ts.
it('breaks no rule for any of 6,000 random customers under 120 random settings', () => {
  const wrong: string[] = []
  for (let seed = 1; seed <= 120; seed++)
    for (const one of violationsIn(randomWorld(20_000 + seed, 50), new Map()))
      wrong.push(`world ${seed}, ${one}`)
  expect(wrong.slice(0, 3)).toEqual([])
})
