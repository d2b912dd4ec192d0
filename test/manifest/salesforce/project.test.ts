import { describe, expect, it } from 'vitest'
import { PACKAGE, PERMISSION_SETS } from '../../../connectors/salesforce/package.ts'
import { metadataFile } from '../../../manifest/salesforce/metadata.ts'
import { salesforceProject } from '../../../manifest/salesforce/project.ts'

const project = salesforceProject()
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

  it('lists in its manifest what it has, and nothing else', () => {
    const manifest = project.get('manifest/package.xml')!
    const sources = [...project.keys()].filter((path) => path.startsWith(BASE))
    expect(inside(manifest, 'members')).toHaveLength(sources.length)
    expect(inside(manifest, 'name')).toEqual(['CustomField', 'CustomObject', 'PermissionSet'])
  })

  it('says nothing that would be read as markup', () => {
    expect(metadataFile('CustomField', { label: `<b>"A" & 'B'</b>` })).toContain(
      '<label>&lt;b&gt;&quot;A&quot; &amp; &apos;B&apos;&lt;/b&gt;</label>',
    )
  })
})
