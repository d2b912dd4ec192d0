import { describe, expect, it } from 'vitest'
import { actionFields } from '../../src/loop/action-words.ts'
import { INTERVENTION_STATES } from '../../src/store/intervention-states.ts'

describe('what a record shows of a decision', () => {
  it('leaves the record as it is where nothing was decided', () => {
    expect(actionFields(null)).toEqual({})
  })

  it('is no suggestion where doing nothing was best', () => {
    expect(actionFields({ actionKey: 'no_action', state: null })).toEqual({
      suggestedAction: null,
      actionStatus: null,
    })
  })

  it('is suggested as long as nobody carries it out', () => {
    expect(actionFields({ actionKey: 'discount_10', state: null })).toEqual({
      suggestedAction: 'Offer 10% Discount',
      actionStatus: 'suggested',
    })
  })

  it('has words for every state, and one for those that pass within seconds', () => {
    const words = INTERVENTION_STATES.map((state) => actionFields({ actionKey: 'email', state }).actionStatus)
    expect(words.every((word) => word !== undefined && word !== null && !word.includes('_'))).toBe(true)
    for (const state of ['leased', 'sending'])
      expect(actionFields({ actionKey: 'email', state }).actionStatus).toBe('planned')
  })

  it('shows an action of another catalogue by what its key says', () => {
    expect(actionFields({ actionKey: 'fruit_basket', state: 'sent' }).suggestedAction).toBe('Fruit basket')
  })
})
