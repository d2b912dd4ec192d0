import { describe, expect, it } from 'vitest'
import { LEAST_SHARE, policyProblems } from '../../../models/policy/bars.ts'
import type { PolicyFigures } from '../../../models/policy/train.ts'

describe('the bars of a solved policy', () => {
  const figures: PolicyFigures = {
    fullStateGain: 0.032,
    errorBound: 1e-5,
    gain: { complete: 0.029, bare: 0.024 },
    shareOfFullState: { complete: 0.91, bare: 0.76 },
    shares: { complete: [], bare: [] },
    gatedGain: 0.025,
    gatedGainEffectsHalved: 0.001,
    gainEffectsHalved: -0.007,
  }

  it('are reached by figures such as those of the shipped one', () => {
    expect(policyProblems(figures)).toEqual([])
  })

  it.each<[string, Partial<PolicyFigures>]>([
    ['too little on a complete book', { gain: { complete: 0.02, bare: 0.024 } }],
    ['too little on a bare one', { gain: { complete: 0.029, bare: 0.005 } }],
    ['a loss behind the gate', { gatedGain: -0.01 }],
    ['a loss where effects are half as large', { gatedGainEffectsHalved: -0.01 }],
    ['a world that was not solved', { errorBound: NaN }],
    ['numbers that are none', { gain: { complete: NaN, bare: 0.024 } }],
  ])('are not reached with %s, and one sentence says so', (_, differs) => {
    expect(policyProblems({ ...figures, ...differs })).toHaveLength(1)
  })

  it('leave doing nothing in peace where nothing pays', () => {
    const nothing = { complete: 0, bare: 0 }
    const flat = { ...figures, fullStateGain: 0, gain: nothing, gatedGain: 0, gatedGainEffectsHalved: 0 }
    expect(policyProblems(flat)).toEqual([])
    expect(LEAST_SHARE.complete).toBeGreaterThan(LEAST_SHARE.bare)
  })
})
