/** The package's Apex as Salesforce's own Code Analyzer reads it, with PMD: it needs Java, which .ci/run installs. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CodeAnalyzer, CodeAnalyzerConfig } from '@salesforce/code-analyzer-core'
import { PmdCpdEnginesPlugin } from '@salesforce/code-analyzer-pmd-engine'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const hasJava = spawnSync('java', ['-version']).status === 0
const CLASSES = join(import.meta.dirname, '../../manifest/salesforce/classes')

interface Finding {
  readonly rule: string
  readonly tags: readonly string[]
  readonly file: string
  readonly line: number
}

async function findingsIn(folder: string): Promise<readonly Finding[]> {
  const analyzer = new CodeAnalyzer(CodeAnalyzerConfig.withDefaults())
  await analyzer.addEnginePlugin(new PmdCpdEnginesPlugin())
  const workspace = await analyzer.createWorkspace([folder])
  const rules = await analyzer.selectRules(['pmd:all'], { workspace })
  expect(rules.getRulesFor('pmd').length).toBeGreaterThan(50)
  const results = await analyzer.run(rules, { workspace })
  return results.getViolations().map((one) => {
    const place = one.getPrimaryLocation()
    return {
      rule: one.getRule().getName(),
      tags: one.getRule().getTags(),
      file: place.getFile()?.split('/').at(-1) ?? '',
      line: place.getStartLine() ?? 0,
    }
  })
}

const told = (found: readonly Finding[]): readonly string[] =>
  found.map(({ rule, file, line }) => `${file}:${line} ${rule}`)

describe.skipIf(!hasJava)('PMD on the Apex of the package', () => {
  let found: readonly Finding[]
  let bad: readonly Finding[]
  let folder: string
  beforeAll(async () => {
    found = await findingsIn(CLASSES)
    folder = mkdtempSync(join(tmpdir(), 'holdfast-pmd-'))
    writeFileSync(
      join(folder, 'Bad.cls'),
      `public class Bad {
  @AuraEnabled
  public static List<Account> read(String name) {
    HttpRequest request = new HttpRequest();
    request.setEndpoint('http://example.com');
    request.setHeader('Authorization', 'Bearer abc');
    return Database.query('SELECT Id FROM Account WHERE Name = \\'' + name + '\\'');
  }
}
`,
    )
    bad = await findingsIn(folder)
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it('finds nothing by its rules of security, and those of AppExchange', () => {
    expect(
      told(found.filter(({ tags }) => tags.some((tag) => tag === 'Security' || tag === 'AppExchange'))),
    ).toEqual([])
  })

  it('finds no fault and nothing slow in what is not a test', () => {
    const kinds = ['ErrorProne', 'Performance']
    const shipped = found.filter(({ file }) => !/(Test|Mock)\.cls$/.test(file))
    expect(told(shipped.filter(({ tags }) => tags.some((tag) => kinds.includes(tag))))).toEqual([])
  })

  it('finds injection, missing sharing and a key in a class that has them', () => {
    const rules = new Set(bad.map(({ rule }) => rule))
    for (const rule of [
      'ApexSOQLInjection',
      'ApexSharingViolations',
      'ApexSuggestUsingNamedCred',
      'ApexInsecureEndpoint',
    ])
      expect([...rules]).toContain(rule)
  })
})
