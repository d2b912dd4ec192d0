import { describe, expect, it } from 'vitest'
import { formatsFor } from '../../../src/server/pages/formats.ts'
import { previewTitle } from '../../../src/server/pages/preview-page.ts'

const formats = formatsFor({ now: new Date('2026-11-21T08:00:00Z'), zone: 'UTC' })
const title = (goes: number, asks: number, later: number): string =>
  previewTitle({ goes, asks, later }, formats)

describe('the title of a preview', () => {
  it('says first what goes out now, and where nothing does, what comes later and whom it asks', () => {
    expect(title(1, 7, 3)).toBe('1 action would go out right now')
    expect(title(0, 0, 2)).toBe('Nothing would go out right now, 2 actions later')
    expect(title(0, 7, 0)).toBe('Nothing would go out right now: a person would be asked about 7 actions')
    expect(title(0, 1, 2)).toBe(
      'Nothing would go out right now, 2 actions later: a person would be asked about 1 action',
    )
    expect(title(0, 0, 0)).toBe('Nothing would go out right now')
  })
})
