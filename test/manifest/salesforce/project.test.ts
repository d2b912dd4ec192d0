import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { ComponentSet, MetadataConverter, ManifestResolver } from '@salesforce/source-deploy-retrieve'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PACKAGE, PERMISSION_SETS } from '../../../connectors/salesforce/package.ts'
import { metadataFile } from '../../../manifest/salesforce/metadata.ts'
import { salesforceProject } from '../../../manifest/salesforce/project.ts'
import { metadataProblems } from '../../support/metadata-schema.ts'

const options = { publicUrl: 'https://holdfast.example.com', supportEmail: 'help@example.com' }
const project = salesforceProject(options)
const BASE = 'force-app/main/default'
const text = (path: string): string => project.get(`${BASE}/${path}`)!
const inside = (xml: string, element: string): readonly string[] =>
  [...xml.matchAll(new RegExp(`<${element}>([^<]*)</${element}>`, 'g'))].map(([, words]) => words)

describe('the Salesforce package', () => {
  it('defines every field that is written, on the object that it is defined on', () => {
    for (const { object, fields } of PACKAGE)
      for (const { name, label, type } of fields) {
        const on = object === 'Task' ? 'Activity' : object
        const xml = text(`objects/${on}/fields/${name}.field-meta.xml`)
        expect(inside(xml, 'fullName')[0]).toBe(name)
        expect(inside(xml, 'type')).toEqual([type])
        expect(inside(xml, 'label')).toContain(label.replaceAll('&', '&amp;'))
      }
  })

  it('has keys that no two records share', () => {
    const key = text('objects/Activity/fields/Holdfast_Key__c.field-meta.xml')
    expect([inside(key, 'unique'), inside(key, 'externalId'), inside(key, 'caseSensitive')]).toEqual([
      ['true'],
      ['true'],
      ['true'],
    ])
  })

  it('grants every field in every permission set, to be written by the integration alone', () => {
    const wanted = PACKAGE.flatMap(({ object, fields }) =>
      (object === 'Task' ? ['Task', 'Event'] : [object]).flatMap((on) =>
        fields.map(({ name }) => `${on}.${name}`),
      ),
    )
    for (const [kind, { name }] of Object.entries(PERMISSION_SETS)) {
      const xml = text(`permissionsets/${name}.permissionset-meta.xml`)
      expect(inside(xml, 'field').toSorted()).toEqual(wanted.toSorted())
      expect(new Set(inside(xml, 'editable'))).toEqual(new Set([String(kind === 'integration')]))
      expect(new Set(inside(xml, 'readable'))).toEqual(new Set(['true']))
    }
  })

  it('lets reps and admins run what pages and Flows ask for, and admins alone change it', () => {
    const asked = [...project]
      .filter(([path, code]) => path.endsWith('.cls') && /@AuraEnabled|@InvocableMethod/.test(code))
      .map(([path]) => path.replace(/^.*\/(\w+)\.cls$/, '$1'))
    for (const kind of ['rep', 'admin'] as const) {
      const xml = text(`permissionsets/${PERMISSION_SETS[kind].name}.permissionset-meta.xml`)
      expect(inside(xml, 'apexClass').toSorted()).toEqual(asked.toSorted())
      expect(inside(xml, 'externalCredentialPrincipal')).toEqual(['Holdfast-Package'])
      expect(inside(xml, 'name').includes('Holdfast_Admin')).toBe(kind === 'admin')
    }
    const integration = text(`permissionsets/${PERMISSION_SETS.integration.name}.permissionset-meta.xml`)
    expect(inside(integration, 'apexClass')).toEqual([])
    expect(inside(integration, 'externalCredentialPrincipal')).toEqual([])
  })

  it('asks the service of whoever rendered it, or one that is still to be said', () => {
    const addressOf = (of: ReadonlyMap<string, string>) =>
      inside(of.get(`${BASE}/namedCredentials/Holdfast.namedCredential-meta.xml`)!, 'parameterValue')
    expect(addressOf(project)).toEqual(['https://holdfast.example.com'])
    expect(addressOf(salesforceProject({ ...options, publicUrl: null }))).toEqual([
      'https://holdfast.invalid',
    ])
  })

  // Salesforce Help, “Guidelines for Authenticating HTTP Callout Actions”: “check if the header that contains a formula”.
  it('sends the key: the header is a formula, and formulas in headers are allowed', () => {
    const header = inside(text('externalCredentials/Holdfast.externalCredential-meta.xml'), 'parameterValue')
    expect(header).toEqual(['{!&apos;Bearer &apos; &amp; $Credential.Holdfast.Key}'])
    const named = text('namedCredentials/Holdfast.namedCredential-meta.xml')
    expect(inside(named, 'allowMergeFieldsInHeader')).toEqual(['true'])
    expect(inside(named, 'generateAuthorizationHeader')).toEqual(['false'])
  })

  it('holds no secret: neither the key nor what Salesforce makes for the app', () => {
    expect([...project.keys()].filter((path) => /ecaGlblOauth/.test(path))).toEqual([])
    for (const [path, content] of project) {
      expect(content, path).not.toMatch(
        /consumer(Key|Secret)|privateKey|BEGIN [A-Z ]*KEY|hf_[\w-]{20}|eyJ[\w-]{10}/,
      )
      expect(content, path).not.toMatch(/Bearer (?!' & \$Credential|' &)\w/)
    }
  })

  it('names in its views, reports and dashboards fields and values that there are', () => {
    const own = new Map(PACKAGE.map(({ object, fields }) => [object as string, fields]))
    const views = [...project].filter(([path]) => /\.(listView|report|dashboard)-meta\.xml$/.test(path))
    expect(views).toHaveLength(11)
    for (const [path, xml] of views) {
      expect(xml, path).not.toContain('undefined')
      const object = /objects\/(\w+)\//.exec(path)?.[1]
      const named = ['columns', 'column', 'field', 'groupingColumn', 'sortColumn'].flatMap((element) =>
        inside(xml, element),
      )
      const custom = named.filter((name) => name.endsWith('__c'))
      for (const name of custom) {
        const [of, field] = name.includes('.') ? name.split('.') : [object!, name]
        expect(
          own.get(of)?.map((one) => one.name),
          `${path}: ${name}`,
        ).toContain(field)
      }
    }
    const values = (object: string, field: string) =>
      own
        .get(object)!
        .find(({ name }) => name === field)!
        .values!.map(({ value }) => value)
    const high = text('objects/Account/listViews/Holdfast_High_Risk.listView-meta.xml')
    expect(values('Account', 'Holdfast_Risk_Level__c')).toContain(inside(high, 'value')[0])
    const waiting = text('objects/Retention_Intervention__c/listViews/Waiting.listView-meta.xml')
    expect(values('Retention_Intervention__c', 'Status__c')).toContain(inside(waiting, 'value')[0])
    const levels = text('reports/Holdfast/My_Accounts_By_Risk_Level.report-meta.xml')
    for (const value of inside(levels, 'value')[0].split(','))
      expect(values('Account', 'Holdfast_Risk_Level__c')).toContain(value)
    const reports = [...project.keys()].flatMap(
      (path) => /reports\/(\w+\/\w+)\.report-meta/.exec(path)?.[1] ?? [],
    )
    for (const name of inside(
      text('dashboards/Holdfast/My_Customers_By_Value_At_Risk.dashboard-meta.xml'),
      'report',
    ))
      expect(reports).toContain(name)
  })

  it('says nothing that would be read as markup', () => {
    expect(metadataFile('CustomField', { label: `<b>"A" & 'B'</b>` })).toContain(
      '<label>&lt;b&gt;&quot;A&quot; &amp; &apos;B&apos;&lt;/b&gt;</label>',
    )
  })
})

describe('every file of the package', () => {
  const metadata = [...project].filter(([path]) => path.endsWith('.xml'))

  it('is what Salesforce’s own schema takes', () => {
    const problems = metadata.flatMap(([path, xml]) => metadataProblems(xml).map((one) => `${path}: ${one}`))
    expect(problems).toEqual([])
    expect(metadata.length).toBeGreaterThan(60)
  })

  const field = text('objects/Account/fields/Holdfast_Risk_Percent__c.field-meta.xml')
  const named = text('namedCredentials/Holdfast.namedCredential-meta.xml')
  it.each([
    ['a tag that is not closed', field.replace('</label>', '')],
    ['an element that there is none of', field.replaceAll('inlineHelpText', 'helpText')],
    ['a type that there is none of', field.replace('>Percent<', '>Percentage<')],
    ['a number that is none', field.replace('<precision>4', '<precision>four')],
    ['an element twice', field.replace('<label>', '<label>A</label><label>')],
    ['another namespace', field.replace('2006/04/metadata', '2007/04/metadata')],
    ['a value of another kind of credential', named.replace('SecuredEndpoint', 'Secured')],
    ['a parameter without its name', named.replace(/<parameterName>Url<\/parameterName>/, '')],
    [
      'text where elements belong',
      named.replace(
        /<namedCredentialParameters>[^]*?<\/namedCredentialParameters>/,
        '<namedCredentialParameters>Url</namedCredentialParameters>',
      ),
    ],
    [
      'an object that there is none of',
      '<Thing xmlns="http://soap.sforce.com/2006/04/metadata"><a>1</a></Thing>',
    ],
  ])('would be refused for %s', (_what, xml) => {
    expect(metadataProblems(xml)).not.toEqual([])
  })
})

describe('a deployment of the package', () => {
  let folder: string
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'holdfast-sfdx-'))
    for (const [path, content] of project) {
      const to = join(folder, path)
      mkdirSync(dirname(to), { recursive: true })
      writeFileSync(to, content)
    }
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  /** Fields stand for themselves: Account, Contact and Activity are Salesforce's own. */
  const membersOf = (set: ComponentSet): readonly string[] =>
    set
      .getSourceComponents()
      .toArray()
      .flatMap((one) => [one, ...one.getChildren()])
      .map(({ type, fullName }) => `${type.name} ${fullName}`)
      .filter((member, at, all) => all.indexOf(member) === at)
      .filter((member) => !/^CustomObject (Account|Activity|Contact)$/.test(member))
      .toSorted()

  it('names in its manifest what the folder has, and nothing else', async () => {
    const set = ComponentSet.fromSource(join(folder, BASE))
    const { components } = await new ManifestResolver().resolve(join(folder, 'manifest/package.xml'))
    const listed = components.map(
      ({ type, fullName }) => `${typeof type === 'string' ? type : type.name} ${fullName}`,
    )
    expect(listed.toSorted()).toEqual(membersOf(set))
  })

  it('converts to what the Metadata API is sent, and back to the same', async () => {
    const set = ComponentSet.fromSource(join(folder, BASE))
    const converter = new MetadataConverter()
    const sent = await converter.convert(set, 'metadata', {
      type: 'directory',
      outputDirectory: join(folder, 'sent'),
    })
    const back = ComponentSet.fromSource(sent.packagePath!)
    await converter.convert(back, 'source', { type: 'directory', outputDirectory: join(folder, 'back') })
    const again = ComponentSet.fromSource(join(folder, 'back'))
    expect(membersOf(again)).toEqual(membersOf(set))
    expect(membersOf(set).length).toBeGreaterThan(60)
  })
})
