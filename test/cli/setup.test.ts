import { describe, expect, it } from 'vitest'
import { deliveryWords } from '../../src/cli/setup.ts'
import { deliverySettings } from '../../src/settings/automation.ts'

describe('activating', () => {
  it('says of each way of delivery whom things reach', () => {
    const modes = deliverySettings.unwrap().shape.mode.unwrap().options
    expect(modes).toContain('live')
    for (const mode of modes) expect(deliveryWords(mode), mode).toContain('delivery.')
    expect(deliveryWords('live')).toMatch(/reach customers/)
  })
})
