import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { ROLES, pageStyle } from '../../src/server/style.ts'

const tokens = readFileSync(new URL('../../src/admin/look/tokens.css', import.meta.url), 'utf8')

/** The roles of a theme of the app. */
function themeOf(name: 'light' | 'dark'): Readonly<Record<string, string>> {
  const from = tokens.indexOf(`color-scheme: ${name};`)
  const block = tokens.slice(from, tokens.indexOf('}', from))
  return Object.fromEntries(
    [...block.matchAll(/--([\w-]+): (#\w+);/g)].map(([, role, color]) => [role, color]),
  )
}

describe("the server's own pages", () => {
  it.each(['light', 'dark'] as const)('have the colours that the app has, in the %s theme', (name) => {
    const theme = themeOf(name)
    expect(Object.keys(theme).length).toBeGreaterThan(15)
    expect(theme).toMatchObject(ROLES[name])
  })

  it('say each role in both themes, and follow what somebody chose before what the computer says', () => {
    expect(Object.keys(ROLES.dark)).toEqual(Object.keys(ROLES.light))
    const style = pageStyle((subset) => subset)
    expect(style.split(`--ground:${ROLES.dark.ground}`)).toHaveLength(3)
    expect(style).toContain(':root:not([data-mantine-color-scheme])')
    expect(style).toContain(':root[data-mantine-color-scheme=dark]')
  })
})
