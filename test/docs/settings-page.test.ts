import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { renderSettings, settingsPage } from '../../scripts/settings-docs.ts'
import { parseSettings } from '../../src/settings/settings.ts'

describe('docs/settings.md', () => {
  it('is what the schema says (npm run docs writes it)', () => {
    expect(readFileSync(settingsPage, 'utf8')).toBe(renderSettings())
  })

  it('shows an example that the schema accepts', () => {
    const example = /```json\n([\s\S]*?)```/.exec(readFileSync(settingsPage, 'utf8'))![1]
    expect(parseSettings(JSON.parse(example)).budget).toBe(5000)
  })
})
