import { transformSync } from '@lwc/compiler'
import { XMLParser, XMLValidator } from 'fast-xml-parser'
import { Linter, type Linter as Eslint } from 'eslint'
import { globSync, readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { API_VERSION } from '../../../../connectors/salesforce/version.ts'
import { MODULES, PAGES, WORKSPACE } from '../../../../test/support/salesforce-host/build.ts'

const read = (path: string): string => readFileSync(join(MODULES, path), 'utf8')
const bundles = readdirSync(MODULES)
const files = (ending: string): readonly string[] => globSync(`*/*.${ending}`, { cwd: MODULES }).toSorted()

interface Meta {
  readonly apiVersion: string
  readonly isExposed: string
  readonly masterLabel?: string
  readonly description: string
  readonly targets?: { readonly target: string | readonly string[] }
}

const metaOf = (name: string): Meta =>
  new XMLParser({ parseTagValue: false }).parse(read(`${name}/${name}.js-meta.xml`)).LightningComponentBundle

const rules = createRequire(join(WORKSPACE, 'package.json'))('@salesforce/eslint-config-lwc').configs
  .recommended as Eslint.Config[]
const lint = (text: string, path: string) =>
  new Linter({ cwd: WORKSPACE }).verify(text, rules, { filename: join(WORKSPACE, 'modules', path) })

describe('the Lightning web components of the package', () => {
  it.each(bundles)('%s compiles, with nothing to be warned of', (name) => {
    const told = [...files('js'), ...files('html'), ...files('css')]
      .filter((path) => dirname(path) === name)
      .flatMap((path) => {
        const { warnings } = transformSync(read(path), join(MODULES, path), {
          name,
          namespace: 'c',
          apiVersion: Number.parseInt(API_VERSION.slice(1), 10),
        })
        return (warnings ?? []).map(({ message }: { readonly message: string }) => `${path}: ${message}`)
      })
    expect(told).toEqual([])
  })

  it.each(bundles)('%s is described for Salesforce', (name) => {
    const xml = read(`${name}/${name}.js-meta.xml`)
    expect(XMLValidator.validate(xml)).toBe(true)
    const meta = metaOf(name)
    expect(meta.apiVersion).toBe(API_VERSION.slice(1))
    expect(meta.isExposed).toBe(String((PAGES as readonly string[]).includes(name)))
    expect(meta.description).not.toBe('')
    for (const file of readdirSync(join(MODULES, name)))
      expect(basename(file).replace(/\.(js|html|css|js-meta\.xml)$/, '')).toBe(name)
  })

  it('stand where they are of use', () => {
    const targets = Object.fromEntries(PAGES.map((name) => [name, [metaOf(name).targets!.target].flat()]))
    expect(targets).toEqual({
      holdfastCard: ['lightning__RecordPage'],
      holdfastCustomers: ['lightning__AppPage', 'lightning__HomePage', 'lightning__Tab'],
      holdfastSettings: ['lightning__AppPage', 'lightning__Tab'],
    })
  })

  it("keep Salesforce's own rules", () => {
    const scripts = files('js')
    const found = scripts.flatMap((path) =>
      lint(read(path), path).map(({ line, message, ruleId }) => `${path}:${line} ${message} (${ruleId})`),
    )
    expect(found).toEqual([])
    expect(scripts).toHaveLength(bundles.length)
  })

  it('would be told by those rules', () => {
    const bad = `import { LightningElement } from 'lwc'
export default class Odd extends LightningElement {
  connectedCallback() {
    this.template.querySelector('p').innerHTML = 'no'
    setTimeout(() => {}, 1)
    document.querySelector('p')
  }
}`
    expect(lint(bad, 'odd/odd.js').map(({ ruleId }) => ruleId)).toEqual([
      '@lwc/lwc/no-inner-html',
      '@lwc/lwc/no-async-operation',
      '@lwc/lwc/no-document-query',
    ])
  })

  it('write no HTML of their own, run nothing that comes as text, and load nothing', () => {
    for (const path of [...files('js'), ...files('html'), ...files('css')]) {
      const text = read(path)
      expect(text, path).not.toMatch(
        /innerHTML|lwc:dom|\beval\b|new Function|lwc:inner-html|loadScript|window\./,
      )
      expect(text, path).not.toMatch(/https?:|url\(|@import/)
    }
  })

  it('ask only the Apex that the package has', () => {
    const asked = files('js').flatMap((path) =>
      [...read(path).matchAll(/@salesforce\/apex\/([\w.]+)/g)].map(([, method]) => method),
    )
    expect(asked.toSorted()).toEqual([
      'HoldfastCard.answer',
      'HoldfastCard.readCard',
      'HoldfastCard.score',
      'HoldfastCustomers.readCustomers',
      'HoldfastSettings.readSettings',
      'HoldfastSettings.saveSettings',
      'HoldfastSettings.setPaused',
      'HoldfastSetup.readSetup',
      'HoldfastSetup.saveSetup',
    ])
  })
})
