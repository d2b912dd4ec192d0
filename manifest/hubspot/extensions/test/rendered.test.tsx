import { iconNames } from '@hubspot/ui-extensions'
import { config as rules } from '@hubspot/eslint-config-ui-extensions'
import { Linter, type Linter as Eslint } from 'eslint'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { transformWithOxc } from 'vite'
import { afterAll, describe, expect, it } from 'vitest'
import { hubspotProject } from '../../project.ts'
import { pagesOf } from './build.ts'

const files = hubspotProject({
  publicUrl: 'https://churn.acme.example',
  name: 'Holdfast',
  distribution: 'private',
  supportEmail: null,
})
const components = [...files]
  .filter(([path]) => path.endsWith('-hsmeta.json'))
  .map(([path, text]) => ({ path, ...JSON.parse(text) }))
const folder = mkdtempSync(join(tmpdir(), 'holdfast-extensions-'))
const pages = pagesOf(files, folder)

describe('the project that is rendered', () => {
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it.each(pages)('builds $uid as HubSpot does', async ({ build }) => {
    const text = await build()
    expect(text).toContain('https://churn.acme.example')
    // HubSpot brings React along: a second one would be three times as much as all of this.
    expect(text.length).toBeLessThan(60_000)
    expect(text).not.toContain('holdfast.example.com')
  })

  it("keeps HubSpot's own rules", async () => {
    const found: string[] = []
    let looked = 0
    for (const [path, text] of files) {
      if (!/\.tsx?$/.test(path)) continue
      // The rules read JavaScript: types are taken off, and all else stays where it was.
      const { code } = await transformWithOxc(text, path, { jsx: 'preserve' })
      const at = join(folder, path.replace(/\.ts(x?)$/, '.js$1'))
      const said = new Linter({ cwd: folder }).verify(code, rules as Eslint.Config[], { filename: at })
      looked++
      found.push(...said.map(({ line, message, ruleId }) => `${path}:${line} ${message} (${ruleId})`))
    }
    expect(found).toEqual([])
    expect(looked).toBeGreaterThan(25)
  })

  it('would be told by those rules', async () => {
    const bad = [
      "import { Text } from '@hubspot/ui-extensions/crm'",
      'fetch("https://example.com")',
      'const Odd = () => <div>no</div>',
    ].join('\n')
    const said = new Linter({ cwd: folder }).verify(bad, rules as Eslint.Config[], {
      filename: join(folder, 'src/app/pages/odd.jsx'),
    })
    expect(said.map(({ ruleId }) => ruleId?.split('/').at(-1))).toEqual([
      'no-invalid-extension-point-imports',
      'no-native-http',
      'no-html-elements',
    ])
  })

  it('names an icon that HubSpot has', () => {
    const icons = components.flatMap(({ config }) => (config.icon === undefined ? [] : [config.icon]))
    expect(icons.length).toBeGreaterThan(0)
    for (const icon of icons) expect(Object.keys(iconNames)).toContain(icon)
  })
})
